"""Decisions about suppliers' invoices, what they cost, and bills for bringing goods."""

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given as everywhere
from hypothesis import settings
from hypothesis import strategies as st

from given import Given, asked, given
from jaringan_usaha.features.catalog.events import ItemDescribed
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderAmended,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderWithdrawn,
    CycleOpened,
)
from jaringan_usaha.features.fulfilment.events import (
    GoodsReceived,
    ReceivedLine,
    SurplusDecided,
)
from jaringan_usaha.features.invoicing.charges import (
    BillCharge,
    ChargeDoesNotFit,
    ChargeExists,
    LineToShare,
    NoSuchCharge,
    NoSuchCycle,
    NothingToSplitBy,
    ShareCharge,
    WeighCharge,
    charges,
)
from jaringan_usaha.features.invoicing.costs import (
    ROWS_A_PART,
    CostInvoice,
    LineToCost,
    costed_invoices,
)
from jaringan_usaha.features.invoicing.domain import (
    MOST_AMOUNT_IDR,
    GoodsNotSharedOut,
    InvoiceDoesNotFit,
    InvoiceExists,
    InvoiceIsHeld,
    InvoiceIsOwed,
    InvoiceIsRefused,
    InvoiceNoTaken,
    InvoiceOverpaid,
    NoSuchConsolidatedOrder,
    NoSuchInvoice,
    NothingToInvoice,
    OutOfTurn,
    PaymentExists,
    PricingRuleMissing,
    RebateExists,
)
from jaringan_usaha.features.invoicing.events import (
    ChargeBilled,
    ChargeWeighed,
    DebitNoteIssued,
    FeeSplit,
    InvoiceCosted,
    InvoiceLine,
    InvoicePaid,
    LandedCostAdjusted,
    RebateReceived,
    SupplierInvoiceMatched,
    SupplierInvoiceRefused,
    SupplierInvoiceReleased,
)
from jaringan_usaha.features.invoicing.invoices import (
    MOST_LINES,
    EnterInvoice,
    RefuseInvoice,
    ReleaseInvoice,
    invoices,
)
from jaringan_usaha.features.invoicing.landed_cost import CONSORTIUM, Holder
from jaringan_usaha.features.invoicing.payments import PayInvoice, ReceiveRebate, payments
from jaringan_usaha.features.registry.events import KoperasiClassified, RuleSet
from jaringan_usaha.kernel.landed import Goods

DAY = date(2026, 1, 12)
ORDER = {"consolidated_order_id": "c1|indofood", "cycle_id": "c1", "supplier_id": "indofood"}
HELD = {"a": 40, "b": 35, "c": 20, "d": 10}

opened = CycleOpened(
    cycle_id="c1",
    title="Januari",
    opens_at=asked().at,
    closes_at=asked().at,
    prices="listed",
    priced_on=DAY,
    host="a",
)


def rule(rule_id: str, version_no: int = 1, day: date = date(2025, 1, 1), **values: int) -> RuleSet:
    return RuleSet(
        rule_id=rule_id, version_no=version_no, valid_from_on=day, values=values, source="RAT"
    )


ppn = rule("ppn", rate_bp=1_200, base_numerator=11, base_denominator=12, half_up=1, rounded_base=0)
fee = rule("fee", rate_bp=150, consortium_parts=60, host_parts=40)
matching = rule("matching", 4, variance_bp=50, variance_idr=50)


def order_line(item_id: str, quantity: int, amount_idr: int) -> ConsolidatedLine:
    return ConsolidatedLine(
        item_id=item_id,
        quantity=quantity,
        order_lines=1,
        amount_idr=amount_idr,
        alone_idr=amount_idr,
    )


def placed(*lines: ConsolidatedLine) -> ConsolidatedOrderPlaced:
    return ConsolidatedOrderPlaced(**ORDER, part=1, lines=lines)


def received(item_id: str, accepted: int) -> GoodsReceived:
    return GoodsReceived(
        **ORDER,
        receipt_id="r1",
        received_on=DAY,
        reference="SJ 1",
        lines=(ReceivedLine(item_id=item_id, accepted=accepted),),
    )


def billed(
    item_id: str = "oil", quantity: int = 105, goods_idr: int = 18_270_000, ppn_idr: int = 2_009_700
) -> InvoiceLine:
    return InvoiceLine(item_id=item_id, quantity=quantity, goods_idr=goods_idr, ppn_idr=ppn_idr)


