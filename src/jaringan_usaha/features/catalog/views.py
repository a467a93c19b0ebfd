"""What is shown of goods and price lists, and how it is folded."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

import msgspec

from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import Logged, Page, Projection
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.catalog.domain import MOST_ROWS
from jaringan_usaha.features.catalog.events import (
    ItemAdded,
    ItemDescribed,
    PriceListPublished,
    Tier,
)

queries = Queries("jaringan_usaha.features.catalog", "views.sql")

_encoder = msgspec.json.Encoder(order="sorted")
_tiers = msgspec.json.Decoder(tuple[Tier, ...])

# -- folding -------------------------------------------------------------------------------


async def write(page: Page, db: Connection) -> None:
    """Fold a page: goods, then price lists, their rows and ends, and who offers what."""
    await _write_items(page, db)
    parts = list(page.of(PriceListPublished))
    if parts:
        await _write_price_lists(page.network_id, parts, db)
        await _write_prices(page.network_id, parts, db)


async def _write_items(page: Page, db: Connection) -> None:
    added = list(page.of(ItemAdded))
    if added:
        await db.execute(
            queries.add_items,
            page.network_id,
            [logged.event.item_id for logged in added],
            [logged.event.title for logged in added],
            [logged.event.base_unit for logged in added],
            [logged.event.case_size for logged in added],
            [logged.event.gtin for logged in added],
            [logged.position for logged in added],
            [logged.recorded_at for logged in added],
        )
        await db.execute(queries.count_items, page.network_id, len(added))

    last = {logged.event.item_id: logged.event for logged in page.of(ItemDescribed)}
    if last:
        await db.execute(
            queries.describe_items,
            page.network_id,
            list(last),
            [event.tax_class for event in last.values()],
            [event.commodity for event in last.values()],
            [event.weight_g for event in last.values()],
            [event.volume_ml for event in last.values()],
            [event.deposit_idr for event in last.values()],
        )


async def _write_price_lists(
    network_id: int, parts: Sequence[Logged[PriceListPublished]], db: Connection
) -> None:
    first: dict[str, Logged[PriceListPublished]] = {}
    counts: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for logged in parts:
        id_ = logged.event.price_list_id
        first.setdefault(id_, logged)
        counts[id_] += len(logged.event.rows)
        ended[id_] += len(logged.event.ended)
    named = (
        list(first),
        [logged.event.supplier_id for logged in first.values()],
        [logged.event.valid_from_on for logged in first.values()],
        [logged.event.valid_until_on for logged in first.values()],
    )
    await db.execute(queries.count_price_lists, network_id, *named)
    await db.execute(
        queries.add_price_lists,
        network_id,
        *named,
        [logged.event.tier_mode for logged in first.values()],
        [counts[id_] for id_ in first],
        [ended[id_] for id_ in first],
        [logged.event.minimum_idr for logged in first.values()],
        [logged.event.delivery_idr for logged in first.values()],
        [logged.event.lead_days for logged in first.values()],
        [logged.event.source for logged in first.values()],
        [logged.position for logged in first.values()],
        [logged.recorded_at for logged in first.values()],
    )


async def _write_prices(
    network_id: int, parts: Sequence[Logged[PriceListPublished]], db: Connection
) -> None:
    rows = [(logged.event, row) for logged in parts for row in logged.event.rows]
    items = [row.item_id for _, row in rows]
    suppliers = [event.supplier_id for event, _ in rows]
    await db.execute(
        queries.write_prices,
        network_id,
        [event.price_list_id for event, _ in rows],
        items,
        suppliers,
        [event.valid_from_on for event, _ in rows],
        [event.valid_until_on for event, _ in rows],
        [event.tier_mode for event, _ in rows],
        [_encoder.encode(row.tiers) for _, row in rows],
        [row.case_size for _, row in rows],
        [row.min_cases for _, row in rows],
    )
    await db.execute(queries.write_offers, network_id, items, suppliers)
    ended = [(logged.event, item_id) for logged in parts for item_id in logged.event.ended]
    await db.execute(
        queries.end_prices,
        network_id,
        [event.price_list_id for event, _ in ended],
        [item_id for _, item_id in ended],
        [event.supplier_id for event, _ in ended],
        [event.valid_from_on for event, _ in ended],
    )


catalog_views = Projection("catalog", write, (ItemAdded, ItemDescribed, PriceListPublished))

# -- questions -----------------------------------------------------------------------------


async def items(db: Connection, network_id: int, *, part: Part) -> list[Row]:
    """Goods by id."""
    return list(await db.fetch(part.of(queries).items, network_id, *part.key, part.most))


async def item_count(db: Connection, network_id: int) -> int:
    return int(await db.fetchval(queries.item_count, network_id))


async def item(db: Connection, network_id: int, item_id: str) -> Row | None:
    return await db.fetchrow(queries.item, network_id, item_id)


async def price_lists(
    db: Connection, network_id: int, *, supplier_id: str | None, on: date | None, part: Part
) -> list[Row]:
    """Price lists by id, without their rows; with a day those that hold on it."""
    blocks = part.of(queries)
    if supplier_id is None:
        return await db.fetch(blocks.price_lists, network_id, *part.key, on, part.most)
    keys = (*part.key, on, supplier_id)
    return await db.fetch(blocks.price_lists_of_supplier, network_id, *keys, part.most)


async def price_list_count(
    db: Connection, network_id: int, *, supplier_id: str | None, on: date | None
) -> int:
    """How many lists `price_lists` has on all pages."""
    whose = supplier_id or "*"
    return int(await db.fetchval(queries.price_list_count, network_id, whose, on))


async def price_list(db: Connection, network_id: int, price_list_id: str) -> Row | None:
    return await db.fetchrow(queries.price_list, network_id, price_list_id)


async def price_rows(
    db: Connection, network_id: int, price_list_id: str, *, part: Part
) -> list[Row]:
    """The rows of a price list by item; `tiers` as `tiers_of` reads them."""
    return list(
        await db.fetch(part.of(queries).price_rows, network_id, price_list_id, *part.key, part.most)
    )


async def prices_of_item(
    db: Connection, network_id: int, item_id: str, *, on: date, part: Part
) -> list[Row]:
    """What each supplier asks for an item on a day in Asia/Jakarta, by supplier."""
    return list(
        await db.fetch(
            part.of(queries).prices_of_item, network_id, item_id, on, *part.key, part.most
        )
    )


async def count_prices_of_item(db: Connection, network_id: int, item_id: str, *, on: date) -> int:
    """How many suppliers ask for an item on a day."""
    return int(await db.fetchval(queries.count_prices_of_item, network_id, item_id, on))


async def ended_by(db: Connection, network_id: int, price_list_id: str) -> list[str]:
    """The items whose price a list ends, by id."""
    rows = await db.fetch(queries.ended_by, network_id, price_list_id, MOST_ROWS)
    return [row["item_id"] for row in rows]


def tiers_of(price: Row) -> tuple[Tier, ...]:
    """The tiers of a row of `price_rows` or `prices_of_item`."""
    return _tiers.decode(price["tiers"])
