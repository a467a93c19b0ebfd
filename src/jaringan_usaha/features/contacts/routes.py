"""Whom to call, over HTTP: recorded, corrected, erased."""

import hmac
from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import Field

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api.access.admission import OperatorNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.commands import KEY_FORM, Done, done, json_of
from jaringan_usaha.api.door import Door, DoorNow
from jaringan_usaha.api.fields import Body, Day, Slug, Title
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.contacts import values
from jaringan_usaha.features.contacts.domain import (
    CONSENTED,
    AskErasure,
    CorrectContact,
    EraseSubject,
    RecordContact,
    WithdrawConsent,
    contacts,
)
from jaringan_usaha.features.contacts.naming import TOLD, PartyNow, Role, SubjectId
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.rejections import NotAllowed

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["contacts"])


# -- who and what --------------------------------------------------------------------------


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

Roles = Annotated[list[Role], Field(min_length=1, max_length=8)]
Phone = Annotated[
    str, Field(pattern=r"^\+?[0-9][0-9 ()-]{5,18}$", max_length=20, examples=["+62 812-0000-0000"])
]
Email = Annotated[
    str,
    Field(
        pattern=r"^[^@\x00-\x20]+@[^@\x00-\x20]+\.[^@\x00-\x20]+$",
        max_length=254,
        examples=["ketua@kop.example"],
    ),
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
