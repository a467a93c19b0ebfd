"""How deliveries are shared: worked examples to the unit, and what holds of any of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from hypothesis import assume
from hypothesis import given as for_all
from hypothesis import strategies as st

from jaringan_usaha.features.fulfilment.events import Given
from jaringan_usaha.features.fulfilment.sharing import (
    Claimant,
    OrderedItem,
    SharedItem,
    Worth,
    share_item,
    take_back,
)
from jaringan_usaha.kernel.money import half_up
from jaringan_usaha.kernel.sharing import Sharing

CARTON_IDR = 174_000
ALONE_IDR = 186_000


def claimant(
    koperasi_id: str, firm: int, tolerance: int = 0, granted: int | None = None, position: int = 0
) -> Claimant:
    """Positions follow the alphabet unless given; granted is what is firm unless given."""
    granted = firm if granted is None else granted
    return Claimant(
        koperasi_id=koperasi_id,
        firm=firm,
        tolerance=tolerance,
        first_position=position or ord(koperasi_id[0]),
        granted=granted,
        alone_idr=granted * ALONE_IDR,
    )


@dataclass
class Deliveries:
    """An item's deliveries, one after the other, each on what those before left."""

    claimants: list[Claimant]
    amount_idr: int
    quantity: int
    sharing: Sharing = "pro_rata"
    priority: tuple[str, ...] = ()
    given: int = 0
    goods_idr: int = 0
    shared: list[SharedItem] = field(default_factory=list)

    def receive(self, accepted: int) -> dict[str, int]:
        """The units by koperasi; those who could not claim anything are left out."""
        item = share_item(self._item, accepted)
        return self._add(accepted - item.surplus, item)

    def correct(self, fewer: int, unclaimed: int = 0) -> dict[str, int]:
        """So many units never came: who loses how many, below zero; surplus goes first."""
        item = take_back(self._item, fewer - unclaimed, unclaimed)
        assert item.surplus == -unclaimed
        return self._add(unclaimed - fewer, item)

    @property
    def _item(self) -> OrderedItem:
        worth = Worth(self.quantity, self.amount_idr, self.given, self.goods_idr)
        return OrderedItem(self.claimants, self.sharing, self.priority, worth)

    def _add(self, units: int, item: SharedItem) -> dict[str, int]:
        rows = {row.koperasi_id: row for row in item.rows}
        self.claimants = [_after(each, rows.get(each.koperasi_id)) for each in self.claimants]
        self.given += units
        self.goods_idr += item.goods_idr
        self.shared.append(item)
        return {koperasi: row.units for koperasi, row in rows.items()}

    @property
    def received(self) -> dict[str, int]:
        return {each.koperasi_id: each.received for each in self.claimants}


def _after(claimant: Claimant, row: Given | None) -> Claimant:
    if row is None:
        return claimant
    return Claimant(
        claimant.koperasi_id,
        claimant.firm,
        claimant.tolerance,
        claimant.first_position,
        claimant.granted,
        claimant.alone_idr,
        claimant.declined,
        claimant.received + row.units,
        claimant.received_alone_idr + row.alone_idr,
    )


def cartons(*claimants: Claimant, sharing: Sharing = "pro_rata") -> Deliveries:
    quantity = sum(each.granted for each in claimants)
    return Deliveries(list(claimants), quantity * CARTON_IDR, quantity, sharing)


def a1() -> Deliveries:
    """72 are ordered: 65 firm, and 7 on tolerance."""
    return cartons(
        claimant("A", 30, 6, granted=34), claimant("B", 25), claimant("C", 10, 4, granted=13)
    )


# -- worked figures ------------------------------------------------------------------------


def test_a1_what_was_ordered_and_arrives_is_what_was_granted() -> None:
    assert a1().receive(72) == {"A": 34, "B": 25, "C": 13}


def test_a1_first_come_first_served() -> None:
    goods = cartons(
        claimant("A", 30, 6, granted=36),
        claimant("B", 25),
        claimant("C", 10, 4, granted=11),
        sharing="first_come",
    )
    assert goods.receive(72) == {"A": 36, "B": 25, "C": 11}


def a2(sharing: Sharing, a: int, b: int, c: int) -> Deliveries:
    """48 are ordered of 65 firm units."""
    return cartons(
        claimant("A", 30, 3, granted=a),
        claimant("B", 25, granted=b),
        claimant("C", 10, 2, granted=c),
        sharing=sharing,
    )


def test_a2_an_entitlement_below_what_is_wanted_is_delivered_as_granted() -> None:
    assert a2("pro_rata", 22, 19, 7).receive(48) == {"A": 22, "B": 19, "C": 7}


