"""Whose personal data were read, over HTTP: for the day on which it must be told."""

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import AuditorNow
from jaringan_usaha.api.access.keys import ID_LENGTH
from jaringan_usaha.api.paging import ListWithTotals, Page, Rows, by
from jaringan_usaha.api.period import PeriodNow
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.features.contacts import reads
from jaringan_usaha.kernel.calendar import JAKARTA

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["contacts"])


class AffectedView(BaseModel):
    """A person whose values were shown to somebody; the values themselves are not told here."""

    subject_id: str
    koperasi_id: str | None
    supplier_id: str | None
    erased: bool
    fields: list[str] = Field(max_length=8)
    reads: int
    first_at: datetime
    last_at: datetime


class AffectedTotals(Rows):
    reads: int


class AffectedList(ListWithTotals[AffectedView, AffectedTotals]):
    """Persons whose values were read, and how many there are."""


@router.get("/personal-reads", operation_id="listAffectedPersons")
async def list_affected_persons(
    caller: AuditorNow,
    page: Annotated[Page, by(subject_id=str)],
    period: PeriodNow,
    key_id: Annotated[
        str,
        Query(
            pattern=r"^[0-9A-Za-z]*$", max_length=ID_LENGTH, description="read by this key alone"
        ),
    ] = "",
) -> AffectedList:
    """Whose personal data were read in a period, and which: whom a breach has to be told to,
    within 3 × 24 hours (UU 27/2022 art. 46)."""
    since = datetime.combine(period.first, time.min, JAKARTA)
    until = datetime.combine(period.last + timedelta(days=1), time.min, JAKARTA)
    async with page.reading("contacts") as db:
        rows = await reads.affected(
            db,
            caller.network_id,
            since=since,
            until=until,
            key_id=key_id,
            part=page.part,
        )
        totals = await reads.affected_totals(
            db, caller.network_id, since=since, until=until, key_id=key_id
        )
    return page.answer(AffectedList, rows, totals=dict(totals))
