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


class ItemDescribed(Event):
    """What tax, freight and price watchers must know of an item, all of it per base unit.

    `tax_class` is `standard` or `exempt` from PPN. `commodity` is the name under which market
    prices are observed; `deposit_idr` is returned with the empty container.
    """

    name: ClassVar[str] = "catalog.item_described.1"
    item_id: str
    tax_class: str
    commodity: str = ""
    weight_g: int = 0
    volume_ml: int = 0
    deposit_idr: int = 0


class Tier(msgspec.Struct, frozen=True, kw_only=True, order=False):
    """From `from_quantity` base units on, `per` base units cost `idr` whole rupiah."""

    from_quantity: int
    idr: int
    per: int = 1


class PriceRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The prices of one item, tiers by rising quantity, the first one from 1.

    This supplier's case holds `case_size` base units (0: as many as the item says), and it
    delivers at least `min_cases` of them.
    """

    item_id: str
    tiers: tuple[Tier, ...]
    case_size: int = 0
    min_cases: int = 0


class PriceListPublished(Event):
    """Part `part` of a supplier's price list, valid on the dates given, both included.

    The whole quantity bought is charged at the tier it reaches (`all_units`), or each part of
    it at its own tier (`incremental`). Prices are without PPN. The supplier takes orders from
    `minimum_idr` of goods on (without PPN and deposits), asks `delivery_idr` per delivery, and
    needs `lead_days` for it. `source` is the SHA-256 of the file the list was read from.
    Items in `ended` have no price of this supplier any more from the first day on, until a list
    that starts later gives one again.
    """

    name: ClassVar[str] = "catalog.price_list_published.1"
    price_list_id: str
    supplier_id: str
    part: int
    valid_from_on: date
    valid_until_on: date | None
    tier_mode: str
    rows: tuple[PriceRow, ...]
    minimum_idr: int = 0
    delivery_idr: int = 0
    lead_days: int | None = None
    source: str = ""
    ended: tuple[str, ...] = ()

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its own ids, each item is found as the offer of this supplier for it."""
        yield "price_list", self.price_list_id
        yield "supplier", self.supplier_id
        for item_id in (*(row.item_id for row in self.rows), *self.ended):
            yield "offer", offer_id(self.supplier_id, item_id)

    def ends(self, offer: str) -> bool:
        """Whether this offer has no price from the first day on."""
        return any(offer == offer_id(self.supplier_id, item_id) for item_id in self.ended)


class PriceFileReceived(Event):
    """A supplier's price table came as a file, to become price list `price_list_id` when all its
    questions are answered. `sha256` finds its bytes among the kept files; `kind` is `csv`,
    `xlsx`, `xls` or `ods`."""

    name: ClassVar[str] = "catalog.price_file_received.1"
    import_id: str
    supplier_id: str
    price_list_id: str
    sha256: str
    file_name: str
    size_bytes: int
    kind: str
    valid_from_on: date
    valid_until_on: date | None
    tier_mode: str


class FileAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What people said to one question about a file (`basis`, `price:R12`, `pack:*`);
    `remembered` when it also holds for this supplier's next files."""

    question: str
    answer: str
    remembered: bool = False


class PriceFileAnswered(Event):
    """Questions about a file were answered; a later answer to the same question counts."""

    name: ClassVar[str] = "catalog.price_file_answered.1"
    import_id: str
    supplier_id: str
    answers: tuple[FileAnswer, ...]


class NamedGoods(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Under which code and title a supplier's tables name an item."""

    item_id: str
    title: str
    code: str = ""


class SupplierGoodsNamed(Event):
    """Part `part` of the goods that a confirmed file names as no file of the supplier did."""

    name: ClassVar[str] = "catalog.supplier_goods_named.1"
    import_id: str
    supplier_id: str
    part: int
    goods: tuple[NamedGoods, ...]


class PriceFileConfirmed(Event):
    """The file became a price list, together with the items it brought, in this one step.

    `digest` is that of the preview that was confirmed. The rows of the list are new, changed or
    unchanged against the supplier's prices of its first day; `gone` had a price and are not in
    the file; `left_out` rows of the file were skipped on purpose; `ticked` had been doubted.
    """

    name: ClassVar[str] = "catalog.price_file_confirmed.1"
    import_id: str
    supplier_id: str
    price_list_id: str
    sha256: str
    digest: str
    new: int
    changed: int
    unchanged: int
    gone: int
    left_out: int
    ticked: int
    items_added: int


def offer_id(supplier_id: str, item_id: str) -> str:
    """What one supplier asks for one item."""
    return f"{supplier_id}|{item_id}"
