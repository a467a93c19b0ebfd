"""Buying cycles, orders and consolidated orders over HTTP."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api.access import Caller
from jaringan_usaha.api.door import (
    AskedByKey,
    AskedByPath,
    CallerNow,
    Done,
    DoorNow,
    OperatorNow,
    done,
    door_of,
    shown,
)
from jaringan_usaha.api.fields import Body, Day, Idr, Instant, Reason, Slug, Title
from jaringan_usaha.api.paging import (
    After,
    Cursor,
    Limit,
    ListOf,
    cursor,
    cursor_invalid,
    key_after,
    page_of,
)
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_route import StrictRoute, read_json
from jaringan_usaha.api.sync import SyncType
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.features.cycles import views
from jaringan_usaha.features.cycles.domain import (
    MOST_LINES,
    CancelCycle,
    CancelOrder,
    ChangeOrder,
    CloseCycle,
    NoSuchCycle,
    NoSuchOrder,
    OpenCycle,
    PlaceOrder,
    cycles,
)
from jaringan_usaha.features.cycles.events import Discount, OrderLine
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.rejections import KeyReused

router = APIRouter(prefix="/v1", route_class=StrictRoute)

NO_UUID = UUID(int=0)

# -- bodies --------------------------------------------------------------------------------

UuidV7 = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        min_length=36,
        max_length=36,
        description="made by the POS, UUIDv7 in lower case",
        examples=["01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e90"],
    ),
]
Quantity = Annotated[int, Field(ge=0, le=MOST_UNITS, description="in the item's base unit")]


class DiscountBody(Body):
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=32)]
    idr: Idr


class LineBody(Body):
    """One item. `amount_idr` and `discounts` only in cycles with stated prices."""

    supplier_id: Slug
    item_id: Slug
    quantity: Quantity
    amount_idr: Idr | None = None
    discounts: Annotated[tuple[DiscountBody, ...], Field(max_length=8, strict=False)] = ()


class OrderBody(Body):
    """An order with all its lines. `koperasi_id` may be left out with a koperasi's own key."""

    cycle_id: Slug
    koperasi_id: Slug | None = None
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=MOST_LINES)]
    client_at: Instant | None = None

    def order_lines(self) -> tuple[OrderLine, ...]:
        return tuple(
            [
                OrderLine(
                    supplier_id=line.supplier_id,
                    item_id=line.item_id,
                    quantity=line.quantity,
                    amount_idr=line.amount_idr,
                    discounts=tuple(Discount(kind=d.kind, idr=d.idr) for d in line.discounts),
                )
                for line in self.lines
            ]
        )


class CancelOrderBody(Body):
    cycle_id: Slug
    koperasi_id: Slug | None = None
    reason: Annotated[str, Field(max_length=280)] = ""


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


class OrderView(BaseModel):
    order_id: UUID
    cycle_id: str
    koperasi_id: str
    version: int
    state: str = Field(description="placed or cancelled; more may come")
    lines: list[dict[str, Any]]
    client_at: datetime | None
    position: int
    recorded_at: datetime


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


# -- orders --------------------------------------------------------------------------------

_order_body = TypeAdapter(OrderBody)
_encode = msgspec.json.Encoder().encode


async def put_order(request: Request) -> Response:
    """Place an order, or with `If-Match` replace the lines of one.

    The hot road: read, check, decide and answer without the framework's machinery.
    """
    door = door_of(request)
    caller = await door.keys.caller(request.headers.get("authorization"))
    order_id = _order_id(request.path_params["order_id"])
    raw = await read_json(request)
    body = _order_body.validate_python(raw)
    keys = request.headers.getlist("idempotency-key")
    version = _if_match(request.headers.get("if-match"))
    key = asking.key_of(keys) if keys else own_key(order_id, raw, version)
    frame = asking.asked(caller, key, door.clock.now(), "PUT", order_id, version, raw)
    command = _place(order_id, body, frame, caller, version)
    try:
        recorded = await door.handle(caller, cycles, command)
    except KeyReused:
        if keys:
            raise
        # The order's id stands for other content; its own rule says what to do about that.
        key = asking.print_of(order_id, version, raw).hex()
        frame = asking.asked(caller, key, door.clock.now(), "PUT", order_id, version, raw)
        recorded = await door.handle(caller, cycles, msgspec.structs.replace(command, asked=frame))
    made = not recorded.replayed or (keys and recorded.recorded_at is not None)
    status = 201 if version is None and made else 200
    headers = {
        "etag": f'"v{recorded.version}"',
        "location": f"/v1/orders/{order_id}",
    }
    if recorded.replayed:
        headers["idempotent-replayed"] = "true"
    content = _encode({"position": recorded.position, "version": recorded.version})
    return Response(content, status, headers, media_type="application/json")


def own_key(order_id: str, raw: Any, version: int | None) -> str:
    """The key of a request without one: the order's own id for placing it, its content too for
    replacing it."""
    return order_id if version is None else asking.print_of(order_id, version, raw).hex()


def _place(
    order_id: str, body: OrderBody, frame: Asked, caller: Caller, version: int | None
) -> PlaceOrder | ChangeOrder:
    koperasi_id = koperasi_for(caller, body.koperasi_id)
    if version is None:
        return PlaceOrder(
            asked=frame,
            order_id=order_id,
            cycle_id=body.cycle_id,
            koperasi_id=koperasi_id,
            lines=body.order_lines(),
            client_at=body.client_at.astimezone(UTC) if body.client_at else None,
        )
    return ChangeOrder(
        asked=frame,
        order_id=order_id,
        cycle_id=body.cycle_id,
        koperasi_id=koperasi_id,
        lines=body.order_lines(),
        if_version=version,
    )


