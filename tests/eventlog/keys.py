"""Command ids and callers as the doors of the house make them."""

import hashlib
import itertools
import os
import time
from datetime import UTC, datetime
from uuid import UUID

from jaringan_usaha.kernel.messages import Asked

_numbers = itertools.count(1)


def new_command_id(milliseconds: int | None = None) -> UUID:
    """A UUIDv7 of this instant, or of the one given."""
    at = int(time.time() * 1_000) if milliseconds is None else milliseconds
    random = int.from_bytes(os.urandom(10), "big")
    value = at << 80 | 7 << 76 | (random >> 64 & 0xFFF) << 64 | 2 << 62 | random & (1 << 62) - 1
    return UUID(int=value)


def free_text_id(key: str) -> UUID:
    """The id of a key in free text: no time in front."""
    return UUID(bytes=bytes(6) + hashlib.blake2b(key.encode(), digest_size=10).digest())


def asked(
    command_id: UUID | None = None,
    *,
    at: datetime | None = None,
    what: str = "",
    by: str = "a test",
) -> Asked:
    """A new request, or with the id of an earlier one its repetition."""
    return Asked(
        at=at or datetime.now(UTC),
        command_id=command_id or new_command_id(),
        print=hashlib.sha256(what.encode()).digest(),
        by=by,
    )


def new_name(kind: str) -> str:
    """A name that no other test has used."""
    return f"{kind}-{next(_numbers)}"
