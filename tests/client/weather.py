"""A bad line between a till and a service: what becomes of each request is decided in advance."""

import gzip
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import httpx2
import msgspec

from jaringan_usaha.client.outbox import Verdict


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


@dataclass(frozen=True)
class Delivery:
    """One line that reached the service, and what that said at what time."""

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

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        fate = self.fates.pop(0) if self.fates else self.then
        await request.aread()
        if request.method == "POST":
            self.packets.append(request.content)
        if fate is Fate.LOST:
            raise httpx2.ConnectError("lost")
        if fate is Fate.BUSY:
            return httpx2.Response(503, headers={"Retry-After": "7"}, text="busy")
        if fate is Fate.LATE:
            self.late.append(request)
            raise httpx2.ReadTimeout("late")
        if fate is Fate.TORN:
            return await self._deliver(request, request.content[: len(request.content) // 2])
        if fate is Fate.TORN_LINE:
            lines = gzip.decompress(request.content) if request.content else b""
            return await self._deliver(request, lines[: len(lines) * 2 // 3])
        response = await self._deliver(request)
        if fate is Fate.TWICE:
            response = await self._deliver(request)
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
                self.deliveries.append(Delivery(msgspec.json.decode(text), verdict, at))


KEPT = {b"Authorization", b"Content-Type", b"Content-Encoding", b"JU-Client-Time"}


@dataclass
class Cut(httpx2.AsyncByteStream):
    """A body that ends too early, with an error or without."""

    part: bytes
    fails: bool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.part
        if self.fails:
            raise httpx2.ReadError("cut")
