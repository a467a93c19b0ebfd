"""What is shown of charges, and of what goods came to cost."""

from collections.abc import Iterable

import msgspec

from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.period import Period
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.queries import Part
from jaringan_usaha.features.invoicing.documents import queries

BEYOND_ALL_IDS = "z" * 65
"""Greater than every id, which has at most 64 letters, digits and signs before them."""

_values = msgspec.json.Decoder(dict[str, int])

# -- charges -------------------------------------------------------------------------------


async def charges(
    db: Connection,
    network_id: int,
    to: Narrowed,
    *,
    koperasi_id: str | None,
    part: Part,
) -> list[Row]:
    """Charges by id; with a koperasi only those that it bears a part of."""
    blocks = part.of(queries)
    keys = (network_id, *part.key, to.cycle_id, to.supplier_id)
    if to.days is not None:
        return await db.fetch(blocks.charges_of_days, *keys, koperasi_id, *to.days, part.most)
    if koperasi_id is not None:
        return await db.fetch(blocks.charges_of_koperasi, *keys, koperasi_id, part.most)
    return await db.fetch(blocks.charges, *keys, part.most)


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


# -- costs ---------------------------------------------------------------------------------


async def costs(
    db: Connection,
    network_id: int,
    to: Narrowed,
    *,
    koperasi_id: str | None,
    part: Part,
) -> list[Row]:
    """What goods came to cost, by cycle, supplier, item and koperasi: of a koperasi, else of a
    cycle, else of a supplier; at least one is named, or days on which cycles close."""
    cycle_id, supplier_id, days = to
    if days is not None:
        return await _costs_of_days(db, network_id, to, days, koperasi_id, part)
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
    db: Connection,
    network_id: int,
    to: Narrowed,
    days: Period,
    koperasi_id: str | None,
    part: Part,
) -> list[Row]:
    to_cycle, to_supplier, to_item, to_koperasi = part.key
    blocks = part.of(queries)
    if koperasi_id is not None:
        return await db.fetch(
            blocks.costs_of_koperasi_of_days,
            network_id,
            koperasi_id,
            *(to_cycle, to_supplier, to_item),
            *days,
            to.cycle_id,
            to.supplier_id,
            part.most,
        )
    if to.supplier_id is not None:
        return await db.fetch(
            blocks.costs_of_supplier_of_days,
            network_id,
            to.supplier_id,
            *(to_cycle, to_item, to_koperasi),
            *days,
            to.cycle_id,
            part.most,
        )
    return await db.fetch(
        blocks.costs_of_days, network_id, *part.key, *days, to.cycle_id, part.most
    )


async def rules_of_goods(
    db: Connection, network_id: int, goods: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, int]]:
    """What the rules of prices say of (cycle, item), where there is one."""
    cycles, items = (list(column) for column in zip(*goods, strict=True))
    rows = await db.fetch(queries.rules_of_goods, network_id, cycles, items)
    return {(row["cycle_id"], row["item_id"]): _values.decode(row["rule_values"]) for row in rows}
