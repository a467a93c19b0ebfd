"""Capital that koperasi pledge and pay."""

from datetime import UTC, date, datetime, timedelta

import pytest

from given import NOON, asked, given
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiReinstated,
    KoperasiSuspended,
    RuleSet,
)
from jaringan_usaha.features.shares.domain import (
    MOST_AMOUNT_IDR,
    CommitShare,
    KoperasiIsSuspended,
    NoSuchKoperasi,
    PaymentReferenceReused,
    PayShare,
    ShareBelowMinimum,
    ShareDoesNotFit,
    ShareOverpaid,
    ShareRuleMissing,
    shares,
)
from jaringan_usaha.features.shares.events import ShareCommitted, SharePaid
from jaringan_usaha.features.shares.views import part_bp

MILLION = 1_000_000
TARGET = 5_000 * MILLION
today, tomorrow = date(2026, 1, 15), date(2026, 1, 16)

melati = KoperasiAdmitted(koperasi_id="melati", title="Koperasi Melati")
suspended = KoperasiSuspended(koperasi_id="melati", reason="no report")
reinstated = KoperasiReinstated(koperasi_id="melati", reason="report is in")


def rule(
    version_no: int = 1,
    minimum_idr: int = 100 * MILLION,
    valid_from_on: date = date(2018, 1, 1),
    rule_id: str = "shares",
) -> RuleSet:
    return RuleSet(
        rule_id=rule_id,
        version_no=version_no,
        valid_from_on=valid_from_on,
        values={"minimum_idr": minimum_idr, "target_idr": TARGET},
        source="RAT 2018",
    )


def commit(amount_idr: int, koperasi_id: str = "melati", at: datetime = NOON) -> CommitShare:
    return CommitShare(asked=asked(at), koperasi_id=koperasi_id, amount_idr=amount_idr)


def committed(
    amount_idr: int, pledge_no: int = 1, version_no: int = 1, koperasi_id: str = "melati"
) -> ShareCommitted:
    return ShareCommitted(
        koperasi_id=koperasi_id,
        pledge_no=pledge_no,
        amount_idr=amount_idr,
        rule="shares",
        rule_version_no=version_no,
    )


def pay(
    amount_idr: int, reference: str, paid_on: date = today, koperasi_id: str = "melati"
) -> PayShare:
    return PayShare(
        asked=asked(),
        koperasi_id=koperasi_id,
        amount_idr=amount_idr,
        paid_on=paid_on,
        reference=reference,
    )


def paid(amount_idr: int, reference: str, payment_no: int = 1) -> SharePaid:
    return SharePaid(
        koperasi_id="melati",
        payment_no=payment_no,
        amount_idr=amount_idr,
        paid_on=today,
        reference=reference,
    )


ready = given(shares).events(melati, rule())
pledged = ready.events(committed(150 * MILLION))

# -- pledges -------------------------------------------------------------------------------


def test_a_pledge_names_the_rule_it_was_measured_by() -> None:
    ready.when(commit(100 * MILLION)).then(committed(100 * MILLION))


def test_a_first_pledge_below_the_minimum_is_refused() -> None:
    short = ready.when(commit(100 * MILLION - 1))
    short.then_refused(ShareBelowMinimum, minimum_idr=100 * MILLION, rule_version_no=1)


def test_later_pledges_add_up_and_may_be_small() -> None:
    pledged.when(commit(1)).then(committed(1, pledge_no=2))


def test_the_pledge_of_one_koperasi_is_none_of_another() -> None:
    mawar = KoperasiAdmitted(koperasi_id="mawar", title="Koperasi Mawar")
    pledged.events(mawar).when(commit(1, "mawar")).then_refused(ShareBelowMinimum)


def test_without_a_rule_in_force_nothing_is_pledged() -> None:
    admitted = given(shares).events(melati)
    admitted.when(commit(100 * MILLION)).then_refused(ShareRuleMissing)
    later = admitted.events(rule(valid_from_on=tomorrow))
    later.when(commit(100 * MILLION)).then_refused(ShareRuleMissing)
    other = admitted.events(rule(rule_id="ppn"))
    other.when(commit(100 * MILLION)).then_refused(ShareRuleMissing)


def test_a_rule_that_names_no_minimum_does_not_help() -> None:
    empty = RuleSet(
        rule_id="shares", version_no=1, valid_from_on=today, values={"other": 1}, source="RAT"
    )
    vague = given(shares).events(melati, empty)
    vague.when(commit(100 * MILLION)).then_refused(ShareRuleMissing)


def test_the_rule_changes_at_midnight_in_jakarta() -> None:
    midnight = datetime(2026, 1, 31, 17, 0, tzinfo=UTC)
    new = rule(2, 150 * MILLION, date(2026, 2, 1))
    log = ready.events(new)
    log.when(commit(100 * MILLION, at=midnight)).then_refused(
        ShareBelowMinimum, minimum_idr=150 * MILLION, rule_version_no=2
    )
    second = timedelta(seconds=1)
    log.when(commit(100 * MILLION, at=midnight - second)).then(committed(100 * MILLION))
    log.when(commit(150 * MILLION, at=midnight)).then(committed(150 * MILLION, version_no=2))


