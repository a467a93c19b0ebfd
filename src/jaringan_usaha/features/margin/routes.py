"""Margins over HTTP: what goods cost each koperasi, what it saved, and what it earned with them."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import ReaderNow
from jaringan_usaha.api.fields import Slug, SlugOrNone
from jaringan_usaha.api.paging import (
    ListWithTotals,
    Page,
    Rows,
    by,
)
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.features.margin import margins as figures

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["margin"])

MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
KoperasiId = Annotated[Slug | None, Query()]
CycleId = Annotated[Slug | None, Query()]
SupplierId = Annotated[Slug | None, Query()]
FromMonth = Annotated[
    str | None,
    Query(pattern=MONTH, examples=["2026-11"], description="what counts in this month or later"),
]
ToMonth = Annotated[
    str | None,
    Query(pattern=MONTH, examples=["2026-11"], description="what counts in this month or earlier"),
]

# -- answers -------------------------------------------------------------------------------


class Costs(BaseModel):
    """What goods cost, in whole rupiah, and what was earned with them."""

    alone_idr: int = Field(description="what it had paid without the group, without PPN")
    goods_idr: int = Field(description="what the goods that came cost at the order's price")
    variance_idr: int = Field(description="what suppliers billed beyond that, within tolerance")
    freight_idr: int
    fee_idr: int
    ppn_idr: int = Field(description="PPN that is cost, of koperasi that are not PKP")
    ppn_credit_idr: int = Field(description="PPN that a PKP may credit: no cost")
    rebate_idr: int = Field(description="what suppliers pay back; taken off")
    landed_idr: int = Field(description="goods, variance, freight, fee and PPN, less rebate")
    charge_idr: int = Field(
        description="paid to the others for a lost tier, or received from who lost it (negative)"
    )
    revenue_idr: int = Field(description="what was sold, without PPN")
    cogs_idr: int = Field(description="the landed cost of what was sold, first in first out")
    margin_idr: int = Field(description="revenue_idr − cogs_idr − charge_idr")


class Margins(Costs):
    """The figures of goods, with what they were expected to cost."""

    ordered_idr: int = Field(description="its share of the consolidated orders, as placed")
    amount_idr: int = Field(
        description="the price of its goods: of those that came, or until the first of an order "
        "come its share of that order"
    )
    saving_idr: int = Field(description="alone_idr − amount_idr")
    landed_saving_idr: int = Field(
        description="alone_idr less the landed cost without PPN: what is left of the saving when "
        "freight, fees and charges are paid"
    )


class MarginView(Margins):
    """One koperasi in one cycle. Without a cycle: sales of goods that nobody saw come."""

    koperasi_id: str
    cycle_id: SlugOrNone


class MarginList(ListWithTotals[MarginView, Margins]):
    """A page, and the sums of all rows that the filters choose."""


class ItemCosts(Costs):
    """One item of one supplier at one koperasi, in base units and rupiah."""

    koperasi_id: str
    supplier_id: str
    item_id: str
    expected_units: int = Field(description="expected when the first of them came")
    units: int = Field(description="received")
    sold_units: int


class ItemTotals(Rows, Costs):
    """The sums of all rows."""


class ItemList(ListWithTotals[ItemCosts, ItemTotals]):
    """A page, and the sums of all rows that the filters choose."""


class UnknownView(BaseModel):
    """Units sold that nobody saw come, and what was taken for them. Negative: they came back
    though nobody saw them go. The next goods to come are taken to be these."""

    item_id: str
    units: int
    revenue_idr: int


class UnknownTotals(Rows):
    revenue_idr: int


class UnknownList(ListWithTotals[UnknownView, UnknownTotals]):
    """Goods of one koperasi."""


def costs_of(row: Row | Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row, and what follows from them."""
    found = dict(row)
    before_tax = sum(found[f"{part}_idr"] for part in ("goods", "variance", "freight", "fee"))
    before_tax -= found["rebate_idr"]
    found["landed_idr"] = before_tax + found["ppn_idr"]
    found["margin_idr"] = found["revenue_idr"] - found["cogs_idr"] - found["charge_idr"]
    if "amount_idr" in found:
        found["saving_idr"] = found["alone_idr"] - found["amount_idr"]
        found["landed_saving_idr"] = found["alone_idr"] - before_tax - found["charge_idr"]
    return found


# -- questions -----------------------------------------------------------------------------


def _first_day(month: str | None, without: date) -> date:
    return without if month is None else date.fromisoformat(f"{month}-01")


@router.get("/margin", operation_id="listMargins")
async def list_margins(
    caller: ReaderNow,
    page: Annotated[Page, by(koperasi_id=str, cycle_id=str)],
    koperasi_id: KoperasiId = None,
    cycle_id: CycleId = None,
    supplier_id: SupplierId = None,
    from_month: FromMonth = None,
    to_month: ToMonth = None,
) -> MarginList:
    """What koperasi paid, saved and earned, as far as it counts in the months named; a koperasi
    sees its own rows and totals only."""
    if koperasi_id is not None:
        caller.must_speak_for(koperasi_id)
    chosen = figures.Chosen(
        koperasi_id or caller.koperasi_id,
        cycle_id,
        supplier_id,
        (_first_day(from_month, date.min), _first_day(to_month, date.max)),
    )
    async with page.reading("margin", as_one=True) as db:
        rows = await figures.margins(db, caller.network_id, chosen, part=page.part)
        totals = await figures.totals(db, caller.network_id, chosen)
    return page.answer(MarginList, rows, show=costs_of, totals=costs_of(totals))


@router.get("/margin/items", operation_id="listMarginItems")
async def list_margin_items(
    caller: ReaderNow,
    page: Annotated[Page, by(koperasi_id=str, supplier_id=str, item_id=str)],
    cycle_id: Annotated[Slug, Query()],
    koperasi_id: KoperasiId = None,
    supplier_id: SupplierId = None,
) -> ItemList:
    """What koperasi paid, saved and earned in one cycle, item by item, for goods that came; a
    koperasi sees its own rows and totals only."""
    if koperasi_id is not None:
        caller.must_speak_for(koperasi_id)
    koperasi_id = koperasi_id or caller.koperasi_id
    async with page.reading("margin", as_one=True) as db:
        rows = await figures.items(
            db,
            caller.network_id,
            cycle_id,
            koperasi_id=koperasi_id,
            supplier_id=supplier_id,
            part=page.part,
        )
        totals = await figures.item_totals(
            db, caller.network_id, cycle_id, koperasi_id, supplier_id
        )
    return page.answer(ItemList, rows, show=costs_of, totals=costs_of(totals))


@router.get("/margin/unknown", operation_id="listUnknownStock")
async def list_unknown_stock(
    caller: ReaderNow,
    page: Annotated[Page, by(item_id=str)],
    koperasi_id: Annotated[Slug, Query()],
) -> UnknownList:
    """What a koperasi sold though the log does not know where it came from: its revenue stands
    on account 4190 until goods of the item come."""
    caller.must_speak_for(koperasi_id)
    async with page.reading("margin") as db:
        rows = await figures.unknown(db, caller.network_id, koperasi_id, part=page.part)
        totals = await figures.unknown_totals(db, caller.network_id, koperasi_id)
    return page.answer(UnknownList, rows, totals=dict(totals))
