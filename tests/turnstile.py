"""A gate before each commit of an append, at which a test lets one through at a time."""

import asyncio
from typing import Self

import asyncpg

GATE = 20_260
"""The advisory lock that every append takes when it commits: whoever waits longest goes first."""

MAKE = f"""
create or replace function public.wait_at_gate() returns trigger language plpgsql as
  'begin perform pg_advisory_xact_lock({GATE}); return null; end';
create constraint trigger gate after insert on log.answers
  deferrable initially deferred for each row execute function public.wait_at_gate();
"""
AWAY = "drop trigger gate on log.answers"
WAITING = """
select count(*) from pg_stat_activity where wait_event = 'advisory' and datname = current_database()
"""


class Turnstile:
    """Closed from the beginning to the end of the block."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Self:
        self._watcher = await asyncpg.connect(self._url)
        await self._watcher.execute(MAKE)
        self._holder = await self._held()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._holder.close()
        await self._watcher.execute(AWAY)
        await self._watcher.close()

    async def is_waiting(self, many: int = 1) -> None:
        """Wait until so many stand at the gate."""
        while many != await self._watcher.fetchval(WAITING):  # noqa: ASYNC110  nobody tells us
            await asyncio.sleep(0)

    async def let_one_through(self) -> None:
        """The append that waits, or comes next, is committed; those behind it wait."""
        await self.is_waiting()
        behind = asyncio.create_task(self._held())
        await self.is_waiting(2)
        await self._holder.close()
        self._holder = await behind

    async def _held(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(self._url)
        await connection.execute("select pg_advisory_lock($1)", GATE)
        return connection
