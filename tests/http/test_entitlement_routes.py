"""Consolidated orders over HTTP: whole cases, who may expect what, and missed minimums."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from jaringan_usaha import house
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.projector import Projector
from jaringan_usaha.features.catalog.domain import PRICE_LIST
from jaringan_usaha.features.catalog.events import PriceListPublished, PriceRow, Tier
from jaringan_usaha.features.cycles import closing
from jaringan_usaha.features.cycles.closing import tend
from jaringan_usaha.kernel.decider import Decider
from jaringan_usaha.kernel.messages import Asked, Command
from market import OIL_TIERS, Market, opened, price_list
from service import NETWORK, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

TIERS = tuple(Tier(**each) for each in OIL_TIERS)


class Record(Command):
    """Record a price list as it is."""

    event: PriceListPublished


recorder: Decider[Record] = Decider(
    lambda command: [PRICE_LIST.about(command.event.price_list_id)],
    lambda command, _: [command.event],
    (PRICE_LIST,),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """Salt in cases of 24 and soap in cases of 10 from Garam, which asks nothing more; the same
    from Mahal, which takes orders from 20 million and five cases of soap on."""
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        put = market.operator.put
        for item_id, case_size in (("salt", 24), ("soap", 10)):
            body = {"title": item_id, "base_unit": "XPK", "case_size": case_size}
            assert (await put(f"/v1/items/{item_id}", **body)).status_code == 201
        for supplier_id in ("garam", "mahal"):
            await put(f"/v1/suppliers/{supplier_id}", title=supplier_id)
        for item_id in ("salt", "soap"):
            done = await put(
                f"/v1/price-lists/{item_id}", **price_list("garam", item_id, OIL_TIERS)
            )
            assert done.status_code == 201, done.text
        rows = (
            PriceRow(item_id="salt", tiers=TIERS),
            PriceRow(item_id="soap", tiers=TIERS, min_cases=5),
        )
        await record(
            market,
            PriceListPublished(
                price_list_id="mahal-1",
                supplier_id="mahal",
                part=1,
                valid_from_on=date(2026, 1, 1),
                valid_until_on=None,
                tier_mode="all_units",
                rows=rows,
                minimum_idr=20_000_000,
            ),
        )
        yield market


async def record(market: Market, event: PriceListPublished) -> None:
    frame = Asked(at=market.door.clock.now(), command_id=UUID(new_id()), print=b"", by="test")
    await market.door.log(NETWORK).handle(recorder, Record(asked=frame, event=event))


def line(supplier_id: str, item_id: str, quantity: int, **more: int) -> dict[str, Any]:
    return {"supplier_id": supplier_id, "item_id": item_id, "quantity": quantity, **more}


async def order(
    market: Market, cycle_id: str, koperasi_id: str, *lines: dict[str, Any], order_id: str = ""
) -> str:
    speaker = await market.koperasi(koperasi_id)
    order_id = order_id or new_id()
    done = await market.place(speaker, {"cycle_id": cycle_id, "lines": list(lines)}, order_id)
    assert done.status_code == 201, done.text
    return order_id


async def shown(market: Market, path: str, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await market.operator.get(path, **query)).json()["items"]
    return items


async def cycle(market: Market, cycle_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await market.operator.get(f"/v1/cycles/{cycle_id}")).json()
    return found


# -- whole cases ---------------------------------------------------------------------------


async def a1(market: Market) -> None:
    """A 30 and 6 welcome, B 25, C 10 and 4 welcome, in cases of 24; and soap of another."""
    if (await market.operator.get("/v1/cycles/a1")).status_code == 200:
        return
    await market.open_cycle("a1")
    await order(market, "a1", "a", line("garam", "salt", 30, tolerance=6))
    await order(market, "a1", "b", line("garam", "salt", 25), line("mahal", "salt", 120))
    await order(market, "a1", "c", line("garam", "salt", 10, tolerance=4), line("garam", "soap", 7))
    (total,) = [
        each for each in await shown(market, "/v1/cycles/a1/totals") if each["quantity"] == 65
    ]
    assert total["tolerance"] == 10
    await market.settle()
    assert (await cycle(market, "a1"))["state"] == "consolidated"


async def test_a1_the_group_orders_whole_cases(market: Market) -> None:
    await a1(market)
    salt, soap = await shown(market, "/v1/consolidated-orders/a1/garam/lines")
    assert salt == {
        "item_id": "salt",
        "quantity": 72,
        "order_lines": 3,
        "amount_idr": 72 * 180_000,
        "alone_idr": 72 * 186_000,
        "price_list": "salt",
        "price_idr": 180_000,
        "price_per": 1,
        "cases": 3,
        "case_size": 24,
        "firm": 65,
        "tolerance": 10,
        "reason": "",
    }
    assert (soap["quantity"], soap["price_idr"], soap["reason"]) == (0, None, "MOQ_NOT_MET")
    (of_cycle, *_) = await shown(market, "/v1/consolidated-orders/a1/lines")
    assert of_cycle == {"supplier_id": "garam", **salt}


async def test_a1_every_koperasi_sees_what_it_may_expect_and_its_own_only(market: Market) -> None:
    await a1(market)
    path = "/v1/cycles/a1/entitlements"
    everything = (await market.operator.get(path, supplier_id="garam")).json()
    rows = [
        (each["item_id"], each["koperasi_id"], each["granted"], each["reason"])
        for each in everything["items"]
    ]
    assert rows == [
        ("salt", "a", 34, ""),
        ("salt", "b", 25, ""),
        ("salt", "c", 13, ""),
        ("soap", "c", 0, "MOQ_NOT_MET"),
    ]
    assert everything["totals"] == {
        "items": 2,
        "firm": 72,
        "tolerance": 10,
        "granted": 72,
        "alone_idr": 72 * 186_000,
    }
    own = (await (await market.koperasi("c")).get(path)).json()
    assert [each["koperasi_id"] for each in own["items"]] == ["c", "c"]
    first = own["items"][0]
    assert first.pop("first_position") > 0
    assert first == {
        "supplier_id": "garam",
        "item_id": "salt",
        "koperasi_id": "c",
        "firm": 10,
        "tolerance": 4,
        "least": 0,
        "granted": 13,
        "alone_idr": 13 * 186_000,
        "reason": "",
    }
    sums = {"items": 2, "firm": 17, "tolerance": 4, "granted": 13, "alone_idr": 13 * 186_000}
    assert own["totals"] == sums
    other = await (await market.koperasi("c")).get(path, koperasi_id="a")
    assert_refused(other, 403, "forbidden")


async def test_totals_are_those_of_all_pages(market: Market) -> None:
    await a1(market)
    path = "/v1/cycles/a1/entitlements"
    whole = (await market.operator.get(path)).json()
    found: list[Any] = []
    for page in await market.operator.pages(path, limit=2):
        assert page["totals"] == whole["totals"]
        found += page["items"]
    assert found == whole["items"]
    assert sum(each["granted"] for each in found) == whole["totals"]["granted"] == 72 + 120
    for koperasi_id in ("a", "b", "c"):
        mine = (await market.operator.get(path, koperasi_id=koperasi_id)).json()
        rows = [each for each in found if each["koperasi_id"] == koperasi_id]
        assert mine["items"] == rows
        for name in ("firm", "tolerance", "granted", "alone_idr"):
            assert mine["totals"][name] == sum(each[name] for each in rows)
        of_garam = await market.operator.get(path, koperasi_id=koperasi_id, supplier_id="garam")
        assert of_garam.json()["items"] == [each for each in rows if each["supplier_id"] == "garam"]


@pytest.mark.parametrize("turn", [1, closing.LINES_A_TURN])
async def test_in_portions_each_item_is_ordered_once(
    market: Market, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    """A portion holds one item, a turn one of them or all; two followers work at once, and one
    of them sees old tables."""
    monkeypatch.setattr(closing, "LINES_AT_ONCE", 1)
    monkeypatch.setattr(closing, "LINES_A_TURN", turn)
    cycle_id = f"portions-{turn}"
    await market.open_cycle(cycle_id)
    both = (line("garam", "salt", 24), line("garam", "soap", 20), line("mahal", "salt", 240))
    for koperasi_id in ("a", "b"):
        await order(market, cycle_id, koperasi_id, *both)
    await market.projector.catch_up(NETWORK)
    log, pool = market.door.log(NETWORK), market.worker
    for _ in range(6):
        await tend(log, pool, await market.sql("select clock_timestamp()"))
        await market.follower.tend(NETWORK)
        await market.projector.catch_up(NETWORK)
    await market.settle()
    assert (await cycle(market, cycle_id))["order_lines"] == 6
    lines = await shown(market, f"/v1/consolidated-orders/{cycle_id}/lines")
    assert [(each["supplier_id"], each["item_id"], each["quantity"]) for each in lines] == [
        ("garam", "salt", 48),
        ("garam", "soap", 40),
        ("mahal", "salt", 480),
    ]
    orders = await shown(market, "/v1/consolidated-orders", cycle_id=cycle_id)
    assert [(each["supplier_id"], each["item_count"]) for each in orders] == [
        ("garam", 2),
        ("mahal", 1),
    ]
    total = (await market.operator.get(f"/v1/cycles/{cycle_id}/entitlements")).json()["totals"]
    assert total["granted"] == 48 + 40 + 480


# -- minimums ------------------------------------------------------------------------------


async def test_below_the_minimum_everybody_sees_why_it_gets_nothing(market: Market) -> None:
    await market.open_cycle("too-little")
    await order(market, "too-little", "a", line("mahal", "salt", 24))
    await market.settle()
    shown_cycle = await cycle(market, "too-little")
    assert (shown_cycle["state"], shown_cycle["amount_idr"]) == ("consolidated", 0)
    own = await (await market.koperasi("a")).get("/v1/cycles/too-little/entitlements")
    (row,) = own.json()["items"]
    assert (row["firm"], row["granted"], row["reason"]) == (24, 0, "MOQ_NOT_MET")
    assert await shown(market, "/v1/cycles/too-little/minimums") == []


async def test_the_operator_is_asked_and_the_rest_is_ordered_meanwhile(market: Market) -> None:
    await market.open_cycle("asking", minimum="ask")
    await order(
        market,
        "asking",
        "a",
        line("garam", "salt", 48),
        line("mahal", "salt", 24),
        line("mahal", "soap", 40),
    )
    await market.settle()
    assert (await cycle(market, "asking"))["state"] == "closed"
    lines = await shown(market, "/v1/consolidated-orders/asking/lines")
    assert [each["supplier_id"] for each in lines] == ["garam"]
    (asked,) = await shown(market, "/v1/cycles/asking/minimums")
    assert asked.pop("position") > 0
    assert asked == {
        "supplier_id": "mahal",
        "minimum_idr": 20_000_000,
        "goods_idr": 24 * 186_000,
        "item_ids": ["soap"],
        "decision": None,
        "reason": "",
    }
    before = await market.event_count()
    await market.settle()
    assert await market.event_count() == before
    path = "/v1/cycles/asking/suppliers/mahal/minimum"
    done = await market.operator.post(path, decision="order", reason="asked by telephone")
    assert done.status_code == 200, done.text
    await market.settle()
    assert (await cycle(market, "asking"))["state"] == "consolidated"
    lines = await shown(market, "/v1/consolidated-orders/asking/mahal/lines")
    assert [(each["item_id"], each["quantity"]) for each in lines] == [("salt", 24), ("soap", 40)]
    (decided,) = await shown(market, "/v1/cycles/asking/minimums")
    assert (decided["decision"], decided["reason"]) == ("order", "asked by telephone")
    other = await market.operator.post(path, decision="cancel", reason="asked by telephone")
    assert_refused(other, 409, "minimum-already-decided")


async def test_a_minimum_is_decided_by_the_operator_and_only_when_it_was_missed(
    market: Market,
) -> None:
    await market.open_cycle("nothing-asked", minimum="ask")
    path = "/v1/cycles/nothing-asked/suppliers/garam/minimum"
    body = {"decision": "cancel", "reason": "asked by telephone"}
    assert_refused(await market.operator.post(path, **body), 409, "minimum-not-missed")
    melati = await market.koperasi("a")
    assert_refused(await melati.post(path, **body), 403, "forbidden")
    assert_refused(await melati.get("/v1/cycles/nothing-asked/minimums"), 403, "forbidden")
    wrong = await market.operator.post(path, **{**body, "decision": "perhaps"})
    assert_refused(wrong, 422, "validation-failed")


async def test_a_missed_minimum_keeps_the_cycle_open(market: Market) -> None:
    await market.open_cycle("kept", minimum="keep_open", keep_days=5, keep_times=1)
    before = datetime.fromisoformat((await cycle(market, "kept"))["closes_at"])
    await order(market, "kept", "a", line("mahal", "salt", 24))
    await market.settle()
    found = await cycle(market, "kept")
    assert (found["state"], found["kept"]) == ("open", 1)
    assert datetime.fromisoformat(found["closes_at"]) == before + timedelta(days=5)
    await order(market, "kept", "b", line("mahal", "salt", 96))
    await market.operator.post("/v1/cycles/kept/close", early=True, reason="the truck leaves")
    await market.settle()
    (salt,) = await shown(market, "/v1/consolidated-orders/kept/mahal/lines")
    assert (salt["quantity"], salt["price_idr"]) == (120, 174_000)


async def test_a_cycle_that_reaches_its_minimums_is_not_kept_open(market: Market) -> None:
    await market.open_cycle("reached", minimum="keep_open", keep_days=5, keep_times=1)
    await order(market, "reached", "a", line("mahal", "salt", 120))
    await market.settle()
    assert (await cycle(market, "reached"))["state"] == "consolidated"


# -- first come ----------------------------------------------------------------------------


async def test_who_cancels_everything_and_orders_again_stands_behind(market: Market) -> None:
    """However the log is cut into pages."""
    await market.open_cycle("again", sharing="first_come", closes_at="2100-01-01T00:00:00Z")
    first = await order(market, "again", "a", line("garam", "salt", 20))
    await order(market, "again", "b", line("garam", "salt", 20))
    second = await order(market, "again", "c", line("garam", "salt", 20))
    await order(market, "again", "c", line("garam", "salt", 3))
    melati, kenanga = await market.koperasi("a"), await market.koperasi("c")
    await melati.post(f"/v1/orders/{first}/cancel", cycle_id="again")
    await kenanga.post(f"/v1/orders/{second}/cancel", cycle_id="again")
    await order(market, "again", "a", line("garam", "salt", 20))
    changed = await order(market, "again", "b", line("garam", "salt", 1))
    await market.place(
        await market.koperasi("b"),
        {"cycle_id": "again", "lines": [line("garam", "salt", 2)]},
        changed,
        if_match='"v1"',
    )

    async def places() -> list[str]:
        query = (
            "select array_agg(koperasi_id order by first_position) from demand"
            " where cycle_id = 'again' and item_id = 'salt'"
        )
        return list(await market.sql(query))

    digests = set()
    for page in (1, 2, 3, 7, 5_000):
        pool = market.worker
        for table in await pool.fetch(
            "select relname from pg_class where relnamespace = 'read'::regnamespace"
            " and relkind = 'r'"
        ):
            await pool.execute(f"truncate {table['relname']}")
        projector = Projector(pool, house.event_types(), house.PROJECTIONS, page=page)
        await projector.catch_up(NETWORK)
        assert await places() == ["b", "c", "a"]
        rows = await pool.fetch(
            "select * from demand order by cycle_id, supplier_id, item_id, koperasi_id"
        )
        digests.add(sha256(repr([tuple(row) for row in rows]).encode()).digest())
    assert len(digests) == 1
