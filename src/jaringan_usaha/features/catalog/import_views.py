"""What is shown of suppliers' files, what is remembered of them, and what a preview asks."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import Page, Projection
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.catalog.domain import MOST_ROWS
from jaringan_usaha.features.catalog.events import (
    PriceFileAnswered,
    PriceFileConfirmed,
    PriceFileReceived,
    SupplierGoodsNamed,
)
from jaringan_usaha.features.catalog.sheets.comparing import (
    Catalogue,
    Ceiling,
    InForce,
    KnownItem,
    Wanted,
    names_of,
)
from jaringan_usaha.features.catalog.sheets.writing import Goods
from jaringan_usaha.features.catalog.views import tiers_of
from jaringan_usaha.features.registry.events import RuleSet

queries = Queries("jaringan_usaha.features.catalog", "import_views.sql")

MOST_IN_FORCE = 4 * MOST_ROWS
_HET = "het."
_ZONES = ("zone_1_idr", "zone_2_idr", "zone_3_idr")

_encoder = msgspec.json.Encoder(order="sorted")


class Outcome(msgspec.Struct, frozen=True):
    """What a confirmed file became."""

    digest: str
    new: int
    changed: int
    unchanged: int
    gone: int
    left_out: int
    ticked: int
    items_added: int


outcome_of = msgspec.json.Decoder(Outcome).decode

# -- folding -------------------------------------------------------------------------------


async def write(page: Page, db: Connection) -> None:
    """Fold a page: imports and their answers, what they teach of a supplier, ceilings."""
    await _write_imports(page, db)
    await _count(page, db)
    await _write_answers(page, db)
    await _write_goods(page, db)
    await _write_ceilings(page, db)


async def _write_imports(page: Page, db: Connection) -> None:
    received = page.of(PriceFileReceived)
    if received:
        await db.execute(
            queries.add_imports,
            page.network_id,
            [each.event.import_id for each in received],
            [each.event.supplier_id for each in received],
            [each.event.price_list_id for each in received],
            [each.event.sha256 for each in received],
            [each.event.file_name for each in received],
            [each.event.size_bytes for each in received],
            [each.event.kind for each in received],
            [each.event.valid_from_on for each in received],
            [each.event.valid_until_on for each in received],
            [each.event.tier_mode for each in received],
            [each.position for each in received],
            [each.recorded_at for each in received],
        )
    moved: dict[str, tuple[int, int]] = {}
    for each in page.of(PriceFileAnswered, PriceFileConfirmed):
        count, _ = moved.get(each.event.import_id, (0, 0))
        moved[each.event.import_id] = (count + 1, each.position)
    if moved:
        counts, positions = zip(*moved.values(), strict=True)
        await db.execute(
            queries.move_imports, page.network_id, list(moved), list(counts), list(positions)
        )
    confirmed = page.of(PriceFileConfirmed)
    if confirmed:
        await db.execute(
            queries.confirm_imports,
            page.network_id,
            [each.event.import_id for each in confirmed],
            [_encoder.encode(_outcome(each.event)) for each in confirmed],
        )


async def _count(page: Page, db: Connection) -> None:
    moved = page.of(PriceFileReceived, PriceFileConfirmed)
    if moved:
        await db.execute(
            queries.count_imports,
            page.network_id,
            [each.event.supplier_id for each in moved],
            [isinstance(each.event, PriceFileConfirmed) for each in moved],
        )


def _outcome(event: PriceFileConfirmed) -> Outcome:
    return Outcome(**{name: getattr(event, name) for name in Outcome.__struct_fields__})


async def _write_answers(page: Page, db: Connection) -> None:
    said: dict[tuple[str, str], str] = {}
    remembered: dict[tuple[str, str], str] = {}
    for each in page.of(PriceFileAnswered):
        for answer in each.event.answers:
            said[each.event.import_id, answer.question] = answer.answer
            if answer.remembered:
                remembered[each.event.supplier_id, answer.question] = answer.answer
    await _upsert(queries.write_answers, page.network_id, said, db)
    await _upsert(queries.write_supplier_answers, page.network_id, remembered, db)


async def _write_goods(page: Page, db: Connection) -> None:
    named = {
        (each.event.supplier_id, name): goods.item_id
        for each in page.of(SupplierGoodsNamed)
        for goods in each.event.goods
        for name in names_of(goods.code, goods.title)
    }
    await _upsert(queries.write_supplier_goods, page.network_id, named, db)


async def _upsert(
    query: str, network_id: int, rows: Mapping[tuple[str, str], str], db: Connection
) -> None:
    if rows:
        firsts, seconds = zip(*rows, strict=True)
        await db.execute(query, network_id, list(firsts), list(seconds), list(rows.values()))


async def _write_ceilings(page: Page, db: Connection) -> None:
    """Of the ceilings of all zones the lowest: a price above it cannot be asked everywhere."""
    found: dict[tuple[str, date], tuple[int, int]] = {}
    for each in page.of(RuleSet):
        rule = each.event
        idr = [rule.values[zone] for zone in _ZONES if rule.values.get(zone)]
        if rule.rule_id.startswith(_HET) and idr:
            item_id = rule.rule_id.removeprefix(_HET)
            found[item_id, rule.valid_from_on] = (min(idr), max(1, rule.values.get("per", 1)))
    if found:
        items, days = zip(*found, strict=True)
        idr_, per = zip(*found.values(), strict=True)
        await db.execute(
            queries.write_ceilings, page.network_id, list(items), list(days), list(idr_), list(per)
        )


price_import_views = Projection(
    "price_imports",
    write,
    (
        PriceFileReceived,
        PriceFileAnswered,
        PriceFileConfirmed,
        SupplierGoodsNamed,
        RuleSet,
    ),
)

# -- files ---------------------------------------------------------------------------------


class File(NamedTuple):
    """The bytes of a file, and what they are."""

    body: bytes
    media_type: str


async def keep_file(
    db: Connection, network_id: int, media_type: str, body: bytes, at: datetime
) -> str:
    """Keep a file for ever; its SHA-256 in hex. The same bytes again change nothing."""
    kept: bytes = await db.fetchval(queries.keep_file, network_id, media_type, body, at)
    return kept.hex()


async def file(db: Connection, network_id: int, sha256: str) -> File | None:
    row = await db.fetchrow(queries.file, network_id, bytes.fromhex(sha256))
    return None if row is None else File(row["body"], row["media_type"])


# -- questions -----------------------------------------------------------------------------


async def price_import(db: Connection, network_id: int, import_id: str) -> Row | None:
    return await db.fetchrow(queries.price_import, network_id, import_id)


async def price_imports(
    db: Connection, network_id: int, supplier_id: str | None, *, part: Part
) -> list[Row]:
    """Imports by id, of one supplier or of all."""
    return list(
        await db.fetch(
            part.of(queries).price_imports, network_id, supplier_id, *part.key, part.most
        )
    )


async def import_totals(db: Connection, network_id: int, supplier_id: str | None) -> Row:
    """How many files of a supplier or of all there are, and how many of them are confirmed."""
    row = await db.fetchrow(queries.import_totals, network_id, supplier_id or "*")
    assert row is not None
    return row


async def answers(
    db: Connection, network_id: int, supplier_id: str, import_id: str
) -> dict[str, str]:
    """What is known of a file: said of it, or of the supplier's earlier ones."""
    rows = await db.fetch(queries.answers, network_id, supplier_id, import_id)
    return {row["question"]: row["answer"] for row in rows}


