"""Days of business: dates without a time are dates in Jakarta."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import TypeVar

JAKARTA = timezone(timedelta(hours=7), "WIB")

T = TypeVar("T")


def day_of_business(at: datetime) -> date:
    """The date in Jakarta at an instant."""
    return at.astimezone(JAKARTA).date()


def in_force(dated: Sequence[tuple[date, date | None, T]], day: date) -> T | None:
    """What holds on a day, of things with a first and a last day (None: without an end): of
    those that include it, the one that starts last, and of these the one named last."""
    held = [
        (start, order, thing)
        for order, (start, end, thing) in enumerate(dated)
        if start <= day and (end is None or day <= end)
    ]
    return max(held, key=lambda each: each[:2])[2] if held else None
