"""Periods of business: the days from one to another, both included, which a listing is about."""

from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Query, Request

from jaringan_usaha.api.access.admission import anyone
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Day
from jaringan_usaha.api.paging import settle
from jaringan_usaha.kernel.rejections import Invalid

MOST_DAYS = 366
USUAL_DAYS = 31


class PeriodDoesNotFit(Invalid):
    code = "period-invalid"


class Period(NamedTuple):
    """Dates in Asia/Jakarta, both included."""

    first: date
    last: date


Days = Period | None
"""None: whatever the day."""
EVER = Period(date.min, date.max)


def period(
    request: Request,
    door: DoorNow,
    caller: Annotated[Caller, Depends(anyone)],
    first: Annotated[
        Day | None,
        Query(
            alias="from",
            description="in Asia/Jakarta; without it, 31 days up to `to`",
        ),
    ] = None,
    last: Annotated[
        Day | None,
        Query(
            alias="to",
            description="in Asia/Jakarta, included; without it 366 days from `from`, or today",
        ),
    ] = None,
) -> Period:
    """Raises PeriodDoesNotFit when it is longer than a year, or ends before it begins."""
    if first is not None:
        end = last or _days_from(first, MOST_DAYS - 1)
    else:
        end = last or door.today(caller)
    begin = first or _days_from(end, 1 - USUAL_DAYS)
    if not timedelta(0) <= end - begin < timedelta(days=MOST_DAYS):
        raise PeriodDoesNotFit(
            f"ask for 1 to {MOST_DAYS} days, `from` not later than `to`", pointer="/from"
        )
    settle(request, from_=begin, to_=end)
    return Period(begin, end)


def within(what: str) -> Any:
    """The days that a list may be narrowed to, open at either end:
    `days: Annotated[Days, within("`paid_on`")]`; `what` says which day of a row counts. None where
    the caller names none, and nothing is filtered."""

    def days(
        first: Annotated[
            Day | None,
            Query(
                alias="from", description=f"only with {what} on this day or later, in Asia/Jakarta"
            ),
        ] = None,
        last: Annotated[
            Day | None,
            Query(
                alias="to", description=f"only with {what} on this day or before, in Asia/Jakarta"
            ),
        ] = None,
    ) -> Period | None:
        """Raises PeriodDoesNotFit when it ends before it begins."""
        if first is None and last is None:
            return None
        asked = Period(first or date.min, last or date.max)
        if asked.last < asked.first:
            raise PeriodDoesNotFit("`from` is later than `to`", pointer="/from")
        return asked

    return Depends(days)


def _days_from(day: date, days: int) -> date:
    """As far as the calendar goes."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


PeriodNow = Annotated[Period, Depends(period)]
