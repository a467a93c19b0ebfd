"""How one item of a delivery is shared out, in units and rupiah: pure arithmetic."""

from collections.abc import Sequence

import msgspec

from jaringan_usaha.features.fulfilment.events import Given
from jaringan_usaha.kernel.money import half_up, largest_remainder
from jaringan_usaha.kernel.sharing import Claim, Sharing, share_out


class Claimant(msgspec.Struct, frozen=True, array_like=True):
    """One koperasi's entitlement to one item, and what it has of it.

    Of `firm` units wanted and `tolerance` welcome, `granted` are ordered, and had cost
    `alone_idr` alone; `declined` says that it takes nothing, since that were less than it
    accepts. It `received` units of earlier deliveries, which alone had cost
    `received_alone_idr`.
    """

    koperasi_id: str
    firm: int
    tolerance: int
    first_position: int
    granted: int
    alone_idr: int
    declined: bool = False
    received: int = 0
    received_alone_idr: int = 0

    @property
    def outstanding(self) -> int:
        """Units still expected: the firm ones that are ordered. What is ordered on tolerance
        is dropped first when too little arrives, so it is no claim of the same rank."""
        return max(min(self.firm, self.granted) - self.received, 0)

    @property
    def welcome(self) -> int:
        """Units it would take beyond those, up to all that it ever wanted."""
        if self.declined:
            return 0
        return max(self.firm + self.tolerance - self.received - self.outstanding, 0)

    def alone_for(self, units: int, goods_idr: int) -> int:
        """What `units` more had cost alone, so that the whole entitlement adds up exactly.
        Units of an item of which nothing was ordered for it save nothing."""
        if self.granted == 0:
            return goods_idr
        return half_up(self.alone_idr * (self.received + units), self.granted) - (
            self.received_alone_idr
        )


class SharedItem(msgspec.Struct, frozen=True):
    """Who gets what of an item; `surplus` units nobody expected, the others cost `goods_idr`."""

    rows: tuple[Given, ...]
    surplus: int
    goods_idr: int


def in_turn(
    claimants: Sequence[Claimant], sharing: Sharing, priority: Sequence[str]
) -> list[Claimant]:
    """By first commitment, then id; with `priority`, those named before all others."""
    rank = {koperasi: turn for turn, koperasi in enumerate(priority)}
    last = len(rank)

    def turn(claimant: Claimant) -> tuple[int, int, str]:
        first = rank.get(claimant.koperasi_id, last) if sharing == "priority" else last
        return first, claimant.first_position, claimant.koperasi_id

    return sorted(claimants, key=turn)


def share_item(
    accepted: int,
    claimants: Sequence[Claimant],
    sharing: Sharing,
    priority: Sequence[str],
    *,
    line: tuple[int, int],
    before: tuple[int, int],
) -> SharedItem:
    """Share `accepted` units over what is outstanding now, never over the running total, so
    that nobody has to give one back. Source: domain rules S1 to S5.

    `line` is (rupiah, units) of the order, `before` (units, rupiah) given out so far: the value
    is that of the running total less what was valued before, so that all deliveries add up to
    the line. The least quantity that a koperasi accepts is a condition of ordering; here it is
    not applied, since the rest may come with the next delivery.
    """
    standing = in_turn(claimants, sharing, priority)
    claims = [Claim(each.koperasi_id, each.outstanding, each.welcome) for each in standing]
    shared = share_out(accepted, claims, sharing)
    given = accepted - shared.left
    goods_idr = value_idr(line, before, given)
    goods = _split_idr(goods_idr, list(shared.units.items())) if given else {}
    rows = tuple(
        Given(
            koperasi_id=each.koperasi_id,
            outstanding=claim.firm,
            tolerance=claim.tolerance,
            units=(units := shared.units[claim.key]),
            goods_idr=(idr := goods[claim.key] if units else 0),
            alone_idr=each.alone_for(units, idr) if units else 0,
        )
        for each, claim in zip(standing, claims, strict=True)
        if claim.firm or claim.tolerance
    )
    return SharedItem(rows, shared.left, goods_idr)


def take_back(
    units: int,
    unclaimed: int,
    claimants: Sequence[Claimant],
    sharing: Sharing,
    priority: Sequence[str],
    *,
    line: tuple[int, int],
    before: tuple[int, int],
) -> SharedItem:
    """Take `units` back from those who were given them, since they never came, and `unclaimed`
    ones from the surplus that waits.

    What is left is shared over what each has: what came on tolerance goes first, and nobody gets
    more because fewer came. `line` and `before` are as for `share_item`.
    """
    standing = in_turn(claimants, sharing, priority)
    claims = [_held(each) for each in standing]
    held = sum(each.received for each in standing)
    left = share_out(held - units, claims, sharing).units
    lost = {each.koperasi_id: each.received - left[each.koperasi_id] for each in standing}
    goods_idr = value_idr(line, before, -units)
    goods = _split_idr(goods_idr, list(lost.items())) if units else {}
    rows = tuple(
        Given(
            koperasi_id=claim.key,
            outstanding=claim.firm,
            tolerance=claim.tolerance,
            units=-lost[claim.key],
            goods_idr=goods[claim.key],
            alone_idr=each.alone_for(-lost[claim.key], goods[claim.key]),
        )
        for each, claim in zip(standing, claims, strict=True)
        if lost[claim.key]
    )
    return SharedItem(rows, -unclaimed, goods_idr)


def _held(claimant: Claimant) -> Claim:
    """What it has: firm units that are ordered for it, and what it was given beyond those."""
    firm = min(claimant.firm, claimant.granted, claimant.received)
    return Claim(claimant.koperasi_id, firm, claimant.received - firm)


def value_idr(line: tuple[int, int], before: tuple[int, int], units: int) -> int:
    """What `units` more of an order line cost, given (units, rupiah) valued before: whole
    rupiah, halves up, of the running total. 0 for nothing, also when the price has changed."""
    if not units:
        return 0
    amount_idr, quantity = line
    units_before, idr_before = before
    return half_up(amount_idr * (units_before + units), quantity) - idr_before


def _split_idr(total_idr: int, units: Sequence[tuple[str, int]]) -> dict[str, int]:
    """By units; a total below zero (the price fell after a part had come) splits alike."""
    sign = -1 if total_idr < 0 else 1
    return {key: sign * idr for key, idr in largest_remainder(sign * total_idr, units).items()}
