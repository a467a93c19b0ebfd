"""Deliveries over HTTP: counted at the door, shared out by the follower, told to each koperasi."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from facts import record
from jaringan_usaha import house
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import WORKER, open_pool
from jaringan_usaha.eventlog.memory import Memory
from jaringan_usaha.eventlog.projector import Projector
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderAmended,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderSent,
    ConsolidatedOrderWithdrawn,
    Entitlement,
    EntitlementsGranted,
    ItemEntitlements,
)
from jaringan_usaha.features.cycles.orders.events import OrderLine, OrderPlaced
from jaringan_usaha.features.fulfilment import sharing_out
from jaringan_usaha.follower import Follower
from jaringan_usaha.kernel.messages import Event
from market import Market, opened
from service import NETWORK, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

A1 = {"a": (30, 6, 34), "b": (25, 0, 25), "c": (10, 4, 13)}
"""Firm, tolerance, granted: three cases of 24 for 65 firm units and 10 of tolerance."""

S5 = {"a": (40, 0, 40), "b": (35, 0, 35), "c": (20, 0, 20), "d": (10, 0, 10)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        for koperasi_id in "abcd":
            await market.koperasi(koperasi_id)
        yield market


def ids(cycle_id: str) -> dict[str, str]:
    return {
        "consolidated_order_id": f"{cycle_id}|indofood",
        "cycle_id": cycle_id,
        "supplier_id": "indofood",
    }


def line(item_id: str, wanted: dict[str, tuple[int, int, int]], case_size: int = 1) -> Any:
    quantity = sum(granted for _, _, granted in wanted.values())
    return ConsolidatedLine(
        item_id=item_id,
        quantity=quantity,
        order_lines=len(wanted),
        amount_idr=quantity * 174_000,
        alone_idr=quantity * 186_000,
        cases=quantity // case_size,
        case_size=case_size,
        firm=sum(firm for firm, _, _ in wanted.values()),
        tolerance=sum(tolerance for _, tolerance, _ in wanted.values()),
    )


def entitled(item_id: str, wanted: dict[str, tuple[int, int, int]]) -> ItemEntitlements:
    rows = [
        Entitlement(koperasi_id, firm, tolerance, 0, number, granted, granted * 186_000)
        for number, (koperasi_id, (firm, tolerance, granted)) in enumerate(wanted.items(), start=1)
    ]
    return ItemEntitlements(item_id=item_id, rows=tuple(rows))


def granted(cycle_id: str, item_id: str, wanted: dict[str, tuple[int, int, int]]) -> Event:
    return EntitlementsGranted(
        **ids(cycle_id),
        part=1,
        sharing="pro_rata",
        algorithm="largest-remainder.1",
        items=(entitled(item_id, wanted),),
    )


def orders(cycle_id: str, firm: dict[str, int]) -> list[Event]:
    """Nobody expects what it did not order."""
    return [
        OrderPlaced(
            order_id=new_id(),
            cycle_id=cycle_id,
            koperasi_id=koperasi_id,
            lines=(OrderLine(supplier_id="indofood", item_id="oil", quantity=quantity),),
        )
        for koperasi_id, quantity in firm.items()
    ]


async def ordered(
    market: Market,
    cycle_id: str,
    wanted: dict[str, tuple[int, int, int]] = A1,
    *,
    case_size: int = 24,
) -> None:
    """A cycle whose one order, of oil from Indofood, is with the supplier."""
    await market.open_cycle(cycle_id)
    placed = ConsolidatedOrderPlaced(
        **ids(cycle_id), part=1, lines=(line("oil", wanted, case_size),)
    )
    sent = ConsolidatedOrderSent(**ids(cycle_id), revision=1)
    wants = orders(cycle_id, {koperasi_id: firm for koperasi_id, (firm, _, _) in wanted.items()})
    await record(market.door.log(NETWORK), *wants, placed, granted(cycle_id, "oil", wanted), sent)


def receipt(cycle_id: str, *lines: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "cycle_id": cycle_id,
        "supplier_id": "indofood",
        "received_on": "2026-01-15",
        "reference": "SJ 17",
        "lines": list(lines),
        **other,
    }


def oil(accepted: int, **other: Any) -> dict[str, Any]:
    return {"item_id": "oil", "accepted": accepted, **other}


async def receive(market: Market, receipt_id: str, cycle_id: str, *lines: dict[str, Any]) -> None:
    done = await market.operator.put(f"/v1/receipts/{receipt_id}", **receipt(cycle_id, *lines))
    assert done.status_code == 201, done.text
    await market.settle()


async def received(market: Market, cycle_id: str) -> dict[str, int]:
    shown = (await market.operator.get(f"/v1/cycles/{cycle_id}/deliveries")).json()
    return {each["koperasi_id"]: each["received"] for each in shown["items"]}


async def test_s1_one_short_receipt_is_shared_out(market: Market) -> None:
    await ordered(market, "s1")
    await receive(market, "s1-r1", "s1", oil(60))
    shown = (await market.operator.get("/v1/cycles/s1/deliveries")).json()
    assert [(each["koperasi_id"], each["received"], each["short"]) for each in shown["items"]] == [
        ("a", 28, 6),
        ("b", 23, 2),
        ("c", 9, 4),
    ]
    assert [each["goods_idr"] for each in shown["items"]] == [n * 174_000 for n in (28, 23, 9)]
    assert shown["totals"] == {
        "granted": 72,
        "received": 60,
        "goods_idr": 60 * 174_000,
        "alone_idr": 60 * 186_000,
    }


async def test_s2_two_receipts_share_what_is_outstanding(market: Market) -> None:
    await ordered(market, "s2")
    await receive(market, "s2-r1", "s2", oil(40))
    assert await received(market, "s2") == {"a": 19, "b": 15, "c": 6}
    await receive(market, "s2-r2", "s2", oil(20))
    assert await received(market, "s2") == {"a": 28, "b": 23, "c": 9}


async def test_s3_only_accepted_units_are_shared(market: Market) -> None:
    await ordered(market, "s3")
    await receive(market, "s3-r1", "s3", oil(60, rejected=12, reason="dented"))
    assert sum((await received(market, "s3")).values()) == 60
    shown = (await market.operator.get("/v1/receipts/s3-r1/lines")).json()
    (line_,) = shown["items"]
    assert (line_["accepted"], line_["rejected"], line_["reason"]) == (60, 12, "dented")
    assert (line_["shared"], line_["given"], line_["surplus"]) == (True, 60, 0)
    assert shown["totals"] == {
        "rows": 1,
        "accepted": 60,
        "rejected": 12,
        "given": 60,
        "goods_idr": 60 * 174_000,
        "surplus": 0,
        "waiting": 0,
    }
    await receive(market, "s3-r2", "s3", oil(0, rejected=3, reason="rancid"))
    assert sum((await received(market, "s3")).values()) == 60
    head = (await market.operator.get("/v1/receipts/s3-r2")).json()
    assert (head["line_count"], head["accepted"], head["rejected"]) == (1, 0, 3)
    listed = (await market.operator.get("/v1/cycles/s3/receipts", limit=1)).json()
    assert [each["receipt_id"] for each in listed["items"]] == ["s3-r1"]
    assert listed["totals"] == {"rows": 2, "receipts": 2, "accepted": 60, "rejected": 15}
    listed = (await market.operator.get(listed["next"])).json()
    assert [each["receipt_id"] for each in listed["items"]] == ["s3-r2"]


async def test_s4_over_delivery_waits_for_a_decision(market: Market) -> None:
    await ordered(market, "s4")
    await receive(market, "s4-r1", "s4", oil(80))
    assert await received(market, "s4") == {"a": 36, "b": 25, "c": 14}
    shown = (await market.operator.get("/v1/surplus", cycle_id="s4")).json()
    (waiting,) = shown["items"]
    assert (waiting["receipt_id"], waiting["surplus"], waiting["waiting"]) == ("s4-r1", 5, 5)
    assert shown["totals"] == {"rows": 1, "lines": 1, "waiting": 5}
    body = {"cycle_id": "s4", "supplier_id": "indofood", "item_id": "oil", "reason": "too much"}
    path = "/v1/receipts/s4-r1/surplus"
    for decision in (
        {"decision": "return", "units": 2},
        {"decision": "stock", "units": 1},
        {"decision": "offer", "units": 2, "koperasi_id": "d"},
    ):
        done = await market.operator.post(path, **body, **decision)
        assert done.status_code == 201, done.text
    assert (await market.operator.get("/v1/surplus", cycle_id="s4")).json()["items"] == []
    assert (await received(market, "s4"))["d"] == 2
    too_much = await market.operator.post(path, **body, decision="return", units=1)
    assert_refused(too_much, 409, "surplus-exceeded")
    alone = (await market.koperasi("d")), {"koperasi_id": "d"}
    shown = (await alone[0].get("/v1/cycles/s4/deliveries", **alone[1])).json()
    assert shown["totals"] == {
        "granted": 0,
        "received": 2,
        "goods_idr": 2 * 174_000,
        "alone_idr": 2 * 174_000,
    }
    await receive(market, "s4-r2", "s4", oil(1))  # the claims still add up
    assert (await market.operator.get("/v1/surplus", cycle_id="s4")).json()["totals"] == {
        "rows": 1,
        "lines": 1,
        "waiting": 1,
    }


async def test_s5_102_of_105(market: Market) -> None:
    await ordered(market, "s5", S5, case_size=1)
    await receive(market, "s5-r1", "s5", oil(102))
    assert await received(market, "s5") == {"a": 39, "b": 34, "c": 19, "d": 10}
    shown = (await market.operator.get("/v1/cycles/s5/shortfalls")).json()
    assert shown["items"] == [
        {
            "supplier_id": "indofood",
            "item_id": "oil",
            "ordered": 105,
            "accepted": 102,
            "rejected": 0,
            "short": 3,
            "final": False,
        }
    ]
    for koperasi_id, short in (("a", 1), ("b", 1), ("c", 1), ("d", 0)):
        named = {"koperasi_id": koperasi_id, "supplier_id": "indofood"}
        shown = (await market.operator.get("/v1/cycles/s5/shortfalls", **named)).json()
        sums = {"ordered": S5[koperasi_id][2] * short, "short": short}
        sums["accepted"] = sums["ordered"] - short
        assert shown["totals"] == {"rows": short, "items": short, **sums}
        names = {"supplier_id": "indofood", "item_id": "oil", "rejected": None, "final": False}
        assert shown["items"] == [{**names, **sums}] * short
    path = "/v1/consolidated-orders/s5/indofood/end-delivery"
    done = await market.operator.post(path, reason="three cartons were not produced")
    assert done.status_code == 200, done.text
    shown = (await market.operator.get("/v1/cycles/s5/shortfalls", supplier_id="indofood")).json()
    assert [each["final"] for each in shown["items"]] == [True]
    sums = {"ordered": 105, "accepted": 102, "short": 3}
    assert shown["totals"] == {"rows": 1, "items": 1, **sums}
    states = (await market.operator.get("/v1/cycles/s5/delivery-states")).json()
    (state,) = states["items"]
    assert (state["state"], state["receipts"], state["given"]) == ("received", 1, 102)
    assert states["totals"]["ordered"] == 105
    late = await market.operator.put("/v1/receipts/s5-r2", **receipt("s5", oil(3)))
    assert_refused(late, 409, "delivery-has-ended")


async def test_a_receipt_is_recorded_once_and_refused_with_other_content(market: Market) -> None:
    await ordered(market, "once")
    path, body = "/v1/receipts/once-r1", receipt("once", oil(40))
    first = await market.operator.put(path, **body)
    again = await market.operator.put(path, **body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = await market.operator.put(path, **receipt("once", oil(41)))
    assert_refused(other, 409, "receipt-exists")
    unknown = await market.operator.put("/v1/receipts/none", **receipt("nowhere", oil(1)))
    assert_refused(unknown, 404, "consolidated-order-unknown")
    misfit = await market.operator.put(
        "/v1/receipts/none", **receipt("once", {"item_id": "rice", "accepted": 1})
    )
    problem = assert_refused(misfit, 422, "receipt-invalid")
    assert problem["errors"][0]["pointer"] == "/lines/0/item_id"
    assert_refused(await market.operator.get("/v1/receipts/none"), 404, "receipt-unknown")


async def test_only_the_operator_counts_and_decides(market: Market) -> None:
    await ordered(market, "mine")
    await receive(market, "mine-r1", "mine", oil(72))
    speaker = await market.koperasi("a")
    for answer in (
        await speaker.put("/v1/receipts/x", **receipt("mine", oil(1))),
        await speaker.post("/v1/consolidated-orders/mine/indofood/end-delivery", reason="enough"),
        await speaker.get("/v1/receipts/mine-r1"),
        await speaker.get("/v1/receipts/mine-r1/lines"),
        await speaker.get("/v1/cycles/mine/receipts"),
        await speaker.get("/v1/cycles/mine/shortfalls"),
        await speaker.get("/v1/cycles/mine/delivery-states"),
        await speaker.get("/v1/surplus"),
        await speaker.get("/v1/cycles/mine/deliveries", koperasi_id="b"),
        await speaker.get("/v1/cycles/mine/allocation/b/explanation"),
    ):
        assert_refused(answer, 403, "forbidden")


async def test_a_koperasi_sees_its_own_deliveries_only(market: Market) -> None:
    speaker = await market.koperasi("a")
    for query in ({}, {"koperasi_id": "a"}, {"supplier_id": "indofood"}):
        shown = (await speaker.get("/v1/cycles/mine/deliveries", **query)).json()
        assert [each["koperasi_id"] for each in shown["items"]] == ["a"]
        assert shown["totals"]["received"] == 34
    shown = (await speaker.get("/v1/cycles/mine/deliveries", supplier_id="bulog")).json()
    assert (shown["items"], shown["totals"]["received"]) == ([], 0)


async def test_deliveries_come_in_pages_with_the_totals_of_all(market: Market) -> None:
    pages = await market.operator.pages("/v1/cycles/mine/deliveries", limit=2)
    assert [page["totals"]["received"] for page in pages] == [72, 72]
    seen = [each["koperasi_id"] for page in pages for each in page["items"]]
    assert seen == ["a", "b", "c"]


async def test_the_explanation_tells_why_in_both_languages(market: Market) -> None:
    speaker = await market.koperasi("c")
    shown = (await speaker.get("/v1/cycles/s2/allocation/c/explanation")).json()
    (item,) = shown["items"]
    assert (item["supplier_id"], item["item_id"]) == ("indofood", "oil")
    assert "Pada 15 Januari 2026 diterima 40 unit" in item["id"]
    assert "40 × 10 ÷ 65 = 6 2/13; Anda menerima 6 unit." in item["id"]
    assert "20 × 4 ÷ 25 = 3 1/5; Anda menerima 3 unit." in item["id"]
    assert "9 unit senilai Rp1.566.000" in item["id"]
    assert "On 15 January 2026 40 units were accepted" in item["en"]
    assert "worth Rp1,566,000" in item["en"]
    empty = (await speaker.get("/v1/cycles/s5x/allocation/c/explanation")).json()
    assert empty["items"] == []


async def test_goods_wait_until_everything_ordered_is_granted(market: Market) -> None:
    """Entitlements come in parts; half of them are not shared by."""
    await market.open_cycle("parts")
    placed = ConsolidatedOrderPlaced(**ids("parts"), part=1, lines=(line("oil", S5),))
    sent = ConsolidatedOrderSent(**ids("parts"), revision=1)
    log = market.door.log(NETWORK)
    first, second = dict(list(S5.items())[:2]), dict(list(S5.items())[2:])
    await record(log, placed, granted("parts", "oil", first), sent)
    await receive(market, "parts-r1", "parts", oil(102))
    assert sum((await received(market, "parts")).values()) == 0
    (line_,) = (await market.operator.get("/v1/receipts/parts-r1/lines")).json()["items"]
    assert line_["shared"] is False
    body = {"cycle_id": "parts", "supplier_id": "indofood", "item_id": "oil", "reason": "why"}
    early = await market.operator.post(
        "/v1/receipts/parts-r1/surplus", **body, decision="return", units=1
    )
    assert_refused(early, 409, "receipt-not-shared-yet")
    await record(log, granted("parts", "oil", second))
    await market.settle()
    assert sum((await received(market, "parts")).values()) == 102


async def test_an_amendment_between_receipts_moves_what_is_still_to_come(market: Market) -> None:
    """C takes no more; A takes what C leaves, at the same price."""
    await ordered(market, "amend", S5, case_size=1)
    await receive(market, "amend-r1", "amend", oil(21))
    assert await received(market, "amend") == {"a": 8, "b": 7, "c": 4, "d": 2}
    now = {**S5, "a": (56, 0, 56), "c": (4, 0, 4)}
    changed = {key: now[key] for key in ("a", "c")}
    await record(
        market.door.log(NETWORK),
        ConsolidatedOrderAmended(
            **ids("amend"),
            revision=2,
            reason="c gave its goods to a",
            lines=(line("oil", now),),
            items=(entitled("oil", changed),),
        ),
    )
    await receive(market, "amend-r2", "amend", oil(84))
    assert await received(market, "amend") == {"a": 56, "b": 35, "c": 4, "d": 10}
    shown = (await market.operator.get("/v1/cycles/amend/deliveries")).json()
    assert shown["totals"]["goods_idr"] == 105 * 174_000


async def test_who_got_none_for_want_of_a_case_takes_what_is_left_over(market: Market) -> None:
    """B would have got less than it accepts and takes nothing; C's one unit did not fit."""
    await market.open_cycle("none")
    rows = (
        Entitlement("a", 20, 0, 0, 1, 20, 20 * 186_000),
        Entitlement("b", 4, 0, 4, 2, 0, 0, "MIN_ACCEPT"),
        Entitlement("c", 1, 0, 0, 3, 0, 0, "CASE_NOT_FULL"),
    )
    await record(
        market.door.log(NETWORK),
        *orders("none", {"a": 20, "b": 4, "c": 1}),
        ConsolidatedOrderPlaced(
            **ids("none"),
            part=1,
            lines=(msgspec.structs.replace(line("oil", {"a": (20, 0, 20)}), firm=25),),
        ),
        EntitlementsGranted(
            **ids("none"),
            part=1,
            sharing="pro_rata",
            algorithm="largest-remainder.1",
            items=(ItemEntitlements(item_id="oil", rows=rows),),
        ),
        ConsolidatedOrderSent(**ids("none"), revision=1),
    )
    await receive(market, "none-r1", "none", oil(23))
    assert await received(market, "none") == {"a": 20, "b": 0, "c": 1}
    told = (await market.operator.get("/v1/cycles/none/allocation/c/explanation")).json()
    assert "20 × 1 ÷ 21 = 20/21; jatah Anda 0 unit." in told["items"][0]["id"]
    told = (await market.operator.get("/v1/cycles/none/allocation/b/explanation")).json()
    assert "jumlah terkecil yang Anda terima" in told["items"][0]["id"]


