"""What the group pays for what it orders together, and how that is shared."""

import dataclasses
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from jaringan_usaha.features.catalog.events import Tier
from jaringan_usaha.features.cycles.events import ConsolidatedLine, KoperasiShare
from jaringan_usaha.features.cycles.group.consolidation import (
    CASE_NOT_FULL,
    MIN_ACCEPT,
    MOQ_NOT_MET,
    Bought,
    ItemDemand,
    ItemTotal,
    KoperasiDemand,
    Way,
    Weighed,
    added_up,
    at_listed_price,
    at_stated_amounts,
    cases_for,
    none_ordered,
    weigh,
)
from jaringan_usaha.kernel.tiers import Price, cost_idr, tier_for

OIL_TIERS = (
    Tier(from_quantity=1, idr=186_000),
    Tier(from_quantity=50, idr=180_000),
    Tier(from_quantity=100, idr=174_000),
)
all_units = Price(price_list_id="oil-2026", tier_mode="all_units", tiers=OIL_TIERS)
incremental = Price(price_list_id="oil-2026", tier_mode="incremental", tiers=OIL_TIERS)
rice = Price(
    price_list_id="rice-2026",
    tier_mode="all_units",
    tiers=(Tier(from_quantity=1, idr=13_177, per=1_000),),
)


def part(
    koperasi_id: str,
    quantity: int,
    amount_idr: int = 0,
    discount_idr: int = 0,
    lines: int = 1,
    tolerance: int = 0,
    least: int = 0,
) -> KoperasiDemand:
    return KoperasiDemand(
        first_position=0,
        koperasi_id=koperasi_id,
        quantity=quantity,
        order_lines=lines,
        amount_idr=amount_idr,
        discount_idr=discount_idr,
        tolerance=tolerance,
        least=least,
    )


def demand(*parts: KoperasiDemand) -> ItemDemand:
    """The parts in order of first commitment."""
    placed = (each._replace(first_position=at) for at, each in enumerate(parts, start=1))
    return ItemDemand(item_id="oil", parts=tuple(placed))


def in_cases(size: int, min_cases: int = 0, minimum_idr: int = 0) -> Price:
    """Oil in cases of so many units."""
    return dataclasses.replace(
        all_units, case_size=size, min_cases=min_cases, minimum_idr=minimum_idr
    )


A40_B35_C20_D10 = demand(part("A", 40), part("B", 35, lines=2), part("C", 20), part("D", 10))


def owed(bought: Bought) -> dict[str, int]:
    return {koperasi_id: amount_idr for koperasi_id, amount_idr, _ in bought.owed}


def alone(bought: Bought) -> list[int]:
    return [alone_idr for *_, alone_idr in bought.owed]


def granted(bought: Bought) -> dict[str, int]:
    return {row.koperasi_id: row.granted for row in bought.rows}


def reasons(bought: Bought) -> dict[str, str]:
    return {row.koperasi_id: row.reason for row in bought.rows}


# -- listed prices -------------------------------------------------------------------------


def test_tp1_everybody_pays_the_tier_that_all_reach_together() -> None:
    bought = at_listed_price(A40_B35_C20_D10, all_units)
    assert owed(bought) == {"A": 6_960_000, "B": 6_090_000, "C": 3_480_000, "D": 1_740_000}
    assert bought.line == ConsolidatedLine(
        item_id="oil",
        quantity=105,
        order_lines=5,
        amount_idr=18_270_000,
        alone_idr=105 * 186_000,
        price_list="oil-2026",
        price_idr=174_000,
        price_per=1,
        cases=105,
        case_size=1,
        firm=105,
    )


def test_tp1_the_saving_is_measured_against_buying_alone() -> None:
    bought = at_listed_price(A40_B35_C20_D10, all_units)
    assert bought.line.alone_idr - bought.line.amount_idr == 1_260_000
    assert alone(bought) == [
        40 * 186_000,
        35 * 186_000,
        20 * 186_000,
        10 * 186_000,
    ]


