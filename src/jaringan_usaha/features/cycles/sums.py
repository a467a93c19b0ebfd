"""The sums of whole lists: of cycles and consolidated orders kept while folding, since these grow
for ever; of one cycle, one koperasi or some days added up when they are asked for."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.period import Days
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import Page
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.features.cycles.domain import CYCLE, CycleEvent
from jaringan_usaha.features.cycles.group.domain import CONSOLIDATED, ConsolidatedEvent

queries = Queries("jaringan_usaha.features.cycles", "sums.sql")

ALL = "*"
"""Stands for all suppliers."""
COUNTED = frozenset((*CYCLE.events, *CONSOLIDATED.events))

# -- folding -------------------------------------------------------------------------------


@asynccontextmanager
async def kept(page: Page, db: Connection) -> AsyncIterator[None]:
    """Inside, the page is folded: what it is about leaves the sums before, and joins them after."""
    moved = cast(
        "list[CycleEvent | ConsolidatedEvent]",
        [logged.event for logged in page.events if type(logged.event) in COUNTED],
    )
    cycles = {event.cycle_id: None for event in moved}
    orders = {
        (event.cycle_id, event.supplier_id): None
        for event in moved
        if isinstance(event, ConsolidatedEvent)
    }
    await _count(page.network_id, list(cycles), list(orders), -1, db)
    yield
    await _count(page.network_id, list(cycles), list(orders), 1, db)


async def _count(
    network_id: int,
    cycles: Sequence[str],
    orders: Sequence[tuple[str, str]],
    sign: int,
    db: Connection,
) -> None:
    if cycles:
        await db.execute(queries.count_cycles, network_id, cycles, sign)
        await db.execute(queries.drop_empty_cycles, network_id)
    if orders:
        of, suppliers = (list(column) for column in zip(*orders, strict=True))
        await db.execute(queries.count_orders, network_id, of, suppliers, sign)
        await db.execute(queries.drop_empty_orders, network_id, suppliers)


# -- questions -----------------------------------------------------------------------------


async def of_cycles(db: Connection, network_id: int, *, state: str | None, days: Days) -> Row:
    """Cycles, their consolidated orders, and what these come to."""
    if days is not None:
        return await _row(db, queries.cycles_of_days, network_id, state, *days)
    return await _row(db, queries.cycles, network_id, state)


async def of_orders(db: Connection, network_id: int, to: Narrowed) -> Row:
    """Consolidated orders and what they hold."""
    cycles = await cycles_asked(db, network_id, to)
    if cycles is None:
        return await _row(db, queries.orders, network_id, to.supplier_id or ALL)
    return await _row(db, queries.orders_of_cycles, network_id, cycles, to.supplier_id)


async def of_states(db: Connection, network_id: int, to: Narrowed, *, state: str | None) -> Row:
    """Consolidated orders, those withdrawn too, and how many the supplier was not told of."""
    cycles = await cycles_asked(db, network_id, to)
    if cycles is None:
        return await _row(db, queries.states, network_id, to.supplier_id or ALL, state)
    return await _row(db, queries.states_of_cycles, network_id, cycles, to.supplier_id, state)


async def of_wanted(
    db: Connection, network_id: int, cycle_id: str, *, supplier_id: str | None
) -> Row:
    """Items that the group orders in a cycle."""
    return await _row(db, queries.wanted, network_id, cycle_id, supplier_id)


async def of_minimums(db: Connection, network_id: int, cycle_id: str) -> Row:
    return await _row(db, queries.minimums, network_id, cycle_id)


async def of_koperasi(db: Connection, network_id: int, koperasi_id: str, cycle_id: str) -> Row:
    """The orders of one koperasi in one cycle."""
    return await _row(db, queries.orders_of_koperasi, network_id, koperasi_id, cycle_id)


async def cycles_asked(db: Connection, network_id: int, to: Narrowed) -> list[str] | None:
    """The cycles that are asked about; None for all."""
    if to.days is not None:
        rows = await db.fetch(queries.closing_on_days, network_id, *to.days, to.cycle_id)
        return [row["cycle_id"] for row in rows]
    return None if to.cycle_id is None else [to.cycle_id]


async def _row(db: Connection, query: str, *keys: object) -> Row:
    row = await db.fetchrow(query, *keys)
    assert row is not None
    return row
