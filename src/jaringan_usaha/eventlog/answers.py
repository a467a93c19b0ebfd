"""What became of commands, and what was answered before under their keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from jaringan_usaha.eventlog.appender import REPLAY_DAYS, Outcome, Verdict, days_to_search, queries
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.database import FULL, LOST, Pool, Row
from jaringan_usaha.kernel.decider import Fact
from jaringan_usaha.kernel.messages import UNSAID, Asked, Event
from jaringan_usaha.kernel.rejections import Busy, KeyReused, Rejection, version_unsaid


class Recorded(msgspec.Struct, frozen=True):
    """What a command led to. `replayed`: it had been recorded before, this is that answer.

    `position` is the last one of its events; a view that has reached it shows them all.
    """

    position: int
    first_position: int
    version: int
    recorded_at: datetime | None
    replayed: bool = False


@dataclass(frozen=True)
class Answers:
    """The answers that the log keeps for a network."""

    pool: Pool
    network_id: int
    types: EventTypes

    async def given_to(self, asked: Sequence[Asked]) -> dict[Any, Recorded | Rejection]:
        """The answers already given to these commands, by command id; KeyReused where the
        id stands for another request, VersionUnsaid where the one recorded had said a version."""
        if not asked:
            return {}
        by_id = {each.command_id: each for each in asked}
        first, last = days_to_search([(each.command_id, each.at) for each in asked])
        rows = await self.pool.fetch(queries.answers_to, self.network_id, list(by_id), first, last)
        return {row["command_id"]: _again(row, by_id[row["command_id"]]) for row in rows}

    async def recorded_under(
        self, command_ids: Sequence[UUID], *now: datetime
    ) -> tuple[Recorded, Event] | None:
        """What was recorded under one of these ids, and its last event; None for nothing within
        the last 400 days. `now` is told by every clock that commands went by. Raises Busy."""
        first, last = days_to_search([(each, at) for each in command_ids for at in now])
        arguments = (self.network_id, list(command_ids), first, last)
        try:
            row = await self.pool.fetchrow(queries.recorded_under, *arguments)
        except (*LOST, *FULL):
            raise Busy("the database does not answer; ask again shortly", retry_after=2) from None
        if row is None:
            return None
        return _as_before(row), self.types.decode(row["name"], row["schema_no"], row["body"])


def already_so(fact: Fact[Any]) -> Recorded:
    """The wish is already fact: the thing's version, and the position at which it became so."""
    return Recorded(fact.position, fact.position, fact.version, None, replayed=True)


def answer_of(outcome: Outcome) -> Recorded | Rejection:
    """What the log's verdict means to who asked."""
    if outcome.verdict is Verdict.KEY_REUSED:
        return key_reused()
    return Recorded(
        outcome.last_position,
        outcome.first_position,
        outcome.version,
        outcome.recorded_at,
        replayed=outcome.verdict is Verdict.KNOWN,
    )


def _again(row: Row, asked: Asked) -> Recorded | Rejection:
    if row["print"] != asked.print:
        return key_reused()
    if asked.seen == UNSAID:
        return version_unsaid()
    return _as_before(row)


def _as_before(row: Row) -> Recorded:
    return Recorded(
        row["last_position"],
        row["first_position"],
        row["version"],
        row["recorded_at"],
        replayed=True,
    )


def key_reused() -> KeyReused:
    return KeyReused(
        f"this idempotency key was used for another request within the last {REPLAY_DAYS} days; "
        "use a new key for a new request"
    )
