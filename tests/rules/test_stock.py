"""What goods on a shelf cost: first in first out, exact to the rupiah, whatever comes late."""

from hypothesis import given
from hypothesis import strategies as st

from jaringan_usaha.features.margin.stock import Effect, Layer, Shelf


def totals(effects: list[Effect]) -> tuple[int, int]:
    return sum(each.revenue_idr for each in effects), sum(each.cogs_idr for each in effects)


def test_the_oldest_goods_are_sold_first() -> None:
    shelf = Shelf()
    list(shelf.put("january", "s", 1, 10, 1_000))
    list(shelf.put("february", "s", 2, 10, 2_000))
    sold = list(shelf.sell(15, 3_000))
    assert [(each.layer.cycle_id, each.revenue_idr, each.cogs_idr) for each in sold] == [
        ("january", 2_000, 1_000),
        ("february", 1_000, 1_000),
    ]


def test_a_layer_sold_out_costs_exactly_what_it_cost() -> None:
    shelf = Shelf()
    list(shelf.put("c", "s", 1, 3, 100))
    costs = [totals(list(shelf.sell(1, 50)))[1] for _ in range(3)]
    assert costs == [33, 34, 33]
    assert sum(costs) == 100


def test_freight_that_comes_late_costs_the_sold_part_at_once() -> None:
    shelf = Shelf()
    list(shelf.put("c", "s", 1, 40, 7_830_000))
    list(shelf.sell(10, 2_100_000))
    (late,) = shelf.put("c", "s", 5, 0, 139_461)
    assert late.cogs_idr == 34_865  # a quarter, of the whole cost rounded once
    (rest,) = shelf.sell(30, 6_300_000)
    assert 1_957_500 + late.cogs_idr + rest.cogs_idr == 7_969_461


def test_goods_sold_before_they_were_seen_to_come_are_the_next_to_come() -> None:
    shelf = Shelf()
    (unseen,) = shelf.sell(6, 601)
    assert (unseen.layer, unseen.revenue_idr, unseen.cogs_idr) == (None, 601, 0)
    (came,) = shelf.put("c", "s", 2, 4, 200)
    assert (came.revenue_idr, came.uncovered_idr, came.cogs_idr) == (401, 401, 200)
    assert (shelf.unknown_units, shelf.unknown_idr) == (2, 200)
    (rest,) = shelf.put("d", "s", 3, 5, 500)
    assert (rest.revenue_idr, rest.uncovered_idr, rest.cogs_idr) == (200, 200, 200)
    assert (shelf.unknown_units, shelf.unknown_idr) == (0, 0)


def test_what_comes_back_is_what_was_sold_last() -> None:
    shelf = Shelf()
    list(shelf.put("january", "s", 1, 10, 1_000))
    list(shelf.put("february", "s", 2, 10, 2_000))
    list(shelf.sell(12, 2_400))
    back = list(shelf.sell(-3, -600))
    assert [(each.layer.cycle_id, each.revenue_idr, each.cogs_idr) for each in back] == [
        ("february", -400, -400),
        ("january", -200, -100),
    ]


def test_what_nobody_sold_may_come_back_and_be_sold() -> None:
    shelf = Shelf()
    assert [tuple(each) for each in shelf.sell(-2, -100)] == [(None, -100, 0, 0)]
    list(shelf.put("c", "s", 1, 5, 500))
    again = list(shelf.sell(3, 150))
    assert [(each.layer and each.layer.cycle_id, each.revenue_idr) for each in again] == [
        (None, 100),
        ("c", 50),
    ]
    assert (shelf.unknown_units, shelf.unknown_idr) == (0, 0)


def test_a_value_without_goods_is_revenue_of_no_goods() -> None:
    shelf = Shelf()
    list(shelf.put("c", "s", 1, 5, 500))
    assert [tuple(each) for each in shelf.sell(0, 70)] == [(None, 70, 0, 0)]


put = st.tuples(
    st.just("put"), st.sampled_from("abc"), st.integers(0, 20), st.integers(-50, 10_000)
)
sell = st.tuples(st.just("sell"), st.integers(-8, 20), st.integers(-5_000, 5_000))


@given(st.lists(st.one_of(put, sell), max_size=25))
def test_nothing_is_lost_between_what_comes_and_what_goes(moves: list[tuple[object, ...]]) -> None:
    """Units and rupiah are conserved; what is posted is the sold part of the cost, rounded once."""
    shelf = Shelf()
    revenue = cogs = units = taken = 0
    for position, (kind, *rest) in enumerate(moves, start=1):
        if kind == "put":
            cycle, count, cost = rest
            effects = list(shelf.put(cycle, "s", position, count, cost))
            units += count
            assert all(each.revenue_idr == each.uncovered_idr for each in effects)
            revenue += sum(each.revenue_idr - each.uncovered_idr for each in effects)
        else:
            count, amount = rest
            effects = list(shelf.sell(count, amount))
            units -= count
            taken += amount
            revenue += sum(each.revenue_idr for each in effects)
        cogs += sum(each.cogs_idr for each in effects)
    layers = list(shelf.layers.values())
    assert revenue == taken == sum(each.revenue_idr for each in layers) + shelf.unknown_idr
    assert cogs == sum(each.cogs_idr for each in layers)
    assert units == sum(each.left for each in layers) - shelf.unknown_units
    for each in layers:
        assert 0 <= each.sold_units <= each.units
        if each.units and each.sold_units == each.units:
            assert each.cogs_idr == each.landed_idr
        if not each.sold_units:
            assert each.cogs_idr == 0


def test_a_layer_without_units_costs_nothing_to_sell() -> None:
    assert Layer("c", "s", 1, landed_idr=70).cost_to_post() == 0
