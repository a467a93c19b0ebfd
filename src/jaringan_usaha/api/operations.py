"""What became of an operation, for whoever lost the answer."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, Field

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api.access.admission import PartnerNow
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.kernel.messages import Event
from jaringan_usaha.kernel.rejections import Missing

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["sync"])

SHOWN_AT: Mapping[str, str] = {
    "charge": "/v1/charges/{}/lines",
    "choice": "/v1/choices/{}",
    "consolidated_order": "/v1/consolidated-orders/{}/state",
    "cycle": "/v1/cycles/{}",
    "import": "/v1/price-imports/{}",
    "invoice": "/v1/supplier-invoices/{}",
    "item": "/v1/items/{}",
    "koperasi": "/v1/koperasi/{}",
    "month": "/v1/months/{}",
    "order": "/v1/orders/{}",
    "price_list": "/v1/price-lists/{}",
    "receipt": "/v1/receipts/{}",
    "sale": "/v1/sales/{}",
    "supplier": "/v1/suppliers/{}",
}
"""Where the things are shown that events name; the first one that an event names is its own."""


class Operation(BaseModel):
    """An operation that was recorded. One that was refused leaves nothing: it is unknown, may be
    sent again, and is decided anew."""

    state: str = Field(description="done; more may come")
    result_url: str | None = Field(
        max_length=256, description="where what it made or changed is shown, null for nowhere"
    )
    position: int
    version: int
    recorded_at: AwareDatetime


class OperationUnknown(Missing):
    code = "operation-unknown"


@router.get("/operations/{op_id}", operation_id="getOperation")
async def get_operation(
    op_id: Annotated[
        str,
        Path(
            pattern=asking.KEY.pattern,
            max_length=128,
            description="`op_id`, idempotency key or order id of the command",
        ),
    ],
    caller: PartnerNow,
    door: DoorNow,
) -> Operation:
    """What became of an operation, by the id (or idempotency key) that the client made; told for
    400 days.

    404 promises that it is not recorded and safe to send, also when it was refused: a refusal is
    stored nowhere.
    """
    ids = asking.command_ids(caller, op_id)
    clocks = (door.clock.now(), door.now(caller))
    found = await door.log(caller.network_id).answers.recorded_under(ids, *clocks)
    if found is None:
        raise OperationUnknown(f"operation {op_id} is not recorded; it is safe to send")
    recorded, event = found
    assert recorded.recorded_at is not None
    return Operation(
        state="done",
        result_url=result_url(event),
        position=recorded.position,
        version=recorded.version,
        recorded_at=recorded.recorded_at,
    )


def result_url(event: Event) -> str | None:
    """Where what an event tells of is shown."""
    for tag, value in event.tags():
        if tag in SHOWN_AT:
            return SHOWN_AT[tag].format(value.replace("|", "/"))
    return None
