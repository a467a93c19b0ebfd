"""What is shown of the life of cycles, and how it is folded."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import cast

import msgspec

from jaringan_usaha.api.narrowed import rows_within
from jaringan_usaha.api.period import Days
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import Logged, Page
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.cycles.domain import CYCLE, CycleEvent
from jaringan_usaha.features.cycles.events import (
    ConsolidatedOrderWithdrawn,
    CycleCancelled,
    CycleClosed,
    CycleConsolidated,
    CycleDrafted,
    CycleFilling,
    CycleKeptOpen,
    CycleOpened,
    CycleReopened,
)
from jaringan_usaha.kernel.messages import Event

queries = Queries("jaringan_usaha.features.cycles", "life_views.sql")

EVENTS: tuple[type[Event], ...] = CYCLE.events

_TURNS = (CycleDrafted, CycleKeptOpen, CycleReopened, ConsolidatedOrderWithdrawn)
_encode = msgspec.json.Encoder().encode

# -- folding -------------------------------------------------------------------------------


def pieces(page: Page) -> Iterator[Page]:
    """The page, cut where a cycle or order turns back, so that within a piece one kind of events
    can be folded after another: what turned comes first in it."""
    start = 0
    for at, logged in enumerate(page.events):
        kind = type(logged.event)
        if at > start and kind in _TURNS and type(page.events[at - 1].event) is not kind:
            yield Page(page.network_id, page.events[start:at], page.events[at - 1].position)
            start = at
    yield Page(page.network_id, page.events[start:], page.last)


async def write_cycles(page: Page, db: Connection) -> None:
    await _write_terms(page, db)
    await _write_turns(page, db)
    moved = [
        (logged.event.cycle_id, _PHASES[type(logged.event)], _closing_position(logged))
        for kind in _PHASES
        for logged in page.of(kind)
    ]
    for phase in _PHASES.values():
        rows = [row for row in moved if row[1] == phase]
        if rows:
            columns = (list(column) for column in zip(*rows, strict=True))
            await db.execute(queries.move_cycles, page.network_id, *columns)
    finished = [logged.event for logged in page.of(CycleConsolidated)]
    if finished:
        await db.execute(
            queries.finish_cycles,
            page.network_id,
            [event.cycle_id for event in finished],
            [event.consolidated_orders for event in finished],
            [event.order_lines for event in finished],
            [event.amount_idr for event in finished],
            [event.alone_idr for event in finished],
        )
    await _count_versions(page, db)


async def _count_versions(page: Page, db: Connection) -> None:
    events = Counter(
        cast("CycleEvent", logged.event).cycle_id
        for logged in page.events
        if type(logged.event) in EVENTS
    )
    if events:
        columns = (list(events), list(events.values()))
        await db.execute(queries.count_versions, page.network_id, *columns)


_PHASES: dict[type[CycleFilling | CycleClosed | CycleCancelled], str] = {
    CycleFilling: "box_fill",
    CycleClosed: "closed",
    CycleCancelled: "cancelled",
}


def _closing_position(logged: Logged[CycleFilling | CycleClosed | CycleCancelled]) -> int | None:
    return None if isinstance(logged.event, CycleFilling) else logged.position


async def _write_terms(page: Page, db: Connection) -> None:
    last = {logged.event.cycle_id: logged for logged in page.of(CycleDrafted, CycleOpened)}
    if not last:
        return
    events = [logged.event for logged in last.values()]
    await db.execute(
        queries.write_cycles,
        page.network_id,
        [event.cycle_id for event in events],
        [event.title for event in events],
        [event.opens_at for event in events],
        [event.closes_at for event in events],
        [event.prices for event in events],
        [event.priced_on for event in events],
        [event.fill_from_at for event in events],
        [event.minimum for event in events],
        [event.keep_days for event in events],
        [event.keep_times for event in events],
        [event.sharing for event in events],
        [_encode(event.priority).decode() for event in events],
        [event.tier_drop for event in events],
        [event.late_seconds for event in events],
        [event.host for event in events],
        ["open" if isinstance(event, CycleOpened) else "draft" for event in events],
        [
            logged.position if isinstance(logged.event, CycleOpened) else None
            for logged in last.values()
        ],
    )


async def _write_turns(page: Page, db: Connection) -> None:
    turned: dict[str, tuple[datetime, int]] = {}
    for logged in page.of(CycleKeptOpen, CycleReopened):
        kept = turned.get(logged.event.cycle_id, (None, 0))[1]
        kept += isinstance(logged.event, CycleKeptOpen)
        turned[logged.event.cycle_id] = (logged.event.closes_at, kept)
    if turned:
        await db.execute(
            queries.open_again,
            page.network_id,
            list(turned),
            [closes_at for closes_at, _ in turned.values()],
            [kept for _, kept in turned.values()],
        )


# -- questions -----------------------------------------------------------------------------


async def cycle_board(
    db: Connection, network_id: int, *, part: Part, state: str | None, days: Days
) -> list[Row]:
    """Cycles by id; with days those that close on them."""
    blocks = part.of(queries)
    board = (blocks.cycle_board, blocks.cycle_board_of_days)
    return await rows_within(db, days, board, network_id, *part.key, state, most=part.most)


async def cycle(db: Connection, network_id: int, cycle_id: str) -> Row | None:
    return await db.fetchrow(queries.cycle, network_id, cycle_id)


async def cycles_to_fill(db: Connection, network_id: int, begun_before: datetime) -> list[str]:
    """Open cycles whose `fill_from_at` is not later than the instant given."""
    rows = await db.fetch(queries.cycles_to_fill, network_id, begun_before)
    return [row["cycle_id"] for row in rows]


async def totals_of_items(
    db: Connection, network_id: int, cycle_id: str, items: Sequence[tuple[str, str]]
) -> list[Row]:
    """What the group wants of some items, each named by supplier and item."""
    suppliers = [supplier_id for supplier_id, _ in items]
    item_ids = [item_id for _, item_id in items]
    return await db.fetch(queries.totals_of_items, network_id, cycle_id, suppliers, item_ids)
