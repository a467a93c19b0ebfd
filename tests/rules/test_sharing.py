"""Who gets how many units when there is too little, too much, or just enough."""

from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from jaringan_usaha.kernel.money import largest_remainder
from jaringan_usaha.kernel.sharing import Claim, Shared, Sharing, by_priority, share_out

A1 = (Claim("A", 30, 6), Claim("B", 25, 0), Claim("C", 10, 4))
A2 = (Claim("A", 30, 3), Claim("B", 25, 0), Claim("C", 10, 2))


def given(total: int, claims: tuple[Claim, ...], sharing: Sharing = "pro_rata") -> list[int]:
    return list(share_out(total, claims, sharing).units.values())


# -- A1 to A3, figures of the domain rules ---------------------------------------------------


def test_a1_a_surplus_goes_by_tolerance() -> None:
    assert given(72, A1) == [34, 25, 13]


def test_a1_first_come_fills_the_tolerance_of_the_first() -> None:
    assert given(72, A1, "first_come") == [36, 25, 11]


def test_a2_too_little_goes_by_largest_remainder_and_tolerance_gets_nothing() -> None:
    exact = [Fraction(48 * firm, 65) for firm in (30, 25, 10)]
    assert [round(float(each), 2) for each in exact] == [22.15, 18.46, 7.38]
    assert given(48, A2) == [22, 19, 7]


def test_a2_first_come_leaves_the_last_with_nothing() -> None:
    assert given(48, A2, "first_come") == [30, 18, 0]


def test_a3_who_would_get_fewer_than_it_accepts_gets_none() -> None:
    claims = (*A2[:2], Claim("C", 10, 2, least=8))
    assert given(48, A2)[2] == 7
    assert share_out(48, claims) == Shared({"A": 26, "B": 22, "C": 0}, ("C",), 0)


def test_a3_exactly_the_least_is_enough() -> None:
    assert given(48, (*A2[:2], Claim("C", 10, 2, least=7))) == [22, 19, 7]


def test_a3_one_drops_out_a_round_so_the_next_may_stay() -> None:
    """8 units by 10, 10, 10 are 3, 3, 2: two are below 4, but without the third both get it."""
    claims = (Claim("A", 10), Claim("B", 10, least=4), Claim("C", 10, least=4))
    assert given(8, (Claim("A", 10), Claim("B", 10), Claim("C", 10))) == [3, 3, 2]
    assert share_out(8, claims) == Shared({"A": 4, "B": 4, "C": 0}, ("C",), 0)


def test_a3_the_lowest_part_of_its_least_drops_out_first() -> None:
    """B gets 5 of 6, C 2 of 3: C goes, although it is short of one unit only, as B is."""
    claims = (Claim("A", 10), Claim("B", 10, least=6), Claim("C", 4, least=3))
    assert given(12, (Claim("A", 10), Claim("B", 10), Claim("C", 4))) == [5, 5, 2]
    assert share_out(12, claims).declined == ("C",)


def test_a3_parts_of_a_least_are_compared_exactly() -> None:
    """Both get the same part to nine digits and more, but B gets less; as equals, A would go."""
    many = 10**12
    claims = (
        Claim("B", many, least=many + 2),
        Claim("A", many, least=many + 1),
        Claim("C", many),
    )
    assert share_out(3 * many, claims).declined[0] == "B"


def test_a3_of_equals_the_later_commitment_drops_out() -> None:
    claims = (Claim("B", 5, least=5), Claim("A", 5, least=5))
    assert share_out(9, claims) == Shared({"B": 5, "A": 0}, ("A",), 4)


def test_a3_what_nobody_would_take_is_left() -> None:
    assert share_out(9, (Claim("A", 5, 2),)) == Shared({"A": 7}, (), 2)
    assert share_out(3, (Claim("A", 5, 2, least=4),)) == Shared({"A": 0}, ("A",), 3)


def test_priority_serves_the_named_ones_first_then_the_others_as_they_stood() -> None:
    claims = by_priority(A2, ("C", "nobody", "B"))
    assert [claim.key for claim in claims] == ["C", "B", "A"]
    assert share_out(48, claims, "priority").units == {"C": 10, "B": 25, "A": 13}


