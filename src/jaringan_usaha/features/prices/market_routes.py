"""A cycle against the market, over HTTP: what the group saves, and where it would pay more."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, computed_field

from jaringan_usaha.api.access.admission import BoardNow
from jaringan_usaha.api.fields import RegionCode, Slug
from jaringan_usaha.api.paging import ListOf, Page, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.queries import Part
from jaringan_usaha.features.catalog.events import Tier
from jaringan_usaha.features.prices import views
from jaringan_usaha.features.prices.comparison import Bought, Compared, Market, compare
from jaringan_usaha.features.prices.domain import NoSuchCycle
from jaringan_usaha.kernel.market_table import Basis
from jaringan_usaha.kernel.ppn import PpnPolicy, ppn_policy
from jaringan_usaha.kernel.tiers import Price, cost_idr

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["market prices"])

ROWS_AT_ONCE = 1_000

_tiers = msgspec.json.Decoder(tuple[Tier, ...])
_values = msgspec.json.Decoder(dict[str, int])

# -- answers -------------------------------------------------------------------------------


class MarketLineView(BaseModel):
    """One item at the group's price and at the market's, both for the whole quantity.

    `goods_idr` is provisional until it is `frozen` by consolidation. The market price is the
    latest one up to the day that the cycle is priced on; it includes PPN, so `ppn_idr` counts.
    """

    supplier_id: str
    item_id: str
    quantity: int
    frozen: bool
    goods_idr: int | None
    ppn_idr: int
    commodity: str
    basis: Basis = Field(description="what unit and market price are for: kg or l")
    unit_idr: int | None = Field(description="PPN included, rounded")
    market_idr: int | None
    market_day_on: date | None
    market_amount_idr: int | None
    saving_idr: int | None
    exceeds_market: bool
    reason: str = Field(
        description="why it cannot be compared: NO_COMMODITY, NO_PRICE, NO_OBSERVATION, "
        "NO_MEASURE (the market measures otherwise than by kg or litre) or NO_CONTENT (nobody "
        "said what a unit weighs or holds); more may come"
    )


class MarketTotals(BaseModel):
    """Of all items of the cycle, not only of this page; amounts of those that compare."""

    items: int = 0
    compared: int = 0
    exceeding: int = 0
    amount_idr: int = Field(0, description="goods and PPN")
    market_amount_idr: int = 0
    saving_idr: int = 0

    @computed_field(description="the same as `items`")  # type: ignore[prop-decorator]
    @property
    def rows(self) -> int:
        return self.items


class MarketPage(ListOf[MarketLineView]):
    """`ppn_version_no` is the setting of the rule `ppn` that was applied; null: none in force,
    and none is counted."""

    region_code: str
    priced_on: date
    ppn_version_no: int | None
    totals: MarketTotals


# -- question ------------------------------------------------------------------------------


@router.get("/cycles/{cycle_id}/market", operation_id="compareWithMarket")
async def compare_with_market(
    cycle_id: Annotated[Slug, Path()],
    region_code: Annotated[RegionCode, Query()],
    caller: BoardNow,
    page: Annotated[Page, by(supplier_id=str, item_id=str)],
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> MarketPage:
    """What the group saves against the market of a region, item by item and in all; an item that
    would cost more than there says `exceeds_market`."""
    async with page.reading("prices") as db:
        terms = await views.cycle_terms(db, caller.network_id, cycle_id)
        if terms is None:
            raise NoSuchCycle(f"there is no cycle {cycle_id}")
        policy = _policy(terms)
        totals = MarketTotals(amount_idr=0)
        where = (cycle_id, terms["priced_on"], region_code, supplier_id)
        rows = await views.cycle_goods(db, caller.network_id, *where, part=page.part)
        async for row in _all_rows(db, caller.network_id, where):
            _add(totals, _line(row, terms["prices"], policy))
    return page.answer(
        MarketPage,
        rows,
        show=lambda row: _line(row, terms["prices"], policy),
        region_code=region_code,
        priced_on=terms["priced_on"],
        ppn_version_no=None if policy is None else terms["ppn_version_no"],
        totals=totals,
    )


Where = tuple[str, date, str, str | None]
"""Cycle, the day that it is priced on, region, and supplier where only one is asked about."""


async def _all_rows(db: Connection, network_id: int, where: Where) -> AsyncIterator[Row]:
    """Every item of the cycle, some at a time."""
    part = Part(("", ""), ROWS_AT_ONCE)
    while True:
        rows = await views.cycle_goods(db, network_id, *where, part=part)
        for row in rows:
            yield row
        if len(rows) < ROWS_AT_ONCE:
            return
        part = Part((rows[-1]["supplier_id"], rows[-1]["item_id"]), ROWS_AT_ONCE)


def _policy(terms: Row) -> PpnPolicy | None:
    """How PPN is reckoned on the day of the cycle; None where no rule says so."""
    if terms["ppn_values"] is None:
        return None
    try:
        return ppn_policy(_values.decode(terms["ppn_values"]))
    except ValueError:  # set before anybody checked what the rule must say
        return None


def _line(row: Row, prices: str, policy: PpnPolicy | None) -> MarketLineView:
    goods = _goods_idr(row, prices)
    taxed = policy is not None and row["tax_class"] == "standard"
    ppn = policy.on(goods) if policy is not None and taxed and goods is not None else 0
    bought = Bought(
        quantity=row["quantity"],
        goods_idr=goods,
        ppn_idr=ppn,
        commodity=row["commodity"],
        base_unit=row["base_unit"],
        weight_g=row["weight_g"],
        volume_ml=row["volume_ml"],
    )
    market = None
    if row["market_idr"] is not None:
        market = Market(idr=row["market_idr"], day_on=row["market_day_on"], unit=row["market_unit"])
    compared: Compared = compare(bought, market)
    return MarketLineView(
        supplier_id=row["supplier_id"],
        item_id=row["item_id"],
        quantity=bought.quantity,
        frozen=row["frozen"],
        goods_idr=goods,
        ppn_idr=ppn,
        commodity=bought.commodity,
        basis=compared.basis,
        unit_idr=compared.unit_idr,
        market_idr=row["market_idr"],
        market_day_on=row["market_day_on"],
        market_amount_idr=compared.market_amount_idr,
        saving_idr=compared.saving_idr,
        exceeds_market=compared.exceeds_market,
        reason=compared.reason,
    )


def _goods_idr(row: Row, prices: str) -> int | None:
    """What the goods cost without PPN, as far as anything says so."""
    if row["frozen"] or prices == "stated":
        return int(row["amount_idr"])
    if row["tiers"] is None or row["quantity"] < 1:
        return None
    tiers = _tiers.decode(row["tiers"])
    price = Price(price_list_id=row["price_list_id"], tier_mode=row["tier_mode"], tiers=tiers)
    return cost_idr(price, row["quantity"])


def _add(totals: MarketTotals, line: MarketLineView) -> None:
    totals.items += 1
    if line.market_amount_idr is not None and line.goods_idr is not None:
        totals.compared += 1
        totals.exceeding += line.exceeds_market
        totals.amount_idr += line.goods_idr + line.ppn_idr
        totals.market_amount_idr += line.market_amount_idr
        totals.saving_idr += line.saving_idr or 0
