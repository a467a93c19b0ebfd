"""The receipts of a year: what is odd in them, and what becomes of it."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

pytest.importorskip("polars", reason="polars is in the extra [retail]")

import polars as pl

from jaringan_usaha.retail import source
from jaringan_usaha.retail.oracle import Oracle
from jaringan_usaha.retail.replay import uuid_v7
from jaringan_usaha.retail.source import (
    WEEKS,
    Discount,
    Line,
    NotWholeCents,
    Party,
    Receipts,
    RetailDataMissing,
    RetailFiles,
    dirt,
    retail_files,
)

NOON = datetime(2017, 1, 3, 12, 0)  # noqa: DTZ001  as the parquet file has it


@pytest.fixture(scope="module")
def year() -> RetailFiles:
    """The files of the installed package."""
    try:
        return retail_files()
    except RetailDataMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def tiny(tmp_path: Path) -> RetailFiles:
    """Three receipts, of which one has everything odd."""
    return files_of(
        tmp_path,
        [  # basket, shop, product, quantity, dollars, three discounts, week
            (11, 330, 1001, 2, 1.29, 0.30, 0.00, 0.00, 2),
            (11, 330, 1002, 0, 0.50, 0.00, 0.00, 0.00, 2),
            (12, 406, 1001, 1, 0.70, 0.00, 0.55, 0.10, 2),
            (12, 406, 9999, 3, 0.00, 0.00, 0.00, 0.00, 2),
            (13, 330, 1001, 1, 1.00, 0.00, 0.00, 0.00, 3),
        ],
    )


def files_of(folder: Path, rows: list[tuple[float, ...]]) -> RetailFiles:
    """Parquet files of the package's shape with these receipt lines; product 9999 is unknown."""
    columns = [
        *("basket_id", "store_id", "product_id", "quantity", "sales_value", "retail_disc"),
        *("coupon_disc", "coupon_match_disc", "week"),
    ]
    files = RetailFiles(folder / "transactions.parquet", folder / "products.parquet")
    pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        pl.lit(NOON).dt.cast_time_unit("ns").alias("transaction_timestamp")
    ).write_parquet(files.transactions)
    pl.DataFrame(
        {
            "product_id": [1001, 1002],
            "manufacturer_id": [69, 7],
            "department": ["GROCERY", "PRODUCE"],
            "product_category": ["RICE", None],
            "product_type": ["RICE 5 LB", None],
            "package_size": [None, "1 LB"],
        }
    ).write_parquet(files.products)
    return files


# -- the year ------------------------------------------------------------------------------


def test_every_odd_kind_of_line_is_known_by_number(year: RetailFiles) -> None:
    found = dirt(year, list(WEEKS))
    assert (found.lines, found.baskets) == (1_469_307, 155_848)
    assert (found.without_quantity, found.without_quantity_with_value) == (8_869, 49)
    assert found.without_value == 2_406
    assert (found.without_master, found.products_without_master) == (4_836, 17)
    assert found.manufacturers == 5_309
    assert found.largest_quantity == 89_638


def test_no_line_of_a_week_is_left_out(year: RetailFiles) -> None:
    counted = dirt(year, [33])
    lines = [line for basket in Receipts(year).baskets(33) for line in basket.lines]
    assert len(lines) == counted.lines
    assert sum(line.quantity == 0 for line in lines) == counted.without_quantity
    assert (
        sum(line.quantity > 0 and line.amount_idr == 0 for line in lines) == counted.without_value
    )
    unknown = sum(line.supplier_id == "m-tanpa-produsen" for line in lines)
    assert unknown == counted.without_master
    assert max(line.quantity for line in lines) == 89_638


def test_all_that_a_week_orders_is_registered_before(year: RetailFiles) -> None:
    receipts = Receipts(year)
    baskets = list(receipts.baskets(1))
    lines = [line for basket in baskets for line in basket.lines]
    assert {party.id for party in receipts.koperasi([1])} == {each.koperasi_id for each in baskets}
    assert {party.id for party in receipts.suppliers([1])} == {line.supplier_id for line in lines}
    assert {party.id for party in receipts.items([1])} == {line.item_id for line in lines}


# -- the receipts as orders ----------------------------------------------------------------


