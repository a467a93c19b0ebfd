"""Tills on bad lines: what is repeated, what is cut, and what is made of the answers."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import msgspec
import pytest

from jaringan_usaha.client.outbox import Operation
from jaringan_usaha.client.service import ServiceProblem
from jaringan_usaha.retail.tills import Dice, Tills, all_of


def operation(number: int) -> Operation:
    return Operation(op_id=f"test-operation-{number:04}", type="place_order", body={"n": number})


@dataclass
class Memory:
    """A service on a socket that keeps what it is told in a dict; `forgets` makes a bad one of it,
    and `refuses` one that takes no request at all."""

    forgets: bool = False
    refuses: bool = False
    known: dict[str, int] = field(default_factory=dict)
    requests: list[tuple[str, ...]] = field(default_factory=list)
    """In the order of their arrival, whichever till they came from."""
    _calls: list[asyncio.Task[None]] = field(default_factory=list)

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._hear, "127.0.0.1", 0)
        async with server:
            try:
                yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            finally:
                await asyncio.gather(*self._calls)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        assert call is not None
        self._calls.append(call)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                writer.write(self._answer(await reader.readexactly(length)))
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def _answer(self, packet: bytes) -> bytes:
        if self.refuses:
            return _http(403, b'{"detail": "this key may not do that", "code": "forbidden"}')
        op_ids = [
            msgspec.json.decode(each)["op_id"] for each in gzip.decompress(packet).splitlines()
        ]
        self.requests.append(tuple(op_ids))
        return _http(207, b"".join(map(self._verdict, op_ids)))

    def _verdict(self, op_id: str) -> bytes:
        known = op_id in self.known and not self.forgets
        position = self.known[op_id] if known else len(self.known) + len(self.requests)
        self.known[op_id] = position
        verdict = {"op_id": op_id, "status": 201, "body": {"position": position}}
        return msgspec.json.encode({**verdict, "replayed": known}) + b"\n"


def _http(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)


async def sent_to(memory: Memory, lines: int, *, tills: int = 1, seed: int = 1) -> Tills:
    heard: list[int] = []
    async with memory.reached() as url, Tills(url, "ju_live_x", Dice(seed), tills) as sending:
        await sending.send(
            ((f"toko-{number % 40}", operation(number)) for number in range(lines)),
            lines_a_request=2,
            sent=heard.append,
        )
    assert sum(heard) == lines
    return sending


async def test_one_request_in_50_is_repeated_and_one_in_200_cut() -> None:
    memory = Memory()
    tally = (await sent_to(memory, 800)).tally
    cut = 2  # and sent again: 402 requests, of which the second was repeated eight times
    assert (tally.requests, tally.cut, tally.repeated) == (400 + cut, cut, 8)
    assert len(memory.requests) == 402 + 8
    assert (tally.recorded, tally.there_before, tally.refused) == (796, 4, 0)
    assert tally.answered_otherwise == 0


async def test_the_same_seed_repeats_the_same_requests() -> None:
    one, same, other = Memory(), Memory(), Memory()
    await sent_to(one, 300)
    await sent_to(same, 300)
    await sent_to(other, 300, seed=2)
    assert one.requests == same.requests != other.requests


async def test_a_shop_keeps_its_till_and_its_order() -> None:
    memory = Memory()
    await sent_to(memory, 400, tills=8)
    assert len(memory.known) == 400
    by_shop: dict[int, list[int]] = {}
    for number in (int(op_id[-4:]) for op_id in memory.known):
        by_shop.setdefault(number % 40, []).append(number)
    assert all(numbers == sorted(numbers) for numbers in by_shop.values())


async def test_a_repeated_request_that_is_answered_otherwise_is_counted() -> None:
    tally = (await sent_to(Memory(forgets=True), 100)).tally
    assert (tally.requests, tally.repeated, tally.answered_otherwise) == (50, 1, 2)
    assert "test-operation-" in tally.told[0]


async def test_a_refusal_of_the_tills_is_told_in_one_sentence() -> None:
    with pytest.raises(ServiceProblem, match="2 lines have no verdict: 403: this key may not"):
        await sent_to(Memory(refuses=True), 2)


async def test_the_first_failure_ends_the_rest() -> None:
    ended = asyncio.Event()

    async def waits() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ServiceProblem("no")

    with pytest.raises(ServiceProblem, match="no"):
        await all_of([waits(), fails()])
    assert ended.is_set()
