"""Suppliers' invoices over HTTP: entered, released or refused; debit notes."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, TypeAdapter

from jaringan_usaha.api.access.admission import OperatorNow, SupplierNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.commands import AskedByPath, AskedOnVersion, Done, done
from jaringan_usaha.api.door import DoorNow, shown
from jaringan_usaha.api.fields import Body, Day, ReasonBody, Slug
from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.paging import After, Page, by
from jaringan_usaha.api.period import Days, within
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.api.sync.up import SyncType
from jaringan_usaha.api.versions import versioned
from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.eventlog.list_sums import KeptList
from jaringan_usaha.features.invoicing import views
from jaringan_usaha.features.invoicing.answers import (
    ClaimedLineView,
    DebitNoteList,
    InvoiceDetail,
    InvoiceList,
    InvoiceStateList,
    MatchedLineView,
    MoneyTotals,
)
from jaringan_usaha.features.invoicing.domain import MOST_AMOUNT_IDR, NoSuchInvoice
from jaringan_usaha.features.invoicing.events import ClaimedLine, InvoiceLine
from jaringan_usaha.features.invoicing.invoices import (
    MOST_LINES,
    EnterInvoice,
    RefuseInvoice,
    ReleaseInvoice,
    invoices,
)
from jaringan_usaha.features.invoicing.totals import DEBIT_NOTES, INVOICES, ORDERS, of_money
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.quantity import MOST_UNITS

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["invoicing"])

# -- bodies --------------------------------------------------------------------------------

Amount = Annotated[int, Field(ge=0, le=MOST_AMOUNT_IDR, description="whole rupiah")]
Number = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z ./:_-]*$")
]


class InvoiceLineBody(Body):
    """One item, as the supplier billed it. Deposits on containers are apart from the goods."""

    item_id: Slug
    quantity: Annotated[int, Field(ge=1, le=MOST_UNITS, description="in the item's base unit")]
    goods_idr: Annotated[Amount, Field(description="without PPN, in whole rupiah")]
    ppn_idr: Amount
    deposit_idr: Amount = 0


class InvoiceBody(Body):
    """What a supplier billed for one consolidated order, each item in one line."""

    cycle_id: Slug
    supplier_id: Slug
    invoice_no: Annotated[Number, Field(description="the supplier's own; it is entered once")]
    tax_invoice_no: Annotated[
        str,
        Field(
            max_length=64,
            pattern=r"^[0-9A-Za-z ./:_-]*$",
            description="number of the faktur pajak; empty when there is none",
        ),
    ] = ""
    invoiced_on: Day
    lines: Annotated[list[InvoiceLineBody], Field(min_length=1, max_length=MOST_LINES)]

    def command(self, invoice_id: str, asked: Asked) -> EnterInvoice:
        return EnterInvoice(
            asked=asked,
            invoice_id=invoice_id,
            cycle_id=self.cycle_id,
            supplier_id=self.supplier_id,
            invoice_no=self.invoice_no,
            tax_invoice_no=self.tax_invoice_no,
            invoiced_on=self.invoiced_on,
            lines=tuple(InvoiceLine(**line.model_dump()) for line in self.lines),
        )


# -- invoices ------------------------------------------------------------------------------


@router.put("/supplier-invoices/{invoice_id}", operation_id="enterSupplierInvoice", status_code=201)
async def enter_invoice(
    invoice_id: Annotated[Slug, Path()],
    body: InvoiceBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Enter what a supplier billed; it is matched with the order and the receipts at once."""
    recorded = await door.handle(caller, invoices, body.command(invoice_id, asked))
    return done(response, recorded, f"/v1/supplier-invoices/{invoice_id}")


