"""Sync up: many commands in one request, each with its own verdict, safe to send again whole."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Request, Response
from pydantic import Field, TypeAdapter, ValidationError
from starlette.responses import StreamingResponse

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api import problems, strict_json
from jaringan_usaha.api.access import TRADERS, Caller
from jaringan_usaha.api.callers import admit
from jaringan_usaha.api.door import Door, door_of
from jaringan_usaha.api.fields import Body, Instant
from jaringan_usaha.api.limits import SYNC
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_route import must_be
from jaringan_usaha.api.unpacking import body_of
from jaringan_usaha.api.validation import errors_of, misfit
from jaringan_usaha.eventlog.answers import Recorded
from jaringan_usaha.eventlog.planning import Task
from jaringan_usaha.eventlog.together import FailedTogether
from jaringan_usaha.kernel.decider import Decider
from jaringan_usaha.kernel.messages import Asked, Command
from jaringan_usaha.kernel.rejections import Rejection

MOST_LINES = 1_000
MOST_TOGETHER = 100
SECONDS = 20.0
CHUNK = 250  # lines whose verdicts are sent together

B = TypeVar("B", bound=Body)
_encode = msgspec.json.Encoder().encode


Inform = Callable[[Door, Caller, Any, Rejection], Awaitable[Command | None]]


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
    device saw; with it the line is refused when the thing has another one by now."""

    op_id: Annotated[str, Field(pattern=asking.KEY.pattern, max_length=128)]
    type: Annotated[str, Field(max_length=64)]
    seq: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    lane: Annotated[str, Field(max_length=64)] | None = None
    client_time: Instant | None = None
    if_version: Version | None = None
    body: dict[str, Any]


@dataclass
class Line:
    """One line on its way: its frame, and its verdict as soon as there is one."""

    op_id: str | None
    lane: str | None
    task: Task | None
    verdict: bytes | None
    inform: Inform | None = None


_frame = TypeAdapter(LineFrame)


class Sync:
    """Takes requests of up to 1,000 lines, whose kinds the features offer."""

    def __init__(self, types: Mapping[str, SyncType[Any]]) -> None:
        self._types = types

    async def post(self, request: Request) -> Response:
        """Answer 207 with one line per input line, in order, as the verdicts come."""
        request.scope["template"] = "/v1/sync"
        door = door_of(request)
        caller = await admit(door, request, SYNC, area="")  # each line has its own
        caller.must_be(TRADERS)
        must_be(request, "application/x-ndjson", "application/json")  # one line is both
        lines = lines_of(await body_of(request))
        english = problems.language_of(request)
        verdicts = self._verdicts
        if _atomic(request):
            if len(lines) > MOST_TOGETHER:
                raise Problem(
                    413, "payload-too-large", f"at most {MOST_TOGETHER} lines may stand together"
                )
            verdicts = self._verdicts_together
        return StreamingResponse(
            verdicts(door, caller, lines, english),
            207,
            media_type="application/x-ndjson",
            headers={"Content-Language": english, "Vary": "Accept-Language"},
        )

    async def _verdicts(
        self, door: Door, caller: Caller, texts: Sequence[bytes], language: str
    ) -> AsyncIterator[bytes]:
        failed: set[str] = set()
        stop_at = door.clock.now().timestamp() + SECONDS
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            if door.clock.now().timestamp() > stop_at:
                yield b"".join(_verdict(_op_id(text), _late(), language) for text in chunk)
                continue
            lines = [self._read(text, caller, door, language) for text in chunk]
            await self._handle(lines, failed, caller, door, language)
            yield b"".join([line.verdict or b"" for line in lines])

    async def _verdicts_together(
        self, door: Door, caller: Caller, texts: Sequence[bytes], language: str
    ) -> AsyncIterator[bytes]:
        """All lines are recorded in one append, or none; then one has its own verdict, or several
        that make no sense, and the others say so."""
        lines = [self._read(text, caller, door, language) for text in texts]
        _refuse_doubles(lines, language)
        if all(line.verdict is None for line in lines):
            await _handle_together(lines, caller, door, language)
        stopped = Problem(424, "previous-line-failed", "lines stand together, and one failed")
        for line in lines:
            yield line.verdict or _verdict(line.op_id, stopped, language)
        door.poke(caller.network_id)

    def _read(self, text: bytes, caller: Caller, door: Door, language: str) -> Line:
        """The command of a line, or at once the verdict that it makes no sense."""
        op_id: str | None = None
        lane: str | None = None
        try:
            raw = strict_json.loads(text)
            frame = _frame.validate_python(raw)
            op_id, lane = frame.op_id, frame.lane
            kind = self._types.get(frame.type)
            if kind is None:
                problem = Problem(422, "validation-failed", "lines of this type are not taken")
                return Line(op_id, lane, None, _verdict(op_id, problem, language))
            if caller.limited:
                caller.must_have(f"{kind.area}:write")
            body = kind.body.validate_python(frame.body)
            now = door.clock.now()
            wish = (frame.type, frame.body)
            asked = asking.asked(caller, op_id, now, *wish, seen=frame.if_version)
            task = (kind.decider, kind.command(body, asked, caller))
            return Line(op_id, lane, task, None, kind.inform)
        except ValidationError as error:
            problem = misfit(errors_of(error))
        except Problem as found:
            problem = found
        except Rejection as rejection:
            return Line(op_id, lane, None, _refused(op_id, rejection, language))
        return Line(op_id or _op_id(text), lane, None, _verdict(op_id, problem, language))

    async def _handle(
        self, lines: list[Line], failed: set[str], caller: Caller, door: Door, language: str
    ) -> None:
        """Lines without a lane at once; each lane one by one, until its first failure."""
        lanes: dict[str, list[Line]] = {}
        now = []
        for line in lines:
            if line.lane is None:
                now.append(line)
            else:
                lanes.setdefault(line.lane, []).append(line)
        log = door.log(caller.network_id)
        while now or lanes:
            for lane in list(lanes):
                line = lanes[lane].pop(0)
                if lane in failed:
                    line.task = None
                    line.verdict = _verdict(line.op_id, _after_failure(), language)
                elif line.task is None:
                    failed.add(lane)
                else:
                    now.append(line)
                if not lanes[lane]:
                    del lanes[lane]
            asked = [line for line in now if line.task is not None]
            answers = await log.handle_each([line.task for line in asked if line.task])
            for line, first in zip(asked, answers, strict=True):
                answer = await _informed(line, first, caller, door)
                line.verdict = _answered(line.op_id, answer, language)
                if line.lane is not None and isinstance(answer, Rejection):
                    failed.add(line.lane)
            now = []
        door.poke(caller.network_id)


