"""A receipt that was recorded wrongly: who may correct it until when, and what follows."""

from typing import Any

import pytest

from given import Given, asked, given
from jaringan_usaha.eventlog.codec import encode
from jaringan_usaha.features.catalog.events import ItemDescribed
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderSent,
    CycleOpened,
)
from jaringan_usaha.features.fulfilment.dividing import ItemClaims, ShareReceipt, shared_deliveries
from jaringan_usaha.features.fulfilment.domain import ReceiveGoods, deliveries
from jaringan_usaha.features.fulfilment.events import (
    CorrectedLine,
    DeliveryShared,
    GoodsReceived,
    ItemGiven,
    ReceiptCorrected,
    ReceivedLine,
    SurplusDecided,
)
from jaringan_usaha.features.fulfilment.events import Given as Row
from jaringan_usaha.features.fulfilment.sharing import Claimant
from jaringan_usaha.features.fulfilment.surplus import DecideSurplus, NotSharedYet, surplus
from jaringan_usaha.features.invoicing.corrections import (
    MOST_LINES,
    CorrectionDoesNotFit,
    CorrectionExists,
    CorrectReceipt,
    GoodsAreInvoiced,
    NoSuchReceipt,
    SurplusIsDecided,
    corrections,
)
from jaringan_usaha.features.invoicing.domain import OutOfTurn
from jaringan_usaha.features.invoicing.events import (
    InvoiceLine,
    SupplierInvoiceMatched,
    SupplierInvoiceRefused,
)
from jaringan_usaha.features.invoicing.invoices import EnterInvoice, invoices
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.quantity import MOST_UNITS

IDS = {"consolidated_order_id": "c1|indofood", "cycle_id": "c1", "supplier_id": "indofood"}
TODAY = day_of_business(asked().at)
OIL_IDR, PPN_IDR = 174_000, 19_140


def line(item_id: str, quantity: int) -> ConsolidatedLine:
    return ConsolidatedLine(
        item_id=item_id,
        quantity=quantity,
        order_lines=1,
        amount_idr=quantity * OIL_IDR,
        alone_idr=quantity * OIL_IDR,
        firm=quantity,
    )


def received(accepted: int, item_id: str = "oil") -> GoodsReceived:
    counted = ReceivedLine(item_id=item_id, accepted=accepted)
    return GoodsReceived(
        **IDS, receipt_id="r1", received_on=TODAY, reference="SJ 1", lines=(counted,)
    )


ordered = given(deliveries, shared_deliveries, surplus, corrections, invoices).events(
    CycleOpened(
        cycle_id="c1",
        title="Januari",
        opens_at=asked().at,
        closes_at=asked().at,
        prices="listed",
        priced_on=TODAY,
    ),
    ConsolidatedOrderPlaced(**IDS, part=1, lines=(line("oil", 60), line("rice", 60))),
    ConsolidatedOrderSent(**IDS, revision=1),
)
"""Sixty cartons of oil, for a; and of rice."""

mistyped = ordered.events(received(600))


def correct(
    *lines: ReceivedLine, accepted: int = 60, number: int = 1, **other: Any
) -> CorrectReceipt:
    content: dict[str, Any] = {
        "receipt_id": "r1",
        "cycle_id": "c1",
        "supplier_id": "indofood",
        "reason": "a 0 too many",
        **other,
    }
    lines = lines or (ReceivedLine(item_id="oil", accepted=accepted),)
    return CorrectReceipt(asked=asked(), correction_no=number, lines=lines, **content)


def corrected(accepted: int, before: int, number: int = 1) -> ReceiptCorrected:
    return ReceiptCorrected(
        **IDS,
        receipt_id="r1",
        correction_no=number,
        reason="a 0 too many",
        lines=(CorrectedLine(item_id="oil", accepted=accepted, accepted_before=before),),
    )


# -- correcting ----------------------------------------------------------------------------


