"""The rules of closing a month: one after another, when it is over, and for good."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, assert_never

from jaringan_usaha.features.margin.events import (
    AccountBalance,
    BalancesCarried,
    MonthClosed,
)
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Missing, Refused

# -- commands ------------------------------------------------------------------------------


class CloseMonth(Command):
    """Let nothing post into a month any more; `month_id` is `2026-11`."""

    month_id: str


class CarryBalances(Command):
    """Keep the balances of a closed month, as the ledger shows them where it was closed."""

    month_id: str
    up_to_position: int
    balances: tuple[AccountBalance, ...]


LedgerCommand = CloseMonth | CarryBalances

# -- rejections ----------------------------------------------------------------------------


class NoSuchMonth(Missing):
    code = "month-unknown"


class NoSuchAccount(Missing):
    code = "account-unknown"


class NoSuchPosting(Missing):
    code = "posting-unknown"


class MonthNotOver(Refused):
    code = "month-not-over"


class MonthOutOfOrder(Refused):
    code = "month-out-of-order"


class BooksUnbalanced(Refused):
    code = "books-unbalanced"


class LedgerStopped(Refused):
    code = "ledger-stopped"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Books:
    """The last month that is closed, by its id."""

    network: str
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    month_id: str
    ends_on: date | None = None
    carried: bool = False


def evolve_books(books: Books, event: MonthClosed) -> Books:
    return replace(books, closed=event.month_id)


def evolve_month(month: Month, event: MonthClosed | BalancesCarried) -> Month:
    match event:
        case MonthClosed():
            return replace(month, ends_on=event.ends_on)
        case BalancesCarried():
            return replace(month, carried=True)
    assert_never(event)


ALL = "all"
BOOKS = Topic("margin.books", "books", (MonthClosed,), Books, evolve_books)
MONTH = Topic("margin.month", "month", (MonthClosed, BalancesCarried), Month, evolve_month)

# -- needs ---------------------------------------------------------------------------------


def needs(command: LedgerCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case CloseMonth():
            return [BOOKS.about(ALL)]
        case CarryBalances():
            return [MONTH.about(command.month_id)]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: LedgerCommand, known: Known) -> Sequence[Event]:
    match command:
        case CloseMonth():
            return close_month(command, known)
        case CarryBalances():
            return carry_balances(command, known)
    assert_never(command)


def close_month(command: CloseMonth, known: Known) -> Sequence[Event]:
    """Raises MonthNotOver, MonthOutOfOrder."""
    closed = known[BOOKS.about(ALL)].closed
    if command.month_id == closed:
        return []
    ends_on = last_day(command.month_id)
    if closed and command.month_id != (following := month_after(closed)):
        raise MonthOutOfOrder(
            f"{closed} is closed, and with it every month before; the next one is {following}",
            closed=closed,
            following=following,
        )
    if day_of_business(command.asked.at) <= ends_on:
        raise MonthNotOver(
            f"{command.month_id} ends on {ends_on}; close it on the day after, or later"
        )
    return [MonthClosed(month_id=command.month_id, ends_on=ends_on)]


def carry_balances(command: CarryBalances, known: Known) -> Sequence[Event]:
    """Raises NoSuchMonth, BooksUnbalanced."""
    month = known[MONTH.about(command.month_id)]
    if month.carried:
        return []
    if month.ends_on is None:
        raise NoSuchMonth(f"{command.month_id} is not closed")
    debit = sum(each.debit_idr for each in command.balances)
    credit = sum(each.credit_idr for each in command.balances)
    if debit != credit:
        raise BooksUnbalanced(
            f"debit {debit} and credit {credit} at the end of {command.month_id} differ",
            debit_idr=debit,
            credit_idr=credit,
        )
    return [
        BalancesCarried(
            month_id=command.month_id,
            ends_on=month.ends_on,
            up_to_position=command.up_to_position,
            balances=command.balances,
        )
    ]


def month_after(month_id: str) -> str:
    """`2027-01` after `2026-12`."""
    return f"{last_day(month_id) + timedelta(days=1):%Y-%m}"


def last_day(month_id: str) -> date:
    """The last day of a month given as `2026-11`."""
    year, month = map(int, month_id.split("-"))
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


ledger = Decider(needs, decide, (BOOKS, MONTH))
