"""Who belongs to the network, and dated rules."""

from datetime import date

import pytest

from given import asked, given
from jaringan_usaha.features.registry.domain import (
    MOST_VALUES,
    AdmitKoperasi,
    AdmitSupplier,
    KoperasiExists,
    NoSuchKoperasi,
    NoSuchSupplier,
    ReinstateKoperasi,
    ReinstateSupplier,
    RuleDateTaken,
    RuleDoesNotFit,
    SetRule,
    SupplierExists,
    SuspendKoperasi,
    SuspendSupplier,
    registry,
)
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiReinstated,
    KoperasiSuspended,
    RuleSet,
    SupplierAdmitted,
    SupplierReinstated,
    SupplierSuspended,
)
from jaringan_usaha.kernel.money import MOST_IDR

melati = KoperasiAdmitted(
    koperasi_id="melati", title="Koperasi Melati", region_code="32.16", registration_no="321"
)
melati_suspended = KoperasiSuspended(koperasi_id="melati", reason="no report")
melati_reinstated = KoperasiReinstated(koperasi_id="melati", reason="report is in")
bulog = SupplierAdmitted(supplier_id="bulog", title="Bulog")
bulog_suspended = SupplierSuspended(supplier_id="bulog", reason="bad rice")
bulog_reinstated = SupplierReinstated(supplier_id="bulog", reason="good rice")

january, june = date(2026, 1, 1), date(2026, 6, 1)


def admit_melati(title: str = "Koperasi Melati", region_code: str = "32.16") -> AdmitKoperasi:
    return AdmitKoperasi(
        asked=asked(),
        koperasi_id="melati",
        title=title,
        region_code=region_code,
        registration_no="321",
    )


def admit_bulog(title: str = "Bulog") -> AdmitSupplier:
    return AdmitSupplier(asked=asked(), supplier_id="bulog", title=title)


def suspend_melati() -> SuspendKoperasi:
    return SuspendKoperasi(asked=asked(), koperasi_id="melati", reason="no report")


def reinstate_melati() -> ReinstateKoperasi:
    return ReinstateKoperasi(asked=asked(), koperasi_id="melati", reason="report is in")


def suspend_bulog() -> SuspendSupplier:
    return SuspendSupplier(asked=asked(), supplier_id="bulog", reason="bad rice")


def reinstate_bulog() -> ReinstateSupplier:
    return ReinstateSupplier(asked=asked(), supplier_id="bulog", reason="good rice")


def set_shares(
    valid_from_on: date = january, minimum_idr: int = 100, source: str = "RAT 1"
) -> SetRule:
    return SetRule(
        asked=asked(),
        rule_id="shares",
        valid_from_on=valid_from_on,
        values={"minimum_idr": minimum_idr},
        source=source,
    )


def shares_set(version_no: int = 1, valid_from_on: date = january, minimum: int = 100) -> RuleSet:
    return RuleSet(
        rule_id="shares",
        version_no=version_no,
        valid_from_on=valid_from_on,
        values={"minimum_idr": minimum},
        source="RAT 1",
    )


# -- koperasi ------------------------------------------------------------------------------


def test_a_koperasi_is_admitted() -> None:
    given(registry).when(admit_melati()).then(melati)


def test_admitting_the_same_koperasi_again_records_nothing() -> None:
    given(registry).events(melati).when(admit_melati()).then_nothing()


def test_a_suspended_koperasi_still_counts_as_admitted() -> None:
    given(registry).events(melati, melati_suspended).when(admit_melati()).then_nothing()


@pytest.mark.parametrize("other", [{"title": "Koperasi Mawar"}, {"region_code": "36.04"}])
def test_other_data_under_a_taken_koperasi_id_is_refused(other: dict[str, str]) -> None:
    given(registry).events(melati).when(admit_melati(**other)).then_refused(KoperasiExists)


def test_the_id_of_another_koperasi_takes_nothing_away() -> None:
    mawar = KoperasiAdmitted(koperasi_id="mawar", title="Koperasi Mawar")
    given(registry).events(mawar).when(admit_melati()).then(melati)


def test_a_koperasi_is_suspended_and_reinstated() -> None:
    admitted = given(registry).events(melati)
    admitted.when(suspend_melati()).then(melati_suspended)
    admitted.events(melati_suspended).when(reinstate_melati()).then(melati_reinstated)


def test_suspending_a_koperasi_twice_records_nothing() -> None:
    given(registry).events(melati, melati_suspended).when(suspend_melati()).then_nothing()


