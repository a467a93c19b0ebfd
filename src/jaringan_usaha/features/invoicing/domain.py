"""What decisions about invoices and charges look at, and how they say no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from jaringan_usaha.features.catalog.events import ItemDescribed
from jaringan_usaha.features.cycles.events import (
    ConsolidatedOrderAmended,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderWithdrawn,
    CycleOpened,
)
from jaringan_usaha.features.fulfilment.events import (
    GoodsReceived,
    ReceiptCorrected,
    SurplusDecided,
)
from jaringan_usaha.features.invoicing.events import (
    DebitNoteIssued,
    InvoiceCosted,
    InvoicePaid,
    SupplierInvoiceMatched,
    SupplierInvoiceRefused,
    SupplierInvoiceReleased,
)
from jaringan_usaha.features.invoicing.matching import Ordered
from jaringan_usaha.features.registry.events import KoperasiClassified, RuleSet
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.classification import Classified, evolve_classified
from jaringan_usaha.kernel.decider import Topic
from jaringan_usaha.kernel.messages import Command
from jaringan_usaha.kernel.rejections import Invalid, Missing, Outdated, Refused
from jaringan_usaha.kernel.rules import DatedRule, Setting, evolve_rule

PPN_RULE = "ppn"
FEE_RULE = "fee"
MATCHING_RULE = "matching"
FEE_NAMES = ("rate_bp", "consortium_parts", "host_parts")
REBATE_NAMES = ("rate_bp", "consortium_parts", "koperasi_parts")
MOST_AMOUNT_IDR = 10**13
"""Rp10 trillion in one amount; keeps the sums of a network within 64 bits."""


def rebate_rule(supplier_id: str) -> str:
    return f"rebate.{supplier_id}"


# -- rejections ----------------------------------------------------------------------------


class NoSuchConsolidatedOrder(Missing):
    code = "consolidated-order-unknown"


class NoSuchInvoice(Missing):
    code = "invoice-unknown"


class InvoiceExists(Refused):
    code = "invoice-exists"


class InvoiceNoTaken(Refused):
    code = "invoice-no-taken"


class NothingToInvoice(Refused):
    code = "nothing-to-invoice"


class InvoiceIsHeld(Refused):
    code = "invoice-is-held"


class InvoiceIsRefused(Refused):
    code = "invoice-is-refused"


class InvoiceIsOwed(Refused):
    code = "invoice-is-owed"


class GoodsNotSharedOut(Refused):
    code = "goods-not-shared-out"


class InvoiceOverpaid(Refused):
    code = "invoice-overpaid"


class PaymentExists(Refused):
    code = "payment-exists"


class RebateExists(Refused):
    code = "rebate-exists"


class PricingRuleMissing(Refused):
    code = "pricing-rule-missing"


class OutOfTurn(Outdated):
    """What is numbered, a bill or a correction, has another number to come next."""

    code = "version-conflict"


class InvoiceDoesNotFit(Invalid):
    code = "invoice-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invoice:
    """A supplier's invoice as it was matched, and what became of it since."""

    invoice_id: str
    matched: SupplierInvoiceMatched | None = None
    released: bool = False
    refused: bool = False
    returned_idr: int = 0
    paid_idr: int = 0
    set_off_idr: int = 0

    @property
    def owed_idr(self) -> int:
        """What the supplier gets in all, when it is not held; less what went back."""
        lines = self.matched.lines if self.matched else ()
        return sum(line.payable_idr for line in lines) - self.returned_idr

    @property
    def open_claims_idr(self) -> int:
        """What debit notes claim back, as far as no payment was made less by it."""
        lines = self.matched.lines if self.matched else ()
        billed = sum(line.goods_idr + line.ppn_idr + line.deposit_idr for line in lines)
        return billed - self.owed_idr - self.set_off_idr

    @property
    def held(self) -> bool:
        return self.matched is not None and self.matched.held and not self.released


@dataclass(frozen=True, slots=True)
class Order:
    """What the group ordered of each item of one supplier in one cycle."""

    consolidated_order_id: str
    items: Mapping[str, Ordered] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Units:
    """Units by item."""

    id: str
    of: Mapping[str, int] = field(default_factory=dict)

    def with_more(self, more: Mapping[str, int]) -> "Units":
        added = {item: self.of.get(item, 0) + units for item, units in more.items()}
        return replace(self, of={**self.of, **added})


