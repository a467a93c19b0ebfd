"""Who belongs to the network, and what its koperasi are classified as."""

from datetime import date
from typing import Any

import pytest

from given import asked, given
from jaringan_usaha.features.registry.domain import (
    AdmitKoperasi,
    AdmitSupplier,
    ClassificationDateTaken,
    ClassificationDoesNotFit,
    ClassifyKoperasi,
    KoperasiExists,
    NoSuchKoperasi,
    NoSuchSupplier,
    ReinstateKoperasi,
    ReinstateSupplier,
    SupplierExists,
    SuspendKoperasi,
    SuspendSupplier,
    registry,
)
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiClassified,
    KoperasiReinstated,
    KoperasiSuspended,
    SupplierAdmitted,
    SupplierReinstated,
    SupplierSuspended,
)

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


NPWP = "0013000666091000"


def classify(
    start: date = january, zone: int = 1, tax_id: str = NPWP, vat_registered: bool = True
) -> ClassifyKoperasi:
    return ClassifyKoperasi(
        asked=asked(),
        koperasi_id="melati",
        valid_from_on=start,
        vat_registered=vat_registered,
        price_zone=zone,
        tax_id=tax_id,
    )


def classified(start: date = january, zone: int = 1, tax_id: str = NPWP) -> KoperasiClassified:
    return KoperasiClassified(
        koperasi_id="melati",
        valid_from_on=start,
        vat_registered=True,
        price_zone=zone,
        tax_id=tax_id,
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


# -- classification ------------------------------------------------------------------------


def test_a_koperasi_is_classified_from_a_day_on() -> None:
    admitted = given(registry).events(melati)
    admitted.when(classify()).then(classified())
    admitted.events(classified()).when(classify(june, 2)).then(classified(june, 2))


def test_the_same_classification_again_records_nothing() -> None:
    given(registry).events(melati, classified()).when(classify()).then_nothing()


@pytest.mark.parametrize("other", [{"zone": 2}, {"tax_id": ""}, {"vat_registered": False}])
def test_a_day_that_is_classified_cannot_be_classified_otherwise(other: dict[str, Any]) -> None:
    once = given(registry).events(melati, classified())
    once.when(classify(**other)).then_refused(ClassificationDateTaken)


def test_who_was_never_admitted_is_not_classified() -> None:
    given(registry).when(classify()).then_refused(NoSuchKoperasi)


@pytest.mark.parametrize("zone", [0, 4])
def test_there_are_three_price_zones(zone: int) -> None:
    wrong = given(registry).events(melati).when(classify(zone=zone))
    wrong.then_refused(ClassificationDoesNotFit, pointer="/price_zone")


@pytest.mark.parametrize(
    "tax_id",
    ["013000666091000", "0013000667091000", "01.300.066.6-091.000", "001300066609100x", "0" * 17],
    ids=["fifteen digits", "check digit", "points", "letter", "seventeen digits"],
)
def test_an_npwp_has_sixteen_digits_that_fit(tax_id: str) -> None:
    wrong = given(registry).events(melati).when(classify(tax_id=tax_id))
    wrong.then_refused(ClassificationDoesNotFit, pointer="/tax_id")


def test_a_koperasi_without_npwp_is_classified_too() -> None:
    given(registry).events(melati).when(classify(tax_id="")).then(classified(tax_id=""))


def test_a_classified_koperasi_is_suspended_as_any_other() -> None:
    given(registry).events(melati, classified()).when(suspend_melati()).then(melati_suspended)
