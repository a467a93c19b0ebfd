"""The running numbers that a device gives its lines, and which of them have not come in."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Annotated

import msgspec

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import Door
from jaringan_usaha.api.strict_json import MOST
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.kernel.rejections import Busy

queries = Queries("jaringan_usaha.api.sync", "arrivals.sql")

Span = tuple[int, int]
"""The first number and the last, both included."""


class _Numbered(msgspec.Struct):
    seq: Annotated[int, msgspec.Meta(ge=0, le=MOST)] | None = None


_numbered = msgspec.json.Decoder(_Numbered)


async def gaps_before(door: Door, caller: Caller, texts: Sequence[bytes]) -> list[Span | None]:
    """What has never come in between each of these lines and the nearest number of the same device
    before it; None for nothing, for a line without a number and for the first that a device sends.

    All of these lines count as come in, whatever becomes of them: each has a verdict that says so.
    Nobody is refused for a gap, nor when the database does not answer.
    """
    numbers = [_number_of(text) for text in texts]
    named = [number for number in numbers if number is not None]
    if not named:
        return [None] * len(texts)
    try:
        async with door.keeping() as db:
            found = await db.fetchval(queries.arrived, caller.network_id, caller.device, named)
    except Busy:
        return [None] * len(texts)
    spans = [(each.lower, each.upper - 1) for each in found]
    return [None if number is None else gap_before(number, spans) for number in numbers]


def gap_before(number: int, spans: Sequence[Span]) -> Span | None:
    """What is missing directly before a number that is in one of these spans, which are in order
    and do not touch."""
    at = bisect_right(spans, (number, MOST)) - 1
    if at < 1 or spans[at][0] != number:
        return None
    return spans[at - 1][1] + 1, number - 1


def _number_of(text: bytes) -> int | None:
    try:
        return _numbered.decode(text).seq
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # its verdict says what is wrong
