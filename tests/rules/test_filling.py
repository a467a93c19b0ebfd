"""Changes while cases are filled: A5, and who is told what."""

from datetime import date, timedelta

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from given import NOON, asked, given
from jaringan_usaha.features.catalog.events import ItemAdded, PriceListPublished, PriceRow, Tier
from jaringan_usaha.features.cycles.domain import (
    GRACE,
    BeginFilling,
    CycleIsClosed,
    CycleStillOpen,
    cycles,
)
from jaringan_usaha.features.cycles.events import (
    CycleClosed,
    CycleFilling,
    CycleKeptOpen,
    CycleOpened,
    CycleReopened,
)
from jaringan_usaha.features.cycles.group.consolidation import cases_for
from jaringan_usaha.features.cycles.orders.domain import (
    CancelOrder,
    ChangeOrder,
    OrderHasChanged,
    PlaceOrder,
    orders,
)
from jaringan_usaha.features.cycles.orders.events import (
    CasesFilled,
    OrderCancelled,
    OrderChanged,
    OrderLine,
    OrderPlaced,
)
from jaringan_usaha.features.cycles.orders.filling import (
    ChangeFillsNoCase,
    FillingBegins,
    GroupTotal,
    Told,
    Wanted,
    fills,
    missing,
)
from jaringan_usaha.features.registry.events import KoperasiAdmitted

# -- arithmetic ----------------------------------------------------------------------------

C = 6


def taken(before: tuple[int, int], after: tuple[int, int]) -> bool:
    return fills(Wanted(*before), Wanted(*after), C)


def test_a5_fewer_units_that_fill_nothing_are_refused() -> None:
    assert not taken((3, 0), (2, 0))


def test_a5_more_tolerance_is_welcome() -> None:
    assert taken((2, 1), (2, 2))


def test_a5_a_unit_less_that_leaves_no_case_begun_is_taken() -> None:
    assert taken((7, 0), (6, 0))


def test_a5_fewer_units_that_leave_as_many_missing_are_refused() -> None:
    assert not taken((7, 0), (1, 0))


def test_a5_tolerance_that_becomes_firm_is_taken() -> None:
    assert taken((4, 2), (6, 0))


def test_a5_a_new_case_is_not_begun() -> None:
    """What is missing for a case is 0 both when none is begun and when tolerance fills it."""
    assert (missing(Wanted(0, 0), C), missing(Wanted(6, 0), C), missing(Wanted(5, 3), C)) == (
        0,
        0,
        0,
    )
    assert missing(Wanted(8, 1), C) == 3
    assert not taken((6, 0), (8, 0))
    assert not taken((0, 0), (3, 0))
    assert taken((4, 0), (6, 0))


small = st.integers(0, 40)


@drawn(small, small, st.integers(-8, 8), st.integers(-8, 8), st.integers(1, 13))
def test_no_change_that_is_taken_loses_a_case(
    firm: int, tolerance: int, more: int, welcome: int, case: int
) -> None:
    before, after = (
        Wanted(firm, tolerance),
        Wanted(max(firm + more, 0), max(tolerance + welcome, 0)),
    )
    if fills(before, after, case):
        assert cases_for(*after, case) >= cases_for(*before, case)


# -- orders --------------------------------------------------------------------------------

FILL_FROM = NOON
CLOSES = NOON + timedelta(days=1)
LATER = NOON + timedelta(hours=1)
ORDER_ID = "01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e90"

opened = CycleOpened(
    cycle_id="week-3",
    title="Minggu 3",
    opens_at=NOON - timedelta(days=1),
    closes_at=CLOSES,
    prices="listed",
    priced_on=date(2026, 1, 15),
    fill_from_at=FILL_FROM,
)
filling = CycleFilling(cycle_id="week-3")
log = given(cycles, orders).events(
    KoperasiAdmitted(koperasi_id="melati", title="Koperasi Melati"),
    ItemAdded(item_id="oil", title="Minyak", base_unit="XPK", case_size=6),
    PriceListPublished(
        price_list_id="prices-1",
        supplier_id="indofood",
        part=1,
        valid_from_on=date(2026, 1, 1),
        valid_until_on=None,
        tier_mode="all_units",
        rows=(PriceRow(item_id="oil", tiers=(Tier(from_quantity=1, idr=186_000),)),),
    ),
    opened,
)


def line(quantity: int, tolerance: int = 0) -> OrderLine:
    return OrderLine(supplier_id="indofood", item_id="oil", quantity=quantity, tolerance=tolerance)


def told(firm: int, tolerance: int = 0, before: tuple[OrderLine, ...] = ()) -> Told:
    total = GroupTotal(supplier_id="indofood", item_id="oil", firm=firm, tolerance=tolerance)
    return Told(before=before, totals=(total,))


def place(quantity: int, knows: Told | None = None, hours: int = 1) -> PlaceOrder:
    return PlaceOrder(
        asked=asked(NOON + timedelta(hours=hours)),
        order_id=ORDER_ID,
        cycle_id="week-3",
        koperasi_id="melati",
        lines=(line(quantity),),
        told=knows,
    )


