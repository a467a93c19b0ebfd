"""Which price the group has reached, how far the next one is, and when more would cost less: pure
arithmetic."""

from typing import NamedTuple

from jaringan_usaha.features.cycles.group.consolidation import cases_for
from jaringan_usaha.kernel.tiers import Price, Tier, cost_idr, tier_for


class Reached(NamedTuple):
    """`cases` of the item, `quantity` units, would be ordered at the price of `tier`; `more` units
    are lacking for the price of `following`, which is None at the last one. Where no case is full
    yet, the tier is that of the firm units."""

    cases: int
    quantity: int
    tier: Tier
    following: Tier | None
    more: int


class Nudge(NamedTuple):
    """`quantity` units cost `amount_idr`; with `more` units that would be `less_idr`, a smaller
    sum, since it reaches a lower price."""

    quantity: int
    amount_idr: int
    more: int
    less_idr: int


def reached(price: Price, firm: int, tolerance: int) -> Reached:
    """What the group's demand comes to by now."""
    cases = cases_for(firm, tolerance, price.case_size, price.min_cases)
    quantity = cases * price.case_size
    at = quantity or max(firm, 1)
    following = next((tier for tier in price.tiers if tier.from_quantity > at), None)
    more = following.from_quantity - at if following else 0
    return Reached(cases, quantity, tier_for(price.tiers, at), following, more)


def nudge(price: Price, quantity: int) -> Nudge | None:
    """The cheapest way to take more and pay less; None where there is none. Whole cases only.

    Source: domain rules §3.1 TP4.
    """
    if quantity < 1:
        return None
    amount_idr = cost_idr(price, quantity)
    found: list[tuple[int, int]] = []
    for tier in price.tiers:
        enough = -(-tier.from_quantity // price.case_size) * price.case_size
        if enough > quantity and (cost := cost_idr(price, enough)) < amount_idr:
            found.append((cost, enough - quantity))
    if not found:
        return None
    less_idr, more = min(found)
    return Nudge(quantity, amount_idr, more, less_idr)
