"""The rules of buying cycles: on which terms they are open, and how they end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, assert_never

import msgspec

from jaringan_usaha.features.cycles.events import (
    CycleCancelled,
    CycleClosed,
    CycleConsolidated,
    CycleDrafted,
    CycleFilling,
    CycleKeptOpen,
    CycleOpened,
    CycleReopened,
)
from jaringan_usaha.features.cycles.terms import (
    CycleTerms,
    TermsDoNotFit,
    check_terms,
    fields_of,
    named,
)
from jaringan_usaha.features.registry.events import KoperasiAdmitted
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

GRACE = timedelta(seconds=5)
"""How long after `closes_at` a cycle stays open for orders already received; more than a
request may wait to be recorded, so that an order received in time is not lost in the queue."""

# -- commands ------------------------------------------------------------------------------


class DraftCycle(CycleTerms):
    """Prepare a cycle; a later draft takes the place of the one before."""


class OpenCycle(CycleTerms):
    """Open a cycle on these terms, whatever was drafted."""


class OpenDraft(Command):
    """Open the cycle on the terms drafted last."""

    cycle_id: str


class BeginFilling(Command):
    """From now on only changes that fill cases are taken; the clock says so."""

    cycle_id: str


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


CycleCommand = (
    DraftCycle
    | OpenCycle
    | OpenDraft
    | BeginFilling
    | CloseCycle
    | CancelCycle
    | FinishConsolidation
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


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cycle:
    """Only what the decisions below look at. `kept` counts how often it was kept open."""

    cycle_id: str
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    prices: str = ""
    priced_on: date | None = None
    fill_from_at: datetime | None = None
    minimum: str = "cancel"
    keep_days: int = 0
    keep_times: int = 0
    sharing: str = "pro_rata"
    priority: tuple[str, ...] = ()
    tier_drop: str = "canceller"
    late_seconds: int = 0
    kept: int = 0
    filling: bool = False
    closed: bool = False
    cancelled: bool = False
    consolidated: bool = False
    consolidated_orders: int = 0
    draft: CycleDrafted | None = None
    opening: bytes = b""


@dataclass(frozen=True, slots=True)
class Exists:
    """A thing that can only ever come into being."""

    id: str
    so: bool = False


CycleEvent = (
    CycleDrafted
    | CycleOpened
    | CycleFilling
    | CycleKeptOpen
    | CycleClosed
    | CycleReopened
    | CycleCancelled
    | CycleConsolidated
)


def evolve_cycle(cycle: Cycle, event: CycleEvent) -> Cycle:
    match event:
        case CycleDrafted():
            return replace(cycle, draft=event)
        case CycleOpened():
            return replace(
                cycle,
                opens_at=event.opens_at,
                closes_at=event.closes_at,
                prices=event.prices,
                priced_on=event.priced_on,
                fill_from_at=event.fill_from_at,
                minimum=event.minimum,
                keep_days=event.keep_days,
                keep_times=event.keep_times,
                sharing=event.sharing,
                priority=event.priority,
                tier_drop=event.tier_drop,
                late_seconds=event.late_seconds,
                draft=None,
                opening=digest(event),
            )
        case CycleFilling():
            return replace(cycle, filling=True)
        case CycleKeptOpen():
            return _open_again(cycle, event.closes_at, kept=cycle.kept + 1)
        case CycleReopened():
            return _open_again(cycle, event.closes_at, kept=cycle.kept)
        case CycleClosed():
            return replace(cycle, closed=True)
        case CycleCancelled():
            return replace(cycle, cancelled=True)
        case CycleConsolidated():
            return replace(cycle, consolidated=True, consolidated_orders=event.consolidated_orders)
    assert_never(event)


def _open_again(cycle: Cycle, closes_at: datetime, *, kept: int) -> Cycle:
    """Open until a later deadline, for everything: there is no second phase of filling cases."""
    return replace(
        cycle,
        closes_at=closes_at,
        kept=kept,
        fill_from_at=None,
        filling=False,
        closed=False,
        consolidated=False,
        consolidated_orders=0,
    )


def evolve_exists(thing: Exists, _: Event) -> Exists:
    return replace(thing, so=True)


def digest(content: object) -> bytes:
    """Sixteen bytes that differ when the content does, cheaper to remember than it."""
    return blake2b(msgspec.json.encode(content), digest_size=16).digest()


CYCLE = Topic(
    "cycles.cycle",
    "cycle",
    (
        CycleDrafted,
        CycleOpened,
        CycleFilling,
        CycleKeptOpen,
        CycleClosed,
        CycleReopened,
        CycleCancelled,
        CycleConsolidated,
    ),
    Cycle,
    evolve_cycle,
    stream=True,
)
PARTY = Topic("cycles.party", "koperasi", (KoperasiAdmitted,), Exists, evolve_exists, settled=True)

# -- needs ---------------------------------------------------------------------------------


def needs(command: CycleCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case OpenCycle() | DraftCycle():
            return [CYCLE.about(command.cycle_id, new=True), *map(PARTY.about, named(command))]
        case OpenDraft() | BeginFilling() | CloseCycle() | CancelCycle() | FinishConsolidation():
            return [CYCLE.about(command.cycle_id)]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: CycleCommand, known: Known) -> Sequence[Event]:
    match command:
        case DraftCycle():
            return draft_cycle(command, known)
        case OpenCycle():
            return open_cycle(command, known)
        case OpenDraft():
            return open_draft(command, known)
        case BeginFilling():
            return begin_filling(command, known)
        case CloseCycle():
            return close_cycle(command, known)
        case CancelCycle():
            return cancel_cycle(command, known)
        case FinishConsolidation():
            return finish_consolidation(command, known)
    assert_never(command)


def draft_cycle(command: DraftCycle, known: Known) -> Sequence[Event]:
    """Raises CycleExists, TermsDoNotFit, Invalid."""
    cycle = known[CYCLE.about(command.cycle_id)]
    drafted = CycleDrafted(**fields_of(command))
    if cycle.draft == drafted:
        return []
    if cycle.opens_at is not None or cycle.cancelled:
        raise CycleExists(f"cycle {command.cycle_id} is no draft any more")
    check_terms(command)
    _check_named(command, known)
    return [drafted]


def open_cycle(command: OpenCycle, known: Known) -> Sequence[Event]:
    """Raises CycleExists, TermsDoNotFit, Invalid."""
    cycle = known[CYCLE.about(command.cycle_id)]
    opened = CycleOpened(**fields_of(command))
    if cycle.opens_at is not None:
        if cycle.opening == digest(opened):
            return []
        raise CycleExists(f"cycle {command.cycle_id} was opened before, otherwise than asked here")
    if cycle.cancelled:
        raise CycleExists(f"cycle {command.cycle_id} was cancelled as a draft; use another id")
    check_terms(command)
    _check_named(command, known)
    _check_future(command.closes_at, command.asked.at)
    return [opened]


def open_draft(command: OpenDraft, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleIsClosed (when cancelled), Invalid."""
    cycle = known[CYCLE.about(command.cycle_id)]
    if cycle.opens_at is not None:
        return []
    if cycle.cancelled:
        raise CycleIsClosed(f"cycle {cycle.cycle_id} was cancelled")
    if cycle.draft is None:
        raise NoSuchCycle(f"there is no draft of cycle {cycle.cycle_id}")
    _check_future(cycle.draft.closes_at, command.asked.at)
    return [CycleOpened(**msgspec.structs.asdict(cycle.draft))]


