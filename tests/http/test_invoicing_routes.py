"""Invoices, payments, charges and costs over HTTP: one trade from the truck to the rupiah."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha import house
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.memory import Memory
from jaringan_usaha.eventlog.projector import Projector
from jaringan_usaha.features.catalog.events import ItemDescribed
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
    SurplusDecided,
)
from jaringan_usaha.features.invoicing.folding import invoicing_views
from jaringan_usaha.features.registry.events import KoperasiClassified
from jaringan_usaha.follower import Follower
from market import Market, opened
from neighbours import happened
from service import NETWORK, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

CARTONS = {"a": 40, "b": 35, "c": 20, "d": 10}
PPN = {
    "rate_bp": 1_200,
    "base_numerator": 11,
    "base_denominator": 12,
    "half_up": 1,
    "rounded_base": 0,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """The rules in force, and items that are described."""
    async with opened(postgres, template) as market:
        for rule_id, values in (
            ("ppn", PPN),
            ("fee", {"rate_bp": 150, "consortium_parts": 60, "host_parts": 40}),
            ("matching", {"variance_bp": 50, "variance_idr": 50}),
            ("rebate.unilever", {"rate_bp": 150, "consortium_parts": 60, "koperasi_parts": 40}),
        ):
            done = await market.operator.put(
                f"/v1/rules/{rule_id}/2025-01-01", values=values, source="RAT 2025"
            )
            assert done.status_code == 201, done.text
        await happened(
            market.door,
            ItemDescribed(item_id="oil", tax_class="standard", weight_g=11_000),
            ItemDescribed(item_id="flour", tax_class="standard", weight_g=1_000),
            ItemDescribed(item_id="rice", tax_class="exempt", weight_g=1_000),
            ItemDescribed(item_id="water", tax_class="exempt", deposit_idr=40_000),
        )
        yield market


# -- what other rooms record ---------------------------------------------------------------


async def ordered(market: Market, cycle_id: str, **items: tuple[int, int]) -> None:
    """A consolidated order with Indofood, by item: units and rupiah."""
    await placed(market, cycle_id, "indofood", host="a", **items)


async def placed(
    market: Market, cycle_id: str, supplier_id: str, host: str = "", **items: tuple[int, int]
) -> None:
    opens = datetime(2026, 1, 1, tzinfo=UTC)
    await happened(
        market.door,
        CycleOpened(
            cycle_id=cycle_id,
            title="Belanja bareng",
            opens_at=opens,
            closes_at=opens + timedelta(days=7),
            prices="listed",
            priced_on=date(2026, 1, 7),
            host=host,
        ),
        ConsolidatedOrderPlaced(
            consolidated_order_id=f"{cycle_id}|{supplier_id}",
            cycle_id=cycle_id,
            supplier_id=supplier_id,
            part=1,
            lines=tuple(
                ConsolidatedLine(
                    item_id=item_id,
                    quantity=quantity,
                    order_lines=1,
                    amount_idr=amount,
                    alone_idr=amount,
                )
                for item_id, (quantity, amount) in items.items()
            ),
        ),
    )


async def received(
    market: Market,
    cycle_id: str,
    item_id: str,
    price_idr: int,
    given: dict[str, int],
    *,
    surplus: int = 0,
    supplier_id: str = "indofood",
    receipt_id: str = "truck-1",
    shared: bool = True,
) -> None:
    """A delivery of one item that was shared out at once, unless it is not `shared` yet."""
    order = {
        "receipt_id": f"{cycle_id}-{item_id}-{receipt_id}",
        "consolidated_order_id": f"{cycle_id}|{supplier_id}",
        "cycle_id": cycle_id,
        "supplier_id": supplier_id,
    }
    accepted = sum(given.values()) + surplus
    line = ReceivedLine(item_id=item_id, accepted=accepted)
    came = GoodsReceived(**order, received_on=date(2026, 1, 10), reference="SJ 17", lines=(line,))
    rows = tuple(
        Given(koperasi_id, units, 0, units, units * price_idr, units * price_idr)
        for koperasi_id, units in given.items()
    )
    item = ItemGiven(item_id=item_id, accepted=accepted, surplus=surplus, rows=rows)
    went = DeliveryShared(
        **order, part=1, sharing="pro_rata", algorithm="largest-remainder.1", items=(item,)
    )
    await happened(market.door, came, *([went] if shared else []))


def invoice(cycle_id: str, invoice_no: str, *lines: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "cycle_id": cycle_id,
        "supplier_id": "indofood",
        "invoice_no": invoice_no,
        "tax_invoice_no": "010.026-26.00000017",
        "invoiced_on": "2026-01-12",
        "lines": list(lines),
        **other,
    }


def line(item_id: str, quantity: int, goods_idr: int, ppn_idr: int = 0, **other: Any) -> Any:
    body = {"item_id": item_id, "quantity": quantity, "goods_idr": goods_idr, "ppn_idr": ppn_idr}
    return {**body, **other}


def oil(quantity: int = 105) -> dict[str, Any]:
    return line("oil", quantity, quantity * 174_000, quantity * 19_140)


async def enter(market: Market, invoice_id: str, body: dict[str, Any]) -> httpx2.Response:
    return await market.operator.put(f"/v1/supplier-invoices/{invoice_id}", **body)


async def done(answer: httpx2.Response) -> None:
    assert answer.status_code in (200, 201), answer.text


def freight(cycle_id: str, amount_idr: int, **other: Any) -> dict[str, Any]:
    return {
        "cycle_id": cycle_id,
        "payee": "Truk Sumber Rejeki",
        "kind": "freight",
        "key": "weight",
        "amount_idr": amount_idr,
        "billed_on": "2026-01-11",
        "reference": "TRK 5",
        **other,
    }


async def costs(market: Market, **query: str) -> dict[str, Any]:
    answer = await market.operator.get("/v1/costs", limit=200, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def freight_of(market: Market, cycle_id: str) -> dict[str, int]:
    """What each koperasi bears of the freight of a cycle."""
    rows = (await costs(market, cycle_id=cycle_id))["items"]
    return {row["koperasi_id"]: row["freight_idr"] for row in rows}


# -- the whole way -------------------------------------------------------------------------

NAMES = ("goods_idr", "freight_idr", "fee_idr", "ppn_idr", "landed_idr")
MARGINS = {
    "a": (6_960_000, 139_461, 104_400, 765_600, 7_969_461),
    "b": (6_090_000, 122_029, 91_350, 669_900, 6_973_279),
    "c": (3_480_000, 69_731, 52_200, 382_800, 3_984_731),
    "d": (1_740_000, 34_865, 26_100, 191_400, 1_992_365),
}


async def test_the_whole_table_of_margins_per_koperasi(market: Market) -> None:
    """Freight goes over all goods of the cycle by weight, then over the oil by quantity."""
    await ordered(
        market, "m1", oil=(105, 18_270_000), flour=(1_000, 1_000_000), rice=(1_000, 1_000_000)
    )
    await done(await market.operator.put("/v1/charges/m1-freight", **freight("m1", 1_000_000)))
    await market.settle()
    (waiting,) = (await market.operator.get("/v1/charges", cycle_id="m1")).json()["items"]
    assert "goods of this cycle" in waiting["waits_for"]
    await received(market, "m1", "oil", 174_000, CARTONS)
    await received(market, "m1", "flour", 1_000, {"e": 1_000})
    await received(market, "m1", "rice", 1_000, {"e": 1_000})
    await done(await enter(market, "m1-1", invoice("m1", "INV/1", oil())))
    await market.settle()
    listed = await costs(market, cycle_id="m1")
    of_oil = [row for row in listed["items"] if row["item_id"] == "oil"]
    assert {row["koperasi_id"]: tuple(row[name] for name in NAMES) for row in of_oil} == MARGINS
    sums = {name: sum(row[name] for row in of_oil) for name in NAMES}
    assert sums == dict(
        zip(NAMES, (18_270_000, 366_086, 274_050, 2_009_700, 20_919_836), strict=True)
    )
    assert listed["totals"]["freight_idr"] == 1_000_000
    assert listed["totals"].pop("rows") == len(listed["items"])
    for name in listed["totals"]:
        assert listed["totals"][name] == sum(row[name] for row in listed["items"]), name
    assert {row["invoiced_units"] - row["units"] for row in of_oil} == {0}
    lines = (await market.operator.get("/v1/charges/m1-freight/lines")).json()["items"]
    assert {each["item_id"]: each["amount_idr"] for each in lines} == {
        "flour": 316_957,
        "oil": 366_086,
        "rice": 316_957,
    }
    shares = (await market.operator.get("/v1/charges/m1-freight/shares")).json()["items"]
    assert sum(each["amount_idr"] for each in shares) == 1_000_000
    (charge,) = (await market.operator.get("/v1/charges", cycle_id="m1")).json()["items"]
    assert (charge["shared_idr"], charge["waits_for"]) == (1_000_000, "")


async def test_m2_what_came_to_be_asked_above_the_ceiling_is_stated(market: Market) -> None:
    """174.000 and a fee of 1,5 % are 176.610 a carton; freight is no part of it."""
    zones = {f"zone_{zone}_idr": 188_400 for zone in (1, 2, 3)}

    async def set_rule(day: str, sell_idr: int, **more: int) -> dict[str, int]:
        values = {**zones, "per": 1, "sell_idr": sell_idr, **more}
        done = await market.operator.put(f"/v1/rules/het.oil/{day}", values=values, source="Kepmen")
        assert done.status_code == 201, done.text
        rows = (await costs(market, cycle_id="m1", supplier_id="indofood"))["items"]
        return {
            row["koperasi_id"]: row["above_ceiling_idr"] for row in rows if row["item_id"] == "oil"
        }

    none, one = dict.fromkeys("abcd", 0), {"a": 40, "b": 35, "c": 20, "d": 10}
    assert await set_rule("2026-01-01", 176_610) == none
    assert await set_rule("2026-01-08", 1) == none, "in force after the day of the prices"
    assert await set_rule("2026-01-06", 176_609) == one
    dearer = {f"zone_{zone}_idr": 200_000 for zone in (1, 2, 3)}
    assert await set_rule("2026-01-07", 176_609 + 19_140, ppn_bp=1_100, **dearer) == one


async def test_a_koperasi_sees_its_own_costs_and_charges_only(market: Market) -> None:
    speaker = await market.koperasi("a")
    listed = (await speaker.get("/v1/costs")).json()
    assert {row["koperasi_id"] for row in listed["items"]} == {"a"}
    (row,) = [each for each in listed["items"] if each["cycle_id"] == "m1"]
    assert row["landed_idr"] == 7_969_461
    of_cycle = (await speaker.get("/v1/costs", cycle_id="m1", supplier_id="indofood")).json()
    assert of_cycle["totals"]["landed_idr"] == 7_969_461
    assert (await speaker.get("/v1/costs", cycle_id="m0")).json()["items"] == []
    assert_refused(await speaker.get("/v1/costs", koperasi_id="b"), 403, "forbidden")
    (charge,) = (await speaker.get("/v1/charges", cycle_id="m1")).json()["items"]
    assert charge["own_idr"] == 139_461
    shares = (await speaker.get("/v1/charges/m1-freight/shares")).json()["items"]
    assert shares == [{"koperasi_id": "a", "amount_idr": 139_461}]
    assert_refused(await speaker.get("/v1/supplier-invoices"), 403, "forbidden")
    assert_refused(await speaker.get("/v1/charges/m1-freight/lines"), 403, "forbidden")


async def test_costs_are_asked_of_something(market: Market) -> None:
    assert_refused(await market.operator.get("/v1/costs"), 422, "validation-failed")
    of_supplier = await costs(market, supplier_id="indofood")
    assert {row["supplier_id"] for row in of_supplier["items"]} == {"indofood"}
    everything = of_supplier["items"]
    assert of_supplier["totals"]["landed_idr"] == sum(row["landed_idr"] for row in everything)
    pages = await market.operator.pages("/v1/costs", supplier_id="indofood", limit=2)
    assert [row for page in pages for row in page["items"]] == everything


async def test_l6_a_late_bill_splits_the_difference_only(market: Market) -> None:
    await ordered(market, "l6", oil=(105, 18_270_000))
    await received(market, "l6", "oil", 174_000, CARTONS)
    await done(await market.operator.put("/v1/charges/l6-f", **freight("l6", 1_000_000)))
    await market.settle()
    first = await freight_of(market, "l6")
    assert sum(first.values()) == 1_000_000
    later = freight("l6", 1_030_000, bill_no=2, reference="TRK 5b")
    await done(await market.operator.put("/v1/charges/l6-f", **later))
    await market.settle()
    second = await freight_of(market, "l6")
    assert sum(second.values()) == 1_030_000
    more = {koperasi: second[koperasi] - first[koperasi] for koperasi in first}
    assert more == {"a": 11_429, "b": 10_000, "c": 5_714, "d": 2_857}
    lines = (await market.operator.get("/v1/charges/l6-f/lines")).json()["items"]
    assert [(each["bill_no"], each["amount_idr"]) for each in lines] == [
        (1, 1_000_000),
        (2, 30_000),
    ]
    refused = await market.operator.put("/v1/charges/l6-f", **freight("l6", 1, bill_no=1))
    assert assert_refused(refused, 409, "charge-exists")["current_version"] == 2
    ahead = await market.operator.put("/v1/charges/l6-f", **freight("l6", 1, bill_no=4))
    assert_refused(ahead, 412, "version-conflict")


async def test_goods_that_arrive_after_a_bill_was_shared_bear_nothing_of_it(
    market: Market,
) -> None:
    await ordered(market, "late", oil=(105, 18_270_000))
    await received(market, "late", "oil", 174_000, {"a": 40})
    await done(await market.operator.put("/v1/charges/late-f", **freight("late", 40_000)))
    await market.settle()
    await received(market, "late", "oil", 174_000, {"b": 35}, receipt_id="truck-2")
    await market.settle()
    found = await freight_of(market, "late")
    assert found == {"a": 40_000, "b": 0}


async def test_l3_when_nothing_weighs_anything_the_bill_waits_and_says_what_to_do(
    market: Market,
) -> None:
    await ordered(market, "l3", oil=(105, 18_270_000))
    await received(market, "l3", "oil", 174_000, CARTONS)
    body = freight("l3", 7, key="volume")
    await done(await market.operator.put("/v1/charges/l3-f", **body))
    await market.settle()
    (charge,) = (await market.operator.get("/v1/charges", cycle_id="l3")).json()["items"]
    assert (charge["shared_idr"], "volume_ml" in charge["waits_for"]) == (0, True)
    nothing = freight("l3", 7, key="manual", manual={"oil": 0})
    refused = await market.operator.put("/v1/charges/l3-g", **nothing)
    assert_refused(refused, 422, "charge-invalid")
    by_hand = freight("l3", 7, key="manual", manual={"oil": 3})
    await done(await market.operator.put("/v1/charges/l3-g", **by_hand))
    await market.settle()
    shares = (await market.operator.get("/v1/charges/l3-g/shares")).json()["items"]
    assert {each["koperasi_id"]: each["amount_idr"] for each in shares} == {
        "a": 3,
        "b": 2,
        "c": 1,
        "d": 1,
    }


async def test_a_charge_of_no_cycle_is_refused(market: Market) -> None:
    refused = await market.operator.put("/v1/charges/lost", **freight("nowhere", 1_000))
    assert_refused(refused, 404, "cycle-unknown")


async def test_a_koperasi_that_is_pkp_credits_its_ppn(market: Market) -> None:
    await ordered(market, "pkp", oil=(105, 18_270_000))
    await happened(
        market.door,
        KoperasiClassified(
            koperasi_id="a", valid_from_on=date(2026, 1, 12), vat_registered=True, price_zone=1
        ),
        KoperasiClassified(
            koperasi_id="b", valid_from_on=date(2026, 1, 13), vat_registered=True, price_zone=1
        ),
    )
    await received(market, "pkp", "oil", 174_000, CARTONS)
    await done(await enter(market, "pkp-1", invoice("pkp", "INV/pkp", oil())))
    by_hand = freight("pkp", 139_461 + 226_625, key="quantity")
    await done(await market.operator.put("/v1/charges/pkp-f", **by_hand))
    await market.settle()
    rows = {row["koperasi_id"]: row for row in (await costs(market, cycle_id="pkp"))["items"]}
    assert rows["a"]["creditable_idr"] == 765_600
    assert rows["a"]["landed_idr"] == 7_203_861
    assert rows["b"]["creditable_idr"] == 0


# -- the three-way match -------------------------------------------------------------------


async def test_billed_105_accepted_102_is_a_debit_note(market: Market) -> None:
    await ordered(market, "s5", oil=(105, 18_270_000))
    await received(market, "s5", "oil", 174_000, {"a": 39, "b": 34, "c": 19, "d": 10})
    body = invoice("s5", "INV/s5", oil())
    await done(await enter(market, "s5-1", body))
    await done(await enter(market, "s5-1", body))
    await market.settle()
    notes = (await market.operator.get("/v1/debit-notes", cycle_id="s5")).json()
    (note,) = notes["items"]
    assert (note["goods_idr"], note["ppn_idr"], note["reason"]) == (522_000, 57_420, "over_billed")
    assert notes["totals"]["claimed_idr"] == 579_420
    shown = (await market.operator.get("/v1/supplier-invoices/s5-1")).json()
    assert shown["owed_idr"] == 17_748_000 + 1_952_280
    (matched,) = shown["lines"]
    assert (matched["outcome"], matched["billed"], matched["accepted"]) == ("over_billed", 105, 102)
    totals = (await costs(market, cycle_id="s5"))["totals"]
    assert (totals["invoiced_idr"], totals["ppn_idr"]) == (17_748_000, 1_952_280)
    again = await enter(market, "s5-2", invoice("s5", "INV/s5", oil()))
    assert assert_refused(again, 409, "invoice-no-taken")["invoice_id"] == "s5-1"
    other = await enter(market, "s5-1", invoice("s5", "INV/s5", oil(104)))
    assert_refused(other, 409, "invoice-exists")
    nothing = await enter(market, "s5-3", invoice("s5", "INV/s5-3", oil(1)))
    assert_refused(nothing, 409, "nothing-to-invoice")


async def test_a_held_invoice_is_owed_only_after_it_is_released(market: Market) -> None:
    await ordered(market, "held", oil=(105, 18_270_000))
    await received(market, "held", "oil", 174_000, CARTONS)
    dear = line("oil", 105, 18_900_000, 2_079_000)
    await done(await enter(market, "held-1", invoice("held", "INV/held", dear)))
    await market.settle()
    shown = (await market.operator.get("/v1/supplier-invoices/held-1")).json()
    assert (shown["held"], shown["owed_idr"], shown["uncosted_lines"]) == (True, 0, 1)
    assert "tolerated" in shown["lines"][0]["reason"]
    pay = {"invoice_id": "held-1", "paid_on": "2026-01-20", "reference": "BCA 1"}
    refused = await market.operator.put("/v1/invoice-payments/p-held", amount_idr=1, **pay)
    assert_refused(refused, 409, "invoice-is-held")
    state = (await market.operator.get("/v1/invoice-states", cycle_id="held")).json()
    assert (state["items"][0]["state"], state["totals"]["held_idr"]) == ("open", 20_979_000)
    release = "/v1/supplier-invoices/held-1/release"
    await done(await market.operator.post(release, reason="the new price was agreed by phone"))
    await market.settle()
    shown = (await market.operator.get("/v1/supplier-invoices/held-1")).json()
    assert (shown["held"], shown["owed_idr"], shown["uncosted_lines"]) == (False, 20_979_000, 0)
    totals = (await costs(market, cycle_id="held"))["totals"]
    assert (totals["variance_idr"], totals["ppn_idr"]) == (630_000, 2_079_000)
    missing = await market.operator.post("/v1/supplier-invoices/x/release", reason="why not")
    assert_refused(missing, 404, "invoice-unknown")


async def test_a_refused_invoice_is_never_owed_and_may_come_again(market: Market) -> None:
    await ordered(market, "again", oil=(105, 18_270_000))
    await received(market, "again", "oil", 174_000, CARTONS)
    dear = line("oil", 105, 18_900_000, 2_079_000)
    await done(await enter(market, "again-1", invoice("again", "INV/again", dear)))
    refuse = "/v1/supplier-invoices/again-1/refuse"
    await done(await market.operator.post(refuse, reason="the price is wrong"))
    await done(await enter(market, "again-2", invoice("again", "INV/again", oil())))
    await market.settle()
    listed = (await market.operator.get("/v1/supplier-invoices", cycle_id="again")).json()
    first, second = listed["items"]
    assert (first["refused"], first["owed_idr"], first["uncosted_lines"]) == (True, 0, 0)
    assert (second["owed_idr"], second["uncosted_lines"]) == (20_279_700, 0)
    assert listed["totals"]["billed_idr"] == listed["totals"]["owed_idr"] == 20_279_700
    assert (listed["totals"]["invoices"], listed["totals"]["held"]) == (1, 0)
    owed = "/v1/supplier-invoices/again-2/refuse"
    refused = await market.operator.post(owed, reason="too late")
    assert_refused(refused, 409, "invoice-is-owed")


async def test_deposits_are_lines_of_their_own(market: Market) -> None:
    await ordered(market, "gallons", water=(10, 180_000))
    await received(market, "gallons", "water", 18_000, {"a": 4, "b": 6})
    body = invoice("gallons", "INV/g", line("water", 10, 180_000, 0, deposit_idr=400_000))
    await done(await enter(market, "gallons-1", body))
    await market.settle()
    rows = (await costs(market, cycle_id="gallons"))["items"]
    found = [(row["deposit_idr"], row["fee_idr"], row["ppn_idr"]) for row in rows]
    assert found == [(160_000, 1_080, 0), (240_000, 1_620, 0)]
    assert [row["landed_idr"] for row in rows] == [73_080, 109_620]


async def test_an_invoice_is_paid_in_parts_and_never_more_than_is_owed(market: Market) -> None:
    await ordered(market, "paid", oil=(105, 18_270_000))
    await received(market, "paid", "oil", 174_000, CARTONS)
    await done(await enter(market, "paid-1", invoice("paid", "INV/paid", oil())))
    await market.settle()
    pay = {"invoice_id": "paid-1", "paid_on": "2026-01-20", "reference": "BCA 1"}
    path = "/v1/invoice-payments/paid-p"
    await done(await market.operator.put(f"{path}1", amount_idr=20_000_000, **pay))
    await done(await market.operator.put(f"{path}1", amount_idr=20_000_000, **pay))
    more = await market.operator.put(f"{path}2", amount_idr=279_701, **pay)
    assert assert_refused(more, 409, "invoice-overpaid")["outstanding_idr"] == 279_700
    other = await market.operator.put(f"{path}1", amount_idr=1, **pay)
    assert_refused(other, 409, "payment-exists")
    state = (await market.operator.get("/v1/invoice-states", cycle_id="paid")).json()["items"][0]
    assert (state["state"], state["owed_idr"], state["paid_idr"]) == (
        "invoiced",
        20_279_700,
        20_000_000,
    )
    await done(await market.operator.put(f"{path}2", amount_idr=279_700, **pay))
    state = (await market.operator.get("/v1/invoice-states", cycle_id="paid")).json()["items"][0]
    assert state["state"] == "settled"
    listed = (await market.operator.get("/v1/invoice-payments", cycle_id="paid")).json()
    assert [each["amount_idr"] for each in listed["items"]] == [20_000_000, 279_700]
    assert listed["totals"]["paid_idr"] == 20_279_700
    invoices = (await market.operator.get("/v1/supplier-invoices", cycle_id="paid")).json()
    assert [each["paid_idr"] for each in invoices["items"]] == [20_279_700]
    assert invoices["totals"]["owed_idr"] == 20_279_700


async def test_l5_rebates_accrue_on_costed_goods_and_are_confirmed_by_money(
    market: Market,
) -> None:
    await placed(market, "l5", "unilever", oil=(105, 18_270_000))
    await received(market, "l5", "oil", 174_000, CARTONS, supplier_id="unilever")
    body = invoice("l5", "UL/1", oil(), supplier_id="unilever")
    await done(await enter(market, "l5-1", body))
    await market.settle()
    listed = await costs(market, cycle_id="l5")
    assert (listed["totals"]["rebate_idr"], listed["totals"]["own_rebate_idr"]) == (
        274_050,
        109_620,
    )
    got = {
        "cycle_id": "l5",
        "supplier_id": "unilever",
        "amount_idr": 274_050,
        "received_on": "2026-02-01",
        "reference": "BCA 7",
    }
    await done(await market.operator.put("/v1/rebates/l5-r", **got))
    rebates = (await market.operator.get("/v1/rebates", supplier_id="unilever")).json()
    assert [each["rebate_id"] for each in rebates["items"]] == ["l5-r"]
    assert rebates["totals"]["rebate_idr"] == rebates["totals"]["rebate_received_idr"] == 274_050
    other = await market.operator.put("/v1/rebates/l5-r", **{**got, "amount_idr": 1})
    assert_refused(other, 409, "rebate-exists")
    unknown = await market.operator.put("/v1/rebates/l5-x", **{**got, "cycle_id": "nowhere"})
    assert_refused(unknown, 404, "consolidated-order-unknown")


async def test_an_invoice_for_nothing_that_was_ordered_is_refused(market: Market) -> None:
    refused = await enter(market, "lost", invoice("nowhere", "INV/lost", oil()))
    assert_refused(refused, 404, "consolidated-order-unknown")
    assert_refused(await market.operator.get("/v1/supplier-invoices/lost"), 404, "invoice-unknown")


# -- what nobody has been given yet --------------------------------------------------------


async def test_a_line_waits_until_its_goods_are_shared_out(market: Market) -> None:
    await ordered(market, "wait", oil=(105, 18_270_000))
    await received(market, "wait", "oil", 174_000, CARTONS, shared=False)
    await done(await enter(market, "wait-1", invoice("wait", "INV/wait", oil())))
    await market.settle()
    shown = (await market.operator.get("/v1/supplier-invoices/wait-1")).json()
    assert (shown["uncosted_lines"], shown["lines"][0]["undecided"]) == (1, 105)
    assert (await costs(market, cycle_id="wait"))["items"] == []


async def surplus_of_five(market: Market, cycle_id: str) -> None:
    """110 accepted of 105 ordered, invoiced whole before anybody decided about the five."""
    await ordered(market, cycle_id, oil=(105, 18_270_000))
    await received(market, cycle_id, "oil", 174_000, CARTONS, surplus=5)
    await done(await enter(market, f"{cycle_id}-1", invoice(cycle_id, f"INV/{cycle_id}", oil(110))))
    await market.settle()
    shown = (await market.operator.get(f"/v1/supplier-invoices/{cycle_id}-1")).json()
    assert (shown["uncosted_lines"], shown["lines"][0]["undecided"]) == (1, 5)


async def decided(market: Market, cycle_id: str, decision: str, **other: Any) -> None:
    await happened(
        market.door,
        SurplusDecided(
            receipt_id=f"{cycle_id}-oil-truck-1",
            consolidated_order_id=f"{cycle_id}|indofood",
            cycle_id=cycle_id,
            supplier_id="indofood",
            item_id="oil",
            units=5,
            decision=decision,
            reason="decided by phone",
            **other,
        ),
    )
    await market.settle()


async def test_surplus_that_went_back_after_it_was_invoiced_is_claimed(market: Market) -> None:
    await surplus_of_five(market, "back")
    await decided(market, "back", "return")
    (note,) = (await market.operator.get("/v1/debit-notes", cycle_id="back")).json()["items"]
    assert (note["reason"], note["goods_idr"], note["ppn_idr"]) == ("returned", 870_000, 95_700)
    shown = (await market.operator.get("/v1/supplier-invoices/back-1")).json()
    assert (shown["uncosted_lines"], shown["owed_idr"]) == (0, 20_279_700)
    totals = (await costs(market, cycle_id="back"))["totals"]
    assert (totals["invoiced_idr"], totals["ppn_idr"]) == (18_270_000, 2_009_700)
    state = (await market.operator.get("/v1/invoice-states", cycle_id="back")).json()["items"][0]
    assert state["state"] == "invoiced"


async def test_surplus_in_stock_is_the_consortiums_and_bears_no_fee(market: Market) -> None:
    await surplus_of_five(market, "stock")
    await decided(market, "stock", "stock")
    rows = {row["koperasi_id"]: row for row in (await costs(market, cycle_id="stock"))["items"]}
    assert (rows["consortium"]["invoiced_idr"], rows["consortium"]["fee_idr"]) == (870_000, 0)
    assert rows["a"]["invoiced_idr"] == 6_960_000
    assert sum(row["variance_idr"] for row in rows.values()) == 0


async def test_surplus_that_was_offered_costs_who_took_it(market: Market) -> None:
    await surplus_of_five(market, "offer")
    await decided(market, "offer", "offer", koperasi_id="d", goods_idr=870_000)
    rows = {row["koperasi_id"]: row for row in (await costs(market, cycle_id="offer"))["items"]}
    assert (rows["d"]["invoiced_units"], rows["d"]["invoiced_idr"]) == (15, 2_610_000)
    assert sum(row["ppn_idr"] for row in rows.values()) == 110 * 19_140


async def test_two_invoices_for_one_order_share_its_goods_between_them(market: Market) -> None:
    await ordered(market, "two", oil=(105, 18_270_000))
    await received(market, "two", "oil", 174_000, CARTONS)
    await done(await enter(market, "two-1", invoice("two", "INV/t1", oil(50))))
    await done(await enter(market, "two-2", invoice("two", "INV/t2", oil(60))))
    await market.settle()
    second = (await market.operator.get("/v1/supplier-invoices/two-2")).json()["lines"][0]
    assert (second["accepted"], second["units"], second["outcome"]) == (55, 55, "over_billed")
    rows = (await costs(market, cycle_id="two"))["items"]
    assert {row["koperasi_id"]: row["invoiced_units"] for row in rows} == CARTONS
    assert [row["invoiced_idr"] for row in rows] == [row["goods_idr"] for row in rows]


async def test_an_invoice_of_many_koperasi_is_costed_in_parts(market: Market) -> None:
    """1,000 koperasi make three parts; together they are the invoice, to the rupiah."""
    koperasi = {f"k{number:04}": 1 + number % 3 for number in range(1_000)}
    units = sum(koperasi.values())
    await ordered(market, "many", oil=(units, units * 174_000))
    await received(market, "many", "oil", 174_000, koperasi)
    await done(await enter(market, "many-1", invoice("many", "INV/many", oil(units))))
    await done(await market.operator.put("/v1/charges/many-f", **freight("many", 999_999)))
    await market.settle()
    parts = await market.sql(
        "select count(*) from log.events e join log.types t using (type_id)"
        " where t.name = 'invoicing.invoice_costed' and e.body::text is not null"
        " and convert_from(e.body, 'utf8') like '%many-1%'"
    )
    assert parts == 3
    totals = (await costs(market, cycle_id="many"))["totals"]
    assert totals["invoiced_idr"] == totals["goods_idr"] == units * 174_000
    assert (totals["ppn_idr"], totals["freight_idr"]) == (units * 19_140, 999_999)


async def test_only_the_suppliers_goods_bear_a_bill_that_names_it(market: Market) -> None:
    await ordered(market, "named", oil=(105, 18_270_000))
    await received(market, "named", "oil", 174_000, {"a": 40})
    await received(market, "named", "rice", 10_000, {"b": 40}, supplier_id="bulog")
    body = freight("named", 1_000, key="value", supplier="bulog")
    await done(await market.operator.put("/v1/charges/named-f", **body))
    await market.settle()
    assert await freight_of(market, "named") == {"a": 0, "b": 1_000}


# -- the follower --------------------------------------------------------------------------


async def test_who_looks_at_old_tables_records_nothing_twice(market: Market) -> None:
    """Two followers see the same work; the second meets the part that the first recorded."""
    await ordered(market, "twice", oil=(105, 18_270_000))
    await received(market, "twice", "oil", 174_000, CARTONS)
    await done(await enter(market, "twice-1", invoice("twice", "INV/twice", oil())))
    await done(await market.operator.put("/v1/charges/twice-f", **freight("twice", 1_000)))
    await market.projector.catch_up(NETWORK)
    counts = [await market.event_count()]
    for _ in range(3):
        other = Follower(market.worker, await house.type_ids(market.worker), Memory(1_000))
        await other.tend(NETWORK)
        counts.append(await market.event_count())
    assert counts[0] < counts[1] == counts[2] == counts[3]
    await market.settle()
    assert sum((await freight_of(market, "twice")).values()) == 1_000
    assert (await costs(market, cycle_id="twice"))["totals"]["invoiced_idr"] == 18_270_000


async def test_half_folded_parts_are_not_costed_again(market: Market) -> None:
    """Tables that have seen one part of three are acted on after every single event."""
    koperasi = {f"k{number:04}": 2 for number in range(900)}
    await ordered(market, "half", oil=(1_800, 1_800 * 174_000))
    await received(market, "half", "oil", 174_000, koperasi)
    await done(await enter(market, "half-1", invoice("half", "INV/half", oil(1_000))))
    await done(await enter(market, "half-2", invoice("half", "INV/half2", oil(800))))
    await done(await market.operator.put("/v1/charges/half-f", **freight("half", 777_777)))
    slow = Projector(market.worker, house.event_types(), house.PROJECTIONS, page=1)
    while await slow.step(NETWORK) or await _more(market):
        await market.follower.tend(NETWORK)
    listed = await costs(market, cycle_id="half")
    totals = listed["totals"]
    assert totals["goods_idr"] == totals["invoiced_idr"] == 1_800 * 174_000
    assert (totals["ppn_idr"], totals["freight_idr"]) == (1_800 * 19_140, 777_777)
    assert {row["invoiced_units"] for row in listed["items"]} == {2}


async def _more(market: Market) -> bool:
    """Whether something is recorded that the tables do not show."""
    before = await market.event_count()
    await market.follower.tend(NETWORK)
    return await market.event_count() > before


async def test_the_log_folds_into_the_same_rows_however_it_is_cut(market: Market) -> None:
    """The last test: everything above once more, some events at a time."""
    await market.settle()
    tables = [
        row["relname"]
        for row in await market.worker.fetch(
            "select relname from pg_class where relnamespace = 'read'::regnamespace"
            " and relkind = 'r'"
            " and relname ~ '^(cost|charge|debit|goods_|invoic|item_w|supplier_[ip])'"
        )
    ]
    assert len(tables) == 13
    before = await _rows(market, tables)
    for page in (1, 3, 50):
        await market.worker.execute("delete from bookmarks where projection = 'invoicing'")
        for table in tables:
            await market.worker.execute(f"delete from {table}")
        again = Projector(market.worker, house.event_types(), [invoicing_views], page=page)
        await again.catch_up(NETWORK)
        assert await _rows(market, tables) == before


async def _rows(market: Market, tables: list[str]) -> dict[str, list[str]]:
    return {
        table: sorted(
            row["text"]
            for row in await market.worker.fetch(f"select t::text as text from {table} t")
        )
        for table in tables
    }
