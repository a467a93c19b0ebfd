"""What holds of the log whatever is asked of it, by any number of processes at once."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.jars import (
    CloseShelf,
    JarCommand,
    LabelPrinted,
    MoveCoins,
    OpenShelf,
    PrintLabel,
    PutCoins,
    decide,
    jars,
    needs,
)
from eventlog.keys import asked, new_command_id
from eventlog.logs import events_of, new_network, open_log, types
from jaringan_usaha.eventlog.answers import Recorded
from jaringan_usaha.eventlog.appender import Appender, NewEvent, Outcome, Proposal, Verdict
from jaringan_usaha.eventlog.codec import encode
from jaringan_usaha.eventlog.database import Pool, Row
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.marks import tag_mark
from jaringan_usaha.eventlog.projector import log_queries
from jaringan_usaha.kernel.decider import About, Fact, Known
from jaringan_usaha.kernel.messages import Event
from jaringan_usaha.kernel.rejections import KeyReused, Rejection, Stale

# -- wishes ---------------------------------------------------------------------------------

SHELVES = st.sampled_from(["a", "b"])
JARS = st.sampled_from(["i", "j", "k"])


@dataclass(frozen=True)
class Wish:
    """One command, or the repetition of the one `repeats` places before it."""

    kind: str
    shelf: str = "a"
    jar: str = "j"
    other: str = "k"
    coins: int = 0
    repeats: int = 0
    otherwise: bool = False


wishes = st.one_of(
    st.builds(Wish, kind=st.just("open"), shelf=SHELVES),
    st.builds(Wish, kind=st.just("close"), shelf=SHELVES),
    st.builds(Wish, kind=st.just("print"), jar=JARS),
    *[
        st.builds(Wish, kind=st.just("put"), shelf=SHELVES, jar=JARS, coins=st.integers(-30, 70))
        for _ in range(3)
    ],
    st.builds(
        Wish, kind=st.just("move"), shelf=SHELVES, jar=JARS, other=JARS, coins=st.integers(0, 60)
    ),
    st.builds(Wish, kind=st.just("again"), repeats=st.integers(1, 9), otherwise=st.booleans()),
)


def commands_for(asked_for: Sequence[Wish]) -> list[JarCommand]:
    """The shelf `a` is open from the start, so that not everything is refused."""
    commands: list[JarCommand] = [OpenShelf(asked=asked(), shelf_id="a")]
    for wish in asked_for:
        frame = asked()
        match wish.kind:
            case "open":
                commands.append(OpenShelf(asked=frame, shelf_id=wish.shelf))
            case "close":
                commands.append(CloseShelf(asked=frame, shelf_id=wish.shelf))
            case "print":
                commands.append(PrintLabel(asked=frame, label_id=wish.jar))
            case "put":
                commands.append(
                    PutCoins(asked=frame, jar_id=wish.jar, shelf_id=wish.shelf, coins=wish.coins)
                )
            case "move":
                commands.append(
                    MoveCoins(
                        asked=frame,
                        source_id=wish.jar,
                        target_id=wish.other,
                        shelf_id=wish.shelf,
                        coins=wish.coins,
                    )
                )
            case "again":
                earlier = commands[-min(wish.repeats, len(commands))]
                if wish.otherwise:
                    other = asked(earlier.asked.command_id, what="something else")
                    commands.append(OpenShelf(asked=other, shelf_id="b"))
                else:
                    commands.append(earlier)
    return commands


Answer = Recorded | Rejection


async def answer(log: Any, command: JarCommand) -> Answer:
    (given_answer,) = await log.handle_each([(jars, command)])
    return given_answer  # type: ignore[no-any-return]


# -- what the log holds ---------------------------------------------------------------------


def check_rows(rows: Sequence[Row], head: int) -> None:
    """Properties 1 to 4."""
    assert [row["position"] for row in rows] == list(range(1, head + 1))
    times = [row["recorded_at"] for row in rows]
    assert times == sorted(times)
    versions: dict[UUID, list[int]] = defaultdict(list)
    commands: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        if row["stream_id"] is not None:
            versions[row["stream_id"]].append(row["stream_version"])
        commands[row["command_id"]].append((row["position"], row["batch_item"]))
    for found in versions.values():
        assert found == list(range(1, len(found) + 1))
    for events in commands.values():
        first = events[0][0]
        assert events == [(first + item, item + 1) for item in range(len(events))]


class Model:
    """The small feature alone: facts folded in the memory of this test."""

    def __init__(self) -> None:
        self.facts: dict[About[Any], Fact[Any]] = {}

    def decide(self, command: JarCommand) -> list[Event]:
        abouts = needs(command)
        known = {about: self.facts.get(about, self._nothing(about)) for about in abouts}
        events = list(decide(command, Known(known)))
        for event in events:
            self.apply(event, abouts)
        return events

    def apply(self, event: Event, abouts: Sequence[About[Any]]) -> None:
        tags = dict(event.tags())
        for about in abouts:
            topic = about.topic
            if isinstance(event, topic.events) and tags.get(topic.tag) == about.value:
                fact = self.facts.get(about, self._nothing(about))
                self.facts[about] = Fact(topic.evolve(fact.state, event), fact.version + 1)

    @staticmethod
    def _nothing(about: About[Any]) -> Fact[Any]:
        return Fact(about.topic.initial(about.value))


def is_recorded(found: Answer) -> bool:
    """Whether it is the answer to a fact of its own, not a wish that was so already."""
    return isinstance(found, Recorded) and found.recorded_at is not None


@given(
    asked_for=st.lists(wishes, min_size=4, max_size=30),
    chunk=st.integers(1, 12),
    processes=st.integers(1, 3),
)
@settings(max_examples=100)
async def test_the_log_is_what_was_answered_and_what_the_rules_say(
    pool: Pool, asked_for: list[Wish], chunk: int, processes: int
) -> None:
    """Properties 1 to 7 and 11, with several processes that know nothing of each other."""
    network = await new_network(pool)
    logs = [await open_log(pool, network) for _ in range(processes)]
    commands = commands_for(asked_for)
    answers: list[Answer] = []
    for start in range(0, len(commands), chunk):
        part = list(enumerate(commands[start : start + chunk], start))
        answers += await asyncio.gather(
            *(answer(logs[number % processes], command) for number, command in part)
        )
    rows = await events_of(pool, network)
    check_rows(rows, await logs[0].head())

    by_command: dict[UUID, set[tuple[int, int]]] = defaultdict(set)
    for command, found in zip(commands, answers, strict=True):
        assert not isinstance(found, Stale) or processes * chunk > 4
        if is_recorded(found):
            by_command[command.asked.command_id].add((found.first_position, found.position))
    assert all(len(positions) == 1 for positions in by_command.values()), "one key, one answer"
    acknowledged = {
        position
        for spans in by_command.values()
        for first, last in spans
        for position in range(first, last + 1)
    }
    assert acknowledged == {row["position"] for row in rows}
    assert {row["command_id"] for row in rows} == set(by_command)

    recorded = {row["command_id"] for row in rows}
    kept = await pool.fetch("select * from log.answers where network_id = $1", network)
    assert {row["command_id"] for row in kept} == recorded
    marked = await pool.fetch("select position from log.marks where network_id = $1", network)
    assert {row["position"] for row in marked} <= {row["position"] for row in rows}

    first_of = {command.asked.command_id: command for command in reversed(commands)}
    prints = {row["command_id"]: row["print"] for row in kept}
    model = Model()
    at = 0
    while at < len(rows):
        key = rows[at]["command_id"]
        command = first_of[key]
        if command.asked.print != prints[key]:  # the other wish under this key came first
            (command,) = [
                each
                for each in commands
                if each.asked.command_id == key and each.asked.print == prints[key]
            ][:1]
        for event in model.decide(command):
            name, _, number = type(event).name.rpartition(".")
            assert (rows[at]["name"], rows[at]["schema_no"]) == (name, int(number))
            assert rows[at]["body"] == encode(event)
            assert types.decode(name, int(number), rows[at]["body"]) == event
            at += 1


@given(asked_for=st.lists(wishes, min_size=2, max_size=25))
@settings(max_examples=100)
async def test_a_batch_is_worth_as_many_single_commands(pool: Pool, asked_for: list[Wish]) -> None:
    """Property 8: verdict by verdict, and the same facts of each thing."""
    commands = commands_for(asked_for)
    together, apart = await new_network(pool), await new_network(pool)
    log = await open_log(pool, together)
    at_once = await log.handle_each([(jars, command) for command in commands])
    single = await open_log(pool, apart)
    one_by_one = [await answer(single, command) for command in commands]

    def verdict(found: Answer) -> object:
        if isinstance(found, Rejection):
            return type(found)
        return found.version, found.recorded_at is not None

    assert [verdict(found) for found in at_once] == [verdict(found) for found in one_by_one]

    def facts(rows: Sequence[Row]) -> dict[object, list[bytes]]:
        found: dict[object, list[bytes]] = defaultdict(list)
        for row in rows:
            found[row["stream_id"] or row["name"]].append(row["body"])
        return {
            key: bodies if isinstance(key, UUID) else sorted(bodies)
            for key, bodies in found.items()
        }

    assert facts(await events_of(pool, together)) == facts(await events_of(pool, apart))


# -- guards ---------------------------------------------------------------------------------

MARKS = [tag_mark("tests", "mark", str(number)) for number in range(6)]
some_marks = st.frozensets(st.integers(0, 5), max_size=3)


@settings(max_examples=60)
@given(
    proposed=st.lists(
        st.tuples(some_marks, some_marks, st.integers(0, 3)), min_size=2, max_size=24
    ),
    batch=st.integers(1, 8),
    before=st.integers(0, 3),
)
async def test_a_command_is_stale_exactly_when_a_guard_met_a_newer_mark(
    pool: Pool,
    proposed: list[tuple[frozenset[int], frozenset[int], int]],
    batch: int,
    before: int,
) -> None:
    """Property 9, both ways: no winner passed a mark, no loser is without one."""
    network = await new_network(pool)
    number = await pool.fetchval("select type_id from log.types where name = 'jars.label_printed'")

    def event(marks: frozenset[int]) -> NewEvent:
        body = encode(LabelPrinted(label_id="x"))
        left = tuple(MARKS[each] for each in sorted(marks))
        return NewEvent(number, 1, body, None, None, left)

    appenders = [Appender(pool, network, batch=batch) for _ in range(2)]
    for _ in range(before):
        await appenders[0].submit(Proposal(asked(), [event(frozenset({0}))], [], 0))
    outcomes: list[Outcome] = await asyncio.gather(
        *(
            appenders[place % 2].submit(
                Proposal(
                    asked(), [event(left)], [(MARKS[each], after) for each in sorted(guards)], 0
                )
            )
            for place, (left, guards, after) in enumerate(proposed)
        )
    )
    marks = [
        (row["mark"], row["position"])
        for row in await pool.fetch("select * from log.marks where network_id = $1", network)
    ]
    for (_, guards, after), outcome in zip(proposed, outcomes, strict=True):
        met = [at for mark, at in marks for each in guards if mark == MARKS[each] and at > after]
        if outcome.verdict is Verdict.RECORDED:
            assert not [at for at in met if at < outcome.first_position]
        else:
            assert outcome.verdict is Verdict.STALE
            assert met
    recorded = [each.first_position for each in outcomes if each.verdict is Verdict.RECORDED]
    assert sorted(recorded) == list(range(before + 1, before + 1 + len(recorded)))


# -- readers --------------------------------------------------------------------------------


@given(
    sizes=st.lists(st.integers(1, 5), min_size=10, max_size=40),
    readers=st.lists(
        st.tuples(st.integers(0, 8), st.integers(1, 7), st.integers(0, 5)), min_size=1, max_size=3
    ),
)
@settings(max_examples=25)
async def test_readers_see_every_event_once_and_in_order(
    pool: Pool, sizes: list[int], readers: list[tuple[int, int, int]]
) -> None:
    """Property 10: started anywhere, polling whenever, while four processes write."""
    network = await new_network(pool)
    number = await pool.fetchval("select type_id from log.types where name = 'jars.label_printed'")
    body = encode(LabelPrinted(label_id="x"))
    event = NewEvent(number, 1, body, None, None, ())
    appenders = [Appender(pool, network, batch=3) for _ in range(4)]
    total = sum(sizes)

    async def read(start: int, page: int, pause: int) -> list[int]:
        seen: list[int] = []
        position = start
        while position < total:
            rows = await pool.fetch(log_queries.page, network, position, page)
            seen += [row["position"] for row in rows]
            position = max([position, *seen[-1:]])
            for _ in range(pause):
                await asyncio.sleep(0)
        return seen

    reading = [asyncio.create_task(read(*each)) for each in readers]
    await asyncio.gather(
        *(
            appenders[place % 4].submit(Proposal(asked(new_command_id()), [event] * size, [], 0))
            for place, size in enumerate(sizes)
        )
    )
    for task, (start, _, _) in zip(reading, readers, strict=True):
        assert await asyncio.wait_for(task, 30) == list(range(start + 1, total + 1))


async def test_wishes_reach_every_kind_of_answer(log: EventLog) -> None:
    """The properties above would be empty if everything were refused alike."""
    asked_for = [
        Wish("put", coins=5),
        Wish("again", repeats=1),
        Wish("again", repeats=2, otherwise=True),
        Wish("put", coins=99),
        Wish("open"),
        Wish("close", shelf="b"),
        Wish("move", coins=5),
        Wish("close"),
        Wish("put"),
        Wish("print"),
    ]
    answers = [await answer(log, command) for command in commands_for(asked_for)]
    assert [getattr(each, "code", getattr(each, "position", 0)) for each in answers] == [
        *(1, 2, 2, KeyReused.code, "jar-overflows", 1, "shelf-unknown", 4, 5, "shelf-closed", 6),
    ]
