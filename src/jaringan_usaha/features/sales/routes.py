"""Sales over HTTP: recorded by tills, looked at by day and item, and flagged."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, TypeAdapter, computed_field

from jaringan_usaha.api.access.admission import BoardNow, CallerNow, ReaderNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.commands import AskedByPath, Done, done
from jaringan_usaha.api.csv_file import Csv, csv_file
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Day, RegionCode, Slug, UuidV7
from jaringan_usaha.api.paging import (
    After,
    ListOf,
    Page,
    Rows,
    by,
)
from jaringan_usaha.api.period import PeriodNow
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.api.sync.up import SyncType
from jaringan_usaha.eventlog.database import LONG_SECONDS
from jaringan_usaha.features.sales import views
from jaringan_usaha.features.sales.domain import MOST_LINES, NoSuchSale, RecordSale, sales
from jaringan_usaha.features.sales.events import SaleLine
from jaringan_usaha.kernel.market_table import write_csv
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.quantity import MOST_UNITS

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["sales"])

# -- bodies --------------------------------------------------------------------------------

Amount = Annotated[
    int, Field(ge=-MOST_IDR, le=MOST_IDR, description="whole rupiah; negative in a return")
]


class SaleLineBody(Body):
    """One item. What the customer paid, PPN included; `ppn_idr` of it is PPN of a PKP."""

    item_id: Slug
    quantity: Annotated[
        int,
        Field(ge=-MOST_UNITS, le=MOST_UNITS, description="in the item's base unit"),
    ]
    amount_idr: Amount
    ppn_idr: Amount = 0


class SaleBody(Body):
    """A till's receipt, or a day's sum of them. `koperasi_id` may be left out with a koperasi's
    own key. `customer` is a key of the koperasi's own, never a name or NIK. `reported`: the
    goods are gone already, so what breaks a ceiling is flagged instead of refused."""

    koperasi_id: Slug | None = None
    sold_on: Day
    customer: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]*$", max_length=64)] = ""
    reported: bool = False
    lines: Annotated[list[SaleLineBody], Field(min_length=1, max_length=MOST_LINES)]


# -- answers -------------------------------------------------------------------------------


class SaleView(BaseModel):
    """One sale; each line names the rules that it was `measured` by."""

    sale_id: UUID
    koperasi_id: str
    sold_on: date
    customer: str
    lines: list[dict[str, Any]]
    amount_idr: int
    ppn_idr: int
    position: int
    recorded_at: datetime


class SoldGoodsView(BaseModel):
    """What a koperasi sold of an item on a day, less what came back."""

    sold_on: date
    koperasi_id: str
    item_id: str
    quantity: int
    amount_idr: int
    ppn_idr: int
    sale_lines: int


class SoldTotals(Rows):
    """Of all rows, not only of this page."""

    sale_lines: int
    amount_idr: int
    ppn_idr: int


class SoldGoodsPage(ListOf[SoldGoodsView]):
    totals: SoldTotals


class SaleFlagView(BaseModel):
    """A reported sale that broke a rule of the day."""

    position: int
    line_no: int
    flag: str = Field(description="HET_EXCEEDED or SPHP_LIMIT; more may come")
    koperasi_id: str
    sale_id: UUID
    sold_on: date
    item_id: str
    customer: str
    quantity: int
    amount_idr: int
    rule_id: str
    rule_version_no: int
    recorded_at: datetime


class FlagTotals(Rows):
    """Of all rows, not only of this page."""

    sales: int

    @computed_field(description="the same as `rows`")  # type: ignore[prop-decorator]
    @property
    def flags(self) -> int:
        return self.rows


class SaleFlagPage(ListOf[SaleFlagView]):
    totals: FlagTotals


# -- recording -----------------------------------------------------------------------------


def _command(sale_id: str, body: SaleBody, asked: Asked, caller: Caller) -> RecordSale:
    return RecordSale(
        asked=asked,
        sale_id=sale_id,
        koperasi_id=caller.koperasi_for(body.koperasi_id),
        sold_on=body.sold_on,
        lines=tuple(SaleLine(**line.model_dump()) for line in body.lines),
        customer=body.customer,
        reported=body.reported,
    )


@router.put("/sales/{sale_id}", operation_id="recordSale", status_code=201)
async def record_sale(
    sale_id: Annotated[UuidV7, Path()],
    body: SaleBody,
    response: Response,
    asked: AskedByPath,
    caller: CallerNow,
    door: DoorNow,
) -> Done:
    """Record what was sold. A sale above a ceiling price, or beyond what one customer may buy in
    a day, is refused; one that is only reported is recorded and flagged."""
    recorded = await door.handle(caller, sales, _command(sale_id, body, asked, caller))
    return done(response, recorded, f"/v1/sales/{sale_id}")


# -- questions -----------------------------------------------------------------------------

KoperasiId = Annotated[Slug | None, Query()]
ItemId = Annotated[Slug | None, Query()]


def _whose(caller: Caller, koperasi_id: str | None) -> str | None:
    """Whose rows are shown: a koperasi sees its own. Raises NotAllowed."""
    if koperasi_id is not None:
        caller.must_speak_for(koperasi_id)
    return koperasi_id or caller.koperasi_id


@router.get("/sales", operation_id="listSales")
async def list_sales(
    caller: ReaderNow,
    page: Annotated[Page, by(sold_on=date, koperasi_id=str, item_id=str)],
    period: PeriodNow,
    koperasi_id: KoperasiId = None,
    item_id: ItemId = None,
) -> SoldGoodsPage:
    """What was sold, by day, koperasi and item."""
    whose = _whose(caller, koperasi_id)
    async with page.reading("sales") as db:
        totals = await views.sold_totals(
            db, caller.network_id, period, koperasi_id=whose, item_id=item_id
        )
        rows = await views.sold_goods(
            db, caller.network_id, period, koperasi_id=whose, item_id=item_id, part=page.part
        )
    return page.answer(SoldGoodsPage, rows, totals=totals)


@router.get("/sales/{sale_id}", operation_id="getSale")
async def get_sale(
    sale_id: Annotated[UuidV7, Path()], caller: ReaderNow, door: DoorNow, after: After = 0
) -> SaleView:
    """One sale."""
    async with door.reading(caller, after) as db:
        row = await views.sale(db, caller.network_id, UUID(sale_id))
    if row is None or caller.koperasi_id not in (None, row["koperasi_id"]):
        raise NoSuchSale(f"there is no sale {sale_id}")
    return SaleView(**{**dict(row), "lines": msgspec.json.decode(row["lines"])})


@router.get("/sale-flags", operation_id="listSaleFlags")
async def list_sale_flags(
    caller: ReaderNow,
    page: Annotated[Page, by(position=int, line_no=int, flag=str, rule_id=str)],
    period: PeriodNow,
    koperasi_id: KoperasiId = None,
    item_id: ItemId = None,
) -> SaleFlagPage:
    """Reported sales that broke a ceiling; a koperasi sees its own."""
    whose = _whose(caller, koperasi_id)
    async with page.reading("sales") as db:
        totals = await views.flag_totals(
            db, caller.network_id, period, koperasi_id=whose, item_id=item_id
        )
        rows = await views.flags(
            db,
            caller.network_id,
            period,
            koperasi_id=whose,
            item_id=item_id,
            part=page.part,
        )
    return page.answer(SaleFlagPage, rows, totals=totals)


@router.get(
    "/selling-prices.csv",
    operation_id="exportSellingPrices",
    response_class=Csv,
)
async def export_selling_prices(
    caller: BoardNow,
    door: DoorNow,
    period: PeriodNow,
    region_code: Annotated[RegionCode, Query()],
    koperasi_id: KoperasiId = None,
    after: After = 0,
) -> Csv:
    """What koperasi of a region took for a kilogram or litre on average, by commodity and day,
    in the shape in which the food agency gives market prices; 0 where nothing was sold.

    A koperasi gets its own prices."""
    whose = _whose(caller, koperasi_id)
    everybody = caller.koperasi_id is None  # averages of a region name nobody
    async with door.reading(caller, after, of_all=everybody, seconds=LONG_SECONDS) as db:
        commodities, prices = await views.selling_prices(
            db, caller.network_id, period, region_code=region_code, koperasi_id=whose
        )
    name = f"harga-koperasi-{region_code}-{period.first}-{period.last}.csv"
    return csv_file(name, write_csv(*period, commodities, prices))


# -- bulk sync -----------------------------------------------------------------------------


class SyncSaleBody(SaleBody):
    sale_id: UuidV7


def _sync_sale(body: SyncSaleBody, asked: Asked, caller: Caller) -> RecordSale:
    return _command(body.sale_id, body, asked, caller)


sync_types: Mapping[str, SyncType[Any]] = {
    "record_sale": SyncType(TypeAdapter(SyncSaleBody), sales, _sync_sale, area="sales"),
}
