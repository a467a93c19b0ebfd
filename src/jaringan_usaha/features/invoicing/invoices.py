"""The rules of suppliers' invoices: matched three ways, then owed, or held until released."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, assert_never

from jaringan_usaha.features.cycles.events import group_order_id
from jaringan_usaha.features.invoicing.domain import (
    FEE_NAMES,
    FEE_RULE,
    INVOICE,
    INVOICE_NO,
    INVOICED,
    ITEM,
    KEPT,
    MATCHING_RULE,
    ORDER,
    PPN_RULE,
    REBATE_NAMES,
    RULE,
    InvoiceDoesNotFit,
    InvoiceExists,
    InvoiceIsOwed,
    InvoiceNoTaken,
    NothingToInvoice,
    PricingRuleMissing,
    check_amount,
    check_day,
    existing_invoice,
    existing_order,
    parts_in_force,
    rebate_rule,
    rule_in_force,
)
from jaringan_usaha.features.invoicing.events import (
    DebitNoteIssued,
    InvoiceLine,
    SupplierInvoiceMatched,
    SupplierInvoiceRefused,
    SupplierInvoiceReleased,
)
from jaringan_usaha.features.invoicing.matching import (
    Grounds,
    Ordered,
    Tolerance,
    claimed_line,
    match_line,
)
from jaringan_usaha.kernel.decider import About, Decider, Known
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.ppn import PpnPolicy, ppn_policy
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.rules import DatedRule

MOST_LINES = 400
"""One event holds them all; a supplier with more items sends several invoices."""

# -- commands ------------------------------------------------------------------------------


class EnterInvoice(Command):
    """What the supplier billed, line by line, as its tax invoice has it."""

    invoice_id: str
    cycle_id: str
    supplier_id: str
    invoice_no: str
    tax_invoice_no: str
    invoiced_on: date
    lines: tuple[InvoiceLine, ...]


class ReleaseInvoice(Command):
    """A held invoice is owed all the same."""

    invoice_id: str
    reason: str


class RefuseInvoice(Command):
    """A held invoice goes back; the supplier sends another."""

    invoice_id: str
    reason: str


InvoiceCommand = EnterInvoice | ReleaseInvoice | RefuseInvoice

# -- needs ---------------------------------------------------------------------------------


def needs(command: InvoiceCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case EnterInvoice():
            order_id = group_order_id(command.cycle_id, command.supplier_id)
            items = dict.fromkeys(line.item_id for line in command.lines[:MOST_LINES])
            return [
                INVOICE.about(command.invoice_id, new=True),
                INVOICE_NO.about(_number_of(command), new=True),
                ORDER.about(order_id),
                KEPT.about(order_id),
                INVOICED.about(order_id),
                RULE.about(PPN_RULE),
                RULE.about(MATCHING_RULE),
                RULE.about(FEE_RULE),
                RULE.about(rebate_rule(command.supplier_id)),
                *(ITEM.about(item_id) for item_id in items),
            ]
        case ReleaseInvoice():
            return [INVOICE.about(command.invoice_id)]
        case RefuseInvoice():
            return [INVOICE.about(command.invoice_id)]
    assert_never(command)


def _number_of(command: EnterInvoice) -> str:
    return f"{command.supplier_id}|{command.invoice_no}"


# -- decide --------------------------------------------------------------------------------


def decide(command: InvoiceCommand, known: Known) -> Sequence[Event]:
    match command:
        case EnterInvoice():
            return enter_invoice(command, known)
        case ReleaseInvoice():
            return release_invoice(command, known)
        case RefuseInvoice():
            return refuse_invoice(command, known)
    assert_never(command)


def enter_invoice(command: EnterInvoice, known: Known) -> Sequence[Event]:
    """Raises InvoiceDoesNotFit, InvoiceExists, InvoiceNoTaken, NoSuchConsolidatedOrder,
    NothingToInvoice, PricingRuleMissing."""
    _check_form(command)
    before = known[INVOICE.about(command.invoice_id)].matched
    if before is not None:
        if _says_the_same(command, before):
            return []
        raise InvoiceExists(
            f"invoice {command.invoice_id} was entered with other content; use another id"
        )
    taken = known[INVOICE_NO.about(_number_of(command))].owner
    if taken:
        raise InvoiceNoTaken(
            f"invoice {command.invoice_no} of {command.supplier_id} was entered as {taken}; "
            "look at it instead of entering it again",
            invoice_id=taken,
        )
    order = existing_order(
        known[ORDER.about(group_order_id(command.cycle_id, command.supplier_id))]
    )
    policy, ppn_version_no = _policy(command, known)
    _check_terms(command, known)
    tolerance, matching_version_no = _tolerance(known[RULE.about(MATCHING_RULE)], command)
    kept = known[KEPT.about(order.consolidated_order_id)].of
    invoiced = known[INVOICED.about(order.consolidated_order_id)].of
    lines = tuple(
        match_line(
            line,
            Grounds(
                ordered=order.items.get(line.item_id, Ordered()),
                accepted=max(kept.get(line.item_id, 0) - invoiced.get(line.item_id, 0), 0),
                before=invoiced.get(line.item_id, 0),
                deposit_idr=known[ITEM.about(line.item_id)].deposit_idr,
                policy=None if known[ITEM.about(line.item_id)].exempt else policy,
                tolerance=tolerance,
            ),
        )
        for line in command.lines
    )
    if not any(line.units for line in lines):
        raise NothingToInvoice(
            "nothing of these items was accepted that is not invoiced yet; record the receipt of "
            "the goods first, then enter the invoice"
        )
    matched = SupplierInvoiceMatched(
        invoice_id=command.invoice_id,
        consolidated_order_id=order.consolidated_order_id,
        cycle_id=command.cycle_id,
        supplier_id=command.supplier_id,
        invoice_no=command.invoice_no,
        tax_invoice_no=command.tax_invoice_no,
        invoiced_on=command.invoiced_on,
        held=any(line.outcome == "held" for line in lines),
        matching_version_no=matching_version_no,
        ppn_version_no=ppn_version_no,
        lines=lines,
    )
    return [matched, *([] if matched.held else _debit_note(matched))]


def release_invoice(command: ReleaseInvoice, known: Known) -> Sequence[Event]:
    """Raises NoSuchInvoice, InvoiceIsRefused."""
    invoice = known[INVOICE.about(command.invoice_id)]
    matched = existing_invoice(invoice)
    if not invoice.held:
        return []
    released = SupplierInvoiceReleased(
        invoice_id=matched.invoice_id,
        consolidated_order_id=matched.consolidated_order_id,
        cycle_id=matched.cycle_id,
        supplier_id=matched.supplier_id,
        reason=command.reason,
    )
    return [released, *_debit_note(matched)]


def refuse_invoice(command: RefuseInvoice, known: Known) -> Sequence[Event]:
    """Raises NoSuchInvoice, InvoiceIsOwed."""
    invoice = known[INVOICE.about(command.invoice_id)]
    if invoice.refused:
        return []
    matched = existing_invoice(invoice)
    if not invoice.held:
        raise InvoiceIsOwed(f"invoice {command.invoice_id} is owed; only a held one can be refused")
    return [
        SupplierInvoiceRefused(
            invoice_id=matched.invoice_id,
            consolidated_order_id=matched.consolidated_order_id,
            cycle_id=matched.cycle_id,
            supplier_id=matched.supplier_id,
            invoice_no=matched.invoice_no,
            reason=command.reason,
            units={line.item_id: line.units for line in matched.lines if line.units},
        )
    ]


def _policy(command: EnterInvoice, known: Known) -> tuple[PpnPolicy | None, int]:
    """How PPN is reckoned on the day of the invoice, and the rule's number; neither is needed
    when all of it is exempt. Raises PricingRuleMissing."""
    if all(known[ITEM.about(line.item_id)].exempt for line in command.lines):
        return None, 0
    setting = known[RULE.about(PPN_RULE)].on(command.invoiced_on)
    if setting is None:
        raise PricingRuleMissing(
            f"no rule {PPN_RULE} is in force on {command.invoiced_on}; set it with rate_bp, "
            "base_numerator, base_denominator, half_up and rounded_base",
            rule=PPN_RULE,
        )
    try:
        return ppn_policy(setting.values), setting.version_no
    except ValueError as why:
        raise PricingRuleMissing(
            f"rule {PPN_RULE} as set for {setting.valid_from_on} cannot be applied: {why}",
            rule=PPN_RULE,
        ) from None


def _check_terms(command: EnterInvoice, known: Known) -> None:
    """Whoever enters an invoice hears now that a rule it will be costed by cannot be applied.
    Raises PricingRuleMissing."""
    day = command.invoiced_on
    parts_in_force(known[RULE.about(FEE_RULE)], day, FEE_NAMES)
    parts_in_force(known[RULE.about(rebate_rule(command.supplier_id))], day, REBATE_NAMES)


def _tolerance(rule: DatedRule, command: EnterInvoice) -> tuple[Tolerance, int]:
    """How far prices may differ, and the rule's number; not at all without a rule."""
    setting = rule_in_force(rule, command.invoiced_on, Tolerance._fields)
    if setting is None:
        return Tolerance(), 0
    values: Mapping[str, int] = setting.values
    return Tolerance(values["variance_bp"], values["variance_idr"]), setting.version_no


