"""Everything that is sealed under the master key, sealed anew under its first line."""

from collections.abc import Callable

from jaringan_usaha import house
from jaringan_usaha.api.access import resealing
from jaringan_usaha.api.access.vault import Vault
from jaringan_usaha.cli.issuing import the_pool
from jaringan_usaha.settings import Settings


async def reseal_all(settings: Settings, report: Callable[[str], None]) -> dict[str, int]:
    """How many values of each column were sealed anew. Raises NoMasterKey."""
    assert settings.database_url is not None
    vault = await check_sealed(settings)
    counts: dict[str, int] = {}
    async with the_pool(settings.database_url) as (pool, _):
        for column in house.SEALED:
            counts[column.name] = 0
            async for done in resealing.reseal(pool, vault, column):
                counts[column.name] += done
            report(f"{column.name}: {counts[column.name]} sealed anew under {vault.current}")
    return counts


async def check_sealed(settings: Settings) -> Vault:
    """The vault, if it opens all that is sealed. Raises NoMasterKey."""
    assert settings.database_url is not None
    vault = Vault.from_file(settings.master_key_file)
    async with the_pool(settings.database_url) as (pool, _):
        await resealing.check(pool, vault, house.SEALED)
    return vault
