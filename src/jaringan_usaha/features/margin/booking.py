"""What an event moves between accounts, and what it adds to the cost of goods: pure.

Every row moves one amount from the credited account to the debited one, so the books balance by
construction. `InvoiceCosted` books the whole of an invoice, part by part; a matched invoice alone
moves nothing, since its goods are owed as not invoiced since they came.
"""

from collections.abc import Iterator
from typing import assert_never

from jaringan_usaha.features.cycles.events import (
    ConsolidatedOrderAmended,
    ConsolidatedOrderShared,
)
from jaringan_usaha.features.fulfilment.events import DeliveryShared, SurplusDecided
from jaringan_usaha.features.invoicing.events import (
    DebitNoteIssued,
    InvoiceCosted,
    InvoicePaid,
    KoperasiCost,
    LandedCostAdjusted,
    RebateReceived,
)
from jaringan_usaha.features.margin.accounts import (
    CANCELLATION,
    CASH,
    COMPENSATION,
    CONSORTIUM,
    COST_OF_SALES,
    DEBIT_NOTES,
    DEPOSITS,
    FEES_EARNED,
    FEES_PAYABLE,
    FREIGHT_PAYABLE,
    INVENTORY,
    NOT_INVOICED,
    PAYABLE,
    PPN_IN,
    PPN_OUT,
    REBATES_DUE,
    REBATES_EARNED,
    ROUNDING,
    SALES,
    SALES_OF_UNKNOWN,
    SHARES,
)
from jaringan_usaha.features.margin.entries import Cost, Entry, matched
from jaringan_usaha.features.margin.stock import Effect
from jaringan_usaha.features.sales.events import SaleRecorded
from jaringan_usaha.features.shares.events import SharePaid

Booked = (
    ConsolidatedOrderShared
    | ConsolidatedOrderAmended
    | DeliveryShared
    | SurplusDecided
    | InvoiceCosted
    | DebitNoteIssued
    | RebateReceived
    | InvoicePaid
    | LandedCostAdjusted
    | SaleRecorded
    | SharePaid
)


def book(event: Booked, entry: Entry) -> Iterator[Cost]:
    """Move what the event moves, but for what depends on stock (see `book_effect`)."""
    match event:
        case ConsolidatedOrderAmended():
            return _order_amended(event, entry)
        case DeliveryShared():
            return _delivery_shared(event, entry)
        case SurplusDecided():
            return _surplus_decided(event, entry)
        case InvoiceCosted():
            return _invoice_costed(event, entry)
        case LandedCostAdjusted():
            return _landed_cost_adjusted(event, entry)
        case _:
            _move_money(event, entry)
            return iter(())


def _move_money(
    event: ConsolidatedOrderShared
    | DebitNoteIssued
    | RebateReceived
    | InvoicePaid
    | SaleRecorded
    | SharePaid,
    entry: Entry,
) -> None:
    """What moves no goods. Of a sale, the tax alone; of an order, what is there already."""
    match event:
        case ConsolidatedOrderShared():
            _order_shared(event, entry)
        case SaleRecorded():
            about = ("", "", event.koperasi_id)
            tax = sum(line.ppn_idr for line in event.lines)
            entry.move(about, (CASH, event.koperasi_id), (PPN_OUT, event.koperasi_id), tax)
        case DebitNoteIssued():
            claim = event.goods_idr + event.ppn_idr + event.deposit_idr
            about = (event.cycle_id, event.supplier_id, "")
            entry.move(about, (DEBIT_NOTES, event.supplier_id), (PAYABLE, event.supplier_id), claim)
        case RebateReceived():
            about = (event.cycle_id, event.supplier_id, "")
            due = (REBATES_DUE, event.supplier_id)
            entry.move(about, (CASH, CONSORTIUM), due, event.amount_idr)
        case InvoicePaid():
            about = (event.cycle_id, event.supplier_id, "")
            owed = (PAYABLE, event.supplier_id)
            entry.move(about, owed, (CASH, CONSORTIUM), event.amount_idr)
            entry.move(about, owed, (DEBIT_NOTES, event.supplier_id), event.set_off_idr)
        case SharePaid():
            about = ("", "", event.koperasi_id)
            entry.move(about, (CASH, CONSORTIUM), (SHARES, event.koperasi_id), event.amount_idr)
        case _:
            assert_never(event)