def enter(*lines: InvoiceLine, **other: Any) -> EnterInvoice:
    content: dict[str, Any] = {
        "invoice_id": "i1",
        "cycle_id": "c1",
        "supplier_id": "indofood",
        "invoice_no": "INV/1",
        "tax_invoice_no": "010",
        "invoiced_on": DAY,
        **other,
    }
    return EnterInvoice(asked=asked(), lines=lines or (billed(),), **content)


bought = given(invoices, payments, costed_invoices).events(
    opened, ppn, fee, matching, placed(order_line("oil", 105, 18_270_000))
)
ready = bought.events(received("oil", 105))
short = bought.events(received("oil", 102))


def after(start: Given, *commands: Any) -> Given:
    """What the commands led to has happened too."""
    for command in commands:
        start = start.events(*start.when(command).then_recorded())
    return start


# -- entering ------------------------------------------------------------------------------


def test_an_equal_invoice_names_the_rules_it_was_matched_by() -> None:
    (matched,) = ready.when(enter()).then_recorded()
    assert isinstance(matched, SupplierInvoiceMatched)
    assert (matched.held, matched.ppn_version_no, matched.matching_version_no) == (False, 1, 4)
    assert [line.outcome for line in matched.lines] == ["equal"]


def test_what_was_billed_and_not_accepted_is_claimed_at_once() -> None:
    _, note = short.when(enter()).then_recorded()
    assert isinstance(note, DebitNoteIssued)
    assert (note.goods_idr, note.ppn_idr) == (522_000, 57_420)
    assert [(line.item_id, line.units) for line in note.lines] == [("oil", 3)]


def test_the_same_invoice_again_is_the_same_fact() -> None:
    entered = after(short, enter())
    entered.when(enter()).then_nothing()
    entered.when(enter(tax_invoice_no="011")).then_refused(InvoiceExists)


def test_a_number_of_a_supplier_is_taken_once() -> None:
    entered = after(ready, enter(billed(quantity=5, goods_idr=870_000, ppn_idr=95_700)))
    entered.when(enter(invoice_id="i2")).then_refused(InvoiceNoTaken, invoice_id="i1")


def test_units_are_invoiced_once() -> None:
    entered = after(short, enter())
    entered.when(enter(invoice_id="i2", invoice_no="INV/2")).then_refused(NothingToInvoice)


def test_before_the_goods_there_is_nothing_to_invoice() -> None:
    bought.when(enter()).then_refused(NothingToInvoice)


def test_surplus_that_went_back_is_not_accepted() -> None:
    went = SurplusDecided(
        **ORDER, receipt_id="r1", item_id="oil", units=3, decision="return", reason="too many"
    )
    matched, _ = ready.events(went).when(enter()).then_recorded()
    assert isinstance(matched, SupplierInvoiceMatched)
    assert matched.lines[0].units == 102
    kept = ready.events(msgspec.structs.replace(went, decision="stock"))
    (equal,) = kept.when(enter()).then_recorded()
    assert isinstance(equal, SupplierInvoiceMatched)


def test_the_order_as_it_was_amended_is_the_price() -> None:
    """D cancels after the close: 95 cartons at the lower tier."""
    amended = ConsolidatedOrderAmended(
        **ORDER,
        revision=2,
        reason="D cancelled",
        lines=(order_line("oil", 95, 17_100_000),),
        items=(),
    )
    start = bought.events(amended, received("oil", 95))
    line = billed(quantity=95, goods_idr=17_100_000, ppn_idr=1_881_000)
    (matched,) = start.when(enter(line)).then_recorded()
    assert isinstance(matched, SupplierInvoiceMatched)
    assert matched.lines[0].outcome == "equal"


def test_a_withdrawn_order_is_none() -> None:
    withdrawn = ConsolidatedOrderWithdrawn(**ORDER, reason="reopened")
    bought.events(withdrawn).when(enter()).then_refused(NoSuchConsolidatedOrder)
    bought.when(enter(cycle_id="c2")).then_refused(NoSuchConsolidatedOrder)


def test_without_a_rule_prices_must_be_equal_to_the_rupiah() -> None:
    start = given(invoices).events(
        ppn, placed(order_line("oil", 105, 18_270_000)), received("oil", 105)
    )
    (matched,) = start.when(enter(billed(goods_idr=18_270_001))).then_recorded()
    assert isinstance(matched, SupplierInvoiceMatched)
    assert (matched.held, matched.matching_version_no) == (True, 0)


