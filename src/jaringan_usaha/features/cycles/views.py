"""What is shown of cycles, orders and consolidated orders, and how it is folded."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import Logged, Page, Projection
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.cycles import life_views, sums
from jaringan_usaha.features.cycles.amendments import views as amended_views
from jaringan_usaha.features.cycles.group import views as consolidated_views
from jaringan_usaha.features.cycles.orders.events import (
    OrderCancelled,
    OrderChanged,
    OrderLine,
    OrderPlaced,
)

queries = Queries("jaringan_usaha.features.cycles", "views.sql")

_lines = msgspec.json.Decoder(tuple[OrderLine, ...])
_encoder = msgspec.json.Encoder(order="sorted")

# -- folding -------------------------------------------------------------------------------


class _Demand:
    """Order lines as columns: quantities and amounts to add to the sums, or to take off."""

    def __init__(self) -> None:
        self.cycles: list[str] = []
        self.suppliers: list[str] = []
        self.items: list[str] = []
        self.koperasi: list[str] = []
        self.quantities: list[int] = []
        self.counts: list[int] = []
        self.amounts: list[int] = []
        self.discounts: list[int] = []
        self.tolerances: list[int] = []
        self.leasts: list[int] = []
        self.positions: list[int] = []

    def add(
        self,
        sign: int,
        logged: Logged[OrderPlaced | OrderChanged | OrderCancelled],
        lines: Sequence[OrderLine],
    ) -> None:
        event, size = logged.event, len(lines)
        self.cycles += [event.cycle_id] * size
        self.koperasi += [event.koperasi_id] * size
        self.positions += [logged.position] * size
        self.counts += [sign] * size
        self.suppliers += [line.supplier_id for line in lines]
        self.items += [line.item_id for line in lines]
        self.quantities += [sign * line.quantity for line in lines]
        self.amounts += [sign * (line.amount_idr or 0) for line in lines]
        self.discounts += [
            sign * sum([each.idr for each in line.discounts]) if line.discounts else 0
            for line in lines
        ]
        self.tolerances += [sign * line.tolerance for line in lines]
        self.leasts += [sign * line.least for line in lines]

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Line by line, in the order of `_LINE_COLUMNS`."""
        return zip(
            self.cycles,
            self.suppliers,
            self.items,
            self.koperasi,
            self.quantities,
            self.counts,
            self.amounts,
            self.discounts,
            self.tolerances,
            self.leasts,
            self.positions,
            strict=True,
        )


_LINE_COLUMNS = (
    "cycle_id",
    "supplier_id",
    "item_id",
    "koperasi_id",
    "quantity",
    "order_lines",
    "amount_idr",
    "discount_idr",
    "tolerance",
    "least",
    "position",
)
_ORDER_COLUMNS = (
    "network_id",
    "order_id",
    "cycle_id",
    "koperasi_id",
    "version",
    "state",
    "lines",
    "client_at",
    "placed_position",
    "position",
    "recorded_at",
)


async def write(page: Page, db: Connection) -> None:
    """Fold a page: cycles first, then orders and their sums, then what came of them."""
    async with sums.kept(page, db):
        for piece in life_views.pieces(page):
            await life_views.write_cycles(piece, db)
            await _write_orders(piece, db)
            await consolidated_views.write_consolidated(piece, db)
            await amended_views.write_amended(piece, db)


