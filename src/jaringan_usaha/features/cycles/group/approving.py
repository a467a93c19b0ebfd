"""The rules of a second person: an order above the limit goes out when another one approves."""

from collections.abc import Sequence
from typing import Any, assert_never

from jaringan_usaha.features.cycles.domain import CYCLE
from jaringan_usaha.features.cycles.events import (
    ConsolidatedOrderProposalWithdrawn,
    ConsolidatedOrderSent,
)
from jaringan_usaha.features.cycles.group.domain import CONSOLIDATED, about_order
from jaringan_usaha.features.cycles.group.sending import consolidated, placed
from jaringan_usaha.kernel.decider import About, Decider, Known
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Refused
from jaringan_usaha.kernel.two_persons import must_be_another


class ApproveOrder(Command):
    """The order goes to the supplier as another person proposed it."""

    cycle_id: str
    supplier_id: str


class WithdrawProposal(Command):
    cycle_id: str
    supplier_id: str
    reason: str


ApprovingCommand = ApproveOrder | WithdrawProposal


class NothingProposed(Refused):
    code = "nothing-proposed"


def needs(command: ApprovingCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    return [about_order(command.cycle_id, command.supplier_id), CYCLE.about(command.cycle_id)]


def decide(command: ApprovingCommand, known: Known) -> Sequence[Event]:
    match command:
        case ApproveOrder():
            return approve_order(command, known)
        case WithdrawProposal():
            return withdraw_proposal(command, known)
    assert_never(command)


def approve_order(command: ApproveOrder, known: Known) -> Sequence[Event]:
    """Raises NoSuchConsolidatedOrder, NothingProposed, SecondPersonNeeded, and what `consolidated`
    raises."""
    consolidated(known[CYCLE.about(command.cycle_id)])
    order = placed(known[about_order(command.cycle_id, command.supplier_id)])
    if not order.untold:
        return []
    if order.proposal is None:
        order_id = order.consolidated_order_id
        raise NothingProposed(f"nobody proposed to send order {order_id}, or it changed since")
    must_be_another(order.proposal.proposed_by, command.asked.by)
    return [
        ConsolidatedOrderSent(
            consolidated_order_id=order.consolidated_order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            revision=order.proposal.revision,
            reference=order.proposal.reference,
            proposed_by=order.proposal.proposed_by,
        )
    ]


def withdraw_proposal(command: WithdrawProposal, known: Known) -> Sequence[Event]:
    """Raises NoSuchConsolidatedOrder."""
    order = placed(known[about_order(command.cycle_id, command.supplier_id)])
    if order.proposal is None:
        return []
    return [
        ConsolidatedOrderProposalWithdrawn(
            consolidated_order_id=order.consolidated_order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            reason=command.reason,
        )
    ]


approving = Decider(needs, decide, (CONSOLIDATED, CYCLE))
