"""How invoices, costs and charges are folded into read tables."""

from collections.abc import Iterator
from typing import NamedTuple

from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.eventlog.projector import Page, Projection
from jaringan_usaha.features.catalog.events import ItemDescribed
from jaringan_usaha.features.fulfilment.events import (
    DeliveryShared,
    GoodsReceived,
    ReceiptCorrected,
    SurplusDecided,
)
from jaringan_usaha.features.invoicing.documents import (
    claimed_idr,
    queries,
    write_charges,
    write_invoices,
)
from jaringan_usaha.features.invoicing.domain import accepted_units
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
from jaringan_usaha.features.invoicing.landed_cost import CONSORTIUM
from jaringan_usaha.features.invoicing.sums import Sums
from jaringan_usaha.features.invoicing.totals import kept_totals
from jaringan_usaha.kernel.messages import Event

_ROWS_BITS = 20  # rows of one event, far more than there ever are


class CostRow(NamedTuple):
    """What one event adds to the cost of one item of one koperasi."""

    cycle_id: str
    supplier_id: str
    item_id: str
    koperasi_id: str
    units: int = 0
    goods_idr: int = 0
    invoiced_units: int = 0
    invoiced_idr: int = 0
    variance_idr: int = 0
    freight_idr: int = 0
    fee_idr: int = 0
    ppn_idr: int = 0
    creditable_idr: int = 0
    rebate_idr: int = 0
    own_rebate_idr: int = 0
    deposit_idr: int = 0


ACCEPTED, RETURNED, GIVEN, GOODS, COSTED = range(5)
(
    KEPT_UNITS,
    COSTED_UNITS,
    INVOICES,
    HELD,
    BILLED,
    HELD_IDR,
    CLAIMED,
    PAID,
    REBATE,
    REBATE_RECEIVED,
) = range(10)


async def write(page: Page, db: Connection) -> None:
    """Fold a page: what came, what was invoiced and charged, and the sums of both."""
    await _write_weights(page, db)
    async with kept_totals(page, db):
        await write_invoices(page, db)
        await write_charges(page, db)
        await _add_sums(page, db)
    await _add_costs(page, db)


# -- sums ----------------------------------------------------------------------------------


async def _add_sums(page: Page, db: Connection) -> None:
    kept: Sums[tuple[str, str, str]] = Sums(5)
    states: Sums[tuple[str, str]] = Sums(10)
    for logged in page.events:
        _add_goods(logged.event, kept, states)
        _add_money(logged.event, states)
    if kept:
        await db.execute(queries.add_goods_kept, page.network_id, *kept.columns())
    if states:
        await db.execute(queries.add_states, page.network_id, *states.columns())
    for released in page.of(SupplierInvoiceReleased):
        await db.execute(queries.release_state, page.network_id, released.event.invoice_id)
    for refused in page.of(SupplierInvoiceRefused):
        await db.execute(queries.release_state, page.network_id, refused.event.invoice_id)
        await db.execute(queries.refuse_state, page.network_id, refused.event.invoice_id)


def _add_goods(
    event: Event, kept: Sums[tuple[str, str, str]], states: Sums[tuple[str, str]]
) -> None:
    """Units as they come, go back, are given to somebody and are costed."""
    match event:
        case GoodsReceived() | ReceiptCorrected():
            for item_id, units in accepted_units(event).items():
                key = (event.cycle_id, event.supplier_id, item_id)
                kept.add(key, at=ACCEPTED, amount=units)
                states.add(key[:2], at=KEPT_UNITS, amount=units)
        case DeliveryShared():
            for item in event.items:
                key = (event.cycle_id, event.supplier_id, item.item_id)
                kept.add(key, at=GIVEN, amount=sum(row.units for row in item.rows))
                kept.add(key, at=GOODS, amount=sum(row.goods_idr for row in item.rows))
        case SurplusDecided():
            key = (event.cycle_id, event.supplier_id, event.item_id)
            if event.decision == "return":
                kept.add(key, at=RETURNED, amount=event.units)
                states.add(key[:2], at=KEPT_UNITS, amount=-event.units)
            else:
                kept.add(key, at=GIVEN, amount=event.units)
                kept.add(key, at=GOODS, amount=event.goods_idr)
        case InvoiceCosted():
            for costs in event.items:
                key = (event.cycle_id, event.supplier_id, costs.item_id)
                units = sum(row.units for row in costs.rows)
                kept.add(key, at=COSTED, amount=units)
                states.add(key[:2], at=COSTED_UNITS, amount=units)


