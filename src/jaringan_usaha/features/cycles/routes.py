"""Buying cycles over HTTP."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import BoardNow, OperatorNow
from jaringan_usaha.api.commands import AskedByPath, AskedOnAnyVersion, AskedOnVersion, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Day, Instant, ReasonBody, Remark, Slug, Title
from jaringan_usaha.api.paging import (
    After,
    ListWithTotals,
    Page,
    Rows,
    by,
)
from jaringan_usaha.api.period import Days, within
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.api.versions import versioned
from jaringan_usaha.features.cycles import life_views, sums, views
from jaringan_usaha.features.cycles.amendments import views as amended_views
from jaringan_usaha.features.cycles.domain import (
    CYCLE,
    CancelCycle,
    CloseCycle,
    CycleAlreadyConsolidated,
    DraftCycle,
    NoSuchCycle,
    OpenCycle,
    OpenDraft,
    cycles,
)
from jaringan_usaha.features.cycles.group.sending import TakeBackOrders, sending
from jaringan_usaha.features.cycles.terms import (
    MOST_KEEP_DAYS,
    MOST_KEEP_TIMES,
    MOST_LATE_SECONDS,
)

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["cycles"])

MOST_NAMED = 1_000

# -- bodies --------------------------------------------------------------------------------


class CycleBody(Body):
    """A buying cycle and its terms. `priced_on` is the day whose price lists hold.

    From `fill_from_at` on only changes that fill cases are taken. `minimum` says what becomes of
    orders below a supplier's minimum, `sharing` how too little or too much is shared, and
    `tier_drop` who pays when a late withdrawal loses the group's tier. An order that its device
    wrote before the deadline (`client_at`) is taken up to `late_seconds` after it. `host` is the
    koperasi that shares in the fee.
    """

    title: Title
    opens_at: Instant
    closes_at: Instant
    prices: Literal["listed", "stated"] = "listed"
    priced_on: Day
    fill_from_at: Instant | None = None
    minimum: Literal["cancel", "keep_open", "ask"] = "cancel"
    keep_days: Annotated[int, Field(ge=0, le=MOST_KEEP_DAYS)] = 0
    keep_times: Annotated[int, Field(ge=0, le=MOST_KEEP_TIMES)] = 0
    sharing: Literal["pro_rata", "first_come", "priority"] = "pro_rata"
    priority: Annotated[tuple[Slug, ...], Field(max_length=MOST_NAMED, strict=False)] = ()
    tier_drop: Literal["canceller", "pooled"] = "canceller"
    late_seconds: Annotated[int, Field(ge=0, le=MOST_LATE_SECONDS)] = 0
    host: Slug | None = None

    def terms(self) -> dict[str, Any]:
        return {**self.model_dump(), "host": self.host or ""}


class CloseBody(Body):
    """An early close needs a reason."""

    early: bool = False
    reason: Remark = ""


# -- answers -------------------------------------------------------------------------------


class CycleView(BaseModel):
    cycle_id: str
    version: int = Field(description="of the cycle itself, for `If-Match`")
    title: str
    opens_at: datetime
    closes_at: datetime
    prices: str
    priced_on: date
    fill_from_at: datetime | None
    minimum: str
    keep_days: int
    keep_times: int
    kept: int = Field(description="how often it was kept open at its deadline")
    sharing: str
    priority: list[str]
    tier_drop: str
    late_seconds: int
    host: str
    state: str = Field(
        description="draft, open, box_fill, closed, consolidated, sent, acknowledged or cancelled; "
        "the last ones are those of the least advanced consolidated order; more may come"
    )
    closed_position: int | None
    consolidated_orders: int | None
    order_lines: int | None
    amount_idr: int | None
    alone_idr: int | None


class CycleTotals(Rows):
    """Of the cycles that are consolidated the orders, and what they come to."""

    consolidated_orders: int
    order_lines: int
    amount_idr: int
    alone_idr: int


class CycleList(ListWithTotals[CycleView, CycleTotals]):
    """Buying cycles."""


class TotalView(BaseModel):
    """What the group orders of one item so far. `amount_idr` and `discount_idr` are what the
    orders state: nothing in cycles with listed prices, whose prices so far `/prices` tells."""

    supplier_id: str
    item_id: str
    quantity: int
    tolerance: int = Field(description="units that are welcome beyond it where they fill a case")
    order_lines: int
    amount_idr: int
    discount_idr: int


class WantedTotals(Rows):
    order_lines: int
    amount_idr: int
    discount_idr: int


class WantedList(ListWithTotals[TotalView, WantedTotals]):
    """Items that the group orders in a cycle."""


# -- cycles --------------------------------------------------------------------------------


@router.put("/cycles/{cycle_id}", operation_id="openCycle", status_code=201)
async def open_cycle(
    cycle_id: Annotated[Slug, Path()],
    body: CycleBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Open a buying cycle; koperasi may order between `opens_at` and `closes_at`."""
    command = OpenCycle(asked=asked, cycle_id=cycle_id, **body.terms())
    return done(response, await door.handle(caller, cycles, command), f"/v1/cycles/{cycle_id}")


