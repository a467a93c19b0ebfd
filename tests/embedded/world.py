"""What a test sees of the world around the server: processes, locks, other users of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.embedded.binaries import find_binaries
from jaringan_usaha.embedded.locks import FileLock
from jaringan_usaha.embedded.place import Place
from jaringan_usaha.embedded.server import SOURCES

PATIENCE_SECONDS = 90
A_USER = """
import sys
from pathlib import Path
from jaringan_usaha.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1]), lambda sentence: print(sentence, flush=True)):
    print("ready", flush=True)
    sys.stdin.read()
"""


def until(happens: Callable[[], bool]) -> None:
    """Wait for a condition, not for a time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def is_free(lock: Path) -> bool:
    if not lock.exists():
        return True
    with FileLock(lock) as opened:
        return opened.try_seize()


def server_runs(folder: Path) -> bool:
    """Whether any process of the embedded server lives: all of them hold its lock."""
    return not is_free(Place(folder).server_lock)


def guardian_runs(folder: Path) -> bool:
    return not is_free(Place(folder).guardian_lock)


def nothing_runs(folder: Path) -> bool:
    return not server_runs(folder) and not guardian_runs(folder)


def ask(server: EmbeddedServer, sql: str) -> str:
    done = find_binaries().run("psql", "-XAtq", "--set=ON_ERROR_STOP=1", "-c", sql, server.url)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def postmaster(folder: Path) -> int:
    return int((Place(folder).cluster / "postmaster.pid").read_text().split()[0])


def kill_server(folder: Path) -> None:
    os.kill(postmaster(folder), signal.SIGKILL)


def kill_guardian(folder: Path) -> None:
    found = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit()
        and {b"jaringan_usaha.embedded.guardian", os.fsencode(folder)} <= arguments_of(entry)
    ]
    assert len(found) == 1
    os.kill(found[0], signal.SIGKILL)
    until(lambda: not guardian_runs(folder))


def arguments_of(entry: Path) -> set[bytes]:
    try:
        return set((entry / "cmdline").read_bytes().split(b"\0"))
    except OSError:  # it ended while we looked
        return set()


class AUser:
    """Another process that uses the server until it is told to leave, or is killed."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-c", A_USER, folder],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(SOURCES), *sys.path])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self.leave()

    def hear(self, word: str) -> Self:
        """Wait until it says something with that word in it."""
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(line)
            if word in line:
                return self
        raise AssertionError(f"never heard {word!r}, only {self.said}")

    def leave(self) -> None:
        self._process.communicate(timeout=PATIENCE_SECONDS)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
