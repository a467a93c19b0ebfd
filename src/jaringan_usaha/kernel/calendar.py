"""Days of business: dates without a time are dates in Jakarta."""

from datetime import date, datetime, timedelta, timezone

JAKARTA = timezone(timedelta(hours=7), "WIB")


def day_of_business(at: datetime) -> date:
    """The date in Jakarta at an instant."""
    return at.astimezone(JAKARTA).date()
