"""Deliveries over HTTP: what arrived, who got what of it, and why."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, TypeAdapter

from jaringan_usaha.api.access.admission import AuditorNow, OperatorNow, ReaderNow, SupplierNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.commands import AskedByKey, AskedByPath, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Day, Reason, Slug
from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.paging import After, Page, by
from jaringan_usaha.api.period import Days, within
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.api.sync.up import SyncType
from jaringan_usaha.features.fulfilment import views
from jaringan_usaha.features.fulfilment.answers import (
    DeliveryPage,
    DeliveryStatePage,
    ExplanationPage,
    ReceiptLinePage,
    ReceiptPage,
    ReceiptView,
    ShortfallPage,
    SurplusPage,
)
from jaringan_usaha.features.fulfilment.domain import (
    MOST_LINES,
    EndDelivery,
    NoSuchReceipt,
    ReceiveGoods,
    deliveries,
)
from jaringan_usaha.features.fulfilment.events import ReceivedLine
from jaringan_usaha.features.fulfilment.explaining import Expectation, Portion, explain
from jaringan_usaha.features.fulfilment.surplus import DecideSurplus, surplus
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.quantity import MOST_UNITS

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["deliveries"])

# -- bodies --------------------------------------------------------------------------------

CycleId = Annotated[Slug, Path()]
SupplierId = Annotated[Slug, Path()]
ReceiptId = Annotated[Slug, Path()]
Units = Annotated[int, Field(ge=0, le=MOST_UNITS, description="base units")]


class ReceivedLineBody(Body):
    """Base units taken in, and those refused at the door, with why."""

    item_id: Slug
    accepted: Units
    rejected: Units = 0
    reason: Annotated[str, Field(max_length=100)] = ""


class ReceiptBody(Body):
    """One delivery as counted; `reference` is the supplier's delivery note."""

    cycle_id: Slug
    supplier_id: Slug
    received_on: Day
    reference: Annotated[str, Field(max_length=64)] = ""
    lines: Annotated[tuple[ReceivedLineBody, ...], Field(strict=False, max_length=MOST_LINES)]

    def command(self, receipt_id: str, asked: Asked) -> ReceiveGoods:
        return ReceiveGoods(
            asked=asked,
            receipt_id=receipt_id,
            cycle_id=self.cycle_id,
            supplier_id=self.supplier_id,
            received_on=self.received_on,
            reference=self.reference,
            lines=tuple(ReceivedLine(**line.model_dump()) for line in self.lines),
        )


class EndBody(Body):
    reason: Reason


class SurplusBody(Body):
    """What becomes of surplus units of one item; an offer names the koperasi that takes them."""

    cycle_id: Slug
    supplier_id: Slug
    item_id: Slug
    units: Annotated[int, Field(ge=1, le=MOST_UNITS)]
    decision: Literal["return", "stock", "offer"]
    reason: Reason
    koperasi_id: Slug | None = None


# -- receipts ------------------------------------------------------------------------------


