"""What is shown of consolidated orders and of who may expect what, and how it is folded; and what
the clock asks before it consolidates."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from jaringan_usaha.api.narrowed import Narrowed, rows_within
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import Page
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.cycles.events import (
    ConsolidatedOrderPlaced,
    ConsolidatedOrderWithdrawn,
    EntitlementsGranted,
    MinimumDecided,
    MinimumMissed,
)
from jaringan_usaha.features.cycles.group.consolidation import (
    CASE_NOT_FULL,
    ItemDemand,
    ItemTotal,
    KoperasiDemand,
)
from jaringan_usaha.kernel.messages import Event

queries = Queries("jaringan_usaha.features.cycles.group", "views.sql")

EVENTS: tuple[type[Event], ...] = (
    ConsolidatedOrderPlaced,
    ConsolidatedOrderWithdrawn,
    EntitlementsGranted,
    MinimumMissed,
    MinimumDecided,
)

_encode = msgspec.json.Encoder().encode

# -- folding -------------------------------------------------------------------------------


async def write_consolidated(page: Page, db: Connection) -> None:
    """What was withdrawn goes first: pages are cut before each withdrawal."""
    await _withdraw(page, db)
    await _write_minimums(page, db)
    await _write_lines(page, db)
    granted = [logged.event for logged in page.of(EntitlementsGranted)]
    if granted:
        await db.execute(queries.make_page_granted)
        await db.copy_records_to_table(
            "page_granted",
            records=_entitlement_rows(page.network_id, granted),
            columns=_ENTITLEMENT_COLUMNS,
        )
        await _write_declined(page.network_id, granted, db)
        await db.execute(queries.add_granted)
        await db.execute(queries.empty_page_granted)


async def _withdraw(page: Page, db: Connection) -> None:
    withdrawn = [logged.event for logged in page.of(ConsolidatedOrderWithdrawn)]
    if withdrawn:
        await db.execute(
            queries.withdraw_orders,
            page.network_id,
            [event.cycle_id for event in withdrawn],
            [event.supplier_id for event in withdrawn],
        )


async def _write_minimums(page: Page, db: Connection) -> None:
    missed = page.of(MinimumMissed)
    if missed:
        await db.execute(
            queries.ask_minimums,
            page.network_id,
            [logged.event.cycle_id for logged in missed],
            [logged.event.supplier_id for logged in missed],
            [logged.event.minimum_idr for logged in missed],
            [logged.event.goods_idr for logged in missed],
            [_encode(logged.event.item_ids).decode() for logged in missed],
            [logged.position for logged in missed],
        )
    decided = page.of(MinimumDecided)
    if decided:
        await db.execute(
            queries.decide_minimums,
            page.network_id,
            [logged.event.cycle_id for logged in decided],
            [logged.event.supplier_id for logged in decided],
            [logged.event.decision for logged in decided],
            [logged.event.reason for logged in decided],
            [logged.position for logged in decided],
        )


async def _write_lines(page: Page, db: Connection) -> None:
    parts = page.of(ConsolidatedOrderPlaced)
    if not parts:
        return
    lines = [(logged.event, line) for logged in parts for line in logged.event.lines]
    await db.execute(
        queries.write_consolidated_lines,
        page.network_id,
        [event.cycle_id for event, _ in lines],
        [event.supplier_id for event, _ in lines],
        [line.item_id for _, line in lines],
        [line.quantity for _, line in lines],
        [line.order_lines for _, line in lines],
        [line.amount_idr for _, line in lines],
        [line.alone_idr for _, line in lines],
        [line.price_list for _, line in lines],
        [line.price_idr for _, line in lines],
        [line.price_per for _, line in lines],
        [line.cases for _, line in lines],
        [line.case_size for _, line in lines],
        [line.firm for _, line in lines],
        [line.tolerance for _, line in lines],
        [line.reason for _, line in lines],
    )
    await db.execute(
        queries.add_consolidated_orders,
        page.network_id,
        [logged.event.cycle_id for logged in parts],
        [logged.event.supplier_id for logged in parts],
        [len(logged.event.lines) for logged in parts],
        [sum(line.quantity for line in logged.event.lines) for logged in parts],
        [sum(line.order_lines for line in logged.event.lines) for logged in parts],
        [sum(line.amount_idr for line in logged.event.lines) for logged in parts],
        [sum(line.alone_idr for line in logged.event.lines) for logged in parts],
        [logged.position for logged in parts],
    )


_ENTITLEMENT_COLUMNS = (
    "network_id",
    "cycle_id",
    "supplier_id",
    "item_id",
    "koperasi_id",
    "firm",
    "tolerance",
    "least",
    "first_position",
    "granted",
    "alone_idr",
    "reason",
)


def _entitlement_rows(
    network_id: int, granted: Sequence[EntitlementsGranted]
) -> Iterator[tuple[object, ...]]:
    """One after the other, since a page may hold some hundred thousand of them."""
    for event in granted:
        for item in event.items:
            for row in item.rows:
                yield (
                    network_id,
                    event.cycle_id,
                    event.supplier_id,
                    item.item_id,
                    *msgspec.structs.astuple(row),
                )


async def _write_declined(
    network_id: int, granted: Sequence[EntitlementsGranted], db: Connection
) -> None:
    """Who declined what it could have had claims nothing when the goods arrive."""
    declined = [
        (event.cycle_id, event.supplier_id, item.item_id, row.firm, row.tolerance)
        for event in granted
        for item in event.items
        for row in item.rows
        if row.reason and row.reason != CASE_NOT_FULL
    ]
    if declined:
        columns = (list(column) for column in zip(*declined, strict=True))
        await db.execute(queries.add_declined, network_id, *columns)


# -- what the clock asks -------------------------------------------------------------------


class WantedItem(NamedTuple):
    """What the group wants of an item. `placed`: a consolidated order holds it. `decision`: what
    became of the supplier's missed minimum, `?` while the operator is asked."""

    supplier_id: str
    item_id: str
    quantity: int
    tolerance: int
    order_lines: int
    placed: bool
    decision: str

    @property
    def total(self) -> ItemTotal:
        return ItemTotal(self.item_id, self.quantity, self.tolerance)


