"""What happened to the orders of koperasi."""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class Discount(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the list price that was not asked for, and why (`kind`)."""

    kind: str
    idr: int


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wanted of one item, in base units.

    `amount_idr` and `discounts` are only in cycles with stated prices: what was paid for the
    whole line, and what was taken off before. A quantity of 0 is a value without goods.
    `tolerance` more units are welcome when they fill a case; fewer than `least` are not.
    `shown_idr` is the price of `shown_per` units that the POS showed: checked, never applied.
    """

    supplier_id: str
    item_id: str
    quantity: int
    amount_idr: int | None = None
    discounts: tuple[Discount, ...] = ()
    tolerance: int = 0
    least: int = 0
    shown_idr: int | None = None
    shown_per: int = 1


class Limited(msgspec.Struct, frozen=True, kw_only=True):
    """Units, tolerance included, that an order takes of an item of which a koperasi may take only
    so many in a `week` (`2026-W03`), by this setting of the item's rule; 0 once it takes none."""

    item_id: str
    units: int
    week: str
    rule_version_no: int


def limited_id(koperasi_id: str, item_id: str) -> str:
    """All that one koperasi takes of a limited item."""
    return f"{koperasi_id}|{item_id}"


class OrderEvent(Event):
    """What every event of an order tells: whose it is, and what it takes of limited items."""

    order_id: str
    cycle_id: str
    koperasi_id: str
    client_at: datetime | None = None
    limited: tuple[Limited, ...] = ()

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its own ids, it is found by what it takes of limited items."""
        yield from super().tags()
        for each in self.limited:
            yield "limited", limited_id(self.koperasi_id, each.item_id)


class OrderPlaced(OrderEvent, kw_only=True):
    """One order with all its lines. `client_at` is the device's clock: data, never order."""

    name: ClassVar[str] = "cycles.order_placed.1"
    lines: tuple[OrderLine, ...]


class OrderChanged(OrderEvent, kw_only=True):
    """All lines of the order as they are from now on."""

    name: ClassVar[str] = "cycles.order_changed.1"
    lines: tuple[OrderLine, ...]


class OrderCancelled(OrderEvent):
    """The order is withdrawn; what it was part of is in the events beside this one."""

    name: ClassVar[str] = "cycles.order_cancelled.1"
    reason: str = ""


class CasesFilled(Event):
    """While cases are filled, an order changed what the group wants of one item: its totals
    from now on, firm units and those welcome besides. `fill_id` is cycle, supplier and item."""

    name: ClassVar[str] = "cycles.cases_filled.1"
    fill_id: str
    cycle_id: str
    supplier_id: str
    item_id: str
    order: str
    firm: int
    tolerance: int
