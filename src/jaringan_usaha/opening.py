"""What the service opens when it starts, keeps going as long as it runs, and closes in the end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import datetime

from jaringan_usaha import house
from jaringan_usaha.api.access import resealing
from jaringan_usaha.api.access.issuing import key_finder
from jaringan_usaha.api.access.keys import Keys
from jaringan_usaha.api.access.limits import Limits
from jaringan_usaha.api.access.sessions import Sessions, session_finder
from jaringan_usaha.api.access.vault import Vault
from jaringan_usaha.api.asked import Clock
from jaringan_usaha.api.door import Door
from jaringan_usaha.eventlog.database import FULL, LOST, open_pool
from jaringan_usaha.eventlog.memory import Memory
from jaringan_usaha.eventlog.migrate import check
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.eventlog.reached import Reached
from jaringan_usaha.settings import Settings

queries = Queries("jaringan_usaha", "opening.sql")

CLOCK_EVERY_SECONDS = 5.0
SHARE_EVERY_SECONDS = 1.0


@contextlib.asynccontextmanager
async def opened_door(settings: Settings) -> AsyncIterator[Door]:
    """Connections, clock and logs, for as long as the service runs.

    Raises NotMigrated and NoMasterKey.
    """
    assert settings.database_url is not None
    vault = Vault.from_file(settings.master_key_file)
    write_pool = await open_pool(settings.database_url, most=settings.write_connections)
    read_pool = await open_pool(settings.database_url, most=settings.read_connections)
    async with write_pool.acquire() as connection:
        await check(connection, house.event_types(), house.topics())
    await resealing.check(read_pool, vault, house.SEALED)
    numbers = await house.type_ids(write_pool)
    memory = Memory(settings.memory_facts)
    clock = Clock()
    door = Door(
        write_pool=write_pool,
        read_pool=read_pool,
        make_log=lambda network_id: house.log_of(network_id, write_pool, numbers, memory),
        clock=clock,
        keys=Keys(key_finder(read_pool), clock.now),
        sessions=Sessions(session_finder(read_pool), clock.now, settings.public_url),
        reached=Reached(read_pool),
        limits=Limits(time.monotonic, settings.rate_factor, processes=settings.processes),
        vault=vault,
    )
    await _set_clock(door)
    await door.limits.share_knocks(write_pool)
    ticking = [
        asyncio.create_task(_keep_clock(door)),
        asyncio.create_task(_share_counts(door)),
    ]
    try:
        yield door
    finally:
        for task in ticking:
            task.cancel()
        await door.close()
        await write_pool.close()
        await read_pool.close()


async def _set_clock(door: Door) -> None:
    shown: datetime = await door.read_pool.fetchval(queries.now)
    door.clock.set_from(shown)


async def _keep_clock(door: Door) -> None:
    while True:
        await asyncio.sleep(CLOCK_EVERY_SECONDS)
        with contextlib.suppress(*LOST, *FULL):
            await _set_clock(door)


async def _share_counts(door: Door) -> None:
    """What processes count alone and only the database knows together."""
    while True:
        await door.limits.share_knocks(door.write_pool)
        await door.calls.write_down(door.write_pool)
        await asyncio.sleep(SHARE_EVERY_SECONDS)
