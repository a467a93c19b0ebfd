"""What a late withdrawal or transfer is decided on, and what a withdrawal would do."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from pydantic import BaseModel

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import Door
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.features.cycles import life_views, views
from jaringan_usaha.features.cycles.amendments import views as amended_views
from jaringan_usaha.features.cycles.amendments.domain import (
    SupplierStand,
    WithdrawOrder,
    amending,
    amendments_of,
    withdraw_order,
)
from jaringan_usaha.features.cycles.domain import CYCLE, Cycle, CycleIsClosed, existing
from jaringan_usaha.features.cycles.group.domain import about_order
from jaringan_usaha.features.cycles.group.nudges import Reached, reached
from jaringan_usaha.features.cycles.group.sending import GoodsAreSold
from jaringan_usaha.features.cycles.offers import about_terms, terms_on
from jaringan_usaha.features.cycles.orders.domain import NoSuchOrder, OrderIsCancelled
from jaringan_usaha.features.cycles.orders.events import OrderLine
from jaringan_usaha.features.cycles.orders.filling import (
    NOTHING,
    ChangeFillsNoCase,
    ItemKey,
    Wanted,
    fills,
    wanted_by,
)
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.rejections import Invalid, Rejection
from jaringan_usaha.kernel.tiers import Price

MOST_ROWS = 50_000
"""Rows of other koperasi that one command may rest on."""

_lines = msgspec.json.Decoder(tuple[OrderLine, ...])


class Standing(NamedTuple):
    """An order, its lines, the phase of its cycle, and the consolidated orders it is part of."""

    order: Row
    lines: tuple[OrderLine, ...]
    state: str
    stands: tuple[SupplierStand, ...]


async def standing(door: Door, caller: Caller, order_id: str, after: int = 0) -> Standing:
    """An order as it stands, once the read tables show everything recorded so far. Raises
    NoSuchOrder, Invalid, Busy."""
    recorded = await door.log(caller.network_id).head()
    async with door.reading(caller, max(recorded, after)) as db:
        order = await views.order(db, caller.network_id, UUID(order_id))
        if order is None or caller.koperasi_id not in (None, order["koperasi_id"]):
            raise NoSuchOrder(f"there is no order {order_id}")
        lines = _lines.decode(order["lines"])
        cycle = await life_views.cycle(db, caller.network_id, order["cycle_id"])
        assert cycle is not None
    async with door.reading(caller, recorded, of_all=True) as db:
        stands = await _stands(db, caller.network_id, order["cycle_id"], lines)
    return Standing(order, lines, cycle["state"], stands)


async def _stands(
    db: Connection, network_id: int, cycle_id: str, lines: Sequence[OrderLine]
) -> tuple[SupplierStand, ...]:
    """Versions are read before what they stand for: if that moved between, the version did too."""
    suppliers = list(dict.fromkeys(line.supplier_id for line in lines))
    orders = await amended_views.stands_of_orders(db, network_id, cycle_id, suppliers)
    items = await amended_views.stands_of_items(db, network_id, cycle_id, lines, MOST_ROWS)
    if items is None:
        raise Invalid(f"more than {MOST_ROWS} entitlements hang on this order")
    return tuple(
        SupplierStand(
            supplier_id=order["supplier_id"],
            version=order["version"],
            goods_idr=order["goods_idr"],
            items=tuple(
                stand
                for (supplier_id, _), stand in items.items()
                if supplier_id == order["supplier_id"]
            ),
        )
        for order in orders
    )


# -- what a withdrawal would do ------------------------------------------------------------


class ItemConsequenceView(BaseModel):
    """What becomes of the group's order of one item. `short` units that others ordered would not
    come; `charge_idr` is what the lost tier costs all, `own_charge_idr` of it this koperasi."""

    supplier_id: str
    item_id: str
    quantity: int
    group_before: int
    group_after: int
    cases_before: int
    cases_after: int
    price_before_idr: int | None
    price_after_idr: int | None
    price_per: int
    short: int
    charge_idr: int
    own_charge_idr: int


class Consequence(NamedTuple):
    """What the withdrawal of an order would do. `refusal` says why it cannot be withdrawn."""

    items: list[ItemConsequenceView]
    refusal: Rejection | None
    must_agree: list[str]


async def consequence(
    door: Door, caller: Caller, asked: Asked, now: Standing, reason: str = ""
) -> Consequence:
    """What withdrawing would do now, by the very rules that would decide about it."""
    log = door.log(caller.network_id)
    cycle_about = CYCLE.about(now.order["cycle_id"])
    cycle = existing((await log.know([cycle_about]))[cycle_about])
    if now.order["state"] == "cancelled":
        order_id = now.order["order_id"]
        gone = OrderIsCancelled(f"order {order_id} is withdrawn already")
        return Consequence([], gone, [])
    if cycle.cancelled:
        return Consequence([], CycleIsClosed(f"cycle {cycle.cycle_id} was cancelled"), [])
    if cycle.prices == "stated":
        sold = GoodsAreSold(f"what cycle {cycle.cycle_id} holds was bought and sold before")
        return Consequence([], sold if cycle.closed else None, [])
    if cycle.closed:
        return await _after_close(door, caller, asked, now, cycle, reason)
    return await _before_close(door, caller, now, cycle)


async def _after_close(
    door: Door, caller: Caller, asked: Asked, now: Standing, cycle: Cycle, reason: str
) -> Consequence:
    command = withdrawal(asked, now, reason, supplier_agrees=True, charge_idr=MOST_IDR)
    known = await door.log(caller.network_id).know(amending.needs(command))
    try:
        withdraw_order(command, known)
    except Rejection as rejection:
        refusal: Rejection | None = rejection
    else:
        refusal = None
    if not cycle.consolidated:
        return Consequence([], refusal, [])
    items = []
    must_agree = []
    lines = {(line.supplier_id, line.item_id): line for line in now.lines}
    for stand in now.stands:
        if known[about_order(cycle.cycle_id, stand.supplier_id)].told:
            must_agree.append(stand.supplier_id)
        before = {each.line.item_id: each.line for each in stand.items}
        for amended in amendments_of(command, stand, cycle, known):
            old, new = before[amended.line.item_id], amended.line
            own = [
                charge.amount_idr
                for charge in amended.charges
                if charge.koperasi_id == command.koperasi_id
            ]
            items.append(
                ItemConsequenceView(
                    supplier_id=stand.supplier_id,
                    item_id=new.item_id,
                    quantity=lines[stand.supplier_id, new.item_id].quantity,
                    group_before=old.quantity,
                    group_after=new.quantity,
                    cases_before=old.cases,
                    cases_after=new.cases,
                    price_before_idr=old.price_idr,
                    price_after_idr=new.price_idr if new.quantity else None,
                    price_per=new.price_per,
                    short=amended.short,
                    charge_idr=amended.charge_idr,
                    own_charge_idr=sum(own),
                )
            )
    return Consequence(items, refusal, must_agree)


async def _before_close(door: Door, caller: Caller, now: Standing, cycle: Cycle) -> Consequence:
    """Free; while cases are filled, only if the change fills one."""
    wanted = wanted_by(now.lines)
    log = door.log(caller.network_id)
    known = await log.know([about for item in wanted for about in about_terms(*item)])
    async with door.reading(caller, 0) as db:
        rows = await life_views.totals_of_items(db, caller.network_id, cycle.cycle_id, list(wanted))
    groups = {
        (row["supplier_id"], row["item_id"]): Wanted(row["quantity"], row["tolerance"])
        for row in rows
    }
    items = []
    refusal: Rejection | None = None
    for item, own in wanted.items():
        price = terms_on(known, *item, cycle)
        group = groups.get(item, NOTHING)
        left = Wanted(group.firm - own.firm, group.tolerance - own.tolerance)
        items.append(_item_consequence(item, own, _reached(price, group), _reached(price, left)))
        if cycle.filling and not fills(group, left, price.case_size):
            supplier_id, item_id = item
            refusal = ChangeFillsNoCase(
                f"only changes that fill cases are taken by now, and without this order item "
                f"{item_id} of {supplier_id} would lack more; transfer it after the close",
            )
    return Consequence(items, refusal, [])


def _reached(price: Price, wanted: Wanted) -> Reached:
    return reached(price, wanted.firm, wanted.tolerance)


def _item_consequence(
    item: ItemKey, own: Wanted, before: Reached, after: Reached
) -> ItemConsequenceView:
    supplier_id, item_id = item
    return ItemConsequenceView(
        supplier_id=supplier_id,
        item_id=item_id,
        quantity=own.firm,
        group_before=before.quantity,
        group_after=after.quantity,
        cases_before=before.cases,
        cases_after=after.cases,
        price_before_idr=before.tier.idr,
        price_after_idr=after.tier.idr if after.quantity else None,
        price_per=before.tier.per,
        short=0,
        charge_idr=0,
        own_charge_idr=0,
    )


def withdrawal(
    asked: Asked, now: Standing, reason: str, *, supplier_agrees: bool, charge_idr: int
) -> WithdrawOrder:
    """The command to withdraw an order as it stands."""
    return WithdrawOrder(
        asked=asked,
        order_id=str(now.order["order_id"]),
        cycle_id=now.order["cycle_id"],
        koperasi_id=now.order["koperasi_id"],
        reason=reason,
        lines=now.lines,
        stands=now.stands,
        supplier_agrees=supplier_agrees,
        charge_idr=charge_idr,
    )


def total_of(items: Iterable[ItemConsequenceView]) -> tuple[int, int]:
    """All charges, and those of the koperasi that withdraws, in rupiah."""
    found = list(items)
    return sum(item.charge_idr for item in found), sum(item.own_charge_idr for item in found)
