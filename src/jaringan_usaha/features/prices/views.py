"""What is shown of market prices, and how it is folded."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from jaringan_usaha.api.period import Period
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import Logged, Page, Projection
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.prices.events import MarketPrice, MarketPricesObserved
from jaringan_usaha.kernel.market_table import Commodity, Observed, basis_of

queries = Queries("jaringan_usaha.features.prices", "views.sql")

# -- folding -------------------------------------------------------------------------------


async def write(page: Page, db: Connection) -> None:
    """Fold a page: commodities first, then their prices."""
    parts = list(page.of(MarketPricesObserved))
    if parts:
        await _write_commodities(page.network_id, parts, db)
        await _write_prices(page.network_id, parts, db)


async def _write_commodities(
    network_id: int, parts: Sequence[Logged[MarketPricesObserved]], db: Connection
) -> None:
    """The first place, the last spelling, and the last number that was told."""
    told: dict[tuple[str, str], tuple[str, str, int]] = {}
    for logged in parts:
        for place, each in enumerate(logged.event.commodities, start=1):
            key = (logged.event.region_code, each.commodity)
            code, _, first = told.get(key, ("", "", place))
            told[key] = (each.code or code, each.unit, first)
    await db.execute(
        queries.write_commodities,
        network_id,
        [region for region, _ in told],
        [commodity for _, commodity in told],
        [code for code, _, _ in told.values()],
        [unit for _, unit, _ in told.values()],
        [place for _, _, place in told.values()],
    )


class _Price(NamedTuple):
    """An observation, and where it stands."""

    logged: Logged[MarketPricesObserved]
    unit: str
    price: MarketPrice


async def _write_prices(
    network_id: int, parts: Sequence[Logged[MarketPricesObserved]], db: Connection
) -> None:
    last: dict[tuple[str, str, date], _Price] = {}
    for logged in parts:
        units = {each.commodity: each.unit for each in logged.event.commodities}
        for price in logged.event.prices:
            key = (logged.event.region_code, price.commodity, price.day_on)
            if key not in last or last[key].price.late or not price.late:
                last[key] = _Price(logged, units[price.commodity], price)
    if last:
        prices = last.values()
        await db.execute(
            queries.write_prices,
            network_id,
            [region for region, _, _ in last],
            [commodity for _, commodity, _ in last],
            [day for _, _, day in last],
            [each.price.idr for each in prices],
            [each.unit for each in prices],
            [each.price.late for each in prices],
            [each.logged.event.source for each in prices],
            [each.logged.event.observation_id for each in prices],
            [each.logged.position for each in prices],
        )


price_views = Projection("prices", write, (MarketPricesObserved,))

# -- questions -----------------------------------------------------------------------------


async def prices(
    db: Connection,
    network_id: int,
    period: Period,
    *,
    region_code: str | None,
    commodity: str | None,
    part: Part,
) -> list[Row]:
    """Observations by day, region and commodity."""
    return list(
        await db.fetch(
            part.of(queries).prices,
            network_id,
            *period,
            region_code,
            commodity,
            *part.key,
            part.most,
        )
    )


async def price_totals(
    db: Connection,
    network_id: int,
    period: Period,
    *,
    region_code: str | None,
    commodity: str | None,
) -> Row:
    """How much `prices` would list."""
    row = await db.fetchrow(queries.price_totals, network_id, *period, region_code, commodity)
    assert row is not None
    return row


async def table_of_region(
    db: Connection, network_id: int, region_code: str, period: Period
) -> tuple[list[Commodity], dict[tuple[date, str], Observed]]:
    """The commodities of a region, and their prices in a period and on the day before it, as far
    as they are for the unit in which the commodity is observed now."""
    commodities = [
        Commodity(row["commodity"], row["code"], row["unit"])
        for row in await db.fetch(queries.commodities, network_id, region_code)
    ]
    before = period.first - timedelta(days=1) if period.first > date.min else period.first
    rows = await db.fetch(queries.prices_of_region, network_id, before, period.last, region_code)
    bases = {each.name: basis_of(each.unit) for each in commodities}
    return commodities, {
        (row["day_on"], row["commodity"]): Observed(
            row["commodity"], row["day_on"], row["idr"], row["late"]
        )
        for row in rows
        if basis_of(row["unit"]) == bases[row["commodity"]]
    }


async def cycle_terms(db: Connection, network_id: int, cycle_id: str) -> Row | None:
    """When and how a cycle is priced, with the PPN rule of that day as JSON."""
    return await db.fetchrow(queries.cycle_terms, network_id, cycle_id)


async def cycle_goods(
    db: Connection,
    network_id: int,
    cycle_id: str,
    priced_on: date,
    region_code: str,
    supplier_id: str | None,
    *,
    part: Part,
) -> list[Row]:
    """What a cycle's goods cost, and their latest market price, by supplier and item."""
    return list(
        await db.fetch(
            part.of(queries).cycle_goods,
            network_id,
            cycle_id,
            priced_on,
            region_code,
            supplier_id,
            *part.key,
            part.most,
        )
    )