async def due_cycles(db: Connection, network_id: int, closed_before: datetime) -> list[Row]:
    """Open cycles whose `closes_at`, with the time that orders may be late, is not later than the
    instant given."""
    return await db.fetch(queries.due_cycles, network_id, closed_before)


async def shows_all_until(db: Connection, network_id: int, instant: datetime) -> bool:
    """Whether everything that was recorded up to an instant of the past is shown."""
    return bool(await db.fetchval(queries.shows_all_until, network_id, instant))


async def shows(db: Connection, network_id: int, position: int) -> bool:
    """Whether a position is shown."""
    return bool(await db.fetchval(queries.shows, network_id, position))


async def closed_cycles(db: Connection, network_id: int) -> list[Row]:
    """Closed cycles that are not consolidated yet, oldest deadline first."""
    return await db.fetch(queries.closed_cycles, network_id)


async def wanted_items(db: Connection, network_id: int, cycle_id: str) -> list[WantedItem]:
    """Everything that is wanted in a cycle, by supplier and item."""
    rows = await db.fetch(queries.wanted_items, network_id, cycle_id)
    return [WantedItem(*row) for row in rows]


async def demand_of_items(
    db: Connection, network_id: int, cycle_id: str, items: Sequence[tuple[str, str]]
) -> dict[str, list[ItemDemand]]:
    """Who wants how much of these items, given as (supplier, item); by supplier."""
    rows = await db.fetch(
        queries.demand_of_items,
        network_id,
        cycle_id,
        [supplier_id for supplier_id, _ in items],
        [item_id for _, item_id in items],
    )
    found: dict[str, list[ItemDemand]] = {}
    for supplier_id, item_id, *columns in rows:
        parts = tuple(map(KoperasiDemand, *columns))
        found.setdefault(supplier_id, []).append(ItemDemand(item_id=item_id, parts=parts))
    return found


async def cycle_sums(db: Connection, network_id: int, cycle_id: str) -> Row:
    """How many consolidated orders a cycle has, and their totals."""
    row = await db.fetchrow(queries.cycle_sums, network_id, cycle_id)
    assert row is not None
    return row


# -- questions -----------------------------------------------------------------------------


async def consolidated_orders(
    db: Connection, network_id: int, to: Narrowed, *, part: Part
) -> list[Row]:
    """Consolidated orders by cycle and supplier; with days of the cycles that close on them."""
    blocks = part.of(queries)
    return await rows_within(
        db,
        to.days,
        (blocks.consolidated_orders, blocks.consolidated_orders_of_days),
        network_id,
        *part.beginning(to.cycle_id),
        to.cycle_id,
        to.supplier_id,
        most=part.most,
    )


async def first_lines(
    db: Connection, network_id: int, orders: Sequence[Row], most: int
) -> dict[tuple[str, str], list[Row]]:
    """The first lines of each of these consolidated orders, by cycle and supplier."""
    found: dict[tuple[str, str], list[Row]] = {
        (row["cycle_id"], row["supplier_id"]): [] for row in orders
    }
    keys = [list(column) for column in zip(*found, strict=True)] or [[], []]
    for row in await db.fetch(queries.first_lines, network_id, *keys, most):
        found[row["cycle_id"], row["supplier_id"]].append(row)
    return found


async def consolidated_lines(
    db: Connection, network_id: int, cycle_id: str, supplier_id: str, *, part: Part
) -> list[Row]:
    return await db.fetch(
        part.of(queries).consolidated_lines, network_id, cycle_id, supplier_id, *part.key, part.most
    )


async def lines_of_cycle(
    db: Connection, network_id: int, cycle_id: str, *, part: Part
) -> list[Row]:
    """The lines of all consolidated orders of a cycle, by supplier and item."""
    return await db.fetch(
        part.of(queries).lines_of_cycle, network_id, cycle_id, *part.key, part.most
    )


async def entitlements(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    part: Part,
    koperasi_id: str | None,
    supplier_id: str | None,
) -> list[Row]:
    """Who may expect what, by supplier, item and koperasi."""
    if koperasi_id is None:
        return await db.fetch(
            part.of(queries).entitlements_of_cycle,
            network_id,
            cycle_id,
            *part.key,
            supplier_id,
            part.most,
        )
    return await db.fetch(
        part.of(queries).entitlements_of_koperasi,
        network_id,
        cycle_id,
        koperasi_id,
        *part.key[:2],
        supplier_id,
        part.most,
    )


async def entitled(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    koperasi_id: str | None,
    supplier_id: str | None,
) -> Row:
    """The sums over all rows of `entitlements`."""
    if koperasi_id is None:
        row = await db.fetchrow(queries.entitled_in_cycle, network_id, cycle_id, supplier_id)
    else:
        row = await db.fetchrow(
            queries.entitled_of_koperasi, network_id, cycle_id, koperasi_id, supplier_id
        )
    assert row is not None
    return row


async def minimums(db: Connection, network_id: int, cycle_id: str, *, part: Part) -> list[Row]:
    """The minimums that a cycle missed, by supplier."""
    return await db.fetch(part.of(queries).minimums, network_id, cycle_id, *part.key, part.most)
