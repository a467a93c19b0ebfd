"""The batching appender: commands that arrive together share one append and one commit."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from uuid import UUID

import msgspec

from jaringan_usaha.eventlog.database import BROKEN, FULL, LOST, Pool, Row
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.rejections import Busy, Invalid, Unknown

queries = Queries("jaringan_usaha.eventlog", "eventlog.sql")

REPLAY_DAYS = 35  # how long an answer is kept, API-1
MOST_EVENTS = 6_144  # a price list of 5,000 rows, all of them of new items
MOST_GUARDS = 10_240
MOST_BODY_BYTES = 64 * 1024


class Verdict(IntEnum):
    """What became of one command; the numbers of `log.append`."""

    RECORDED = 1
    KNOWN = 2
    KEY_REUSED = 3
    STALE = 4


class NewEvent(msgspec.Struct, frozen=True):
    """One event on its way into the log, already in canonical bytes."""

    type_id: int
    schema_no: int
    body: bytes
    stream: UUID | None
    version: int | None
    marks: tuple[UUID, ...]


class Proposal(msgspec.Struct, frozen=True):
    """What one command wants to record, and the marks it must not meet: (mark, after)."""

    asked: Asked
    events: Sequence[NewEvent]
    guards: Sequence[tuple[UUID, int]]
    version: int


class Outcome(msgspec.Struct, frozen=True):
    """The verdict on one proposal, with the positions its events have."""

    verdict: Verdict
    first_position: int
    last_position: int
    version: int
    recorded_at: datetime


Waiting = tuple[Proposal, "asyncio.Future[Outcome]", float]


class Appender:
    """One writer per network and process. While one batch is being committed the next collects.

    Bounded in everything: `queue` waiting commands (more is `Busy`), `batch` commands and
    `batch_bytes` of bodies per append, `patience` seconds in the queue, `recovery` seconds of
    finding out what became of a batch whose connection was lost.
    """

    def __init__(
        self,
        pool: Pool,
        network_id: int,
        *,
        queue: int = 4_096,
        batch: int = 512,
        batch_bytes: int = 1 << 20,
        patience: float = 2.0,
        recovery: float = 5.0,
    ) -> None:
        self._pool = pool
        self._network_id = network_id
        self._queue: deque[Waiting] = deque()
        self._limit = queue
        self._batch = batch
        self._batch_bytes = batch_bytes
        self._patience = patience
        self._recovery = recovery
        self._worker: asyncio.Task[None] | None = None
        self.position = 0

    def submit(self, proposal: Proposal) -> "asyncio.Future[Outcome]":
        """Queue a proposal. The future survives its caller; it raises Busy when the queue is
        full or the wait too long, Invalid when the proposal is too large, Unknown when the
        database was lost."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        if len(self._queue) >= self._limit:
            _refuse(future, Busy("too many requests wait; send this one again", retry_after=1))
            return future
        try:
            must_fit(proposal)
        except Invalid as too_large:
            _refuse(future, too_large)
            return future
        self._queue.append((proposal, future, loop.time() + self._patience))
        if self._worker is None:
            self._worker = loop.create_task(self._work())
        return future

    async def close(self) -> None:
        """Wait until everything queued has its verdict."""
        while self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        try:
            while self._queue:
                await self._gather()
                batch = self._take()
                try:
                    if batch:
                        give_up_at = asyncio.get_running_loop().time() + self._recovery
                        await self._commit(batch, give_up_at)
                finally:  # nobody waits for ever, whatever ended the worker
                    _refuse_all(batch, _lost())
        finally:
            self._worker = None
            if self._queue:  # the worker itself failed; whoever still waits is told so
                for _, future, _ in self._queue:
                    _refuse(future, Busy("the writer stopped; send this request again"))
                self._queue.clear()

    async def _gather(self) -> None:
        """Let those that have already knocked come in: as long as every pass of the loop
        brings more, a larger batch costs nobody time and saves everybody a commit."""
        before = 0
        while before < len(self._queue) < self._batch:
            before = len(self._queue)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _take(self) -> list[Waiting]:
        """The next batch: none of its commands guards what another one of it changes."""
        now = asyncio.get_running_loop().time()
        batch: list[Waiting] = []
        skipped: list[Waiting] = []
        left: set[UUID] = set()
        commands = set()
        size = 0
        while self._queue and len(batch) < self._batch and size < self._batch_bytes:
            waiting = self._queue.popleft()
            proposal, future, deadline = waiting
            if now > deadline:
                _refuse(future, Busy("not recorded in time; send this request again"))
            elif proposal.asked.command_id in commands or any(
                mark in left for mark, _ in proposal.guards
            ):
                skipped.append(waiting)
            else:
                batch.append(waiting)
                commands.add(proposal.asked.command_id)
                for event in proposal.events:
                    left.update(event.marks)
                    size += len(event.body)
        self._queue.extendleft(reversed(skipped))
        return batch

    async def _commit(self, batch: list[Waiting], give_up_at: float) -> None:
        """Append until the outcome of every command is known, or nobody can know it in time.

        Sending the same batch again is how an unknown outcome is found out: what was
        recorded answers as known, under the same lock.
        """
        arguments = append_arguments(self._network_id, [proposal for proposal, _, _ in batch])
        while True:
            try:
                async with self._pool.acquire(timeout=self._recovery) as connection:
                    rows = await connection.fetch(queries.append, *arguments)
                break
            except FULL:
                problem = Busy("the log is busy; nothing was recorded, send again", retry_after=1)
                return _refuse_all(batch, problem)
            except BROKEN as error:
                if len(batch) == 1:
                    return _refuse_all(batch, Invalid(f"the log cannot store this: {error}"))
                half = len(batch) // 2
                await self._commit(batch[:half], give_up_at)
                return await self._commit(batch[half:], give_up_at)
            except LOST:
                if asyncio.get_running_loop().time() > give_up_at:
                    return _refuse_all(batch, _lost())
                await asyncio.sleep(0.05)
            except Exception as error:
                return _refuse_all(batch, error)
        for (_, future, _), row in zip(batch, rows, strict=True):
            outcome = outcome_of(row)
            self.position = max(self.position, outcome.last_position)
            if not future.done():
                future.set_result(outcome)