def _order_shared(event: ConsolidatedOrderShared, entry: Entry) -> None:
    """Goods that are there already are owed at the group's price; others are a forecast."""
    for share in event.shares if event.received else ():
        entry.move(
            (event.cycle_id, event.supplier_id, share.koperasi_id),
            (INVENTORY, share.koperasi_id),
            (PAYABLE, event.supplier_id),
            share.amount_idr,
        )


def _delivery_shared(event: DeliveryShared, entry: Entry) -> Iterator[Cost]:
    for item in event.items:
        for row in item.rows:
            entry.move(
                (event.cycle_id, event.supplier_id, row.koperasi_id),
                (INVENTORY, row.koperasi_id),
                (NOT_INVOICED, event.supplier_id),
                row.goods_idr,
            )
            yield Cost(
                entry.position,
                entry.month,
                row.koperasi_id,
                event.cycle_id,
                event.supplier_id,
                item.item_id,
                units=row.units,
                expected_units=row.outstanding,
                amount_idr=row.goods_idr,
                alone_idr=row.alone_idr,
                goods_idr=row.goods_idr,
            )


def _surplus_decided(event: SurplusDecided, entry: Entry) -> Iterator[Cost]:
    """Units that go back were never taken in; those kept go to a koperasi or to the group."""
    if event.decision == "return":
        return
    owner = event.koperasi_id or CONSORTIUM
    entry.move(
        (event.cycle_id, event.supplier_id, owner),
        (INVENTORY, owner),
        (NOT_INVOICED, event.supplier_id),
        event.goods_idr,
    )
    yield Cost(
        entry.position,
        entry.month,
        owner,
        event.cycle_id,
        event.supplier_id,
        event.item_id,
        units=event.units,
        amount_idr=event.goods_idr,
        alone_idr=event.goods_idr,
        goods_idr=event.goods_idr,
    )


def _order_amended(event: ConsolidatedOrderAmended, entry: Entry) -> Iterator[Cost]:
    """A lost tier makes the goods that are left dearer; who is charged for it pays those who are
    relieved. Both may stand in other parts of the amendment, so the money goes by way of 2140."""
    for sign, drops in ((1, event.charges), (-1, event.relieved)):
        for drop in drops:
            names = (drop.koperasi_id, event.cycle_id, event.supplier_id, drop.item_id)
            yield book_tier_drop(names, sign * drop.amount_idr, entry)


def book_tier_drop(names: tuple[str, str, str, str], charge_idr: int, entry: Entry) -> Cost:
    """What a koperasi is charged for a lost tier of an item; negative when it is relieved, or
    when the charge is taken back."""
    koperasi_id, cycle_id, supplier_id, _ = names
    between = (COMPENSATION, supplier_id)
    about = (cycle_id, supplier_id, koperasi_id)
    entry.move(about, (CANCELLATION, koperasi_id), between, charge_idr)
    return Cost(entry.position, entry.month, *names, charge_idr=charge_idr)


