"""Logs that are written by hand, and what they fold into: for rooms that listen to all others."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from databases import fresh_database
from jaringan_usaha import house
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.appender import NewEvent, Proposal, append_arguments, queries
from jaringan_usaha.eventlog.codec import encode
from jaringan_usaha.eventlog.database import WORKER, Pool, open_pool
from jaringan_usaha.eventlog.projector import Projector
from jaringan_usaha.kernel.messages import Asked, Event
from service import NETWORK

TYPES = house.event_types()


class Log:
    """A log to which anything can be appended, whatever the rules would say."""

    def __init__(self, pool: Pool, numbers: dict[str, int], network_id: int = NETWORK) -> None:
        self.pool = pool
        self._numbers = numbers
        self._network_id = network_id
        self._commands = 0

    async def append(self, *events: Event) -> int:
        """Record the events; the position of the last."""
        last = 0
        for event in events:
            self._commands += 1
            known = TYPES.by_class[type(event)]
            new = NewEvent(
                self._numbers[known.name], known.schema_no, encode(event), None, None, ()
            )
            asked = Asked(
                at=datetime.now(UTC),
                command_id=UUID(int=self._commands),
                print=b"by hand",
                by="by hand",
            )
            proposal = Proposal(asked, [new], [], 0)
            row = await self.pool.fetchrow(
                queries.append, *append_arguments(self._network_id, [proposal])
            )
            last = row["last_position"]
        return last

    async def fold(self, page: int = 5_000, projections: Sequence[Any] = house.PROJECTIONS) -> None:
        projector = Projector(self.pool, TYPES, projections, page=page)
        await projector.catch_up(self._network_id)
        states = await self.pool.fetch("select projection, state, error from bookmarks")
        assert {row["state"] for row in states} == {"live"}, [dict(row) for row in states]

    async def tables(self, *names: str) -> dict[str, list[dict[str, Any]]]:
        """The rows of some read tables, in one order."""
        found = {}
        for name in names:
            rows = await self.pool.fetch(f"select * from {name} where network_id = {NETWORK}")
            found[name] = sorted((dict(row) for row in rows), key=str)
        return found

    async def forget(self) -> None:
        """Empty the read tables."""
        rows = await self.pool.fetch(
            "select relname from pg_class where relnamespace = 'read'::regnamespace"
            " and relkind = 'r'"
        )
        for row in rows:
            await self.pool.execute(f"delete from {row['relname']}")


@asynccontextmanager
async def log_by_hand(server: EmbeddedServer, template: str) -> AsyncIterator[Log]:
    """An empty log on a database of its own."""
    async with fresh_database(server, template) as url:
        pool: asyncpg.Pool[asyncpg.Record] = await open_pool(url, most=3, role=WORKER)
        try:
            yield Log(pool, await house.type_ids(pool))
        finally:
            await pool.close()
