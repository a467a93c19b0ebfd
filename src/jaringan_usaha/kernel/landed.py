"""What bringing and buying together adds to the cost of goods: fees, and bills split by a key."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar

from jaringan_usaha.kernel.money import half_up, largest_remainder

K = TypeVar("K")

ChargeKey = Literal["weight", "volume", "quantity", "value", "equal", "manual"]

WHAT_TO_DO: Mapping[ChargeKey, str] = {
    "weight": "describe the items with their weight_g",
    "volume": "describe the items with their volume_ml",
    "quantity": "share the goods out first",
    "value": "split by another key, since the goods cost nothing",
    "equal": "share the goods out first",
    "manual": "state weights for items that were accepted",
}
"""What lets a bill be split, when nothing weighs anything by its key."""


class NothingWeighs(ValueError):
    """All weights are zero, so there is nothing to split by; the text says what to do."""


def spread(total: int, weights: Sequence[tuple[K, int]]) -> dict[K, int]:
    """Split whole rupiah of either sign by weight; the parts add up to `total` exactly.

    What is left over goes to the largest fractions, ties to whoever comes first. Raises
    ValueError when nothing weighs anything, unless the total is 0.
    """
    if total == 0:
        return {key: 0 for key, _ in weights}
    parts = largest_remainder(abs(total), weights)
    return parts if total > 0 else {key: -part for key, part in parts.items()}


def part_bp(amount_idr: int, rate_bp: int) -> int:
    """A fee or rebate on a koperasi's whole line, rounded once, halves up."""
    return half_up(amount_idr * rate_bp, 10_000)


class Goods(NamedTuple):
    """All that was shared out of one item of one supplier in a cycle, and what a unit weighs
    by the key of a bill (grams, millilitres, or what was stated by hand)."""

    supplier_id: str
    item_id: str
    units: int
    goods_idr: int
    each: int


def weight_of(goods: Goods, key: ChargeKey) -> int:
    """What one line weighs by the key; by hand it is the line that was weighed, not its units."""
    match key:
        case "weight" | "volume":
            return goods.units * goods.each
        case "quantity":
            return goods.units
        case "value":
            return goods.goods_idr
        case "equal":
            return 1
        case "manual":
            return goods.each


def split_charge(
    amount_idr: int, key: ChargeKey, lines: Sequence[Goods]
) -> list[tuple[Goods, int]]:
    """A bill over the lines of a cycle, exact to the rupiah; lines by supplier and item, which
    settles ties, so that the order of input changes nothing.

    Raises NothingWeighs. Source: domain rules L1 and L3.
    """
    standing = sorted(lines)
    weights = [(goods, weight_of(goods, key)) for goods in standing]
    if not any(weight for _, weight in weights):
        what_to_do = WHAT_TO_DO[key]
        raise NothingWeighs(f"nothing weighs anything by {key}; {what_to_do}")
    return list(spread(amount_idr, weights).items())
