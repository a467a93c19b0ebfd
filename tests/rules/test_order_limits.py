"""SPHP rice: what one koperasi may take of it in a week, and what it may cost."""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given as drawn
from hypothesis import strategies as st

from given import Given, asked, given
from jaringan_usaha.features.catalog.events import PriceListPublished, PriceRow, Tier
from jaringan_usaha.features.cycles.ceilings import CeilingExceeded
from jaringan_usaha.features.cycles.domain import cycles
from jaringan_usaha.features.cycles.events import CycleOpened
from jaringan_usaha.features.cycles.orders.domain import (
    CancelOrder,
    ChangeOrder,
    PlaceOrder,
    orders,
)
from jaringan_usaha.features.cycles.orders.events import (
    Limited,
    OrderCancelled,
    OrderChanged,
    OrderLine,
    OrderPlaced,
)
from jaringan_usaha.features.cycles.orders.limits import (
    LimitsMustBeKnown,
    Taken,
    WeekLimitExceeded,
    evolve_taken,
    must_stay_below,
)
from jaringan_usaha.features.registry.events import KoperasiAdmitted, RuleSet

TWO_TONNES = 2_000
THURSDAY, SUNDAY, MONDAY = date(2026, 1, 15), date(2026, 1, 18), date(2026, 1, 19)
SPHP = {
    "zone_1_idr": 12_500,
    "zone_2_idr": 13_100,
    "zone_3_idr": 13_500,
    "buy_zone_1_idr": 11_000,
    "buy_zone_2_idr": 11_300,
    "buy_zone_3_idr": 11_600,
    "per": 1,
    "most_per_customer_day": 10,
}


def rule(version_no: int = 1, day: date = date(2025, 7, 1), **other: int) -> RuleSet:
    return RuleSet(
        rule_id="sphp.rice",
        version_no=version_no,
        valid_from_on=day,
        values={**SPHP, **other},
        source="Bapanas, Juli 2025",
    )


WEEKLY = rule(most_per_koperasi_week=TWO_TONNES)


def opened(cycle_id: str, priced_on: date) -> CycleOpened:
    return CycleOpened(
        cycle_id=cycle_id,
        title=cycle_id,
        opens_at=asked().at,
        closes_at=asked().at.replace(hour=20),
        prices="listed",
        priced_on=priced_on,
    )


def log(*rules: RuleSet, idr: int = 11_000) -> Given:
    rows = tuple(
        PriceRow(item_id=item_id, tiers=(Tier(from_quantity=1, idr=idr),))
        for item_id in ("rice", "oil")
    )
    return given(cycles, orders).events(
        KoperasiAdmitted(koperasi_id="melati", title="Melati"),
        KoperasiAdmitted(koperasi_id="mawar", title="Mawar"),
        PriceListPublished(
            price_list_id="p",
            supplier_id="bulog",
            part=1,
            valid_from_on=date(2025, 1, 1),
            valid_until_on=None,
            tier_mode="all_units",
            rows=rows,
        ),
        *rules,
        opened("thursday", THURSDAY),
        opened("sunday", SUNDAY),
        opened("monday", MONDAY),
    )


def wish(kg: int, item_id: str = "rice", **other: Any) -> OrderLine:
    return OrderLine(supplier_id="bulog", item_id=item_id, quantity=kg, **other)


def place(
    *lines: OrderLine,
    order_id: str = "o1",
    cycle_id: str = "thursday",
    koperasi_id: str = "melati",
    limited: tuple[str, ...] = ("rice",),
) -> PlaceOrder:
    return PlaceOrder(
        asked=asked(),
        order_id=order_id,
        cycle_id=cycle_id,
        koperasi_id=koperasi_id,
        lines=lines,
        limited=limited,
    )


def change(*lines: OrderLine) -> ChangeOrder:
    return ChangeOrder(
        asked=asked(),
        order_id="o1",
        cycle_id="thursday",
        koperasi_id="melati",
        lines=lines,
        limited=("rice",),
    )


def limits(start: Given, command: PlaceOrder | ChangeOrder | CancelOrder) -> tuple[Limited, ...]:
    (event,) = start.when(command).then_recorded()
    assert isinstance(event, OrderPlaced | OrderChanged | OrderCancelled)
    return event.limited


def after(start: Given, command: PlaceOrder | ChangeOrder | CancelOrder) -> Given:
    return start.events(*start.when(command).then_recorded())


def rice(kg: int) -> Limited:
    return Limited(item_id="rice", units=kg, week="2026-W03", rule_version_no=1)


def test_sphp_two_tonnes_a_week_are_taken_and_not_a_kilogram_more() -> None:
    assert limits(log(WEEKLY), place(wish(2_000))) == (rice(2_000),)
    log(WEEKLY).when(place(wish(2_001))).then_refused(WeekLimitExceeded, most=2_000, left=2_000)