def _debit_note(matched: SupplierInvoiceMatched) -> list[DebitNoteIssued]:
    """The claim for what was billed beyond what was accepted, if anything was."""
    lines = tuple(claimed_line(line) for line in matched.lines if line.claimed)
    if not lines:
        return []
    return [
        DebitNoteIssued(
            debit_note_id=f"{matched.invoice_id}|1",
            invoice_id=matched.invoice_id,
            consolidated_order_id=matched.consolidated_order_id,
            cycle_id=matched.cycle_id,
            supplier_id=matched.supplier_id,
            goods_idr=sum(line.goods_idr for line in lines),
            ppn_idr=sum(line.ppn_idr for line in lines),
            deposit_idr=sum(line.deposit_idr for line in lines),
            lines=lines,
        )
    ]


def _says_the_same(command: EnterInvoice, matched: SupplierInvoiceMatched) -> bool:
    names = ("cycle_id", "supplier_id", "invoice_no", "tax_invoice_no", "invoiced_on")
    lines = tuple(
        InvoiceLine(
            item_id=line.item_id,
            quantity=line.billed,
            goods_idr=line.goods_idr,
            ppn_idr=line.ppn_idr,
            deposit_idr=line.deposit_idr,
        )
        for line in matched.lines
    )
    return lines == command.lines and all(
        getattr(command, name) == getattr(matched, name) for name in names
    )


def _check_form(command: EnterInvoice) -> None:
    """Raises InvoiceDoesNotFit."""
    if not 1 <= len(command.lines) <= MOST_LINES:
        raise InvoiceDoesNotFit(
            f"an invoice has 1 to {MOST_LINES} lines; enter a longer one as several",
            pointer="/lines",
        )
    seen: set[str] = set()
    for number, line in enumerate(command.lines):
        if line.item_id in seen:
            raise InvoiceDoesNotFit(
                f"item {line.item_id} stands in two lines; add them up",
                pointer=f"/lines/{number}/item_id",
            )
        seen.add(line.item_id)
        if not 1 <= line.quantity <= MOST_UNITS:
            raise InvoiceDoesNotFit(
                "a line bills at least one unit", pointer=f"/lines/{number}/quantity"
            )
        for name in ("goods_idr", "ppn_idr", "deposit_idr"):
            check_amount(getattr(line, name), f"/lines/{number}/{name}", least=0)
    check_day(command, command.invoiced_on, "/invoiced_on")


invoices = Decider(
    needs,
    decide,
    (INVOICE, INVOICE_NO, ORDER, KEPT, INVOICED, RULE, ITEM),
)
