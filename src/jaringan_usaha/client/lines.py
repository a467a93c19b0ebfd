"""The lines of a sync: what is asked, what was said to it, and how much fits into a request."""

import gzip
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

MOST_LINES = 1_000
MOST_BYTES = 8 << 20
MOST_WIRE_BYTES = 1 << 20


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a sync; `op_id` is the same for every repetition of it."""

    op_id: str
    type: str
    body: Any


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the service said to one line."""

    op_id: str | None
    status: int
    body: dict[str, int] | None = None
    problem: dict[str, Any] | None = None
    replayed: bool = False


_encoder = msgspec.json.Encoder()
_verdicts = msgspec.json.Decoder(Verdict)


def packets(operations: Sequence[Operation]) -> Iterator[bytes]:
    """The lines packed into as few bodies as the service's bounds allow."""
    lines = _encoder.encode_lines(operations)
    packet = gzip.compress(lines, compresslevel=1, mtime=0)
    if (
        len(operations) <= MOST_LINES
        and len(lines) <= MOST_BYTES
        and len(packet) <= MOST_WIRE_BYTES
    ):
        yield packet
        return
    half = len(operations) // 2
    yield from packets(operations[:half])
    yield from packets(operations[half:])


def verdicts_in(answer: bytes) -> list[Verdict]:
    """The verdicts of an answer, as many as arrived."""
    return _verdicts.decode_lines(answer)
