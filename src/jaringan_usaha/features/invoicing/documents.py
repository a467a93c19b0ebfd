"""How invoices, debit notes, payments and charges are folded, one row for each."""

from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.eventlog.projector import Logged, Page
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.features.invoicing.domain import INVOICE, InvoiceEvent
from jaringan_usaha.features.invoicing.events import (
    ChargeBilled,
    ChargeWeighed,
    DebitNoteIssued,
    InvoiceCosted,
    InvoicePaid,
    LandedCostAdjusted,
    RebateReceived,
    SupplierInvoiceMatched,
    SupplierInvoiceRefused,
    SupplierInvoiceReleased,
)
from jaringan_usaha.features.invoicing.sums import Sums

queries = Queries("jaringan_usaha.features.invoicing", "views.sql")
_encoder = msgspec.json.Encoder(order="sorted")

# -- invoices ------------------------------------------------------------------------------


async def write_invoices(page: Page, db: Connection) -> None:
    """New invoices first, so that what became of them finds them."""
    matched = page.of(SupplierInvoiceMatched)
    if matched:
        invoices = [_invoice(logged) for logged in matched]
        lines = [line for logged in matched for line in _lines(logged)]
        await _insert(db, queries.write_invoices, page.network_id, invoices)
        await _insert(db, queries.write_invoice_lines, page.network_id, lines)
    for released in page.of(SupplierInvoiceReleased):
        event = released.event
        await db.execute(
            queries.release_invoice,
            page.network_id,
            event.invoice_id,
            event.reason,
            released.position,
        )
    for refused in page.of(SupplierInvoiceRefused):
        back = refused.event
        await db.execute(queries.refuse_invoice, page.network_id, back.invoice_id, back.reason)
    await _write_debit_notes(page, db)
    await _write_payments(page, db)
    await _add_to_invoices(page, db)


async def _add_to_invoices(page: Page, db: Connection) -> None:
    """What was claimed, paid and costed since, by invoice and by line."""
    invoices: Sums[tuple[str]] = Sums(4)
    _count_versions(page, invoices)
    lines: Sums[tuple[str, str]] = Sums(2)
    for logged in page.events:
        match logged.event:
            case DebitNoteIssued() as note:
                invoices.add((note.invoice_id,), at=0, amount=claimed_idr(note))
                if note.reason == "returned":
                    for line in note.lines:
                        lines.add((note.invoice_id, line.item_id), at=0, amount=line.units)
            case InvoicePaid() as paid:
                invoices.add((paid.invoice_id,), at=1, amount=paid.amount_idr)
            case InvoiceCosted() as costed:
                invoices.add((costed.invoice_id,), at=2, amount=1)
                for item in costed.items:
                    units = sum(row.units for row in item.rows)
                    lines.add((costed.invoice_id, item.item_id), at=1, amount=units)
    if invoices:
        await db.execute(queries.add_to_invoices, page.network_id, *invoices.columns())
    if lines:
        await db.execute(queries.add_to_lines, page.network_id, *lines.columns())


def _count_versions(page: Page, invoices: Sums[tuple[str]]) -> None:
    """Every event of an invoice itself is its next version."""
    for logged in page.events:
        if type(logged.event) in INVOICE.events:
            invoices.add((cast("InvoiceEvent", logged.event).invoice_id,), at=3, amount=1)


def _invoice(logged: Logged[SupplierInvoiceMatched]) -> tuple[object, ...]:
    event = logged.event
    return (
        event.invoice_id,
        event.cycle_id,
        event.supplier_id,
        event.invoice_no,
        event.tax_invoice_no,
        event.invoiced_on,
        event.held,
        len(event.lines),
        sum(line.goods_idr for line in event.lines),
        sum(line.ppn_idr for line in event.lines),
        sum(line.deposit_idr for line in event.lines),
        event.matching_version_no,
        event.ppn_version_no,
        logged.position,
        logged.recorded_at,
    )


