"""Whom to call, over HTTP: shown to whom it concerns, and given out. Every read is kept, and only
what left was read."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import Only
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.door import Door, DoorNow, door_of
from jaringan_usaha.api.fields import Slug
from jaringan_usaha.api.paging import After, Counted, Page, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute, before_it_leaves
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.features.contacts import reads, values, views
from jaringan_usaha.features.contacts.domain import NoSuchContact
from jaringan_usaha.features.contacts.naming import SHOWN, TOLD, PartyNow, Role, SubjectId

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["contacts"])

TOLD_TO_OFFICE = ("name", "phone")
OFFICE_CALLS = "ketua"
"""A city office calls the chair of a koperasi, and nobody else."""
MOST_FACTS = 1_000

CallingNow = Annotated[Caller, Depends(Only("operator", "koperasi", "supplier", "office"))]
"""Who may have to call somebody."""

# -- answers -------------------------------------------------------------------------------


class ContactView(BaseModel):
    """A person, as far as the caller may know: what is null is not kept, or not for them."""

    subject_id: str
    koperasi_id: str | None
    supplier_id: str | None
    roles: list[str] = Field(max_length=8)
    state: str = Field(description="current, erasure-asked or erased; more may come")
    name: str | None
    phone: str | None
    email: str | None
    consented_on: date | None
    version: int
    position: int
    recorded_at: datetime


class ReadView(BaseModel):
    """Somebody was shown these fields."""

    read_at: datetime
    key_id: str
    role: str
    koperasi_id: str | None
    supplier_id: str | None
    fields: list[str] = Field(max_length=8)


class FactView(BaseModel):
    """What the log keeps, for ever and without values."""

    position: int
    what: str
    fact: dict[str, Any]


class PersonalData(ContactView):
    """All that is known of a person, for them; at most the last 1,000 reads and facts."""

    nik: str | None
    facts: list[FactView] = Field(max_length=MOST_FACTS)
    reads: list[ReadView] = Field(max_length=reads.MOST_SHOWN)


# -- questions -----------------------------------------------------------------------------


@router.get("/contacts", operation_id="listContacts")
async def list_contacts(
    request: Request,
    caller: CallingNow,
    page: Annotated[Page, by(subject_id=str)],
    koperasi_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
    role: Annotated[Role | None, Query(description="only who has this one")] = None,
) -> Counted[ContactView]:
    """Persons by id: a koperasi's or supplier's own; for a city office the chairs of koperasi.
    Who asks, and what they are shown, is kept."""
    if koperasi_id is not None and caller.role == "koperasi":
        caller.must_speak_for(koperasi_id)
    is_office = caller.role == "office"
    async with page.reading("contacts", of_all=is_office) as db:
        whose = views.Whose(
            koperasi_id=caller.koperasi_id or koperasi_id,
            supplier_id=caller.supplier_for(supplier_id),
            role=OFFICE_CALLS if is_office else role or "",
            with_suppliers=not is_office,
        )
        rows = await views.contacts(db, caller.network_id, whose, part=page.part)
        count = await views.contact_count(db, caller.network_id, whose)
        told = TOLD_TO_OFFICE if is_office else SHOWN
        found = await _opened(db, page.door, caller, rows[: page.limit], told)
    answer = page.answer(
        Counted[ContactView],
        rows,
        show=lambda row: _view(row, found),
        totals=Rows(rows=count),
    )
    _note(request, caller, page.door.now(caller), page.told(found, key="subject_id"))
    return answer


@router.get("/contacts/{subject_id}", operation_id="getContact")
async def get_contact(
    request: Request, subject_id: SubjectId, caller: PartyNow, door: DoorNow, after: After = 0
) -> ContactView:
    """One person. Who asks is kept."""
    async with door.reading(caller, after) as db:
        row = await _contact(db, caller, subject_id)
        found = await _opened(db, door, caller, [row], SHOWN)
    _note(request, caller, door.now(caller), found)
    return ContactView(**_view(row, found))


@router.get("/contacts/{subject_id}/personal-data", operation_id="exportPersonalData")
async def export_personal_data(
    request: Request, subject_id: SubjectId, caller: PartyNow, door: DoorNow, after: After = 0
) -> PersonalData:
    """All that is known of a person, to be handed to them: values, facts, and who read what, this
    read before all others."""
    now = door.now(caller)
    async with door.reading(caller, after) as db:
        row = await _contact(db, caller, subject_id)
        found = await _opened(db, door, caller, [row], TOLD)
        read = await reads.of_subject(db, caller.network_id, subject_id)
        facts = await views.facts(
            db, caller.network_id, subject_id, min(row["version"], MOST_FACTS)
        )
    _note(request, caller, now, found)
    own = (reads.as_read(caller, now, fields) for fields in found.values())
    return PersonalData(
        **_view(row, found),
        nik=found.get(subject_id, {}).get("nik"),
        facts=[FactView(**each) for each in facts],
        reads=[ReadView(**dict(each)) for each in (*own, *read)][: reads.MOST_SHOWN],
    )


async def _contact(db: Connection, caller: Caller, subject_id: str) -> Row:
    """Another's contact is none. Raises NoSuchContact."""
    row = await views.contact(db, caller.network_id, subject_id)
    if (
        row is None
        or caller.koperasi_id not in (None, row["koperasi_id"])
        or caller.supplier_id not in (None, row["supplier_id"])
    ):
        raise NoSuchContact("there is no such contact")
    return row


async def _opened(
    db: Connection, door: Door, caller: Caller, rows: Sequence[Row], fields: Collection[str]
) -> dict[str, dict[str, str]]:
    """The values; none leaves before what `_note` says is done."""
    subject_ids = [row["subject_id"] for row in rows]
    return await values.opened(db, door.vault, caller.network_id, subject_ids, fields)


def _note(
    request: Request, caller: Caller, now: datetime, found: Mapping[str, Collection[str]]
) -> None:
    """Write down who is about to see which fields of whom, before the answer leaves."""

    async def write_down() -> None:
        with answering():
            await reads.note(door_of(request).write_pool, caller, now, found)

    before_it_leaves(request, write_down)


def _view(row: Row, found: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    state = "erased" if row["erased_at"] else "erasure-asked" if row["erasure_asked_at"] else ""
    of_person = found.get(row["subject_id"], {})
    return {
        **dict(row),
        **{field: of_person.get(field) for field in SHOWN},
        "state": state or "current",
    }
