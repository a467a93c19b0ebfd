"""What is asked of margins: what goods cost each koperasi, and what was earned with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.margin.entries import Cost

queries = Queries("jaringan_usaha.features.margin", "margins.sql")

ALL = "*"
NOTHING = {name: 0 for name in Cost._fields if name.endswith("_idr")}
"""The figures of goods that there are none of."""


@dataclass(frozen=True)
class Chosen:
    """Which rows; None for all. `months` are first days, both included."""

    koperasi_id: str | None = None
    cycle_id: str | None = None
    supplier_id: str | None = None
    months: tuple[date, date] = (date.min, date.max)


async def margins(db: Connection, network_id: int, chosen: Chosen, *, part: Part) -> list[Row]:
    """The next rows by koperasi and cycle."""
    supplier = chosen.supplier_id or ALL
    common = (network_id, supplier, *part.key, *chosen.months, part.most)
    if chosen.koperasi_id is not None:
        rows = await db.fetch(
            part.of(queries).rows_of_koperasi, *common, chosen.koperasi_id, chosen.cycle_id
        )
    elif chosen.cycle_id is not None:
        rows = await db.fetch(part.of(queries).rows_of_cycle, *common, chosen.cycle_id)
    else:
        rows = await db.fetch(part.of(queries).rows_of_all, *common)
    return await db.fetch(
        queries.margins,
        network_id,
        supplier,
        [row["koperasi_id"] for row in rows],
        [row["cycle_id"] for row in rows],
        *chosen.months,
    )


async def totals(db: Connection, network_id: int, chosen: Chosen) -> Mapping[str, Any]:
    """The sums of all rows that are chosen."""
    row = await db.fetchrow(
        queries.margins,
        network_id,
        chosen.supplier_id or ALL,
        [chosen.koperasi_id or ALL],
        [chosen.cycle_id or ALL],
        *chosen.months,
    )
    return NOTHING if row is None else dict(row)


async def items(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    koperasi_id: str | None,
    supplier_id: str | None,
    part: Part,
) -> list[Row]:
    """The items of one cycle by koperasi and supplier."""
    return await db.fetch(
        part.of(queries).items, network_id, cycle_id, koperasi_id, supplier_id, *part.key, part.most
    )


async def item_totals(
    db: Connection, network_id: int, cycle_id: str, koperasi_id: str | None, supplier_id: str | None
) -> Row:
    row = await db.fetchrow(queries.item_totals, network_id, cycle_id, koperasi_id, supplier_id)
    assert row is not None
    return row


async def unknown(db: Connection, network_id: int, koperasi_id: str, *, part: Part) -> list[Row]:
    """Goods that a koperasi sold though nobody saw them come."""
    return await db.fetch(part.of(queries).unknown, network_id, koperasi_id, *part.key, part.most)


async def unknown_totals(db: Connection, network_id: int, koperasi_id: str) -> Row:
    """How many items a koperasi sold that nobody saw come, and what was taken for them."""
    row = await db.fetchrow(queries.unknown_totals, network_id, koperasi_id)
    assert row is not None
    return row
