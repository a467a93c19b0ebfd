"""Buying cycles over HTTP: opened, closed by people and by the clock, consolidated, shown."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.features.cycles.closing import tend
from jaringan_usaha.features.cycles.domain import GRACE
from market import RICE_TIERS, Market, oil, opened, price_list, rice
from service import NETWORK, Speaker, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """The service's clock runs two days behind, so that cycles are due when the test says."""
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        await market.stock()
        for koperasi_id in ("melati", "mawar"):
            await market.koperasi(koperasi_id)
        yield market


async def cycle(market: Market, cycle_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = (await market.operator.get(f"/v1/cycles/{cycle_id}")).json()
    return shown


async def pages(speaker: Speaker, path: str, limit: int, **query: str | int) -> list[list[Any]]:
    """The items of a list, page by page; all but the last are full."""
    found = [page["items"] for page in await speaker.pages(path, limit=limit, **query)]
    assert {len(items) for items in found[:-1]} <= {limit}
    assert len(found) == 1 or 0 < len(found[-1]) <= limit
    return found


# -- opening -------------------------------------------------------------------------------


async def test_a_cycle_is_opened_once_and_shown(market: Market) -> None:
    body = market.cycle(closes_at="2026-12-24T17:00:00+07:00", opens_at="2026-01-01T00:00:00+07:00")
    far = {**body, "closes_at": "2126-12-24T17:00:00+07:00"}
    done = await market.operator.put("/v1/cycles/opened", **far)
    assert (done.status_code, done.headers["location"]) == (201, "/v1/cycles/opened")
    assert done.headers["etag"] == '"v1"'
    again = await market.operator.put("/v1/cycles/opened", **far)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == done.content
    melati = await market.koperasi("melati")
    shown = (await melati.get("/v1/cycles/opened", after=done.json()["position"])).json()
    assert shown == {
        "cycle_id": "opened",
        "version": 1,
        "title": body["title"],
        "opens_at": "2025-12-31T17:00:00Z",
        "closes_at": "2126-12-24T10:00:00Z",
        "prices": "listed",
        "priced_on": "2026-01-15",
        "fill_from_at": None,
        "minimum": "cancel",
        "keep_days": 0,
        "keep_times": 0,
        "kept": 0,
        "sharing": "pro_rata",
        "priority": [],
        "tier_drop": "canceller",
        "late_seconds": 0,
        "host": "",
        "state": "open",
        "closed_position": None,
        "consolidated_orders": None,
        "order_lines": None,
        "amount_idr": None,
        "alone_idr": None,
    }


async def test_a_taken_cycle_id_is_refused(market: Market) -> None:
    await market.open_cycle("taken")
    other = await market.operator.put("/v1/cycles/taken", **market.cycle(title="Another"))
    assert_refused(other, 409, "cycle-exists")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"closes_at": "2020-01-01T00:00:00Z", "opens_at": "2019-01-01T00:00:00Z"}, "/closes_at"),
        ({"closes_at": "2100-01-01T00:00:00Z", "opens_at": "2100-01-01T00:00:00Z"}, "/closes_at"),
        ({"closes_at": "2100-01-01T00:00:00"}, "/closes_at"),
        ({"closes_at": "9999-12-31T23:59:59-12:00"}, "/closes_at"),
        ({"opens_at": 1_700_000_000}, "/opens_at"),
        ({"opens_at": "1700000000"}, "/opens_at"),
        ({"opens_at": "2026-01-01"}, "/opens_at"),
        ({"priced_on": 0}, "/priced_on"),
        ({"prices": "guessed"}, "/prices"),
        ({"priced_on": "2026-02-30"}, "/priced_on"),
        ({"title": ""}, "/title"),
    ],
)
async def test_a_cycle_that_does_not_fit_is_refused(
    market: Market, wrong: dict[str, Any], pointer: str
) -> None:
    refused = await market.operator.put("/v1/cycles/wrong", **market.cycle(**wrong))
    problem = assert_refused(refused, 422, "validation-failed")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_a_koperasi_neither_opens_nor_ends_a_cycle(market: Market) -> None:
    melati = await market.koperasi("melati")
    await market.open_cycle("guarded")
    refused = [
        await melati.put("/v1/cycles/own", **market.cycle()),
        await melati.post("/v1/cycles/guarded/close", early=True, reason="enough"),
        await melati.post("/v1/cycles/guarded/cancel", reason="enough"),
        await melati.get("/v1/consolidated-orders"),
        await melati.get("/v1/consolidated-orders/guarded/indofood/lines"),
        await melati.get("/v1/trial-balance"),
        await melati.get("/v1/postings"),
    ]
    for each in refused:
        assert_refused(each, 403, "forbidden")
    assert (await cycle(market, "guarded"))["state"] == "open"


# -- ending --------------------------------------------------------------------------------


