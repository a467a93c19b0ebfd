"""The rules of buying cycles and of the orders in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal, assert_never

import msgspec

from jaringan_usaha.features.catalog.events import ItemAdded, PriceListPublished, offer_id
from jaringan_usaha.features.cycles.consolidation import (
    ItemDemand,
    Price,
    added_up,
    at_listed_price,
    at_stated_amounts,
)
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderShared,
    CycleCancelled,
    CycleClosed,
    CycleConsolidated,
    CycleOpened,
    KoperasiShare,
    OrderCancelled,
    OrderChanged,
    OrderLine,
    OrderPlaced,
)
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiReinstated,
    KoperasiSuspended,
    SupplierAdmitted,
)
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Outdated, Refused

GRACE = timedelta(seconds=5)
"""How long after `closes_at` a cycle stays open for orders already received; more than a
request may wait to be recorded, so that an order received in time is not lost in the queue."""

MOST_LINES = 500
LINES_A_PART = 200
SHARES_A_PART = 400

# -- commands ------------------------------------------------------------------------------


class OpenCycle(Command):
    cycle_id: str
    title: str
    opens_at: datetime
    closes_at: datetime
    prices: Literal["listed", "stated"]
    priced_on: date


class CloseCycle(Command):
    """`early` closes before the time announced, with a reason; else the time must be over."""

    cycle_id: str
    early: bool = False
    reason: str = ""


class CancelCycle(Command):
    cycle_id: str
    reason: str


class PlaceOrder(Command):
    order_id: str
    cycle_id: str
    koperasi_id: str
    lines: tuple[OrderLine, ...]
    client_at: datetime | None = None


class ChangeOrder(Command):
    """Replace all lines; `if_version` is the version that the caller has seen."""

    order_id: str
    cycle_id: str
    koperasi_id: str
    lines: tuple[OrderLine, ...]
    if_version: int | None


class CancelOrder(Command):
    order_id: str
    cycle_id: str
    koperasi_id: str
    if_version: int | None
    reason: str = ""


class ConsolidateSupplier(Command):
    """Fold the demand of a closed cycle into the one order to one supplier."""

    cycle_id: str
    supplier_id: str
    demand: tuple[ItemDemand, ...]


class FinishConsolidation(Command):
    """Every supplier of the cycle has its order; these are their totals."""

    cycle_id: str
    consolidated_orders: int
    order_lines: int
    amount_idr: int
    alone_idr: int


OrderCommand = PlaceOrder | ChangeOrder | CancelOrder
CycleCommand = (
    OpenCycle | CloseCycle | CancelCycle | OrderCommand | ConsolidateSupplier | FinishConsolidation
)

# -- rejections ----------------------------------------------------------------------------


class NoSuchCycle(Missing):
    code = "cycle-unknown"


class CycleExists(Refused):
    code = "cycle-exists"


class CycleIsClosed(Refused):
    code = "order-window-closed"


class CycleNotOpenYet(Refused):
    code = "cycle-not-open-yet"


class CycleStillOpen(Refused):
    code = "cycle-still-open"


class CycleAlreadyConsolidated(Refused):
    code = "cycle-already-consolidated"


class NoSuchKoperasi(Missing):
    code = "koperasi-unknown"


class KoperasiMayNotTrade(Refused):
    code = "koperasi-may-not-trade"


class NoSuchOrder(Missing):
    code = "order-unknown"


class OrderExists(Refused):
    code = "order-exists"


class OrderIsCancelled(Refused):
    code = "order-is-cancelled"


class OrderHasChanged(Outdated):
    code = "version-conflict"


class ItemNotOffered(Refused):
    code = "item-not-offered"


class LinesDoNotFit(Invalid):
    code = "order-lines-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cycle:
    """Only what the decisions below look at."""

    cycle_id: str
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    prices: str = ""
    priced_on: date | None = None
    closed: bool = False
    cancelled: bool = False
    consolidated: bool = False
    opening: bytes = b""


@dataclass(frozen=True, slots=True)
class Order:
    order_id: str
    cycle_id: str = ""
    koperasi_id: str = ""
    content: bytes = b""
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Buyer:
    koperasi_id: str
    admitted: bool = False
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """The prices one supplier ever asked for one item, latest list last."""

    offer_id: str
    prices: tuple[tuple[date, date | None, Price], ...] = ()

    def on(self, day: date) -> Price | None:
        """The price in force on a day: of the lists that include it, the one starting last."""
        in_force = [
            (start, order, price)
            for order, (start, end, price) in enumerate(self.prices)
            if start <= day and (end is None or day <= end)
        ]
        return max(in_force, key=lambda each: each[:2])[2] if in_force else None


@dataclass(frozen=True, slots=True)
class Exists:
    """A thing that can only ever come into being."""

    id: str
    so: bool = False


@dataclass(frozen=True, slots=True)
class Consolidated:
    consolidated_order_id: str
    placed: bool = False


def evolve_cycle(
    cycle: Cycle, event: CycleOpened | CycleClosed | CycleCancelled | CycleConsolidated
) -> Cycle:
    match event:
        case CycleOpened():
            return replace(
                cycle,
                opens_at=event.opens_at,
                closes_at=event.closes_at,
                prices=event.prices,
                priced_on=event.priced_on,
                opening=digest(event),
            )
        case CycleClosed():
            return replace(cycle, closed=True)
        case CycleCancelled():
            return replace(cycle, cancelled=True)
        case CycleConsolidated():
            return replace(cycle, consolidated=True)
    assert_never(event)


def evolve_order(order: Order, event: OrderPlaced | OrderChanged | OrderCancelled) -> Order:
    match event:
        case OrderPlaced() | OrderChanged():
            return replace(
                order,
                cycle_id=event.cycle_id,
                koperasi_id=event.koperasi_id,
                content=digest(event.lines),
            )
        case OrderCancelled():
            return replace(order, cancelled=True)
    assert_never(event)


def evolve_buyer(
    buyer: Buyer, event: KoperasiAdmitted | KoperasiSuspended | KoperasiReinstated
) -> Buyer:
    match event:
        case KoperasiAdmitted():
            return replace(buyer, admitted=True)
        case KoperasiSuspended():
            return replace(buyer, suspended=True)
        case KoperasiReinstated():
            return replace(buyer, suspended=False)
    assert_never(event)


def evolve_offer(offer: Offer, event: PriceListPublished) -> Offer:
    for row in event.rows:
        if offer_id(event.supplier_id, row.item_id) == offer.offer_id:
            price = Price(
                price_list_id=event.price_list_id, tier_mode=event.tier_mode, tiers=row.tiers
            )
            dated = (event.valid_from_on, event.valid_until_on, price)
            return replace(offer, prices=(*offer.prices, dated))
    return offer


def evolve_exists(thing: Exists, _: Event) -> Exists:
    return replace(thing, so=True)


def evolve_consolidated(
    consolidated: Consolidated, _: ConsolidatedOrderPlaced | ConsolidatedOrderShared
) -> Consolidated:
    return replace(consolidated, placed=True)


CYCLE = Topic(
    "cycles.cycle",
    "cycle",
    (CycleOpened, CycleClosed, CycleCancelled, CycleConsolidated),
    Cycle,
    evolve_cycle,
    stream=True,
)
ORDER = Topic(
    "cycles.order",
    "order",
    (OrderPlaced, OrderChanged, OrderCancelled),
    Order,
    evolve_order,
    stream=True,
)
BUYER = Topic(
    "cycles.buyer",
    "koperasi",
    (KoperasiAdmitted, KoperasiSuspended, KoperasiReinstated),
    Buyer,
    evolve_buyer,
)
OFFER = Topic("cycles.offer", "offer", (PriceListPublished,), Offer, evolve_offer, settled=True)
ITEM = Topic("cycles.item", "item", (ItemAdded,), Exists, evolve_exists, settled=True)
SUPPLIER = Topic(
    "cycles.supplier", "supplier", (SupplierAdmitted,), Exists, evolve_exists, settled=True
)
CONSOLIDATED = Topic(
    "cycles.consolidated_order",
    "consolidated_order",
    (ConsolidatedOrderPlaced, ConsolidatedOrderShared),
    Consolidated,
    evolve_consolidated,
    stream=True,
)


def digest(content: object) -> bytes:
    """Sixteen bytes that differ when the content does, cheaper to remember than it."""
    return blake2b(msgspec.json.encode(content), digest_size=16).digest()


# -- needs ---------------------------------------------------------------------------------


def needs(command: CycleCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case OpenCycle():
            return [CYCLE.about(command.cycle_id, new=True)]
        case CloseCycle() | CancelCycle() | FinishConsolidation():
            return [CYCLE.about(command.cycle_id)]
        case PlaceOrder():
            return [
                ORDER.about(command.order_id, new=True),
                CYCLE.about(command.cycle_id),
                BUYER.about(command.koperasi_id),
                *_about_lines(command.lines),
            ]
        case ChangeOrder():
            return [
                ORDER.about(command.order_id),
                CYCLE.about(command.cycle_id),
                BUYER.about(command.koperasi_id),
                *_about_lines(command.lines),
            ]
        case CancelOrder():
            return [ORDER.about(command.order_id), CYCLE.about(command.cycle_id)]
        case ConsolidateSupplier():
            return [
                CONSOLIDATED.about(_consolidated_order_id(command), new=True),
                CYCLE.about(command.cycle_id),
                *(
                    OFFER.about(offer_id(command.supplier_id, item.item_id))
                    for item in command.demand
                ),
            ]
    assert_never(command)


def _about_lines(lines: Sequence[OrderLine]) -> list[About[Any]]:
    """Offers where the price is listed; else only that item and supplier exist."""
    about: dict[About[Any], None] = {}
    for line in lines:
        if line.amount_idr is None:
            about[OFFER.about(offer_id(line.supplier_id, line.item_id))] = None
        else:
            about[ITEM.about(line.item_id)] = None
            about[SUPPLIER.about(line.supplier_id)] = None
    return list(about)


def _consolidated_order_id(command: ConsolidateSupplier) -> str:
    return f"{command.cycle_id}|{command.supplier_id}"


# -- decide --------------------------------------------------------------------------------


def decide(command: CycleCommand, known: Known) -> Sequence[Event]:
    match command:
        case OpenCycle():
            return open_cycle(command, known)
        case CloseCycle():
            return close_cycle(command, known)
        case CancelCycle():
            return cancel_cycle(command, known)
        case PlaceOrder():
            return place_order(command, known)
        case ChangeOrder():
            return change_order(command, known)
        case CancelOrder():
            return cancel_order(command, known)
        case ConsolidateSupplier():
            return consolidate_supplier(command, known)
        case FinishConsolidation():
            return finish_consolidation(command, known)
    assert_never(command)


def open_cycle(command: OpenCycle, known: Known) -> Sequence[Event]:
    """Raises CycleExists, LinesDoNotFit."""
    cycle = known[CYCLE.about(command.cycle_id)]
    opened = CycleOpened(
        cycle_id=command.cycle_id,
        title=command.title,
        opens_at=command.opens_at.astimezone(UTC),
        closes_at=command.closes_at.astimezone(UTC),
        prices=command.prices,
        priced_on=command.priced_on,
    )
    if cycle.opens_at is not None:
        if cycle.opening == digest(opened):
            return []
        raise CycleExists(f"cycle {command.cycle_id} was opened before, otherwise than asked here")
    if not command.opens_at < command.closes_at:
        raise Invalid("a cycle must close after it opens", pointer="/closes_at")
    if command.closes_at <= command.asked.at:
        raise Invalid("a cycle must close in the future", pointer="/closes_at")
    return [opened]


def close_cycle(command: CloseCycle, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleStillOpen, CycleIsClosed (when cancelled)."""
    cycle = _existing(known[CYCLE.about(command.cycle_id)])
    if cycle.closed:
        return []
    if cycle.cancelled:
        raise CycleIsClosed(f"cycle {cycle.cycle_id} was cancelled")
    assert cycle.closes_at is not None
    if not command.early and command.asked.at < cycle.closes_at + GRACE:
        raise CycleStillOpen(
            f"cycle {cycle.cycle_id} takes orders until {cycle.closes_at:%Y-%m-%dT%H:%M:%SZ}; "
            "ask for an early close, with a reason, to end it now",
            closes_at=cycle.closes_at,
        )
    return [CycleClosed(cycle_id=cycle.cycle_id, early=command.early, reason=command.reason)]


