"""The ledger over HTTP: balances at any position, and the postings behind them."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import AuditorNow, ReaderNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import DoorNow, shown
from jaringan_usaha.api.fields import Day, Slug, SlugOrNone
from jaringan_usaha.api.paging import (
    After,
    ListWithTotals,
    Page,
    by,
)
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import log_queries
from jaringan_usaha.features.margin import books
from jaringan_usaha.features.margin.account_view import (
    AccountView,
    account_views,
)
from jaringan_usaha.features.margin.accounts import CHART
from jaringan_usaha.features.margin.books import About
from jaringan_usaha.features.margin.domain import (
    NoSuchAccount,
    NoSuchPosting,
)

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["ledger"])

SlugOf = Annotated[Slug | None, Query()]
DayFrom = Annotated[Day | None, Query(alias="from", description="posted on this day or later")]
DayTo = Annotated[Day | None, Query(alias="to", description="posted on this day or earlier")]
Position = Annotated[int, Field(ge=0, le=2**53 - 1)]

# -- answers -------------------------------------------------------------------------------


class TrialBalance(BaseModel):
    """All accounts; both sums are equal at every position, on all days, for everybody."""

    accounts: list[AccountView] = Field(max_length=1_000)
    debit_idr: int
    credit_idr: int
    at: int = Field(description="the position that is shown")
    as_of: int
    stale: bool


class PostingView(BaseModel):
    """An amount that moved from the credited account to the debited one at a position.

    It counts on `posted_on`: the document's own day, or the first open day when that month was
    closed already.
    """

    position: int
    line_no: int
    event: str
    posted_on: date
    document_on: date
    cycle_id: SlugOrNone
    supplier_id: SlugOrNone
    koperasi_id: SlugOrNone
    debit_account: str
    debit_party: str
    credit_account: str
    credit_party: str
    amount_idr: int


class PostingTotals(BaseModel):
    """Of all postings asked for: both sides of them, or what they moved on the account named."""

    debit_idr: int
    credit_idr: int


class PostingList(ListWithTotals[PostingView, PostingTotals]):
    """A page of the journal."""


class EventView(BaseModel):
    """A fact of the log, as it is stored."""

    position: int
    name: str
    asked_by: str
    received_at: datetime
    recorded_at: datetime
    body: dict[str, Any]


class PostedEvent(BaseModel):
    """One event and all that it moved."""

    event: EventView
    postings: list[PostingView] = Field(max_length=100_000)
    amount_idr: int
    as_of: int
    stale: bool


async def _with_events(
    db: Connection, network_id: int, rows: Sequence[Row]
) -> list[dict[str, Any]]:
    """The postings, each with the kind of event that it comes from."""
    events = await books.events_at(db, network_id, sorted({row["position"] for row in rows}))
    return [{**dict(row), "event": events[row["position"]]} for row in rows]


# -- what is asked about -------------------------------------------------------------------


def _about(
    koperasi_id: str | None,
    supplier_id: str | None,
    cycle_id: str | None,
    days: tuple[date | None, date | None],
    *,
    account: str | None = None,
    party: str | None = None,
) -> About:
    """Raises Problem 422 for what only the whole journal could answer."""
    about = About(
        koperasi_id=koperasi_id,
        supplier_id=supplier_id,
        cycle_id=cycle_id,
        account=account,
        party=party,
        from_on=days[0] or books.FIRST_DAY,
        to_on=days[1] or books.LAST_DAY,
    )
    if about.several and cycle_id is None and not about.dated:
        detail = "for several of koperasi, supplier and party at once, name a cycle or days as well"
        error = {"pointer": "/cycle_id", "code": "missing", "detail": detail}
        raise Problem(422, "validation-failed", detail, errors=[error])
    return about


async def _journal(caller: Caller, about: About, page: Page) -> PostingList:
    async with page.reading("margin", as_one=True) as db:
        rows = await books.postings(db, caller.network_id, about, part=page.part)
        found = await _with_events(db, caller.network_id, rows)
        sums = account_views(await books.balances(db, caller.network_id, about, None))
    totals = PostingTotals(
        debit_idr=sum(each.debit_idr for each in sums),
        credit_idr=sum(each.credit_idr for each in sums),
    )
    return page.answer(PostingList, found, totals=totals)


# -- questions -----------------------------------------------------------------------------


@router.get("/trial-balance", operation_id="getTrialBalance")
async def get_trial_balance(
    caller: AuditorNow,
    door: DoorNow,
    at: Annotated[Position | None, Query(description="a position of the log; the last")] = None,
    koperasi_id: SlugOf = None,
    supplier_id: SlugOf = None,
    cycle_id: SlugOf = None,
    from_on: DayFrom = None,
    to_on: DayTo = None,
    after: After = 0,
) -> TrialBalance:
    """Debit and credit of every account: all that was ever moved up to a position, or what was
    moved on some days; of everybody, or of one koperasi, supplier or cycle."""
    about = _about(koperasi_id, supplier_id, cycle_id, (from_on, to_on))
    async with door.reading(caller, after, isolation="repeatable read") as db:
        as_of = await shown(db, caller.network_id, "margin")
        if at is not None and at >= as_of["as_of"]:
            at = None
        accounts = account_views(await books.balances(db, caller.network_id, about, at))
    return TrialBalance(
        accounts=accounts,
        debit_idr=sum(each.debit_idr for each in accounts),
        credit_idr=sum(each.credit_idr for each in accounts),
        at=as_of["as_of"] if at is None else at,
        **as_of,
    )


@router.get("/postings", operation_id="listPostings")
async def list_postings(
    caller: AuditorNow,
    page: Annotated[Page, by(position=int, line_no=int)],
    koperasi_id: SlugOf = None,
    supplier_id: SlugOf = None,
    cycle_id: SlugOf = None,
    from_on: DayFrom = None,
    to_on: DayTo = None,
) -> PostingList:
    """The journal in order of the log."""
    about = _about(koperasi_id, supplier_id, cycle_id, (from_on, to_on))
    return await _journal(caller, about, page)


@router.get("/accounts/{account}/postings", operation_id="listAccountPostings")
async def list_account_postings(
    account: Annotated[
        str, Path(pattern=r"^[0-9]{4}$", examples=["1310"], description="number of the account")
    ],
    caller: ReaderNow,
    page: Annotated[Page, by(position=int, line_no=int)],
    party: Annotated[
        Slug | None, Query(description="whose account it is: a koperasi, supplier, payee or host")
    ] = None,
    koperasi_id: SlugOf = None,
    supplier_id: SlugOf = None,
    cycle_id: SlugOf = None,
    from_on: DayFrom = None,
    to_on: DayTo = None,
) -> PostingList:
    """What stands behind a balance, each with the event it comes from. `party` is whose account
    it is. A koperasi sees what is about itself only."""
    if account not in CHART:
        raise NoSuchAccount(f"there is no account {account}", accounts=sorted(CHART))
    if koperasi_id is not None:
        caller.must_speak_for(koperasi_id)
    koperasi_id = koperasi_id or caller.koperasi_id
    match CHART[account].party:
        case "koperasi" if koperasi_id is None:
            koperasi_id, party = party, None
        case "supplier" if supplier_id is None:
            supplier_id, party = party, None
        case "consortium":
            party = None
    days = (from_on, to_on)
    about = _about(koperasi_id, supplier_id, cycle_id, days, account=account, party=party)
    return await _journal(caller, about, page)


@router.get("/postings/{position}", operation_id="getPostedEvent")
async def get_posted_event(
    position: Annotated[Position, Path(description="of the event, as postings name it")],
    caller: AuditorNow,
    door: DoorNow,
    after: After = 0,
) -> PostedEvent:
    """One event of the log, and all that it moved."""
    async with door.reading(caller, after, isolation="repeatable read") as db:
        fact = await db.fetchrow(log_queries.event_at, caller.network_id, position)
        rows = await books.postings_of(db, caller.network_id, position)
        found = await _with_events(db, caller.network_id, rows)
        views = [PostingView(**row) for row in found]
        as_of = await shown(db, caller.network_id, "margin")
    if fact is None or not views:
        raise NoSuchPosting(f"nothing was posted at position {position}")
    return PostedEvent(
        event=EventView(
            position=position,
            name=f"{fact['name']}.{fact['schema_no']}",
            asked_by=fact["asked_by"],
            received_at=fact["received_at"],
            recorded_at=fact["recorded_at"],
            body=json.loads(fact["body"]),
        ),
        postings=views,
        amount_idr=sum(each.amount_idr for each in views),
        **as_of,
    )
