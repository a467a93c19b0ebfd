"""Processes from outside: what CPU they used, what memory they hold, how they are started."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 30


def cpu_seconds(pid: int, *, ended_children: bool = False) -> float:
    """User and system time of a process, with all its threads; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11 : 15 if ended_children else 13])) / _TICK


def children(pid: int) -> list[int]:
    """The live children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def memory_mb(pid: int, *, peak: bool = False) -> float:
    """Resident memory of a process now, or the most it ever was."""
    name = "VmHWM:" if peak else "VmRSS:"
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


@dataclass(frozen=True)
class Postgres:
    """All server processes of one cluster, those that have ended included."""

    pid: int

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid, ended_children=True) + sum(
            map(cpu_seconds, children(self.pid))
        )


@dataclass(frozen=True)
class Service:
    """An HTTP service in a process of its own."""

    url: str
    pid: int

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def started(
    arguments: Sequence[str], environment: dict[str, str], *, source: Path | None = None
) -> Iterator[Service]:
    """A program that says `{"url": …}` when it is ready; ended afterwards.

    `source`: another copy of `src/`, to compare two states of the code side by side.
    """
    path = [str(source or TOP / "src"), str(TOP)]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", *arguments],
        cwd=TOP,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(path), "JARINGAN_RATE_FACTOR": "0"}
        | environment,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{arguments[0]} did not start")
        yield Service(json.loads(line)["url"], process.pid)
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def until(holds: Callable[[], bool], *, seconds: float, every: float = 0.05) -> None:
    """Wait. Raises TimeoutError."""
    give_up_at = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"not so within {seconds:.0f} s")
        time.sleep(every)


def load(plan: dict[str, Any]) -> dict[str, Any]:
    """Let another process send requests; returns what it counted."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bench.load"],
        input=json.dumps(plan),
        env=os.environ | {"PYTHONPATH": str(TOP)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    counted: dict[str, Any] = json.loads(done.stdout)
    return counted
