"""What may be received, how often it is shared out, and what becomes of surplus."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from given import NOON, Given, asked, given
from jaringan_usaha.eventlog.codec import encode
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderAmended,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderSent,
    ConsolidatedOrderShared,
    ConsolidatedOrderWithdrawn,
    CycleOpened,
    DeliveryBegun,
    KoperasiShare,
)
from jaringan_usaha.features.fulfilment.dividing import (
    ClaimsAreOutdated,
    ItemClaims,
    ShareReceipt,
    shared_deliveries,
)
from jaringan_usaha.features.fulfilment.domain import (
    LINES_A_PART,
    MOST_LINES,
    DeliveryHasEnded,
    DeliveryNotFollowed,
    EndDelivery,
    NoSuchConsolidatedOrder,
    NoSuchReceipt,
    OrderNotSent,
    ReceiptDoesNotFit,
    ReceiptExists,
    ReceiveGoods,
    deliveries,
)
from jaringan_usaha.features.fulfilment.events import (
    DeliveryEnded,
    DeliveryShared,
    GoodsReceived,
    ReceivedLine,
    SurplusDecided,
)
from jaringan_usaha.features.fulfilment.sharing import Claimant
from jaringan_usaha.features.fulfilment.surplus import (
    DecideSurplus,
    DecisionDoesNotFit,
    KoperasiMayNotTrade,
    NoSuchKoperasi,
    NotSharedYet,
    NotSoMuchSurplus,
    SurplusHasNoPrice,
    surplus,
)
from jaringan_usaha.features.registry.events import KoperasiAdmitted, KoperasiSuspended
from jaringan_usaha.kernel.messages import Event
from jaringan_usaha.kernel.quantity import MOST_UNITS

TODAY = date(2026, 1, 15)
ORDER = "january|indofood"
IDS = {"consolidated_order_id": ORDER, "cycle_id": "january", "supplier_id": "indofood"}


def line(item_id: str = "oil", quantity: int = 72, **other: Any) -> ConsolidatedLine:
    return ConsolidatedLine(
        **{
            "item_id": item_id,
            "quantity": quantity,
            "order_lines": 3,
            "amount_idr": quantity * 174_000,
            "alone_idr": quantity * 186_000,
            "cases": quantity // 24,
            "case_size": 24,
            "firm": 65,
            "tolerance": 10,
            **other,
        }
    )


def placed(*lines: ConsolidatedLine, part: int = 1) -> ConsolidatedOrderPlaced:
    return ConsolidatedOrderPlaced(**IDS, part=part, lines=lines or (line(),))


OPENED = CycleOpened(
    cycle_id="january",
    title="Belanja bareng",
    opens_at=NOON - timedelta(days=3),
    closes_at=NOON - timedelta(days=2),
    prices="listed",
    priced_on=TODAY,
)
SENT = ConsolidatedOrderSent(**IDS, revision=1)
WITHDRAWN = ConsolidatedOrderWithdrawn(**IDS, reason="reopened")
BEGUN = DeliveryBegun(**IDS)
ENDED = DeliveryEnded(**IDS, reason="the rest never comes")


def ordered(*lines: ConsolidatedLine) -> Given:
    return given(deliveries, shared_deliveries, surplus).events(OPENED, placed(*lines), SENT)


def receive(*lines: ReceivedLine, **other: Any) -> ReceiveGoods:
    return ReceiveGoods(
        **{
            "asked": asked(),
            "receipt_id": "r-1",
            "cycle_id": "january",
            "supplier_id": "indofood",
            "received_on": TODAY,
            "reference": "SJ 17",
            "lines": lines or (ReceivedLine(item_id="oil", accepted=60),),
            **other,
        }
    )


def received(
    *lines: ReceivedLine, receipt_id: str = "r-1", part: int = 1, reference: str = "SJ 17"
) -> GoodsReceived:
    return GoodsReceived(
        **IDS,
        receipt_id=receipt_id,
        received_on=TODAY,
        reference=reference,
        lines=lines or (ReceivedLine(item_id="oil", accepted=60),),
        part=part,
    )


# -- receiving -----------------------------------------------------------------------------


def test_goods_that_were_ordered_are_received() -> None:
    ordered().when(receive()).then(BEGUN, received())


def test_that_goods_arrive_is_said_once() -> None:
    """Cycles listen to it: from then on nothing of the order is taken back."""
    begun = ordered().events(BEGUN, received())
    again = received(receipt_id="r-2")
    begun.when(receive(receipt_id="r-2")).then(again)


def test_s3_rejected_units_are_recorded_beside_the_accepted_ones() -> None:
    counted = ReceivedLine(item_id="oil", accepted=58, rejected=2, reason="dented")
    ordered().when(receive(counted)).then(BEGUN, received(counted))


def test_a_delivery_may_be_refused_whole() -> None:
    counted = ReceivedLine(item_id="oil", accepted=0, rejected=60, reason="rancid")
    ordered().when(receive(counted)).then(BEGUN, received(counted))


def test_more_than_ordered_is_received_too() -> None:
    counted = ReceivedLine(item_id="oil", accepted=500)
    ordered().when(receive(counted)).then(BEGUN, received(counted))


def test_the_same_receipt_again_is_already_fact() -> None:
    ordered().events(received()).when(receive()).then_nothing()
    ordered().events(received(), ENDED).when(receive()).then_nothing()


@pytest.mark.parametrize(
    "other",
    [
        receive(ReceivedLine(item_id="oil", accepted=61)),
        receive(reference="SJ 18"),
        receive(received_on=TODAY - timedelta(days=1)),
        receive(supplier_id="bulog"),
    ],
)
def test_another_delivery_needs_another_id(other: ReceiveGoods) -> None:
    ordered().events(received()).when(other).then_refused(ReceiptExists)


def test_a_long_receipt_comes_in_parts_and_is_known_again() -> None:
    order = placed(*(line(f"item-{n}") for n in range(MOST_LINES)))
    lines = [ReceivedLine(item_id=f"item-{n}", accepted=n + 1) for n in range(MOST_LINES)]
    log = given(deliveries).events(order, SENT)
    parts = log.when(receive(*lines)).then_recorded()
    assert [part.part for part in parts if isinstance(part, GoodsReceived)] == [
        *range(1, MOST_LINES // LINES_A_PART + 1)
    ]
    log.events(*parts).when(receive(*lines)).then_nothing()
    log.when(receive(*lines, ReceivedLine(item_id="one-more", accepted=1))).then_refused(
        ReceiptDoesNotFit, pointer="/lines"
    )


def test_a_part_fits_into_one_fact() -> None:
    line_ = ReceivedLine(
        item_id="i" * 64, accepted=MOST_UNITS, rejected=MOST_UNITS, reason="é" * 100
    )
    part = received(*[line_] * LINES_A_PART, receipt_id="r" * 64, reference="é" * 64)
    assert len(encode(part)) < 64 * 1024


@pytest.mark.parametrize(
    ("lines", "pointer"),
    [
        ((ReceivedLine(item_id="rice", accepted=1),), "/lines/0/item_id"),
        ((ReceivedLine(item_id="oil", accepted=0),), "/lines/0"),
        ((ReceivedLine(item_id="oil", accepted=-1, rejected=2, reason="x"),), "/lines/0"),
        ((ReceivedLine(item_id="oil", accepted=MOST_UNITS + 1),), "/lines/0"),
        ((ReceivedLine(item_id="oil", accepted=1, rejected=1),), "/lines/0/reason"),
        ((ReceivedLine(item_id="oil", accepted=1),) * 2, "/lines/1"),
    ],
)
def test_a_line_that_does_not_fit_is_shown(lines: tuple[ReceivedLine, ...], pointer: str) -> None:
    ordered().when(receive(*lines)).then_refused(ReceiptDoesNotFit, pointer=pointer)


def test_an_empty_receipt_is_none() -> None:
    ordered().when(receive(lines=())).then_refused(ReceiptDoesNotFit, pointer="/lines")


def test_goods_are_not_received_in_the_future() -> None:
    ordered().when(receive(received_on=TODAY + timedelta(days=1))).then_refused(ReceiptDoesNotFit)


def test_nothing_is_received_for_an_order_that_is_not_there() -> None:
    empty = given(deliveries)
    empty.when(receive()).then_refused(NoSuchConsolidatedOrder)
    empty.events(placed(), WITHDRAWN).when(receive()).then_refused(NoSuchConsolidatedOrder)


def test_nothing_is_received_before_the_order_is_sent() -> None:
    given(deliveries).events(placed()).when(receive()).then_refused(OrderNotSent)
    again = given(deliveries).events(placed(), SENT, WITHDRAWN, placed())
    again.when(receive()).then_refused(OrderNotSent)


def test_goods_that_were_sold_already_do_not_arrive_again() -> None:
    sold = ConsolidatedOrderShared(
        **IDS, part=1, shares=(KoperasiShare(koperasi_id="a", amount_idr=1, alone_idr=1),)
    )
    ordered().events(sold).when(receive()).then_refused(DeliveryNotFollowed)
    forecast = msgspec.structs.replace(sold, received=False)
    ordered().events(forecast).when(receive()).then(BEGUN, received())


def test_a_line_that_was_amended_in_is_received() -> None:
    amended = ConsolidatedOrderAmended(
        **IDS, revision=2, reason="swapped", lines=(line("rice"),), items=()
    )
    rice = ReceivedLine(item_id="rice", accepted=3)
    ordered().events(amended).when(receive(rice)).then(BEGUN, received(rice))


# -- the end -------------------------------------------------------------------------------


def end(**other: Any) -> EndDelivery:
    command = {"cycle_id": "january", "supplier_id": "indofood", "reason": ENDED.reason, **other}
    return EndDelivery(asked=asked(), **command)


def test_a_delivery_ends_and_takes_no_more() -> None:
    ordered().events(received()).when(end()).then(ENDED)
    ordered().events(ENDED).when(receive()).then_refused(DeliveryHasEnded)
    ordered().events(ENDED).when(end()).then_nothing()


def test_a_delivery_of_nothing_at_all_may_end() -> None:
    ordered().when(end()).then(ENDED)


def test_only_what_was_sent_has_an_end() -> None:
    given(deliveries).when(end()).then_refused(NoSuchConsolidatedOrder)
    given(deliveries).events(placed()).when(end()).then_refused(OrderNotSent)
    sold = ConsolidatedOrderShared(**IDS, part=1, shares=())
    ordered().events(sold).when(end()).then_refused(DeliveryNotFollowed)


# -- sharing out ---------------------------------------------------------------------------

A1 = (
    Claimant("a", 30, 6, 11, 34, 34 * 186_000),
    Claimant("b", 25, 0, 12, 25, 25 * 186_000),
    Claimant("c", 10, 4, 13, 13, 13 * 186_000),
)


def share(*items: ItemClaims, receipt_id: str = "r-1", order_changes: int = 0) -> ShareReceipt:
    return ShareReceipt(
        asked=asked(),
        receipt_id=receipt_id,
        cycle_id="january",
        supplier_id="indofood",
        order_changes=order_changes,
        items=items or (ItemClaims("oil", A1),),
    )


def after(claimants: tuple[Claimant, ...], *events: Event) -> tuple[Claimant, ...]:
    """The claims as read tables show them after these deliveries."""
    got = {each.koperasi_id: (0, 0) for each in claimants}
    for event in events:
        for item in event.items if isinstance(event, DeliveryShared) else ():
            for row in item.rows:
                units, idr = got[row.koperasi_id]
                got[row.koperasi_id] = (units + row.units, idr + row.alone_idr)
    return tuple(
        Claimant(
            each.koperasi_id,
            each.firm,
            each.tolerance,
            each.first_position,
            each.granted,
            each.alone_idr,
            each.declined,
            *got[each.koperasi_id],
        )
        for each in claimants
    )


def units_of(events: tuple[Event, ...]) -> dict[str, int]:
    return {
        row.koperasi_id: row.units
        for event in events
        if isinstance(event, DeliveryShared)
        for item in event.items
        for row in item.rows
    }


def test_s1_the_event_holds_inputs_outcome_and_how() -> None:
    (event,) = ordered().events(received()).when(share()).then_recorded()
    assert isinstance(event, DeliveryShared)
    assert (event.sharing, event.algorithm) == ("pro_rata", "largest-remainder.1")
    (item,) = event.items
    assert (item.accepted, item.surplus, item.goods_idr) == (60, 0, 60 * 174_000)
    assert [(row.koperasi_id, row.outstanding, row.tolerance, row.units) for row in item.rows] == [
        ("a", 30, 6, 28),
        ("b", 25, 0, 23),
        ("c", 10, 4, 9),
    ]
    assert list(event.tags())[-1] == ("delivered", f"{ORDER}|oil")


def test_the_cycles_rule_of_sharing_holds() -> None:
    opened = msgspec.structs.replace(OPENED, sharing="priority", priority=("c",))
    log = given(shared_deliveries).events(opened, placed(), SENT, received())
    events = log.when(share()).then_recorded()
    assert units_of(events) == {"c": 10, "a": 30, "b": 20}


def test_each_item_of_a_receipt_is_shared_once() -> None:
    log = ordered().events(received())
    shared = log.when(share()).then_recorded()
    log.events(*shared).when(share()).then_nothing()
    log.events(*shared).when(share(ItemClaims("oil", after(A1, *shared)))).then_nothing()


def test_claims_that_miss_an_earlier_delivery_are_refused() -> None:
    log = ordered().events(received(), received(receipt_id="r-2"))
    shared = log.when(share()).then_recorded()
    second = share(receipt_id="r-2")
    log.events(*shared).when(second).then_refused(ClaimsAreOutdated)
    claims = ItemClaims("oil", after(A1, *shared))
    events = log.events(*shared).when(share(claims, receipt_id="r-2")).then_recorded()
    assert units_of(events) == {"a": 8, "b": 2, "c": 5}
    (event,) = events
    assert isinstance(event, DeliveryShared)
    assert event.items[0].surplus == 60 - 15


def test_claims_of_which_a_part_is_missing_are_refused() -> None:
    few = ItemClaims("oil", A1[:2])
    ordered().events(received()).when(share(few)).then_refused(ClaimsAreOutdated)


def test_one_item_that_cannot_be_shared_does_not_hold_up_the_others() -> None:
    counted = [ReceivedLine(item_id=item, accepted=60) for item in ("oil", "rice")]
    log = ordered(line(), line("rice")).events(received(*counted))
    both = share(ItemClaims("rice", A1[:2]), ItemClaims("oil", A1))
    shared = log.when(both).then_recorded()
    assert units_of(shared) == {"a": 28, "b": 23, "c": 9}
    log.events(*shared).when(both).then_refused(ClaimsAreOutdated)


def test_claims_from_before_an_amendment_are_refused() -> None:
    amended = ConsolidatedOrderAmended(**IDS, revision=2, reason="swapped", lines=(), items=())
    log = ordered().events(received(), amended)
    log.when(share()).then_refused(ClaimsAreOutdated)
    log.when(share(order_changes=1)).then_recorded()


def test_claims_to_what_was_amended_away_get_nothing() -> None:
    amended = ConsolidatedOrderAmended(
        **IDS, revision=2, reason="sold out", lines=(line(quantity=0),), items=()
    )
    nothing = tuple(Claimant(each.koperasi_id, 0, 0, 1, 0, 0) for each in A1)
    log = ordered().events(received(), amended)
    (event,) = log.when(share(ItemClaims("oil", nothing), order_changes=1)).then_recorded()
    assert isinstance(event, DeliveryShared)
    assert (event.items[0].surplus, event.items[0].rows, event.items[0].goods_idr) == (60, (), 0)


def test_a_receipt_of_another_order_is_not_found() -> None:
    log = ordered().events(received())
    log.when(share(receipt_id="r-9")).then_refused(NoSuchReceipt)


def test_many_koperasi_and_items_come_in_parts_that_add_up() -> None:
    crowd = tuple(Claimant(f"kop-{n:04}", 2, 1, n + 1, 2, 2) for n in range(1_000))
    one = (Claimant("kop-0000", 5, 0, 1, 5, 5),)
    sizes = {"oil": 2_000, "rice": 5, "salt": 5}
    counted = [ReceivedLine(item_id=item, accepted=units) for item, units in sizes.items()]
    log = given(shared_deliveries).events(
        OPENED, placed(*(line(item, units) for item, units in sizes.items())), SENT
    )
    log = log.events(received(*counted))
    claims = [ItemClaims("oil", crowd), ItemClaims("rice", one), ItemClaims("salt", one)]
    events = log.when(share(*claims)).then_recorded()
    parts = [event for event in events if isinstance(event, DeliveryShared)]
    assert [part.part for part in parts] == [1, 2, 3]
    items = [item for part in parts for item in part.items]
    assert [(item.item_id, item.continued) for item in items] == [
        ("oil", False),
        ("oil", True),
        ("oil", True),
        ("rice", False),
        ("salt", False),
    ]
    assert sum(len(item.rows) for item in items) == 1_002
    assert sum(row.units for item in items for row in item.rows) == 2_010
    log.events(*events).when(share(*claims)).then_nothing()


def test_a_part_of_a_shared_delivery_fits_into_one_fact() -> None:
    longest = Claimant("k" * 64, MOST_UNITS, MOST_UNITS, 1, MOST_UNITS, 2**53 - 1)
    items = [f"{n:03}".ljust(64, "i") for n in range(400)]
    order = placed(*(line(item, MOST_UNITS, amount_idr=2**53 - 1) for item in items))
    counted = [ReceivedLine(item_id=item, accepted=MOST_UNITS) for item in items]
    log = given(shared_deliveries).events(OPENED, order, SENT, received(*counted))
    claims = [ItemClaims(item, (longest,)) for item in items]
    for event in log.when(share(*claims)).then_recorded():
        assert len(encode(event)) < 60 * 1024


# -- surplus -------------------------------------------------------------------------------


def decide(**other: Any) -> DecideSurplus:
    return DecideSurplus(
        **{
            "asked": asked(),
            "receipt_id": "r-1",
            "cycle_id": "january",
            "supplier_id": "indofood",
            "item_id": "oil",
            "units": 2,
            "decision": "return",
            "reason": "not ordered",
            **other,
        }
    )


def decided(**other: Any) -> SurplusDecided:
    about: dict[str, Any] = {"decision": "return", "reason": "not ordered", "units": 2}
    return SurplusDecided(**{**IDS, **about, "receipt_id": "r-1", "item_id": "oil", **other})


def too_much() -> Given:
    """80 arrived where at most 75 are welcome: five wait."""
    log = ordered().events(received(ReceivedLine(item_id="oil", accepted=80)))
    log = log.events(KoperasiAdmitted(koperasi_id="d", title="D"))
    return log.events(*log.when(share()).then_recorded())


def test_s4_surplus_goes_back_into_stock_or_to_who_takes_it() -> None:
    too_much().when(decide()).then(decided())
    too_much().when(decide(decision="stock")).then(decided(decision="stock", goods_idr=2 * 174_000))
    too_much().when(decide(decision="offer", koperasi_id="d")).then(
        decided(decision="offer", koperasi_id="d", goods_idr=2 * 174_000)
    )


def test_surplus_is_decided_once() -> None:
    log = too_much().events(decided(units=3))
    log.when(decide(units=3)).then_refused(NotSoMuchSurplus, waiting=2)
    log.when(decide(units=2)).then_recorded()


def test_units_that_were_given_from_surplus_count_when_the_next_delivery_is_shared() -> None:
    taken = decided(decision="offer", koperasi_id="d", units=5, goods_idr=5 * 174_000)
    log = too_much().events(taken, received(receipt_id="r-2"))
    full = tuple(
        Claimant(
            each.koperasi_id,
            each.firm,
            each.tolerance,
            each.first_position,
            each.granted,
            each.alone_idr,
            False,
            each.firm + each.tolerance,
        )
        for each in A1
    )
    without = share(ItemClaims("oil", full), receipt_id="r-2")
    log.when(without).then_refused(ClaimsAreOutdated)
    whole = ItemClaims("oil", (*full, Claimant("d", 0, 0, 0, 0, 0, False, 5)))
    (event,) = log.when(share(whole, receipt_id="r-2")).then_recorded()
    assert isinstance(event, DeliveryShared)
    assert event.items[0].surplus == 60


def test_what_is_not_shared_yet_has_no_surplus() -> None:
    log = ordered().events(received(ReceivedLine(item_id="oil", accepted=80)))
    log.when(decide()).then_refused(NotSharedYet)


@pytest.mark.parametrize(
    ("other", "pointer"),
    [
        ({"decision": "offer"}, "/koperasi_id"),
        ({"decision": "return", "koperasi_id": "d"}, "/koperasi_id"),
        ({"units": 0}, "/units"),
    ],
)
def test_a_decision_that_contradicts_itself(other: dict[str, Any], pointer: str) -> None:
    too_much().when(decide(**other)).then_refused(DecisionDoesNotFit, pointer=pointer)


def test_a_decision_about_another_receipt_or_item_is_not_found() -> None:
    for other in ({"receipt_id": "r-9"}, {"item_id": "rice"}, {"supplier_id": "bulog"}):
        too_much().when(decide(**other)).then_refused(NoSuchReceipt)


def test_only_a_koperasi_that_may_trade_takes_surplus() -> None:
    too_much().when(decide(decision="offer", koperasi_id="e")).then_refused(NoSuchKoperasi)
    log = too_much().events(KoperasiSuspended(koperasi_id="d", reason="no meeting"))
    log.when(decide(decision="offer", koperasi_id="d")).then_refused(KoperasiMayNotTrade)


def test_what_nobody_ordered_has_no_price_to_keep_it_at() -> None:
    log = given(shared_deliveries, surplus).events(OPENED, placed(line(quantity=0)), SENT)
    log = log.events(received())
    log = log.events(*log.when(share(ItemClaims("oil", ()))).then_recorded())
    log.when(decide(decision="stock")).then_refused(SurplusHasNoPrice)
    log.when(decide(units=60)).then(decided(units=60))