def must_fit(proposal: Proposal) -> None:
    """Raises Invalid for more than one command may record, or than one event may hold."""
    if len(proposal.events) > MOST_EVENTS or len(proposal.guards) > MOST_GUARDS:
        raise Invalid("this asks for too much at once; send it in parts")
    if any(len(event.body) > MOST_BODY_BYTES for event in proposal.events):
        raise Invalid("this is too large to be one fact; send it in parts")


def _lost() -> Unknown:
    return Unknown(
        "the database was lost; send the same request with the same key to learn its outcome",
        retry_after=2,
    )


def _refuse_all(batch: list[Waiting], problem: BaseException) -> None:
    for _, future, _ in batch:
        _refuse(future, problem)


def _refuse(future: "asyncio.Future[Outcome]", problem: BaseException) -> None:
    if not future.done():
        future.set_exception(problem)


def outcome_of(row: Row) -> Outcome:
    return Outcome(
        Verdict(row["verdict"]),
        row["first_position"],
        row["last_position"],
        row["version"],
        row["recorded_at"],
    )


def day_of(command_id: UUID, received_at: datetime) -> date:
    """The day under which an answer is kept: in the id itself where it carries a time."""
    if not _carries_time(command_id):
        return received_at.astimezone(UTC).date()
    return datetime.fromtimestamp((command_id.int >> 80) / 1000, UTC).date()


def _carries_time(command_id: UUID) -> bool:
    """Whether the first 48 bits are a time that a date can hold (before the year 10000)."""
    return 0 < command_id.int >> 80 < 253_402_300_800_000


def days_to_search(commands: Sequence[tuple[UUID, datetime]]) -> tuple[date, date]:
    """The first and last day on which answers to these commands may be kept."""
    first = last = day_of(*commands[0])
    for command_id, received_at in commands:
        earliest = latest = day_of(command_id, received_at)
        if not _carries_time(command_id):  # a key in free text: any day that is still kept,
            earliest -= timedelta(days=REPLAY_DAYS)
            latest += timedelta(days=1)  # and the next, where another process is ahead in time
        first, last = min(first, earliest), max(last, latest)
    return first, last


def append_arguments(network_id: int, batch: Sequence[Proposal]) -> tuple[object, ...]:
    """The parallel arrays of `log.append`, in its order; numbers count from 1."""
    asked = [proposal.asked for proposal in batch]
    days = days_to_search([(each.command_id, each.at) for each in asked])
    first_events: list[int] = []
    last_events: list[int] = []
    commands: list[int] = []
    items: list[int] = []
    types: list[int] = []
    schemas: list[int] = []
    streams: list[UUID | None] = []
    versions: list[int | None] = []
    asked_by: list[str] = []
    received: list[datetime] = []
    bodies: list[bytes] = []
    guard_numbers: dict[tuple[UUID, int], int] = {}
    guarded_commands: list[int] = []
    guarded_by: list[int] = []
    left_events: list[int] = []
    left_marks: list[UUID] = []
    for number, proposal in enumerate(batch, start=1):
        first_events.append(len(commands) + 1)
        for item, event in enumerate(proposal.events, start=1):
            commands.append(number)
            items.append(item)
            types.append(event.type_id)
            schemas.append(event.schema_no)
            streams.append(event.stream)
            versions.append(event.version)
            asked_by.append(proposal.asked.by)
            received.append(proposal.asked.at)
            bodies.append(event.body)
            left_events.extend([len(commands)] * len(event.marks))
            left_marks.extend(event.marks)
        last_events.append(len(commands))
        guarded_commands.extend([number] * len(proposal.guards))
        guarded_by.extend(
            guard_numbers.setdefault(guard, len(guard_numbers) + 1) for guard in proposal.guards
        )
    return (
        network_id,
        *days,
        [each.command_id for each in asked],
        [day_of(each.command_id, each.at) for each in asked],
        [each.print for each in asked],
        first_events,
        last_events,
        [proposal.version for proposal in batch],
        commands,
        items,
        types,
        schemas,
        streams,
        versions,
        asked_by,
        received,
        bodies,
        [mark for mark, _ in guard_numbers],
        [after for _, after in guard_numbers],
        guarded_commands,
        guarded_by,
        left_events,
        left_marks,
    )
