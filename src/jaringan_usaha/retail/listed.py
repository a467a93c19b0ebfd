"""The second telling: suppliers have lists with tiers, and the group gets its own price."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl

from jaringan_usaha.client.outbox import Operation
from jaringan_usaha.client.service import Service
from jaringan_usaha.retail.derived import FEE, MATCHING, PPN, REBATE, Derived
from jaringan_usaha.retail.replay import Entries, entries_of, rupiah, uuid_v7
from jaringan_usaha.retail.source import Basket, ListedLine, Receipts
from jaringan_usaha.retail.stated import of_shops
from jaringan_usaha.retail.tills import all_of

FROM = "2016-12-01"
ROWS_A_LIST = 1_000
SOURCE = "impor ritel / retail import"


class Listed:
    """Receipts as orders at listed prices, of what has a price."""

    def __init__(self, derived: Derived, receipts: Receipts, shops: int | None = None) -> None:
        self._derived = derived
        self._receipts = receipts
        weeks = derived.weeks
        self._about = (
            f"harga daftar {len(weeks)} minggu {weeks[0]}–{weeks[-1]}, "
            f"{rupiah(derived.rate)} per dolar{of_shops(shops)}"
        )

    def title(self, week: int) -> str:
        return f"Ritel 2017 minggu {week} ({self._about})"

    def terms(self, week: int) -> dict[str, Any]:
        return {
            "prices": "listed",
            "priced_on": self._receipts.first_day(week),
            "host": self._derived.host(week),
        }

    def parties(self, weeks: list[int]) -> Entries:
        now = datetime.now(UTC)  # noqa: TID251  a client's clock, which decides nothing
        receipts = self._receipts
        dozens = set(self._derived.prices.filter(pl.col("case_size") == 12)["item_id"])
        items = receipts.items(weeks)
        ones = [item for item in items if item.id not in dozens]
        twelves = [item for item in items if item.id in dozens]
        unit = {"base_unit": "H87", "case_size": 1}
        return [
            *entries_of("admit_koperasi", "koperasi_id", receipts.koperasi(weeks), {}, now),
            *entries_of("admit_supplier", "supplier_id", receipts.suppliers(weeks), {}, now),
            *entries_of("add_item", "item_id", ones, unit, now),
            *entries_of("add_item", "item_id", twelves, {**unit, "case_size": 12}, now),
        ]

    def descriptions(self) -> Entries:
        """How every item with a price is taxed."""
        now = datetime.now(UTC)  # noqa: TID251  a client's clock, which decides nothing
        return [
            (
                item_id,
                Operation(
                    op_id=uuid_v7(now, f"describe {item_id}"),
                    type="describe_item",
                    body={"item_id": item_id, "tax_class": "exempt" if exempt else "standard"},
                ),
            )
            for item_id, exempt in self._derived.prices.select("item_id", "exempt").iter_rows()
        ]

    def agreements(self, weeks: list[int]) -> list[tuple[str, dict[str, Any]]]:
        """Paths and bodies of the rules, of what the koperasi are, and of the price lists."""
        return [*self._rules(), *self._standings(weeks), *self._lists()]

    def baskets(self, week: int) -> Iterator[Basket]:
        columns = ("basket_id", "koperasi_id", "transaction_timestamp")
        line = ("supplier_id", "item_id", "quantity", "tolerance")
        rows = self._derived.wanted(week).select(*columns, *line).iter_rows()
        for (basket_id, koperasi_id, at), lines in groupby(rows, itemgetter(0, 1, 2)):
            wanted = tuple([ListedLine(*row[len(columns) :]) for row in lines])
            yield Basket(basket_id, koperasi_id, at.replace(tzinfo=UTC), wanted)

    def _rules(self) -> Iterator[tuple[str, dict[str, Any]]]:
        rules = {"ppn": PPN, "fee": FEE, "matching": MATCHING}
        rebated = self._derived.prices.filter("rebated")["supplier_id"].unique().sort()
        rules.update({f"rebate.{supplier_id}": REBATE for supplier_id in rebated})
        for rule_id, values in rules.items():
            yield f"/v1/rules/{rule_id}/{FROM}", {"values": values, "source": SOURCE}

    def _standings(self, weeks: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
        stores = self._derived.stores(weeks).select("koperasi_id", "vat_registered", "price_zone")
        for koperasi_id, pkp, zone in stores.iter_rows():
            path = f"/v1/koperasi/{koperasi_id}/classification/{FROM}"
            yield path, {"vat_registered": pkp, "price_zone": zone}

    def _lists(self) -> Iterator[tuple[str, dict[str, Any]]]:
        rows = self._derived.prices.sort("supplier_id", "item_id").iter_rows(named=True)
        for supplier_id, group in groupby(rows, itemgetter("supplier_id")):
            of_supplier = list(group)
            for number, start in enumerate(range(0, len(of_supplier), ROWS_A_LIST), start=1):
                part = of_supplier[start : start + ROWS_A_LIST]
                mode = "incremental" if part[0]["incremental"] else "all_units"
                yield (
                    f"/v1/price-lists/daftar-{supplier_id}-{number}",
                    {
                        "supplier_id": supplier_id,
                        "valid_from_on": FROM,
                        "tier_mode": mode,
                        "rows": [_price_row(row) for row in part],
                    },
                )


def _price_row(row: dict[str, Any]) -> dict[str, Any]:
    """A dozen is what the item itself says a case holds; other cases are the supplier's."""
    tiers = zip(
        (1, row["second_from"], row["third_from"]),
        (row["first_idr"], row["second_idr"], row["third_idr"]),
        strict=True,
    )
    return {
        "item_id": row["item_id"],
        "case_size": 0 if row["case_size"] == 12 else row["case_size"],
        "tiers": [
            {"from_quantity": quantity, "idr": idr, "per": row["per"]} for quantity, idr in tiers
        ],
    }


async def agree(
    services: Sequence[Service],
    agreements: Iterable[tuple[str, dict[str, Any]]],
    heard: Callable[[int], None],
) -> None:
    """Record all of them, some at once; who says the same again changes nothing."""
    waiting = list(agreements)
    waiting.reverse()

    async def one_after_another(service: Service) -> None:
        while waiting:
            path, body = waiting.pop()
            await service.put(path, body)
            heard(1)

    await all_of(one_after_another(service) for service in services)
