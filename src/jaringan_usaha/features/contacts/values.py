"""The values themselves: each person's sealed under a key of their own, and that by the vault.

A fact comes first, its values after it: whoever dies in between is asked again by the caller, or,
for what has to go, by the follower (`forgetting`). Values carry the position of their fact, so it
does not matter how often and in which order that happens.
"""

import os
from collections.abc import Collection, Mapping, Sequence

from jaringan_usaha.api.access.resealing import SealedColumn
from jaringan_usaha.api.access.vault import KEY_BYTES, Vault
from jaringan_usaha.eventlog.database import Connection, Pool, Row
from jaringan_usaha.eventlog.queries import Queries

queries = Queries("jaringan_usaha.features.contacts", "values.sql")

OWN = "1"
"""The number of a person's key; it is never rotated, only sealed anew."""


async def keep(
    pool: Pool,
    vault: Vault,
    network_id: int,
    subject_id: str,
    values: Mapping[str, str | None],
    position: int,
) -> None:
    """Store what the fact at this position brought; None takes a value away. Nothing is kept of
    who was erased."""
    async with pool.acquire() as db, db.transaction():
        key = vault.seal(os.urandom(KEY_BYTES), _place_of_key(network_id, subject_id))
        await db.execute(queries.add_person, network_id, subject_id, key)
        sealed_key = await db.fetchval(queries.hold_person, network_id, subject_id)
        if sealed_key is None:
            return
        person = _opened(vault, network_id, subject_id, sealed_key)
        sealed = [
            None if value is None else person.seal(value.encode(), _place(subject_id, field))
            for field, value in values.items()
        ]
        await db.execute(
            queries.keep_values, network_id, subject_id, list(values), sealed, position
        )


async def take_away(
    pool: Pool, network_id: int, subject_id: str, fields: Sequence[str], position: int
) -> None:
    """Destroy values that the fact at this position says are gone."""
    nothing = [None] * len(fields)
    await pool.execute(queries.keep_values, network_id, subject_id, list(fields), nothing, position)


async def erase(pool: Pool, network_id: int, subject_id: str) -> None:
    """Destroy a person's key and all values. Safe to repeat."""
    async with pool.acquire() as db, db.transaction():
        await db.execute(queries.erase_person, network_id, subject_id)
        await db.execute(queries.erase_values, network_id, subject_id)


async def opened(
    db: Connection,
    vault: Vault,
    network_id: int,
    subject_ids: Sequence[str],
    fields: Collection[str],
) -> dict[str, dict[str, str]]:
    """These fields of these persons, as far as they are kept. Raises Sealed."""
    rows = await db.fetch(queries.sealed_values, network_id, list(subject_ids), list(fields))
    found: dict[str, dict[str, str]] = {}
    keys: dict[str, Vault] = {}
    for row in rows:
        subject_id, field = row["subject_id"], row["field"]
        if subject_id not in keys:
            keys[subject_id] = _opened(vault, network_id, subject_id, row["sealed_key"])
        plain = keys[subject_id].open(row["sealed"], _place(subject_id, field))
        found.setdefault(subject_id, {})[field] = plain.decode()
    return found


def _opened(vault: Vault, network_id: int, subject_id: str, sealed_key: bytes) -> Vault:
    return Vault({OWN: vault.open(sealed_key, _place_of_key(network_id, subject_id))})


def _place(subject_id: str, field: str) -> str:
    return f"private.values/{subject_id}/{field}"


def _place_of_key(network_id: int, subject_id: str) -> str:
    return f"private.people/{network_id}/{subject_id}/sealed_key"


def _place_of(row: Row) -> str:
    return _place_of_key(row["network_id"], row["subject_id"])


KEYS = SealedColumn(
    name="private.people.sealed_key",
    key=("network_id", "subject_id"),
    otherwise=queries.sealed_otherwise,
    anew=queries.seal_anew,
    under=queries.sealed_under,
    place=_place_of,
)
