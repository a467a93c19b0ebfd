"""The terms on which a buying cycle is open, and which of them go together."""

from datetime import UTC, date, datetime
from typing import Any, Literal

import msgspec

from jaringan_usaha.kernel.messages import Command
from jaringan_usaha.kernel.rejections import Invalid

MOST_LATE_SECONDS = 86_400
MOST_KEEP_DAYS = 31
MOST_KEEP_TIMES = 12


class TermsDoNotFit(Invalid):
    code = "cycle-terms-invalid"


class CycleTerms(Command):
    """The terms of a cycle, as `CycleOpened` explains them."""

    cycle_id: str
    title: str
    opens_at: datetime
    closes_at: datetime
    prices: Literal["listed", "stated"]
    priced_on: date
    fill_from_at: datetime | None = None
    minimum: Literal["cancel", "keep_open", "ask"] = "cancel"
    keep_days: int = 0
    keep_times: int = 0
    sharing: Literal["pro_rata", "first_come", "priority"] = "pro_rata"
    priority: tuple[str, ...] = ()
    tier_drop: Literal["canceller", "pooled"] = "canceller"
    late_seconds: int = 0
    host: str = ""


def fields_of(terms: CycleTerms) -> dict[str, Any]:
    """The fields of the event that remembers these terms, instants in UTC."""
    fields = msgspec.structs.asdict(terms)
    del fields["asked"]
    for name in ("opens_at", "closes_at", "fill_from_at"):
        fields[name] = fields[name] and fields[name].astimezone(UTC)
    return fields


def named(terms: CycleTerms) -> list[str]:
    """The koperasi that the terms name, each once."""
    return list(dict.fromkeys([*terms.priority, *([terms.host] if terms.host else [])]))


def check_terms(terms: CycleTerms) -> None:
    """Raises Invalid, TermsDoNotFit."""
    if not terms.opens_at < terms.closes_at:
        raise Invalid("a cycle must close after it opens", pointer="/closes_at")
    fill_from = terms.fill_from_at
    if fill_from is not None and not terms.opens_at <= fill_from < terms.closes_at:
        raise TermsDoNotFit("cases are filled while the cycle is open", pointer="/fill_from_at")
    if not 0 <= terms.late_seconds <= MOST_LATE_SECONDS:
        raise TermsDoNotFit(f"0 to {MOST_LATE_SECONDS} seconds", pointer="/late_seconds")
    if terms.prices == "stated":
        _check_sold_already(terms)
    _check_minimum(terms)
    _check_sharing(terms)


def _check_sold_already(terms: CycleTerms) -> None:
    if terms.fill_from_at or terms.minimum != "cancel" or terms.sharing != "pro_rata":
        raise TermsDoNotFit(
            "with stated prices the goods are sold already: nothing is filled, missed or shared",
            pointer="/prices",
        )


def _check_minimum(terms: CycleTerms) -> None:
    if terms.minimum == "keep_open":
        if not 1 <= terms.keep_days <= MOST_KEEP_DAYS:
            raise TermsDoNotFit(f"keep open for 1 to {MOST_KEEP_DAYS} days", pointer="/keep_days")
        if not 1 <= terms.keep_times <= MOST_KEEP_TIMES:
            raise TermsDoNotFit(f"keep open 1 to {MOST_KEEP_TIMES} times", pointer="/keep_times")
    elif terms.keep_days or terms.keep_times:
        raise TermsDoNotFit("only minimum keep_open has days and times", pointer="/keep_days")


def _check_sharing(terms: CycleTerms) -> None:
    if (terms.sharing == "priority") != bool(terms.priority):
        raise TermsDoNotFit(
            "sharing by priority names koperasi, no other does", pointer="/priority"
        )
    if len(set(terms.priority)) < len(terms.priority):
        raise TermsDoNotFit("a koperasi stands in the priority once", pointer="/priority")
