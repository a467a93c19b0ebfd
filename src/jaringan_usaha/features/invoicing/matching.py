"""One invoice line against the order and the receipts: pure arithmetic."""

from typing import NamedTuple

from jaringan_usaha.features.invoicing.events import ClaimedLine, InvoiceLine, MatchedLine
from jaringan_usaha.kernel.money import half_up
from jaringan_usaha.kernel.ppn import PpnPolicy

MOST_ROUNDING_IDR = 1
"""PPN that differs by no more is a rounding of the supplier's, per line."""


class Ordered(NamedTuple):
    """What the group ordered of one item, and for how much in all."""

    quantity: int = 0
    amount_idr: int = 0

    def worth_idr(self, units: int, before: int = 0) -> int:
        """What `units` cost after `before` were invoiced, rounded so that all parts of the order
        add up to its amount."""
        if not self.quantity:
            return 0
        whole = half_up((before + units) * self.amount_idr, self.quantity)
        return whole - half_up(before * self.amount_idr, self.quantity)


class Tolerance(NamedTuple):
    """How far a price may differ: basis points of it, or so much per unit, whichever is more."""

    variance_bp: int = 0
    variance_idr: int = 0

    def most_idr(self, expected_idr: int, units: int) -> int:
        return max(expected_idr * self.variance_bp // 10_000, units * self.variance_idr)


class Grounds(NamedTuple):
    """What one line is matched against.

    `accepted` units are not invoiced yet, `before` were; `deposit_idr` is what the container of a
    unit costs. Without a policy the item bears no PPN.
    """

    ordered: Ordered
    accepted: int
    before: int
    deposit_idr: int
    policy: PpnPolicy | None
    tolerance: Tolerance


def match_line(line: InvoiceLine, grounds: Grounds) -> MatchedLine:
    """What is owed of a line, what is claimed back, and whether somebody must look at it.

    The tax invoice is authoritative: the PPN billed stands when it is released, or differs by
    Rp1 at most. Source: domain rules P1 to P5, three-way match of §3.12.
    """
    units = min(line.quantity, grounds.accepted) if grounds.ordered.quantity else 0
    goods = _part(line.goods_idr, units, line.quantity)
    deposit = _part(line.deposit_idr, units, line.quantity)
    billed_ppn = _ppn_idr(line.goods_idr, grounds.policy)
    ppn = _ppn_idr(goods, grounds.policy)
    expected = grounds.ordered.worth_idr(units, grounds.before)
    if units == 0:
        claimed_ppn = line.ppn_idr
    elif abs(line.ppn_idr - billed_ppn) <= MOST_ROUNDING_IDR:
        claimed_ppn = min(billed_ppn - ppn, line.ppn_idr)
    else:
        claimed_ppn = line.ppn_idr - _part(line.ppn_idr, units, line.quantity)
    outcome, reason = _verdict(line, grounds, units, goods - expected, expected, billed_ppn)
    return MatchedLine(
        item_id=line.item_id,
        billed=line.quantity,
        accepted=grounds.accepted,
        goods_idr=line.goods_idr,
        expected_idr=expected,
        ppn_idr=line.ppn_idr,
        expected_ppn_idr=ppn,
        deposit_idr=line.deposit_idr,
        outcome=outcome,
        reason=reason,
        claimed=line.quantity - units,
        claimed_idr=line.goods_idr - goods,
        claimed_ppn_idr=claimed_ppn,
        claimed_deposit_idr=line.deposit_idr - deposit,
    )


def claimed_line(line: MatchedLine) -> ClaimedLine:
    """What a debit note says of a line that was billed for too many units."""
    return ClaimedLine(
        item_id=line.item_id,
        units=line.claimed,
        goods_idr=line.claimed_idr,
        ppn_idr=line.claimed_ppn_idr,
        deposit_idr=line.claimed_deposit_idr,
    )


def rounding_idr(line: MatchedLine) -> int:
    """What billed and computed PPN differ by, when that is a rounding."""
    off = line.ppn_idr - line.claimed_ppn_idr - line.expected_ppn_idr
    return off if abs(off) <= MOST_ROUNDING_IDR else 0


def _verdict(
    line: InvoiceLine,
    grounds: Grounds,
    units: int,
    variance_idr: int,
    expected_idr: int,
    billed_ppn_idr: int,
) -> tuple[str, str]:
    """The outcome, and a sentence where it is not plain."""
    most = grounds.tolerance.most_idr(expected_idr, units)
    if abs(variance_idr) > most:
        return "held", (
            f"{units} units cost Rp{expected_idr} by the order and Rp{expected_idr + variance_idr}"
            f" by the invoice; at most Rp{most} more or less is tolerated"
        )
    if abs(line.ppn_idr - billed_ppn_idr) > MOST_ROUNDING_IDR:
        return "held", f"PPN is Rp{line.ppn_idr} where the rule makes it Rp{billed_ppn_idr}"
    if line.deposit_idr != line.quantity * grounds.deposit_idr:
        return "held", (
            f"deposits are Rp{line.deposit_idr} where {line.quantity} units make "
            f"Rp{line.quantity * grounds.deposit_idr}"
        )
    if units < line.quantity:
        return "over_billed", (
            f"{line.quantity - units} units more than accepted"
            if grounds.ordered.quantity
            else "this item was not ordered"
        )
    if variance_idr:
        return "variance", f"Rp{variance_idr} against the order's price, within Rp{most}"
    if line.ppn_idr != billed_ppn_idr:
        return "rounding", f"Rp{line.ppn_idr - billed_ppn_idr} of PPN"
    return "equal", ""


def _ppn_idr(goods_idr: int, policy: PpnPolicy | None) -> int:
    return policy.on(goods_idr) if policy else 0


def _part(amount_idr: int, units: int, of: int) -> int:
    return half_up(amount_idr * units, of)