def test_sphp_tolerance_may_be_taken_so_it_counts() -> None:
    log(WEEKLY).when(place(wish(1_999, tolerance=2))).then_refused(WeekLimitExceeded)


def test_sphp_all_orders_of_a_week_count_together() -> None:
    start = after(log(WEEKLY), place(wish(1_500)))
    later = {"order_id": "o2", "cycle_id": "sunday"}
    start.when(place(wish(501), **later)).then_refused(WeekLimitExceeded, left=500)
    assert limits(start, place(wish(500), **later)) == (rice(500),)
    assert limits(start, place(wish(2_000), order_id="o2", koperasi_id="mawar"))
    (next_week,) = limits(start, place(wish(2_000), order_id="o2", cycle_id="monday"))
    assert next_week.week == "2026-W04"


def test_sphp_an_order_that_changes_counts_as_it_is() -> None:
    start = after(log(WEEKLY), place(wish(1_500)))
    assert limits(start, change(wish(2_000))) == (rice(2_000),)
    start.when(change(wish(2_001))).then_refused(WeekLimitExceeded)
    assert limits(start, change(wish(7, "oil"))) == (rice(0),)


def test_sphp_what_is_given_up_may_be_taken_again() -> None:
    cancel = CancelOrder(asked=asked(), order_id="o1", cycle_id="thursday", koperasi_id="melati")
    start = after(log(WEEKLY), place(wish(2_000)))
    again = place(wish(2_000), order_id="o2")
    start.when(again).then_refused(WeekLimitExceeded, left=0)
    assert limits(start, cancel) == (rice(0),)
    assert limits(after(start, cancel), again) == (rice(2_000),)
    assert limits(after(start, change(wish(7, "oil"))), again) == (rice(2_000),)


def test_sphp_asking_for_less_is_never_refused() -> None:
    """Although a rule of a later date is tighter, by the day of the cycle's prices."""
    start = after(log(WEEKLY), place(wish(1_500)))
    tighter = start.events(rule(2, date(2026, 1, 1), most_per_koperasi_week=1_000))
    (less,) = limits(tighter, change(wish(1_400)))
    assert (less.units, less.rule_version_no) == (1_400, 2)
    tighter.when(change(wish(1_501))).then_refused(WeekLimitExceeded)


def test_sphp_the_rule_asks_for_what_it_must_know() -> None:
    unnamed = place(wish(1), wish(1, "oil"), limited=())
    log(WEEKLY).when(unnamed).then_refused(LimitsMustBeKnown, limited=["rice"])


def test_sphp_nothing_is_limited_without_a_weekly_number_in_force() -> None:
    for rules in ((), (rule(),), (rule(day=date(2026, 1, 16), most_per_koperasi_week=1),)):
        assert limits(log(*rules), place(wish(9_000), limited=())) == ()


steps = st.lists(
    st.tuples(
        st.sampled_from(["o1", "o2", "o3"]),
        st.sampled_from([0, 500, 1_000]),
        st.sampled_from(["2026-W03", "2026-W04"]),
    ),
    max_size=12,
)


@drawn(steps)
def test_sphp_orders_that_take_nothing_are_forgotten(taken: list[tuple[str, int, str]]) -> None:
    """What is decided is what it would be if all of them were remembered."""
    known, remembered = Taken("melati|rice"), Taken("melati|rice")
    for order_id, units, week in taken:
        limit = Limited(item_id="rice", units=units, week=week, rule_version_no=1)
        event = OrderChanged(
            order_id=order_id,
            cycle_id="thursday",
            koperasi_id="melati",
            lines=(),
            limited=(limit,),
        )
        known = evolve_taken(known, event)
        remembered = replace(remembered, of={**remembered.of, order_id: limit})
    assert all(each.units for each in known.of.values())
    assert len(known.of) == sum(each.units > 0 for each in remembered.of.values())
    for order_id, units, week in itertools.product(
        ("o1", "o4"), (1, 500, 501, 2_000), ("2026-W03", "2026-W04")
    ):
        wish = Limited(item_id="rice", units=units, week=week, rule_version_no=1)
        assert left(wish, order_id, known) == left(wish, order_id, remembered)


def left(wish: Limited, order_id: str, taken: Taken) -> object:
    """What the rule says is left, when it refuses; None when it does not."""
    try:
        must_stay_below(TWO_TONNES, wish, order_id, taken)
    except WeekLimitExceeded as refused:
        return refused.facts["left"]
    return None


def test_sphp_rice_is_not_bought_dearer_than_bulog_may_sell_it() -> None:
    """Who is in no zone is held to the lowest price."""
    at_most = place(wish(1), limited=())
    assert limits(log(rule(), idr=11_000), at_most) == ()
    log(rule(), idr=11_001).when(at_most).then_refused(CeilingExceeded, ceiling_idr=11_000)
