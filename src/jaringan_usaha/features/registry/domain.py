"""Who belongs to the network, and what its koperasi are classified as."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, assert_never

from stdnum.exceptions import ValidationError
from stdnum.id import npwp

from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiClassified,
    KoperasiReinstated,
    KoperasiSuspended,
    SupplierAdmitted,
    SupplierReinstated,
    SupplierSuspended,
)
from jaringan_usaha.kernel.ceiling import ZONES
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

TAX_ID_DIGITS = 16

# -- commands ------------------------------------------------------------------------------


class AdmitKoperasi(Command):
    koperasi_id: str
    title: str
    region_code: str = ""
    registration_no: str = ""


class SuspendKoperasi(Command):
    koperasi_id: str
    reason: str


class ReinstateKoperasi(Command):
    koperasi_id: str
    reason: str


class ClassifyKoperasi(Command):
    """What the koperasi is for tax and ceiling prices from `valid_from_on` on, a date in
    Asia/Jakarta; `tax_id` is its NPWP of 16 digits, or empty."""

    koperasi_id: str
    valid_from_on: date
    vat_registered: bool
    price_zone: int
    tax_id: str = ""


class AdmitSupplier(Command):
    supplier_id: str
    title: str


class SuspendSupplier(Command):
    supplier_id: str
    reason: str


class ReinstateSupplier(Command):
    supplier_id: str
    reason: str


KoperasiCommand = AdmitKoperasi | SuspendKoperasi | ReinstateKoperasi | ClassifyKoperasi
SupplierCommand = AdmitSupplier | SuspendSupplier | ReinstateSupplier
RegistryCommand = KoperasiCommand | SupplierCommand

# -- rejections ----------------------------------------------------------------------------


class NoSuchKoperasi(Missing):
    code = "koperasi-unknown"


class KoperasiExists(Refused):
    code = "koperasi-exists"


class NoSuchSupplier(Missing):
    code = "supplier-unknown"


class SupplierExists(Refused):
    code = "supplier-exists"


class ClassificationDateTaken(Refused):
    code = "classification-date-taken"


class ClassificationDoesNotFit(Invalid):
    code = "classification-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Koperasi:
    """Only what the decisions below look at."""

    koperasi_id: str
    admission: KoperasiAdmitted | None = None
    suspended: bool = False
    classifications: tuple[KoperasiClassified, ...] = ()

    def classified_on(self, day: date) -> KoperasiClassified | None:
        """The classification that begins on exactly this day."""
        return next((each for each in self.classifications if each.valid_from_on == day), None)


@dataclass(frozen=True, slots=True)
class Supplier:
    supplier_id: str
    admission: SupplierAdmitted | None = None
    suspended: bool = False


KoperasiEvent = KoperasiAdmitted | KoperasiSuspended | KoperasiReinstated | KoperasiClassified


def evolve_koperasi(koperasi: Koperasi, event: KoperasiEvent) -> Koperasi:
    match event:
        case KoperasiAdmitted():
            return replace(koperasi, admission=event)
        case KoperasiSuspended():
            return replace(koperasi, suspended=True)
        case KoperasiReinstated():
            return replace(koperasi, suspended=False)
        case KoperasiClassified():
            return replace(koperasi, classifications=(*koperasi.classifications, event))
    assert_never(event)


def evolve_supplier(
    supplier: Supplier, event: SupplierAdmitted | SupplierSuspended | SupplierReinstated
) -> Supplier:
    match event:
        case SupplierAdmitted():
            return replace(supplier, admission=event)
        case SupplierSuspended():
            return replace(supplier, suspended=True)
        case SupplierReinstated():
            return replace(supplier, suspended=False)
    assert_never(event)


KOPERASI = Topic(
    "registry.koperasi",
    "koperasi",
    (KoperasiAdmitted, KoperasiSuspended, KoperasiReinstated, KoperasiClassified),
    Koperasi,
    evolve_koperasi,
    stream=True,
)
SUPPLIER = Topic(
    "registry.supplier",
    "supplier",
    (SupplierAdmitted, SupplierSuspended, SupplierReinstated),
    Supplier,
    evolve_supplier,
    stream=True,
)

# -- needs ---------------------------------------------------------------------------------


def needs(command: RegistryCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case AdmitKoperasi():
            return [KOPERASI.about(command.koperasi_id, new=True)]
        case SuspendKoperasi() | ReinstateKoperasi() | ClassifyKoperasi():
            return [KOPERASI.about(command.koperasi_id)]
        case AdmitSupplier():
            return [SUPPLIER.about(command.supplier_id, new=True)]
        case SuspendSupplier() | ReinstateSupplier():
            return [SUPPLIER.about(command.supplier_id)]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: RegistryCommand, known: Known) -> Sequence[Event]:
    match command:
        case AdmitKoperasi():
            return admit_koperasi(command, known)
        case SuspendKoperasi():
            return suspend_koperasi(command, known)
        case ReinstateKoperasi():
            return reinstate_koperasi(command, known)
        case ClassifyKoperasi():
            return classify_koperasi(command, known)
        case AdmitSupplier():
            return admit_supplier(command, known)
        case SuspendSupplier():
            return suspend_supplier(command, known)
        case ReinstateSupplier():
            return reinstate_supplier(command, known)
    assert_never(command)


def admit_koperasi(command: AdmitKoperasi, known: Known) -> Sequence[Event]:
    """Raises KoperasiExists."""
    admission = known[KOPERASI.about(command.koperasi_id)].admission
    admitted = KoperasiAdmitted(
        koperasi_id=command.koperasi_id,
        title=command.title,
        region_code=command.region_code,
        registration_no=command.registration_no,
    )
    if admission is None:
        return [admitted]
    if admission == admitted:
        return []
    raise KoperasiExists(
        f"koperasi {command.koperasi_id} was admitted with other data; use another id"
    )


def suspend_koperasi(command: SuspendKoperasi, known: Known) -> Sequence[Event]:
    """Raises NoSuchKoperasi."""
    if _existing_koperasi(command, known).suspended:
        return []
    return [KoperasiSuspended(koperasi_id=command.koperasi_id, reason=command.reason)]


def reinstate_koperasi(command: ReinstateKoperasi, known: Known) -> Sequence[Event]:
    """Raises NoSuchKoperasi."""
    if not _existing_koperasi(command, known).suspended:
        return []
    return [KoperasiReinstated(koperasi_id=command.koperasi_id, reason=command.reason)]


def classify_koperasi(command: ClassifyKoperasi, known: Known) -> Sequence[Event]:
    """Raises NoSuchKoperasi, ClassificationDoesNotFit, ClassificationDateTaken."""
    koperasi = _existing_koperasi(command, known)
    classified = KoperasiClassified(
        koperasi_id=command.koperasi_id,
        valid_from_on=command.valid_from_on,
        vat_registered=command.vat_registered,
        price_zone=command.price_zone,
        tax_id=command.tax_id,
    )
    before = koperasi.classified_on(command.valid_from_on)
    if before == classified:
        return []
    if before is not None:
        raise ClassificationDateTaken(
            f"koperasi {command.koperasi_id} was classified otherwise from "
            f"{command.valid_from_on} on; classify it from another date on"
        )
    if command.price_zone not in ZONES:
        raise ClassificationDoesNotFit("a price zone is 1, 2 or 3", pointer="/price_zone")
    if command.tax_id and not _is_npwp(command.tax_id):
        raise ClassificationDoesNotFit(
            "an NPWP has 16 digits, and its check digit must fit", pointer="/tax_id"
        )
    return [classified]


def _is_npwp(tax_id: str) -> bool:
    """Sixteen digits whose check fits. Source: PMK 136/2023; the older form of 15 digits is told
    with a leading 0."""
    try:
        return len(tax_id) == TAX_ID_DIGITS and npwp.validate(tax_id) == tax_id
    except ValidationError:
        return False


def admit_supplier(command: AdmitSupplier, known: Known) -> Sequence[Event]:
    """Raises SupplierExists."""
    admission = known[SUPPLIER.about(command.supplier_id)].admission
    admitted = SupplierAdmitted(supplier_id=command.supplier_id, title=command.title)
    if admission is None:
        return [admitted]
    if admission == admitted:
        return []
    raise SupplierExists(
        f"supplier {command.supplier_id} was admitted with other data; use another id"
    )


def suspend_supplier(command: SuspendSupplier, known: Known) -> Sequence[Event]:
    """Raises NoSuchSupplier."""
    if _existing_supplier(command, known).suspended:
        return []
    return [SupplierSuspended(supplier_id=command.supplier_id, reason=command.reason)]


def reinstate_supplier(command: ReinstateSupplier, known: Known) -> Sequence[Event]:
    """Raises NoSuchSupplier."""
    if not _existing_supplier(command, known).suspended:
        return []
    return [SupplierReinstated(supplier_id=command.supplier_id, reason=command.reason)]


def _existing_koperasi(
    command: SuspendKoperasi | ReinstateKoperasi | ClassifyKoperasi, known: Known
) -> Koperasi:
    koperasi = known[KOPERASI.about(command.koperasi_id)]
    if koperasi.admission is None:
        raise NoSuchKoperasi(f"koperasi {command.koperasi_id} is not admitted to this network")
    return koperasi


def _existing_supplier(command: SuspendSupplier | ReinstateSupplier, known: Known) -> Supplier:
    supplier = known[SUPPLIER.about(command.supplier_id)]
    if supplier.admission is None:
        raise NoSuchSupplier(f"supplier {command.supplier_id} is not admitted to this network")
    return supplier


registry = Decider(needs, decide, (KOPERASI, SUPPLIER))
