"""What is shown of consolidated orders on their way to the supplier, and how it is folded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

import msgspec

from jaringan_usaha.api.narrowed import Narrowed, rows_within
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.list_sums import ALL, KeptList, Touched, kept
from jaringan_usaha.eventlog.projector import Logged, Page
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.cycles.amendments.withdrawal import Stand
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderAcknowledged,
    ConsolidatedOrderAmended,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderProposalWithdrawn,
    ConsolidatedOrderProposed,
    ConsolidatedOrderSent,
    ConsolidatedOrderWithdrawn,
    CycleConsolidated,
    Entitlement,
)
from jaringan_usaha.features.cycles.group.domain import CONSOLIDATED, ConsolidatedEvent
from jaringan_usaha.features.cycles.orders.events import OrderLine
from jaringan_usaha.features.cycles.orders.filling import ItemKey
from jaringan_usaha.features.cycles.sums import cycles_asked
from jaringan_usaha.kernel.messages import Event

queries = Queries("jaringan_usaha.features.cycles.amendments", "views.sql")

TIER_DROPS = KeptList("tier-drops", ("rows", "charged_idr", "relieved_idr"))

EVENTS: tuple[type[Event], ...] = CONSOLIDATED.events

Key = tuple[str, str]
"""A cycle and a supplier."""

# -- folding -------------------------------------------------------------------------------


async def write_amended(page: Page, db: Connection) -> None:
    """What became of consolidated orders that are placed; what was withdrawn goes first."""
    touched = cast(
        "list[Logged[ConsolidatedEvent]]",
        [logged for logged in page.events if isinstance(logged.event, EVENTS)],
    )
    finished = [logged.event.cycle_id for logged in page.of(CycleConsolidated)]
    if touched:
        async with kept(page.network_id, db, _drops_touched(page)):
            await _forget_withdrawn(page, db)
            await _write_states(page, touched, db)
            await _write_answers(page, db)
            await _amend(page, db)
    moved = [logged.event.cycle_id for logged in touched] + finished
    if moved:
        await db.execute(queries.settle_cycles, page.network_id, list(dict.fromkeys(moved)))


def _drops_touched(page: Page) -> Touched:
    moved = page.of(ConsolidatedOrderAmended, ConsolidatedOrderWithdrawn)
    keys = dict.fromkeys(_key(logged.event) for logged in moved)
    return Touched(TIER_DROPS, queries.tier_drops_touched, _columns(list(keys)))


def _columns(keys: Sequence[Key]) -> tuple[list[str], list[str]]:
    return [cycle_id for cycle_id, _ in keys], [supplier_id for _, supplier_id in keys]


def _key(event: ConsolidatedEvent) -> Key:
    return event.cycle_id, event.supplier_id


@dataclass(frozen=True, slots=True)
class _State:
    state: str = "placed"
    version: int = 0
    told: int = 0
    untold: bool = True
    reference: str = ""
    proposed_idr: int | None = None
    proposed_by: str | None = None
    proposed_at: datetime | None = None
    position: int = 0

    def after(self, logged: Logged[ConsolidatedEvent]) -> "_State":
        now = replace(self, version=self.version + 1, position=logged.position)
        void = replace(now, proposed_idr=None, proposed_by=None, proposed_at=None)
        match logged.event:
            case ConsolidatedOrderPlaced():
                return replace(void, state="placed") if self.state == "withdrawn" else void
            case ConsolidatedOrderProposed(amount_idr=amount_idr, proposed_by=by):
                proposed = replace(now, proposed_idr=amount_idr, proposed_by=by)
                return replace(proposed, proposed_at=logged.recorded_at)
            case ConsolidatedOrderProposalWithdrawn():
                return void
            case ConsolidatedOrderSent(revision=revision, reference=reference):
                return replace(void, state="sent", told=revision, untold=False, reference=reference)
            case ConsolidatedOrderAcknowledged():
                return replace(now, state="acknowledged")
            case ConsolidatedOrderAmended():
                return replace(void, untold=True, state="sent" if self.told else "placed")
            case ConsolidatedOrderWithdrawn():
                return _State("withdrawn", now.version, position=logged.position)
        return now


async def _write_states(
    page: Page, touched: Sequence[Logged[ConsolidatedEvent]], db: Connection
) -> None:
    keys = list(dict.fromkeys(_key(logged.event) for logged in touched))
    rows = await db.fetch(queries.states_before, page.network_id, *_columns(keys))
    states = {(row["cycle_id"], row["supplier_id"]): _State(*tuple(row)[2:]) for row in rows}
    for logged in touched:
        key = _key(logged.event)
        states[key] = states.get(key, _State()).after(logged)
    found = [states[key] for key in keys]
    await db.execute(
        queries.write_states,
        page.network_id,
        *_columns(keys),
        [state.state for state in found],
        [state.version for state in found],
        [state.told for state in found],
        [state.untold for state in found],
        [state.reference for state in found],
        [state.proposed_idr for state in found],
        [state.proposed_by for state in found],
        [state.proposed_at for state in found],
        [state.position for state in found],
    )


async def _forget_withdrawn(page: Page, db: Connection) -> None:
    keys = [_key(logged.event) for logged in page.of(ConsolidatedOrderWithdrawn)]
    if keys:
        columns = _columns(keys)
        await db.execute(queries.forget_answers_of_suppliers, page.network_id, *columns)
        await db.execute(queries.forget_drops, page.network_id, *columns)


async def _write_answers(page: Page, db: Connection) -> None:
    last = {_key(logged.event): logged.event for logged in page.of(ConsolidatedOrderAcknowledged)}
    if not last:
        return
    await db.execute(queries.forget_answers_of_suppliers, page.network_id, *_columns(list(last)))
    lines = [(event, line) for event in last.values() for line in event.lines]
    await db.execute(
        queries.write_answers,
        page.network_id,
        [event.cycle_id for event, _ in lines],
        [event.supplier_id for event, _ in lines],
        [line.item_id for _, line in lines],
        [event.revision for event, _ in lines],
        [line.cases for _, line in lines],
        [line.reason for _, line in lines],
    )


async def _amend(page: Page, db: Connection) -> None:
    amended = page.of(ConsolidatedOrderAmended)
    if not amended:
        return
    await _amend_lines(page, [logged.event for logged in amended], db)
    await _amend_entitlements(page, [logged.event for logged in amended], db)
    await _write_drops(page, amended, db)
    keys = list(dict.fromkeys(_key(logged.event) for logged in amended))
    await db.execute(queries.sum_orders_anew, page.network_id, *_columns(keys))
    cycles = list(dict.fromkeys(cycle_id for cycle_id, _ in keys))
    await db.execute(queries.sum_cycles_anew, page.network_id, cycles)


async def _amend_lines(
    page: Page, events: Sequence[ConsolidatedOrderAmended], db: Connection
) -> None:
    last = {(*_key(event), line.item_id): line for event in events for line in event.lines}
    lines = list(last.values())
    await db.execute(
        queries.amend_lines,
        page.network_id,
        [cycle_id for cycle_id, _, _ in last],
        [supplier_id for _, supplier_id, _ in last],
        [item_id for _, _, item_id in last],
        [line.quantity for line in lines],
        [line.order_lines for line in lines],
        [line.amount_idr for line in lines],
        [line.alone_idr for line in lines],
        [line.price_list for line in lines],
        [line.price_idr for line in lines],
        [line.price_per for line in lines],
        [line.cases for line in lines],
        [line.firm for line in lines],
        [line.tolerance for line in lines],
        [line.reason for line in lines],
    )


async def _amend_entitlements(
    page: Page, events: Sequence[ConsolidatedOrderAmended], db: Connection
) -> None:
    last = {
        (*_key(event), item.item_id, row.koperasi_id): row
        for event in events
        for item in event.items
        for row in item.rows
    }
    keys = [[key[at] for key in last] for at in range(4)]
    rows = list(last.values())
    await db.execute(
        queries.amend_entitlements,
        page.network_id,
        *keys,
        [row.firm for row in rows],
        [row.tolerance for row in rows],
        [row.least for row in rows],
        [row.first_position for row in rows],
        [row.granted for row in rows],
        [row.alone_idr for row in rows],
        [row.reason for row in rows],
    )
    await db.execute(queries.drop_entitlements, page.network_id, *keys)
    items = list(dict.fromkeys(key[:3] for key in last))
    columns = [[item[at] for item in items] for at in range(3)]
    await db.execute(queries.sum_declined_anew, page.network_id, *columns)


async def _write_drops(
    page: Page, amended: Sequence[Logged[ConsolidatedOrderAmended]], db: Connection
) -> None:
    drops = [
        (*_key(logged.event), each.item_id, each.koperasi_id, logged.position, charged, relieved)
        for logged in amended
        for each, charged, relieved in (
            *((each, each.amount_idr, 0) for each in logged.event.charges),
            *((each, 0, each.amount_idr) for each in logged.event.relieved),
        )
    ]
    if drops:
        columns = (list(column) for column in zip(*drops, strict=True))
        await db.execute(queries.write_drops, page.network_id, *columns)


# -- questions -----------------------------------------------------------------------------


async def order_states(
    db: Connection,
    network_id: int,
    to: Narrowed,
    *,
    state: str | None,
    part: Part,
) -> list[Row]:
    """Consolidated orders and how far they are, by cycle and supplier; with days of the cycles
    that close on them."""
    blocks = part.of(queries)
    return await rows_within(
        db,
        to.days,
        (blocks.order_states, blocks.order_states_of_days),
        network_id,
        *part.beginning(to.cycle_id),
        to.cycle_id,
        to.supplier_id,
        state,
        most=part.most,
    )


async def suppliers_to_take_back(db: Connection, network_id: int, cycle_id: str) -> list[str]:
    """The suppliers whose consolidated orders stand in a cycle."""
    rows = await db.fetch(queries.suppliers_to_take_back, network_id, cycle_id)
    return [row["supplier_id"] for row in rows]


async def answers_of_supplier(
    db: Connection, network_id: int, cycle_id: str, supplier_id: str
) -> list[Row]:
    """The items that a supplier did not accept whole."""
    return await db.fetch(queries.answers_of_supplier, network_id, cycle_id, supplier_id)


async def cases_of_items(
    db: Connection, network_id: int, cycle_id: str, supplier_id: str, item_ids: Sequence[str]
) -> list[tuple[str, int]]:
    """The cases ordered of some items of a supplier."""
    rows = await db.fetch(queries.cases_of_items, network_id, cycle_id, supplier_id, list(item_ids))
    return [(row["item_id"], row["cases"]) for row in rows]


async def stands_of_orders(
    db: Connection, network_id: int, cycle_id: str, supplier_ids: Sequence[str]
) -> list[Row]:
    """The consolidated orders of some suppliers: their version, and what their goods cost."""
    return await db.fetch(queries.stands_of_orders, network_id, cycle_id, list(supplier_ids))


async def stands_of_items(
    db: Connection, network_id: int, cycle_id: str, lines: Sequence[OrderLine], most: int
) -> dict[ItemKey, Stand] | None:
    """How the items of some order lines stand; None when more than `most` rows expect them."""
    keys = (
        [line.supplier_id for line in lines],
        [line.item_id for line in lines],
    )
    rows = await db.fetch(queries.entitled_to_items, network_id, cycle_id, *keys, most + 1)
    if len(rows) > most:
        return None
    entitled: dict[ItemKey, list[Entitlement]] = {}
    for row in rows:
        supplier_id, item_id, *columns = row
        entitled.setdefault((supplier_id, item_id), []).append(Entitlement(*columns))
    found = {}
    for row in await db.fetch(queries.lines_of_items, network_id, cycle_id, *keys):
        fields = dict(row)
        key = (fields.pop("supplier_id"), fields["item_id"])
        line = msgspec.convert(fields, ConsolidatedLine)
        found[key] = Stand(line=line, rows=tuple(entitled.get(key, ())))
    return found


async def ordered_items(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    part: Part,
    supplier_id: str | None,
) -> list[Row]:
    """What was ordered of each item in a cycle, and at which price."""
    return await db.fetch(
        part.of(queries).ordered_items, network_id, cycle_id, *part.key, supplier_id, part.most
    )


async def tier_drops(
    db: Connection,
    network_id: int,
    to: Narrowed,
    *,
    koperasi_id: str | None,
    part: Part,
) -> list[Row]:
    """Who pays for lost tiers, and who is relieved, in the order of the log; with days of the
    cycles that close on them."""
    blocks = part.of(queries)
    return await rows_within(
        db,
        to.days,
        (blocks.tier_drops, blocks.tier_drops_of_days),
        network_id,
        *part.key,
        to.cycle_id,
        to.supplier_id,
        koperasi_id,
        most=part.most,
    )


async def tier_drop_totals(
    db: Connection, network_id: int, to: Narrowed, *, koperasi_id: str | None
) -> dict[str, int]:
    """Kept for all cycles; of one, or of those that close on some days, added up."""
    cycles = await cycles_asked(db, network_id, to)
    if cycles is None:
        parts = (to.supplier_id or ALL,)
        return await TIER_DROPS.totals(db, network_id, koperasi_id=koperasi_id, parts=parts)
    keys = (cycles, to.supplier_id, koperasi_id)
    row = await db.fetchrow(queries.tier_drops_of_cycles, network_id, *keys)
    assert row is not None
    return dict(row)
