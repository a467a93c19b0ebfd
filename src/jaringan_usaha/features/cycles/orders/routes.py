"""Orders over HTTP: placed, changed, cancelled, and looked at."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api.access.admission import CallerNow, ReaderNow, admit
from jaringan_usaha.api.access.caller import TRADERS, Caller
from jaringan_usaha.api.commands import AskedOnVersion, Done, done
from jaringan_usaha.api.door import Door, DoorNow, door_of
from jaringan_usaha.api.fields import UUID_V7, Body, Idr, Instant, Remark, Slug, UuidV7
from jaringan_usaha.api.paging import (
    After,
    ListWithTotals,
    Page,
    Rows,
    by,
)
from jaringan_usaha.api.strict_route import StrictRoute, read_json_once
from jaringan_usaha.api.sync.up import SyncType, Version
from jaringan_usaha.api.versions import seen_in, tag_of, versioned
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.features.cycles import sums, views
from jaringan_usaha.features.cycles.amendments.domain import amending
from jaringan_usaha.features.cycles.amendments.withdrawing import standing, withdrawal
from jaringan_usaha.features.cycles.domain import CYCLE, CycleIsClosed
from jaringan_usaha.features.cycles.orders.domain import (
    CancelOrder,
    ChangeOrder,
    NoSuchOrder,
    OrderExists,
    PlaceOrder,
    orders,
)
from jaringan_usaha.features.cycles.orders.events import Discount, OrderLine
from jaringan_usaha.features.cycles.orders.informing import handle_order, inform
from jaringan_usaha.features.cycles.orders.lines import MOST_LINES
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.rejections import KeyReused

router = APIRouter(prefix="/v1", route_class=StrictRoute)

ANY = "*"
"""Said to be seen by who replaces an order whatever it is now."""

# -- bodies --------------------------------------------------------------------------------

Quantity = Annotated[int, Field(ge=0, le=MOST_UNITS, description="in the item's base unit")]


class DiscountBody(Body):
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=32)]
    idr: Idr


class LineBody(Body):
    """One item. `amount_idr` and `discounts` only in cycles with stated prices.

    `tolerance` more units are welcome when they fill a case, and rather none than fewer than
    `least`. `shown_idr` is the price of `shown_per` units that the buyer saw: it is checked
    against the list, and never applied.
    """

    supplier_id: Slug
    item_id: Slug
    quantity: Quantity
    amount_idr: Idr | None = None
    discounts: Annotated[tuple[DiscountBody, ...], Field(max_length=8, strict=False)] = ()
    tolerance: Quantity = 0
    least: Quantity = 0
    shown_idr: Idr | None = None
    shown_per: Annotated[int, Field(ge=1, le=MOST_UNITS)] = 1


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
                    tolerance=line.tolerance,
                    least=line.least,
                    shown_idr=line.shown_idr,
                    shown_per=line.shown_per,
                )
                for line in self.lines
            ]
        )


class CancelOrderBody(Body):
    cycle_id: Slug
    koperasi_id: Slug | None = None
    reason: Remark = ""
    client_at: Instant | None = None


class WithdrawOrderBody(CancelOrderBody):
    """After the close, `charge_idr` accepts what a lost tier costs (see the withdrawal's
    preview), and the operator says so where a supplier that was told already agrees."""

    charge_idr: Idr = 0
    supplier_agrees: bool = False


# -- answers -------------------------------------------------------------------------------


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


class OrderTotals(Rows):
    """`placed` orders are those that are not cancelled; only their lines count. `amount_idr` is
    what they state: in cycles with listed prices nothing, until they are consolidated."""

    placed: int
    order_lines: int
    amount_idr: int


class OrderList(ListWithTotals[OrderView, OrderTotals]):
    """The orders of one koperasi in one cycle."""


# -- orders --------------------------------------------------------------------------------

_order_body = TypeAdapter(OrderBody).validator
_encode = msgspec.json.Encoder().encode


async def put_order(request: Request) -> Response:
    """Place an order, or with `If-Match` replace the lines of one. `If-None-Match: *` says what
    goes without saying: nothing is placed twice.

    The hot road: read, check, decide and answer without the framework's machinery.
    """
    door = door_of(request)
    caller = await admit(door, request, area="orders")
    caller.must_be(TRADERS)
    order_id = _order_id(request.path_params["order_id"])
    raw = await read_json_once(request)
    body: OrderBody = _order_body.validate_python(raw)
    keys = request.headers.getlist("idempotency-key")
    match = request.headers.get("if-match")
    version = None if match is None else seen_in(match) or ANY
    key = asking.key_of(keys) if keys else own_key(order_id, raw, version)
    wish = ("PUT", order_id, version, raw)
    frame = asking.asked(caller, key, door.clock.now(), *wish, seen=_seen(version))
    command = _place(order_id, body, frame, caller, changes=version is not None)
    try:
        try:
            recorded = await handle_order(door, caller, command)
        except KeyReused:
            if keys:
                raise
            # The order's id stands for other content; its own rule says what to do about that.
            key = asking.print_of(order_id, version, raw).hex()
            frame = asking.asked(caller, key, door.clock.now(), *wish, seen=_seen(version))
            again = msgspec.structs.replace(command, asked=frame)
            recorded = await handle_order(door, caller, again)
    except OrderExists as exists:
        if "current_version" in exists.facts:
            exists.facts["location"] = f"/v1/orders/{order_id}"
        raise
    made = not recorded.replayed or (keys and recorded.recorded_at is not None)
    status = 201 if version is None and made else 200
    content = _encode({"position": recorded.position, "version": recorded.version})
    response = Response(content, status)
    response.raw_headers += [
        (b"content-type", b"application/json"),
        (b"etag", tag_of(recorded.version).encode()),
        (b"location", b"/v1/orders/" + order_id.encode()),
    ]
    if recorded.replayed:
        response.raw_headers.append((b"idempotent-replayed", b"true"))
    return response


def own_key(order_id: str, raw: Any, version: int | str | None) -> str:
    """The key of a request without one: the order's own id for placing it, its content too for
    replacing a version. Whoever replaces any version may come back to a content: that is a new
    wish, which records nothing when it is so already."""
    if version == ANY:
        return asking.new_id()
    return order_id if version is None else asking.print_of(order_id, version, raw).hex()


def _seen(version: int | str | None) -> int | None:
    return version if isinstance(version, int) else None


def _place(
    order_id: str, body: OrderBody, frame: Asked, caller: Caller, *, changes: bool
) -> PlaceOrder | ChangeOrder:
    koperasi_id = caller.koperasi_for(body.koperasi_id)
    if not changes:
        return PlaceOrder(
            asked=frame,
            order_id=order_id,
            cycle_id=body.cycle_id,
            koperasi_id=koperasi_id,
            lines=body.order_lines(),
            client_at=body.client_at,
        )
    return ChangeOrder(
        asked=frame,
        order_id=order_id,
        cycle_id=body.cycle_id,
        koperasi_id=koperasi_id,
        lines=body.order_lines(),
        client_at=body.client_at,
    )


class _Path(Body):
    order_id: UuidV7


_written_right = re.compile(UUID_V7).fullmatch


def _order_id(text: str) -> str:
    return text if _written_right(text) else _Path(order_id=text).order_id


@router.post("/orders/{order_id}/cancel", operation_id="cancelOrder", tags=["orders"])
async def cancel_order(
    order_id: UuidV7,
    body: WithdrawOrderBody,
    response: Response,
    asked: AskedOnVersion,
    caller: CallerNow,
    door: DoorNow,
) -> Done:
    """Withdraw an order; it stays visible as cancelled. Free before the cycle closes; after that
    its preview says whether it can be done, and what it costs."""
    if body.supplier_agrees:
        caller.must_operate()
    command = CancelOrder(
        asked=asked,
        order_id=order_id,
        cycle_id=body.cycle_id,
        koperasi_id=caller.koperasi_for(body.koperasi_id),
        reason=body.reason,
        client_at=body.client_at,
    )
    try:
        return done(response, await handle_order(door, caller, command))
    except CycleIsClosed:
        if not await _holds_orders(door, caller, body.cycle_id):
            raise
    now = await standing(door, caller, order_id)
    late = withdrawal(
        asked,
        now,
        body.reason,
        supplier_agrees=body.supplier_agrees,
        charge_idr=body.charge_idr,
    )
    return done(response, await door.handle(caller, amending, late))


async def _holds_orders(door: Door, caller: Caller, cycle_id: str) -> bool:
    """Whether the cycle's orders went into consolidated ones, so that they can be amended."""
    about = CYCLE.about(cycle_id)
    cycle = (await door.log(caller.network_id).know([about]))[about]
    return cycle.consolidated and not cycle.cancelled and cycle.prices == "listed"


