"""API keys over HTTP, for the network's operator: looked at, made, replaced, ended."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access import issuing
from jaringan_usaha.api.access.admission import OperatorNow
from jaringan_usaha.api.access.caller import Role
from jaringan_usaha.api.access.keys import ID_LENGTH, key_id
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.commands import AskedByKey
from jaringan_usaha.api.door import Door, DoorNow
from jaringan_usaha.api.fields import Body, Slug
from jaringan_usaha.api.paging import Page, PageOf, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute

router = APIRouter(prefix="/v1", route_class=StrictRoute)

KeyId = Annotated[str, Path(pattern=r"^[0-9A-Za-z]+$", min_length=ID_LENGTH, max_length=ID_LENGTH)]
Days = Annotated[int, Field(ge=1, le=400, description="days until the key ends by itself")]
Network = Annotated[str, Field(min_length=7, max_length=43, examples=["203.0.113.0/24"])]
Scope = Annotated[str, Field(pattern=r"^[a-z-]+:(read|write)$", max_length=40)]
Scopes = Annotated[list[Scope], Field(max_length=len(issuing.SCOPES))]
Networks = Annotated[list[Network], Field(max_length=20)]


class KeyBody(Body):
    """A key to be made: for whom, for what, from where, for how long."""

    role: Role
    koperasi_id: Slug | None = Field(None, description="of a koperasi's key, and a device's")
    device_id: Slug | None = Field(None, description="of a device's key")
    supplier_id: Slug | None = Field(None, description="of a supplier's key")
    scopes: Scopes = Field([], description="what it may do; none: all that its role may")
    addresses: Networks = Field([], description="where it may be used from; none: everywhere")
    label: Annotated[str, Field(max_length=120)] = ""
    valid_days: Days = 400


class RotateBody(Body):
    """How long the old key lives on beside the new one."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24
    valid_days: Days = 400


class KeyView(BaseModel):
    """What is known of a key: never the key itself."""

    key_id: str = Field(description="its public part: the 12 signs after ju_live_ or ju_test_")
    last_four: str
    state: str = Field(description="waiting, live, rotated, revoked or expired; more may come")
    role: str
    koperasi_id: str | None
    device_id: str | None
    supplier_id: str | None
    scopes: list[str] = Field(max_length=100)
    addresses: list[str] = Field(max_length=100)
    label: str
    created_by: str = Field(description="who asked for it, or `command line`")
    speaks_as: str | None = Field(description="under whose name it is recorded, if not its own")
    approved_by: str | None = Field(description="the second person, of a key that takes two")
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    rotated_to: str | None = Field(description="the key that stands in for it")
    exposed_at: datetime | None = Field(description="when it was written into a URL")


class KeyList(PageOf[KeyView]):
    totals: Rows


class KeyMade(KeyView):
    """A new key. It is shown this once."""

    key: str = Field(description="keep it safe: it is stored only as a hash")


@router.get("/keys", operation_id="listKeys", tags=["keys"])
async def list_keys(
    caller: OperatorNow,
    page: Annotated[Page, by(key_id=str)],
    door: DoorNow,
) -> KeyList:
    """All keys of the network, those that are over too."""
    with answering():
        rows = await issuing.key_rows(door.read_pool, caller.network_id, part=page.part)
        count = await issuing.key_count(door.read_pool, caller.network_id)
    totals = Rows(rows=count)
    return page.answer(KeyList, rows, show=lambda row: _fields(row, door), totals=totals)


@router.get("/keys/{key_id}", operation_id="getKey", tags=["keys"])
async def get_key(key_id: KeyId, caller: OperatorNow, door: DoorNow) -> KeyView:
    """One key, by its public part."""
    return KeyView(**await _of(door, caller.network_id, key_id))


@router.post("/keys", operation_id="createKey", tags=["keys"], status_code=201)
async def create_key(
    body: KeyBody, response: Response, asked: AskedByKey, caller: OperatorNow, door: DoorNow
) -> KeyMade:
    """Make a key. One of an auditor opens nothing until a second person approves it; one of an
    operator is recorded under its maker's name. The same request again answers 409 with the id of
    the key it made: one whose answer was lost is to be revoked, since nobody can show it again."""
    operates = body.role == "operator"
    wanted = issuing.Wanted(
        role=body.role,
        koperasi_id=body.koperasi_id,
        device_id=body.device_id,
        supplier_id=body.supplier_id,
        scopes=body.scopes,
        addresses=body.addresses,
        label=body.label,
        life=timedelta(days=body.valid_days),
        by=caller.who,
        asked=asked,
        person_id=caller.person_id if operates else None,
        speaks_as=caller.who if operates else None,
    )
    issuing.must_hold(caller, wanted.scopes, wanted.networks())
    with answering():
        key = await issuing.issue(door.write_pool, door.clock, caller.network_id, wanted)
    return await _made(door, caller.network_id, key, response)


@router.post("/keys/{key_id}/rotate", operation_id="rotateKey", tags=["keys"], status_code=201)
async def rotate_key(
    key_id: KeyId,
    body: RotateBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> KeyMade:
    """Make a key with the same rights; the old one dies after the overlap."""
    with answering():
        key = await issuing.rotate(
            door.write_pool,
            door.clock,
            caller.network_id,
            key_id,
            overlap=timedelta(hours=body.overlap_hours),
            life=timedelta(days=body.valid_days),
            by=caller,
            asked=asked,
        )
    door.keys.forget(key_id)
    return await _made(door, caller.network_id, key, response)


@router.post("/keys/{key_id}/approve", operation_id="approveKey", tags=["approvals"])
async def approve_key(key_id: KeyId, caller: OperatorNow, door: DoorNow) -> KeyView:
    """Let an auditor's key in that another person asked for. Safe to repeat."""
    caller.must_be_sure()
    with answering():
        await issuing.approve(door.write_pool, caller.network_id, key_id, caller)
    return KeyView(**await _of(door, caller.network_id, key_id))


@router.post("/keys/{key_id}/revoke", operation_id="revokeKey", tags=["keys"])
async def revoke_key(key_id: KeyId, caller: OperatorNow, door: DoorNow) -> KeyView:
    """End a key; within a second it opens nothing any more. Safe to repeat."""
    await _of(door, caller.network_id, key_id)
    with answering():
        await issuing.revoke(door.write_pool, door.clock, key_id)
    door.keys.forget(key_id)
    return KeyView(**await _of(door, caller.network_id, key_id))


async def _made(door: Door, network_id: int, key: str, response: Response) -> KeyMade:
    response.headers["Location"] = f"/v1/keys/{key_id(key)}"
    return KeyMade(**await _of(door, network_id, key_id(key)), key=key)


async def _of(door: Door, network_id: int, public: str) -> dict[str, Any]:
    with answering():
        return _fields(await issuing.key_row(door.write_pool, network_id, public), door)


def _fields(row: Any, door: Door) -> dict[str, Any]:
    fields = {name: row[name] for name in KeyView.model_fields if name != "state"}
    fields["addresses"] = [str(each) for each in row["addresses"]]
    return {**fields, "state": issuing.state_of(row, door.clock.now())}