def cancel_cycle(command: CancelCycle, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleAlreadyConsolidated."""
    cycle = _existing(known[CYCLE.about(command.cycle_id)])
    if cycle.cancelled:
        return []
    if cycle.closed:
        raise CycleAlreadyConsolidated(
            f"cycle {cycle.cycle_id} is closed and its orders go to the suppliers"
        )
    return [CycleCancelled(cycle_id=cycle.cycle_id, reason=command.reason)]


def place_order(command: PlaceOrder, known: Known) -> Sequence[Event]:
    """Raises OrderExists, NoSuchCycle, CycleIsClosed, CycleNotOpenYet, NoSuchKoperasi,
    KoperasiMayNotTrade, LinesDoNotFit, ItemNotOffered."""
    about = ORDER.about(command.order_id)
    order = known[about]
    if known.version(about):
        same = (order.cycle_id, order.koperasi_id) == (command.cycle_id, command.koperasi_id)
        if same and not order.cancelled and order.content == digest(command.lines):
            return []
        raise OrderExists(
            f"order {command.order_id} exists with other content; change it, or use a new id",
            current_version=known.version(about),
        )
    cycle = _taking_orders(command, known)
    _may_trade(known[BUYER.about(command.koperasi_id)])
    _check_lines(command.lines, cycle, known)
    return [
        OrderPlaced(
            order_id=command.order_id,
            cycle_id=command.cycle_id,
            koperasi_id=command.koperasi_id,
            lines=command.lines,
            client_at=command.client_at,
        )
    ]


def change_order(command: ChangeOrder, known: Known) -> Sequence[Event]:
    """Raises NoSuchOrder, OrderHasChanged, OrderIsCancelled, CycleIsClosed, KoperasiMayNotTrade,
    LinesDoNotFit, ItemNotOffered."""
    order = _existing_order(command, known)
    if not order.cancelled and order.content == digest(command.lines):
        return []
    _same_version(command, known)
    if order.cancelled:
        raise OrderIsCancelled(f"order {order.order_id} is cancelled; place a new one")
    cycle = _taking_orders(command, known)
    _may_trade(known[BUYER.about(order.koperasi_id)])
    _check_lines(command.lines, cycle, known)
    return [
        OrderChanged(
            order_id=order.order_id,
            cycle_id=order.cycle_id,
            koperasi_id=order.koperasi_id,
            lines=command.lines,
        )
    ]


def cancel_order(command: CancelOrder, known: Known) -> Sequence[Event]:
    """Raises NoSuchOrder, OrderHasChanged, CycleIsClosed."""
    order = _existing_order(command, known)
    if order.cancelled:
        return []
    _same_version(command, known)
    _taking_orders(command, known)
    return [
        OrderCancelled(
            order_id=order.order_id,
            cycle_id=order.cycle_id,
            koperasi_id=order.koperasi_id,
            reason=command.reason,
        )
    ]


def consolidate_supplier(command: ConsolidateSupplier, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleStillOpen, ItemNotOffered."""
    cycle = _existing(known[CYCLE.about(command.cycle_id)])
    order_id = _consolidated_order_id(command)
    if known[CONSOLIDATED.about(order_id)].placed:
        return []
    if not cycle.closed:
        raise CycleStillOpen(f"cycle {cycle.cycle_id} still takes orders")
    lines: list[ConsolidatedLine] = []
    shares: list[KoperasiShare] = []
    for demand in command.demand:
        if cycle.prices == "stated":
            line, parts = at_stated_amounts(demand)
        else:
            offer = known[OFFER.about(offer_id(command.supplier_id, demand.item_id))]
            line, parts = at_listed_price(demand, _price_on(offer, cycle))
        lines.append(line)
        shares.extend(parts)
    placed = [
        ConsolidatedOrderPlaced(
            consolidated_order_id=order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            part=part,
            lines=tuple(lines[start : start + LINES_A_PART]),
        )
        for part, start in enumerate(range(0, len(lines), LINES_A_PART), start=1)
    ]
    summed = added_up(shares)
    shared = [
        ConsolidatedOrderShared(
            consolidated_order_id=order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            part=part,
            shares=tuple(summed[start : start + SHARES_A_PART]),
        )
        for part, start in enumerate(range(0, len(summed), SHARES_A_PART), start=1)
    ]
    return [*placed, *shared]


def finish_consolidation(command: FinishConsolidation, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleStillOpen."""
    cycle = _existing(known[CYCLE.about(command.cycle_id)])
    if cycle.consolidated:
        return []
    if not cycle.closed:
        raise CycleStillOpen(f"cycle {cycle.cycle_id} still takes orders")
    return [
        CycleConsolidated(
            cycle_id=command.cycle_id,
            consolidated_orders=command.consolidated_orders,
            order_lines=command.order_lines,
            amount_idr=command.amount_idr,
            alone_idr=command.alone_idr,
        )
    ]


def _existing(cycle: Cycle) -> Cycle:
    if cycle.opens_at is None:
        raise NoSuchCycle(f"there is no cycle {cycle.cycle_id}")
    return cycle


def _taking_orders(command: OrderCommand, known: Known) -> Cycle:
    """The cycle, if the command was received in time. The deadline itself is too late."""
    cycle = _existing(known[CYCLE.about(command.cycle_id)])
    assert cycle.opens_at is not None
    assert cycle.closes_at is not None
    if cycle.cancelled:
        raise CycleIsClosed(f"cycle {cycle.cycle_id} was cancelled")
    if cycle.closed or command.asked.at >= cycle.closes_at:
        raise CycleIsClosed(
            f"cycle {cycle.cycle_id} is closed; the order was not moved to another one",
            closed_at=cycle.closes_at,
        )
    if command.asked.at < cycle.opens_at:
        raise CycleNotOpenYet(
            f"cycle {cycle.cycle_id} opens later; send the order then", opens_at=cycle.opens_at
        )
    return cycle


def _may_trade(buyer: Buyer) -> None:
    if not buyer.admitted:
        raise NoSuchKoperasi(f"koperasi {buyer.koperasi_id} is not admitted to this network")
    if buyer.suspended:
        raise KoperasiMayNotTrade(f"koperasi {buyer.koperasi_id} is suspended")


def _check_lines(lines: Sequence[OrderLine], cycle: Cycle, known: Known) -> None:
    if not 1 <= len(lines) <= MOST_LINES:
        raise LinesDoNotFit(f"an order has 1 to {MOST_LINES} lines", pointer="/lines")
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(lines):
        key = (line.supplier_id, line.item_id)
        if key in seen:
            raise LinesDoNotFit(
                f"item {line.item_id} of {line.supplier_id} stands in two lines; add them up",
                pointer=f"/lines/{number}",
            )
        seen.add(key)
        if cycle.prices == "stated":
            _check_stated(line, number, known)
        else:
            _check_listed(line, number, cycle, known)


def _check_stated(line: OrderLine, number: int, known: Known) -> None:
    if line.amount_idr is None:
        raise LinesDoNotFit(
            "this cycle has no listed prices; state the amount of the line",
            pointer=f"/lines/{number}/amount_idr",
        )
    if not known[SUPPLIER.about(line.supplier_id)].so:
        raise ItemNotOffered(
            f"there is no supplier {line.supplier_id}", pointer=f"/lines/{number}/supplier_id"
        )
    if not known[ITEM.about(line.item_id)].so:
        raise ItemNotOffered(f"there is no item {line.item_id}", pointer=f"/lines/{number}/item_id")


def _check_listed(line: OrderLine, number: int, cycle: Cycle, known: Known) -> None:
    if line.amount_idr is not None or line.discounts:
        raise LinesDoNotFit(
            "prices of this cycle come from the suppliers' lists; leave amount and discounts out",
            pointer=f"/lines/{number}/amount_idr",
        )
    if line.quantity < 1:
        raise LinesDoNotFit("order at least one unit", pointer=f"/lines/{number}/quantity")
    _price_on(known[OFFER.about(offer_id(line.supplier_id, line.item_id))], cycle)


def _price_on(offer: Offer, cycle: Cycle) -> Price:
    assert cycle.priced_on is not None
    price = offer.on(cycle.priced_on)
    if price is None:
        supplier_id, _, item_id = offer.offer_id.partition("|")
        raise ItemNotOffered(
            f"supplier {supplier_id} has no price for item {item_id} on {cycle.priced_on}"
        )
    return price


def _existing_order(command: ChangeOrder | CancelOrder, known: Known) -> Order:
    """The order, if it exists where and for whom the command says."""
    order = known[ORDER.about(command.order_id)]
    if (order.cycle_id, order.koperasi_id) != (command.cycle_id, command.koperasi_id):
        raise NoSuchOrder(f"there is no order {command.order_id} of this koperasi in this cycle")
    return order


def _same_version(command: ChangeOrder | CancelOrder, known: Known) -> None:
    version = known.version(ORDER.about(command.order_id))
    if command.if_version is not None and command.if_version != version:
        raise OrderHasChanged(
            f"order {command.order_id} is at version {version} by now; look at it again",
            current_version=version,
        )


cycles = Decider(needs, decide, (CYCLE, ORDER, BUYER, OFFER, ITEM, SUPPLIER, CONSOLIDATED))