def test_ppn_needs_its_rule_unless_all_is_exempt() -> None:
    start = given(invoices).events(placed(order_line("oil", 105, 18_270_000)), received("oil", 105))
    start.when(enter()).then_refused(PricingRuleMissing, rule="ppn")
    exempt = start.events(ItemDescribed(item_id="oil", tax_class="exempt"))
    (matched,) = exempt.when(enter(billed(ppn_idr=0))).then_recorded()
    assert isinstance(matched, SupplierInvoiceMatched)
    assert (matched.held, matched.ppn_version_no) == (False, 0)


@pytest.mark.parametrize(
    ("broken", "rule_id"),
    [
        (rule("ppn", 2, DAY, rate_bp=1_200), "ppn"),
        (rule("fee", 2, DAY, rate_bp=150), "fee"),
        (rule("fee", 2, DAY, rate_bp=150, consortium_parts=0, host_parts=0), "fee"),
        (rule("matching", 5, DAY, variance_bp=-1, variance_idr=0), "matching"),
        (rule("rebate.indofood", 1, DAY, rate_bp=150), "rebate.indofood"),
    ],
)
def test_a_rule_that_cannot_be_applied_is_told_to_whoever_enters(
    broken: RuleSet, rule_id: str
) -> None:
    ready.events(broken).when(enter()).then_refused(PricingRuleMissing, rule=rule_id)


def test_the_rules_of_the_day_of_the_invoice_are_applied() -> None:
    later = rule("ppn", 2, date(2026, 1, 13), rate_bp=2_400, **_base())
    (matched,) = ready.events(later).when(enter()).then_recorded()
    assert isinstance(matched, SupplierInvoiceMatched)
    assert matched.ppn_version_no == 1


def _base() -> dict[str, int]:
    return {"base_numerator": 11, "base_denominator": 12, "half_up": 1, "rounded_base": 0}


@pytest.mark.parametrize(
    ("command", "pointer"),
    [
        (enter(billed(), billed()), "/lines/1/item_id"),
        (enter(billed(quantity=0)), "/lines/0/quantity"),
        (enter(billed(goods_idr=-1)), "/lines/0/goods_idr"),
        (enter(billed(ppn_idr=MOST_AMOUNT_IDR + 1)), "/lines/0/ppn_idr"),
        (enter(invoiced_on=date(2026, 1, 16)), "/invoiced_on"),
        (enter(*[billed(item_id=str(each)) for each in range(MOST_LINES + 1)]), "/lines"),
    ],
)
def test_an_invoice_that_contradicts_itself_is_refused(command: EnterInvoice, pointer: str) -> None:
    ready.when(command).then_refused(InvoiceDoesNotFit, pointer=pointer)


# -- releasing -----------------------------------------------------------------------------

dear = enter(billed(goods_idr=18_900_000, ppn_idr=2_079_000))


def test_a_held_invoice_claims_nothing_until_it_is_released() -> None:
    (matched,) = short.when(dear).then_recorded()
    held = short.events(matched)
    released, note = held.when(release()).then_recorded()
    assert isinstance(released, SupplierInvoiceReleased)
    assert isinstance(note, DebitNoteIssued)
    assert (note.goods_idr, note.ppn_idr) == (540_000, 59_400)
    held.events(released, note).when(release()).then_nothing()


def test_what_is_not_held_needs_no_release() -> None:
    after(ready, enter()).when(release()).then_nothing()
    ready.when(release("i9")).then_refused(NoSuchInvoice)


def test_a_refused_invoice_may_come_again_corrected_under_the_same_number() -> None:
    held = after(ready, dear)
    (refused,) = held.when(refuse()).then_recorded()
    assert isinstance(refused, SupplierInvoiceRefused)
    assert refused.units == {"oil": 105}
    back = held.events(refused)
    back.when(refuse()).then_nothing()
    back.when(release()).then_refused(InvoiceIsRefused)
    back.when(pay(1)).then_refused(InvoiceIsRefused)
    back.when(cost(HELD)).then_refused(InvoiceIsRefused)
    (matched,) = back.when(enter(invoice_id="i2")).then_recorded()
    assert isinstance(matched, SupplierInvoiceMatched)
    assert matched.lines[0].outcome == "equal"


def test_what_is_owed_is_not_refused() -> None:
    after(ready, enter()).when(refuse()).then_refused(InvoiceIsOwed)
    after(ready, dear, release()).when(refuse()).then_refused(InvoiceIsOwed)
    ready.when(refuse()).then_refused(NoSuchInvoice)