async def test_an_order_taken_back_and_placed_anew_starts_afresh(market: Market) -> None:
    await market.open_cycle("again")
    log = market.door.log(NETWORK)
    await record(
        log,
        ConsolidatedOrderPlaced(**ids("again"), part=1, lines=(line("oil", S5),)),
        granted("again", "oil", S5),
        ConsolidatedOrderWithdrawn(**ids("again"), reason="reopened"),
        ConsolidatedOrderPlaced(**ids("again"), part=1, lines=(line("oil", A1, 24),)),
        granted("again", "oil", A1),
        ConsolidatedOrderSent(**ids("again"), revision=1),
    )
    await receive(market, "again-r1", "again", oil(60))
    assert await received(market, "again") == {"a": 28, "b": 23, "c": 9}


async def test_two_followers_share_each_receipt_once(market: Market) -> None:
    await ordered(market, "race")
    for number in (1, 2, 3):
        body = receipt("race", oil(20))
        done = await market.operator.put(f"/v1/receipts/race-r{number}", **body)
        assert done.status_code == 201, done.text
    numbers = await house.type_ids(market.worker)
    followers = [Follower(market.worker, numbers, Memory(1_000)) for _ in range(2)]
    for _ in range(6):
        await market.projector.catch_up(NETWORK)
        await asyncio.gather(*(follower.tend(NETWORK) for follower in followers))
    await market.projector.catch_up(NETWORK)
    assert await received(market, "race") == {"a": 28, "b": 23, "c": 9}
    shared = await market.sql(
        "select count(*) from log.events e join log.types t using (type_id)"
        " where t.name = 'fulfilment.delivery_shared' and convert_from(e.body, 'utf8') like $1",
        '%"cycle_id":"race"%',
    )
    assert shared == 3


