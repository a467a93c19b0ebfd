"""The first telling: what the receipts say was paid is what the koperasi owe."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from jaringan_usaha.retail.replay import Entries, entries_of, rupiah
from jaringan_usaha.retail.source import Basket, Receipts


class Stated:
    """Receipts as orders at stated prices; the goods are sold already."""

    def __init__(self, receipts: Receipts, rate: int, shops: int | None = None) -> None:
        self._receipts = receipts
        self._about = f"{rupiah(rate)} per dolar{of_shops(shops)}"

    def title(self, week: int) -> str:
        return f"Ritel 2017 minggu {week} ({self._about})"

    def terms(self, week: int) -> dict[str, Any]:
        return {"prices": "stated", "priced_on": self._receipts.first_day(week)}

    def parties(self, weeks: list[int]) -> Entries:
        now = datetime.now(UTC)  # noqa: TID251  a client's clock, which decides nothing
        receipts = self._receipts
        unit = {"base_unit": "H87", "case_size": 1}
        return [
            *entries_of("admit_koperasi", "koperasi_id", receipts.koperasi(weeks), {}, now),
            *entries_of("admit_supplier", "supplier_id", receipts.suppliers(weeks), {}, now),
            *entries_of("add_item", "item_id", receipts.items(weeks), unit, now),
        ]

    def baskets(self, week: int) -> Iterator[Basket]:
        return self._receipts.baskets(week)


def of_shops(shops: int | None) -> str:
    """Told in a title when not all shops are imported."""
    return "" if shops is None else f", {shops} toko"
