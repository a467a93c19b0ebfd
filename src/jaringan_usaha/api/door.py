"""What every route needs: who calls, the log of their network, the clock, the read tables."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api import issuing, versions
from jaringan_usaha.api.access import COOKIE, READERS, TRADERS, Caller, KeyRow, Keys, Role, key_id
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.asked import Clock
from jaringan_usaha.api.limits import READ, WRITE, Limits, Rate
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.sessions import SessionRow, Sessions
from jaringan_usaha.api.vault import Vault
from jaringan_usaha.api.versions import TAG_PATTERN
from jaringan_usaha.eventlog.database import (
    BROKEN,
    FULL,
    LOST,
    STATEMENT_SECONDS,
    Connection,
    Isolation,
    Pool,
    looking,
)
from jaringan_usaha.eventlog.eventlog import EventLog, Recorded
from jaringan_usaha.eventlog.projector import log_queries
from jaringan_usaha.eventlog.projector import queries as bookmark_queries
from jaringan_usaha.eventlog.reached import Reached
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.decider import Decider
from jaringan_usaha.kernel.messages import Asked, Command
from jaringan_usaha.kernel.rejections import Busy, NotAllowed

POKE_SECONDS = 0.05
KEY_FORM: dict[str, Any] = {"minLength": 16, "maxLength": 130, "pattern": asking.KEY_PATTERN}
"""In the contract; `key_of` says what is wrong."""
TAG_FORM: dict[str, Any] = {"maxLength": 40, "pattern": TAG_PATTERN}


@dataclass
class Door:
    """The parts that `app.py` joins, handed to every route."""

    write_pool: Pool
    read_pool: Pool
    make_log: Callable[[int], EventLog]
    clock: Clock
    keys: Keys
    sessions: Sessions
    reached: Reached
    limits: Limits
    vault: Vault
    shelf: dict[str, Any] = field(default_factory=dict)
    """What a room keeps between requests, under its name; bounded by the room."""
    _logs: dict[int, EventLog] = field(default_factory=dict)
    _poke: asyncio.Task[None] | None = None

    async def admit(
        self, request: Request, rate: Rate | None = None, area: str | None = None
    ) -> Caller:
        """Who calls, if they may do so now: with a valid key, from where it may be used, within
        its scopes, and not too often; without a key, in a person's session. `area` stands for the
        tag of a route without one; with "" the route looks at the scopes itself.

        Raises Problem 401 and 429, NotAllowed.
        """
        address = request.client.host if request.client else ""
        self.limits.may_knock(address)
        try:
            authorization = request.headers.get("authorization")
            if authorization is None and COOKIE in request.cookies:
                caller = await self.sessions.of(request)
            else:
                caller = await self.keys.caller(authorization)
        except Problem:
            self.limits.knocked_in_vain(address)
            raise
        if rate is None:
            rate = READ if request.method in ("GET", "HEAD") else WRITE
        request.scope["caller"] = caller
        request.scope["limit"] = self.limits.admit(caller, rate)
        if caller.limited:
            _must_be_within(caller, request, address, area)
        return caller

    async def exposed(self, key: str, address: str) -> None:
        """End a key that came in a URL. Raises Problem 429 and Busy."""
        self.limits.may_knock(address)
        self.limits.knocked_in_vain(address)
        with answering():
            if await issuing.expose(self.write_pool, self.clock, key):
                self.keys.forget(key_id(key))

    def now(self, caller: Caller) -> datetime:
        """What time it is where the caller trades: in a sandbox that of its test clock."""
        return self.clock.now() + caller.ahead

    def today(self, caller: Caller) -> date:
        """The day of business, for which a caller who names no day asks."""
        return day_of_business(self.now(caller))

    def log(self, network_id: int) -> EventLog:
        """The log of a network; its memory and its writer live as long as the process."""
        if network_id not in self._logs:
            self._logs[network_id] = self.make_log(network_id)
        return self._logs[network_id]

    async def handle(self, caller: Caller, decider: Decider[Any], command: Command) -> Recorded:
        """Carry out a command in the caller's network. Raises Rejection."""
        recorded = await self.log(caller.network_id).handle(decider, command)
        if recorded.replayed:
            self.limits.give_back(caller, WRITE)
        self.poke(caller.network_id)
        return recorded

    async def head(self, caller: Caller) -> int:
        """The last position of the caller's network, for reading all there is. Raises Busy."""
        with answering():
            return await self.log(caller.network_id).head()

    def poke(self, network_id: int) -> None:
        """Tell the followers that there is news, at most twenty times a second."""
        if self._poke is None or self._poke.done():
            self._poke = asyncio.get_running_loop().create_task(self._send_poke(network_id))

    async def _send_poke(self, network_id: int) -> None:
        await asyncio.sleep(POKE_SECONDS)
        try:
            await self.write_pool.execute(log_queries.poke, str(network_id))
        except (*LOST, *FULL):
            pass  # followers look for themselves every second

    @asynccontextmanager
    async def reading(
        self,
        caller: Caller,
        after: int,
        *,
        of_all: bool = False,
        seconds: float = STATEMENT_SECONDS,
        isolation: Isolation = "read committed",
    ) -> AsyncIterator[Connection]:
        """A connection to read tables that show position `after`, and of them what the caller
        may see; `of_all` for what is worked out from everybody's rows. Raises Busy, also for
        a statement that lasts longer than `seconds`."""
        sight = caller.sight_of_all if of_all else caller.sight
        try:
            with answering():
                await self.reached.wait_for(caller.network_id, after)
                async with (
                    self.read_pool.acquire(timeout=2) as connection,
                    looking(connection, sight, seconds=seconds, isolation=isolation),
                ):
                    yield connection
        except BROKEN:
            raise Problem(
                422, "validation-failed", "a parameter, or the cursor, is out of range"
            ) from None

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[Connection]:
        """A connection for what is kept beside the facts, such as files. Raises Busy."""
        with answering():
            async with self.write_pool.acquire(timeout=2) as connection:
                yield connection

    async def close(self) -> None:
        """Let everything queued get its verdict, then let go."""
        for log in self._logs.values():
            await log.appender.close()
        await self.reached.close()
        if self._poke is not None:
            await asyncio.wait([self._poke])


