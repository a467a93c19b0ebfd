"""Read tables folded from the log: whatever the pages, crashes and rivals, the same tables."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eventlog.jars import LabelPrinted, Say, ShelfOpened, said
from eventlog.keys import asked, new_command_id
from eventlog.logs import new_network, open_log, types, until
from jaringan_usaha.eventlog import database as sessions
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.database import LOST, WORKER, Connection, Pool, open_pool
from jaringan_usaha.eventlog.projector import (
    Hole,
    Page,
    Projection,
    Projector,
    follow,
    log_queries,
)
from jaringan_usaha.eventlog.rebuild import Differs, rebuild
from jaringan_usaha.eventlog.topics import Topics
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderShared,
    CycleClosed,
    CycleConsolidated,
    CycleOpened,
    KoperasiShare,
)
from jaringan_usaha.features.cycles.orders.events import (
    OrderCancelled,
    OrderChanged,
    OrderLine,
    OrderPlaced,
)
from jaringan_usaha.features.cycles.views import cycle_views
from jaringan_usaha.features.margin.views import margin_views
from jaringan_usaha.kernel.messages import Event

NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)
NO_TOPICS = Topics([])
HOUSE = (cycle_views, margin_views)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """Sessions as the follower has them."""
    pool = await open_pool(database, role=WORKER)
    yield pool
    await pool.close()


def season(seed: int, orders: int) -> list[Event]:
    """Cycles with orders placed, changed and cancelled, then closed, bought and shared."""
    chance = itertools.count(seed)

    def pick(most: int) -> int:
        return (next(chance) * 2654435761 >> 7) % most

    events: list[Event] = []
    for number in range(2):
        cycle = f"cycle {seed}.{number}"
        events.append(
            CycleOpened(
                cycle_id=cycle,
                title="beras",
                opens_at=NOON,
                closes_at=NOON + timedelta(days=1),
                prices="stated",
                priced_on=date(2026, 3, 2),
            )
        )
        ids = [str(new_command_id()) for _ in range(orders)]
        for order in ids:
            lines = tuple(
                OrderLine(
                    supplier_id=f"s{pick(2)}",
                    item_id=f"i{item}",
                    quantity=1 + pick(9),
                    amount_idr=1_000 * (1 + pick(50)),
                )
                for item in range(1 + pick(3))
            )
            about = {"order_id": order, "cycle_id": cycle, "koperasi_id": f"k{pick(3)}"}
            events.append(OrderPlaced(**about, lines=lines))
            if pick(3) == 0:
                events.append(OrderChanged(**about, lines=lines[:1]))
            if pick(4) == 0:
                events.append(OrderCancelled(**about))
            if pick(2) == 0:
                events.append(LabelPrinted(label_id="nothing to any projection"))
        events.append(CycleClosed(cycle_id=cycle))
        for supplier in ("s0", "s1"):
            names = {
                "consolidated_order_id": f"{cycle}|{supplier}",
                "cycle_id": cycle,
                "supplier_id": supplier,
                "part": 1,
            }
            line = ConsolidatedLine(
                item_id="i0", quantity=9, order_lines=2, amount_idr=900, alone_idr=1_000
            )
            share = KoperasiShare(koperasi_id="k0", amount_idr=900, alone_idr=1_000 + pick(3) * 7)
            events.append(ConsolidatedOrderPlaced(**names, lines=(line,)))
            events.append(ConsolidatedOrderShared(**names, shares=(share,)))
        events.append(
            CycleConsolidated(
                cycle_id=cycle,
                consolidated_orders=2,
                order_lines=4,
                amount_idr=1_800,
                alone_idr=2_000,
            )
        )
    return events


async def record(pool: Pool, network_id: int, events: Sequence[Event]) -> None:
    log = await open_log(pool, network_id, asks=NO_TOPICS)
    for start in range(0, len(events), 50):
        await log.handle(said, Say(asked=asked(), events=tuple(events[start : start + 50])))


async def digest(pool: Pool, network_id: int, schema: str = "read") -> dict[str, tuple[int, int]]:
    """What the read tables of a network show, but for the network's own number."""
    tables = await pool.fetch(
        "select c.relname from pg_class c where c.relnamespace = $1::text::regnamespace"
        " and c.relkind = 'r' and c.relname <> 'bookmarks'",
        schema,
    )
    found = {}
    for row in tables:
        found[row["relname"]] = await pool.fetchrow(
            "select count(*), coalesce(sum(hashtextextended("
            " (to_jsonb(t) - 'network_id' - 'recorded_at' - 'order_id')::text, 0)::numeric), 0)"
            f" from {schema}.{row['relname']} t where network_id = $1",
            network_id,
        )
    return {name: (row[0], int(row[1])) for name, row in found.items()}


