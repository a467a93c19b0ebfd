"""Money that goes to suppliers, and rebates that come back, over HTTP."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from jaringan_usaha.api.access.admission import AuditorNow, OperatorNow, SupplierNow
from jaringan_usaha.api.commands import AskedByPath, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Day, Slug
from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.paging import ListOf, Page, by
from jaringan_usaha.api.period import Days, within
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.invoicing import views
from jaringan_usaha.features.invoicing.answers import MoneyTotals
from jaringan_usaha.features.invoicing.payments import PayInvoice, ReceiveRebate, payments
from jaringan_usaha.features.invoicing.routes import Amount, Number, totals_of
from jaringan_usaha.features.invoicing.totals import PAYMENTS, REBATES

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["invoicing"])

# -- bodies --------------------------------------------------------------------------------


class InvoicePaymentBody(Body):
    """Money that went to the supplier for one invoice."""

    invoice_id: Slug
    amount_idr: Amount
    paid_on: Day
    reference: Number


class RebateBody(Body):
    """Money that the supplier paid back."""

    cycle_id: Slug
    supplier_id: Slug
    amount_idr: Amount
    received_on: Day
    reference: Number


# -- answers -------------------------------------------------------------------------------


class PaymentView(BaseModel):
    payment_id: str
    invoice_id: str
    cycle_id: str
    supplier_id: str
    amount_idr: int
    paid_on: date
    reference: str
    position: int
    recorded_at: datetime


class RebateView(BaseModel):
    rebate_id: str
    cycle_id: str
    supplier_id: str
    amount_idr: int
    received_on: date
    reference: str
    position: int
    recorded_at: datetime


class PaymentList(ListOf[PaymentView]):
    totals: MoneyTotals


class RebateList(ListOf[RebateView]):
    totals: MoneyTotals


# -- payments and rebates ------------------------------------------------------------------


@router.put("/invoice-payments/{payment_id}", operation_id="payInvoice", status_code=201)
async def pay_invoice(
    payment_id: Annotated[Slug, Path()],
    body: InvoicePaymentBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Record money that went to a supplier; never more than is owed."""
    command = PayInvoice(asked=asked, payment_id=payment_id, **body.model_dump())
    recorded = await door.handle(caller, payments, command)
    return done(response, recorded, f"/v1/supplier-invoices/{body.invoice_id}")


@router.get("/invoice-payments", operation_id="listInvoicePayments")
async def list_payments(
    caller: SupplierNow,
    page: Annotated[Page, by(cycle_id=str, supplier_id=str, payment_id=str)],
    days: Annotated[Days, within("`paid_on`")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> PaymentList:
    """Payments by cycle and supplier; `paid_idr` of the totals is what all of them come to."""
    to = Narrowed(cycle_id, caller.supplier_for(supplier_id), days)
    async with page.reading("invoicing") as db:
        rows = await views.payments(db, caller.network_id, "payment", to, part=page.part)
        totals = await totals_of(db, caller, PAYMENTS, to)
    return page.answer(PaymentList, rows, totals=totals)


@router.put("/rebates/{rebate_id}", operation_id="receiveRebate", status_code=201)
async def receive_rebate(
    rebate_id: Annotated[Slug, Path()],
    body: RebateBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Record money that a supplier paid back."""
    command = ReceiveRebate(asked=asked, rebate_id=rebate_id, **body.model_dump())
    return done(response, await door.handle(caller, payments, command))


@router.get("/rebates", operation_id="listRebates")
async def list_rebates(
    caller: AuditorNow,
    page: Annotated[Page, by(cycle_id=str, supplier_id=str, payment_id=str)],
    days: Annotated[Days, within("`received_on`")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> RebateList:
    """Rebates received; the totals say beside them what suppliers have come to owe."""
    to = Narrowed(cycle_id, supplier_id, days)
    async with page.reading("invoicing") as db:
        rows = await views.payments(db, caller.network_id, "rebate", to, part=page.part)
        totals = await totals_of(db, caller, REBATES, to)
    return page.answer(
        RebateList,
        rows,
        show=lambda row: {
            **dict(row),
            "rebate_id": row["payment_id"],
            "received_on": row["paid_on"],
        },
        totals=totals,
    )