def test_a_receipt_that_was_typed_wrongly_is_corrected() -> None:
    mistyped.when(correct()).then(corrected(60, 600))
    again = mistyped.events(corrected(60, 600))
    again.when(correct()).then_nothing()
    again.when(correct(accepted=66, number=2)).then(corrected(66, 60, number=2))


def test_an_item_that_was_forgotten_is_added() -> None:
    rice = ReceivedLine(item_id="rice", accepted=8, rejected=1, reason="wet")
    (added,) = mistyped.when(correct(rice)).then_recorded()
    assert isinstance(added, ReceiptCorrected)
    assert added.lines == (
        CorrectedLine(item_id="rice", accepted=8, accepted_before=0, rejected=1, reason="wet"),
    )


def test_two_who_correct_the_same_count_do_not_overwrite_each_other() -> None:
    once = mistyped.events(corrected(60, 600))
    once.when(correct(accepted=61)).then_refused(CorrectionExists, current_version=1)
    mistyped.when(correct(number=2)).then_refused(OutOfTurn, current_version=0)


def test_a_correction_does_not_hide_that_the_receipt_was_recorded() -> None:
    """A till that repeats its receipt later is told that it is there."""
    counted = ReceivedLine(item_id="oil", accepted=600)
    again = ReceiveGoods(
        asked=asked(),
        receipt_id="r1",
        cycle_id="c1",
        supplier_id="indofood",
        received_on=TODAY,
        reference="SJ 1",
        lines=(counted,),
    )
    mistyped.events(corrected(60, 600)).when(again).then_nothing()


@pytest.mark.parametrize("other", [{"receipt_id": "r2"}, {"supplier_id": "bulog"}])
def test_only_a_receipt_that_is_there_is_corrected(other: dict[str, str]) -> None:
    mistyped.when(correct(**other)).then_refused(NoSuchReceipt)


@pytest.mark.parametrize(
    ("lines", "pointer"),
    [
        ((ReceivedLine(item_id="eggs", accepted=1),), "/lines/0/item_id"),
        ((ReceivedLine(item_id="oil", accepted=600),), "/lines/0"),
        ((ReceivedLine(item_id="oil", accepted=-1),), "/lines/0"),
        ((ReceivedLine(item_id="oil", accepted=MOST_UNITS + 1),), "/lines/0"),
        ((ReceivedLine(item_id="oil", accepted=1, rejected=1),), "/lines/0/reason"),
        ((ReceivedLine(item_id="oil", accepted=1),) * 2, "/lines/1"),
        ((ReceivedLine(item_id="oil", accepted=1),) * (MOST_LINES + 1), "/lines"),
    ],
)
def test_a_correction_that_does_not_fit_is_shown(
    lines: tuple[ReceivedLine, ...], pointer: str
) -> None:
    mistyped.when(correct(*lines)).then_refused(CorrectionDoesNotFit, pointer=pointer)


def test_a_correction_fits_into_one_fact() -> None:
    most = CorrectedLine(
        item_id="i" * 64,
        accepted=MOST_UNITS,
        accepted_before=MOST_UNITS,
        rejected=MOST_UNITS,
        rejected_before=MOST_UNITS,
        reason="é" * 100,
    )
    fact = ReceiptCorrected(
        **IDS,
        receipt_id="r" * 64,
        correction_no=1_000,
        reason="é" * 500,
        lines=(most,) * MOST_LINES,
    )
    assert len(encode(fact)) < 64 * 1024


# -- what rests on it ----------------------------------------------------------------------


def billed(quantity: int) -> EnterInvoice:
    goods_idr = quantity * OIL_IDR
    return EnterInvoice(
        asked=asked(),
        invoice_id="i1",
        cycle_id="c1",
        supplier_id="indofood",
        invoice_no="INV/1",
        tax_invoice_no="010",
        invoiced_on=TODAY,
        lines=(InvoiceLine(item_id="oil", quantity=quantity, goods_idr=goods_idr, ppn_idr=0),),
    )


