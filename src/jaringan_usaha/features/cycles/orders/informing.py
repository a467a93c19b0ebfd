"""What an order must be told while cases are filled or goods are limited, and how it comes to know.

The first try of a command knows nothing of the phase, which costs all other orders nothing. The
rule answers `FillingBegins`; then the order's lines and the group's totals are read, once the
read tables show everything recorded so far, and the command is tried again with them.
"""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

import msgspec

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import Door
from jaringan_usaha.eventlog.answers import Recorded
from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.features.cycles import life_views, views
from jaringan_usaha.features.cycles.orders.domain import (
    CancelOrder,
    OrderCommand,
    lines_after,
    orders,
)
from jaringan_usaha.features.cycles.orders.events import OrderLine
from jaringan_usaha.features.cycles.orders.filling import (
    FillingBegins,
    GroupTotal,
    Told,
    changed_items,
)
from jaringan_usaha.features.cycles.orders.limits import LimitsMustBeKnown
from jaringan_usaha.kernel.rejections import Rejection

_lines = msgspec.json.Decoder(tuple[OrderLine, ...])


async def handle_order(door: Door, caller: Caller, command: OrderCommand) -> Recorded:
    """Carry out a command, telling it the totals if it must know them. Raises Rejection."""
    while True:
        try:
            return await door.handle(caller, orders, command)
        except (FillingBegins, LimitsMustBeKnown) as lacking:
            informed = await inform(door, caller, command, lacking)
            if informed is None:
                raise
            command = informed


async def inform(
    door: Door, caller: Caller, command: OrderCommand, refusal: Rejection
) -> OrderCommand | None:
    """The command with what it must know; None when that is not what it was refused for, or when
    the clock has not begun the phase yet."""
    if isinstance(refusal, LimitsMustBeKnown) and not isinstance(command, CancelOrder):
        names = (*command.limited, *cast("list[str]", refusal.facts["limited"]))
        return msgspec.structs.replace(command, limited=names)
    if not isinstance(refusal, FillingBegins) or command.told is not None:
        return None
    recorded = await door.log(caller.network_id).head()
    async with door.reading(caller, recorded) as db:
        cycle = await life_views.cycle(db, caller.network_id, command.cycle_id)
        if cycle is None or cycle["state"] != "box_fill":
            return None
        before = await _lines_before(db, caller, command)
        told = Told(before=before, totals=await _totals(db, caller, command, before))
    return msgspec.structs.replace(command, told=told)


async def _lines_before(
    db: Connection, caller: Caller, command: OrderCommand
) -> tuple[OrderLine, ...]:
    row = await views.order(db, caller.network_id, UUID(command.order_id))
    return _lines.decode(row["lines"]) if row is not None else ()


async def _totals(
    db: Connection, caller: Caller, command: OrderCommand, before: Sequence[OrderLine]
) -> tuple[GroupTotal, ...]:
    items = changed_items(before, lines_after(command))
    rows = await life_views.totals_of_items(db, caller.network_id, command.cycle_id, items)
    return tuple(
        GroupTotal(
            supplier_id=row["supplier_id"],
            item_id=row["item_id"],
            firm=row["quantity"],
            tolerance=row["tolerance"],
        )
        for row in rows
    )
