"""The rule of the deadline in cycles that wait for their suppliers' minimums."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from jaringan_usaha.features.cycles.ceilings import OF_GROUP, lawful_terms_on
from jaringan_usaha.features.cycles.domain import (
    CYCLE,
    close_at_its_time,
    existing,
    may_be_kept,
)
from jaringan_usaha.features.cycles.events import CycleKeptOpen
from jaringan_usaha.features.cycles.group.consolidation import ItemTotal, weigh
from jaringan_usaha.features.cycles.offers import OFFER, PACKING, about_terms
from jaringan_usaha.features.cycles.rules import CEILINGS, RULE
from jaringan_usaha.kernel.decider import About, Decider, Known
from jaringan_usaha.kernel.messages import Command, Event


class EndCycle(Command):
    """The deadline has come: close the cycle, or keep it open if a minimum is missed and its
    terms allow it once more. `totals` is what all koperasi order, by supplier."""

    cycle_id: str
    totals: tuple[tuple[str, tuple[ItemTotal, ...]], ...]


def needs(command: EndCycle) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    return [
        CYCLE.about(command.cycle_id),
        *OF_GROUP,
        *(
            about
            for supplier_id, totals in command.totals
            for total in totals
            for about in about_terms(supplier_id, total.item_id)
        ),
    ]


def end_cycle(command: EndCycle, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleStillOpen, CycleIsClosed (when cancelled), ItemNotOffered."""
    cycle = existing(known[CYCLE.about(command.cycle_id)])
    closed = close_at_its_time(cycle, command.asked.at)
    if not closed or not may_be_kept(cycle):
        return closed
    short = tuple(
        supplier_id
        for supplier_id, totals in command.totals
        if weigh(
            (total, lawful_terms_on(known, supplier_id, total.item_id, cycle)) for total in totals
        ).missed
    )
    if not short:
        return closed
    assert cycle.closes_at is not None
    step = timedelta(days=cycle.keep_days)
    late = max(command.asked.at - cycle.closes_at, timedelta(0))
    closes_at = cycle.closes_at + step * (late // step + 1)
    return [CycleKeptOpen(cycle_id=cycle.cycle_id, closes_at=closes_at, short=short)]


ending = Decider(needs, end_cycle, (CYCLE, OFFER, PACKING, CEILINGS, RULE))
