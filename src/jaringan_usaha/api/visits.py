"""All requests of this process: which are open, and how many are worked on at once."""

import asyncio
import logging
import time
from dataclasses import dataclass, field

from starlette.types import Scope

from jaringan_usaha.api.problems import Problem

access = logging.getLogger("jaringan_usaha.access")

MOST_SECONDS = 30.0
SLOW_SECONDS = 10.0
SLOW_BYTES = 1 << 10
"""A body of which fewer bytes than this come in each ten seconds is not waited for."""

CROWDED_SECONDS = 10.0
CROWDED_PART = 4

ALWAYS_OPEN = frozenset(("/healthz", "/readyz"))

FULL = Problem(
    503,
    "busy",
    "too many requests at once; send this one again shortly",
    headers={"Retry-After": "1"},
)


@dataclass(eq=False, slots=True)
class Visit:
    """A request on its way: since when, how much of its body came, and how it was ended."""

    task: asyncio.Task[object]
    since: float
    looked_at: float
    working: bool
    bytes: int = 0
    bytes_then: int = 0
    body_is_here: bool = False
    answering: bool = False
    status: int = 500
    ended: Problem | None = None


@dataclass(eq=False, slots=True)
class Visits:
    """All requests of this process, looked through once a second; `working` are those that hold
    one of the places, which who waits for the rest of a body does not."""

    most_at_once: int
    open: set[Visit] = field(default_factory=set)
    working: int = 0
    refused: int = 0
    """Since the log last told of it."""
    looking: asyncio.Task[None] | None = None
    crowded_until: float = 0.0

    def lets_in(self, scope: Scope) -> bool:
        """Whether there is a place for a request that begins; it then has it. A burst finds all
        places. When more come than can be worked on, a part is given for some seconds, so that
        those let in are served as quickly as ever; then all again, lest it stay so without need."""
        now = time.monotonic()
        crowded = now < self.crowded_until
        places = -(-self.most_at_once // CROWDED_PART) if crowded else self.most_at_once
        if self.working >= places and scope["path"] not in ALWAYS_OPEN:
            self.refused += 1
            if not crowded:
                self.crowded_until = now + CROWDED_SECONDS
            return False
        self.working += 1
        scope["has_a_place"] = True
        return True

    def enter(self, scope: Scope) -> Visit:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        now = loop.time()
        visit = Visit(task, now, now, working="has_a_place" in scope)
        self.open.add(visit)
        if self.looking is None or self.looking.done():
            self.looking = loop.create_task(self._look())
        return visit

    def begin_work(self, visit: Visit) -> None:
        if not visit.working:
            visit.working = True
            self.working += 1

    def end_work(self, visit: Visit) -> None:
        if visit.working:
            visit.working = False
            self.working -= 1

    def leave(self, visit: Visit) -> None:
        self.end_work(visit)
        self.open.discard(visit)

    async def _look(self) -> None:
        while self.open:
            await asyncio.sleep(1)
            now = asyncio.get_running_loop().time()
            for visit in list(self.open):
                _look_at(visit, now)
            if self.refused:  # told together: what is refused at once must cost next to nothing
                access.info("", extra={"status": FULL.status, "requests": self.refused})
                self.refused = 0


def _look_at(visit: Visit, now: float) -> None:
    if visit.answering or visit.ended is not None:
        return
    if not visit.body_is_here and now - visit.looked_at >= SLOW_SECONDS:
        if visit.bytes - visit.bytes_then < SLOW_BYTES:
            visit.ended = Problem(
                408, "request-timeout", "the body came too slowly; send this request again"
            )
        visit.looked_at, visit.bytes_then = now, visit.bytes
    if now - visit.since >= MOST_SECONDS and visit.ended is None:
        visit.ended = Problem(
            503,
            "busy",
            "this took too long; send the same request again to learn its outcome",
            headers={"Retry-After": "1"},
        )
    if visit.ended is not None:
        visit.task.cancel()
