"""What happened to the parties and to the rules that bind them."""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from jaringan_usaha.kernel.messages import Event


class KoperasiAdmitted(Event):
    """A koperasi joined the network. `region_code` is the Kemendagri code of its regency."""

    name: ClassVar[str] = "registry.koperasi_admitted.1"
    koperasi_id: str
    title: str
    region_code: str = ""
    registration_no: str = ""


class KoperasiSuspended(Event):
    name: ClassVar[str] = "registry.koperasi_suspended.1"
    koperasi_id: str
    reason: str


class KoperasiReinstated(Event):
    name: ClassVar[str] = "registry.koperasi_reinstated.1"
    koperasi_id: str
    reason: str


class KoperasiClassified(Event):
    """From `valid_from_on` on: whether the koperasi is PKP and so may credit PPN, and in which
    zone (1, 2 or 3) of the ceiling prices it sells. `tax_id` is its NPWP, 16 digits."""

    name: ClassVar[str] = "registry.koperasi_classified.1"
    koperasi_id: str
    valid_from_on: date
    vat_registered: bool
    price_zone: int
    tax_id: str = ""


class SupplierAdmitted(Event):
    name: ClassVar[str] = "registry.supplier_admitted.1"
    supplier_id: str
    title: str


class SupplierSuspended(Event):
    name: ClassVar[str] = "registry.supplier_suspended.1"
    supplier_id: str
    reason: str


class SupplierReinstated(Event):
    name: ClassVar[str] = "registry.supplier_reinstated.1"
    supplier_id: str
    reason: str


class SupplierAccountProposed(Event):
    """Where the supplier is to be paid, if another person than `proposed_by` confirms it; until
    then the account before stays in force. `bank_code` is the bank's number in Indonesian
    clearing, `proposal_no` counts the supplier's proposals from 1; the last one counts."""

    name: ClassVar[str] = "registry.supplier_account_proposed.1"
    supplier_id: str
    proposal_no: int
    bank_code: str
    account_no: str
    holder: str
    proposed_by: str


class SupplierAccountConfirmed(Event):
    """The account of this proposal is in force from now on."""

    name: ClassVar[str] = "registry.supplier_account_confirmed.1"
    supplier_id: str
    proposal_no: int


class SupplierAccountWithdrawn(Event):
    """The account of this proposal never comes into force."""

    name: ClassVar[str] = "registry.supplier_account_withdrawn.1"
    supplier_id: str
    proposal_no: int
    reason: str


class RuleSet(Event):
    """A dated rule: its values hold from `valid_from_on` until a later date is set.

    `rule_id` names the rule (`shares`), `version_no` counts its settings, `source` says who
    decided it. Who applies a rule names rule and number in the event, so old years replay
    as they were.
    """

    name: ClassVar[str] = "registry.rule_set.1"
    rule_id: str
    version_no: int
    valid_from_on: date
    values: dict[str, int]
    source: str

    def tags(self) -> Iterator[tuple[str, str]]:
        """Besides its own id, a rule about something (`het.oil`) is found by its kind (`het`)."""
        yield "rule", self.rule_id
        kind, _, about = self.rule_id.partition(".")
        if about:
            yield "rule_kind", kind
