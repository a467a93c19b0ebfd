"""Bills for bringing goods, and what goods came to cost each koperasi, over HTTP."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import AuditorNow, OperatorNow, ReaderNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.commands import AskedByPath, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body, Day, Slug, Title
from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.paging import ListWithTotals, Page, Rows, by
from jaringan_usaha.api.period import Days, within
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.features.invoicing import charge_views as views
from jaringan_usaha.features.invoicing.charges import (
    MOST_MANUAL,
    MOST_WEIGHT,
    BillCharge,
    charges,
)
from jaringan_usaha.features.invoicing.landed_cost import CONSORTIUM
from jaringan_usaha.features.invoicing.routes import Amount, Number
from jaringan_usaha.features.invoicing.totals import of_charges, of_costs
from jaringan_usaha.kernel.ceiling import asked_beyond_idr
from jaringan_usaha.kernel.landed import WHAT_TO_DO, ChargeKey

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["invoicing"])

# -- bodies --------------------------------------------------------------------------------

Weight = Annotated[int, Field(ge=0, le=MOST_WEIGHT)]


class ChargeBody(Body):
    """A bill for freight, insurance or handling, split over the goods of a cycle by a key.

    A corrected bill has the next `bill_no` and the new amount; only the difference is split,
    over the goods that have been shared out by then.
    """

    cycle_id: Slug
    payee: Title
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=32, examples=["freight"])]
    key: ChargeKey
    amount_idr: Amount
    billed_on: Day
    reference: Number
    bill_no: Annotated[int, Field(ge=1, le=1_000)] = 1
    supplier: Annotated[Slug | None, Field(description="only this supplier's goods")] = None
    manual: Annotated[
        dict[Slug, Weight],
        Field(max_length=MOST_MANUAL, description="weights by item", default_factory=dict),
    ]


# -- answers -------------------------------------------------------------------------------


class ChargeView(BaseModel):
    """A charge as its last bill has it, how much of it is shared, and what it waits for."""

    charge_id: str
    cycle_id: str
    supplier: str
    payee: str
    kind: str
    key: str
    bill_no: int
    amount_idr: int
    shared_idr: int
    own_idr: int | None = Field(description="the part of the koperasi asked about")
    billed_on: date
    reference: str
    waits_for: str = Field(description="empty when all of it is shared")
    position: int
    recorded_at: datetime


class ChargeTotals(Rows):
    """The sums of all charges asked for; for one koperasi, of what it bears of them."""

    amount_idr: int
    shared_idr: int


class ChargeList(ListWithTotals[ChargeView, ChargeTotals]):
    """Bills for bringing goods."""


class ChargeLineView(BaseModel):
    """How one bill falls on one item: by what it weighed when the bill was split."""

    bill_no: int
    supplier_id: str
    item_id: str
    units: int
    goods_idr: int
    each: int = Field(description="what a unit (by hand: the line) weighs by the key")
    amount_idr: int
    shared_idr: int


class ChargeLineTotals(Rows):
    amount_idr: int
    shared_idr: int


class ChargeLineList(ListWithTotals[ChargeLineView, ChargeLineTotals]):
    """The lines of one charge."""


class ChargeShareView(BaseModel):
    koperasi_id: str
    amount_idr: int


class ChargeShareTotals(Rows):
    amount_idr: int


class ChargeShareList(ListWithTotals[ChargeShareView, ChargeShareTotals]):
    """What koperasi bear of one charge."""


class CostSums(BaseModel):
    """Whole rupiah. `goods_idr` is what was given at the order's price, `invoiced_idr` so much of
    it as invoices have been costed for; PPN that a PKP credits is no cost. Rebates and deposits
    are accounts of their own."""

    goods_idr: int
    invoiced_idr: int
    variance_idr: int
    freight_idr: int
    fee_idr: int
    ppn_idr: int
    creditable_idr: int
    rebate_idr: int
    own_rebate_idr: int
    deposit_idr: int
    landed_idr: int = Field(description="goods + variance + freight + fee + PPN − creditable")


class CostView(CostSums):
    """What the goods of one item of one supplier came to cost one koperasi in one cycle."""

    cycle_id: str
    supplier_id: str
    item_id: str
    koperasi_id: str = Field(description="`consortium` for what was taken into stock")
    units: int
    invoiced_units: int
    above_ceiling_idr: int = Field(
        description="goods invoiced, variance and fee, beyond what the state lets the consortium "
        "ask of a koperasi for them (rule `het.`, `sell_idr`); freight is no part of that price"
    )


class CostTotals(Rows, CostSums):
    """The sums of all rows."""


class CostList(ListWithTotals[CostView, CostTotals]):
    """What goods came to cost."""


# -- charges -------------------------------------------------------------------------------


@router.put("/charges/{charge_id}", operation_id="billCharge", status_code=201)
async def bill_charge(
    charge_id: Annotated[Slug, Path()],
    body: ChargeBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Record a bill for freight, insurance or handling. It is split as soon as goods of the
    cycle have been shared out; goods that arrive after that bear nothing of it."""
    command = BillCharge(
        asked=asked,
        charge_id=charge_id,
        supplier=body.supplier or "",
        **body.model_dump(exclude={"supplier"}),
    )
    recorded = await door.handle(caller, charges, command)
    return done(response, recorded, f"/v1/charges/{charge_id}/lines")


