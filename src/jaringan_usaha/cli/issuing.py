"""Keys made and ended on behalf of a command, on the database's clock."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from jaringan_usaha.api.access import PREFIX, Role
from jaringan_usaha.api.asked import Clock
from jaringan_usaha.api.door import issue_key, revoke_key
from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.eventlog.database import Pool, open_pool
from jaringan_usaha.eventlog.projector import log_queries
from jaringan_usaha.follower import queries


async def issue(url: str, network_id: int, wanted: Sequence[tuple[Role, str | None]]) -> list[str]:
    """A key for each role and koperasi, in this order. Raises Sorry."""
    async with _pool(url) as (pool, clock):
        if await pool.fetchval(log_queries.head, network_id) is None:
            raise Sorry(
                f"network {network_id} is not open: run `jaringan migrate --network {network_id}`"
            )
        return [
            await issue_key(pool, clock, network_id, role, koperasi) for role, koperasi in wanted
        ]


async def revoke(url: str, key_id: str) -> bool:
    """End a key, given by its public part or whole. False when there is no live one."""
    async with _pool(url) as (pool, clock):
        return await revoke_key(pool, clock, key_id.removeprefix(PREFIX))


@asynccontextmanager
async def _pool(url: str) -> AsyncIterator[tuple[Pool, Clock]]:
    pool = await open_pool(url, most=1)
    try:
        clock = Clock()
        clock.set_from(await pool.fetchval(queries.now))
        yield pool, clock
    finally:
        await pool.close()