@dataclass(frozen=True, slots=True)
class Taken:
    """A number that one invoice at a time has, and which one."""

    id: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """What the latest description of an item says; without one it bears PPN and no deposit."""

    item_id: str
    exempt: bool = False
    deposit_idr: int = 0


@dataclass(frozen=True, slots=True)
class Host:
    """The koperasi that shares in the fees of a cycle, if one does."""

    cycle_id: str
    koperasi_id: str = ""


# -- what several rules ask ----------------------------------------------------------------


def existing_invoice(invoice: Invoice) -> SupplierInvoiceMatched:
    """Raises NoSuchInvoice, InvoiceIsRefused."""
    if invoice.matched is None:
        raise NoSuchInvoice(f"there is no invoice {invoice.invoice_id}")
    if invoice.refused:
        raise InvoiceIsRefused(
            f"invoice {invoice.invoice_id} was refused; enter the supplier's new one"
        )
    return invoice.matched


def existing_order(order: Order) -> Order:
    """Raises NoSuchConsolidatedOrder."""
    if not order.items:
        cycle_id, _, supplier_id = order.consolidated_order_id.partition("|")
        raise NoSuchConsolidatedOrder(
            f"the group ordered nothing from {supplier_id} in cycle {cycle_id}"
        )
    return order


def rule_in_force(rule: DatedRule, day: date, names: Sequence[str]) -> Setting | None:
    """The setting of a rule on a day, None without one. Raises PricingRuleMissing when it lacks
    one of these values or has a negative one."""
    setting = rule.on(day)
    if setting is None:
        return None
    wrong = [name for name in names if setting.values.get(name, -1) < 0]
    if wrong:
        needed = ", ".join(wrong)
        raise PricingRuleMissing(
            f"rule {rule.rule_id} as set for {setting.valid_from_on} needs {needed}, at "
            "least 0; set the rule for another date",
            rule=rule.rule_id,
        )
    return setting


def parts_in_force(rule: DatedRule, day: date, names: Sequence[str]) -> Setting | None:
    """The same for a rule whose values after the first are parts, of which one must count."""
    setting = rule_in_force(rule, day, names)
    if setting and not any(setting.values[name] for name in names[1:]):
        raise PricingRuleMissing(
            f"rule {rule.rule_id} as set for {setting.valid_from_on} gives nobody a part; set it "
            "for another date",
            rule=rule.rule_id,
        )
    return setting


def check_amount(amount_idr: int, pointer: str, *, least: int = 1) -> None:
    """Raises InvoiceDoesNotFit."""
    if not least <= amount_idr <= MOST_AMOUNT_IDR:
        raise InvoiceDoesNotFit(
            f"an amount is {least} to {MOST_AMOUNT_IDR} rupiah", pointer=pointer
        )


def check_day(command: Command, day: date, pointer: str) -> None:
    """Raises InvoiceDoesNotFit."""
    if day > day_of_business(command.asked.at):
        raise InvoiceDoesNotFit("this cannot be dated in the future", pointer=pointer)


# -- evolve --------------------------------------------------------------------------------

InvoiceEvent = (
    SupplierInvoiceMatched
    | SupplierInvoiceReleased
    | SupplierInvoiceRefused
    | DebitNoteIssued
    | InvoicePaid
)


def evolve_invoice(invoice: Invoice, event: InvoiceEvent) -> Invoice:
    match event:
        case SupplierInvoiceMatched():
            return replace(invoice, matched=event)
        case SupplierInvoiceReleased():
            return replace(invoice, released=True)
        case SupplierInvoiceRefused():
            return replace(invoice, refused=True)
        case DebitNoteIssued():
            if event.reason != "returned":  # else it stands in the matched lines already
                return invoice
            claimed = event.goods_idr + event.ppn_idr + event.deposit_idr
            return replace(invoice, returned_idr=invoice.returned_idr + claimed)
        case InvoicePaid():
            return replace(
                invoice,
                paid_idr=invoice.paid_idr + event.amount_idr,
                set_off_idr=invoice.set_off_idr + event.set_off_idr,
            )
    assert_never(event)


