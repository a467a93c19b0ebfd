"""What each koperasi owes and saves, seen through HTTP: a worked example to the rupiah."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from jaringan_usaha import house
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.eventlog.projector import Page, Projector
from jaringan_usaha.features.margin.views import margin_views
from market import Market, oil, opened, rice
from service import NETWORK, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDERED = {"a": 40, "b": 35, "c": 20, "d": 10}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """TP1: four koperasi order 105 cartons together; the clock closes and consolidates."""
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        await market.stock()
        await market.open_cycle("tp1")
        for koperasi_id, cartons in ORDERED.items():
            speaker = await market.koperasi(koperasi_id)
            done = await market.place(speaker, {"cycle_id": "tp1", "lines": [oil(cartons)]})
            assert done.status_code == 201
        await market.settle()
        yield market


async def test_tp1_the_group_pays_the_price_of_its_whole_quantity(market: Market) -> None:
    shown = (await market.operator.get("/v1/cycles/tp1")).json()
    sums = {"order_lines": 4, "amount_idr": 18_270_000, "alone_idr": 19_530_000}
    assert {"state": "consolidated", "consolidated_orders": 1, **sums}.items() <= shown.items()
    orders = (await market.operator.get("/v1/consolidated-orders", cycle_id="tp1")).json()
    (order,) = orders["items"]
    assert {"supplier_id": "indofood", "item_count": 1, "quantity": 105, **sums}.items() <= (
        order.items()
    )
    path = "/v1/consolidated-orders/tp1/indofood/lines"
    assert (await market.operator.get(path)).json()["items"] == [
        {
            "item_id": "oil",
            "quantity": 105,
            **sums,
            "price_list": "oil-1",
            "price_idr": 174_000,
            "price_per": 1,
            "cases": 105,
            "case_size": 1,
            "firm": 105,
            "tolerance": 0,
            "reason": "",
        }
    ]


async def test_tp1_the_four_shares_and_the_saving(market: Market) -> None:
    listed = (await market.operator.get("/v1/margin", cycle_id="tp1")).json()
    assert listed["stale"] is False
    assert own(listed["items"]) == [
        margin("a", 6_960_000, 7_440_000),
        margin("b", 6_090_000, 6_510_000),
        margin("c", 3_480_000, 3_720_000),
        margin("d", 1_740_000, 1_860_000),
    ]
    assert sum(each["saving_idr"] for each in listed["items"]) == 1_260_000
    totals = {"amount_idr": 18_270_000, "alone_idr": 19_530_000, "saving_idr": 1_260_000}
    assert totals.items() <= listed["totals"].items()


def own(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The figures of what was ordered, without those of what became of it."""
    names = ("koperasi_id", "cycle_id", "amount_idr", "alone_idr", "saving_idr")
    return [{name: row[name] for name in names} for row in rows]


def margin(koperasi_id: str, amount_idr: int, alone_idr: int) -> dict[str, Any]:
    return {
        "koperasi_id": koperasi_id,
        "cycle_id": "tp1",
        "amount_idr": amount_idr,
        "alone_idr": alone_idr,
        "saving_idr": alone_idr - amount_idr,
    }


async def test_a_koperasi_sees_its_own_margin_only(market: Market) -> None:
    speaker = await market.koperasi("a")
    for query in ({}, {"koperasi_id": "a"}, {"cycle_id": "tp1"}):
        listed = (await speaker.get("/v1/margin", **query)).json()
        assert own(listed["items"]) == [margin("a", 6_960_000, 7_440_000)]
        assert listed["totals"]["amount_idr"] == 6_960_000
    assert_refused(await speaker.get("/v1/margin", koperasi_id="b"), 403, "forbidden")
    nobody = await market.koperasi("e")
    assert (await nobody.get("/v1/margin")).json()["items"] == []