def invoiced(start: Given, quantity: int) -> tuple[Given, SupplierInvoiceMatched]:
    exempt = start.events(ItemDescribed(item_id="oil", tax_class="exempt"))
    events = exempt.when(billed(quantity)).then_recorded()
    assert isinstance(events[0], SupplierInvoiceMatched)
    return exempt.events(*events), events[0]


def test_an_invoice_is_matched_with_the_corrected_count() -> None:
    _, matched = invoiced(mistyped.events(corrected(57, 600)), 60)
    assert [(each.accepted, each.claimed) for each in matched.lines] == [(57, 3)]


def test_what_is_invoiced_is_not_taken_off_the_receipt() -> None:
    start, matched = invoiced(mistyped, 60)
    start.when(correct(accepted=599)).then_refused(GoodsAreInvoiced, invoiced=60)
    start.when(correct(accepted=601)).then(corrected(601, 600))
    refused = SupplierInvoiceRefused(
        **IDS, invoice_id="i1", invoice_no="INV/1", reason="x", units={"oil": 60}
    )
    start.events(refused).when(correct()).then(corrected(60, 600))
    assert not matched.held


def test_surplus_that_was_decided_about_did_come() -> None:
    returned = SurplusDecided(
        **IDS, receipt_id="r1", item_id="oil", units=100, decision="return", reason="too much"
    )
    decided = mistyped.events(returned)
    decided.when(correct(accepted=99)).then_refused(SurplusIsDecided, decided=100)
    decided.when(correct(accepted=100)).then(corrected(100, 600))


# -- sharing it out anew -------------------------------------------------------------------


def share(received_: int, *items: str) -> ShareReceipt:
    claimant = Claimant("a", 60, 0, 1, 60, 60 * OIL_IDR, False, received_, received_ * OIL_IDR)
    return ShareReceipt(
        asked=asked(),
        receipt_id="r1",
        cycle_id="c1",
        supplier_id="indofood",
        order_changes=0,
        items=tuple(ItemClaims(item_id=each, claimants=(claimant,)) for each in items or ("oil",)),
    )


def given_out(log: Given, received_: int) -> ItemGiven:
    (shared,) = log.when(share(received_)).then_recorded()
    assert isinstance(shared, DeliveryShared)
    return shared.items[0]


def shared(log: Given, received_: int) -> Given:
    return log.events(*log.when(share(received_)).then_recorded())


def test_units_that_never_came_are_taken_back_surplus_first() -> None:
    log = shared(mistyped, 0)
    log.when(share(60)).then_nothing()
    log = log.events(corrected(50, 600))
    taken = given_out(log, 60)
    assert (taken.accepted, taken.surplus, taken.goods_idr) == (-550, -540, -10 * OIL_IDR)
    assert taken.rows == (Row("a", 60, 0, -10, -10 * OIL_IDR, -10 * OIL_IDR),)
    shared(log, 60).when(share(50)).then_nothing()


def test_units_that_came_after_all_are_shared_out_like_a_further_delivery() -> None:
    log = shared(ordered.events(received(6)), 0).events(corrected(66, 6))
    more = given_out(log, 6)
    assert (more.accepted, more.surplus, more.goods_idr) == (60, 6, 54 * OIL_IDR)
    assert more.rows == (Row("a", 54, 0, 54, 54 * OIL_IDR, 54 * OIL_IDR),)


def test_a_correction_before_the_goods_are_shared_leaves_nothing_to_take_back() -> None:
    assert given_out(mistyped.events(corrected(60, 600)), 0).accepted == 60
    mistyped.events(corrected(0, 600)).when(share(0)).then_nothing()


def test_surplus_is_decided_about_once_the_correction_is_shared() -> None:
    decide = DecideSurplus(
        asked=asked(),
        receipt_id="r1",
        cycle_id="c1",
        supplier_id="indofood",
        item_id="oil",
        units=1,
        decision="return",
        reason="too much",
    )
    log = shared(mistyped, 0).events(corrected(62, 600))
    log.when(decide).then_refused(NotSharedYet)
    (fact,) = shared(log, 60).when(decide).then_recorded()
    assert isinstance(fact, SurplusDecided)
