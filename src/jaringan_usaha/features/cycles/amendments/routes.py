"""Consolidated orders on their way to the supplier, and who pays for lost tiers, over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, TypeAdapter

from jaringan_usaha.api.access.admission import OperatorNow, ReaderNow, SupplierNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.commands import AskedBySupplier, AskedOnVersion, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Instant, Reason, Remark, Slug
from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.paging import After, ListWithTotals, Page, Rows, by
from jaringan_usaha.api.period import Days, within
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.api.sync.up import SyncType
from jaringan_usaha.api.versions import versioned
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.eventlog.projector import log_queries
from jaringan_usaha.eventlog.queries import Part
from jaringan_usaha.features.cycles import sums as order_sums
from jaringan_usaha.features.cycles.amendments import views
from jaringan_usaha.features.cycles.events import (
    AcknowledgedLine,
    ConsolidatedOrderProposed,
    group_order_id,
)
from jaringan_usaha.features.cycles.group.sending import (
    AcknowledgeOrder,
    NoSuchConsolidatedOrder,
    SendOrder,
    TakeBackOrders,
    sending,
)
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.quantity import MOST_UNITS

router = APIRouter(prefix="/v1", route_class=StrictRoute)

MOST_ANSWERS = 500

# -- bodies --------------------------------------------------------------------------------


class SendBody(Body):
    """`reference` is what the order is called at the supplier: a number, a message."""

    reference: Annotated[str, Field(max_length=120)] = ""


class AnswerLineBody(Body):
    """So many cases of an item will be delivered; 0 rejects it. Fewer than ordered need a why."""

    item_id: Slug
    cases: Annotated[int, Field(ge=0, le=MOST_UNITS)]
    reason: Remark = ""


class AnswerBody(Body):
    """The supplier's answer to a revision; items that are not named are accepted whole."""

    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]
    lines: Annotated[tuple[AnswerLineBody, ...], Field(max_length=MOST_ANSWERS, strict=False)] = ()


class ReopenBody(Body):
    """Why the cycle opens again, and its new deadline."""

    closes_at: Instant
    reason: Reason


# -- answers -------------------------------------------------------------------------------


class OrderStateView(BaseModel):
    """How far a consolidated order is, by what cycles know of it."""

    cycle_id: str
    supplier_id: str
    state: str = Field(description="placed, sent, acknowledged or withdrawn")
    version: int
    revision: int = Field(description="of what it holds now")
    told: int = Field(description="the revision that the supplier was told last; 0 for none")
    untold: bool = Field(description="it was amended since the supplier was told")
    reference: str
    proposed_idr: int | None = Field(description="what a second person is asked to approve")
    proposed_by: str | None = Field(description="by whom; never shown to suppliers")
    position: int


class OrderStateTotals(Rows):
    untold: int = Field(description="of which the supplier was not told, or not of all")


class OrderStateList(ListWithTotals[OrderStateView, OrderStateTotals]):
    """Consolidated orders and how far they are."""


class Sent(Done):
    """What became of sending an order."""

    state: str = Field(description="sent, or proposed: a second person has to approve it")


class AnswerLineView(BaseModel):
    """An item that the supplier did not accept whole."""

    item_id: str
    revision: int
    cases: int
    reason: str


class OrderState(OrderStateView):
    answers: list[AnswerLineView] = Field(max_length=MOST_ANSWERS)


class TierDropView(BaseModel):
    """A koperasi pays (`charged_idr`) because the group fell below a tier, or is paid
    (`relieved_idr`) since its goods became dearer."""

    cycle_id: str
    supplier_id: str
    item_id: str
    koperasi_id: str
    position: int
    charged_idr: int
    relieved_idr: int


class TierDropSums(Rows):
    """Of all rows, not only of the page."""

    charged_idr: int
    relieved_idr: int


class TierDrops(ListWithTotals[TierDropView, TierDropSums]):
    """Who pays for lost tiers, and who is relieved."""


# -- with the supplier ---------------------------------------------------------------------

ORDER = "/consolidated-orders/{cycle_id}/{supplier_id}"


