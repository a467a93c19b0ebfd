"""How far a cycle has come, from its draft to the last payment, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import BoardNow
from jaringan_usaha.api.door import DoorNow, shown
from jaringan_usaha.api.fields import Slug
from jaringan_usaha.api.paging import After
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.features.invoicing.charges import NoSuchCycle

queries = Queries("jaringan_usaha.features.invoicing", "progress.sql")

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["cycles"])

STEPS = (
    "consolidated",
    "sent",
    "acknowledged",
    "receiving",
    "received",
    "invoiced",
    "settled",
)
"""The states of an order in their order. Source: domain rules §3.12."""
MOST_ORDERS = 10_000


class OrderProgress(BaseModel):
    supplier_id: str
    state: str


class CycleProgress(BaseModel):
    """The state of a cycle goes on through the rooms that its goods and money travel."""

    cycle_id: str
    state: str = Field(
        description="draft, open, box_fill, closed or cancelled; then that of the least advanced "
        f"order for anything: {', '.join(STEPS)}"
    )
    orders: list[OrderProgress] = Field(
        max_length=MOST_ORDERS, description="the least advanced first"
    )
    as_of: int
    stale: bool


@router.get("/cycles/{cycle_id}/progress", operation_id="getCycleProgress")
async def get_progress(
    cycle_id: Annotated[Slug, Path()], caller: BoardNow, door: DoorNow, after: After = 0
) -> CycleProgress:
    """How far the orders of a cycle have come, with their goods and their money."""
    orders: list[OrderProgress] = []
    async with door.reading(caller, after) as db:
        state = await db.fetchval(queries.cycle, caller.network_id, cycle_id)
        if state in STEPS:
            rows = await db.fetch(queries.orders, caller.network_id, cycle_id)
            orders = [OrderProgress(**dict(row)) for row in rows]
        as_of = await shown(db, caller.network_id, "invoicing")
    if state is None:
        raise NoSuchCycle(f"there is no cycle {cycle_id}")
    orders.sort(key=lambda order: STEPS.index(order.state))
    if orders:
        state = orders[0].state
    return CycleProgress(cycle_id=cycle_id, state=state, orders=orders, **as_of)
