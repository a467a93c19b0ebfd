"""How a page of events is written into the books: postings, their sums, stock and margins.

Everything is decided in the order of the log, so the tables are the same however it is cut into
pages.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.eventlog.projector import Logged
from jaringan_usaha.features.cycles.events import (
    ConsolidatedOrderAmended,
    ConsolidatedOrderShared,
    ConsolidatedOrderWithdrawn,
)
from jaringan_usaha.features.fulfilment.events import DeliveryShared, GoodsReceived
from jaringan_usaha.features.invoicing.events import (
    ChargeBilled,
    InvoiceCosted,
    InvoicePaid,
    LandedCostAdjusted,
    RebateReceived,
    SupplierInvoiceMatched,
)
from jaringan_usaha.features.margin.accounts import BY_OWN_PARTY, INVENTORY, PAYABLE
from jaringan_usaha.features.margin.booking import book, book_tier_drop
from jaringan_usaha.features.margin.entries import Cost, Entry, Posting
from jaringan_usaha.features.margin.events import BalancesCarried, MonthClosed
from jaringan_usaha.features.margin.forecasts import Forecasts, settle
from jaringan_usaha.features.margin.stocktaking import Sale, Stocktaking, columns, queries
from jaringan_usaha.features.sales.events import SaleRecorded
from jaringan_usaha.features.shares.events import SharePaid
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.messages import Event

POSTINGS_A_BLOCK = 10_000

Order = tuple[str, str]  # cycle and supplier

_POSTING_COLUMNS = (*Posting._fields, "block")

# -- days ----------------------------------------------------------------------------------


def opened_document(event: Event) -> tuple[str, date] | None:
    """The document that an event brings with its day, for later events that only name it."""
    match event:
        case GoodsReceived():
            return f"receipt|{event.receipt_id}", event.received_on
        case SupplierInvoiceMatched():
            return f"invoice|{event.invoice_id}", event.invoiced_on
        case ChargeBilled():
            return f"charge|{event.charge_id}|{event.bill_no}", event.billed_on
    return None


def named_document(event: Event) -> str | None:
    """The document whose day an event takes over."""
    match event:
        case DeliveryShared():
            return f"receipt|{event.receipt_id}"
        case InvoiceCosted():
            return f"invoice|{event.invoice_id}"
        case LandedCostAdjusted():
            return f"charge|{event.charge_id}|{event.bill_no}"
    return None


def own_day(event: Event) -> date | None:
    """The day that an event states itself."""
    match event:
        case SaleRecorded():
            return event.sold_on
        case InvoicePaid() | SharePaid():
            return event.paid_on
        case RebateReceived():
            return event.received_on
    return None


# -- steps ---------------------------------------------------------------------------------

_EXPECTED = ConsolidatedOrderShared | ConsolidatedOrderAmended
_UNDOING = ConsolidatedOrderWithdrawn | DeliveryShared


def steps(events: Sequence[Logged[Event]]) -> Iterator[Sequence[Logged[Event]]]:
    """Runs of events that can be folded at once: within one, nothing that is known of an order
    is undone, since that is read from the tables."""
    start = 0
    shared: set[Order] = set()
    for at, logged in enumerate(events):
        event = logged.event
        if not isinstance(event, _EXPECTED | _UNDOING):
            continue
        order = (event.cycle_id, event.supplier_id)
        undoes = isinstance(event, _UNDOING)
        if undoes and order in shared:
            yield events[start:at]
            start, shared = at, set()
        if not isinstance(event, DeliveryShared):
            shared.add(order)
    yield events[start:]


class Step:
    """One run of events on its way into the tables of a network."""

    def __init__(self, network_id: int, db: Connection) -> None:
        self._network_id = network_id
        self._db = db
        self._days: dict[str, date] = {}
        self._new_days: dict[str, date] = {}
        self._closed_until: date | None = None
        self._entries: dict[int, Entry] = {}
        self._forecasts = Forecasts()
        self._costs: list[Cost] = []
        self._sales: list[Sale] = []
        self._closed: list[Logged[MonthClosed]] = []
        self._carried: list[Logged[BalancesCarried]] = []

    async def fold(self, events: Sequence[Logged[Event]]) -> None:
        """Write everything that follows from the events."""
        await self._look_up_days(events)
        for logged in events:
            self._take(logged)
        await self._undo_forecasts(events)
        stock = Stocktaking(self._network_id, self._db, self._entries)
        await stock.write(self._costs, self._sales, events[0].position)
        await self._forecasts.write(self._network_id, self._db)
        await self._write_postings()
        await self._write_days_and_months()

    async def _look_up_days(self, events: Sequence[Logged[Event]]) -> None:
        self._closed_until = await self._db.fetchval(queries.closed_until, self._network_id)
        named = {name for each in events if (name := named_document(each.event)) is not None}
        if named:
            rows = await self._db.fetch(queries.document_days, self._network_id, sorted(named))
            self._days = {row["document"]: row["document_on"] for row in rows}

    def _take(self, logged: Logged[Any]) -> None:
        event = logged.event
        opened = opened_document(event)
        if opened is not None:
            self._days[opened[0]] = self._new_days[opened[0]] = opened[1]
            return
        match event:
            case MonthClosed():
                self._closed.append(logged)
                self._closed_until = max(event.ends_on, self._closed_until or event.ends_on)
                return
            case BalancesCarried():
                self._carried.append(logged)
                return
        entry = self._entry(logged)
        if isinstance(event, ConsolidatedOrderWithdrawn):
            return
        if isinstance(event, _EXPECTED):
            self._forecasts.add(
                event.shares,
                event.cycle_id,
                event.supplier_id,
                entry.month,
                logged.position,
                received=isinstance(event, ConsolidatedOrderShared) and event.received,
            )
        self._costs.extend(book(event, entry))
        if isinstance(event, SaleRecorded):
            self._sales.extend(
                Sale(
                    logged.position,
                    (event.koperasi_id, line.item_id),
                    line.quantity,
                    line.amount_idr - line.ppn_idr,
                )
                for line in event.lines
            )

    def _entry(self, logged: Logged[Event]) -> Entry:
        """The entry of an event, on the first open day from its own on."""
        event = logged.event
        day = own_day(event) or self._days.get(named_document(event) or "")
        day = day or day_of_business(logged.recorded_at)
        posted_on = day
        if self._closed_until is not None and day <= self._closed_until:
            posted_on = self._closed_until + timedelta(days=1)
        entry = self._entries[logged.position] = Entry(logged.position, posted_on, day)
        return entry

    # -- what was expected of an order --

    async def _undo_forecasts(self, events: Sequence[Logged[Event]]) -> None:
        """When the first goods of an order come, or it is taken back, what was expected of it is
        no longer; and what was owed for goods that nobody followed is owed for these."""
        first: dict[Order, tuple[int, bool]] = {}
        for logged in events:
            if isinstance(logged.event, DeliveryShared | ConsolidatedOrderWithdrawn):
                order = (logged.event.cycle_id, logged.event.supplier_id)
                taken_back = isinstance(logged.event, ConsolidatedOrderWithdrawn)
                first.setdefault(order, (logged.position, taken_back))
        came = [order for order, (_, taken_back) in first.items() if not taken_back]
        gone = [order for order, (_, taken_back) in first.items() if taken_back]
        undone = [*await self._newly_delivered(came), *await self._not_delivered(gone)]
        await settle(self._network_id, self._db, undone)
        for order in undone:
            position, taken_back = first[order]
            await self._undo_forecast(order, self._entries[position], taken_back=taken_back)

    async def _newly_delivered(self, orders: Sequence[Order]) -> list[Order]:
        if not orders:
            return []
        rows = await self._db.fetch(queries.newly_delivered, self._network_id, *columns(orders, 2))
        return sorted((row["cycle_id"], row["supplier_id"]) for row in rows)

    async def _not_delivered(self, orders: Sequence[Order]) -> list[Order]:
        if not orders:
            return []
        rows = await self._db.fetch(queries.delivered, self._network_id, *columns(orders, 2))
        return sorted(set(orders) - {(row["cycle_id"], row["supplier_id"]) for row in rows})

    async def _undo_forecast(self, order: Order, entry: Entry, *, taken_back: bool) -> None:
        for row in await self._db.fetch(queries.shares_of_order, self._network_id, *order):
            koperasi_id = row["koperasi_id"]
            inventory, payable = (INVENTORY, koperasi_id), (PAYABLE, order[1])
            entry.move((*order, koperasi_id), payable, inventory, row["goods_idr"])
            cost = Cost(
                entry.position,
                entry.month,
                koperasi_id,
                *order,
                "",
                ordered_idr=-row["ordered_idr"] if taken_back else 0,
                amount_idr=-row["amount_idr"],
                alone_idr=-row["alone_idr"],
                goods_idr=-row["goods_idr"],
            )
            if any(cost[6:]):
                self._costs.append(cost)
        if taken_back:
            for row in await self._db.fetch(queries.tier_drops, self._network_id, *order):
                names = (row["koperasi_id"], *order, row["item_id"])
                self._costs.append(book_tier_drop(names, -row["charge_idr"], entry))

    # -- postings --

    async def _write_postings(self) -> None:
        """Postings with their blocks, and what they add to every balance."""
        row = await self._db.fetchrow(queries.last_block, self._network_id)
        blocks = _Blocks(tuple(row) if row is not None else None)
        records = [
            (*posting, block)
            for entry in self._entries.values()
            for block, posting in blocks.of(list(entry.postings()))
        ]
        if not records:
            return
        await self._db.execute(queries.make_booked_postings)
        await self._db.execute(queries.clear_booked_postings)
        await self._db.copy_records_to_table(
            "booked_postings", records=records, columns=_POSTING_COLUMNS
        )
        await self._db.execute(queries.add_postings, self._network_id)
        await self._db.execute(queries.add_sums, self._network_id, list(BY_OWN_PARTY))
        await self._db.execute(queries.set_blocks, self._network_id, *columns(blocks.rows, 6))

    async def _write_days_and_months(self) -> None:
        if self._new_days:
            await self._db.execute(
                queries.set_document_days, self._network_id, *columns(self._new_days.items(), 2)
            )
        if self._closed:
            closed = [
                (each.event.month_id, each.event.ends_on, each.position, each.recorded_at)
                for each in self._closed
            ]
            await self._db.execute(queries.close_months, self._network_id, *columns(closed, 4))
        if self._carried:
            carried = [
                (
                    each.event.month_id,
                    each.position,
                    sum(balance.debit_idr for balance in each.event.balances),
                    sum(balance.credit_idr for balance in each.event.balances),
                )
                for each in self._carried
            ]
            await self._db.execute(queries.carry_months, self._network_id, *columns(carried, 4))
            balances = [
                (each.event.month_id, balance.account, balance.debit_idr, balance.credit_idr)
                for each in self._carried
                for balance in each.event.balances
            ]
            await self._db.execute(
                queries.set_month_balances, self._network_id, *columns(balances, 4)
            )


class _Blocks:
    """Cuts the journal into blocks: an event is never cut, and a full block takes no more.

    A row is block, first and last position, postings, first and last day on which they count.
    """

    def __init__(self, last: tuple[Any, ...] | None) -> None:
        self.rows: list[tuple[Any, ...]] = [last] if last is not None else []

    def of(self, postings: Sequence[Posting]) -> Iterator[tuple[int, Posting]]:
        """The postings of one event with the block they belong to."""
        if not postings:
            return
        position, day, count = postings[0].position, postings[0].posted_on, len(postings)
        if not self.rows or self.rows[-1][3] >= POSTINGS_A_BLOCK:
            block = self.rows[-1][0] + 1 if self.rows else 1
            self.rows.append((block, position, position, 0, day, day))
        block, first, _, so_far, first_on, last_on = self.rows[-1]
        days = (min(first_on, day), max(last_on, day))
        self.rows[-1] = (block, first, position, so_far + count, *days)
        for posting in postings:
            yield block, posting
