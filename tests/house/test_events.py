"""Every event is in the public list of shapes, and one real stored one of each fits its entry."""

import copy
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator, FormatChecker

from jaringan_usaha import house
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.cli.event_schemas import event_schemas
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderPlaced,
    CycleOpened,
)
from jaringan_usaha.features.fulfilment.events import (
    DeliveryShared,
    Given,
    GoodsReceived,
    ItemGiven,
    ReceivedLine,
)
from jaringan_usaha.kernel.messages import Event
from market import Market, house_template, oil, opened, rice
from neighbours import happened

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
    await market.settle()
    await _trade_invoicing(market)


async def _trade_invoicing(market: Market) -> None:
    """Billed for too much, and too dear; costed, brought by truck, paid, and rebated."""
    order = {"consolidated_order_id": "billed|bulog", "cycle_id": "billed", "supplier_id": "bulog"}
    day, now = date(2026, 1, 15), market.door.clock.now()
    goods = {"order_lines": 1, "amount_idr": 1_300_000, "alone_idr": 1_400_000}
    given = Given("melati", 100, 0, 100, 1_300_000, 1_400_000)
    await happened(
        market.door,
        CycleOpened(
            cycle_id="billed",
            title="Belanja bareng",
            opens_at=now,
            closes_at=now,
            prices="listed",
            priced_on=day,
        ),
        ConsolidatedOrderPlaced(
            **order, part=1, lines=(ConsolidatedLine(item_id="rice", quantity=100, **goods),)
        ),
        GoodsReceived(
            **order,
            receipt_id="truck-9",
            received_on=day,
            reference="SJ 9",
            lines=(ReceivedLine(item_id="rice", accepted=100),),
        ),
        DeliveryShared(
            **order,
            receipt_id="truck-9",
            part=1,
            sharing="pro_rata",
            algorithm="largest-remainder.1",
            items=(ItemGiven(item_id="rice", accepted=100, surplus=0, rows=(given,)),),
        ),
    )
    put, invoice = market.operator.put, {"cycle_id": "billed", "supplier_id": "bulog"}

    def rice_line(quantity: int, goods_idr: int) -> list[dict[str, Any]]:
        return [{"item_id": "rice", "quantity": quantity, "goods_idr": goods_idr, "ppn_idr": 0}]

    policy = {"rate_bp": 0, "base_numerator": 11, "base_denominator": 12, "half_up": 1}
    answers = [
        await put(
            "/v1/rules/ppn/2025-01-01", values={**policy, "rounded_base": 0}, source="PMK 131"
        ),
        await put(
            "/v1/rules/rebate.bulog/2025-01-01",
            values={"rate_bp": 100, "consortium_parts": 1, "koperasi_parts": 1},
            source="contract",
        ),
        await put(
            "/v1/supplier-invoices/dear",
            **invoice,
            invoice_no="BLG 1",
            invoiced_on="2026-01-16",
            lines=rice_line(50, 660_000),
        ),
        await put(
            "/v1/supplier-invoices/wrong",
            **invoice,
            invoice_no="BLG 3",
            invoiced_on="2026-01-16",
            lines=rice_line(1, 1),
        ),
        await market.operator.post("/v1/supplier-invoices/wrong/refuse", reason="a wrong price"),
        await put(
            "/v1/supplier-invoices/over",
            **invoice,
            invoice_no="BLG 2",
            invoiced_on="2026-01-16",
            lines=rice_line(59, 767_000),
        ),
        await market.operator.post("/v1/supplier-invoices/dear/release", reason="agreed by phone"),
        await put(
            "/v1/invoice-payments/bca-31",
            invoice_id="over",
            amount_idr=650_000,
            paid_on="2026-01-31",
            reference="BCA 31",
        ),
        await put(
            "/v1/rebates/bca-44",
            **invoice,
            amount_idr=13_100,
            received_on="2026-02-28",
            reference="BCA 44",
        ),
        await put(
            "/v1/charges/truck-9",
            cycle_id="billed",
            payee="Truk",
            kind="freight",
            key="manual",
            manual={"rice": 1},
            amount_idr=50_000,
            billed_on="2026-01-16",
            reference="TRK 9",
        ),
    ]
    assert [each.text for each in answers if not each.is_success] == []
    await market.settle()


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
