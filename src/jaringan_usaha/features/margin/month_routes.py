"""Closed months over HTTP, and the balances they carry on."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import AuditorNow, OperatorNow
from jaringan_usaha.api.commands import AskedByKey, Done, done
from jaringan_usaha.api.door import DoorNow, shown
from jaringan_usaha.api.paging import After, Counted, Page, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.margin import books
from jaringan_usaha.features.margin.account_view import AccountView, account_views
from jaringan_usaha.features.margin.domain import CloseMonth, LedgerStopped, NoSuchMonth, ledger

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["ledger"])

MonthId = Annotated[
    str,
    Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-11"], description="year, month"),
]

# -- answers -------------------------------------------------------------------------------


class MonthView(BaseModel):
    """A closed month. The sums are there when its balances are carried on."""

    month_id: str
    ends_on: date
    closed_position: int
    closed_at: datetime
    carried_position: int | None
    debit_idr: int | None
    credit_idr: int | None


class MonthBalances(MonthView):
    accounts: list[AccountView] = Field(max_length=1_000)
    as_of: int
    stale: bool


# -- months --------------------------------------------------------------------------------


@router.post("/months/{month}/close", operation_id="closeMonth", status_code=201)
async def close_month(
    month: MonthId, response: Response, asked: AskedByKey, caller: OperatorNow, door: DoorNow
) -> Done:
    """Close a month that is over: what is dated in it but comes later counts on the first day
    after. Its balances are carried on a moment later."""
    async with door.reading(caller, 0) as db:
        as_of = await shown(db, caller.network_id, "margin")
    if as_of["stale"]:
        position = as_of["as_of"]
        raise LedgerStopped(
            f"the ledger stopped after position {position}; repair it, then close the month"
        )
    recorded = await door.handle(caller, ledger, CloseMonth(asked=asked, month_id=month))
    return done(response, recorded, f"/v1/months/{month}")


@router.get("/months", operation_id="listMonths")
async def list_months(
    caller: AuditorNow,
    page: Annotated[Page, by(month_id=str)],
) -> Counted[MonthView]:
    """Closed months in order."""
    async with page.reading("margin") as db:
        rows = await books.months(db, caller.network_id, part=page.part)
        count = await books.month_count(db, caller.network_id)
    return page.answer(Counted[MonthView], rows, totals=Rows(rows=count))


@router.get("/months/{month}", operation_id="getMonth")
async def get_month(
    month: MonthId, caller: AuditorNow, door: DoorNow, after: After = 0
) -> MonthBalances:
    """A closed month with the balances that it carries on."""
    async with door.reading(caller, after, isolation="repeatable read") as db:
        row = await books.month(db, caller.network_id, month)
        balances = await books.month_balances(db, caller.network_id, month)
        as_of = await shown(db, caller.network_id, "margin")
    if row is None:
        raise NoSuchMonth(f"{month} is not closed")
    return MonthBalances(**dict(row), accounts=account_views(balances), **as_of)
