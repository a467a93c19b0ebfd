"""REL-12: more than can be worked on is told to come again, over real connections."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest
import pytest_asyncio
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from jaringan_usaha.api.doorway import AtTheDoor, headers_of_all
from jaringan_usaha.api.visits import CROWDED_SECONDS, Visits
from jaringan_usaha.cli.protocol import READ_AT_ONCE, Protocol

OWN = "https://belanja.example"
PLACES = 2

Answer = tuple[int, dict[str, str], bytes]


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def ask(self, path: str = "/v1/orders", method: str = "PUT", more: str = "") -> None:
        head = f"{method} {path} HTTP/1.1\r\nhost: x\r\n{more}content-length: 2\r\n\r\n"
        self.writer.write(head.encode() + b"{}")

    async def answer(self, *, has_body: bool = True) -> Answer:
        """Status, headers and body."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).decode()
        first, *lines = head.strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers["content-length"]) if has_body else 0
        return int(first.split()[1]), headers, await self.reader.readexactly(length)


class House:
    """A service with two places that works on everything until it is told to stop."""

    def __init__(self) -> None:
        self.visits = Visits(PLACES)
        self.begun = asyncio.Semaphore(0)
        self.done = asyncio.Event()
        self.server: asyncio.Server
        self.lines: list[Line] = []

    async def work(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        if scope["path"] == "/v1/changes":
            scope["at_rest"]()
        self.begun.release()
        await self.done.wait()
        length = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": b"done"})

    async def line(self) -> Line:
        line = Line(*await asyncio.open_connection(*self.server.sockets[0].getsockname()))
        self.lines.append(line)
        return line

    async def has_begun(self, requests: int) -> None:
        for _ in range(requests):
            await asyncio.wait_for(self.begun.acquire(), 10)

    async def filled(self) -> list[Line]:
        """As many requests as can be worked on."""
        busy = [await self.line() for _ in range(PLACES)]
        for each in busy:
            each.ask()
        await self.has_begun(PLACES)
        return busy

    async def all_done(self, lines: list[Line]) -> list[int]:
        self.done.set()
        return [(await each.answer())[0] for each in lines]


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    state = {"visits": house.visits, "headers": headers_of_all(OWN)}
    door = AtTheDoor(house.work, state["visits"], state["headers"])
    config = uvicorn.Config(door, lifespan="off", ws="none", log_config=None)
    loop = asyncio.get_running_loop()
    server_state = ServerState()
    house.server = await loop.create_server(
        lambda: Protocol(config, server_state, state, loop), "127.0.0.1", 0
    )
    yield house
    house.done.set()
    for line in house.lines:
        line.writer.close()
    house.server.close()
    await asyncio.gather(*server_state.tasks)


def connections() -> int:
    return sum(isinstance(each, Protocol) for each in gc.get_objects())


async def test_rel_12_while_more_come_than_can_be_worked_on_fewer_are_let_in(house: House) -> None:
    busy = await house.filled()
    first, second, third = [await house.line() for _ in range(3)]
    first.ask()
    assert (await first.answer())[0] == 503
    assert await house.all_done(busy) == [200] * PLACES
    house.done.clear()
    first.ask()
    await house.has_begun(1)
    second.ask()
    assert (await second.answer())[0] == 503
    house.visits.crowded_until -= CROWDED_SECONDS  # these are over, whoever was refused meanwhile
    third.ask()
    await house.has_begun(1)
    assert await house.all_done([first, third]) == [200, 200]


async def test_rel_12_nothing_is_left_of_a_connection_that_ended(house: House) -> None:
    """Served, refused or given up: memory does not wait until somebody looks for what is unused."""
    gc.collect()
    gc.disable()
    try:
        before = connections()
        busy = await house.filled()
        refused, given_up = await house.line(), await house.line()
        refused.ask()
        assert (await refused.answer())[0] == 503
        given_up.writer.write(b"PUT /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\n{")
        assert await house.all_done(busy) == [200] * PLACES
        assert connections() == before + PLACES + 2
        for each in house.lines:
            each.writer.close()
        await until(lambda: connections() == before)
    finally:
        gc.enable()


async def test_rel_12_more_than_can_be_worked_on_is_told_to_come_again_at_once(
    house: House,
) -> None:
    """And each is answered when there is a place, on the same connection."""
    busy = await house.filled()
    late = await house.line()
    for language, title in (("id", "Layanan sedang sibuk"), ("en", "The service is busy")):
        late.ask(more=f"accept-language: {language}\r\n")
        status, headers, body = await late.answer()
        problem = msgspec.json.decode(body)
        assert (status, problem["code"], problem["title"]) == (503, "busy", title)
        assert headers["content-type"].startswith("application/problem+json")
        assert (headers["retry-after"], headers["content-language"]) == ("1", language)
        assert headers["cache-control"] == "no-store"
        assert headers["access-control-allow-origin"] == OWN
    assert await house.all_done(busy) == [200] * PLACES
    late.ask()
    assert (await late.answer())[0] == 200
    assert house.visits.working == 0


async def test_a_large_body_is_read_in_small_pieces(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For larger ones the allocator would ask the kernel for pages on every read."""
    pieces: list[int] = []
    read = Protocol.data_received

    def counted(protocol: Protocol, data: bytes) -> None:
        pieces.append(len(data))
        read(protocol, data)

    monkeypatch.setattr(Protocol, "data_received", counted)
    line = await house.line()
    size = 10 * READ_AT_ONCE
    line.writer.write(b"PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % size)
    line.writer.write(bytes(size))
    house.done.set()
    assert (await line.answer())[0] == 200
    assert sum(pieces) > size
    assert max(pieces) <= READ_AT_ONCE


async def test_who_sends_slowly_or_waits_for_news_takes_nobodys_place(house: House) -> None:
    slow = await house.line()
    slow.writer.write(b"PUT /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{")
    waiting = await house.line()
    waiting.ask("/v1/changes", "GET")
    await house.has_begun(1)
    busy = await house.filled()
    slow.writer.write(b"}")
    await house.has_begun(1)
    assert await house.all_done([*busy, slow, waiting]) == [200] * 4
    assert house.visits.working == 0


async def test_whether_the_service_is_well_is_always_told(house: House) -> None:
    busy = await house.filled()
    asking = await house.line()
    asking.ask("/readyz", "GET")
    await house.has_begun(1)
    assert await house.all_done([*busy, asking]) == [200] * 3


async def test_requests_of_one_packet_are_answered_in_their_order(house: House) -> None:
    """Also where one of them finds no place when its turn comes."""
    line = await house.line()
    line.ask()
    line.ask("/v1/second")
    line.ask("/readyz", "GET")
    await house.has_begun(1)
    house.visits.most_at_once = 1
    house.done.set()
    assert [(await line.answer())[0] for _ in range(3)] == [200, 503, 200]


async def test_a_refusal_of_head_has_no_body_and_the_last_of_a_connection_ends_it(
    house: House,
) -> None:
    house.visits.most_at_once = 0
    line = await house.line()
    line.ask(method="HEAD", more="connection: close\r\n")
    status, headers, _ = await line.answer(has_body=False)
    assert (status, headers["connection"]) == (503, "close")
    assert await asyncio.wait_for(line.reader.read(), 10) == b""


async def test_who_hangs_up_leaves_their_place(house: House) -> None:
    for line in await house.filled():
        line.writer.close()
    house.done.set()
    await until(lambda: not house.visits.working)


async def test_the_log_tells_of_refusals_together(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="jaringan_usaha.access")
    await house.filled()
    late = await house.line()
    for _ in range(3):
        late.ask()
        await late.answer()
    await until(lambda: not house.visits.refused)
    (told,) = [each for each in caplog.records if each.__dict__["status"] == 503]
    assert told.__dict__["requests"] == 3