@router.post(
    f"{ORDER}/send",
    operation_id="sendConsolidatedOrder",
    tags=["consolidated orders"],
    responses={202: {"model": Sent, "description": "A second person has to approve it."}},
)
async def send_order(
    cycle_id: Annotated[Slug, Path()],
    supplier_id: Annotated[Slug, Path()],
    body: SendBody,
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Sent:
    """Record that the supplier was told of the order, or of what was amended since. Above the
    limit of the rule `two-persons` this only proposes it (202), and a second person approves."""
    command = SendOrder(
        asked=asked, cycle_id=cycle_id, supplier_id=supplier_id, reference=body.reference
    )
    recorded = await door.handle(caller, sending, command)
    async with door.reading(caller, 0) as db:
        fact = await db.fetchrow(log_queries.event_at, caller.network_id, recorded.position)
    proposed = fact is not None and ConsolidatedOrderProposed.name.startswith(f"{fact['name']}.")
    if proposed:
        response.status_code = 202
    state = "proposed" if proposed else "sent"
    return Sent(**dict(done(response, recorded)), state=state)


@router.post(
    f"{ORDER}/acknowledge",
    operation_id="acknowledgeConsolidatedOrder",
    tags=["consolidated orders"],
)
async def acknowledge_order(
    cycle_id: Annotated[Slug, Path()],
    supplier_id: Annotated[Slug, Path()],
    body: AnswerBody,
    response: Response,
    asked: AskedBySupplier,
    caller: SupplierNow,
    door: DoorNow,
) -> Done:
    """Record the supplier's answer, line by line: accepted, accepted in part, or rejected."""
    caller.supplier_for(supplier_id)
    recorded = await door.log(caller.network_id).head()
    named = [line.item_id for line in body.lines]
    async with door.reading(caller, recorded) as db:
        orders = await views.stands_of_orders(db, caller.network_id, cycle_id, [supplier_id])
        ordered = await views.cases_of_items(db, caller.network_id, cycle_id, supplier_id, named)
    command = AcknowledgeOrder(
        asked=asked,
        cycle_id=cycle_id,
        supplier_id=supplier_id,
        revision=body.revision,
        lines=tuple(AcknowledgedLine(**line.model_dump()) for line in body.lines),
        ordered=tuple(ordered),
        version=orders[0]["version"] if orders else 0,
    )
    return done(response, await door.handle(caller, sending, command))


@router.get(
    f"{ORDER}/state", operation_id="getConsolidatedOrderState", tags=["consolidated orders"]
)
async def get_order_state(
    cycle_id: Annotated[Slug, Path()],
    supplier_id: Annotated[Slug, Path()],
    response: Response,
    caller: SupplierNow,
    door: DoorNow,
    after: After = 0,
) -> OrderState:
    """How far one consolidated order is, and what the supplier answered."""
    caller.supplier_for(supplier_id)
    async with door.reading(caller, after) as db:
        rows = await views.order_states(
            db,
            caller.network_id,
            Narrowed(cycle_id, supplier_id),
            state=None,
            part=Part(("", ""), 1),
        )
        answers = await views.answers_of_supplier(db, caller.network_id, cycle_id, supplier_id)
    if not rows:
        consolidated_order_id = group_order_id(cycle_id, supplier_id)
        raise NoSuchConsolidatedOrder(f"there is no consolidated order {consolidated_order_id}")
    versioned(response, rows[0]["version"])
    found = [AnswerLineView(**dict(row)) for row in answers]
    return OrderState(**dict(_for(caller, rows)[0]), answers=found)


@router.get(
    "/order-states", operation_id="listConsolidatedOrderStates", tags=["consolidated orders"]
)
async def list_order_states(
    caller: SupplierNow,
    page: Annotated[Page, by(cycle_id=str, supplier_id=str)],
    days: Annotated[Days, within("the cycle's `closes_at`")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
    state: Annotated[
        str | None, Query(max_length=16, description="only in this state, as `state` has it")
    ] = None,
) -> OrderStateList:
    """Consolidated orders and how far they are, by cycle and supplier."""
    to = Narrowed(cycle_id, caller.supplier_for(supplier_id), days)
    async with page.reading("cycles") as db:
        rows = await views.order_states(db, caller.network_id, to, state=state, part=page.part)
        totals = await order_sums.of_states(db, caller.network_id, to, state=state)
    return page.answer(OrderStateList, _for(caller, rows), totals=dict(totals))


def _for(caller: Caller, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What is still to be approved within the network is not the supplier's to know."""
    hidden = {"proposed_idr": None, "proposed_by": None} if caller.supplier_id else {}
    return [{**row, **hidden} for row in rows]


@router.post("/cycles/{cycle_id}/reopen", operation_id="reopenCycle", tags=["cycles"])
async def reopen_cycle(
    cycle_id: Annotated[Slug, Path()],
    body: ReopenBody,
    response: Response,
    asked: AskedOnVersion,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Open a closed cycle again, if nothing went to a supplier: its orders are taken back."""
    recorded = await door.log(caller.network_id).head()
    async with door.reading(caller, recorded) as db:
        suppliers = await views.suppliers_to_take_back(db, caller.network_id, cycle_id)
    command = TakeBackOrders(
        asked=asked,
        cycle_id=cycle_id,
        supplier_ids=tuple(suppliers),
        reason=body.reason,
        closes_at=body.closes_at,
    )
    return done(response, await door.handle(caller, sending, command))


# -- lost tiers ----------------------------------------------------------------------------


@router.get("/tier-drops", operation_id="listTierDrops", tags=["orders"])
async def list_tier_drops(
    caller: ReaderNow,
    page: Annotated[Page, by(position=int, item_id=str, koperasi_id=str)],
    days: Annotated[Days, within("the cycle's `closes_at`")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
    koperasi_id: Annotated[Slug | None, Query()] = None,
) -> TierDrops:
    """Who pays because the group fell below a tier, and who is paid; a koperasi sees its own."""
    if koperasi_id is not None:
        caller.must_speak_for(koperasi_id)
    whose = koperasi_id or caller.koperasi_id
    to = Narrowed(cycle_id, supplier_id, days)
    async with page.reading("cycles") as db:
        rows = await views.tier_drops(db, caller.network_id, to, koperasi_id=whose, part=page.part)
        totals = await views.tier_drop_totals(db, caller.network_id, to, koperasi_id=whose)
    return page.answer(TierDrops, rows, totals=totals)


# -- bulk sync -----------------------------------------------------------------------------


class SyncSendBody(SendBody):
    cycle_id: Slug
    supplier_id: Slug


def _sync_send(body: SyncSendBody, asked: Asked, caller: Caller) -> SendOrder:
    caller.must_operate()
    return SendOrder(asked=asked, **body.model_dump())


sync_types: Mapping[str, SyncType[Any]] = {
    "send_order": SyncType(TypeAdapter(SyncSendBody), sending, _sync_send, "consolidated-orders"),
}
