"""`growth`, `memory` and `cli`: what must not grow, and what people wait for."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

from bench.machine import load, memory_mb, started
from bench.orders import loaded, warmed
from bench.rounds import Result, Sample, interleaved
from bench.world import CYCLE, SERVE, world
from jaringan_usaha.cli.own_service import temporary_folder

SMALL, LARGE = 100_000, 1_000_000
STEP = 500_000
MANY_KOPERASI = 80_000


def measure_growth(rounds: int, seconds: float) -> Iterator[Result]:
    """T8, scaled: T1 with a million events behind it against a hundred thousand, two clusters
    side by side, 80,000 orders of the large one in the cycle that is ordered in."""
    with ExitStack() as running:
        contenders = {}
        for name, events in (("100,000 events", SMALL), ("1,000,000 events", LARGE)):
            place = running.enter_context(world())
            if events > SMALL:
                for _ in range(0, events - SMALL, STEP):
                    place.fill(STEP, 1, cycle="earlier")
            place.fill(80_000, 1)
            service = warmed(place, running.enter_context(place.service()))
            contenders[name] = loaded(place, service, seconds)
        yield interleaved("growth", "orders", contenders, ("100,000 events",), rounds)


def measure_memory(rounds: int, seconds: float) -> Iterator[Result]:
    """T10: what the service holds when it has heard of every koperasi, and then goes on."""
    with world(koperasi=MANY_KOPERASI) as place:
        for _ in range(0, LARGE, STEP):
            place.fill(STEP, 1, koperasi=MANY_KOPERASI)
        with place.service() as service:
            fresh = memory_mb(service.pid)
            plan = {"port": service.port, "key": place.key, "cycle": CYCLE, "lines": 1}
            plan |= {"connections": 64, "koperasi": MANY_KOPERASI}

            def heard() -> Sample:
                told = load(plan | {"requests": MANY_KOPERASI, "seconds": 600})
                held, peak = memory_mb(service.pid), memory_mb(service.pid, peak=True)
                notes = {"MB fresh": fresh, "MB now": held, "MB at most": peak}
                return Sample(told["requests"] / told["seconds"], notes=notes)

            yield interleaved("memory", "orders", {"80,000 orders of as many": heard}, (), rounds)


def measure_cli(rounds: int, seconds: float) -> Iterator[Result]:
    """T11: `--help`, and `serve` on a data folder that has been used before."""
    with temporary_folder() as folder:
        environment = {"JARINGAN_DATA_FOLDER": str(folder)}

        def bare() -> Sample:
            return _timed([sys.executable, "-c", "pass"])

        def help_() -> Sample:
            return _timed([sys.executable, "-P", "-m", "jaringan_usaha", "--help"])

        def serve() -> Sample:
            began = time.perf_counter()
            with started(SERVE, environment):
                return _took(time.perf_counter() - began)

        serve()
        contenders = {"python -c pass": bare, "jaringan --help": help_, "jaringan serve": serve}
        yield interleaved("cli", "starts", contenders, ("python -c pass",), rounds)


def _timed(command: list[str]) -> Sample:
    path = os.pathsep.join(sys.path)
    began = time.perf_counter()
    subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.DEVNULL, check=True
    )
    return _took(time.perf_counter() - began)


def _took(seconds: float) -> Sample:
    return Sample(1 / seconds, notes={"seconds": seconds})
