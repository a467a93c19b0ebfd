"""What an invoice line costs each koperasi that holds the goods: pure, exact to the rupiah."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from jaringan_usaha.features.invoicing.events import (
    ClaimedLine,
    FeeSplit,
    KoperasiCost,
    MatchedLine,
)
from jaringan_usaha.features.invoicing.matching import rounding_idr
from jaringan_usaha.kernel.landed import part_bp, spread
from jaringan_usaha.kernel.money import half_up, largest_remainder

CONSORTIUM = "consortium"
"""The joint buyer itself: it receives fees, and holds what was taken into stock."""


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one item that a koperasi was given and that no invoice was costed for yet, with
    their value at the order's price; holders stand in the order in which they were given."""

    koperasi_id: str
    units: int
    goods_idr: int


class FeeTerms(NamedTuple):
    """`rate_bp` of each koperasi's line, shared by parts; the consortium's alone without a host."""

    rate_bp: int = 0
    consortium_parts: int = 1
    host_parts: int = 0
    host: str = ""


class RebateTerms(NamedTuple):
    """What the supplier pays back of each koperasi's line, and how much of it the koperasi gets."""

    rate_bp: int = 0
    consortium_parts: int = 1
    koperasi_parts: int = 0


class Terms(NamedTuple):
    """What is added to the goods, and which koperasi are PKP and so credit their PPN."""

    fee: FeeTerms = FeeTerms()
    rebate: RebateTerms = RebateTerms()
    vat_registered: frozenset[str] = frozenset()


NO_TERMS = Terms()


class CostedLine(NamedTuple):
    """The rows of one line, and how much of each row's rebate is the koperasi's own; PPN that is
    nobody's; and what went back after it was invoiced."""

    rows: tuple[KoperasiCost, ...]
    own_rebates: tuple[int, ...]
    rounding_idr: int
    returned: ClaimedLine | None


def cost_line(
    line: MatchedLine, holders: Sequence[Holder], terms: Terms = NO_TERMS, *, returned: int = 0
) -> CostedLine:
    """Split one matched line over those who hold the goods, by what they hold.

    The rows and what is `returned` (units that went back to the supplier) add up to what is owed
    for the line. Who takes all that it holds pays exactly what it was given it for; whatever the
    supplier billed beyond is variance, by value.
    """
    units = line.units - returned
    rounding = rounding_idr(line)
    goods = _kept(line.goods_idr - line.claimed_idr, units, line.units)
    whole_ppn = line.ppn_idr - line.claimed_ppn_idr - rounding
    ppn = _kept(whole_ppn, units, line.units)
    deposit = _kept(line.deposit_idr - line.claimed_deposit_idr, units, line.units)
    rows = _rows(units, Owed(goods, ppn, deposit), holders, terms) if units else ()
    back = None
    if returned:
        back = ClaimedLine(
            item_id=line.item_id,
            units=returned,
            goods_idr=line.goods_idr - line.claimed_idr - goods,
            ppn_idr=whole_ppn - ppn,
            deposit_idr=line.deposit_idr - line.claimed_deposit_idr - deposit,
        )
    own = tuple(_own_rebate(row, terms.rebate) for row in rows)
    return CostedLine(rows, own, rounding, back)


class Owed(NamedTuple):
    goods_idr: int
    ppn_idr: int
    deposit_idr: int


def _rows(
    units: int, owed: Owed, holders: Sequence[Holder], terms: Terms
) -> tuple[KoperasiCost, ...]:
    taken = largest_remainder(units, [(each.koperasi_id, each.units) for each in holders])
    by_units = [(each.koperasi_id, taken[each.koperasi_id]) for each in holders]
    goods = {each.koperasi_id: _part_of(each, taken[each.koperasi_id]) for each in holders}
    by_value = list(goods.items()) if any(goods.values()) else by_units
    variance = spread(owed.goods_idr - sum(goods.values()), by_value)
    ppn = spread(owed.ppn_idr, by_value)
    deposit = spread(owed.deposit_idr, by_units)
    rows = []
    for koperasi, got in by_units:
        if not got:
            continue
        paid = goods[koperasi] + variance[koperasi]
        rows.append(
            KoperasiCost(
                koperasi_id=koperasi,
                units=got,
                goods_idr=goods[koperasi],
                variance_idr=variance[koperasi],
                ppn_idr=ppn[koperasi],
                creditable=koperasi in terms.vat_registered,
                fee_idr=0 if koperasi == CONSORTIUM else part_bp(paid, terms.fee.rate_bp),
                rebate_idr=part_bp(paid, terms.rebate.rate_bp),
                deposit_idr=deposit[koperasi],
            )
        )
    return tuple(rows)


def fee_split(rows: Sequence[KoperasiCost], fee: FeeTerms) -> tuple[FeeSplit, ...]:
    """Who receives the fees of these rows; the parts add up to them exactly."""
    total = sum(row.fee_idr for row in rows)
    if not fee.host:
        return _splits({CONSORTIUM: total})
    parts = [(CONSORTIUM, fee.consortium_parts), (fee.host, fee.host_parts)]
    return _splits(spread(total, parts))


def rebate_split(rows: Sequence[KoperasiCost], own: Sequence[int]) -> tuple[FeeSplit, ...]:
    """Who receives the rebates of these rows: the consortium, and each koperasi its own part."""
    received = {CONSORTIUM: sum(row.rebate_idr for row in rows) - sum(own)}
    for row, part in zip(rows, own, strict=True):
        received[row.koperasi_id] = received.get(row.koperasi_id, 0) + part
    return _splits(received)


def _splits(amounts: Mapping[str, int]) -> tuple[FeeSplit, ...]:
    return tuple(
        FeeSplit(receiver=receiver, amount_idr=amount)
        for receiver, amount in amounts.items()
        if amount
    )


def _own_rebate(row: KoperasiCost, terms: RebateTerms) -> int:
    if row.koperasi_id == CONSORTIUM:
        return 0
    parts = [(True, terms.koperasi_parts), (False, terms.consortium_parts)]
    return spread(row.rebate_idr, parts)[True]


def _part_of(holder: Holder, units: int) -> int:
    if units == holder.units:
        return holder.goods_idr
    return half_up(holder.goods_idr * units, holder.units)


def _kept(amount_idr: int, units: int, of: int) -> int:
    return half_up(amount_idr * units, of) if of else 0
