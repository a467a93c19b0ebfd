"""What the listed telling derives from the receipts, and the oracle's arithmetic, by hand."""

from collections import defaultdict
from datetime import datetime
from pathlib import Path

import pytest

pytest.importorskip("polars", reason="polars is in the extra [retail]")

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from jaringan_usaha.kernel import money
from jaringan_usaha.retail.derived import Derived, billed, delivered, freight
from jaringan_usaha.retail.listed import Listed
from jaringan_usaha.retail.listed_oracle import ListedOracle
from jaringan_usaha.retail.source import ListedLine, Receipts, RetailFiles
from jaringan_usaha.retail.splits import half_up, largest_remainder

NOON = datetime(2017, 1, 9, 12, 0)  # noqa: DTZ001  as the parquet file has it
OIL, EGGS, PETROL, FREE = 1001, 1026, 1028, 1030


@pytest.fixture
def tiny(tmp_path: Path) -> Derived:
    """Three shops in one week; EGGS is exempt and comes in cases of six."""
    rows = [  # basket, shop, product, quantity, dollars, three discounts
        (11, 330, OIL, 4, 8.00, 2.00, 0.00, 0.00),
        (11, 330, EGGS, 5, 10.00, 0.00, 0.00, 0.00),
        (11, 330, FREE, 1, 0.00, 0.00, 0.00, 0.00),
        (12, 331, OIL, 3, 6.00, 1.50, 0.00, 0.00),
        (12, 331, EGGS, 4, 8.00, 0.00, 0.00, 0.00),
        (13, 332, OIL, 0, 0.50, 0.00, 0.00, 0.00),
        (14, 332, PETROL, 30, 0.40, 0.10, 0.00, 0.00),
        (14, 332, EGGS, 4, 8.00, 0.00, 0.00, 0.00),
    ]
    columns = ["basket_id", "store_id", "product_id", "quantity", "sales_value"]
    columns += ["retail_disc", "coupon_disc", "coupon_match_disc"]
    files = RetailFiles(tmp_path / "transactions.parquet", tmp_path / "products.parquet")
    pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        pl.lit(NOON).dt.cast_time_unit("ns").alias("transaction_timestamp"), week=2
    ).with_columns(pl.col("week").cast(pl.Int64)).write_parquet(files.transactions)
    pl.DataFrame(
        {
            "product_id": [OIL, EGGS, PETROL, FREE],
            "manufacturer_id": [8, 7, 8, 8],
            "department": ["GROCERY", "GROCERY", "FUEL", "GROCERY"],
            "product_category": ["OIL", "EGGS", None, None],
            "product_type": ["OIL", "EGGS", None, None],
            "package_size": [None, None, None, None],
        },
        schema_overrides={"package_size": pl.String},
    ).write_parquet(files.products)
    return Derived(files, (2,), 15_000)


# -- prices --------------------------------------------------------------------------------


def test_a_price_is_the_exact_average_of_what_was_asked_before_discounts(tiny: Derived) -> None:
    prices = {row["product_id"]: row for row in tiny.prices.iter_rows(named=True)}
    oil = prices[OIL]  # 17.50 dollars for 7: 262,500 rupiah
    assert (oil["first_idr"], oil["per"]) == (37_500, 1)
    assert (oil["second_idr"], oil["third_idr"]) == (35_625, 33_750)
    assert (oil["second_from"], oil["third_from"]) == (3, 8)  # half the best week; 12 tenths of it
    petrol = prices[PETROL]  # 7,500 rupiah for 30
    assert (petrol["first_idr"] * 30 / petrol["per"], petrol["incremental"]) == (7_500, False)
    eggs = prices[EGGS]
    assert (eggs["incremental"], eggs["exempt"], eggs["case_size"]) == (True, True, 6)


def test_what_has_no_quantity_or_no_value_is_left_out_and_counted(tiny: Derived) -> None:
    assert FREE not in tiny.prices["product_id"]
    left_out = tiny.left_out([2])
    assert (left_out.without_quantity, left_out.without_price, left_out.receipts) == (1, 1, 1)
    baskets = list(Listed(tiny, Receipts(tiny.files)).baskets(2))
    assert [basket.basket_id for basket in baskets] == [11, 12, 14]
    assert [line.item_id for line in baskets[0].lines] == [f"p-{OIL}", f"p-{EGGS}"]
    assert all(isinstance(line, ListedLine) for basket in baskets for line in basket.lines)


# -- the oracle ----------------------------------------------------------------------------


