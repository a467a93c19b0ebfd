"""What happened to the persons whom one calls. Never what they are called: see `values`."""

from datetime import date
from typing import ClassVar

from jaringan_usaha.kernel.messages import Event


class ContactRecorded(Event):
    """A person of a koperasi or of a supplier; `fields` says which values are kept of them.

    `consented_on` is the day on which the person agreed to those that need it.
    """

    name: ClassVar[str] = "contacts.contact_recorded.1"
    subject_id: str
    roles: tuple[str, ...]
    fields: tuple[str, ...]
    koperasi_id: str | None = None
    supplier_id: str | None = None
    consented_on: date | None = None


class ContactCorrected(Event):
    """`fields` have new values, `removed` have none any more; `roles` are all from now on."""

    name: ClassVar[str] = "contacts.contact_corrected.1"
    subject_id: str
    roles: tuple[str, ...]
    fields: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    consented_on: date | None = None


class ConsentWithdrawn(Event):
    """The person takes their consent back: `removed` rested on it and are gone."""

    name: ClassVar[str] = "contacts.consent_withdrawn.1"
    subject_id: str
    removed: tuple[str, ...]


class ErasureAsked(Event):
    """Somebody asks that all values of a person be erased; another one has to agree."""

    name: ClassVar[str] = "contacts.erasure_asked.1"
    subject_id: str
    asked_by: str


class SubjectErased(Event):
    """All values of the person, and the key that they were sealed under, are destroyed."""

    name: ClassVar[str] = "contacts.subject_erased.1"
    subject_id: str
    asked_by: str
    agreed_by: str
