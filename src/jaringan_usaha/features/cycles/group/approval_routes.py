"""A second person's word on consolidated orders above the limit, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from jaringan_usaha.api.access.admission import ApproverNow, OperatorNow
from jaringan_usaha.api.commands import AskedByKey, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Reason, Slug
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.cycles.group.approving import (
    ApproveOrder,
    WithdrawProposal,
    approving,
)

router = APIRouter(prefix="/v1/consolidated-orders", route_class=StrictRoute, tags=["approvals"])


class WithdrawProposalBody(Body):
    """Why the order is not to be sent as proposed."""

    reason: Reason


@router.post("/{cycle_id}/{supplier_id}/approve", operation_id="approveConsolidatedOrder")
async def approve_order(
    cycle_id: Annotated[Slug, Path()],
    supplier_id: Annotated[Slug, Path()],
    response: Response,
    asked: AskedByKey,
    caller: ApproverNow,
    door: DoorNow,
) -> Done:
    """Approve what another person proposed to send to the supplier, and so send it."""
    command = ApproveOrder(asked=asked, cycle_id=cycle_id, supplier_id=supplier_id)
    return done(response, await door.handle(caller, approving, command))


@router.post("/{cycle_id}/{supplier_id}/withdraw-proposal", operation_id="withdrawOrderProposal")
async def withdraw_proposal(
    cycle_id: Annotated[Slug, Path()],
    supplier_id: Annotated[Slug, Path()],
    body: WithdrawProposalBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Withdraw a proposal to send an order, one's own or another's."""
    command = WithdrawProposal(
        asked=asked, cycle_id=cycle_id, supplier_id=supplier_id, reason=body.reason
    )
    return done(response, await door.handle(caller, approving, command))
