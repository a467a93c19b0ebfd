"""`overload`: REL-12, three times what the service can take."""

from collections.abc import Callable, Iterator
from typing import Any

from bench.load import KOPERASI
from bench.machine import Service, cpu_seconds, load, memory_mb
from bench.orders import BEFORE, warmed
from bench.rounds import Result, Sample, interleaved
from bench.world import CYCLE, World, world
from jaringan_usaha.settings import Settings

TIMES = 3
CONNECTIONS = 32  # fewer than it has places, so that nobody is refused
MANY_CONNECTIONS = 1_000
RECOVERY_SECONDS = 10.0


def measure_overload(rounds: int, seconds: float) -> Iterator[Result]:
    """What it takes, half of that, three times that for so many seconds, and half again at once.
    REL-12 asks for two minutes: `--seconds 120 --rounds 1`."""
    with world() as place:
        place.fill(BEFORE, 1)
        with place.service() as service:
            warmed(place, service)
            _remembering(place, service)
            reached: list[float] = []

            def sent(**plan: Any) -> Sample:
                whole = {"port": service.port, "key": place.key, "cycle": CYCLE, "lines": 1}
                whole |= {"koperasi": KOPERASI, "connections": CONNECTIONS} | plan
                before, held = _head(place), memory_mb(service.pid)
                cpu = cpu_seconds(service.pid)
                told = load(whole)
                asked = told["requests"] + told["refused"]
                recorded = _head(place) - before
                if set(told["statuses"]) - {"201", "429", "503"}:
                    raise RuntimeError(f"answers were {told['statuses']}")
                if recorded < told["statuses"].get("201", 0):
                    raise RuntimeError(f"{told['statuses']} answered, {recorded} recorded")
                notes = {
                    "refused": told["refused"],
                    "p50 and p99 ms since sent": _pair(told),
                    "refused: p50 and p99 ms since sent": _pair(told["refusals"]),
                    "refused: p99 ms since due": told["refusals"]["p99_ms"],
                    "client µs": told["client_us"],
                    "service µs": (cpu_seconds(service.pid) - cpu) / asked * 1e6,
                    "MB more": memory_mb(service.pid) - held,
                }
                rate = told["requests"] / told["seconds"]
                return Sample(rate, told["p50_ms"], told["p99_ms"], told["worst_ms"], notes=notes)

            def all_it_takes() -> Sample:
                found = sent(seconds=5.0)
                reached.append(found.rate)
                return found

            contenders: dict[str, Callable[[], Sample]] = {
                "all it takes": all_it_takes,
                "half of it": lambda: sent(seconds=RECOVERY_SECONDS, rate=reached[-1] / 2),
                "three times": lambda: sent(
                    seconds=seconds, rate=reached[-1] * TIMES, connections=MANY_CONNECTIONS
                ),
                "half again": lambda: sent(seconds=RECOVERY_SECONDS, rate=reached[-1] / 2),
            }
            yield interleaved("overload", "orders", contenders, (), rounds)


def _remembering(place: World, service: Service) -> None:
    """It remembers as much as it may, as after a day of service; so what it then holds more of is
    not what it was told."""
    plan = {"port": service.port, "key": place.key, "cycle": CYCLE, "lines": 1}
    plan |= {"connections": CONNECTIONS, "seconds": 10.0}
    full = _head(place) + Settings().memory_facts
    while _head(place) < full:
        load(plan)


def _head(place: World) -> int:
    return int(place.owner("select max(position) from log.head where position > $1", 0))


def _pair(waits: dict[str, float]) -> str:
    return f"{waits['sent_p50_ms']:.1f} {waits['sent_p99_ms']:.1f}"
