"""The rules of the orders that koperasi place in a cycle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol, assert_never

from jaringan_usaha.features.cycles.domain import (
    CYCLE,
    Cycle,
    CycleIsClosed,
    CycleNotOpenYet,
    digest,
    existing,
)
from jaringan_usaha.features.cycles.offers import OFFER, PACKING
from jaringan_usaha.features.cycles.orders.events import (
    CasesFilled,
    Limited,
    OrderCancelled,
    OrderChanged,
    OrderLine,
    OrderPlaced,
)
from jaringan_usaha.features.cycles.orders.filling import (
    FILL,
    Told,
    about_cases,
    cases_filled,
    filling_begins,
    may_need_filling,
)
from jaringan_usaha.features.cycles.orders.limits import (
    TAKEN,
    about_taken,
    limited,
    released,
)
from jaringan_usaha.features.cycles.orders.lines import (
    ITEM,
    SUPPLIER,
    about_lines,
    check_lines,
)
from jaringan_usaha.features.cycles.rules import CEILINGS, RULE
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiClassified,
    KoperasiReinstated,
    KoperasiSuspended,
)
from jaringan_usaha.kernel.calendar import begun_last
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Missing, Outdated, Refused

# -- commands ------------------------------------------------------------------------------


class PlaceOrder(Command):
    """`client_at` is when the device wrote it. `told` only while cases are filled; `limited` are
    the items that a koperasi may take only so many of."""

    order_id: str
    cycle_id: str
    koperasi_id: str
    lines: tuple[OrderLine, ...]
    client_at: datetime | None = None
    told: Told | None = None
    limited: tuple[str, ...] = ()


class ChangeOrder(Command):
    """Replace all lines."""

    order_id: str
    cycle_id: str
    koperasi_id: str
    lines: tuple[OrderLine, ...]
    client_at: datetime | None = None
    told: Told | None = None
    limited: tuple[str, ...] = ()


class CancelOrder(Command):
    """Take an order back while its cycle takes orders."""

    order_id: str
    cycle_id: str
    koperasi_id: str
    reason: str = ""
    client_at: datetime | None = None
    told: Told | None = None


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


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    order_id: str
    cycle_id: str = ""
    koperasi_id: str = ""
    content: bytes = b""
    cancelled: bool = False
    limited: tuple[Limited, ...] = ()


@dataclass(frozen=True, slots=True)
class Buyer:
    koperasi_id: str
    admitted: bool = False
    suspended: bool = False
    classified: tuple[KoperasiClassified, ...] = ()

    def zone_on(self, day: date | None) -> int | None:
        """Its zone of ceiling prices on a day; None before it was classified."""
        found = begun_last(self.classified, day) if day is not None else None
        return None if found is None else found.price_zone


def evolve_order(order: Order, event: OrderPlaced | OrderChanged | OrderCancelled) -> Order:
    match event:
        case OrderPlaced() | OrderChanged():
            content = digest(event.lines)
            return Order(
                order.order_id,
                event.cycle_id,
                event.koperasi_id,
                content,
                order.cancelled,
                event.limited,
            )
        case OrderCancelled():
            return replace(order, cancelled=True)
    assert_never(event)


def evolve_buyer(
    buyer: Buyer,
    event: KoperasiAdmitted | KoperasiSuspended | KoperasiReinstated | KoperasiClassified,
) -> Buyer:
    match event:
        case KoperasiClassified():
            return replace(buyer, classified=(*buyer.classified, event))
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
    (KoperasiAdmitted, KoperasiSuspended, KoperasiReinstated, KoperasiClassified),
    Buyer,
    evolve_buyer,
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
                *about_lines(command.lines),
                *about_taken(command.koperasi_id, command.limited),
                *_about_cases(command),
            ]
        case ChangeOrder():
            return [
                ORDER.about(command.order_id),
                CYCLE.about(command.cycle_id),
                BUYER.about(command.koperasi_id),
                *about_lines(command.lines),
                *about_taken(command.koperasi_id, command.limited),
                *_about_cases(command),
            ]
        case CancelOrder():
            return [
                ORDER.about(command.order_id),
                CYCLE.about(command.cycle_id),
                *_about_cases(command),
            ]
    assert_never(command)


def _about_cases(command: OrderCommand) -> list[About[Any]]:
    return about_cases(command.cycle_id, command.told, lines_after(command))


def lines_after(command: OrderCommand) -> tuple[OrderLine, ...]:
    """What the order holds when the command is done."""
    return () if isinstance(command, CancelOrder) else command.lines


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
    KoperasiMayNotTrade, LinesDoNotFit, ItemNotOffered, LimitsMustBeKnown, WeekLimitExceeded."""
    about = ORDER.about(command.order_id)
    order = known[about]
    if known.version(about):
        same = (order.cycle_id, order.koperasi_id) == (command.cycle_id, command.koperasi_id)
        if same and not order.cancelled and order.content == digest(command.lines):
            return []
        if order.koperasi_id != command.koperasi_id:
            raise OrderExists(f"order {command.order_id} exists; use a new id")
        raise OrderExists(
            f"order {command.order_id} exists with other content; change it, or use a new id",
            current_version=known.version(about),
        )
    cycle = _taking_orders(command, known)
    buyer = known[BUYER.about(command.koperasi_id)]
    may_trade(buyer)
    check_lines(command.lines, cycle, buyer.zone_on(cycle.priced_on), known)
    return [
        *_cases_filled(command, order, cycle, known),
        OrderPlaced(
            order_id=command.order_id,
            cycle_id=command.cycle_id,
            koperasi_id=command.koperasi_id,
            lines=command.lines,
            client_at=command.client_at,
            limited=_limited(command, order, cycle, known),
        ),
    ]


