"""Koperasi over HTTP."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, TypeAdapter

from jaringan_usaha.api.access.admission import AuditorNow, OperatorNow, ReaderNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.commands import AskedByPath, AskedOnVersion, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Day, ReasonBody, Slug, Title
from jaringan_usaha.api.paging import After, Counted, ListWithTotals, Page, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.api.sync.up import SyncType
from jaringan_usaha.api.versions import versioned
from jaringan_usaha.features.registry import views
from jaringan_usaha.features.registry.domain import (
    AdmitKoperasi,
    ClassifyKoperasi,
    NoSuchKoperasi,
    ReinstateKoperasi,
    SuspendKoperasi,
    registry,
)
from jaringan_usaha.kernel.messages import Asked

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["koperasi"])

# -- bodies --------------------------------------------------------------------------------

KoperasiId = Annotated[Slug, Path()]
ClassifiedOn = Annotated[
    Day | None, Query(description="whose classification is in force, in Asia/Jakarta; today")
]


class KoperasiBody(Body):
    """`region_code`: Kemendagri code of the regency; `registration_no`: NIK koperasi."""

    title: Title
    region_code: Annotated[
        str, Field(pattern=r"^([0-9]{2}\.[0-9]{2})?$", max_length=5, examples=["32.16"])
    ] = ""
    registration_no: Annotated[str, Field(pattern=r"^[0-9A-Za-z./-]*$", max_length=32)] = ""


class ClassificationBody(Body):
    """From the date in the path on. `tax_id`: NPWP, 16 digits; empty when it has none."""

    vat_registered: Annotated[bool, Field(description="PKP: may credit PPN that it pays")]
    price_zone: Annotated[int, Field(ge=1, le=3, description="of HET and SPHP prices")]
    tax_id: Annotated[str, Field(pattern=r"^([0-9]{16})?$", max_length=16)] = ""


# -- answers -------------------------------------------------------------------------------


class KoperasiView(BaseModel):
    """A koperasi of the network; `reason` is that of the last suspension or reinstatement.

    The classification is the one in force on the day asked about, null before the first one.
    """

    koperasi_id: str
    title: str
    region_code: str
    registration_no: str
    suspended: bool
    reason: str
    classified_from_on: date | None
    vat_registered: bool | None
    price_zone: int | None
    tax_id: str | None
    version: int
    position: int
    recorded_at: datetime


class ClassificationView(BaseModel):
    """It holds until the next later date."""

    valid_from_on: date
    vat_registered: bool
    price_zone: int
    tax_id: str
    position: int
    recorded_at: datetime


class Registered(Rows):
    suspended: int


class KoperasiList(ListWithTotals[KoperasiView, Registered]):
    """Koperasi of the network."""


# -- koperasi ------------------------------------------------------------------------------


@router.put("/koperasi/{koperasi_id}", operation_id="admitKoperasi", status_code=201)
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


@router.post("/koperasi/{koperasi_id}/suspend", operation_id="suspendKoperasi")
async def suspend_koperasi(
    koperasi_id: KoperasiId,
    body: ReasonBody,
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Suspend a koperasi: it neither orders nor pledges until it is reinstated."""
    command = SuspendKoperasi(asked=asked, koperasi_id=koperasi_id, reason=body.reason)
    return done(response, await door.handle(caller, registry, command))


@router.post("/koperasi/{koperasi_id}/reinstate", operation_id="reinstateKoperasi")
async def reinstate_koperasi(
    koperasi_id: KoperasiId,
    body: ReasonBody,
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """End a suspension."""
    command = ReinstateKoperasi(asked=asked, koperasi_id=koperasi_id, reason=body.reason)
    return done(response, await door.handle(caller, registry, command))


@router.put(
    "/koperasi/{koperasi_id}/classification/{valid_from_on}",
    operation_id="classifyKoperasi",
    status_code=201,
)
async def classify_koperasi(
    koperasi_id: KoperasiId,
    valid_from_on: Annotated[date, Path(description="a date in Asia/Jakarta")],
    body: ClassificationBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Say from which day on a koperasi is PKP, and in which price zone it sells."""
    command = ClassifyKoperasi(
        asked=asked, koperasi_id=koperasi_id, valid_from_on=valid_from_on, **body.model_dump()
    )
    recorded = await door.handle(caller, registry, command)
    return done(response, recorded, f"/v1/koperasi/{koperasi_id}/classification")


@router.get(
    "/koperasi/{koperasi_id}/classification",
    operation_id="listClassifications",
)
async def list_classifications(
    koperasi_id: KoperasiId,
    caller: ReaderNow,
    page: Annotated[Page, by(position=int)],
) -> Counted[ClassificationView]:
    """All classifications of one koperasi, in the order in which they were made."""
    caller.must_speak_for(koperasi_id)
    async with page.reading("registry") as db:
        rows = await views.classifications(db, caller.network_id, koperasi_id, part=page.part)
        count = await views.classification_count(db, caller.network_id, koperasi_id)
    return page.answer(Counted[ClassificationView], rows, totals=Rows(rows=count))


@router.get("/koperasi/{koperasi_id}", operation_id="getKoperasi")
async def get_koperasi(
    koperasi_id: KoperasiId,
    response: Response,
    caller: ReaderNow,
    door: DoorNow,
    on: ClassifiedOn = None,
    after: After = 0,
) -> KoperasiView:
    """One koperasi; a koperasi sees itself only."""
    caller.must_speak_for(koperasi_id)
    day = on or door.today(caller)
    async with door.reading(caller, after) as db:
        row = await views.koperasi(db, caller.network_id, koperasi_id, on=day)
    if row is None:
        raise NoSuchKoperasi(f"there is no koperasi {koperasi_id}")
    versioned(response, row["version"], shows_more=True)  # what holds today
    return KoperasiView(**dict(row))


@router.get("/koperasi", operation_id="listKoperasi")
async def list_koperasi(
    caller: AuditorNow,
    page: Annotated[Page, by(koperasi_id=str)],
    on: ClassifiedOn = None,
) -> KoperasiList:
    """All koperasi of the network by id."""
    day = on or page.door.today(caller)
    page.settle(on=day)
    async with page.reading("registry") as db:
        rows = await views.all_koperasi(db, caller.network_id, on=day, part=page.part)
        totals = await views.registered(db, caller.network_id, "koperasi")
    return page.answer(KoperasiList, rows, totals=dict(totals))


# -- bulk sync -----------------------------------------------------------------------------


class SyncKoperasiBody(KoperasiBody):
    koperasi_id: Slug


def _sync_koperasi(body: SyncKoperasiBody, asked: Asked, caller: Caller) -> AdmitKoperasi:
    caller.must_operate()
    return AdmitKoperasi(asked=asked, **body.model_dump())


sync_types: Mapping[str, SyncType[Any]] = {
    "admit_koperasi": SyncType(
        TypeAdapter(SyncKoperasiBody), registry, _sync_koperasi, area="koperasi"
    ),
}
