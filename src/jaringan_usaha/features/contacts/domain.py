"""The rules of persons' data: who may be recorded, what needs consent, and who may erase."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, assert_never

from jaringan_usaha.features.contacts.events import (
    ConsentWithdrawn,
    ContactCorrected,
    ContactRecorded,
    ErasureAsked,
    SubjectErased,
)
from jaringan_usaha.features.registry.events import KoperasiAdmitted, SupplierAdmitted
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused
from jaringan_usaha.kernel.two_persons import must_be_another

CONSENTED = ("email", "nik", "phone")
"""Fields that are kept only while the person agrees; a name and a role are kept without."""

# -- commands ------------------------------------------------------------------------------


class RecordContact(Command):
    """Of exactly one koperasi or supplier. Values are no part of commands, only their names."""

    subject_id: str
    koperasi_id: str | None
    supplier_id: str | None
    roles: tuple[str, ...]
    fields: tuple[str, ...]
    consented_on: date | None


class ContactChange(Command):
    """`koperasi_id` or `supplier_id`: in whose name it is asked; neither by the operator."""

    subject_id: str
    koperasi_id: str | None
    supplier_id: str | None


class CorrectContact(ContactChange):
    """`roles`: all of them from now on, or None to leave them."""

    roles: tuple[str, ...] | None
    fields: tuple[str, ...]
    removed: tuple[str, ...]
    consented_on: date | None


class WithdrawConsent(ContactChange):
    pass


class AskErasure(ContactChange):
    pass


class EraseSubject(ContactChange):
    """Agree to an erasure that somebody else has asked for."""


Change = CorrectContact | WithdrawConsent | AskErasure | EraseSubject
ContactCommand = RecordContact | Change

# -- rejections ----------------------------------------------------------------------------


class NoSuchContact(Missing):
    code = "contact-unknown"


class NoSuchParty(Missing):
    code = "contact-party-unknown"


class ContactExists(Refused):
    code = "contact-exists"


class ContactIsErased(Refused):
    code = "contact-is-erased"


class ContactDoesNotFit(Invalid):
    code = "contact-invalid"


class ErasureNotAsked(Refused):
    code = "erasure-not-asked"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known of a person without knowing them."""

    subject_id: str
    recorded: ContactRecorded | None = None
    roles: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()
    consents: bool = False
    erasure_asked_by: str | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """A koperasi or a supplier; who was once admitted may have contacts for ever."""

    party_id: str
    admitted: bool = False


ContactEvent = ContactRecorded | ContactCorrected | ConsentWithdrawn | ErasureAsked | SubjectErased


def evolve(contact: Contact, event: ContactEvent) -> Contact:
    match event:
        case ContactRecorded():
            return replace(
                contact,
                recorded=event,
                roles=event.roles,
                fields=frozenset(event.fields),
                consents=event.consented_on is not None,
            )
        case ContactCorrected():
            return replace(
                contact,
                roles=event.roles,
                fields=contact.fields.difference(event.removed).union(event.fields),
                consents=contact.consents or event.consented_on is not None,
            )
        case ConsentWithdrawn():
            left = contact.fields.difference(event.removed)
            return replace(contact, fields=left, consents=False)
        case ErasureAsked():
            return replace(contact, erasure_asked_by=event.asked_by)
        case SubjectErased():
            return replace(contact, fields=frozenset(), consents=False, erased=True)
    assert_never(event)


def evolve_party(party: Party, _: KoperasiAdmitted | SupplierAdmitted) -> Party:
    return replace(party, admitted=True)


CONTACT = Topic(
    "contacts.contact",
    "subject",
    (ContactRecorded, ContactCorrected, ConsentWithdrawn, ErasureAsked, SubjectErased),
    Contact,
    evolve,
    stream=True,
)
KOPERASI = Topic(
    "contacts.koperasi", "koperasi", (KoperasiAdmitted,), Party, evolve_party, settled=True
)
SUPPLIER = Topic(
    "contacts.supplier", "supplier", (SupplierAdmitted,), Party, evolve_party, settled=True
)


def _party(command: RecordContact) -> About[Party]:
    if command.koperasi_id is not None:
        return KOPERASI.about(command.koperasi_id)
    return SUPPLIER.about(command.supplier_id or "")


# -- needs ---------------------------------------------------------------------------------


