"""Sharing units out fairly: pure, exact to the unit, and the same whatever the order of input."""

from collections.abc import Sequence
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
    """Units by claim, and who got none since it would have been fewer than it accepts."""

    units: dict[str, int]
    declined: tuple[str, ...]
    left: int


def share_out(total: int, claims: Sequence[Claim], sharing: Sharing = "pro_rata") -> Shared:
    """Units to every claim. What is left over, everybody had all that it would take.

    Enough for all firm units: everybody gets them, and the rest goes by tolerance, never more
    than it. Too little: tolerance gets nothing, and firm units are shared by `sharing`:
    `pro_rata` by largest remainder, the others in the order given (of commitment, or of the
    cycle's priority), each served whole before the next.
    Whoever would get fewer than its `least` gets none: one at a time, the lowest share of its
    least first, and the others are shared out anew. Source: domain rules A1 to A4.
    """
    declined: list[str] = []
    standing = list(claims)
    while True:
        units = _once(total, standing, sharing)
        below = [
            (units[claim.key] * 10**9 // claim.least, -order, claim.key)
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


def _once(total: int, claims: Sequence[Claim], sharing: Sharing) -> dict[str, int]:
    firm = sum(claim.firm for claim in claims)
    if total >= firm:
        welcome = sum(claim.tolerance for claim in claims)
        extra = _split(
            min(total - firm, welcome), [(claim.key, claim.tolerance) for claim in claims], sharing
        )
        return {claim.key: claim.firm + extra[claim.key] for claim in claims}
    return _split(total, [(claim.key, claim.firm) for claim in claims], sharing)


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
