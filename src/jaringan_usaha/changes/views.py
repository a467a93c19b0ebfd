"""The notes of all events, kept for 35 days, and how a caller's next ones are found."""

from collections.abc import Sequence
from datetime import timedelta

from jaringan_usaha.changes.announcing import ANNOUNCED, announced
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import Page, Projection
from jaringan_usaha.eventlog.queries import Queries

queries = Queries("jaringan_usaha.changes", "views.sql")

KEPT = timedelta(days=35)
_COLUMNS = ("network_id", "audience", "kind", "id", "change", "position")

Key = tuple[int, str, str]
"""Position, kind and id of a note: the order in which they are told."""


async def write(page: Page, db: Connection) -> None:
    """Fold a page: its notes, and what is too old goes."""
    notes = [
        (page.network_id, *note, logged.position)
        for logged in page.events
        for note in announced(logged.event)
    ]
    await db.execute(queries.make_page_changes)
    await db.copy_records_to_table("page_changes", records=notes, columns=_COLUMNS)
    await db.execute(queries.add_changes)
    await db.execute(queries.empty_page_changes)
    days = {logged.recorded_at.date(): logged.position for logged in reversed(page.events)}
    if days:
        await db.execute(queries.begin_days, page.network_id, list(days), list(days.values()))
        last = page.events[-1].recorded_at.date()
        if await db.fetchval(queries.forget_days, page.network_id, last - KEPT):
            await db.execute(queries.forget, page.network_id)


change_views = Projection("changes", write, tuple(ANNOUNCED))


async def kept(db: Connection, network_id: int) -> Row:
    """`first_position` still kept (0 before the first event), and `as_of`, how far this is."""
    row = await db.fetchrow(queries.kept, network_id)
    assert row is not None
    return row


async def changes(
    db: Connection,
    network_id: int,
    audiences: Sequence[str],
    *,
    after: Key,
    kinds: Sequence[str] | None,
    limit: int,
) -> list[Row]:
    """The next notes for any of these audiences; without `kinds`, of all."""
    return await db.fetch(queries.changes, network_id, audiences, *after, kinds, limit)
