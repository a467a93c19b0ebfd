"""Who asks, when, and under which key: read once, at the door."""

import hashlib
import os
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from jaringan_usaha.api.access import Caller
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.kernel.messages import Asked

KEY = re.compile(r"^[A-Za-z0-9._:-]{16,128}$")
_QUOTED = re.compile(r'"(.*)"')
REPLAY = timedelta(days=35)
AHEAD = timedelta(minutes=5)
_REPLAY_SECONDS, _AHEAD_SECONDS = REPLAY.total_seconds(), AHEAD.total_seconds()

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
    """The id of a command, from the caller's key: the same for every repetition.

    A UUIDv7 of the last 35 days keeps its time in front, so that ids of one day lie side by
    side and are found in that day alone; any other key gets 48 zero bits there.
    """
    scope = f"{caller.network_id}\x1f{caller.scope}\x1f{key}"
    rest = hashlib.blake2b(scope.encode(), digest_size=10).digest()
    return UUID(bytes=_time_bits(key, now) + rest)


def _time_bits(key: str, now: datetime) -> bytes:
    if len(key) == 36 and key[14] == "7":
        try:
            bits = bytes.fromhex(key[:8] + key[9:13])
        except ValueError:
            return bytes(6)
        age = now.timestamp() - int.from_bytes(bits, "big") / 1000
        if -_AHEAD_SECONDS < age < _REPLAY_SECONDS:
            return bits
    return bytes(6)


def asked(caller: Caller, key: str, now: datetime, *what: Any) -> Asked:
    """The frame of a command: `what` is everything that makes this wish differ from others."""
    return Asked(
        at=now,
        command_id=command_id(caller, key, now),
        print=print_of(caller.scope, *what),
        by=caller.who or caller.key_id,
    )


def new_id() -> str:
    """A UUIDv7: time in front, chance behind."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    number = (milliseconds << 80) | (chance & ((1 << 76) - 1))
    number = (number & ~(0b11 << 62)) | (0b10 << 62) | (7 << 76)
    return str(UUID(int=number))
