"""What happened to goods and prices."""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class ItemAdded(Event):
    """A kind of goods. Quantities of it are whole counts of `base_unit` (UN/CEFACT code);
    a supplier's case holds `case_size` of them."""

    name: ClassVar[str] = "catalog.item_added.1"
    item_id: str
    title: str
    base_unit: str
    case_size: int
    gtin: str = ""


class Tier(msgspec.Struct, frozen=True, kw_only=True, order=False):
    """From `from_quantity` base units on, `per` base units cost `idr` whole rupiah."""

    from_quantity: int
    idr: int
    per: int = 1


class PriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """The prices of one item, tiers by rising quantity, the first one from 1."""

    item_id: str
    tiers: tuple[Tier, ...]


class PriceListPublished(Event):
    """Part `part` of a supplier's price list, valid on the dates given, both included.

    The whole quantity bought is charged at the tier it reaches (`all_units`), or each part of
    it at its own tier (`incremental`). Prices are without PPN.
    """

    name: ClassVar[str] = "catalog.price_list_published.1"
    price_list_id: str
    supplier_id: str
    part: int
    valid_from_on: date
    valid_until_on: date | None
    tier_mode: str
    rows: tuple[PriceRow, ...]

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its own ids, each row is found as the offer of this supplier for the item."""
        yield "price_list", self.price_list_id
        yield "supplier", self.supplier_id
        for row in self.rows:
            yield "offer", offer_id(self.supplier_id, row.item_id)


def offer_id(supplier_id: str, item_id: str) -> str:
    """What one supplier asks for one item."""
    return f"{supplier_id}|{item_id}"