def _must_be_within(caller: Caller, request: Request, address: str, area: str | None) -> None:
    """Raises NotAllowed for a key that is used from elsewhere, or for what it is not made for."""
    if caller.addresses:
        caller.must_come_from(address)
    reads = request.method in ("GET", "HEAD")
    if caller.role == "auditor" and area != "":
        caller.must_be_sure()
    if caller.role in READERS and not reads:
        raise NotAllowed(f"a key of the role {caller.role} may not do this")
    if caller.scopes and area != "":
        caller.must_have(f"{area or _area_of(request)}:{'read' if reads else 'write'}")


def _area_of(request: Request) -> str:
    """The tag of a route; one without any is in nobody's scopes."""
    tags = getattr(request.scope.get("route"), "tags", None) or ("unknown",)
    return str(tags[0]).replace(" ", "-")


async def shown(db: Connection, network_id: int, *projections: str) -> dict[str, Any]:
    """The position that all of these projections show, and whether one stopped at a broken
    event."""
    rows = [
        row
        for row in await db.fetch(bookmark_queries.bookmarks, network_id)
        if row["projection"] in projections
    ]
    return {
        "as_of": min((row["position"] for row in rows), default=0),
        "stale": any(row["state"] == "stopped" for row in rows),
    }


# -- keys ----------------------------------------------------------------------------------