@router.put("/receipts/{receipt_id}", operation_id="receiveGoods", status_code=201)
async def receive_goods(
    receipt_id: ReceiptId,
    body: ReceiptBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Record what arrived for a consolidated order; it is shared out shortly after."""
    recorded = await door.handle(caller, deliveries, body.command(receipt_id, asked))
    return done(response, recorded, f"/v1/receipts/{receipt_id}")


@router.get("/receipts/{receipt_id}", operation_id="getReceipt")
async def get_receipt(
    receipt_id: ReceiptId, caller: SupplierNow, door: DoorNow, after: After = 0
) -> ReceiptView:
    """One delivery as it was counted."""
    async with door.reading(caller, after) as db:
        row = await views.receipt(db, caller.network_id, receipt_id)
    if row is None or not caller.supplies(row["supplier_id"]):
        raise NoSuchReceipt(f"there is no receipt {receipt_id}")
    return ReceiptView(**dict(row))


@router.get("/receipts/{receipt_id}/lines", operation_id="listReceiptLines")
async def list_receipt_lines(
    receipt_id: ReceiptId,
    caller: SupplierNow,
    page: Annotated[Page, by(item_id=str)],
) -> ReceiptLinePage:
    """What one receipt holds, and whether it has been shared out."""
    async with page.reading("fulfilment") as db:
        receipt = await views.receipt(db, caller.network_id, receipt_id)
        if receipt is None or not caller.supplies(receipt["supplier_id"]):
            raise NoSuchReceipt(f"there is no receipt {receipt_id}")
        rows = await views.receipt_lines(db, caller.network_id, receipt_id, part=page.part)
        totals = await views.receipt_line_totals(db, caller.network_id, receipt_id)
    return page.answer(ReceiptLinePage, rows, totals=dict(totals))


@router.get("/cycles/{cycle_id}/receipts", operation_id="listReceipts")
async def list_receipts(
    cycle_id: CycleId,
    caller: SupplierNow,
    page: Annotated[Page, by(position=int)],
    days: Annotated[Days, within("`received_on`")],
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> ReceiptPage:
    """The receipts of a cycle in the order in which they were recorded."""
    supplier_id = caller.supplier_for(supplier_id)
    async with page.reading("fulfilment") as db:
        rows = await views.receipts(
            db, caller.network_id, cycle_id, supplier_id=supplier_id, days=days, part=page.part
        )
        totals = await views.receipt_totals(db, caller.network_id, cycle_id, supplier_id, days)
    return page.answer(ReceiptPage, rows, totals=dict(totals))


# -- the end of a delivery -----------------------------------------------------------------


@router.post(
    "/consolidated-orders/{cycle_id}/{supplier_id}/end-delivery", operation_id="endDelivery"
)
async def end_delivery(
    cycle_id: CycleId,
    supplier_id: SupplierId,
    body: EndBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """End a delivery: no more is expected, and what was not accepted is a shortfall for good."""
    command = EndDelivery(
        asked=asked, cycle_id=cycle_id, supplier_id=supplier_id, reason=body.reason
    )
    return done(response, await door.handle(caller, deliveries, command))


@router.get("/cycles/{cycle_id}/delivery-states", operation_id="listDeliveryStates")
async def list_delivery_states(
    cycle_id: CycleId,
    caller: SupplierNow,
    page: Annotated[Page, by(supplier_id=str)],
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> DeliveryStatePage:
    """How far each supplier's delivery has come, by supplier."""
    supplier_id = caller.supplier_for(supplier_id)
    async with page.reading("cycles", "fulfilment") as db:
        rows = await views.states(
            db, caller.network_id, cycle_id, supplier_id=supplier_id, part=page.part
        )
        totals = await views.state_totals(db, caller.network_id, cycle_id, supplier_id)
    return page.answer(DeliveryStatePage, rows, totals=totals)


@router.get("/cycles/{cycle_id}/shortfalls", operation_id="listShortfalls")
async def list_shortfalls(
    cycle_id: CycleId,
    caller: SupplierNow,
    page: Annotated[Page, by(supplier_id=str, item_id=str)],
    koperasi_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> ShortfallPage:
    """Items of which less was accepted than ordered; of a koperasi those of which it got less
    than was ordered for it. Final once the delivery has ended."""
    if koperasi_id is not None:
        caller.must_speak_for(koperasi_id)
    supplier_id = caller.supplier_for(supplier_id)
    async with page.reading("cycles", "fulfilment") as db:
        rows = await views.shortfalls(
            db,
            caller.network_id,
            cycle_id,
            koperasi_id=koperasi_id,
            supplier_id=supplier_id,
            part=page.part,
        )
        totals = await views.shortfall_totals(
            db, caller.network_id, cycle_id, koperasi_id=koperasi_id, supplier_id=supplier_id
        )
    return page.answer(ShortfallPage, rows, totals=dict(totals))


# -- who got what --------------------------------------------------------------------------


@router.get("/cycles/{cycle_id}/deliveries", operation_id="listDeliveries")
async def list_deliveries(
    cycle_id: CycleId,
    caller: ReaderNow,
    page: Annotated[Page, by(supplier_id=str, item_id=str, koperasi_id=str)],
    koperasi_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> DeliveryPage:
    """What koperasi may expect and got; a koperasi sees its own rows only."""
    if koperasi_id is not None:
        caller.must_speak_for(koperasi_id)
    of_koperasi = koperasi_id or caller.koperasi_id
    async with page.reading("cycles", "fulfilment") as db:
        rows = await views.deliveries(
            db,
            caller.network_id,
            cycle_id,
            koperasi_id=of_koperasi,
            supplier_id=supplier_id,
            part=page.part,
        )
        totals = await views.item_totals(
            db,
            caller.network_id,
            cycle_id,
            koperasi_id=of_koperasi,
            supplier_id=supplier_id,
        )
    return page.answer(DeliveryPage, rows, totals=dict(totals))


@router.get(
    "/cycles/{cycle_id}/allocation/{koperasi_id}/explanation", operation_id="explainAllocation"
)
async def explain_allocation(
    cycle_id: CycleId,
    koperasi_id: Annotated[Slug, Path()],
    caller: ReaderNow,
    page: Annotated[Page, by(supplier_id=str, item_id=str)],
) -> ExplanationPage:
    """Why a koperasi got what it got: one paragraph an item, in Indonesian and in English."""
    caller.must_speak_for(koperasi_id)
    async with page.reading("cycles", "fulfilment") as db:
        rows = await views.explained(db, caller.network_id, cycle_id, koperasi_id, part=page.part)
        totals = await views.explained_totals(db, caller.network_id, cycle_id, koperasi_id)
        portions: dict[tuple[str, str], list[Portion]] = {}
        if rows:
            ends = [(row["supplier_id"], row["item_id"]) for row in (rows[0], rows[-1])]
            first, last = reversed(ends) if page.part.back else ends
            for supplier_id, item_id, *portion in await views.portions(
                db, caller.network_id, cycle_id, koperasi_id, first=first, last=last
            ):
                portions.setdefault((supplier_id, item_id), []).append(Portion(*portion))
    told = []
    for row in rows:
        of_item = tuple(portions.get((row["supplier_id"], row["item_id"]), ()))
        item = Expectation(**dict(row), portions=of_item)
        told.append({**dict(row), "id": explain(item, "id"), "en": explain(item, "en")})
    return page.answer(ExplanationPage, told, totals=dict(totals))


# -- surplus -------------------------------------------------------------------------------


@router.post("/receipts/{receipt_id}/surplus", operation_id="decideSurplus", status_code=201)
async def decide_surplus(
    receipt_id: ReceiptId,
    body: SurplusBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Say what becomes of units that nobody expected."""
    command = DecideSurplus(asked=asked, receipt_id=receipt_id, **body.model_dump())
    return done(response, await door.handle(caller, surplus, command))


@router.get("/surplus", operation_id="listSurplus")
async def list_surplus(
    caller: AuditorNow,
    page: Annotated[Page, by(position=int, item_id=str)],
    days: Annotated[Days, within("the receipt's `received_on`")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> SurplusPage:
    """Units that were delivered beyond all claims and wait for a decision, oldest first."""
    to = Narrowed(cycle_id, supplier_id, days)
    async with page.reading("fulfilment") as db:
        rows = await views.surplus(db, caller.network_id, to, part=page.part)
        totals = await views.surplus_totals(db, caller.network_id, to)
    return page.answer(SurplusPage, rows, totals=dict(totals))


# -- bulk sync -----------------------------------------------------------------------------


class SyncReceiptBody(ReceiptBody):
    receipt_id: Slug


def _sync_receipt(body: SyncReceiptBody, asked: Asked, caller: Caller) -> ReceiveGoods:
    caller.must_operate()
    return body.command(body.receipt_id, asked)


sync_types: Mapping[str, SyncType[Any]] = {
    "receive_goods": SyncType(
        TypeAdapter(SyncReceiptBody), deliveries, _sync_receipt, "deliveries"
    ),
}