def test_who_reaches_a_tier_alone_is_compared_with_that_tier() -> None:
    bought = at_listed_price(demand(part("A", 60), part("B", 40)), all_units)
    assert alone(bought) == [60 * 180_000, 40 * 186_000]


@pytest.mark.parametrize(
    ("quantity", "price_idr"), [(1, 186_000), (49, 186_000), (50, 180_000), (99, 180_000)]
)
def test_tp2_below_the_next_threshold_the_former_price_holds(quantity: int, price_idr: int) -> None:
    assert tier_for(OIL_TIERS, quantity).idr == price_idr
    assert cost_idr(all_units, quantity) == quantity * price_idr


def test_tp2_the_threshold_itself_reaches_the_tier() -> None:
    assert cost_idr(all_units, 100) == 100 * 174_000


@pytest.mark.parametrize("price", [all_units, incremental])
def test_tp2_nothing_has_no_price(price: Price) -> None:
    with pytest.raises(ValueError, match="no price for a quantity of 0"):
        cost_idr(price, 0)


def test_tp3_incremental_tiers_charge_each_part_at_its_own_price() -> None:
    bought = at_listed_price(A40_B35_C20_D10, incremental)
    assert bought.line.amount_idr == 49 * 186_000 + 50 * 180_000 + 6 * 174_000 == 19_158_000
    assert owed(bought) == {"A": 7_298_286, "B": 6_386_000, "C": 3_649_143, "D": 1_824_571}


@pytest.mark.parametrize(
    ("quantity", "amount_idr"),
    [
        (1, 186_000),
        (49, 49 * 186_000),
        (50, 49 * 186_000 + 180_000),
        (99, 49 * 186_000 + 50 * 180_000),
        (100, 49 * 186_000 + 50 * 180_000 + 174_000),
    ],
)
def test_incremental_tiers_go_on_from_where_the_former_ends(quantity: int, amount_idr: int) -> None:
    assert cost_idr(incremental, quantity) == amount_idr


def test_tp4_a_little_more_can_cost_less() -> None:
    costs = {quantity: cost_idr(all_units, quantity) for quantity in (96, 97, 98, 99, 100)}
    assert costs[97] == 17_460_000
    assert costs[96] == 17_280_000
    assert costs[100] == 17_400_000
    assert [quantity for quantity, cost in costs.items() if cost > costs[100]] == [97, 98, 99]


def test_a_price_for_many_units_is_rounded_once_on_the_whole_quantity() -> None:
    assert cost_idr(rice, 1) == 13
    assert cost_idr(rice, 1_000) == 13_177
    assert cost_idr(rice, 1_500) == 19_766  # 19,765.5
    assert cost_idr(rice, 3_000_000) == 39_531_000


tiers = st.lists(
    st.tuples(st.integers(2, 5_000), st.integers(1, 10**7), st.integers(1, 1_000)),
    max_size=4,
    unique_by=lambda each: each[0],
).map(
    lambda found: tuple(
        Tier(from_quantity=start, idr=idr, per=per)
        for start, idr, per in [(1, 50_000, 3), *sorted(found)]
    )
)
prices = st.builds(
    Price,
    price_list_id=st.just("p"),
    tier_mode=st.sampled_from(["all_units", "incremental"]),
    tiers=tiers,
)
quantities = st.lists(st.integers(1, 3_000), min_size=1, max_size=20)


@for_all(prices, quantities)
def test_the_shares_add_up_to_the_line(price: Price, ordered: list[int]) -> None:
    parts = [part(f"k{number}", quantity) for number, quantity in enumerate(ordered)]
    bought = at_listed_price(demand(*parts), price)
    assert bought.line.amount_idr == sum(owed(bought).values())
    assert bought.line.amount_idr == cost_idr(price, sum(ordered))
    assert bought.line.alone_idr == sum(cost_idr(price, quantity) for quantity in ordered)
    assert bought.line.alone_idr == sum(alone(bought))


