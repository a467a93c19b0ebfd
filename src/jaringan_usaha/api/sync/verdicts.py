"""Lines of a sync, and what each is told."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from jaringan_usaha.api import problems
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import Door
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.eventlog.answers import Recorded
from jaringan_usaha.eventlog.planning import Task
from jaringan_usaha.kernel.messages import Command
from jaringan_usaha.kernel.rejections import Rejection

PACKET = 1_400
"""Bytes that travel in one packet, so that nobody has the first of them before the last."""

_encode = msgspec.json.Encoder().encode

Inform = Callable[[Door, Caller, Any, Rejection], Awaitable[Command | None]]


@dataclass
class Line:
    """One line on its way: what it asks for, and its verdict as soon as there is one."""

    op_id: str | None
    language: str
    lane: str | None = None
    task: Task | None = None
    inform: Inform | None = None
    noticed: dict[str, object] = field(default_factory=dict)
    """What its verdict tells beside, whatever it is."""
    verdict: bytes | None = None

    def answer(self, answer: Recorded | Rejection) -> None:
        """What the log said."""
        if isinstance(answer, Rejection):
            self.stop(problems.from_rejection(answer), answer.facts)
            return
        body = {"position": answer.position, "version": answer.version}
        self._tell(status=201, body=body, replayed=answer.replayed)

    def stop(self, problem: Problem, facts: Mapping[str, object] | None = None) -> None:
        """It is not recorded, and this is why."""
        self.task = None
        told = problems.members(problem, facts or {}, self.language)
        self._tell(status=problem.status, problem=told, replayed=False)

    def _tell(self, **told: object) -> None:
        self.verdict = _encode({"op_id": self.op_id, **told, **self.noticed}) + b"\n"


def parts(verdicts: Iterable[bytes]) -> Iterator[bytes]:
    """Verdicts that are known at the same time, as they are sent: by the packet, so that who is cut
    off has those before the cut, and they pack well."""
    part = b""
    for verdict in verdicts:
        if part and len(part) + len(verdict) > PACKET:
            yield part
            part = b""
        part += verdict
    if part:
        yield part
