"""What happened to the books themselves."""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class AccountBalance(msgspec.Struct, frozen=True, kw_only=True):
    """All that was ever debited to and credited on one account, in whole rupiah."""

    account: str
    debit_idr: int
    credit_idr: int


class MonthClosed(Event):
    """From here on nothing posts into the month, nor into any before it: what is dated on
    `ends_on` or earlier counts on the day after. `month_id` is `2026-11`."""

    name: ClassVar[str] = "margin.month_closed.1"
    month_id: str
    ends_on: date

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its own id, every month is found as one of all the books'."""
        yield from super().tags()
        yield "books", "all"


class BalancesCarried(Event):
    """The balances at the end of a closed month, which are carried on for good: of all that is
    posted on its last day or before, and stands at `up_to_position`, where it was closed."""

    name: ClassVar[str] = "margin.balances_carried.1"
    month_id: str
    ends_on: date
    up_to_position: int
    balances: tuple[AccountBalance, ...]
