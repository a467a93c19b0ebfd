"""Follow the log: fold pages of events into read tables, bookmark and rows in one commit."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, overload

import asyncpg
import msgspec

from jaringan_usaha.eventlog.codec import EventTypes, UnknownEventType
from jaringan_usaha.eventlog.database import FULL, LOST, Connection, Pool
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.kernel.messages import Event

log_queries = Queries("jaringan_usaha.eventlog", "eventlog.sql")
queries = Queries("jaringan_usaha.eventlog", "projector.sql")
logger = logging.getLogger(__name__)

LIVE_PAGE = 5_000
PAGE_BYTES = 16 << 20
_STEP = 1_000

E = TypeVar("E", bound=Event, covariant=True)
F = TypeVar("F", bound=Event)
G = TypeVar("G", bound=Event)


@dataclass(frozen=True, slots=True)
class Logged(Generic[E]):
    """An event with its place in the log."""

    position: int
    recorded_at: datetime
    event: E


class Page:
    """Neighbouring events of one network, in order, without a hole.

    `unknown`: the page is one event that this code cannot read, since it is newer or broken.
    """

    def __init__(
        self,
        network_id: int,
        events: Sequence[Logged[Event]],
        last: int,
        *,
        unknown: str = "",
    ) -> None:
        self.network_id = network_id
        self.events = events
        self.last = last
        self.unknown = unknown

    @overload
    def of(self, kind: type[E], /) -> list[Logged[E]]: ...

    @overload
    def of(self, kind: type[E], other: type[F], /) -> list[Logged[E | F]]: ...

    @overload
    def of(self, kind: type[E], other: type[F], third: type[G], /) -> list[Logged[E | F | G]]: ...

    def of(self, *kinds: type[Event]) -> list[Any]:
        """The events of these kinds, in order."""
        return [logged for logged in self.events if type(logged.event) in kinds]


@dataclass(frozen=True)
class Projection:
    """Read tables and how a page is folded into them.

    `write` must give the same rows however the log is cut into pages. `money`: a broken event
    stops it and its readers are told, instead of going on with wrong sums.
    """

    name: str
    write: Callable[[Page, Connection], Awaitable[None]]
    events: tuple[type[Event], ...]
    money: bool = False


class Hole(RuntimeError):
    """A position is missing: the log is damaged, nothing may be folded past it."""


class Projector:
    """Keeps the read tables of one schema level with the log, network by network."""

    def __init__(
        self,
        pool: Pool,
        types: EventTypes,
        projections: Sequence[Projection],
        *,
        page: int = LIVE_PAGE,
    ) -> None:
        self._pool = pool
        self._types = types
        self._projections = {projection.name: projection for projection in projections}
        self._handled = {kind for each in projections for kind in each.events}
        self._page = page
        self._names: dict[int, str] = {}

    async def catch_up(self, network_id: int, *, upto: int | None = None) -> int:
        """Fold everything that is recorded (up to a position); returns how many events."""
        folded = 0
        while step := await self.step(network_id, upto=upto):
            folded += step
        return folded

    async def step(self, network_id: int, *, upto: int | None = None) -> int:
        """Fold one page for every group of projections that stand at the same place.

        Returns the number of events folded; 0 when level with the log or when another process
        holds the bookmarks.
        """
        await self._open_bookmarks(network_id)
        standing: dict[int, list[Projection]] = {}
        for row in await self._pool.fetch(queries.bookmarks, network_id):
            if row["state"] != "stopped" and row["projection"] in self._projections:
                projection = self._projections[row["projection"]]
                standing.setdefault(row["position"], []).append(projection)
        folded = 0
        for position, projections in standing.items():
            page = await self._read(network_id, position, upto)
            if page is not None and await self._fold(page, position, projections):
                folded += page.last - position
        return folded

    async def _open_bookmarks(self, network_id: int) -> None:
        await self._pool.execute(queries.open_bookmarks, network_id, list(self._projections))

    async def _read(self, network_id: int, after: int, upto: int | None) -> Page | None:
        """The next page, bounded in events and bytes. Raises Hole."""
        events: list[Logged[Event]] = []
        last, size = after, 0
        while last - after < self._page and size < PAGE_BYTES:
            most = min(_STEP, self._page - (last - after))
            if upto is not None:
                most = max(0, min(most, upto - last))  # a rebuild may be past the live tables
            rows = await self._pool.fetch(log_queries.page, network_id, last, most)
            for row in rows:
                if row["position"] != last + 1:
                    raise Hole(f"network {network_id} has no event at position {last + 1}")
                try:
                    event = await self._decode(row["type_id"], row["schema_no"], row["body"])
                except (UnknownEventType, msgspec.MsgspecError, LookupError) as newer:
                    if last > after:
                        return Page(network_id, events, last)
                    return Page(network_id, [], after + 1, unknown=str(newer) or repr(newer))
                last += 1
                size += len(row["body"])
                if event is not None:
                    events.append(Logged(last, row["recorded_at"], event))
            if len(rows) < most or not rows:
                break
        return Page(network_id, events, last) if last > after else None

    async def _decode(self, type_id: int, schema_no: int, body: bytes) -> Event | None:
        """The event, or None when no projection looks at its kind."""
        if type_id not in self._names:
            rows = await self._pool.fetch(log_queries.types)
            self._names = {row["type_id"]: row["name"] for row in rows}
        name = self._names[type_id]
        kind = self._types.by_name.get(name)
        if kind is not None and kind.python not in self._handled:
            return None
        return self._types.decode(name, schema_no, body)

    async def _fold(self, page: Page, position: int, projections: list[Projection]) -> bool:
        """One transaction for all; if one of them breaks, each on its own."""
        if page.unknown:
            for projection in [each for each in projections if each.money]:
                await self._stop(page, position, projection, page.unknown)
            projections = [each for each in projections if not each.money]
        try:
            return await self._commit(page, position, projections)
        except (*LOST, *FULL, asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            raise
        except Exception as error:
            if len(projections) > 1:
                done = [await self._fold(page, position, [each]) for each in projections]
                return any(done)
            return await self._narrow(page, position, projections[0], error)

    async def _commit(self, page: Page, position: int, projections: list[Projection]) -> bool:
        names = [projection.name for projection in projections]
        async with self._pool.acquire() as connection, connection.transaction():
            held = await connection.fetch(queries.hold_bookmarks, page.network_id, names, position)
            if len(held) < len(names):
                return False
            for projection in projections:
                await projection.write(page, connection)
            moved = await connection.fetch(
                queries.move_bookmarks, page.network_id, names, position, page.last
            )
            if len(moved) < len(names):
                raise RuntimeError("a bookmark moved under its lock")
            await connection.execute(queries.poke_readers, f"{page.network_id}:{page.last}")
        return True

    async def _narrow(
        self, page: Page, position: int, projection: Projection, error: Exception
    ) -> bool:
        """Fold what comes before the broken event, then stop there and say so."""
        half = len(page.events) // 2
        if half:
            before = Page(page.network_id, page.events[:half], page.events[half].position - 1)
            return await self._fold(before, position, [projection])
        await self._stop(page, position, projection, f"{type(error).__name__}: {error}")
        return False

    async def _stop(self, page: Page, position: int, projection: Projection, why: str) -> None:
        broken = page.events[0].position if page.events else page.last
        logger.error("projection %s stopped at position %s", projection.name, broken)
        reason = msgspec.json.encode({"position": broken, "error": why}).decode()
        await self._pool.execute(
            queries.stop_bookmark, page.network_id, projection.name, position, reason
        )


async def follow(
    projector: Projector,
    pool: Pool,
    *,
    poll_seconds: float = 1.0,
    beside: Callable[[int], Awaitable[None]] | None = None,
) -> None:
    """Keep all networks level until cancelled: woken by pokes, and by the clock anyway.

    `beside` is begun after each step in a network, while the next steps go on: once at a time, and
    once more when something was folded meanwhile.
    """
    wake = asyncio.Event()
    duties = _Duties(beside, wake) if beside is not None else None
    listener = asyncio.create_task(_listen(pool, "log", lambda _: wake.set()))
    try:
        while True:
            wake.clear()
            try:
                busy = False
                for row in await pool.fetch(log_queries.networks):
                    busy = bool(await projector.step(row["network_id"])) or busy
                    if duties is not None:
                        duties.begin(row["network_id"])
            except (*LOST, *FULL) as error:
                logger.warning("the follower waits for the database: %s", error)
                await asyncio.sleep(0.2)
                continue
            if not busy:
                with suppress(TimeoutError):  # Python 3.11's wait_for would lose a cancellation
                    async with asyncio.timeout(poll_seconds):
                        await wake.wait()
    finally:
        listener.cancel()
        if duties is not None:
            await duties.stop()


class _Duties:
    """What is done in each network beside folding, a task for each."""

    def __init__(self, duty: Callable[[int], Awaitable[None]], wake: asyncio.Event) -> None:
        self._duty = duty
        self._wake = wake
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._late: set[int] = set()

    def begin(self, network_id: int) -> None:
        """Unless it is under way. Raises what ended it the last time."""
        task = self._tasks.pop(network_id, None)
        if task is not None and not task.done():
            self._tasks[network_id] = task
            self._late.add(network_id)
            return
        self._late.discard(network_id)
        if task is not None:
            task.result()
        self._tasks[network_id] = asyncio.create_task(self._do(network_id))

    async def _do(self, network_id: int) -> None:
        try:
            await self._duty(network_id)
        finally:
            if network_id in self._late:  # the tables moved on, so there may be more to do
                self._wake.set()

    async def stop(self) -> None:
        """Cancel all, and wait until they have ended."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


async def _listen(pool: Pool, channel: str, heard: Callable[[str], None]) -> None:
    """Listen on one connection; a lost one is opened again and never ends the loop."""
    while True:
        try:
            async with listening(pool, channel, heard) as lost:
                heard("")
                await lost.wait()
        except (*LOST, *FULL):
            pass
        await asyncio.sleep(0.2)


@asynccontextmanager
async def listening(
    pool: Pool, channel: str, heard: Callable[[str], None]
) -> AsyncIterator[asyncio.Event]:
    """Inside, `heard` gets every payload; the value is set when the link is lost."""
    async with pool.acquire() as connection:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())

        def hear(_connection: object, _pid: int, _channel: str, payload: object) -> None:
            heard(str(payload))

        await connection.add_listener(channel, hear)
        try:
            yield lost
        finally:  # a session goes back to the pool as it came
            if not connection.is_closed():
                await connection.remove_listener(channel, hear)