async def test_an_early_close_needs_a_reason(market: Market) -> None:
    await market.open_cycle("early")
    path = "/v1/cycles/early/close"
    for reason in ("", "no"):
        refused = await market.operator.post(path, early=True, reason=reason)
        problem = assert_refused(refused, 422, "validation-failed")
        assert problem["errors"][0]["pointer"] == "/reason"
    done = await market.operator.post(path, early=True, reason="the truck leaves")
    assert (done.status_code, done.json()["version"]) == (200, 2)
    again = await market.operator.post(path, early=True, reason="the truck leaves")
    assert again.content == done.content
    shown = await cycle(market, "early")
    assert (shown["state"], shown["closed_position"]) == ("closed", done.json()["position"])


async def test_before_its_time_a_cycle_is_not_closed_without_saying_so(market: Market) -> None:
    await market.open_cycle("waiting")
    refused = await market.operator.post("/v1/cycles/waiting/close")
    problem = assert_refused(refused, 409, "cycle-still-open")
    closes_at = datetime.fromisoformat(problem["closes_at"])
    assert closes_at == datetime.fromisoformat((await cycle(market, "waiting"))["closes_at"])
    now = market.door.clock.now()
    offset = market.door.clock.offset
    try:
        market.door.clock.offset += closes_at + GRACE - now - timedelta(seconds=2)
        in_grace = await market.operator.post("/v1/cycles/waiting/close")
        assert_refused(in_grace, 409, "cycle-still-open")
        market.door.clock.offset += timedelta(seconds=2)
        assert (await market.operator.post("/v1/cycles/waiting/close")).status_code == 200
    finally:
        market.door.clock.offset = offset


async def test_a_cancelled_cycle_takes_nothing_and_is_not_closed(market: Market) -> None:
    await market.open_cycle("given-up")
    path = "/v1/cycles/given-up"
    assert_refused(await market.operator.post(f"{path}/cancel"), 422, "validation-failed")
    melati = await market.koperasi("melati")
    order = {"cycle_id": "given-up", "lines": [oil(1)]}
    await market.place(melati, order)
    done = await market.operator.post(f"{path}/cancel", reason="no truck")
    assert done.status_code == 200
    assert (await market.operator.post(f"{path}/cancel", reason="no truck")).status_code == 200
    assert_refused(await market.place(melati, order), 409, "order-window-closed")
    closed = await market.operator.post(f"{path}/close", early=True, reason="after all")
    assert_refused(closed, 409, "order-window-closed")
    await market.settle()
    assert (await cycle(market, "given-up"))["state"] == "cancelled"
    bought = await market.operator.get("/v1/consolidated-orders", cycle_id="given-up")
    assert bought.json()["items"] == []


async def test_a_closed_cycle_is_not_cancelled(market: Market) -> None:
    await market.open_cycle("shut")
    await market.operator.post("/v1/cycles/shut/close", early=True, reason="flood")
    refused = await market.operator.post("/v1/cycles/shut/cancel", reason="flood")
    assert_refused(refused, 409, "cycle-already-consolidated")


@pytest.mark.parametrize("deed", ["close", "cancel"])
async def test_nothing_unknown_is_ended(market: Market, deed: str) -> None:
    refused = await market.operator.post(f"/v1/cycles/nowhere/{deed}", reason="flood")
    assert_refused(refused, 404, "cycle-unknown")
    assert_refused(await market.operator.get("/v1/cycles/nowhere"), 404, "cycle-unknown")


# -- the clock -----------------------------------------------------------------------------


async def test_the_clock_closes_and_consolidates_what_is_due(market: Market) -> None:
    """The service believes it is two days ago; the follower's clock is the database's."""
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    await market.open_cycle("due")
    closes_at = (market.door.clock.now() + timedelta(days=5)).isoformat()
    await market.open_cycle("not-due", closes_at=closes_at)
    for cycle_id in ("due", "not-due"):
        for speaker, lines in ((melati, [oil(40), rice(50)]), (mawar, [oil(20)])):
            done = await market.place(speaker, {"cycle_id": cycle_id, "lines": lines})
            assert done.status_code == 201
    await market.settle()
    shown = await cycle(market, "due")
    expected = {
        "state": "consolidated",
        "consolidated_orders": 2,
        "order_lines": 3,
        "amount_idr": 60 * 180_000 + 50 * 12_500,
        "alone_idr": 60 * 186_000 + 50 * 12_500,
    }
    assert expected.items() <= shown.items()
    assert shown["closed_position"] is not None
    assert (await cycle(market, "not-due"))["state"] == "open"
    before = await market.event_count()
    await market.settle()
    assert await market.event_count() == before
    late = await market.place(melati, {"cycle_id": "due", "lines": [oil(1)]})
    assert_refused(late, 409, "order-window-closed")


async def test_a_cycle_without_orders_is_consolidated_to_nothing(market: Market) -> None:
    await market.open_cycle("empty")
    await market.settle()
    expected = {
        "state": "consolidated",
        "consolidated_orders": 0,
        "order_lines": 0,
        "amount_idr": 0,
    }
    assert expected.items() <= (await cycle(market, "empty")).items()