def test_the_oracle_orders_whole_cases_and_shares_what_is_lacking(tiny: Derived) -> None:
    positions = pl.DataFrame({"basket_id": [11, 12, 14], "position": [5, 6, 7]})
    found = ListedOracle(tiny).week(2, positions)
    lines = {row["item_id"]: row for row in found.lines.iter_rows(named=True)}
    oil = lines[f"p-{OIL}"]
    assert (oil["quantity"], oil["price_idr"], oil["amount_idr"]) == (7, 35_625, 249_375)
    eggs = lines[f"p-{EGGS}"]
    tolerance = eggs["tolerance"]
    assert (eggs["firm"], eggs["case_size"]) == (13, 6)
    assert eggs["cases"] == (3 if 1 + tolerance >= 6 else 2)
    granted = {
        row["koperasi_id"]: row["granted"]
        for row in found.entitlements.filter(item_id=f"p-{EGGS}").iter_rows(named=True)
    }
    by_hand = money.largest_remainder(12, [("toko-330", 5), ("toko-331", 4), ("toko-332", 4)])
    assert granted == by_hand == {"toko-330": 4, "toko-331": 4, "toko-332": 4}
    # EGGS at Rp30,000, each part at its own tier: 5 below the one from 6, 4 below that from 10
    tiers = tiny.prices.filter(product_id=EGGS).row(0, named=True)
    assert (tiers["second_from"], tiers["third_from"]) == (6, 10)
    assert eggs["amount_idr"] == 5 * 30_000 + 4 * 28_500 + 3 * 27_000


def test_the_oracles_books_balance(tiny: Derived) -> None:
    positions = pl.DataFrame({"basket_id": [11, 12, 14], "position": [5, 6, 7]})
    found = ListedOracle(tiny).week(2, positions)
    assert found.postings["debit_idr"].sum() == found.postings["credit_idr"].sum() > 0
    assert found.costs["freight_idr"].sum() == freight(2).amounts_idr[-1]
    assert found.margins["freight_idr"].sum() == freight(2).amounts_idr[-1]


def test_a_delivery_falls_short_or_comes_in_parts_but_never_exceeds_the_order() -> None:
    many = pl.DataFrame(
        {"product_id": range(1_000), "maker": [n % 90 for n in range(1_000)]}
    ).with_columns(
        quantity=pl.col("product_id") % 40,
        week=pl.lit(9, pl.Int64),
        supplier_id=pl.format("m-{}", "maker"),
        item_id=pl.format("p-{}", "product_id"),
        amount_idr=pl.col("product_id") * 1_003,
        order_lines=pl.lit(3, pl.Int64),
        exempt=pl.col("product_id") % 3 == 0,
    )
    came = delivered(many)
    whole = came.filter(pl.col("accepted") == pl.col("quantity"))
    assert 800 < whole.height < 1_000
    assert came.filter(pl.col("first") + pl.col("second") != pl.col("accepted")).is_empty()
    assert came.filter(pl.col("accepted") + pl.col("rejected") > pl.col("quantity")).is_empty()
    assert came.filter(pl.col("second") > 0).height > 50
    assert came.filter(pl.col("rejected") > 0).height > 10
    bills = billed(came)
    assert bills.filter(pl.col("exempt") & (pl.col("ppn_idr") > 0)).is_empty()
    assert bills.group_by("supplier_id", "invoice").agg(pl.col("order_lines").sum())[
        "order_lines"
    ].max() == pytest.approx(36, abs=36)


# -- arithmetic ----------------------------------------------------------------------------

weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)


@given(st.lists(st.tuples(st.integers(0, 10**12), weights), min_size=1, max_size=6))
def test_the_oracle_shares_like_the_kernel(groups: list[tuple[int, list[int]]]) -> None:
    """Several groups in one table, rows in disorder: the same parts, ties to the first."""
    rows = [
        (group, total, turn, weight)
        for group, (total, of_group) in enumerate(groups)
        for turn, weight in enumerate(of_group)
    ]
    table = pl.DataFrame(
        rows[::-1], schema=["group", "total", "turn", "weight"], orient="row"
    ).cast(pl.Int64)
    shared = largest_remainder(
        table,
        "part",
        total=pl.col("total"),
        weight=pl.col("weight"),
        within=["group"],
        order=["turn"],
    )
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for group, turn, part in shared.select("group", "turn", "part").iter_rows():
        found[group][turn] = part
    for group, (total, of_group) in enumerate(groups):
        assert found[group] == money.largest_remainder(total, list(enumerate(of_group)))


def test_nothing_is_shared_by_nothing() -> None:
    table = pl.DataFrame({"group": [1, 1], "turn": [1, 2], "weight": [0, 0]})
    by_nothing = {"weight": pl.col("weight"), "within": ["group"], "order": ["turn"]}
    shared = largest_remainder(table, "part", total=pl.lit(0), **by_nothing)
    assert shared["part"].to_list() == [0, 0]
    with pytest.raises(ValueError, match="nothing to split by"):
        largest_remainder(table, "part", total=pl.lit(1), **by_nothing)


@given(st.integers(0, 10**24), st.integers(1, 10**9))
def test_the_oracle_rounds_like_the_kernel(numerator: int, denominator: int) -> None:
    numerator %= denominator * 2**60
    table = pl.DataFrame({"n": [numerator]}, schema={"n": pl.Int128})
    assert table.select(half_up(pl.col("n"), denominator)).item() == money.half_up(
        numerator, denominator
    )
