"""Price lists over HTTP."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import OperatorNow, PartnerNow, ReaderNow
from jaringan_usaha.api.commands import AskedByPath, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Day, Idr, Slug
from jaringan_usaha.api.paging import (
    After,
    Counted,
    Page,
    Rows,
    by,
)
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.features.catalog import views
from jaringan_usaha.features.catalog.domain import (
    MOST_CASES,
    MOST_LEAD_DAYS,
    MOST_ROWS,
    MOST_TIERS,
    NoSuchPriceList,
    PublishPriceList,
    TierMode,
    catalog,
)
from jaringan_usaha.features.catalog.events import PriceRow, Tier
from jaringan_usaha.features.catalog.items import MOST_CASE
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.quantity import MOST_UNITS

router = APIRouter(prefix="/v1", route_class=StrictRoute)

# -- bodies --------------------------------------------------------------------------------

ItemId = Annotated[Slug, Path()]
PriceListId = Annotated[Slug, Path()]
Units = Annotated[int, Field(ge=1, le=MOST_UNITS, description="in the item's base unit")]


class TierBody(Body):
    """From `from_quantity` base units on, `per` base units cost `idr` whole rupiah."""

    from_quantity: Units
    idr: Annotated[int, Field(ge=1, le=MOST_IDR)]
    per: Units = 1


class RowBody(Body):
    """The prices of one item, tiers by rising quantity, the first one from 1; this supplier's
    case, and how many of them it delivers at least. A price with decimals is given `per` so
    many units that it is whole: 131.7725 a gram is 1,317,725 per 10,000."""

    item_id: Slug
    tiers: Annotated[tuple[TierBody, ...], Field(min_length=1, max_length=MOST_TIERS, strict=False)]
    case_size: Annotated[
        int, Field(ge=0, le=MOST_CASE, description="base units; 0: as many as the item's")
    ] = 0
    min_cases: Annotated[int, Field(ge=0, le=MOST_CASES)] = 0

    def price_row(self) -> PriceRow:
        return PriceRow(
            item_id=self.item_id,
            tiers=tuple(
                Tier(from_quantity=tier.from_quantity, idr=tier.idr, per=tier.per)
                for tier in self.tiers
            ),
            case_size=self.case_size,
            min_cases=self.min_cases,
        )


class PriceListBody(Body):
    """Prices without PPN, on both dates and between; without an end, until a later list of the
    supplier takes over. An order is at least `minimum_idr` of goods (without PPN and deposits),
    and a delivery costs `delivery_idr`. Items in `ended` have no price of the supplier from the
    first day on, until a list that starts later gives one again."""

    supplier_id: Slug
    valid_from_on: Day
    valid_until_on: Day | None = None
    tier_mode: TierMode
    minimum_idr: Idr = 0
    delivery_idr: Idr = 0
    lead_days: Annotated[
        int | None,
        Field(ge=0, le=MOST_LEAD_DAYS, description="from order to delivery; null: not said"),
    ] = None
    rows: Annotated[tuple[RowBody, ...], Field(max_length=MOST_ROWS, strict=False)]
    ended: Annotated[
        tuple[Slug, ...],
        Field(max_length=MOST_ROWS, strict=False, description="items that are offered no more"),
    ] = ()


# -- answers -------------------------------------------------------------------------------


class TierView(BaseModel):
    from_quantity: int
    idr: int
    per: int


class PriceListView(BaseModel):
    """A price list without its rows; `row_count` says how many there are, `ended_count` how many
    prices it ends."""

    price_list_id: str
    supplier_id: str
    valid_from_on: date
    valid_until_on: date | None
    tier_mode: str = Field(description="all_units or incremental; more may come")
    row_count: int
    ended_count: int
    minimum_idr: int = Field(description="goods of an order at least, without PPN and deposits")
    delivery_idr: int = Field(description="per delivery")
    lead_days: int | None
    source: str = Field(description="SHA-256 of the file it was read from, or empty")
    position: int
    recorded_at: datetime


class WholePriceListView(PriceListView):
    """A price list without its rows, and the items whose price it ends."""

    ended: list[str] = Field(
        max_length=MOST_ROWS, description="no price from the first day on, until a later list"
    )


class PriceRowView(BaseModel):
    item_id: str
    tiers: list[TierView] = Field(max_length=MOST_TIERS)
    case_size: int = Field(description="base units; 0: as many as the item's")
    min_cases: int


class PriceView(BaseModel):
    """What one supplier asks for an item on the day asked about, and the terms of its list."""

    supplier_id: str
    price_list_id: str
    valid_from_on: date
    valid_until_on: date | None
    tier_mode: str = Field(description="all_units or incremental; more may come")
    tiers: list[TierView] = Field(max_length=MOST_TIERS)
    case_size: int = Field(description="base units; 0: as many as the item's")
    min_cases: int
    minimum_idr: int = Field(description="goods of an order at least, without PPN and deposits")
    delivery_idr: int = Field(description="per delivery")
    lead_days: int | None


# -- prices --------------------------------------------------------------------------------


@router.get("/items/{item_id}/prices", operation_id="listPricesOfItem", tags=["catalog"])
async def list_prices_of_item(
    item_id: ItemId,
    caller: ReaderNow,
    page: Annotated[Page, by(supplier_id=str)],
    on: Annotated[Day | None, Query(description="a date in Asia/Jakarta; today")] = None,
) -> Counted[PriceView]:
    """What each supplier asks for an item, by supplier."""
    day = on or page.door.today(caller)
    page.settle(on=day)
    async with page.reading("catalog") as db:
        rows = await views.prices_of_item(db, caller.network_id, item_id, on=day, part=page.part)
        count = await views.count_prices_of_item(db, caller.network_id, item_id, on=day)
    return page.answer(Counted[PriceView], rows, show=_with_tiers, totals=Rows(rows=count))


# -- price lists ---------------------------------------------------------------------------


@router.put(
    "/price-lists/{price_list_id}",
    operation_id="publishPriceList",
    tags=["catalog"],
    status_code=201,
)
async def publish_price_list(
    price_list_id: PriceListId,
    body: PriceListBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Publish a supplier's price list: all of it or nothing."""
    command = PublishPriceList(
        asked=asked,
        price_list_id=price_list_id,
        supplier_id=body.supplier_id,
        valid_from_on=body.valid_from_on,
        valid_until_on=body.valid_until_on,
        tier_mode=body.tier_mode,
        rows=tuple(row.price_row() for row in body.rows),
        minimum_idr=body.minimum_idr,
        delivery_idr=body.delivery_idr,
        lead_days=body.lead_days,
        ended=body.ended,
    )
    recorded = await door.handle(caller, catalog, command)
    return done(response, recorded, f"/v1/price-lists/{price_list_id}")


