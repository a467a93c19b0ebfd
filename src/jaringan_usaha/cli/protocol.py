"""HTTP as uvicorn speaks it, with what is refused before anything else is set up: what is no HTTP,
and what comes on top of all that can be worked on.

An answer leaves in one piece: its head waits for the first of its body.
"""

import asyncio
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from jaringan_usaha.api.preferences import language_in
from jaringan_usaha.api.problems import MEDIA_TYPE, Problem, members
from jaringan_usaha.api.visits import FULL, Visits
from jaringan_usaha.cli.errors import Sorry

UNREADABLE = Problem(HTTPStatus.BAD_REQUEST, "bad-request", "this is no readable HTTP")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"connection: close\r\n"
READ_AT_ONCE = 1 << 16
"""Bytes. For asyncio's 256 KiB the allocator asks the kernel for pages on every read, which costs
more than reading and answering a small request."""


class Protocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=…)`; the lifespan's state says who is `visits`, and with which
    `headers` every answer goes."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._visits: Visits = self.app_state["visits"]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.max_size = READ_AT_ONCE  # type: ignore[attr-defined]
        self._answers = self.transport = _WholeAnswers(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # it knows us: so both are gone now, not when somebody looks for what is unused
        self.cycle = None  # type: ignore[assignment]

    def on_response_complete(self) -> None:
        self._answers.end()
        super().on_response_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        scope: Any = cycle.scope
        if self._visits.lets_in(scope):
            super()._start_asgi_task(cycle, app)
        else:
            self._refuse(cycle)

    def _refuse(self, cycle: RequestResponseCycle) -> None:
        """Answer at once; what is still to come of the request is passed over."""
        head, body = _prepared(FULL, _language(cycle), tuple(self.app_state["headers"]))
        parts = [head, *_written(self.server_state.default_headers)]
        if not cycle.keep_alive:
            parts.append(CLOSE)
        parts.append(b"\r\n")
        if cycle.scope["method"] != "HEAD":
            parts.append(body)
        self.transport.write(b"".join(parts))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What the parser could not read is refused, and the connection ended."""
        head, body = _prepared(UNREADABLE, "id", ())
        self.transport.write(head + CLOSE + b"\r\n" + body)
        self.transport.close()


class _WholeAnswers(asyncio.Transport):
    """A transport that keeps the first piece of an answer until the next one, or its end."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._begun = False
        self._head = b""

    def write(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        if data == CONTINUE:
            self._transport.write(data)
        elif self._begun:
            self._transport.write(b"".join((self._head, data)) if self._head else data)
            self._head = b""
        else:
            self._begun, self._head = True, bytes(data)

    def end(self) -> None:
        if self._head:
            self._transport.write(self._head)
        self._begun, self._head = False, b""

    def close(self) -> None:
        self.end()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class _Nowhere(asyncio.Transport):
    """A line to nobody, which keeps what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.said = b""
        self._closed = False

    def write(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        self.said += data

    def pause_reading(self) -> None:
        """Nothing comes in."""

    resume_reading = pause_reading

    def close(self) -> None:
        self._closed = True

    def is_closing(self) -> bool:
        return self._closed


async def check_uvicorn() -> None:
    """Whether every request still comes by `Protocol._start_asgi_task`, which uvicorn promises to
    nobody: of two on one line, with one place, the first is served and the second refused.

    Raises Sorry.
    """

    async def served(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    line, server = _Nowhere(), ServerState()
    config = uvicorn.Config(served, lifespan="off", ws="none", log_config=None, access_log=False)
    protocol = Protocol(config, server, {"visits": Visits(1), "headers": ()})
    protocol.connection_made(line)
    protocol.data_received(b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nconnection: close\r\n\r\n")
    await asyncio.gather(*server.tasks)
    statuses = [int(each[:3]) for each in line.said.split(b"HTTP/1.1 ")[1:]]
    if statuses != [HTTPStatus.NO_CONTENT, FULL.status]:
        raise Sorry(
            f"uvicorn {uvicorn.__version__} hands requests on in a way that this program does not "
            "know, so that no overload would be refused: install the release that it names "
            "(pip install --force-reinstall jaringan-usaha)"
        )


@cache
def _prepared(
    problem: Problem, language: str, more: tuple[tuple[bytes, bytes], ...]
) -> tuple[bytes, bytes]:
    """Status, headers and body of an answer that is always the same; one line may follow the
    headers, and an empty one must."""
    body = msgspec.json.encode(members(problem, {}, language))
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": len(body),
        "content-language": language,
        "vary": "Accept-Language",
        **problem.headers,
    }
    own = [(name.lower().encode(), str(value).encode()) for name, value in headers.items()]
    return b"".join([STATUS_LINE[problem.status], *_written([*own, *more])]), body


def _written(headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    return [b"%b: %b\r\n" % header for header in headers]


def _language(cycle: RequestResponseCycle) -> str:
    for name, value in cycle.scope["headers"]:
        if name == b"accept-language":
            return language_in(value.decode("latin-1"))
    return language_in("")
