"""What every route needs: the log of a network, the clock, the read tables; joined by `app.py`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Request

from jaringan_usaha.api.access import issuing
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.access.keys import Keys, key_id
from jaringan_usaha.api.access.limits import WRITE, Limits
from jaringan_usaha.api.access.sessions import Sessions
from jaringan_usaha.api.access.vault import Vault
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.asked import Clock
from jaringan_usaha.api.contract.deprecation import Calls
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.eventlog.answers import Recorded
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
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.projector import log_queries
from jaringan_usaha.eventlog.projector import queries as bookmark_queries
from jaringan_usaha.eventlog.reached import Reached
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.decider import Decider
from jaringan_usaha.kernel.messages import Command

POKE_SECONDS = 0.05


@dataclass
class Door:
    """The parts of the service, handed to every route."""

    write_pool: Pool
    read_pool: Pool
    make_log: Callable[[int], EventLog]
    clock: Clock
    keys: Keys
    sessions: Sessions
    reached: Reached
    limits: Limits
    vault: Vault
    calls: Calls = field(default_factory=Calls)
    shelf: dict[str, Any] = field(default_factory=dict)
    """What a room keeps between requests, under its name; bounded by the room."""
    _logs: dict[int, EventLog] = field(default_factory=dict)
    _poke: asyncio.Task[None] | None = None

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
                    self.read_pool.acquire() as connection,
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
            async with self.write_pool.acquire() as connection:
                yield connection

    async def close(self) -> None:
        """Let everything queued get its verdict, then let go."""
        await self.calls.write_down(self.write_pool)
        for log in self._logs.values():
            await log.appender.close()
        await self.reached.close()
        if self._poke is not None:
            await asyncio.wait([self._poke])


def door_of(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


DoorNow = Annotated[Door, Depends(door_of)]


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
