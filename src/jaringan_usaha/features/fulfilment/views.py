"""What is shown of deliveries, and what sharing them out asks of the read tables."""

from collections.abc import Sequence

from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.period import EVER, Days
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.fulfilment.dividing import ItemClaims
from jaringan_usaha.features.fulfilment.sharing import Claimant

queries = Queries("jaringan_usaha.features.fulfilment", "views.sql")

# -- sharing out ---------------------------------------------------------------------------


async def bookmark(db: Connection, network_id: int) -> int:
    """The position of the log that the tables of deliveries show."""
    return int(await db.fetchval(queries.bookmark, network_id) or 0)


async def unshared(
    db: Connection, network_id: int, *, after: tuple[int, str], limit: int
) -> list[Row]:
    """Lines of receipts that wait to be shared and can be, in order of the log."""
    return await db.fetch(queries.unshared, network_id, *after, limit)


async def claims(
    db: Connection, network_id: int, cycle_id: str, supplier_id: str, item_ids: Sequence[str]
) -> tuple[ItemClaims, ...]:
    """Who may expect or has received anything of these items."""
    rows = await db.fetch(queries.claims, network_id, cycle_id, supplier_id, list(item_ids))
    found: dict[str, list[Claimant]] = {item_id: [] for item_id in item_ids}
    for item_id, *claimant in rows:
        found[item_id].append(Claimant(*claimant))
    return tuple(ItemClaims(item_id, tuple(claimants)) for item_id, claimants in found.items())


# -- questions -----------------------------------------------------------------------------


async def receipt(db: Connection, network_id: int, receipt_id: str) -> Row | None:
    return await db.fetchrow(queries.receipt, network_id, receipt_id)


async def receipts(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    supplier_id: str | None,
    days: Days,
    part: Part,
) -> list[Row]:
    """The receipts of a cycle in order of the log."""
    keys = (cycle_id, supplier_id, *(days or EVER))
    return await db.fetch(part.of(queries).receipts, network_id, *keys, *part.key, part.most)


async def receipt_totals(
    db: Connection, network_id: int, cycle_id: str, supplier_id: str | None, days: Days
) -> Row:
    keys = (cycle_id, supplier_id, *(days or EVER))
    return await _one(db, queries.receipt_totals, network_id, *keys)


async def receipt_lines(
    db: Connection, network_id: int, receipt_id: str, *, part: Part
) -> list[Row]:
    """The lines of a receipt by item."""
    return await db.fetch(
        part.of(queries).receipt_lines, network_id, receipt_id, *part.key, part.most
    )


async def receipt_line_totals(db: Connection, network_id: int, receipt_id: str) -> Row:
    return await _one(db, queries.receipt_line_totals, network_id, receipt_id)


async def states(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    supplier_id: str | None,
    part: Part,
) -> list[Row]:
    """How far each supplier's delivery of a cycle has come."""
    return await db.fetch(
        part.of(queries).states, network_id, cycle_id, supplier_id, *part.key, part.most
    )


async def shortfalls(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    koperasi_id: str | None,
    supplier_id: str | None,
    part: Part,
) -> list[Row]:
    """Items of which less was accepted than ordered (or came to one koperasi than was ordered for
    it), by supplier and item."""
    if koperasi_id is not None:
        query, keys = part.of(queries).shortfalls_of_koperasi, (koperasi_id, supplier_id)
        return await db.fetch(query, network_id, cycle_id, *keys, *part.key, part.most)
    return await db.fetch(
        part.of(queries).shortfalls, network_id, cycle_id, supplier_id, *part.key, part.most
    )


async def shortfall_totals(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    koperasi_id: str | None,
    supplier_id: str | None,
) -> Row:
    if koperasi_id is None:
        return await _one(db, queries.shortfall_totals, network_id, cycle_id, supplier_id)
    query = queries.shortfall_totals_of_koperasi
    return await _one(db, query, network_id, cycle_id, koperasi_id, supplier_id)


async def deliveries(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    koperasi_id: str | None,
    supplier_id: str | None,
    part: Part,
) -> list[Row]:
    """What koperasi may expect and got, by supplier, item and koperasi."""
    if koperasi_id is None:
        return await db.fetch(
            part.of(queries).deliveries, network_id, cycle_id, supplier_id, *part.key, part.most
        )
    return await db.fetch(
        part.of(queries).deliveries_of_koperasi,
        network_id,
        cycle_id,
        koperasi_id,
        supplier_id,
        *part.key[:2],
        part.most,
    )


async def item_totals(
    db: Connection,
    network_id: int,
    cycle_id: str,
    *,
    koperasi_id: str | None,
    supplier_id: str | None,
) -> Row:
    """Sums over all items of a cycle, for one koperasi when it is named."""
    if koperasi_id is None:
        return await _one(db, queries.item_totals, network_id, cycle_id, supplier_id)
    return await _one(db, queries.koperasi_totals, network_id, cycle_id, koperasi_id, supplier_id)


async def state_totals(
    db: Connection, network_id: int, cycle_id: str, supplier_id: str | None
) -> dict[str, int]:
    """So many deliveries, and the sums over their items."""
    keys = (network_id, cycle_id, supplier_id)
    items = await _one(db, queries.item_totals, *keys)
    return {**dict(items), "rows": await db.fetchval(queries.state_count, *keys)}


async def surplus(db: Connection, network_id: int, to: Narrowed, *, part: Part) -> list[Row]:
    """Surplus that waits for a decision, in order of the log."""
    keys = (to.cycle_id, to.supplier_id, *(to.days or (None, None)))
    return await db.fetch(part.of(queries).surplus, network_id, *keys, *part.key, part.most)


async def surplus_totals(db: Connection, network_id: int, to: Narrowed) -> Row:
    keys = (to.cycle_id, to.supplier_id, *(to.days or (None, None)))
    return await _one(db, queries.surplus_totals, network_id, *keys)


async def explained(
    db: Connection,
    network_id: int,
    cycle_id: str,
    koperasi_id: str,
    *,
    part: Part,
) -> list[Row]:
    """The items of a koperasi, each with what the group ordered and what arrived of it."""
    return await db.fetch(
        part.of(queries).explained, network_id, cycle_id, koperasi_id, *part.key, part.most
    )


async def explained_totals(db: Connection, network_id: int, cycle_id: str, koperasi_id: str) -> Row:
    """The sums of all rows of `explained`."""
    row = await db.fetchrow(queries.explained_totals, network_id, cycle_id, koperasi_id)
    assert row is not None
    return row


async def portions(
    db: Connection,
    network_id: int,
    cycle_id: str,
    koperasi_id: str,
    *,
    first: tuple[str, str],
    last: tuple[str, str],
) -> list[Row]:
    """What a koperasi got of each receipt, of the items from `first` to `last`."""
    return await db.fetch(queries.portions, network_id, cycle_id, koperasi_id, *first, *last)


async def _one(db: Connection, query: str, *values: object) -> Row:
    row = await db.fetchrow(query, *values)
    assert row is not None
    return row