@router.get("/charges", operation_id="listCharges")
async def list_charges(
    caller: ReaderNow,
    page: Annotated[Page, by(charge_id=str)],
    days: Annotated[Days, within("`billed_on`")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
    koperasi_id: Annotated[Slug | None, Query()] = None,
) -> ChargeList:
    """Charges by id; for a koperasi those that it bears a part of."""
    koperasi = _koperasi(caller, koperasi_id)
    to = Narrowed(cycle_id, supplier_id, days)
    async with page.reading("invoicing") as db:
        rows = await views.charges(db, caller.network_id, to, koperasi_id=koperasi, part=page.part)
        totals = await of_charges(db, caller.network_id, to, koperasi_id=koperasi)
    return page.answer(ChargeList, rows, show=_with_waiting, totals=totals)


def _with_waiting(row: Row) -> dict[str, Any]:
    return {**dict(row), "waits_for": _waits_for(row)}


def _waits_for(row: Row) -> str:
    """Why a charge is not shared yet, in words that say what to do."""
    if row["shared_idr"] == row["amount_idr"]:
        return ""
    if row["weighed"]:
        return "the follower, which shares it by koperasi"
    if not row["goods"]:
        return "goods of this cycle that are accepted and shared out; none are yet"
    key: ChargeKey = row["key"]
    return f"something that weighs by {key}; {WHAT_TO_DO[key]}"


@router.get("/charges/{charge_id}/lines", operation_id="listChargeLines")
async def list_charge_lines(
    charge_id: Annotated[Slug, Path()],
    caller: AuditorNow,
    page: Annotated[Page, by(bill_no=int, supplier_id=str, item_id=str)],
) -> ChargeLineList:
    """How the bills of a charge fall on goods, with what each weighed."""
    async with page.reading("invoicing") as db:
        rows = await views.charge_lines(db, caller.network_id, charge_id, part=page.part)
        totals = await views.charge_line_totals(db, caller.network_id, charge_id)
    return page.answer(ChargeLineList, rows, totals=dict(totals))


@router.get("/charges/{charge_id}/shares", operation_id="listChargeShares")
async def list_charge_shares(
    charge_id: Annotated[Slug, Path()],
    caller: ReaderNow,
    page: Annotated[Page, by(koperasi_id=str)],
) -> ChargeShareList:
    """What each koperasi bears of a charge, all bills together; a koperasi sees its own."""
    async with page.reading("invoicing") as db:
        rows = await views.charge_shares(
            db, caller.network_id, charge_id, part=page.part, koperasi_id=caller.koperasi_id
        )
        totals = await views.charge_share_totals(
            db, caller.network_id, charge_id, koperasi_id=caller.koperasi_id
        )
    return page.answer(ChargeShareList, rows, totals=dict(totals))


# -- costs ---------------------------------------------------------------------------------


@router.get("/costs", operation_id="listCosts")
async def list_costs(
    caller: ReaderNow,
    page: Annotated[Page, by(cycle_id=str, supplier_id=str, item_id=str, koperasi_id=str)],
    days: Annotated[Days, within("the cycle's `closes_at`")],
    cycle_id: Annotated[Slug | None, Query()] = None,
    supplier_id: Annotated[Slug | None, Query()] = None,
    koperasi_id: Annotated[Slug | None, Query()] = None,
) -> CostList:
    """What goods came to cost, with the totals of all rows. Name a cycle, a supplier, a koperasi
    or days; a koperasi sees its own rows only."""
    koperasi = _koperasi(caller, koperasi_id)
    if not (cycle_id or supplier_id or koperasi or days):
        detail = "name a cycle, a supplier, a koperasi or days"
        error = {"pointer": "/cycle_id", "code": "missing", "detail": detail}
        raise Problem(422, "validation-failed", detail, errors=[error])
    to = Narrowed(cycle_id, supplier_id, days)
    async with page.reading("cycles", "invoicing", "registry") as db:
        rows = await views.costs(db, caller.network_id, to, koperasi_id=koperasi, part=page.part)
        totals = await of_costs(db, caller.network_id, to, koperasi_id=koperasi)
        goods = {(row["cycle_id"], row["item_id"]): None for row in rows}
        rules = await views.rules_of_goods(db, caller.network_id, goods) if goods else {}

    def show(row: Row) -> dict[str, Any]:
        values = rules.get((row["cycle_id"], row["item_id"]), {})
        return {**dict(row), "above_ceiling_idr": _above_ceiling(row, values)}

    return page.answer(CostList, rows, show=show, totals=totals)


def _above_ceiling(row: Row, values: Mapping[str, int]) -> int:
    if row["koperasi_id"] == CONSORTIUM:
        return 0
    goods_idr = row["invoiced_idr"] + row["variance_idr"]
    return asked_beyond_idr(values, goods_idr, row["fee_idr"], row["invoiced_units"])


def _koperasi(caller: Caller, named: str | None) -> str | None:
    """Whose rows are asked for: the koperasi named, or the caller's own. Raises NotAllowed."""
    if named is not None:
        caller.must_speak_for(named)
    return named or caller.koperasi_id
