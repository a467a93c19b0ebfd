"""The group's price of each item, how far the next one is, and nudges towards it, over HTTP."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import BoardNow, ReaderNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import Door, DoorNow
from jaringan_usaha.api.fields import Slug
from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.paging import Counted, ListOf, Page, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.queries import Part
from jaringan_usaha.features.cycles import life_views, sums, views
from jaringan_usaha.features.cycles.amendments import views as amended_views
from jaringan_usaha.features.cycles.ceilings import OF_GROUP, lawful_terms_on
from jaringan_usaha.features.cycles.domain import CYCLE, Cycle, NoSuchCycle, existing
from jaringan_usaha.features.cycles.group.nudges import nudge, reached
from jaringan_usaha.features.cycles.offers import about_terms, is_offered
from jaringan_usaha.kernel.ceiling import HET_EXCEEDED
from jaringan_usaha.kernel.tiers import Price, too_dear

router = APIRouter(prefix="/v1", route_class=StrictRoute)

ORDERED = ("consolidated", "sent", "acknowledged")
SCANNED = 2_000
"""Items that one request for nudges looks at; most have none."""

# -- answers -------------------------------------------------------------------------------


class GroupPriceView(BaseModel):
    """What the group pays for an item by now. Where no full case is wanted yet, `quantity` is 0
    and the price that of the firm units."""

    supplier_id: str
    item_id: str
    firm: int
    tolerance: int
    cases: int
    quantity: int
    price_list: str
    price_idr: int | None
    price_per: int
    provisional: bool = Field(description="more orders may still change it")
    next_from: int | None = Field(description="units from which the next price holds")
    next_idr: int | None
    next_per: int | None
    more: int = Field(description="units that are lacking for it")
    above_ceiling: bool = Field(
        description="above what the state lets the group pay, or ask of koperasi with its fee "
        "(rule `het.`): at this price nothing is ordered"
    )


class NudgeView(BaseModel):
    """`quantity` units cost `amount_idr`; with `more` units that would be `less_idr`."""

    supplier_id: str
    item_id: str
    quantity: int
    amount_idr: int
    more: int
    less_idr: int


class NudgeTotals(Rows):
    amount_idr: int
    less_idr: int


class NudgeList(ListOf[NudgeView]):
    """Each item's price is asked for to know its nudge, so there is an end to adding them up."""

    totals: NudgeTotals | None = Field(
        description="null where the group orders more than 2,000 items"
    )


# -- routes --------------------------------------------------------------------------------


