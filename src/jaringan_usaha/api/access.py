"""API keys: made, checked and forgotten; whom a key speaks for."""

import asyncio
import hashlib
import hmac
import secrets
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jaringan_usaha.api.problems import Problem
from jaringan_usaha.kernel.rejections import NotAllowed

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX = "ju_live_"
SECRET_LENGTH = 32
CHECK_LENGTH = 6
ID_LENGTH = 12
RECHECK_SECONDS = 0.5  # a revoked key dies within a second on every worker
MOST_REMEMBERED = 10_000

Role = Literal["operator", "koperasi"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a request speaks for. An operator acts for the whole network."""

    network_id: int
    role: Role
    koperasi_id: str | None
    key_id: str

    @property
    def scope(self) -> str:
        """Within what one idempotency key is one request: never the credential itself."""
        return self.koperasi_id or self.role

    def must_operate(self) -> None:
        """Raises NotAllowed unless the caller is the network's operator."""
        if self.role != "operator":
            raise NotAllowed("only the network's operator may do this")

    def must_speak_for(self, koperasi_id: str) -> None:
        """Raises NotAllowed unless the caller may act for this koperasi."""
        if self.role != "operator" and self.koperasi_id != koperasi_id:
            raise NotAllowed("this key does not speak for that koperasi")

    def koperasi_for(self, named: str | None) -> str:
        """The koperasi that a request is about: the one named, or the caller's own.

        Raises NotAllowed, or Problem 422 when an operator names none.
        """
        koperasi_id = named or self.koperasi_id
        if koperasi_id is None:
            raise Problem(
                422,
                "validation-failed",
                "say which koperasi it is",
                errors=[{"pointer": "/koperasi_id", "code": "missing", "detail": "is required"}],
            )
        self.must_speak_for(koperasi_id)
        return koperasi_id


@dataclass(frozen=True, slots=True)
class KeyRow:
    """What is stored of a key: never the key itself."""

    key_id: str
    secret_hash: bytes
    network_id: int
    role: Role
    koperasi_id: str | None
    expires_at: datetime
    revoked_at: datetime | None


def new_key() -> str:
    """`ju_live_`, 32 random base-62 digits (190 bits), and 6 digits that catch typing errors."""
    body = PREFIX + "".join(secrets.choice(DIGITS) for _ in range(SECRET_LENGTH))
    return body + _check_digits(body)


def key_id(key: str) -> str:
    """The public part by which a key is found and named in logs."""
    return key[len(PREFIX) : len(PREFIX) + ID_LENGTH]


def key_hash(key: str) -> bytes:
    """SHA-256; enough for a secret of 190 bits."""
    return hashlib.sha256(key.encode()).digest()


def looks_right(key: str) -> bool:
    """The form and the check digits, without asking the database."""
    length = len(PREFIX) + SECRET_LENGTH + CHECK_LENGTH
    if len(key) != length or not key.startswith(PREFIX) or not key.isascii():
        return False
    return hmac.compare_digest(_check_digits(key[:-CHECK_LENGTH]), key[-CHECK_LENGTH:])


def _check_digits(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_LENGTH):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits


class Keys:
    """Checks keys, asking the database at most twice a second for each."""

    def __init__(
        self,
        find: Callable[[str], Awaitable[KeyRow | None]],
        now: Callable[[], datetime],
    ) -> None:
        self._find = find
        self._now = now
        self._known: dict[str, tuple[Caller, float]] = {}
        self._checks: dict[str, asyncio.Task[Caller]] = {}

    async def caller(self, authorization: str | None) -> Caller:
        """Raises Problem 401 for a missing, mistyped, unknown, expired or revoked key."""
        if authorization is None:
            raise _unauthenticated("send your API key as `Authorization: Bearer ju_live_…`")
        known = self._known.get(authorization)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        check = self._checks.get(authorization)
        if check is None:
            check = asyncio.ensure_future(self._check(authorization))
            self._checks[authorization] = check
            check.add_done_callback(lambda _: self._checks.pop(authorization, None))
        return await asyncio.shield(check)

    async def _check(self, authorization: str) -> Caller:
        self._known.pop(authorization, None)
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not looks_right(key):
            raise _unauthenticated("the API key is mistyped: its check digits do not fit")
        row = await self._find(key_id(key))
        if row is None or not hmac.compare_digest(row.secret_hash, key_hash(key)):
            raise _unauthenticated("this API key is not known")
        if row.revoked_at is not None or row.expires_at <= self._now():
            raise _unauthenticated("this API key is no longer valid; ask for a new one")
        caller = Caller(row.network_id, row.role, row.koperasi_id, row.key_id)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[authorization] = (caller, time.monotonic() + RECHECK_SECONDS)
        return caller


def _unauthenticated(detail: str) -> Problem:
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})
