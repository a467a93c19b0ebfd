"""Drafts, the terms of a cycle, and when it ends by them."""

from datetime import date, timedelta
from typing import Any

import pytest

from given import NOON, asked, given
from jaringan_usaha.features.cycles.domain import (
    GRACE,
    CancelCycle,
    CloseCycle,
    Cycle,
    CycleExists,
    CycleIsClosed,
    CycleStillOpen,
    DraftCycle,
    NoSuchCycle,
    OpenCycle,
    OpenDraft,
    closing_time,
    cycles,
    evolve_cycle,
)
from jaringan_usaha.features.cycles.events import (
    CycleCancelled,
    CycleClosed,
    CycleConsolidated,
    CycleDrafted,
    CycleKeptOpen,
    CycleOpened,
    CycleReopened,
)
from jaringan_usaha.features.cycles.terms import TermsDoNotFit
from jaringan_usaha.features.registry.events import KoperasiAdmitted
from jaringan_usaha.kernel.rejections import Invalid

MOMENT = timedelta(microseconds=1)
CLOSES = NOON + timedelta(hours=1)
TERMS: dict[str, Any] = {
    "cycle_id": "week-3",
    "title": "Minggu 3",
    "opens_at": NOON - timedelta(hours=1),
    "closes_at": CLOSES,
    "prices": "listed",
    "priced_on": date(2026, 1, 15),
}
melati = KoperasiAdmitted(koperasi_id="melati", title="Koperasi Melati")


def draft(**terms: Any) -> DraftCycle:
    return DraftCycle(asked=asked(), **{**TERMS, **terms})


def open_cycle(**terms: Any) -> OpenCycle:
    return OpenCycle(asked=asked(), **{**TERMS, **terms})


def drafted(**terms: Any) -> CycleDrafted:
    return CycleDrafted(**{**TERMS, **terms})


def opened(**terms: Any) -> CycleOpened:
    return CycleOpened(**{**TERMS, **terms})


open_draft = OpenDraft(asked=asked(), cycle_id="week-3")

# -- drafts --------------------------------------------------------------------------------


def test_a_draft_is_changed_freely_and_back_again() -> None:
    given(cycles).when(draft()).then(drafted())
    once = given(cycles).events(drafted())
    once.when(draft()).then_nothing()
    once.when(draft(title="Minggu III")).then(drafted(title="Minggu III"))
    once.events(drafted(title="Minggu III")).when(draft()).then(drafted())


def test_a_draft_is_opened_on_the_terms_drafted_last() -> None:
    log = given(cycles).events(drafted(), drafted(tier_drop="pooled", late_seconds=60))
    log.when(open_draft).then(opened(tier_drop="pooled", late_seconds=60))
    log.events(opened()).when(open_draft).then_nothing()


def test_only_a_draft_is_opened_without_terms() -> None:
    given(cycles).when(open_draft).then_refused(NoSuchCycle)
    gone = given(cycles).events(drafted(), CycleCancelled(cycle_id="week-3", reason="no truck"))
    gone.when(open_draft).then_refused(CycleIsClosed)
    gone.when(draft()).then_nothing()
    gone.when(draft(title="again")).then_refused(CycleExists)
    gone.when(open_cycle()).then_refused(CycleExists)


def test_a_draft_whose_deadline_is_over_is_not_opened() -> None:
    late = OpenDraft(asked=asked(CLOSES), cycle_id="week-3")
    given(cycles).events(drafted()).when(late).then_refused(Invalid, pointer="/closes_at")


def test_an_open_cycle_is_no_draft_any_more() -> None:
    given(cycles).events(drafted(), opened()).when(draft(title="x")).then_refused(CycleExists)
    given(cycles).events(opened()).when(draft()).then_refused(CycleExists)


def test_a_draft_takes_no_orders_and_is_not_closed() -> None:
    early = CloseCycle(asked=asked(), cycle_id="week-3", early=True, reason="enough")
    given(cycles).events(drafted()).when(early).then_refused(NoSuchCycle)