def evolve_order(
    order: Order,
    event: ConsolidatedOrderPlaced | ConsolidatedOrderAmended | ConsolidatedOrderWithdrawn,
) -> Order:
    match event:
        case ConsolidatedOrderPlaced() | ConsolidatedOrderAmended():
            lines = {line.item_id: Ordered(line.quantity, line.amount_idr) for line in event.lines}
            return replace(order, items={**order.items, **lines})
        case ConsolidatedOrderWithdrawn():
            return replace(order, items={})
    assert_never(event)


def accepted_units(event: GoodsReceived | ReceiptCorrected) -> dict[str, int]:
    """Units by item that a count of goods adds to what was accepted, or takes off."""
    if isinstance(event, GoodsReceived):
        return {line.item_id: line.accepted for line in event.lines}
    return {line.item_id: line.accepted - line.accepted_before for line in event.lines}


def evolve_kept(kept: Units, event: GoodsReceived | ReceiptCorrected | SurplusDecided) -> Units:
    """Accepted units, without surplus that went back."""
    match event:
        case GoodsReceived() | ReceiptCorrected():
            return kept.with_more(accepted_units(event))
        case SurplusDecided():
            if event.decision != "return":
                return kept
            return kept.with_more({event.item_id: -event.units})
    assert_never(event)


def evolve_invoiced(
    invoiced: Units, event: SupplierInvoiceMatched | SupplierInvoiceRefused | DebitNoteIssued
) -> Units:
    match event:
        case SupplierInvoiceRefused():
            return invoiced.with_more({item: -units for item, units in event.units.items()})
        case SupplierInvoiceMatched():
            return invoiced.with_more({line.item_id: line.units for line in event.lines})
        case DebitNoteIssued():
            if event.reason != "returned":
                return invoiced
            return invoiced.with_more({line.item_id: -line.units for line in event.lines})
    assert_never(event)


def evolve_invoice_no(
    taken: Taken, event: SupplierInvoiceMatched | SupplierInvoiceRefused
) -> Taken:
    refused = isinstance(event, SupplierInvoiceRefused)
    return replace(taken, owner="" if refused else event.invoice_id)


def evolve_costed(taken: Taken, event: InvoiceCosted) -> Taken:
    return replace(taken, owner=event.invoice_id)


def evolve_described(described: Described, event: ItemDescribed) -> Described:
    return replace(described, exempt=event.tax_class == "exempt", deposit_idr=event.deposit_idr)


def evolve_host(host: Host, event: CycleOpened) -> Host:
    return replace(host, koperasi_id=event.host)


INVOICE = Topic(
    "invoicing.invoice",
    "invoice",
    (
        SupplierInvoiceMatched,
        SupplierInvoiceReleased,
        SupplierInvoiceRefused,
        DebitNoteIssued,
        InvoicePaid,
    ),
    Invoice,
    evolve_invoice,
    stream=True,
)
ORDER = Topic(
    "invoicing.order",
    "consolidated_order",
    (ConsolidatedOrderPlaced, ConsolidatedOrderAmended, ConsolidatedOrderWithdrawn),
    Order,
    evolve_order,
)
KEPT = Topic(
    "invoicing.kept",
    "consolidated_order",
    (GoodsReceived, ReceiptCorrected, SurplusDecided),
    Units,
    evolve_kept,
)
INVOICED = Topic(
    "invoicing.invoiced",
    "consolidated_order",
    (SupplierInvoiceMatched, SupplierInvoiceRefused, DebitNoteIssued),
    Units,
    evolve_invoiced,
)
INVOICE_NO = Topic(
    "invoicing.invoice_no",
    "supplier_invoice_no",
    (SupplierInvoiceMatched, SupplierInvoiceRefused),
    Taken,
    evolve_invoice_no,
)
COSTED_PART = Topic("invoicing.costed_part", "invoice_part", (InvoiceCosted,), Taken, evolve_costed)
ITEM = Topic("invoicing.item", "item", (ItemDescribed,), Described, evolve_described)
CLASSIFIED = Topic(
    "invoicing.classified", "koperasi", (KoperasiClassified,), Classified, evolve_classified
)
HOST = Topic("invoicing.host", "cycle", (CycleOpened,), Host, evolve_host, settled=True)
RULE = Topic("invoicing.rule", "rule", (RuleSet,), DatedRule, evolve_rule)