def test_a_receipt_becomes_an_order_at_150_rupiah_a_cent(tiny: RetailFiles) -> None:
    first, second = Receipts(tiny).baskets(2)
    assert (first.basket_id, first.koperasi_id) == (11, "toko-330")
    assert first.client_at == datetime(2017, 1, 3, 12, 0, tzinfo=UTC)
    assert first.lines == (
        Line("m-69", "p-1001", 2, 19_350, (Discount("retail", 4_500),)),
        Line("m-7", "p-1002", 0, 7_500),
    )
    assert second.lines == (
        Line(
            "m-69",
            "p-1001",
            1,
            10_500,
            (Discount("coupon", 8_250), Discount("coupon_match", 1_500)),
        ),
        Line("m-tanpa-produsen", "p-9999", 3, 0),
    )


def test_another_rate_gives_other_rupiah(tiny: RetailFiles) -> None:
    (basket,) = Receipts(tiny, rate=16_300).baskets(3)
    assert basket.lines[0].amount_idr == 16_300


@pytest.mark.parametrize("rate", [0, -15_000, 15_050])
def test_a_rate_that_leaves_fractions_of_a_rupiah_is_refused(tiny: RetailFiles, rate: int) -> None:
    with pytest.raises(ValueError, match="multiple of Rp100"):
        Receipts(tiny, rate)


def test_an_amount_between_two_cents_is_refused(tmp_path: Path) -> None:
    files = files_of(tmp_path, [(11, 330, 1001, 1, 1.005, 0.0, 0.0, 0.0, 2)])
    with pytest.raises(NotWholeCents):
        list(Receipts(files).baskets(2))


def test_what_has_no_master_row_is_registered_all_the_same(tiny: RetailFiles) -> None:
    receipts = Receipts(tiny)
    assert receipts.suppliers([2]) == [
        Party("m-tanpa-produsen", "Tanpa data produsen"),
        Party("m-7", "Produsen 7"),
        Party("m-69", "Produsen 69"),
    ]
    assert receipts.items([2]) == [
        Party("p-1001", "RICE 5 LB"),
        Party("p-1002", "PRODUCE 1 LB"),
        Party("p-9999", "Barang 9999"),
    ]


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PACKAGE", "no_such_package")
    with pytest.raises(RetailDataMissing, match=r"jaringan-usaha\[retail\]"):
        retail_files()


def test_an_order_id_is_a_uuid_v7_made_of_the_opening_and_the_receipt() -> None:
    opened_at = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
    made = uuid_v7(opened_at, "order 31198570044")
    assert made == uuid_v7(opened_at, "order 31198570044")
    assert made != uuid_v7(opened_at, "order 31198570047")
    assert (made[14], made[19] in "89ab") == ("7", True)
    milliseconds = int(made.replace("-", "")[:12], 16)
    assert datetime.fromtimestamp(milliseconds / 1_000, UTC).date() == date(2026, 11, 22)


# -- the oracle, worked out by hand --------------------------------------------------------


def test_the_oracle_sums_lines_per_week_manufacturer_and_product(tiny: RetailFiles) -> None:
    lines = Oracle(tiny, 15_000).consolidated_lines([2]).sort("item_id")
    assert lines.rows() == [
        # 1.29 + 0.70 dollars; beside them 0.30, 0.55 and 0.10 were taken off
        ("2017-m02", "m-69", "p-1001", 3, 2, 29_850, 44_100),
        ("2017-m02", "m-7", "p-1002", 0, 1, 7_500, 7_500),
        ("2017-m02", "m-tanpa-produsen", "p-9999", 3, 1, 0, 0),
    ]


def test_the_oracle_sums_orders_cycles_and_margins(tiny: RetailFiles) -> None:
    oracle = Oracle(tiny, 15_000)
    assert oracle.orders([2]) == 2
    assert oracle.orders([2, 3]) == 3
    assert oracle.consolidated_orders([3]).rows() == [("2017-m03", "m-69", 1, 1, 15_000, 15_000, 1)]
    assert oracle.cycles([2]).rows() == [("2017-m02", 4, 37_350, 51_600, 3)]
    assert sorted(oracle.margins([2, 3]).rows()) == [
        ("toko-330", "2017-m02", 26_850, 31_350),
        ("toko-330", "2017-m03", 15_000, 15_000),
        ("toko-406", "2017-m02", 10_500, 20_250),
    ]


def test_the_oracle_balances_debit_and_credit(tiny: RetailFiles) -> None:
    balance = Oracle(tiny, 15_000).trial_balance([2, 3])
    assert balance.rows() == [("1310", 52_350, 0), ("2110", 0, 52_350)]
    assert balance["debit_idr"].sum() == balance["credit_idr"].sum()
