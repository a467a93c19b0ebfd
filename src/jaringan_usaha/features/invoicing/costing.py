"""What the follower does with invoices and charges: cost what is owed, share what was billed.

Any process may run this, and several may: the read tables show what is still to do, and every
part is guarded by its number, so it is recorded once.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TypeVar

import msgspec

from jaringan_usaha.eventlog.answers import Recorded
from jaringan_usaha.eventlog.database import Connection, Pool, Row
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.planning import Task
from jaringan_usaha.features.invoicing import views
from jaringan_usaha.features.invoicing.charges import (
    LineToShare,
    ShareCharge,
    WeighCharge,
    charges,
)
from jaringan_usaha.features.invoicing.costs import CostInvoice, LineToCost, costed_invoices
from jaringan_usaha.features.invoicing.landed_cost import Holder
from jaringan_usaha.kernel.by_clock import asked_by_clock
from jaringan_usaha.kernel.landed import Goods, weight_of
from jaringan_usaha.kernel.rejections import Rejection

logger = logging.getLogger(__name__)

LINES_AT_ONCE = 1_000
ROWS_A_COMMAND = 5_000
ROWS_AT_ONCE = 20_000
BILLS_AT_ONCE = 50

T = TypeVar("T")


async def tend(log: EventLog, pool: Pool, now: datetime) -> bool:
    """Cost invoices, weigh bills and share them, a bounded portion of each.

    `now` is on the database's clock. True when something was recorded.
    """
    async with pool.acquire() as db:
        tasks = [*await _costing(db, log.network_id, now), *await _charging(db, log, now)]
    if not tasks:
        return False
    answers = await log.handle_each(tasks)
    for (_, command), answer in zip(tasks, answers, strict=True):
        if isinstance(answer, Rejection):
            logger.error("%s: %s", type(command).__name__, answer.detail)
    return any(isinstance(answer, Recorded) and not answer.replayed for answer in answers)


# -- invoices ------------------------------------------------------------------------------


async def _costing(db: Connection, network_id: int, now: datetime) -> list[Task]:
    """One command for each of some invoices."""
    rows = await views.lines_to_cost(db, network_id, limit=LINES_AT_ONCE)
    portions: list[list[Row]] = []
    size = 0
    for lines in whole_invoices(rows, LINES_AT_ONCE):
        portion = _portion(lines)
        size += sum(line["holders"] for line in portion)
        if portions and size > ROWS_AT_ONCE:
            break
        portions.append(portion)
    held = await _holders(db, network_id, [line for portion in portions for line in portion])
    return [(costed_invoices, _cost(portion, held, now)) for portion in portions]


def whole_invoices(rows: Sequence[Row], limit: int) -> list[list[Row]]:
    """The lines of each invoice. One that the limit may have cut waits, unless it is the only
    one: its fee is split part by part, so chance must not say where a part ends."""
    found = [list(lines) for _, lines in groupby(rows, lambda row: str(row["invoice_id"]))]
    return found[:-1] if len(rows) == limit and len(found) > 1 else found


def _cost(
    lines: Sequence[Row], held: Mapping[tuple[str, str, str], list[Holder]], now: datetime
) -> CostInvoice:
    first = lines[0]
    part = first["parts"] + 1
    return CostInvoice(
        asked=asked_by_clock(now, "invoicing", "cost", first["invoice_id"], str(part)),
        invoice_id=first["invoice_id"],
        cycle_id=first["cycle_id"],
        supplier_id=first["supplier_id"],
        first_part=part,
        lines=tuple(
            LineToCost(
                item_id=line["item_id"],
                holders=tuple(held.get(_key_of(line), ())),
                returned=max(line["units"] - line["free"], 0),
            )
            for line in lines
        ),
    )


async def _holders(
    db: Connection, network_id: int, lines: Sequence[Row]
) -> dict[tuple[str, str, str], list[Holder]]:
    if not lines:
        return {}
    found: dict[tuple[str, str, str], list[Holder]] = {}
    for row in await views.holders(db, network_id, [_key_of(line) for line in lines]):
        found.setdefault(_key_of(row), []).append(
            Holder(koperasi_id=row["koperasi_id"], units=row["units"], goods_idr=row["goods_idr"])
        )
    return found


def _key_of(row: Row) -> tuple[str, str, str]:
    return row["cycle_id"], row["supplier_id"], row["item_id"]


# -- charges -------------------------------------------------------------------------------


async def _charging(db: Connection, log: EventLog, now: datetime) -> list[Task]:
    """One command for each open bill: weigh it when there are goods, then share line by line."""
    commands: list[WeighCharge | ShareCharge | None] = []
    for bill in await views.open_bills(db, log.network_id, limit=BILLS_AT_ONCE):
        if bill["weighed"]:
            commands.append(await _share(db, log.network_id, bill, now))
        else:
            commands.append(await _weigh(db, log.network_id, bill, now))
    return [(charges, command) for command in commands if command is not None]


async def _weigh(db: Connection, network_id: int, bill: Row, now: datetime) -> WeighCharge | None:
    """None when there is nothing to split by yet: the bill waits, and its view says so."""
    manual = msgspec.json.decode(bill["manual"], type=dict[str, int])
    rows = await views.goods_of_cycle(db, network_id, bill["cycle_id"], bill["supplier_id"])
    goods = tuple(
        Goods(
            row["supplier_id"],
            row["item_id"],
            row["units"],
            row["goods_idr"],
            _each(bill["key"], row, manual),
        )
        for row in rows
    )
    if not any(weight_of(each, bill["key"]) for each in goods):
        return None
    return WeighCharge(
        asked=asked_by_clock(now, "invoicing", "weigh", bill["charge_id"], str(bill["bill_no"])),
        charge_id=bill["charge_id"],
        bill_no=bill["bill_no"],
        goods=goods,
    )


def _each(key: str, row: Row, manual: Mapping[str, int]) -> int:
    """What a unit (by hand: the line) weighs."""
    match key:
        case "weight":
            return int(row["weight_g"])
        case "volume":
            return int(row["volume_ml"])
        case "manual":
            return manual.get(row["item_id"], 0)
        case _:
            return 1


async def _share(db: Connection, network_id: int, bill: Row, now: datetime) -> ShareCharge | None:
    charge_id, bill_no, cycle_id = bill["charge_id"], bill["bill_no"], bill["cycle_id"]
    rows = await views.lines_to_share(
        db, network_id, charge_id, bill_no, cycle_id, limit=LINES_AT_ONCE
    )
    lines = [(row["supplier_id"], row["item_id"]) for row in _portion(rows)]
    if not lines:
        return None
    held: dict[tuple[str, str], list[tuple[str, int]]] = {line: [] for line in lines}
    for row in await views.units_held(db, network_id, cycle_id, lines):
        held[row["supplier_id"], row["item_id"]].append((row["koperasi_id"], row["units"]))
    part = bill["parts"] + 1
    return ShareCharge(
        asked=asked_by_clock(now, "invoicing", "share", charge_id, str(bill_no), str(part)),
        charge_id=charge_id,
        bill_no=bill_no,
        first_part=part,
        lines=tuple(
            LineToShare(supplier_id=supplier_id, item_id=item_id, holders=tuple(holders))
            for (supplier_id, item_id), holders in held.items()
        ),
    )


# -- portions ------------------------------------------------------------------------------


def _portion(lines: Sequence[Row]) -> list[Row]:
    """As many lines as one command takes, and at least one."""
    portion: list[Row] = []
    size = 0
    for line in lines:
        size += line["holders"]
        if portion and size > ROWS_A_COMMAND:
            break
        portion.append(line)
    return portion
