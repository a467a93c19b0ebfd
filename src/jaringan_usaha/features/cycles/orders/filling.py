"""Which changes are taken while cases are being filled: pure arithmetic, and how it is told."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from jaringan_usaha.features.cycles.domain import GRACE, Cycle
from jaringan_usaha.features.cycles.group.consolidation import cases_for
from jaringan_usaha.features.cycles.offers import about_terms, terms_on
from jaringan_usaha.features.cycles.orders.events import CasesFilled, OrderLine
from jaringan_usaha.kernel.decider import About, Known, Topic
from jaringan_usaha.kernel.rejections import Busy, Refused

RETRY_SECONDS = 2

# -- arithmetic ----------------------------------------------------------------------------


class Wanted(NamedTuple):
    """Units of one item: firm ones, and how many more are welcome."""

    firm: int
    tolerance: int


NOTHING = Wanted(0, 0)


def missing(wanted: Wanted, case_size: int) -> int:
    """Units that fill the case begun; 0 when none is, or tolerance fills it."""
    short = case_size - wanted.firm % case_size - wanted.tolerance
    return 0 if short < 0 or short == case_size else short


def fills(before: Wanted, after: Wanted, case_size: int) -> bool:
    """Whether the group's totals may go from one to the other. Source: domain rules A5."""
    firm, tolerance = after.firm - before.firm, after.tolerance - before.tolerance
    if not firm:
        return tolerance >= 0
    if firm == -tolerance:
        return firm > 0
    fewer_missing = missing(after, case_size) < missing(before, case_size)
    return (
        fewer_missing and tolerance >= 0 and _cases(after, case_size) >= _cases(before, case_size)
    )


def _cases(wanted: Wanted, case_size: int) -> int:
    return cases_for(wanted.firm, wanted.tolerance, case_size)


# -- what a command is told ----------------------------------------------------------------


class GroupTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What the group wants of one item, as the read tables had it when filling began."""

    supplier_id: str
    item_id: str
    firm: int
    tolerance: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a change must be told while cases are filled: the order's lines before it, and the
    group's totals of the items it touches. The first is checked against the order's digest; the
    second counts only for items that nobody changed since the filling began."""

    before: tuple[OrderLine, ...]
    totals: tuple[GroupTotal, ...]


# -- rejections ----------------------------------------------------------------------------


class FillingBegins(Busy):
    code = "cycle-filling-begins"


class ChangeFillsNoCase(Refused):
    code = "change-fills-no-case"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fill:
    """The group's totals of one item after the last change that filled a case of it."""

    fill_id: str
    wanted: Wanted = NOTHING


def evolve_fill(fill: Fill, event: CasesFilled) -> Fill:
    return replace(fill, wanted=Wanted(event.firm, event.tolerance))


FILL = Topic("cycles.fill", "fill", (CasesFilled,), Fill, evolve_fill, stream=True)


def fill_id(cycle_id: str, supplier_id: str, item_id: str) -> str:
    """One item of one supplier in one cycle."""
    return f"{cycle_id}|{supplier_id}|{item_id}"


ItemKey = tuple[str, str]
"""A supplier and an item."""


def wanted_by(lines: Iterable[OrderLine]) -> dict[ItemKey, Wanted]:
    return {
        (line.supplier_id, line.item_id): Wanted(line.quantity, line.tolerance) for line in lines
    }


def changed_items(before: Iterable[OrderLine], after: Iterable[OrderLine]) -> list[ItemKey]:
    """The items of which more or less is wanted than before."""
    old, new = wanted_by(before), wanted_by(after)
    return [item for item in {**old, **new} if old.get(item) != new.get(item)]


# -- deciding ------------------------------------------------------------------------------


def may_need_filling(cycle: Cycle, now: datetime) -> bool:
    return cycle.filling or (cycle.fill_from_at is not None and now >= cycle.fill_from_at)


def filling_begins(cycle: Cycle) -> FillingBegins:
    """Either the clock has yet to say so, or the command to be told the totals."""
    return FillingBegins(
        f"cycle {cycle.cycle_id} begins to fill cases; send this request again shortly",
        retry_after=RETRY_SECONDS if cycle.filling else int(GRACE.total_seconds()),
    )


def about_cases(cycle_id: str, told: Told | None, after: Iterable[OrderLine]) -> list[About[Any]]:
    """While cases are filled: the items that a command changes, and what a case of them holds."""
    if told is None:
        return []
    about: list[About[Any]] = []
    for supplier_id, item_id in changed_items(told.before, after):
        about += [
            FILL.about(fill_id(cycle_id, supplier_id, item_id)),
            *about_terms(supplier_id, item_id),
        ]
    return about


def cases_filled(
    order_id: str, told: Told, after: Iterable[OrderLine], cycle: Cycle, known: Known
) -> list[CasesFilled]:
    """What the group wants of every item that an order changes. Raises ChangeFillsNoCase.

    An item that was changed since the filling began is known by its own stream; for the others
    the totals that the command was told are those at which it began.
    """
    at_first = {
        (total.supplier_id, total.item_id): Wanted(total.firm, total.tolerance)
        for total in told.totals
    }
    less, more = wanted_by(told.before), wanted_by(after)
    found = []
    for item in changed_items(told.before, after):
        group = FILL.about(fill_id(cycle.cycle_id, *item))
        old = known[group].wanted if known.version(group) else at_first.get(item, NOTHING)
        out, into = less.get(item, NOTHING), more.get(item, NOTHING)
        new = Wanted(
            old.firm - out.firm + into.firm, old.tolerance - out.tolerance + into.tolerance
        )
        _must_fill(item, old, new, terms_on(known, *item, cycle).case_size)
        found.append(
            CasesFilled(
                fill_id=group.value,
                cycle_id=cycle.cycle_id,
                supplier_id=item[0],
                item_id=item[1],
                order=order_id,
                firm=new.firm,
                tolerance=new.tolerance,
            )
        )
    return found


def _must_fill(item: ItemKey, old: Wanted, new: Wanted, case_size: int) -> None:
    if not fills(old, new, case_size):
        supplier_id, item_id = item
        raise ChangeFillsNoCase(
            f"only changes that fill cases are taken by now: of item {item_id} of {supplier_id} "
            f"the group wants {old.firm} and up to {old.tolerance} more, in cases of {case_size}",
            supplier_id=supplier_id,
            item_id=item_id,
            firm=old.firm,
            tolerance=old.tolerance,
            case_size=case_size,
            missing=missing(old, case_size),
        )
