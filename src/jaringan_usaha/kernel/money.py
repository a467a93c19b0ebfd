"""Whole rupiah: rounding once, and splits that add up."""

from collections.abc import Sequence
from typing import TypeVar

MOST_IDR = 2**53 - 1  # the largest integer that every JSON reader keeps exact

K = TypeVar("K")


def half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` in whole units, halves upwards (towards plus infinity).

    Raises ZeroDivisionError when the denominator is zero. Source: PER-11/PJ/2025 art. 129.
    """
    return (2 * numerator + denominator) // (2 * denominator)


def largest_remainder(total: int, weights: Sequence[tuple[K, int]]) -> dict[K, int]:
    """Split a whole total by weight; the parts add up to `total` exactly.

    Every part is floored, then the units left over go one each to the largest fractions;
    ties go to whoever comes first in `weights`, so give them in order of first commitment.
    Weights and total must not be negative. Raises ValueError if nothing weighs anything.
    """
    whole = sum([weight for _, weight in weights])
    if whole <= 0:
        raise ValueError("nothing to split by: all weights are zero")
    a_unit, odd = divmod(total, whole)
    if not odd:  # the usual price is a whole one, and then there is nothing left over
        return {key: weight * a_unit for key, weight in weights}
    parts: dict[K, int] = {}
    fractions: list[tuple[int, int, K]] = []
    for order, (key, weight) in enumerate(weights):
        part, fraction = divmod(total * weight, whole)
        parts[key] = part
        fractions.append((-fraction, order, key))
    left = total - sum(parts.values())
    for _, _, key in sorted(fractions)[:left]:  # `order` is never twice the same, so no keys meet
        parts[key] += 1
    return parts
