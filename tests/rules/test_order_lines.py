"""What an order line says beside its quantity, and orders that come late."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from given import NOON, Given, asked, given
from jaringan_usaha.features.catalog.events import PriceListPublished, PriceRow, Tier
from jaringan_usaha.features.cycles.ceilings import CeilingExceeded
from jaringan_usaha.features.cycles.domain import CycleIsClosed, cycles
from jaringan_usaha.features.cycles.events import (
    CycleClosed,
    CycleOpened,
)
from jaringan_usaha.features.cycles.orders.domain import ChangeOrder, PlaceOrder, orders
from jaringan_usaha.features.cycles.orders.events import OrderChanged, OrderLine, OrderPlaced
from jaringan_usaha.features.cycles.orders.lines import LinesDoNotFit, PriceDiffers
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiClassified,
    RuleSet,
)

CLOSES = NOON + timedelta(hours=1)
ORDER_ID = "01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e90"
TIERS = (
    Tier(from_quantity=1, idr=186_000),
    Tier(from_quantity=50, idr=180_000),
    Tier(from_quantity=100, idr=348_000, per=2),
)


def opened(**terms: Any) -> CycleOpened:
    return CycleOpened(
        cycle_id="week-3",
        title="Minggu 3",
        opens_at=NOON - timedelta(hours=1),
        closes_at=CLOSES,
        prices="listed",
        priced_on=date(2026, 1, 15),
        **terms,
    )


def log(**terms: Any) -> Given:
    return given(cycles, orders).events(
        KoperasiAdmitted(koperasi_id="melati", title="Koperasi Melati"),
        PriceListPublished(
            price_list_id="prices-1",
            supplier_id="indofood",
            part=1,
            valid_from_on=date(2026, 1, 1),
            valid_until_on=None,
            tier_mode="all_units",
            rows=(PriceRow(item_id="oil", tiers=TIERS),),
        ),
        opened(**terms),
    )


def line(quantity: int = 10, **other: Any) -> OrderLine:
    return OrderLine(supplier_id="indofood", item_id="oil", quantity=quantity, **other)


def place(*lines: OrderLine, at: datetime = NOON, client_at: datetime | None = None) -> PlaceOrder:
    return PlaceOrder(
        asked=asked(at),
        order_id=ORDER_ID,
        cycle_id="week-3",
        koperasi_id="melati",
        lines=lines or (line(),),
        client_at=client_at,
    )


def placed(*lines: OrderLine, client_at: datetime | None = None) -> OrderPlaced:
    return OrderPlaced(
        order_id=ORDER_ID,
        cycle_id="week-3",
        koperasi_id="melati",
        lines=lines or (line(),),
        client_at=client_at,
    )


# -- tolerance and least -------------------------------------------------------------------


def test_tolerance_and_least_are_kept() -> None:
    wish = line(10, tolerance=4, least=14)
    log().when(place(wish)).then(placed(wish))


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"least": 15, "tolerance": 4}, "least"),
        ({"least": -1}, "least"),
        ({"tolerance": -1}, "tolerance"),
    ],
)
def test_what_can_never_be_given_is_refused(other: dict[str, int], field: str) -> None:
    log().when(place(line(10, **other))).then_refused(LinesDoNotFit, pointer=f"/lines/0/{field}")


@pytest.mark.parametrize("lines", [1, 10])
def test_an_order_guards_six_facts_however_many_lines_it_has(lines: int) -> None:
    ordered = tuple(
        msgspec.structs.replace(line(10), item_id=f"oil-{number}") for number in range(lines)
    )
    abouts = orders.needs(place(*ordered))
    assert sum(not each.topic.settled for each in abouts) == 6


# -- the price shown -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "shown_idr", "shown_per"),
    [
        (10, 186_000, 1),
        (10, 180_000, 1),
        (10, 174_000, 1),
        (10, 348_000, 2),
        (10, 1_860_000, 10),
        (50, 180_000, 1),
        (100, 174_000, 1),
    ],
)
def test_the_price_of_a_tier_that_may_yet_be_reached_is_right(
    quantity: int, shown_idr: int, shown_per: int
) -> None:
    shown = line(quantity, shown_idr=shown_idr, shown_per=shown_per)
    log().when(place(shown)).then(placed(shown))


def test_a_price_that_is_not_the_lists_is_refused_with_the_right_ones() -> None:
    wrong = place(line(50, shown_idr=186_000))
    log().when(wrong).then_refused(
        PriceDiffers,
        pointer="/lines/0/shown_idr",
        price_list="prices-1",
        prices=[
            {"from_quantity": 50, "idr": 180_000, "per": 1},
            {"from_quantity": 100, "idr": 348_000, "per": 2},
        ],
    )
    log().when(place(line(10, shown_idr=185_999))).then_refused(PriceDiffers)
    log().when(place(line(10, shown_idr=0))).then_refused(PriceDiffers)


def test_the_price_shown_is_checked_on_changes_too() -> None:
    change = ChangeOrder(
        asked=asked(),
        order_id=ORDER_ID,
        cycle_id="week-3",
        koperasi_id="melati",
        lines=(line(10, shown_idr=1),),
    )
    log().events(placed()).when(change).then_refused(PriceDiffers)


# -- ceilings ------------------------------------------------------------------------------


def het(version_no: int = 1, start: date = date(2026, 1, 1), **values: int) -> RuleSet:
    zones = {"zone_1_idr": 174_000, "zone_2_idr": 173_999, "zone_3_idr": 200_000, "per": 1}
    return RuleSet(
        rule_id="het.oil",
        version_no=version_no,
        valid_from_on=start,
        values={**zones, **values},
        source="Kepmendag",
    )


def zone(number: int, start: date = date(2026, 1, 1)) -> KoperasiClassified:
    return KoperasiClassified(
        koperasi_id="melati", valid_from_on=start, vat_registered=False, price_zone=number
    )


def test_het_exceeded_by_the_cheapest_tier_is_refused_with_the_rule() -> None:
    """The cheapest tier is 174,000: the ceiling of zone 1, and above that of zone 2."""
    log().events(het(), zone(1)).when(place()).then(placed())
    log().events(het(), zone(2)).when(place()).then_refused(
        CeilingExceeded,
        reason="HET_EXCEEDED",
        pointer="/lines/0",
        ceiling_idr=173_999,
        ceiling_per=1,
        rule="het.oil",
        rule_version_no=1,
    )


def test_who_is_in_no_zone_is_held_to_the_lowest_ceiling() -> None:
    log().events(het()).when(place()).then_refused(CeilingExceeded, ceiling_idr=173_999)
    later = zone(1, date(2026, 1, 16))
    log().events(het(), later).when(place()).then_refused(CeilingExceeded, ceiling_idr=173_999)


def test_the_ceiling_of_the_day_of_the_prices_counts() -> None:
    stricter = het(2, date(2026, 1, 15), zone_1_idr=173_000)
    known = log().events(zone(1), het())
    known.events(stricter).when(place()).then_refused(CeilingExceeded, rule_version_no=2)
    next_day = het(2, date(2026, 1, 16), zone_1_idr=173_000)
    known.events(next_day).when(place()).then(placed())


def test_what_the_group_may_buy_at_counts_too() -> None:
    known = log().events(zone(1), het(buy_idr=168_000))
    known.when(place()).then_refused(CeilingExceeded, ceiling_idr=168_000)


def test_a_ceiling_per_many_units_is_compared_exactly() -> None:
    thousand = het(zone_1_idr=174_000_000, per=1_000)
    log().events(zone(1), thousand).when(place()).then(placed())
    less = het(zone_1_idr=173_999_999, per=1_000)
    log().events(zone(1), less).when(place()).then_refused(CeilingExceeded, ceiling_per=1_000)


def test_rules_about_other_items_bind_nobody_here() -> None:
    other = RuleSet(
        rule_id="het.rice",
        version_no=1,
        valid_from_on=date(2026, 1, 1),
        values={"zone_1_idr": 1, "zone_2_idr": 1, "zone_3_idr": 1, "per": 1},
        source="Bapanas",
    )
    log().events(other).when(place()).then(placed())


def test_with_stated_prices_nothing_of_all_that_is_said() -> None:
    receipts = log().events(
        CycleOpened(
            cycle_id="week-3",
            title="Struk",
            opens_at=NOON - timedelta(hours=1),
            closes_at=CLOSES,
            prices="stated",
            priced_on=date(2026, 1, 15),
        )
    )
    for other in ({"tolerance": 1}, {"least": 1}, {"shown_idr": 1}):
        said = place(line(1, amount_idr=5, **other))  # type: ignore[arg-type]
        receipts.when(said).then_refused(LinesDoNotFit, pointer="/lines/0")


# -- late ----------------------------------------------------------------------------------

LATE = CLOSES + timedelta(seconds=60)
MOMENT = timedelta(microseconds=1)


def test_an_order_written_by_the_deadline_is_taken_while_the_cycle_waits_for_it() -> None:
    waiting = log(late_seconds=60)
    in_time = place(at=LATE, client_at=CLOSES)
    waiting.when(in_time).then(placed(client_at=CLOSES))
    log().when(in_time).then_refused(CycleIsClosed, closed_at=CLOSES)


def test_an_order_written_or_received_too_late_is_never_moved() -> None:
    waiting = log(late_seconds=60)
    waiting.when(place(at=LATE, client_at=CLOSES + MOMENT)).then_refused(CycleIsClosed)
    waiting.when(place(at=LATE + MOMENT, client_at=CLOSES)).then_refused(CycleIsClosed)
    waiting.when(place(at=LATE)).then_refused(CycleIsClosed)
    closed = waiting.events(CycleClosed(cycle_id="week-3"))
    closed.when(place(at=LATE, client_at=CLOSES)).then_refused(CycleIsClosed)


def test_a_change_written_by_the_deadline_is_taken_late_too() -> None:
    change = ChangeOrder(
        asked=asked(LATE),
        order_id=ORDER_ID,
        cycle_id="week-3",
        koperasi_id="melati",
        lines=(line(20),),
        client_at=CLOSES,
    )
    log(late_seconds=60).events(placed()).when(change).then(
        OrderChanged(
            order_id=ORDER_ID,
            cycle_id="week-3",
            koperasi_id="melati",
            lines=(line(20),),
            client_at=CLOSES,
        )
    )
