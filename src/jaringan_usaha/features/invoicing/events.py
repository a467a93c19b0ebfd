"""What suppliers and carriers billed, and what the goods came to cost each koperasi."""

from datetime import date
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class InvoiceLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base units of one item, what they cost without PPN, their PPN, and deposits on containers."""

    item_id: str
    quantity: int
    goods_idr: int
    ppn_idr: int
    deposit_idr: int = 0


class MatchedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line against what was ordered and accepted.

    `outcome`: `equal`, `rounding` (PPN differs by at most Rp1), `variance` (price differs within
    tolerance), `over_billed` (a debit note claims the difference back) or `held`.
    """

    item_id: str
    billed: int
    accepted: int
    goods_idr: int
    expected_idr: int
    ppn_idr: int
    expected_ppn_idr: int
    deposit_idr: int
    outcome: str
    reason: str = ""


class SupplierInvoiceMatched(Event):
    """A supplier's invoice for accepted goods, matched three ways: order, receipts, invoice.

    `held`: it is not owed until somebody releases it. The rules applied are named by number.
    """

    name: ClassVar[str] = "invoicing.supplier_invoice_matched.1"
    invoice_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    invoice_no: str
    tax_invoice_no: str
    invoiced_on: date
    held: bool
    matching_version_no: int
    ppn_version_no: int
    lines: tuple[MatchedLine, ...]


class SupplierInvoiceReleased(Event):
    """A held invoice is accepted all the same."""

    name: ClassVar[str] = "invoicing.supplier_invoice_released.1"
    invoice_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    reason: str


class DebitNoteIssued(Event):
    """A claim on the supplier for what was billed but not accepted."""

    name: ClassVar[str] = "invoicing.debit_note_issued.1"
    debit_note_id: str
    invoice_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    goods_idr: int
    ppn_idr: int


class KoperasiCost(msgspec.Struct, frozen=True, array_like=True):
    """One koperasi's part of an invoice line, in whole rupiah.

    `goods_idr` is what was accepted at the order's price; `variance_idr` what the supplier
    billed beyond it within tolerance. PPN is credited when `creditable` (the koperasi is PKP),
    else it is cost. `rebate_idr` is what the supplier will pay back.
    """

    koperasi_id: str
    units: int
    goods_idr: int
    variance_idr: int
    ppn_idr: int
    creditable: bool
    fee_idr: int
    rebate_idr: int
    deposit_idr: int


class ItemCosts(msgspec.Struct, frozen=True, kw_only=True):
    """One invoice line: all koperasi, or so many of them as fit into this part.

    `rounding_idr` is what billed and computed PPN differ by, at most Rp1, and is nobody's.
    """

    item_id: str
    rounding_idr: int
    rows: tuple[KoperasiCost, ...]


class FeeSplit(msgspec.Struct, frozen=True, kw_only=True):
    """Who receives a part of the koperasi's fees: `consortium` or a koperasi."""

    receiver: str
    amount_idr: int


class InvoiceCosted(Event):
    """Part `part` of what an invoice costs each koperasi; parts add up to it exactly.

    The rules are named by number, 0 where none was in force. `fees` and `rebates` split those of
    this part's rows between their receivers.
    """

    name: ClassVar[str] = "invoicing.invoice_costed.1"
    invoice_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    part: int
    fee_version_no: int
    rebate_version_no: int
    items: tuple[ItemCosts, ...]
    fees: tuple[FeeSplit, ...] = ()
    rebates: tuple[FeeSplit, ...] = ()


class RebateReceived(Event):
    """The supplier paid what it owed back."""

    name: ClassVar[str] = "invoicing.rebate_received.1"
    rebate_id: str
    cycle_id: str
    supplier_id: str
    amount_idr: int
    received_on: date
    reference: str


class InvoicePaid(Event):
    """Money went to the supplier."""

    name: ClassVar[str] = "invoicing.invoice_paid.1"
    payment_id: str
    invoice_id: str
    cycle_id: str
    supplier_id: str
    amount_idr: int
    paid_on: date
    reference: str


class ChargeBilled(Event):
    """A bill for bringing goods of a cycle: freight, insurance, handling.

    It is split by `key` (`weight`, `volume`, `quantity`, `value`, `equal`, `manual`) over the
    accepted goods of the cycle, of one supplier only when one is named. A later bill under the
    same id with another amount splits the difference only.
    """

    name: ClassVar[str] = "invoicing.charge_billed.1"
    charge_id: str
    cycle_id: str
    payee: str
    kind: str
    key: str
    amount_idr: int
    billed_on: date
    reference: str
    supplier: str = ""
    manual: dict[str, int] = msgspec.field(default_factory=dict)


class LandedCost(msgspec.Struct, frozen=True, array_like=True):
    """What a bill adds to the cost of one item of one koperasi; negative when it is corrected."""

    supplier_id: str
    item_id: str
    koperasi_id: str
    amount_idr: int


class LandedCostAdjusted(Event):
    """Part `part` of how a bill, or the difference to the one before (`bill_no` > 1), is split."""

    name: ClassVar[str] = "invoicing.landed_cost_adjusted.1"
    charge_id: str
    cycle_id: str
    payee: str
    bill_no: int
    part: int
    key: str
    rows: tuple[LandedCost, ...]
