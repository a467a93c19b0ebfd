"""Who belongs to the network, and the dated rules that bind everybody in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, assert_never

from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiReinstated,
    KoperasiSuspended,
    RuleSet,
    SupplierAdmitted,
    SupplierReinstated,
    SupplierSuspended,
)
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

MOST_VALUES = 50

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


class AdmitSupplier(Command):
    supplier_id: str
    title: str


class SuspendSupplier(Command):
    supplier_id: str
    reason: str


class ReinstateSupplier(Command):
    supplier_id: str
    reason: str


class SetRule(Command):
    """The values hold from `valid_from_on`, a date in Asia/Jakarta, until a later one is set."""

    rule_id: str
    valid_from_on: date
    values: dict[str, int]
    source: str


KoperasiCommand = AdmitKoperasi | SuspendKoperasi | ReinstateKoperasi
SupplierCommand = AdmitSupplier | SuspendSupplier | ReinstateSupplier
RegistryCommand = KoperasiCommand | SupplierCommand | SetRule

# -- rejections ----------------------------------------------------------------------------


class NoSuchKoperasi(Missing):
    code = "koperasi-unknown"


class KoperasiExists(Refused):
    code = "koperasi-exists"


class NoSuchSupplier(Missing):
    code = "supplier-unknown"


class SupplierExists(Refused):
    code = "supplier-exists"


class RuleDateTaken(Refused):
    code = "rule-date-taken"


class RuleDoesNotFit(Invalid):
    code = "rule-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Koperasi:
    """Only what the decisions below look at."""

    koperasi_id: str
    admission: KoperasiAdmitted | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Supplier:
    supplier_id: str
    admission: SupplierAdmitted | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """All settings of one rule, in the order in which they were made."""

    rule_id: str
    settings: tuple[RuleSet, ...] = ()

    def set_on(self, day: date) -> RuleSet | None:
        """The setting that begins on exactly this day."""
        return next((each for each in self.settings if each.valid_from_on == day), None)


def evolve_koperasi(
    koperasi: Koperasi, event: KoperasiAdmitted | KoperasiSuspended | KoperasiReinstated
) -> Koperasi:
    match event:
        case KoperasiAdmitted():
            return replace(koperasi, admission=event)
        case KoperasiSuspended():
            return replace(koperasi, suspended=True)
        case KoperasiReinstated():
            return replace(koperasi, suspended=False)
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


def evolve_rule(rule: Rule, event: RuleSet) -> Rule:
    return replace(rule, settings=(*rule.settings, event))


KOPERASI = Topic(
    "registry.koperasi",
    "koperasi",
    (KoperasiAdmitted, KoperasiSuspended, KoperasiReinstated),
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
RULE = Topic("registry.rule", "rule", (RuleSet,), Rule, evolve_rule, stream=True)


# -- needs ---------------------------------------------------------------------------------


def needs(command: RegistryCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case AdmitKoperasi():
            return [KOPERASI.about(command.koperasi_id, new=True)]
        case SuspendKoperasi() | ReinstateKoperasi():
            return [KOPERASI.about(command.koperasi_id)]
        case AdmitSupplier():
            return [SUPPLIER.about(command.supplier_id, new=True)]
        case SuspendSupplier() | ReinstateSupplier():
            return [SUPPLIER.about(command.supplier_id)]
        case SetRule():
            return [RULE.about(command.rule_id)]
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
        case AdmitSupplier():
            return admit_supplier(command, known)
        case SuspendSupplier():
            return suspend_supplier(command, known)
        case ReinstateSupplier():
            return reinstate_supplier(command, known)
        case SetRule():
            return set_rule(command, known)
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


def set_rule(command: SetRule, known: Known) -> Sequence[Event]:
    """Raises RuleDoesNotFit, RuleDateTaken."""
    rule = known[RULE.about(command.rule_id)]
    if not 1 <= len(command.values) <= MOST_VALUES:
        raise RuleDoesNotFit(f"a rule has 1 to {MOST_VALUES} values", pointer="/values")
    for name, value in command.values.items():
        if not -MOST_IDR <= value <= MOST_IDR:
            raise RuleDoesNotFit(f"value {name} is too large", pointer=f"/values/{name}")
    before = rule.set_on(command.valid_from_on)
    if before is None:
        return [
            RuleSet(
                rule_id=command.rule_id,
                version_no=len(rule.settings) + 1,
                valid_from_on=command.valid_from_on,
                values=command.values,
                source=command.source,
            )
        ]
    if (before.values, before.source) == (command.values, command.source):
        return []
    raise RuleDateTaken(
        f"rule {command.rule_id} was set for {command.valid_from_on} with other values; "
        "set it for another date",
        version_no=before.version_no,
    )


def _existing_koperasi(command: SuspendKoperasi | ReinstateKoperasi, known: Known) -> Koperasi:
    koperasi = known[KOPERASI.about(command.koperasi_id)]
    if koperasi.admission is None:
        raise NoSuchKoperasi(f"koperasi {command.koperasi_id} is not admitted to this network")
    return koperasi


def _existing_supplier(command: SuspendSupplier | ReinstateSupplier, known: Known) -> Supplier:
    supplier = known[SUPPLIER.about(command.supplier_id)]
    if supplier.admission is None:
        raise NoSuchSupplier(f"supplier {command.supplier_id} is not admitted to this network")
    return supplier


registry = Decider(needs, decide, (KOPERASI, SUPPLIER, RULE))