def test_a2_first_come_first_served() -> None:
    assert a2("first_come", 30, 18, 0).receive(48) == {"A": 30, "B": 18, "C": 0}


def test_a3_who_declined_gets_nothing_of_any_delivery() -> None:
    declined = Claimant("C", 10, 0, 3, 0, 0, declined=True)
    goods = cartons(claimant("A", 30, granted=26), claimant("B", 25, granted=22), declined)
    assert goods.receive(48) == {"A": 26, "B": 22}
    assert goods.receive(20) == {"A": 4, "B": 3}  # up to what they had wanted
    assert goods.shared[-1].surplus == 13


def test_s1_a_short_delivery_drops_tolerance_first() -> None:
    goods = a1()
    assert goods.receive(60) == {"A": 28, "B": 23, "C": 9}
    assert [(row.outstanding, row.tolerance) for row in goods.shared[0].rows] == [
        (30, 6),
        (25, 0),
        (10, 4),
    ]


def test_s1_what_comes_later_fills_firm_units_first_then_tolerance() -> None:
    goods = a1()
    goods.receive(60)
    assert goods.receive(12) == {"A": 6, "B": 2, "C": 4}
    assert goods.received == {"A": 34, "B": 25, "C": 13}


def test_s2_two_receipts_share_what_is_outstanding() -> None:
    goods = a1()
    assert goods.receive(40) == {"A": 19, "B": 15, "C": 6}
    assert [each.outstanding for each in goods.claimants] == [11, 10, 4]
    assert goods.receive(20) == {"A": 9, "B": 8, "C": 3}
    assert goods.received == {"A": 28, "B": 23, "C": 9}


def test_s2_counter_example_nobody_gives_one_back() -> None:
    """On the running total C would have 2 of 10, and 1 of 11."""
    goods = cartons(claimant("A", 6), claimant("B", 6), claimant("C", 2))
    assert goods.receive(10) == {"A": 4, "B": 4, "C": 2}
    assert goods.receive(1) == {"A": 1, "B": 0}
    assert goods.received == {"A": 5, "B": 4, "C": 2}


def test_s4_over_delivery_goes_up_to_remaining_tolerance_and_the_rest_waits() -> None:
    goods = a1()
    goods.receive(72)
    assert goods.receive(5) == {"A": 2, "C": 1}
    assert goods.shared[-1].surplus == 2
    assert goods.received == {"A": 36, "B": 25, "C": 14}
    assert goods.receive(3) == {}
    assert (goods.shared[-1].surplus, goods.shared[-1].goods_idr) == (3, 0)


def test_s5_102_of_105() -> None:
    goods = cartons(claimant("A", 40), claimant("B", 35), claimant("C", 20), claimant("D", 10))
    assert goods.receive(102) == {"A": 39, "B": 34, "C": 19, "D": 10}
    assert goods.goods_idr == 102 * CARTON_IDR
    (item,) = goods.shared
    assert [row.goods_idr for row in item.rows] == [n * CARTON_IDR for n in (39, 34, 19, 10)]
    assert [row.alone_idr for row in item.rows] == [n * ALONE_IDR for n in (39, 34, 19, 10)]


def test_priority_comes_before_first_commitment() -> None:
    goods = cartons(claimant("A", 5), claimant("B", 5), claimant("C", 5), sharing="priority")
    goods.priority = ("C",)
    assert goods.receive(7) == {"C": 5, "A": 2, "B": 0}


def test_the_order_of_priority_means_nothing_where_it_is_not_the_rule() -> None:
    goods = cartons(claimant("A", 1), claimant("B", 1), claimant("C", 1))
    goods.priority = ("C",)
    assert goods.receive(1) == {"A": 1, "B": 0, "C": 0}


def test_ties_go_to_the_earlier_commitment_then_to_the_id() -> None:
    goods = cartons(
        claimant("A", 1, position=9), claimant("B", 1, position=2), claimant("C", 1, position=2)
    )
    assert goods.receive(1) == {"B": 1, "C": 0, "A": 0}
    assert goods.receive(1) == {"C": 1, "A": 0}


# -- value ---------------------------------------------------------------------------------


def test_the_value_of_parts_adds_up_to_the_line() -> None:
    """Three units for 100 rupiah: 33, then 34 (67 of two), then 33."""
    goods = Deliveries([claimant("A", 2), claimant("B", 1)], 100, 3)
    values = []
    for _ in range(3):
        goods.receive(1)
        values.append(goods.shared[-1].goods_idr)
    assert values == [33, 34, 33]


