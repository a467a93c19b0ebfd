"""Closing months: one after another, when they are over, and for good."""

from datetime import UTC, date, datetime

import pytest

from given import NOON, asked, given
from jaringan_usaha.features.margin.domain import (
    BooksUnbalanced,
    CarryBalances,
    CloseMonth,
    MonthNotOver,
    MonthOutOfOrder,
    NoSuchMonth,
    last_day,
    ledger,
    month_after,
)
from jaringan_usaha.features.margin.events import AccountBalance, BalancesCarried, MonthClosed

DECEMBER = MonthClosed(month_id="2025-12", ends_on=date(2025, 12, 31))
BALANCES = (
    AccountBalance(account="1310", debit_idr=70, credit_idr=0),
    AccountBalance(account="2110", debit_idr=0, credit_idr=70),
)


def close(month_id: str, at: datetime = NOON) -> CloseMonth:
    return CloseMonth(asked=asked(at), month_id=month_id)


def carry(month_id: str = "2025-12", balances: tuple[AccountBalance, ...] = BALANCES) -> object:
    return CarryBalances(asked=asked(), month_id=month_id, up_to_position=9, balances=balances)


def test_a_month_that_is_over_is_closed() -> None:
    given(ledger).when(close("2025-12")).then(DECEMBER)


def test_the_month_that_runs_is_not_closed() -> None:
    given(ledger).when(close("2026-01")).then_refused(MonthNotOver)


def test_a_month_ends_in_jakarta() -> None:
    """At 17:00 UTC it is the next day there."""
    before = datetime(2025, 12, 31, 16, 59, tzinfo=UTC)
    given(ledger).when(close("2025-12", before)).then_refused(MonthNotOver)
    given(ledger).when(close("2025-12", before.replace(hour=17))).then(DECEMBER)


def test_a_closed_month_is_closed_already() -> None:
    given(ledger).events(DECEMBER).when(close("2025-12")).then_nothing()


@pytest.mark.parametrize("month_id", ["2025-11", "2025-10", "2026-02"])
def test_months_are_closed_one_after_another(month_id: str) -> None:
    later = datetime(2026, 3, 2, tzinfo=UTC)
    given(ledger).events(DECEMBER).when(close(month_id, later)).then_refused(
        MonthOutOfOrder, closed="2025-12", following="2026-01"
    )


def test_balances_are_carried_once() -> None:
    carried = BalancesCarried(
        month_id="2025-12", ends_on=date(2025, 12, 31), up_to_position=9, balances=BALANCES
    )
    given(ledger).events(DECEMBER).when(carry()).then(carried)
    given(ledger).events(DECEMBER, carried).when(carry()).then_nothing()


def test_balances_of_an_open_month_are_not_carried() -> None:
    given(ledger).when(carry()).then_refused(NoSuchMonth)


def test_books_that_do_not_balance_are_not_carried() -> None:
    given(ledger).events(DECEMBER).when(carry(balances=BALANCES[:1])).then_refused(
        BooksUnbalanced, debit_idr=70, credit_idr=0
    )


def test_the_calendar() -> None:
    assert last_day("2024-02") == date(2024, 2, 29)
    assert last_day("2026-12") == date(2026, 12, 31)
    assert month_after("2026-12") == "2027-01"
    assert month_after("2026-01") == "2026-02"
