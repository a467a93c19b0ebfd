"""The rules of suppliers' bank accounts: one person proposes a change, another one confirms it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never

from jaringan_usaha.features.registry.domain import SUPPLIER, NoSuchSupplier
from jaringan_usaha.features.registry.events import (
    SupplierAccountConfirmed,
    SupplierAccountProposed,
    SupplierAccountWithdrawn,
)
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Missing, Refused
from jaringan_usaha.kernel.two_persons import must_be_another

# -- commands ------------------------------------------------------------------------------


class ProposeAccount(Command):
    supplier_id: str
    bank_code: str
    account_no: str
    holder: str


class ConfirmAccount(Command):
    supplier_id: str
    proposal_no: int


class WithdrawAccount(Command):
    supplier_id: str
    proposal_no: int
    reason: str


AccountCommand = ProposeAccount | ConfirmAccount | WithdrawAccount

# -- rejections ----------------------------------------------------------------------------


class NoSuchProposal(Missing):
    code = "account-proposal-unknown"


class ProposalIsOver(Refused):
    code = "account-proposal-is-over"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """The last proposal, whether it is still open, and the one in force."""

    supplier_id: str
    last: SupplierAccountProposed | None = None
    open: bool = False
    in_force: SupplierAccountProposed | None = None


AccountEvent = SupplierAccountProposed | SupplierAccountConfirmed | SupplierAccountWithdrawn


def evolve(account: Account, event: AccountEvent) -> Account:
    match event:
        case SupplierAccountProposed():
            return replace(account, last=event, open=True)
        case SupplierAccountConfirmed():
            return replace(account, open=False, in_force=account.last)
        case SupplierAccountWithdrawn():
            return replace(account, open=False)
    assert_never(event)


ACCOUNT = Topic(
    "registry.supplier_account",
    "supplier",
    (SupplierAccountProposed, SupplierAccountConfirmed, SupplierAccountWithdrawn),
    Account,
    evolve,
)

# -- decide --------------------------------------------------------------------------------


def needs(command: AccountCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    return [SUPPLIER.about(command.supplier_id), ACCOUNT.about(command.supplier_id)]


def decide(command: AccountCommand, known: Known) -> Sequence[Event]:
    """Raises NoSuchSupplier."""
    if known[SUPPLIER.about(command.supplier_id)].admission is None:
        raise NoSuchSupplier(f"supplier {command.supplier_id} is not admitted to this network")
    account = known[ACCOUNT.about(command.supplier_id)]
    match command:
        case ProposeAccount():
            return propose_account(command, account)
        case ConfirmAccount():
            return confirm_account(command, account)
        case WithdrawAccount():
            return withdraw_account(command, account)
    assert_never(command)


def propose_account(command: ProposeAccount, account: Account) -> Sequence[Event]:
    """A proposal that is still open is replaced by the new one."""
    stands = account.last if account.open else account.in_force
    told = (command.bank_code, command.account_no, command.holder)
    if stands is not None and told == (stands.bank_code, stands.account_no, stands.holder):
        return []
    return [
        SupplierAccountProposed(
            supplier_id=command.supplier_id,
            proposal_no=1 if account.last is None else account.last.proposal_no + 1,
            bank_code=command.bank_code,
            account_no=command.account_no,
            holder=command.holder,
            proposed_by=command.asked.by,
        )
    ]


def confirm_account(command: ConfirmAccount, account: Account) -> Sequence[Event]:
    """Raises NoSuchProposal, ProposalIsOver, SecondPersonNeeded."""
    if account.in_force is not None and account.in_force.proposal_no == command.proposal_no:
        return []
    proposal = _open_proposal(command, account)
    must_be_another(proposal.proposed_by, command.asked.by)
    return [
        SupplierAccountConfirmed(supplier_id=command.supplier_id, proposal_no=proposal.proposal_no)
    ]


def withdraw_account(command: WithdrawAccount, account: Account) -> Sequence[Event]:
    """Raises NoSuchProposal, ProposalIsOver."""
    proposal = _open_proposal(command, account)
    return [
        SupplierAccountWithdrawn(
            supplier_id=command.supplier_id,
            proposal_no=proposal.proposal_no,
            reason=command.reason,
        )
    ]


def _open_proposal(
    command: ConfirmAccount | WithdrawAccount, account: Account
) -> SupplierAccountProposed:
    number = command.proposal_no
    if account.last is None or number > account.last.proposal_no:
        raise NoSuchProposal(f"nobody proposed an account under the number {number}")
    if not account.open or number < account.last.proposal_no:
        raise ProposalIsOver("this account was confirmed, withdrawn or proposed anew before")
    return account.last


supplier_accounts = Decider(needs, decide, (SUPPLIER, ACCOUNT))
