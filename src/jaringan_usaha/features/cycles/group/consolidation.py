"""What the group orders in whole cases, what it pays for that, and how both are shared: pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from jaringan_usaha.features.cycles.events import ConsolidatedLine, Entitlement, KoperasiShare
from jaringan_usaha.kernel.ceiling import HET_EXCEEDED
from jaringan_usaha.kernel.money import largest_remainder
from jaringan_usaha.kernel.sharing import Claim, Sharing, by_priority, share_out
from jaringan_usaha.kernel.tiers import Price, cost_idr, tier_for, too_dear

MOQ_NOT_MET = "MOQ_NOT_MET"
MIN_ACCEPT = "MIN_ACCEPT"
CASE_NOT_FULL = "CASE_NOT_FULL"


class KoperasiDemand(NamedTuple):
    """What one koperasi orders of one item in all its orders of a cycle.

    It stands in the order in which ties are settled: by `first_position`, since when it has
    wanted the item without a break, then by koperasi. `amount_idr` and `discount_idr` are the
    sums that its lines stated, 0 where prices are listed.
    """

    first_position: int
    koperasi_id: str
    quantity: int
    order_lines: int
    amount_idr: int = 0
    discount_idr: int = 0
    tolerance: int = 0
    least: int = 0


class ItemDemand(msgspec.Struct, frozen=True, kw_only=True):
    """What all koperasi order of one item, in any order."""

    item_id: str
    parts: tuple[KoperasiDemand, ...]


class ItemTotal(NamedTuple):
    """What the group orders of one item: firm units, and how many more are welcome."""

    item_id: str
    firm: int
    tolerance: int


class Way(NamedTuple):
    """How the cycle shares what is too little or too much."""

    sharing: Sharing = "pro_rata"
    priority: tuple[str, ...] = ()


PRO_RATA = Way()


Owed = tuple[str, int, int]
"""A koperasi, what it owes for one item, and what it had paid alone."""


@dataclass(frozen=True, slots=True)
class Bought:
    """One item of a consolidated order: its line, what each koperasi may expect, and owes."""

    line: ConsolidatedLine
    rows: Sequence[Entitlement]
    owed: Sequence[Owed]


# -- cases and minimums --------------------------------------------------------------------


def cases_for(firm: int, tolerance: int, case_size: int, min_cases: int = 1) -> int:
    """Whole cases for units that are wanted, and more that are welcome where they fill one.

    Fewer than `min_cases` are raised to it if tolerance allows, else none is ordered. Tolerance
    alone never orders. Source: domain rules §3.2.
    """
    if not firm:
        return 0
    cases, over = divmod(firm, case_size)
    if over and over + tolerance >= case_size:
        cases += 1
    if cases >= min_cases:
        return cases
    return min_cases if firm + tolerance >= min_cases * case_size else 0


class Weighed(NamedTuple):
    """What a supplier would get of a cycle (goods without PPN and deposits, in rupiah), and
    the minimum it asks for: in rupiah, or in cases of the items that stay below it."""

    goods_idr: int
    minimum_idr: int
    short_items: tuple[str, ...]

    @property
    def missed(self) -> bool:
        return self.goods_idr < self.minimum_idr or bool(self.short_items)


def weigh(totals: Iterable[tuple[ItemTotal, Price]]) -> Weighed:
    """All items of one supplier against its minimums. Price lists may name different minimums;
    the highest of those that price something counts. A first case that is not full is no missed
    minimum where the supplier asks for none: a part of a case cannot be had at any price. What
    would cost more than it may is not ordered, and adds nothing."""
    goods_idr = minimum_idr = 0
    short: list[str] = []
    for total, price in totals:
        if not total.firm:
            continue
        minimum_idr = max(minimum_idr, price.minimum_idr)
        cases = cases_for(total.firm, total.tolerance, price.case_size, price.min_cases)
        units = cases * price.case_size
        if cases:
            goods_idr += 0 if too_dear(price, units) else cost_idr(price, units)
        elif price.min_cases > 1:
            short.append(total.item_id)
    return Weighed(goods_idr, minimum_idr, tuple(sorted(short)))


# -- one item ------------------------------------------------------------------------------


def at_listed_price(demand: ItemDemand, price: Price, way: Way = PRO_RATA) -> Bought:
    """One item in whole cases at the group's tier; its cost is shared by what each gets.

    When somebody drops out because it would get too little, cases that nobody else would take
    are not ordered. Nothing is where the tier reached is dearer than the state lets it be.
    """
    bought = _in_cases(demand, price, way)
    if bought.line.quantity and too_dear(price, bought.line.quantity):
        return none_ordered(demand, price, HET_EXCEEDED)
    return bought


def _in_cases(demand: ItemDemand, price: Price, way: Way) -> Bought:
    parts = sorted(demand.parts)
    firm = sum([part.quantity for part in parts])
    tolerance = sum([part.tolerance for part in parts])
    cases = cases_for(firm, tolerance, price.case_size, price.min_cases)
    if cases * price.case_size == firm and all(part.least <= part.quantity for part in parts):
        return _bought(demand.item_id, parts, price, cases, [part.quantity for part in parts])
    claims = [Claim(part.koperasi_id, part.quantity, part.tolerance, part.least) for part in parts]
    if way.sharing == "priority":
        claims = by_priority(claims, way.priority)
    declined: set[str] = set()
    while cases:
        shared = share_out(cases * price.case_size, claims, way.sharing)
        declined.update(shared.declined)
        if not shared.left:
            granted = [shared.units.get(part.koperasi_id, 0) for part in parts]
            return _bought(demand.item_id, parts, price, cases, granted, declined)
        claims = [claim for claim in claims if claim.key not in declined]
        firm = sum([claim.firm for claim in claims])
        tolerance = sum([claim.tolerance for claim in claims])
        cases = cases_for(firm, tolerance, price.case_size, price.min_cases)
    return _bought(demand.item_id, parts, price, 0, [0] * len(parts), declined)


def none_ordered(demand: ItemDemand, price: Price, reason: str = MOQ_NOT_MET) -> Bought:
    """One item of an order that stays below the supplier's minimum, or would cost more than it
    may: nobody gets anything."""
    parts = sorted(demand.parts)
    return _bought(demand.item_id, parts, price, 0, [0] * len(parts), reason=reason)


def _bought(
    item_id: str,
    parts: Sequence[KoperasiDemand],
    price: Price,
    cases: int,
    granted: Sequence[int],
    declined: Collection[str] = (),
    reason: str = MOQ_NOT_MET,
) -> Bought:
    """`granted` units by part add up to the cases; `reason` is why there are none."""
    quantity = cases * price.case_size
    positions, ids, firm, lines, _, _, tolerance, least = zip(*parts, strict=True)
    costs = {units: cost_idr(price, units) for units in set(granted) if units}
    alone = [costs.get(units, 0) for units in granted]
    reasons = [""] * len(parts)
    if declined or 0 in granted:
        nothing = CASE_NOT_FULL if cases else reason
        reasons = [
            "" if units else MIN_ACCEPT if koperasi_id in declined else nothing
            for koperasi_id, units in zip(ids, granted, strict=True)
        ]
    amount_idr, owed, tier = 0, [], None
    if cases:
        tier = tier_for(price.tiers, quantity)
        amount_idr = cost_idr(price, quantity)
        debts = largest_remainder(amount_idr, list(zip(ids, granted, strict=True)))
        owed = [
            (koperasi_id, debts[koperasi_id], alone_idr)
            for koperasi_id, units, alone_idr in zip(ids, granted, alone, strict=True)
            if units
        ]
    line = ConsolidatedLine(
        item_id=item_id,
        quantity=quantity,
        order_lines=sum(lines),
        amount_idr=amount_idr,
        alone_idr=sum(alone),
        price_list=price.price_list_id,
        price_idr=tier.idr if tier else None,
        price_per=tier.per if tier else 1,
        cases=cases,
        case_size=price.case_size,
        firm=sum(firm),
        tolerance=sum(tolerance),
        reason="" if cases else MIN_ACCEPT if declined else reason,
    )
    rows = map(Entitlement, ids, firm, tolerance, least, positions, granted, alone, reasons)
    return Bought(line, tuple(rows), owed)


def at_stated_amounts(demand: ItemDemand) -> Bought:
    """One item at the amounts that its order lines state; nothing is left to split, and nobody
    is entitled to anything, since the goods were received before."""
    parts = sorted(demand.parts)
    owed = [
        (part.koperasi_id, part.amount_idr, part.amount_idr + part.discount_idr) for part in parts
    ]
    line = ConsolidatedLine(
        item_id=demand.item_id,
        quantity=sum([part.quantity for part in parts]),
        order_lines=sum([part.order_lines for part in parts]),
        amount_idr=sum([amount_idr for _, amount_idr, _ in owed]),
        alone_idr=sum([alone_idr for *_, alone_idr in owed]),
    )
    return Bought(line, (), owed)


def added_up(owed: Iterable[Owed]) -> list[KoperasiShare]:
    """One share per koperasi, by id: the sums over items."""
    amounts: dict[str, int] = {}
    alone: dict[str, int] = {}
    for koperasi, amount_idr, alone_idr in owed:
        amounts[koperasi] = amounts.get(koperasi, 0) + amount_idr
        alone[koperasi] = alone.get(koperasi, 0) + alone_idr
    return [
        KoperasiShare(koperasi_id=koperasi, amount_idr=amount, alone_idr=alone[koperasi])
        for koperasi, amount in sorted(amounts.items())
    ]
