"""The group's orders, one with each supplier, over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import OfficeNow, SupplierNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.fields import Slug
from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.paging import ListWithTotals, Page, Rows, by
from jaringan_usaha.api.period import Days, within
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.features.cycles import sums
from jaringan_usaha.features.cycles.group import views

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["consolidated orders"])

MOST_EXPANDED = 50

# -- answers -------------------------------------------------------------------------------


class ConsolidatedLineView(BaseModel):
    """What is ordered of one item: `cases` of `case_size`, for `firm` units wanted."""

    item_id: str
    quantity: int
    order_lines: int
    amount_idr: int
    alone_idr: int | None = Field(description="null for a supplier")
    price_list: str
    price_idr: int | None
    price_per: int
    cases: int
    case_size: int
    firm: int
    tolerance: int
    reason: str = Field(
        description="why nothing is ordered: MOQ_NOT_MET, MIN_ACCEPT, HET_EXCEEDED, or empty"
    )


class ConsolidatedOrderView(BaseModel):
    """The one order of the group with one supplier in one cycle."""

    cycle_id: str
    supplier_id: str
    item_count: int
    quantity: int
    order_lines: int
    amount_idr: int
    alone_idr: int | None = Field(
        description="what the koperasi had paid each on its own; null for a supplier"
    )
    placed_position: int
    lines: list[ConsolidatedLineView] | None = Field(
        None, max_length=MOST_EXPANDED, description="its first ones, where `expand` asks for them"
    )


class ConsolidatedTotals(Rows):
    order_lines: int
    amount_idr: int
    alone_idr: int | None = Field(description="null for a supplier")


class ConsolidatedOrderTotals(ConsolidatedTotals):
    item_count: int


class ConsolidatedOrderList(ListWithTotals[ConsolidatedOrderView, ConsolidatedOrderTotals]):
    """The group's orders."""


class ConsolidatedLineList(ListWithTotals[ConsolidatedLineView, ConsolidatedTotals]):
    """Lines of one consolidated order."""


class CycleLineView(ConsolidatedLineView):
    supplier_id: str


class CycleLineList(ListWithTotals[CycleLineView, ConsolidatedTotals]):
    """Lines of all consolidated orders of a cycle."""


# -- questions ------------------------------------------------------------------------------


@router.get("/consolidated-orders", operation_id="listConsolidatedOrders")
async def list_consolidated_orders(
    caller: SupplierNow,
    page: Annotated[Page, by(cycle_id=str, supplier_id=str)],
    days: Annotated[Days, within("the cycle's `closes_at`")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
    expand: Annotated[
        Literal["lines"] | None,
        Query(description="`lines`: with up to 50 lines of each, of `item_count`"),
    ] = None,
) -> ConsolidatedOrderList:
    """The group's orders by cycle and supplier."""
    to = Narrowed(cycle_id, caller.supplier_for(supplier_id), days)
    async with page.reading("cycles") as db:
        rows = await views.consolidated_orders(db, caller.network_id, to, part=page.part)
        totals = await sums.of_orders(db, caller.network_id, to)
        if expand is not None:
            lines = await views.first_lines(db, caller.network_id, rows, MOST_EXPANDED)

    def show(row: Row) -> dict[str, Any]:
        seen = _without_savings(caller, row)
        if expand is not None:
            of_order = lines[row["cycle_id"], row["supplier_id"]]
            seen["lines"] = [_without_savings(caller, line) for line in of_order]
        return seen

    hidden = _without_savings(caller, totals)
    return page.answer(ConsolidatedOrderList, rows, show=show, totals=hidden)


def _without_savings(caller: Caller, row: Row) -> dict[str, Any]:
    """What the group saves is none of its suppliers' business."""
    hidden: dict[str, Any] = {"alone_idr": None} if caller.role == "supplier" else {}
    return {**dict(row), **hidden}


@router.get(
    "/consolidated-orders/{cycle_id}/{supplier_id}/lines",
    operation_id="listConsolidatedLines",
)
async def list_consolidated_lines(
    cycle_id: Annotated[Slug, Path()],
    supplier_id: Annotated[Slug, Path()],
    caller: SupplierNow,
    page: Annotated[Page, by(item_id=str)],
) -> ConsolidatedLineList:
    """What one consolidated order holds, item by item, at the price that was reached."""
    caller.supplier_for(supplier_id)
    async with page.reading("cycles") as db:
        rows = await views.consolidated_lines(
            db, caller.network_id, cycle_id, supplier_id, part=page.part
        )
        totals = await _line_totals(db, caller, cycle_id, supplier_id)
    return page.answer(
        ConsolidatedLineList,
        rows,
        show=lambda row: _without_savings(caller, row),
        totals=totals,
    )


async def _line_totals(
    db: Connection, caller: Caller, cycle_id: str, supplier_id: str | None = None
) -> dict[str, Any]:
    """The sums of the lines of one order, or of all of a cycle: the orders hold them."""
    of_orders = await sums.of_orders(db, caller.network_id, Narrowed(cycle_id, supplier_id))
    return {**_without_savings(caller, of_orders), "rows": of_orders["item_count"]}


@router.get(
    "/consolidated-orders/{cycle_id}/lines",
    operation_id="listCycleLines",
)
async def list_cycle_lines(
    cycle_id: Annotated[Slug, Path()],
    caller: OfficeNow,
    page: Annotated[Page, by(supplier_id=str, item_id=str)],
) -> CycleLineList:
    """The lines of all consolidated orders of a cycle, by supplier and item."""
    async with page.reading("cycles") as db:
        rows = await views.lines_of_cycle(db, caller.network_id, cycle_id, part=page.part)
        totals = await _line_totals(db, caller, cycle_id)
    return page.answer(CycleLineList, rows, totals=totals)
