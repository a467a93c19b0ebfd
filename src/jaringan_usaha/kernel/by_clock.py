"""Commands that nobody sends but the house itself, since the clock or the log demands it."""

from datetime import datetime
from hashlib import blake2b, sha256
from uuid import UUID

from jaringan_usaha.kernel.messages import Asked


def asked_by_clock(now: datetime, *what: str) -> Asked:
    """The frame of a command that nobody sends but the house itself; its id is made of what
    it does, so that it happens once."""
    text = "\x1f".join(what).encode()
    return Asked(
        at=now,
        command_id=UUID(bytes=bytes(6) + blake2b(text, digest_size=10).digest()),
        print=sha256(text).digest(),
        by="clock",
    )
