"""A comparison is worth what it finds: differences planted one by one."""

import pytest

pytest.importorskip("polars", reason="polars is in the extra [retail]")

import polars as pl

from jaringan_usaha.retail.compare import Check, differences

ROWS = [("m-69", "p-1", 3, 29_850), ("m-69", "p-2", 1, 0), ("m-7", "p-3", 0, 7_500)]
KEYS = ("supplier_id", "item_id")


def table(*rows: tuple[str, str, int, int]) -> pl.DataFrame:
    schema = {
        "supplier_id": pl.String,
        "item_id": pl.String,
        "quantity": pl.Int64,
        "amount_idr": pl.Int64,
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def test_the_same_rows_in_another_order_are_no_difference() -> None:
    assert differences(table(*ROWS), table(*reversed(ROWS)), *KEYS).is_empty()


def test_a_changed_unit_is_found() -> None:
    planted = [("m-69", "p-1", 4, 29_850), *ROWS[1:]]
    found = differences(table(*ROWS), table(*planted), *KEYS)
    assert found.rows(named=True) == [
        {
            "supplier_id": "m-69",
            "item_id": "p-1",
            "quantity": 3,
            "amount_idr": 29_850,
            "copies": 1,
            "quantity_service": 4,
            "amount_idr_service": 29_850,
            "copies_service": 1,
        }
    ]


def test_a_lost_row_a_row_too_many_and_a_double_one_are_found() -> None:
    extra = ("m-8", "p-9", 1, 1)
    assert differences(table(*ROWS), table(*ROWS[1:]), *KEYS)["item_id"].to_list() == ["p-1"]
    assert differences(table(*ROWS), table(*ROWS, extra), *KEYS)["item_id"].to_list() == ["p-9"]
    assert differences(table(*ROWS), table(*ROWS, ROWS[1]), *KEYS)["item_id"].to_list() == ["p-2"]


def test_a_lost_row_without_any_value_is_found_too() -> None:
    assert differences(table(*ROWS), table(ROWS[0], ROWS[2]), *KEYS).height == 1


def test_a_check_adds_up_and_keeps_examples() -> None:
    check = Check("rows")
    check.rows(table(*ROWS), table(*ROWS), *KEYS)
    check.rows(table(*ROWS), table(*ROWS[1:]), *KEYS)
    assert (check.source, check.service, check.differences) == (6, 5, 1)
    assert "p-1" in check.examples[0]
    number = Check("number")
    number.count(1_469_307, 1_469_307)
    number.count(10, 9)
    assert (number.source, number.service, number.differences) == (1_469_317, 1_469_316, 1)
