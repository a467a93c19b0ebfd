"""What is remembered between commands: it saves reading, and can never decide wrongly."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from eventlog.jars import (
    JAR,
    LABEL,
    SHELF,
    CloseShelf,
    JarOverflows,
    MoveCoins,
    NoSuchLabel,
    OpenShelf,
    PrintLabel,
    PutCoins,
    ShelfIsClosed,
    jars,
)
from eventlog.keys import asked
from eventlog.logs import events_of, new_network, open_log
from jaringan_usaha.eventlog.answers import Recorded
from jaringan_usaha.eventlog.database import Pool, open_pool
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.memory import Memory, Remembered, nothing_yet
from jaringan_usaha.kernel.decider import About
from jaringan_usaha.kernel.rejections import Stale


@pytest.fixture
async def narrow_pool(database: str) -> AsyncIterator[Pool]:
    """One session, so that it hears every query."""
    pool = await open_pool(database, most=1)
    yield pool
    await pool.close()


@pytest.fixture
async def asked_of_database(narrow_pool: Pool) -> list[str]:
    """The queries of that session, as they are sent."""
    sent: list[str] = []

    def note(record: asyncpg.connection.LoggedQuery) -> None:
        sent.append(" ".join(record.query.split()))

    async with narrow_pool.acquire() as connection:
        connection.add_query_logger(note)
    return sent


def put(jar: str, *, new: bool = False, coins: int = 1, label: str = "") -> PutCoins:
    return PutCoins(asked=asked(), jar_id=jar, shelf_id="a", coins=coins, label_id=label, new=new)


def remembered(log: EventLog, about: About[Any]) -> Remembered | None:
    return log._facts.memory.recall(log.network_id, about)


async def test_a_warm_command_asks_nothing_before_it_appends(
    narrow_pool: Pool, asked_of_database: list[str]
) -> None:
    log = await open_log(narrow_pool)
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    await log.handle(jars, PrintLabel(asked=asked(), label_id="l"))
    await log.handle(jars, put("j", label="l"))
    asked_of_database.clear()
    for _ in range(3):
        await log.handle(jars, put("j", label="l"))
        await log.handle(jars, put("brand new", new=True))
    queries = [
        each for each in asked_of_database if not each.startswith(("SELECT pg_adv", "RESET"))
    ]
    assert len(queries) == 6
    assert all("from log.append(" in each for each in queries), queries


async def test_a_cold_command_is_read_in_one_query(
    narrow_pool: Pool, asked_of_database: list[str]
) -> None:
    await (await open_log(narrow_pool)).handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    cold = await open_log(narrow_pool)
    asked_of_database.clear()
    await cold.handle(jars, put("j"))
    reads = [each for each in asked_of_database if "log.marks" in each]
    assert len(reads) == 1


async def test_what_another_process_changed_is_decided_again(pool: Pool) -> None:
    here, there = await open_log(pool), await open_log(pool)
    await here.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    await here.handle(jars, put("j", coins=60))
    await there.handle(jars, put("j", coins=30))
    with pytest.raises(JarOverflows):
        await here.handle(jars, put("j", coins=30))
    assert (await here.handle(jars, put("j", coins=10))).version == 3
    await there.handle(jars, CloseShelf(asked=asked(), shelf_id="a"))
    with pytest.raises(ShelfIsClosed):
        await here.handle(jars, put("other", new=True))
    assert len(await events_of(pool)) == 5


async def test_a_wrong_guess_that_a_thing_is_new_only_costs_a_second_try(pool: Pool) -> None:
    here, there = await open_log(pool), await open_log(pool)
    await here.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    await here.handle(jars, put("j", coins=90, new=True))
    with pytest.raises(JarOverflows):
        await there.handle(jars, put("j", coins=20, new=True))
    assert (await there.handle(jars, put("j", coins=10, new=True))).version == 2


async def test_a_settled_fact_is_not_guarded_but_looked_up_until_it_is_so(pool: Pool) -> None:
    here, there = await open_log(pool), await open_log(pool)
    await here.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    with pytest.raises(NoSuchLabel):
        await here.handle(jars, put("j", label="l"))
    await there.handle(jars, PrintLabel(asked=asked(), label_id="l"))
    here._facts.forget([LABEL.about("l")])
    assert (await here.handle(jars, put("j", label="l"))).version == 1


async def test_a_refusal_is_never_made_from_what_is_long_untrue(pool: Pool) -> None:
    """Another process opened the shelf since this one last looked."""
    here, there = await open_log(pool), await open_log(pool)
    with pytest.raises(ShelfIsClosed):
        await here.handle(jars, put("j"))
    await there.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    assert (await here.handle(jars, put("j"))).version == 1


async def test_one_event_that_touches_two_streams_moves_both_on(log: EventLog) -> None:
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    await log.handle(jars, put("x", coins=50))
    move = MoveCoins(asked=asked(), source_id="x", target_id="y", shelf_id="a", coins=20)
    assert (await log.handle(jars, move)).position == 4
    for jar, coins in (("x", 30), ("y", 20)):
        entry = remembered(log, JAR.about(jar))
        assert entry is not None
        assert entry.fact.state.coins == coins


async def test_facts_are_remembered_as_the_log_has_them(log: EventLog, pool: Pool) -> None:
    """Whatever was folded on in memory, a fresh reader folds from the log."""
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    for _ in range(10):
        names = [f"j{number % 5}" for number in range(10)]
        await asyncio.gather(*(log.handle(jars, put(name, coins=2)) for name in names))
    fresh = await open_log(pool)
    abouts = [JAR.about(f"j{number}") for number in range(5)] + [SHELF.about("a")]
    await fresh._facts.read(abouts)
    for about in abouts:
        ours, theirs = remembered(log, about), remembered(fresh, about)
        assert ours is not None
        assert theirs is not None
        assert ours.fact == theirs.fact
        assert [mark for mark, _ in ours.guards] == [mark for mark, _ in theirs.guards]


async def test_a_long_stream_is_read_to_its_end(pool: Pool, log: EventLog) -> None:
    """More versions than are looked up at once, exactly as many, one less."""
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    for length in (15, 16, 17, 40):
        for _ in range(length):
            await log.handle(jars, put(f"j{length}"))
        fresh = await open_log(pool)
        assert (await fresh.handle(jars, put(f"j{length}"))).version == length + 1


def test_memory_is_bounded_and_forgets_the_least_recently_asked() -> None:
    memory = Memory(3)
    abouts = [JAR.about(str(number)) for number in range(5)]
    for about in abouts[:3]:
        memory.learn(1, about, nothing_yet(about))
    memory.recall(1, abouts[0])
    memory.learn(1, abouts[3], nothing_yet(abouts[3]))
    assert len(memory) == 3
    assert memory.recall(1, abouts[1]) is None
    assert memory.recall(1, abouts[0]) is not None


async def test_networks_share_a_memory_and_none_of_its_facts(pool: Pool) -> None:
    memory = Memory(3)
    networks = [await new_network(pool) for _ in range(2)]
    ours, theirs = [await open_log(pool, each, memory=memory) for each in networks]
    await ours.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    assert remembered(ours, SHELF.about("a")) is not None
    with pytest.raises(ShelfIsClosed):
        await theirs.handle(jars, put("j"))
    for number in range(5):
        await theirs.handle(jars, OpenShelf(asked=asked(), shelf_id=str(number)))
        assert len(memory) <= 3
    assert remembered(ours, SHELF.about("a")) is None
    assert remembered(theirs, SHELF.about("4")) is not None
    assert (await ours.handle(jars, put("j"))).version == 1


async def test_who_is_always_too_late_is_told_so(pool: Pool, log: EventLog) -> None:
    """Somebody else changes the jar between every look and every append."""
    other = await open_log(pool)
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    submit = log.appender.submit
    tries = 0

    def too_late(proposal):  # type: ignore[no-untyped-def]
        nonlocal tries
        tries += 1
        rival = asyncio.ensure_future(other.handle(jars, put("j", coins=0)))
        outcome = asyncio.get_running_loop().create_future()

        def go(_: object) -> None:
            submit(proposal).add_done_callback(lambda done: outcome.set_result(done.result()))

        rival.add_done_callback(go)
        return outcome

    log.appender.submit = too_late  # type: ignore[method-assign]
    with pytest.raises(Stale):
        await log.handle(jars, put("j", coins=0))
    assert tries == 5
    assert isinstance(await other.handle(jars, put("j", coins=0)), Recorded)
