"""Who asks, when, and under which key: read once, at the door."""

import hashlib
import os
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.kernel.messages import Asked

KEY = re.compile(r"^[A-Za-z0-9._:-]{16,128}$")
KEY_PATTERN = r'^([A-Za-z0-9._:-]{16,128}|"[A-Za-z0-9._:-]{16,128}")$'
"""In the contract: bare, or as a structured field has it."""
_QUOTED = re.compile(r'^"(.*)"$')
REPLAY = timedelta(days=35)
AHEAD = timedelta(days=400)
"""A key of a device whose clock is ahead must stay the same key while time catches up with it."""
_REPLAY_SECONDS, _AHEAD_SECONDS = REPLAY.total_seconds(), AHEAD.total_seconds()

MOST_SKEW = timedelta(minutes=5)
"""By which a device's clock may be wrong without being told so."""

_sorted = msgspec.json.Encoder(order="sorted")


class Clock:
    """This process's clock, corrected to the database's, which alone decides what is in time."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset  # noqa: TID251  this is the clock

    def set_from(self, database_now: datetime) -> None:
        """Learn the offset from what the database's clock showed just now."""
        self.offset = database_now - datetime.now(UTC)  # noqa: TID251  this is the clock


def skew_ms(shown: datetime, now: datetime) -> int | None:
    """By how many milliseconds a clock is ahead that showed this; None when it is right enough."""
    ahead = shown - now
    return round(ahead / timedelta(milliseconds=1)) if abs(ahead) > MOST_SKEW else None


def key_of(values: list[str]) -> str:
    """The one idempotency key of a request, quoted or bare.

    Raises Problem 400 when it is missing, double or out of form.
    """
    if not values:
        raise Problem(
            400,
            "idempotency-key-missing",
            "send an Idempotency-Key header (a UUIDv7 is best); use the same one to repeat",
        )
    key = _QUOTED.sub(r"\1", values[0].strip())
    if len(values) > 1 or not KEY.fullmatch(key):
        raise Problem(
            400,
            "idempotency-key-invalid",
            "send one Idempotency-Key of 16 to 128 letters, digits or . _ : -",
        )
    return key


def print_of(*parts: object) -> bytes:
    """SHA-256 over what is asked, in canonical form: the same wish gives the same print."""
    return hashlib.sha256(_sorted.encode(parts)).digest()


def command_id(caller: Caller, key: str, now: datetime) -> UUID:
    """The id of a command, from the caller's key: the same for every repetition, and another for
    every other scope, so that nobody's look-up ever touches an answer to somebody else.

    A UUIDv7 that is no older than 35 days keeps its time in front, so that ids of one day lie
    side by side and are found in that day alone; any other key gets 48 zero bits there.
    """
    bits = _time_bits(key)
    age = now.timestamp() - int.from_bytes(bits, "big") / 1000
    in_time = -_AHEAD_SECONDS < age < _REPLAY_SECONDS
    return UUID(bytes=(bits if in_time else _NO_TIME) + _scoped(caller, key))


def command_ids(caller: Caller, key: str) -> list[UUID]:
    """The ids under which a command with this key was recorded, if it ever was: with the time in
    it, or without where that was out of bounds."""
    rest = _scoped(caller, key)
    return [UUID(bytes=bits + rest) for bits in {_NO_TIME, _time_bits(key)}]


def _scoped(caller: Caller, key: str) -> bytes:
    scope = f"{caller.network_id}\x1f{caller.scope}\x1f{key}"
    return hashlib.blake2b(scope.encode(), digest_size=10).digest()


_NO_TIME = bytes(6)


def _time_bits(key: str) -> bytes:
    """The first 48 bits of a UUIDv7: milliseconds since 1970."""
    if len(key) == 36 and key[14] == "7":
        try:
            return bytes.fromhex(key[:8] + key[9:13])
        except ValueError:
            pass  # of the same length, but no UUID
    return _NO_TIME


def asked(caller: Caller, key: str, now: datetime, *what: Any, seen: int | None = None) -> Asked:
    """The frame of a command: `what` is everything that makes this wish differ from others,
    `seen` the version that the thing must still have. In a sandbox it is asked at the time of the
    test clock."""
    return Asked(
        at=now + caller.ahead if caller.ahead else now,
        command_id=command_id(caller, key, now),
        print=print_of(caller.scope, *what),
        by=caller.who or caller.key_id,
        seen=seen,
    )


def new_id() -> str:
    """A UUIDv7: time in front, chance behind."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    number = (milliseconds << 80) | (chance & ((1 << 76) - 1))
    number = (number & ~(0b11 << 62)) | (0b10 << 62) | (7 << 76)
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