@for_all(prices, st.integers(1, 6_000))
def test_a_cost_is_the_exact_sum_over_its_units_rounded_once(price: Price, quantity: int) -> None:
    exact = Fraction(0)
    for number in range(1, quantity + 1):
        counted = quantity if price.tier_mode == "all_units" else number
        tier = max(
            (each for each in price.tiers if each.from_quantity <= counted),
            key=lambda each: each.from_quantity,
        )
        exact += Fraction(tier.idr, tier.per)
    assert cost_idr(price, quantity) == floor(exact + Fraction(1, 2))


def test_the_rupiah_left_over_goes_to_who_ordered_first() -> None:
    thirds = Price(
        price_list_id="p", tier_mode="all_units", tiers=(Tier(from_quantity=1, idr=10, per=3),)
    )
    bought = at_listed_price(demand(part("C", 1), part("A", 1), part("B", 1)), thirds)
    assert owed(bought) == {"C": 4, "A": 3, "B": 3}


# -- stated amounts ------------------------------------------------------------------------


def test_stated_amounts_stay_with_who_stated_them_and_nobody_waits_for_goods() -> None:
    bought = at_stated_amounts(demand(part("A", 3, 29_999, 1), part("B", 0, 5_000, 700, lines=2)))
    assert bought.owed == [("A", 29_999, 30_000), ("B", 5_000, 5_700)]
    assert bought.rows == ()
    assert bought.line == ConsolidatedLine(
        item_id="oil", quantity=3, order_lines=3, amount_idr=34_999, alone_idr=35_700
    )


def test_stated_quantities_are_not_rounded_to_cases() -> None:
    bought = at_stated_amounts(demand(part("A", 5, 100), part("B", 2, 100)))
    assert (bought.line.quantity, bought.line.cases, bought.line.reason) == (7, 0, "")


# -- sums over items -----------------------------------------------------------------------

owed_for_items = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.integers(0, 10**12), st.integers(0, 10**12)),
    max_size=30,
)


def test_shares_of_all_items_are_one_per_koperasi_by_id() -> None:
    assert added_up([("B", 1, 10), ("A", 2, 20), ("B", 4, 40)]) == [
        KoperasiShare(koperasi_id="A", amount_idr=2, alone_idr=20),
        KoperasiShare(koperasi_id="B", amount_idr=5, alone_idr=50),
    ]


@for_all(st.data(), owed_for_items)
def test_the_order_of_items_changes_no_sum(
    data: st.DataObject, owed: list[tuple[str, int, int]]
) -> None:
    shuffled = data.draw(st.permutations(owed))
    assert added_up(shuffled) == added_up(owed)
    assert sum(share.amount_idr for share in added_up(owed)) == sum(each[1] for each in owed)


# -- cases ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "minimum", "firm", "tolerance", "cases"),
    [
        (24, 1, 65, 10, 3),  # 17 + 10 fill one more
        (24, 1, 65, 5, 2),  # 17 + 5 do not
        (24, 1, 0, 30, 0),  # tolerance alone never orders
        (24, 1, 48, 24, 2),  # nothing begun, nothing to fill
        (5, 2, 5, 0, 0),  # below the minimum
        (5, 2, 5, 5, 2),  # raised to it by tolerance
        (5, 2, 9, 1, 2),
        (5, 2, 12, 1, 2),  # two short of the third
        (5, 2, 14, 1, 3),
    ],
)
def test_case_table_of_rounding_with_tolerance(
    size: int, minimum: int, firm: int, tolerance: int, cases: int
) -> None:
    assert cases_for(firm, tolerance, size, minimum) == cases
    bought = at_listed_price(demand(part("A", firm, tolerance=tolerance)), in_cases(size, minimum))
    line = bought.line
    assert (line.cases, line.quantity, line.case_size) == (cases, cases * size, size)
    assert (line.firm, line.tolerance) == (firm, tolerance)
    assert line.reason == ("" if cases else MOQ_NOT_MET)
    assert granted(bought) == {"A": cases * size}
    assert reasons(bought) == {"A": "" if cases else MOQ_NOT_MET}