@router.get("/price-lists/{price_list_id}", operation_id="getPriceList", tags=["catalog"])
async def get_price_list(
    price_list_id: PriceListId, caller: PartnerNow, door: DoorNow, after: After = 0
) -> WholePriceListView:
    """One price list, without its rows."""
    async with door.reading(caller, after) as db:
        row = await views.price_list(db, caller.network_id, price_list_id)
        ended = await views.ended_by(db, caller.network_id, price_list_id)
    if row is None or not caller.supplies(row["supplier_id"]):
        raise NoSuchPriceList(f"there is no price list {price_list_id}")
    return WholePriceListView(**dict(row), ended=ended)


@router.get("/price-lists", operation_id="listPriceLists", tags=["catalog"])
async def list_price_lists(
    caller: PartnerNow,
    page: Annotated[Page, by(price_list_id=str)],
    supplier_id: Annotated[Slug | None, Query()] = None,
    on: Annotated[
        Day | None, Query(description="only lists that hold on this date in Asia/Jakarta")
    ] = None,
) -> Counted[PriceListView]:
    """The price lists of all suppliers or of one, by id, without their rows."""
    supplier_id = caller.supplier_for(supplier_id)
    async with page.reading("catalog") as db:
        rows = await views.price_lists(
            db, caller.network_id, supplier_id=supplier_id, on=on, part=page.part
        )
        count = await views.price_list_count(db, caller.network_id, supplier_id=supplier_id, on=on)
    return page.answer(Counted[PriceListView], rows, totals=Rows(rows=count))


@router.get("/price-lists/{price_list_id}/rows", operation_id="listPriceRows", tags=["catalog"])
async def list_price_rows(
    price_list_id: PriceListId,
    caller: PartnerNow,
    page: Annotated[Page, by(item_id=str)],
) -> Counted[PriceRowView]:
    """The rows of a price list by item."""
    async with page.reading("catalog") as db:
        named = await views.price_list(db, caller.network_id, price_list_id)
        if named is None or not caller.supplies(named["supplier_id"]):
            raise NoSuchPriceList(f"there is no price list {price_list_id}")
        rows = await views.price_rows(db, caller.network_id, price_list_id, part=page.part)
    totals = Rows(rows=named["row_count"])
    return page.answer(Counted[PriceRowView], rows, show=_with_tiers, totals=totals)


def _with_tiers(row: Row) -> dict[str, Any]:
    return {**dict(row), "tiers": tier_views(views.tiers_of(row))}


def tier_views(tiers: Iterable[Tier]) -> list[TierView]:
    return [TierView(from_quantity=t.from_quantity, idr=t.idr, per=t.per) for t in tiers]
