"""What goes wrong in the world, with the real server and real processes: nothing is lost,
doubled, or said that is not so."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import asyncpg
import pytest

from eventlog.jars import CloseShelf, OpenShelf, PutCoins, ShelfIsClosed, jars
from eventlog.keys import asked, new_command_id
from eventlog.logs import (
    counts_of,
    events_of,
    holding,
    holding_head,
    open_log,
    until,
    waiters,
)
from eventlog.world import another_process, wire_to
from jaringan_usaha.eventlog.answers import Recorded
from jaringan_usaha.eventlog.appender import (
    MOST_BODY_BYTES,
    MOST_EVENTS,
    Appender,
    NewEvent,
    Proposal,
)
from jaringan_usaha.eventlog.database import WAIT_SECONDS, Connection, Pool, open_pool
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.together import FailedTogether
from jaringan_usaha.kernel.rejections import Busy, Invalid, Rejection, Unknown


def put(jar: str, key: UUID | None = None, *, coins: int = 1, by: str = "a test") -> PutCoins:
    return PutCoins(asked=asked(key, by=by), jar_id=jar, shelf_id="a", coins=coins)


async def an_open_shelf(log: EventLog) -> None:
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))


async def no_hole(pool: Pool, events: int) -> None:
    head, count, _, _ = await counts_of(pool)
    assert (head, count) == (events, events)
    assert [row["position"] for row in await events_of(pool)] == list(range(1, events + 1))


# -- the writer lock ------------------------------------------------------------------------


async def test_whoever_dies_with_the_writer_lock_frees_it(
    database: str, pool: Pool, owner: Connection, log: EventLog
) -> None:
    """Case 1: killed while it held the lock and had written, but not committed."""
    await an_open_shelf(log)
    change = "update log.head set position = 500 where network_id = 1"
    async with holding(database, change) as holder:
        pid = await holder.fetchval("select pg_backend_pid()")
        waiting = asyncio.create_task(log.handle(jars, put("j")))
        await until(lambda: waiters(owner))
        await owner.execute("select pg_terminate_backend($1, 5000)", pid)
        assert (await waiting).position == 2
    await no_hole(pool, 2)


async def test_an_appender_whose_session_is_killed_in_the_middle_appends_once(
    database: str, pool: Pool, owner: Connection, log: EventLog
) -> None:
    """It holds the writer lock and waits to insert when it is killed: nothing of it stays."""
    await an_open_shelf(log)
    async with holding(database, "lock table log.events in share mode"):
        waiting = [asyncio.create_task(log.handle(jars, put(f"j{n}"))) for n in range(20)]
        await until(lambda: waiters(owner))
        (pid,) = await waiters(owner)
        await owner.execute("select pg_terminate_backend($1, 5000)", pid)

        async def tries_again() -> bool:
            return any(other != pid for other in await waiters(owner))

        await until(tries_again)
    answers = await asyncio.gather(*waiting)
    assert sorted(each.position for each in answers) == list(range(2, 22))
    await no_hole(pool, 21)


async def test_a_lock_that_nobody_gives_back_means_busy(
    database: str, pool: Pool, log: EventLog
) -> None:
    """Case 14."""
    await an_open_shelf(log)
    command = put("j")
    async with holding_head(database):
        with pytest.raises(Busy):
            await log.handle(jars, command)
        await no_hole(pool, 1)
    assert not (await log.handle(jars, command)).replayed
    await no_hole(pool, 2)


# -- processes ------------------------------------------------------------------------------


async def test_a_process_killed_before_it_answers_is_asked_again(
    database: str, pool: Pool, log: EventLog
) -> None:
    """Case 2: the retry, elsewhere and with the same key, gets the answer nobody gave."""
    await an_open_shelf(log)
    async with another_process(database) as other:
        key = await other.ask("put", jar="j", shelf="a", silent=True)

        async def committed() -> bool:
            return await log.head() == 2

        await until(committed)
        await other.kill()
    again = await log.handle(jars, put("j", key))
    assert (again.position, again.replayed) == (2, True)
    await no_hole(pool, 2)


async def test_a_process_that_slept_over_the_close_records_nothing_after_it(
    database: str, pool: Pool, log: EventLog
) -> None:
    """Case 8: it had decided on what was true before it slept."""
    await an_open_shelf(log)
    async with another_process(database) as other:
        await other.ask("put", jar="j", shelf="a")
        assert (await other.answer())["position"] == 2
        await other.ask("put", jar="j", shelf="a", sleep=True)
        await until(other.sleeps)
        await log.handle(jars, CloseShelf(asked=asked(), shelf_id="a"))
        other.wake()
        assert (await other.answer())["refused"] == ShelfIsClosed.code
    await no_hole(pool, 3)


async def test_two_processes_and_a_close_in_the_middle(database: str, pool: Pool) -> None:
    """Case 7: every acknowledged coin lies below the close, every other one was refused."""
    here = await open_log(pool)
    shelves = [f"s{number}" for number in range(4)]
    for shelf in shelves:
        await here.handle(jars, OpenShelf(asked=asked(), shelf_id=shelf))
    wanted: dict[str, str] = {}
    async with another_process(database) as one, another_process(database) as two:
        for number in range(240):
            shelf = shelves[number % 4]
            key = await (one, two)[number % 2].ask("put", jar=f"j{number % 60}", shelf=shelf)
            wanted[str(key)] = shelf
            if number in (90, 120, 150, 180):
                closer = (two, one)[number // 30 % 2]
                shelf = shelves[(number - 90) // 30]
                wanted[str(await closer.ask("close", shelf=shelf))] = f"close {shelf}"
        answers = {}
        for process in (one, two):
            for _ in range(122):
                found = await process.answer()
                answers[found["key"]] = found
    assert answers.keys() == wanted.keys()
    rows = await events_of(pool)
    assert {str(row["command_id"]): row["position"] for row in rows[4:]} == {
        key: found["position"] for key, found in answers.items() if "position" in found
    }
    closed = {
        wanted[str(row["command_id"])].removeprefix("close "): row["position"]
        for row in rows
        if row["name"] == "jars.shelf_closed"
    }
    assert closed.keys() == set(shelves)
    for row in rows[4:]:
        shelf = wanted[str(row["command_id"])]
        assert shelf.startswith("close") or row["position"] < closed[shelf]
    refused = Counter(found.get("refused") for found in answers.values())
    assert refused[None] == len(rows) - 4
    assert set(refused) <= {None, ShelfIsClosed.code, "state-conflict"}
    await no_hole(pool, len(rows))


# -- a line that is cut ---------------------------------------------------------------------


@pytest.mark.parametrize("where", ["answer", "request", "nothing sent"])
async def test_an_outcome_that_was_lost_is_found_by_its_keys(
    database: str, pool: Pool, log: EventLog, where: str
) -> None:
    """Case 3."""
    await an_open_shelf(log)
    async with wire_to(database) as (url, wire):
        far = await open_pool(url, most=2)
        away = await open_log(far)
        await asyncio.gather(*(away.handle(jars, put(f"j{number}")) for number in range(10)))
        before = await log.head()
        wire.armed = where
        commands = [put(f"j{number}") for number in range(10)]
        answers = await asyncio.gather(*(away.handle(jars, each) for each in commands))
        assert wire.cuts == 1
        assert sorted(each.position for each in answers) == list(range(before + 1, before + 11))
        if where == "answer":
            assert all(each.replayed for each in answers), "the first try had been recorded"
        if where == "nothing sent":
            assert not any(each.replayed for each in answers)
        again = [await log.handle(jars, each) for each in commands]
        assert [each.position for each in again] == [each.position for each in answers]
        far.terminate()
    await no_hole(pool, before + 10)


async def test_what_nobody_can_find_out_is_said_to_be_unknown(
    database: str, pool: Pool, log: EventLog
) -> None:
    """The database stays away: the answer names the key, and the retry tells."""
    await an_open_shelf(log)
    async with wire_to(database) as (url, wire):
        far = await open_pool(url, most=2)
        away = await open_log(far, appender=Appender(far, 1, recovery=0.3))
        await away.handle(jars, put("j"))
        command = put("j", new_command_id())
        wire.stays_cut, wire.armed = True, "answer"
        with pytest.raises(Unknown):
            await away.handle(jars, command)
        assert wire.cuts > 1, "it tried again before it gave up"
        far.terminate()
    told = await log.handle(jars, command)
    assert (told.position, told.replayed) == (3, True)
    await no_hole(pool, 3)


# -- one among many -------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["a\0name", "a\ud800name"], ids=["at the server", "in the driver"])
async def test_one_broken_command_of_512_hurts_nobody_else(
    pool: Pool, log: EventLog, database: str, by: str
) -> None:
    """Case 4: a text with a NUL is refused by PostgreSQL, a lone surrogate by the driver."""
    await an_open_shelf(log)
    commands = [put(f"j{number}") for number in range(511)]
    commands.insert(300, put("broken", by=by))
    async with holding_head(database):  # so that all of them come to lie in one batch
        first, *waiting = await queued_up(log, commands)
    await first
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    refused = [each for each in answers if not isinstance(each, Recorded)]
    assert [type(each) for each in refused] == [Invalid]
    assert answers[300] is refused[0]
    await no_hole(pool, 513)


async def test_one_broken_command_of_a_bulk_has_its_own_verdict(pool: Pool, log: EventLog) -> None:
    await an_open_shelf(log)
    tasks = [(jars, put("i")), (jars, put("broken", by="a\0name")), (jars, put("k"))]
    answers = await log.handle_each(tasks)
    assert [type(each) for each in answers] == [Recorded, Invalid, Recorded]
    await no_hole(pool, 3)


async def test_what_is_too_large_is_refused_alone(pool: Pool, log: EventLog) -> None:
    await an_open_shelf(log)
    large = PutCoins(asked=asked(), jar_id="j", shelf_id="a", note="x" * MOST_BODY_BYTES)
    answers = await log.handle_each([(jars, large), (jars, put("k"))])
    assert [type(each) for each in answers] == [Invalid, Recorded]
    number = await pool.fetchval("select type_id from log.types where name = 'jars.coins_put'")
    event = NewEvent(number, 1, b"{}", None, None, ())
    with pytest.raises(Invalid):
        await log.appender.submit(Proposal(asked(), [event] * (MOST_EVENTS + 1), [], 0))
    whole = await log.appender.submit(Proposal(asked(), [event] * MOST_EVENTS, [], 0))
    assert whole.last_position - whole.first_position == MOST_EVENTS - 1
    await no_hole(pool, 2 + MOST_EVENTS)


async def test_a_full_queue_refuses_and_records_nothing_of_it(database: str, pool: Pool) -> None:
    """Case 5."""
    log = await open_log(pool, appender=Appender(pool, 1, queue=4))
    await an_open_shelf(log)
    commands = [put(f"j{number}") for number in range(8)]
    async with holding_head(database):
        waiting = await queued_up(log, commands[:4])
        waiting += [asyncio.create_task(log.handle(jars, each)) for each in commands[4:]]
        await asyncio.wait(waiting[5:])
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(each, Busy) for each in answers] == [False] * 5 + [True] * 4
    kept = await pool.fetch("select command_id from log.answers where network_id = 1")
    refused = {command.asked.command_id for command in commands[4:]}
    assert len(kept) == 6
    assert not refused & {row["command_id"] for row in kept}
    await no_hole(pool, 6)
    for command in commands[4:]:
        assert not (await log.handle(jars, command)).replayed
    await no_hole(pool, 10)


async def test_what_waited_too_long_is_not_recorded(database: str, pool: Pool) -> None:
    """Cut-off rule 3: dropped from the queue, and told so."""
    log = await open_log(pool, appender=Appender(pool, 1, batch=1, patience=0.05))
    await an_open_shelf(log)
    async with holding_head(database):
        first = asyncio.create_task(log.handle(jars, put("i")))
        await until(lambda: asyncio.sleep(0, log.appender._worker and not log.appender._queue))
        late = asyncio.create_task(log.handle(jars, put("j")))
        await until(lambda: asyncio.sleep(0, len(log.appender._queue) == 1))
        deadline = log.appender._queue[0][2]
        await until(lambda: asyncio.sleep(0, asyncio.get_running_loop().time() > deadline))
    assert (await first).position == 2
    with pytest.raises(Busy, match="in time"):
        await late
    await no_hole(pool, 2)


async def queued_up(log: EventLog, commands: Sequence[PutCoins]) -> list[asyncio.Task[Recorded]]:
    """Behind a first one that waits for the writer lock, these wait in the queue."""
    waiting = [asyncio.create_task(log.handle(jars, put("first")))]
    await until(lambda: asyncio.sleep(0, log.appender._worker and not log.appender._queue))
    waiting += [asyncio.create_task(log.handle(jars, each)) for each in commands]
    await until(lambda: asyncio.sleep(0, len(log.appender._queue) == len(commands)))
    return waiting


async def test_a_client_that_hangs_up_changes_nothing(
    database: str, pool: Pool, log: EventLog
) -> None:
    """Case 6: recorded all the same, and the repetition finds it."""
    await an_open_shelf(log)
    commands = [put(f"j{number}") for number in range(4)]
    async with holding_head(database):
        waiting = await queued_up(log, commands)
        gone = [waiting[0], waiting[2], waiting[3]]
        for task in gone:
            task.cancel()
        await asyncio.wait(gone)
        assert all(task.cancelled() for task in gone)
    await asyncio.gather(waiting[1], waiting[4])
    await no_hole(pool, 6)
    for command in commands:
        assert (await log.handle(jars, command)).replayed
    await no_hole(pool, 6)


async def test_an_appender_that_is_cancelled_lets_nobody_wait(database: str, log: EventLog) -> None:
    await an_open_shelf(log)
    async with holding_head(database):
        waiting = await queued_up(log, [put("i"), put("j")])
        assert log.appender._worker is not None
        log.appender._worker.cancel()
        answers = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
    assert [type(each) for each in answers] == [Unknown, Busy, Busy]


async def test_closing_waits_for_every_verdict(pool: Pool, log: EventLog) -> None:
    await an_open_shelf(log)
    waiting = [asyncio.create_task(log.handle(jars, put(f"j{number}"))) for number in range(50)]
    await until(lambda: asyncio.sleep(0, log.appender._worker is not None))
    await log.appender.close()
    assert log.appender._worker is None
    answers = await asyncio.wait_for(asyncio.gather(*waiting), 10)
    assert {each.position for each in answers} == set(range(2, 52))


async def test_a_database_that_is_away_makes_reads_busy(database: str, log: EventLog) -> None:
    async with wire_to(database) as (url, wire):
        far = await open_pool(url, most=1)
        away = await open_log(far)
        wire.armed = "request"
        (answer,) = await away.handle_each([(jars, put("cold"))])
        assert wire.cuts == 1
        assert isinstance(answer, Busy)
        far.terminate()


ASKED: dict[str, Callable[[EventLog, PutCoins], Awaitable[object]]] = {
    "a decision": lambda log, command: log.handle(jars, command),
    "several together": lambda log, command: log.handle_together([(jars, command)]),
    "what a rule would say": lambda log, command: log.know(jars.needs(command)),
}


@pytest.mark.parametrize("ask", ASKED)
async def test_rel_12_who_gets_no_connection_is_told_so_soon(database: str, ask: str) -> None:
    async with await open_pool(database, most=1) as pool:
        log, now = await open_log(pool), asyncio.get_running_loop().time
        async with pool.acquire():
            begun = now()
            with pytest.raises(Busy):
                await asyncio.wait_for(ASKED[ask](log, put("cold")), 10)
            assert WAIT_SECONDS - 0.1 < now() - begun < WAIT_SECONDS + 2


async def test_errors_that_are_nobody_s_fault_are_not_hidden(pool: Pool, owner: Connection) -> None:
    """A missing function is neither busy nor a verdict."""
    log = await open_log(pool)
    await an_open_shelf(log)
    await owner.execute("alter function log.append rename to gone")
    with pytest.raises(asyncpg.PostgresError) as refusal:
        await log.handle(jars, put("j"))
    assert not isinstance(refusal.value, Rejection)


# -- commands that stand together -----------------------------------------------------------


async def test_together_nothing_is_stored_that_the_database_cannot_take(
    pool: Pool, log: EventLog
) -> None:
    await an_open_shelf(log)
    with pytest.raises(Invalid):
        await log.handle_together([(jars, put("j")), (jars, put("k", by="\0"))])
    await no_hole(pool, 1)


async def test_together_no_fact_is_larger_than_alone(pool: Pool, log: EventLog) -> None:
    await an_open_shelf(log)
    long = PutCoins(asked=asked(), jar_id="k", shelf_id="a", note="x" * MOST_BODY_BYTES)
    with pytest.raises(FailedTogether) as failed:
        await log.handle_together([(jars, put("j")), (jars, long)])
    assert (failed.value.number, type(failed.value.rejection)) == (1, Invalid)
    await no_hole(pool, 1)


async def test_whoever_is_refused_while_the_answers_cannot_be_read_is_asked_again(
    database: str, pool: Pool, log: EventLog
) -> None:
    """Its rule says no, but it may have been recorded before: nobody knows until they are read."""
    await an_open_shelf(log)
    recorded, closing = put("j"), CloseShelf(asked=asked(), shelf_id="a")
    first, _ = [await log.handle(jars, each) for each in (recorded, closing)]
    elsewhere = await open_log(pool)
    async with holding(database, "lock table log.answers in access exclusive mode"):
        (answer,) = await elsewhere.handle_each([(jars, recorded)])
    assert isinstance(answer, Busy)
    assert (await elsewhere.handle(jars, recorded)).position == first.position