async def bookmarks(pool: Pool, network_id: int = 1) -> dict[str, tuple[int, str]]:
    rows = await pool.fetch("select * from read.bookmarks where network_id = $1", network_id)
    return {row["projection"]: (row["position"], row["state"]) for row in rows}


async def kill(owner: Connection, session: Connection) -> int:
    """End the session of somebody who is in the middle of something."""
    pid: int = await session.fetchval("select pg_backend_pid()")
    await owner.execute("select pg_terminate_backend($1, 5000)", pid)
    return pid


def projection(
    name: str,
    write: Callable[[Page, Connection], Awaitable[None]],
    *,
    money: bool = False,
    events: tuple[type[Event], ...] = (LabelPrinted,),
) -> Projection:
    return Projection(name, write, events, money)


class Tally:
    """A projection that remembers, outside the database, what it was given."""

    def __init__(self, name: str = "tally", *, money: bool = False) -> None:
        self.pages: list[tuple[int, list[int]]] = []
        self.projection = projection(name, self.write, money=money)

    async def write(self, page: Page, _: Connection) -> None:
        self.pages.append((page.last, [logged.position for logged in page.events]))


# -- the same tables ------------------------------------------------------------------------


@given(
    seed=st.integers(0, 1_000),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    crashes=st.sets(st.integers(0, 12), max_size=4),
)
@settings(max_examples=12)
@example(seed=1, sizes=[1], crashes=set())
@example(seed=2, sizes=[1_000], crashes={0})
async def test_pages_and_crashes_leave_no_trace(
    pool: Pool, owner: Connection, seed: int, sizes: list[int], crashes: set[int]
) -> None:
    """Properties 22 and 24: the session is killed in the middle of folds, at any size."""
    whole, cut = await new_network(pool), await new_network(pool)
    events = season(seed, 8)
    await record(pool, whole, events)
    await record(pool, cut, events)
    await Projector(pool, types, HOUSE).catch_up(whole)

    folds = itertools.count()

    async def write(page: Page, db: Connection) -> None:
        await cycle_views.write(page, db)
        if next(folds) in crashes:
            crashed.append(await kill(owner, db))

    reached = 0
    crashed: list[int] = []
    fragile = replace(cycle_views, write=write)
    for size in itertools.cycle(sizes):
        projector = Projector(pool, types, [fragile, margin_views], page=size)
        try:
            done = await projector.step(cut) == 0
        except LOST:
            done = False
        marks = {position for position, _ in (await bookmarks(pool, cut)).values()}
        assert min(marks) >= reached, "a bookmark went back"
        reached = min(marks)
        if done:
            break
    assert reached == len(events)
    assert len(crashed) == len(crashes & set(range(next(folds))))
    shown = await digest(pool, cut)
    assert shown == await digest(pool, whole)
    assert shown["orders"][0] == 16
    assert shown["postings"][0] > 0


