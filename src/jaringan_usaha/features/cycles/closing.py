"""What the clock does to cycles: close those whose time is over, consolidate closed ones.

Any process may run this, and several may: command ids are derived from the cycle, its close and
the supplier, every step meets its own marks the second time, and an item is ordered once.
"""

import logging
from collections.abc import Coroutine, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from jaringan_usaha.eventlog.database import Connection, Pool, Row
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.planning import Task
from jaringan_usaha.eventlog.projector import log_queries
from jaringan_usaha.features.cycles.domain import GRACE, CloseCycle, FinishConsolidation, cycles
from jaringan_usaha.features.cycles.group import views
from jaringan_usaha.features.cycles.group.consolidation import ItemTotal
from jaringan_usaha.features.cycles.group.domain import ConsolidateSupplier, consolidated_orders
from jaringan_usaha.features.cycles.group.keeping import EndCycle, ending
from jaringan_usaha.features.cycles.group.views import WantedItem
from jaringan_usaha.kernel.by_clock import asked_by_clock
from jaringan_usaha.kernel.rejections import Rejection

logger = logging.getLogger(__name__)

LINES_AT_ONCE = 20_000
"""Order lines whose demand is in memory at once, and which are decided within the patience of the
appender; an item is never cut, so the koperasi that order one item may be more (a command has
room for 150,000)."""

LINES_A_TURN = 200_000
"""After so many the read tables are given time to follow."""

ITEMS_AT_ONCE = 2_000


async def tend(log: EventLog, pool: Pool, now: datetime) -> bool:
    """Close what is due, and consolidate a portion of what is closed, as far as the read tables
    show it.

    `now` is on the database's clock. True when something was recorded; then the followers are
    poked, since the next portion waits until they show this one.
    """
    recorded = False
    async with pool.acquire() as db:
        for cycle in await views.due_cycles(db, log.network_id, now - GRACE):
            recorded = await _done(_close(log, db, cycle, now), cycle) or recorded
        if await views.shows(db, log.network_id, log.appender.position):
            for cycle in await views.closed_cycles(db, log.network_id):
                if await _done(consolidate(log, db, cycle, now), cycle):
                    recorded = True
                    break
        if recorded:
            await db.execute(log_queries.poke, str(log.network_id))
    return recorded


async def _done(duty: Coroutine[None, None, bool], cycle: Row) -> bool:
    """Whether something was recorded; what is refused in one cycle does not hold up the others."""
    try:
        return await duty
    except Rejection as rejection:
        logger.error("cycle %s: %s", cycle["cycle_id"], rejection.detail)
        return False


async def _close(log: EventLog, db: Connection, cycle: Row, now: datetime) -> bool:
    """Close a cycle whose time is over. Where it may be kept open, its minimums are looked at
    when the read tables show every order that was in time."""
    cycle_id, closes_at = cycle["cycle_id"], cycle["closes_at"]
    asked = asked_by_clock(now, "close", cycle_id, closes_at.isoformat())
    if cycle["minimum"] != "keep_open":
        await log.handle(cycles, CloseCycle(asked=asked, cycle_id=cycle_id))
        return True
    in_time = closes_at + timedelta(seconds=cycle["late_seconds"]) + GRACE
    if not await views.shows_all_until(db, log.network_id, in_time):
        return False
    wanted = await views.wanted_items(db, log.network_id, cycle_id)
    totals = tuple(
        (supplier_id, tuple(item.total for item in items)) for supplier_id, items in _by(wanted)
    )
    await log.handle(ending, EndCycle(asked=asked, cycle_id=cycle_id, totals=totals))
    return True


async def consolidate(log: EventLog, db: Connection, cycle: Row, now: datetime) -> bool:
    """Place some portions of the consolidated orders of a closed cycle; False when nothing can be
    done, since operators are still asked.

    The read tables show the cycle as closed, so they hold all its orders: none can follow.
    """
    cycle_id, close = cycle["cycle_id"], str(cycle["closed_position"])
    wanted = await views.wanted_items(db, log.network_id, cycle_id)
    left = [item for item in wanted if not item.placed]
    if not left:
        sums = await views.cycle_sums(db, log.network_id, cycle_id)
        asked = asked_by_clock(now, "finish", cycle_id, close)
        finish = FinishConsolidation(asked=asked, cycle_id=cycle_id, **dict(sums))
        await log.handle(cycles, finish)
        return True
    answered = [item for item in left if item.decision != "?"]
    placed = 0
    for portion in _portions(answered):
        if await _place(log, db, cycle, wanted, portion, now):
            placed += sum(item.order_lines for item in portion)
        if placed >= LINES_A_TURN:
            break
    return placed > 0


async def _place(
    log: EventLog,
    db: Connection,
    cycle: Row,
    wanted: Sequence[WantedItem],
    portion: Sequence[WantedItem],
    now: datetime,
) -> bool:
    """Consolidate a portion; False when every supplier in it was refused."""
    cycle_id, close = cycle["cycle_id"], str(cycle["closed_position"])
    keys = [(item.supplier_id, item.item_id) for item in portion]
    demand = await views.demand_of_items(db, log.network_id, cycle_id, keys)
    totals: dict[str, tuple[ItemTotal, ...]] = {}
    if cycle["prices"] == "listed":
        totals = {
            supplier_id: tuple(item.total for item in items)
            for supplier_id, items in _by(wanted)
            if supplier_id in demand
        }
    tasks: list[Task] = []
    for supplier_id, placing in _by(portion):
        first, last = placing[0], placing[-1]
        asked = asked_by_clock(
            *(now, "consolidate", cycle_id, close, supplier_id),
            *(first.item_id, last.item_id, first.decision),
        )
        command = ConsolidateSupplier(
            asked=asked,
            cycle_id=cycle_id,
            supplier_id=supplier_id,
            demand=tuple(demand[supplier_id]),
            totals=totals.get(supplier_id, ()),
        )
        tasks.append((consolidated_orders, command))
    answers = await log.handle_each(tasks)
    for (supplier_id, _), answer in zip(_by(portion), answers, strict=True):
        if isinstance(answer, Rejection):
            logger.error("cycle %s, supplier %s: %s", cycle_id, supplier_id, answer.detail)
    return not all(isinstance(answer, Rejection) for answer in answers)


def _by(items: Sequence[WantedItem]) -> Iterator[tuple[str, list[WantedItem]]]:
    """By supplier; the items come sorted so."""
    for supplier_id, group in groupby(items, key=lambda item: item.supplier_id):
        yield supplier_id, list(group)


def _portions(items: Sequence[WantedItem]) -> Iterator[list[WantedItem]]:
    """Items in portions whose demand fits into memory; at least one in each."""
    portion: list[WantedItem] = []
    lines = 0
    for item in items:
        lines += item.order_lines
        if portion and (lines > LINES_AT_ONCE or len(portion) == ITEMS_AT_ONCE):
            yield portion
            portion, lines = [], item.order_lines
        portion.append(item)
    if portion:
        yield portion
