"""What happened to the books themselves."""

from datetime import date
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class AccountBalance(msgspec.Struct, frozen=True, kw_only=True):
    """All that was ever debited to and credited on one account."""

    account: str
    debit_idr: int
    credit_idr: int


class MonthClosed(Event):
    """The books of a month are closed: nothing posts into it any more, and the balances at
    `up_to_position` are carried on. `month_id` is `2026-11`."""

    name: ClassVar[str] = "margin.month_closed.1"
    month_id: str
    ends_on: date
    up_to_position: int
    balances: tuple[AccountBalance, ...]
