"""Dated rules over HTTP."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import OperatorNow, ReaderNow
from jaringan_usaha.api.commands import AskedByPath, Done, done
from jaringan_usaha.api.door import DoorNow
from jaringan_usaha.api.fields import Body
from jaringan_usaha.api.paging import Counted, Page, Rows, by
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.features.registry import views
from jaringan_usaha.features.registry.rules import MOST_VALUES, SetRule, rules
from jaringan_usaha.kernel.money import MOST_IDR

router = APIRouter(prefix="/v1", route_class=StrictRoute)

RuleId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=72,  # a known rule's name and the id of what it is about
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
        examples=["het.minyakita"],
        description="name of the rule, with the id of what it is about after a point",
    ),
]
ValueName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Value = Annotated[int, Field(ge=-MOST_IDR, le=MOST_IDR)]


class RuleBody(Body):
    """What a rule says from the date in the path on. `source`: who decided it."""

    values: Annotated[
        dict[ValueName, Value],
        Field(
            min_length=1,
            max_length=MOST_VALUES,
            examples=[{"minimum_idr": 100_000_000, "target_idr": 5_000_000_000}],
        ),
    ]
    source: Annotated[str, Field(min_length=3, max_length=280, examples=["RAT 2026 no. 4"])]


class RuleView(BaseModel):
    """One setting of a rule; it holds until the next later date that is set."""

    rule_id: str
    version_no: int
    valid_from_on: date
    values: dict[str, int]
    source: str
    position: int
    recorded_at: datetime


@router.put(
    "/rules/{rule_id}/{valid_from_on}", operation_id="setRule", tags=["rules"], status_code=201
)
async def set_rule(
    rule_id: RuleId,
    valid_from_on: Annotated[date, Path(description="a date in Asia/Jakarta")],
    body: RuleBody,
    response: Response,
    asked: AskedByPath,
    caller: OperatorNow,
    door: DoorNow,
) -> Done:
    """Set a dated rule; what was set for a date stays."""
    command = SetRule(
        asked=asked,
        rule_id=rule_id,
        valid_from_on=valid_from_on,
        values=body.values,
        source=body.source,
    )
    return done(response, await door.handle(caller, rules, command), "/v1/rules")


@router.get("/rules", operation_id="listRules", tags=["rules"])
async def list_rules(
    caller: ReaderNow,
    page: Annotated[Page, by(rule_id=str, version_no=int)],
) -> Counted[RuleView]:
    """Every setting of every rule, by rule and number."""
    async with page.reading("registry") as db:
        rows = await views.rules(db, caller.network_id, part=page.part)
        count = await views.rule_count(db, caller.network_id)
    return page.answer(Counted[RuleView], rows, show=_rule_view, totals=Rows(rows=count))


def _rule_view(row: Row) -> RuleView:
    return RuleView(
        rule_id=row["rule_id"],
        version_no=row["version_no"],
        valid_from_on=row["valid_from_on"],
        values=views.values_of(row),
        source=row["source"],
        position=row["position"],
        recorded_at=row["recorded_at"],
    )
