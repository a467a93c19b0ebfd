"""Commands that stand or fall together: decided one on the other, appended in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from jaringan_usaha.eventlog.answers import Answers, Recorded, answer_of
from jaringan_usaha.eventlog.appender import (
    Outcome,
    Proposal,
    Verdict,
    append_arguments,
    must_fit,
    outcome_of,
    queries,
)
from jaringan_usaha.eventlog.database import BROKEN, FULL, LOST, Pool
from jaringan_usaha.eventlog.facts import Entries, Facts
from jaringan_usaha.eventlog.planning import Plan, Planner, Task
from jaringan_usaha.kernel.rejections import Busy, Invalid, Rejection


class FailedTogether(Exception):
    """Nothing is recorded, since command `number` (from 0) got this refusal."""

    def __init__(self, number: int, rejection: Rejection) -> None:
        super().__init__(rejection.detail)
        self.number = number
        self.rejection = rejection


@dataclass(frozen=True)
class Together:
    """Records what all of some commands lead to, or nothing of any."""

    pool: Pool
    network_id: int
    answers: Answers
    facts: Facts
    planner: Planner

    async def attempt(self, tasks: Sequence[Task]) -> list[Recorded] | None:
        """One try, on facts just read; None when it must be made anew.

        Raises FailedTogether, Busy, Invalid, and what says that the database is lost or full.
        """
        answers = await self._answers_so_far(tasks)
        todo = [number for number in range(len(tasks)) if number not in answers]
        plans, rests_on = await self._decide(tasks, todo, answers)
        if plans:
            guards = [guard for entry in rests_on.values() for guard in entry.guards]
            proposals = [
                msgspec.structs.replace(plan.proposal, guards=guards if not at else ())
                for at, plan in enumerate(plans.values())
            ]
            outcomes = await _append(self.pool, self.network_id, proposals)
            for plan in plans.values():
                self.facts.forget_touched(plan.events)
            if outcomes is None:
                return None
            for number, outcome in zip(plans, outcomes, strict=True):
                answer = answer_of(outcome)
                assert isinstance(answer, Recorded)
                answers[number] = answer
            first = outcomes[0].first_position
            answers = {number: _placed(answer, first) for number, answer in answers.items()}
        return [answers[number] for number in range(len(tasks))]

    async def _answers_so_far(self, tasks: Sequence[Task]) -> dict[int, Recorded]:
        """Of the commands that were recorded before. Raises FailedTogether."""
        known = await self.answers.given_to([command.asked for _, command in tasks])
        answers: dict[int, Recorded] = {}
        for number, (_, command) in enumerate(tasks):
            answer = known.get(command.asked.command_id)
            if isinstance(answer, Rejection):
                raise FailedTogether(number, answer)
            if answer is not None:
                answers[number] = answer
        return answers

    async def _decide(
        self, tasks: Sequence[Task], todo: Sequence[int], answers: dict[int, Recorded]
    ) -> tuple[dict[int, Plan], Entries]:
        """What each leads to after those before it, and the facts that all rests on. What is so
        already is answered, at -n where the n-th event to be appended made it so.

        Raises FailedTogether.
        """
        needs = {
            number: [each.plain() for each in tasks[number][0].needs(tasks[number][1])]
            for number in todo
        }
        abouts = dict.fromkeys(about for each in needs.values() for about in each)
        read = await self.facts.read(abouts) if abouts else {}
        facts = dict(read)
        plans: dict[int, Plan] = {}
        assumed = 0
        for number in todo:
            its_facts = {about: facts[about] for about in needs[number]}
            plan = self.planner.decide(*tasks[number], its_facts)
            if isinstance(plan, Rejection):
                raise FailedTogether(number, plan)
            if isinstance(plan, Recorded):
                answers[number] = plan
                continue
            try:
                must_fit(plan.proposal)
            except Invalid as too_large:
                raise FailedTogether(number, too_large) from None
            plans[number] = plan
            self.facts.assume(facts, plan.events, after=assumed)
            assumed += len(plan.events)
        return plans, read


def _placed(answer: Recorded, first: int) -> Recorded:
    """An answer that rests on the n-th event of the append, as -n, once its first one stands at
    `first`: they follow each other without a gap."""
    if answer.position >= 0:
        return answer
    position = first - answer.position - 1
    return msgspec.structs.replace(answer, position=position, first_position=position)


async def _append(pool: Pool, network_id: int, proposals: list[Proposal]) -> list[Outcome] | None:
    """Record all of them; or nothing, and None, when one met newer facts or was recorded before.

    The first one carries the guards of all: within one append a command must not guard what an
    earlier one leaves, and here they may build on each other. Raises Busy and Invalid; None also
    when the database was lost: the answers then tell whether all or none is recorded.
    """
    try:
        async with pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(queries.append, *append_arguments(network_id, proposals))
            outcomes = [outcome_of(row) for row in rows]
            _must_all_be_new(outcomes)
    except (_NotAll, *LOST):
        return None
    except FULL:
        raise Busy("the log is busy; nothing was recorded, send again", retry_after=1) from None
    except BROKEN as error:
        raise Invalid(f"the log cannot store this: {error}") from None
    return outcomes


class _NotAll(Exception):
    """Takes back what was appended."""


def _must_all_be_new(outcomes: list[Outcome]) -> None:
    if any(each.verdict is not Verdict.RECORDED for each in outcomes):
        raise _NotAll
