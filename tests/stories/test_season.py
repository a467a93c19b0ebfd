"""A season through the API, and every figure at its end worked out by hand.

Four koperasi pledge capital and pay some of it. Four cycles: one at list prices, one at the
next price list, one with the amounts of receipts, and one that is given up. Orders are placed,
changed and cancelled, one by one and in bulk. At the end the read tables are built anew.
"""

import json
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from jaringan_usaha import house
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.rebuild import Differs, rebuild, replay
from market import Market, oil, opened, price_list, rice
from service import NETWORK, Speaker, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

MILLION = 1_000_000

# Orders as they stand at the end of the first cycle. Oil is 186,000 a carton, 180,000 from 50
# on, 174,000 from 100 on; rice 12,500 a kilogram.
#   a: 40 oil          b: 35 oil, 200 rice      c: 20 oil      d: 10 oil
# Each koperasi with what it owes, and what it had paid alone.
JANUARY = {
    "a": (40 * 174_000, 40 * 186_000),
    "b": (35 * 174_000 + 2_500_000, 35 * 186_000 + 2_500_000),
    "c": (20 * 174_000, 20 * 186_000),
    "d": (10 * 174_000, 10 * 186_000),
}

# The second cycle is priced on a day of the second list: rice 13,177 for 1,000 kilograms, and
# tiers by part. 1,000 kg together cost 13,177 rupiah, which do not split by 333, 333 and 334:
# exact shares are 4,387.94, 4,387.94 and 4,401.12, so the two left over go to b and c.
#   b: 333 rice        c: 333 rice              d: 334 rice
FEBRUARY = {
    "b": (4_388, 4_388),  # alone 4,387.94 is 4,388 too
    "c": (4_388, 4_388),
    "d": (4_401, 4_401),  # alone 4,401.12
}

# Receipts: what was paid, and discounts that the group brought.
#   a: rice 37,000 after 500 and 39 off, and a free carton of oil      d: oil 180,000
RECEIPTS = {"a": (37_000, 37_539), "d": (180_000, 180_000)}

CYCLES = {"january": JANUARY, "february": FEBRUARY, "receipts": RECEIPTS}


