"""Sharing units out fairly: pure, exact to the unit, and the same whatever the order of input."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from jaringan_usaha.kernel.money import largest_remainder

Sharing = Literal["pro_rata", "first_come", "priority"]

ALGORITHM = "largest-remainder.1"
"""Stored with every outcome; a change of the arithmetic below takes the next number."""


class Claim(NamedTuple):
    """What one party wants: `firm` units, up to `tolerance` more, but rather none than fewer
    than `least`. Claims stand in order of first commitment, which settles ties."""

    key: str
    firm: int
    tolerance: int = 0
    least: int = 0


class Shared(NamedTuple):
    """Units by claim, who got none since it would have been fewer than it accepts (in the order
    in which they dropped out), and what is left: everybody had all that it would take."""

    units: dict[str, int]
    declined: tuple[str, ...]
    left: int


def share_out(total: int, claims: Sequence[Claim], sharing: Sharing = "pro_rata") -> Shared:
    """Units to every claim; nobody gets more than its firm units and its tolerance.

    Enough for all firm units: everybody gets them, and the rest goes by tolerance. Too little:
    tolerance gets nothing, and firm units are shared. Either way by `sharing`: `pro_rata` by
    largest remainder, the others in the order given (of commitment, or of the cycle's
    priority), each served whole before the next.
    Whoever would get fewer than its `least` gets none: one at a time, the lowest part of its
    least first (of equals the later claim), and the others are shared out anew. That costs one
    round over all claims for each that drops out. Source: domain rules A1 to A4.
    """
    declined: list[str] = []
    standing = list(claims)
    while True:
        units = _once(total, standing, sharing)
        below = [
            (Fraction(units[claim.key], claim.least), -order, claim.key)
            for order, claim in enumerate(standing)
            if units[claim.key] < claim.least
        ]
        if not below:
            break
        out = min(below)[2]
        declined.append(out)
        standing = [claim for claim in standing if claim.key != out]
    found = {claim.key: units.get(claim.key, 0) for claim in claims}
    return Shared(found, tuple(declined), total - sum(found.values()))


def by_priority(claims: Sequence[Claim], first: Sequence[str]) -> list[Claim]:
    """Those named `first` before all others, in that order; the others as they stood."""
    rank = {key: place for place, key in enumerate(first)}
    return sorted(claims, key=lambda claim: rank.get(claim.key, len(rank)))


def _once(total: int, claims: Sequence[Claim], sharing: Sharing) -> dict[str, int]:
    """One round, as if everybody took whatever it gets."""
    firm = sum([claim.firm for claim in claims])
    if total < firm:
        return _split(total, [(claim.key, claim.firm) for claim in claims], sharing)
    welcome = sum([claim.tolerance for claim in claims])
    wants = [(claim.key, claim.tolerance) for claim in claims]
    extra = _split(min(total - firm, welcome), wants, sharing)
    return {claim.key: claim.firm + extra[claim.key] for claim in claims}


def _split(total: int, wants: Sequence[tuple[str, int]], sharing: Sharing) -> dict[str, int]:
    """`total` is at most the sum of the wants, so nobody gets more than it wants."""
    if not total:
        return {key: 0 for key, _ in wants}
    if sharing == "pro_rata":
        return largest_remainder(total, wants)
    found: dict[str, int] = {}
    for key, want in wants:
        found[key] = min(want, total)
        total -= found[key]
    return found
