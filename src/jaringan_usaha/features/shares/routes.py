"""Capital that koperasi pledge and pay, over HTTP."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import BoardNow, CallerNow, OperatorNow, ReaderNow
from jaringan_usaha.api.commands import AskedByKey, Done, done
from jaringan_usaha.api.door import DoorNow, shown
from jaringan_usaha.api.fields import Body, Day, Slug
from jaringan_usaha.api.paging import After, ListOf, Page, Rows, by
from jaringan_usaha.api.period import Days, within
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.shares import views
from jaringan_usaha.features.shares.domain import (
    MOST_AMOUNT_IDR,
    CommitShare,
    NoShareAccount,
    PayShare,
    shares,
)

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["shares"])

# -- bodies --------------------------------------------------------------------------------

KoperasiId = Annotated[Slug, Path()]
Amount = Annotated[int, Field(ge=1, le=MOST_AMOUNT_IDR, description="whole rupiah")]


class PledgeBody(Body):
    """A pledge on top of what was pledged before; the first one is at least the minimum."""

    amount_idr: Amount


class PaymentBody(Body):
    """Money received; the same `reference` again is the same payment."""

    amount_idr: Amount
    paid_on: Day
    reference: Annotated[
        str,
        Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z ./:_-]*$"),
    ]


# -- answers -------------------------------------------------------------------------------


class ProgressView(BaseModel):
    """How far the network is from its target. Only what is paid counts; basis points are cut
    off, so that 10000 means reached. Null where no rule is in force."""

    koperasi_count: int = Field(description="koperasi that pledged something")
    pledged_idr: int
    paid_idr: int
    minimum_idr: int | None
    target_idr: int | None
    rule_version_no: int | None
    paid_bp: int | None
    pledged_bp: int | None
    as_of: int
    stale: bool


class ShareAccountView(BaseModel):
    koperasi_id: str
    pledged_idr: int
    paid_idr: int
    outstanding_idr: int
    pledges: int
    payments: int
    position: int
    as_of: int
    stale: bool


class ShareEntryView(BaseModel):
    """A pledge names the rule it was measured by, a payment its day and reference."""

    position: int
    kind: str = Field(description="pledge or payment; more may come")
    entry_no: int
    amount_idr: int
    paid_on: date | None
    reference: str
    rule: str
    rule_version_no: int | None
    recorded_at: datetime


class ShareEntryTotals(Rows):
    pledged_idr: int
    paid_idr: int


class ShareEntryList(ListOf[ShareEntryView]):
    totals: ShareEntryTotals


# -- pledges and payments ------------------------------------------------------------------


@router.post("/koperasi/{koperasi_id}/shares/pledges", operation_id="commitShare", status_code=201)
async def commit_share(
    koperasi_id: KoperasiId,
    body: PledgeBody,
    response: Response,
    asked: AskedByKey,
    caller: CallerNow,
    door: DoorNow,
) -> Done:
    """Pledge capital: a promise, not money."""
    caller.must_speak_for(koperasi_id)
    command = CommitShare(asked=asked, koperasi_id=koperasi_id, amount_idr=body.amount_idr)
    recorded = await door.handle(caller, shares, command)
    return done(response, recorded, f"/v1/koperasi/{koperasi_id}/shares")


@router.post("/koperasi/{koperasi_id}/shares/payments", operation_id="payShare", status_code=201)
async def pay_share(
    koperasi_id: KoperasiId,
    body: PaymentBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Record money that came in; only the operator says so."""
    command = PayShare(asked=asked, koperasi_id=koperasi_id, **body.model_dump())
    recorded = await door.handle(caller, shares, command)
    return done(response, recorded, f"/v1/koperasi/{koperasi_id}/shares")


# -- questions -----------------------------------------------------------------------------


@router.get("/shares", operation_id="getShareProgress")
async def get_share_progress(
    caller: BoardNow,
    door: DoorNow,
    on: Annotated[
        Day | None, Query(description="whose rule is in force, in Asia/Jakarta; today")
    ] = None,
    after: After = 0,
) -> ProgressView:
    """Pledged and paid by all koperasi, against the target in force."""
    day = on or door.today(caller)
    async with door.reading(caller, after) as db:
        progress = await views.progress(db, caller.network_id, on=day)
        as_of = await shown(db, caller.network_id, "shares")
    return ProgressView(
        koperasi_count=progress.koperasi_count,
        pledged_idr=progress.pledged_idr,
        paid_idr=progress.paid_idr,
        minimum_idr=progress.minimum_idr,
        target_idr=progress.target_idr,
        rule_version_no=progress.rule_version_no,
        paid_bp=progress.paid_bp,
        pledged_bp=progress.pledged_bp,
        **as_of,
    )


@router.get("/koperasi/{koperasi_id}/shares", operation_id="getShareAccount")
async def get_share_account(
    koperasi_id: KoperasiId, caller: ReaderNow, door: DoorNow, after: After = 0
) -> ShareAccountView:
    """What one koperasi pledged, paid and still owes."""
    caller.must_speak_for(koperasi_id)
    async with door.reading(caller, after) as db:
        row = await views.account(db, caller.network_id, koperasi_id)
        as_of = await shown(db, caller.network_id, "shares")
    if row is None:
        raise NoShareAccount(f"koperasi {koperasi_id} has pledged nothing yet")
    return ShareAccountView(**dict(row), **as_of)


@router.get("/koperasi/{koperasi_id}/shares/entries", operation_id="listShareEntries")
async def list_share_entries(
    koperasi_id: KoperasiId,
    caller: ReaderNow,
    page: Annotated[Page, by(position=int)],
    days: Annotated[Days, within("`paid_on`, of a pledge `recorded_at`,")],
) -> ShareEntryList:
    """Pledges and payments of one koperasi in the order of the log."""
    caller.must_speak_for(koperasi_id)
    async with page.reading("shares") as db:
        rows = await views.entries(db, caller.network_id, koperasi_id, days=days, part=page.part)
        totals = await views.entry_totals(db, caller.network_id, koperasi_id, days=days)
    return page.answer(ShareEntryList, rows, totals=totals)
