"""SEC-4, SEC-14 and AU-10: consent, and two persons to erase; the rules know no values."""

from datetime import date
from typing import Any

import msgspec
import pytest

from given import Given, asked, given
from jaringan_usaha.api.fields import naming_nobody
from jaringan_usaha.features.contacts.domain import (
    AskErasure,
    ContactChange,
    ContactDoesNotFit,
    CorrectContact,
    EraseSubject,
    ErasureNotAsked,
    NoSuchContact,
    NoSuchParty,
    RecordContact,
    WithdrawConsent,
    contacts,
)
from jaringan_usaha.features.contacts.events import (
    ConsentWithdrawn,
    ContactCorrected,
    ContactRecorded,
    ErasureAsked,
    SubjectErased,
)
from jaringan_usaha.features.registry.events import KoperasiAdmitted
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.two_persons import SecondPersonNeeded

MELATI = KoperasiAdmitted(koperasi_id="melati", title="Melati")
SITI = ContactRecorded(
    subject_id="s1",
    koperasi_id="melati",
    roles=("ketua",),
    fields=("name", "phone"),
    consented_on=date(2026, 1, 10),
)
ASKED = ErasureAsked(subject_id="s1", asked_by="first")


def by(who: str) -> Asked:
    return msgspec.structs.replace(asked(), by=who)


def change(kind: type[ContactChange], who: str = "first", **of: Any) -> Any:
    return kind(
        **{"asked": by(who), "subject_id": "s1", "koperasi_id": None, "supplier_id": None, **of}
    )


def correct(**of: Any) -> CorrectContact:
    left: dict[str, Any] = {"roles": None, "fields": (), "removed": (), "consented_on": None}
    corrected: CorrectContact = change(CorrectContact, **{**left, **of})
    return corrected


def record(**of: Any) -> RecordContact:
    siti = {name: getattr(SITI, name) for name in SITI.__struct_fields__}
    return RecordContact(**{"asked": asked(), **siti, **of})


def known() -> Given:
    return given(contacts).events(MELATI, SITI)


def test_sec_14_a_number_needs_the_day_of_consent() -> None:
    nobody = given(contacts).events(MELATI)
    nobody.when(record()).then(SITI)
    nobody.when(record(consented_on=None)).then_refused(ContactDoesNotFit, pointer="/consented_on")
    nobody.when(record(consented_on=None, fields=("name",))).then_recorded()
    nobody.when(record(consented_on=date(2026, 1, 16))).then_refused(ContactDoesNotFit)
    given(contacts).when(record()).then_refused(NoSuchParty)


def test_sec_14_withdrawn_consent_takes_away_what_rested_on_it() -> None:
    withdrawn = ConsentWithdrawn(subject_id="s1", removed=("phone",))
    known().when(change(WithdrawConsent)).then(withdrawn)
    after = known().events(withdrawn)
    after.when(change(WithdrawConsent)).then_nothing()
    after.when(correct(fields=("email",))).then_refused(ContactDoesNotFit)
    after.when(correct(fields=("name",))).then_recorded()
    after.when(correct(fields=("email",), consented_on=date(2026, 1, 15))).then_recorded()


def test_sec_14_a_correction_names_what_changed() -> None:
    known().when(correct(removed=("nik",))).then_nothing()
    known().when(correct(removed=("phone",), roles=("kasir",))).then(
        ContactCorrected(subject_id="s1", roles=("kasir",), removed=("phone",))
    )


def test_sec_4_who_asked_for_an_erasure_cannot_agree_to_it() -> None:
    known().when(change(EraseSubject, "second")).then_refused(ErasureNotAsked)
    known().when(change(AskErasure)).then(ASKED)
    wanted = known().events(ASKED)
    wanted.when(change(AskErasure, "second")).then_nothing()
    wanted.when(change(EraseSubject)).then_refused(SecondPersonNeeded)
    erased = SubjectErased(subject_id="s1", asked_by="first", agreed_by="second")
    wanted.when(change(EraseSubject, "second")).then(erased)
    wanted.events(erased).when(change(EraseSubject)).then_nothing()


@pytest.mark.parametrize("kind", [WithdrawConsent, AskErasure, EraseSubject])
def test_anothers_contact_is_none(kind: type[ContactChange]) -> None:
    for named in ({"koperasi_id": "mawar"}, {"supplier_id": "bulog"}, {"subject_id": "s2"}):
        known().when(change(kind, **named)).then_refused(NoSuchContact)


@pytest.mark.parametrize(
    "text",
    [
        "call 0812-3456-7890", "+62 812 3456 7890", "6281234567890", "telp 081234567890!",
        "NIK 3273014501900007", "siti@melati.example",
    ],
)  # fmt: skip
def test_sec_14_a_reason_names_nobody(text: str) -> None:
    with pytest.raises(ValueError, match="leave out phone numbers"):
        naming_nobody(text)


@pytest.mark.parametrize(
    "text", ["SJ 0812", "invoice 2026/08/1234567", "Rp8.123.456.789", "on 2026-08-12 at 08:15"]
)
def test_other_numbers_are_fine_in_a_reason(text: str) -> None:
    assert naming_nobody(text) == text