@router.get("/cycles/{cycle_id}/prices", operation_id="listGroupPrices", tags=["cycles"])
async def list_group_prices(
    cycle_id: Annotated[Slug, Path()],
    caller: BoardNow,
    page: Annotated[Page, by(supplier_id=str, item_id=str)],
    door: DoorNow,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> Counted[GroupPriceView]:
    """The group's price of each item: provisional while orders come, frozen at the close. In a
    cycle with stated prices there is none."""
    async with page.reading("cycles") as db:
        state = await _state(db, caller, cycle_id)
        if state in ORDERED:
            rows = await amended_views.ordered_items(
                db, caller.network_id, cycle_id, part=page.part, supplier_id=supplier_id
            )
            orders = await sums.of_orders(db, caller.network_id, Narrowed(cycle_id, supplier_id))
            count = orders["item_count"]
        else:
            rows = await views.totals(
                db, caller.network_id, cycle_id, part=page.part, supplier_id=supplier_id
            )
            wanted = await sums.of_wanted(db, caller.network_id, cycle_id, supplier_id=supplier_id)
            count = wanted["rows"]
    cycle, prices, _ = await _prices(door, caller, cycle_id, rows)

    def show(row: Row) -> GroupPriceView:
        price = prices[row["supplier_id"], row["item_id"]]
        return _ordered(row, price) if state in ORDERED else _so_far(row, price, cycle)

    listed, count = (rows, count) if cycle.prices == "listed" else ([], 0)
    return page.answer(Counted[GroupPriceView], listed, show=show, totals=Rows(rows=count))


@router.get("/cycles/{cycle_id}/nudges", operation_id="listNudges", tags=["cycles"])
async def list_nudges(
    cycle_id: Annotated[Slug, Path()],
    caller: ReaderNow,
    page: Annotated[Page, by(supplier_id=str, item_id=str)],
    door: DoorNow,
    supplier_id: Annotated[Slug | None, Query()] = None,
) -> NudgeList:
    """Items of which the group would get more for less, while it may still order them. One answer
    looks at 2,000 items, so that a page may hold few or none, and a cycle of more items has no
    totals; `next` leads on to the others."""
    async with page.reading("cycles") as db:
        await _state(db, caller, cycle_id)
        rows, whole = [
            await views.totals(
                db,
                caller.network_id,
                cycle_id,
                part=replace(part, most=SCANNED + 1),
                supplier_id=supplier_id,
            )
            for part in (page.part, Part(("", ""), 0))
        ]
    cycle, prices, ended = await _prices(door, caller, cycle_id, [*rows, *whole])

    def show(row: Row) -> dict[str, Any] | None:
        item = row["supplier_id"], row["item_id"]
        if item in ended:
            return None
        price = prices[item]
        nudged = nudge(price, reached(price, row["quantity"], row["tolerance"]).quantity)
        return nudged and {**dict(row), **nudged._asdict()}

    if cycle.prices != "listed" or cycle.closed or cycle.cancelled:
        rows, whole = [], []
    totals = None if len(whole) > SCANNED else _sum_up(filter(None, map(show, whole)))
    return page.answer(NudgeList, rows, show=show, looked_at=SCANNED, totals=totals)


def _sum_up(nudges: Iterable[Mapping[str, Any]]) -> NudgeTotals:
    found = list(nudges)
    return NudgeTotals(
        rows=len(found),
        amount_idr=sum(each["amount_idr"] for each in found),
        less_idr=sum(each["less_idr"] for each in found),
    )


async def _state(db: Connection, caller: Caller, cycle_id: str) -> str:
    row = await life_views.cycle(db, caller.network_id, cycle_id)
    if row is None:
        raise NoSuchCycle(f"there is no cycle {cycle_id}")
    return str(row["state"])


async def _prices(
    door: Door, caller: Caller, cycle_id: str, rows: list[Row]
) -> tuple[Cycle, dict[tuple[str, str], Price], set[tuple[str, str]]]:
    """The cycle, and the terms of the items of these rows where it takes them from lists; last
    the items that are not offered any more."""
    items = list(dict.fromkeys((row["supplier_id"], row["item_id"]) for row in rows))
    about = CYCLE.about(cycle_id)
    log = door.log(caller.network_id)
    terms = [each for item in items for each in about_terms(*item)]
    known = await log.know([about, *OF_GROUP, *terms])
    cycle = known[about]
    if cycle.prices != "listed":
        return cycle, {}, set()
    prices = {item: lawful_terms_on(known, *item, cycle) for item in items}
    ended = {item for item in items if not is_offered(known, *item, cycle)}
    return existing(cycle), prices, ended


def _so_far(row: Row, price: Price, cycle: Cycle) -> GroupPriceView:
    so_far = reached(price, row["quantity"], row["tolerance"])
    following = so_far.following
    return GroupPriceView(
        supplier_id=row["supplier_id"],
        item_id=row["item_id"],
        firm=row["quantity"],
        tolerance=row["tolerance"],
        cases=so_far.cases,
        quantity=so_far.quantity,
        price_list=price.price_list_id,
        price_idr=so_far.tier.idr,
        price_per=so_far.tier.per,
        provisional=not cycle.closed,
        next_from=following.from_quantity if following else None,
        next_idr=following.idr if following else None,
        next_per=following.per if following else None,
        more=so_far.more,
        above_ceiling=too_dear(price, so_far.quantity or max(row["quantity"], 1)) is not None,
    )


def _ordered(row: Row, price: Price) -> GroupPriceView:
    after = next((tier for tier in price.tiers if tier.from_quantity > row["quantity"]), None)
    return GroupPriceView(
        supplier_id=row["supplier_id"],
        item_id=row["item_id"],
        firm=row["firm"],
        tolerance=row["tolerance"],
        cases=row["cases"],
        quantity=row["quantity"],
        price_list=row["price_list"],
        price_idr=row["price_idr"],
        price_per=row["price_per"],
        provisional=False,
        next_from=after.from_quantity if after else None,
        next_idr=after.idr if after else None,
        next_per=after.per if after else None,
        more=after.from_quantity - row["quantity"] if after else 0,
        above_ceiling=row["reason"] == HET_EXCEEDED,
    )
