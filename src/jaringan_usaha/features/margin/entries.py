"""Entries in the books: postings, and what an event adds to the cost of goods. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from jaringan_usaha.features.margin.accounts import Account

Key = tuple[str, str, str, str, str, str, str]
"""Cycle, supplier and koperasi; the debited account and its party; the credited ones."""


class Posting(NamedTuple):
    """An amount in whole rupiah that moves from the credited account to the debited one.

    `document_on` is the day of the event itself, `posted_on` the day on which it counts.
    """

    position: int
    line_no: int
    posted_on: date
    document_on: date
    cycle_id: str
    supplier_id: str
    koperasi_id: str
    debit_account: str
    debit_party: str
    credit_account: str
    credit_party: str
    amount_idr: int


class Cost(NamedTuple):
    """What a position adds to the figures of one item of a koperasi, in units and rupiah.

    Without an item it is a sum over many; without a cycle, goods that nobody saw come.
    `amount_idr` is the goods' price, expected until the first of them come; `goods_idr` and what
    follows is what they did cost. `charge_idr` is paid for a lost tier, or received (negative),
    and is no cost of goods.
    """

    position: int
    month: date
    koperasi_id: str
    cycle_id: str
    supplier_id: str
    item_id: str
    units: int = 0
    expected_units: int = 0
    ordered_idr: int = 0
    amount_idr: int = 0
    alone_idr: int = 0
    goods_idr: int = 0
    variance_idr: int = 0
    freight_idr: int = 0
    fee_idr: int = 0
    ppn_idr: int = 0
    ppn_credit_idr: int = 0
    rebate_idr: int = 0
    charge_idr: int = 0
    revenue_idr: int = 0
    cogs_idr: int = 0

    @property
    def landed_idr(self) -> int:
        """What the inventory grows by."""
        extra = self.variance_idr + self.freight_idr + self.fee_idr + self.ppn_idr
        return self.goods_idr + extra - self.rebate_idr


class Entry:
    """What one event moves: amounts between the same parties are summed, in order of the first."""

    def __init__(self, position: int, posted_on: date, document_on: date) -> None:
        self.position = position
        self.posted_on = posted_on
        self.month = posted_on.replace(day=1)
        self._document_on = document_on
        self._sums: dict[Key, int] = {}

    def move(
        self,
        about: tuple[str, str, str],
        debit: tuple[Account, str],
        credit: tuple[Account, str],
        amount_idr: int,
    ) -> None:
        """`about` is cycle, supplier and koperasi, empty where there is none."""
        key = (*about, debit[0].number, debit[1], credit[0].number, credit[1])
        self._sums[key] = self._sums.get(key, 0) + amount_idr

    def postings(self) -> Iterator[Posting]:
        """A negative amount moves the other way."""
        found = (each for each in self._sums.items() if each[1])
        head = (self.posted_on, self._document_on)
        for line_no, (key, amount_idr) in enumerate(found, start=1):
            about, debit, credit = key[:3], key[3:5], key[5:]
            if amount_idr < 0:
                debit, credit, amount_idr = credit, debit, -amount_idr
            yield Posting(self.position, line_no, *head, *about, *debit, *credit, amount_idr)


def matched(
    payers: Sequence[tuple[str, int]], receivers: Sequence[tuple[str, int]]
) -> Iterator[tuple[str, str, int]]:
    """Who pays whom how much, in the order given. Raises ValueError when the sums differ or
    something is negative."""
    if min([amount for _, amount in (*payers, *receivers)], default=0) < 0:
        raise ValueError("neither what is paid nor what is received may be negative")
    if sum(amount for _, amount in payers) != sum(amount for _, amount in receivers):
        raise ValueError("what is paid and what is received are not the same sum")
    waiting = iter(receivers)
    receiver, due = next(waiting, ("", 0))
    for payer, amount in payers:
        left = amount
        while left:
            while not due:
                receiver, due = next(waiting)
            part = min(left, due)
            yield payer, receiver, part
            left -= part
            due -= part