def key_finder(pool: Pool) -> Callable[[str], Any]:
    """How `Keys` asks the database."""

    async def find(public: str) -> KeyRow | None:
        with answering():
            row = await pool.fetchrow(issuing.queries.find_key, public)
        return None if row is None else KeyRow(**dict(row))

    return find


def session_finder(pool: Pool) -> Callable[[bytes], Any]:
    """How `Sessions` asks the database."""

    async def find(hashed: bytes) -> SessionRow | None:
        try:
            row = await pool.fetchrow(issuing.queries.find_session, hashed)
        except (*LOST, *FULL):
            raise Busy("the database does not answer; ask again shortly", retry_after=2) from None
        return None if row is None else SessionRow(**dict(row))

    return find


async def issue_key(
    pool: Pool, clock: Clock, network_id: int, role: Role, koperasi_id: str | None
) -> str:
    """Make a key with all rights of an operator or a koperasi."""
    wanted = issuing.Wanted(role=role, koperasi_id=koperasi_id)
    return await issuing.issue(pool, clock, network_id, wanted)


async def revoke_key(pool: Pool, clock: Clock, public: str) -> bool:
    """End a key, given by its public part (12 characters). False when there is no live one."""
    return await issuing.revoke(pool, clock, public)


# -- what routes ask for -------------------------------------------------------------------


