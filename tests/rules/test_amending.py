"""Consolidated orders sent, acknowledged, taken back; orders withdrawn and handed on after all."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from given import NOON, Given, asked, given
from jaringan_usaha.features.catalog.events import ItemAdded, PriceListPublished, PriceRow, Tier
from jaringan_usaha.features.cycles.amendments.domain import (
    ENTRIES_A_PART,
    CasesNoLongerFill,
    ChargeNotAccepted,
    GoodsHaveArrived,
    MinimumWouldBeMissed,
    SupplierMustAgree,
    SupplierStand,
    TransferDoesNotFit,
    TransferOrder,
    WithdrawOrder,
    amending,
)
from jaringan_usaha.features.cycles.amendments.withdrawal import Stand, handed_on, without
from jaringan_usaha.features.cycles.ceilings import CeilingExceeded
from jaringan_usaha.features.cycles.domain import CycleIsClosed, CycleStillOpen
from jaringan_usaha.features.cycles.events import (
    AcknowledgedLine,
    ConsolidatedLine,
    ConsolidatedOrderAcknowledged,
    ConsolidatedOrderAmended,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderSent,
    ConsolidatedOrderWithdrawn,
    CycleCancelled,
    CycleClosed,
    CycleConsolidated,
    CycleOpened,
    CycleReopened,
    DeliveryBegun,
    Entitlement,
    ItemEntitlements,
    KoperasiShare,
    TierDropCharge,
)
from jaringan_usaha.features.cycles.group.consolidation import (
    ItemDemand,
    KoperasiDemand,
    Way,
    at_listed_price,
)
from jaringan_usaha.features.cycles.group.sending import (
    AcknowledgeOrder,
    AnswerDoesNotFit,
    BeingConsolidated,
    GoodsAreSold,
    NoSuchConsolidatedOrder,
    OrderHasMoved,
    OrderIsSent,
    OrderNotSent,
    SendOrder,
    TakeBackOrders,
    sending,
)
from jaringan_usaha.features.cycles.orders.domain import (
    KoperasiMayNotTrade,
    NoSuchOrder,
    OrderExists,
    OrderIsCancelled,
)
from jaringan_usaha.features.cycles.orders.events import (
    OrderCancelled,
    OrderChanged,
    OrderLine,
    OrderPlaced,
)
from jaringan_usaha.features.cycles.orders.limits import WeekLimitExceeded
from jaringan_usaha.features.registry.events import KoperasiAdmitted, KoperasiSuspended, RuleSet
from jaringan_usaha.kernel.rejections import Invalid, Outdated
from jaringan_usaha.kernel.tiers import Price

TIERS = (
    Tier(from_quantity=1, idr=186_000),
    Tier(from_quantity=50, idr=180_000),
    Tier(from_quantity=100, idr=174_000),
)
WANTED = {"A": 40, "B": 35, "C": 20, "D": 10}
LATER = NOON + timedelta(days=2)
ORDERS = {
    koperasi_id: f"01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e9{number}"
    for number, koperasi_id in enumerate(WANTED)
}
NEW_ORDER = "01936f6e-8b7a-7c3e-9a51-0d2f6b7c8eff"


def price(**other: Any) -> Price:
    return Price(price_list_id="prices-1", tier_mode="all_units", tiers=TIERS, **other)


def stand_of(
    wanted: dict[str, int] = WANTED,
    tolerance: dict[str, int] | None = None,
    at: Price | None = None,
) -> Stand:
    """The item as it is consolidated for these koperasi, in this order of commitment."""
    parts = tuple(
        KoperasiDemand(
            first_position=position,
            koperasi_id=koperasi_id,
            quantity=quantity,
            order_lines=1,
            tolerance=(tolerance or {}).get(koperasi_id, 0),
        )
        for position, (koperasi_id, quantity) in enumerate(wanted.items(), start=1)
    )
    bought = at_listed_price(ItemDemand(item_id="oil", parts=parts), at or price())
    return Stand(line=bought.line, rows=tuple(bought.rows))


def line(quantity: int, **other: Any) -> OrderLine:
    return OrderLine(supplier_id="indofood", item_id="oil", quantity=quantity, **other)


def charge(koperasi_id: str, amount_idr: int) -> TierDropCharge:
    return TierDropCharge(koperasi_id=koperasi_id, item_id="oil", amount_idr=amount_idr)


def granted(rows: tuple[Entitlement, ...]) -> dict[str, int]:
    return {row.koperasi_id: row.granted for row in rows}


# -- arithmetic ----------------------------------------------------------------------------


def test_tp5_the_canceller_pays_for_the_lost_tier() -> None:
    stand = stand_of()
    assert stand.line.amount_idr == 18_270_000
    amended = without(stand, "D", line(10), price(), Way(), "canceller")
    assert (amended.line.quantity, amended.line.amount_idr) == (95, 95 * 180_000)
    assert amended.charges == (charge("D", 570_000),)
    assert amended.charge_idr == 570_000
    assert amended.relieved == (charge("A", 240_000), charge("B", 210_000), charge("C", 120_000))
    assert amended.short == 0
    assert granted(amended.rows) == {"D": 0}


def test_tp5_pooled_the_lost_tier_is_spread_over_the_remaining_95() -> None:
    amended = without(stand_of(), "D", line(10), price(), Way(), "pooled")
    assert amended.charges == (charge("A", 240_000), charge("B", 210_000), charge("C", 120_000))
    assert amended.relieved == amended.charges
    assert amended.charge_idr == 570_000


def test_a_tier_that_holds_costs_nothing() -> None:
    amended = without(stand_of(), "D", line(5), price(), Way(), "canceller")
    assert amended.line.quantity == 100
    assert amended.charges == ()
    assert granted(amended.rows) == {"D": 5}


def test_the_others_tolerance_fills_the_case_that_is_left() -> None:
    at = price(case_size=24)
    stand = stand_of({"A": 30, "B": 12, "C": 6}, {"A": 6}, at)
    assert (stand.line.cases, stand.line.firm) == (2, 48)
    amended = without(stand, "C", line(6), at, Way(), "canceller")
    assert (amended.line.cases, amended.short) == (2, 0)
    assert granted(amended.rows) == {"A": 36, "C": 0}


def test_cases_that_would_not_fill_leave_others_short() -> None:
    at = price(case_size=24)
    stand = stand_of({"A": 30, "B": 12, "C": 6}, None, at)
    amended = without(stand, "C", line(6), at, Way(), "canceller")
    assert (amended.line.cases, amended.short) == (1, 18)


def test_the_last_one_to_withdraw_leaves_nothing() -> None:
    amended = without(stand_of({"A": 40}), "A", line(40), price(), Way(), "canceller")
    assert (amended.line.quantity, amended.line.amount_idr, amended.line.reason) == (
        0,
        0,
        "WITHDRAWN",
    )
    assert (amended.short, amended.charges) == (0, ())


def test_what_was_never_ordered_is_withdrawn_freely() -> None:
    at = price(case_size=24)
    stand = stand_of({"A": 10, "B": 5}, None, at)
    assert stand.line.cases == 0
    amended = without(stand, "B", line(5), at, Way(), "canceller")
    assert (amended.short, amended.charges, amended.line.firm) == (0, (), 10)
    assert amended.line.reason == "MOQ_NOT_MET"


def test_handed_on_units_keep_their_place_cases_and_price() -> None:
    stand = stand_of()
    amended = handed_on(stand, "A", "E", line(40), price())
    rows = {row.koperasi_id: row for row in amended.rows}
    assert (rows["A"].firm, rows["A"].granted) == (0, 0)
    assert (rows["E"].firm, rows["E"].granted, rows["E"].first_position) == (40, 40, 1)
    assert rows["E"].alone_idr == 40 * 186_000
    assert amended.line == stand.line
    assert (amended.charges, amended.short) == ((), 0)


def test_handed_on_to_one_who_has_some_adds_up() -> None:
    """60 of the same koperasi had reached a better tier alone, too."""
    stand = stand_of()
    amended = handed_on(stand, "C", "A", line(20), price())
    rows = {row.koperasi_id: row for row in amended.rows}
    assert (rows["A"].firm, rows["A"].granted) == (60, 60)
    assert rows["A"].alone_idr == 60 * 180_000
    assert amended.line.alone_idr == stand.line.alone_idr - 60 * 6_000


quantities = st.lists(st.integers(1, 60), min_size=1, max_size=6)


@drawn(
    quantities,
    st.lists(st.integers(0, 15), min_size=6, max_size=6),
    st.integers(1, 24),
    st.integers(0, 5),
    st.sampled_from(["canceller", "pooled"]),
)
def test_whoever_withdraws_the_sums_are_exact(
    firm: list[int], tolerances: list[int], case_size: int, who: int, policy: str
) -> None:
    wanted = {chr(65 + number): quantity for number, quantity in enumerate(firm)}
    tolerance = dict(zip(wanted, tolerances, strict=False))
    at = price(case_size=case_size)
    stand = stand_of(wanted, tolerance, at)
    out = list(wanted)[who % len(wanted)]
    gone = line(wanted[out], tolerance=tolerance[out])
    amended = without(stand, out, gone, at, Way(), policy)
    after = {row.koperasi_id: row for row in (*stand.rows, *amended.rows)}
    assert sum(row.granted for row in after.values()) == amended.line.quantity
    assert sum(row.firm for row in after.values()) == amended.line.firm
    assert after[out].granted == after[out].firm == 0
    assert amended.line.quantity == amended.line.cases * amended.line.case_size
    if not amended.short:
        for row in stand.rows:
            kept = min(row.firm, row.granted)
            assert row.koperasi_id == out or after[row.koperasi_id].granted >= kept
    paid = sum(each.amount_idr for each in amended.charges)
    assert paid == sum(each.amount_idr for each in amended.relieved)
    if amended.line.quantity:
        dearer = amended.line.amount_idr * stand.line.quantity
        dearer -= stand.line.amount_idr * amended.line.quantity
        assert abs(paid - max(dearer, 0) / stand.line.quantity) <= 1


# -- the log -------------------------------------------------------------------------------

ID = "week-3|indofood"


def opened(**terms: Any) -> CycleOpened:
    return CycleOpened(
        cycle_id="week-3",
        title="Minggu 3",
        opens_at=NOON - timedelta(days=2),
        closes_at=NOON - timedelta(days=1),
        **{"prices": "listed", "priced_on": date(2026, 1, 15), **terms},
    )


closed = CycleClosed(cycle_id="week-3")
finished = CycleConsolidated(
    cycle_id="week-3", consolidated_orders=1, order_lines=4, amount_idr=1, alone_idr=1
)
sent = ConsolidatedOrderSent(
    consolidated_order_id=ID, cycle_id="week-3", supplier_id="indofood", revision=1
)


def placed_order(line: ConsolidatedLine) -> ConsolidatedOrderPlaced:
    return ConsolidatedOrderPlaced(
        consolidated_order_id=ID, cycle_id="week-3", supplier_id="indofood", part=1, lines=(line,)
    )


def log(
    stand: Stand | None = None,
    case_size: int = 1,
    minimum_idr: int = 0,
    tolerance: int = 0,
    **terms: Any,
) -> Given:
    return given(sending, amending).events(
        *(KoperasiAdmitted(koperasi_id=each, title=each) for each in (*WANTED, "E")),
        ItemAdded(item_id="oil", title="Minyak", base_unit="XPK", case_size=case_size),
        PriceListPublished(
            price_list_id="prices-1",
            supplier_id="indofood",
            part=1,
            valid_from_on=date(2026, 1, 1),
            valid_until_on=None,
            tier_mode="all_units",
            rows=(PriceRow(item_id="oil", tiers=TIERS),),
            minimum_idr=minimum_idr,
        ),
        opened(**terms),
        *(
            OrderPlaced(
                order_id=ORDERS[each],
                cycle_id="week-3",
                koperasi_id=each,
                lines=(line(quantity, tolerance=tolerance if each == "D" else 0),),
            )
            for each, quantity in WANTED.items()
        ),
        closed,
        placed_order((stand or stand_of()).line),
    )


def carried(stand: Stand | None = None, version: int = 1) -> tuple[SupplierStand, ...]:
    stand = stand or stand_of()
    return (
        SupplierStand(
            supplier_id="indofood",
            version=version,
            goods_idr=stand.line.amount_idr,
            items=(stand,),
        ),
    )


def withdraw(koperasi_id: str = "D", version: int = 1, **other: Any) -> WithdrawOrder:
    fields: dict[str, Any] = {
        "asked": asked(),
        "order_id": ORDERS[koperasi_id],
        "cycle_id": "week-3",
        "koperasi_id": koperasi_id,
        "reason": "no money",
        "lines": (line(WANTED[koperasi_id]),),
        "stands": carried(version=version),
    }
    return WithdrawOrder(**{**fields, **other})


def transfer(to_koperasi: str = "E", **other: Any) -> TransferOrder:
    fields: dict[str, Any] = {
        "asked": asked(),
        "order_id": ORDERS["D"],
        "cycle_id": "week-3",
        "koperasi_id": "D",
        "reason": "no money",
        "lines": (line(10),),
        "stands": carried(),
        "to_koperasi": to_koperasi,
        "to_order": NEW_ORDER,
    }
    return TransferOrder(**{**fields, **other})


def cancelled(koperasi_id: str = "D") -> OrderCancelled:
    return OrderCancelled(
        order_id=ORDERS[koperasi_id],
        cycle_id="week-3",
        koperasi_id=koperasi_id,
        reason="no money",
    )


done = log().events(finished)


def test_sphp_who_takes_an_order_over_stays_within_its_week() -> None:
    sphp = RuleSet(
        rule_id="sphp.oil",
        version_no=1,
        valid_from_on=date(2026, 1, 1),
        values={"most_per_koperasi_week": 9},
        source="Bapanas",
    )
    done.events(sphp).when(transfer()).then_refused(WeekLimitExceeded, most=9)


def het(**steps: int) -> RuleSet:
    zones = {f"zone_{zone}_idr": 188_400 for zone in (1, 2, 3)}
    return RuleSet(
        rule_id="het.oil",
        version_no=1,
        valid_from_on=date(2026, 1, 1),
        values={**zones, "per": 1, **steps},
        source="Permendag 18/2024",
    )


def test_m2_a_lost_tier_lifts_no_price_above_its_ceiling() -> None:
    """Without D's 10 the other 95 would cost 180.000 each, not 174.000."""
    accepted = withdraw(charge_idr=570_000)
    for step in ("buy", "sell"):
        done.events(het(**{f"{step}_idr": 180_000})).when(accepted).then_recorded()
        done.events(het(**{f"{step}_idr": 179_999})).when(accepted).then_refused(
            CeilingExceeded,
            reason="HET_EXCEEDED",
            step=step,
            ceiling_idr=179_999,
            rule="het.oil",
            rule_version_no=1,
        )
    lower = done.events(het(sell_idr=179_999))
    lower.when(transfer()).then_recorded()


