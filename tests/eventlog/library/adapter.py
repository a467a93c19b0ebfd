"""Our async recorders behind the synchronous interfaces of the `eventsourcing` package.

A thread with an event loop of its own does the work; every call waits for it. This is for the
package's own test cases: a program in asyncio uses the recorders as they are.
"""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBReadResponse
from eventsourcing.dcb.api import DCBRecorder as DCBInterface
from eventsourcing.dcb.persistence import DCBListenNotifySubscription
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    ListenNotifySubscription,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.tests.projection import EventCountersView

from eventlog.keys import new_command_id
from jaringan_usaha.eventlog.database import WORKER, Connection, Pool, open_pool
from jaringan_usaha.eventlog.recorder import StoredEventRecorder, TaggedEventRecorder
from jaringan_usaha.kernel.messages import Asked

T = TypeVar("T")


class LogThread:
    """The loop, a pool on one database, and a network for every application that appears."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._networks: dict[tuple[str, str], int] = {}
        self._listeners: set[threading.Event] = set()
        self.pool: Pool = self.run(open_pool(url, most=12, role=WORKER))
        self._listening: Connection = self.run(self._start_listening())

    async def _start_listening(self) -> Connection:
        connection = await self.pool.acquire()
        await connection.add_listener("log", self._wake)
        return connection

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the work, done on the loop. Never from the loop itself."""
        assert threading.current_thread() is not self._thread
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def network(self, application: str, purpose: str) -> int:
        """The network of an application's events, or of its snapshots; opened when new."""
        number = self._networks.setdefault((application, purpose), len(self._networks) + 1)
        self.run(self._open(number))
        return number

    async def _open(self, number: int) -> None:
        await self.pool.execute("select log.open_network($1, $2)", number, datetime.now(UTC))

    async def _send_poke(self) -> None:
        await self.pool.execute("select pg_notify('log', '')")

    def poke(self) -> None:
        """Wake all who listen, through the database and after the commit, as the house does."""
        self.run(self._send_poke())

    def listen(self, event: threading.Event) -> None:
        self._listeners.add(event)
        event.set()  # what came before is pulled as well

    def unlisten(self, event: threading.Event) -> None:
        self._listeners.discard(event)

    def _wake(self, *_: object) -> None:
        for event in list(self._listeners):
            event.set()

    def close(self) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        await self._listening.remove_listener("log", self._wake)
        await self.pool.release(self._listening)
        await self.pool.close()


def asked() -> Asked:
    return Asked(at=datetime.now(UTC), command_id=new_command_id(), print=b"", by="library")


class OfOurLog:
    """One network as the package sees it."""

    def __init__(self, thread: LogThread, network_id: int) -> None:
        self.thread = thread
        self.ours = StoredEventRecorder(thread.pool, network_id, asked)


class Aggregates(OfOurLog, AggregateRecorder):
    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> None:
        self.thread.run(self.ours.insert_events(stored_events))

    def select_events(self, originator_id: UUID | str, **how: Any) -> Sequence[StoredEvent]:
        return self.thread.run(self.ours.select_events(originator_id, **how))


class Notifications(Aggregates, ApplicationRecorder):
    def insert_events(  # type: ignore[override]
        self, stored_events: Sequence[StoredEvent], tracking: Tracking | None = None, **_: Any
    ) -> Sequence[int]:
        positions = self.thread.run(self.ours.insert_events(stored_events, tracking=tracking))
        self.thread.poke()
        return positions

    def select_notifications(self, *args: Any, **how: Any) -> Sequence[Notification]:
        return self.thread.run(self.ours.select_notifications(*args, **how))

    def max_notification_id(self) -> int | None:
        return self.thread.run(self.ours.max_position())

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> "NotificationSubscription":
        return NotificationSubscription(self, gt, topics)


class NotificationSubscription(ListenNotifySubscription[Notifications]):
    def __init__(self, recorder: Notifications, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        recorder.thread.listen(self._has_been_notified)

    def stop(self) -> None:
        self._recorder.thread.unlisten(self._has_been_notified)
        super().stop()


class Trackings(OfOurLog, TrackingRecorder):
    def insert_tracking(self, tracking: Tracking) -> None:
        self.thread.run(self.ours.insert_tracking(tracking))

    def max_tracking_id(self, application_name: str) -> int | None:
        return self.thread.run(self.ours.max_tracking_id(application_name))

    def has_tracking_id(self, application_name: str, notification_id: int | None) -> bool:
        return self.thread.run(self.ours.has_tracking_id(application_name, notification_id))


class Processes(Trackings, Notifications, ProcessRecorder):
    pass


class Counters(Trackings, EventCountersView):
    """A view with rows of its own, changed in the transaction of the tracking."""

    _counts = (
        "insert into read.counters as c (network_id, counter, events) values ($1, $2, $3)"
        " on conflict (network_id, counter) do update set events = c.events + $3"
        " returning c.events"
    )

    def get_created_event_counter(self) -> int:
        return self.thread.run(self._add("created", 0, None))

    def get_subsequent_event_counter(self) -> int:
        return self.thread.run(self._add("subsequent", 0, None))

    def incr_created_event_counter(self, tracking: Tracking) -> None:
        self.thread.run(self._add("created", 1, tracking))

    def incr_subsequent_event_counter(self, tracking: Tracking) -> None:
        self.thread.run(self._add("subsequent", 1, tracking))

    async def _add(self, counter: str, events: int, tracking: Tracking | None) -> int:
        """The count is changed first, so that a refused tracking must undo it."""
        async with self.thread.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "create table if not exists read.counters (network_id bigint not null,"
                " counter text not null, events int not null, primary key (network_id, counter))"
            )
            count: int = await connection.fetchval(
                self._counts, self.ours._network_id, counter, events
            )
            if tracking is not None:
                await self.ours.insert_tracking(tracking, connection=connection)
            return count


class TaggedEvents(DCBInterface):
    def __init__(self, thread: LogThread, network_id: int) -> None:
        self.thread = thread
        self.ours = TaggedEventRecorder(thread.pool, network_id, asked)

    def read(self, query: DCBQuery | None = None, **how: Any) -> DCBReadResponse:
        return self.thread.run(self.ours.read(query, **how))

    def append(
        self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None
    ) -> int:
        position = self.thread.run(self.ours.append(events, condition))
        self.thread.poke()
        return position

    def subscribe(
        self, query: DCBQuery | None = None, *, after: int | None = None
    ) -> "TaggedSubscription":
        return TaggedSubscription(self, query, after)


class TaggedSubscription(DCBListenNotifySubscription[TaggedEvents]):
    def __init__(self, recorder: TaggedEvents, query: DCBQuery | None, after: int | None) -> None:
        super().__init__(recorder, query, after)
        recorder.thread.listen(self._has_been_notified)

    def stop(self) -> None:
        self._recorder.thread.unlisten(self._has_been_notified)
        super().stop()
