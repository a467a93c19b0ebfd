"""What goes wrong outside: processes that die or sleep, and a network that is cut."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

from eventlog.keys import new_command_id

PATIENCE_SECONDS = 30


def state_of(pid: int) -> str:
    """One letter of the kernel: R runs, S waits, T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


class AnotherProcess:
    """One process of the house beside this one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    async def ask(self, do: str, **wish: Any) -> UUID:
        """Send a command; its key."""
        assert self._process.stdin is not None
        key = wish.pop("key", None) or new_command_id()
        line = json.dumps({"do": do, "key": str(key), **wish})
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()
        return UUID(str(key))

    async def answer(self) -> dict[str, Any]:
        """The next answer."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE_SECONDS)
        assert line, "the process ended"
        found: dict[str, Any] = json.loads(line)
        return found

    async def ready(self) -> None:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE_SECONDS)
        assert line == b"ready\n", line

    async def sleeps(self) -> bool:
        return state_of(self.pid) == "T"

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def another_process(url: str, network_id: int = 1) -> AsyncIterator[AnotherProcess]:
    """Start one; it does not outlive the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "eventlog.another_process", url, str(network_id)),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    other = AnotherProcess(process)
    try:
        await other.ready()
        yield other
    finally:
        await other.kill()


class Wire:
    """A relay before the server's socket, which can be cut at the worst moment."""

    def __init__(self, behind: Path) -> None:
        self._behind = behind
        self.armed = ""
        self.stays_cut = False
        self.cuts = 0

    async def carry(
        self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter
    ) -> None:
        server_in, server_out = await asyncio.open_unix_connection(str(self._behind))
        lines = [
            asyncio.create_task(self._carry(client_in, server_out, "request")),
            asyncio.create_task(self._carry(server_in, client_out, "answer")),
        ]
        try:
            await asyncio.wait(lines, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for line in lines:
                line.cancel()
            await asyncio.gather(*lines, return_exceptions=True)
            for end in (client_out, server_out):
                end.close()

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, what: str
    ) -> None:
        """`answer` cut: the server has done all, nobody hears of it. `request` cut: it was
        sent whole, then the line is gone. `nothing sent`: it never arrived."""
        while data := await source.read(1 << 16):
            if self.armed == "nothing sent" and what == "request":
                return self._cut()
            if self.armed == what == "answer":
                return self._cut()
            target.write(data)
            await target.drain()
            if self.armed == what == "request":
                return self._cut()
        return None

    def _cut(self) -> None:
        if not self.stays_cut:
            self.armed = ""
        self.cuts += 1


@asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[tuple[str, Wire]]:
    """A URL that leads to the same database through a wire of ours."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    port = query["port"][0]
    folder = Path(tempfile.mkdtemp(prefix="wire-"))
    wire = Wire(Path(query["host"][0]) / f".s.PGSQL.{port}")
    relay = await asyncio.start_unix_server(wire.carry, folder / f".s.PGSQL.{port}")
    try:
        host = quote(str(folder), safe="")
        yield f"{parts.scheme}://{parts.netloc}{parts.path}?host={host}&port={port}", wire
    finally:
        relay.close()
        await asyncio.sleep(0)
        shutil.rmtree(folder)