def needs(command: ContactCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case RecordContact():
            return [CONTACT.about(command.subject_id, new=True), _party(command)]
        case CorrectContact() | WithdrawConsent() | AskErasure() | EraseSubject():
            return [CONTACT.about(command.subject_id)]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: ContactCommand, known: Known) -> Sequence[Event]:
    match command:
        case RecordContact():
            return record_contact(command, known)
        case CorrectContact():
            return correct_contact(command, known)
        case WithdrawConsent():
            return withdraw_consent(command, known)
        case AskErasure():
            return ask_erasure(command, known)
        case EraseSubject():
            return erase_subject(command, known)
    assert_never(command)


def record_contact(command: RecordContact, known: Known) -> Sequence[Event]:
    """Raises ContactDoesNotFit, ContactExists, NoSuchParty."""
    if (command.koperasi_id is None) == (command.supplier_id is None):
        raise ContactDoesNotFit(
            "a contact is of one koperasi or of one supplier", pointer="/koperasi_id"
        )
    if known[CONTACT.about(command.subject_id)].recorded is not None:
        raise ContactExists("this contact is recorded already; correct it, or use another id")
    if not known[_party(command)].admitted:
        raise NoSuchParty("the koperasi or supplier of this contact is not admitted")
    _must_be_agreed_to(command, command.fields, agreed_before=False)
    return [
        ContactRecorded(
            subject_id=command.subject_id,
            koperasi_id=command.koperasi_id,
            supplier_id=command.supplier_id,
            roles=command.roles,
            fields=command.fields,
            consented_on=command.consented_on,
        )
    ]


def correct_contact(command: CorrectContact, known: Known) -> Sequence[Event]:
    """Raises NoSuchContact, ContactIsErased, ContactDoesNotFit."""
    contact = _living(command, known)
    _must_be_agreed_to(command, command.fields, agreed_before=contact.consents)
    roles = contact.roles if command.roles is None else command.roles
    removed = tuple(each for each in command.removed if each in contact.fields)
    if not command.fields and not removed and roles == contact.roles:
        return []
    return [
        ContactCorrected(
            subject_id=command.subject_id,
            roles=roles,
            fields=command.fields,
            removed=removed,
            consented_on=command.consented_on,
        )
    ]


def withdraw_consent(command: WithdrawConsent, known: Known) -> Sequence[Event]:
    """Raises NoSuchContact."""
    contact = _own(command, known)
    if not contact.consents:
        return []
    removed = tuple(each for each in CONSENTED if each in contact.fields)
    return [ConsentWithdrawn(subject_id=command.subject_id, removed=removed)]


def ask_erasure(command: AskErasure, known: Known) -> Sequence[Event]:
    """Raises NoSuchContact."""
    contact = _own(command, known)
    if contact.erased or contact.erasure_asked_by is not None:
        return []
    return [ErasureAsked(subject_id=command.subject_id, asked_by=command.asked.by)]


def erase_subject(command: EraseSubject, known: Known) -> Sequence[Event]:
    """Two persons: who asked does not agree. Raises NoSuchContact, ErasureNotAsked and
    SecondPersonNeeded."""
    contact = _own(command, known)
    if contact.erased:
        return []
    if contact.erasure_asked_by is None:
        raise ErasureNotAsked("nobody has asked for this erasure; ask for it first")
    must_be_another(contact.erasure_asked_by, command.asked.by)
    return [
        SubjectErased(
            subject_id=command.subject_id,
            asked_by=contact.erasure_asked_by,
            agreed_by=command.asked.by,
        )
    ]


def _own(command: Change, known: Known) -> Contact:
    """Another's contact is none. Raises NoSuchContact."""
    contact = known[CONTACT.about(command.subject_id)]
    of = contact.recorded
    if (
        of is None
        or command.koperasi_id not in (None, of.koperasi_id)
        or command.supplier_id not in (None, of.supplier_id)
    ):
        raise NoSuchContact("there is no such contact")
    return contact


def _living(command: Change, known: Known) -> Contact:
    """Raises NoSuchContact, ContactIsErased."""
    contact = _own(command, known)
    if contact.erased:
        raise ContactIsErased("this contact is erased; record a new one under another id")
    return contact


def _must_be_agreed_to(
    command: RecordContact | CorrectContact, fields: Sequence[str], *, agreed_before: bool
) -> None:
    """Raises ContactDoesNotFit."""
    agreed_on = command.consented_on
    if agreed_on is not None and agreed_on > day_of_business(command.asked.at):
        raise ContactDoesNotFit("nobody consents in the future", pointer="/consented_on")
    if agreed_on is None and not agreed_before and any(each in CONSENTED for each in fields):
        raise ContactDoesNotFit(
            "phone, email and nik need the day on which the person consented",
            pointer="/consented_on",
        )


contacts = Decider(needs, decide, (CONTACT, KOPERASI, SUPPLIER))
