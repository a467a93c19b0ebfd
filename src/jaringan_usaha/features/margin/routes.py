"""The ledger over HTTP: what each koperasi paid and saved, and whether the books balance."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from jaringan_usaha.api.door import CallerNow, DoorNow, OperatorNow, shown
from jaringan_usaha.api.fields import Slug
from jaringan_usaha.api.paging import After, Cursor, Limit, ListOf, cursor, key_after, page_of
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.margin import views
from jaringan_usaha.features.margin.accounts import CHART

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["margin"])


class MarginView(BaseModel):
    """One koperasi in one cycle, in whole rupiah."""

    koperasi_id: str
    cycle_id: str
    amount_idr: int = Field(description="its share of the consolidated orders")
    alone_idr: int = Field(description="what it had paid without the group")
    saving_idr: int = Field(description="alone_idr − amount_idr")


class AccountView(BaseModel):
    account: str
    title: str
    debit_idr: int
    credit_idr: int


class TrialBalance(BaseModel):
    """All accounts; both sums are equal at every position."""

    accounts: list[AccountView] = Field(max_length=1_000)
    debit_idr: int
    credit_idr: int
    as_of: int
    stale: bool


class PostingView(BaseModel):
    """An amount that moved from the credited account to the debited one at a position."""

    position: int
    line_no: int
    cycle_id: str
    debit_account: str
    debit_party: str
    credit_account: str
    credit_party: str
    amount_idr: int


@router.get("/margin", operation_id="listMargins")
async def list_margins(
    caller: CallerNow,
    door: DoorNow,
    koperasi_id: Annotated[Slug | None, Query()] = None,
    cycle_id: Annotated[Slug | None, Query()] = None,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Limit = 50,
    after: After = 0,
) -> ListOf[MarginView]:
    """What koperasi paid and saved; a koperasi sees its own rows only."""
    if koperasi_id is not None:
        caller.must_speak_for(koperasi_id)
    key = key_after(cursor_, "", "")
    async with door.reading(caller, after) as db:
        rows = await views.margins(
            db,
            caller.network_id,
            after=key,
            koperasi_id=koperasi_id or caller.koperasi_id,
            cycle_id=cycle_id,
            limit=limit,
        )
        as_of = await shown(db, caller.network_id, "margin")
    return ListOf[MarginView](
        items=[
            MarginView(**dict(row), saving_idr=row["alone_idr"] - row["amount_idr"]) for row in rows
        ],
        next=cursor(rows[-1]["koperasi_id"], rows[-1]["cycle_id"]) if len(rows) == limit else None,
        **as_of,
    )


@router.get("/trial-balance", operation_id="getTrialBalance")
async def get_trial_balance(caller: OperatorNow, door: DoorNow, after: After = 0) -> TrialBalance:
    """Debit and credit of every account of the network."""
    async with door.reading(caller, after) as db:
        rows = await views.trial_balance(db, caller.network_id)
        as_of = await shown(db, caller.network_id, "margin")
    return TrialBalance(
        accounts=[AccountView(title=CHART[row["account"]].title, **dict(row)) for row in rows],
        debit_idr=sum(row["debit_idr"] for row in rows),
        credit_idr=sum(row["credit_idr"] for row in rows),
        **as_of,
    )


@router.get("/postings", operation_id="listPostings")
async def list_postings(
    caller: OperatorNow,
    door: DoorNow,
    cursor_: Annotated[Cursor, Query(alias="cursor")] = "",
    limit: Limit = 50,
    after: After = 0,
) -> ListOf[PostingView]:
    """The journal in order of the log."""
    key = key_after(cursor_, 0, 0)
    async with door.reading(caller, after) as db:
        rows = await views.postings(db, caller.network_id, after=key, limit=limit)
        as_of = await shown(db, caller.network_id, "margin")
    return page_of(PostingView, rows, limit, ("position", "line_no"), as_of)
