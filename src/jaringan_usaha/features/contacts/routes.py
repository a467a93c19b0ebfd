"""Whom to call, over HTTP: recorded, corrected, shown to whom it concerns, given out, erased."""

import hmac
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api.access import Caller
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.door import (
    KEY_FORM,
    Done,
    Door,
    DoorNow,
    Only,
    OperatorNow,
    done,
    json_of,
)
from jaringan_usaha.api.fields import Body, Day, Slug, Title, UuidV7
from jaringan_usaha.api.paging import After, Counted, Page, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.features.contacts import reads, values, views
from jaringan_usaha.features.contacts.domain import (
    CONSENTED,
    AskErasure,
    CorrectContact,
    EraseSubject,
    NoSuchContact,
    RecordContact,
    WithdrawConsent,
    contacts,
)
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.rejections import NotAllowed

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["contacts"])

SHOWN = ("name", "phone", "email")
TOLD = (*SHOWN, "nik")
"""To the person: all there is."""
TOLD_TO_OFFICE = ("name", "phone")
OFFICE_CALLS = "ketua"
"""A city office calls the chair of a koperasi, and nobody else."""
MOST_FACTS = 1_000

# -- who and what --------------------------------------------------------------------------

PartyNow = Annotated[Caller, Depends(Only("operator", "koperasi", "supplier"))]
"""Who keeps contacts: a koperasi and a supplier their own, the operator all. No device does."""
CallingNow = Annotated[Caller, Depends(Only("operator", "koperasi", "supplier", "office"))]
"""Who may have to call somebody."""


async def asked_in_private(
    request: Request,
    caller: PartyNow,
    door: DoorNow,
    idempotency_key: Annotated[
        str,
        Header(
            description="the same for every repetition of this request", json_schema_extra=KEY_FORM
        ),
    ] = "",
) -> Asked:
    """The frame of a command whose body nobody can guess from what is kept of it: the print is
    made under a secret. Raises Problem 400."""
    key = asking.key_of(request.headers.getlist("idempotency-key"))
    plain = asking.print_of(await json_of(request))
    body = hmac.digest(door.vault.derive("prints of personal data"), plain, "sha256").hex()
    now = door.clock.now()
    return asking.asked(caller, key, now, request.method, request.url.path, body)


AskedInPrivate = Annotated[Asked, Depends(asked_in_private)]

# -- bodies --------------------------------------------------------------------------------

SubjectId = Annotated[UuidV7, Path(description="made by who records it; says nothing of anybody")]
Role = Literal[
    "ketua", "sekretaris", "bendahara", "pengawas", "manajer", "kasir", "gudang", "penjualan"
]
Roles = Annotated[list[Role], Field(min_length=1, max_length=8)]
Phone = Annotated[
    str, Field(pattern=r"^\+?[0-9][0-9 ()-]{5,18}$", max_length=20, examples=["+62 812-0000-0000"])
]
Email = Annotated[
    str,
    Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254, examples=["ketua@kop.example"]),
]
Nik = Annotated[
    str,
    Field(pattern=r"^[0-9]{16}$", max_length=16, description="only where a form demands it"),
]
Removable = Literal["phone", "email", "nik"]


class ContactBody(Body):
    """A person of a koperasi or of a supplier. `phone`, `email` and `nik` need the day on which
    the person consented."""

    koperasi_id: Slug | None = None
    supplier_id: Slug | None = None
    roles: Roles
    name: Title
    phone: Phone | None = None
    email: Email | None = None
    nik: Nik | None = None
    consented_on: Day | None = None


class CorrectionBody(Body):
    """What is left out stays as it is."""

    roles: Roles | None = None
    name: Title | None = None
    phone: Phone | None = None
    email: Email | None = None
    nik: Nik | None = None
    remove: list[Removable] = Field([], max_length=3)
    consented_on: Day | None = None


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


# -- commands ------------------------------------------------------------------------------


@router.put("/contacts/{subject_id}", operation_id="recordContact", status_code=201)
async def record_contact(
    subject_id: SubjectId,
    body: ContactBody,
    response: Response,
    asked: AskedInPrivate,
    caller: PartyNow,
    door: DoorNow,
) -> Done:
    """Record a person whom one can call."""
    koperasi_id, supplier_id = _party(caller, body)
    given = _given(body)
    command = RecordContact(
        asked=asked,
        subject_id=subject_id,
        koperasi_id=koperasi_id,
        supplier_id=supplier_id,
        roles=tuple(body.roles),
        fields=tuple(given),
        consented_on=body.consented_on,
    )
    recorded = await door.handle(caller, contacts, command)
    await _keep(door, caller, subject_id, given, recorded.position)
    return done(response, recorded, f"/v1/contacts/{subject_id}")


@router.post("/contacts/{subject_id}/correct", operation_id="correctContact")
async def correct_contact(
    subject_id: SubjectId,
    body: CorrectionBody,
    response: Response,
    asked: AskedInPrivate,
    caller: PartyNow,
    door: DoorNow,
) -> Done:
    """Put right what is kept of a person, or take a part of it away."""
    given = _given(body)
    removed: dict[str, None] = dict.fromkeys(body.remove)
    command = CorrectContact(
        asked=asked,
        subject_id=subject_id,
        **_in_the_name_of(caller),
        roles=None if body.roles is None else tuple(body.roles),
        fields=tuple(given),
        removed=tuple(each for each in removed if each not in given),
        consented_on=body.consented_on,
    )
    recorded = await door.handle(caller, contacts, command)
    await _keep(door, caller, subject_id, {**removed, **given}, recorded.position)
    return done(response, recorded)