async def catalogue(
    db: Connection, network_id: int, supplier_id: str, on: date, wanted: Wanted
) -> Catalogue:
    """What is known of the goods that a table names, on the day on which its prices start."""
    in_force = {
        row["item_id"]: InForce(
            row["item_id"],
            row["price_list_id"],
            row["valid_until_on"],
            tiers_of(row),
            row["case_size"],
            row["min_cases"],
            row["valid_from_on"] == on,
        )
        for row in await db.fetch(queries.in_force, network_id, supplier_id, on, MOST_IN_FORCE)
    }
    rows = await db.fetch(
        queries.items_known, network_id, wanted.item_ids, wanted.gtins, supplier_id, wanted.names
    )
    items = {row["item_id"]: KnownItem(*row) for row in rows}
    by_gtin: dict[str, tuple[str, ...]] = {}
    for item in sorted(items.values(), key=lambda each: each.item_id):
        if item.gtin:
            by_gtin[item.gtin] = (*by_gtin.get(item.gtin, ()), item.item_id)
    names = await db.fetch(queries.names_known, network_id, supplier_id, wanted.names)
    ceilings = await db.fetch(queries.ceilings, network_id, list(items), on)
    return Catalogue(
        items=items,
        by_gtin=by_gtin,
        names={row["goods_name"]: row["item_id"] for row in names},
        in_force=in_force,
        ceilings={row["item_id"]: Ceiling(row["idr"], row["per"]) for row in ceilings},
    )


async def goods_of_list(db: Connection, network_id: int, price_list_id: str) -> list[Goods]:
    """The rows of a price list as an export shows them, by item."""
    rows = await db.fetch(queries.goods_of_list, network_id, price_list_id, MOST_ROWS)
    return list(_goods(rows))


def _goods(rows: list[Row]) -> Iterator[Goods]:
    for row in rows:
        yield Goods(
            row["item_id"],
            row["gtin"],
            row["title"],
            row["base_unit"],
            row["case_size"],
            row["min_cases"],
            tiers_of(row),
        )
