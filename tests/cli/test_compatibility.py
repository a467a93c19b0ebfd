"""A later contract may give more and ask for less, never the other way round."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jaringan_usaha.cli.compatibility import breaks
from jaringan_usaha.cli.contract import refuse_breaks
from jaringan_usaha.cli.errors import Sorry

CONTRACT = json.loads((Path(__file__).parents[2] / "openapi" / "openapi.json").read_text())
Change = Callable[[dict[str, Any]], None]


def found(change: Change, *, backwards: bool = False) -> list[str]:
    later = copy.deepcopy(CONTRACT)
    change(later)
    sides = (later, CONTRACT) if backwards else (CONTRACT, later)
    return list(breaks(*sides))


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def add_a_path(document: dict[str, Any]) -> None:
    document["paths"]["/v1/new"] = copy.deepcopy(document["paths"]["/v1/cycles"])


def add_an_answer_field(document: dict[str, Any]) -> None:
    schema(document, "CycleView")["properties"]["more"] = {"type": "string"}
    schema(document, "CycleView")["required"].append("more")


def add_an_optional_input(document: dict[str, Any]) -> None:
    schema(document, "OrderBody")["properties"]["note"] = {"type": "string"}


def add_a_parameter(document: dict[str, Any]) -> None:
    document["paths"]["/v1/cycles"]["get"]["parameters"].append(
        {"in": "query", "name": "title", "required": False, "schema": {"type": "string"}}
    )


def widen_an_input(document: dict[str, Any]) -> None:
    schema(document, "OrderBody")["properties"]["lines"]["maxItems"] += 1


WIDER = [
    add_a_path,
    add_an_answer_field,
    add_an_optional_input,
    add_a_parameter,
    widen_an_input,
]


def require_an_input(document: dict[str, Any]) -> None:
    schema(document, "OrderBody")["required"].append("client_at")


def require_a_parameter(document: dict[str, Any]) -> None:
    document["paths"]["/v1/cycles"]["get"]["parameters"][0]["required"] = True


def change_a_kind(document: dict[str, Any]) -> None:
    schema(document, "CycleView")["properties"]["title"]["type"] = "integer"


def change_a_kind_within(document: dict[str, Any]) -> None:
    schema(document, "LineBody")["properties"]["quantity"]["type"] = "string"


def let_an_answer_field_be_missing(document: dict[str, Any]) -> None:
    schema(document, "Done")["required"].remove("position")


def let_an_answer_field_be_null(document: dict[str, Any]) -> None:
    field = schema(document, "Done")["properties"]["position"]
    schema(document, "Done")["properties"]["position"] = {"anyOf": [field, {"type": "null"}]}


def change_a_pattern(document: dict[str, Any]) -> None:
    document["paths"]["/v1/cycles/{cycle_id}"]["get"]["parameters"][0]["schema"]["pattern"] = "^x$"


def narrow_a_choice(document: dict[str, Any]) -> None:
    schema(document, "CycleBody")["properties"]["prices"]["enum"].remove("stated")


def answer_otherwise(document: dict[str, Any]) -> None:
    responses = document["paths"]["/v1/orders/{order_id}"]["put"]["responses"]
    responses["202"] = responses.pop("201")


@pytest.mark.parametrize("change", WIDER)
def test_more_is_no_break(change: Change) -> None:
    assert found(change) == []


@pytest.mark.parametrize("change", WIDER)
def test_taking_it_back_is_one(change: Change) -> None:
    assert found(change, backwards=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (require_an_input, "PUT /v1/orders/{order_id} body/client_at is now required"),
        (require_a_parameter, "GET /v1/cycles now requires query state"),
        (change_a_kind, "GET /v1/cycles 200/items/*/title may now be integer"),
        (change_a_kind_within, "body/lines/*/quantity may no longer be integer"),
        (let_an_answer_field_be_missing, "/position may now be missing"),
        (let_an_answer_field_be_null, "/position may now be null"),
        (change_a_pattern, "GET /v1/cycles/{cycle_id} path cycle_id has another pattern"),
        (narrow_a_choice, "body/prices may no longer be 'stated'"),
        (answer_otherwise, "PUT /v1/orders/{order_id} no longer answers 201"),
    ],
)
def test_a_break_is_named(change: Change, said: str) -> None:
    assert [each for each in found(change) if said in each], found(change)


def test_the_same_contract_breaks_nothing() -> None:
    assert list(breaks(CONTRACT, CONTRACT)) == []


def test_the_command_refuses_to_break_clients(tmp_path: Path) -> None:
    released = tmp_path / "released.json"
    refuse_breaks(released, CONTRACT)
    released.write_text(json.dumps(CONTRACT))
    refuse_breaks(released, CONTRACT)
    later = copy.deepcopy(CONTRACT)
    require_an_input(later)
    with pytest.raises(Sorry, match="client_at is now required"):
        refuse_breaks(released, later)
