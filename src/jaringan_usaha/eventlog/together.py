"""Commands that stand or fall together: decided one on the other, appended in one transaction."""

from jaringan_usaha.eventlog.appender import (
    Outcome,
    Proposal,
    Verdict,
    append_arguments,
    outcome_of,
    queries,
)
from jaringan_usaha.eventlog.database import FULL, LOST, Pool
from jaringan_usaha.kernel.rejections import Busy, Rejection


class _NotAll(Exception):
    """Takes back what was appended."""


class FailedTogether(Exception):
    """Nothing is recorded, since command `number` (from 0) got this refusal."""

    def __init__(self, number: int, rejection: Rejection) -> None:
        super().__init__(rejection.detail)
        self.number = number
        self.rejection = rejection


async def append_together(
    pool: Pool, network_id: int, proposals: list[Proposal]
) -> list[Outcome] | None:
    """Record all of them; or nothing, and None, when one met newer facts or was recorded before.

    The first one carries the guards of all: within one append a command must not guard what an
    earlier one leaves, and here they may build on each other. Raises Busy; None also when the
    database was lost: the answers then tell whether all or none is recorded.
    """
    try:
        async with pool.acquire(timeout=5) as connection, connection.transaction():
            rows = await connection.fetch(queries.append, *append_arguments(network_id, proposals))
            outcomes = [outcome_of(row) for row in rows]
            _must_all_be_new(outcomes)
    except (_NotAll, *LOST):
        return None
    except FULL:
        raise Busy("the log is busy; nothing was recorded, send again", retry_after=1) from None
    return outcomes


def _must_all_be_new(outcomes: list[Outcome]) -> None:
    if any(each.verdict is not Verdict.RECORDED for each in outcomes):
        raise _NotAll
