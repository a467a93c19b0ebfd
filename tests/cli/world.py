"""Running `jaringan` as people do: as a program of its own, on a folder of its own."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from embedded.world import PATIENCE_SECONDS, guardian_runs, server_runs


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Ours without its own JARINGAN_ settings, with those given."""
    kept = {name: at for name, at in os.environ.items() if not name.startswith("JARINGAN_")}
    return {**kept, "JARINGAN_DATA_FOLDER": str(folder), "COLUMNS": "100", **more}


def jaringan(*arguments: str, folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """One command, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "jaringan_usaha", *arguments],
        env=environment(folder, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def lives(pid: int) -> bool:
    """A zombie is dead."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def nothing_runs(folder: Path) -> bool:
    """No database, no guardian, and no program that was started with this data folder."""
    return not (server_runs(folder) or guardian_runs(folder) or programs_on(folder))


def programs_on(folder: Path) -> list[int]:
    """Processes whose environment names the folder, ourselves apart."""
    wanted = f"JARINGAN_DATA_FOLDER={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid() and lives(int(entry.name)):
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:  # it ended while we looked, or is another's
                continue
    return found


@dataclass(frozen=True)
class Answer:
    """What HTTP brought; `body` is JSON."""

    status: int
    media_type: str
    body: Any


class Serving:
    """`jaringan serve`, until the end of the block."""

    def __init__(self, folder: Path, *options: str, **more: str) -> None:
        self.folder = folder
        port = () if "--port" in options else ("--port", "0")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jaringan_usaha", "serve", "--json", *port, *options],
            env=environment(folder, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.url = ""
        self.key = ""

    def __enter__(self) -> Self:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.end())
        self.url = json.loads(line)["url"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.end()

    def end(self, number: int | None = None) -> str:
        """Send a signal, wait for the end, and hear what it said on stderr."""
        if number is not None:
            self.process.send_signal(number)
        return self.process.communicate(timeout=PATIENCE_SECONDS)[1]

    def interrupt(self) -> str:
        return self.end(signal.SIGINT)

    def followers(self) -> list[int]:
        """The children that follow the log."""
        found = []
        for pid in children_of(self.process.pid):
            try:
                arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"follow" in arguments and lives(pid):
                found.append(pid)
        return found

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """One request, with the key if there is one. Raises OSError when nobody answers."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                **({"Authorization": f"Bearer {self.key}"} if self.key else {}),
                **headers,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return _answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.headers, error.read())

    def operate(self) -> None:
        """From now on ask with an operator's key, made by the command line."""
        made = jaringan("keys", "create", "--role", "operator", "--json", folder=self.folder)
        assert made.returncode == 0, made.stderr
        self.key = json.loads(made.stdout)["key"]


def _answer(status: int, headers: Any, content: bytes) -> Answer:
    return Answer(status, headers.get_content_type(), json.loads(content or b"null"))


def children_of(pid: int) -> list[int]:
    """Direct children, of all threads."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in path.read_text().split()]
    return found


def sentence_of(done: "subprocess.CompletedProcess[str]") -> str:
    """The one sentence of an error, beside what the embedded server tells on its way."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("jaringan: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]
