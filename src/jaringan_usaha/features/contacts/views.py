"""What is shown of contacts besides their values, and how it is folded."""

from typing import Any, NamedTuple, assert_never

import msgspec

from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.marks import stream_mark
from jaringan_usaha.eventlog.projector import Page, Projection, log_queries
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.contacts.domain import CONTACT, ContactEvent
from jaringan_usaha.features.contacts.events import (
    ConsentWithdrawn,
    ContactCorrected,
    ContactRecorded,
    ErasureAsked,
    SubjectErased,
)

queries = Queries("jaringan_usaha.features.contacts", "views.sql")

# -- folding -------------------------------------------------------------------------------


async def write(page: Page, db: Connection) -> None:
    """One by one: persons are few, and change seldom."""
    for logged in page.events:
        event = logged.event
        if isinstance(event, ContactEvent):
            sql, *values = _change(event)
            at = (page.network_id, event.subject_id, logged.position, logged.recorded_at)
            moves = isinstance(event, ContactRecorded | ContactCorrected)
            if moves:
                await db.execute(queries.count, page.network_id, event.subject_id, -1)
            await db.execute(sql, *at, *values)
            if moves:
                await db.execute(queries.count, page.network_id, event.subject_id, 1)


def _change(event: ContactEvent) -> tuple[str, *tuple[object, ...]]:
    match event:
        case ContactRecorded():
            of = (event.koperasi_id, event.supplier_id)
            return (queries.record, *of, event.roles, event.fields, event.consented_on)
        case ContactCorrected():
            changed = (event.fields, event.removed, event.consented_on)
            return (queries.correct, event.roles, *changed)
        case ConsentWithdrawn():
            return (queries.withdraw, event.removed)
        case ErasureAsked():
            return (queries.ask_erasure, event.asked_by)
        case SubjectErased():
            return (queries.erase,)
    assert_never(event)


contact_views = Projection("contacts", write, CONTACT.events)

# -- questions -----------------------------------------------------------------------------


async def contact(db: Connection, network_id: int, subject_id: str) -> Row | None:
    return await db.fetchrow(queries.contact, network_id, subject_id)


class Whose(NamedTuple):
    """Which contacts: of one koperasi or supplier, or with None of all; with "" in any role."""

    koperasi_id: str | None
    supplier_id: str | None
    role: str
    with_suppliers: bool


async def contacts(
    db: Connection,
    network_id: int,
    whose: Whose,
    *,
    part: Part,
) -> list[Row]:
    """Contacts by id."""
    return list(await db.fetch(part.of(queries).contacts, network_id, *whose, *part.key, part.most))


async def contact_count(db: Connection, network_id: int, whose: Whose) -> int:
    """How many `contacts` has on all pages."""
    if whose.koperasi_id is None and whose.supplier_id is None:
        keys = (whose.role or "*", whose.with_suppliers)
        return int(await db.fetchval(queries.count_of_all, network_id, *keys))
    return int(await db.fetchval(queries.count_of_party, network_id, *whose))


async def facts(
    db: Connection, network_id: int, subject_id: str, versions: int
) -> list[dict[str, Any]]:
    """The first events of one person: position, what happened, and its body."""
    marks = [stream_mark(CONTACT.tag, subject_id, 1 + before) for before in range(versions)]
    rows = await db.fetch(log_queries.marked_events, network_id, marks, [0] * len(marks))
    return [
        {
            "position": row["position"],
            "what": row["name"],
            "fact": msgspec.json.decode(row["body"]),
        }
        for row in rows
    ]