@router.post("/supplier-invoices/{invoice_id}/release", operation_id="releaseSupplierInvoice")
async def release_invoice(
    invoice_id: Annotated[Slug, Path()],
    body: ReasonBody,
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Accept a held invoice all the same, as the tax invoice has it; from now on it is owed."""
    command = ReleaseInvoice(asked=asked, invoice_id=invoice_id, reason=body.reason)
    return done(response, await door.handle(caller, invoices, command))


@router.post("/supplier-invoices/{invoice_id}/refuse", operation_id="refuseSupplierInvoice")
async def refuse_invoice(
    invoice_id: Annotated[Slug, Path()],
    body: ReasonBody,
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Send a held invoice back; its number and its units may be invoiced again."""
    command = RefuseInvoice(asked=asked, invoice_id=invoice_id, reason=body.reason)
    return done(response, await door.handle(caller, invoices, command))


@router.get("/supplier-invoices/{invoice_id}", operation_id="getSupplierInvoice")
async def get_invoice(
    invoice_id: Annotated[Slug, Path()],
    response: Response,
    caller: SupplierNow,
    door: DoorNow,
    after: After = 0,
) -> InvoiceDetail:
    """One invoice with all its lines, and what came of each."""
    async with door.reading(caller, after) as db:
        row = await views.invoice(db, caller.network_id, invoice_id)
        lines = await views.invoice_lines(db, caller.network_id, invoice_id)
        as_of = await shown(db, caller.network_id, "invoicing")
    if row is None or not caller.supplies(row["supplier_id"]):
        raise NoSuchInvoice(f"there is no invoice {invoice_id}")
    versioned(response, row["version"], shows_more=True)  # what was costed of it
    return InvoiceDetail(
        **dict(row), lines=[MatchedLineView(**dict(line)) for line in lines], **as_of
    )


@router.get("/supplier-invoices", operation_id="listSupplierInvoices")
async def list_invoices(
    caller: SupplierNow,
    page: Annotated[Page, by(cycle_id=str, supplier_id=str, invoice_id=str)],
    days: Annotated[Days, within("`invoiced_on`")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> InvoiceList:
    """Invoices by cycle, supplier and id, with the totals of all of them."""
    to = Narrowed(cycle_id, caller.supplier_for(supplier_id), days)
    async with page.reading("invoicing") as db:
        rows = await views.invoices(db, caller.network_id, to, part=page.part)
        totals = await totals_of(db, caller, INVOICES, to)
    return page.answer(InvoiceList, rows, totals=totals)


@router.get("/invoice-states", operation_id="listInvoiceStates")
async def list_states(
    caller: SupplierNow,
    page: Annotated[Page, by(cycle_id=str, supplier_id=str)],
    days: Annotated[Days, within("an invoice (its `invoiced_on`)")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> InvoiceStateList:
    """How far consolidated orders are billed and paid, by cycle and supplier."""
    to = Narrowed(cycle_id, caller.supplier_for(supplier_id), days)
    async with page.reading("invoicing") as db:
        rows = await views.states(db, caller.network_id, to, part=page.part)
        totals = await totals_of(db, caller, ORDERS, to)
    return page.answer(InvoiceStateList, rows, totals=totals)


@router.get("/debit-notes", operation_id="listDebitNotes")
async def list_debit_notes(
    caller: SupplierNow,
    page: Annotated[Page, by(cycle_id=str, supplier_id=str, debit_note_id=str)],
    days: Annotated[Days, within("`recorded_at`")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> DebitNoteList:
    """Claims on suppliers; `claimed_idr` of the totals is what all of them come to."""
    to = Narrowed(cycle_id, caller.supplier_for(supplier_id), days)
    async with page.reading("invoicing") as db:
        rows = await views.debit_notes(db, caller.network_id, to, part=page.part)
        totals = await totals_of(db, caller, DEBIT_NOTES, to)
    return page.answer(
        DebitNoteList,
        rows,
        show=lambda row: {**dict(row), "lines": _claimed(row["lines"])},
        totals=totals,
    )


_lines = msgspec.json.Decoder(tuple[ClaimedLine, ...])


def _claimed(lines: bytes) -> list[ClaimedLineView]:
    return [ClaimedLineView(**msgspec.structs.asdict(line)) for line in _lines.decode(lines)]


async def totals_of(db: Connection, caller: Caller, what: KeptList, to: Narrowed) -> MoneyTotals:
    return MoneyTotals.of(await of_money(db, caller.network_id, what, to))


# -- bulk sync -----------------------------------------------------------------------------


class SyncInvoiceBody(InvoiceBody):
    invoice_id: Slug


def _sync_invoice(body: SyncInvoiceBody, asked: Asked, caller: Caller) -> EnterInvoice:
    caller.must_operate()
    return body.command(body.invoice_id, asked)


sync_types: Mapping[str, SyncType[Any]] = {
    "enter_invoice": SyncType(TypeAdapter(SyncInvoiceBody), invoices, _sync_invoice, "invoicing"),
}