def test_of_rules_that_have_begun_the_one_that_began_last_holds() -> None:
    set_afterwards = rule(2, 300 * MILLION, date(2017, 1, 1))
    ready.events(set_afterwards).when(commit(100 * MILLION)).then(committed(100 * MILLION))


def test_an_unknown_koperasi_holds_no_shares() -> None:
    ready.when(commit(100 * MILLION, "mawar")).then_refused(NoSuchKoperasi)
    ready.when(pay(1, "bank-1", koperasi_id="mawar")).then_refused(NoSuchKoperasi)


def test_a_suspended_koperasi_neither_pledges_nor_pays_until_it_is_reinstated() -> None:
    away = pledged.events(suspended)
    away.when(commit(MILLION)).then_refused(KoperasiIsSuspended)
    away.when(pay(MILLION, "bank-1")).then_refused(KoperasiIsSuspended)
    back = away.events(reinstated)
    back.when(commit(MILLION)).then(committed(MILLION, pledge_no=2))
    back.when(pay(MILLION, "bank-1")).then(paid(MILLION, "bank-1"))


@pytest.mark.parametrize("amount_idr", [0, -1, MOST_AMOUNT_IDR + 1])
def test_amounts_are_positive_and_not_beyond_all_measure(amount_idr: int) -> None:
    pledged.when(commit(amount_idr)).then_refused(ShareDoesNotFit, pointer="/amount_idr")
    pledged.when(pay(amount_idr, "x")).then_refused(ShareDoesNotFit, pointer="/amount_idr")


# -- payments ------------------------------------------------------------------------------


def test_h2_a_pledge_is_paid_in_parts_and_no_further() -> None:
    first, second = paid(100 * MILLION, "bank-1"), paid(30 * MILLION, "bank-2", 2)
    pledged.when(pay(100 * MILLION, "bank-1")).then(first)
    pledged.events(first).when(pay(30 * MILLION, "bank-2")).then(second)
    most = pledged.events(first, second)
    most.when(pay(30 * MILLION, "bank-3")).then_refused(ShareOverpaid, outstanding_idr=20 * MILLION)
    most.when(pay(20 * MILLION, "bank-3")).then(paid(20 * MILLION, "bank-3", 3))


def test_without_a_pledge_nothing_is_outstanding() -> None:
    ready.when(pay(1, "bank-1")).then_refused(ShareOverpaid, outstanding_idr=0)


def test_a_further_pledge_makes_room_for_a_payment() -> None:
    more = pledged.events(paid(150 * MILLION, "bank-1"), committed(MILLION, 2))
    more.when(pay(MILLION, "bank-2")).then(paid(MILLION, "bank-2", 2))


def test_the_same_payment_again_records_nothing() -> None:
    once = pledged.events(paid(100 * MILLION, "bank-1"))
    once.when(pay(100 * MILLION, "bank-1")).then_nothing()


def test_a_payment_reference_stands_for_one_payment() -> None:
    once = pledged.events(paid(100 * MILLION, "bank-1"))
    once.when(pay(50 * MILLION, "bank-1")).then_refused(PaymentReferenceReused)
    another_day = pay(100 * MILLION, "bank-1", date(2026, 1, 14))
    once.when(another_day).then_refused(PaymentReferenceReused)


def test_two_koperasi_may_use_the_same_reference() -> None:
    mawar = KoperasiAdmitted(koperasi_id="mawar", title="Koperasi Mawar")
    both = pledged.events(paid(MILLION, "1"), mawar, committed(100 * MILLION, koperasi_id="mawar"))
    (event,) = both.when(pay(2 * MILLION, "1", koperasi_id="mawar")).then_recorded()
    assert isinstance(event, SharePaid)
    assert (event.koperasi_id, event.payment_no) == ("mawar", 1)


def test_a_payment_is_dated_today_in_jakarta_at_the_latest() -> None:
    in_the_future = pay(MILLION, "bank-1", tomorrow)
    pledged.when(in_the_future).then_refused(ShareDoesNotFit, pointer="/paid_on")
    late = asked(datetime(2026, 1, 15, 17, 0, tzinfo=UTC))  # midnight in Jakarta
    command = PayShare(
        asked=late, koperasi_id="melati", amount_idr=1, paid_on=tomorrow, reference="bank-1"
    )
    pledged.when(command).then_recorded()


# -- progress ------------------------------------------------------------------------------


def test_h1_thirty_minimum_shares_are_sixty_percent_of_the_target_and_fifty_all_of_it() -> None:
    assert part_bp(30 * 100 * MILLION, TARGET) == 6_000
    assert part_bp(50 * 100 * MILLION, TARGET) == 10_000


def test_progress_never_shows_the_target_before_it_is_reached() -> None:
    assert part_bp(TARGET - 1, TARGET) == 9_999


def test_without_a_target_there_is_no_progress_to_show() -> None:
    assert part_bp(MILLION, None) is None
    assert part_bp(MILLION, 0) is None
