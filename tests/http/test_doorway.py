"""What the door refuses before anybody is asked, and what it writes on every answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import pytest_asyncio
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jaringan_usaha.api import doorway, visits
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.api.doorway import MOST_HEADERS, MOST_URL, AtTheDoor, headers_of_all
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_route import read_json_once
from jaringan_usaha.api.visits import Visits
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, opened
from service import assert_refused

OWN = "https://belanja.example"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        yield market


async def test_answers_are_private(market: Market) -> None:
    answer = await market.operator.get("/v1/cycles")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["access-control-allow-origin"] == "http://127.0.0.1:8000"
    assert "server" not in answer.headers


async def test_a_long_url_is_refused(market: Market) -> None:
    fits = "/v1/cycles?state=" + "a" * (MOST_URL - len("/v1/cyclesstate=") - 1)
    assert (await market.client.get(fits)).status_code == 401
    assert_refused(await market.client.get(fits + "aa"), 414, "url-too-long")


@pytest.mark.parametrize("name", ["authorization", "content-type", "content-encoding", "if-match"])
async def test_what_a_request_says_twice_is_refused(market: Market, name: str) -> None:
    """A proxy may go by the one, and the service by the other."""
    value = f"Bearer {market.operator.key}" if name == "authorization" else "application/json"
    key = ("authorization", f"Bearer {market.operator.key}")
    for path in ("/v1/cycles/x", f"/v1/orders/{new_id()}", "/nowhere"):
        headers = [*([] if name == "authorization" else [key]), (name, value), (name, value)]
        answer = await market.client.request("PUT", path, content=b"{}", headers=headers)
        assert_refused(answer, 400, "bad-request")


async def test_large_headers_are_refused(market: Market) -> None:
    answer = await market.client.get("/v1/cycles", headers={"x-note": "a" * MOST_HEADERS})
    assert_refused(answer, 431, "headers-too-large")


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (timedelta(hours=7), True),
        (-timedelta(minutes=6), True),
        (timedelta(minutes=4), False),
    ],
)
async def test_a_device_hears_that_its_clock_is_wrong(
    market: Market, ahead: timedelta, told: bool
) -> None:
    now = datetime.now(UTC)
    shown = (now + ahead).isoformat()
    answer = await market.client.get("/healthz", headers={"ju-client-time": shown})
    assert ("ju-clock-skew" in answer.headers) is told
    if told:
        off = timedelta(milliseconds=int(answer.headers["ju-clock-skew"])) - ahead
        assert abs(off) < timedelta(seconds=30)


@pytest.mark.parametrize("shown", ["yesterday", "2026-11-22T10:00:00", "", "9999-12-31"])
async def test_a_clock_that_cannot_be_read_is_left_alone(market: Market, shown: str) -> None:
    answer = await market.client.get("/healthz", headers={"ju-client-time": shown})
    assert answer.status_code == 200
    assert "ju-clock-skew" not in answer.headers


class Told:
    """What a client hears."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def problem(self) -> dict[str, object]:
        found: dict[str, object] = msgspec.json.decode(self.messages[1]["body"])
        return found


def at_the_door(app: ASGIApp) -> AtTheDoor:
    return AtTheDoor(app, Visits(48), headers_of_all(OWN))


async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that waits for the whole body."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def posting(raw_path: bytes = b"/v1/sync") -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": raw_path.decode(),
        "raw_path": raw_path,
        "query_string": b"",
        "headers": [],
    }


def dripping(every_seconds: float, size: int) -> Receive:
    async def receive() -> Message:
        await asyncio.sleep(every_seconds)
        return {"type": "http.request", "body": b"x" * size, "more_body": True}

    return receive


PUT_FILE = {"method": "PUT", "path": "/v1/price-imports/pasar-1"}