async def test_rupiah_that_cannot_be_split_evenly_are_not_lost(market: Market) -> None:
    """Three koperasi share 100 rupiah: 34 to who ordered first, 33 to the others."""
    title = {"title": "Permen", "base_unit": "H87", "case_size": 1}
    await market.operator.put("/v1/items/sweet", **title)
    await market.operator.put(
        "/v1/price-lists/sweet-1",
        supplier_id="bulog",
        valid_from_on="2026-01-01",
        valid_until_on=None,
        tier_mode="all_units",
        rows=[{"item_id": "sweet", "tiers": [{"from_quantity": 1, "idr": 100, "per": 3}]}],
    )
    await market.open_cycle("odd")
    for koperasi_id in ("c", "a", "b"):
        speaker = await market.koperasi(koperasi_id)
        line = {**rice(1), "item_id": "sweet"}
        await market.place(speaker, {"cycle_id": "odd", "lines": [line]})
    await market.settle()
    listed = (await market.operator.get("/v1/margin", cycle_id="odd")).json()["items"]
    assert {each["koperasi_id"]: each["amount_idr"] for each in listed} == {
        "a": 33,
        "b": 33,
        "c": 34,
    }
    balance = (await market.operator.get("/v1/trial-balance")).json()
    assert balance["debit_idr"] == balance["credit_idr"]


async def test_without_discounts_stated_amounts_save_nothing(market: Market) -> None:
    await market.open_cycle("plain", prices="stated")
    speaker = await market.koperasi("a")
    line = {**rice(3), "amount_idr": 37_501, "discounts": []}
    free = {**oil(1), "amount_idr": 0}
    await market.place(speaker, {"cycle_id": "plain", "lines": [line, free]})
    await market.settle()
    (row,) = (await speaker.get("/v1/margin", cycle_id="plain")).json()["items"]
    assert (row["amount_idr"], row["alone_idr"], row["saving_idr"]) == (37_501, 37_501, 0)


async def test_goods_that_were_sold_already_are_owed_at_what_was_paid(market: Market) -> None:
    """The books of the cycle above: at cost, whatever they had cost alone."""
    balance = (await market.operator.get("/v1/trial-balance", cycle_id="plain")).json()
    accounts = [
        (each["account"], each["debit_idr"], each["credit_idr"]) for each in balance["accounts"]
    ]
    assert accounts == [("1310", 37_501, 0), ("2110", 0, 37_501)]
    assert all(each["title"] for each in balance["accounts"])
    assert balance["debit_idr"] == balance["credit_idr"] == 37_501
    assert (balance["stale"], balance["as_of"]) == (False, await market.event_count())
    (posting,) = (await market.operator.get("/v1/postings", cycle_id="plain")).json()["items"]
    assert (posting["debit_account"], posting["debit_party"]) == ("1310", "a")
    assert (posting["credit_account"], posting["credit_party"]) == ("2110", "bulog")
    assert posting["event"] == "cycles.consolidated_order_shared.1"


async def test_when_the_ledger_stopped_its_readers_are_told(market: Market) -> None:
    """The last test: the projection stays stopped, as it does until somebody repairs it."""

    async def broken(page: Page, db: Connection) -> None:
        if page.events:
            raise ZeroDivisionError("a planted fault")

    await market.projector.catch_up(NETWORK)
    before = await market.event_count()
    projections = [
        replace(each, write=broken) if each is margin_views else each for each in house.PROJECTIONS
    ]
    await market.open_cycle("after")
    speaker = await market.koperasi("a")
    await market.place(speaker, {"cycle_id": "after", "lines": [oil(50)]})
    faulty = Projector(market.worker, house.event_types(), projections)
    await market.operator.post("/v1/cycles/after/close", early=True, reason="the truck leaves")
    for _ in range(4):
        await faulty.catch_up(NETWORK)
        await market.follower.tend(NETWORK)
    await faulty.catch_up(NETWORK)
    for path in ("/v1/trial-balance", "/v1/margin", "/v1/postings"):
        shown = (await market.operator.get(path)).json()
        assert shown["stale"] is True, path
        assert before <= shown["as_of"] < await market.event_count()
    balance = (await market.operator.get("/v1/trial-balance")).json()
    assert balance["debit_idr"] == balance["credit_idr"]
    after = (await market.operator.get("/v1/cycles/after")).json()
    assert after["state"] == "consolidated"
    live = (await market.operator.get("/v1/cycles")).json()
    assert (live["stale"], live["as_of"]) == (False, await market.event_count())
    market.live_at(timedelta(0))
    ready = (await market.client.get("/readyz")).json()
    assert (ready["state"], ready["stopped"]) == ("ready", ["margin"])
