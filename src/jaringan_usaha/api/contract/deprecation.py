"""Routes that are to go: announced a year ahead, told with every answer, and who calls them still.

@router.get("/old", operation_id="listOld", **deprecated(date(2027, 1, 4), date(2028, 1, 4)))
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any, NamedTuple

from starlette.types import Scope

from jaringan_usaha.eventlog.database import FULL, LOST, Connection, Pool, Row
from jaringan_usaha.eventlog.queries import Queries

queries = Queries("jaringan_usaha.api.contract", "deprecation.sql")

SINCE = "x-deprecated-since"
UNTIL = "x-sunset"
"""Of an operation in the contract: the days that the headers `Deprecation` and `Sunset` tell."""
LEAST_YEARS = 1


def deprecated(since: date, until: date) -> dict[str, Any]:
    """What a route is made with from the day `since` on, when it may go on the day `until`.

    Raises ValueError where callers have less than twelve months.
    """
    if (until.year - LEAST_YEARS, until.month, until.day) < (since.year, since.month, since.day):
        raise ValueError(f"{until} is less than twelve months after {since}")
    told = {SINCE: since.isoformat(), UNTIL: until.isoformat()}
    return {"deprecated": True, "openapi_extra": told}


def days_of(scope: Scope) -> tuple[date, date] | None:
    """Since when and until when, of the route that a request came to, if it is to go."""
    extra = getattr(scope.get("route"), "openapi_extra", None) or {}
    if UNTIL not in extra:
        return None
    return date.fromisoformat(extra[SINCE]), date.fromisoformat(extra[UNTIL])


def headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """`Deprecation` (RFC 9745) and `Sunset` (RFC 8594), midnight UTC, of the answer."""
    days = days_of(scope)
    if days is None:
        return []
    since, until = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days)
    return [
        (b"deprecation", b"@%d" % since.timestamp()),
        (b"sunset", format_datetime(until, usegmt=True).encode()),
    ]


class Call(NamedTuple):
    """By which key a route that is to go was called."""

    network_id: int
    key_id: str
    operation: str


class Calls:
    """How often, since the last time that it was written down."""

    def __init__(self) -> None:
        self._counted: Counter[Call] = Counter()

    def note(self, network_id: int, key_id: str, scope: Scope) -> None:
        """Count a request, if its route is to go."""
        if days_of(scope) is not None:
            self._counted[Call(network_id, key_id, scope["route"].operation_id)] += 1

    async def write_down(self, pool: Pool) -> None:
        """Add what was counted to what all processes counted; without a database, later."""
        if not self._counted:
            return
        counted, self._counted = self._counted, Counter()
        columns = [list(each) for each in zip(*counted, strict=True)]
        try:
            await pool.execute(queries.add_calls, *columns, list(counted.values()))
        except (*LOST, *FULL):
            self._counted.update(counted)


async def who_calls(db: Connection, network_id: int) -> Sequence[Row]:
    """`operation`, `key_id`, `role`, `koperasi_id`, `supplier_id`, `calls`, `first_on`, `last_on`;
    who called last first."""
    return await db.fetch(queries.who_calls, network_id)