@router.post("/contacts/{subject_id}/withdraw-consent", operation_id="withdrawConsent")
async def withdraw_consent(
    subject_id: SubjectId,
    response: Response,
    asked: AskedInPrivate,
    caller: PartyNow,
    door: DoorNow,
) -> Done:
    """Take the person's consent back: phone, e-mail and NIK are destroyed at once."""
    command = WithdrawConsent(asked=asked, subject_id=subject_id, **_in_the_name_of(caller))
    recorded = await door.handle(caller, contacts, command)
    with answering():
        await values.take_away(
            door.write_pool, caller.network_id, subject_id, CONSENTED, recorded.position
        )
    return done(response, recorded)


@router.post("/contacts/{subject_id}/ask-erasure", operation_id="askErasure")
async def ask_erasure(
    subject_id: SubjectId,
    response: Response,
    asked: AskedInPrivate,
    caller: PartyNow,
    door: DoorNow,
) -> Done:
    """Ask that all values of a person be erased; the operator agrees under another key."""
    command = AskErasure(asked=asked, subject_id=subject_id, **_in_the_name_of(caller))
    return done(response, await door.handle(caller, contacts, command))


@router.post("/contacts/{subject_id}/erase", operation_id="eraseContact")
async def erase_contact(
    subject_id: SubjectId,
    response: Response,
    asked: AskedInPrivate,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Agree to an erasure that another has asked for: every value of the person and the key that
    opened them are destroyed. What was traded stays; its facts name nobody."""
    command = EraseSubject(asked=asked, subject_id=subject_id, **_in_the_name_of(caller))
    recorded = await door.handle(caller, contacts, command)
    with answering():
        await values.erase(door.write_pool, caller.network_id, subject_id)
    return done(response, recorded)


def _party(caller: Caller, body: ContactBody) -> tuple[str | None, str | None]:
    """Of whom the contact is: one's own, unless the operator says. Raises NotAllowed."""
    if caller.role == "operator":
        return body.koperasi_id, body.supplier_id
    if body.koperasi_id not in (None, caller.koperasi_id):
        raise NotAllowed("this key does not speak for that koperasi")
    if body.supplier_id not in (None, caller.supplier_id):
        raise NotAllowed("this key does not speak for that supplier")
    return caller.koperasi_id, caller.supplier_id


def _in_the_name_of(caller: Caller) -> dict[str, str | None]:
    return {"koperasi_id": caller.koperasi_id, "supplier_id": caller.supplier_id}


def _given(body: ContactBody | CorrectionBody) -> dict[str, str]:
    """The values of a body by field, as far as it has them."""
    found = {field: getattr(body, field) for field in TOLD}
    return {field: value for field, value in found.items() if value is not None}


async def _keep(
    door: Door, caller: Caller, subject_id: str, given: Mapping[str, str | None], position: int
) -> None:
    with answering():
        await values.keep(
            door.write_pool, door.vault, caller.network_id, subject_id, given, position
        )


# -- questions -----------------------------------------------------------------------------


@router.get("/contacts", operation_id="listContacts")
async def list_contacts(
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
    return page.answer(
        Counted[ContactView],
        rows,
        show=lambda row: _view(row, found),
        totals=Rows(rows=count),
    )


@router.get("/contacts/{subject_id}", operation_id="getContact")
async def get_contact(
    subject_id: SubjectId, caller: PartyNow, door: DoorNow, after: After = 0
) -> ContactView:
    """One person. Who asks is kept."""
    async with door.reading(caller, after) as db:
        row = await _contact(db, caller, subject_id)
        found = await _opened(db, door, caller, [row], SHOWN)
    return ContactView(**_view(row, found))


@router.get("/contacts/{subject_id}/personal-data", operation_id="exportPersonalData")
async def export_personal_data(
    subject_id: SubjectId, caller: PartyNow, door: DoorNow, after: After = 0
) -> PersonalData:
    """All that is known of a person, to be handed to them: values, facts, and who read what."""
    async with door.reading(caller, after) as db:
        row = await _contact(db, caller, subject_id)
        found = await _opened(db, door, caller, [row], TOLD)
        read = await reads.of_subject(db, caller.network_id, subject_id)
        facts = await views.facts(
            db, caller.network_id, subject_id, min(row["version"], MOST_FACTS)
        )
    return PersonalData(
        **_view(row, found),
        nik=found.get(subject_id, {}).get("nik"),
        facts=[FactView(**each) for each in facts],
        reads=[ReadView(**dict(each)) for each in read],
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
    """The values, after it was written down who is about to see which."""
    subject_ids = [row["subject_id"] for row in rows]
    found = await values.opened(db, door.vault, caller.network_id, subject_ids, fields)
    await reads.note(door.write_pool, caller, door.clock.now(), found)
    return found


def _view(row: Row, found: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    state = "erased" if row["erased_at"] else "erasure-asked" if row["erasure_asked_at"] else ""
    of_person = found.get(row["subject_id"], {})
    return {
        **dict(row),
        **{field: of_person.get(field) for field in SHOWN},
        "state": state or "current",
    }
