"""Buying cycles and the orders in them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone

import msgspec
import pytest

from given import NOON, asked, given
from jaringan_usaha.features.catalog.events import ItemAdded, PriceListPublished, PriceRow, Tier
from jaringan_usaha.features.cycles.domain import (
    GRACE,
    CancelCycle,
    CloseCycle,
    CycleAlreadyConsolidated,
    CycleExists,
    CycleIsClosed,
    CycleNotOpenYet,
    CycleStillOpen,
    FinishConsolidation,
    NoSuchCycle,
    OpenCycle,
    cycles,
)
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderShared,
    CycleCancelled,
    CycleClosed,
    CycleConsolidated,
    CycleOpened,
    Entitlement,
    EntitlementsGranted,
    ItemEntitlements,
    KoperasiShare,
)
from jaringan_usaha.features.cycles.group.consolidation import ItemDemand, ItemTotal, KoperasiDemand
from jaringan_usaha.features.cycles.group.domain import (
    LINES_A_PART,
    SHARES_A_PART,
    ConsolidateSupplier,
    consolidated_orders,
)
from jaringan_usaha.features.cycles.offers import ItemNotOffered
from jaringan_usaha.features.cycles.orders.domain import (
    CancelOrder,
    ChangeOrder,
    KoperasiMayNotTrade,
    NoSuchKoperasi,
    NoSuchOrder,
    OrderExists,
    OrderIsCancelled,
    PlaceOrder,
    orders,
)
from jaringan_usaha.features.cycles.orders.events import (
    Discount,
    OrderCancelled,
    OrderChanged,
    OrderLine,
    OrderPlaced,
)
from jaringan_usaha.features.cycles.orders.lines import MOST_LINES, LinesDoNotFit
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiReinstated,
    KoperasiSuspended,
    SupplierAdmitted,
)
from jaringan_usaha.kernel.messages import UNSAID
from jaringan_usaha.kernel.rejections import Invalid, Outdated, VersionUnsaid

MOMENT = timedelta(microseconds=1)
OPENS = NOON - timedelta(hours=1)
CLOSES = NOON + timedelta(hours=1)
PRICED_ON = date(2026, 1, 15)
ORDER_ID = "01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e90"


def opened(prices: str = "listed", opens_at: datetime = OPENS) -> CycleOpened:
    return CycleOpened(
        cycle_id="week-3",
        title="Minggu 3",
        opens_at=opens_at,
        closes_at=CLOSES,
        prices=prices,
        priced_on=PRICED_ON,
    )


closed = CycleClosed(cycle_id="week-3")
cancelled = CycleCancelled(cycle_id="week-3", reason="no supplier")
melati = KoperasiAdmitted(koperasi_id="melati", title="Koperasi Melati")
suspended = KoperasiSuspended(koperasi_id="melati", reason="no report")
reinstated = KoperasiReinstated(koperasi_id="melati", reason="report is in")
indofood = SupplierAdmitted(supplier_id="indofood", title="Indofood")
oil_added = ItemAdded(item_id="oil", title="Minyak", base_unit="XPK", case_size=1)

OIL_TIERS = (
    Tier(from_quantity=1, idr=186_000),
    Tier(from_quantity=50, idr=180_000),
    Tier(from_quantity=100, idr=174_000),
)


def priced(
    *item_ids: str,
    tiers: tuple[Tier, ...] = OIL_TIERS,
    price_list_id: str = "prices-1",
    start: date = date(2026, 1, 1),
    end: date | None = date(2026, 1, 31),
) -> PriceListPublished:
    return PriceListPublished(
        price_list_id=price_list_id,
        supplier_id="indofood",
        part=1,
        valid_from_on=start,
        valid_until_on=end,
        tier_mode="all_units",
        rows=tuple(PriceRow(item_id=item_id, tiers=tiers) for item_id in item_ids),
    )


def line(
    quantity: int = 10,
    item_id: str = "oil",
    supplier_id: str = "indofood",
    amount_idr: int | None = None,
    discounts: tuple[Discount, ...] = (),
) -> OrderLine:
    return OrderLine(
        supplier_id=supplier_id,
        item_id=item_id,
        quantity=quantity,
        amount_idr=amount_idr,
        discounts=discounts,
    )


def open_cycle(
    title: str = "Minggu 3",
    opens_at: datetime = OPENS,
    closes_at: datetime = CLOSES,
    at: datetime = NOON,
) -> OpenCycle:
    return OpenCycle(
        asked=asked(at),
        cycle_id="week-3",
        title=title,
        opens_at=opens_at,
        closes_at=closes_at,
        prices="listed",
        priced_on=PRICED_ON,
    )


def close(at: datetime = CLOSES + GRACE, early: bool = False, reason: str = "") -> CloseCycle:
    return CloseCycle(asked=asked(at), cycle_id="week-3", early=early, reason=reason)


def cancel_cycle() -> CancelCycle:
    return CancelCycle(asked=asked(), cycle_id="week-3", reason="no supplier")


def order(
    *lines: OrderLine,
    at: datetime = NOON,
    cycle_id: str = "week-3",
    koperasi_id: str = "melati",
) -> PlaceOrder:
    return PlaceOrder(
        asked=asked(at),
        order_id=ORDER_ID,
        cycle_id=cycle_id,
        koperasi_id=koperasi_id,
        lines=lines or (line(),),
    )


def change(
    *lines: OrderLine,
    seen: int | None = 1,
    at: datetime = NOON,
    koperasi_id: str = "melati",
    cycle_id: str = "week-3",
) -> ChangeOrder:
    return ChangeOrder(
        asked=asked(at, seen),
        order_id=ORDER_ID,
        cycle_id=cycle_id,
        koperasi_id=koperasi_id,
        lines=lines or (line(20),),
    )


def cancel_order(
    seen: int | None = 1, at: datetime = NOON, koperasi_id: str = "melati"
) -> CancelOrder:
    return CancelOrder(
        asked=asked(at, seen),
        order_id=ORDER_ID,
        cycle_id="week-3",
        koperasi_id=koperasi_id,
        reason="typed wrongly",
    )


def placed(*lines: OrderLine) -> OrderPlaced:
    return OrderPlaced(
        order_id=ORDER_ID, cycle_id="week-3", koperasi_id="melati", lines=lines or (line(),)
    )


def changed(*lines: OrderLine) -> OrderChanged:
    return OrderChanged(
        order_id=ORDER_ID, cycle_id="week-3", koperasi_id="melati", lines=lines or (line(20),)
    )


order_cancelled = OrderCancelled(
    order_id=ORDER_ID, cycle_id="week-3", koperasi_id="melati", reason="typed wrongly"
)

trading = given(cycles, orders, consolidated_orders).events(
    melati, indofood, oil_added, priced("oil")
)
listed = trading.events(opened())
stated = trading.events(opened("stated"))
ordered = listed.events(placed())

# -- opening -------------------------------------------------------------------------------


def test_a_cycle_is_opened() -> None:
    given(cycles).when(open_cycle()).then(opened())


def test_times_are_kept_in_utc() -> None:
    jakarta = timezone(timedelta(hours=7))
    local = open_cycle(opens_at=OPENS.astimezone(jakarta), closes_at=CLOSES.astimezone(jakarta))
    (event,) = given(cycles).when(local).then_recorded()
    assert isinstance(event, CycleOpened)
    assert event.closes_at.utcoffset() == timedelta(0)
    given(cycles).events(opened()).when(local).then_nothing()


def test_opening_the_same_cycle_again_records_nothing_even_when_it_is_over() -> None:
    over = given(cycles).events(opened(), closed)
    over.when(open_cycle(at=CLOSES + MOMENT)).then_nothing()


def test_a_cycle_cannot_be_opened_otherwise_under_the_same_id() -> None:
    given(cycles).events(opened()).when(open_cycle(title="Minggu 4")).then_refused(CycleExists)


def test_a_cycle_closes_after_it_opens() -> None:
    never = open_cycle(opens_at=CLOSES)
    given(cycles).when(never).then_refused(Invalid, pointer="/closes_at")


def test_a_cycle_closes_in_the_future() -> None:
    given(cycles).when(open_cycle(at=CLOSES)).then_refused(Invalid, pointer="/closes_at")
    given(cycles).when(open_cycle(at=CLOSES - MOMENT)).then(opened())


# -- closing -------------------------------------------------------------------------------


def test_a_cycle_is_closed_when_its_time_and_the_grace_are_over() -> None:
    listed.when(close(CLOSES + GRACE)).then(closed)
    listed.when(close(CLOSES + GRACE - MOMENT)).then_refused(CycleStillOpen, closes_at=CLOSES)


def test_an_early_close_says_so_with_its_reason() -> None:
    early = close(NOON, early=True, reason="all koperasi have ordered")
    listed.when(early).then(
        CycleClosed(cycle_id="week-3", early=True, reason="all koperasi have ordered")
    )


def test_closing_a_cycle_twice_records_nothing() -> None:
    listed.events(closed).when(close()).then_nothing()


def test_a_cancelled_cycle_is_not_closed() -> None:
    listed.events(cancelled).when(close()).then_refused(CycleIsClosed)


def test_a_cycle_that_nobody_opened_is_missing() -> None:
    trading.when(close()).then_refused(NoSuchCycle)
    trading.when(cancel_cycle()).then_refused(NoSuchCycle)
    trading.when(order()).then_refused(NoSuchCycle)


def test_a_cycle_is_cancelled_once() -> None:
    listed.when(cancel_cycle()).then(cancelled)
    listed.events(cancelled).when(cancel_cycle()).then_nothing()


def test_a_closed_cycle_is_not_cancelled() -> None:
    listed.events(closed).when(cancel_cycle()).then_refused(CycleAlreadyConsolidated)


# -- ordering in time ----------------------------------------------------------------------


def test_an_order_is_placed() -> None:
    listed.when(order()).then(placed())


def test_the_deadline_itself_is_too_late() -> None:
    listed.when(order(at=CLOSES)).then_refused(CycleIsClosed, closed_at=CLOSES)


def test_the_moment_before_the_deadline_is_in_time() -> None:
    listed.when(order(at=CLOSES - MOMENT)).then(placed())


def test_the_opening_itself_is_in_time_and_the_moment_before_is_not() -> None:
    listed.when(order(at=OPENS)).then(placed())
    listed.when(order(at=OPENS - MOMENT)).then_refused(CycleNotOpenYet, opens_at=OPENS)


def test_after_an_early_close_nothing_is_ordered() -> None:
    early = listed.events(CycleClosed(cycle_id="week-3", early=True, reason="enough"))
    early.when(order()).then_refused(CycleIsClosed, closed_at=CLOSES)


def test_in_a_cancelled_cycle_nothing_is_ordered() -> None:
    listed.events(cancelled).when(order()).then_refused(CycleIsClosed)


def test_after_the_deadline_an_order_is_neither_changed_nor_cancelled() -> None:
    ordered.when(change(at=CLOSES)).then_refused(CycleIsClosed)
    ordered.when(cancel_order(at=CLOSES)).then_refused(CycleIsClosed)


# -- who orders ----------------------------------------------------------------------------


def test_a_koperasi_that_was_not_admitted_is_missing() -> None:
    listed.when(order(koperasi_id="mawar")).then_refused(NoSuchKoperasi)


def test_a_suspended_koperasi_orders_nothing_until_it_is_reinstated() -> None:
    listed.events(suspended).when(order()).then_refused(KoperasiMayNotTrade)
    listed.events(suspended, reinstated).when(order()).then(placed())


def test_a_suspended_koperasi_changes_nothing_but_may_cancel() -> None:
    away = ordered.events(suspended)
    away.when(change()).then_refused(KoperasiMayNotTrade)
    away.when(cancel_order()).then(order_cancelled)


# -- the same order again ------------------------------------------------------------------


def test_the_same_order_again_records_nothing() -> None:
    ordered.when(order()).then_nothing()


def test_the_same_order_again_records_nothing_even_after_the_close() -> None:
    ordered.events(closed).when(order(at=CLOSES + MOMENT)).then_nothing()


@pytest.mark.parametrize(
    "other",
    [order(line(11)), order(line(), line(1, "rice"))],
)
def test_an_order_id_stands_for_one_content(other: PlaceOrder) -> None:
    ordered.when(other).then_refused(OrderExists, current_version=1)


def test_nothing_but_that_it_is_taken_is_told_of_anothers_id() -> None:
    ordered.when(order(koperasi_id="mawar")).then_refused(OrderExists, current_version=None)


def test_an_order_that_was_changed_back_is_the_same_order() -> None:
    ordered.events(changed(), changed(line())).when(order()).then_nothing()


def test_a_cancelled_order_is_not_placed_again() -> None:
    gone = ordered.events(order_cancelled)
    gone.when(order()).then_refused(OrderExists, current_version=2)


# -- changing and cancelling ---------------------------------------------------------------


def test_an_order_is_changed_at_the_version_that_was_seen() -> None:
    ordered.when(change(seen=1)).then(changed())
    ordered.events(changed()).when(change(line(30), seen=2)).then(changed(line(30)))


def test_an_order_that_changed_meanwhile_is_not_changed() -> None:
    meanwhile = ordered.events(changed())
    meanwhile.when(change(line(30))).then_refused(Outdated, current_version=2)
    meanwhile.when(cancel_order()).then_refused(Outdated, current_version=2)


def test_without_a_version_the_last_word_counts() -> None:
    meanwhile = ordered.events(changed())
    meanwhile.when(change(line(30), seen=None)).then(changed(line(30)))
    meanwhile.when(cancel_order(seen=None)).then(order_cancelled)


def test_who_must_say_a_version_hears_that_first_but_not_before_whose_it_is() -> None:
    ordered.when(change(seen=UNSAID)).then_refused(VersionUnsaid)
    ordered.events(order_cancelled).when(change(seen=UNSAID)).then_refused(VersionUnsaid)
    ordered.when(cancel_order(seen=UNSAID, koperasi_id="mawar")).then_refused(NoSuchOrder)
    ordered.when(cancel_order(seen=2, koperasi_id="mawar")).then_refused(NoSuchOrder)


def test_an_older_version_is_said_before_what_a_rule_says_to_it() -> None:
    gone = ordered.events(order_cancelled)
    gone.when(change(seen=1)).then_refused(Outdated, current_version=2)
    gone.when(cancel_order(seen=UNSAID)).then_refused(VersionUnsaid)
    gone.when(cancel_order(seen=1)).then_nothing()


def test_the_same_lines_again_record_nothing_whatever_version_was_seen() -> None:
    ordered.events(changed()).when(change(seen=1)).then_nothing()


def test_a_cancelled_order_is_not_changed() -> None:
    gone = ordered.events(order_cancelled)
    gone.when(change(seen=2)).then_refused(OrderIsCancelled)
    gone.when(change(line(), seen=2)).then_refused(OrderIsCancelled)


def test_an_order_is_cancelled_once() -> None:
    ordered.when(cancel_order()).then(order_cancelled)
    ordered.events(order_cancelled).when(cancel_order()).then_nothing()


def test_nobody_else_sees_that_an_order_exists() -> None:
    mawar = KoperasiAdmitted(koperasi_id="mawar", title="Koperasi Mawar")
    both = ordered.events(mawar)
    both.when(change(koperasi_id="mawar")).then_refused(NoSuchOrder)
    both.when(cancel_order(koperasi_id="mawar")).then_refused(NoSuchOrder)
    both.when(change(cycle_id="week-4")).then_refused(NoSuchOrder)


def test_an_order_that_was_never_placed_is_missing() -> None:
    listed.when(change()).then_refused(NoSuchOrder)
    listed.when(cancel_order()).then_refused(NoSuchOrder)


# -- lines ---------------------------------------------------------------------------------


def test_an_item_stands_in_one_line_only() -> None:
    twice = order(line(), line(5))
    listed.when(twice).then_refused(LinesDoNotFit, pointer="/lines/1")


def test_an_order_has_lines_but_not_too_many() -> None:
    empty = PlaceOrder(
        asked=asked(), order_id=ORDER_ID, cycle_id="week-3", koperasi_id="melati", lines=()
    )
    listed.when(empty).then_refused(LinesDoNotFit, pointer="/lines")
    items = [f"item-{number}" for number in range(MOST_LINES + 1)]
    shop = listed.events(priced(*items, price_list_id="all"))
    most = [line(item_id=item) for item in items]
    shop.when(order(*most)).then_refused(LinesDoNotFit, pointer="/lines")
    shop.when(order(*most[:-1])).then_recorded()


@pytest.mark.parametrize("quantity", [0, -1])
def test_at_listed_prices_at_least_one_unit_is_ordered(quantity: int) -> None:
    refused = listed.when(order(line(quantity)))
    refused.then_refused(LinesDoNotFit, pointer="/lines/0/quantity")


def test_a_single_unit_can_be_ordered() -> None:
    listed.when(order(line(1))).then(placed(line(1)))


def test_at_listed_prices_nobody_states_an_amount() -> None:
    with_amount = listed.when(order(line(amount_idr=1)))
    with_amount.then_refused(LinesDoNotFit, pointer="/lines/0/amount_idr")
    discount = (Discount(kind="coupon", idr=1),)
    listed.when(order(line(discounts=discount))).then_refused(LinesDoNotFit)


def test_what_has_no_price_is_not_ordered() -> None:
    listed.when(order(line(item_id="rice"))).then_refused(ItemNotOffered)
    listed.when(order(line(supplier_id="bulog"))).then_refused(ItemNotOffered)


@pytest.mark.parametrize(
    ("start", "end"),
    [(date(2026, 1, 16), None), (date(2026, 1, 1), date(2026, 1, 14))],
)
def test_a_price_for_other_days_is_no_price(start: date, end: date | None) -> None:
    log = given(cycles, orders).events(melati, opened(), priced("oil", start=start, end=end))
    log.when(order()).then_refused(ItemNotOffered)


@pytest.mark.parametrize(
    ("start", "end"),
    [(PRICED_ON, PRICED_ON), (PRICED_ON, None), (date(2026, 1, 1), PRICED_ON)],
)
def test_both_ends_of_a_price_list_belong_to_it(start: date, end: date | None) -> None:
    log = given(cycles, orders).events(melati, opened(), priced("oil", start=start, end=end))
    log.when(order()).then(placed())


def test_stated_lines_are_recorded_with_their_amounts_and_discounts() -> None:
    sold = line(3, amount_idr=29_000, discounts=(Discount(kind="coupon", idr=1_000),))
    stated.when(order(sold)).then(placed(sold))


def ended(*item_ids: str, start: date) -> PriceListPublished:
    return msgspec.structs.replace(priced(price_list_id="end", start=start), ended=item_ids)


@pytest.mark.parametrize("end", [None, date(2026, 1, 31)])
def test_what_is_offered_no_more_is_not_ordered_until_a_later_list_has_it(
    end: date | None,
) -> None:
    log = given(cycles, orders).events(melati, opened(), priced("oil", end=end))
    over = log.events(ended("oil", start=PRICED_ON))
    over.when(order()).then_refused(ItemNotOffered)
    log.events(ended("oil", start=date(2026, 1, 16))).when(order()).then(placed())
    log.events(ended("rice", start=PRICED_ON)).when(order()).then(placed())
    earlier = log.events(ended("oil", start=date(2026, 1, 10)))
    earlier.when(order()).then_refused(ItemNotOffered)
    again = priced("oil", price_list_id="again", start=date(2026, 1, 12))
    earlier.events(again).when(order()).then(placed())


def test_a_stated_line_may_be_a_value_without_goods() -> None:
    value = line(0, amount_idr=5_000)
    stated.when(order(value)).then(placed(value))


def test_in_a_cycle_of_stated_prices_every_line_states_its_amount() -> None:
    missing = stated.when(order(line(amount_idr=1), line(item_id="rice")))
    missing.then_refused(LinesDoNotFit, pointer="/lines/1/amount_idr")


def test_a_stated_line_names_a_known_supplier_and_item() -> None:
    other_supplier = stated.when(order(line(supplier_id="bulog", amount_idr=1)))
    other_supplier.then_refused(ItemNotOffered, pointer="/lines/0/supplier_id")
    other_item = stated.when(order(line(item_id="rice", amount_idr=1)))
    other_item.then_refused(ItemNotOffered, pointer="/lines/0/item_id")


def test_changed_lines_are_checked_like_new_ones() -> None:
    ordered.when(change(line(0))).then_refused(LinesDoNotFit, pointer="/lines/0/quantity")
    ordered.when(change(line(item_id="rice"))).then_refused(ItemNotOffered)


# -- consolidating -------------------------------------------------------------------------

WANTED = {"A": 40, "B": 35, "C": 20, "D": 10}


def wanted(
    by_koperasi: dict[str, int], item_id: str = "oil", amount_idr: int = 0, discount_idr: int = 0
) -> ItemDemand:
    return ItemDemand(
        item_id=item_id,
        parts=tuple(
            KoperasiDemand(
                first_position=position,
                koperasi_id=koperasi_id,
                quantity=quantity,
                order_lines=1,
                amount_idr=amount_idr,
                discount_idr=discount_idr,
            )
            for position, (koperasi_id, quantity) in enumerate(by_koperasi.items(), start=1)
        ),
    )


def consolidate(demand: Sequence[ItemDemand] = (wanted(WANTED),)) -> ConsolidateSupplier:
    return ConsolidateSupplier(
        asked=asked(CLOSES + GRACE),
        cycle_id="week-3",
        supplier_id="indofood",
        demand=tuple(demand),
        totals=tuple(
            ItemTotal(each.item_id, sum(part.quantity for part in each.parts), 0) for each in demand
        ),
    )


def finish() -> FinishConsolidation:
    return FinishConsolidation(
        asked=asked(CLOSES + GRACE),
        cycle_id="week-3",
        consolidated_orders=1,
        order_lines=4,
        amount_idr=18_270_000,
        alone_idr=19_530_000,
    )


group_order = ConsolidatedOrderPlaced(
    consolidated_order_id="week-3|indofood",
    cycle_id="week-3",
    supplier_id="indofood",
    part=1,
    lines=(
        ConsolidatedLine(
            item_id="oil",
            quantity=105,
            order_lines=4,
            amount_idr=18_270_000,
            alone_idr=19_530_000,
            price_list="prices-1",
            price_idr=174_000,
            cases=105,
            firm=105,
        ),
    ),
    entitlement_parts=1,
)
group_shares = ConsolidatedOrderShared(
    consolidated_order_id="week-3|indofood",
    cycle_id="week-3",
    supplier_id="indofood",
    part=1,
    shares=tuple(
        KoperasiShare(
            koperasi_id=koperasi_id, amount_idr=quantity * 174_000, alone_idr=quantity * 186_000
        )
        for koperasi_id, quantity in WANTED.items()
    ),
    received=False,
)
group_grants = EntitlementsGranted(
    consolidated_order_id="week-3|indofood",
    cycle_id="week-3",
    supplier_id="indofood",
    part=1,
    sharing="pro_rata",
    algorithm="largest-remainder.1",
    items=(
        ItemEntitlements(
            item_id="oil",
            rows=tuple(
                Entitlement(koperasi_id, quantity, 0, 0, position, quantity, quantity * 186_000)
                for position, (koperasi_id, quantity) in enumerate(WANTED.items(), start=1)
            ),
        ),
    ),
)
after_close = listed.events(closed)


def test_tp1_the_group_places_one_order_and_knows_who_owes_what() -> None:
    after_close.when(consolidate()).then(group_order, group_shares, group_grants)


def test_what_was_ordered_keeps_its_price_when_that_ends() -> None:
    over = after_close.events(ended("oil", start=date(2026, 1, 10)))
    over.when(consolidate()).then(group_order, group_shares, group_grants)


def test_consolidating_a_supplier_twice_records_nothing() -> None:
    after_close.events(group_order, group_shares).when(consolidate()).then_nothing()


def test_an_open_cycle_is_not_consolidated() -> None:
    listed.when(consolidate()).then_refused(CycleStillOpen)
    listed.when(finish()).then_refused(CycleStillOpen)


def test_a_cycle_that_nobody_opened_is_not_consolidated() -> None:
    trading.when(consolidate()).then_refused(NoSuchCycle)
    trading.when(finish()).then_refused(NoSuchCycle)


def test_of_the_lists_that_include_the_day_the_one_that_starts_last_holds() -> None:
    later = priced(
        "oil",
        price_list_id="prices-2",
        tiers=(Tier(from_quantity=1, idr=170_000),),
        start=date(2026, 1, 10),
        end=None,
    )
    too_late = priced("oil", price_list_id="prices-3", start=date(2026, 1, 16), end=None)
    events = after_close.events(too_late, later).when(consolidate()).then_recorded()
    assert isinstance(events[0], ConsolidatedOrderPlaced)
    assert events[0].lines[0].price_list == "prices-2"
    assert events[0].lines[0].amount_idr == 105 * 170_000


def test_stated_amounts_are_not_priced_again() -> None:
    sold = stated.events(closed)
    demand = wanted({"A": 3, "B": 0}, amount_idr=29_000, discount_idr=1_000)
    order_placed, shared = sold.when(consolidate([demand])).then_recorded()
    assert isinstance(order_placed, ConsolidatedOrderPlaced)
    assert isinstance(shared, ConsolidatedOrderShared)
    assert shared.received
    assert order_placed.lines == (
        ConsolidatedLine(
            item_id="oil", quantity=3, order_lines=2, amount_idr=58_000, alone_idr=60_000
        ),
    )
    assert [share.amount_idr for share in shared.shares] == [29_000, 29_000]


def test_a_large_order_is_recorded_in_parts_that_lose_nothing() -> None:
    items = [f"item-{number}" for number in range(LINES_A_PART + 1)]
    buyers = {f"k{number:04}": 1 for number in range(SHARES_A_PART + 1)}
    shop = after_close.events(priced(*items, price_list_id="all"))
    events = shop.when(consolidate([wanted(buyers, item) for item in items])).then_recorded()
    lines = [each for each in events if isinstance(each, ConsolidatedOrderPlaced)]
    shares = [each for each in events if isinstance(each, ConsolidatedOrderShared)]
    assert [(each.part, len(each.lines)) for each in lines] == [(1, LINES_A_PART), (2, 1)]
    assert [(each.part, len(each.shares)) for each in shares] == [(1, SHARES_A_PART), (2, 1)]
    owed = sum(share.amount_idr for each in shares for share in each.shares)
    assert owed == sum(line.amount_idr for each in lines for line in each.lines)
    assert [line.item_id for each in lines for line in each.lines] == items


def test_a_consolidated_cycle_says_so_once() -> None:
    done = CycleConsolidated(
        cycle_id="week-3",
        consolidated_orders=1,
        order_lines=4,
        amount_idr=18_270_000,
        alone_idr=19_530_000,
    )
    after_close.when(finish()).then(done)
    after_close.events(done).when(finish()).then_nothing()
