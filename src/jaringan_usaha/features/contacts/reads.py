"""Who has read whose values: written before anything is shown, for the day it must be told."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.eventlog.database import Connection, Pool, Row
from jaringan_usaha.eventlog.queries import Part, Queries

queries = Queries("jaringan_usaha.features.contacts", "reads.sql")

MOST_SHOWN = 1_000


async def note(
    db: Pool | Connection, caller: Caller, now: datetime, found: Mapping[str, Collection[str]]
) -> None:
    """Remember which fields of which persons are about to be shown; in one statement."""
    if found:
        await db.execute(
            queries.note,
            caller.network_id,
            now,
            list(found),
            [",".join(sorted(fields)) for fields in found.values()],
            caller.key_id,
            caller.role,
            caller.koperasi_id,
            caller.supplier_id,
        )


def as_read(caller: Caller, now: datetime, fields: Collection[str]) -> Mapping[str, Any]:
    """The row of `of_subject` that `note` is about to write."""
    return {
        "read_at": now,
        "key_id": caller.key_id,
        "role": caller.role,
        "koperasi_id": caller.koperasi_id,
        "supplier_id": caller.supplier_id,
        "fields": sorted(fields),
    }


async def of_subject(db: Connection, network_id: int, subject_id: str) -> list[Row]:
    """The last 1,000 reads of one person, newest first."""
    return list(await db.fetch(queries.of_subject, network_id, subject_id, MOST_SHOWN))


async def affected(
    db: Connection,
    network_id: int,
    *,
    since: datetime,
    until: datetime,
    key_id: str,
    part: Part,
) -> list[Row]:
    """Persons by id whose values were read from `since` on and before `until`, by one key or,
    with "", by any."""
    return list(
        await db.fetch(
            part.of(queries).affected, network_id, since, until, key_id, *part.key, part.most
        )
    )


async def affected_totals(
    db: Connection, network_id: int, *, since: datetime, until: datetime, key_id: str
) -> Row:
    """How many persons `affected` has on all pages, and how often they were read."""
    row = await db.fetchrow(queries.affected_totals, network_id, since, until, key_id)
    assert row is not None
    return row


async def forget(pool: Pool, network_id: int) -> None:
    """A portion of what is older than 400 days."""
    await pool.execute(queries.forget, network_id)
