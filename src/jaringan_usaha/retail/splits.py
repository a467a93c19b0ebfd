"""Whole numbers divided and shared out in polars, apart from the kernel that does it elsewhere.

Products are taken in 128 bits: the petrol of a year, in units of a pump, does not fit into 64.
"""

from collections.abc import Sequence

import polars as pl

WIDE = pl.Int128()


def half_up(numerator: pl.Expr, denominator: pl.Expr | int) -> pl.Expr:
    """The nearest whole number, halves upwards; nothing may be negative."""
    twice = 2 * numerator.cast(WIDE)
    return ((twice + denominator) // (2 * denominator)).cast(pl.Int64)


def largest_remainder(
    table: pl.DataFrame,
    into: str,
    *,
    total: pl.Expr,
    weight: pl.Expr,
    within: Sequence[str],
    order: Sequence[str],
) -> pl.DataFrame:
    """The table with a column that shares `total`, the same for all rows `within` a group, by
    weight: floors, and one unit more for the largest fractions, ties in `order`.

    A total of 0 makes zeros, whatever the weights. Nothing may be negative.
    """
    whole = pl.col("_weight").sum().over(within)
    product = pl.col("_total") * pl.col("_weight")
    shared = table.with_columns(_total=total.cast(WIDE), _weight=weight.cast(WIDE))
    shared = shared.with_columns(
        _floor=pl.when(whole > 0).then(product // whole).otherwise(0),
        _fraction=pl.when(whole > 0).then(product % whole).otherwise(0),
    )
    if not shared.filter((pl.col("_total") > 0) & (whole <= 0)).is_empty():
        raise ValueError("nothing to split by: all weights are zero")
    shared = shared.sort(
        *within,
        "_fraction",
        *order,
        descending=[*(False for _ in within), True, *(False for _ in order)],
    )
    left = (pl.col("_total") - pl.col("_floor").sum()).over(within)
    rank = pl.int_range(pl.len()).over(within)
    part = (pl.col("_floor") + (rank < left)).cast(pl.Int64)
    return shared.with_columns(part.alias(into)).drop("_total", "_weight", "_floor", "_fraction")
