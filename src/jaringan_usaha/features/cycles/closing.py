"""What the clock does to cycles: close those whose time is over, consolidate closed ones.

Any process may run this, and several may: command ids are derived from the cycle and supplier,
and every step meets its own marks the second time.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b, sha256
from uuid import UUID

from jaringan_usaha.eventlog.database import Connection, Pool
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.features.cycles import views
from jaringan_usaha.features.cycles.consolidating import ConsolidateSupplier, consolidated_orders
from jaringan_usaha.features.cycles.domain import GRACE, CloseCycle, FinishConsolidation, cycles
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.rejections import Rejection

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 50_000
SUPPLIERS_AT_ONCE = 200


def asked_by_clock(now: datetime, *what: str) -> Asked:
    """The frame of a command that nobody sends but the house itself; its id is made of what
    it does, so that it happens once."""
    text = "\x1f".join(what).encode()
    return Asked(
        at=now,
        command_id=UUID(bytes=bytes(6) + blake2b(text, digest_size=10).digest()),
        print=sha256(text).digest(),
        by="clock",
    )


async def tend(log: EventLog, pool: Pool, now: datetime) -> bool:
    """Close what is due and consolidate what is closed, as far as the read tables show it.

    `now` is on the database's clock. True when something was recorded.
    """
    recorded = False
    async with pool.acquire() as db:
        due = await views.due_cycles(db, log.network_id, now - GRACE)
        closed = await views.closed_cycles(db, log.network_id)
    for cycle_id in due:
        asked = asked_by_clock(now, "close", cycle_id)
        await log.handle(cycles, CloseCycle(asked=asked, cycle_id=cycle_id))
        recorded = True
    for cycle_id in closed:
        async with pool.acquire() as db:
            await consolidate(log, db, cycle_id, now)
        recorded = True
    return recorded


async def consolidate(log: EventLog, db: Connection, cycle_id: str, now: datetime) -> None:
    """Place the consolidated orders of a closed cycle, some suppliers at a time.

    The read tables show the cycle as closed, so they hold all its orders: none can follow.
    """
    sizes = await views.demand_sizes(db, log.network_id, cycle_id)
    for suppliers in _portions(sizes):
        demand = await views.demand_of_suppliers(db, log.network_id, cycle_id, suppliers)
        answers = await log.handle_each(
            [
                (
                    consolidated_orders,
                    ConsolidateSupplier(
                        asked=asked_by_clock(now, "consolidate", cycle_id, supplier_id),
                        cycle_id=cycle_id,
                        supplier_id=supplier_id,
                        demand=demand[supplier_id],
                    ),
                )
                for supplier_id in suppliers
            ]
        )
        for supplier_id, answer in zip(suppliers, answers, strict=True):
            if isinstance(answer, Rejection):
                logger.error("cycle %s, supplier %s: %s", cycle_id, supplier_id, answer.detail)
    if not sizes:
        await log.handle(cycles, await _finish(log, db, cycle_id, now))


async def _finish(
    log: EventLog, db: Connection, cycle_id: str, now: datetime
) -> FinishConsolidation:
    sums = await views.cycle_sums(db, log.network_id, cycle_id)
    return FinishConsolidation(
        asked=asked_by_clock(now, "finish", cycle_id), cycle_id=cycle_id, **dict(sums)
    )


def _portions(sizes: Sequence[tuple[str, int]]) -> Iterator[list[str]]:
    """Suppliers in portions whose demand fits into memory."""
    portion: list[str] = []
    rows = 0
    for supplier_id, size in sizes:
        if portion and (rows + size > ROWS_AT_ONCE or len(portion) == SUPPLIERS_AT_ONCE):
            yield portion
            portion, rows = [], 0
        portion.append(supplier_id)
        rows += size
    if portion:
        yield portion