async def test_a_follower_waits_until_what_it_shared_shows(market: Market) -> None:
    await ordered(market, "patient")
    body = receipt("patient", oil(20))
    await market.operator.put("/v1/receipts/patient-r1", **body)
    await market.projector.catch_up(NETWORK)
    numbers = await house.type_ids(market.worker)
    log = house.log_of(NETWORK, market.worker, numbers, Memory(1_000))
    now = market.door.clock.now()
    assert await sharing_out.tend(log, market.worker, now)
    assert not await sharing_out.tend(log, market.worker, now)
    await market.projector.catch_up(NETWORK)
    assert not await sharing_out.tend(log, market.worker, now)


TABLES = (
    "delivery_states",
    "delivery_items",
    "deliveries",
    "portions",
    "receipts",
    "receipt_lines",
)


@pytest.mark.parametrize("page", [1, 7])
async def test_the_tables_are_the_same_however_the_log_is_cut(market: Market, page: int) -> None:
    """The last tests: everything above, folded anew in other pages."""
    await market.projector.catch_up(NETWORK)
    pool = await open_pool(market.url, most=2, role=WORKER)
    try:
        before = {table: await content(pool, table) for table in TABLES}
        assert all(before.values())
        for table in TABLES:
            await pool.execute(f"delete from {table}")
        await pool.execute("delete from bookmarks where projection = 'fulfilment'")
        await Projector(pool, house.event_types(), house.PROJECTIONS, page=page).catch_up(NETWORK)
        for table in TABLES:
            assert await content(pool, table) == before[table], table
    finally:
        await pool.close()


async def content(pool: Any, table: str) -> list[Any]:
    return sorted(await pool.fetch(f"select * from {table}"), key=repr)


async def test_what_is_joined_is_as_stale_as_the_worse_of_both(market: Market) -> None:
    """Deliveries are joined of what cycles and what fulfilment know; receipts are not."""
    await ordered(market, "halted")
    await market.settle()
    halt = "update bookmarks set state = $1 where projection = 'cycles' returning position"
    try:
        await market.sql(halt, "stopped")
        for name, stale in (("deliveries", True), ("shortfalls", True), ("receipts", False)):
            shown = (await market.operator.get(f"/v1/cycles/halted/{name}")).json()
            assert shown["stale"] is stale
    finally:
        await market.sql(halt, "live")
