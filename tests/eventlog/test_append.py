"""The one way into the log: verdicts, guards, rights, and what an append must not do."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from eventlog.jars import CloseShelf, LabelPrinted, OpenShelf, PutCoins, Say, jars, said
from eventlog.keys import asked, free_text_id, new_command_id, new_name
from eventlog.logs import counts_of, events_of, holding_head, open_log, topics, types
from jaringan_usaha.eventlog.appender import (
    Appender,
    NewEvent,
    Proposal,
    Verdict,
    append_arguments,
    outcome_of,
    queries,
)
from jaringan_usaha.eventlog.codec import encode
from jaringan_usaha.eventlog.database import Connection, Pool
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.marks import tag_mark
from jaringan_usaha.eventlog.topics import Topics
from jaringan_usaha.features.catalog.events import ItemAdded
from jaringan_usaha.features.cycles.domain import OpenCycle, cycles
from jaringan_usaha.features.cycles.orders.domain import PlaceOrder, orders
from jaringan_usaha.features.cycles.orders.events import OrderLine, OrderPlaced
from jaringan_usaha.features.registry.events import KoperasiAdmitted, SupplierAdmitted
from jaringan_usaha.kernel.rejections import KeyReused


def mark(name: str) -> UUID:
    return tag_mark("tests", "mark", name)


async def one_event(pool: Pool, *marks: UUID) -> NewEvent:
    number = await pool.fetchval("select type_id from log.types where name = 'jars.label_printed'")
    return NewEvent(number, 1, encode(LabelPrinted(label_id="x")), None, None, marks)


async def test_a_command_is_recorded_once_and_answered_alike_for_ever(
    log: EventLog, pool: Pool
) -> None:
    command = OpenShelf(asked=asked(), shelf_id="a")
    first = await log.handle(jars, command)
    again = await log.handle(jars, command)
    elsewhere = await (await open_log(pool)).handle(jars, command)
    assert (first.position, first.replayed) == (1, False)
    for answer in (again, elsewhere):
        assert answer.replayed
        assert (answer.first_position, answer.position) == (1, 1)
        assert answer.recorded_at == first.recorded_at
    assert await counts_of(pool) == (1, 1, 1, 1)


async def test_one_key_cannot_stand_for_two_requests(log: EventLog, pool: Pool) -> None:
    once = asked(what="open a")
    await log.handle(jars, OpenShelf(asked=once, shelf_id="a"))
    other = asked(once.command_id, what="open b")
    with pytest.raises(KeyReused):
        await log.handle(jars, OpenShelf(asked=other, shelf_id="b"))
    assert await counts_of(pool) == (1, 1, 1, 1)


async def test_an_answer_is_given_even_when_the_rule_now_says_no(log: EventLog) -> None:
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    put = PutCoins(asked=asked(), jar_id="j", shelf_id="a")
    recorded = await log.handle(jars, put)
    await log.handle(jars, CloseShelf(asked=asked(), shelf_id="a"))
    assert (await log.handle(jars, put)).position == recorded.position


@pytest.mark.parametrize("later", [timedelta(days=1), timedelta(days=34), -timedelta(hours=1)])
async def test_a_key_in_free_text_is_found_on_another_day(
    log: EventLog, pool: Pool, later: timedelta
) -> None:
    """Later by the clock, or a little earlier by the clock of another process."""
    midnight = datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC)
    key = free_text_id("pesanan hari ini")
    events = (LabelPrinted(label_id="x"),)
    first = await log.handle(said, Say(asked=asked(key, at=midnight), events=events))
    again = await log.handle(said, Say(asked=asked(key, at=midnight + later), events=events))
    assert again.replayed
    assert again.position == first.position
    assert (await counts_of(pool))[:3] == (1, 1, 1)


async def test_a_key_of_no_possible_day_is_taken_like_free_text(log: EventLog) -> None:
    key = UUID(int=(1 << 128) - 1)
    events = (LabelPrinted(label_id="x"),)
    answers = await asyncio.gather(
        log.handle(said, Say(asked=asked(key), events=events)),
        log.handle(said, Say(asked=asked(), events=events)),
    )
    again = await log.handle(said, Say(asked=asked(key), events=events))
    assert (again.replayed, again.position) == (True, answers[0].position)


async def test_a_guard_sees_marks_of_its_own_batch(pool: Pool) -> None:
    event = await one_event(pool, mark("m"))
    batch = [
        Proposal(asked(), [event], [], 0),
        Proposal(asked(), [event], [(mark("m"), 0)], 0),
        Proposal(asked(), [event], [(mark("other"), 0)], 0),
    ]
    rows = await pool.fetch(queries.append, *append_arguments(1, batch))
    assert [row["verdict"] for row in rows] == [Verdict.RECORDED, Verdict.STALE, Verdict.RECORDED]
    assert [row["first_position"] for row in rows if row["verdict"] == 1] == [1, 2]
    assert await counts_of(pool) == (2, 2, 2, 2)


async def test_a_guard_looks_only_past_its_position(pool: Pool) -> None:
    appender = Appender(pool, 1)
    event = await one_event(pool, mark("m"))
    for after, verdict in [
        (0, Verdict.RECORDED),
        (0, Verdict.STALE),
        (1, Verdict.RECORDED),
        (1, Verdict.STALE),
        (2, Verdict.RECORDED),
    ]:
        proposal = Proposal(asked(), [event], [(mark("m"), after)], 0)
        assert (await appender.submit(proposal)).verdict is verdict


async def test_the_same_command_twice_in_one_call_records_neither_twice(pool: Pool) -> None:
    event = await one_event(pool)
    twice = [Proposal(asked(new_command_id()), [event], [], 0)] * 2
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.fetch(queries.append, *append_arguments(1, twice))
    assert await counts_of(pool) == (0, 0, 0, 0)


async def test_repeatable_read_is_refused(pool: Pool) -> None:
    """Its snapshot is older than the writer lock, so it could miss the mark it must meet."""
    arguments = append_arguments(1, [Proposal(asked(), [await one_event(pool)], [], 0)])
    for isolation in ("repeatable_read", "serializable"):
        async with pool.acquire() as connection:
            with pytest.raises(asyncpg.PostgresError) as refusal:
                async with connection.transaction(isolation=isolation):
                    await connection.fetch(queries.append, *arguments)
            assert refusal.value.sqlstate == "25001"
    assert await counts_of(pool) == (0, 0, 0, 0)


async def test_a_network_that_is_not_open_takes_nothing(pool: Pool) -> None:
    log = await open_log(pool, 77)
    with pytest.raises(asyncpg.PostgresError) as refusal:
        await log.handle(said, Say(asked=asked(), events=(LabelPrinted(label_id="x"),)))
    assert refusal.value.sqlstate == "JU002"


async def test_times_in_the_log_never_go_back(pool: Pool, owner: Connection) -> None:
    """Though the clock of the machine did: the head remembers the latest instant."""
    log = await open_log(pool)
    ahead = datetime.now(UTC) + timedelta(hours=1)
    await owner.execute("update log.head set clock = $1 where network_id = 1", ahead)
    for _ in range(3):
        await log.handle(said, Say(asked=asked(), events=(LabelPrinted(label_id="x"),)))
    times = [row["recorded_at"] for row in await events_of(pool)]
    assert ahead < times[0] < times[1] < times[2]


async def test_one_order_is_one_event_that_carries_its_lines(pool: Pool) -> None:
    log = await open_log(pool, asks=Topics((*cycles.topics, *orders.topics)))
    start = (
        KoperasiAdmitted(koperasi_id="k", title="K"),
        SupplierAdmitted(supplier_id="s", title="S"),
        *(
            ItemAdded(item_id=f"i{number}", title="beras", base_unit="KGM", case_size=1)
            for number in range(40)
        ),
    )
    await log.handle(said, Say(asked=asked(), events=start))
    frame = asked()
    await log.handle(
        cycles,
        OpenCycle(
            asked=frame,
            cycle_id="c",
            title="beras",
            opens_at=frame.at - timedelta(hours=1),
            closes_at=frame.at + timedelta(hours=1),
            prices="stated",
            priced_on=frame.at.date(),
        ),
    )
    lines = tuple(
        OrderLine(supplier_id="s", item_id=f"i{number}", quantity=1, amount_idr=1_000)
        for number in range(40)
    )
    order = PlaceOrder(
        asked=asked(),
        order_id=str(new_command_id()),
        cycle_id="c",
        koperasi_id="k",
        lines=lines,
    )
    placed = await log.handle(orders, order)
    assert placed.first_position == placed.position == len(start) + 2
    event = types.decode("cycles.order_placed", 1, (await events_of(pool))[-1]["body"])
    assert isinstance(event, OrderPlaced)
    assert event.lines == lines


async def test_an_append_wakes_nobody_inside_its_transaction(
    log: EventLog, owner: Connection
) -> None:
    heard: list[str] = []
    done = asyncio.Event()

    def hear(_connection: object, _pid: int, channel: str, payload: object) -> None:
        heard.append(f"{channel} {payload}")
        if channel == "fence":
            done.set()

    for channel in ("log", "read", "fence"):
        await owner.add_listener(channel, hear)
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    await owner.execute("select pg_notify('fence', '')")
    await asyncio.wait_for(done.wait(), 10)
    assert heard == ["fence "]
    sources = await owner.fetch(
        "select p.proname, p.prosrc from pg_proc p where p.pronamespace = 'log'::regnamespace"
    )
    assert "append" in {row["proname"] for row in sources}
    assert [row["proname"] for row in sources if "notify" in row["prosrc"].lower()] == []


async def test_an_answer_from_memory_makes_its_own_commit_wait(log: EventLog, pool: Pool) -> None:
    """It writes, so its commit waits for the standby that must hold the fact it speaks of."""
    command = OpenShelf(asked=asked(), shelf_id="a")
    await log.handle(jars, command)
    known = Proposal(command.asked, [await one_event(pool)], [], 0)
    ask = "select pg_current_xact_id_if_assigned() is not null"
    day = command.asked.at.date()
    async with pool.acquire() as connection:
        async with connection.transaction():
            await connection.fetchval(queries.head, 1)
            assert not await connection.fetchval(ask)
            rows = await connection.fetch(
                queries.answers_to, 1, [new_command_id()], day, day + timedelta(days=1)
            )
            assert not rows
            assert not await connection.fetchval(ask), "nothing found, nothing to wait for"
        async with connection.transaction():
            row = await connection.fetchrow(queries.append, *append_arguments(1, [known]))
            assert outcome_of(row).verdict is Verdict.KNOWN
            before = await connection.fetchval("select pg_current_wal_insert_lsn()")
            assert await connection.fetchval(ask)
        assert await connection.fetchval("select pg_current_wal_insert_lsn()") > before
        async with connection.transaction():
            rows = await connection.fetch(
                queries.answers_to, 1, [command.asked.command_id], day - timedelta(days=1), day
            )
            assert len(rows) == 1
            assert await connection.fetchval(ask)


async def test_the_application_can_add_to_the_log_and_change_nothing(
    log: EventLog, pool: Pool
) -> None:
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    tables = [
        row["name"]
        for row in await pool.fetch(
            "select c.oid::regclass::text as name from pg_class c"
            " where c.relnamespace = 'log'::regnamespace and c.relkind in ('r', 'p')"
        )
    ]
    assert {"log.events", "log.head", "log.marks", "log.answers", "log.events_default"} <= {*tables}
    refused = 0
    for table in tables:
        column = await pool.fetchval(
            "select attname from pg_attribute where attrelid = $1::text::regclass"
            " and attnum > 0 order by attnum desc limit 1",
            table,
        )
        for statement in (
            f"update {table} set {column} = {column}",
            f"delete from {table}",
            f"truncate {table}",
            f"insert into {table} ({column}) select {column} from {table}",
            f"alter table {table} disable trigger all",
            f"drop table {table}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(statement)
            refused += 1
    assert refused == 6 * len(tables)


async def test_two_networks_neither_see_nor_hold_up_each_other(database: str, pool: Pool) -> None:
    one, two = await open_log(pool, 1), await open_log(pool, 2)
    same = asked()
    await one.handle(jars, OpenShelf(asked=same, shelf_id="a"))
    async with holding_head(database, 1):
        waiting = asyncio.create_task(one.handle(jars, CloseShelf(asked=asked(), shelf_id="a")))
        opened = await two.handle(jars, OpenShelf(asked=same, shelf_id="a"))
        put = await two.handle(jars, PutCoins(asked=asked(), jar_id="j", shelf_id="a"))
        assert not waiting.done()
    closed = await waiting
    assert (opened.position, put.position, closed.position) == (1, 2, 2)
    assert not opened.replayed, "a command id stands for a request within its network"
    assert [row["name"] for row in await events_of(pool, 1)] == [
        "jars.shelf_opened",
        "jars.shelf_closed",
    ]
    assert [row["name"] for row in await events_of(pool, 2)] == [
        "jars.shelf_opened",
        "jars.coins_put",
    ]


async def test_room_is_made_even_where_rows_have_fallen_beside_it(
    log: EventLog, pool: Pool, owner: Connection
) -> None:
    """Nobody made room for ten days: answers lie in the default partition, then move."""
    today = await pool.fetchval("select current_date")
    later = datetime.combine(today + timedelta(days=10), datetime.min.time(), UTC)
    key = new_command_id(int(later.timestamp() * 1000) + 5)
    command = Say(asked=asked(key, at=later), events=(LabelPrinted(label_id=new_name("x")),))
    await log.handle(said, command)
    assert await owner.fetchval("select count(*) from only log.answers_default") == 1
    for _ in range(2):
        await pool.execute("select log.make_room($1, $2)", 1, today + timedelta(days=9))
    assert await owner.fetchval("select count(*) from only log.answers_default") == 0
    assert (await log.handle(said, command)).replayed


async def test_api_1_answers_are_told_longer_than_they_are_replayed(
    log: EventLog, pool: Pool
) -> None:
    """Their day is put aside, where appends do not look, and dropped in the end; facts stay."""
    today = await pool.fetchval("select current_date")
    now = datetime.combine(today, datetime.min.time(), UTC)
    await pool.execute("select log.make_room($1, $2)", 1, today)
    ids = [new_command_id(int(now.timestamp() * 1000) + 5), UUID(int=7)]
    for key in ids:
        command = Say(asked=asked(key, at=now), events=(LabelPrinted(label_id=new_name("x")),))
        await log.handle(said, command)
    keep, day = "select log.keep_answers($1, $2)", timedelta(days=1)
    for before, moved in ((today, 1), (today + day, 1), (today + day, 0)):
        assert await pool.fetchval(keep, before, today) == moved
    assert (await counts_of(pool))[:3] == (2, 2, 0)
    for position, key in enumerate(ids, start=1):
        found = await log.answers.recorded_under([key], now + timedelta(days=399))
        assert found is not None
        recorded, event = found
        assert (recorded.position, type(event)) == (position, LabelPrinted)
        assert not await log.answers.given_to([asked(key, at=now)]), "it is not replayed any more"
    assert await log.answers.recorded_under([new_command_id()], now) is None
    await pool.fetchval(keep, today + day, today + day)
    assert await log.answers.recorded_under(ids, now) is None
    assert await pool.fetchval("select count(*) from log.events") == 2


def test_pairs_are_those_that_decisions_ask_about() -> None:
    """A stream is found by its versions, so no hot tag of it leaves a mark."""
    assert topics.pairs == {
        ("jars.shelf_opened", "shelf"),
        ("jars.shelf_closed", "shelf"),
        ("jars.label_printed", "label"),
    }
