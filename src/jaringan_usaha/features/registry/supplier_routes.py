"""Suppliers over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, TypeAdapter

from jaringan_usaha.api.access.admission import OperatorNow, PartnerNow, ReaderNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.commands import AskedByPath, AskedOnVersion, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, ReasonBody, Slug, Title
from jaringan_usaha.api.paging import After, ListWithTotals, Page, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.api.sync.up import SyncType
from jaringan_usaha.api.versions import versioned
from jaringan_usaha.features.registry import views
from jaringan_usaha.features.registry.domain import (
    AdmitSupplier,
    NoSuchSupplier,
    ReinstateSupplier,
    SuspendSupplier,
    registry,
)
from jaringan_usaha.features.registry.routes import Registered
from jaringan_usaha.kernel.messages import Asked

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["suppliers"])

# -- bodies and answers --------------------------------------------------------------------

SupplierId = Annotated[Slug, Path()]


class SupplierBody(Body):
    title: Title


class SupplierView(BaseModel):
    """A supplier; `reason` is that of the last suspension or reinstatement."""

    supplier_id: str
    title: str
    suspended: bool
    reason: str
    version: int
    position: int
    recorded_at: datetime


class SupplierList(ListWithTotals[SupplierView, Registered]):
    """Suppliers of the network."""


# -- suppliers -----------------------------------------------------------------------------


@router.put("/suppliers/{supplier_id}", operation_id="admitSupplier", status_code=201)
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


@router.post("/suppliers/{supplier_id}/suspend", operation_id="suspendSupplier")
async def suspend_supplier(
    supplier_id: SupplierId,
    body: ReasonBody,
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Suspend a supplier: no price lists and no comparison until it is reinstated."""
    command = SuspendSupplier(asked=asked, supplier_id=supplier_id, reason=body.reason)
    return done(response, await door.handle(caller, registry, command))


@router.post("/suppliers/{supplier_id}/reinstate", operation_id="reinstateSupplier")
async def reinstate_supplier(
    supplier_id: SupplierId,
    body: ReasonBody,
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """End a suspension."""
    command = ReinstateSupplier(asked=asked, supplier_id=supplier_id, reason=body.reason)
    return done(response, await door.handle(caller, registry, command))


@router.get("/suppliers/{supplier_id}", operation_id="getSupplier")
async def get_supplier(
    supplier_id: SupplierId,
    response: Response,
    caller: PartnerNow,
    door: DoorNow,
    after: After = 0,
) -> SupplierView:
    """One supplier."""
    async with door.reading(caller, after) as db:
        row = await views.supplier(db, caller.network_id, supplier_id)
    if row is None or not caller.supplies(supplier_id):
        raise NoSuchSupplier(f"there is no supplier {supplier_id}")
    versioned(response, row["version"])
    return SupplierView(**dict(row))


@router.get("/suppliers", operation_id="listSuppliers")
async def list_suppliers(
    caller: ReaderNow,
    page: Annotated[Page, by(supplier_id=str)],
) -> SupplierList:
    """All suppliers of the network by id."""
    async with page.reading("registry") as db:
        rows = await views.suppliers(db, caller.network_id, part=page.part)
        totals = await views.registered(db, caller.network_id, "suppliers")
    return page.answer(SupplierList, rows, totals=dict(totals))


# -- bulk sync -----------------------------------------------------------------------------


class SyncSupplierBody(SupplierBody):
    supplier_id: Slug


def _sync_supplier(body: SyncSupplierBody, asked: Asked, caller: Caller) -> AdmitSupplier:
    caller.must_operate()
    return AdmitSupplier(asked=asked, **body.model_dump())


sync_types: Mapping[str, SyncType[Any]] = {
    "admit_supplier": SyncType(
        TypeAdapter(SyncSupplierBody), registry, _sync_supplier, area="suppliers"
    ),
}
