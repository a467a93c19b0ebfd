"""`jaringan openapi` keeps the public files level with the code, and stored events as they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from jaringan_usaha.cli.contract import openapi
from jaringan_usaha.cli.errors import Sorry

ORDER_PLACED = "cycles.order_placed.1"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    openapi(folder=tmp_path, release=True)
    return tmp_path


def edit(path: Path, change: Any) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def test_what_was_written_is_level(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    openapi(check=True, folder=written, as_json=True)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["written"] == []


def test_files_end_with_a_new_line_and_are_sorted(written: Path) -> None:
    for path in (written / "openapi.json", written / "events.json"):
        text = path.read_text()
        assert text.endswith("}\n")
        document = json.loads(text)
        assert text == json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_no_two_shapes_have_one_name(written: Path) -> None:
    """FastAPI puts the module before such names, and generators of clients give up on them."""
    shapes = json.loads((written / "openapi.json").read_text())["components"]["schemas"]
    assert [name for name in shapes if "__" in name] == []


def test_every_event_stands_alone(written: Path) -> None:
    events = json.loads((written / "events.json").read_text())
    placed = events[ORDER_PLACED]
    assert placed["required"] == ["order_id", "cycle_id", "koperasi_id", "lines"]
    assert placed["properties"]["lines"]["items"] == {"$ref": "#/$defs/OrderLine"}
    assert set(placed["$defs"]) == {"OrderLine", "Discount", "Limited"}


def test_a_missing_file_is_missed(written: Path) -> None:
    (written / "openapi.json").unlink()
    with pytest.raises(Sorry, match=r"openapi.json is not what the code says"):
        openapi(check=True, folder=written)


def test_an_edited_contract_is_found(written: Path) -> None:
    edit(written / "openapi.json", lambda document: document["info"].update(version="9"))
    with pytest.raises(Sorry, match=r"openapi.json is not .* run `jaringan openapi`"):
        openapi(check=True, folder=written)
    openapi(folder=written)
    openapi(check=True, folder=written)


def test_api_11_without_a_release_nothing_can_be_checked(written: Path) -> None:
    (written / "released.json").unlink()
    with pytest.raises(Sorry, match=r"released.json is missing: run .*--release"):
        openapi(check=True, folder=written)


def test_api_11_what_breaks_clients_is_neither_written_nor_released(written: Path) -> None:
    def gone(document: Any) -> None:
        document["paths"]["/v1/gone"] = document["paths"]["/v1/cycles"]

    edit(written / "released.json", gone)
    before = (written / "released.json").read_text()
    for more in ({"check": True}, {}, {"release": True}, {"breaking": True}):
        with pytest.raises(Sorry, match="GET /v1/gone is gone"):
            openapi(folder=written, **more)
    assert (written / "released.json").read_text() == before
    openapi(folder=written, release=True, breaking=True)
    assert "/v1/gone" not in json.loads((written / "released.json").read_text())["paths"]


def test_api_11_a_release_is_kept_until_the_next(written: Path) -> None:
    def less(document: Any) -> None:
        del document["paths"]["/v1/cycles"]

    edit(written / "released.json", less)
    before = (written / "released.json").read_text()
    openapi(folder=written)
    openapi(check=True, folder=written)
    assert (written / "released.json").read_text() == before
    openapi(folder=written, release=True)
    assert "/v1/cycles" in json.loads((written / "released.json").read_text())["paths"]


def test_a_new_event_is_added(written: Path) -> None:
    edit(written / "events.json", lambda events: events.pop(ORDER_PLACED))
    with pytest.raises(Sorry, match=r"events.json is not what the code says"):
        openapi(check=True, folder=written)
    openapi(folder=written)
    assert ORDER_PLACED in json.loads((written / "events.json").read_text())


def test_texts_may_be_said_better(written: Path) -> None:
    edit(written / "events.json", lambda events: events[ORDER_PLACED].update(description="?"))
    openapi(folder=written)
    openapi(check=True, folder=written)


def lose_a_field(events: Any) -> None:
    events[ORDER_PLACED]["properties"]["lost"] = {"type": "string", "default": ""}


def ask_for_a_new_field(events: Any) -> None:
    del events[ORDER_PLACED]["properties"]["order_id"]
    events[ORDER_PLACED]["required"].remove("order_id")


def change_a_kind(events: Any) -> None:
    events[ORDER_PLACED]["properties"]["client_at"] = {"type": "string", "default": ""}


def narrow_a_part(events: Any) -> None:
    events[ORDER_PLACED]["$defs"]["OrderLine"]["required"].append("amount_idr")


def keep_an_event_that_is_gone(events: Any) -> None:
    events["cycles.cycle_forgotten.1"] = {"type": "object"}


@pytest.mark.parametrize(
    "change",
    [
        lose_a_field,
        ask_for_a_new_field,
        change_a_kind,
        narrow_a_part,
        keep_an_event_that_is_gone,
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_a_stored_event_never_changes(written: Path, change: Any, check: bool) -> None:
    edit(written / "events.json", change)
    before = (written / "events.json").read_text()
    with pytest.raises(Sorry, match="is stored in logs and cannot"):
        openapi(check=check, folder=written)
    assert (written / "events.json").read_text() == before


def test_a_stored_event_may_gain_what_can_be_left_out(written: Path) -> None:
    def before(events: Any) -> None:
        del events[ORDER_PLACED]["properties"]["client_at"]
        del events[ORDER_PLACED]["$defs"]["OrderLine"]["properties"]["amount_idr"]

    edit(written / "events.json", before)
    openapi(folder=written)
    openapi(check=True, folder=written)


def test_a_field_named_title_is_no_text(written: Path) -> None:
    def before(events: Any) -> None:
        events["cycles.cycle_opened.1"]["properties"]["title"] = {"type": "integer"}

    edit(written / "events.json", before)
    with pytest.raises(Sorry, match="cannot change so"):
        openapi(folder=written)
