"""Our log in the vocabulary of the `eventsourcing` package, for auditors and other programs.

The same tables, written by the same `log.append`, with the package's words:

- A notification's id is the position. An event of ours has its stream as originator; one that
  stands alone has its command, with its number in it as version. Its topic is name and shape
  number (`cycles.order_placed.1`), its tags are its `*_id` fields (`cycle:c1`).
- An event of the package is stored under its topic with shape number 0, in a small JSON object
  that holds its bytes and tags. It leaves a mark for each (type, tag), for its originator, and
  for (originator, version).

A program that writes should have a network of its own: our money projections stop at events
that they do not know, and nothing here leaves the marks that our own decisions ask for.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from eventsourcing.dcb.api import (
    DCBAppendCondition,
    DCBEvent,
    DCBQuery,
    DCBQueryItem,
    DCBReadResponse,
    DCBSequencedEvent,
)
from eventsourcing.dcb.popo import SimpleDCBReadResponse
from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    Notification,
    OperationalError,
    ProgrammingError,
    StoredEvent,
    Tracking,
)

from jaringan_usaha.eventlog.appender import (
    NewEvent,
    Outcome,
    Proposal,
    Verdict,
    append_arguments,
    outcome_of,
)
from jaringan_usaha.eventlog.appender import queries as log_queries
from jaringan_usaha.eventlog.database import FULL, LOST, Connection, Pool, Row
from jaringan_usaha.eventlog.marks import stream_key, stream_mark, tag_mark
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.kernel.messages import Asked

queries = Queries("jaringan_usaha.eventlog", "recorder.sql")

PAGE = 1_000
_END = 2**63 - 1
_NUMBERED = re.compile(r"\.\d+$")  # the topic of an event of ours
_ORIGINATOR = "originator"


class _Enclosed(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an event of the package is stored: bytes in base64, an originator only if no UUID."""

    data: bytes
    tags: list[str] = []
    originator_id: str | None = None


_encode = msgspec.json.Encoder(order="sorted").encode
_enclosed = msgspec.json.Decoder(_Enclosed)


class _Recorder:
    """What both recorders share: one network, and `asked`, which says for each append who
    asks, when, and under which new command id."""

    def __init__(self, pool: Pool, network_id: int, asked: Callable[[], Asked]) -> None:
        self._pool = pool
        self._network_id = network_id
        self._asked = asked

    async def max_position(self) -> int | None:
        """The last position, or None while there is none."""
        with _translated():
            return await self._pool.fetchval(queries.max_position, self._network_id) or None

    @asynccontextmanager
    async def _transaction(self, given: Connection | None = None) -> AsyncIterator[Connection]:
        with _translated():
            if given is not None:
                yield given
            else:
                async with self._pool.acquire() as connection, connection.transaction():
                    yield connection

    async def _append(
        self,
        connection: Connection,
        events: Sequence[NewEvent],
        guards: Sequence[tuple[UUID, int]],
    ) -> Outcome:
        """Append all or nothing. Raises IntegrityError when a guard met a newer mark."""
        proposal = Proposal(self._asked(), events, guards, 0)
        row = await connection.fetchrow(
            log_queries.append, *append_arguments(self._network_id, [proposal])
        )
        assert row is not None
        outcome = outcome_of(row)
        if outcome.verdict is not Verdict.RECORDED:
            raise IntegrityError(f"not recorded: {outcome.verdict.name.lower()}")
        return outcome

    async def _type_ids(self, connection: Connection, topics: Iterable[str]) -> dict[str, int]:
        names = sorted(set(topics))
        rows = await connection.fetch(queries.type_ids, names)
        if len(rows) < len(names):
            await connection.execute(queries.number_types, names)
            rows = await connection.fetch(queries.type_ids, names)
        return {row["name"]: row["type_id"] for row in rows}

    async def _rows(
        self, query: str, first: int, last: int, given: object, connection: Connection | None = None
    ) -> AsyncIterator[Row]:
        """All rows of a query from `first` to `last`, read in pages."""
        reader = connection or self._pool
        while first <= last:
            rows = await reader.fetch(query, self._network_id, first, last, PAGE, given)
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            first = rows[-1]["position"] + 1


