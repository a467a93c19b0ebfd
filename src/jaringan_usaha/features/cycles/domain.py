"""The rules of buying cycles: when they open, and how they end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal, assert_never

import msgspec

from jaringan_usaha.features.cycles.events import (
    CycleCancelled,
    CycleClosed,
    CycleConsolidated,
    CycleOpened,
)
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

GRACE = timedelta(seconds=5)
"""How long after `closes_at` a cycle stays open for orders already received; more than a
request may wait to be recorded, so that an order received in time is not lost in the queue."""

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


class FinishConsolidation(Command):
    """Every supplier of the cycle has its order; these are their totals."""

    cycle_id: str
    consolidated_orders: int
    order_lines: int
    amount_idr: int
    alone_idr: int


CycleCommand = OpenCycle | CloseCycle | CancelCycle | FinishConsolidation

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


def digest(content: object) -> bytes:
    """Sixteen bytes that differ when the content does, cheaper to remember than it."""
    return blake2b(msgspec.json.encode(content), digest_size=16).digest()


CYCLE = Topic(
    "cycles.cycle",
    "cycle",
    (CycleOpened, CycleClosed, CycleCancelled, CycleConsolidated),
    Cycle,
    evolve_cycle,
    stream=True,
)

# -- needs ---------------------------------------------------------------------------------


def needs(command: CycleCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case OpenCycle():
            return [CYCLE.about(command.cycle_id, new=True)]
        case CloseCycle() | CancelCycle() | FinishConsolidation():
            return [CYCLE.about(command.cycle_id)]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: CycleCommand, known: Known) -> Sequence[Event]:
    match command:
        case OpenCycle():
            return open_cycle(command, known)
        case CloseCycle():
            return close_cycle(command, known)
        case CancelCycle():
            return cancel_cycle(command, known)
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
    cycle = existing(known[CYCLE.about(command.cycle_id)])
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
    cycle = existing(known[CYCLE.about(command.cycle_id)])
    if cycle.cancelled:
        return []
    if cycle.closed:
        raise CycleAlreadyConsolidated(
            f"cycle {cycle.cycle_id} is closed and its orders go to the suppliers"
        )
    return [CycleCancelled(cycle_id=cycle.cycle_id, reason=command.reason)]


def finish_consolidation(command: FinishConsolidation, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleStillOpen."""
    cycle = existing(known[CYCLE.about(command.cycle_id)])
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


def existing(cycle: Cycle) -> Cycle:
    if cycle.opens_at is None:
        raise NoSuchCycle(f"there is no cycle {cycle.cycle_id}")
    return cycle


cycles = Decider(needs, decide, (CYCLE,))