def test_what_is_delivered_beyond_the_order_has_the_orders_price() -> None:
    goods = Deliveries([claimant("A", 10, 2)], 1_005, 10)
    goods.receive(12)
    assert goods.goods_idr == 1_206


def test_a_price_that_changed_between_deliveries_is_caught_up() -> None:
    """The tier was lost after 4 of 10: all 10 cost the new price in the end."""
    goods = Deliveries([claimant("A", 6), claimant("B", 4)], 10 * 174, 10)
    goods.receive(4)
    goods.amount_idr = 10 * 180
    goods.receive(6)
    assert goods.goods_idr == 1_800
    goods = Deliveries([claimant("A", 6), claimant("B", 4)], 1_000, 10)
    goods.receive(9)
    goods.amount_idr = 500
    goods.receive(1)
    assert (goods.shared[-1].goods_idr, goods.goods_idr) == (-400, 500)


def test_units_that_were_not_ordered_for_a_koperasi_save_nothing() -> None:
    goods = cartons(claimant("A", 10), claimant("B", 0, 5, granted=0))
    goods.receive(12)
    a, b = goods.shared[0].rows
    assert (b.koperasi_id, b.units) == ("B", 2)
    assert b.alone_idr == b.goods_idr == 2 * CARTON_IDR
    assert a.alone_idr == 10 * ALONE_IDR


# -- what holds of any sequence of deliveries ----------------------------------------------


@st.composite
def claims(draw: st.DrawFn) -> list[Claimant]:
    """Entitlements as ordering grants them: firm ones whole with some tolerance, or cut down."""
    cut = draw(st.booleans())
    found = []
    for number in range(draw(st.integers(1, 6))):
        firm, tolerance = draw(st.integers(0, 40)), draw(st.integers(0, 12))
        granted = draw(st.integers(0, firm) if cut else st.integers(firm, firm + tolerance))
        declined = granted == 0 and draw(st.booleans())
        found.append(
            Claimant(
                koperasi_id=f"k{number}",
                firm=firm,
                tolerance=tolerance,
                first_position=draw(st.integers(1, 4)),
                granted=granted,
                alone_idr=draw(st.integers(0, 10**9)) if granted else 0,
                declined=declined,
            )
        )
    assume(sum(each.granted for each in found))
    return found


AMOUNTS = st.integers(0, 10**10)
RECEIPTS = st.lists(st.integers(1, 90), min_size=1, max_size=5)
SHARINGS: st.SearchStrategy[Sharing] = st.sampled_from(["pro_rata", "first_come", "priority"])


def begun(claimants: Sequence[Claimant], amount_idr: int, sharing: Sharing) -> Deliveries:
    quantity = sum(each.granted for each in claimants)
    return Deliveries(list(claimants), amount_idr, quantity, sharing, ("k3", "k1"))


@for_all(claims(), AMOUNTS, RECEIPTS, SHARINGS)
def test_sums_are_exact_to_the_unit_and_the_rupiah(
    claimants: list[Claimant], amount_idr: int, receipts: list[int], sharing: Sharing
) -> None:
    goods = begun(claimants, amount_idr, sharing)
    for accepted in receipts:
        goods.receive(accepted)
        item = goods.shared[-1]
        assert sum(row.units for row in item.rows) + item.surplus == accepted
        assert sum(row.goods_idr for row in item.rows) == item.goods_idr
        assert goods.goods_idr == half_up(amount_idr * goods.given, goods.quantity)
    for each in goods.claimants:
        if each.granted:
            assert each.received_alone_idr == half_up(each.alone_idr * each.received, each.granted)


@for_all(claims(), AMOUNTS, RECEIPTS, SHARINGS)
def test_no_receipt_takes_back_what_was_given(
    claimants: list[Claimant], amount_idr: int, receipts: list[int], sharing: Sharing
) -> None:
    goods = begun(claimants, amount_idr, sharing)
    before = goods.received
    for accepted in receipts:
        goods.receive(accepted)
        assert all(goods.received[key] >= units for key, units in before.items())
        assert all(row.goods_idr >= 0 and row.alone_idr >= 0 for row in goods.shared[-1].rows)
        before = goods.received


@for_all(claims(), AMOUNTS, RECEIPTS, SHARINGS)
def test_nobody_gets_more_than_it_wanted_and_surplus_only_when_all_are_served(
    claimants: list[Claimant], amount_idr: int, receipts: list[int], sharing: Sharing
) -> None:
    goods = begun(claimants, amount_idr, sharing)
    for accepted in receipts:
        goods.receive(accepted)
        for each in goods.claimants:
            most = each.granted if each.declined else each.firm + each.tolerance
            assert 0 <= each.received <= most
            if goods.shared[-1].surplus:
                assert each.received == most
    expected = {each.koperasi_id: min(each.firm, each.granted) for each in claimants}
    if goods.given >= sum(expected.values()):
        assert all(goods.received[key] >= units for key, units in expected.items())
    else:
        assert all(goods.received[key] <= units for key, units in expected.items())