@router.put("/cycles/{cycle_id}/draft", operation_id="draftCycle", status_code=201)
async def draft_cycle(
    cycle_id: Annotated[Slug, Path()],
    body: CycleBody,
    response: Response,
    asked: AskedOnAnyVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Prepare a cycle; drafts are changed freely, also back again, and nobody orders in one."""
    command = DraftCycle(asked=asked, cycle_id=cycle_id, **body.terms())
    return done(response, await door.handle(caller, cycles, command), f"/v1/cycles/{cycle_id}")


@router.post("/cycles/{cycle_id}/open", operation_id="openDraft")
async def open_draft(
    cycle_id: Annotated[Slug, Path()],
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Open a cycle on the terms drafted last."""
    command = OpenDraft(asked=asked, cycle_id=cycle_id)
    return done(response, await door.handle(caller, cycles, command))


@router.post("/cycles/{cycle_id}/close", operation_id="closeCycle")
async def close_cycle(
    cycle_id: Annotated[Slug, Path()],
    body: CloseBody,
    response: Response,
    asked: AskedOnVersion,
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


@router.post("/cycles/{cycle_id}/cancel", operation_id="cancelCycle")
async def cancel_cycle(
    cycle_id: Annotated[Slug, Path()],
    body: ReasonBody,
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Give a cycle up; nothing is bought. After the close its orders are taken back, which can be
    done until one of them went to its supplier."""
    command = CancelCycle(asked=asked, cycle_id=cycle_id, reason=body.reason)
    try:
        return done(response, await door.handle(caller, cycles, command))
    except CycleAlreadyConsolidated:
        about = CYCLE.about(cycle_id)
        if not (await door.log(caller.network_id).know([about]))[about].consolidated:
            raise
    recorded = await door.log(caller.network_id).head()
    async with door.reading(caller, recorded) as db:
        suppliers = await amended_views.suppliers_to_take_back(db, caller.network_id, cycle_id)
    take_back = TakeBackOrders(
        asked=asked, cycle_id=cycle_id, supplier_ids=tuple(suppliers), reason=body.reason
    )
    return done(response, await door.handle(caller, sending, take_back))


@router.get("/cycles/{cycle_id}", operation_id="getCycle")
async def get_cycle(
    cycle_id: Annotated[Slug, Path()],
    response: Response,
    caller: BoardNow,
    door: DoorNow,
    after: After = 0,
) -> CycleView:
    """One buying cycle as it stands."""
    async with door.reading(caller, after) as db:
        row = await life_views.cycle(db, caller.network_id, cycle_id)
    if row is None:
        raise NoSuchCycle(f"there is no cycle {cycle_id}")
    versioned(response, row["version"], shows_more=True)  # how far its orders are
    return CycleView(**dict(row))


@router.get("/cycles", operation_id="listCycles")
async def list_cycles(
    caller: BoardNow,
    page: Annotated[Page, by(cycle_id=str)],
    days: Annotated[Days, within("`closes_at`")],
    state: Annotated[
        str | None, Query(max_length=16, description="only in this state, as `state` has it")
    ] = None,
) -> CycleList:
    """Buying cycles by id."""
    async with page.reading("cycles") as db:
        rows = await life_views.cycle_board(
            db, caller.network_id, part=page.part, state=state, days=days
        )
        totals = await sums.of_cycles(db, caller.network_id, state=state, days=days)
    return page.answer(CycleList, rows, totals=dict(totals))


@router.get("/cycles/{cycle_id}/totals", operation_id="listTotals")
async def list_totals(
    cycle_id: Annotated[Slug, Path()],
    caller: BoardNow,
    page: Annotated[Page, by(supplier_id=str, item_id=str)],
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> WantedList:
    """What the group orders per item so far."""
    async with page.reading("cycles") as db:
        rows = await views.totals(
            db, caller.network_id, cycle_id, part=page.part, supplier_id=supplier_id
        )
        totals = await sums.of_wanted(db, caller.network_id, cycle_id, supplier_id=supplier_id)
    return page.answer(WantedList, rows, totals=dict(totals))