async def test_the_hand_worked_figures_agree_with_each_other() -> None:
    assert sum(owed for owed, _ in JANUARY.values()) == 18_270_000 + 2_500_000
    assert sum(alone - owed for owed, alone in JANUARY.values()) == 1_260_000
    assert sum(owed for owed, _ in FEBRUARY.values()) == 13_177


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def season(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """The market after the season; its service lives two days ago, its follower today."""
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        await found(market)
        await trade_in_january(market)
        await trade_in_february(market)
        await trade_with_receipts(market)
        await give_march_up(market)
        await market.settle()
        await market.projector.catch_up(NETWORK)
        yield market


async def found(market: Market) -> None:
    """Rules, members, capital, goods, prices."""
    values = {"minimum_idr": 100 * MILLION, "target_idr": 5_000 * MILLION}
    done = await market.operator.put("/v1/rules/shares/2018-01-01", values=values, source="RAT")
    assert done.status_code == 201
    for koperasi_id, pledged in (("a", 150), ("b", 100), ("c", 250), ("d", 100)):
        speaker = await market.koperasi(koperasi_id)
        path = f"/v1/koperasi/{koperasi_id}/shares/pledges"
        assert (await speaker.post(path, amount_idr=pledged * MILLION)).status_code == 201
    for koperasi_id, paid, reference in (
        ("a", 100, "BCA 1"),
        ("a", 30, "BCA 2"),
        ("a", 30, "BCA 2"),  # the same transfer, told twice
        ("c", 250, "BRI 9"),
        ("d", 1, "BRI 10"),
    ):
        done = await market.operator.post(
            f"/v1/koperasi/{koperasi_id}/shares/payments",
            amount_idr=paid * MILLION,
            paid_on="2026-01-10",
            reference=reference,
        )
        assert done.status_code == 201, done.text
    await market.stock()
    cheap = {**price_list("bulog", "rice", [{"from_quantity": 1, "idr": 13_177, "per": 1_000}])}
    cheap.update(valid_from_on="2027-02-01", valid_until_on=None, tier_mode="incremental")
    done = await market.operator.put("/v1/price-lists/rice-2", **cheap)
    assert done.status_code == 201, done.text


def order(cycle_id: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return {"cycle_id": cycle_id, "lines": list(lines)}


async def done(market: Market, speaker: Speaker, body: dict[str, Any], **more: str) -> str:
    """Place or change an order; its id."""
    order_id = more.pop("order_id", "") or new_id()
    answer = await market.place(speaker, body, order_id, **more)
    assert answer.is_success, answer.text
    return order_id


async def trade_in_january(market: Market) -> None:
    """Orders one by one: changed, cancelled, sent twice, refused."""
    a, b, c, d = [await market.koperasi(each) for each in "abcd"]
    await market.open_cycle("january")
    await done(market, a, order("january", oil(40)))
    first = await done(market, b, order("january", oil(100), rice(500)))
    await done(market, b, order("january", oil(35)), order_id=first, if_match='"v1"')
    await done(market, b, order("january", rice(200)))
    for _ in range(2):  # the till did not hear the first answer
        twice = "019a0000-0000-7000-8000-000000000001"
        await done(market, c, order("january", oil(20)), order_id=twice)
    mistake = await done(market, d, order("january", oil(500)))
    cancelled = await d.post(f"/v1/orders/{mistake}/cancel", cycle_id="january", reason="typo")
    assert cancelled.status_code == 200
    await done(market, d, order("january", oil(10)))
    await market.operator.post("/v1/koperasi/d/suspend", reason="no annual meeting")
    assert_refused(await market.place(d, order("january", oil(1))), 409, "koperasi-may-not-trade")
    await market.operator.post("/v1/koperasi/d/reinstate", reason="it was held")
    await market.settle()


async def trade_in_february(market: Market) -> None:
    """In bulk, the whole file twice; a koperasi that takes everything back owes nothing."""
    await market.open_cycle("february", priced_on="2027-02-15")
    for koperasi_id, kilograms in (("b", 333), ("c", 333), ("d", 334)):
        lines = [bulk("place_order", new_id(), order("february", rice(kilograms)))]
        if koperasi_id == "b":
            regretted = new_id()
            lines.append(bulk("place_order", regretted, order("february", rice(999))))
            change = {**order("february", rice(998)), "if_version": 1}
            lines.append(bulk("change_order", regretted, change))
            lines.append(bulk("cancel_order", regretted, {"cycle_id": "february"}))
        speaker = await market.koperasi(koperasi_id)
        for replayed in (False, True):
            answer = await market.client.post(
                "/v1/sync",
                content="\n".join(map(json.dumps, lines)),
                headers={
                    "authorization": f"Bearer {speaker.key}",
                    "content-type": "application/x-ndjson",
                },
            )
            verdicts = [json.loads(line) for line in answer.content.splitlines()]
            assert {each["status"] for each in verdicts} == {201}, verdicts
            assert {each["replayed"] for each in verdicts} == {replayed}
    a = await market.koperasi("a")
    regret = await done(market, a, order("february", rice(1_000)))
    assert (await a.post(f"/v1/orders/{regret}/cancel", cycle_id="february")).status_code == 200
    await market.settle()


def bulk(kind: str, order_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"op_id": new_id(), "type": kind, "body": {"order_id": order_id, **body}}


async def trade_with_receipts(market: Market) -> None:
    """Amounts as paid; closed early, by hand."""
    a, d = await market.koperasi("a"), await market.koperasi("d")
    far = (market.door.clock.now() + timedelta(days=30)).isoformat()
    await market.open_cycle("receipts", prices="stated", closes_at=far)
    discounts = [{"kind": "coupon", "idr": 500}, {"kind": "retail", "idr": 39}]
    paid = {**rice(3), "amount_idr": 37_000, "discounts": discounts}
    await done(market, a, order("receipts", paid, {**oil(1), "amount_idr": 0}))
    await done(market, d, order("receipts", {**oil(1), "amount_idr": 180_000}))
    path = "/v1/cycles/receipts/close"
    assert_refused(await market.operator.post(path), 409, "cycle-still-open")
    closed = await market.operator.post(path, early=True, reason="all receipts are in")
    assert closed.status_code == 200
    assert_refused(
        await market.place(a, order("receipts", {**oil(1), "amount_idr": 1})),
        409,
        "order-window-closed",
    )
    await market.settle()


async def give_march_up(market: Market) -> None:
    a = await market.koperasi("a")
    await market.open_cycle("march")
    await done(market, a, order("march", oil(1_000)))
    gone = await market.operator.post("/v1/cycles/march/cancel", reason="the bridge is closed")
    assert gone.status_code == 200
    await market.settle()


# -- the figures ---------------------------------------------------------------------------


async def items(speaker: Speaker, path: str, **query: str | int) -> list[dict[str, Any]]:
    """All items of a list, from all its pages."""
    pages = await speaker.pages(path, **{"limit": 3, **query})
    assert not any(page["stale"] for page in pages)
    return [item for page in pages for item in page["items"]]


def summed(rows: Iterable[dict[str, Any]], name: str) -> int:
    return sum(row[name] for row in rows)


async def test_every_koperasi_owes_and_saves_what_it_should(season: Market) -> None:
    rows = await items(season.operator, "/v1/margin")
    found = {
        (row["cycle_id"], row["koperasi_id"]): (row["amount_idr"], row["alone_idr"]) for row in rows
    }
    assert found == {
        (cycle_id, koperasi_id): figures
        for cycle_id, cycle in CYCLES.items()
        for koperasi_id, figures in cycle.items()
    }
    assert all(row["saving_idr"] == row["alone_idr"] - row["amount_idr"] for row in rows)


async def test_every_cycle_ended_as_it_should(season: Market) -> None:
    rows = {row["cycle_id"]: row for row in await items(season.operator, "/v1/cycles")}
    assert {name: row["state"] for name, row in rows.items()} == {
        "january": "consolidated",
        "february": "consolidated",
        "receipts": "consolidated",
        "march": "cancelled",
    }
    for name, suppliers, order_lines in (
        ("january", 2, 5),
        ("february", 1, 3),
        ("receipts", 2, 3),
    ):
        owed = sum(figures[0] for figures in CYCLES[name].values())
        alone = sum(figures[1] for figures in CYCLES[name].values())
        expected = {
            "consolidated_orders": suppliers,
            "order_lines": order_lines,
            "amount_idr": owed,
            "alone_idr": alone,
        }
        assert expected.items() <= rows[name].items()
    assert rows["march"]["amount_idr"] is None


async def test_every_supplier_gets_one_order_a_cycle(season: Market) -> None:
    rows = await items(season.operator, "/v1/consolidated-orders")
    assert [
        (
            row["cycle_id"],
            row["supplier_id"],
            row["quantity"],
            row["order_lines"],
            row["amount_idr"],
        )
        for row in rows
    ] == [
        ("february", "bulog", 1_000, 3, 13_177),
        ("january", "bulog", 200, 1, 2_500_000),
        ("january", "indofood", 105, 4, 18_270_000),
        ("receipts", "bulog", 3, 1, 37_000),
        ("receipts", "indofood", 2, 2, 180_000),
    ]
    for row in rows:
        path = f"/v1/consolidated-orders/{row['cycle_id']}/{row['supplier_id']}/lines"
        lines = await items(season.operator, path)
        for name in ("quantity", "order_lines", "amount_idr", "alone_idr"):
            assert summed(lines, name) == row[name]
    (line,) = await items(season.operator, "/v1/consolidated-orders/february/bulog/lines")
    assert (line["price_list"], line["price_idr"], line["price_per"]) == ("rice-2", 13_177, 1_000)


async def test_the_books_balance(season: Market) -> None:
    margins = (await season.operator.get("/v1/margin")).json()["totals"]
    every = [figures for cycle in CYCLES.values() for figures in cycle.values()]
    assert margins["amount_idr"] == sum(each[0] for each in every)
    assert margins["alone_idr"] == sum(each[1] for each in every)
    goods, paid = margins["goods_idr"], 381 * MILLION
    balance = (await season.operator.get("/v1/trial-balance")).json()
    accounts = {
        each["account"]: (each["debit_idr"], each["credit_idr"]) for each in balance["accounts"]
    }
    assert accounts == {
        "1110": (paid, 0),
        "1310": (goods, 0),
        "2110": (0, goods),
        "3110": (0, paid),
    }
    assert balance["debit_idr"] == balance["credit_idr"] == goods + paid
    journal = await items(season.operator, "/v1/postings")
    assert summed(journal, "amount_idr") == goods + paid
    assert "receipts" in {row["cycle_id"] for row in journal} <= {*CYCLES, ""}


async def test_totals_are_what_was_ordered_in_the_end(season: Market) -> None:
    for cycle_id, expected in (
        ("january", [("rice", 200), ("oil", 105)]),
        ("february", [("rice", 1_000)]),
        ("receipts", [("rice", 3), ("oil", 2)]),
        ("march", [("oil", 1_000)]),
    ):
        rows = await items(season.operator, f"/v1/cycles/{cycle_id}/totals")
        assert [(row["item_id"], row["quantity"]) for row in rows] == expected


async def test_orders_show_their_whole_life(season: Market) -> None:
    d = await season.koperasi("d")
    january = await items(d, "/v1/orders", cycle_id="january")
    by_state = {row["state"]: (row["version"], row["lines"]) for row in january}
    assert len(january) == 2
    assert by_state == {"cancelled": (2, [oil(500)]), "placed": (1, [oil(10)])}
    b = await season.koperasi("b")
    february = await items(b, "/v1/orders", cycle_id="february")
    assert sorted(row["version"] for row in february) == [1, 3]


async def test_capital_is_what_was_pledged_and_paid(season: Market) -> None:
    progress = (await season.operator.get("/v1/shares")).json()
    expected = {
        "koperasi_count": 4,
        "pledged_idr": 600 * MILLION,
        "paid_idr": 381 * MILLION,
        "pledged_bp": 1_200,
        "paid_bp": 762,
        "rule_version_no": 1,
    }
    assert expected.items() <= progress.items()
    a = await season.koperasi("a")
    account = (await a.get("/v1/koperasi/a/shares")).json()
    paid = {"pledged_idr": 150 * MILLION, "paid_idr": 130 * MILLION, "payments": 2}
    assert {**paid, "outstanding_idr": 20 * MILLION}.items() <= account.items()


async def test_a_koperasi_sees_its_own_season_only(season: Market) -> None:
    c = await season.koperasi("c")
    rows = await items(c, "/v1/margin")
    assert {row["cycle_id"]: row["amount_idr"] for row in rows} == {
        "january": 3_480_000,
        "february": 4_388,
    }
    assert {row["koperasi_id"] for row in rows} == {"c"}


# -- the proof -----------------------------------------------------------------------------

SUMS = ("/v1/shares", "/v1/koperasi/a/shares", "/v1/trial-balance")
LISTS = (
    "/v1/koperasi",
    "/v1/suppliers",
    "/v1/koperasi/a/classification",
    "/v1/rules",
    "/v1/items",
    "/v1/price-lists",
    "/v1/koperasi/a/shares/entries",
    "/v1/cycles",
    "/v1/cycles/january/totals",
    "/v1/cycles/january/market?region_code=32.73",
    "/v1/market-prices",
    "/v1/sales",
    "/v1/sale-flags",
    "/v1/orders?cycle_id=january&koperasi_id=b",
    "/v1/consolidated-orders",
    "/v1/consolidated-orders/january/indofood/lines",
    "/v1/margin",
    "/v1/postings",
)


async def everything(market: Market) -> dict[str, str]:
    """What the service shows, word for word."""
    paths = [*SUMS, *(f"{path}{'&' if '?' in path else '?'}limit=200" for path in LISTS)]
    answers = {path: await market.send(market.operator, "GET", path) for path in paths}
    assert [each.text for each in answers.values() if not each.is_success] == []
    return {path: each.text for path, each in answers.items()}


async def test_the_log_says_what_is_shown_before_and_after_a_rebuild(season: Market) -> None:
    types = house.event_types()
    proof = await replay(season.url, types, house.PROJECTIONS)
    assert proof.agrees
    assert proof.events == await season.event_count()
    before = await everything(season)
    rebuilt = await rebuild(season.url, types, house.PROJECTIONS, page=7)
    assert (rebuilt.events, rebuilt.compared_tables) == (await season.event_count(), 1)
    assert await everything(season) == before


async def test_after_the_rebuild_life_goes_on(season: Market) -> None:
    a = await season.koperasi("a")
    await season.open_cycle("april")
    await done(season, a, order("april", oil(50)))
    await season.settle()
    (row,) = await items(a, "/v1/margin", cycle_id="april")
    assert (row["amount_idr"], row["alone_idr"]) == (9_000_000, 9_000_000)


async def test_a_spoiled_read_table_is_found_and_not_switched(season: Market) -> None:
    """The last test: the proof would be worth nothing if it could not fail."""
    await season.worker.execute(
        "update margins set amount_idr = amount_idr + 1 where koperasi_id = 'a'"
        " and cycle_id = 'january'"
    )
    proof = await replay(season.url, house.event_types(), house.PROJECTIONS)
    assert not proof.agrees
    (network,) = proof.networks
    wrong = [table.table_name for table in network.tables if table.live != table.replayed]
    assert wrong == ["margins"]
    with pytest.raises(Differs, match="margins"):
        await rebuild(season.url, house.event_types(), house.PROJECTIONS)
