"""REL-12: who is at work does not wait for the crowd at the door."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from jaringan_usaha.cli.turns import HEARD_AT_ONCE, Turns

CROWD = 5 * HEARD_AT_ONCE


@pytest.fixture
def turns() -> Iterator[Turns]:
    with Turns() as turns:
        yield turns


@pytest.fixture
def lines(turns: Turns) -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Our end of each, which the selector watches, and the other one."""
    with ExitStack() as open_lines:
        pairs = [socket.socketpair() for _ in range(CROWD + 4)]
        for ours, theirs in pairs:
            open_lines.enter_context(ours)
            open_lines.enter_context(theirs)
            turns.register(ours, 1)
        yield pairs


def heard(turns: Turns) -> list[int]:
    return [key.fd for key, _ in turns.select(0)]


def test_in_each_turn_some_clients_are_heard_and_all_others(
    turns: Turns, lines: list[tuple[socket.socket, socket.socket]]
) -> None:
    database = {ours.fileno() for ours, _ in lines[-4:]}
    turns.clients |= {ours.fileno() for ours, _ in lines[:-4]}
    for _, theirs in lines:
        theirs.send(b"x")
    told = heard(turns)
    assert database < set(told)
    assert len(told) == HEARD_AT_ONCE + 4


def test_whoever_waits_is_heard_before_those_who_come_later(
    turns: Turns, lines: list[tuple[socket.socket, socket.socket]]
) -> None:
    """Each once in as many turns as there are sixteens, while those who were heard speak again."""
    ends = {ours.fileno(): (ours, theirs) for ours, theirs in lines[:CROWD]}
    turns.clients |= set(ends)
    for _, theirs in ends.values():
        theirs.send(b"x")
    for _ in range(3):
        told: list[int] = []
        for _ in range(CROWD // HEARD_AT_ONCE):
            for descriptor in heard(turns):
                told.append(descriptor)
                ours, theirs = ends[descriptor]
                ours.recv(1)
                theirs.send(b"x")
        assert sorted(told) == sorted(ends)


def test_who_is_no_client_is_always_heard(
    turns: Turns, lines: list[tuple[socket.socket, socket.socket]]
) -> None:
    for _, theirs in lines:
        theirs.send(b"x")
    assert len(heard(turns)) == len(lines)


def test_a_loop_runs_on_it(turns: Turns) -> None:
    async def come_and_go() -> bytes:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readexactly(2))
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"ok")
            found = await reader.read()
            writer.close()
        return found

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(turns)) as runner:
        assert runner.run(come_and_go()) == b"ok"