async def test_two_followers_do_it_once(market: Market) -> None:
    melati = await market.koperasi("melati")
    await market.open_cycle("twice")
    await market.place(melati, {"cycle_id": "twice", "lines": [oil(1), rice(2)]})
    log, pool = market.door.log(NETWORK), market.worker
    for _ in range(4):
        await market.projector.catch_up(NETWORK)
        now = await market.sql("select clock_timestamp()")
        await tend(log, pool, now)
        await market.follower.tend(NETWORK)
    await market.settle()
    ordered = (await market.operator.get("/v1/consolidated-orders", cycle_id="twice")).json()
    assert [(each["supplier_id"], each["order_lines"]) for each in ordered["items"]] == [
        ("bulog", 1),
        ("indofood", 1),
    ]


# -- what is shown -------------------------------------------------------------------------


async def test_totals_follow_places_changes_and_cancellations(market: Market) -> None:
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    await market.open_cycle("sums")

    async def totals() -> list[tuple[str, int, int]]:
        items = (await melati.get("/v1/cycles/sums/totals")).json()["items"]
        return [(each["item_id"], each["quantity"], each["order_lines"]) for each in items]

    assert await totals() == []
    first = await market.place(melati, {"cycle_id": "sums", "lines": [oil(40), rice(10)]})
    await market.place(mawar, {"cycle_id": "sums", "lines": [oil(5)]})
    assert await totals() == [("rice", 10, 1), ("oil", 45, 2)]
    path = first.headers["location"]
    body = {"cycle_id": "sums", "lines": [oil(30)]}
    await market.send(melati, "PUT", path, body=body, if_match='"v1"')
    assert await totals() == [("rice", 0, 0), ("oil", 35, 2)]
    await melati.post(f"{path}/cancel", cycle_id="sums")
    assert await totals() == [("rice", 0, 0), ("oil", 5, 1)]
    query = {"supplier_id": "bulog"}
    only = (await melati.get("/v1/cycles/sums/totals", **query)).json()["items"]
    assert {each["supplier_id"] for each in only} == {"bulog"}


async def test_cycles_are_listed_by_state(market: Market) -> None:
    for number in range(5):
        await market.open_cycle(f"list-{number}", closes_at="2100-01-01T00:00:00Z")
    await market.operator.post("/v1/cycles/list-2/cancel", reason="no truck")
    shown = (await market.operator.get("/v1/cycles", state="cancelled")).json()
    assert "list-2" in {each["cycle_id"] for each in shown["items"]}
    assert {each["state"] for each in shown["items"]} == {"cancelled"}


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_pages_hold_every_row_once(market: Market, limit: int) -> None:
    if limit == 1:
        await _crowd(market)
    everything = {
        "/v1/cycles": "cycle_id",
        "/v1/cycles/crowd/totals": "item_id",
        "/v1/consolidated-orders": "supplier_id",
        "/v1/consolidated-orders/crowd/bulog/lines": "item_id",
        "/v1/margin": "cycle_id",
        "/v1/postings": "position",
    }
    for path, name in everything.items():
        found = await pages(market.operator, path, limit)
        rows = [row for page in found for row in page]
        whole = (await market.operator.get(path, limit=200)).json()["items"]
        assert rows == whole, path
        assert len(rows) > 3, path
        assert len({str(row) for row in rows}) == len(rows), path
        assert all(name in row for row in rows)


async def _crowd(market: Market) -> None:
    """Many items of several suppliers, ordered by several koperasi, and consolidated."""
    for number in range(5):
        item = f"tea-{number}"
        body = {"title": f"Teh {number}", "base_unit": "XPK", "case_size": 1}
        await market.operator.put(f"/v1/items/{item}", **body)
        await market.operator.put(
            f"/v1/price-lists/{item}", **price_list("bulog", item, RICE_TIERS)
        )
    await market.open_cycle("crowd")
    lines = [oil(1), *({**rice(1), "item_id": f"tea-{number}"} for number in range(5))]
    for koperasi_id in ("melati", "mawar"):
        speaker = await market.koperasi(koperasi_id)
        done = await market.place(speaker, {"cycle_id": "crowd", "lines": lines})
        assert done.status_code == 201, done.text
    await market.open_cycle("sold", prices="stated")
    for koperasi_id in ("melati", "mawar"):
        sold = [{**line, "amount_idr": 9_000} for line in lines]
        done = await market.place(
            await market.koperasi(koperasi_id), {"cycle_id": "sold", "lines": sold}
        )
        assert done.status_code == 201, done.text
    await market.settle()


async def test_rows_that_come_meanwhile_do_not_disturb_the_pages(market: Market) -> None:
    there = {
        each["cycle_id"]
        for page in await pages(market.operator, "/v1/cycles", 200)
        for each in page
    }
    found: list[str] = []
    following = "/v1/cycles?limit=2"
    for number in range(1_000):
        page = (await market.operator.get(following)).json()
        found += [each["cycle_id"] for each in page["items"]]
        if page["next"] is None:
            break
        following = page["next"]
        if number < 4:
            for name in ("aa", "zz"):
                await market.open_cycle(f"{name}-{number}", closes_at="2100-01-01T00:00:00Z")
    assert sorted(each for each in found if each in there) == sorted(there)
    assert len(set(found)) == len(found)
