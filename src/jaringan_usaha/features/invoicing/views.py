"""What is shown of invoices, debit notes and payments, and what the follower works on."""

from collections.abc import Sequence
from typing import Any

from jaringan_usaha.api.narrowed import Narrowed, rows_within
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.queries import Part
from jaringan_usaha.features.invoicing.documents import queries

# -- what is still to do -------------------------------------------------------------------


async def lines_to_cost(db: Connection, network_id: int, *, limit: int) -> list[Row]:
    """Lines that can be costed now, those owed longest first, with the size of the work."""
    return await db.fetch(queries.lines_to_cost, network_id, limit)


async def holders(
    db: Connection, network_id: int, lines: Sequence[tuple[str, str, str]]
) -> list[Row]:
    """Who holds uncosted units of (cycle, supplier, item), in the order of being given them."""
    columns = [list(column) for column in zip(*lines, strict=True)]
    return await db.fetch(queries.holders, network_id, *columns)


async def open_bills(db: Connection, network_id: int, *, limit: int) -> list[Row]:
    """Bills of which something is still to be shared."""
    return await db.fetch(queries.open_bills, network_id, limit)


async def goods_of_cycle(
    db: Connection, network_id: int, cycle_id: str, supplier_id: str
) -> list[Row]:
    """What has been given to somebody, of one supplier or (empty) of all."""
    return await db.fetch(queries.goods_of_cycle, network_id, cycle_id, supplier_id)


async def lines_to_share(
    db: Connection, network_id: int, charge_id: str, bill_no: int, cycle_id: str, *, limit: int
) -> list[Row]:
    """Lines of a weighed bill that are not shared yet, with the size of the work."""
    return await db.fetch(queries.lines_to_share, network_id, charge_id, bill_no, cycle_id, limit)


async def units_held(
    db: Connection, network_id: int, cycle_id: str, lines: Sequence[tuple[str, str]]
) -> list[Row]:
    """Who was given units of (supplier, item) in a cycle, in the order of being given them."""
    columns = [list(column) for column in zip(*lines, strict=True)]
    return await db.fetch(queries.units_held, network_id, cycle_id, *columns)


# -- questions -----------------------------------------------------------------------------


async def invoices(db: Connection, network_id: int, to: Narrowed, *, part: Part) -> list[Row]:
    blocks = part.of(queries)
    return await _rows(db, (blocks.invoices, blocks.invoices_of_days), (network_id,), to, part)


async def invoice(db: Connection, network_id: int, invoice_id: str) -> Row | None:
    return await db.fetchrow(queries.invoice, network_id, invoice_id)


async def invoice_lines(db: Connection, network_id: int, invoice_id: str) -> list[Row]:
    """All lines of one invoice, at most 400."""
    return await db.fetch(queries.invoice_lines, network_id, invoice_id)


async def states(db: Connection, network_id: int, to: Narrowed, *, part: Part) -> list[Row]:
    """How far each consolidated order is billed and paid; with days those invoiced on them."""
    blocks = part.of(queries)
    return await _rows(db, (blocks.states, blocks.states_of_days), (network_id,), to, part)


async def debit_notes(db: Connection, network_id: int, to: Narrowed, *, part: Part) -> list[Row]:
    blocks = part.of(queries)
    return await _rows(
        db, (blocks.debit_notes, blocks.debit_notes_of_days), (network_id,), to, part
    )


async def payments(
    db: Connection, network_id: int, kind: str, to: Narrowed, *, part: Part
) -> list[Row]:
    """Money that went to suppliers (`payment`) or came back (`rebate`)."""
    blocks = part.of(queries)
    return await _rows(db, (blocks.payments, blocks.payments_of_days), (network_id, kind), to, part)


async def _rows(
    db: Connection, blocks: tuple[str, str], of: tuple[Any, ...], to: Narrowed, part: Part
) -> list[Row]:
    keys = (*of, *part.beginning(to.cycle_id), to.cycle_id, to.supplier_id)
    return await rows_within(db, to.days, blocks, *keys, most=part.most)
