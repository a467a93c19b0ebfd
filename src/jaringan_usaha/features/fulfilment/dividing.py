"""The rules of sharing out: each item of each receipt once, on the newest entitlements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, assert_never, cast

import msgspec

from jaringan_usaha.features.cycles.events import ConsolidatedLine, CycleOpened, group_order_id
from jaringan_usaha.features.fulfilment.domain import (
    COUNTED,
    GROUP_ORDER,
    GroupOrder,
    NoSuchReceipt,
)
from jaringan_usaha.features.fulfilment.events import (
    DeliveryShared,
    ItemGiven,
    SurplusDecided,
    delivered_id,
)
from jaringan_usaha.features.fulfilment.sharing import (
    Claimant,
    OrderedItem,
    SharedItem,
    Worth,
    share_item,
    take_back,
)
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Outdated
from jaringan_usaha.kernel.sharing import ALGORITHM, Sharing

WEIGHT_A_PART = 400
"""Rows and items in one event: at most 150 bytes each, so that it fits into 64 KiB."""

# -- commands ------------------------------------------------------------------------------


class ItemClaims(msgspec.Struct, frozen=True):
    """Everybody who may expect or has received anything of an item, in any order."""

    item_id: str
    claimants: tuple[Claimant, ...]


class ShareReceipt(Command):
    """Share some items of a receipt out; the house itself asks it.

    The claims are those of read tables that show `order_changes` changes of the order.
    """

    receipt_id: str
    cycle_id: str
    supplier_id: str
    order_changes: int
    items: tuple[ItemClaims, ...]


# -- rejections ----------------------------------------------------------------------------


class ClaimsAreOutdated(Outdated):
    code = "claims-outdated"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """How the cycle shares what is too little or too much."""

    cycle_id: str
    sharing: Sharing = "pro_rata"
    priority: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """One item of a consolidated order: units that koperasi got, units kept or given at a
    value of `valued_idr` in all, and of every receipt the accepted units that were `shared`
    and how many of them wait for a decision."""

    delivered_id: str
    given: int = 0
    valued: int = 0
    valued_idr: int = 0
    shared: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)

    def worth(self, line: ConsolidatedLine) -> Worth:
        """What more of it costs, by its order line."""
        return Worth(line.quantity, line.amount_idr, self.valued, self.valued_idr)


def evolve_terms(terms: Terms, event: CycleOpened) -> Terms:
    return replace(terms, sharing=cast("Sharing", event.sharing), priority=event.priority)


def evolve_delivered(delivered: Delivered, event: DeliveryShared | SurplusDecided) -> Delivered:
    match event:
        case DeliveryShared():
            for item in event.items:
                if _is_of(delivered, event.consolidated_order_id, item):
                    return _shared(delivered, event.receipt_id, item)
            return delivered
        case SurplusDecided():
            return _decided(delivered, event)
    assert_never(event)


def _is_of(delivered: Delivered, order_id: str, item: ItemGiven) -> bool:
    return not item.continued and delivered_id(order_id, item.item_id) == delivered.delivered_id


def _shared(delivered: Delivered, receipt_id: str, item: ItemGiven) -> Delivered:
    units = item.accepted - item.surplus
    return replace(
        delivered,
        given=delivered.given + units,
        valued=delivered.valued + units,
        valued_idr=delivered.valued_idr + item.goods_idr,
        shared=_added(delivered.shared, receipt_id, item.accepted),
        waiting=_added(delivered.waiting, receipt_id, item.surplus),
    )


def _added(units: Mapping[str, int], receipt_id: str, more: int) -> dict[str, int]:
    return {**units, receipt_id: units.get(receipt_id, 0) + more}


def _decided(delivered: Delivered, event: SurplusDecided) -> Delivered:
    kept = 0 if event.decision == "return" else event.units
    return replace(
        delivered,
        given=delivered.given + (event.units if event.koperasi_id else 0),
        valued=delivered.valued + kept,
        valued_idr=delivered.valued_idr + event.goods_idr,
        waiting=_added(delivered.waiting, event.receipt_id, -event.units),
    )


TERMS = Topic("fulfilment.terms", "cycle", (CycleOpened,), Terms, evolve_terms, settled=True)
DELIVERED = Topic(
    "fulfilment.delivered",
    "delivered",
    (DeliveryShared, SurplusDecided),
    Delivered,
    evolve_delivered,
)

# -- needs ---------------------------------------------------------------------------------


def needs(command: ShareReceipt) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    order_id = group_order_id(command.cycle_id, command.supplier_id)
    return [
        GROUP_ORDER.about(order_id),
        COUNTED.about(command.receipt_id),
        TERMS.about(command.cycle_id),
        *(DELIVERED.about(delivered_id(order_id, item.item_id)) for item in command.items),
    ]


# -- decide --------------------------------------------------------------------------------


def share_receipt(command: ShareReceipt, known: Known) -> Sequence[Event]:
    """Items that were shared as they are counted are passed over, so that each unit is shared
    once; so are those whose claims are outdated, as long as there are others. What a correction
    of the receipt adds is shared as if it came now, and what it takes off is taken back.

    Raises NoSuchReceipt, ClaimsAreOutdated.
    """
    order_id = group_order_id(command.cycle_id, command.supplier_id)
    order = known[GROUP_ORDER.about(order_id)]
    receipt = known[COUNTED.about(command.receipt_id)]
    if receipt.consolidated_order_id != order_id:
        raise NoSuchReceipt(f"there is no receipt {command.receipt_id} for {order_id}")
    terms = known[TERMS.about(command.cycle_id)]
    shared: list[tuple[str, int, SharedItem]] = []
    outdated: list[str] = []
    for item in command.items:
        delivered = known[DELIVERED.about(delivered_id(order_id, item.item_id))]
        more = receipt.accepted[item.item_id] - delivered.shared.get(command.receipt_id, 0)
        if not more:
            continue
        if not _add_up(command.order_changes, item, order, delivered):
            outdated.append(item.item_id)
            continue
        divided = _share(more, command.receipt_id, item, order, delivered, terms)
        shared.append((item.item_id, more, divided))
    if outdated and not shared:
        names = ", ".join(outdated)
        raise ClaimsAreOutdated(
            f"the claims to {names} are not those that the log has; take them anew"
        )
    return [
        DeliveryShared(
            receipt_id=command.receipt_id,
            consolidated_order_id=order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            part=part,
            sharing=terms.sharing,
            algorithm=ALGORITHM,
            items=items,
        )
        for part, items in enumerate(_parts(shared), start=1)
    ]


def _add_up(order_changes: int, item: ItemClaims, order: GroupOrder, delivered: Delivered) -> bool:
    """Claims are whole when they add up to what is ordered, and to what was given out, and no
    change of the order came between."""
    granted = sum([each.granted for each in item.claimants])
    received = sum([each.received for each in item.claimants])
    ordered = order.lines[item.item_id].quantity
    return (order_changes, granted, received) == (order.changes, ordered, delivered.given)


def _share(
    more: int,
    receipt_id: str,
    item: ItemClaims,
    order: GroupOrder,
    delivered: Delivered,
    terms: Terms,
) -> SharedItem:
    worth = delivered.worth(order.lines[item.item_id])
    ordered = OrderedItem(item.claimants, terms.sharing, terms.priority, worth)
    if more < 0:
        unclaimed = min(-more, delivered.waiting[receipt_id])
        return take_back(ordered, -more - unclaimed, unclaimed)
    if not worth.quantity:
        return SharedItem((), more, 0)  # nothing is ordered: all of it is surplus
    return share_item(ordered, more)


def _parts(shared: Sequence[tuple[str, int, SharedItem]]) -> Iterator[tuple[ItemGiven, ...]]:
    """Items in parts; one that does not fit into what is left of a part goes on in the next."""
    part: list[ItemGiven] = []
    room = WEIGHT_A_PART
    for item_id, accepted, item in shared:
        start = 0
        while start == 0 or start < len(item.rows):
            if room < 2:
                yield tuple(part)
                part, room = [], WEIGHT_A_PART
            rows = item.rows[start : start + room - 1]
            part.append(
                ItemGiven(
                    item_id=item_id,
                    accepted=accepted,
                    surplus=item.surplus,
                    rows=rows,
                    goods_idr=item.goods_idr,
                    continued=start > 0,
                )
            )
            room -= 1 + len(rows)
            start += len(rows) or 1
    if part:
        yield tuple(part)


shared_deliveries = Decider(needs, share_receipt, (GROUP_ORDER, COUNTED, TERMS, DELIVERED))
