"""Whatever is stored sealed: under which master keys, and how it is sealed anew under the first.

A new key is put on top of the file and every process started again; then `reseal` may run beside
the service. What it has done does not ask to be done again, so it may stop and start at will.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from jaringan_usaha.api.access.vault import NoMasterKey, Sealed, Vault
from jaringan_usaha.eventlog.database import Connection, Pool, Row

PORTION = 500


@dataclass(frozen=True)
class SealedColumn:
    """One column of sealed values, with its SQL.

    `otherwise`: rows whose `sealed` does not begin with $1, at most $2 of them, locked. `anew`:
    stores; $1, $2, … are arrays of the columns in `key`, the last one of sealed values. `under`:
    (`key_id`, `count`). `place`: what a row's value was sealed for.
    """

    name: str
    key: Sequence[str]
    otherwise: str
    anew: str
    under: str
    place: Callable[[Row], str]


async def check(pool: Pool, vault: Vault, columns: Sequence[SealedColumn]) -> None:
    """Raises NoMasterKey when something was sealed under a key that the file lacks."""
    for column in columns:
        for row in await pool.fetch(column.under):
            if row["key_id"] not in vault.key_ids:
                raise NoMasterKey(
                    f"{row['count']} values of {column.name} are sealed under the master key "
                    f"{row['key_id']}, which is not in the file: put its line back, below the first"
                )


async def reseal(
    pool: Pool, vault: Vault, column: SealedColumn, *, portion: int = PORTION
) -> AsyncIterator[int]:
    """Seal a column's values anew, portion by portion; gives how many each time.

    Raises NoMasterKey for a value that no key of the file opens.
    """
    while True:
        async with pool.acquire() as db, db.transaction():
            done = await _portion(db, vault, column, portion)
        if not done:
            return
        yield done


async def _portion(db: Connection, vault: Vault, column: SealedColumn, most: int) -> int:
    rows = await db.fetch(column.otherwise, vault.prefix, most)
    try:
        sealed = [
            vault.seal(vault.open(row["sealed"], place), place)
            for row in rows
            for place in (column.place(row),)
        ]
    except Sealed as error:
        raise NoMasterKey(f"a value of {column.name} cannot be opened ({error})") from None
    if rows:
        keys = [[row[name] for row in rows] for name in column.key]
        await db.execute(column.anew, *keys, sealed)
    return len(rows)
