"""What is shown of sales and of the ceilings they broke, and how it is folded."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec

from jaringan_usaha.api.period import Period
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.list_sums import ALL, NETWORK, KeptList, Sums, of_koperasi
from jaringan_usaha.eventlog.projector import Logged, Page, Projection
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.sales.events import SaleRecorded
from jaringan_usaha.kernel.market_table import Commodity, Observed, basis_of, content_of
from jaringan_usaha.kernel.money import half_up

queries = Queries("jaringan_usaha.features.sales", "views.sql")

SOLD = KeptList("sales", ("rows", "sale_lines", "amount_idr", "ppn_idr"))
FLAGS = KeptList("sale-flags", ("rows", "sales"))

_encoder = msgspec.json.Encoder(order="sorted")

# -- folding -------------------------------------------------------------------------------


async def write(page: Page, db: Connection) -> None:
    """Fold a page: sales, their sums by day and item, and what was flagged."""
    recorded = list(page.of(SaleRecorded))
    if recorded:
        await _write_sales(page.network_id, recorded, db)
        await _add_sold_goods(page.network_id, recorded, db)
        await _write_flags(page.network_id, recorded, db)


async def _write_sales(
    network_id: int, recorded: Sequence[Logged[SaleRecorded]], db: Connection
) -> None:
    events = [logged.event for logged in recorded]
    await db.execute(
        queries.write_sales,
        network_id,
        [event.sale_id for event in events],
        [event.koperasi_id for event in events],
        [event.sold_on for event in events],
        [event.customer for event in events],
        [_encoder.encode(event.lines) for event in events],
        [sum(line.amount_idr for line in event.lines) for event in events],
        [sum(line.ppn_idr for line in event.lines) for event in events],
        [logged.position for logged in recorded],
        [logged.recorded_at for logged in recorded],
    )


async def _add_sold_goods(
    network_id: int, recorded: Sequence[Logged[SaleRecorded]], db: Connection
) -> None:
    lines = [(logged.event, line) for logged in recorded for line in logged.event.lines]
    added = await db.fetch(
        queries.add_sold_goods,
        network_id,
        [event.sold_on for event, _ in lines],
        [event.koperasi_id for event, _ in lines],
        [line.item_id for _, line in lines],
        [line.quantity for _, line in lines],
        [line.amount_idr for _, line in lines],
        [line.ppn_idr for _, line in lines],
    )
    sums = Sums(SOLD)
    sums.add_rows(added)
    await sums.write(network_id, db)


async def _write_flags(
    network_id: int, recorded: Sequence[Logged[SaleRecorded]], db: Connection
) -> None:
    flagged = [
        (logged, number, line, by)
        for logged in recorded
        for number, line in enumerate(logged.event.lines, start=1)
        for by in line.measured
        if by.flag
    ]
    if flagged:
        await db.execute(
            queries.write_flags,
            network_id,
            [logged.position for logged, _, _, _ in flagged],
            [number for _, number, _, _ in flagged],
            [by.flag for _, _, _, by in flagged],
            [logged.event.koperasi_id for logged, _, _, _ in flagged],
            [logged.event.sale_id for logged, _, _, _ in flagged],
            [logged.event.sold_on for logged, _, _, _ in flagged],
            [line.item_id for _, _, line, _ in flagged],
            [logged.event.customer for logged, _, _, _ in flagged],
            [line.quantity for _, _, line, _ in flagged],
            [line.amount_idr for _, _, line, _ in flagged],
            [by.rule for _, _, _, by in flagged],
            [by.version_no for _, _, _, by in flagged],
            [logged.recorded_at for logged, _, _, _ in flagged],
        )
        await _sums_of_flags(recorded).write(network_id, db)


def _sums_of_flags(recorded: Sequence[Logged[SaleRecorded]]) -> Sums:
    """A sale with flags counts once, and once for each of its items that has some."""
    sums = Sums(FLAGS)
    for logged in recorded:
        event = logged.event
        flags = Counter(line.item_id for line in event.lines for by in line.measured if by.flag)
        if flags:
            whose = (NETWORK, of_koperasi(event.koperasi_id))
            sums.add(*whose, day_on=event.sold_on, rows=flags.total(), sales=1)
            for item_id, count in flags.items():
                sums.add(*whose, parts=(item_id,), day_on=event.sold_on, rows=count, sales=1)
    return sums


sale_views = Projection("sales", write, (SaleRecorded,), money=True)

# -- questions -----------------------------------------------------------------------------


async def sale(db: Connection, network_id: int, sale_id: UUID) -> Row | None:
    """One sale; `lines` as JSON."""
    return await db.fetchrow(queries.sale, network_id, sale_id)


async def sold_goods(
    db: Connection,
    network_id: int,
    period: Period,
    *,
    koperasi_id: str | None,
    item_id: str | None,
    part: Part,
) -> list[Row]:
    """What was sold, by day, koperasi and item."""
    return list(
        await db.fetch(
            part.of(queries).sold_goods,
            network_id,
            *period,
            koperasi_id,
            item_id,
            *part.key,
            part.most,
        )
    )


async def sold_totals(
    db: Connection,
    network_id: int,
    period: Period,
    *,
    koperasi_id: str | None,
    item_id: str | None,
) -> dict[str, int]:
    """The sums of all that `sold_goods` would list: kept by day, but for one item."""
    if item_id is None:
        return await SOLD.totals(db, network_id, koperasi_id=koperasi_id, days=period)
    row = await db.fetchrow(queries.sold_totals, network_id, *period, koperasi_id, item_id)
    assert row is not None
    return dict(row)


async def flags(
    db: Connection,
    network_id: int,
    period: Period,
    *,
    koperasi_id: str | None,
    item_id: str | None,
    part: Part,
) -> list[Row]:
    """What broke a ceiling, by position."""
    return list(
        await db.fetch(
            part.of(queries).flags, network_id, *period, koperasi_id, item_id, *part.key, part.most
        )
    )


async def flag_totals(
    db: Connection,
    network_id: int,
    period: Period,
    *,
    koperasi_id: str | None,
    item_id: str | None,
) -> dict[str, int]:
    """How many flags and flagged sales `flags` would list."""
    parts = (ALL,) if item_id is None else (item_id,)
    return await FLAGS.totals(db, network_id, koperasi_id=koperasi_id, parts=parts, days=period)


async def selling_prices(
    db: Connection,
    network_id: int,
    period: Period,
    *,
    region_code: str,
    koperasi_id: str | None,
) -> tuple[list[Commodity], dict[tuple[date, str], Observed]]:
    """The commodities observed in a region, and what the koperasi there took for a kilogram or
    litre on average, halves up, in a period and on the day before it."""
    commodities = [
        Commodity(row["commodity"], row["code"], row["unit"])
        for row in await db.fetch(queries.commodities, network_id, region_code)
    ]
    bases = {each.name: basis_of(each.unit) for each in commodities}
    goods = [
        (row["item_id"], row["commodity"], content_of(bases[row["commodity"]], *row[2:]))
        for row in await db.fetch(queries.goods_of_commodities, network_id, list(bases))
    ]
    before = period.first - timedelta(days=1) if period.first > date.min else period.first
    rows = await db.fetch(
        queries.selling_prices,
        network_id,
        before,
        period.last,
        region_code,
        [item_id for item_id, _, content in goods if content],
        [commodity for _, commodity, content in goods if content],
        [content for _, _, content in goods if content],
        koperasi_id,
    )
    prices = {
        (row["sold_on"], row["commodity"]): Observed(
            row["commodity"],
            row["sold_on"],
            half_up(row["amount_idr"] * 1_000, int(row["units"])),
        )
        for row in rows
        if row["units"] > 0 and row["amount_idr"] >= 0
    }
    return commodities, prices