def test_a_draft_may_be_cancelled() -> None:
    cancel = CancelCycle(asked=asked(), cycle_id="week-3", reason="no truck")
    given(cycles).events(drafted()).when(cancel).then(
        CycleCancelled(cycle_id="week-3", reason="no truck")
    )


# -- terms ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"fill_from_at": CLOSES}, "/fill_from_at"),
        ({"fill_from_at": NOON - timedelta(hours=2)}, "/fill_from_at"),
        ({"minimum": "keep_open"}, "/keep_days"),
        ({"minimum": "keep_open", "keep_days": 2}, "/keep_times"),
        ({"minimum": "keep_open", "keep_days": 32, "keep_times": 1}, "/keep_days"),
        ({"keep_days": 2}, "/keep_days"),
        ({"minimum": "ask", "keep_times": 1}, "/keep_days"),
        ({"sharing": "priority"}, "/priority"),
        ({"priority": ("melati",)}, "/priority"),
        ({"sharing": "priority", "priority": ("melati", "melati")}, "/priority"),
        ({"sharing": "priority", "priority": ("mawar",)}, "/priority"),
        ({"host": "mawar"}, "/host"),
        ({"late_seconds": -1}, "/late_seconds"),
        ({"late_seconds": 86_401}, "/late_seconds"),
        ({"prices": "stated", "fill_from_at": NOON}, "/prices"),
        ({"prices": "stated", "minimum": "ask"}, "/prices"),
        ({"prices": "stated", "sharing": "first_come"}, "/prices"),
    ],
)
def test_terms_that_do_not_go_together_are_refused(terms: dict[str, Any], pointer: str) -> None:
    log = given(cycles).events(melati)
    log.when(open_cycle(**terms)).then_refused(TermsDoNotFit, pointer=pointer)
    log.when(draft(**terms)).then_refused(TermsDoNotFit, pointer=pointer)


def test_all_terms_are_remembered() -> None:
    terms = {
        "fill_from_at": NOON,
        "minimum": "keep_open",
        "keep_days": 2,
        "keep_times": 3,
        "sharing": "priority",
        "priority": ("melati",),
        "tier_drop": "pooled",
        "late_seconds": 90,
        "host": "melati",
    }
    given(cycles).events(melati).when(open_cycle(**terms)).then(opened(**terms))


# -- deadlines -----------------------------------------------------------------------------


def close(after: timedelta) -> CloseCycle:
    return CloseCycle(asked=asked(CLOSES + after), cycle_id="week-3")


def test_a_cycle_that_waits_for_late_orders_is_closed_after_them() -> None:
    wait = timedelta(seconds=90) + GRACE
    log = given(cycles).events(opened(late_seconds=90))
    log.when(close(wait - MOMENT)).then_refused(CycleStillOpen, closes_at=CLOSES)
    log.when(close(wait)).then(CycleClosed(cycle_id="week-3"))


def folded(*events: Any) -> Cycle:
    cycle = Cycle("week-3")
    for event in events:
        cycle = evolve_cycle(cycle, event)
    return cycle


def test_a_cycle_kept_open_or_reopened_has_the_later_deadline() -> None:
    later = CLOSES + timedelta(days=2)
    kept = CycleKeptOpen(cycle_id="week-3", closes_at=later, short=("indofood",))
    cycle = folded(opened(fill_from_at=NOON), kept, kept)
    assert (cycle.closes_at, cycle.kept, cycle.fill_from_at) == (later, 2, None)
    assert closing_time(cycle) == later + GRACE
    done = CycleConsolidated(
        cycle_id="week-3", consolidated_orders=2, order_lines=3, amount_idr=1, alone_idr=1
    )
    closed = folded(opened(), CycleClosed(cycle_id="week-3"), done)
    assert (closed.closed, closed.consolidated, closed.consolidated_orders) == (True, True, 2)
    reopened = evolve_cycle(
        closed, CycleReopened(cycle_id="week-3", closes_at=later, reason="flood")
    )
    assert (reopened.closed, reopened.consolidated, reopened.consolidated_orders) == (
        False,
        False,
        0,
    )
    assert (reopened.closes_at, reopened.kept) == (later, 0)
