"""Market prices over HTTP: imported as rows or as the agency's table, listed, given back."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api.access.admission import BoardNow, OperatorNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.commands import AskedByPath, Done, done
from jaringan_usaha.api.csv_file import Csv, csv_file
from jaringan_usaha.api.door import Door, DoorNow
from jaringan_usaha.api.fields import Body, Day, RegionCode, Slug
from jaringan_usaha.api.paging import (
    After,
    ListOf,
    Page,
    by,
)
from jaringan_usaha.api.period import PeriodNow
from jaringan_usaha.api.strict_route import StrictRoute, must_be
from jaringan_usaha.eventlog.database import LONG_SECONDS
from jaringan_usaha.features.prices import views
from jaringan_usaha.features.prices.domain import (
    ObservationDoesNotFit,
    observation,
    observations,
)
from jaringan_usaha.kernel.market_table import (
    MOST_IDR,
    Row,
    Table,
    TableDoesNotFit,
    commodity_of,
    read_csv,
    table_of,
    write_csv,
)
from jaringan_usaha.kernel.messages import Asked

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["market prices"])

MOST_ROWS = 10_000

# -- bodies --------------------------------------------------------------------------------

ObservationId = Annotated[Slug, Path()]
Source = Annotated[str, Field(min_length=3, max_length=120, examples=["Badan Pangan Nasional"])]
Commodity = Annotated[str, Field(min_length=1, max_length=60, examples=["Beras Medium"])]


class MarketPriceBody(Body):
    """The price of one commodity on one day, for its unit. 0: nobody observed one."""

    commodity: Commodity
    unit: Annotated[str, Field(min_length=1, max_length=16, examples=["Rp/kg"])]
    code: Annotated[str, Field(max_length=16, description="the source's own number")] = ""
    day_on: Day
    idr: Annotated[int, Field(ge=0, le=MOST_IDR)]


class MarketPricesBody(Body):
    """Observations in one region, and whose they are."""

    region_code: RegionCode
    source: Source
    rows: Annotated[list[MarketPriceBody], Field(min_length=1, max_length=MOST_ROWS)]


# -- answers -------------------------------------------------------------------------------


class Imported(Done):
    """What was read. `unobserved` rows hold no price; `late` prices were told a day later, as
    those of the day before."""

    rows: int
    commodities: int
    prices: int
    unobserved: int
    late: int


class MarketPriceView(BaseModel):
    """The latest observation of a commodity in a region on a day."""

    day_on: date
    region_code: str
    commodity: str
    unit: str
    idr: int
    late: bool = Field(description="the source told it a day later")
    source: str
    observation_id: str
    position: int


class MarketPriceTotals(BaseModel):
    """Of all rows, not only of this page."""

    rows: int
    days: int
    commodities: int


class MarketPricePage(ListOf[MarketPriceView]):
    totals: MarketPriceTotals


# -- importing -----------------------------------------------------------------------------


@router.put("/market-prices/{observation_id}", operation_id="observeMarketPrices", status_code=201)
async def observe_market_prices(
    observation_id: ObservationId,
    body: MarketPricesBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Imported:
    """Import observations; the latest one of a region, commodity and day counts."""
    with fitting():
        table = table_of(_rows_of(body))
    about = (observation_id, body.region_code, body.source)
    return await _import(table, about, response, asked, caller, door)


TABLE = {
    "requestBody": {
        "required": True,
        "description": "Timestamp,ID,Komoditas,Satuan,Harga and, where told, Harga Kemarin and "
        "Tanggal Kemarin; UTF-8, one row a commodity and day, 0 where there is no price",
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put(
    "/market-prices/{observation_id}/table",
    operation_id="importMarketPrices",
    status_code=201,
    openapi_extra=TABLE,
)
async def import_market_prices(
    observation_id: ObservationId,
    region_code: Annotated[RegionCode, Query()],
    source: Annotated[Source, Query(description="who observed the prices")],
    request: Request,
    response: Response,
    caller: OperatorNow,
    door: DoorNow,
) -> Imported:
    """Import the table of the food agency as it comes."""
    must_be(request, "text/csv")
    content = await request.body()
    with fitting():
        table = read_csv(_text_of(content))
    keys = request.headers.getlist("idempotency-key")
    what = ("PUT", request.url.path, request.url.query, hashlib.sha256(content).hexdigest())
    key = asking.key_of(keys) if keys else asking.print_of(*what).hex()
    asked = asking.asked(caller, key, door.clock.now(), *what)
    about = (observation_id, region_code, source)
    return await _import(table, about, response, asked, caller, door)


async def _import(
    table: Table,
    about: tuple[str, str, str],
    response: Response,
    asked: Asked,
    caller: Caller,
    door: Door,
) -> Imported:
    command = observation(asked, *about, table)
    recorded = done(response, await door.handle(caller, observations, command), "/v1/market-prices")
    return Imported(
        **dict(recorded),
        rows=table.rows,
        commodities=len(table.commodities),
        prices=len(table.prices),
        unobserved=table.unobserved,
        late=table.late,
    )


def _rows_of(body: MarketPricesBody) -> Iterator[Row]:
    for row in body.rows:
        yield Row(commodity_of(row.commodity, row.code, row.unit), row.day_on, row.idr)


def _text_of(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise TableDoesNotFit("the table is not UTF-8; save it as such") from None


@contextmanager
def fitting() -> Iterator[None]:
    """Inside, a table that cannot be read is a refusal that says where."""
    try:
        yield
    except TableDoesNotFit as error:
        raise ObservationDoesNotFit(str(error)) from None


# -- questions -----------------------------------------------------------------------------


@router.get("/market-prices", operation_id="listMarketPrices")
async def list_market_prices(
    caller: BoardNow,
    page: Annotated[Page, by(day_on=date, region_code=str, commodity=str)],
    period: PeriodNow,
    region_code: Annotated[RegionCode | None, Query()] = None,
    commodity: Annotated[
        Commodity | None, Query(description="only this commodity, spelt as the source does")
    ] = None,
) -> MarketPricePage:
    """Observed prices by day, region and commodity."""
    async with page.reading("prices") as db:
        totals = await views.price_totals(
            db, caller.network_id, period, region_code=region_code, commodity=commodity
        )
        rows = await views.prices(
            db,
            caller.network_id,
            period,
            region_code=region_code,
            commodity=commodity,
            part=page.part,
        )
    return page.answer(MarketPricePage, rows, totals=dict(totals))


@router.get("/market-prices.csv", operation_id="exportMarketPrices", response_class=Csv)
async def export_market_prices(
    caller: BoardNow,
    door: DoorNow,
    period: PeriodNow,
    region_code: Annotated[RegionCode, Query()],
    after: After = 0,
) -> Csv:
    """The observations of a region in the shape in which the food agency gives them, 0 where
    there is none."""
    async with door.reading(caller, after, seconds=LONG_SECONDS) as db:
        commodities, prices = await views.table_of_region(
            db, caller.network_id, region_code, period
        )
    name = f"harga-konsumen-{region_code}-{period.first}-{period.last}.csv"
    return csv_file(name, write_csv(*period, commodities, prices))
