"""What an event moves: every rupiah from one account to another, and the inventory at cost."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaringan_usaha.features.invoicing.events import (
    FeeSplit,
    InvoiceCosted,
    ItemCosts,
    KoperasiCost,
)
from jaringan_usaha.features.margin.accounts import CASH, CHART, FREIGHT_PAYABLE, INVENTORY, SALES
from jaringan_usaha.features.margin.booking import book
from jaringan_usaha.features.margin.entries import Entry, matched

DAY = date(2026, 3, 2)
amounts = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 999)), max_size=6)


def entry() -> Entry:
    return Entry(7, DAY, DAY)


def moved(one: Entry) -> dict[str, int]:
    """Debit less credit by account."""
    found: dict[str, int] = {}
    for each in one.postings():
        assert each.amount_idr > 0
        found[each.debit_account] = found.get(each.debit_account, 0) + each.amount_idr
        found[each.credit_account] = found.get(each.credit_account, 0) - each.amount_idr
    return found


def test_amounts_between_the_same_parties_are_one_posting() -> None:
    one = entry()
    for amount in (5, 0, 7, -2):
        one.move(("c", "s", "a"), (INVENTORY, "a"), (FREIGHT_PAYABLE, "truk"), amount)
    (posting,) = one.postings()
    assert posting[1:] == (1, DAY, DAY, "c", "s", "a", "1310", "a", "2130", "truk", 10)


def test_a_negative_amount_moves_the_other_way() -> None:
    one = entry()
    one.move(("", "", "a"), (CASH, "a"), (SALES, "a"), -3)
    (posting,) = one.postings()
    assert (posting.debit_account, posting.credit_account, posting.amount_idr) == (
        "4110",
        "1110",
        3,
    )


def test_what_comes_to_nothing_is_not_posted() -> None:
    one = entry()
    for amount in (3, -3):
        one.move(("", "", "a"), (CASH, "a"), (SALES, "a"), amount)
    assert list(one.postings()) == []


@given(amounts, st.lists(st.integers(0, 999), max_size=5))
def test_who_pays_whom_adds_up_on_both_sides(
    payers: list[tuple[str, int]], cuts: list[int]
) -> None:
    whole = sum(amount for _, amount in payers)
    marks = sorted({0, whole, *(cut % (whole + 1) for cut in cuts)})
    receivers = [(f"r{nth}", high - low) for nth, (low, high) in enumerate(pairwise(marks))]
    found = list(matched(payers, receivers))
    assert all(amount > 0 for _, _, amount in found)
    for side, asked in ((0, payers), (1, receivers)):
        for key in {key for key, _ in asked}:
            assert sum(each[2] for each in found if each[side] == key) == sum(
                amount for name, amount in asked if name == key
            )


@pytest.mark.parametrize(
    ("payers", "receivers"), [([("a", 1)], []), ([("a", -1)], [("b", -1)]), ([], [("b", 2)])]
)
def test_what_does_not_add_up_is_an_error(
    payers: list[tuple[str, int]], receivers: list[tuple[str, int]]
) -> None:
    with pytest.raises(ValueError, match=r"sum|negative"):
        list(matched(payers, receivers))


idr = st.integers(0, 10**12)
variances = st.integers(-(10**9), 10**9)
rows = st.lists(
    st.builds(
        KoperasiCost,
        st.sampled_from("abc"),
        st.just(3),
        idr,
        variances,
        idr,
        st.booleans(),
        idr,
        idr,
        idr,
    ),
    max_size=6,
)


@given(rows, st.integers(-1, 1), st.integers(0, 10))
def test_an_invoice_is_owed_as_billed_and_goods_stand_at_their_cost(
    rows: list[KoperasiCost], rounding_idr: int, tenths: int
) -> None:
    fees = sum(row.fee_idr for row in rows)
    own = fees * tenths // 10
    one = entry()
    costs = list(
        book(
            InvoiceCosted(
                invoice_id="f",
                consolidated_order_id="c|s",
                cycle_id="c",
                supplier_id="s",
                part=1,
                fee_version_no=1,
                rebate_version_no=1,
                items=(
                    ItemCosts(
                        item_id="oil",
                        rounding_idr=rounding_idr,
                        rows=tuple(rows),
                        own_rebates=tuple(row.rebate_idr * tenths // 10 for row in rows),
                    ),
                ),
                fees=(
                    FeeSplit(receiver="consortium", amount_idr=own),
                    FeeSplit(receiver="a", amount_idr=fees - own),
                ),
            ),
            one,
        )
    )
    found = moved(one)
    billed = sum(row.goods_idr + row.variance_idr + row.ppn_idr + row.deposit_idr for row in rows)
    assert found.get("2110", 0) == -billed - rounding_idr
    assert found.get("1310", 0) == sum(cost.landed_idr for cost in costs)
    assert found.get("1150", 0) == sum(cost.ppn_credit_idr for cost in costs)
    assert found.get("2120", 0) == sum(row.goods_idr for row in rows)
    assert found.get("1260", 0) == sum(row.rebate_idr for row in rows)
    assert found.get("4210", 0) + found.get("2150", 0) == -fees
    assert sum(found.values()) == 0


def test_every_account_has_a_number_of_its_kind() -> None:
    first = {"aset": "1", "liabilitas": "2", "ekuitas": "3", "pendapatan": "4", "beban": "5"}
    for number, account in CHART.items():
        assert number == account.number
        assert number[0] == first[account.kind]
        assert account.side == ("debit" if number[0] in "15" else "credit")
        assert account.title
