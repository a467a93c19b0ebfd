"""Whole rupiah: rounding once, and splits that add up."""

from fractions import Fraction

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from jaringan_usaha.kernel.money import MOST_IDR, half_up, largest_remainder

BP = [2_500, 2_000, 4_000, 500, 500, 250, 250]

weights = st.dictionaries(st.text(max_size=3), st.integers(0, 10**9), min_size=1, max_size=30)
something = weights.filter(lambda each: sum(each.values()) > 0)
totals = st.integers(0, MOST_IDR)


def split(total: int, *parts: int) -> list[int]:
    """The parts in the order of their weights."""
    return list(largest_remainder(total, list(enumerate(parts))).values())


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (0, 3, 0),
        (1, 2, 1),
        (49, 100, 0),
        (3, 2, 2),
        (149, 100, 1),
        (-1, 2, 0),
        (-3, 2, -1),
        (-51, 100, -1),
        (13_177 * 1_500, 1_000, 19_766),
    ],
)
def test_halves_are_rounded_upwards(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


@for_all(st.integers(-(10**30), 10**30), st.integers(1, 10**15))
def test_rounding_moves_an_amount_by_half_a_rupiah(numerator: int, denominator: int) -> None:
    moved = half_up(numerator, denominator) - Fraction(numerator, denominator)
    assert Fraction(-1, 2) < moved <= Fraction(1, 2)


def test_nothing_is_divided_by_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        half_up(1, 0)


def test_tp3_a_cost_is_split_by_quantity() -> None:
    assert split(19_158_000, 40, 35, 20, 10) == [7_298_286, 6_386_000, 3_649_143, 1_824_571]


def test_u2_an_odd_surplus_is_split_by_basis_points() -> None:
    pools = split(123_456_789, *BP)
    assert pools == [
        30_864_197,
        24_691_358,
        49_382_716,
        6_172_839,
        6_172_839,
        3_086_420,
        3_086_420,
    ]
    assert split(pools[1], 100, 150, 250) == [4_938_272, 7_407_407, 12_345_679]
    assert split(pools[2], 1_200, 500, 300) == [29_629_630, 12_345_679, 7_407_407]


def test_h6_capital_is_weighed_by_the_days_it_was_there() -> None:
    whole_year, from_july, growing = 100 * 365, 100 * 184, 150 * 181 + 250 * 184
    parts = split(40_000_000, whole_year, from_july, growing)
    assert parts == [11_401_796, 5_747_755, 22_850_449]


def test_of_equal_fractions_the_first_gets_the_rupiah_left_over() -> None:
    assert split(10, 1, 1, 1) == [4, 3, 3]
    assert split(11, 1, 1, 1) == [4, 4, 3]


def test_the_larger_fraction_goes_before_the_earlier_place() -> None:
    assert split(10, 10, 11) == [5, 5]
    assert split(2, 1, 4, 1) == [1, 1, 0]
    assert split(1, 1, 2) == [0, 1]


def test_who_weighs_nothing_gets_nothing() -> None:
    assert split(101, 0, 3, 0, 3) == [0, 51, 0, 50]


def test_without_any_weight_nothing_can_be_split() -> None:
    for parts in ((), (0,), (0, 0)):
        with pytest.raises(ValueError, match="nothing to split by"):
            split(100, *parts)


@for_all(totals, something)
def test_the_parts_add_up_exactly(total: int, by_name: dict[str, int]) -> None:
    assert sum(largest_remainder(total, list(by_name.items())).values()) == total


@for_all(totals, something)
def test_every_part_is_less_than_a_rupiah_off(total: int, by_name: dict[str, int]) -> None:
    whole = sum(by_name.values())
    parts = largest_remainder(total, list(by_name.items()))
    assert all(
        abs(parts[name] - Fraction(total * weight, whole)) < 1 for name, weight in by_name.items()
    )


@for_all(totals, something)
def test_who_weighs_more_never_gets_less(total: int, by_name: dict[str, int]) -> None:
    parts = largest_remainder(total, list(by_name.items()))
    by_weight = sorted(by_name, key=lambda name: (by_name[name], parts[name]))
    assert [parts[name] for name in by_weight] == sorted(parts.values())


@for_all(st.data(), totals, something)
def test_the_order_of_weights_moves_a_rupiah_between_equal_fractions_only(
    data: st.DataObject, total: int, by_name: dict[str, int]
) -> None:
    shuffled = data.draw(st.permutations(list(by_name.items())))
    whole = sum(by_name.values())
    before = largest_remainder(total, list(by_name.items()))
    after = largest_remainder(total, shuffled)
    moved = {name for name in by_name if before[name] != after[name]}
    fractions = {total * by_name[name] % whole for name in moved}
    assert len(fractions) <= 1
