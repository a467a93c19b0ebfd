"""What is shown of invoices, costs and charges, and what the follower works on."""

from collections.abc import Sequence
from typing import NamedTuple

from jaringan_usaha.api.period import Days, Period
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.queries import Part
from jaringan_usaha.features.invoicing.documents import queries

BEYOND_ALL_IDS = "z" * 65
"""Greater than every id, which has at most 64 letters, digits and signs before them."""

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


class CostsAsked(NamedTuple):
    """Whose costs: of a koperasi, else of a cycle, else of a supplier; at least one is named, or
    days on which cycles close."""

    cycle_id: str | None
    supplier_id: str | None
    koperasi_id: str | None
    days: Days = None


async def costs(
    db: Connection,
    network_id: int,
    asked: CostsAsked,
    *,
    part: Part,
) -> list[Row]:
    """What goods came to cost, by cycle, supplier, item and koperasi."""
    cycle_id, supplier_id, koperasi_id, days = asked
    if days is not None:
        return await _costs_of_days(db, network_id, asked, days, part)
    to_cycle, to_supplier, to_item, to_koperasi = part.key
    blocks = part.of(queries)
    if koperasi_id is not None:
        key = (to_cycle, to_supplier, to_item)
        cycles = (cycle_id or "", cycle_id or BEYOND_ALL_IDS)
        return await db.fetch(
            blocks.costs_of_koperasi,
            network_id,
            koperasi_id,
            *key,
            *cycles,
            supplier_id,
            part.most,
        )
    if cycle_id is not None:
        key = (to_supplier, to_item, to_koperasi)
        return await db.fetch(
            blocks.costs_of_cycle, network_id, cycle_id, *key, supplier_id, part.most
        )
    key = (to_cycle, to_item, to_koperasi)
    return await db.fetch(blocks.costs_of_supplier, network_id, supplier_id, *key, part.most)


async def _costs_of_days(
    db: Connection, network_id: int, asked: CostsAsked, days: Period, part: Part
) -> list[Row]:
    to_cycle, to_supplier, to_item, to_koperasi = part.key
    blocks = part.of(queries)
    if asked.koperasi_id is not None:
        return await db.fetch(
            blocks.costs_of_koperasi_of_days,
            network_id,
            asked.koperasi_id,
            *(to_cycle, to_supplier, to_item),
            *days,
            asked.cycle_id,
            asked.supplier_id,
            part.most,
        )
    if asked.supplier_id is not None:
        return await db.fetch(
            blocks.costs_of_supplier_of_days,
            network_id,
            asked.supplier_id,
            *(to_cycle, to_item, to_koperasi),
            *days,
            asked.cycle_id,
            part.most,
        )
    return await db.fetch(
        blocks.costs_of_days, network_id, *part.key, *days, asked.cycle_id, part.most
    )


async def invoices(
    db: Connection,
    network_id: int,
    *,
    part: Part,
    cycle_id: str | None,
    supplier_id: str | None,
    days: Days,
) -> list[Row]:
    if days is not None:
        query, keys = part.of(queries).invoices_of_days, (cycle_id, supplier_id, *days)
        return await db.fetch(query, network_id, *part.key, *keys, part.most)
    return await db.fetch(
        part.of(queries).invoices,
        network_id,
        *part.beginning(cycle_id),
        cycle_id,
        supplier_id,
        part.most,
    )


async def invoice(db: Connection, network_id: int, invoice_id: str) -> Row | None:
    return await db.fetchrow(queries.invoice, network_id, invoice_id)


async def invoice_lines(db: Connection, network_id: int, invoice_id: str) -> list[Row]:
    """All lines of one invoice, at most 400."""
    return await db.fetch(queries.invoice_lines, network_id, invoice_id)


async def states(
    db: Connection,
    network_id: int,
    *,
    part: Part,
    cycle_id: str | None,
    supplier_id: str | None,
    days: Days,
) -> list[Row]:
    """How far each consolidated order is billed and paid; with days those invoiced on them."""
    if days is not None:
        query, keys = part.of(queries).states_of_days, (cycle_id, supplier_id, *days)
        return await db.fetch(query, network_id, *part.key, *keys, part.most)
    return await db.fetch(
        part.of(queries).states,
        network_id,
        *part.beginning(cycle_id),
        cycle_id,
        supplier_id,
        part.most,
    )


async def debit_notes(
    db: Connection,
    network_id: int,
    *,
    part: Part,
    cycle_id: str | None,
    supplier_id: str | None,
    days: Days,
) -> list[Row]:
    if days is not None:
        query, keys = part.of(queries).debit_notes_of_days, (cycle_id, supplier_id, *days)
        return await db.fetch(query, network_id, *part.key, *keys, part.most)
    return await db.fetch(
        part.of(queries).debit_notes,
        network_id,
        *part.beginning(cycle_id),
        cycle_id,
        supplier_id,
        part.most,
    )


async def payments(
    db: Connection,
    network_id: int,
    kind: str,
    *,
    part: Part,
    cycle_id: str | None,
    supplier_id: str | None,
    days: Days,
) -> list[Row]:
    """Money that went to suppliers (`payment`) or came back (`rebate`)."""
    if days is not None:
        query, keys = part.of(queries).payments_of_days, (cycle_id, supplier_id, *days)
        return await db.fetch(query, network_id, kind, *part.key, *keys, part.most)
    return await db.fetch(
        part.of(queries).payments,
        network_id,
        kind,
        *part.beginning(cycle_id),
        cycle_id,
        supplier_id,
        part.most,
    )


async def charges(
    db: Connection,
    network_id: int,
    *,
    part: Part,
    cycle_id: str | None,
    supplier_id: str | None,
    koperasi_id: str | None,
    days: Days,
) -> list[Row]:
    """Charges by id; with a koperasi only those that it bears a part of."""
    if days is not None:
        query, keys = part.of(queries).charges_of_days, (cycle_id, supplier_id, koperasi_id)
        return await db.fetch(query, network_id, *part.key, *keys, *days, part.most)
    return await db.fetch(
        part.of(queries).charges,
        network_id,
        *part.key,
        cycle_id,
        supplier_id,
        koperasi_id,
        part.most,
    )


async def charge_lines(db: Connection, network_id: int, charge_id: str, *, part: Part) -> list[Row]:
    return await db.fetch(
        part.of(queries).charge_lines, network_id, charge_id, *part.key, part.most
    )


async def charge_shares(
    db: Connection,
    network_id: int,
    charge_id: str,
    *,
    part: Part,
    koperasi_id: str | None,
) -> list[Row]:
    return await db.fetch(
        part.of(queries).charge_shares, network_id, charge_id, *part.key, koperasi_id, part.most
    )


async def charge_line_totals(db: Connection, network_id: int, charge_id: str) -> Row:
    """The sums of all lines of one charge."""
    row = await db.fetchrow(queries.charge_line_totals, network_id, charge_id)
    assert row is not None
    return row


async def charge_share_totals(
    db: Connection, network_id: int, charge_id: str, *, koperasi_id: str | None
) -> Row:
    """The sum of what all koperasi, or one, bear of a charge."""
    row = await db.fetchrow(queries.charge_share_totals, network_id, charge_id, koperasi_id)
    assert row is not None
    return row
