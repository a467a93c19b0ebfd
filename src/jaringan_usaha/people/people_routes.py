"""People over HTTP, for the network's operator: added, looked at, let in, ended."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import OperatorNow
from jaringan_usaha.api.access.issuing import must_hold
from jaringan_usaha.api.access.sessions import PersonRole
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.commands import AskedByKey
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Slug
from jaringan_usaha.api.paging import Page, PageOf, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.people import people
from jaringan_usaha.people.routes import provider_of

router = APIRouter(prefix="/v1/people", route_class=StrictRoute)

PersonId = Annotated[UUID, Path(description="as the list of people has it")]


class PersonBody(Body):
    """Who logs in as `subject` is this from now on."""

    subject: Annotated[
        str,
        Field(
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="`sub`, as the place where people log in calls them",
        ),
    ]
    role: PersonRole
    koperasi_id: Slug | None = Field(None, description="of a pengurus or pengawas")
    supplier_id: Slug | None = Field(None, description="of who speaks for a supplier")
    label: Annotated[str, Field(max_length=120, description="forgotten when they leave")] = ""


class PersonView(BaseModel):
    """A person who may log in, or might."""

    person_id: UUID
    issuer: str
    subject: str
    state: str = Field(description="waiting, in or out")
    role: str
    koperasi_id: str | None
    supplier_id: str | None
    label: str
    created_by: str = Field(description="who added them, or `command line`")
    created_at: datetime
    approved_by: str | None = Field(description="the second person, where it took two")
    ended_at: datetime | None


class PersonList(PageOf[PersonView]):
    totals: Rows


@router.post("", operation_id="addPerson", tags=["people"], status_code=201)
async def add_person(
    body: PersonBody,
    request: Request,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> PersonView:
    """Say who somebody is. Operators, auditors and pengawas wait for a second person."""
    must_hold(caller, (), ())  # a person is limited by nothing but the role
    wanted = people.NewPerson(issuer=provider_of(request).issuer, by=asked.by, **body.model_dump())
    with answering():
        row = await people.add(door.write_pool, door.clock, caller.network_id, wanted)
    response.headers["Location"] = f"/v1/people/{row['person_id']}"
    return _view(row)


@router.get("", operation_id="listPeople", tags=["people"])
async def list_people(
    caller: OperatorNow,
    page: Annotated[Page, by(person_id=UUID)],
    door: DoorNow,
) -> PersonList:
    """All people of the network, those who are out too."""
    with answering():
        rows = await people.people(door.read_pool, caller.network_id, part=page.part)
        count = await people.person_count(door.read_pool, caller.network_id)
    return page.answer(PersonList, rows, show=_fields, totals=Rows(rows=count))


@router.get("/{person_id}", operation_id="getPerson", tags=["people"])
async def get_person(person_id: PersonId, caller: OperatorNow, door: DoorNow) -> PersonView:
    """One person."""
    with answering():
        return _view(await people.person(door.write_pool, caller.network_id, person_id))


@router.post("/{person_id}/approve", operation_id="approvePerson", tags=["approvals"])
async def approve_person(person_id: PersonId, caller: OperatorNow, door: DoorNow) -> PersonView:
    """Let in whom another person added. Safe to repeat."""
    caller.must_be_sure()
    with answering():
        await people.approve(door.write_pool, caller.network_id, person_id, caller)
        return _view(await people.person(door.write_pool, caller.network_id, person_id))


@router.post("/{person_id}/end", operation_id="endPerson", tags=["people"])
async def end_person(person_id: PersonId, caller: OperatorNow, door: DoorNow) -> PersonView:
    """Within a second, no session and no key of theirs opens anything. Safe to repeat."""
    with answering():
        await people.person(door.write_pool, caller.network_id, person_id)
        await people.end(door.write_pool, door.clock, caller.network_id, person_id)
        row = await people.person(door.write_pool, caller.network_id, person_id)
    door.sessions.forget(f"person/{person_id}")
    return _view(row)


def _view(row: Row) -> PersonView:
    return PersonView(**_fields(row))


def _fields(row: Row) -> dict[str, Any]:
    return {**row, "state": people.state_of(row)}