def test_m2_who_withdraws_without_making_it_dearer_may() -> None:
    """Although a rule that was set since is stricter than what the goods cost."""
    stand = stand_of({"A": 120, "B": 20})
    fewer = withdraw("B", lines=(line(20),), stands=carried(stand))
    start = done.events(
        het(sell_idr=100_000),
        OrderChanged(order_id=ORDERS["B"], cycle_id="week-3", koperasi_id="B", lines=(line(20),)),
    )
    start.when(fewer).then_recorded()


# -- sending -------------------------------------------------------------------------------

send = SendOrder(asked=asked(), cycle_id="week-3", supplier_id="indofood", reference="PO 17")


def test_an_order_is_sent_once_until_it_is_amended() -> None:
    done.when(send).then(
        ConsolidatedOrderSent(
            consolidated_order_id=ID,
            cycle_id="week-3",
            supplier_id="indofood",
            revision=1,
            reference="PO 17",
        )
    )
    done.events(sent).when(send).then_nothing()
    (amended, _) = (
        done.events(sent)
        .when(withdraw(version=2, supplier_agrees=True, charge_idr=570_000))
        .then_recorded()
    )
    (again,) = done.events(sent, amended).when(send).then_recorded()
    assert isinstance(again, ConsolidatedOrderSent)
    assert again.revision == 2