class StoredEventRecorder(_Recorder):
    """Stored events by (originator, version), notifications, and trackings."""

    async def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        connection: Connection | None = None,
    ) -> list[int]:
        """Record all or none, and the tracking with them; returns the positions.

        With a `connection`, in the transaction that it is in. Raises IntegrityError when a
        (originator, version) is taken, or the tracking does not go on.
        """
        versions = {(event.originator_id, event.originator_version) for event in stored_events}
        if len(versions) < len(stored_events):
            raise IntegrityError("one version of an originator is given twice")
        async with self._transaction(connection) as transaction:
            if tracking is not None:
                await self._track(transaction, tracking)
            if not stored_events:
                return []
            ids = await self._type_ids(transaction, (event.topic for event in stored_events))
            new = [_new_stored_event(event, ids) for event in stored_events]
            guards = [(event.marks[0], 0) for event in new]
            outcome = await self._append(transaction, new, guards)
        return list(range(outcome.first_position, outcome.last_position + 1))

    async def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """The events that this recorder wrote for an originator, by version."""
        marks = [tag_mark("", _ORIGINATOR, str(originator_id))]
        found: list[StoredEvent] = []
        with _translated():
            async for row in self._rows(queries.marked, 1, _END, marks):
                each = _notification(row)
                version = each.originator_version
                if (gt is None or version > gt) and (lte is None or version <= lte):
                    found.append(StoredEvent(originator_id, version, each.topic, each.state))
        found.sort(key=lambda each: each.originator_version, reverse=desc)
        return found[:limit]

    async def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[Notification]:
        """Every event of the network in order, whoever wrote it."""
        first = 1 if start is None else start + (not inclusive_of_start)
        last = _END if stop is None else stop
        with _translated():
            rows = await self._pool.fetch(
                queries.notifications, self._network_id, first, last, limit, list(topics) or None
            )
        return [_notification(row) for row in rows]

    async def insert_tracking(
        self, tracking: Tracking, *, connection: Connection | None = None
    ) -> None:
        """Raises IntegrityError unless the application goes on by it."""
        async with self._transaction(connection) as transaction:
            await self._track(transaction, tracking)

    async def max_tracking_id(self, application_name: str) -> int | None:
        """How far the application has come, or None."""
        with _translated():
            found: int | None = await self._pool.fetchval(
                queries.tracked, self._network_id, application_name
            )
            return found

    async def has_tracking_id(self, application_name: str, notification_id: int | None) -> bool:
        """Whether the application has come as far as that."""
        if notification_id is None:
            return True
        reached = await self.max_tracking_id(application_name)
        return reached is not None and reached >= notification_id

    async def _track(self, connection: Connection, tracking: Tracking) -> None:
        if not await connection.fetchval(
            queries.track, self._network_id, tracking.application_name, tracking.notification_id
        ):
            raise IntegrityError(f"{tracking} has been recorded before")


class TaggedEventRecorder(_Recorder):
    """Dynamic consistency boundaries: events by types and tags."""

    async def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> DCBReadResponse:
        """The events that match, in order. Where every item names types of the package and
        tags, they are looked up by mark; else all events after `after` are read."""
        found: list[DCBSequencedEvent] = []
        with _translated():
            head = await self.max_position()
            if head is not None and limit != 0:
                async for event in self._matching(query or DCBQuery(), (after or 0) + 1, head):
                    found.append(event)
                    if len(found) == limit:
                        break
        if limit is not None:
            head = found[-1].position if found else None
        return SimpleDCBReadResponse(iter(found), head)

    async def append(
        self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None
    ) -> int:
        """Record all unless an event after `condition.after` matches its query; returns the
        last position. Raises IntegrityError.

        Items with types of the package and one tag are guarded by marks. For all others the
        log is searched once the writer lock is held, from `after` to these events.
        """
        if not events:
            raise ProgrammingError("there is nothing to append")
        query, after = DCBQuery(), 0
        guards: list[tuple[UUID, int]] = []
        searched: list[DCBQueryItem] = []
        if condition is not None:
            query, after = condition.fail_if_events_match, condition.after or 0
            for item in query.items:
                if _leaves_marks(item) and len(item.tags) == 1:
                    guards += [(mark, after) for mark in _marks(item)]
                else:
                    searched.append(item)
        async with self._transaction() as transaction:
            ids = await self._type_ids(transaction, (event.type for event in events))
            new = [_new_tagged_event(event, ids) for event in events]
            outcome = await self._append(transaction, new, list(dict.fromkeys(guards)))
            if condition is not None and (searched or not query.items):
                rest = self._matching(
                    DCBQuery(searched), after + 1, outcome.first_position - 1, transaction
                )
                async for event in rest:
                    raise IntegrityError(f"position {event.position} meets the condition")
        return outcome.last_position

    async def _matching(
        self, query: DCBQuery, first: int, last: int, connection: Connection | None = None
    ) -> AsyncIterator[DCBSequencedEvent]:
        if query.items and all(_leaves_marks(item) for item in query.items):
            marks = [mark for item in query.items for mark in _marks(item)]
            rows = self._rows(queries.marked, first, last, marks, connection)
        else:
            rows = self._rows(queries.notifications, first, last, None, connection)
        async for row in rows:
            event = _tagged_event(row)
            if _matches(query, event):
                yield DCBSequencedEvent(event, row["position"])