async def test_rebuilt_is_live_byte_for_byte(database: str, pool: Pool) -> None:
    """Property 23: folded in small pages while written, or at once from the beginning."""
    for network in (1, 2):
        await record(pool, network, season(network, 30))
        await Projector(pool, types, HOUSE, page=7).catch_up(network)
    live = {
        network: await pool.fetch("select * from house.read_digest('read', $1)", network)
        for network in (1, 2)
    }
    rebuilt = await rebuild(database, types, HOUSE)
    assert rebuilt.compared_tables == 2
    for network, before in live.items():
        after = await pool.fetch("select * from house.read_digest('read', $1)", network)
        assert after == before
        kept = await pool.fetch("select * from house.read_digest('read_before', $1)", network)
        assert kept == before
    assert sum(row["row_count"] for row in live[1]) > 50


async def test_a_rebuild_that_differs_is_not_shown(database: str, pool: Pool) -> None:
    await record(pool, 1, season(3, 5))
    await Projector(pool, types, HOUSE).catch_up(1)
    await pool.execute(
        "update read.totals set amount_idr = amount_idr + 1 where ctid ="
        " (select ctid from read.totals where network_id = 1 limit 1)"
    )
    before = await digest(pool, 1)
    with pytest.raises(Differs, match="totals"):
        await rebuild(database, types, HOUSE)
    assert await digest(pool, 1) == before
    assert await pool.fetchval("select to_regnamespace('read_before') is null")


async def test_a_rebuild_may_be_ahead_of_the_live_tables(database: str, pool: Pool) -> None:
    """Nobody followed for a while, or money stopped: the rebuilt tables are then further."""
    await record(pool, 1, season(6, 10))
    await Projector(pool, types, HOUSE).catch_up(1, upto=9)
    rebuilt = await rebuild(database, types, HOUSE)
    head = len(season(6, 10))
    assert (rebuilt.events, rebuilt.compared_tables) == (head, 0)
    assert {position for position, _ in (await bookmarks(pool)).values()} == {head}


