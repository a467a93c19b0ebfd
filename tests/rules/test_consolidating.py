"""Consolidated orders: in whole cases, above the supplier's minimum, and each item once."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import msgspec
import pytest

from given import Answer, Given, asked, given
from jaringan_usaha.eventlog.appender import MOST_BODY_BYTES, MOST_EVENTS, MOST_GUARDS
from jaringan_usaha.eventlog.codec import encode
from jaringan_usaha.features.catalog.events import ItemAdded, PriceListPublished, PriceRow, Tier
from jaringan_usaha.features.cycles.closing import LINES_AT_ONCE
from jaringan_usaha.features.cycles.domain import (
    GRACE,
    CloseCycle,
    CycleIsClosed,
    CycleStillOpen,
    NoSuchCycle,
    cycles,
)
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderShared,
    ConsolidatedOrderWithdrawn,
    CycleCancelled,
    CycleClosed,
    CycleKeptOpen,
    CycleOpened,
    Entitlement,
    EntitlementsGranted,
    ItemEntitlements,
    MinimumDecided,
    MinimumMissed,
)
from jaringan_usaha.features.cycles.group.consolidation import (
    MIN_ACCEPT,
    MOQ_NOT_MET,
    ItemDemand,
    ItemTotal,
    KoperasiDemand,
)
from jaringan_usaha.features.cycles.group.domain import (
    ENTITLEMENTS_A_PART,
    LINES_A_PART,
    SHARES_A_PART,
    ConsolidateSupplier,
    DecideMinimum,
    MinimumAlreadyDecided,
    MinimumNotMissed,
    consolidated_orders,
    needs,
)
from jaringan_usaha.features.cycles.group.keeping import EndCycle, ending
from jaringan_usaha.kernel.messages import Event
from jaringan_usaha.kernel.quantity import MOST_UNITS

CLOSES = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
CLOSED_AT = CLOSES + GRACE
OIL_TIERS = (
    Tier(from_quantity=1, idr=186_000),
    Tier(from_quantity=50, idr=180_000),
    Tier(from_quantity=100, idr=174_000),
)
NAMES = {
    "consolidated_order_id": "week-3|indofood",
    "cycle_id": "week-3",
    "supplier_id": "indofood",
}


def opened(**terms: Any) -> CycleOpened:
    return CycleOpened(
        cycle_id="week-3",
        title="Minggu 3",
        opens_at=CLOSES - timedelta(days=7),
        closes_at=CLOSES,
        prices="listed",
        priced_on=date(2026, 1, 15),
        **terms,
    )


def item(item_id: str, case_size: int) -> ItemAdded:
    return ItemAdded(item_id=item_id, title=item_id, base_unit="XPK", case_size=case_size)


def price_list(
    *rows: PriceRow, minimum_idr: int = 0, price_list_id: str = "prices-1"
) -> PriceListPublished:
    return PriceListPublished(
        price_list_id=price_list_id,
        supplier_id="indofood",
        part=1,
        valid_from_on=date(2026, 1, 1),
        valid_until_on=None,
        tier_mode="all_units",
        rows=rows,
        minimum_idr=minimum_idr,
    )


def row(item_id: str, **terms: int) -> PriceRow:
    return PriceRow(item_id=item_id, tiers=OIL_TIERS, **terms)


def wanted(
    item_id: str = "oil", **by_koperasi: int | tuple[int, int] | tuple[int, int, int]
) -> ItemDemand:
    """Units, or units and tolerance, or those and the least, by koperasi in order of
    commitment."""
    parts = []
    for position, (koperasi_id, claim) in enumerate(by_koperasi.items(), start=1):
        quantity, tolerance, least, *_ = (*(claim if isinstance(claim, tuple) else (claim,)), 0, 0)
        parts.append(
            KoperasiDemand(
                first_position=position,
                koperasi_id=koperasi_id,
                quantity=quantity,
                order_lines=1,
                tolerance=tolerance,
                least=least,
            )
        )
    return ItemDemand(item_id=item_id, parts=tuple(parts))


def total_of(demand: ItemDemand) -> ItemTotal:
    return ItemTotal(
        demand.item_id,
        sum(part.quantity for part in demand.parts),
        sum(part.tolerance for part in demand.parts),
    )


def consolidate(*demand: ItemDemand, whole: tuple[ItemDemand, ...] = ()) -> ConsolidateSupplier:
    """`whole`: everything that is wanted of the supplier, where `demand` is a part of it."""
    return ConsolidateSupplier(
        asked=asked(CLOSED_AT),
        cycle_id="week-3",
        supplier_id="indofood",
        demand=demand,
        totals=tuple(total_of(each) for each in whole or demand),
    )


def decide(decision: Literal["order", "cancel"]) -> DecideMinimum:
    return DecideMinimum(
        asked=asked(CLOSED_AT),
        cycle_id="week-3",
        supplier_id="indofood",
        decision=decision,
        reason="asked by telephone",
    )


@dataclass
class Recorded:
    """What was recorded, by kind."""

    lines: list[ConsolidatedLine] = field(default_factory=list)
    owed: dict[str, int] = field(default_factory=dict)
    rows: dict[tuple[str, str], Entitlement] = field(default_factory=dict)


def outcome(answer: Answer) -> Recorded:
    found = Recorded()
    for event in answer.then_recorded():
        match event:
            case ConsolidatedOrderPlaced():
                found.lines += event.lines
            case ConsolidatedOrderShared():
                for share in event.shares:
                    found.owed[share.koperasi_id] = (
                        found.owed.get(share.koperasi_id, 0) + share.amount_idr
                    )
            case EntitlementsGranted():
                for each in event.items:
                    found.rows |= {(each.item_id, line.koperasi_id): line for line in each.rows}
            case _:
                raise AssertionError(event)
    return found


def granted(recorded: Recorded) -> dict[str, int]:
    return {koperasi: each.granted for (_, koperasi), each in recorded.rows.items()}


def shop(*events: Event, **terms: Any) -> Given:
    """A closed cycle on these terms; oil and tea come in cases of 24 and 10."""
    return given(cycles, consolidated_orders, ending).events(
        item("oil", 24), item("tea", 10), opened(**terms), *events
    )


closed = CycleClosed(cycle_id="week-3")
prices = price_list(row("oil"), row("tea"))
A1 = wanted(A=(30, 6), B=25, C=(10, 4))
A2 = wanted(A=(30, 3), B=25, C=(10, 2))

# -- cases and shares ----------------------------------------------------------------------


def test_a1_every_koperasi_learns_what_it_may_expect_and_why() -> None:
    placed, shared, granted = shop(prices, closed).when(consolidate(A1)).then_recorded()
    assert isinstance(placed, ConsolidatedOrderPlaced)
    assert placed.entitlement_parts == 1
    assert placed.lines == (
        ConsolidatedLine(
            item_id="oil",
            quantity=72,
            order_lines=3,
            amount_idr=72 * 180_000,
            alone_idr=72 * 186_000,
            price_list="prices-1",
            price_idr=180_000,
            cases=3,
            case_size=24,
            firm=65,
            tolerance=10,
        ),
    )
    assert isinstance(shared, ConsolidatedOrderShared)
    assert not shared.received
    assert [share.amount_idr for share in shared.shares] == [
        34 * 180_000,
        25 * 180_000,
        13 * 180_000,
    ]
    assert isinstance(granted, EntitlementsGranted)
    assert (granted.sharing, granted.algorithm) == ("pro_rata", "largest-remainder.1")
    assert granted.items[0].rows == (
        Entitlement("A", 30, 6, 0, 1, 34, 34 * 186_000),
        Entitlement("B", 25, 0, 0, 2, 25, 25 * 186_000),
        Entitlement("C", 10, 4, 0, 3, 13, 13 * 186_000),
    )


def test_a2_the_cycle_says_how_is_shared() -> None:
    for terms, units in (
        ({}, [22, 19, 7]),
        ({"sharing": "first_come"}, [30, 18, 0]),
        ({"sharing": "priority", "priority": ("C",)}, [30, 8, 10]),
    ):
        found = outcome(shop(prices, closed, **terms).when(consolidate(A2)))
        assert list(granted(found).values()) == units


def test_a3_who_accepts_no_less_gets_none_and_owes_nothing() -> None:
    demand = wanted(A=(30, 3), B=25, C=(10, 2, 8))
    found = outcome(shop(prices, closed).when(consolidate(demand)))
    assert granted(found) == {"A": 26, "B": 22, "C": 0}
    assert found.rows["oil", "C"].reason == MIN_ACCEPT
    assert "C" not in found.owed


def test_the_supplier_may_have_cases_of_its_own() -> None:
    own = price_list(row("oil", case_size=5, min_cases=2))
    for firm, tolerance, units in ((5, 0, 0), (5, 5, 10), (9, 1, 10), (14, 1, 15)):
        found = outcome(shop(own, closed).when(consolidate(wanted(A=(firm, tolerance)))))
        assert found.lines[0].quantity == units
        assert found.lines[0].case_size == 5
        assert found.lines[0].reason == ("" if units else MOQ_NOT_MET)


def test_tp1_all_pay_the_tier_that_they_reach_together() -> None:
    single = price_list(row("oil", case_size=1))
    found = outcome(shop(single, closed).when(consolidate(wanted(A=40, B=35, C=20, D=10))))
    assert found.owed == {"A": 6_960_000, "B": 6_090_000, "C": 3_480_000, "D": 1_740_000}
    assert found.lines[0].alone_idr - found.lines[0].amount_idr == 1_260_000


@pytest.mark.parametrize(
    ("quantity", "price_idr"), [(49, 186_000), (50, 180_000), (99, 180_000), (100, 174_000)]
)
def test_tp2_the_quantity_that_is_ordered_reaches_the_tier(quantity: int, price_idr: int) -> None:
    single = price_list(row("oil", case_size=1))
    found = outcome(shop(single, closed).when(consolidate(wanted(A=quantity))))
    assert found.lines[0].price_idr == price_idr
    assert found.owed == {"A": quantity * price_idr}


def test_tp2_the_tier_is_that_of_the_cases_and_not_of_what_was_wanted() -> None:
    """104 wanted, 96 in four cases of 24: the tier of 100 is not reached."""
    found = outcome(shop(prices, closed).when(consolidate(wanted(A=104))))
    assert (found.lines[0].quantity, found.lines[0].price_idr) == (96, 180_000)


def test_tp3_graduated_tiers_are_split_by_quantity() -> None:
    graduated = msgspec.structs.replace(
        price_list(row("oil", case_size=1)), tier_mode="incremental"
    )
    found = outcome(shop(graduated, closed).when(consolidate(wanted(A=40, B=35, C=20, D=10))))
    assert found.lines[0].amount_idr == 19_158_000
    assert found.owed == {"A": 7_298_286, "B": 6_386_000, "C": 3_649_143, "D": 1_824_571}


def test_tp5_the_tier_is_frozen_in_the_line_whatever_is_published_later() -> None:
    cheaper = price_list(row("oil", case_size=1), price_list_id="prices-2")
    cheaper = msgspec.structs.replace(
        cheaper, rows=(PriceRow(item_id="oil", tiers=(Tier(from_quantity=1, idr=1),), case_size=1),)
    )
    single = price_list(row("oil", case_size=1))
    demand = wanted(A=40, B=35, C=20, D=10)
    events = shop(single, closed).when(consolidate(demand)).then_recorded()
    assert isinstance(events[0], ConsolidatedOrderPlaced)
    assert (events[0].lines[0].price_list, events[0].lines[0].price_idr) == ("prices-1", 174_000)
    shop(single, closed, *events, cheaper).when(consolidate(demand)).then_nothing()


# -- parts ---------------------------------------------------------------------------------


def test_an_item_is_ordered_once_however_the_demand_is_cut() -> None:
    tea = wanted("tea", A=10, B=20)
    whole = (A1, tea)
    first = shop(prices, closed).when(consolidate(A1, whole=whole)).then_recorded()
    after = shop(prices, closed, *first)
    after.when(consolidate(A1, whole=whole)).then_nothing()
    second = after.when(consolidate(A1, tea, whole=whole)).then_recorded()
    assert [type(event) for event in second] == [type(event) for event in first]
    assert isinstance(second[0], ConsolidatedOrderPlaced)
    assert [line.item_id for line in second[0].lines] == ["tea"]
    parts = [event.part for event in second if hasattr(event, "part")]
    assert parts == [2, 2, 2]
    shop(prices, closed, *first, *second).when(consolidate(A1, tea)).then_nothing()


def test_a_withdrawn_order_is_placed_anew() -> None:
    events = shop(prices, closed).when(consolidate(A1)).then_recorded()
    withdrawn = ConsolidatedOrderWithdrawn(**NAMES, reason="flood")
    shop(prices, closed, *events, withdrawn).when(consolidate(A1)).then(*events)


def test_large_orders_are_recorded_in_parts_that_lose_nothing() -> None:
    demand = wanted(**{f"k{number:04}": 24 for number in range(SHARES_A_PART + 1)})
    other = wanted("tea", **{f"k{number:04}": 10 for number in range(100)})
    events = shop(prices, closed).when(consolidate(demand, other)).then_recorded()
    grants = [event for event in events if isinstance(event, EntitlementsGranted)]
    sizes = [sum(len(item.rows) for item in event.items) for event in grants]
    assert sizes == [240, 240, 21]
    assert [event.part for event in grants] == [1, 2, 3]
    assert isinstance(events[0], ConsolidatedOrderPlaced)
    assert events[0].entitlement_parts == 3
    rows = [
        (item.item_id, line.koperasi_id)
        for event in grants
        for item in event.items
        for line in item.rows
    ]
    assert rows == [
        (each.item_id, part.koperasi_id) for each in (demand, other) for part in each.parts
    ]


def test_no_part_is_too_large_for_a_fact_whatever_the_ids() -> None:
    """Every number and name as long as it can be."""
    name, most = "x" * 60, MOST_UNITS
    big = ConsolidatedLine(
        item_id=name + "0000",
        quantity=2 * most,
        order_lines=10**9,
        amount_idr=2**53,
        alone_idr=2**53,
        price_list=name + "0000",
        price_idr=2**53,
        price_per=10**9,
        cases=most,
        case_size=10**6,
        firm=most,
        tolerance=most,
        reason=MOQ_NOT_MET,
    )
    ids = dict.fromkeys(("cycle_id", "supplier_id"), name + "0000")
    ids["consolidated_order_id"] = "|".join(ids.values())
    line = Entitlement(name + "0000", most, most, most, 10**12, 2 * most, 2**53, "CASE_NOT_FULL")
    grants = EntitlementsGranted(
        **ids,
        part=1_000,
        sharing="first_come",
        algorithm="largest-remainder.1",
        items=tuple(
            ItemEntitlements(item_id=name + f"{n:04}", rows=(line,))
            for n in range(ENTITLEMENTS_A_PART)
        ),
    )
    placed = ConsolidatedOrderPlaced(**ids, part=1_000, lines=(big,) * LINES_A_PART)
    for event in (grants, placed):
        assert len(encode(event)) < MOST_BODY_BYTES


def test_the_largest_item_and_the_largest_portion_fit_into_a_command() -> None:
    koperasi = 150_000
    for rows in (koperasi, LINES_AT_ONCE):
        assert rows / ENTITLEMENTS_A_PART + rows / SHARES_A_PART + 2 < MOST_EVENTS
    command = consolidate(*(wanted(f"item-{n}", A=1) for n in range(2_000)))
    guarded = [about for about in needs(command) if not about.topic.settled]
    assert len(guarded) < MOST_GUARDS


# -- minimums ------------------------------------------------------------------------------

value = price_list(row("oil"), row("tea"), minimum_idr=20_000_000)
few_cases = price_list(row("oil", min_cases=4), row("tea"))
TEA = wanted("tea", A=20, D=10)


def test_below_the_minimum_in_value_nothing_is_ordered_and_all_see_why() -> None:
    found = outcome(shop(value, closed).when(consolidate(A1, TEA)))
    assert [(line.quantity, line.amount_idr, line.reason) for line in found.lines] == [
        (0, 0, MOQ_NOT_MET),
        (0, 0, MOQ_NOT_MET),
    ]
    assert found.owed == {}
    assert {(each.granted, each.reason) for each in found.rows.values()} == {(0, MOQ_NOT_MET)}


def test_the_minimum_in_value_looks_at_all_items_though_some_come_later() -> None:
    """72 × 180,000 + 30 × 186,000 = 18,540,000."""
    enough = price_list(row("oil"), row("tea"), minimum_idr=18_540_000)
    whole = (A1, TEA)
    for minimum, ordered in ((enough, 72), (price_list(*enough.rows, minimum_idr=18_540_001), 0)):
        found = outcome(shop(minimum, closed).when(consolidate(A1, whole=whole)))
        assert found.lines[0].quantity == ordered


def test_an_item_below_its_least_cases_is_left_out_alone() -> None:
    found = outcome(shop(few_cases, closed).when(consolidate(A1, TEA)))
    assert [(line.item_id, line.quantity, line.reason) for line in found.lines] == [
        ("oil", 0, MOQ_NOT_MET),
        ("tea", 30, ""),
    ]
    assert found.owed == {"A": 20 * 186_000, "D": 10 * 186_000}


missed = MinimumMissed(**NAMES, minimum_idr=20_000_000, goods_idr=18_540_000, item_ids=())
order_it = MinimumDecided(**NAMES, decision="order", reason="asked by telephone")
cancel_it = MinimumDecided(**NAMES, decision="cancel", reason="asked by telephone")
asking = shop(value, closed, minimum="ask")


def test_the_operator_is_asked_once_and_nothing_is_ordered_meanwhile() -> None:
    asking.when(consolidate(A1, TEA)).then(missed)
    asking.events(missed).when(consolidate(A1, TEA)).then_nothing()


def test_the_operator_is_told_which_items_stay_below_their_cases() -> None:
    answer = shop(few_cases, closed, minimum="ask").when(consolidate(A1, TEA))
    answer.then(MinimumMissed(**NAMES, minimum_idr=0, goods_idr=30 * 186_000, item_ids=("oil",)))


def test_nobody_is_asked_when_every_minimum_is_reached() -> None:
    found = outcome(shop(prices, closed, minimum="ask").when(consolidate(A1, TEA)))
    assert [line.quantity for line in found.lines] == [72, 30]


def test_the_operator_may_order_all_the_same() -> None:
    asking.events(missed).when(decide("order")).then(order_it)
    found = outcome(asking.events(missed, order_it).when(consolidate(A1, TEA)))
    assert [line.quantity for line in found.lines] == [72, 30]
    below = shop(few_cases, closed, missed, order_it, minimum="ask")
    assert [line.quantity for line in outcome(below.when(consolidate(A1, TEA))).lines] == [72, 30]


def test_the_operator_may_order_nothing() -> None:
    asking.events(missed).when(decide("cancel")).then(cancel_it)
    found = outcome(asking.events(missed, cancel_it).when(consolidate(A1, TEA)))
    assert [line.reason for line in found.lines] == [MOQ_NOT_MET, MOQ_NOT_MET]


def test_a_minimum_is_decided_once_and_only_when_it_was_missed() -> None:
    asking.when(decide("order")).then_refused(MinimumNotMissed)
    decided = asking.events(missed, order_it)
    decided.when(decide("order")).then_nothing()
    decided.when(decide("cancel")).then_refused(MinimumAlreadyDecided, decision="order")
    withdrawn = ConsolidatedOrderWithdrawn(**NAMES, reason="flood")
    decided.events(withdrawn).when(decide("order")).then_refused(MinimumNotMissed)


# -- kept open -----------------------------------------------------------------------------


def end(*demand: ItemDemand, at: datetime = CLOSED_AT) -> EndCycle:
    totals = tuple(total_of(each) for each in demand)
    return EndCycle(asked=asked(at), cycle_id="week-3", totals=(("indofood", totals),))


KEEP = {"minimum": "keep_open", "keep_days": 2, "keep_times": 2}
kept = CycleKeptOpen(cycle_id="week-3", closes_at=CLOSES + timedelta(days=2), short=("indofood",))
kept_again = CycleKeptOpen(
    cycle_id="week-3", closes_at=CLOSES + timedelta(days=4), short=("indofood",)
)


def test_a_missed_minimum_keeps_the_cycle_open_as_often_as_its_terms_allow() -> None:
    keeping = shop(value, **KEEP)
    keeping.when(end(A1, TEA)).then(kept)
    later = keeping.events(kept)
    later.when(end(A1, TEA)).then_refused(CycleStillOpen)
    later.when(end(A1, TEA, at=CLOSED_AT + timedelta(days=2))).then(kept_again)
    last = later.events(kept_again)
    last.when(end(A1, TEA, at=CLOSED_AT + timedelta(days=4))).then(closed)


def test_after_the_last_extension_what_stays_below_the_minimum_is_cancelled() -> None:
    over = shop(value, kept, kept_again, closed, **KEEP)
    found = outcome(over.when(consolidate(A1, TEA)))
    assert {line.reason for line in found.lines} == {MOQ_NOT_MET}


def test_a_cycle_whose_minimums_are_reached_closes_at_its_time() -> None:
    shop(prices, **KEEP).when(end(A1, TEA)).then(closed)
    shop(prices, **KEEP).when(end(A1, TEA, at=CLOSES)).then_refused(CycleStillOpen)
    shop(prices, closed, **KEEP).when(end(A1, TEA)).then_nothing()
    cancelled = CycleCancelled(cycle_id="week-3", reason="flood")
    shop(prices, cancelled, **KEEP).when(end(A1)).then_refused(CycleIsClosed)
    given(ending).when(end(A1)).then_refused(NoSuchCycle)


def test_an_item_below_its_least_cases_keeps_the_cycle_open_too() -> None:
    shop(few_cases, **KEEP).when(end(A1, TEA)).then(kept)


def test_other_cycles_are_not_kept_open() -> None:
    for terms in ({}, {"minimum": "ask"}):
        shop(value, **terms).when(end(A1, TEA)).then(closed)


def test_a_clock_that_was_late_still_gives_whole_days() -> None:
    (event,) = shop(value, **KEEP).when(end(A1, at=CLOSES + timedelta(days=5))).then_recorded()
    assert isinstance(event, CycleKeptOpen)
    assert event.closes_at == CLOSES + timedelta(days=6)


def test_people_close_such_a_cycle_early_with_a_reason_or_leave_it_to_the_clock() -> None:
    keeping = shop(value, **KEEP)
    on_time = CloseCycle(asked=asked(CLOSED_AT), cycle_id="week-3")
    keeping.when(on_time).then_refused(CycleStillOpen)
    keeping.events(kept, kept_again).when(
        CloseCycle(asked=asked(CLOSED_AT + timedelta(days=4)), cycle_id="week-3")
    ).then(closed)
    keeping.when(
        CloseCycle(asked=asked(CLOSED_AT), cycle_id="week-3", early=True, reason="the truck")
    ).then(CycleClosed(cycle_id="week-3", early=True, reason="the truck"))