def koperasi_for(caller: Caller, named: str | None) -> str:
    """The koperasi a request is about: the one named, or the caller's own."""
    koperasi_id = named or caller.koperasi_id
    if koperasi_id is None:
        raise Problem(
            422,
            "validation-failed",
            "say which koperasi orders",
            errors=[{"pointer": "/koperasi_id", "code": "missing", "detail": "is required"}],
        )
    caller.must_speak_for(koperasi_id)
    return koperasi_id


_uuid_v7 = TypeAdapter(UuidV7)
_etag = re.compile(r'"v([0-9]{1,9})"')


def _order_id(text: str) -> str:
    return _uuid_v7.validate_python(text)


def _if_match(header: str | None) -> int | None:
    """The version in `If-Match: "v3"`. Raises Problem 422 for another form."""
    if header is None:
        return None
    version = _etag.fullmatch(header.strip())
    if version is None:
        raise Problem(422, "validation-failed", 'send If-Match as the ETag you were given: "v1"')
    return int(version[1])


@router.post("/orders/{order_id}/cancel", operation_id="cancelOrder", tags=["orders"])
async def cancel_order(
    order_id: UuidV7,
    body: CancelOrderBody,
    request: Request,
    response: Response,
    asked: AskedByKey,
    caller: CallerNow,
    door: DoorNow,
) -> Done:
    """Withdraw an order before the cycle closes; it stays visible as cancelled."""
    command = CancelOrder(
        asked=asked,
        order_id=order_id,
        cycle_id=body.cycle_id,
        koperasi_id=koperasi_for(caller, body.koperasi_id),
        if_version=_if_match(request.headers.get("if-match")),
        reason=body.reason,
    )
    return done(response, await door.handle(caller, cycles, command))


@router.get("/orders/{order_id}", operation_id="getOrder", tags=["orders"])
async def get_order(
    order_id: UuidV7, response: Response, caller: CallerNow, door: DoorNow, after: After = 0
) -> OrderView:
    """One order as it stands."""
    async with door.reading(caller, after) as db:
        row = await views.order(db, caller.network_id, UUID(order_id))
    if row is None or caller.koperasi_id not in (None, row["koperasi_id"]):
        raise NoSuchOrder(f"there is no order {order_id}")
    response.headers["ETag"] = f'"v{row["version"]}"'
    return _order_view(row)


@router.get("/orders", operation_id="listOrders", tags=["orders"])
async def list_orders(
    caller: CallerNow,
    door: DoorNow,
    cycle_id: Annotated[Slug, Query()],
    koperasi_id: Annotated[Slug | None, Query()] = None,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Limit = 50,
    after: After = 0,
) -> ListOf[OrderView]:
    """The orders of one koperasi in one cycle, by id (that is, by the time they were made)."""
    koperasi = koperasi_for(caller, koperasi_id)
    last = _last_order(cursor_)
    async with door.reading(caller, after) as db:
        rows = await views.orders_of_koperasi(
            db, caller.network_id, koperasi, cycle_id, after=last, limit=limit
        )
        as_of = await shown(db, caller.network_id, "cycles")
    return ListOf[OrderView](
        items=[_order_view(row) for row in rows],
        next=cursor(str(rows[-1]["order_id"])) if len(rows) == limit else None,
        **as_of,
    )


def _last_order(cursor: str) -> UUID:
    """The order at which the page before ended. Raises Problem 400."""
    (last,) = key_after(cursor, str(NO_UUID))
    try:
        return UUID(last)
    except ValueError:
        raise cursor_invalid() from None


def _order_view(row: Row) -> OrderView:
    return OrderView(**{**dict(row), "lines": msgspec.json.decode(row["lines"])})


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


# -- bulk sync -----------------------------------------------------------------------------


class SyncOrderBody(OrderBody):
    order_id: UuidV7


class SyncChangeBody(SyncOrderBody):
    if_version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class SyncCancelBody(CancelOrderBody):
    order_id: UuidV7
    if_version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


def _sync_place(body: SyncOrderBody, frame: Asked, caller: Caller) -> PlaceOrder | ChangeOrder:
    return _place(body.order_id, body, frame, caller, None)


def _sync_change(body: SyncChangeBody, frame: Asked, caller: Caller) -> PlaceOrder | ChangeOrder:
    return _place(body.order_id, body, frame, caller, body.if_version)


def _sync_cancel(body: SyncCancelBody, frame: Asked, caller: Caller) -> CancelOrder:
    return CancelOrder(
        asked=frame,
        order_id=body.order_id,
        cycle_id=body.cycle_id,
        koperasi_id=koperasi_for(caller, body.koperasi_id),
        if_version=body.if_version,
        reason=body.reason,
    )


sync_types: Mapping[str, SyncType[Any]] = {
    "place_order": SyncType(TypeAdapter(SyncOrderBody), cycles, _sync_place),
    "change_order": SyncType(TypeAdapter(SyncChangeBody), cycles, _sync_change),
    "cancel_order": SyncType(TypeAdapter(SyncCancelBody), cycles, _sync_cancel),
}