def _invoice_costed(event: InvoiceCosted, entry: Entry) -> Iterator[Cost]:
    payable = (PAYABLE, event.supplier_id)
    fees: list[tuple[str, int]] = []
    for item in event.items:
        about = (event.cycle_id, event.supplier_id, "")
        entry.move(about, (ROUNDING, CONSORTIUM), payable, item.rounding_idr)
        own_rebates = item.own_rebates or (0,) * len(item.rows)
        for row, own_rebate in zip(item.rows, own_rebates, strict=True):
            _invoice_row(event, row, own_rebate, entry)
            if row.fee_idr:
                fees.append((row.koperasi_id, row.fee_idr))
            yield Cost(
                entry.position,
                entry.month,
                row.koperasi_id,
                event.cycle_id,
                event.supplier_id,
                item.item_id,
                variance_idr=row.variance_idr,
                fee_idr=row.fee_idr,
                ppn_idr=0 if row.creditable else row.ppn_idr,
                ppn_credit_idr=row.ppn_idr if row.creditable else 0,
                rebate_idr=own_rebate,
            )
    received = [(split.receiver, split.amount_idr) for split in event.fees]
    for koperasi_id, receiver, amount in matched(fees, received):
        earned = FEES_EARNED if receiver == CONSORTIUM else FEES_PAYABLE
        about = (event.cycle_id, event.supplier_id, koperasi_id)
        entry.move(about, (INVENTORY, koperasi_id), (earned, receiver), amount)


def _invoice_row(event: InvoiceCosted, row: KoperasiCost, own_rebate: int, entry: Entry) -> None:
    about = (event.cycle_id, event.supplier_id, row.koperasi_id)
    payable = (PAYABLE, event.supplier_id)
    inventory = (INVENTORY, row.koperasi_id)
    tax = (PPN_IN, row.koperasi_id) if row.creditable else inventory
    due = (REBATES_DUE, event.supplier_id)
    entry.move(about, (NOT_INVOICED, event.supplier_id), payable, row.goods_idr)
    entry.move(about, inventory, payable, row.variance_idr)
    entry.move(about, tax, payable, row.ppn_idr)
    entry.move(about, (DEPOSITS, row.koperasi_id), payable, row.deposit_idr)
    entry.move(about, due, inventory, own_rebate)
    entry.move(about, due, (REBATES_EARNED, CONSORTIUM), row.rebate_idr - own_rebate)


def _landed_cost_adjusted(event: LandedCostAdjusted, entry: Entry) -> Iterator[Cost]:
    for row in event.rows:
        entry.move(
            (event.cycle_id, row.supplier_id, row.koperasi_id),
            (INVENTORY, row.koperasi_id),
            (FREIGHT_PAYABLE, event.payee),
            row.amount_idr,
        )
        yield Cost(
            entry.position,
            entry.month,
            row.koperasi_id,
            event.cycle_id,
            row.supplier_id,
            row.item_id,
            freight_idr=row.amount_idr,
        )


def book_effect(effect: Effect, koperasi_id: str, item_id: str, entry: Entry) -> Iterator[Cost]:
    """Revenue, and the cost of the goods it was earned with. Revenue of goods that nobody saw
    come stands apart, until some do."""
    layer = effect.layer
    cash = (CASH, koperasi_id)
    unknown = (SALES_OF_UNKNOWN, koperasi_id)
    head = (entry.position, entry.month, koperasi_id)
    if layer is None:
        entry.move(("", "", koperasi_id), cash, unknown, effect.revenue_idr)
        yield Cost(*head, "", "", item_id, revenue_idr=effect.revenue_idr)
        return
    about = (layer.cycle_id, layer.supplier_id, koperasi_id)
    sales = (SALES, koperasi_id)
    entry.move(about, unknown, sales, effect.uncovered_idr)
    entry.move(about, cash, sales, effect.revenue_idr - effect.uncovered_idr)
    entry.move(about, (COST_OF_SALES, koperasi_id), (INVENTORY, koperasi_id), effect.cogs_idr)
    yield Cost(
        *head,
        layer.cycle_id,
        layer.supplier_id,
        item_id,
        revenue_idr=effect.revenue_idr,
        cogs_idr=effect.cogs_idr,
    )
    if effect.uncovered_idr:
        yield Cost(*head, "", "", item_id, revenue_idr=-effect.uncovered_idr)
