"""What the group pays for what it orders together, and how that is shared."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from jaringan_usaha.features.catalog.events import Tier
from jaringan_usaha.features.cycles.consolidation import (
    ItemDemand,
    KoperasiDemand,
    added_up,
    at_listed_price,
    at_stated_amounts,
)
from jaringan_usaha.features.cycles.events import ConsolidatedLine, KoperasiShare
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
    koperasi_id: str, quantity: int, amount_idr: int = 0, discount_idr: int = 0, lines: int = 1
) -> KoperasiDemand:
    return KoperasiDemand(
        koperasi_id=koperasi_id,
        quantity=quantity,
        order_lines=lines,
        amount_idr=amount_idr,
        discount_idr=discount_idr,
        first_position=1,
    )


def demand(*parts: KoperasiDemand) -> ItemDemand:
    return ItemDemand(item_id="oil", parts=parts)


A40_B35_C20_D10 = demand(part("A", 40), part("B", 35, lines=2), part("C", 20), part("D", 10))


def owed(shares: list[KoperasiShare]) -> dict[str, int]:
    return {share.koperasi_id: share.amount_idr for share in shares}


# -- listed prices -------------------------------------------------------------------------


def test_tp1_everybody_pays_the_tier_that_all_reach_together() -> None:
    line, shares = at_listed_price(A40_B35_C20_D10, all_units)
    assert owed(shares) == {"A": 6_960_000, "B": 6_090_000, "C": 3_480_000, "D": 1_740_000}
    assert line == ConsolidatedLine(
        item_id="oil",
        quantity=105,
        order_lines=5,
        amount_idr=18_270_000,
        alone_idr=105 * 186_000,
        price_list="oil-2026",
        price_idr=174_000,
        price_per=1,
    )


def test_tp1_the_saving_is_measured_against_buying_alone() -> None:
    line, shares = at_listed_price(A40_B35_C20_D10, all_units)
    assert line.alone_idr - line.amount_idr == 1_260_000
    assert [share.alone_idr for share in shares] == [
        40 * 186_000,
        35 * 186_000,
        20 * 186_000,
        10 * 186_000,
    ]


def test_who_reaches_a_tier_alone_is_compared_with_that_tier() -> None:
    _, shares = at_listed_price(demand(part("A", 60), part("B", 40)), all_units)
    assert [share.alone_idr for share in shares] == [60 * 180_000, 40 * 186_000]


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
    line, shares = at_listed_price(A40_B35_C20_D10, incremental)
    assert line.amount_idr == 49 * 186_000 + 50 * 180_000 + 6 * 174_000 == 19_158_000
    assert owed(shares) == {"A": 7_298_286, "B": 6_386_000, "C": 3_649_143, "D": 1_824_571}


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
    line, shares = at_listed_price(demand(*parts), price)
    assert line.amount_idr == sum(share.amount_idr for share in shares)
    assert line.amount_idr == cost_idr(price, sum(ordered))
    assert line.alone_idr == sum(cost_idr(price, quantity) for quantity in ordered)


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
    _, shares = at_listed_price(demand(part("C", 1), part("A", 1), part("B", 1)), thirds)
    assert owed(shares) == {"C": 4, "A": 3, "B": 3}


# -- stated amounts ------------------------------------------------------------------------


def test_stated_amounts_stay_with_who_stated_them() -> None:
    line, shares = at_stated_amounts(
        demand(part("A", 3, 29_999, 1), part("B", 0, 5_000, 700, lines=2))
    )
    assert shares == [
        KoperasiShare(koperasi_id="A", amount_idr=29_999, alone_idr=30_000),
        KoperasiShare(koperasi_id="B", amount_idr=5_000, alone_idr=5_700),
    ]
    assert line == ConsolidatedLine(
        item_id="oil", quantity=3, order_lines=3, amount_idr=34_999, alone_idr=35_700
    )


# -- sums over items -----------------------------------------------------------------------

shares_of_items = st.lists(
    st.builds(
        KoperasiShare,
        koperasi_id=st.sampled_from("ABCDE"),
        amount_idr=st.integers(0, 10**12),
        alone_idr=st.integers(0, 10**12),
    ),
    max_size=30,
)


def test_shares_of_all_items_are_one_per_koperasi_by_id() -> None:
    shares = [
        KoperasiShare(koperasi_id="B", amount_idr=1, alone_idr=10),
        KoperasiShare(koperasi_id="A", amount_idr=2, alone_idr=20),
        KoperasiShare(koperasi_id="B", amount_idr=4, alone_idr=40),
    ]
    assert added_up(shares) == [
        KoperasiShare(koperasi_id="A", amount_idr=2, alone_idr=20),
        KoperasiShare(koperasi_id="B", amount_idr=5, alone_idr=50),
    ]


@for_all(st.data(), shares_of_items)
def test_the_order_of_items_changes_no_sum(
    data: st.DataObject, shares: list[KoperasiShare]
) -> None:
    shuffled = data.draw(st.permutations(shares))
    assert added_up(shuffled) == added_up(shares)
    assert sum(share.amount_idr for share in added_up(shares)) == sum(
        share.amount_idr for share in shares
    )
