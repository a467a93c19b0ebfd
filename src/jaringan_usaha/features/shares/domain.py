"""The rules of the capital that koperasi pledge and pay: a pledge is not money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, assert_never

from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiReinstated,
    KoperasiSuspended,
    RuleSet,
)
from jaringan_usaha.features.shares.events import ShareCommitted, SharePaid
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused
from jaringan_usaha.kernel.rules import DatedRule, evolve_rule

SHARES_RULE = "shares"
MOST_AMOUNT_IDR = 10**13
"""Rp10 trillion in one pledge or payment; keeps the sums of a network within 64 bits."""

# -- commands ------------------------------------------------------------------------------


class CommitShare(Command):
    """Pledge capital, on top of what was pledged before."""

    koperasi_id: str
    amount_idr: int


class PayShare(Command):
    """Money was received against the pledge; `reference` names the transfer."""

    koperasi_id: str
    amount_idr: int
    paid_on: date
    reference: str


ShareCommand = CommitShare | PayShare

# -- rejections ----------------------------------------------------------------------------


class NoSuchKoperasi(Missing):
    code = "koperasi-unknown"


class KoperasiIsSuspended(Refused):
    code = "koperasi-is-suspended"


class NoShareAccount(Missing):
    code = "share-account-unknown"


class ShareRuleMissing(Refused):
    code = "share-rule-missing"


class ShareBelowMinimum(Refused):
    code = "share-below-minimum"


class ShareOverpaid(Refused):
    code = "share-overpaid"


class PaymentReferenceReused(Refused):
    code = "payment-reference-reused"


class ShareDoesNotFit(Invalid):
    code = "share-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """What one koperasi pledged and paid; payments by reference, as (rupiah, day)."""

    koperasi_id: str
    pledges: int = 0
    pledged_idr: int = 0
    paid_idr: int = 0
    payments: Mapping[str, tuple[int, date]] = field(default_factory=dict)

    @property
    def outstanding_idr(self) -> int:
        return self.pledged_idr - self.paid_idr


@dataclass(frozen=True, slots=True)
class Holder:
    koperasi_id: str
    admitted: bool = False
    suspended: bool = False


def evolve_account(account: Account, event: ShareCommitted | SharePaid) -> Account:
    match event:
        case ShareCommitted():
            return replace(
                account,
                pledges=event.pledge_no,
                pledged_idr=account.pledged_idr + event.amount_idr,
            )
        case SharePaid():
            payment = {event.reference: (event.amount_idr, event.paid_on)}
            return replace(
                account,
                paid_idr=account.paid_idr + event.amount_idr,
                payments={**account.payments, **payment},
            )
    assert_never(event)


def evolve_holder(
    holder: Holder, event: KoperasiAdmitted | KoperasiSuspended | KoperasiReinstated
) -> Holder:
    match event:
        case KoperasiAdmitted():
            return replace(holder, admitted=True)
        case KoperasiSuspended():
            return replace(holder, suspended=True)
        case KoperasiReinstated():
            return replace(holder, suspended=False)
    assert_never(event)


ACCOUNT = Topic("shares.account", "koperasi", (ShareCommitted, SharePaid), Account, evolve_account)
HOLDER = Topic(
    "shares.holder",
    "koperasi",
    (KoperasiAdmitted, KoperasiSuspended, KoperasiReinstated),
    Holder,
    evolve_holder,
)
RULE = Topic("shares.rule", "rule", (RuleSet,), DatedRule, evolve_rule)


# -- needs ---------------------------------------------------------------------------------


def needs(command: ShareCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    account = ACCOUNT.about(command.koperasi_id)
    holder = HOLDER.about(command.koperasi_id)
    match command:
        case CommitShare():
            return [account, holder, RULE.about(SHARES_RULE)]
        case PayShare():
            return [account, holder]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: ShareCommand, known: Known) -> Sequence[Event]:
    match command:
        case CommitShare():
            return commit_share(command, known)
        case PayShare():
            return pay_share(command, known)
    assert_never(command)


def commit_share(command: CommitShare, known: Known) -> Sequence[Event]:
    """Raises ShareDoesNotFit, NoSuchKoperasi, KoperasiIsSuspended, ShareRuleMissing,
    ShareBelowMinimum."""
    _check_amount(command.amount_idr)
    _may_hold(known[HOLDER.about(command.koperasi_id)])
    account = known[ACCOUNT.about(command.koperasi_id)]
    rule = known[RULE.about(SHARES_RULE)].on(day_of_business(command.asked.at))
    if rule is None or "minimum_idr" not in rule.values:
        raise ShareRuleMissing(
            f"no minimum share is in force; set the rule {SHARES_RULE} with minimum_idr and "
            "target_idr, valid from today or earlier"
        )
    minimum = rule.values["minimum_idr"]
    if account.pledged_idr == 0 and command.amount_idr < minimum:
        raise ShareBelowMinimum(
            f"the first pledge of a koperasi is at least Rp{minimum}",
            minimum_idr=minimum,
            rule=rule.rule_id,
            rule_version_no=rule.version_no,
        )
    return [
        ShareCommitted(
            koperasi_id=command.koperasi_id,
            pledge_no=account.pledges + 1,
            amount_idr=command.amount_idr,
            rule=rule.rule_id,
            rule_version_no=rule.version_no,
        )
    ]


def pay_share(command: PayShare, known: Known) -> Sequence[Event]:
    """Raises ShareDoesNotFit, NoSuchKoperasi, PaymentReferenceReused, KoperasiIsSuspended,
    ShareOverpaid."""
    _check_amount(command.amount_idr)
    account = known[ACCOUNT.about(command.koperasi_id)]
    before = account.payments.get(command.reference)
    if before == (command.amount_idr, command.paid_on):
        return []
    if before is not None:
        raise PaymentReferenceReused(
            f"payment {command.reference} of koperasi {command.koperasi_id} is recorded with "
            "another amount or date; a new payment needs a new reference"
        )
    _may_hold(known[HOLDER.about(command.koperasi_id)])
    if command.paid_on > day_of_business(command.asked.at):
        raise ShareDoesNotFit("a payment cannot be dated in the future", pointer="/paid_on")
    if command.amount_idr > account.outstanding_idr:
        raise ShareOverpaid(
            f"koperasi {command.koperasi_id} still owes Rp{account.outstanding_idr} of its "
            "pledge; pledge more first, or pay no more than that",
            outstanding_idr=account.outstanding_idr,
        )
    return [
        SharePaid(
            koperasi_id=command.koperasi_id,
            payment_no=len(account.payments) + 1,
            amount_idr=command.amount_idr,
            paid_on=command.paid_on,
            reference=command.reference,
        )
    ]


def _check_amount(amount_idr: int) -> None:
    if not 1 <= amount_idr <= MOST_AMOUNT_IDR:
        raise ShareDoesNotFit(f"an amount is 1 to {MOST_AMOUNT_IDR} rupiah", pointer="/amount_idr")


def _may_hold(holder: Holder) -> None:
    if not holder.admitted:
        raise NoSuchKoperasi(f"koperasi {holder.koperasi_id} is not admitted to this network")
    if holder.suspended:
        raise KoperasiIsSuspended(f"koperasi {holder.koperasi_id} is suspended")


shares = Decider(needs, decide, (ACCOUNT, HOLDER, RULE))
