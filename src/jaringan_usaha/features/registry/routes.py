"""Koperasi, suppliers and rules over HTTP."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, TypeAdapter

from jaringan_usaha.api.access import Caller
from jaringan_usaha.api.door import (
    AskedByKey,
    AskedByPath,
    CallerNow,
    Done,
    DoorNow,
    OperatorNow,
    done,
    shown,
)
from jaringan_usaha.api.fields import Body, Reason, Slug, Title
from jaringan_usaha.api.paging import After, Cursor, Limit, ListOf, cursor, key_after, page_of
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.api.sync import SyncType
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.features.registry import views
from jaringan_usaha.features.registry.domain import (
    MOST_VALUES,
    AdmitKoperasi,
    AdmitSupplier,
    NoSuchKoperasi,
    NoSuchSupplier,
    ReinstateKoperasi,
    ReinstateSupplier,
    SetRule,
    SuspendKoperasi,
    SuspendSupplier,
    registry,
)
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.money import MOST_IDR

router = APIRouter(prefix="/v1", route_class=StrictRoute)

# -- bodies --------------------------------------------------------------------------------

KoperasiId = Annotated[Slug, Path()]
SupplierId = Annotated[Slug, Path()]
RuleId = Annotated[Slug, Path()]
ValueName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Value = Annotated[int, Field(ge=-MOST_IDR, le=MOST_IDR)]


class KoperasiBody(Body):
    """`region_code`: Kemendagri code of the regency; `registration_no`: NIK koperasi."""

    title: Title
    region_code: Annotated[
        str, Field(pattern=r"^([0-9]{2}\.[0-9]{2})?$", max_length=5, examples=["32.16"])
    ] = ""
    registration_no: Annotated[str, Field(pattern=r"^[0-9A-Za-z./-]*$", max_length=32)] = ""


class SupplierBody(Body):
    title: Title


class ReasonBody(Body):
    reason: Reason


class RuleBody(Body):
    """What a rule says from the date in the path on. `source`: who decided it."""

    values: Annotated[
        dict[ValueName, Value],
        Field(
            min_length=1,
            max_length=MOST_VALUES,
            examples=[{"minimum_idr": 100_000_000, "target_idr": 5_000_000_000}],
        ),
    ]
    source: Annotated[str, Field(min_length=3, max_length=280, examples=["RAT 2026 no. 4"])]


# -- answers -------------------------------------------------------------------------------


class KoperasiView(BaseModel):
    """A koperasi of the network; `reason` is that of the last suspension or reinstatement."""

    koperasi_id: str
    title: str
    region_code: str
    registration_no: str
    suspended: bool
    reason: str
    version: int
    position: int
    recorded_at: datetime


class SupplierView(BaseModel):
    """A supplier; `reason` is that of the last suspension or reinstatement."""

    supplier_id: str
    title: str
    suspended: bool
    reason: str
    version: int
    position: int
    recorded_at: datetime


class RuleView(BaseModel):
    """One setting of a rule; it holds until the next later date that is set."""

    rule_id: str
    version_no: int
    valid_from_on: date
    values: dict[str, int]
    source: str
    position: int
    recorded_at: datetime


# -- koperasi ------------------------------------------------------------------------------


@router.put(
    "/koperasi/{koperasi_id}", operation_id="admitKoperasi", tags=["koperasi"], status_code=201
)
async def admit_koperasi(
    koperasi_id: KoperasiId,
    body: KoperasiBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Admit a koperasi to the network."""
    command = AdmitKoperasi(asked=asked, koperasi_id=koperasi_id, **body.model_dump())
    recorded = await door.handle(caller, registry, command)
    return done(response, recorded, f"/v1/koperasi/{koperasi_id}")


