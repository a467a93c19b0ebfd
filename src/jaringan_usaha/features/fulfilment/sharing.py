"""How one item of a delivery is shared out, in units and rupiah: pure arithmetic."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

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
        """What `units` more had cost alone, so that the whole entitlement adds up exactly: 0 for
        nothing. Units of an item of which nothing was ordered for it save nothing."""
        if not units:
            return 0
        if self.granted == 0:
            return goods_idr
        return half_up(self.alone_idr * (self.received + units), self.granted) - (
            self.received_alone_idr
        )


class Worth(NamedTuple):
    """What an order line says of an item, `amount_idr` for `quantity` units, and what was valued
    of it so far: `valued` units at `valued_idr`."""

    quantity: int
    amount_idr: int
    valued: int = 0
    valued_idr: int = 0

    def of(self, units: int) -> int:
        """What `units` more cost, below zero fewer: whole rupiah, halves up, of the running total
        less what was valued before, so that all deliveries add up to the line. 0 for nothing,
        also when the price has changed."""
        if not units:
            return 0
        total_idr = half_up(self.amount_idr * (self.valued + units), self.quantity)
        return total_idr - self.valued_idr


class OrderedItem(NamedTuple):
    """An item of which something is to be shared out or taken back: who may expect or has any of
    it, in any order, how the cycle shares, and what it costs."""

    claimants: Sequence[Claimant]
    sharing: Sharing
    priority: Sequence[str]
    worth: Worth

    def in_turn(self) -> list[Claimant]:
        """By first commitment, then id; with `priority`, those named before all others."""
        rank = {koperasi: turn for turn, koperasi in enumerate(self.priority)}
        last = len(rank)

        def turn(claimant: Claimant) -> tuple[int, int, str]:
            first = rank.get(claimant.koperasi_id, last) if self.sharing == "priority" else last
            return first, claimant.first_position, claimant.koperasi_id

        return sorted(self.claimants, key=turn)


class SharedItem(msgspec.Struct, frozen=True):
    """Who gets what of an item; `surplus` units nobody expected, the others cost `goods_idr`."""

    rows: tuple[Given, ...]
    surplus: int
    goods_idr: int


def share_item(item: OrderedItem, accepted: int) -> SharedItem:
    """Share `accepted` units over what is outstanding now, never over the running total, so
    that nobody has to give one back. Source: domain rules S1 to S5.

    The least quantity that a koperasi accepts is a condition of ordering; here it is not
    applied, since the rest may come with the next delivery.
    """
    standing = item.in_turn()
    claims = [Claim(each.koperasi_id, each.outstanding, each.welcome) for each in standing]
    shared = share_out(accepted, claims, item.sharing)
    goods_idr = item.worth.of(accepted - shared.left)
    units = {
        claim.key: shared.units[claim.key] for claim in claims if claim.firm or claim.tolerance
    }
    return SharedItem(_rows(standing, claims, units, goods_idr), shared.left, goods_idr)


def take_back(item: OrderedItem, units: int, unclaimed: int) -> SharedItem:
    """Take `units` back from those who were given them, since they never came, and `unclaimed`
    ones from the surplus that waits.

    What is left is shared over what each has: what came on tolerance goes first, and nobody gets
    more because fewer came.
    """
    standing = item.in_turn()
    claims = [_held(each) for each in standing]
    held = sum(each.received for each in standing)
    left = share_out(held - units, claims, item.sharing).units
    goods_idr = item.worth.of(-units)
    lost = {
        each.koperasi_id: left[each.koperasi_id] - each.received
        for each in standing
        if left[each.koperasi_id] != each.received
    }
    return SharedItem(_rows(standing, claims, lost, goods_idr), -unclaimed, goods_idr)


def _held(claimant: Claimant) -> Claim:
    """What it has: firm units that are ordered for it, and what it was given beyond those."""
    firm = min(claimant.firm, claimant.granted, claimant.received)
    return Claim(claimant.koperasi_id, firm, claimant.received - firm)


def _rows(
    standing: Sequence[Claimant],
    claims: Sequence[Claim],
    units: Mapping[str, int],
    goods_idr: int,
) -> tuple[Given, ...]:
    """What everybody whom `units` names gets, or below zero loses, on its claim."""
    goods = _split_idr(goods_idr, units)
    return tuple(
        Given(
            koperasi_id=claim.key,
            outstanding=claim.firm,
            tolerance=claim.tolerance,
            units=units[claim.key],
            goods_idr=goods[claim.key],
            alone_idr=each.alone_for(units[claim.key], goods[claim.key]),
        )
        for each, claim in zip(standing, claims, strict=True)
        if claim.key in units
    )


def _split_idr(total_idr: int, units: Mapping[str, int]) -> dict[str, int]:
    """By units, whichever way they go; a total below zero (they are taken back, or the price fell
    after a part had come) splits alike."""
    if not total_idr:
        return dict.fromkeys(units, 0)
    sign = -1 if total_idr < 0 else 1
    weights = [(key, abs(count)) for key, count in units.items()]
    return {key: sign * idr for key, idr in largest_remainder(sign * total_idr, weights).items()}
