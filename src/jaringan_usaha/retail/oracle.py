"""What the service must come to, worked out apart from it: polars, straight from the files.

Nothing is shared with the road through the service but the files and the rate. Amounts are
read as decimals here, where the orders are made of rounded cents.
"""

from dataclasses import dataclass

import polars as pl

from jaringan_usaha.retail.source import RetailFiles

SUMS = ("quantity", "order_lines", "amount_idr", "alone_idr")


@dataclass(frozen=True)
class Oracle:
    """Sums over the receipts; ids are those under which the service knows things."""

    files: RetailFiles
    rate: int

    def orders(self, weeks: list[int]) -> int:
        """How many receipts there are."""
        lines = self.files.lines(weeks)
        return int(lines.select(pl.col("basket_id").n_unique()).collect().item())

    def consolidated_lines(self, weeks: list[int]) -> pl.DataFrame:
        """Per week, manufacturer and product."""
        return self._summed(weeks, "cycle_id", "supplier_id", "item_id")

    def consolidated_orders(self, weeks: list[int]) -> pl.DataFrame:
        """Per week and manufacturer, with the number of products."""
        products = pl.col("item_id").n_unique().cast(pl.Int64)
        return self._summed(weeks, "cycle_id", "supplier_id", item_count=products)

    def cycles(self, weeks: list[int]) -> pl.DataFrame:
        """Per week, with the number of manufacturers."""
        makers = pl.col("supplier_id").n_unique().cast(pl.Int64)
        return self._summed(weeks, "cycle_id", consolidated_orders=makers).drop("quantity")

    def margins(self, weeks: list[int]) -> pl.DataFrame:
        """Per shop and week: what was paid, and what the list price had been."""
        sums = self._summed(weeks, "koperasi_id", "cycle_id")
        return sums.select("koperasi_id", "cycle_id", "amount_idr", "alone_idr")

    def trial_balance(self, weeks: list[int]) -> pl.DataFrame:
        """Goods stand at what was paid for them, and suppliers are owed as much."""
        amount = self._lines(weeks).select(pl.col("amount_idr").sum()).collect().item()
        return pl.DataFrame(
            {
                "account": ["1310", "2110"],
                "debit_idr": [amount, 0],
                "credit_idr": [0, amount],
            }
        )

    def _summed(self, weeks: list[int], *by: str, **more: pl.Expr) -> pl.DataFrame:
        sums = self._lines(weeks).group_by(by).agg(*(pl.col(each).sum() for each in SUMS), **more)
        return sums.collect()

    def _lines(self, weeks: list[int]) -> pl.LazyFrame:
        makers = pl.scan_parquet(self.files.products).select("product_id", "manufacturer_id")
        lines = self.files.lines(weeks)
        return lines.join(makers, on="product_id", how="left").select(
            cycle_id=pl.lit("2017-m") + pl.col("week").cast(pl.String).str.zfill(2),
            koperasi_id=pl.lit("toko-") + pl.col("store_id").cast(pl.String),
            supplier_id=pl.lit("m-")
            + pl.col("manufacturer_id").cast(pl.String).fill_null("tanpa-produsen"),
            item_id=pl.lit("p-") + pl.col("product_id").cast(pl.String),
            quantity=pl.col("quantity"),
            order_lines=pl.lit(1, pl.Int64),
            amount_idr=self._idr("sales_value"),
            alone_idr=self._idr("sales_value")
            + self._idr("retail_disc")
            + self._idr("coupon_disc")
            + self._idr("coupon_match_disc"),
        )

    def _idr(self, column: str) -> pl.Expr:
        dollars = pl.col(column).cast(pl.Decimal(18, 2))
        return (dollars * pl.lit(self.rate, pl.Decimal(18, 0))).cast(pl.Int64)
