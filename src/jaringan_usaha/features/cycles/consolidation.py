"""What the group pays for what it orders together, and how that is shared: pure arithmetic."""

from collections.abc import Iterable

import msgspec

from jaringan_usaha.features.cycles.events import ConsolidatedLine, KoperasiShare
from jaringan_usaha.kernel.money import largest_remainder
from jaringan_usaha.kernel.tiers import Price, cost_idr, tier_for


class KoperasiDemand(msgspec.Struct, frozen=True, kw_only=True):
    """What one koperasi orders of one item in all its orders of a cycle.

    `first_position` is where it first did so; it settles ties. `amount_idr` and `discount_idr`
    are the sums that its lines stated, 0 where prices are listed.
    """

    koperasi_id: str
    quantity: int
    order_lines: int
    amount_idr: int
    discount_idr: int
    first_position: int


class ItemDemand(msgspec.Struct, frozen=True, kw_only=True):
    """What all koperasi order of one item, by first position."""

    item_id: str
    parts: tuple[KoperasiDemand, ...]


def at_listed_price(
    demand: ItemDemand, price: Price
) -> tuple[ConsolidatedLine, list[KoperasiShare]]:
    """One item at the group's tier; its cost is shared by quantity, exact to the rupiah."""
    weights = [(part.koperasi_id, part.quantity) for part in demand.parts]
    quantity = sum(weight for _, weight in weights)
    amount = cost_idr(price, quantity)
    owed = largest_remainder(amount, weights)
    shares = [
        KoperasiShare(
            koperasi_id=part.koperasi_id,
            amount_idr=owed[part.koperasi_id],
            alone_idr=cost_idr(price, part.quantity),
        )
        for part in demand.parts
    ]
    tier = tier_for(price.tiers, quantity)
    line = ConsolidatedLine(
        item_id=demand.item_id,
        quantity=quantity,
        order_lines=sum(part.order_lines for part in demand.parts),
        amount_idr=amount,
        alone_idr=sum(share.alone_idr for share in shares),
        price_list=price.price_list_id,
        price_idr=tier.idr,
        price_per=tier.per,
    )
    return line, shares


def at_stated_amounts(demand: ItemDemand) -> tuple[ConsolidatedLine, list[KoperasiShare]]:
    """One item at the amounts that its order lines state; nothing is left to split."""
    shares = [
        KoperasiShare(
            koperasi_id=part.koperasi_id,
            amount_idr=part.amount_idr,
            alone_idr=part.amount_idr + part.discount_idr,
        )
        for part in demand.parts
    ]
    line = ConsolidatedLine(
        item_id=demand.item_id,
        quantity=sum(part.quantity for part in demand.parts),
        order_lines=sum(part.order_lines for part in demand.parts),
        amount_idr=sum(share.amount_idr for share in shares),
        alone_idr=sum(share.alone_idr for share in shares),
    )
    return line, shares


def added_up(shares: Iterable[KoperasiShare]) -> list[KoperasiShare]:
    """One share per koperasi, by id: the sums over all items of a supplier."""
    sums: dict[str, list[int]] = {}
    for share in shares:
        sum_ = sums.setdefault(share.koperasi_id, [0, 0])
        sum_[0] += share.amount_idr
        sum_[1] += share.alone_idr
    return [
        KoperasiShare(koperasi_id=koperasi, amount_idr=amount, alone_idr=alone)
        for koperasi, (amount, alone) in sorted(sums.items())
    ]
