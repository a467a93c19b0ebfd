"""What koperasi sold."""

from datetime import date
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class SaleLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base units of one item and what was taken for them; `ppn_idr` of it is PPN of a PKP.

    `flag` is the rule that a sale reported after the fact breaks (`HET_EXCEEDED`), and
    `rule_version_no` the setting of it that was in force.
    """

    item_id: str
    quantity: int
    amount_idr: int
    ppn_idr: int = 0
    flag: str = ""
    rule_version_no: int = 0


class SaleRecorded(Event):
    """A till's receipt, or a day's sum of them. A return has negative quantities and amounts."""

    name: ClassVar[str] = "sales.sale_recorded.1"
    sale_id: str
    koperasi_id: str
    sold_on: date
    lines: tuple[SaleLine, ...]
    customer: str = ""