@router.get("/orders/{order_id}", operation_id="getOrder", tags=["orders"])
async def get_order(
    order_id: UuidV7, response: Response, caller: ReaderNow, door: DoorNow, after: After = 0
) -> OrderView:
    """One order as it stands."""
    async with door.reading(caller, after) as db:
        row = await views.order(db, caller.network_id, UUID(order_id))
    if row is None or caller.koperasi_id not in (None, row["koperasi_id"]):
        raise NoSuchOrder(f"there is no order {order_id}")
    versioned(response, row["version"])
    return _order_view(row)


@router.get("/orders", operation_id="listOrders", tags=["orders"])
async def list_orders(
    caller: ReaderNow,
    page: Annotated[Page, by(order_id=UUID)],
    cycle_id: Annotated[Slug, Query()],
    koperasi_id: Annotated[Slug | None, Query()] = None,
) -> OrderList:
    """The orders of one koperasi in one cycle, by id (that is, by the time they were made)."""
    koperasi = caller.koperasi_for(koperasi_id)
    async with page.reading("cycles") as db:
        rows = await views.orders_of_koperasi(
            db, caller.network_id, koperasi, cycle_id, part=page.part
        )
        totals = await sums.of_koperasi(db, caller.network_id, koperasi, cycle_id)
    return page.answer(OrderList, rows, show=_order_view, totals=dict(totals))


