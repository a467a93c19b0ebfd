"""One trade to the rupiah: from a log written by hand to what the service shows."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest_asyncio

from jaringan_usaha import house
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.features.cycles.events import (
    ConsolidatedOrderAmended,
    ConsolidatedOrderWithdrawn,
    TierDropCharge,
)
from jaringan_usaha.features.fulfilment.events import SurplusDecided
from jaringan_usaha.features.invoicing.events import (
    DebitNoteIssued,
    FeeSplit,
    InvoiceCosted,
    InvoicePaid,
    ItemCosts,
    KoperasiCost,
    RebateReceived,
)
from jaringan_usaha.features.sales.events import SaleLine, SaleRecorded
from jaringan_usaha.features.shares.events import SharePaid
from ledgers import Log
from market import Market, opened
from trades import (
    carried,
    costed,
    delivered,
    matched_invoice,
    names,
    ordered,
    sale,
    sold,
    whole_trade,
)

Row = dict[str, Any]

COLUMNS = ("goods", "freight", "fee", "ppn", "landed", "revenue", "margin")
TABLE = {
    "a": (6_960_000, 139_461, 104_400, 765_600, 7_969_461, 8_400_000, 430_539),
    "b": (6_090_000, 122_029, 91_350, 669_900, 6_973_279, 7_350_000, 376_721),
    "c": (3_480_000, 69_731, 52_200, 382_800, 3_984_731, 4_200_000, 215_269),
    "d": (1_740_000, 34_865, 26_100, 191_400, 1_992_365, 2_100_000, 107_635),
}
TOTAL = (18_270_000, 366_086, 274_050, 2_009_700, 20_919_836, 22_050_000, 1_130_164)


@pytest_asyncio.fixture
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        yield market


@pytest_asyncio.fixture
async def log(market: Market) -> Log:
    return Log(market.worker, await house.type_ids(market.worker))


async def margins(market: Market, **query: str | int) -> Row:
    answer = await market.operator.get("/v1/margin", limit=200, **query)
    assert answer.status_code == 200, answer.text
    found: Row = answer.json()
    assert found["stale"] is False
    return found


async def balances(market: Market, **query: str | int) -> dict[str, int]:
    """What stands on every account that is not even, on its own side."""
    answer = await market.operator.get("/v1/trial-balance", **query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["stale"] is False
    assert found["debit_idr"] == found["credit_idr"]
    return {
        each["account"]: each["balance_idr"] for each in found["accounts"] if each["balance_idr"]
    }


def figures(row: Row) -> tuple[int, ...]:
    return tuple(row[f"{column}_idr"] for column in COLUMNS)


async def test_m1_margin_per_koperasi(market: Market, log: Log) -> None:
    await log.append(*whole_trade())
    found = await margins(market, cycle_id="tp1")
    assert {row["koperasi_id"]: figures(row) for row in found["items"]} == TABLE
    assert figures(found["totals"]) == TOTAL
    assert tuple(map(sum, zip(*TABLE.values(), strict=True))) == TOTAL
    for row in found["items"]:
        assert row["cogs_idr"] == row["landed_idr"], "all of it is sold"
        assert row["amount_idr"] == row["goods_idr"]


async def test_m1_the_books_of_it(market: Market, log: Log) -> None:
    await log.append(*whole_trade())
    assert await balances(market) == {
        "1110": 22_050_000,
        "2110": 18_270_000 + 2_009_700,
        "2130": 366_086,
        "2150": 109_620,
        "4110": 22_050_000,
        "4210": 164_430,
        "5110": 20_919_836,
    }
    a = await balances(market, koperasi_id="a")
    assert (a["4110"], a["5110"]) == (8_400_000, 7_969_461)
    assert "1310" not in a, "everything is sold, so nothing is left of what it cost"


async def test_m1_a_pkp_credits_its_ppn(market: Market, log: Log) -> None:
    await log.append(*whole_trade(pkp=frozenset("a")))
    found = await margins(market, koperasi_id="a", cycle_id="tp1")
    (row,) = found["items"]
    assert row["landed_idr"] == 7_203_861
    assert (row["ppn_idr"], row["ppn_credit_idr"]) == (0, 765_600)
    assert row["margin_idr"] == 8_400_000 - 7_203_861
    assert (await balances(market, koperasi_id="a"))["1150"] == 765_600
    assert figures(found["totals"]) == figures(row)


async def test_m4_what_is_left_of_the_saving_when_freight_and_fees_are_paid(
    market: Market, log: Log
) -> None:
    """The price alone for its own quantity less the landed price, both without PPN."""
    await log.append(*whole_trade())
    found = await margins(market, cycle_id="tp1")
    saved = {
        row["koperasi_id"]: (row["saving_idr"], row["landed_saving_idr"]) for row in found["items"]
    }
    assert saved == {
        "a": (480_000, 7_440_000 - 7_203_861),
        "b": (420_000, 6_510_000 - 6_303_379),
        "c": (240_000, 3_720_000 - 3_601_931),
        "d": (120_000, 1_860_000 - 1_800_965),
    }
    assert (found["totals"]["saving_idr"], found["totals"]["landed_saving_idr"]) == (
        1_260_000,
        619_864,
    )


async def test_until_goods_come_an_order_is_a_forecast(market: Market, log: Log) -> None:
    await log.append(ordered())
    (row, *_) = (await margins(market))["items"]
    expected = {"ordered_idr": 6_960_000, "amount_idr": 6_960_000, "alone_idr": 7_440_000}
    assert {**expected, "goods_idr": 0, "saving_idr": 480_000}.items() <= row.items()
    assert await balances(market) == {}
    await log.append(*delivered(cartons={"a": 39, "b": 34, "c": 19, "d": 10}))
    (row, *_) = (await margins(market))["items"]
    came = {"ordered_idr": 6_960_000, "amount_idr": 39 * 174_000, "alone_idr": 39 * 186_000}
    assert {**came, "goods_idr": 39 * 174_000}.items() <= row.items()
    assert await balances(market) == {"1310": 102 * 174_000, "2120": 102 * 174_000}


async def test_goods_owed_for_now_are_owed_as_they_come(market: Market, log: Log) -> None:
    """An order of the first release was owed at once; when its goods are followed all the same,
    what was posted gives way."""
    await log.append(ordered(received=True))
    assert await balances(market) == {"1310": 18_270_000, "2110": 18_270_000}
    await log.append(*delivered())
    assert await balances(market) == {"1310": 18_270_000, "2120": 18_270_000}
    found = await margins(market)
    assert found["totals"]["goods_idr"] == found["totals"]["amount_idr"] == 18_270_000


async def test_a_withdrawn_order_leaves_nothing(market: Market, log: Log) -> None:
    gone = ConsolidatedOrderWithdrawn(**names(), reason="reopened")
    await log.append(ordered(), gone, ordered(), gone)
    found = await margins(market)
    assert found["totals"]["ordered_idr"] == found["totals"]["amount_idr"] == 0
    await log.append(ordered())
    assert (await margins(market))["totals"]["ordered_idr"] == 18_270_000


async def test_l6_late_freight_is_split_over_stock_and_sales(market: Market, log: Log) -> None:
    """Half of it sold when a later bill comes to 30,000 more: half of that is cost of sales."""
    await log.append(*delivered(), costed(), *carried(), sold("a", 20))
    before = await balances(market, koperasi_id="a")
    await log.append(*carried(amounts={"a": 30_000}, bill_no=2))
    after = await balances(market, koperasi_id="a")
    assert after["2130"] - before["2130"] == 30_000
    assert after["5110"] - before["5110"] == 15_000
    assert after["1310"] - before["1310"] == 15_000
    await log.append(sold("a", 20, sale_id="s2"))
    rest = await balances(market, koperasi_id="a")
    assert "1310" not in rest
    assert rest["5110"] == 7_969_461 + 30_000


async def test_what_was_billed_too_much_is_owed_and_claimed_back(market: Market, log: Log) -> None:
    """105 billed, 102 accepted: the payable is what the supplier billed, until it is paid less."""
    await log.append(
        *delivered(),
        costed(),
        DebitNoteIssued(
            **names(), debit_note_id="f1|1", invoice_id="f1", goods_idr=522_000, ppn_idr=57_420
        ),
    )
    books = await balances(market)
    assert books["2110"] == 18_270_000 + 2_009_700 + 579_420
    assert books["1250"] == 579_420
    paid = InvoicePaid(
        payment_id="p1",
        invoice_id="f1",
        cycle_id="tp1",
        supplier_id="indofood",
        amount_idr=20_279_700,
        paid_on=date(2026, 3, 20),
        reference="BCA 9",
        set_off_idr=579_420,
    )
    await log.append(paid)
    books = await balances(market, supplier_id="indofood")
    assert not {"2110", "1250"} & books.keys(), "what was claimed is paid less"


async def test_everything_that_stands_on_an_invoice(market: Market, log: Log) -> None:
    """Variance, rounding, deposits, a rebate shared with the group, and surplus taken to stock."""
    rows = (
        KoperasiCost("a", 10, 100_000, 500, 11_055, False, 1_500, 3_000, 4_000),
        KoperasiCost("b", 10, 100_000, 500, 11_055, True, 1_500, 3_000, 4_000),
        KoperasiCost("consortium", 1, 10_000, 50, 1_106, False, 0, 0, 400),
    )
    surplus = SurplusDecided(
        **names(),
        receipt_id="r1",
        item_id="oil",
        units=1,
        decision="stock",
        reason="it sells",
        goods_idr=10_000,
    )
    back = SurplusDecided(
        **names(), receipt_id="r1", item_id="oil", units=3, decision="return", reason="too many"
    )
    invoice = InvoiceCosted(
        **names(),
        invoice_id="f1",
        part=1,
        fee_version_no=1,
        rebate_version_no=1,
        items=(
            ItemCosts(item_id="oil", rounding_idr=-1, rows=rows, own_rebates=(1_800, 1_800, 0)),
        ),
        fees=(
            FeeSplit(receiver="consortium", amount_idr=1_800),
            FeeSplit(receiver="melati", amount_idr=1_200),
        ),
        rebates=(FeeSplit(receiver="consortium", amount_idr=2_400),),
    )
    received = RebateReceived(
        rebate_id="b1",
        cycle_id="tp1",
        supplier_id="indofood",
        amount_idr=6_000,
        received_on=date(2026, 4, 1),
        reference="BCA 10",
    )
    await log.append(surplus, back, invoice)
    billed = 210_000 + 1_050 + 23_216 + 8_400 - 1
    books = await balances(market)
    assert books == {
        "1150": 11_055,
        "1170": 8_400,
        "1260": 6_000,
        "1310": 10_000 + 1_050 + 11_055 + 1_106 + 3_000 - 3_600,
        "2110": billed,
        "2120": -200_000,  # the goods of a and b are on no delivery here
        "2150": 1_200,
        "4210": 1_800,
        "4220": 2_400,
        "5195": -1,
    }
    found = await margins(market)
    a, b, stock = found["items"]
    assert (a["landed_idr"], b["landed_idr"]) == (500 + 11_055 + 1_500 - 1_800, 200)
    assert (stock["koperasi_id"], stock["landed_idr"]) == ("consortium", 11_156)
    await log.append(received)
    assert "1260" not in await balances(market)
    assert (await balances(market))["1110"] == 6_000


async def test_tp5_who_cancels_pays_the_others_for_the_lost_tier(market: Market, log: Log) -> None:
    """D takes its 10 back, so the other 95 cost 180,000 each; the parts of it come apart."""

    def amended(
        charges: dict[str, int], relieved: dict[str, int], cycle_id: str = "tp1"
    ) -> ConsolidatedOrderAmended:
        return ConsolidatedOrderAmended(
            **names(cycle_id),
            revision=2,
            reason="d cancelled",
            lines=(),
            items=(),
            charges=drops(charges),
            relieved=drops(relieved),
        )

    def drops(amounts: dict[str, int]) -> tuple[TierDropCharge, ...]:
        return tuple(
            TierDropCharge(koperasi_id=koperasi_id, item_id="oil", amount_idr=amount)
            for koperasi_id, amount in amounts.items()
        )

    dearer = {"a": 240_000, "b": 210_000, "c": 120_000}
    await log.append(amended({"d": 570_000}, {}))
    assert await balances(market, koperasi_id="d") == {"2140": 570_000, "5140": 570_000}
    await log.append(amended({}, dearer))
    assert await balances(market) == {}, "who pays and who is paid are one group"
    assert (await balances(market, koperasi_id="a"))["5140"] == -240_000
    found = {row["koperasi_id"]: row for row in (await margins(market))["items"]}
    assert {key: row["charge_idr"] for key, row in found.items()} == {
        "a": -240_000,
        "b": -210_000,
        "c": -120_000,
        "d": 570_000,
    }
    assert found["d"]["margin_idr"] == -570_000
    await log.append(amended(dearer, dearer, "tp2"))
    pooled = await margins(market, cycle_id="tp2")
    assert {row["charge_idr"] for row in pooled["items"]} == {0}, "everybody bears its own part"
    assert await balances(market, cycle_id="tp2") == {}


async def test_an_order_that_is_taken_back_charges_nobody(market: Market, log: Log) -> None:
    """Its cycle is reopened, and what is ordered then starts from the tiers anew."""

    def drops(**amounts: int) -> tuple[TierDropCharge, ...]:
        return tuple(
            TierDropCharge(koperasi_id=koperasi_id, item_id="oil", amount_idr=amount)
            for koperasi_id, amount in amounts.items()
        )

    amended = ConsolidatedOrderAmended(
        **names(),
        revision=1,
        reason="d cancelled",
        lines=(),
        items=(),
        charges=drops(d=570_000),
        relieved=drops(a=240_000, b=210_000, c=120_000),
    )
    gone = ConsolidatedOrderWithdrawn(**names(), reason="reopened")
    await log.append(ordered(), amended, gone)
    for subject in ({}, {"koperasi_id": "a"}, {"koperasi_id": "d"}, {"supplier_id": "indofood"}):
        assert await balances(market, **subject) == {}
    assert {row["charge_idr"] for row in (await margins(market))["items"]} == {0}
    await log.append(ordered(), amended)
    assert await balances(market, koperasi_id="d") == {"2140": 570_000, "5140": 570_000}
    await log.append(gone)
    assert await balances(market, koperasi_id="d") == {}


async def test_sales_of_goods_that_nobody_saw_come(market: Market, log: Log) -> None:
    """Their revenue stands apart, without a cost, until goods come; then all falls into place."""
    await log.append(sold("a", 10))
    assert await balances(market) == {"1110": 2_100_000, "4190": 2_100_000}
    unknown = (await market.operator.get("/v1/margin/unknown", koperasi_id="a")).json()["items"]
    assert unknown == [{"item_id": "oil", "units": 10, "revenue_idr": 2_100_000}]
    (row,) = (await margins(market))["items"]
    assert (row["cycle_id"], row["revenue_idr"], row["cogs_idr"]) == ("", 2_100_000, 0)
    await log.append(*delivered())
    books = await balances(market, koperasi_id="a")
    assert (books["4110"], books["5110"]) == (2_100_000, 1_740_000)
    assert "4190" not in books
    none = (await market.operator.get("/v1/margin/unknown", koperasi_id="a")).json()["items"]
    assert none == []
    found = await margins(market, koperasi_id="a")
    assert [(row["cycle_id"], row["margin_idr"]) for row in found["items"]] == [
        ("", 0),
        ("tp1", 360_000),
    ]


async def test_the_ppn_of_a_pkp_is_no_revenue(market: Market, log: Log) -> None:
    await log.append(*delivered(), sold("a", 10, ppn_idr=231_000))
    books = await balances(market, koperasi_id="a")
    assert (books["1110"], books["2160"], books["4110"]) == (2_331_000, 231_000, 2_100_000)
    back = SaleLine(item_id="oil", quantity=-10, amount_idr=-2_331_000, ppn_idr=-231_000)
    await log.append(
        SaleRecorded(
            sale_id=sale("back"), koperasi_id="a", sold_on=date(2026, 3, 10), lines=(back,)
        )
    )
    assert await balances(market, koperasi_id="a") == {"1310": 6_960_000, "2120": 6_960_000}


async def test_capital_that_is_paid_is_equity(market: Market, log: Log) -> None:
    await log.append(
        SharePaid(
            koperasi_id="a",
            payment_no=1,
            amount_idr=100_000_000,
            paid_on=date(2026, 1, 5),
            reference="BCA 1",
        )
    )
    assert await balances(market) == {"1110": 100_000_000, "3110": 100_000_000}


async def test_margins_of_one_supplier_one_cycle_one_period(market: Market, log: Log) -> None:
    """What counts in which month is told apart; the sums of the months are the whole."""
    await log.append(
        *delivered(received_on=date(2026, 3, 30)),
        matched_invoice(invoiced_on=date(2026, 4, 2)),
        costed(),
        sold("a", 40, sold_on=date(2026, 4, 9)),
        *delivered("tp2", {"a": 5}, receipt_id="r2", received_on=date(2026, 4, 20)),
    )
    march = (await margins(market, to_month="2026-03"))["totals"]
    april = (await margins(market, from_month="2026-04", to_month="2026-04"))["totals"]
    assert (march["goods_idr"], march["ppn_idr"], march["revenue_idr"]) == (18_270_000, 0, 0)
    assert (april["goods_idr"], april["ppn_idr"]) == (870_000, 2_009_700)
    assert april["revenue_idr"] == 8_400_000
    assert (await margins(market))["totals"]["goods_idr"] == 18_270_000 + 870_000
    assert (await margins(market, cycle_id="tp2"))["totals"]["goods_idr"] == 870_000
    assert (await margins(market, koperasi_id="a"))["totals"]["goods_idr"] == 6_960_000 + 870_000
    assert (await margins(market, supplier_id="indofood"))["totals"]["goods_idr"] == 19_140_000
    assert (await margins(market, supplier_id="bulog"))["items"] == []
    items = (await market.operator.get("/v1/margin/items", cycle_id="tp1", koperasi_id="a")).json()
    (item,) = items["items"]
    expected = {"units": 40, "sold_units": 40, "expected_units": 40, "supplier_id": "indofood"}
    assert {**expected, "item_id": "oil", "ppn_idr": 765_600}.items() <= item.items()
    assert items["totals"]["cogs_idr"] == item["cogs_idr"] == 6_960_000 + 765_600 + 104_400
