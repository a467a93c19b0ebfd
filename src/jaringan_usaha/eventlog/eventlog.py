"""The one door for facts: find what is known, decide, append, answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from jaringan_usaha.eventlog.answers import Answers, Recorded, answer_of
from jaringan_usaha.eventlog.appender import Appender, Outcome, Verdict, queries
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.database import FULL, LOST, Pool
from jaringan_usaha.eventlog.facts import Entries, Facts, Trust
from jaringan_usaha.eventlog.memory import Memory
from jaringan_usaha.eventlog.planning import Plan, Planner, Task
from jaringan_usaha.eventlog.together import FailedTogether, Together
from jaringan_usaha.eventlog.topics import Topics
from jaringan_usaha.kernel.decider import About, Decider, Known
from jaringan_usaha.kernel.messages import Command
from jaringan_usaha.kernel.rejections import Busy, Rejection, Stale

TRIES = 4


@dataclass
class _Wave:
    """Commands that are decided at once: those still to do, and the answers so far.

    A refusal is only given on facts just read: memory may have missed what another process
    recorded, which for a decision to append the guards find out.
    """

    todo: dict[int, Trust]
    answers: dict[int, Recorded | Rejection] = field(default_factory=dict)


class EventLog:
    """The log of one network."""

    def __init__(
        self,
        network_id: int,
        pool: Pool,
        types: EventTypes,
        type_ids: dict[str, int],
        topics: Topics,
        *,
        memory: Memory,
        appender: Appender,
    ) -> None:
        self.network_id = network_id
        self.appender = appender
        self.answers = Answers(pool, network_id, types)
        self._pool = pool
        self._facts = Facts(pool, network_id, types, topics, memory)
        self._planner = Planner(types, type_ids, topics)
        self._together = Together(pool, network_id, self.answers, self._facts, self._planner)

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

    def _plan_from_memory(self, decider: Decider[Any], command: Command) -> Plan | None:
        """The usual case at once: every fact is remembered, and the rule says yes."""
        facts = self._facts.remembered(decider.needs(command))
        if facts is None:
            return None
        plan = self._planner.decide(decider, command, facts)
        return plan if isinstance(plan, Plan) else None

    async def handle_each(self, tasks: Sequence[Task]) -> list[Recorded | Rejection]:
        """Handle many commands, each with its own verdict, in the order given where they
        touch the same facts."""
        wave = _Wave(dict.fromkeys(range(len(tasks)), Trust.MEMORY))
        for _ in range(TRIES + len(tasks)):
            if not wave.todo:
                break
            await self._ride(tasks, wave)
        wave.answers.update(dict.fromkeys(wave.todo, _stale()))
        return [wave.answers[number] for number in range(len(tasks))]

    async def handle_together(self, tasks: Sequence[Task]) -> list[Recorded]:
        """Record what all of these commands lead to, each decided on what those before it
        change, or nothing of any. Raises FailedTogether, Busy, and Invalid for what the log cannot
        store."""
        for _ in range(TRIES):
            try:
                answers = await self._together.attempt(tasks)
            except (*LOST, *FULL):
                raise _busy() from None
            if answers is not None:
                return answers
        raise FailedTogether(0, _stale())

    async def _ride(self, tasks: Sequence[Task], wave: _Wave) -> None:
        """Try each command once; those that must be decided again stay to do."""
        needs = {number: tasks[number][0].needs(tasks[number][1]) for number in wave.todo}
        try:
            known = await self._facts.gather(needs, wave.todo)
        except (*LOST, *FULL):
            wave.answers.update(dict.fromkeys(wave.todo, _busy()))
            wave.todo = {}
            return
        again: dict[int, Trust] = {}
        left: set[UUID] = set()  # what those before leave
        behind: set[UUID] = set()  # what those before rest on that must wait
        refused: list[int] = []
        waiting: list[tuple[int, Plan, asyncio.Future[Outcome]]] = []
        for number, trust in wave.todo.items():
            facts = {about: known[about] for about in map(About.plain, needs[number])}
            plan = self._planner.decide(*tasks[number], facts)
            leaves = plan.leaves if isinstance(plan, Plan) else []
            rests_on = _rests_on(tasks[number][1], facts)
            if not left.isdisjoint(rests_on) or not behind.isdisjoint(leaves):
                again[number] = Trust.MEMORY  # behind an earlier one that touches the same
                behind.update(rests_on)
                left.update(leaves)
            elif isinstance(plan, Plan):
                waiting.append((number, plan, self.appender.submit(plan.proposal)))
                left.update(leaves)
            elif trust is Trust.MEMORY or not behind.isdisjoint(rests_on):
                again[number] = Trust.LOG
                behind.update(rests_on)
            else:
                behind.add(tasks[number][1].asked.command_id)  # its key is looked up below
                refused.append(number)
                wave.answers[number] = plan
        for number, plan, future in waiting:
            answer = await self._settle(plan, future)
            if answer is None:
                again[number] = Trust.LOG
            else:
                wave.answers[number] = answer
        await self._recall_answers(tasks, refused, wave.answers)
        wave.todo = dict(sorted(again.items()))

    async def _settle(
        self, plan: Plan, future: "asyncio.Future[Outcome]"
    ) -> Recorded | Rejection | None:
        """The answer to a proposal; None when it met newer facts and must be decided again."""
        try:
            outcome = await future
        except Rejection as rejection:
            self._facts.forget(plan.facts)
            return rejection
        if outcome.verdict is Verdict.STALE:
            return None
        if outcome.verdict is Verdict.RECORDED:
            self._facts.learn(plan.facts, plan.events, outcome)
        return answer_of(outcome)

    async def _recall_answers(
        self, tasks: Sequence[Task], numbers: list[int], answers: dict[int, Recorded | Rejection]
    ) -> None:
        """A repeated command is answered as the first time, even if its rule now says no."""
        asked = {number: tasks[number][1].asked for number in numbers}
        try:
            known = await self.answers.given_to(list(asked.values()))
        except (*LOST, *FULL):
            answers.update(dict.fromkeys(numbers, _busy()))
            return
        for number, each in asked.items():
            answer = known.get(each.command_id)
            if answer is not None:
                answers[number] = answer

    async def know(self, abouts: Sequence[About[Any]]) -> Known:
        """These facts as the log has them now (settled ones as remembered), to show what a rule
        would say. Raises Busy."""
        return await self._facts.know(abouts)

    async def head(self) -> int:
        """The last position of the network."""
        return int(await self._pool.fetchval(queries.head, self.network_id) or 0)


def _rests_on(command: Command, facts: Entries) -> list[UUID]:
    """What its answer depends on: the marks it must not meet, and what stands under its key."""
    marks = [mark for fact in facts.values() for mark, _ in fact.guards]
    return [command.asked.command_id, *marks]


def _stale() -> Stale:
    return Stale("others changed the same facts; send this request again")


def _busy() -> Busy:
    return Busy("the database does not answer; send this request again", retry_after=1)