def test_reinstating_a_koperasi_that_is_not_suspended_records_nothing() -> None:
    given(registry).events(melati).when(reinstate_melati()).then_nothing()


def test_a_reinstated_koperasi_can_be_suspended_again() -> None:
    back = given(registry).events(melati, melati_suspended, melati_reinstated)
    back.when(suspend_melati()).then(melati_suspended)


def test_a_koperasi_that_was_never_admitted_is_missing() -> None:
    given(registry).when(suspend_melati()).then_refused(NoSuchKoperasi)
    given(registry).when(reinstate_melati()).then_refused(NoSuchKoperasi)


# -- suppliers -----------------------------------------------------------------------------


def test_a_supplier_is_admitted() -> None:
    given(registry).when(admit_bulog()).then(bulog)


def test_admitting_the_same_supplier_again_records_nothing() -> None:
    given(registry).events(bulog).when(admit_bulog()).then_nothing()


def test_other_data_under_a_taken_supplier_id_is_refused() -> None:
    given(registry).events(bulog).when(admit_bulog("Perum Bulog")).then_refused(SupplierExists)


def test_a_supplier_is_suspended_and_reinstated() -> None:
    admitted = given(registry).events(bulog)
    admitted.when(suspend_bulog()).then(bulog_suspended)
    admitted.events(bulog_suspended).when(reinstate_bulog()).then(bulog_reinstated)


def test_suspending_a_supplier_twice_records_nothing() -> None:
    given(registry).events(bulog, bulog_suspended).when(suspend_bulog()).then_nothing()


def test_reinstating_a_supplier_that_is_not_suspended_records_nothing() -> None:
    sold_again = given(registry).events(bulog, bulog_suspended, bulog_reinstated)
    sold_again.when(reinstate_bulog()).then_nothing()


def test_a_supplier_that_was_never_admitted_is_missing() -> None:
    given(registry).when(suspend_bulog()).then_refused(NoSuchSupplier)
    given(registry).when(reinstate_bulog()).then_refused(NoSuchSupplier)


def test_a_supplier_is_not_a_koperasi_of_the_same_id() -> None:
    namesake = SupplierAdmitted(supplier_id="melati", title="Toko Melati")
    given(registry).events(namesake).when(suspend_melati()).then_refused(NoSuchKoperasi)


# -- rules ---------------------------------------------------------------------------------


def test_the_first_setting_of_a_rule_has_number_one() -> None:
    given(registry).when(set_shares()).then(shares_set())


def test_a_later_setting_counts_on() -> None:
    once = given(registry).events(shares_set())
    once.when(set_shares(june, 150)).then(shares_set(2, june, 150))


def test_an_earlier_date_may_be_set_afterwards_and_counts_on_too() -> None:
    once = given(registry).events(shares_set(1, june, 150))
    once.when(set_shares()).then(shares_set(2, january, 100))


def test_the_same_setting_again_records_nothing() -> None:
    twice = given(registry).events(shares_set(), shares_set(2, june, 150))
    twice.when(set_shares()).then_nothing()


def test_a_date_that_is_set_cannot_be_set_otherwise() -> None:
    once = given(registry).events(shares_set())
    once.when(set_shares(minimum_idr=99)).then_refused(RuleDateTaken, version_no=1)
    once.when(set_shares(source="RAT 2")).then_refused(RuleDateTaken, version_no=1)


def test_settings_of_another_rule_are_counted_apart() -> None:
    ppn = RuleSet(
        rule_id="ppn", version_no=1, valid_from_on=january, values={"bp": 1200}, source="UU"
    )
    given(registry).events(ppn).when(set_shares()).then(shares_set())


def test_a_rule_without_values_or_with_too_many_is_refused() -> None:
    for count in (0, MOST_VALUES + 1):
        command = SetRule(
            asked=asked(),
            rule_id="fee",
            valid_from_on=january,
            values={f"value_{number}": number for number in range(count)},
            source="RAT 1",
        )
        given(registry).when(command).then_refused(RuleDoesNotFit, pointer="/values")


def test_a_value_that_json_readers_cannot_keep_exact_is_refused() -> None:
    too_large = set_shares(minimum_idr=MOST_IDR + 1)
    given(registry).when(too_large).then_refused(RuleDoesNotFit, pointer="/values/minimum_idr")
    largest = set_shares(minimum_idr=MOST_IDR)
    given(registry).when(largest).then(shares_set(minimum=MOST_IDR))