async def test_a_rebuild_may_catch_up_for_longer_than_a_session_may_be_idle(
    database: str, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session that holds the live bookmarks says nothing meanwhile."""
    await record(pool, 1, season(7, 5))
    usual, fold = sessions.session_settings, Projector.catch_up

    def impatient(*names: str) -> dict[str, str]:
        return {**usual(*names), "idle_in_transaction_session_timeout": "100ms"}

    async def slowly(projector: Projector, network_id: int, *, upto: int | None = None) -> int:
        await asyncio.sleep(0.5)
        return await fold(projector, network_id, upto=upto)

    monkeypatch.setattr(sessions, "session_settings", impatient)
    monkeypatch.setattr(Projector, "catch_up", slowly)
    assert (await rebuild(database, types, HOUSE)).events == len(season(7, 5))


async def test_a_rebuild_takes_up_what_is_recorded_meanwhile(database: str, pool: Pool) -> None:
    events = season(4, 20)
    await record(pool, 1, events)
    live = Projector(pool, types, HOUSE)
    await live.catch_up(1)
    late: list[asyncio.Task[None]] = []

    def meanwhile(_done: int, _all: int) -> None:
        if not late:
            late.append(asyncio.create_task(record(pool, 1, season(5, 10))))

    await rebuild(database, types, HOUSE, page=9, report=meanwhile)
    await late[0]
    await live.catch_up(1)
    assert {position for position, _ in (await bookmarks(pool)).values()} == {
        len(events) + len(season(5, 10))
    }
    network = await new_network(pool)
    await record(pool, network, [*events, *season(5, 10)])
    await live.catch_up(network)
    assert await digest(pool, 1) == await digest(pool, network)


# -- order, holes and rivals ----------------------------------------------------------------


async def test_every_event_is_given_once_and_in_order(pool: Pool) -> None:
    await record(pool, 1, [LabelPrinted(label_id="x")] * 120)
    tally = Tally()
    projector = Projector(pool, types, [tally.projection], page=11)
    assert await projector.catch_up(1, upto=50) == 50
    assert await projector.catch_up(1) == 70
    seen = [position for _, page in tally.pages for position in page]
    assert seen == list(range(1, 121))
    assert max(len(page) for _, page in tally.pages) <= 11


async def test_nothing_is_folded_past_a_hole(pool: Pool, owner: Connection) -> None:
    await record(pool, 1, [LabelPrinted(label_id="x")] * 20)
    await owner.execute("delete from log.events where network_id = 1 and position = 8")
    tally = Tally()
    projector = Projector(pool, types, [tally.projection], page=5)
    with pytest.raises(Hole, match="position 8"):
        await projector.catch_up(1)
    assert (await bookmarks(pool))["tally"] == (5, "live")


async def test_two_projectors_on_one_bookmark_never_fold_the_same_page(pool: Pool) -> None:
    """Case 18: one works, the other passes on."""
    await record(pool, 1, [LabelPrinted(label_id="x")] * 60)
    inside, go_on = asyncio.Event(), asyncio.Event()
    folded: list[int] = []

    async def slow(page: Page, _: Connection) -> None:
        inside.set()
        await go_on.wait()
        folded.append(page.last)

    first = Projector(pool, types, [projection("shared", slow)], page=20)
    other = Projector(pool, types, [projection("shared", slow)], page=20)
    working = asyncio.create_task(first.step(1))
    await inside.wait()
    assert await asyncio.wait_for(other.step(1), 10) == 0, "the bookmark is held"
    go_on.set()
    assert await working == 20
    await asyncio.gather(first.catch_up(1), other.catch_up(1))
    await first.catch_up(1)
    assert folded == [20, 40, 60]


async def test_projections_that_stand_apart_meet_again(pool: Pool) -> None:
    await record(pool, 1, [LabelPrinted(label_id="x")] * 30)
    early, late = Tally("early"), Tally("late")
    await Projector(pool, types, [early.projection], page=10).catch_up(1)
    await Projector(pool, types, [early.projection, late.projection], page=10).catch_up(1)
    assert [last for last, _ in early.pages] == [last for last, _ in late.pages] == [10, 20, 30]
    assert set((await bookmarks(pool)).values()) == {(30, "live")}


# -- poison ---------------------------------------------------------------------------------


async def poisoned(page: Page, _: Connection) -> None:
    for logged in page.of(LabelPrinted):
        if logged.event.label_id == "poison":
            raise ArithmeticError("this does not add up")


@pytest.mark.parametrize("page", [1, 4, 1_000])
@pytest.mark.parametrize("broken_at", [1, 8, 17])
async def test_money_stops_at_a_broken_event_and_others_go_on(
    pool: Pool, page: int, broken_at: int
) -> None:
    """Case 15."""
    events: list[Event] = [LabelPrinted(label_id=str(number)) for number in range(1, 21)]
    events[broken_at - 1] = LabelPrinted(label_id="poison")
    await record(pool, 1, events)
    money, other = projection("money", poisoned, money=True), Tally("other")
    projector = Projector(pool, types, [money, other.projection], page=page)
    for _ in range(3):
        await projector.catch_up(1)
    assert await bookmarks(pool) == {"money": (broken_at - 1, "stopped"), "other": (20, "live")}
    assert sorted({at for _, pages in other.pages for at in pages}) == list(range(1, 21))
    error = await pool.fetchval(
        "select error from read.bookmarks where projection = 'money' and network_id = 1"
    )
    assert msgspec.json.decode(error) == {
        "position": broken_at,
        "error": "ArithmeticError: this does not add up",
    }


async def test_a_lost_session_is_no_poison(pool: Pool, owner: Connection) -> None:
    await record(pool, 1, [LabelPrinted(label_id="x")] * 5)

    async def killed(_: Page, db: Connection) -> None:
        await kill(owner, db)

    with pytest.raises(LOST):
        await Projector(pool, types, [projection("money", killed, money=True)]).step(1)
    assert await bookmarks(pool) == {"money": (0, "live")}


async def mixed(pool: Pool, owner: Connection, name: str, number: int, body: bytes) -> None:
    """Three events, the second of them written by another version of the program."""
    for _ in range(3):
        await record(pool, 1, [LabelPrinted(label_id="x")])
    kind = await owner.fetchval(
        "insert into log.types (name) values ($1)"
        " on conflict (name) do update set name = excluded.name returning type_id",
        name,
    )
    await owner.execute(
        "update log.events set type_id = $1, schema_no = $2, body = $3"
        " where network_id = 1 and position = 2",
        kind,
        number,
        body,
    )


@pytest.mark.parametrize(
    ("name", "number", "body"),
    [
        ("jars.coins_counted", 1, b"{}"),
        ("jars.label_printed", 2, b'{"label_id":"x"}'),
        ("jars.label_printed", 1, b'{"label_id":7}'),
        ("jars.label_printed", 1, b'{"label_id":"x'),
    ],
    ids=["newer type", "newer shape", "other shape", "no JSON"],
)
async def test_money_stops_at_what_it_cannot_read_and_others_pass(
    pool: Pool, owner: Connection, name: str, number: int, body: bytes
) -> None:
    """Case 20: an old process after a newer one; and a body that is broken."""
    await mixed(pool, owner, name, number, body)
    money, other = Tally("money", money=True), Tally("other")
    projector = Projector(pool, types, [money.projection, other.projection])
    for _ in range(3):
        await projector.catch_up(1)
    assert await bookmarks(pool) == {"money": (1, "stopped"), "other": (3, "live")}
    assert [at for _, page in other.pages for at in page] == [1, 3]
    assert [at for _, page in money.pages for at in page] == [1]


async def test_an_older_shape_is_lifted(pool: Pool, owner: Connection) -> None:
    await mixed(pool, owner, "jars.label_printed", 1, b'{"label_id":"x"}')

    class LabelPrintedTwice(Event):
        name = "jars.label_printed.2"
        label_id: str
        ink: str

    lifted = EventTypes(
        [LabelPrintedTwice], {("jars.label_printed", 1): lambda shape: {**shape, "ink": "black"}}
    )
    inks: list[str] = []

    async def write(page: Page, _: Connection) -> None:
        inks.extend(logged.event.ink for logged in page.of(LabelPrintedTwice))

    ink = projection("ink", write, events=(LabelPrintedTwice,), money=True)
    assert await Projector(pool, lifted, [ink]).catch_up(1) == 3
    assert inks == ["black"] * 3


# -- following ------------------------------------------------------------------------------


async def test_a_follower_whose_listener_is_cut_goes_on(
    database: str, pool: Pool, owner: Connection
) -> None:
    """Case 11: the poke is heard again through a new session; the long poll is not what helps."""
    tally = Tally()
    own = await open_pool(database, most=4, role=WORKER)
    projector = Projector(own, types, [tally.projection])
    following = asyncio.create_task(follow(projector, own, poll_seconds=600))

    async def reached(position: int) -> bool:
        return (await bookmarks(pool)).get("tally", (0, ""))[0] >= position

    async def listeners() -> list[asyncpg.Record]:
        return await owner.fetch(
            "select pid from pg_stat_activity where datname = current_database()"
            " and query ilike 'listen%' and pid <> pg_backend_pid()"
        )

    try:
        await until(listeners)
        for position in range(1, 4):
            await record(pool, 1, [LabelPrinted(label_id="x")])
            await pool.execute(log_queries.poke, "1")
            await until(lambda position=position: reached(position))
            killed = [row["pid"] for row in await listeners()]
            assert killed
            await owner.execute(
                "select pg_terminate_backend(pid) from unnest($1::int[]) pid", killed
            )

            async def listens_again(killed: list[int] = killed) -> bool:
                return bool({row["pid"] for row in await listeners()} - set(killed))

            await until(listens_again)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        own.terminate()
    assert [at for _, page in tally.pages for at in page] == [1, 2, 3]


@pytest.mark.parametrize("ticks", range(6))
async def test_a_follower_ends_when_told_to_even_as_it_is_woken(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, ticks: int
) -> None:
    """A cancellation that met a poke was swallowed by `asyncio.wait_for` in Python 3.11."""
    pokes: list[Callable[[str], None]] = []
    idle = asyncio.Event()

    async def listen(_pool: Pool, _channel: str, heard: Callable[[str], None]) -> None:
        pokes.append(heard)
        await asyncio.Event().wait()

    async def beside(network_id: int) -> None:
        if network_id == 2:
            idle.set()

    monkeypatch.setattr("jaringan_usaha.eventlog.projector._listen", listen)
    projector = Projector(pool, types, [Tally().projection])
    following = asyncio.create_task(follow(projector, pool, poll_seconds=600, beside=beside))
    await asyncio.wait_for(idle.wait(), 10)
    await asyncio.sleep(0)
    pokes[0]("1")
    for _ in range(ticks):
        await asyncio.sleep(0)
    following.cancel()
    done, _ = await asyncio.wait([following], timeout=5)
    assert done, "it goes on for ever"
    assert following.cancelled()


async def test_a_follower_without_any_poke_polls(database: str, pool: Pool) -> None:
    tally = Tally()
    own = await open_pool(database, most=4, role=WORKER)
    seen: set[int] = set()

    async def beside(network_id: int) -> None:
        seen.add(network_id)

    projector = Projector(own, types, [tally.projection])
    following = asyncio.create_task(follow(projector, own, poll_seconds=0.05, beside=beside))

    async def reached() -> Any:
        marks = await bookmarks(pool, 2)
        return marks.get("tally", (0, ""))[0] == 2

    try:
        await until(lambda: asyncio.sleep(0, seen >= {1, 2}))
        await record(pool, 2, [ShelfOpened(shelf_id="a"), LabelPrinted(label_id="x")])
        await until(reached)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await own.close()


async def test_folding_does_not_wait_for_what_is_done_beside_it(database: str, pool: Pool) -> None:
    tally = Tally()
    own = await open_pool(database, most=4, role=WORKER)
    begun: list[int] = []
    free = asyncio.Event()

    async def beside(network_id: int) -> None:
        if network_id == 2:
            begun.append(network_id)
            await free.wait()

    async def reached() -> Any:
        return (await bookmarks(pool, 2)).get("tally", (0, ""))[0] == 1

    projector = Projector(own, types, [tally.projection])
    following = asyncio.create_task(follow(projector, own, poll_seconds=600, beside=beside))
    try:
        await until(lambda: asyncio.sleep(0, begun == [2]))
        await record(pool, 2, [ShelfOpened(shelf_id="a")])
        await pool.execute(log_queries.poke, "2")
        await until(reached)
        assert begun == [2], "once at a time"
        free.set()
        await until(lambda: asyncio.sleep(0, len(begun) > 1))
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await own.close()


async def test_a_follower_survives_the_loss_of_every_session(
    database: str, pool: Pool, owner: Connection
) -> None:
    tally = Tally()
    own = await open_pool(database, most=4, role=WORKER)
    projector = Projector(own, types, [tally.projection])
    following = asyncio.create_task(follow(projector, own, poll_seconds=0.05))

    async def reached(position: int) -> bool:
        return (await bookmarks(pool)).get("tally", (0, ""))[0] == position

    try:
        for position in range(1, 4):
            await record(pool, 1, [LabelPrinted(label_id="x")])
            await until(lambda position=position: reached(position))
            await owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            await pool.expire_connections()
        assert not following.done()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        own.terminate()
    assert [at for _, page in tally.pages for at in page] == [1, 2, 3]