def test_only_what_is_consolidated_is_sent() -> None:
    log().when(send).then_refused(BeingConsolidated, retry_after=2)
    given(sending, amending).events(opened()).when(send).then_refused(CycleStillOpen)
    log(prices="stated").events(finished).when(send).then_refused(GoodsAreSold)
    other = SendOrder(asked=asked(), cycle_id="week-3", supplier_id="bulog")
    done.when(other).then_refused(NoSuchConsolidatedOrder)
    gone = done.events(CycleCancelled(cycle_id="week-3", reason="no truck"))
    gone.when(send).then_refused(CycleIsClosed)


# -- acknowledging -------------------------------------------------------------------------


def acknowledge(*lines: AcknowledgedLine, revision: int = 1, version: int = 2) -> AcknowledgeOrder:
    return AcknowledgeOrder(
        asked=asked(),
        cycle_id="week-3",
        supplier_id="indofood",
        revision=revision,
        lines=lines,
        ordered=(("oil", 105),),
        version=version,
    )


def acknowledged(*lines: AcknowledgedLine) -> ConsolidatedOrderAcknowledged:
    return ConsolidatedOrderAcknowledged(
        consolidated_order_id=ID,
        cycle_id="week-3",
        supplier_id="indofood",
        revision=1,
        lines=lines,
    )


