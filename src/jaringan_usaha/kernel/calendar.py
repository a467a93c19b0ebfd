"""Days of business: dates without a time are dates in Jakarta."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Protocol, TypeVar

JAKARTA = timezone(timedelta(hours=7), "WIB")

T = TypeVar("T")


def week_of(day: date) -> str:
    """The week from Monday to Sunday that a day is in, as ISO 8601 names it: `2026-W03`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


class Dated(Protocol):
    """Something that holds from a date on, until a later one of its kind begins."""

    @property
    def valid_from_on(self) -> date: ...


D = TypeVar("D", bound=Dated)


def day_of_business(at: datetime) -> date:
    """The date in Jakarta at an instant."""
    return at.astimezone(JAKARTA).date()


def begun_last(dated: Iterable[D], day: date) -> D | None:
    """What holds on a day: of the things that have begun, the one that began last, and of those
    that began on one day the one named last."""
    begun = [each for each in dated if each.valid_from_on <= day]
    return max(reversed(begun), key=lambda each: each.valid_from_on, default=None)


def in_force(dated: Sequence[tuple[date, date | None, T]], day: date) -> T | None:
    """What holds on a day, of things with a first and a last day (None: without an end): of
    those that include it, the one that starts last, and of these the one named last."""
    held = [
        (start, order, thing)
        for order, (start, end, thing) in enumerate(dated)
        if start <= day and (end is None or day <= end)
    ]
    return max(held, key=lambda each: each[:2])[2] if held else None
