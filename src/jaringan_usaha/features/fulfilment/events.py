"""What arrived, and how it was shared out."""

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
    """One delivery for a consolidated order, as counted."""

    name: ClassVar[str] = "fulfilment.goods_received.1"
    receipt_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    received_on: date
    reference: str
    lines: tuple[ReceivedLine, ...]


class Given(msgspec.Struct, frozen=True, array_like=True):
    """What one koperasi gets of a delivery, and what that was decided on.

    It still expected `outstanding` firm units and would take `tolerance` more. `goods_idr` is
    its part of the goods' value; alone they had cost `alone_idr`.
    """

    koperasi_id: str
    outstanding: int
    tolerance: int
    units: int
    goods_idr: int
    alone_idr: int


class ItemGiven(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a delivery: all koperasi, or so many of them as fit into this part.

    `accepted` units arrived in all, `surplus` of them nobody expected; they wait for a decision.
    """

    item_id: str
    accepted: int
    surplus: int
    rows: tuple[Given, ...]


class DeliveryShared(Event):
    """Part `part` of how a delivery was shared out; `sharing` and `algorithm` name how."""

    name: ClassVar[str] = "fulfilment.delivery_shared.1"
    receipt_id: str
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    part: int
    sharing: str
    algorithm: str
    items: tuple[ItemGiven, ...]


class SurplusDecided(Event):
    """What becomes of units that nobody expected: `return`, `stock`, or given to a koperasi
    that was `offer`ed them, at the line's price (`goods_idr`)."""

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


class DeliveryEnded(Event):
    """No more is expected for a consolidated order; what was not accepted is a shortfall."""

    name: ClassVar[str] = "fulfilment.delivery_ended.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    reason: str
