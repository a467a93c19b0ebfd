"""Goods over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field, TypeAdapter

from jaringan_usaha.api.access.admission import GoodsNow, OperatorNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.commands import AskedAfresh, AskedByPath, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Slug
from jaringan_usaha.api.paging import After, Counted, Page, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.api.sync.up import SyncType
from jaringan_usaha.features.catalog import views
from jaringan_usaha.features.catalog.items import (
    MOST_CASE,
    MOST_OF_A_UNIT,
    AddItem,
    DescribeItem,
    NoSuchItem,
    TaxClass,
    goods,
)
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.quantity import BaseUnit

router = APIRouter(prefix="/v1", route_class=StrictRoute)

# -- bodies --------------------------------------------------------------------------------

ItemId = Annotated[Slug, Path()]


class ItemBody(Body):
    """A kind of goods; quantities of it are whole counts of `base_unit` (UN/CEFACT code)."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    base_unit: BaseUnit
    case_size: Annotated[int, Field(ge=1, le=MOST_CASE, description="base units in a case")]
    gtin: Annotated[
        str,
        Field(
            pattern=r"^([0-9]{8}|[0-9]{12,14})?$",
            max_length=14,
            description="the number under the bar code",
            examples=["4006381333931"],
        ),
    ] = ""


PerUnit = Annotated[int, Field(ge=0, le=MOST_OF_A_UNIT, description="of one base unit")]


class DescriptionBody(Body):
    """What tax, freight and price watchers must know of one base unit; 0 is not known."""

    tax_class: TaxClass
    commodity: Annotated[
        str,
        Field(
            max_length=120,
            description="the name under which market prices are observed",
            examples=["Beras Medium"],
        ),
    ] = ""
    weight_g: PerUnit = 0
    volume_ml: PerUnit = 0
    deposit_idr: PerUnit = 0


# -- answers -------------------------------------------------------------------------------


class ItemView(BaseModel):
    item_id: str
    title: str
    base_unit: str = Field(description="UN/CEFACT code; more may come")
    case_size: int
    gtin: str = Field(description="14 digits, or empty")
    tax_class: str | None = Field(
        description="standard or exempt, more may come; null until the item is described"
    )
    commodity: str = Field(description="as market prices name it, or empty")
    weight_g: int = Field(description="of one base unit, as the next two")
    volume_ml: int
    deposit_idr: int = Field(description="given back with the empty container")
    position: int
    recorded_at: datetime


# -- goods ---------------------------------------------------------------------------------


@router.put("/items/{item_id}", operation_id="addItem", tags=["catalog"], status_code=201)
async def add_item(
    item_id: ItemId,
    body: ItemBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Add a kind of goods."""
    command = AddItem(asked=asked, item_id=item_id, **body.model_dump())
    return done(response, await door.handle(caller, goods, command), f"/v1/items/{item_id}")


@router.put(
    "/items/{item_id}/description", operation_id="describeItem", tags=["catalog"], status_code=201
)
async def describe_item(
    item_id: ItemId,
    body: DescriptionBody,
    response: Response,
    asked: AskedAfresh,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Say how an item is taxed, weighed and watched; the last word holds."""
    command = DescribeItem(asked=asked, item_id=item_id, **body.model_dump())
    return done(response, await door.handle(caller, goods, command), f"/v1/items/{item_id}")


@router.get("/items/{item_id}", operation_id="getItem", tags=["catalog"])
async def get_item(item_id: ItemId, caller: GoodsNow, door: DoorNow, after: After = 0) -> ItemView:
    """One kind of goods."""
    async with door.reading(caller, after) as db:
        row = await views.item(db, caller.network_id, item_id)
    if row is None:
        raise NoSuchItem(f"there is no item {item_id}")
    return ItemView(**dict(row))


@router.get("/items", operation_id="listItems", tags=["catalog"])
async def list_items(
    caller: GoodsNow,
    page: Annotated[Page, by(item_id=str)],
) -> Counted[ItemView]:
    """All goods by id."""
    async with page.reading("catalog") as db:
        rows = await views.items(db, caller.network_id, part=page.part)
        count = await views.item_count(db, caller.network_id)
    return page.answer(Counted[ItemView], rows, totals=Rows(rows=count))


# -- bulk sync -----------------------------------------------------------------------------


class SyncItemBody(ItemBody):
    item_id: Slug


def _sync_item(body: SyncItemBody, asked: Asked, caller: Caller) -> AddItem:
    caller.must_operate()
    return AddItem(asked=asked, **body.model_dump())


class SyncDescriptionBody(DescriptionBody):
    item_id: Slug


def _sync_description(body: SyncDescriptionBody, asked: Asked, caller: Caller) -> DescribeItem:
    caller.must_operate()
    return DescribeItem(asked=asked, **body.model_dump())


sync_types: Mapping[str, SyncType[Any]] = {
    "add_item": SyncType(TypeAdapter(SyncItemBody), goods, _sync_item, area="catalog"),
    "describe_item": SyncType(
        TypeAdapter(SyncDescriptionBody), goods, _sync_description, area="catalog"
    ),
}
