"""Orders over HTTP that are withdrawn late, or handed on to another koperasi."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api.access.admission import OperatorNow, ReaderNow
from jaringan_usaha.api.commands import AskedOnVersion, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Reason, Slug, UuidV7
from jaringan_usaha.api.paging import After
from jaringan_usaha.api.problems import told_in
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.api.words import in_language
from jaringan_usaha.features.cycles.amendments.domain import TransferOrder, amending
from jaringan_usaha.features.cycles.amendments.withdrawing import (
    ItemConsequenceView,
    consequence,
    standing,
    total_of,
)
from jaringan_usaha.features.cycles.orders.lines import MOST_LINES

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["orders"])

# -- bodies --------------------------------------------------------------------------------


class TransferBody(Body):
    """To whom the order goes, and the id of the order that it becomes there."""

    to_koperasi_id: Slug
    to_order_id: UuidV7
    reason: Reason


# -- answers -------------------------------------------------------------------------------


class WithdrawalView(BaseModel):
    """What withdrawing an order would do. Send `charge_idr` with the withdrawal to accept it."""

    order_id: str
    cycle_id: str
    version: int
    state: str = Field(description="of the cycle")
    allowed: bool
    code: str | None = Field(description="of the rule that refuses it")
    detail: str | None
    must_agree: list[str] = Field(description="suppliers that were told of the order already")
    charge_idr: int
    own_charge_idr: int
    items: list[ItemConsequenceView] = Field(max_length=MOST_LINES)


# -- withdrawals and transfers -------------------------------------------------------------


@router.get("/orders/{order_id}/withdrawal", operation_id="previewWithdrawal")
async def preview_withdrawal(
    order_id: UuidV7,
    request: Request,
    response: Response,
    caller: ReaderNow,
    door: DoorNow,
    after: After = 0,
) -> WithdrawalView:
    """What withdrawing this order would do, before anybody does it; `detail` is in the caller's
    language."""
    now = await standing(door, caller, order_id, after)
    asked = asking.asked(caller, order_id, door.clock.now())
    found = await consequence(door, caller, asked, now)
    charge_idr, own_charge_idr = total_of(found.items)
    language = told_in(request, response)
    return WithdrawalView(
        order_id=order_id,
        cycle_id=now.order["cycle_id"],
        version=now.order["version"],
        state=now.state,
        allowed=found.refusal is None,
        code=found.refusal.code if found.refusal else None,
        detail=in_language(found.refusal.detail, language) if found.refusal else None,
        must_agree=found.must_agree,
        charge_idr=charge_idr,
        own_charge_idr=own_charge_idr,
        items=found.items,
    )


@router.post("/orders/{order_id}/transfer", operation_id="transferOrder")
async def transfer_order(
    order_id: UuidV7,
    body: TransferBody,
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Hand an order, and what it is entitled to, on to another koperasi after the close; nothing
    changes for the supplier."""
    now = await standing(door, caller, order_id)
    command = TransferOrder(
        asked=asked,
        order_id=order_id,
        cycle_id=now.order["cycle_id"],
        koperasi_id=now.order["koperasi_id"],
        reason=body.reason,
        lines=now.lines,
        stands=now.stands,
        to_koperasi=body.to_koperasi_id,
        to_order=body.to_order_id,
    )
    location = f"/v1/orders/{body.to_order_id}"
    return done(response, await door.handle(caller, amending, command), location)