def test_nobody_claims_nothing() -> None:
    assert share_out(7, ()) == Shared({}, (), 7)
    assert share_out(0, A1) == Shared({"A": 0, "B": 0, "C": 0}, (), 0)


# -- A4, invariants --------------------------------------------------------------------------

sharings = st.sampled_from(get_args(Sharing))
sizes = st.integers(0, 60)
claims_of = st.lists(st.tuples(sizes, sizes, st.integers(0, 80)), max_size=9).map(
    lambda each: tuple(
        Claim(f"k{at}", firm, tolerance, least) for at, (firm, tolerance, least) in enumerate(each)
    )
)
totals = st.integers(0, 700)


def without_least(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    return tuple(claim._replace(least=0) for claim in claims)


@for_all(totals, claims_of, sharings)
def test_a4_the_parts_add_up_and_stay_within_what_is_wanted(
    total: int, claims: tuple[Claim, ...], sharing: Sharing
) -> None:
    free = without_least(claims)
    shared = share_out(total, free, sharing)
    firm = sum(claim.firm for claim in free)
    most = firm + sum(claim.tolerance for claim in free)
    assert sum(shared.units.values()) == min(total, most)
    assert shared.left == total - min(total, most)
    assert shared.declined == ()
    for claim in free:
        assert 0 <= shared.units[claim.key] <= claim.firm + claim.tolerance
        if total >= firm:
            assert shared.units[claim.key] >= claim.firm
        else:
            assert shared.units[claim.key] <= claim.firm


@for_all(totals, claims_of, sharings)
def test_a4_nobody_gets_fewer_than_its_least_and_more_than_none(
    total: int, claims: tuple[Claim, ...], sharing: Sharing
) -> None:
    shared = share_out(total, claims, sharing)
    standing = [claim for claim in claims if claim.key not in shared.declined]
    for claim in claims:
        units = shared.units[claim.key]
        assert units == 0 if claim.key in shared.declined else units >= claim.least
    again = share_out(total, without_least(tuple(standing)), sharing)
    assert again.units == {claim.key: shared.units[claim.key] for claim in standing}


@for_all(st.data(), totals, claims_of)
def test_a4_shares_are_those_of_a_slower_and_plainer_rule(
    data: st.DataObject, total: int, claims: tuple[Claim, ...]
) -> None:
    """Too little: no share is more than a unit from the exact one, and who got its fraction
    rounded up had no smaller one than who did not."""
    free = tuple(claim for claim in without_least(claims) if claim.firm)
    firm = sum(claim.firm for claim in free)
    if not firm:
        return
    total = data.draw(st.integers(0, firm))
    units = share_out(total, free).units
    up, down = [], []
    for claim in free:
        exact = Fraction(total * claim.firm, firm)
        assert abs(units[claim.key] - exact) < 1
        rest = exact - exact.__floor__()
        (up if units[claim.key] > exact else down).append(rest)
    assert not up or not down or min(up) >= max(rest for rest in [*down, Fraction(0)] if rest >= 0)


@for_all(st.data(), totals, claims_of, sharings)
def test_a4_the_order_of_the_input_changes_nothing(
    data: st.DataObject, total: int, claims: tuple[Claim, ...], sharing: Sharing
) -> None:
    """Claims are brought into the order of commitment, here their key, before they are shared."""
    shuffled = data.draw(st.permutations(claims))
    assert share_out(total, sorted(shuffled), sharing) == share_out(total, sorted(claims), sharing)


@pytest.mark.parametrize("total", [0, 7, 100])
def test_a_split_without_a_remainder_is_the_split_with_one(total: int) -> None:
    weights = [("A", 3), ("B", 0), ("C", 4)]
    assert largest_remainder(total, weights) == {
        "A": {0: 0, 7: 3, 100: 43}[total],
        "B": 0,
        "C": {0: 0, 7: 4, 100: 57}[total],
    }