def _check_named(terms: CycleTerms, known: Known) -> None:
    for koperasi_id in named(terms):
        if not known[PARTY.about(koperasi_id)].so:
            pointer = "/host" if koperasi_id == terms.host else "/priority"
            raise TermsDoNotFit(
                f"koperasi {koperasi_id} is not admitted to this network", pointer=pointer
            )


def _check_future(closes_at: datetime, now: datetime) -> None:
    if closes_at <= now:
        raise Invalid("a cycle must close in the future", pointer="/closes_at")


def closing_time(cycle: Cycle) -> datetime:
    """When the clock closes a cycle: after the deadline, what its terms allow orders to be
    late, and the grace. The read tables have it as `closes_at + late_seconds` and the grace."""
    assert cycle.closes_at is not None
    return cycle.closes_at + timedelta(seconds=cycle.late_seconds) + GRACE


def begin_filling(command: BeginFilling, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleIsClosed, CycleStillOpen."""
    cycle = existing(known[CYCLE.about(command.cycle_id)])
    if cycle.filling:
        return []
    if cycle.closed or cycle.cancelled:
        raise CycleIsClosed(f"cycle {cycle.cycle_id} takes no orders any more")
    if cycle.fill_from_at is None or command.asked.at < cycle.fill_from_at + GRACE:
        raise CycleStillOpen(f"cycle {cycle.cycle_id} takes every order", at=cycle.fill_from_at)
    return [CycleFilling(cycle_id=cycle.cycle_id)]


def close_cycle(command: CloseCycle, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleStillOpen, CycleIsClosed (when cancelled)."""
    cycle = existing(known[CYCLE.about(command.cycle_id)])
    if not command.early:
        closed = close_at_its_time(cycle, command.asked.at, command.reason)
        if closed and may_be_kept(cycle):
            raise CycleStillOpen(
                f"the clock looks whether every minimum of cycle {cycle.cycle_id} is reached; "
                "ask for an early close, with a reason, to end it now",
                closes_at=cycle.closes_at,
            )
        return closed
    if _has_ended(cycle):
        return []
    return [CycleClosed(cycle_id=cycle.cycle_id, early=True, reason=command.reason)]


def close_at_its_time(cycle: Cycle, now: datetime, reason: str = "") -> list[Event]:
    """The close of a cycle whose time is over; nothing where it is closed already.

    Raises CycleStillOpen, CycleIsClosed (when cancelled).
    """
    if _has_ended(cycle):
        return []
    assert cycle.closes_at is not None
    if now < closing_time(cycle):
        raise CycleStillOpen(
            f"cycle {cycle.cycle_id} takes orders until {cycle.closes_at:%Y-%m-%dT%H:%M:%SZ}; "
            "ask for an early close, with a reason, to end it now",
            closes_at=cycle.closes_at,
        )
    return [CycleClosed(cycle_id=cycle.cycle_id, reason=reason)]


def _has_ended(cycle: Cycle) -> bool:
    """Raises CycleIsClosed (when cancelled)."""
    if not cycle.closed and cycle.cancelled:
        raise CycleIsClosed(f"cycle {cycle.cycle_id} was cancelled")
    return cycle.closed


def may_be_kept(cycle: Cycle) -> bool:
    """Whether a missed minimum would keep the cycle open once more."""
    return cycle.minimum == "keep_open" and cycle.keep_days > 0 and cycle.kept < cycle.keep_times


def cancel_cycle(command: CancelCycle, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleAlreadyConsolidated."""
    cycle = known[CYCLE.about(command.cycle_id)]
    if cycle.draft is None:
        existing(cycle)
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


cycles = Decider(needs, decide, (CYCLE, PARTY))
