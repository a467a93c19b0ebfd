"""What suppliers and carriers billed, and what the goods came to cost each koperasi."""

from collections.abc import Iterator
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

    `billed` units, and those `accepted` and not invoiced before; what is billed for more of them
    is `claimed` back (units, goods, PPN, deposits). `expected_…` is what the rest costs at the
    order's price, and its PPN by the rule.
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
    claimed: int = 0
    claimed_idr: int = 0
    claimed_ppn_idr: int = 0
    claimed_deposit_idr: int = 0

    @property
    def units(self) -> int:
        """Those that are paid for."""
        return self.billed - self.claimed

    @property
    def payable_idr(self) -> int:
        """What is owed for goods, PPN and deposits."""
        billed = self.goods_idr + self.ppn_idr + self.deposit_idr
        return billed - self.claimed_idr - self.claimed_ppn_idr - self.claimed_deposit_idr


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

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its ids, it is found by the number that the supplier gave it."""
        yield from Event.tags(self)
        yield "supplier_invoice_no", f"{self.supplier_id}|{self.invoice_no}"


class SupplierInvoiceReleased(Event):
    """A held invoice is accepted all the same."""

    name: ClassVar[str] = "invoicing.supplier_invoice_released.1"
    invoice_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    reason: str


class SupplierInvoiceRefused(Event):
    """A held invoice goes back to the supplier: nothing of it is owed, and its number and its
    `units` (by item) may be invoiced again."""

    name: ClassVar[str] = "invoicing.supplier_invoice_refused.1"
    invoice_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    invoice_no: str
    reason: str
    units: dict[str, int]

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its ids, it is found by the number that the supplier gave it."""
        yield from Event.tags(self)
        yield "supplier_invoice_no", f"{self.supplier_id}|{self.invoice_no}"


class ClaimedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Units of one item that were billed and are not paid for, and what was billed for them."""

    item_id: str
    units: int
    goods_idr: int
    ppn_idr: int
    deposit_idr: int = 0


class DebitNoteIssued(Event):
    """A claim on the supplier for what was billed but not accepted.

    `reason`: `over_billed`, or `returned` for surplus units that went back after they were
    invoiced. The sums are those of the lines.
    """

    name: ClassVar[str] = "invoicing.debit_note_issued.1"
    debit_note_id: str
    invoice_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    goods_idr: int
    ppn_idr: int
    deposit_idr: int = 0
    reason: str = "over_billed"
    lines: tuple[ClaimedLine, ...] = ()


class KoperasiCost(msgspec.Struct, frozen=True, array_like=True):
    """One koperasi's part of an invoice line, in whole rupiah.

    `goods_idr` is what was accepted at the order's price; `variance_idr` what the supplier
    billed beyond it within tolerance. PPN is credited when `creditable` (the koperasi is PKP),
    else it is cost. `rebate_idr` is what the supplier will pay back. Units taken into stock are
    the `consortium`'s, without a fee.
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


class ItemCosts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One invoice line: all koperasi, or so many of them as fit into this part.

    `rounding_idr` is what billed and computed PPN differ by, at most Rp1, and is nobody's; it
    stands with the first rows of a line. `own_rebates` says row by row how much of the rebate is
    the koperasi's own; without it all of it is the consortium's.
    """

    item_id: str
    rounding_idr: int
    rows: tuple[KoperasiCost, ...]
    own_rebates: tuple[int, ...] = ()


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

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its ids, a part is found by its number, so that it is costed once."""
        yield from Event.tags(self)
        yield "invoice_part", f"{self.invoice_id}|{self.part}"


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
    """Money went to the supplier, less what debit notes claimed back: `set_off_idr` of their
    claims were settled with it."""

    name: ClassVar[str] = "invoicing.invoice_paid.1"
    payment_id: str
    invoice_id: str
    cycle_id: str
    supplier_id: str
    amount_idr: int
    paid_on: date
    reference: str
    set_off_idr: int = 0


class ChargeBilled(Event):
    """A bill for bringing goods of a cycle: freight, insurance, handling.

    It is split by `key` (`weight`, `volume`, `quantity`, `value`, `equal`, `manual`) over the
    accepted goods of the cycle, of one supplier only when one is named; `manual` weighs items. A
    later bill under the same id (`bill_no` 2, 3 …) splits the difference only.
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
    bill_no: int = 1


class WeighedLine(msgspec.Struct, frozen=True, array_like=True):
    """One item of one supplier as it weighed when a bill was split, and its part of the bill.

    `units` were shared out, worth `goods_idr`; a unit weighs `each` by the key of the bill.
    """

    supplier_id: str
    item_id: str
    units: int
    goods_idr: int
    each: int
    amount_idr: int


class ChargeWeighed(Event):
    """Part `part` of how a bill, or the difference to the one before, falls on the goods that
    had been shared out by then; what arrives later bears nothing of it."""

    name: ClassVar[str] = "invoicing.charge_weighed.1"
    charge_id: str
    cycle_id: str
    bill_no: int
    part: int
    key: str
    lines: tuple[WeighedLine, ...]

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its ids, it is found by the bill, so that a bill is weighed once."""
        yield from Event.tags(self)
        yield "charge_bill", f"{self.charge_id}|{self.bill_no}"


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

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its ids, a part is found by its number, so that it is shared once."""
        yield from Event.tags(self)
        yield "charge_part", f"{self.charge_id}|{self.bill_no}|{self.part}"