def _order_view(row: Row) -> OrderView:
    return OrderView(**{**dict(row), "lines": msgspec.json.decode(row["lines"])})


# -- bulk sync -----------------------------------------------------------------------------


class SyncOrderBody(OrderBody):
    order_id: UuidV7


class SyncChangeBody(SyncOrderBody):
    """`if_version` may stand here or beside the body."""

    if_version: Version | None = None


class SyncCancelBody(CancelOrderBody):
    """As with a change."""

    order_id: UuidV7
    if_version: Version | None = None


def _sync_place(body: SyncOrderBody, frame: Asked, caller: Caller) -> PlaceOrder | ChangeOrder:
    return _place(body.order_id, body, frame, caller, changes=False)


def _sync_change(body: SyncChangeBody, frame: Asked, caller: Caller) -> PlaceOrder | ChangeOrder:
    return _place(body.order_id, body, _on(body.if_version, frame), caller, changes=True)


def _on(version: int | None, frame: Asked) -> Asked:
    return frame if version is None else msgspec.structs.replace(frame, seen=version)


def _sync_cancel(body: SyncCancelBody, frame: Asked, caller: Caller) -> CancelOrder:
    return CancelOrder(
        asked=_on(body.if_version, frame),
        order_id=body.order_id,
        cycle_id=body.cycle_id,
        koperasi_id=caller.koperasi_for(body.koperasi_id),
        reason=body.reason,
        client_at=body.client_at,
    )


sync_types: Mapping[str, SyncType[Any]] = {
    "place_order": SyncType(TypeAdapter(SyncOrderBody), orders, _sync_place, "orders", inform),
    "change_order": SyncType(TypeAdapter(SyncChangeBody), orders, _sync_change, "orders", inform),
    "cancel_order": SyncType(TypeAdapter(SyncCancelBody), orders, _sync_cancel, "orders", inform),
}