@router.post("/koperasi/{koperasi_id}/suspend", operation_id="suspendKoperasi", tags=["koperasi"])
async def suspend_koperasi(
    koperasi_id: KoperasiId,
    body: ReasonBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """A suspended koperasi neither orders nor pledges."""
    command = SuspendKoperasi(asked=asked, koperasi_id=koperasi_id, reason=body.reason)
    return done(response, await door.handle(caller, registry, command))


@router.post(
    "/koperasi/{koperasi_id}/reinstate", operation_id="reinstateKoperasi", tags=["koperasi"]
)
async def reinstate_koperasi(
    koperasi_id: KoperasiId,
    body: ReasonBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """End a suspension."""
    command = ReinstateKoperasi(asked=asked, koperasi_id=koperasi_id, reason=body.reason)
    return done(response, await door.handle(caller, registry, command))


@router.get("/koperasi/{koperasi_id}", operation_id="getKoperasi", tags=["koperasi"])
async def get_koperasi(
    koperasi_id: KoperasiId,
    response: Response,
    caller: CallerNow,
    door: DoorNow,
    after: After = 0,
) -> KoperasiView:
    """One koperasi; a koperasi sees itself only."""
    caller.must_speak_for(koperasi_id)
    async with door.reading(caller, after) as db:
        row = await views.koperasi(db, caller.network_id, koperasi_id)
    if row is None:
        raise NoSuchKoperasi(f"there is no koperasi {koperasi_id}")
    response.headers["ETag"] = f'"v{row["version"]}"'
    return KoperasiView(**dict(row))


@router.get("/koperasi", operation_id="listKoperasi", tags=["koperasi"])
async def list_koperasi(
    caller: OperatorNow,
    door: DoorNow,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Limit = 50,
    after: After = 0,
) -> ListOf[KoperasiView]:
    """All koperasi of the network by id."""
    (last,) = key_after(cursor_, "")
    async with door.reading(caller, after) as db:
        rows = await views.all_koperasi(db, caller.network_id, after=last, limit=limit)
        as_of = await shown(db, caller.network_id, "registry")
    return page_of(KoperasiView, rows, limit, ("koperasi_id",), as_of)


# -- suppliers -----------------------------------------------------------------------------


@router.put(
    "/suppliers/{supplier_id}", operation_id="admitSupplier", tags=["suppliers"], status_code=201
)
async def admit_supplier(
    supplier_id: SupplierId,
    body: SupplierBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Admit a supplier to the network."""
    command = AdmitSupplier(asked=asked, supplier_id=supplier_id, title=body.title)
    recorded = await door.handle(caller, registry, command)
    return done(response, recorded, f"/v1/suppliers/{supplier_id}")


@router.post("/suppliers/{supplier_id}/suspend", operation_id="suspendSupplier", tags=["suppliers"])
async def suspend_supplier(
    supplier_id: SupplierId,
    body: ReasonBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """A suspended supplier publishes no price lists."""
    command = SuspendSupplier(asked=asked, supplier_id=supplier_id, reason=body.reason)
    return done(response, await door.handle(caller, registry, command))


@router.post(
    "/suppliers/{supplier_id}/reinstate", operation_id="reinstateSupplier", tags=["suppliers"]
)
async def reinstate_supplier(
    supplier_id: SupplierId,
    body: ReasonBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """End a suspension."""
    command = ReinstateSupplier(asked=asked, supplier_id=supplier_id, reason=body.reason)
    return done(response, await door.handle(caller, registry, command))


@router.get("/suppliers/{supplier_id}", operation_id="getSupplier", tags=["suppliers"])
async def get_supplier(
    supplier_id: SupplierId,
    response: Response,
    caller: CallerNow,
    door: DoorNow,
    after: After = 0,
) -> SupplierView:
    """One supplier."""
    async with door.reading(caller, after) as db:
        row = await views.supplier(db, caller.network_id, supplier_id)
    if row is None:
        raise NoSuchSupplier(f"there is no supplier {supplier_id}")
    response.headers["ETag"] = f'"v{row["version"]}"'
    return SupplierView(**dict(row))


@router.get("/suppliers", operation_id="listSuppliers", tags=["suppliers"])
async def list_suppliers(
    caller: CallerNow,
    door: DoorNow,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Limit = 50,
    after: After = 0,
) -> ListOf[SupplierView]:
    """All suppliers of the network by id."""
    (last,) = key_after(cursor_, "")
    async with door.reading(caller, after) as db:
        rows = await views.suppliers(db, caller.network_id, after=last, limit=limit)
        as_of = await shown(db, caller.network_id, "registry")
    return page_of(SupplierView, rows, limit, ("supplier_id",), as_of)


# -- rules ---------------------------------------------------------------------------------


@router.put(
    "/rules/{rule_id}/{valid_from_on}", operation_id="setRule", tags=["rules"], status_code=201
)
async def set_rule(
    rule_id: RuleId,
    valid_from_on: Annotated[date, Path(description="a date in Asia/Jakarta")],
    body: RuleBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Set a dated rule; what was set for a date stays."""
    command = SetRule(
        asked=asked,
        rule_id=rule_id,
        valid_from_on=valid_from_on,
        values=body.values,
        source=body.source,
    )
    return done(response, await door.handle(caller, registry, command), "/v1/rules")


@router.get("/rules", operation_id="listRules", tags=["rules"])
async def list_rules(
    caller: CallerNow,
    door: DoorNow,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Limit = 50,
    after: After = 0,
) -> ListOf[RuleView]:
    """Every setting of every rule, by rule and number."""
    rule_id, version_no = key_after(cursor_, "", 0)
    async with door.reading(caller, after) as db:
        rows = await views.rules(db, caller.network_id, after=(rule_id, version_no), limit=limit)
        as_of = await shown(db, caller.network_id, "registry")
    return ListOf[RuleView](
        items=[_rule_view(row) for row in rows],
        next=cursor(rows[-1]["rule_id"], rows[-1]["version_no"]) if len(rows) == limit else None,
        **as_of,
    )


def _rule_view(row: Row) -> RuleView:
    return RuleView(
        rule_id=row["rule_id"],
        version_no=row["version_no"],
        valid_from_on=row["valid_from_on"],
        values=views.values_of(row),
        source=row["source"],
        position=row["position"],
        recorded_at=row["recorded_at"],
    )


# -- bulk sync -----------------------------------------------------------------------------


class SyncKoperasiBody(KoperasiBody):
    koperasi_id: Slug


class SyncSupplierBody(SupplierBody):
    supplier_id: Slug


def _sync_koperasi(body: SyncKoperasiBody, asked: Asked, caller: Caller) -> AdmitKoperasi:
    caller.must_operate()
    return AdmitKoperasi(asked=asked, **body.model_dump())


def _sync_supplier(body: SyncSupplierBody, asked: Asked, caller: Caller) -> AdmitSupplier:
    caller.must_operate()
    return AdmitSupplier(asked=asked, **body.model_dump())


sync_types: Mapping[str, SyncType[Any]] = {
    "admit_koperasi": SyncType(TypeAdapter(SyncKoperasiBody), registry, _sync_koperasi),
    "admit_supplier": SyncType(TypeAdapter(SyncSupplierBody), registry, _sync_supplier),
}
