"""The rule of receipts that were recorded wrongly: corrected as long as no invoice rests on them.

It stands here since only this room knows of invoices; what follows from a correction is shared
out, or taken back, where receipts are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jaringan_usaha.features.cycles.events import group_order_id
from jaringan_usaha.features.fulfilment.events import (
    CorrectedLine,
    GoodsReceived,
    ReceiptCorrected,
    ReceivedLine,
    SurplusDecided,
    delivered_id,
)
from jaringan_usaha.features.invoicing.domain import INVOICED, ORDER, OutOfTurn
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

MOST_LINES = 100
"""One event holds them all."""

# -- command -------------------------------------------------------------------------------


class CorrectReceipt(Command):
    """Lines of a receipt as they should have been recorded; those not named stay as they are.
    Corrections of a receipt are numbered from 1."""

    receipt_id: str
    correction_no: int
    cycle_id: str
    supplier_id: str
    reason: str
    lines: tuple[ReceivedLine, ...]


# -- rejections ----------------------------------------------------------------------------


class NoSuchReceipt(Missing):
    code = "receipt-unknown"


class CorrectionExists(Refused):
    code = "correction-exists"


class GoodsAreInvoiced(Refused):
    code = "goods-are-invoiced"


class SurplusIsDecided(Refused):
    code = "surplus-is-decided"


class CorrectionDoesNotFit(Invalid):
    code = "receipt-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """A receipt as it is counted by now: units accepted and rejected, and why, by item."""

    receipt_id: str
    consolidated_order_id: str = ""
    lines: Mapping[str, ReceivedLine] = field(default_factory=dict)
    corrections: tuple[ReceiptCorrected, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """Surplus units of one item that were returned, kept or given to somebody, by receipt."""

    delivered_id: str
    of: Mapping[str, int] = field(default_factory=dict)


def evolve_counted(counted: Counted, event: GoodsReceived | ReceiptCorrected) -> Counted:
    lines = {**counted.lines, **{line.item_id: _line(line) for line in event.lines}}
    if isinstance(event, ReceiptCorrected):
        return replace(counted, lines=lines, corrections=(*counted.corrections, event))
    return replace(counted, consolidated_order_id=event.consolidated_order_id, lines=lines)


def _line(line: ReceivedLine | CorrectedLine) -> ReceivedLine:
    return ReceivedLine(
        item_id=line.item_id, accepted=line.accepted, rejected=line.rejected, reason=line.reason
    )


def evolve_decided(decided: Decided, event: SurplusDecided) -> Decided:
    units = decided.of.get(event.receipt_id, 0) + event.units
    return replace(decided, of={**decided.of, event.receipt_id: units})


COUNTED = Topic(
    "invoicing.counted", "receipt", (GoodsReceived, ReceiptCorrected), Counted, evolve_counted
)
DECIDED = Topic("invoicing.decided", "delivered", (SurplusDecided,), Decided, evolve_decided)

# -- needs ---------------------------------------------------------------------------------


def needs(command: CorrectReceipt) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the event is appended."""
    order_id = group_order_id(command.cycle_id, command.supplier_id)
    items = dict.fromkeys(line.item_id for line in command.lines[:MOST_LINES])
    return [
        COUNTED.about(command.receipt_id),
        ORDER.about(order_id),
        INVOICED.about(order_id),
        *(DECIDED.about(delivered_id(order_id, item_id)) for item_id in items),
    ]


# -- decide --------------------------------------------------------------------------------


def correct_receipt(command: CorrectReceipt, known: Known) -> Sequence[Event]:
    """Raises NoSuchReceipt, CorrectionExists, OutOfTurn, CorrectionDoesNotFit,
    GoodsAreInvoiced, SurplusIsDecided."""
    order_id = group_order_id(command.cycle_id, command.supplier_id)
    receipt = known[COUNTED.about(command.receipt_id)]
    if receipt.consolidated_order_id != order_id:
        raise NoSuchReceipt(f"there is no receipt {command.receipt_id} for {order_id}")
    if _is_recorded(command, receipt):
        return []
    _check_lines(command, receipt, known)
    for number, line in enumerate(command.lines):
        _may_be_fewer(command, number, _before(line, receipt), known)
    return [
        ReceiptCorrected(
            receipt_id=command.receipt_id,
            consolidated_order_id=order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            correction_no=command.correction_no,
            reason=command.reason,
            lines=tuple(_corrected(line, _before(line, receipt)) for line in command.lines),
        )
    ]