wants = st.tuples(st.integers(1, 60), st.integers(0, 30), st.integers(0, 70))
ways = st.sampled_from(
    [Way("pro_rata"), Way("first_come"), Way("priority", ("k2", "nobody", "k0"))]
)


@for_all(st.integers(0, 500), st.integers(0, 300), st.integers(1, 50), st.integers(0, 5))
def test_cases_are_the_most_that_can_be_filled(
    firm: int, tolerance: int, size: int, minimum: int
) -> None:
    """What is ordered is wanted or welcome; a case that tolerance would fill is not missing."""
    cases = cases_for(firm, tolerance, size, minimum)
    assert cases * size <= firm + tolerance
    assert cases == 0 or cases >= minimum
    if cases:
        assert cases * size > firm - size or cases == minimum
    if firm % size and firm % size + tolerance >= size and firm // size + 1 >= minimum:
        assert cases * size >= firm


def parts_of(wanted: list[tuple[int, int, int]]) -> list[KoperasiDemand]:
    return [
        part(f"k{at}", quantity, tolerance=tolerance, least=min(least, quantity + tolerance))
        for at, (quantity, tolerance, least) in enumerate(wanted)
    ]


@for_all(
    st.data(), st.lists(wants, min_size=1, max_size=7), st.integers(1, 30), st.integers(0, 4), ways
)
def test_what_is_ordered_is_granted_and_its_cost_is_owed(
    data: st.DataObject, wanted: list[tuple[int, int, int]], size: int, minimum: int, way: Way
) -> None:
    parts = parts_of(wanted)
    whole = demand(*parts)
    bought = at_listed_price(whole, in_cases(size, minimum), way)
    units = granted(bought)
    assert sum(units.values()) == bought.line.quantity == bought.line.cases * size
    assert sum(owed(bought).values()) == bought.line.amount_idr
    assert sum(row.alone_idr for row in bought.rows) == bought.line.alone_idr
    for each, row in zip(whole.parts, bought.rows, strict=True):
        assert 0 <= row.granted <= each.quantity + each.tolerance
        assert not row.granted or row.granted >= each.least
        assert bool(row.reason) == (not row.granted)
        assert row.alone_idr == (cost_idr(all_units, row.granted) if row.granted else 0)
        assert (row.firm, row.tolerance, row.least) == (each.quantity, each.tolerance, each.least)
    shuffled = ItemDemand(item_id="oil", parts=tuple(data.draw(st.permutations(whole.parts))))
    assert at_listed_price(shuffled, in_cases(size, minimum), way) == bought


# -- shares of what fills cases ------------------------------------------------------------

A1 = demand(part("A", 30, tolerance=6), part("B", 25), part("C", 10, tolerance=4))
A2 = demand(part("A", 30, tolerance=3), part("B", 25), part("C", 10, tolerance=2))


def test_a1_the_units_that_fill_the_third_case_go_by_tolerance() -> None:
    bought = at_listed_price(A1, in_cases(24))
    assert bought.line.quantity == 72
    assert granted(bought) == {"A": 34, "B": 25, "C": 13}
    assert granted(at_listed_price(A1, in_cases(24), Way("first_come"))) == {
        "A": 36,
        "B": 25,
        "C": 11,
    }


def test_a2_what_does_not_fill_a_case_is_taken_off_by_largest_remainder() -> None:
    bought = at_listed_price(A2, in_cases(24))
    assert bought.line.quantity == 48
    assert granted(bought) == {"A": 22, "B": 19, "C": 7}


def test_a2_who_comes_too_late_is_told_that_its_case_is_not_full() -> None:
    bought = at_listed_price(A2, in_cases(24), Way("first_come"))
    assert granted(bought) == {"A": 30, "B": 18, "C": 0}
    assert reasons(bought) == {"A": "", "B": "", "C": CASE_NOT_FULL}
    assert owed(bought) == {"A": 30 * 186_000, "B": 18 * 186_000}