def _lines(logged: Logged[SupplierInvoiceMatched]) -> Iterator[tuple[object, ...]]:
    event = logged.event
    for number, line in enumerate(event.lines, start=1):
        yield (
            event.invoice_id,
            event.cycle_id,
            event.supplier_id,
            None if event.held else logged.position,
            number,
            line.item_id,
            line.billed,
            line.accepted,
            line.units,
            line.goods_idr,
            line.expected_idr,
            line.ppn_idr,
            line.expected_ppn_idr,
            line.deposit_idr,
            line.claimed_idr,
            line.claimed_ppn_idr,
            line.claimed_deposit_idr,
            line.outcome,
            line.reason,
        )


async def _write_debit_notes(page: Page, db: Connection) -> None:
    notes = page.of(DebitNoteIssued)
    if notes:
        await _insert(
            db,
            queries.write_debit_notes,
            page.network_id,
            [
                (
                    note.event.debit_note_id,
                    note.event.invoice_id,
                    note.event.cycle_id,
                    note.event.supplier_id,
                    note.event.reason,
                    note.event.goods_idr,
                    note.event.ppn_idr,
                    note.event.deposit_idr,
                    _encoder.encode(note.event.lines),
                    note.position,
                    note.recorded_at,
                )
                for note in notes
            ],
        )


async def _write_payments(page: Page, db: Connection) -> None:
    rows = [_payment(logged) for logged in page.of(InvoicePaid, RebateReceived)]
    if rows:
        await _insert(db, queries.write_payments, page.network_id, rows)


def _payment(logged: Logged[InvoicePaid | RebateReceived]) -> tuple[object, ...]:
    match logged.event:
        case InvoicePaid() as event:
            what: tuple[object, ...] = ("payment", event.payment_id, event.invoice_id)
            day = event.paid_on
        case RebateReceived() as event:
            what = ("rebate", event.rebate_id, "")
            day = event.received_on
    return (
        *what,
        event.cycle_id,
        event.supplier_id,
        event.amount_idr,
        day,
        event.reference,
        logged.position,
        logged.recorded_at,
    )


def claimed_idr(note: DebitNoteIssued) -> int:
    return note.goods_idr + note.ppn_idr + note.deposit_idr


async def _insert(
    db: Connection, query: str, network_id: int, rows: Sequence[tuple[object, ...]]
) -> None:
    await db.execute(query, network_id, *(list(column) for column in zip(*rows, strict=True)))


# -- charges -------------------------------------------------------------------------------


async def write_charges(page: Page, db: Connection) -> None:
    """Bills first, one after another, since each is compared with the one before."""
    for billed in page.of(ChargeBilled):
        await _write_bill(page.network_id, billed, db)
    for weighed in page.of(ChargeWeighed):
        event = weighed.event
        await db.execute(
            queries.write_charge_lines,
            page.network_id,
            event.charge_id,
            event.bill_no,
            [line.supplier_id for line in event.lines],
            [line.item_id for line in event.lines],
            [line.units for line in event.lines],
            [line.goods_idr for line in event.lines],
            [line.each for line in event.lines],
            [line.amount_idr for line in event.lines],
        )
    for adjusted in page.of(LandedCostAdjusted):
        part = adjusted.event
        await db.execute(
            queries.add_to_charge,
            page.network_id,
            part.charge_id,
            part.bill_no,
            part.cycle_id,
            [row.supplier_id for row in part.rows],
            [row.item_id for row in part.rows],
            [row.koperasi_id for row in part.rows],
            [row.amount_idr for row in part.rows],
        )


async def _write_bill(network_id: int, logged: Logged[ChargeBilled], db: Connection) -> None:
    event = logged.event
    await db.execute(
        queries.write_charge,
        network_id,
        event.charge_id,
        event.cycle_id,
        event.supplier,
        event.payee,
        event.kind,
        event.key,
        event.bill_no,
        event.amount_idr,
        event.billed_on,
        event.reference,
        logged.position,
        logged.recorded_at,
    )
    await db.execute(
        queries.write_charge_bill,
        network_id,
        event.charge_id,
        event.bill_no,
        event.cycle_id,
        event.supplier,
        event.key,
        _encoder.encode(event.manual),
        event.amount_idr,
        event.billed_on,
        event.reference,
        logged.position,
    )
