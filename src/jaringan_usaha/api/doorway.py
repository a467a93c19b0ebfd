"""Before everything else: bounds on what a request may be, and what every answer says."""

import asyncio
import contextlib
import logging
import re
from datetime import UTC, datetime
from functools import partial

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jaringan_usaha.api import problems
from jaringan_usaha.api.access.keys import IN_URL
from jaringan_usaha.api.asked import new_id, skew_ms
from jaringan_usaha.api.contract import deprecation
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.visits import Visit, Visits, access
from jaringan_usaha.kernel.rejections import Rejection

MOST_BODY = 1 << 20
MOST_FILE = 10 << 20
FILE_PATH = re.compile(r"/v1/price-imports/[^/]+")
"""Where files may be sent, which alone may be larger than the rest."""
MOST_HEADERS = 16 << 10
MOST_URL = 4 << 10

ONCE = frozenset((b"authorization", b"content-type", b"content-encoding", b"if-match"))
"""What a request says once, if at all: of two, a proxy might go by the one and we by the other."""

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

Headers = list[tuple[bytes, bytes]]


def headers_of_all(own_origin: str) -> Headers:
    """What every answer says: it is private, and pages of the service itself may read it."""
    return [
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"access-control-allow-origin", own_origin.encode()),
    ]


class AtTheDoor:
    """Gives each request an id, bounds its size and time, and completes its answer's headers."""

    def __init__(self, app: ASGIApp, visits: Visits, headers: Headers) -> None:
        self._app = app
        self._visits = visits
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = new_id()
        visits = self._visits
        visit = visits.enter(scope)
        telling = _telling(scope, visit, send, self._headers)
        try:
            if scope["method"] in ("GET", "HEAD"):
                visit.body_is_here = True  # none is waited for, and none may come too slowly
                scope["at_rest"] = partial(visits.end_work, visit)
            most = most_bytes(scope)
            refusal = _refusal(scope, most)
            if refusal is None and _may_hold_key(scope):
                refusal = await _key_in_url(scope)
            if refusal is not None:
                await _answer(refusal, scope, receive, telling)
                return
            await self._app(scope, _counted(visits, visit, receive, most), telling)
        except asyncio.CancelledError:
            if visit.ended is None or visit.answering:
                raise
            visit.task.uncancel()
            with contextlib.suppress(OSError):
                await _answer(visit.ended, scope, receive, telling)
        finally:
            visits.leave(visit)
            if access.isEnabledFor(logging.INFO):
                access.info("", extra=_told(scope, visit))


def _told(scope: Scope, visit: Visit) -> dict[str, object]:
    """A request in the log: by its route, never by its URL; by its key's public part."""
    caller = scope.get("caller")
    seconds = asyncio.get_running_loop().time() - visit.since
    return {
        "request_id": scope["request_id"],
        "method": scope["method"] if scope["method"] in METHODS else "other",
        "route": getattr(scope.get("route"), "path", "none"),
        "status": visit.status,
        "ms": round(seconds * 1_000, 1),
        "key_id": getattr(caller, "key_id", None),
        "role": getattr(caller, "role", None),
        "koperasi_id": getattr(caller, "koperasi_id", None),
        "supplier_id": getattr(caller, "supplier_id", None),
    }


async def _answer(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    problem.headers["Connection"] = "close"  # what was not read stands in the way
    await problems.answer(Request(scope), problem)(scope, receive, send)


def _refusal(scope: Scope, most: int) -> Problem | None:
    """What can be told from the head of a request alone."""
    if len(scope["raw_path"]) + len(scope["query_string"]) > MOST_URL:
        return Problem(414, "url-too-long", "a URL is at most 4 KiB long")
    size = 0
    said = set()
    for name, value in scope["headers"]:
        size += len(name) + len(value) + 4
        if name in ONCE:
            if name in said:
                return Problem(
                    400,
                    "bad-request",
                    "send each of Authorization, Content-Type, Content-Encoding and If-Match "
                    "once at most",
                )
            said.add(name)
        if name == b"content-length" and int(value) > most:
            return _too_large(most)
        if name == b"ju-client-time":
            scope["client_time"] = value
    if size > MOST_HEADERS:
        return Problem(431, "headers-too-large", "all headers together are at most 16 KiB")
    return None


def _may_hold_key(scope: Scope) -> bool:
    return b"ju_" in scope["query_string"] or b"ju_" in scope["raw_path"]


async def _key_in_url(scope: Scope) -> Problem | None:
    """A key in a URL is in logs, histories and referrers: it is taken out of use at once."""
    found = IN_URL.search(scope["raw_path"] + b"?" + scope["query_string"])
    if found is None:
        return None
    address = scope["client"][0] if scope["client"] else ""
    try:
        await scope["app"].state.door.exposed(found[0].decode(), address)
    except Problem as problem:
        return problem
    except Rejection as rejection:
        return problems.from_rejection(rejection)
    return Problem(
        400,
        "key-in-url",
        "send the API key as `Authorization: Bearer …`, never in a URL, where logs keep it: "
        "the key of this URL opens nothing any more, ask for a new one",
    )


def most_bytes(scope: Scope) -> int:
    """How large the body of a request may be."""
    is_file = scope["method"] == "PUT" and FILE_PATH.fullmatch(scope["path"])
    return MOST_FILE if is_file else MOST_BODY


def _too_large(most: int) -> Problem:
    return Problem(413, "payload-too-large", f"send at most {most >> 20} MiB at once")


def _counted(visits: Visits, visit: Visit, receive: Receive, most: int) -> Receive:
    async def counting() -> Message:
        held = visit.working
        if held and not visit.body_is_here:
            visits.end_work(visit)  # who sends slowly takes nobody's place
        message = await receive()
        if held:
            visits.begin_work(visit)
        visit.bytes += len(message.get("body", b""))
        visit.body_is_here = not message.get("more_body", False)
        if visit.bytes > most:
            raise _too_large(most)
        return message

    return counting


def _telling(scope: Scope, visit: Visit, send: Send, headers: Headers) -> Send:
    """Every answer is private, and says to a known caller how many requests are left."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            visit.answering = True
            visit.status = message["status"]
            left = scope.get("limit")
            message["headers"] = [
                *message["headers"],
                *headers,
                *(left.headers() if left is not None else ()),
                *deprecation.headers(scope),
                *(_skew(scope["client_time"]) if "client_time" in scope else ()),
            ]
        await send(message)

    return telling


def _skew(client_time: bytes) -> Headers:
    """Told to a device whose clock is more than five minutes wrong, in milliseconds: positive
    when it is ahead. Its clock decides nothing here, but its owner may want to know."""
    try:
        shown = datetime.fromisoformat(client_time.decode())
        skew = skew_ms(shown, datetime.now(UTC))  # noqa: TID251  told, never decided by
    except (ValueError, TypeError):
        return []  # no date, or one without an offset
    return [] if skew is None else [(b"ju-clock-skew", str(skew).encode())]
