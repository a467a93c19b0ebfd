"""API keys: made, checked and forgotten."""

import asyncio
import hashlib
import hmac
import re
import secrets
import time
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from jaringan_usaha.api.access.caller import READERS, Address, Caller, Role
from jaringan_usaha.api.problems import Problem

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX = "ju_live_"
TEST_PREFIX = "ju_test_"
"""Of keys that open a sandbox, and nothing else."""
SECRET_LENGTH = 32
CHECK_LENGTH = 6
ID_LENGTH = 12
RECHECK_SECONDS = 0.5  # a revoked key dies within a second on every worker
MOST_REMEMBERED = 10_000
COOKIE = "__Host-ju"
"""Of a person's session."""
IN_URL = re.compile(rb"ju_(?:live|test)_[0-9A-Za-z]{38}")


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
    device_id: str | None = None
    supplier_id: str | None = None
    scopes: Sequence[str] = ()
    addresses: Sequence[Address] = ()
    sandbox: bool = False
    ahead: timedelta = timedelta(0)
    person_id: UUID | None = None
    speaks_as: str | None = None
    """Another name than its own: of a person, or of the key that it was made by or instead of."""
    waits: bool = False
    """For a second person to let it in."""
    person_ended: bool = False

    def caller(self) -> Caller:
        return Caller(
            network_id=self.network_id,
            role=self.role,
            koperasi_id=self.koperasi_id,
            key_id=self.key_id,
            device_id=self.device_id,
            supplier_id=self.supplier_id,
            scopes=frozenset(self.scopes),
            addresses=tuple(self.addresses),
            limited=bool(self.scopes or self.addresses or self.role in READERS),
            sandbox=self.sandbox,
            ahead=self.ahead,
            who=self.speaks_as or self.key_id,
            person_id=self.person_id,
        )


def new_key(prefix: str = PREFIX) -> str:
    """`ju_live_`, 32 random base-62 digits (190 bits), and 6 digits that catch typing errors."""
    body = prefix + "".join(secrets.choice(DIGITS) for _ in range(SECRET_LENGTH))
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
    if len(key) != length or not key.startswith((PREFIX, TEST_PREFIX)) or not key.isascii():
        return False
    return hmac.compare_digest(_check_digits(key[:-CHECK_LENGTH]), key[-CHECK_LENGTH:])


def _check_digits(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_LENGTH):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits


class Callers:
    """Checks secrets, asking the database at most twice a second for each."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Caller, float]] = {}
        self._checks: dict[str, asyncio.Task[Caller]] = {}

    async def caller(self, secret: str | None) -> Caller:
        """Raises Problem 401 for what is missing, mistyped, unknown, expired or ended."""
        if secret is None:
            raise unauthenticated("send your API key as `Authorization: Bearer ju_live_…`")
        known = self._known.get(secret)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        check = self._checks.get(secret)
        if check is None:
            check = asyncio.ensure_future(self._remember(secret))
            self._checks[secret] = check
            check.add_done_callback(lambda _: self._checks.pop(secret, None))
        return await asyncio.shield(check)

    def knows(self, secret: str | None) -> bool:
        """Whether this process let the secret in when it last looked, however long ago."""
        return secret in self._known

    def forget(self, key_id: str) -> None:
        """Ask the database again for what was just changed here."""
        for secret, (caller, _) in list(self._known.items()):
            if caller.key_id == key_id:
                del self._known[secret]

    def forget_secret(self, secret: str) -> None:
        """As `forget`, by the secret itself."""
        self._known.pop(secret, None)

    async def _remember(self, secret: str) -> Caller:
        self._known.pop(secret, None)
        caller = await self._check(secret)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[secret] = (caller, time.monotonic() + RECHECK_SECONDS)
        return caller

    async def _check(self, secret: str) -> Caller:
        raise NotImplementedError


class Keys(Callers):
    """API keys, as the `Authorization` header has them."""

    def __init__(
        self,
        find: Callable[[str], Awaitable[KeyRow | None]],
        now: Callable[[], datetime],
    ) -> None:
        super().__init__()
        self._find = find
        self._now = now

    async def _check(self, secret: str) -> Caller:
        scheme, _, key = secret.partition(" ")
        if scheme.lower() != "bearer" or not looks_right(key):
            raise unauthenticated("the API key is mistyped: its check digits do not fit")
        row = await self._find(key_id(key))
        if row is None or not hmac.compare_digest(row.secret_hash, key_hash(key)):
            raise unauthenticated("this API key is not known")
        if row.revoked_at is not None or row.expires_at <= self._now() or row.person_ended:
            raise unauthenticated("this API key is no longer valid; ask for a new one")
        if row.waits:
            raise unauthenticated("this API key waits for a second person to approve it")
        if row.sandbox != key.startswith(TEST_PREFIX):
            raise unauthenticated("this API key is not known")  # a live one opens no sandbox
        return row.caller()


def unauthenticated(detail: str) -> Problem:
    """What a stranger hears."""
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})