def _add_money(event: Event, states: Sums[tuple[str, str]]) -> None:
    """What was billed, held, claimed back, paid and rebated; a release takes off what is held
    by a query of its own, since only the invoice knows how much that was."""
    match event:
        case SupplierInvoiceMatched():
            key = (event.cycle_id, event.supplier_id)
            billed = sum(line.goods_idr + line.ppn_idr + line.deposit_idr for line in event.lines)
            states.add(key, at=INVOICES, amount=1)
            states.add(key, at=BILLED, amount=billed)
            states.add(key, at=HELD, amount=event.held)
            states.add(key, at=HELD_IDR, amount=billed if event.held else 0)
        case DebitNoteIssued():
            key = (event.cycle_id, event.supplier_id)
            states.add(key, at=CLAIMED, amount=claimed_idr(event))
        case InvoicePaid():
            states.add((event.cycle_id, event.supplier_id), at=PAID, amount=event.amount_idr)
        case RebateReceived():
            key = (event.cycle_id, event.supplier_id)
            states.add(key, at=REBATE_RECEIVED, amount=event.amount_idr)
        case InvoiceCosted():
            rebate = sum(row.rebate_idr for costs in event.items for row in costs.rows)
            states.add((event.cycle_id, event.supplier_id), at=REBATE, amount=rebate)


async def _add_costs(page: Page, db: Connection) -> None:
    rows = (
        (*row, logged.position << _ROWS_BITS | number)
        for logged in page.events
        for number, row in enumerate(_cost_rows(logged.event))
    )
    first = next(rows, None)
    if first is None:
        return

    def all_rows() -> Iterator[tuple[object, ...]]:
        yield first
        yield from rows

    await db.execute(queries.make_page_costs)
    await db.copy_records_to_table(
        "page_costs", records=all_rows(), columns=(*CostRow._fields, "first_seen")
    )
    await db.execute(queries.add_costs, page.network_id)


def _cost_rows(event: Event) -> Iterator[CostRow]:
    match event:
        case DeliveryShared():
            return _given_rows(event)
        case SurplusDecided() if event.decision != "return":
            key = (event.cycle_id, event.supplier_id, event.item_id)
            holder = event.koperasi_id or CONSORTIUM
            return iter([CostRow(*key, holder, units=event.units, goods_idr=event.goods_idr)])
        case InvoiceCosted():
            return _invoiced_rows(event)
        case LandedCostAdjusted():
            return (
                CostRow(
                    event.cycle_id,
                    row.supplier_id,
                    row.item_id,
                    row.koperasi_id,
                    freight_idr=row.amount_idr,
                )
                for row in event.rows
            )
        case _:
            return iter(())


def _given_rows(event: DeliveryShared) -> Iterator[CostRow]:
    for item in event.items:
        key = (event.cycle_id, event.supplier_id, item.item_id)
        for row in item.rows:
            if row.units:
                yield CostRow(*key, row.koperasi_id, units=row.units, goods_idr=row.goods_idr)


def _invoiced_rows(event: InvoiceCosted) -> Iterator[CostRow]:
    for item in event.items:
        own = item.own_rebates or (0,) * len(item.rows)
        for row, own_rebate_idr in zip(item.rows, own, strict=True):
            yield CostRow(
                event.cycle_id,
                event.supplier_id,
                item.item_id,
                row.koperasi_id,
                invoiced_units=row.units,
                invoiced_idr=row.goods_idr,
                variance_idr=row.variance_idr,
                fee_idr=row.fee_idr,
                ppn_idr=row.ppn_idr,
                creditable_idr=row.ppn_idr if row.creditable else 0,
                rebate_idr=row.rebate_idr,
                own_rebate_idr=own_rebate_idr,
                deposit_idr=row.deposit_idr,
            )


async def _write_weights(page: Page, db: Connection) -> None:
    items = {logged.event.item_id: logged.event for logged in page.of(ItemDescribed)}
    if items:
        await db.execute(
            queries.write_item_weights,
            page.network_id,
            list(items),
            [item.weight_g for item in items.values()],
            [item.volume_ml for item in items.values()],
        )


invoicing_views = Projection(
    "invoicing",
    write,
    (
        ItemDescribed,
        GoodsReceived,
        ReceiptCorrected,
        DeliveryShared,
        SurplusDecided,
        SupplierInvoiceMatched,
        SupplierInvoiceReleased,
        SupplierInvoiceRefused,
        DebitNoteIssued,
        InvoiceCosted,
        InvoicePaid,
        RebateReceived,
        ChargeBilled,
        ChargeWeighed,
        LandedCostAdjusted,
    ),
    money=True,
)