def change_order(command: ChangeOrder, known: Known) -> Sequence[Event]:
    """Raises NoSuchOrder, OrderIsCancelled, CycleIsClosed, KoperasiMayNotTrade, LinesDoNotFit,
    ItemNotOffered, LimitsMustBeKnown, WeekLimitExceeded, and while cases are filled
    OrderHasChanged."""
    order = existing_order(command, known)
    if not order.cancelled and order.content == digest(command.lines):
        return []
    if order.cancelled:
        raise OrderIsCancelled(f"order {order.order_id} is cancelled; place a new one")
    cycle = _taking_orders(command, known)
    buyer = known[BUYER.about(order.koperasi_id)]
    may_trade(buyer)
    check_lines(command.lines, cycle, buyer.zone_on(cycle.priced_on), known)
    return [
        *_cases_filled(command, order, cycle, known),
        OrderChanged(
            order_id=order.order_id,
            cycle_id=order.cycle_id,
            koperasi_id=order.koperasi_id,
            lines=command.lines,
            client_at=command.client_at,
            limited=_limited(command, order, cycle, known),
        ),
    ]


def cancel_order(command: CancelOrder, known: Known) -> Sequence[Event]:
    """Raises NoSuchOrder, CycleIsClosed, and while cases are filled OrderHasChanged."""
    order = existing_order(command, known)
    if order.cancelled:
        return []
    cycle = _taking_orders(command, known)
    return [
        *_cases_filled(command, order, cycle, known),
        OrderCancelled(
            order_id=order.order_id,
            cycle_id=order.cycle_id,
            koperasi_id=order.koperasi_id,
            reason=command.reason,
            client_at=command.client_at,
            limited=released(order.limited),
        ),
    ]


def _limited(
    command: PlaceOrder | ChangeOrder, order: Order, cycle: Cycle, known: Known
) -> tuple[Limited, ...]:
    """Raises LimitsMustBeKnown, WeekLimitExceeded."""
    wish = command.lines, command.limited
    return released(
        order.limited, limited(command.order_id, command.koperasi_id, *wish, cycle, known)
    )


def _taking_orders(command: OrderCommand, known: Known) -> Cycle:
    """The cycle, if the command was received in time. The deadline itself is too late, except
    for what the device wrote by then and the cycle's terms still take."""
    cycle = existing(known[CYCLE.about(command.cycle_id)])
    assert cycle.opens_at is not None
    assert cycle.closes_at is not None
    if cycle.cancelled:
        raise CycleIsClosed(f"cycle {cycle.cycle_id} was cancelled")
    if cycle.closed or (command.asked.at >= cycle.closes_at and not _late(command, cycle)):
        raise CycleIsClosed(
            f"cycle {cycle.cycle_id} is closed; the order was not moved to another one",
            closed_at=cycle.closes_at,
        )
    if command.asked.at < cycle.opens_at:
        raise CycleNotOpenYet(
            f"cycle {cycle.cycle_id} opens later; send the order then", opens_at=cycle.opens_at
        )
    return cycle


def _late(command: OrderCommand, cycle: Cycle) -> bool:
    """Written by the deadline, and received while the terms wait for that. Source: §3.12."""
    assert cycle.closes_at is not None
    return (
        command.client_at is not None
        and command.client_at <= cycle.closes_at
        and command.asked.at <= cycle.closes_at + timedelta(seconds=cycle.late_seconds)
    )


def _cases_filled(
    command: OrderCommand, order: Order, cycle: Cycle, known: Known
) -> list[CasesFilled]:
    """While cases are filled, what the change makes of the group's totals; else nothing. Raises
    FillingBegins, OrderHasChanged, ChangeFillsNoCase."""
    if not may_need_filling(cycle, command.asked.at):
        return []
    if command.told is None or not cycle.filling:
        raise filling_begins(cycle)
    before = command.told.before
    if order.content != (digest(before) if before else b""):
        raise OrderHasChanged(f"order {order.order_id} changed meanwhile; look at it again")
    return cases_filled(order.order_id, command.told, lines_after(command), cycle, known)


def may_trade(buyer: Buyer) -> None:
    if not buyer.admitted:
        raise NoSuchKoperasi(f"koperasi {buyer.koperasi_id} is not admitted to this network")
    if buyer.suspended:
        raise KoperasiMayNotTrade(f"koperasi {buyer.koperasi_id} is suspended")


class OfOrder(Protocol):
    """A command about an order that exists."""

    @property
    def order_id(self) -> str: ...
    @property
    def cycle_id(self) -> str: ...
    @property
    def koperasi_id(self) -> str: ...


def existing_order(command: OfOrder, known: Known) -> Order:
    """The order, if it exists where and for whom the command says."""
    order = known[ORDER.about(command.order_id)]
    if (order.cycle_id, order.koperasi_id) != (command.cycle_id, command.koperasi_id):
        raise NoSuchOrder(f"there is no order {command.order_id} of this koperasi in this cycle")
    return order


orders = Decider(
    needs,
    decide,
    (ORDER, CYCLE, BUYER, OFFER, PACKING, ITEM, SUPPLIER, CEILINGS, RULE, FILL, TAKEN),
)