def _is_recorded(command: CorrectReceipt, receipt: Counted) -> bool:
    """Raises CorrectionExists, OutOfTurn."""
    count, number = len(receipt.corrections), command.correction_no
    if number > count + 1:
        raise OutOfTurn(
            f"receipt {command.receipt_id} has {count} corrections; look at it again",
            current_version=count,
        )
    if number == count + 1:
        return False
    said = receipt.corrections[number - 1]
    if (said.reason, tuple(map(_line, said.lines))) == (command.reason, command.lines):
        return True
    raise CorrectionExists(
        f"correction {number} of receipt {command.receipt_id} is recorded with other content; "
        "look at the receipt again, then correct it under the next number",
        current_version=count,
    )


def _before(line: ReceivedLine, receipt: Counted) -> ReceivedLine:
    return receipt.lines.get(line.item_id) or ReceivedLine(item_id=line.item_id, accepted=0)


def _corrected(line: ReceivedLine, before: ReceivedLine) -> CorrectedLine:
    return CorrectedLine(
        item_id=line.item_id,
        accepted=line.accepted,
        accepted_before=before.accepted,
        rejected=line.rejected,
        rejected_before=before.rejected,
        reason=line.reason,
    )


def _check_lines(command: CorrectReceipt, receipt: Counted, known: Known) -> None:
    if not 1 <= len(command.lines) <= MOST_LINES:
        raise CorrectionDoesNotFit(
            f"correct 1 to {MOST_LINES} lines at once; the others with the next correction",
            pointer="/lines",
        )
    consolidated_order_id = group_order_id(command.cycle_id, command.supplier_id)
    ordered = known[ORDER.about(consolidated_order_id)].items
    seen: set[str] = set()
    for number, line in enumerate(command.lines):
        pointer = f"/lines/{number}"
        if line.item_id in seen:
            raise CorrectionDoesNotFit(
                f"item {line.item_id} stands in two lines; correct it once", pointer=pointer
            )
        seen.add(line.item_id)
        if line.item_id not in ordered:
            raise CorrectionDoesNotFit(
                f"item {line.item_id} is not in {consolidated_order_id}; record it for the order "
                "that it belongs to",
                pointer=f"{pointer}/item_id",
            )
        if not (0 <= line.accepted <= MOST_UNITS and 0 <= line.rejected <= MOST_UNITS):
            raise CorrectionDoesNotFit(f"count 0 to {MOST_UNITS} units", pointer=pointer)
        if line.rejected and not line.reason:
            raise CorrectionDoesNotFit("say why units are rejected", pointer=f"{pointer}/reason")
        if line == _before(line, receipt):
            raise CorrectionDoesNotFit(
                f"item {line.item_id} is recorded like that already; leave the line out",
                pointer=pointer,
            )


def _may_be_fewer(command: CorrectReceipt, number: int, before: ReceivedLine, known: Known) -> None:
    """Whoever was billed for units has paid for them by number, and surplus that was decided
    about did come."""
    line = command.lines[number]
    order_id = group_order_id(command.cycle_id, command.supplier_id)
    if line.accepted >= before.accepted:
        return
    invoiced = known[INVOICED.about(order_id)].of.get(line.item_id, 0)
    if invoiced:
        raise GoodsAreInvoiced(
            f"{invoiced} units of item {line.item_id} are invoiced already, so none of them can "
            "be taken off the receipt; refuse the invoice if it is held, or claim the units from "
            "the supplier",
            invoiced=invoiced,
            pointer=f"/lines/{number}/accepted",
        )
    decided = known[DECIDED.about(delivered_id(order_id, line.item_id))]
    units = decided.of.get(command.receipt_id, 0)
    if line.accepted < units:
        raise SurplusIsDecided(
            f"{units} surplus units of item {line.item_id} were decided about, so at least as many "
            "came with this receipt",
            decided=units,
            pointer=f"/lines/{number}/accepted",
        )


corrections = Decider(needs, correct_receipt, (COUNTED, ORDER, INVOICED, DECIDED))
