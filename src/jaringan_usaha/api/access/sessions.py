"""Sessions of people: a cookie that says nothing by itself, and the row that it finds."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from starlette.requests import Request

from jaringan_usaha.api.access.caller import READERS, Caller, Role
from jaringan_usaha.api.access.issuing import SCOPES, queries
from jaringan_usaha.api.access.keys import COOKIE, Callers, unauthenticated
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.eventlog.database import Pool

LIFE = timedelta(hours=8)

PersonRole = Literal["operator", "auditor", "office", "pengurus", "pengawas", "supplier"]
ROLE_OF: Mapping[PersonRole, Role] = {
    "operator": "operator",
    "auditor": "auditor",
    "office": "office",
    "pengurus": "koperasi",
    "pengawas": "koperasi",
    "supplier": "supplier",
}
"""A person sees and does what a key of this role does; a pengawas only reads, and approves."""
SUPERVISES = frozenset({*(each for each in SCOPES if each.endswith(":read")), "approvals:write"})


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session, and the person whose it is."""

    person_id: UUID
    second_factor: bool
    expires_at: datetime
    ended_at: datetime | None
    network_id: int
    role: PersonRole
    koperasi_id: str | None
    supplier_id: str | None
    person_is_out: bool
    sandbox: bool = False
    ahead: timedelta = timedelta(0)

    def caller(self) -> Caller:
        role, who = ROLE_OF[self.role], f"person/{self.person_id}"
        supervises = self.role == "pengawas"
        return Caller(
            network_id=self.network_id,
            role=role,
            koperasi_id=self.koperasi_id,
            key_id=who,
            supplier_id=self.supplier_id,
            scopes=SUPERVISES if supervises else frozenset(),
            limited=supervises or role in READERS,
            sandbox=self.sandbox,
            ahead=self.ahead,
            who=who,
            person_id=self.person_id,
            supervises=supervises,
            has_second_factor=self.second_factor,
        )


class Sessions(Callers):
    """Who a cookie belongs to, asking the database at most twice a second for each."""

    def __init__(
        self,
        find: Callable[[bytes], Awaitable[SessionRow | None]],
        now: Callable[[], datetime],
        own_origin: str,
    ) -> None:
        super().__init__()
        self._find = find
        self._now = now
        self._own_origin = own_origin

    async def of(self, request: Request) -> Caller:
        """Raises Problem 401 for a session that is over, 403 when another site asks."""
        self.must_be_ours(request)
        return await self.caller(request.cookies.get(COOKIE, ""))

    def must_be_ours(self, request: Request) -> None:
        """A browser sends cookies whoever wrote the page. Raises Problem 403 unless this page is
        ours, or a person opened the address by hand."""
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        reads = request.method in ("GET", "HEAD")
        by_hand = reads and origin is None and site in (None, "none")
        same = origin == self._own_origin if site is None else site == "same-origin"
        if not by_hand and not (same and origin in (None, self._own_origin)):
            raise Problem(403, "cross-site", "a session is used from this service's own pages")

    async def _check(self, secret: str) -> Caller:
        row = await self._find(session_hash(secret))
        over = row is None or row.ended_at is not None or row.expires_at <= self._now()
        if row is None or over or row.person_is_out:
            raise unauthenticated("this session is over; log in again")
        return row.caller()


def session_finder(pool: Pool) -> Callable[[bytes], Any]:
    """How `Sessions` asks the database."""

    async def find(hashed: bytes) -> SessionRow | None:
        with answering():
            row = await pool.fetchrow(queries.find_session, hashed)
        return None if row is None else SessionRow(**dict(row))

    return find


def new_session() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def session_hash(secret: str) -> bytes:
    """What is stored of a session."""
    return hashlib.sha256(secret.encode()).digest()