def _matches(query: DCBQuery, event: DCBEvent) -> bool:
    return not query.items or any(
        (not item.types or event.type in item.types) and set(event.tags) >= set(item.tags)
        for item in query.items
    )


def _topic(row: Row) -> str:
    return f"{row['name']}.{row['schema_no']}" if row["schema_no"] else str(row["name"])


def _leaves_marks(item: DCBQueryItem) -> bool:
    """Whether marks alone find all events of the item; ours leave only those asked for."""
    return bool(item.types and item.tags) and not any(map(_NUMBERED.search, item.types))


def _marks(item: DCBQueryItem) -> list[UUID]:
    return [_tagged_mark(kind, item.tags[0]) for kind in item.types]


def _tagged_mark(kind: str, tag: str) -> UUID:
    mark: UUID = tag_mark(kind, "", tag)
    return mark


def _new_stored_event(event: StoredEvent, ids: dict[str, int]) -> NewEvent:
    value, version = str(event.originator_id), event.originator_version
    own = isinstance(event.originator_id, UUID)
    body = _Enclosed(event.state, originator_id=None if own else value)
    return NewEvent(
        ids[event.topic],
        0,
        _encode(body),
        UUID(value) if own else stream_key(_ORIGINATOR, value),
        version,
        (stream_mark(_ORIGINATOR, value, version), tag_mark("", _ORIGINATOR, value)),
    )


def _new_tagged_event(event: DCBEvent, ids: dict[str, int]) -> NewEvent:
    body = _encode(_Enclosed(event.data, tags=event.tags))
    marks = tuple(dict.fromkeys(_tagged_mark(event.type, tag) for tag in event.tags))
    return NewEvent(ids[event.type], 0, body, None, None, marks)


def _notification(row: Row) -> Notification:
    originator: UUID | str = UUID(bytes=(row["stream_id"] or row["command_id"]).bytes)
    version = row["batch_item"] if row["stream_id"] is None else row["stream_version"]
    state = row["body"]
    if not row["schema_no"]:
        body = _enclosed.decode(state)
        state, originator = body.data, body.originator_id or originator
    return Notification(originator, version, _topic(row), state, row["position"])


def _tagged_event(row: Row) -> DCBEvent:
    if not row["schema_no"]:
        body = _enclosed.decode(row["body"])
        return DCBEvent(_topic(row), body.data, list(body.tags))
    fields: dict[str, Any] = msgspec.json.decode(row["body"])
    tags = [
        f"{name[:-3]}:{value}"
        for name, value in fields.items()
        if name.endswith("_id") and value is not None
    ]
    return DCBEvent(_topic(row), row["body"], tags)


@contextmanager
def _translated() -> Iterator[None]:
    """The driver's errors as the package's."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(str(error)) from error
    except asyncpg.DataError as error:
        raise DataError(str(error)) from error
    except (*LOST, *FULL) as error:
        raise OperationalError(str(error)) from error
    except asyncpg.PostgresError as error:
        raise DatabaseError(str(error)) from error
