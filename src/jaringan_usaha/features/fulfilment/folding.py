"""How read tables of deliveries are folded from the log."""

from collections.abc import Iterator, Sequence

from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.eventlog.projector import Logged, Page, Projection
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.features.cycles.events import (
    ConsolidatedOrderAmended,
    ConsolidatedOrderWithdrawn,
    EntitlementsGranted,
)
from jaringan_usaha.features.fulfilment.events import (
    DeliveryEnded,
    DeliveryShared,
    GoodsReceived,
    ReceiptCorrected,
    SurplusDecided,
)

queries = Queries("jaringan_usaha.features.fulfilment", "folding.sql")

_GIVEN = (
    "cycle_id",
    "supplier_id",
    "item_id",
    "koperasi_id",
    "position",
    "receipt_id",
    "outstanding",
    "tolerance",
    "units",
    "goods_idr",
    "alone_idr",
)
_Given = tuple[str, str, str, str, int, str, int, int, int, int, int]


async def write(page: Page, db: Connection) -> None:
    """Fold a page; in the order below everything commutes."""
    await _write_states(page, db)
    await _write_receipts(page, db)
    await _write_corrections(page, db)
    await _write_shared(page, db)
    await _write_surplus(page, db)
    await _write_ended(page, db)


async def _write_states(page: Page, db: Connection) -> None:
    """Orders that are followed from now on, and what may have moved who expects what of them."""
    granted = {
        (logged.event.cycle_id, logged.event.supplier_id): logged.event.sharing
        for logged in page.of(EntitlementsGranted)
    }
    if granted:
        await db.execute(
            queries.expect_deliveries,
            page.network_id,
            *_columns(list(granted)),
            list(granted.values()),
        )
    changed = page.of(ConsolidatedOrderAmended, ConsolidatedOrderWithdrawn)
    if changed:
        await db.execute(
            queries.add_changes,
            page.network_id,
            [logged.event.cycle_id for logged in changed],
            [logged.event.supplier_id for logged in changed],
        )


async def _write_receipts(page: Page, db: Connection) -> None:
    received = page.of(GoodsReceived)
    if not received:
        return
    events = [logged.event for logged in received]
    await db.execute(
        queries.add_receipts,
        page.network_id,
        [event.receipt_id for event in events],
        [event.cycle_id for event in events],
        [event.supplier_id for event in events],
        [event.received_on for event in events],
        [event.reference for event in events],
        [len(event.lines) for event in events],
        [sum(line.accepted for line in event.lines) for event in events],
        [sum(line.rejected for line in event.lines) for event in events],
        [logged.position for logged in received],
        [logged.recorded_at for logged in received],
    )
    first = [event for event in events if event.part == 1]
    await db.execute(
        queries.add_states,
        page.network_id,
        [event.cycle_id for event in first],
        [event.supplier_id for event in first],
        [event.received_on for event in first],
    )
    lines = [(logged, line) for logged in received for line in logged.event.lines]
    await db.execute(
        queries.add_receipt_lines,
        page.network_id,
        [logged.event.receipt_id for logged, _ in lines],
        [line.item_id for _, line in lines],
        [logged.event.cycle_id for logged, _ in lines],
        [logged.event.supplier_id for logged, _ in lines],
        [logged.position for logged, _ in lines],
        [line.accepted for _, line in lines],
        [line.rejected for _, line in lines],
        [line.reason for _, line in lines],
    )


async def _write_corrections(page: Page, db: Connection) -> None:
    """One after another, since one may correct what the one before did."""
    for position, event in ((each.position, each.event) for each in page.of(ReceiptCorrected)):
        await db.execute(
            queries.correct_receipt,
            page.network_id,
            event.receipt_id,
            event.cycle_id,
            event.supplier_id,
            position,
            [line.item_id for line in event.lines],
            [line.accepted for line in event.lines],
            [line.accepted - line.accepted_before for line in event.lines],
            [line.rejected for line in event.lines],
            [line.rejected - line.rejected_before for line in event.lines],
            [line.reason for line in event.lines],
        )


async def _write_shared(page: Page, db: Connection) -> None:
    shared = page.of(DeliveryShared)
    if not shared:
        return
    begun = [
        (logged.event, item)
        for logged in shared
        for item in logged.event.items
        if not item.continued
    ]
    await db.execute(
        queries.mark_shared,
        page.network_id,
        [event.receipt_id for event, _ in begun],
        [item.item_id for _, item in begun],
        [event.cycle_id for event, _ in begun],
        [event.supplier_id for event, _ in begun],
        [event.sharing for event, _ in begun],
        [item.accepted for _, item in begun],
        [item.surplus for _, item in begun],
    )
    await _add_given(page.network_id, _given_rows(shared), db)


def _given_rows(shared: Sequence[Logged[DeliveryShared]]) -> Iterator[_Given]:
    for logged in shared:
        event, position = logged.event, logged.position
        for item in event.items:
            for row in item.rows:
                yield (
                    event.cycle_id,
                    event.supplier_id,
                    item.item_id,
                    row.koperasi_id,
                    position,
                    event.receipt_id,
                    row.outstanding,
                    row.tolerance,
                    row.units,
                    row.goods_idr,
                    row.alone_idr,
                )


async def _add_given(network_id: int, rows: Iterator[_Given], db: Connection) -> None:
    """By COPY, since the driver takes ten times as long for the same rows in arrays."""
    await db.execute(queries.make_page_given)
    await db.execute(queries.empty_page_given)
    await db.copy_records_to_table("page_given", records=rows, columns=_GIVEN)
    await db.execute(queries.add_portions, network_id)
    await db.execute(queries.add_given_to_koperasi, network_id)
    await db.execute(queries.add_given_to_lines, network_id)
    await db.execute(queries.add_given_to_items, network_id)


async def _write_surplus(page: Page, db: Connection) -> None:
    decided = page.of(SurplusDecided)
    if not decided:
        return
    events = [logged.event for logged in decided]
    await db.execute(
        queries.decide_surplus,
        page.network_id,
        [event.receipt_id for event in events],
        [event.item_id for event in events],
        [event.cycle_id for event in events],
        [event.supplier_id for event in events],
        [event.units for event in events],
        [event.decision for event in events],
    )
    taken = [logged for logged in decided if logged.event.koperasi_id is not None]
    if taken:
        await _add_given(page.network_id, _taken_rows(taken), db)


def _taken_rows(taken: Sequence[Logged[SurplusDecided]]) -> Iterator[_Given]:
    """Alone it had not bought them, so that they save nothing."""
    for logged in taken:
        event = logged.event
        yield (
            event.cycle_id,
            event.supplier_id,
            event.item_id,
            str(event.koperasi_id),
            logged.position,
            event.receipt_id,
            0,
            0,
            event.units,
            event.goods_idr,
            event.goods_idr,
        )


async def _write_ended(page: Page, db: Connection) -> None:
    ended = [logged.event for logged in page.of(DeliveryEnded)]
    if ended:
        await db.execute(
            queries.end_deliveries,
            page.network_id,
            [event.cycle_id for event in ended],
            [event.supplier_id for event in ended],
            [event.reason for event in ended],
        )


def _columns(keys: Sequence[tuple[str, ...]]) -> list[list[str]]:
    return [list(column) for column in zip(*keys, strict=True)]


delivery_views = Projection(
    "fulfilment",
    write,
    (
        ConsolidatedOrderAmended,
        ConsolidatedOrderWithdrawn,
        EntitlementsGranted,
        GoodsReceived,
        ReceiptCorrected,
        DeliveryShared,
        SurplusDecided,
        DeliveryEnded,
    ),
    money=True,
)
