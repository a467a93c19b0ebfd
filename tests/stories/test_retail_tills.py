"""Tills on bad lines: what is repeated, what is cut, and what is made of the answers."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest

from jaringan_usaha.client.lines import MOST_WIRE_BYTES, Operation, Verdict, packets
from jaringan_usaha.client.service import Service, ServiceProblem
from jaringan_usaha.retail.tills import Dice, Tills, all_of


def operation(number: int) -> Operation:
    return Operation(op_id=f"test-operation-{number:04}", type="place_order", body={"n": number})


class Memory(Service):
    """A service that keeps what it is told in a dict; `forgets` makes a bad one of it."""

    def __init__(self, *, forgets: bool = False) -> None:
        self.forgets = forgets
        self.known: dict[str, int] = {}
        self.requests: list[tuple[str, ...]] = []
        self.hung_up = 0

    async def sync(self, operations: Sequence[Operation]) -> list[Verdict]:
        self.requests.append(tuple(each.op_id for each in operations))
        return [self._verdict(each.op_id) for each in operations]

    async def sync_and_hang_up(self, operations: Sequence[Operation], *, wait: float) -> bool:
        self.hung_up += 1
        return wait < 1

    def _verdict(self, op_id: str) -> Verdict:
        known = op_id in self.known and not self.forgets
        position = self.known[op_id] if known else len(self.known) + len(self.requests)
        self.known[op_id] = position
        return Verdict(op_id=op_id, status=201, body={"position": position}, replayed=known)


async def sent_by(services: Sequence[Memory], lines: int, *, seed: int = 1) -> Tills:
    tills = Tills(services, Dice(seed))
    await tills.send(
        ((f"toko-{number % 40}", operation(number)) for number in range(lines)),
        lines_a_request=2,
        sent=lambda _: None,
    )
    return tills


async def test_one_request_in_50_is_repeated_and_one_in_200_cut() -> None:
    services = [Memory() for _ in range(4)]
    tally = (await sent_by(services, 1_600)).tally
    assert tally.requests == sum(len(set(each.requests)) for each in services) == 800
    assert tally.repeated == sum(len(each.requests) for each in services) - 800 == 16
    assert tally.cut == sum(each.hung_up for each in services) == 4
    assert (tally.recorded, tally.there_before, tally.refused) == (1_600, 0, 0)
    assert tally.answered_otherwise == 0


async def test_the_same_seed_repeats_the_same_requests() -> None:
    one, same, other = [Memory()], [Memory()], [Memory()]
    await sent_by(one, 400)
    await sent_by(same, 400)
    await sent_by(other, 400, seed=2)
    assert one[0].requests == same[0].requests != other[0].requests


async def test_a_shop_keeps_its_till_and_its_order() -> None:
    services = [Memory() for _ in range(8)]
    await sent_by(services, 400)
    assert all(list(each.known) == sorted(each.known) for each in services)
    assert sum(len(each.known) for each in services) == 400


async def test_a_repeated_request_that_is_answered_otherwise_is_counted() -> None:
    tally = (await sent_by([Memory(forgets=True)], 100)).tally
    assert (tally.requests, tally.repeated, tally.answered_otherwise) == (50, 1, 2)
    assert "test-operation-" in tally.told[0]


def test_a_large_request_is_packed_into_bounded_ones() -> None:
    many = [operation(number) for number in range(2_500)]
    found = list(packets(many))
    assert all(len(packet) <= MOST_WIRE_BYTES for packet in found)
    lines = [msgspec.json.decode(line) for packet in found for line in unpacked(packet)]
    assert [line["body"]["n"] for line in lines] == list(range(2_500))
    assert max(len(unpacked(packet)) for packet in found) <= 1_000


def unpacked(packet: bytes) -> list[bytes]:
    return gzip.decompress(packet).splitlines()


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


# -- the client against a socket -----------------------------------------------------------


class Listener:
    """A server that hears requests; it answers what it is told to, or waits for the end."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heard: list[bytes] = []
        self.over = asyncio.Event()

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            self.heard.append(await reader.readexactly(length))
            if self.answers:
                writer.write(self.answers.pop(0))
                await writer.drain()
        writer.close()
        await writer.wait_closed()
        self.over.set()

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[Service]:
        """A client of this server; afterwards its only connection is over."""
        server = await asyncio.start_server(self.hear, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            async with Service(f"http://127.0.0.1:{port}", "ju_live_x") as service:
                yield service
            await asyncio.wait_for(self.over.wait(), 5)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def answer(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)


def verdict(number: int, status: int = 201) -> bytes:
    return msgspec.json.encode({"op_id": operation(number).op_id, "status": status}) + b"\n"


async def test_the_connection_is_closed_when_the_request_is_out_and_not_answered() -> None:
    listener = Listener()
    async with listener.reached() as service:
        assert await service.sync_and_hang_up([operation(1)], wait=0)
        await asyncio.wait_for(listener.over.wait(), 5)  # by the client, which still lives
    (packet,) = listener.heard
    assert [msgspec.json.decode(line)["op_id"] for line in unpacked(packet)] == [operation(1).op_id]


async def test_a_line_that_breaks_by_itself_was_not_cut() -> None:
    async with Service("http://127.0.0.1:1", "ju_live_x") as service:
        assert not await service.sync_and_hang_up([operation(1)], wait=0)


async def test_only_lines_without_a_final_verdict_are_sent_again() -> None:
    listener = Listener(
        answer(503, b"{}"),
        answer(207, verdict(1) + verdict(2, 425)),
        answer(207, verdict(2)),
    )
    async with listener.reached() as service:
        verdicts = await service.sync([operation(1), operation(2)])
        assert service.retries == 2
    assert [each.status for each in verdicts] == [201, 201]
    assert [len(unpacked(packet)) for packet in listener.heard] == [2, 2, 1]


async def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    listener = Listener(answer(207, verdict(1)), answer(207, verdict(1) + verdict(2)))
    async with listener.reached() as service:
        verdicts = await service.sync([operation(1), operation(2)])
    assert [each.op_id for each in verdicts] == [operation(1).op_id, operation(2).op_id]
    assert [len(unpacked(packet)) for packet in listener.heard] == [2, 2]


async def test_a_refusal_is_told_in_one_sentence() -> None:
    problem = msgspec.json.encode({"detail": "this API key is not known", "code": "x"})
    listener = Listener(answer(401, problem))
    async with listener.reached() as service:
        with pytest.raises(ServiceProblem, match="this API key is not known") as told:
            await service.sync([operation(1)])
    assert (told.value.status, told.value.code) == (401, "x")
