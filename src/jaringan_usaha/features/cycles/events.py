"""What happened in buying cycles, from the first order to the consolidated ones."""

from datetime import date, datetime
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class CycleOpened(Event):
    """Koperasi may order until `closes_at`.

    `prices`: `listed` takes the suppliers' price lists in force on `priced_on`; `stated` takes
    the amount that each order line states, as receipts of goods already sold do.
    """

    name: ClassVar[str] = "cycles.cycle_opened.1"
    cycle_id: str
    title: str
    opens_at: datetime
    closes_at: datetime
    prices: str
    priced_on: date


class CycleClosed(Event):
    """No order has a higher position than this. `early`: before the time announced."""

    name: ClassVar[str] = "cycles.cycle_closed.1"
    cycle_id: str
    early: bool = False
    reason: str = ""


class CycleCancelled(Event):
    """The cycle ends without a purchase."""

    name: ClassVar[str] = "cycles.cycle_cancelled.1"
    cycle_id: str
    reason: str


class Discount(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the list price that was not asked for, and why (`kind`)."""

    kind: str
    idr: int


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wanted of one item, in base units.

    `amount_idr` and `discounts` are only in cycles with stated prices: what was paid for the
    whole line, and what was taken off before. A quantity of 0 is a value without goods.
    """

    supplier_id: str
    item_id: str
    quantity: int
    amount_idr: int | None = None
    discounts: tuple[Discount, ...] = ()


class OrderPlaced(Event):
    """One order with all its lines. `client_at` is the device's clock: data, never order."""

    name: ClassVar[str] = "cycles.order_placed.1"
    order_id: str
    cycle_id: str
    koperasi_id: str
    lines: tuple[OrderLine, ...]
    client_at: datetime | None = None


class OrderChanged(Event):
    """All lines of the order as they are from now on."""

    name: ClassVar[str] = "cycles.order_changed.1"
    order_id: str
    cycle_id: str
    koperasi_id: str
    lines: tuple[OrderLine, ...]


class OrderCancelled(Event):
    name: ClassVar[str] = "cycles.order_cancelled.1"
    order_id: str
    cycle_id: str
    koperasi_id: str
    reason: str = ""


class ConsolidatedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that the group orders of one item: units, order lines folded into it, and rupiah.

    `alone_idr` is what it had cost without the group: each koperasi at the tier of its own
    quantity, or the list price before discounts. `price_list` and the price are those applied.
    """

    item_id: str
    quantity: int
    order_lines: int
    amount_idr: int
    alone_idr: int
    price_list: str = ""
    price_idr: int | None = None
    price_per: int = 1


class ConsolidatedOrderPlaced(Event):
    """Part `part` of the one order that the group places with one supplier in one cycle."""

    name: ClassVar[str] = "cycles.consolidated_order_placed.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    part: int
    lines: tuple[ConsolidatedLine, ...]


class KoperasiShare(msgspec.Struct, frozen=True, kw_only=True):
    """What one koperasi owes of a consolidated order, and what it had paid alone."""

    koperasi_id: str
    amount_idr: int
    alone_idr: int


class ConsolidatedOrderShared(Event):
    """Part `part` of who owes what of a consolidated order; the shares add up to it exactly."""

    name: ClassVar[str] = "cycles.consolidated_order_shared.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    part: int
    shares: tuple[KoperasiShare, ...]


class CycleConsolidated(Event):
    """All consolidated orders of the cycle are placed: how many, and their totals."""

    name: ClassVar[str] = "cycles.cycle_consolidated.1"
    cycle_id: str
    consolidated_orders: int
    order_lines: int
    amount_idr: int
    alone_idr: int
