"""What koperasi sold."""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.ceiling import sphp_rule
from jaringan_usaha.kernel.messages import Event


class Measured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule that a line was measured by, with the number of its setting in force that day.

    `flag` is how a sale that was reported after the fact breaks it (`HET_EXCEEDED`,
    `SPHP_LIMIT`); a sale that was asked about before is refused instead.
    """

    rule: str
    version_no: int
    flag: str = ""


class SaleLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base units of one item and what was taken for them; `ppn_idr` of it is PPN of a PKP."""

    item_id: str
    quantity: int
    amount_idr: int
    ppn_idr: int = 0
    measured: tuple[Measured, ...] = ()


class SaleRecorded(Event):
    """A till's receipt, or a day's sum of them. A return has negative quantities and amounts.

    `customer` is a key by which the koperasi knows who bought, never a name.
    """

    name: ClassVar[str] = "sales.sale_recorded.1"
    sale_id: str
    koperasi_id: str
    sold_on: date
    lines: tuple[SaleLine, ...]
    customer: str = ""

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its own ids, what a customer bought on the day of each item that is limited."""
        yield "sale", self.sale_id
        yield "koperasi", self.koperasi_id
        if self.customer:
            limited = [line.item_id for line in self.lines if _is_limited(line)]
            for item_id in dict.fromkeys(limited):
                yield (
                    "customer_day",
                    customer_day_id(self.koperasi_id, self.customer, self.sold_on, item_id),
                )


def _is_limited(line: SaleLine) -> bool:
    return any(each.rule == sphp_rule(line.item_id) for each in line.measured)


def customer_day_id(koperasi_id: str, customer: str, sold_on: date, item_id: str) -> str:
    """What one customer of a koperasi buys of one item on one day."""
    return f"{koperasi_id}|{customer}|{sold_on}|{item_id}"