def refuse() -> RefuseInvoice:
    return RefuseInvoice(asked=asked(), invoice_id="i1", reason="the price is wrong")


def release(invoice_id: str = "i1") -> ReleaseInvoice:
    return ReleaseInvoice(asked=asked(), invoice_id=invoice_id, reason="agreed by phone")


# -- paying --------------------------------------------------------------------------------


def pay(amount_idr: int, payment_id: str = "p1", **other: Any) -> PayInvoice:
    content: dict[str, Any] = {
        "invoice_id": "i1",
        "paid_on": DAY,
        "reference": "BCA 1",
        **other,
    }
    return PayInvoice(asked=asked(), payment_id=payment_id, amount_idr=amount_idr, **content)


def test_no_more_is_paid_than_is_owed_after_the_debit_note() -> None:
    entered = after(short, enter())
    owed = 18_270_000 + 2_009_700 - 579_420
    (paid,) = entered.when(pay(owed)).then_recorded()
    assert isinstance(paid, InvoicePaid)
    entered.when(pay(owed + 1)).then_refused(InvoiceOverpaid, outstanding_idr=owed)
    paid_all = entered.events(paid)
    paid_all.when(pay(owed)).then_nothing()
    paid_all.when(pay(owed - 1)).then_refused(PaymentExists)
    paid_all.when(pay(1, "p2")).then_refused(InvoiceOverpaid, outstanding_idr=0)


def test_who_pays_sets_off_what_is_claimed_once() -> None:
    """Else the claim and the debt it was made about would both stand for ever."""
    entered = after(short, enter())
    (first,) = entered.when(pay(1_000)).then_recorded()
    assert isinstance(first, InvoicePaid)
    assert first.set_off_idr == 579_420
    (second,) = entered.events(first).when(pay(1_000, "p2")).then_recorded()
    assert isinstance(second, InvoicePaid)
    assert second.set_off_idr == 0


def test_a_held_invoice_is_not_paid() -> None:
    held = after(short, dear)
    held.when(pay(1)).then_refused(InvoiceIsHeld)
    after(held, release()).when(pay(1)).then_recorded()


def test_a_payment_that_cannot_be_is_refused() -> None:
    entered = after(short, enter())
    entered.when(pay(0)).then_refused(InvoiceDoesNotFit, pointer="/amount_idr")
    entered.when(pay(1, paid_on=date(2026, 1, 16))).then_refused(
        InvoiceDoesNotFit, pointer="/paid_on"
    )
    entered.when(pay(1, invoice_id="i9")).then_refused(NoSuchInvoice)


def test_a_rebate_is_received_once() -> None:
    command = ReceiveRebate(
        asked=asked(),
        rebate_id="b1",
        cycle_id="c1",
        supplier_id="indofood",
        amount_idr=274_050,
        received_on=DAY,
        reference="BCA 7",
    )
    (rebate,) = ready.when(command).then_recorded()
    assert isinstance(rebate, RebateReceived)
    ready.events(rebate).when(command).then_nothing()
    other = msgspec.structs.replace(command, amount_idr=1)
    ready.events(rebate).when(other).then_refused(RebateExists)
    lost = msgspec.structs.replace(command, cycle_id="c2")
    ready.when(lost).then_refused(NoSuchConsolidatedOrder)


# -- costing -------------------------------------------------------------------------------


def cost(
    held: dict[str, int], first_part: int = 1, *, returned: int = 0, item_id: str = "oil"
) -> CostInvoice:
    holders = tuple(
        Holder(koperasi_id=koperasi, units=units, goods_idr=units * 174_000)
        for koperasi, units in held.items()
    )
    line = LineToCost(item_id=item_id, holders=holders, returned=returned)
    return CostInvoice(
        asked=asked(),
        invoice_id="i1",
        cycle_id="c1",
        supplier_id="indofood",
        first_part=first_part,
        lines=(line,),
    )


def test_an_invoice_is_costed_once_by_the_rules_of_its_day() -> None:
    entered = after(ready, enter())
    (costed,) = entered.when(cost(HELD)).then_recorded()
    assert isinstance(costed, InvoiceCosted)
    assert (costed.part, costed.fee_version_no, costed.rebate_version_no) == (1, 1, 0)
    assert costed.fees == (
        FeeSplit(receiver=CONSORTIUM, amount_idr=164_430),
        FeeSplit(receiver="a", amount_idr=109_620),
    )
    assert [row.ppn_idr for row in costed.items[0].rows] == [765_600, 669_900, 382_800, 191_400]
    entered.events(costed).when(cost(HELD)).then_nothing()


