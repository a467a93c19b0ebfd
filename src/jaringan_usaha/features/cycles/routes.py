"""Buying cycles, orders and consolidated orders over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.door import (
    AskedByKey,
    AskedByPath,
    CallerNow,
    Done,
    DoorNow,
    OperatorNow,
    done,
    shown,
)
from jaringan_usaha.api.fields import Body, Day, Instant, Reason, Slug, Title
from jaringan_usaha.api.paging import (
    After,
    Cursor,
    Limit,
    ListOf,
    cursor,
    key_after,
    page_of,
)
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.cycles import views
from jaringan_usaha.features.cycles.domain import (
    CancelCycle,
    CloseCycle,
    NoSuchCycle,
    OpenCycle,
    cycles,
)

router = APIRouter(prefix="/v1", route_class=StrictRoute)

# -- bodies --------------------------------------------------------------------------------


class CycleBody(Body):
    """A buying cycle. `priced_on` is the day whose price lists hold."""

    title: Title
    opens_at: Instant
    closes_at: Instant
    prices: Literal["listed", "stated"] = "listed"
    priced_on: Day


class CloseBody(Body):
    """An early close needs a reason."""

    early: bool = False
    reason: Annotated[str, Field(max_length=280)] = ""


class ReasonBody(Body):
    reason: Reason


# -- answers -------------------------------------------------------------------------------


class CycleView(BaseModel):
    cycle_id: str
    title: str
    opens_at: datetime
    closes_at: datetime
    prices: str
    priced_on: date
    state: str = Field(description="open, closed, consolidated or cancelled; more may come")
    closed_position: int | None
    consolidated_orders: int | None
    order_lines: int | None
    amount_idr: int | None
    alone_idr: int | None


class TotalView(BaseModel):
    """What the group orders of one item so far."""

    supplier_id: str
    item_id: str
    quantity: int
    order_lines: int
    amount_idr: int
    discount_idr: int


class ConsolidatedOrderView(BaseModel):
    """The one order of the group with one supplier in one cycle."""

    cycle_id: str
    supplier_id: str
    item_count: int
    quantity: int
    order_lines: int
    amount_idr: int
    alone_idr: int = Field(description="what the koperasi had paid each on its own")
    placed_position: int


class ConsolidatedLineView(BaseModel):
    item_id: str
    quantity: int
    order_lines: int
    amount_idr: int
    alone_idr: int
    price_list: str
    price_idr: int | None
    price_per: int


# -- cycles --------------------------------------------------------------------------------


@router.put("/cycles/{cycle_id}", operation_id="openCycle", tags=["cycles"], status_code=201)
async def open_cycle(
    cycle_id: Annotated[Slug, Path()],
    body: CycleBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Open a buying cycle; koperasi may order between `opens_at` and `closes_at`."""
    command = OpenCycle(asked=asked, cycle_id=cycle_id, **body.model_dump())
    return done(response, await door.handle(caller, cycles, command), f"/v1/cycles/{cycle_id}")


