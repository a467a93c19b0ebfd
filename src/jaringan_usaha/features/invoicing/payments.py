"""The rules of money that goes to suppliers, and of rebates that come back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, assert_never

import msgspec

from jaringan_usaha.features.cycles.events import group_order_id
from jaringan_usaha.features.invoicing.domain import (
    INVOICE,
    ORDER,
    InvoiceIsHeld,
    InvoiceOverpaid,
    PaymentExists,
    RebateExists,
    check_amount,
    check_day,
    existing_invoice,
    existing_order,
)
from jaringan_usaha.features.invoicing.events import InvoicePaid, RebateReceived
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event

# -- commands ------------------------------------------------------------------------------


class PayInvoice(Command):
    payment_id: str
    invoice_id: str
    amount_idr: int
    paid_on: date
    reference: str


class ReceiveRebate(Command):
    """The supplier paid (a part of) what it owes back."""

    rebate_id: str
    cycle_id: str
    supplier_id: str
    amount_idr: int
    received_on: date
    reference: str


PaymentCommand = PayInvoice | ReceiveRebate

# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Payment:
    payment_id: str
    paid: InvoicePaid | None = None


@dataclass(frozen=True, slots=True)
class Rebate:
    rebate_id: str
    received: RebateReceived | None = None


def evolve_payment(payment: Payment, event: InvoicePaid) -> Payment:
    return replace(payment, paid=event)


def evolve_rebate(rebate: Rebate, event: RebateReceived) -> Rebate:
    return replace(rebate, received=event)


PAYMENT = Topic("invoicing.payment", "payment", (InvoicePaid,), Payment, evolve_payment)
REBATE = Topic("invoicing.rebate", "rebate", (RebateReceived,), Rebate, evolve_rebate, stream=True)

# -- needs ---------------------------------------------------------------------------------


def needs(command: PaymentCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case PayInvoice():
            return [
                PAYMENT.about(command.payment_id, new=True),
                INVOICE.about(command.invoice_id),
            ]
        case ReceiveRebate():
            return [
                REBATE.about(command.rebate_id, new=True),
                ORDER.about(group_order_id(command.cycle_id, command.supplier_id)),
            ]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: PaymentCommand, known: Known) -> Sequence[Event]:
    match command:
        case PayInvoice():
            return pay_invoice(command, known)
        case ReceiveRebate():
            return receive_rebate(command, known)
    assert_never(command)


def pay_invoice(command: PayInvoice, known: Known) -> Sequence[Event]:
    """The first payment is less by what debit notes claim, a later one by what they claim since.

    Raises InvoiceDoesNotFit, PaymentExists, NoSuchInvoice, InvoiceIsRefused, InvoiceIsHeld,
    InvoiceOverpaid.
    """
    check_amount(command.amount_idr, "/amount_idr")
    invoice = known[INVOICE.about(command.invoice_id)]
    matched = existing_invoice(invoice)
    paid = InvoicePaid(
        payment_id=command.payment_id,
        invoice_id=command.invoice_id,
        cycle_id=matched.cycle_id,
        supplier_id=matched.supplier_id,
        amount_idr=command.amount_idr,
        paid_on=command.paid_on,
        reference=command.reference,
        set_off_idr=invoice.open_claims_idr,
    )
    before = known[PAYMENT.about(command.payment_id)].paid
    if before is not None:
        if before == msgspec.structs.replace(paid, set_off_idr=before.set_off_idr):
            return []
        raise PaymentExists(
            f"payment {command.payment_id} is recorded with other content; use another id"
        )
    check_day(command, command.paid_on, "/paid_on")
    if invoice.held:
        raise InvoiceIsHeld(
            f"invoice {command.invoice_id} is held, so nothing is owed for it; release it first"
        )
    left = invoice.owed_idr - invoice.paid_idr
    if command.amount_idr > left:
        outstanding_idr = max(left, 0)
        raise InvoiceOverpaid(
            f"Rp{outstanding_idr} is still owed for invoice {command.invoice_id}; pay no more than "
            "that",
            outstanding_idr=left,
        )
    return [paid]


def receive_rebate(command: ReceiveRebate, known: Known) -> Sequence[Event]:
    """Raises InvoiceDoesNotFit, RebateExists, NoSuchConsolidatedOrder."""
    check_amount(command.amount_idr, "/amount_idr")
    received = RebateReceived(
        rebate_id=command.rebate_id,
        cycle_id=command.cycle_id,
        supplier_id=command.supplier_id,
        amount_idr=command.amount_idr,
        received_on=command.received_on,
        reference=command.reference,
    )
    before = known[REBATE.about(command.rebate_id)].received
    if before is not None:
        if before == received:
            return []
        raise RebateExists(
            f"rebate {command.rebate_id} is recorded with other content; use another id"
        )
    check_day(command, command.received_on, "/received_on")
    existing_order(known[ORDER.about(group_order_id(command.cycle_id, command.supplier_id))])
    return [received]


payments = Decider(needs, decide, (PAYMENT, REBATE, INVOICE, ORDER))