def test_a3_who_would_get_fewer_than_it_accepts_is_told_so() -> None:
    claims = demand(part("A", 30, tolerance=3), part("B", 25), part("C", 10, tolerance=2, least=8))
    bought = at_listed_price(claims, in_cases(24))
    assert granted(bought) == {"A": 26, "B": 22, "C": 0}
    assert reasons(bought)["C"] == MIN_ACCEPT


def test_cases_that_only_those_who_dropped_out_wanted_are_not_ordered() -> None:
    """20 of 24 units fill one case of 12; B takes ten or none, and without it there is no case."""
    bought = at_listed_price(demand(part("A", 10), part("B", 10, least=10)), in_cases(12))
    assert (bought.line.quantity, bought.line.amount_idr) == (0, 0)
    assert bought.line.reason == MIN_ACCEPT
    assert reasons(bought) == {"A": MOQ_NOT_MET, "B": MIN_ACCEPT}


def test_priority_comes_before_the_first_commitment() -> None:
    bought = at_listed_price(A2, in_cases(24), Way("priority", ("C", "B")))
    assert granted(bought) == {"A": 13, "B": 25, "C": 10}
    assert [row.koperasi_id for row in bought.rows] == ["A", "B", "C"]


def test_what_it_had_cost_alone_is_what_the_granted_units_had_cost() -> None:
    bought = at_listed_price(demand(part("A", 60), part("B", 41)), in_cases(50))
    assert granted(bought) == {"A": 59, "B": 41}
    assert alone(bought) == [59 * 180_000, 41 * 186_000]
    assert bought.line.amount_idr == 100 * 174_000


# -- minimums ------------------------------------------------------------------------------


def test_nobody_gets_anything_of_an_order_that_is_not_placed() -> None:
    bought = none_ordered(A1, in_cases(24))
    assert (bought.line.quantity, bought.line.amount_idr, bought.line.alone_idr) == (0, 0, 0)
    assert (bought.line.price_idr, bought.line.price_list) == (None, "oil-2026")
    assert bought.line.reason == MOQ_NOT_MET
    assert granted(bought) == {"A": 0, "B": 0, "C": 0}
    assert set(reasons(bought).values()) == {MOQ_NOT_MET}
    assert bought.owed == []


def oils(firm: int, tolerance: int = 0) -> ItemTotal:
    return ItemTotal("oil", firm, tolerance)


def test_a_minimum_in_value_looks_at_the_whole_order_at_its_tier() -> None:
    price = in_cases(10, minimum_idr=9_000_001)
    assert weigh([(oils(55), price)]) == Weighed(9_000_000, 9_000_001, ())
    assert weigh([(oils(55), price)]).missed
    assert weigh([(oils(55, 5), price)]) == Weighed(60 * 180_000, 9_000_001, ())
    assert not weigh([(oils(55, 5), price)]).missed


def test_the_highest_minimum_among_the_lists_counts_and_exactly_reaching_it_is_enough() -> None:
    totals = [
        (oils(10), in_cases(10, minimum_idr=3_720_000)),
        (ItemTotal("tea", 10, 0), in_cases(10, minimum_idr=1)),
        (ItemTotal("salt", 0, 9), in_cases(1, minimum_idr=10**9)),
    ]
    assert weigh(totals) == Weighed(3_720_000, 3_720_000, ())
    assert not weigh(totals).missed


def test_items_below_their_least_cases_are_named_and_do_not_count_as_value() -> None:
    totals = [
        (oils(20), in_cases(10, min_cases=3, minimum_idr=1_860_000)),
        (ItemTotal("tea", 10, 0), in_cases(10)),
    ]
    assert weigh(totals) == Weighed(1_860_000, 1_860_000, ("oil",))
    assert weigh(totals).missed


def test_a_first_case_that_is_not_full_is_no_missed_minimum() -> None:
    for min_cases in (0, 1):
        assert not weigh([(oils(9), in_cases(10, min_cases))]).missed
    assert weigh([(oils(9), in_cases(10, 2))]).missed
    assert weigh([(oils(19), in_cases(10, 2))]).missed
    assert not weigh([(oils(19, 1), in_cases(10, 2))]).missed
