"""The one door for facts: find what is known, decide, append, answer."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from jaringan_usaha.eventlog.appender import (
    REPLAY_DAYS,
    Appender,
    NewEvent,
    Outcome,
    Proposal,
    Verdict,
    days_to_search,
    queries,
)
from jaringan_usaha.eventlog.codec import EventTypes, encode
from jaringan_usaha.eventlog.database import FULL, LOST, Pool
from jaringan_usaha.eventlog.marks import stream_mark, tag_mark
from jaringan_usaha.eventlog.memory import Memory, Remembered, fold, nothing_yet
from jaringan_usaha.eventlog.memory import type_name as name_of
from jaringan_usaha.eventlog.together import FailedTogether, append_together
from jaringan_usaha.eventlog.topics import Topics
from jaringan_usaha.kernel.decider import About, Decider, Fact, Known
from jaringan_usaha.kernel.messages import Asked, Command, Event
from jaringan_usaha.kernel.rejections import Busy, KeyReused, Rejection, Stale

TRIES = 4
_STREAM_STEP = 16  # versions of a stream that are looked up at once

Task = tuple[Decider[Any], Command]


class Recorded(msgspec.Struct, frozen=True):
    """What a command led to. `replayed`: it had been recorded before, this is that answer.

    `position` is the last one of its events; a view that has reached it shows them all.
    """

    position: int
    first_position: int
    version: int
    recorded_at: datetime | None
    replayed: bool = False


class _Plan(msgspec.Struct, frozen=True):
    """One decided command: its events, where they stand in streams, and what it rests on."""

    events: Sequence[Event]
    facts: dict[About[Any], Remembered]
    proposal: Proposal

    @property
    def leaves(self) -> list[UUID]:
        """What it changes: the marks that its events leave, and the answer under its key."""
        marks = [mark for event in self.proposal.events for mark in event.marks]
        return [self.proposal.asked.command_id, *marks]


class _Trust(Enum):
    """What a command may be decided on."""

    MEMORY = "memory, where it has the facts"
    LOG = "only facts just read from the log"


@dataclass
class _Wave:
    """Commands that are decided together: those still to do, and the answers so far.

    A refusal is only given on facts just read: memory may have missed what another process
    recorded, which for a decision to append the guards find out.
    """

    todo: dict[int, _Trust]
    answers: dict[int, Recorded | Rejection] = field(default_factory=dict)


class EventLog:
    """The facts of one network."""

    def __init__(
        self,
        network_id: int,
        pool: Pool,
        types: EventTypes,
        type_ids: dict[str, int],
        topics: Topics,
        *,
        memory: Memory | None = None,
        appender: Appender | None = None,
    ) -> None:
        self.network_id = network_id
        self._pool = pool
        self._types = types
        self._type_ids = type_ids
        self._topics = topics
        self.memory = memory or Memory()
        self.appender = appender or Appender(pool, network_id)

    async def handle(self, decider: Decider[Any], command: Command) -> Recorded:
        """Record what the command leads to. Raises the Rejection that a rule answers with,
        Stale after four tries against others, Busy or Unknown when the log cannot take it."""
        plan = self._plan_from_memory(decider, command)
        answer: Recorded | Rejection | None = None
        if plan is not None:
            answer = await self._settle(plan, self.appender.submit(plan.proposal))
        if answer is None:
            (answer,) = await self.handle_each([(decider, command)])
        if isinstance(answer, Rejection):
            raise answer
        return answer

    def _plan_from_memory(self, decider: Decider[Any], command: Command) -> "_Plan | None":
        """The usual case at once: every fact is remembered, and the rule says yes."""
        facts: dict[About[Any], Remembered] = {}
        for each in decider.needs(command):
            about = each.plain()
            entry = self.memory.recall(about) or (nothing_yet(about) if each.new else None)
            if entry is None:
                return None
            facts[about] = entry
        plan = self._decide(decider, command, facts)
        return plan if isinstance(plan, _Plan) else None

    async def handle_each(self, tasks: Sequence[Task]) -> list[Recorded | Rejection]:
        """Handle many commands, each with its own verdict, in the order given where they
        touch the same facts."""
        wave = _Wave(dict.fromkeys(range(len(tasks)), _Trust.MEMORY))
        for _ in range(TRIES + len(tasks)):
            if not wave.todo:
                break
            await self._ride(tasks, wave)
        for number in wave.todo:
            wave.answers[number] = Stale("others changed the same facts; send this request again")
        return [wave.answers[number] for number in range(len(tasks))]

    async def handle_together(self, tasks: Sequence[Task]) -> list[Recorded]:
        """Record what all of these commands lead to, each decided on what those before it
        change, or nothing of any. Raises FailedTogether, and Busy."""
        for _ in range(TRIES):
            try:
                answers = await self._try_together(tasks)
            except (*LOST, *FULL):
                raise Busy(
                    "the database does not answer; send this request again", retry_after=1
                ) from None
            if answers is not None:
                return answers
        stale = Stale("others changed the same facts; send this request again")
        raise FailedTogether(0, stale)

    async def _try_together(self, tasks: Sequence[Task]) -> list[Recorded] | None:
        """One try, on facts just read; None when it must be made anew."""
        known = await self.answers_to([command.asked for _, command in tasks])
        answers: dict[int, Recorded] = {}
        todo: list[int] = []
        for number, (_, command) in enumerate(tasks):
            answer = known.get(command.asked.command_id)
            if isinstance(answer, Rejection):
                raise FailedTogether(number, answer)
            if answer is None:
                todo.append(number)
            else:
                answers[number] = answer
        plans, read = await self._decide_together(tasks, todo, answers)
        if plans:
            guards = [guard for entry in read.values() for guard in entry.guards]
            proposals = [
                msgspec.structs.replace(plan.proposal, guards=guards if not at else ())
                for at, plan in enumerate(plans.values())
            ]
            outcomes = await append_together(self._pool, self.network_id, proposals)
            for plan in plans.values():
                for event in plan.events:
                    self.memory.forget(self._topics.touched(event))
            if outcomes is None:
                return None
            for number, outcome in zip(plans, outcomes, strict=True):
                answer = _answer(outcome)
                assert isinstance(answer, Recorded)
                answers[number] = answer
        return [answers[number] for number in range(len(tasks))]

    async def _decide_together(
        self, tasks: Sequence[Task], todo: Sequence[int], answers: dict[int, Recorded]
    ) -> tuple[dict[int, _Plan], dict[About[Any], Remembered]]:
        """What each leads to after those before it, and the facts that all rests on. What is so
        already is answered. Raises FailedTogether."""
        needs = {
            number: [each.plain() for each in tasks[number][0].needs(tasks[number][1])]
            for number in todo
        }
        abouts = dict.fromkeys(about for each in needs.values() for about in each)
        read = await self._read(abouts) if abouts else {}
        facts = dict(read)
        plans: dict[int, _Plan] = {}
        for number in todo:
            plan = self._decide(*tasks[number], {about: facts[about] for about in needs[number]})
            if isinstance(plan, Rejection):
                raise FailedTogether(number, plan)
            if isinstance(plan, Recorded):
                answers[number] = plan
                continue
            plans[number] = plan
            for event in plan.events:
                for about in self._topics.touched(event):
                    if about in facts:
                        entry = facts[about]
                        fact = fold(about, entry.fact, {entry.position: event})
                        facts[about] = Remembered(about, fact, entry.position)
        return plans, read

    async def _ride(self, tasks: Sequence[Task], wave: "_Wave") -> None:
        """Try each command once; those that must be decided again stay to do."""
        needs = {number: tasks[number][0].needs(tasks[number][1]) for number in wave.todo}
        try:
            known = await self._gather(needs, wave.todo)
        except (*LOST, *FULL):
            busy = Busy("the database does not answer; send this request again", retry_after=1)
            wave.answers.update(dict.fromkeys(wave.todo, busy))
            wave.todo = {}
            return
        again: dict[int, _Trust] = {}
        left: set[UUID] = set()  # what those before leave
        behind: set[UUID] = set()  # what those before rest on that must wait
        refused: list[int] = []
        waiting: list[tuple[int, _Plan, asyncio.Future[Outcome]]] = []
        for number, trust in wave.todo.items():
            facts = {about: known[about] for about in map(About.plain, needs[number])}
            plan = self._decide(*tasks[number], facts)
            leaves = plan.leaves if isinstance(plan, _Plan) else []
            rests_on = _rests_on(tasks[number][1], facts)
            if not left.isdisjoint(rests_on) or not behind.isdisjoint(leaves):
                again[number] = _Trust.MEMORY  # behind an earlier one that touches the same
                behind.update(rests_on)
                left.update(leaves)
            elif isinstance(plan, _Plan):
                waiting.append((number, plan, self.appender.submit(plan.proposal)))
                left.update(leaves)
            elif trust is _Trust.MEMORY or not behind.isdisjoint(rests_on):
                again[number] = _Trust.LOG
                behind.update(rests_on)
            else:
                behind.add(tasks[number][1].asked.command_id)  # its key is looked up below
                refused.append(number)
                wave.answers[number] = plan
        for number, plan, future in waiting:
            answer = await self._settle(plan, future)
            if answer is None:
                again[number] = _Trust.LOG
            else:
                wave.answers[number] = answer
        await self._recall_answers(tasks, refused, wave.answers)
        wave.todo = dict(sorted(again.items()))

    async def _settle(
        self, plan: "_Plan", future: "asyncio.Future[Outcome]"
    ) -> Recorded | Rejection | None:
        """The answer to a proposal; None when it met newer facts and must be decided again."""
        try:
            outcome = await future
        except Rejection as rejection:
            self.memory.forget(plan.facts)
            return rejection
        if outcome.verdict is Verdict.STALE:
            return None
        if outcome.verdict is Verdict.RECORDED:
            self._learn(plan, outcome)
        return _answer(outcome)

    async def _gather(
        self, needs: Mapping[int, Sequence[About[Any]]], todo: "Mapping[int, _Trust]"
    ) -> dict[About[Any], Remembered]:
        """Everything that these commands must know, from memory or, in one query, the log."""
        known: dict[About[Any], Remembered] = {}
        missing: dict[About[Any], None] = {}
        for number, abouts in needs.items():
            for each in abouts:
                about = each.plain()
                if about in known or about in missing:
                    continue
                if todo[number] is _Trust.LOG:
                    missing[about] = None
                    continue
                entry = self.memory.recall(about)
                if entry is not None:
                    known[about] = entry
                elif each.new:
                    known[about] = nothing_yet(about)
                else:
                    missing[about] = None
        if missing:
            known.update(await self._read(missing))
        return known

    def _decide(
        self, decider: Decider[Any], command: Command, facts: dict[About[Any], Remembered]
    ) -> "_Plan | Rejection | Recorded":
        """What is to be appended; or the refusal, or what has been so already."""
        known = Known({about: entry.fact for about, entry in facts.items()})
        try:
            events = decider.answer(command, known)
        except Rejection as rejection:
            return rejection
        if not events:
            return _already_so(facts[decider.needs(command)[0].plain()].fact)
        versions: dict[About[Any], int] = {}
        new: list[NewEvent] = []
        version = 0
        for event in events:
            stream = self._topics.stream_of(event)
            if stream is not None:
                about = stream.about
                version = versions.get(about, facts[about].fact.version) + 1
                versions[about] = version
            kind = self._types.by_class[type(event)]
            new.append(
                NewEvent(
                    self._type_ids[kind.name],
                    kind.schema_no,
                    encode(event),
                    stream.key if stream else None,
                    version if stream else None,
                    tuple(self._topics.marks_left(event, stream, version)),
                )
            )
        guards = [guard for entry in facts.values() for guard in entry.guards]
        return _Plan(events, facts, Proposal(command.asked, new, guards, version))

    def _learn(self, plan: _Plan, outcome: Outcome) -> None:
        """Facts that were guarded are folded on; others that the events touch are dropped."""
        for position, event in enumerate(plan.events, start=outcome.first_position):
            for about in self._topics.touched(event):
                entry = plan.facts.get(about)
                if entry is None or about.topic.settled:
                    self.memory.forget([about])
                    continue
                fact = fold(about, entry.fact, {position: event})
                entry = Remembered(about, fact, outcome.last_position)
                plan.facts[about] = entry
                self.memory.learn(about, entry)

    async def _read(self, missing: Iterable[About[Any]]) -> dict[About[Any], Remembered]:
        """Fold these facts from the log, in one query a round, and remember them."""
        facts: dict[About[Any], tuple[Fact[Any], int]] = {}
        async with self._pool.acquire() as connection:
            # The head is taken before the events: what is read is complete at least up to it.
            head = int(await connection.fetchval(queries.head, self.network_id) or 0)
            step = list(missing)
            while step:
                asked: dict[UUID, list[About[Any]]] = {}
                for about in step:
                    for mark in self._marks_asked(about, facts):
                        asked.setdefault(mark, []).append(about)
                rows = await connection.fetch(
                    queries.marked_events, self.network_id, list(asked), [0] * len(asked)
                )
                found: dict[About[Any], dict[int, Event]] = {about: {} for about in step}
                decoded: dict[int, Event] = {}
                for row in rows:
                    position = row["position"]
                    if position not in decoded:
                        decoded[position] = self._types.decode(
                            row["name"], row["schema_no"], row["body"]
                        )
                    for about in asked[row["mark"]]:
                        found[about][position] = decoded[position]
                for about, events in found.items():
                    before = facts[about][0] if about in facts else nothing_yet(about).fact
                    facts[about] = (fold(about, before, events), max([head, *events]))
                step = [
                    about
                    for about, events in found.items()
                    if about.topic.stream and len(events) == _STREAM_STEP
                ]
        read = {
            about: Remembered(about, fact, position) for about, (fact, position) in facts.items()
        }
        for about, entry in read.items():
            self.memory.learn(about, entry)
        return read

    @staticmethod
    def _marks_asked(
        about: About[Any], facts: dict[About[Any], tuple[Fact[Any], int]]
    ) -> list[UUID]:
        topic = about.topic
        if topic.stream:
            after = facts[about][0].version if about in facts else 0
            versions = range(after + 1, after + 1 + _STREAM_STEP)
            return [stream_mark(topic.tag, about.value, version) for version in versions]
        return [tag_mark(name_of(kind), topic.tag, about.value) for kind in topic.events]

    async def _recall_answers(
        self, tasks: Sequence[Task], numbers: list[int], answers: dict[int, Recorded | Rejection]
    ) -> None:
        """A repeated command is answered as the first time, even if its rule now says no."""
        if not numbers:
            return
        asked = {number: tasks[number][1].asked for number in numbers}
        known = await self.answers_to(list(asked.values()))
        for number, each in asked.items():
            answer = known.get(each.command_id)
            if answer is not None:
                answers[number] = answer

    async def recorded_under(
        self, command_ids: Sequence[UUID], *now: datetime
    ) -> tuple[Recorded, Event] | None:
        """What was recorded under one of these ids, and its last event; None for nothing within
        the last 400 days. `now` is told by every clock that commands went by. Raises Busy."""
        first, last = days_to_search([(each, at) for each in command_ids for at in now])
        arguments = (self.network_id, list(command_ids), first, last)
        try:
            row = await self._pool.fetchrow(queries.recorded_under, *arguments)
        except (*LOST, *FULL):
            raise Busy("the database does not answer; ask again shortly", retry_after=2) from None
        if row is None:
            return None
        recorded = Recorded(
            row["last_position"], row["first_position"], row["version"], row["recorded_at"], True
        )
        return recorded, self._types.decode(row["name"], row["schema_no"], row["body"])

    async def answers_to(self, asked: Sequence[Asked]) -> dict[Any, Recorded | Rejection]:
        """The answers already given to these commands, by command id; KeyReused where the
        id stands for another request."""
        if not asked:
            return {}
        prints = {each.command_id: each.print for each in asked}
        first, last = days_to_search([(each.command_id, each.at) for each in asked])
        rows = await self._pool.fetch(
            queries.answers_to, self.network_id, list(prints), first, last
        )
        return {
            row["command_id"]: Recorded(
                row["last_position"],
                row["first_position"],
                row["version"],
                row["recorded_at"],
                replayed=True,
            )
            if row["print"] == prints[row["command_id"]]
            else _key_reused()
            for row in rows
        }

    async def know(self, abouts: Sequence[About[Any]]) -> Known:
        """These facts as the log has them now (settled ones as remembered), to show what a rule
        would say. Raises Busy."""
        settled = [about for about in abouts if about.topic.settled]
        others = [about for about in abouts if not about.topic.settled]
        trust = {0: _Trust.MEMORY, 1: _Trust.LOG}
        try:
            facts = await self._gather({0: settled, 1: others}, trust)
        except (*LOST, *FULL):
            raise Busy("the database does not answer; ask again shortly", retry_after=2) from None
        return Known({about: entry.fact for about, entry in facts.items()})

    async def head(self) -> int:
        """The last position of the network."""
        return int(await self._pool.fetchval(queries.head, self.network_id) or 0)


def _rests_on(command: Command, facts: dict[About[Any], Remembered]) -> list[UUID]:
    """What its answer depends on: the marks it must not meet, and what stands under its key."""
    marks = [mark for fact in facts.values() for mark, _ in fact.guards]
    return [command.asked.command_id, *marks]


def _already_so(fact: Fact[Any]) -> Recorded:
    """The wish is already fact: the thing's version, and the position at which it became so."""
    return Recorded(fact.position, fact.position, fact.version, None, replayed=True)


def _answer(outcome: Outcome) -> Recorded | Rejection:
    if outcome.verdict is Verdict.KEY_REUSED:
        return _key_reused()
    return Recorded(
        outcome.last_position,
        outcome.first_position,
        outcome.version,
        outcome.recorded_at,
        replayed=outcome.verdict is Verdict.KNOWN,
    )


def _key_reused() -> KeyReused:
    return KeyReused(
        f"this idempotency key was used for another request within the last {REPLAY_DAYS} days; "
        "use a new key for a new request"
    )
