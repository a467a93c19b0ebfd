"""What the lists of invoices, payments, charges and costs come to: kept while folding, since these
grow for ever; of one cycle added up when it is asked for."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.eventlog.list_sums import (
    ALL,
    NETWORK,
    KeptList,
    Sums,
    Touched,
    kept,
    of_supplier,
)
from jaringan_usaha.eventlog.projector import Page
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.features.fulfilment.events import (
    GoodsReceived,
    ReceiptCorrected,
    SurplusDecided,
)
from jaringan_usaha.features.invoicing.documents import claimed_idr
from jaringan_usaha.features.invoicing.events import (
    ChargeBilled,
    DebitNoteIssued,
    InvoiceCosted,
    InvoicePaid,
    LandedCostAdjusted,
    RebateReceived,
    SupplierInvoiceMatched,
    SupplierInvoiceRefused,
    SupplierInvoiceReleased,
)
from jaringan_usaha.kernel.calendar import day_of_business

queries = Queries("jaringan_usaha.features.invoicing", "totals.sql")

_OF_INVOICES = (
    "rows",
    "invoices",
    "held",
    "billed_idr",
    "held_idr",
    "claimed_idr",
    "owed_idr",
    "paid_idr",
)
ORDERS = KeptList("invoice-states", (*_OF_INVOICES, "rebate_idr", "rebate_received_idr"))
INVOICES = KeptList("supplier-invoices", _OF_INVOICES)
DEBIT_NOTES = KeptList("debit-notes", ("rows", "claimed_idr"))
PAYMENTS = KeptList("invoice-payments", ("rows", "paid_idr"))
REBATES = KeptList("rebates", ("rows", "rebate_received_idr"))
CHARGES = KeptList("charges", ("rows", "amount_idr", "shared_idr"))

WHOLE_CYCLE = ""
"""The part of charges that are of no one supplier."""

_of_cycle: Mapping[KeptList, str] = {
    INVOICES: queries.invoices_of_cycle,
    DEBIT_NOTES: queries.debit_notes_of_cycle,
    PAYMENTS: queries.payments_of_cycle,
    REBATES: queries.rebates_of_cycle,
}

# -- folding -------------------------------------------------------------------------------


@asynccontextmanager
async def kept_totals(page: Page, db: Connection) -> AsyncIterator[None]:
    """Inside, the page is folded."""
    orders: dict[tuple[str, str], None] = {}
    invoices: dict[str, None] = {}
    charges: dict[str, None] = {}
    notes, payments, rebates = Sums(DEBIT_NOTES), Sums(PAYMENTS), Sums(REBATES)
    for logged in page.events:
        match logged.event:
            case GoodsReceived() | ReceiptCorrected() | SurplusDecided() | InvoiceCosted() as of:
                orders[of.cycle_id, of.supplier_id] = None
            case SupplierInvoiceMatched() | SupplierInvoiceReleased() as of:
                orders[of.cycle_id, of.supplier_id] = invoices[of.invoice_id] = None
            case SupplierInvoiceRefused() as of:
                orders[of.cycle_id, of.supplier_id] = invoices[of.invoice_id] = None
            case DebitNoteIssued() as of:
                orders[of.cycle_id, of.supplier_id] = invoices[of.invoice_id] = None
                notes.add(
                    *_whose(of.supplier_id),
                    day_on=day_of_business(logged.recorded_at),
                    rows=1,
                    claimed_idr=claimed_idr(of),
                )
            case InvoicePaid() as of:
                orders[of.cycle_id, of.supplier_id] = invoices[of.invoice_id] = None
                whose, day = _whose(of.supplier_id), of.paid_on
                payments.add(*whose, day_on=day, rows=1, paid_idr=of.amount_idr)
            case RebateReceived() as of:
                orders[of.cycle_id, of.supplier_id] = None
                whose, day = _whose(of.supplier_id), of.received_on
                rebates.add(*whose, day_on=day, rows=1, rebate_received_idr=of.amount_idr)
            case ChargeBilled() | LandedCostAdjusted() as of:
                charges[of.charge_id] = None
    of_orders = tuple(list(column) for column in zip(*orders, strict=True))
    async with kept(
        page.network_id,
        db,
        Touched(ORDERS, queries.orders_touched, of_orders),
        Touched(INVOICES, queries.invoices_touched, (list(invoices),)),
        Touched(CHARGES, queries.charges_touched, (list(charges),)),
    ):
        yield
    for sums in (notes, payments, rebates):
        await sums.write(page.network_id, db)


def _whose(supplier_id: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return NETWORK, of_supplier(supplier_id)


# -- questions -----------------------------------------------------------------------------


async def of_money(
    db: Connection,
    network_id: int,
    what: KeptList,
    to: Narrowed,
) -> dict[str, int]:
    """How many rows a list has, with what the consolidated orders that it is of come to; with days
    what its own rows come to."""
    rows = await _rows(db, network_id, what, to)
    if to.days is not None or what is ORDERS:
        return rows
    orders = await _rows(db, network_id, ORDERS, to)
    return {**orders, "rows": rows["rows"]}


async def _rows(
    db: Connection,
    network_id: int,
    what: KeptList,
    to: Narrowed,
) -> dict[str, int]:
    cycle_id, supplier_id, days = to
    if what is ORDERS and days is not None:
        keys = (cycle_id, supplier_id, *days)
        return await _one(db, queries.orders_of_days, network_id, *keys)
    if cycle_id is None:
        return await what.totals(db, network_id, supplier_id=supplier_id, days=days)
    if what is ORDERS:
        return await _one(db, queries.orders_of_cycle, network_id, cycle_id, supplier_id)
    keys = (cycle_id, supplier_id, *(days or (None, None)))
    return await _one(db, _of_cycle[what], network_id, *keys)


async def of_charges(
    db: Connection, network_id: int, to: Narrowed, *, koperasi_id: str | None
) -> dict[str, int]:
    """Charges, or what a koperasi bears of them; of a supplier also those of a whole cycle."""
    cycle_id, supplier_id, days = to
    if cycle_id is None:
        parts = (ALL,) if supplier_id is None else (WHOLE_CYCLE, supplier_id)
        return await CHARGES.totals(db, network_id, koperasi_id=koperasi_id, parts=parts, days=days)
    keys = (cycle_id, supplier_id, koperasi_id, *(days or (None, None)))
    return await _one(db, queries.charges_of_cycle, network_id, *keys)


async def of_costs(
    db: Connection, network_id: int, to: Narrowed, *, koperasi_id: str | None
) -> dict[str, int]:
    cycle_id, supplier_id, days = to
    if days is not None:
        found = await db.fetch(queries.closing_on_days, network_id, *days, cycle_id)
        cycles = [row["cycle_id"] for row in found]
    elif cycle_id is not None:
        cycles = [cycle_id]
    else:
        cycles, supplier_id = [ALL], supplier_id or ALL
    return await _one(db, queries.costs, network_id, cycles, supplier_id, koperasi_id)


async def _one(db: Connection, query: str, *keys: object) -> dict[str, int]:
    row = await db.fetchrow(query, *keys)
    assert row is not None
    return dict(row)
