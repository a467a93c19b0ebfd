"""What arrived, and how it was shared out."""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class ReceivedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base units of one item in one delivery: those taken in, and those refused, with why."""

    item_id: str
    accepted: int
    rejected: int = 0
    reason: str = ""


class GoodsReceived(Event):
    """Part `part` of one delivery for a consolidated order, as counted."""

    name: ClassVar[str] = "fulfilment.goods_received.1"
    receipt_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    received_on: date
    reference: str
    lines: tuple[ReceivedLine, ...]
    part: int = 1


class CorrectedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What arrived of one item, and what was recorded of it until now."""

    item_id: str
    accepted: int
    accepted_before: int
    rejected: int = 0
    rejected_before: int = 0
    reason: str = ""


class ReceiptCorrected(Event):
    """Lines of a receipt as they should have been recorded, and why they were not. What that
    makes more or fewer is shared out, or taken back, by a later `DeliveryShared`."""

    name: ClassVar[str] = "fulfilment.receipt_corrected.1"
    receipt_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    correction_no: int
    reason: str
    lines: tuple[CorrectedLine, ...]


class Given(msgspec.Struct, frozen=True, array_like=True):
    """What one koperasi gets of a delivery, and what that was decided on.

    It still expected `outstanding` units and would take `tolerance` more. `goods_idr` is its
    part of the goods' value; alone they had cost `alone_idr`. Below zero they are taken back,
    from what it has: `outstanding` of its firm units and `tolerance` beyond them.
    """

    koperasi_id: str
    outstanding: int
    tolerance: int
    units: int
    goods_idr: int
    alone_idr: int


class ItemGiven(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item of a delivery: all koperasi, or so many of them as fit into this part; a later
    part has the others, `continued`. They stand in the order that settles ties.

    Of the whole item, and the same in all its parts: `accepted` units arrived, `surplus` of
    them nobody expected and wait for a decision, the others are worth `goods_idr`. After a
    correction of the receipt these are the differences that it makes, also below zero.
    """

    item_id: str
    accepted: int
    surplus: int
    rows: tuple[Given, ...]
    goods_idr: int = 0
    continued: bool = False


class DeliveryShared(Event):
    """How items of a delivery were shared out; `sharing` and `algorithm` name how. What was
    shared at once comes in parts, from 1; another time has its own."""

    name: ClassVar[str] = "fulfilment.delivery_shared.1"
    receipt_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    part: int
    sharing: str
    algorithm: str
    items: tuple[ItemGiven, ...]

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its own ids, each item is found where it begins, as delivered goods."""
        yield from super().tags()
        for item in self.items:
            if not item.continued:
                yield "delivered", delivered_id(self.consolidated_order_id, item.item_id)


class SurplusDecided(Event):
    """What becomes of units that nobody expected: `return`ed, kept in `stock` by the group, or
    given to a koperasi that took the `offer`. Who keeps them does so at the line's price,
    `goods_idr`."""

    name: ClassVar[str] = "fulfilment.surplus_decided.1"
    receipt_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    item_id: str
    units: int
    decision: str
    reason: str
    koperasi_id: str | None = None
    goods_idr: int = 0

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its own ids, it is found as delivered goods."""
        yield from super().tags()
        yield "delivered", delivered_id(self.consolidated_order_id, self.item_id)


class DeliveryEnded(Event):
    """No more is expected for a consolidated order; what was not accepted is a shortfall."""

    name: ClassVar[str] = "fulfilment.delivery_ended.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    reason: str


def delivered_id(consolidated_order_id: str, item_id: str) -> str:
    """All that arrives of one item for one consolidated order."""
    return f"{consolidated_order_id}|{item_id}"
