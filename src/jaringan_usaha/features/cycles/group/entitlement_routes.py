"""What koperasi may expect of the group's orders, and missed minimums, over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import AuditorNow, OperatorNow, ReaderNow
from jaringan_usaha.api.commands import AskedByKey, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Reason, Slug
from jaringan_usaha.api.paging import ListWithTotals, Page, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.cycles import sums
from jaringan_usaha.features.cycles.group import views
from jaringan_usaha.features.cycles.group.domain import DecideMinimum, consolidated_orders

router = APIRouter(prefix="/v1", route_class=StrictRoute)

# -- bodies and answers --------------------------------------------------------------------


class MinimumBody(Body):
    """`order` below the minimum all the same, since the supplier agrees; or `cancel` what stays
    below it."""

    decision: Literal["order", "cancel"]
    reason: Reason


class EntitlementView(BaseModel):
    """What one koperasi may expect of one item, and what that was decided on."""

    supplier_id: str
    item_id: str
    koperasi_id: str
    firm: int = Field(description="units wanted")
    tolerance: int = Field(description="more units that were welcome")
    least: int = Field(description="rather none than fewer units")
    granted: int = Field(description="units that are ordered for it")
    alone_idr: int = Field(description="what the granted units had cost without the group")
    first_position: int = Field(description="since when it wanted the item; the earlier goes first")
    reason: str = Field(
        description="why nothing is granted: MOQ_NOT_MET, CASE_NOT_FULL, MIN_ACCEPT, HET_EXCEEDED, "
        "or empty"
    )


class Entitled(BaseModel):
    """The sums of all rows, not only of the page. `items`: so many lines they are."""

    items: int
    firm: int
    tolerance: int
    granted: int
    alone_idr: int


class Entitlements(ListWithTotals[EntitlementView, Entitled]):
    """What koperasi may expect in a cycle."""


class MinimumView(BaseModel):
    """A supplier whose minimum was missed: its goods (without PPN and deposits) below the least
    value, or items below the least cases. `decision` is null while the operator is asked."""

    supplier_id: str
    minimum_idr: int
    goods_idr: int
    item_ids: list[str]
    decision: str | None
    reason: str
    position: int


class MinimumTotals(Rows):
    undecided: int
    minimum_idr: int
    goods_idr: int


class MinimumList(ListWithTotals[MinimumView, MinimumTotals]):
    """The minimums that a cycle missed."""


# -- entitlements --------------------------------------------------------------------------


@router.get(
    "/cycles/{cycle_id}/entitlements",
    operation_id="listEntitlements",
    tags=["consolidated orders"],
)
async def list_entitlements(
    cycle_id: Annotated[Slug, Path()],
    caller: ReaderNow,
    page: Annotated[Page, by(supplier_id=str, item_id=str, koperasi_id=str)],
    koperasi_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> Entitlements:
    """Who may expect how much of the group's orders, by supplier, item and koperasi; a koperasi
    sees its own rows only."""
    if koperasi_id is not None:
        caller.must_speak_for(koperasi_id)
    whose = koperasi_id or caller.koperasi_id
    async with page.reading("cycles") as db:
        rows = await views.entitlements(
            db,
            caller.network_id,
            cycle_id,
            part=page.part,
            koperasi_id=whose,
            supplier_id=supplier_id,
        )
        totals = await views.entitled(
            db, caller.network_id, cycle_id, koperasi_id=whose, supplier_id=supplier_id
        )
    return page.answer(Entitlements, rows, totals=dict(totals))


# -- minimums ------------------------------------------------------------------------------


@router.get("/cycles/{cycle_id}/minimums", operation_id="listMinimums", tags=["cycles"])
async def list_minimums(
    cycle_id: Annotated[Slug, Path()],
    caller: AuditorNow,
    page: Annotated[Page, by(supplier_id=str)],
) -> MinimumList:
    """The minimums that a cycle missed, where its terms are to ask the operator."""
    async with page.reading("cycles") as db:
        rows = await views.minimums(db, caller.network_id, cycle_id, part=page.part)
        totals = await sums.of_minimums(db, caller.network_id, cycle_id)
    return page.answer(MinimumList, rows, totals=dict(totals))


@router.post(
    "/cycles/{cycle_id}/suppliers/{supplier_id}/minimum",
    operation_id="decideMinimum",
    tags=["cycles"],
)
async def decide_minimum(
    cycle_id: Annotated[Slug, Path()],
    supplier_id: Annotated[Slug, Path()],
    body: MinimumBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Answer what becomes of an order below the supplier's minimum; the cycle is consolidated
    when all such questions are answered."""
    command = DecideMinimum(
        asked=asked,
        cycle_id=cycle_id,
        supplier_id=supplier_id,
        decision=body.decision,
        reason=body.reason,
    )
    return done(response, await door.handle(caller, consolidated_orders, command))
