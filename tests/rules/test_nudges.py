"""Tiers reached, tiers near, and when more costs less."""

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from jaringan_usaha.features.catalog.events import Tier
from jaringan_usaha.features.cycles.group.nudges import Nudge, nudge, reached
from jaringan_usaha.kernel.tiers import Price, cost_idr, tier_for

TIERS = (
    Tier(from_quantity=1, idr=186_000),
    Tier(from_quantity=50, idr=180_000),
    Tier(from_quantity=100, idr=174_000),
)


def price(mode: str = "all_units", case_size: int = 1, min_cases: int = 0) -> Price:
    return Price(
        price_list_id="prices-1",
        tier_mode=mode,
        tiers=TIERS,
        case_size=case_size,
        min_cases=min_cases,
    )


@pytest.mark.parametrize(
    ("quantity", "idr"), [(49, 186_000), (50, 180_000), (99, 180_000), (100, 174_000)]
)
def test_tp2_at_the_boundaries_of_the_tiers(quantity: int, idr: int) -> None:
    assert tier_for(TIERS, quantity).idr == idr
    assert reached(price(), quantity, 0).tier.idr == idr


def test_tp2_nothing_has_no_price() -> None:
    with pytest.raises(ValueError):
        tier_for(TIERS, 0)


def test_tp4_97_cartons_cost_more_than_100() -> None:
    assert cost_idr(price(), 97) == 17_460_000
    assert nudge(price(), 97) == Nudge(97, 17_460_000, 3, 17_400_000)


def test_tp4_a_nudge_for_97_to_99_only() -> None:
    assert cost_idr(price(), 96) == 17_280_000
    nudged = {quantity for quantity in range(200) if nudge(price(), quantity)}
    assert {quantity for quantity in nudged if quantity > 49} == {97, 98, 99}
    assert {quantity for quantity in nudged if quantity <= 49} == {49}


def test_incremental_prices_never_cost_less_for_more() -> None:
    assert all(nudge(price("incremental"), quantity) is None for quantity in range(200))


def test_a_nudge_is_for_whole_cases() -> None:
    """With cases of 24 the tier from 100 on is reached with 120, which cost more than 96."""
    assert nudge(price(case_size=24), 96) is None
    assert nudge(price(case_size=11), 99) is None
    assert nudge(price(case_size=33), 99) is None
    assert nudge(price(case_size=4), 96) is None
    assert nudge(price(case_size=49), 49) is None
    assert nudge(price(case_size=50), 50) is None
    assert nudge(price(case_size=7), 98) is None
    assert nudge(price(case_size=2), 98) == Nudge(98, 17_640_000, 2, 17_400_000)


def test_how_far_the_next_price_is() -> None:
    near = reached(price(), 95, 0)
    assert (near.tier.idr, near.more) == (180_000, 5)
    assert near.following == TIERS[2]
    last = reached(price(), 105, 0)
    assert (last.following, last.more) == (None, 0)


def test_tolerance_that_fills_a_case_counts_for_the_tier() -> None:
    filled = reached(price(case_size=24), 95, 1)
    assert (filled.cases, filled.quantity, filled.more) == (4, 96, 4)
    assert reached(price(case_size=24), 95, 0).quantity == 72
    short = reached(price(case_size=24), 10, 0)
    assert (short.cases, short.quantity, short.tier.idr) == (0, 0, 186_000)
    assert reached(price(case_size=24, min_cases=5), 96, 0).cases == 0


@drawn(st.integers(0, 300), st.sampled_from([1, 2, 5, 12, 24]))
def test_a_nudge_always_saves(quantity: int, case_size: int) -> None:
    found = nudge(price(case_size=case_size), quantity)
    if found is not None:
        assert found.more > 0
        assert (found.quantity + found.more) % case_size == 0
        assert cost_idr(price(), found.quantity + found.more) == found.less_idr < found.amount_idr