def placed(*lines: OrderLine) -> OrderPlaced:
    return OrderPlaced(order_id=ORDER_ID, cycle_id="week-3", koperasi_id="melati", lines=lines)


def filled(firm: int, tolerance: int = 0, order: str = ORDER_ID) -> CasesFilled:
    return CasesFilled(
        fill_id="week-3|indofood|oil",
        cycle_id="week-3",
        supplier_id="indofood",
        item_id="oil",
        order=order,
        firm=firm,
        tolerance=tolerance,
    )


def change(*lines: OrderLine, knows: Told) -> ChangeOrder:
    return ChangeOrder(
        asked=asked(LATER),
        order_id=ORDER_ID,
        cycle_id="week-3",
        koperasi_id="melati",
        lines=lines,
        told=knows,
    )


def cancel(knows: Told) -> CancelOrder:
    return CancelOrder(
        asked=asked(LATER),
        order_id=ORDER_ID,
        cycle_id="week-3",
        koperasi_id="melati",
        told=knows,
    )


def begin(after: timedelta) -> BeginFilling:
    return BeginFilling(asked=asked(FILL_FROM + after), cycle_id="week-3")


def test_filling_begins_when_its_time_and_the_grace_are_over() -> None:
    log.when(begin(GRACE)).then(filling)
    log.when(begin(GRACE - timedelta(microseconds=1))).then_refused(CycleStillOpen)
    log.events(filling).when(begin(GRACE)).then_nothing()
    log.events(CycleClosed(cycle_id="week-3")).when(begin(GRACE)).then_refused(CycleIsClosed)


def test_before_its_time_every_order_is_taken() -> None:
    log.when(place(3, hours=-1)).then(placed(line(3)))


def test_until_the_clock_has_begun_the_phase_orders_are_asked_to_wait() -> None:
    log.when(place(3)).then_refused(FillingBegins, retry_after=5)


def test_an_order_must_be_told_the_totals() -> None:
    log.events(filling).when(place(3)).then_refused(FillingBegins, retry_after=2)


def test_an_order_that_fills_a_case_is_taken_with_the_groups_totals() -> None:
    log.events(filling).when(place(2, told(4))).then(filled(6), placed(line(2)))


def test_an_order_that_fills_no_case_is_refused_with_what_is_missing() -> None:
    short = log.events(filling).when(place(1, told(6)))
    short.then_refused(ChangeFillsNoCase, firm=6, tolerance=0, case_size=6, missing=0)


def test_what_others_filled_since_counts_more_than_what_was_told() -> None:
    since = log.events(filling, filled(6, order="another"))
    since.when(place(2, told(4))).then_refused(ChangeFillsNoCase, firm=6)


def test_a_change_counts_what_the_order_held_before() -> None:
    ordered = log.events(placed(line(3)), filling)
    before = (line(3),)
    ordered.when(change(line(5), knows=told(4, before=before))).then(
        filled(6),
        OrderChanged(order_id=ORDER_ID, cycle_id="week-3", koperasi_id="melati", lines=(line(5),)),
    )
    fewer = ordered.when(change(line(2), knows=told(4, before=before)))
    fewer.then_refused(ChangeFillsNoCase, missing=2)


def test_a_change_that_was_told_other_lines_is_refused() -> None:
    ordered = log.events(placed(line(3)), filling)
    ordered.when(change(line(5), knows=told(4, before=(line(2),)))).then_refused(OrderHasChanged)


def test_a_withdrawal_is_a_change_like_others() -> None:
    ordered = log.events(placed(line(1)), filling)
    before = (line(1),)
    ordered.when(cancel(told(7, before=before))).then(
        filled(6), OrderCancelled(order_id=ORDER_ID, cycle_id="week-3", koperasi_id="melati")
    )
    ordered.when(cancel(told(4, before=before))).then_refused(ChangeFillsNoCase)


def test_lines_that_stay_as_they_are_need_not_fill() -> None:
    rice = OrderLine(supplier_id="indofood", item_id="rice", quantity=1)
    both = log.events(
        PriceListPublished(
            price_list_id="prices-2",
            supplier_id="indofood",
            part=1,
            valid_from_on=date(2026, 1, 1),
            valid_until_on=None,
            tier_mode="all_units",
            rows=(PriceRow(item_id="rice", tiers=(Tier(from_quantity=1, idr=12_500),)),),
        ),
        placed(line(3), rice),
        filling,
    )
    knows = told(4, before=(line(3), rice))
    assert both.when(change(line(5), rice, knows=knows)).then_recorded()[0] == filled(6)


@pytest.mark.parametrize(
    "again",
    [
        CycleKeptOpen(cycle_id="week-3", closes_at=CLOSES + timedelta(days=2), short=("indofood",)),
        CycleReopened(cycle_id="week-3", closes_at=CLOSES + timedelta(days=2), reason="flood"),
    ],
)
def test_a_cycle_that_is_open_again_takes_every_order(again: CycleKeptOpen | CycleReopened) -> None:
    log.events(filling, again).when(place(1)).then(placed(line(1)))