async def _informed(
    line: Line, answer: Recorded | Rejection, caller: Caller, door: Door
) -> Recorded | Rejection:
    """The answer; or that to the second try of a command that only lacked knowledge."""
    if line.inform is None or line.task is None or not isinstance(answer, Rejection):
        return answer
    decider, command = line.task
    try:
        informed = await line.inform(door, caller, command, answer)
    except Rejection as rejection:
        return rejection
    if informed is None:
        return answer
    (second,) = await door.log(caller.network_id).handle_each([(decider, informed)])
    return second


async def _handle_together(
    lines: Sequence[Line], caller: Caller, door: Door, language: str
) -> None:
    """Give every line its verdict when all are recorded, else the one that failed. A line that
    only lacked knowledge is told, once."""
    told: set[int] = set()
    while True:
        tasks = [line.task for line in lines if line.task is not None]
        try:
            answers = await door.log(caller.network_id).handle_together(tasks)
        except Rejection as busy:
            for line in lines:
                line.verdict = _refused(line.op_id, busy, language)
            return
        except FailedTogether as failed:
            line, rejection = lines[failed.number], failed.rejection
            if line.inform and line.task and failed.number not in told:
                told.add(failed.number)
                try:
                    informed = await line.inform(door, caller, line.task[1], rejection)
                except Rejection as second:
                    informed, rejection = None, second
                if informed is not None:
                    line.task = (line.task[0], informed)
                    continue
            line.verdict = _refused(line.op_id, rejection, language)
            return
        for line, answer in zip(lines, answers, strict=True):
            line.verdict = _answered(line.op_id, answer, language)
        return


def _refuse_doubles(lines: Sequence[Line], language: str) -> None:
    """An operation that stands twice in a file whose lines stand together is a mistake."""
    seen: set[str] = set()
    for line in lines:
        if line.op_id in seen and line.verdict is None:
            problem = Problem(422, "validation-failed", "name each operation once")
            line.verdict = _verdict(line.op_id, problem, language)
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


def _answered(op_id: str | None, answer: Recorded | Rejection, language: str) -> bytes:
    if isinstance(answer, Rejection):
        return _refused(op_id, answer, language)
    body = {"position": answer.position, "version": answer.version}
    return (
        _encode({"op_id": op_id, "status": 201, "body": body, "replayed": answer.replayed}) + b"\n"
    )


def _refused(op_id: str | None, rejection: Rejection, language: str) -> bytes:
    return _verdict(op_id, problems.from_rejection(rejection), language, rejection.facts)


def _verdict(
    op_id: str | None,
    problem: Problem,
    language: str,
    facts: Mapping[str, object] | None = None,
) -> bytes:
    body = problems.members(problem, facts or {}, language)
    return (
        _encode({"op_id": op_id, "status": problem.status, "problem": body, "replayed": False})
        + b"\n"
    )


def _after_failure() -> Problem:
    return Problem(424, "previous-line-failed", "an earlier line of this lane failed")


def _late() -> Problem:
    return Problem(425, "not-processed", "the time of this request is over; send this line again")
