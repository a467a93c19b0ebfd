"""Sync up: many commands in one request, each with its own verdict, safe to send again whole."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Request, Response
from pydantic import Field, TypeAdapter, ValidationError
from starlette.responses import StreamingResponse

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api import problems, strict_json
from jaringan_usaha.api.access.admission import admit
from jaringan_usaha.api.access.caller import TRADERS, Caller
from jaringan_usaha.api.access.limits import SYNC
from jaringan_usaha.api.door import Door, door_of
from jaringan_usaha.api.fields import Body, Instant
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_route import must_be
from jaringan_usaha.api.sync.arrivals import Span, gaps_before
from jaringan_usaha.api.sync.unpacking import body_of
from jaringan_usaha.api.sync.verdicts import Inform, Line, parts
from jaringan_usaha.api.validation import errors_of, misfit
from jaringan_usaha.eventlog.answers import Recorded
from jaringan_usaha.eventlog.planning import Task
from jaringan_usaha.eventlog.together import FailedTogether
from jaringan_usaha.kernel.decider import Decider
from jaringan_usaha.kernel.messages import Asked, Command
from jaringan_usaha.kernel.rejections import Rejection

MOST_LINES = 1_000
MOST_LINE = 1 << 20
"""Bytes, as of any body of JSON."""
LONG_LINE = 1 << 15
MOST_TOGETHER = 100
SECONDS = 20.0
FIRST_WAVE = 25
WAVE = 250
"""Lines that are decided together and share their commits: few at first, so that the first verdicts
come soon, then as many as makes the whole fast."""

B = TypeVar("B", bound=Body)


@dataclass(frozen=True)
class SyncType(Generic[B]):
    """One kind of line: how its body is checked and what command it makes.

    `area` is that of which a key must have the `write` scope, if it has any scopes. `inform` may
    tell a refused command what it lacked; with None the refusal stands.
    """

    body: TypeAdapter[B]
    decider: Decider[Any]
    command: Callable[[B, Asked, Caller], Command]
    area: str
    inform: Inform | None = None


Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class LineFrame(Body):
    """What every line has beside its body. `if_version` is the version of the thing that the
    device saw; with it the line is refused when the thing has another one by now.

    `seq` is the running number that the device gave the line, and `client_time` when it did so:
    notes, by which nothing is decided. What they show is told in the verdict.
    """

    op_id: Annotated[str, Field(pattern=asking.KEY.pattern, max_length=128)]
    type: Annotated[str, Field(max_length=64)]
    seq: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    lane: Annotated[str, Field(max_length=64)] | None = None
    client_time: Instant | None = None
    if_version: Version | None = None
    body: dict[str, Any]


@dataclass(frozen=True)
class _Packet:
    """One request: whose lines, in what language they are told, and what is missing before each."""

    door: Door
    caller: Caller
    language: str
    texts: Sequence[bytes]
    gaps: Sequence[Span | None]


_frame = TypeAdapter(LineFrame)


class Sync:
    """Takes requests of up to 1,000 lines, whose kinds the features offer."""

    def __init__(self, types: Mapping[str, SyncType[Any]]) -> None:
        self._types = types

    async def post(self, request: Request) -> Response:
        """Answer 207 with one line per input line, in order, as the verdicts come."""
        door = door_of(request)
        caller = await admit(door, request, SYNC, area="")  # each line has its own
        caller.must_be(TRADERS)
        must_be(request, "application/x-ndjson", "application/json")  # one line is both
        texts = lines_of(await body_of(request))
        verdicts = self._verdicts
        if _atomic(request):
            if len(texts) > MOST_TOGETHER:
                raise Problem(
                    413, "payload-too-large", f"at most {MOST_TOGETHER} lines may stand together"
                )
            verdicts = self._verdicts_together
        language = problems.language_of(request)
        gaps = await gaps_before(door, caller, texts)
        return StreamingResponse(
            verdicts(_Packet(door, caller, language, texts, gaps)),
            207,
            media_type="application/x-ndjson",
            headers={"Content-Language": language, "Vary": "Accept-Language"},
        )

    async def _verdicts(self, packet: _Packet) -> AsyncIterator[bytes]:
        """Each as soon as it is known, and those before it are."""
        failed: set[str] = set()
        stop_at = packet.door.clock.now() + timedelta(seconds=SECONDS)
        for wave in _waves(len(packet.texts)):
            lines = await self._read_all(packet, wave)
            told = 0
            async for _ in _rounds(lines, failed, packet, stop_at):
                known = _known(lines[told:])
                told += len(known)
                for part in parts(known):
                    yield part

    async def _verdicts_together(self, packet: _Packet) -> AsyncIterator[bytes]:
        """All lines are recorded in one append, or none; then one has its own verdict, or several
        that make no sense, and the others say so."""
        lines = await self._read_all(packet, range(len(packet.texts)))
        _refuse_doubles(lines)
        if all(line.verdict is None for line in lines):
            await _handle_together(lines, packet)
        _stop(lines, Problem(424, "previous-line-failed", "lines stand together, and one failed"))
        packet.door.poke(packet.caller.network_id)
        for part in parts(_known(lines)):
            yield part

    async def _read_all(self, packet: _Packet, numbers: range) -> list[Line]:
        """Between long ones others are served."""
        lines = []
        for number in numbers:
            lines.append(self._read(packet, number))
            if len(packet.texts[number]) > LONG_LINE:
                await asyncio.sleep(0)
        return lines

    def _read(self, packet: _Packet, number: int) -> Line:
        """The command of a line, or at once the verdict that it makes no sense."""
        text, line = packet.texts[number], Line(None, packet.language)
        if (gap := packet.gaps[number]) is not None:
            line.noticed["missing_seq"] = {"from": gap[0], "to": gap[1]}
        try:
            line.task = self._task(text, line, packet)
        except (ValidationError, Problem) as error:
            line.op_id = line.op_id or _op_id(text)
            line.stop(error if isinstance(error, Problem) else misfit(errors_of(error)))
        except Rejection as rejection:
            line.answer(rejection)
        return line

    def _task(self, text: bytes, line: Line, packet: _Packet) -> Task:
        """What is to be done for a line, which keeps of it what its verdict needs.

        Raises ValidationError, Problem, Rejection.
        """
        if len(text) > MOST_LINE:
            raise Problem(413, "payload-too-large", "a line is at most 1 MiB long")
        frame, now = _frame.validate_python(strict_json.loads(text)), packet.door.clock.now()
        line.op_id, line.lane = frame.op_id, frame.lane
        if frame.client_time is not None and (skew := asking.skew_ms(frame.client_time, now)):
            line.noticed["clock_skew_ms"] = skew
        kind = self._types.get(frame.type)
        if kind is None:
            raise Problem(422, "validation-failed", "lines of this type are not taken")
        if packet.caller.limited:
            packet.caller.must_have(f"{kind.area}:write")
        body = kind.body.validate_python(frame.body)
        wish = (frame.type, frame.body)
        asked = asking.asked(packet.caller, frame.op_id, now, *wish, seen=frame.if_version)
        line.inform = kind.inform
        return kind.decider, kind.command(body, asked, packet.caller)


def _waves(lines: int) -> Iterator[range]:
    """The numbers of the lines that are decided together."""
    first, size = 0, FIRST_WAVE
    while first < lines:
        yield range(first, min(first + size, lines))
        first, size = first + size, WAVE


async def _rounds(
    lines: Sequence[Line], failed: set[str], packet: _Packet, stop_at: datetime
) -> AsyncIterator[None]:
    """Handle lines without a lane at once, and each lane one by one, until its first failure. Comes
    back whenever verdicts have become known."""
    lanes: dict[str, list[Line]] = {}
    for line in lines:
        if line.lane is not None:
            lanes.setdefault(line.lane, []).append(line)
    now = [line for line in lines if line.lane is None]
    log = packet.door.log(packet.caller.network_id)
    while now or lanes:
        if packet.door.clock.now() > stop_at:
            _stop(lines, _late())
            lanes.clear()
        now += _next_of_each(lanes, failed)
        asked = [line for line in now if line.task is not None]
        answers = await log.handle_each([line.task for line in asked if line.task])
        for line, first in zip(asked, answers, strict=True):
            answer = await _informed(line, first, packet)
            line.answer(answer)
            if line.lane is not None and isinstance(answer, Rejection):
                failed.add(line.lane)
        now = []
        packet.door.poke(packet.caller.network_id)
        yield


def _next_of_each(lanes: dict[str, list[Line]], failed: set[str]) -> list[Line]:
    """The next line of each lane that goes on; the others are stopped, or have their verdict."""
    found = []
    for lane in list(lanes):
        line = lanes[lane].pop(0)
        if line.task is None:
            failed.add(lane)
        elif lane in failed:
            line.stop(Problem(424, "previous-line-failed", "an earlier line of this lane failed"))
        else:
            found.append(line)
        if not lanes[lane]:
            del lanes[lane]
    return found


def _late() -> Problem:
    return Problem(425, "not-processed", "the time of this request is over; send this line again")


def _stop(lines: Sequence[Line], problem: Problem) -> None:
    """Whoever has no verdict yet is told this."""
    for line in lines:
        if line.verdict is None:
            line.stop(problem)


def _known(lines: Sequence[Line]) -> list[bytes]:
    """The verdicts up to the first line that has none yet."""
    return [line.verdict for line in takewhile(lambda line: line.verdict, lines) if line.verdict]


async def _informed(
    line: Line, answer: Recorded | Rejection, packet: _Packet
) -> Recorded | Rejection:
    """The answer; or that to the second try of a command that only lacked knowledge."""
    if line.inform is None or line.task is None or not isinstance(answer, Rejection):
        return answer
    decider, command = line.task
    try:
        informed = await line.inform(packet.door, packet.caller, command, answer)
    except Rejection as rejection:
        return rejection
    if informed is None:
        return answer
    log = packet.door.log(packet.caller.network_id)
    (second,) = await log.handle_each([(decider, informed)])
    return second


async def _handle_together(lines: Sequence[Line], packet: _Packet) -> None:
    """Give every line its verdict when all are recorded, else the one that failed. A line that
    only lacked knowledge is told, once."""
    told: set[int] = set()
    log = packet.door.log(packet.caller.network_id)
    while True:
        tasks = [line.task for line in lines if line.task is not None]
        try:
            answers = await log.handle_together(tasks)
        except Rejection as busy:
            for line in lines:
                line.answer(busy)
            return
        except FailedTogether as failed:
            line, rejection = lines[failed.number], failed.rejection
            if line.inform and line.task and failed.number not in told:
                told.add(failed.number)
                try:
                    informed = await line.inform(
                        packet.door, packet.caller, line.task[1], rejection
                    )
                except Rejection as second:
                    informed, rejection = None, second
                if informed is not None:
                    line.task = (line.task[0], informed)
                    continue
            line.answer(rejection)
            return
        for line, answer in zip(lines, answers, strict=True):
            line.answer(answer)
        return


def _refuse_doubles(lines: Sequence[Line]) -> None:
    """An operation that stands twice in a file whose lines stand together is a mistake."""
    seen: set[str] = set()
    for line in lines:
        if line.op_id in seen and line.verdict is None:
            line.stop(Problem(422, "validation-failed", "name each operation once"))
        if line.op_id is not None:
            seen.add(line.op_id)


def _atomic(request: Request) -> bool:
    """Raises Problem 422."""
    asked = request.query_params.get("atomic", "false")
    if asked not in ("true", "false"):
        raise Problem(422, "validation-failed", "`atomic` is true or false")
    return asked == "true"


def lines_of(body: bytes) -> list[bytes]:
    """The lines that are not empty. Raises Problem 413, 422."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) > MOST_LINES:
        raise Problem(413, "payload-too-large", f"send at most {MOST_LINES} lines at once")
    if not lines:
        raise Problem(422, "validation-failed", "send at least one line")
    return lines


def _op_id(text: bytes) -> str | None:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    op_id = found.get("op_id") if isinstance(found, dict) else None
    return op_id if isinstance(op_id, str) and asking.KEY.fullmatch(op_id) else None