@router.post("/cycles/{cycle_id}/close", operation_id="closeCycle", tags=["cycles"])
async def close_cycle(
    cycle_id: Annotated[Slug, Path()],
    body: CloseBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """End the ordering; the clock does so by itself when the time is over."""
    if body.early and len(body.reason) < 3:
        detail = "an early close needs a reason"
        error = {"pointer": "/reason", "code": "missing", "detail": detail}
        raise Problem(422, "validation-failed", detail, errors=[error])
    command = CloseCycle(asked=asked, cycle_id=cycle_id, early=body.early, reason=body.reason)
    return done(response, await door.handle(caller, cycles, command))


@router.post("/cycles/{cycle_id}/cancel", operation_id="cancelCycle", tags=["cycles"])
async def cancel_cycle(
    cycle_id: Annotated[Slug, Path()],
    body: ReasonBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Give a cycle up before it closes; nothing is bought."""
    command = CancelCycle(asked=asked, cycle_id=cycle_id, reason=body.reason)
    return done(response, await door.handle(caller, cycles, command))


@router.get("/cycles/{cycle_id}", operation_id="getCycle", tags=["cycles"])
async def get_cycle(
    cycle_id: Annotated[Slug, Path()], caller: CallerNow, door: DoorNow, after: After = 0
) -> CycleView:
    """One buying cycle as it stands."""
    async with door.reading(caller, after) as db:
        row = await views.cycle(db, caller.network_id, cycle_id)
    if row is None:
        raise NoSuchCycle(f"there is no cycle {cycle_id}")
    return CycleView(**dict(row))


@router.get("/cycles", operation_id="listCycles", tags=["cycles"])
async def list_cycles(
    caller: CallerNow,
    door: DoorNow,
    state: Annotated[str | None, Query(max_length=16)] = None,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Limit = 50,
    after: After = 0,
) -> ListOf[CycleView]:
    """Cycles by id."""
    (last,) = key_after(cursor_, "")
    async with door.reading(caller, after) as db:
        rows = await views.cycle_board(db, caller.network_id, after=last, state=state, limit=limit)
        as_of = await shown(db, caller.network_id, "cycles")
    return page_of(CycleView, rows, limit, ("cycle_id",), as_of)


@router.get("/cycles/{cycle_id}/totals", operation_id="listTotals", tags=["cycles"])
async def list_totals(
    cycle_id: Annotated[Slug, Path()],
    caller: CallerNow,
    door: DoorNow,
    supplier_id: Annotated[Slug | None, Query()] = None,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Limit = 50,
    after: After = 0,
) -> ListOf[TotalView]:
    """What the group orders per item so far."""
    key = key_after(cursor_, "", "")
    async with door.reading(caller, after) as db:
        rows = await views.totals(
            db, caller.network_id, cycle_id, after=key, supplier_id=supplier_id, limit=limit
        )
        as_of = await shown(db, caller.network_id, "cycles")
    return page_of(TotalView, rows, limit, ("supplier_id", "item_id"), as_of)


# -- consolidated orders -------------------------------------------------------------------


@router.get(
    "/consolidated-orders", operation_id="listConsolidatedOrders", tags=["consolidated orders"]
)
async def list_consolidated_orders(
    caller: OperatorNow,
    door: DoorNow,
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Limit = 50,
    after: After = 0,
) -> ListOf[ConsolidatedOrderView]:
    """The group's orders by cycle and supplier."""
    key = key_after(cursor_, "", "")
    async with door.reading(caller, after) as db:
        rows = await views.consolidated_orders(
            db,
            caller.network_id,
            after=key,
            cycle_id=cycle_id,
            supplier_id=supplier_id,
            limit=limit,
        )
        as_of = await shown(db, caller.network_id, "cycles")
    return page_of(ConsolidatedOrderView, rows, limit, ("cycle_id", "supplier_id"), as_of)


@router.get(
    "/consolidated-orders/{cycle_id}/{supplier_id}/lines",
    operation_id="listConsolidatedLines",
    tags=["consolidated orders"],
)
async def list_consolidated_lines(
    cycle_id: Annotated[Slug, Path()],
    supplier_id: Annotated[Slug, Path()],
    caller: OperatorNow,
    door: DoorNow,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Limit = 50,
    after: After = 0,
) -> ListOf[ConsolidatedLineView]:
    """What one consolidated order holds, item by item, at the price that was reached."""
    (last,) = key_after(cursor_, "")
    async with door.reading(caller, after) as db:
        rows = await views.consolidated_lines(
            db, caller.network_id, cycle_id, supplier_id, after=last, limit=limit
        )
        as_of = await shown(db, caller.network_id, "cycles")
    return page_of(ConsolidatedLineView, rows, limit, ("item_id",), as_of)


class CycleLineView(ConsolidatedLineView):
    supplier_id: str


class CycleLines(BaseModel):
    items: list[CycleLineView] = Field(max_length=1_000)
    next: str | None = Field(max_length=512)
    as_of: int
    stale: bool


@router.get(
    "/consolidated-orders/{cycle_id}/lines",
    operation_id="listCycleLines",
    tags=["consolidated orders"],
)
async def list_cycle_lines(
    cycle_id: Annotated[Slug, Path()],
    caller: OperatorNow,
    door: DoorNow,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
    after: After = 0,
) -> CycleLines:
    """The lines of all consolidated orders of a cycle, by supplier and item."""
    key = key_after(cursor_, "", "")
    async with door.reading(caller, after) as db:
        rows = await views.lines_of_cycle(db, caller.network_id, cycle_id, after=key, limit=limit)
        as_of = await shown(db, caller.network_id, "cycles")
    return CycleLines(
        items=[CycleLineView(**dict(row)) for row in rows],
        next=cursor(rows[-1]["supplier_id"], rows[-1]["item_id"]) if len(rows) == limit else None,
        **as_of,
    )
