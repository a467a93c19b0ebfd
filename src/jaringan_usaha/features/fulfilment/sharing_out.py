"""What is done with every receipt as soon as it shows: its items are shared out.

Any process may run this, and several may: each item of a receipt is shared once, and claims that
another one has outdated are refused and taken anew.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from jaringan_usaha.eventlog.answers import Recorded
from jaringan_usaha.eventlog.database import Connection, Pool, Row
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.planning import Task
from jaringan_usaha.eventlog.projector import log_queries
from jaringan_usaha.features.fulfilment import views
from jaringan_usaha.features.fulfilment.dividing import ShareReceipt, shared_deliveries
from jaringan_usaha.kernel.by_clock import asked_by_clock
from jaringan_usaha.kernel.rejections import Rejection

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 20_000
ITEMS_AT_ONCE = 200
ROWS_A_TURN = 200_000
"""After so many the read tables are given time to follow."""


async def tend(log: EventLog, pool: Pool, now: datetime) -> bool:
    """Share out what was received, in order of the log, as far as the read tables show it.

    `now` is on the database's clock. True when something was recorded; then the followers are
    poked, since what comes next waits until they show it.
    """
    async with pool.acquire() as db:
        if await views.bookmark(db, log.network_id) < log.appender.position:
            return False  # what this process shared last does not show yet
        recorded = False
        last, rows = (0, ""), 0
        tried: set[tuple[str, str, str]] = set()
        while rows < ROWS_A_TURN:
            lines = await views.unshared(db, log.network_id, after=last, limit=ITEMS_AT_ONCE)
            for portions in _batches(_portions(_not_yet(lines, tried))):
                recorded = await _share(log, db, portions, now) or recorded
                rows += sum(map(_size, portions))
            if len(lines) < ITEMS_AT_ONCE:
                break
            last = lines[-1]["position"], lines[-1]["item_id"]
        if recorded:
            await db.execute(log_queries.poke, str(log.network_id))
    return recorded


async def _share(
    log: EventLog, db: Connection, portions: Sequence[Sequence[Row]], now: datetime
) -> bool:
    """Share some items of each of these receipts. A refusal is met anew when the tables have
    moved on."""
    tasks: list[Task] = [
        (shared_deliveries, await _command(db, log.network_id, portion, now))
        for portion in portions
    ]
    answers = await log.handle_each(tasks)
    for portion, answer in zip(portions, answers, strict=True):
        if isinstance(answer, Rejection):
            logger.warning("receipt %s: %s", portion[0]["receipt_id"], answer.detail)
    return any(isinstance(answer, Recorded) and not answer.replayed for answer in answers)


async def _command(
    db: Connection, network_id: int, portion: Sequence[Row], now: datetime
) -> ShareReceipt:
    first = portion[0]
    item_ids = [line["item_id"] for line in portion]
    turns = [f"{line['item_id']}#{line['corrections']}" for line in portion]
    cycle_id, supplier_id = first["cycle_id"], first["supplier_id"]
    return ShareReceipt(
        asked=asked_by_clock(now, "share", first["receipt_id"], *turns),
        receipt_id=first["receipt_id"],
        cycle_id=cycle_id,
        supplier_id=supplier_id,
        order_changes=first["changes"],
        items=await views.claims(db, network_id, cycle_id, supplier_id, item_ids),
    )


def _not_yet(lines: Sequence[Row], tried: set[tuple[str, str, str]]) -> Iterator[Row]:
    """One line a turn for each item of an order: the next is shared on what this one leaves."""
    for line in lines:
        item = line["cycle_id"], line["supplier_id"], line["item_id"]
        if item not in tried:
            tried.add(item)
            yield line


def _portions(lines: Iterable[Row]) -> Iterator[list[Row]]:
    """Lines of one receipt in portions whose claims fit into memory."""
    portion: list[Row] = []
    rows = 0
    for line in lines:
        size = line["koperasi_count"]
        other = portion and line["receipt_id"] != portion[0]["receipt_id"]
        if portion and (other or rows + size > ROWS_AT_ONCE):
            yield portion
            portion, rows = [], 0
        portion.append(line)
        rows += size
    if portion:
        yield portion


def _batches(portions: Iterable[list[Row]]) -> Iterator[list[list[Row]]]:
    """Portions of several receipts, so many that all their claims fit into memory."""
    batch: list[list[Row]] = []
    rows = 0
    for portion in portions:
        if batch and rows + _size(portion) > ROWS_AT_ONCE:
            yield batch
            batch, rows = [], 0
        batch.append(portion)
        rows += _size(portion)
    if batch:
        yield batch


def _size(portion: Sequence[Row]) -> int:
    return sum(line["koperasi_count"] + 1 for line in portion)