async def _write_orders(page: Page, db: Connection) -> None:
    placed = page.of(OrderPlaced)
    later = page.of(OrderChanged, OrderCancelled)
    if not placed and not later:
        return
    demand = _Demand()
    rows: dict[str, _OrderRow] = {}
    for logged in placed:
        event = logged.event
        rows[event.order_id] = _OrderRow(logged, event.lines, event.client_at)
        demand.add(1, logged, event.lines)
    if later:
        await _take_up_earlier(page.network_id, later, rows, db)
        for change in later:
            row = rows[change.event.order_id]
            demand.add(-1, change, row.lines)
            row.change(change)
            demand.add(1, change, row.lines if row.state == "placed" else ())
    earlier = [row for row in rows.values() if row.known_version]
    fresh = [row for row in rows.values() if not row.known_version]
    if earlier:
        await db.execute(queries.write_orders, page.network_id, *_order_columns(earlier))
    if fresh:
        columns = ([page.network_id] * len(fresh), *_order_columns(fresh))
        await db.execute(queries.make_page_orders)
        await db.copy_records_to_table(
            "page_orders", records=zip(*columns, strict=True), columns=_ORDER_COLUMNS
        )
        await db.execute(queries.add_orders)
        await db.execute(queries.empty_page_orders)
    # By COPY, since the driver takes ten times as long for the same rows in arrays.
    await db.execute(queries.make_page_lines)
    await db.copy_records_to_table("page_lines", records=demand.rows(), columns=_LINE_COLUMNS)
    await db.execute(queries.add_demand, page.network_id)
    if later:
        await db.execute(queries.begin_anew, page.network_id)
    await db.execute(queries.empty_page_lines)


class _OrderRow:
    """One row of `orders` on its way through a page."""

    def __init__(
        self,
        logged: Logged[OrderPlaced | OrderChanged | OrderCancelled],
        lines: tuple[OrderLine, ...],
        client_at: datetime | None,
    ) -> None:
        self.order_id = logged.event.order_id
        self.cycle_id = logged.event.cycle_id
        self.koperasi_id = logged.event.koperasi_id
        self.version = 1
        self.known_version = 0
        self.state = "placed"
        self.lines = lines
        self.client_at = client_at
        self.placed_position = self.position = logged.position
        self.recorded_at = logged.recorded_at

    def change(self, logged: Logged[OrderChanged | OrderCancelled]) -> None:
        match logged.event:
            case OrderChanged(lines=lines):
                self.lines = lines
            case OrderCancelled():
                self.state = "cancelled"
        self.version += 1
        self.position = logged.position
        self.recorded_at = logged.recorded_at


async def _take_up_earlier(
    network_id: int,
    later: Sequence[Logged[OrderChanged | OrderCancelled]],
    rows: dict[str, _OrderRow],
    db: Connection,
) -> None:
    """Bring in the rows of orders that were placed before this page."""
    first = {
        logged.event.order_id: logged
        for logged in reversed(later)
        if logged.event.order_id not in rows
    }
    if not first:
        return
    for row in await db.fetch(queries.orders_before, network_id, list(first)):
        order = _OrderRow(
            first[str(row["order_id"])], _lines.decode(row["lines"]), row["client_at"]
        )
        order.version = order.known_version = row["version"]
        order.state = row["state"]
        order.placed_position = row["placed_position"]
        rows[order.order_id] = order


def _order_columns(rows: Sequence[_OrderRow]) -> tuple[list[object], ...]:
    return (
        [row.order_id for row in rows],
        [row.cycle_id for row in rows],
        [row.koperasi_id for row in rows],
        [row.version for row in rows],
        [row.state for row in rows],
        [_encoder.encode(row.lines) for row in rows],
        [row.client_at for row in rows],
        [row.placed_position for row in rows],
        [row.position for row in rows],
        [row.recorded_at for row in rows],
    )


cycle_views = Projection(
    "cycles",
    write,
    (
        *life_views.EVENTS,
        OrderPlaced,
        OrderChanged,
        OrderCancelled,
        *consolidated_views.EVENTS,
        *amended_views.EVENTS,
    ),
    money=True,
)

# -- questions -----------------------------------------------------------------------------


async def totals(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    part: Part,
    supplier_id: str | None,
) -> list[Row]:
    """What the group orders so far, per item."""
    return await db.fetch(
        part.of(queries).totals, network_id, cycle_id, *part.key, supplier_id, part.most
    )


async def order(db: Connection, network_id: int, order_id: UUID) -> Row | None:
    return await db.fetchrow(queries.order, network_id, order_id)


async def orders_of_koperasi(
    db: Connection, network_id: int, koperasi_id: str, cycle_id: str, *, part: Part
) -> list[Row]:
    return await db.fetch(
        part.of(queries).orders_of_koperasi, network_id, koperasi_id, cycle_id, *part.key, part.most
    )
