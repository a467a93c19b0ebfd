"""Comparing what suppliers ask, and choosing among them, over HTTP."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import OperatorNow, ReaderNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.commands import AskedByPath, Done, done
from jaringan_usaha.api.door import DoorNow, shown
from jaringan_usaha.api.fields import Body, Day, Reason, Slug
from jaringan_usaha.api.paging import After, ListWithTotals, Page, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.features.sourcing import views
from jaringan_usaha.features.sourcing.comparison import Offer, idr_per_unit
from jaringan_usaha.features.sourcing.domain import (
    MOST_OFFERS,
    ChooseSupplier,
    ComparisonDoesNotFit,
    NoSuchChoice,
    NoSuchCycle,
    NoSuchItem,
    choices,
    compared,
    not_too_many,
)
from jaringan_usaha.features.sourcing.events import ComparedOffer
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.rejections import Busy

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["sourcing"])

# -- bodies --------------------------------------------------------------------------------

ItemId = Annotated[Slug, Path()]
ChoiceId = Annotated[Slug, Path()]
Quantity = Annotated[int, Field(ge=1, le=MOST_UNITS, description="in the item's base unit")]


class ChoiceBody(Body):
    """Who delivers `quantity` on the prices of a day; with a reason unless it is the cheapest."""

    item_id: Slug
    quantity: Quantity
    priced_on: Day
    supplier_id: Slug
    reason: Reason | None = None


# -- answers -------------------------------------------------------------------------------


class OfferView(BaseModel):
    """One supplier's offer in whole cases, landed: goods at the tier that all of it reaches, and
    one delivery. Without PPN and deposits."""

    supplier_id: str
    price_list_id: str
    cases: int
    case_size: int
    quantity: int = Field(description="what the cases hold, in the item's base unit")
    surplus: int = Field(description="of which more than was asked for")
    goods_idr: int
    delivery_idr: int
    total_idr: int
    idr_per_unit: str = Field(
        description="total_idr for one base unit bought", examples=["13177.78"], max_length=32
    )
    lead_days: int | None
    reason: str = Field(
        description="why it cannot be taken: MOQ_NOT_MET, MINIMUM_NOT_MET, more may come; or empty"
    )


class ComparisonView(BaseModel):
    """All offers for one quantity. The item stands alone: minimums are measured by it, and each
    delivery is charged to it."""

    item_id: str
    base_unit: str = Field(description="UN/CEFACT code; more may come")
    quantity: int
    priced_on: date
    best: str | None = Field(description="whose offer is the cheapest that can be taken")
    offers: list[OfferView] = Field(
        max_length=MOST_OFFERS, description="the cheapest first, those that cannot be taken last"
    )
    alternatives: list[OfferView] = Field(
        max_length=MOST_OFFERS,
        description="more of it, cheaper per unit than the best offer; the least surplus first",
    )
    as_of: int
    stale: bool


class ChoiceView(BaseModel):
    choice_id: str
    item_id: str
    quantity: int
    priced_on: date
    supplier_id: str
    reason: str
    total_idr: int
    best_idr: int = Field(description="what the cheapest offer came to")
    position: int
    recorded_at: datetime


class ChoiceWithOffers(ChoiceView):
    """A choice, and all offers that were looked at, as they were then."""

    offers: list[OfferView] = Field(max_length=MOST_OFFERS)
    as_of: int
    stale: bool


class ChoiceTotals(Rows):
    total_idr: int
    best_idr: int


class ChoicesView(ListWithTotals[ChoiceView, ChoiceTotals]):
    """Choices of an item or supplier, or all."""


def _offer_views(offers: Iterable[ComparedOffer], quantity: int) -> list[OfferView]:
    return [
        OfferView(
            supplier_id=offer.supplier_id,
            price_list_id=offer.price_list,
            cases=offer.cases,
            case_size=offer.case_size,
            quantity=offer.quantity,
            surplus=offer.quantity - quantity,
            goods_idr=offer.goods_idr,
            delivery_idr=offer.delivery_idr,
            total_idr=offer.total_idr,
            idr_per_unit=idr_per_unit(offer),
            lead_days=offer.lead_days,
            reason=offer.reason,
        )
        for offer in offers
    ]


# -- comparison ----------------------------------------------------------------------------


@router.get("/items/{item_id}/comparison", operation_id="compareOffers")
async def compare_offers(
    item_id: ItemId,
    caller: ReaderNow,
    door: DoorNow,
    quantity: Annotated[
        int | None, Query(ge=1, le=MOST_UNITS, description="in base units of the item")
    ] = None,
    cycle_id: Annotated[
        Slug | None, Query(description="for what is ordered in it so far, instead of a quantity")
    ] = None,
    on: Annotated[
        Day | None, Query(description="a date in Asia/Jakarta; the cycle's, or today")
    ] = None,
    after: After = 0,
) -> ComparisonView:
    """What every supplier asks for a quantity of an item, landed, the cheapest first."""
    async with door.reading(caller, after) as db:
        item = await views.item(db, caller.network_id, item_id)
        if item is None:
            raise NoSuchItem(f"there is no item {item_id}")
        day = on or door.today(caller)
        if cycle_id is not None:
            if quantity is not None:
                raise ComparisonDoesNotFit("name a quantity, or a cycle to take it from, not both")
            ordered = await _ordered(db, caller, cycle_id, item_id)
            quantity, day = ordered.quantity, on or ordered.priced_on
        if quantity is None:
            raise ComparisonDoesNotFit("name a quantity, or a cycle to take it from")
        offers = await _offers(db, caller, item_id, day, item["case_size"])
        as_of = await shown(db, caller.network_id, "catalog")
    comparison = compared(offers, quantity)
    return ComparisonView(
        item_id=item_id,
        base_unit=item["base_unit"],
        quantity=quantity,
        priced_on=day,
        best=comparison.best.supplier_id if comparison.best else None,
        offers=_offer_views(comparison.offers, quantity),
        alternatives=_offer_views(comparison.alternatives, quantity),
        **as_of,
    )


async def _ordered(db: Connection, caller: Caller, cycle_id: str, item_id: str) -> views.Ordered:
    """Raises NoSuchCycle, ComparisonDoesNotFit."""
    ordered = await views.ordered_in_cycle(db, caller.network_id, cycle_id, item_id)
    if ordered is None:
        raise NoSuchCycle(f"there is no cycle {cycle_id}")
    if not ordered.quantity:
        raise ComparisonDoesNotFit(
            f"nobody has ordered item {item_id} in cycle {cycle_id} yet; name a quantity"
        )
    return ordered


async def _offers(
    db: Connection, caller: Caller, item_id: str, on: date, case_size: int
) -> list[Offer]:
    """Raises TooManyOffers."""
    offers = await views.offers_of_item(
        db, caller.network_id, item_id, on=on, case_size=case_size, most=MOST_OFFERS + 1
    )
    not_too_many(offers)
    return offers


# -- choices -------------------------------------------------------------------------------


@router.put("/choices/{choice_id}", operation_id="chooseSupplier", status_code=201)
async def choose_supplier(
    choice_id: ChoiceId,
    body: ChoiceBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Decide who delivers an item. The offers are compared anew, on what is true by then, and
    kept with the decision."""
    async with door.reading(caller, await door.head(caller)) as db:
        item = await views.item(db, caller.network_id, body.item_id)
        case_size = item["case_size"] if item else 1
        offers = await _offers(db, caller, body.item_id, body.priced_on, case_size)
        if (await shown(db, caller.network_id, "catalog"))["stale"]:
            raise Busy("newer price lists cannot be shown; nobody is chosen on a part of them")
    command = ChooseSupplier(
        asked=asked,
        choice_id=choice_id,
        item_id=body.item_id,
        quantity=body.quantity,
        priced_on=body.priced_on,
        supplier_id=body.supplier_id,
        compared=tuple(offer.supplier_id for offer in offers),
        reason=body.reason or "",
    )
    recorded = await door.handle(caller, choices, command)
    return done(response, recorded, f"/v1/choices/{choice_id}")