@for_all(st.data(), claims(), AMOUNTS, RECEIPTS, SHARINGS)
def test_the_order_of_input_rows_changes_nothing(
    data: st.DataObject,
    claimants: list[Claimant],
    amount_idr: int,
    receipts: list[int],
    sharing: Sharing,
) -> None:
    one = begun(claimants, amount_idr, sharing)
    other = begun(data.draw(st.permutations(claimants)), amount_idr, sharing)
    for accepted in receipts:
        one.receive(accepted)
        other.receive(accepted)
    assert one.shared == other.shared


@for_all(claims(), AMOUNTS, RECEIPTS, SHARINGS)
def test_a_replay_gives_the_same(
    claimants: list[Claimant], amount_idr: int, receipts: list[int], sharing: Sharing
) -> None:
    one, other = (begun(claimants, amount_idr, sharing) for _ in range(2))
    for accepted in receipts:
        assert one.receive(accepted) == other.receive(accepted)
    assert one.shared == other.shared


@for_all(claims(), st.integers(1, 90))
def test_pro_rata_is_within_one_unit_of_the_exact_share(
    claimants: list[Claimant], accepted: int
) -> None:
    goods = begun(claimants, 0, "pro_rata")
    firm = sum(each.outstanding for each in claimants)
    assume(accepted <= firm)
    for row in (goods.receive(accepted), goods.shared[-1].rows)[1]:
        assert abs(row.units - Fraction(accepted * row.outstanding, firm)) < 1


@pytest.mark.parametrize("sharing", ["pro_rata", "first_come"])
def test_eighty_thousand_koperasi_are_one_item(sharing: Sharing) -> None:
    claimants = [Claimant(f"kop-{n:05}", 2, 0, 80_000 - n, 2, 2 * ALONE_IDR) for n in range(80_000)]
    worth = Worth(160_000, 160_000 * CARTON_IDR)
    item = share_item(OrderedItem(claimants, sharing, (), worth), 100_001)
    assert sum(row.units for row in item.rows) == 100_001
    assert sum(row.goods_idr for row in item.rows) == 100_001 * CARTON_IDR
    assert item.rows[0].koperasi_id == "kop-79999"


# -- corrections ---------------------------------------------------------------------------


def test_a_count_of_72_that_was_60_leaves_what_60_had_brought() -> None:
    """Domain rule S1: tolerance is dropped first, then firm units in proportion."""
    goods = a1()
    goods.receive(72)
    assert goods.correct(12) == {"A": -6, "B": -2, "C": -4}
    assert goods.received == {"A": 28, "B": 23, "C": 9}
    assert goods.goods_idr == 60 * CARTON_IDR
    assert [row.goods_idr for row in goods.shared[-1].rows] == [
        -6 * CARTON_IDR,
        -2 * CARTON_IDR,
        -4 * CARTON_IDR,
    ]


def test_surplus_goes_before_anybody_loses_something() -> None:
    goods = a1()
    goods.receive(100)
    assert goods.shared[-1].surplus == 25
    assert goods.correct(25, unclaimed=25) == {}
    assert goods.correct(12 + 3) == {"A": -8, "B": -2, "C": -5}
    assert sum(goods.received.values()) == 60


def test_by_first_come_the_last_one_loses() -> None:
    goods = a2("first_come", 30, 18, 0)
    goods.receive(48)
    assert goods.correct(8) == {"B": -8}
    assert goods.correct(15) == {"A": -5, "B": -10}


@for_all(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9)), min_size=1, max_size=6),
    st.integers(1, 400),
    st.data(),
)
def test_nobody_gains_or_owes_by_a_correction(
    wanted: list[tuple[int, int]], accepted: int, data: st.DataObject
) -> None:
    names = "ABCDEF"
    goods = cartons(*(claimant(names[n], *each) for n, each in enumerate(wanted)))
    goods.receive(accepted)
    before, given = goods.received, goods.given
    fewer = data.draw(st.integers(0, given))
    assert all(units < 0 for units in goods.correct(fewer).values())
    assert all(0 <= units <= before[name] for name, units in goods.received.items())
    assert sum(goods.received.values()) == given - fewer
    assert goods.goods_idr == (given - fewer) * CARTON_IDR
    if fewer == given:
        assert all(each.received_alone_idr == 0 for each in goods.claimants)
