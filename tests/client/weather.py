"""A bad line between a till and a service: what becomes of each request is decided in advance."""

import gzip
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from unittest.mock import patch

import httpx2
import msgspec

from jaringan_usaha.api.sync import up as sync
from jaringan_usaha.client.outbox import Verdict

_numbers = itertools.count()


class Fate(Enum):
    """What becomes of one request."""

    FINE = "request and answer arrive"
    LOST = "the request is lost"
    UNANSWERED = "the request arrives, the answer is lost"
    TWICE = "the request arrives twice"
    LATE = "the request stays under way, and arrives much later"
    TORN = "the packed request breaks off"
    TORN_LINE = "something on the way unpacks the request, and it breaks off inside a line"
    CUT = "the answer breaks off inside a line"
    CUT_SHORT = "the answer ends inside a line, as if that were its end"
    BUSY = "something on the way answers that it is busy"
    OUT_OF_TIME = "the service's time is over when half of the lines are done"
    DEAD_BEFORE = "the till's battery is pulled when the request goes out, and it is lost"
    DEAD_AFTER = "the till's battery is pulled when the request has arrived"


NOT_DELIVERED = {Fate.LOST, Fate.BUSY, Fate.LATE, Fate.DEAD_BEFORE}


class PowerCut(BaseException):
    """The till is dead: no code of it runs any more."""


@dataclass(frozen=True)
class Delivery:
    """One line that reached the service, and what that said at what time. `number`: of all
    lines of all tills."""

    number: int
    line: dict[str, Any]
    verdict: Verdict
    at: datetime


class Weather(httpx2.AsyncBaseTransport):
    """The line of one till. `fates` come in order; then everything arrives, or nothing."""

    def __init__(self, service: httpx2.AsyncBaseTransport, now: Callable[[], datetime]) -> None:
        self._service = service
        self._now = now
        self.fates: list[Fate] = []
        self.then = Fate.FINE
        self.late: list[httpx2.Request] = []
        self.deliveries: list[Delivery] = []
        self.packets: list[bytes] = []
        self.dies: Callable[[], None] = lambda: None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        fate = self.fates.pop(0) if self.fates else self.then
        await request.aread()
        if request.method == "POST":
            self.packets.append(request.content)
        if fate in NOT_DELIVERED:
            return self._swallowed(request, fate)
        if fate is Fate.OUT_OF_TIME and request.method == "POST":
            return await self._deliver_half(request)
        if fate is Fate.TORN:
            return await self._deliver(request, request.content[: len(request.content) // 2])
        if fate is Fate.TORN_LINE:
            lines = gzip.decompress(request.content) if request.content else b""
            return await self._deliver(request, lines[: len(lines) * 2 // 3])
        response = await self._deliver(request)
        if fate is Fate.TWICE:
            response = await self._deliver(request)
        return self._returned(response, fate)

    def _swallowed(self, request: httpx2.Request, fate: Fate) -> httpx2.Response:
        """What the till is told when the service is not reached."""
        if fate is Fate.BUSY:
            return httpx2.Response(503, headers={"Retry-After": "7"}, text="busy")
        if fate is Fate.LATE:
            self.late.append(request)
            raise httpx2.ReadTimeout("late")
        if fate is Fate.DEAD_BEFORE:
            self.dies()
            raise PowerCut
        raise httpx2.ConnectError("lost")

    def _returned(self, response: httpx2.Response, fate: Fate) -> httpx2.Response:
        """As much of the answer as reaches the till."""
        if fate is Fate.DEAD_AFTER:
            self.dies()
            raise PowerCut
        if fate is Fate.UNANSWERED:
            raise httpx2.ReadTimeout("unanswered")
        if fate in (Fate.CUT, Fate.CUT_SHORT):
            part = response.content[: len(response.content) * 2 // 3]
            return httpx2.Response(response.status_code, stream=Cut(part, fate is Fate.CUT))
        return response

    @staticmethod
    def lines_of(packet: bytes) -> list[bytes]:
        return gzip.decompress(packet).splitlines()

    async def arrive(self, number: int) -> None:
        """One of the late requests reaches the service; nobody waits for the answer."""
        await self._deliver(self.late.pop(number))

    async def _deliver_half(self, request: httpx2.Request) -> httpx2.Response:
        """What a service answers that gets no further than half of the lines."""
        lines = gzip.decompress(request.content).splitlines(keepends=True)
        half = len(lines) // 2
        done = await self._deliver(request, b"".join(lines[:half])) if half else None
        with patch.object(sync, "SECONDS", -1.0):
            rest = await self._deliver(request, b"".join(lines[half:]))
        content = (done.content if done else b"") + rest.content
        return httpx2.Response(rest.status_code, content=content)

    async def _deliver(
        self, request: httpx2.Request, content: bytes | None = None
    ) -> httpx2.Response:
        """What the service answers to a copy of the request, or to as much of it as arrives."""
        content = request.content if content is None else content
        headers = [(name, value) for name, value in request.headers.raw if name in KEPT]
        if not content.startswith(b"\x1f\x8b"):
            headers = [each for each in headers if each[0] != b"Content-Encoding"]
        at = self._now()
        copy = httpx2.Request(request.method, request.url, headers=headers, content=content)
        response = await self._service.handle_async_request(copy)
        await response.aread()
        if response.status_code == 207:
            self._note(content, response.content, at)
        return httpx2.Response(
            response.status_code, headers=response.headers, content=response.content
        )

    def _note(self, packet: bytes, answer: bytes, at: datetime) -> None:
        lines = gzip.decompress(packet) if packet.startswith(b"\x1f\x8b") else packet
        verdicts = msgspec.json.Decoder(Verdict).decode_lines(answer)
        for text, verdict in zip(lines.splitlines(), verdicts, strict=True):
            if verdict.op_id is not None:
                self.deliveries.append(
                    Delivery(next(_numbers), msgspec.json.decode(text), verdict, at)
                )


KEPT = {
    b"Accept-Language",
    b"Authorization",
    b"Content-Type",
    b"Content-Encoding",
    b"JU-Client-Time",
}


@dataclass
class Cut(httpx2.AsyncByteStream):
    """A body that ends too early, with an error or without."""

    part: bytes
    fails: bool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.part
        if self.fails:
            raise httpx2.ReadError("cut")
