"""What a quantity costs on a table of tiers: pure, exact, rounded once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from jaringan_usaha.kernel.ceiling import Bound, first_exceeded
from jaringan_usaha.kernel.money import half_up


class Tier(Protocol):
    """From `from_quantity` base units on, `per` base units cost `idr` whole rupiah."""

    @property
    def from_quantity(self) -> int: ...
    @property
    def idr(self) -> int: ...
    @property
    def per(self) -> int: ...


T = TypeVar("T", bound=Tier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The terms of an offer that is in force: its tiers, how they apply, and its list.

    `tier_mode`: `all_units` charges everything at the tier reached, `incremental` each part at
    its own. Tiers stand by rising quantity. A case holds `case_size` base units; the supplier
    takes `min_cases` of the item at least, and `minimum_idr` of goods in a whole order. The group
    buys nothing for more than its `bounds`.
    """

    price_list_id: str
    tier_mode: str
    tiers: Sequence[Tier]
    case_size: int = 1
    min_cases: int = 0
    minimum_idr: int = 0
    bounds: tuple[Bound, ...] = ()


def tier_for(tiers: Sequence[T], quantity: int) -> T:
    """The tier that a quantity reaches. Raises ValueError below the first one (and for 0)."""
    reached = [tier for tier in tiers if tier.from_quantity <= quantity]
    if not reached:
        raise ValueError(f"no price for a quantity of {quantity}")
    return reached[-1]


def cost_idr(price: Price, quantity: int) -> int:
    """Whole rupiah for a quantity, rounded once, halves up.

    Raises ValueError when the quantity reaches no tier.
    """
    return half_up(*_exact_cost(price, quantity))


def too_dear(price: Price, quantity: int) -> Bound | None:
    """What a quantity, at its exact price, does not stay within; None where it does.

    Raises ValueError when the quantity reaches no tier.
    """
    if not price.bounds:
        return None
    numerator, denominator = _exact_cost(price, quantity)
    return first_exceeded(price.bounds, numerator, quantity * denominator)


def _exact_cost(price: Price, quantity: int) -> tuple[int, int]:
    """Numerator and denominator, in rupiah."""
    tier = tier_for(price.tiers, quantity)
    if price.tier_mode == "all_units":
        return quantity * tier.idr, tier.per
    ends = [tier.from_quantity - 1 for tier in price.tiers[1:]] + [quantity]
    numerator, denominator, before = 0, 1, 0
    for band, end in zip(price.tiers, ends, strict=True):
        units = max(min(end, quantity) - before, 0)
        numerator = numerator * band.per + units * band.idr * denominator
        denominator *= band.per
        before = min(end, quantity)
    return numerator, denominator
