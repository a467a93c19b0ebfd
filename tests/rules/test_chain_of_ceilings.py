"""M2: what the consortium pays for goods and asks of koperasi for them, from the order to the
close."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Literal

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from given import NOON, Given, asked, given
from jaringan_usaha.features.catalog.events import ItemAdded, PriceListPublished, PriceRow, Tier
from jaringan_usaha.features.cycles.ceilings import CeilingExceeded
from jaringan_usaha.features.cycles.domain import GRACE, cycles
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderShared,
    CycleClosed,
    CycleKeptOpen,
    CycleOpened,
    EntitlementsGranted,
    MinimumDecided,
    MinimumMissed,
)
from jaringan_usaha.features.cycles.group.consolidation import (
    ItemDemand,
    ItemTotal,
    KoperasiDemand,
)
from jaringan_usaha.features.cycles.group.domain import ConsolidateSupplier, consolidated_orders
from jaringan_usaha.features.cycles.group.keeping import EndCycle, ending
from jaringan_usaha.features.cycles.orders.domain import PlaceOrder, orders
from jaringan_usaha.features.cycles.orders.events import OrderLine
from jaringan_usaha.features.registry.events import KoperasiAdmitted, RuleSet
from jaringan_usaha.kernel.ceiling import HET_EXCEEDED
from jaringan_usaha.kernel.landed import part_bp
from jaringan_usaha.kernel.messages import Event

CLOSES = NOON + timedelta(hours=1)
PRICED_ON = date(2026, 1, 15)
MINYAKITA = {
    **{f"zone_{zone}_idr": 188_400 for zone in (1, 2, 3)},
    "per": 1,
    "buy_idr": 168_000,
    "sell_idr": 174_000,
}
"""A carton of 12 × 1 litre."""

Tiers = tuple[Tier, ...]
STEPS: Tiers = (
    Tier(from_quantity=1, idr=170_000),
    Tier(from_quantity=50, idr=168_000),
    Tier(from_quantity=100, idr=160_000),
)


def het(version_no: int = 1, start: date = date(2026, 1, 1), **values: int) -> RuleSet:
    return RuleSet(
        rule_id="het.oil",
        version_no=version_no,
        valid_from_on=start,
        values=values or MINYAKITA,
        source="Permendag 18/2024",
    )


def only(**values: int) -> RuleSet:
    """The retail ceilings of Minyakita, and before retail only these."""
    zones = {name: idr for name, idr in MINYAKITA.items() if name not in ("buy_idr", "sell_idr")}
    return het(**zones, **values)


def fee(rate_bp: int, version_no: int = 1, start: date = date(2026, 1, 1)) -> RuleSet:
    return RuleSet(
        rule_id="fee",
        version_no=version_no,
        valid_from_on=start,
        values={"rate_bp": rate_bp, "consortium_parts": 60, "host_parts": 40},
        source="musyawarah konsorsium",
    )


def one_price(idr: int, per: int = 1) -> Tiers:
    return (Tier(from_quantity=1, idr=idr, per=per),)


def opened(**terms: Any) -> CycleOpened:
    return CycleOpened(
        cycle_id="week-3",
        title="Minggu 3",
        opens_at=NOON - timedelta(hours=1),
        closes_at=CLOSES,
        prices="listed",
        priced_on=PRICED_ON,
        **terms,
    )


def log(
    tiers: Tiers,
    *events: Event,
    case_size: int = 1,
    tier_mode: Literal["all_units", "incremental"] = "all_units",
    minimum_idr: int = 0,
    **terms: Any,
) -> Given:
    """A cycle in which Minyakita is offered at these tiers, and tea at Rp9.000."""
    rows = (
        PriceRow(item_id="oil", tiers=tiers, case_size=case_size),
        PriceRow(item_id="tea", tiers=one_price(9_000)),
    )
    return given(cycles, orders, consolidated_orders, ending).events(
        *(KoperasiAdmitted(koperasi_id=each, title=each) for each in "ABC"),
        *(ItemAdded(item_id=each, title=each, base_unit="XPK", case_size=1) for each in OF_BOTH),
        PriceListPublished(
            price_list_id="prices-1",
            supplier_id="d1",
            part=1,
            valid_from_on=date(2026, 1, 1),
            valid_until_on=None,
            tier_mode=tier_mode,
            rows=rows,
            minimum_idr=minimum_idr,
        ),
        opened(**terms),
        *events,
    )


OF_BOTH = ("oil", "tea")


def place(quantity: int = 10, item_id: str = "oil", **other: Any) -> PlaceOrder:
    return PlaceOrder(
        asked=asked(),
        order_id="01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e90",
        cycle_id="week-3",
        koperasi_id="A",
        lines=(OrderLine(supplier_id="d1", item_id=item_id, quantity=quantity, **other),),
    )


def wanted(*quantities: int, item_id: str = "oil", tolerance: int = 0) -> ItemDemand:
    """What A, B and C order, in this order of commitment."""
    parts = tuple(
        KoperasiDemand(
            first_position=position,
            koperasi_id=koperasi_id,
            quantity=quantity,
            order_lines=1,
            tolerance=tolerance,
        )
        for position, (koperasi_id, quantity) in enumerate(
            zip("ABC", quantities, strict=False), start=1
        )
    )
    return ItemDemand(item_id=item_id, parts=parts)


def totals(*demand: ItemDemand) -> tuple[ItemTotal, ...]:
    return tuple(
        ItemTotal(
            each.item_id,
            sum(part.quantity for part in each.parts),
            sum(part.tolerance for part in each.parts),
        )
        for each in demand
    )


def consolidate(*demand: ItemDemand) -> ConsolidateSupplier:
    return ConsolidateSupplier(
        asked=asked(CLOSES + GRACE),
        cycle_id="week-3",
        supplier_id="d1",
        demand=demand,
        totals=totals(*demand),
    )


closed = CycleClosed(cycle_id="week-3")

# -- at the order --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "idr", "step", "ceiling_idr"),
    [
        ((het(),), 168_000, "", 0),
        ((het(),), 168_001, "buy", 168_000),
        ((only(sell_idr=174_000),), 174_000, "", 0),
        ((only(sell_idr=174_000),), 174_001, "sell", 174_000),
        ((only(sell_idr=174_000), fee(875)), 160_000, "", 0),
        ((only(sell_idr=174_000), fee(875)), 160_001, "sell", 174_000),
        ((only(sell_idr=174_000), fee(876)), 160_000, "sell", 174_000),
        ((het(), fee(357)), 168_000, "", 0),
        ((het(), fee(358)), 168_000, "sell", 174_000),
        ((only(),), 188_400, "", 0),
        ((only(),), 188_401, "retail", 188_400),
    ],
)
def test_m2_at_every_step_the_ceiling_itself_is_allowed_and_a_rupiah_more_is_not(
    rules: tuple[RuleSet, ...], idr: int, step: str, ceiling_idr: int
) -> None:
    answer = log(one_price(idr), *rules).when(place())
    if not step:
        answer.then_recorded()
        return
    answer.then_refused(
        CeilingExceeded,
        reason=HET_EXCEEDED,
        step=step,
        pointer="/lines/0",
        ceiling_idr=ceiling_idr,
        ceiling_per=1,
        rule="het.oil",
        rule_version_no=1,
    )


def test_m2_the_refusal_names_what_would_be_asked_with_the_fee() -> None:
    """160.000 and 8,76 % are 174.016."""
    answer = log(one_price(160_000), only(sell_idr=174_000), fee(876)).when(place())
    answer.then_refused(CeilingExceeded, asked_idr=174_016, asked_per=1)
    by_ten = log(one_price(1_600_001, 10), only(sell_idr=174_000), fee(875)).when(place())
    by_ten.then_refused(CeilingExceeded, asked_idr=1_740_002, asked_per=10)


def test_m2_where_the_decree_names_prices_with_ppn_lists_without_it_are_compared_with_it() -> None:
    """168.000 with 11 % are 151.351,35 without; the fee bears none."""
    decreed = het(**MINYAKITA, ppn_bp=1_100)
    log(one_price(151_351), decreed).when(place()).then_recorded()
    log(one_price(151_352), decreed).when(place()).then_refused(
        CeilingExceeded, step="buy", asked_idr=168_001
    )
    log(one_price(151_351), decreed, fee(396)).when(place()).then_recorded()
    dear = log(one_price(151_351), decreed, fee(397)).when(place())
    dear.then_refused(CeilingExceeded, step="sell", asked_idr=174_009)


def test_m2_nobody_is_refused_for_a_tier_that_the_group_may_leave_behind() -> None:
    """Ten cartons alone cost 170.000 each; a hundred together 160.000."""
    log(STEPS, het()).when(place(10)).then_recorded()
    log(STEPS[:1], het()).when(place(10)).then_refused(CeilingExceeded, step="buy")


def test_m2_rule_and_fee_are_those_of_the_day_of_the_cycles_prices() -> None:
    dearer, next_day = fee(876, 2, PRICED_ON), fee(876, 2, date(2026, 1, 16))
    lower = het(2, date(2026, 1, 16), **{**MINYAKITA, "buy_idr": 1, "sell_idr": 1})
    known = log(one_price(160_000), het(), fee(875))
    known.events(next_day, lower).when(place()).then_recorded()
    known.events(dearer).when(place()).then_refused(CeilingExceeded, step="sell")


def test_m2_other_items_are_ordered_beside_it() -> None:
    log(one_price(200_000), het(), fee(875)).when(place(1, "tea")).then_recorded()


# -- at the close --------------------------------------------------------------------------


def lines_of(answer_events: tuple[Event, ...]) -> list[ConsolidatedLine]:
    return [
        line
        for event in answer_events
        if isinstance(event, ConsolidatedOrderPlaced)
        for line in event.lines
    ]


def owed_of(events: tuple[Event, ...]) -> dict[str, int]:
    return {
        share.koperasi_id: share.amount_idr
        for event in events
        if isinstance(event, ConsolidatedOrderShared)
        for share in event.shares
    }


@pytest.mark.parametrize(
    ("rules", "quantity", "amount_idr"),
    [
        ((het(),), 49, None),
        ((het(),), 50, 50 * 168_000),
        ((het(), fee(357)), 99, 99 * 168_000),
        ((het(), fee(358)), 99, None),
        ((het(), fee(875)), 99, None),
        ((het(), fee(875)), 100, 100 * 160_000),
        ((), 49, 49 * 170_000),
    ],
)
def test_m2_a_tier_above_the_ceiling_is_not_bought(
    rules: tuple[RuleSet, ...], quantity: int, amount_idr: int | None
) -> None:
    demand = wanted(quantity - 10, 10)
    events = log(STEPS, *rules, closed).when(consolidate(demand)).then_recorded()
    (line,) = lines_of(events)
    (rows,) = [event.items[0].rows for event in events if isinstance(event, EntitlementsGranted)]
    if amount_idr is None:
        assert (line.quantity, line.cases, line.amount_idr, line.price_idr) == (0, 0, 0, None)
        assert line.reason == HET_EXCEEDED
        assert [(row.granted, row.reason) for row in rows] == [(0, HET_EXCEEDED)] * 2
        assert owed_of(events) == {}
    else:
        assert (line.quantity, line.amount_idr, line.reason) == (quantity, amount_idr, "")
        assert sum(owed_of(events).values()) == amount_idr
        assert [row.reason for row in rows] == ["", ""]


def test_m2_graduated_tiers_are_measured_by_what_all_of_it_costs() -> None:
    """49 at 170.000, 50 at 168.000 and the rest at 160.000: below 168.000 each from 112 on."""
    known = log(STEPS, het(), closed, tier_mode="incremental")
    (less,) = lines_of(known.when(consolidate(wanted(111))).then_recorded())
    (more,) = lines_of(known.when(consolidate(wanted(112))).then_recorded())
    assert (less.quantity, less.reason) == (0, HET_EXCEEDED)
    assert (more.amount_idr, more.reason) == (18_810_000, "")
    assert Fraction(more.amount_idr, 112) <= 168_000 < Fraction(18_650_000, 111)


def test_m2_the_other_items_of_the_supplier_are_bought_all_the_same() -> None:
    oil, tea = wanted(49), wanted(5, item_id="tea")
    events = log(STEPS, het(), closed).when(consolidate(oil, tea)).then_recorded()
    assert [(line.item_id, line.quantity) for line in lines_of(events)] == [("oil", 0), ("tea", 5)]
    assert owed_of(events) == {"A": 45_000}


def test_m2_what_is_not_bought_adds_nothing_to_the_suppliers_minimum() -> None:
    """49 cartons for 8.330.000 would reach it; tea alone does not."""
    oil, tea = wanted(49), wanted(5, item_id="tea")
    asks = log(STEPS, het(), closed, minimum="ask", minimum_idr=8_000_000)
    (missed,) = asks.when(consolidate(oil, tea)).then_recorded()
    assert isinstance(missed, MinimumMissed)
    assert (missed.goods_idr, missed.item_ids) == (45_000, ())


def test_m2_the_supplier_may_agree_to_less_but_not_to_more_than_the_ceiling() -> None:
    names = {"consolidated_order_id": "week-3|d1", "cycle_id": "week-3", "supplier_id": "d1"}
    missed = MinimumMissed(**names, minimum_idr=8_000_000, goods_idr=45_000, item_ids=())
    agreed = MinimumDecided(**names, decision="order", reason="by telephone")
    known = log(STEPS, het(), closed, missed, agreed, minimum="ask", minimum_idr=8_000_000)
    oil, tea = wanted(49), wanted(5, item_id="tea")
    lines = lines_of(known.when(consolidate(oil, tea)).then_recorded())
    assert [(line.item_id, line.quantity) for line in lines] == [("oil", 0), ("tea", 5)]


def test_m2_a_cycle_that_waits_for_minimums_counts_what_may_be_bought() -> None:
    waits = log(STEPS, het(), minimum="keep_open", keep_days=1, keep_times=1, minimum_idr=8_000_000)

    def end(quantity: int) -> Event:
        wish = (("d1", totals(wanted(quantity))),)
        command = EndCycle(asked=asked(CLOSES + GRACE), cycle_id="week-3", totals=wish)
        (event,) = waits.when(command).then_recorded()
        return event

    assert isinstance(end(49), CycleKeptOpen)
    assert isinstance(end(50), CycleClosed)


# -- whatever is asked ---------------------------------------------------------------------

tiers_drawn = st.lists(
    st.tuples(st.integers(2, 60), st.integers(900, 1_200), st.sampled_from([1, 1, 7, 1_000])),
    max_size=3,
    unique_by=lambda each: each[0],
)


@drawn(
    first_idr=st.integers(900, 1_200),
    more=tiers_drawn,
    case_size=st.sampled_from([1, 1, 6, 24]),
    tier_mode=st.sampled_from(["all_units", "incremental"]),
    sell_idr=st.integers(950, 1_250),
    buy_idr=st.one_of(st.none(), st.integers(900, 950)),
    per=st.sampled_from([1, 1, 3]),
    fee_bp=st.sampled_from([0, 1, 150, 357, 2_000]),
    ppn_bp=st.sampled_from([0, 0, 1_100]),
    quantities=st.lists(st.integers(1, 60), min_size=1, max_size=3),
    tolerance=st.integers(0, 12),
)
def test_m2_what_is_accepted_and_closed_is_never_asked_above_the_ceiling(
    first_idr: int,
    more: list[tuple[int, int, int]],
    case_size: int,
    tier_mode: Literal["all_units", "incremental"],
    sell_idr: int,
    buy_idr: int | None,
    per: int,
    fee_bp: int,
    ppn_bp: int,
    quantities: list[int],
    tolerance: int,
) -> None:
    """And what is not bought, or refused at the order, would have been asked above it."""
    tiers = (
        Tier(from_quantity=1, idr=first_idr),
        *(Tier(from_quantity=start, idr=idr * size, per=size) for start, idr, size in sorted(more)),
    )
    steps = {"sell_idr": sell_idr * per} | ({} if buy_idr is None else {"buy_idr": buy_idr * per})
    zones = {f"zone_{zone}_idr": 9_000 * per for zone in (1, 2, 3)}
    rule = het(**zones, per=per, **steps, ppn_bp=ppn_bp)
    known = log(tiers, rule, fee(fee_bp), case_size=case_size, tier_mode=tier_mode)

    def lawful(price: Fraction) -> bool:
        bought = price * (10_000 + ppn_bp) / 10_000
        asked_for = price * (10_000 + ppn_bp + fee_bp) / 10_000
        return asked_for <= sell_idr and (buy_idr is None or bought <= buy_idr)

    prices = [Fraction(tier.idr, tier.per) for tier in tiers]
    answer = known.when(place(quantities[0]))
    if not any(map(lawful, prices)):
        answer.then_refused(CeilingExceeded)
        return
    answer.then_recorded()
    demand = wanted(*quantities, tolerance=tolerance)
    events = known.events(closed).when(consolidate(demand)).then_recorded()
    bare = log(tiers, closed, case_size=case_size, tier_mode=tier_mode)
    (line,) = lines_of(events)
    (without,) = lines_of(bare.when(consolidate(demand)).then_recorded())
    if not without.quantity:
        assert line == without
        return
    each = Fraction(without.amount_idr, without.quantity)  # rounded to whole rupiah in all
    if line.reason == HET_EXCEEDED:
        assert not lawful(each + Fraction(1, without.quantity))
        assert (line.amount_idr, owed_of(events)) == (0, {})
        return
    assert line == without
    assert lawful(each - Fraction(1, line.quantity))
    granted = {
        row.koperasi_id: row.granted
        for event in events
        if isinstance(event, EntitlementsGranted)
        for row in event.items[0].rows
    }
    whole = tier_mode == "all_units" and line.amount_idr == line.quantity * each.numerator
    for koperasi_id, goods_idr in owed_of(events).items():
        paid = goods_idr + part_bp(goods_idr, fee_bp) + Fraction(goods_idr * ppn_bp, 10_000)
        beyond = paid - sell_idr * granted[koperasi_id]
        roundings = Fraction(1, 2) if whole and ppn_bp else 0 if whole else 3
        assert beyond <= roundings