def test_ppn_is_credited_by_who_is_pkp_on_the_day_of_the_invoice() -> None:
    def classified(koperasi_id: str, day: date, so: bool) -> KoperasiClassified:
        return KoperasiClassified(
            koperasi_id=koperasi_id, valid_from_on=day, vat_registered=so, price_zone=1
        )

    entered = after(ready, enter()).events(
        classified("a", date(2026, 1, 1), True),
        classified("b", date(2026, 1, 1), True),
        classified("b", date(2026, 1, 12), False),
        classified("c", date(2026, 1, 13), True),
        classified("d", date(2026, 1, 12), False),
        classified("d", date(2026, 1, 12), True),
    )
    (costed,) = entered.when(cost(HELD)).then_recorded()
    assert isinstance(costed, InvoiceCosted)
    assert [row.creditable for row in costed.items[0].rows] == [True, False, False, True]


def test_a_held_invoice_costs_nobody_anything() -> None:
    after(ready, dear).when(cost(HELD)).then_refused(InvoiceIsHeld)
    ready.when(cost(HELD)).then_refused(NoSuchInvoice)


def test_goods_that_nobody_holds_are_not_costed() -> None:
    after(ready, enter()).when(cost({"a": 104})).then_refused(GoodsNotSharedOut)


def test_what_went_back_is_claimed_together_with_the_cost_of_the_rest() -> None:
    entered = after(ready, enter())
    note, costed = entered.when(cost({**HELD, "a": 37}, returned=3)).then_recorded()
    assert isinstance(note, DebitNoteIssued)
    assert isinstance(costed, InvoiceCosted)
    assert (note.reason, note.goods_idr, note.ppn_idr) == ("returned", 522_000, 57_420)
    later = entered.events(note, costed)
    later.when(pay(20_279_700)).then_refused(InvoiceOverpaid, outstanding_idr=19_700_280)
    again = enter(
        billed(quantity=3, goods_idr=522_000, ppn_idr=57_420), invoice_id="i2", invoice_no="INV/2"
    )
    went = SurplusDecided(
        **ORDER, receipt_id="r1", item_id="oil", units=3, decision="return", reason="too many"
    )
    later.events(went).when(again).then_refused(NothingToInvoice)


def test_an_invoice_all_of_which_went_back_costs_nothing() -> None:
    entered = after(ready, enter())
    note, costed = entered.when(cost({}, returned=105)).then_recorded()
    assert isinstance(note, DebitNoteIssued)
    assert isinstance(costed, InvoiceCosted)
    assert note.goods_idr + note.ppn_idr == 20_279_700
    assert costed.items[0].rows == ()


@settings(max_examples=30)
@everywhere(st.integers(1, 3 * ROWS_A_PART + 1), st.integers(-1, 1))
def test_parts_add_up_to_the_invoice_exactly(koperasi: int, off: int) -> None:
    """Every part has at most 400 rows, its fees are split whole, and the rounding stands once."""
    units = koperasi * 3
    start = given(invoices, costed_invoices).events(
        opened, ppn, fee, placed(order_line("oil", units, units * 174_000)), received("oil", units)
    )
    line = billed(quantity=units, goods_idr=units * 174_000, ppn_idr=units * 19_140 + off)
    entered = after(start, enter(line))
    found = entered.when(cost({f"k{each}": 3 for each in range(koperasi)})).then_recorded()
    parts = [part for part in found if isinstance(part, InvoiceCosted)]
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    rows = [row for part in parts for item in part.items for row in item.rows]
    assert len(rows) == koperasi
    for part in parts:
        of_part = [row for item in part.items for row in item.rows]
        assert 0 < len(of_part) <= ROWS_A_PART
        assert sum(each.amount_idr for each in part.fees) == sum(row.fee_idr for row in of_part)
    assert sum(row.goods_idr + row.variance_idr for row in rows) == units * 174_000
    roundings = sum(item.rounding_idr for part in parts for item in part.items)
    assert (sum(row.ppn_idr for row in rows), roundings) == (units * 19_140, off)


# -- charges -------------------------------------------------------------------------------

cycle = given(charges).events(opened)