def door_of(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


async def anyone(request: Request) -> Caller:
    """Whoever has a key; what they may see or do is still to be asked.

    Raises Problem 401 and 429, NotAllowed.
    """
    return await door_of(request).admit(request)


async def operator_of(caller: Annotated[Caller, Depends(anyone)]) -> Caller:
    """Raises NotAllowed."""
    caller.must_operate()
    return caller


async def approver_of(caller: Annotated[Caller, Depends(anyone)]) -> Caller:
    """Raises NotAllowed, SecondFactorNeeded."""
    caller.must_approve()
    return caller


class Only:
    """Lets the callers of these roles pass, and nobody else."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, caller: Annotated[Caller, Depends(anyone)]) -> Caller:
        """Raises NotAllowed."""
        caller.must_be(self.roles)
        return caller


CallerNow = Annotated[Caller, Depends(Only(*TRADERS))]
"""The operator, and koperasi with their devices: who trades. A koperasi sees its own rows."""
OperatorNow = Annotated[Caller, Depends(operator_of)]
ApproverNow = Annotated[Caller, Depends(approver_of)]
"""An operator, or a pengawas: who may be the second person where two are needed."""
AuditorNow = Annotated[Caller, Depends(Only("operator", "auditor"))]
"""Who looks at everything of the network."""
ReaderNow = Annotated[Caller, Depends(Only(*TRADERS, "auditor"))]
"""As CallerNow, and an auditor, who sees the rows of all and changes none."""
BoardNow = Annotated[Caller, Depends(Only(*TRADERS, "auditor", "office"))]
"""What hangs on the wall for koperasi and the city office alike: nobody's own rows."""
OfficeNow = Annotated[Caller, Depends(Only("operator", "auditor", "office"))]
"""Totals of the group, of which a city office sees as much as the operator."""
SupplierNow = Annotated[Caller, Depends(Only("operator", "auditor", "supplier"))]
"""A supplier, who sees and answers what is theirs; the route says `caller.supplier_for(…)`."""
PartnerNow = Annotated[Caller, Depends(Only(*TRADERS, "auditor", "supplier"))]
"""Both sides of the trade; a supplier sees what is its own."""
GoodsNow = Annotated[Caller, Depends(Only(*TRADERS, "auditor", "office", "supplier"))]
"""The goods that everybody speaks of."""


KeyHeader = Annotated[
    str,
    Header(
        description="the same for every repetition of this request: what was recorded is answered"
        " as before for 35 days, what was refused is decided anew",
        json_schema_extra=KEY_FORM,
    ),
]
MatchHeader = Annotated[
    str,
    Header(
        description='the ETag that a GET of the thing gave, such as "v3", which it must still have;'
        " `*` means whatever it is now",
        json_schema_extra=TAG_FORM,
    ),
]


async def asked_by_key(
    request: Request, caller: CallerNow, idempotency_key: KeyHeader = ""
) -> Asked:
    """The frame of a command under the request's key. Raises Problem 400 and 422."""
    return await frame(request, caller, key_in(request))


async def asked_on_version(
    request: Request, caller: CallerNow, idempotency_key: KeyHeader = "", if_match: MatchHeader = ""
) -> Asked:
    """As `asked_by_key`, to change a thing that the caller has seen: its `If-Match` is held
    against the version that the decision rests on. Raises Problem 400 and 422."""
    return await frame(request, caller, key_in(request), changes=True)


async def asked_by_supplier(
    request: Request,
    caller: SupplierNow,
    idempotency_key: KeyHeader = "",
    if_match: MatchHeader = "",
) -> Asked:
    """As `asked_on_version`, where suppliers may command too. Raises Problem 400 and 422."""
    return await frame(request, caller, key_in(request), changes=True)


def key_in(request: Request) -> str:
    """Raises Problem 400."""
    return asking.key_of(request.headers.getlist("idempotency-key"))


async def asked_by_path(
    request: Request,
    caller: CallerNow,
    idempotency_key: Annotated[
        str,
        Header(description="optional here: the path names the thing", json_schema_extra=KEY_FORM),
    ] = "",
) -> Asked:
    """The frame of a PUT, which may go without a key: its path and content stand for it."""
    keys = request.headers.getlist("idempotency-key")
    if keys:
        return await frame(request, caller, asking.key_of(keys))
    content = asking.print_of(request.url.path, await json_of(request))
    return await frame(request, caller, content.hex())


async def asked_afresh(
    request: Request,
    caller: CallerNow,
    idempotency_key: Annotated[
        str,
        Header(
            description="optional here: the same wish again records nothing",
            json_schema_extra=KEY_FORM,
        ),
    ] = "",
) -> Asked:
    """The frame of a PUT that sets what holds from now on. Without a key every request stands
    for itself: what was set, changed, and is set again must not be taken for a repetition."""
    keys = request.headers.getlist("idempotency-key")
    return await frame(request, caller, asking.key_of(keys) if keys else asking.new_id())


async def frame(request: Request, caller: Caller, key: str, *, changes: bool = False) -> Asked:
    """The frame of a command; `changes` a thing that has a version. Raises Problem 422."""
    seen = None
    if changes:
        seen = versions.seen_by(request)
    else:
        versions.must_have_seen_nothing(request)
    what = (request.method, request.url.path, request.url.query, await json_of(request))
    return asking.asked(caller, key, door_of(request).clock.now(), *what, seen=seen)


async def json_of(request: Request) -> Any:
    """The parsed body, or None without one."""
    return await request.json() if await request.body() else None


DoorNow = Annotated[Door, Depends(door_of)]
AskedByKey = Annotated[Asked, Depends(asked_by_key)]
AskedOnVersion = Annotated[Asked, Depends(asked_on_version)]
AskedBySupplier = Annotated[Asked, Depends(asked_by_supplier)]
AskedByPath = Annotated[Asked, Depends(asked_by_path)]
AskedAfresh = Annotated[Asked, Depends(asked_afresh)]

# -- what routes answer --------------------------------------------------------------------


class Done(BaseModel):
    """A command was recorded. A GET with `?after=position` shows it."""

    position: int = Field(ge=0, description="the last position of its events in the log")
    version: int = Field(ge=0, description="of the thing, for `If-Match`; 0 where it has none")


def done(response: Response, recorded: Recorded, location: str = "") -> Done:
    """The answer to a command, with its headers."""
    if recorded.version:
        versions.versioned(response, recorded.version)
    if location:
        response.headers["Location"] = location
    if recorded.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return Done(position=recorded.position, version=recorded.version)
