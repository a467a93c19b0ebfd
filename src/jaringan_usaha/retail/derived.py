"""What the listed telling adds to the receipts: prices, cases, tax, deliveries and bills.

All of it follows from the files, the rate and the weeks that are imported, by rules that are
written down here and in docs/retail.md. Both the road through the service and the oracle use it;
what comes of it is worked out by each alone.
"""

from dataclasses import dataclass
from functools import cached_property
from math import gcd

import polars as pl

from jaringan_usaha.retail.source import NO_MANUFACTURER, RetailFiles
from jaringan_usaha.retail.splits import half_up

EXEMPT_DEPARTMENTS = ("PRODUCE", "MEAT", "MEAT-PCKGD")
EXEMPT_CATEGORIES = ("EGGS", "FLUID MILK PRODUCTS")
DISCOUNTS = ("retail_disc", "coupon_disc", "coupon_match_disc")

PPN = {
    "rate_bp": 1_200,
    "base_numerator": 11,
    "base_denominator": 12,
    "half_up": 1,
    "rounded_base": 0,
}
FEE = {"rate_bp": 150, "consortium_parts": 60, "host_parts": 40}
REBATE = {"rate_bp": 200, "consortium_parts": 65, "koperasi_parts": 35}
MATCHING = {"variance_bp": 50, "variance_idr": 50}

ROWS_AN_INVOICE = 250
"""Order lines after which a supplier goes on with another invoice. The item that exceeds it has at
most 102 koperasi a week, so what an invoice costs whom always fits into one part of 400 rows."""


def _draw(first: str, second: str, of: int) -> pl.Expr:
    """Chance that falls alike for the same two numbers: 0 to `of` − 1."""
    return (pl.col(first) * 7_919 + pl.col(second) * 104_729) % 10_007 % of


@dataclass(frozen=True)
class LeftOut:
    """Receipt lines that cannot be ordered at a listed price, and receipts of nothing else."""

    without_quantity: int
    without_price: int
    receipts: int


