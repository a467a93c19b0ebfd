"""Logs on the small feature, the rows they leave, and locks to hold them up with."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from eventlog.jars import EVENTS, TOPICS
from jaringan_usaha.eventlog.appender import Appender
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.database import Connection, Pool, Row
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.memory import Memory
from jaringan_usaha.eventlog.topics import Topics
from jaringan_usaha.features.catalog import events as catalog
from jaringan_usaha.features.cycles import events as cycles
from jaringan_usaha.features.cycles.orders import events as orders
from jaringan_usaha.features.registry import events as registry
from jaringan_usaha.house import event_classes

PATIENCE_SECONDS = 30
_networks = itertools.count(100)


types = EventTypes(
    [
        *EVENTS,
        *(kind for module in (registry, catalog, cycles, orders) for kind in event_classes(module)),
    ]
)
topics = Topics(TOPICS)


async def new_network(pool: Pool) -> int:
    """An empty network beside all others."""
    network_id = next(_networks)
    await pool.execute("select log.open_network($1, $2)", network_id, datetime.now(UTC))
    return network_id


async def open_log(
    pool: Pool,
    network_id: int = 1,
    *,
    asks: Topics = topics,
    memory: Memory | None = None,
    appender: Appender | None = None,
) -> EventLog:
    """As a process of the house opens it; `asks` is what its decisions ask about."""
    memory = Memory(100_000) if memory is None else memory
    appender = appender or Appender(pool, network_id)
    rows = await pool.fetch("select name, type_id from log.types")
    ids = {row["name"]: row["type_id"] for row in rows}
    return EventLog(network_id, pool, types, ids, asks, memory=memory, appender=appender)


async def events_of(pool: Pool, network_id: int = 1) -> list[Row]:
    """All rows of a network, as they lie there."""
    return await pool.fetch(
        "select e.*, t.name from log.events e join log.types t using (type_id)"
        " where network_id = $1 order by position",
        network_id,
    )


async def counts_of(pool: Pool, network_id: int = 1) -> tuple[int, int, int, int]:
    """Head position, and how many events, answers and marks a network has."""
    row = await pool.fetchrow(
        "select (select position from log.head where network_id = $1),"
        " (select count(*) from log.events where network_id = $1),"
        " (select count(*) from log.answers where network_id = $1),"
        " (select count(*) from log.marks where network_id = $1)",
        network_id,
    )
    assert row is not None
    return row[0], row[1], row[2], row[3]


async def until(happens: Callable[[], Awaitable[object]]) -> None:
    """Wait for a condition of the world outside."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await happens():  # noqa: ASYNC110  the world outside sets no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def holding(url: str, statement: str, *args: object) -> AsyncIterator[Connection]:
    """A transaction that holds what its statement locks, until the end of the block."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(statement, *args)
            yield connection
    except (asyncpg.InterfaceError, asyncpg.AdminShutdownError):
        if not connection.is_closed():  # killed by the test itself
            raise
    finally:
        await connection.close()


def holding_head(url: str, network_id: int = 1) -> Any:
    """The writer lock of a network, held by somebody else."""
    return holding(url, "select from log.head where network_id = $1 for update", network_id)


async def waiters(connection: Connection) -> list[int]:
    """The sessions that wait for a lock in this database."""
    rows = await connection.fetch(
        "select pid from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    return [row["pid"] for row in rows]