@router.get("/choices/{choice_id}", operation_id="getChoice")
async def get_choice(
    choice_id: ChoiceId, caller: ReaderNow, door: DoorNow, after: After = 0
) -> ChoiceWithOffers:
    """One choice with the offers that won and lost."""
    async with door.reading(caller, after) as db:
        row = await views.choice(db, caller.network_id, choice_id)
        as_of = await shown(db, caller.network_id, "sourcing")
    if row is None:
        raise NoSuchChoice(f"there is no choice {choice_id}")
    offers = _offer_views(views.offers_in(row), row["quantity"])
    return ChoiceWithOffers(**{**dict(row), "offers": offers}, **as_of)


@router.get("/choices", operation_id="listChoices")
async def list_choices(
    caller: ReaderNow,
    page: Annotated[Page, by(choice_id=str)],
    item_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> ChoicesView:
    """Choices by id, of one item or of one supplier that was chosen, and what they come to."""
    async with page.reading("sourcing", of_all=True) as db:
        rows = await views.choices(
            db, caller.network_id, item_id=item_id, supplier_id=supplier_id, part=page.part
        )
        totals = await views.totals_of_choices(
            db, caller.network_id, item_id=item_id, supplier_id=supplier_id
        )
    return page.answer(ChoicesView, rows, totals=totals)
