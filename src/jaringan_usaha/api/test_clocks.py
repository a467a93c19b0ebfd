"""The clock of a sandbox, for who tests what is due when: it only goes forward."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from jaringan_usaha.api.access.admission import OperatorNow
from jaringan_usaha.api.access.issuing import queries
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.commands import AskedByKey
from jaringan_usaha.api.door import Door, DoorNow
from jaringan_usaha.api.fields import Body, Instant
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.eventlog.answers import key_reused
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

router = APIRouter(prefix="/v1/test", route_class=StrictRoute, tags=["test clocks"])

THE_CLOCK = "clock"
FURTHEST = timedelta(days=731)

ClockId = Annotated[
    str, Path(min_length=1, max_length=64, pattern=r"^[a-z]+$", description="as `clock_id` has it")
]


class NoSuchClock(Missing):
    code = "not-found"


class ClockGoesForward(Refused):
    code = "clock-goes-forward"


class ClockView(BaseModel):
    """What time it is in the sandbox: for commands, deadlines and what falls due. The log keeps
    the true time at which it recorded."""

    clock_id: str
    now: datetime
    ahead_seconds: int


class ClockList(BaseModel):
    """A sandbox has one clock at most."""

    items: list[ClockView]


class AdvanceBody(Body):
    """To when: not before the clock's time, at most two years from the true one."""

    to: Instant


@router.post("/clocks", operation_id="makeTestClock", status_code=201)
async def make_clock(asked: AskedByKey, caller: OperatorNow, door: DoorNow) -> ClockView:
    """Give the sandbox a clock that can be advanced. It has one; asking again makes no other."""
    _must_be_sandbox(caller.sandbox)
    with answering():
        await door.write_pool.execute(queries.make_clock, caller.network_id, door.clock.now())
    return await _clock(door, caller.network_id)


@router.get("/clocks", operation_id="listTestClocks")
async def list_clocks(caller: OperatorNow, door: DoorNow) -> ClockList:
    """The clock of the sandbox, if it was given one."""
    _must_be_sandbox(caller.sandbox)
    try:
        return ClockList(items=[await _clock(door, caller.network_id)])
    except NoSuchClock:
        return ClockList(items=[])


@router.post("/clocks/{clock_id}/advance", operation_id="advanceTestClock")
async def advance_clock(
    clock_id: ClockId,
    body: AdvanceBody,
    response: Response,
    asked: AskedByKey,
    caller: OperatorNow,
    door: DoorNow,
) -> ClockView:
    """Set the clock forward. Within a second it is later for every command in this sandbox, and
    whatever falls due meanwhile is done."""
    _must_be_sandbox(caller.sandbox)
    if clock_id != THE_CLOCK:
        raise NoSuchClock("there is no such clock")
    await _clock(door, caller.network_id)
    ahead = body.to - door.clock.now()
    if ahead > FURTHEST:
        raise Invalid("a test clock is at most two years ahead")
    with answering():
        done = await door.write_pool.execute(
            queries.advance_clock, caller.network_id, ahead, asked.command_id, asked.print
        )
        if not done.endswith(" 1"):
            row = await door.write_pool.fetchrow(queries.clock, caller.network_id)
            _must_be_again(row, asked)
            response.headers["Idempotent-Replayed"] = "true"
    door.keys.forget(caller.key_id)
    door.poke(caller.network_id)
    return await _clock(door, caller.network_id)


def _must_be_again(row: Row | None, asked: Asked) -> None:
    """Raises KeyReused and ClockGoesForward, unless this very command advanced the clock last."""
    if row is None or row["advanced_by"] != asked.command_id:
        raise ClockGoesForward("a test clock only goes forward")
    if row["advance_print"] != asked.print:
        raise key_reused()


async def _clock(door: Door, network_id: int) -> ClockView:
    """Raises NoSuchClock and Busy."""
    with answering():
        row = await door.write_pool.fetchrow(queries.clock, network_id)
    if row is None:
        raise NoSuchClock("there is no such clock")
    ahead: timedelta = row["ahead"]
    return ClockView(
        clock_id=THE_CLOCK,
        now=door.clock.now() + ahead,
        ahead_seconds=int(ahead.total_seconds()),
    )


def _must_be_sandbox(sandbox: bool) -> None:
    if not sandbox:
        raise NoSuchClock("only a sandbox has test clocks")