def bill(amount_idr: int = 1_000_000, bill_no: int = 1, **other: Any) -> BillCharge:
    content: dict[str, Any] = {
        "cycle_id": "c1",
        "payee": "Truk",
        "kind": "freight",
        "key": "weight",
        "billed_on": DAY,
        "reference": "TRK 5",
        **other,
    }
    return BillCharge(
        asked=asked(), charge_id="f1", amount_idr=amount_idr, bill_no=bill_no, **content
    )


GOODS = (
    Goods("bulog", "rice", 1_000, 0, 1_000),
    Goods("indofood", "flour", 1_000, 0, 1_000),
    Goods("indofood", "oil", 105, 18_270_000, 11_000),
)


def weigh(bill_no: int = 1, goods: tuple[Goods, ...] = GOODS) -> WeighCharge:
    return WeighCharge(asked=asked(), charge_id="f1", bill_no=bill_no, goods=goods)


def share(bill_no: int = 1, first_part: int = 1) -> ShareCharge:
    line = LineToShare(supplier_id="indofood", item_id="oil", holders=tuple(HELD.items()))
    return ShareCharge(
        asked=asked(), charge_id="f1", bill_no=bill_no, first_part=first_part, lines=(line,)
    )


def test_l1_and_l2_a_bill_is_weighed_once_then_shared_once() -> None:
    billed_ = after(cycle, bill())
    (weighed,) = billed_.when(weigh()).then_recorded()
    assert isinstance(weighed, ChargeWeighed)
    assert [(line.item_id, line.amount_idr) for line in weighed.lines] == [
        ("rice", 316_957),
        ("flour", 316_957),
        ("oil", 366_086),
    ]
    known = billed_.events(weighed)
    known.when(weigh()).then_nothing()
    (shared,) = known.when(share()).then_recorded()
    assert isinstance(shared, LandedCostAdjusted)
    assert {row.koperasi_id: row.amount_idr for row in shared.rows} == {
        "a": 139_461,
        "b": 122_029,
        "c": 69_731,
        "d": 34_865,
    }
    known.events(shared).when(share()).then_nothing()


def test_l6_a_later_bill_splits_the_difference_up_or_down() -> None:
    start = after(cycle, bill(), weigh(), share(), bill(1_030_000, 2))
    (more,) = start.when(weigh(2)).then_recorded()
    assert isinstance(more, ChargeWeighed)
    assert sum(line.amount_idr for line in more.lines) == 30_000
    down = after(start.events(more), bill(990_000, 3))
    weighed = after(down, weigh(3))
    (less,) = weighed.when(share(3)).then_recorded()
    assert isinstance(less, LandedCostAdjusted)
    assert sum(row.amount_idr for row in less.rows) == -14_644
    assert all(row.amount_idr < 0 for row in less.rows)


def test_bills_of_a_charge_follow_one_another() -> None:
    first = after(cycle, bill())
    first.when(bill()).then_nothing()
    first.when(bill(999)).then_refused(ChargeExists, current_version=1)
    first.when(bill(999, 3)).then_refused(OutOfTurn, current_version=1)
    first.when(bill(999, 2, payee="Kapal")).then_refused(ChargeExists)
    (second,) = first.when(bill(0, 2)).then_recorded()
    assert isinstance(second, ChargeBilled)
    first.events(second).when(bill()).then_nothing()


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (bill(cycle_id="c2"), NoSuchCycle),
        (bill(0), InvoiceDoesNotFit),
        (bill(key="manual"), ChargeDoesNotFit),
        (bill(manual={"oil": 1}), ChargeDoesNotFit),
        (bill(key="manual", manual={"oil": 0}), ChargeDoesNotFit),
        (bill(key="manual", manual={"oil": -1, "rice": 2}), ChargeDoesNotFit),
        (bill(billed_on=date(2026, 1, 16)), InvoiceDoesNotFit),
    ],
)
def test_a_bill_that_cannot_be_is_refused(command: BillCharge, refusal: Any) -> None:
    cycle.when(command).then_refused(refusal)


def test_l3_when_nothing_weighs_anything_nothing_is_split() -> None:
    light = tuple(goods._replace(each=0) for goods in GOODS)
    after(cycle, bill()).when(weigh(goods=light)).then_refused(NothingToSplitBy)


def test_what_was_not_billed_is_not_weighed_or_shared() -> None:
    cycle.when(weigh()).then_refused(NoSuchCharge)
    cycle.when(share()).then_refused(NoSuchCharge)