part = AcknowledgedLine(item_id="oil", cases=100, reason="out of stock")


def test_a_supplier_accepts_in_part_or_rejects_line_by_line() -> None:
    told = done.events(sent)
    told.when(acknowledge()).then(acknowledged())
    told.when(acknowledge(part)).then(acknowledged(part))
    none = AcknowledgedLine(item_id="oil", cases=0, reason="no longer made")
    told.when(acknowledge(none)).then(acknowledged(none))


def test_the_last_answer_counts_and_the_same_one_is_no_news() -> None:
    answered = done.events(sent, acknowledged(part))
    answered.when(acknowledge(part, version=3)).then_nothing()
    answered.when(acknowledge(version=3)).then(acknowledged())


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        (AcknowledgedLine(item_id="oil", cases=106), "/lines/0/cases"),
        (AcknowledgedLine(item_id="oil", cases=-1, reason="x"), "/lines/0/cases"),
        (AcknowledgedLine(item_id="oil", cases=104), "/lines/0/reason"),
        (AcknowledgedLine(item_id="rice", cases=1), "/lines/0"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(line: AcknowledgedLine, pointer: str) -> None:
    done.events(sent).when(acknowledge(line)).then_refused(AnswerDoesNotFit, pointer=pointer)


def test_an_item_is_answered_once() -> None:
    twice = acknowledge(part, part)
    done.events(sent).when(twice).then_refused(AnswerDoesNotFit, pointer="/lines/1")


def test_only_what_was_told_is_answered() -> None:
    done.when(acknowledge(version=1)).then_refused(OrderNotSent)
    done.events(sent).when(acknowledge(revision=2)).then_refused(OrderHasMoved, revision=1)
    done.events(sent).when(acknowledge(version=1)).then_refused(OrderHasMoved, order_version=2)


# -- withdrawing ---------------------------------------------------------------------------


def amended(*charges: TierDropCharge, policy: str = "canceller") -> ConsolidatedOrderAmended:
    found = without(stand_of(), "D", line(10), price(), Way(), policy)
    return ConsolidatedOrderAmended(
        consolidated_order_id=ID,
        cycle_id="week-3",
        supplier_id="indofood",
        revision=1,
        reason="no money",
        lines=(found.line,),
        items=(_entitlements(found.rows),),
        charges=charges,
        relieved=(charge("A", 240_000), charge("B", 210_000), charge("C", 120_000)),
        shares=(
            share("A", 240_000),
            share("B", 210_000),
            share("C", 120_000),
            share("D", -1_740_000, -1_860_000),
        ),
    )


def share(koperasi_id: str, amount_idr: int, alone_idr: int = 0) -> KoperasiShare:
    return KoperasiShare(koperasi_id=koperasi_id, amount_idr=amount_idr, alone_idr=alone_idr)


def _entitlements(rows: tuple[Entitlement, ...]) -> ItemEntitlements:
    return ItemEntitlements(item_id="oil", rows=rows)


def test_tp5_a_late_withdrawal_amends_the_order_and_charges_by_the_cycles_rule() -> None:
    done.when(withdraw(charge_idr=570_000)).then(amended(charge("D", 570_000)), cancelled())
    pooled = log(tier_drop="pooled").events(finished)
    pooled.when(withdraw(charge_idr=570_000)).then(
        amended(charge("A", 240_000), charge("B", 210_000), charge("C", 120_000)), cancelled()
    )


def test_the_charge_is_accepted_before_it_falls_due() -> None:
    done.when(withdraw()).then_refused(ChargeNotAccepted, charge_idr=570_000, tier_drop="canceller")
    done.when(withdraw(charge_idr=569_999)).then_refused(ChargeNotAccepted)


def test_what_the_supplier_was_told_is_withdrawn_only_if_it_agrees() -> None:
    told = done.events(sent)
    late = withdraw(version=2, charge_idr=570_000)
    told.when(late).then_refused(SupplierMustAgree, supplier_id="indofood")
    agreed = withdraw(version=2, charge_idr=570_000, supplier_agrees=True)
    event, _ = told.when(agreed).then_recorded()
    assert isinstance(event, ConsolidatedOrderAmended)
    assert event.revision == 2


def test_what_has_begun_to_arrive_is_neither_withdrawn_nor_handed_on() -> None:
    """An order is cancelled from any state before receiving. Source: domain rules §3.12."""
    arriving = done.events(
        sent,
        DeliveryBegun(
            consolidated_order_id="week-3|indofood", cycle_id="week-3", supplier_id="indofood"
        ),
    )
    agreed = withdraw(version=2, charge_idr=570_000, supplier_agrees=True)
    arriving.when(agreed).then_refused(GoodsHaveArrived, supplier_id="indofood")
    arriving.when(transfer(stands=carried(version=2))).then_refused(GoodsHaveArrived)


def test_cases_that_would_not_fill_refuse_a_withdrawal() -> None:
    stand = stand_of(at=price(case_size=21))
    assert stand.line.cases == 5
    full = log(stand, case_size=21).events(finished)
    late = withdraw(stands=carried(stand), charge_idr=10**9, supplier_agrees=True)
    full.when(late).then_refused(CasesNoLongerFill, item_id="oil", short=11)


def test_the_suppliers_minimum_refuses_a_withdrawal_unless_it_agrees() -> None:
    least = log(minimum_idr=17_100_001).events(finished)
    least.when(withdraw(charge_idr=570_000)).then_refused(
        MinimumWouldBeMissed, goods_idr=17_100_000, minimum_idr=17_100_001
    )
    least.when(withdraw(charge_idr=570_000, supplier_agrees=True)).then_recorded()
    enough = log(minimum_idr=17_100_000).events(finished)
    enough.when(withdraw(charge_idr=570_000)).then_recorded()


def test_a_withdrawal_rests_on_what_is_so() -> None:
    done.when(withdraw(version=2)).then_refused(OrderHasMoved, order_version=1)
    done.when(withdraw(asked=asked(seen=2))).then_refused(Outdated, current_version=1)
    done.when(withdraw(lines=(line(9),))).then_refused(Invalid)
    done.when(withdraw(stands=())).then_refused(Invalid)
    done.when(withdraw(koperasi_id="D", cycle_id="week-4")).then_refused(NoSuchOrder)
    done.events(cancelled()).when(withdraw(version=1)).then_nothing()
    log().when(withdraw()).then_refused(BeingConsolidated)
    log(prices="stated").events(finished).when(withdraw()).then_refused(GoodsAreSold)


def test_an_amendment_with_many_rows_comes_in_parts() -> None:
    """What D would have taken beside its own fills the case of 500 others now."""
    many = {f"K{number:03}": 1 for number in range(599)} | {"D": 10}
    tolerance = {**dict.fromkeys(many, 1), "D": 1_000}
    at = price(case_size=1_100)
    stand = stand_of(many, tolerance, at)
    events = (
        log(stand, case_size=1_100, tolerance=1_000)
        .events(finished)
        .when(withdraw(stands=carried(stand), lines=(line(10, tolerance=1_000),)))
        .then_recorded()
    )
    parts = [event for event in events if isinstance(event, ConsolidatedOrderAmended)]
    assert len(parts) > 1
    assert {event.revision for event in parts} == {1}
    assert sum(len(event.lines) for event in parts) == 1
    for event in parts:
        rows = sum(len(item.rows) for item in event.items)
        others = len(event.charges) + len(event.relieved) + len(event.shares)
        assert rows + others <= ENTRIES_A_PART


# -- handing on ----------------------------------------------------------------------------


def test_an_order_is_handed_on_with_both_named() -> None:
    found = handed_on(stand_of(), "D", "E", line(10), price())
    taken_over = OrderPlaced(
        order_id=NEW_ORDER, cycle_id="week-3", koperasi_id="E", lines=(line(10),)
    )
    amendment = ConsolidatedOrderAmended(
        consolidated_order_id=ID,
        cycle_id="week-3",
        supplier_id="indofood",
        revision=1,
        reason="no money",
        lines=(found.line,),
        items=(_entitlements(found.rows),),
        shares=(share("D", -1_740_000, -1_860_000), share("E", 1_740_000, 1_860_000)),
    )
    done.when(transfer()).then(amendment, cancelled(), taken_over)
    done.events(amendment, cancelled(), taken_over).when(transfer()).then_nothing()


def test_what_was_withdrawn_is_not_handed_on() -> None:
    """Else the units would be taken from another order of the same koperasi."""
    done.events(cancelled()).when(transfer()).then_refused(OrderIsCancelled)
    other = OrderPlaced(order_id=NEW_ORDER, cycle_id="week-3", koperasi_id="E", lines=(line(9),))
    done.events(cancelled(), other).when(transfer()).then_refused(OrderExists)


def test_nobody_takes_over_who_may_not_trade() -> None:
    suspended = KoperasiSuspended(koperasi_id="E", reason="no report")
    done.events(suspended).when(transfer()).then_refused(KoperasiMayNotTrade)
    done.when(transfer("D")).then_refused(TransferDoesNotFit, pointer="/to_koperasi_id")
    done.when(transfer(to_order=ORDERS["A"])).then_refused(OrderExists)


# -- taking back ---------------------------------------------------------------------------


def take_back(**other: Any) -> TakeBackOrders:
    fields: dict[str, Any] = {
        "asked": asked(),
        "cycle_id": "week-3",
        "supplier_ids": ("indofood",),
        "reason": "flood",
    }
    return TakeBackOrders(**{**fields, **other})


withdrawn = ConsolidatedOrderWithdrawn(
    consolidated_order_id=ID, cycle_id="week-3", supplier_id="indofood", reason="flood"
)
reopened = CycleReopened(cycle_id="week-3", closes_at=LATER, reason="flood")


def test_a_cycle_is_reopened_by_taking_its_orders_back() -> None:
    done.when(take_back(closes_at=LATER)).then(withdrawn, reopened)


def test_a_closed_cycle_is_cancelled_by_taking_its_orders_back() -> None:
    over = CycleCancelled(cycle_id="week-3", reason="flood")
    done.when(take_back()).then(withdrawn, over)
    done.events(withdrawn, over).when(take_back()).then_nothing()


def test_what_was_sent_is_not_taken_back() -> None:
    done.events(sent).when(take_back(closes_at=LATER)).then_refused(OrderIsSent, sent=1)


def test_all_orders_are_taken_back_or_none() -> None:
    done.when(take_back(supplier_ids=(), closes_at=LATER)).then_refused(OrderHasMoved)
    other = take_back(supplier_ids=("indofood", "bulog"), closes_at=LATER)
    done.when(other).then_refused(OrderHasMoved)
    done.when(take_back(supplier_ids=("bulog",))).then_refused(NoSuchConsolidatedOrder)


def test_only_a_consolidated_cycle_is_reopened_and_into_the_future() -> None:
    done.when(take_back(closes_at=NOON)).then_refused(Invalid, pointer="/closes_at")
    log().when(take_back(closes_at=LATER)).then_refused(BeingConsolidated)
    given(sending).events(opened()).when(take_back(closes_at=LATER)).then_refused(CycleStillOpen)
    sold = log(prices="stated").events(finished)
    sold.when(take_back(closes_at=LATER)).then_refused(GoodsAreSold)


def test_a_reopened_cycle_is_sent_nothing_of() -> None:
    done.events(withdrawn, reopened).when(send).then_refused(CycleStillOpen)
    again = done.events(withdrawn, reopened, closed, placed_order(stand_of().line), finished)
    again.when(send).then_recorded()