@pytest.mark.parametrize(
    ("scope", "most"), [({}, doorway.MOST_BODY), (PUT_FILE, doorway.MOST_FILE)]
)
async def test_sec_6_a_body_is_measured_by_its_bytes_whatever_its_head_says(
    scope: Scope, most: int
) -> None:
    """To the byte, sent in parts and without a length."""
    assert (doorway.MOST_BODY, doorway.MOST_FILE) == (1 << 20, 10 << 20)
    for size, expected in ((most, 204), (most + 1, 413)):
        parts = [b"x" * 65_536] * (size // 65_536) + [b"x" * (size % 65_536)]

        async def receive(parts: list[bytes] = parts) -> Message:
            return {"type": "http.request", "body": parts.pop(), "more_body": bool(parts)}

        told = Told()
        try:
            await at_the_door(read_all)({**posting(), **scope}, receive, told)
            assert told.status == expected
        except Problem as problem:
            assert problem.status == expected  # noqa: PT017  within the service it is answered


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ({"query_string": b"x" * (4_096 - len(b"/v1/sync"))}, 204),
        ({"query_string": b"x" * (4_097 - len(b"/v1/sync"))}, 414),
        ({"headers": [(b"x-note", b"x" * (16_384 - 10))]}, 204),
        ({"headers": [(b"x-note", b"x" * (16_385 - 10))]}, 431),
        ({"headers": [(b"content-length", b"1048577")]}, 413),
    ],
)
async def test_sec_6_a_head_is_measured_to_the_byte(head: Scope, status: int) -> None:
    async def empty() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    told = Told()
    await at_the_door(read_all)({**posting(), **head}, empty, told)
    assert told.status == status


async def test_sec_6_the_numbers() -> None:
    assert (visits.MOST_SECONDS, visits.SLOW_SECONDS, visits.SLOW_BYTES) == (30, 10, 1_024)


async def test_a_body_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "SLOW_SECONDS", 1.0)
    told = Told()
    await asyncio.wait_for(at_the_door(read_all)(posting(), dripping(0.05, 1), told), 10)
    assert told.status == 408
    assert told.problem["code"] == "request-timeout"


async def test_a_slow_but_steady_body_is_taken_until_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(visits, "SLOW_SECONDS", 1.0)
    monkeypatch.setattr(visits, "MOST_SECONDS", 2.5)
    told = Told()
    await asyncio.wait_for(at_the_door(read_all)(posting(), dripping(0.02, 200), told), 10)
    assert told.status == 503
    assert told.problem["code"] == "busy"


async def test_who_asks_for_much_is_not_taken_for_a_slow_sender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(visits, "SLOW_SECONDS", 0.5)

    async def slow_answer(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(2.2)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"much"})

    told = Told()
    await at_the_door(slow_answer)({**posting(), "method": "GET"}, dripping(0, 0), told)
    assert told.status == 200


async def test_an_answer_that_has_begun_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "MOST_SECONDS", 0.5)

    async def slow_answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(2.2)
        await send({"type": "http.response.body", "body": b"whole"})

    told = Told()
    await at_the_door(slow_answer)(posting(), dripping(0, 0), told)
    assert told.messages[-1]["body"] == b"whole"


async def test_who_is_cancelled_from_outside_stays_cancelled() -> None:
    visit = asyncio.create_task(at_the_door(read_all)(posting(), dripping(0.05, 1), Told()))
    await asyncio.sleep(0.1)
    visit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await visit


async def test_an_order_may_come_in_parts_but_not_break_off() -> None:
    def sending(*messages: Message) -> Request:
        left = iter(messages)

        async def receive() -> Message:
            return next(left)

        head = [(b"content-type", b"application/json")]
        return Request({**posting(), "headers": head}, receive)

    first: Message = {"type": "http.request", "body": b'{"lines"', "more_body": True}
    rest: Message = {"type": "http.request", "body": b":[1]}"}
    assert await read_json_once(sending(first, rest)) == {"lines": [1]}
    with pytest.raises(ClientDisconnect):
        await read_json_once(sending(first, {"type": "http.disconnect"}))
