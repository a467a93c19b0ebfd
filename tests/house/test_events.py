"""Every event is in the public list of shapes, and one real stored one of each fits its entry."""

import copy
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator, FormatChecker

from jaringan_usaha import house
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.cli.event_schemas import event_schemas
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.kernel.messages import Event
from market import Market, house_template, oil, opened, rice

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENTS_JSON = Path(__file__).parents[2] / "openapi" / "events.json"
CLASSES = {kind.name: kind for kind in house.event_types().by_class}

Stored = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def template(postgres: EmbeddedServer) -> str:
    return house_template(postgres)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stored(postgres: EmbeddedServer, template: str) -> AsyncIterator[Stored]:
    """The bodies that a day of trade left in the log, by name and number."""
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        await trade(market)
        rows = await market.door.read_pool.fetch(
            "select t.name || '.' || e.schema_no as name, e.body"
            " from log.events e join log.types t using (type_id) order by e.position"
        )
        found: Stored = {}
        for row in rows:
            found.setdefault(row["name"], []).append(json.loads(row["body"]))
        yield found


async def trade(market: Market) -> None:
    """Everything that can happen, at least once."""
    await market.stock()
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    post = market.operator.post
    answers = [
        await post("/v1/koperasi/mawar/suspend", reason="no annual meeting"),
        await post("/v1/koperasi/mawar/reinstate", reason="it was held"),
        await post("/v1/suppliers/bulog/suspend", reason="late"),
        await post("/v1/suppliers/bulog/reinstate", reason="on time"),
        await market.operator.put(
            "/v1/rules/shares/2018-01-01",
            values={"minimum_idr": 100_000_000, "target_idr": 5_000_000_000},
            source="RAT 2018",
        ),
        await melati.post("/v1/koperasi/melati/shares/pledges", amount_idr=100_000_000),
        await post(
            "/v1/koperasi/melati/shares/payments",
            amount_idr=1_000_000,
            paid_on="2026-01-15",
            reference="BCA 17",
        ),
    ]
    for cycle_id in ("listed", "given-up"):
        await market.open_cycle(cycle_id)
    await market.open_cycle("stated", prices="stated")
    first, second = new_id(), new_id()
    stated = {**rice(3), "amount_idr": 37_000, "discounts": [{"kind": "coupon", "idr": 500}]}
    answers += [
        await market.place(melati, {"cycle_id": "listed", "lines": [oil(40)]}, first),
        await market.place(
            melati, {"cycle_id": "listed", "lines": [oil(50), rice(1)]}, first, if_match='"v1"'
        ),
        await market.place(mawar, {"cycle_id": "listed", "lines": [rice(5)]}, second),
        await mawar.post(f"/v1/orders/{second}/cancel", cycle_id="listed", reason="too much"),
        await market.place(
            mawar,
            {"cycle_id": "stated", "lines": [stated], "client_at": "2026-01-15T12:00:00+07:00"},
        ),
        await post("/v1/cycles/given-up/cancel", reason="no truck"),
        await post("/v1/cycles/stated/close", early=True, reason="the truck leaves"),
    ]
    assert [each.text for each in answers if not each.is_success] == []
    await _trade_catalog(market)
    await market.settle()


async def _trade_catalog(market: Market) -> None:
    """A supplier's table comes as a file, is asked about, and becomes a price list."""
    import_ = "/v1/price-imports/file-1"
    sent = await market.client.put(
        import_,
        content=b"Kode;Nama;Isi;Harga\nA1;Kopi 200 g;12;17.250\nA2;Teh;12;TBA\n",
        params={
            "supplier_id": "bulog",
            "file_name": "harga.csv",
            "valid_from_on": "2027-01-01",
            "valid_until_on": "2027-12-31",
        },
        headers={"authorization": f"Bearer {market.operator.key}"},
    )
    await market.settle()
    said = {"basis": "case", "price:R3": "9000"}
    answered = await market.operator.put(f"{import_}/answers", answers=said)
    seen = (await market.operator.get(import_)).json()["preview"]
    confirmed = await market.operator.post(f"{import_}/confirm", digest=seen["digest"])
    answers = [sent, answered, confirmed]
    assert [each.text for each in answers if not each.is_success] == []


async def test_every_event_has_its_entry() -> None:
    entries = json.loads(EVENTS_JSON.read_text())
    assert set(entries) == set(CLASSES)
    assert entries == event_schemas()


@pytest.mark.parametrize("name", CLASSES)
async def test_a_real_stored_event_fits_its_entry(stored: Stored, name: str) -> None:
    schema = json.loads(EVENTS_JSON.read_text())[name]
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    assert stored[name], f"a day of trade leaves no {name}"
    for body in stored[name]:
        validator.validate(body)
        assert set(body) <= set(schema["properties"])


@pytest.mark.parametrize("name", CLASSES)
async def test_an_entry_refuses_what_lost_a_field_or_changed_its_kind(
    stored: Stored, name: str
) -> None:
    schema = json.loads(EVENTS_JSON.read_text())[name]
    validator = Draft202012Validator(schema)
    body = stored[name][0]
    for field in schema["required"]:
        short = {key: value for key, value in body.items() if key != field}
        assert not validator.is_valid(short), field
    for field in body:
        wrong = copy.deepcopy(body)
        wrong[field] = {"not": ["of", "this", "kind"]}
        if field != "values":  # an object of numbers
            assert not validator.is_valid(wrong), field


@pytest.mark.parametrize("name", CLASSES)
async def test_a_name_tells_the_room_and_the_number(name: str) -> None:
    room, what, number = name.split(".")
    kind: type[Event] = CLASSES[name]
    assert kind.__module__ == f"jaringan_usaha.features.{room}.events"
    assert what.replace("_", "").isalpha()
    assert what.islower()
    assert int(number) >= 1


async def test_nothing_unlisted_is_stored(stored: Stored) -> None:
    assert set(stored) == set(CLASSES)
