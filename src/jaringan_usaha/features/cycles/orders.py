"""The rules of the orders that koperasi place in a cycle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from jaringan_usaha.features.catalog.events import ItemAdded, offer_id
from jaringan_usaha.features.cycles.domain import (
    CYCLE,
    Cycle,
    CycleIsClosed,
    CycleNotOpenYet,
    Exists,
    digest,
    evolve_exists,
    existing,
)
from jaringan_usaha.features.cycles.events import (
    OrderCancelled,
    OrderChanged,
    OrderLine,
    OrderPlaced,
)
from jaringan_usaha.features.cycles.offers import OFFER, ItemNotOffered, price_on
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiReinstated,
    KoperasiSuspended,
    SupplierAdmitted,
)
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Outdated, Refused

MOST_LINES = 500

# -- commands ------------------------------------------------------------------------------


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


OrderCommand = PlaceOrder | ChangeOrder | CancelOrder

# -- rejections ----------------------------------------------------------------------------


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


class LinesDoNotFit(Invalid):
    code = "order-lines-invalid"


# -- state ---------------------------------------------------------------------------------


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
ITEM = Topic("cycles.item", "item", (ItemAdded,), Exists, evolve_exists, settled=True)
SUPPLIER = Topic(
    "cycles.supplier", "supplier", (SupplierAdmitted,), Exists, evolve_exists, settled=True
)

# -- needs ---------------------------------------------------------------------------------


def needs(command: OrderCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
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


# -- decide --------------------------------------------------------------------------------


def decide(command: OrderCommand, known: Known) -> Sequence[Event]:
    match command:
        case PlaceOrder():
            return place_order(command, known)
        case ChangeOrder():
            return change_order(command, known)
        case CancelOrder():
            return cancel_order(command, known)
    assert_never(command)


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


def _taking_orders(command: OrderCommand, known: Known) -> Cycle:
    """The cycle, if the command was received in time. The deadline itself is too late."""
    cycle = existing(known[CYCLE.about(command.cycle_id)])
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
    price_on(known[OFFER.about(offer_id(line.supplier_id, line.item_id))], cycle)


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


orders = Decider(needs, decide, (ORDER, CYCLE, BUYER, OFFER, ITEM, SUPPLIER))