@dataclass(frozen=True)
class Derived:
    """The tables of an import of these weeks."""

    files: RetailFiles
    weeks: tuple[int, ...]
    rate: int

    @cached_property
    def prices(self) -> pl.DataFrame:
        """One row for each product with a price: three tiers over the same `per`, its case."""
        sold = self._lines(list(self.weeks)).filter(pl.col("quantity") > 0)
        best = pl.col("quantity").sum()
        weekly = sold.group_by("product_id", "maker", "supplier_id", "item_id", "exempt", "week")
        table = (
            weekly.agg(value_idr=pl.col("list_idr").sum(), units=best)
            .group_by("product_id", "maker", "supplier_id", "item_id", "exempt")
            .agg(pl.col("value_idr", "units").sum(), best=pl.col("units").max())
            .filter(pl.col("value_idr") > 0)
            .with_columns(second_from=pl.max_horizontal(pl.lit(3), pl.col("best") // 2))
            .with_columns(
                third_from=pl.max_horizontal(
                    pl.col("second_from") + 2,
                    pl.col("best") * (8 + 2 * (pl.col("product_id") % 3)) // 10,
                ),
                incremental=pl.col("maker") % 7 == 0,
                rebated=pl.col("maker") % 23 == 0,
                case_size=self._case_size(),
            )
            .sort("supplier_id", "item_id")
            .collect()
        )
        common = [
            gcd(100 * units, 5 * value)
            for units, value in table.select("units", "value_idr").iter_rows()
        ]
        return table.with_columns(common=pl.Series(common, dtype=pl.Int64)).select(
            pl.exclude("common", "units", "value_idr", "best"),
            per=100 * pl.col("units") // pl.col("common"),
            first_idr=100 * pl.col("value_idr") // pl.col("common"),
            second_idr=95 * pl.col("value_idr") // pl.col("common"),
            third_idr=90 * pl.col("value_idr") // pl.col("common"),
        )

    def wanted(self, week: int) -> pl.DataFrame:
        """The lines of a week as they are ordered, by the time on the receipts."""
        prices = self.prices.lazy().select("product_id", "case_size")
        filling = (pl.col("case_size") > 1) & (_draw("basket_id", "product_id", 3) == 0)
        lines = self._lines([week]).filter(pl.col("quantity") > 0)
        return (
            lines.join(prices, on="product_id", maintain_order="left")
            .with_columns(
                koperasi_id=pl.format("toko-{}", "store_id"),
                tolerance=pl.when(filling).then(pl.col("case_size") // 3).otherwise(0),
            )
            .sort("transaction_timestamp", "basket_id", maintain_order=True)
            .collect()
        )

    def left_out(self, weeks: list[int]) -> LeftOut:
        """What of these weeks is not ordered."""
        priced = pl.col("product_id").is_in(self.prices["product_id"].implode())
        no_goods = pl.col("quantity") == 0
        lines = self._lines(weeks)
        counts = lines.select(
            without_quantity=no_goods.sum(), without_price=(~no_goods & ~priced).sum()
        ).collect()
        taken = pl.col("basket_id").filter(~no_goods & priced).n_unique()
        receipts = lines.select(receipts=pl.col("basket_id").n_unique() - taken).collect()
        return LeftOut(**counts.row(0, named=True), receipts=int(receipts.item()))

    def stores(self, weeks: list[int]) -> pl.DataFrame:
        """The koperasi of these weeks; every second one is PKP."""
        stores = self.files.lines(weeks).select("store_id").unique().sort("store_id").collect()
        return stores.with_columns(
            koperasi_id=pl.format("toko-{}", "store_id"),
            vat_registered=pl.col("store_id") % 2 == 0,
            price_zone=1 + pl.col("store_id") % 3,
        )

    def host(self, week: int) -> str:
        """The koperasi that shares in the fees of a week."""
        stores = self.stores([week])["koperasi_id"]
        return str(stores[week % len(stores)])

    def _case_size(self) -> pl.Expr:
        of_four = pl.col("product_id") % 4
        return (
            pl.when((pl.col("best") >= 24) & (of_four == 0))
            .then(12)
            .when((pl.col("best") >= 8) & (of_four == 1) | (pl.col("product_id") % 64 == 2))
            .then(6)
            .otherwise(1)
            .cast(pl.Int64)
        )

    def _lines(self, weeks: list[int]) -> pl.LazyFrame:
        exempt = pl.col("department").is_in(EXEMPT_DEPARTMENTS) | pl.col("product_category").is_in(
            EXEMPT_CATEGORIES
        )
        master = pl.scan_parquet(self.files.products).select(
            "product_id", "manufacturer_id", exempt=exempt.fill_null(value=False)
        )
        lines = self.files.lines(weeks).join(
            master, on="product_id", how="left", maintain_order="left"
        )
        return lines.with_columns(
            pl.col("exempt").fill_null(value=False),
            maker=pl.col("manufacturer_id").fill_null(0),
            supplier_id=pl.format("m-{}", "manufacturer_id").fill_null(NO_MANUFACTURER),
            item_id=pl.format("p-{}", "product_id"),
            list_idr=sum((self._idr(column) for column in DISCOUNTS), self._idr("sales_value")),
        )

    def _idr(self, column: str) -> pl.Expr:
        dollars = pl.col(column).cast(pl.Decimal(18, 2))
        return (dollars * pl.lit(self.rate, pl.Decimal(18, 0))).cast(pl.Int64)


# -- what becomes of an order --------------------------------------------------------------


def delivered(lines: pl.DataFrame) -> pl.DataFrame:
    """What comes of ordered lines (`week`, `maker`, `product_id`, `quantity`): the units of the
    `first` and `second` delivery, and those `rejected` at the last one.

    One line in 16 falls short by up to three units; of odd products they come and are refused,
    unless nothing else comes. One order in five comes in two parts.
    """
    short = pl.when(_draw("product_id", "week", 16) == 0).then(1 + pl.col("product_id") % 3)
    two_parts = _draw("maker", "week", 5) == 0
    came = pl.col("quantity") - pl.col("short")
    return (
        lines.with_columns(short=pl.min_horizontal(short.otherwise(0), "quantity"))
        .with_columns(
            two_parts=two_parts,
            rejected=pl.when((pl.col("product_id") % 2 == 1) & (came > 0))
            .then("short")
            .otherwise(0),
            second=pl.when(two_parts).then(came * 2 // 5).otherwise(0),
        )
        .with_columns(first=came - pl.col("second"), accepted=came)
        .drop("short")
    )


def billed(lines: pl.DataFrame) -> pl.DataFrame:
    """What suppliers bill for lines of which something was `accepted`: the goods at the order's
    price, of every 101st product a little more; PPN by the rule, of every 97th product a rupiah
    less; and the number of the invoice."""
    goods = half_up(pl.col("amount_idr") * pl.col("accepted").cast(pl.Int128), pl.col("quantity"))
    more = pl.when(pl.col("product_id") % 101 == 0).then(pl.col("goods_idr") // 500).otherwise(0)
    base, rate = PPN["base_denominator"] * 10_000, PPN["base_numerator"] * PPN["rate_bp"]
    tax = half_up((pl.col("goods_idr") + pl.col("variance_idr")) * pl.lit(rate, pl.Int128), base)
    less = (pl.col("product_id") % 97 == 0) & (pl.col("ppn_idr") > 0)
    before = pl.col("order_lines").cum_sum() - pl.col("order_lines")
    return (
        lines.filter(pl.col("accepted") > 0)
        .sort("supplier_id", "item_id")
        .with_columns(
            goods_idr=goods, invoice=(before // ROWS_AN_INVOICE).over("supplier_id").cast(pl.Int64)
        )
        .with_columns(variance_idr=more)
        .with_columns(ppn_idr=pl.when("exempt").then(0).otherwise(tax))
        .with_columns(rounding_idr=-less.cast(pl.Int64))
    )


@dataclass(frozen=True)
class Freight:
    """The bills of a cycle for bringing its goods, the later one correcting the first."""

    key: str
    amounts_idr: tuple[int, ...]


def freight(week: int) -> Freight:
    """By value in even weeks, else by quantity; in every third week it is corrected."""
    first = 2_500_000 + 7_919 * week
    later = (first + first * 3 // 100,) if week % 3 == 2 else ()
    return Freight("value" if week % 2 == 0 else "quantity", (first, *later))
