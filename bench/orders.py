"""`order` and `sync`: what comes in over HTTP, durable."""

import asyncio
import csv
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.load import KOPERASI, item_id, koperasi_id, order_ids, supplier_id
from bench.machine import Service, cpu_seconds, load
from bench.rounds import Contenders, Result, Sample, interleaved
from bench.world import CYCLE, World, connect, world
from jaringan_usaha.embedded.binaries import find_binaries

AT_ONCE = 256  # what is measured is what an order costs, not who is refused
BEFORE = 100_000  # events behind it when the measurement begins
CONNECTIONS = 64
SYNC_ORDERS, SYNC_LINES = 500, 10
_ROW = "('bench', 'kop-00001', 'sup-001', 'item-0001', 3, repeat('x', 200))"


def loaded(place: World, service: Service, seconds: float, **plan: Any) -> Callable[[], Sample]:
    """One run of the load against a service, with the CPU that it cost on both sides."""
    whole = {"port": service.port, "key": place.key, "cycle": CYCLE, "lines": 1} | plan
    whole.setdefault("connections", CONNECTIONS)
    units = plan.get("orders", 1) * (whole["lines"] if plan.get("orders") else 1)

    def run() -> Sample:
        load(whole | {"seconds": 1.0})  # warm-up
        before = cpu_seconds(service.pid), place.postgres.cpu_seconds()
        told = load(whole | {"seconds": seconds})
        after = cpu_seconds(service.pid), place.postgres.cpu_seconds()
        if set(told["statuses"]) != {"201"}:
            raise RuntimeError(f"answers were {told['statuses']}")
        done = told["requests"] * units
        return Sample(
            done / told["seconds"],
            told["p50_ms"],
            told["p99_ms"],
            told["worst_ms"],
            (after[0] - before[0]) / done * 1e6,
            (after[1] - before[1]) / done * 1e6,
            {"client µs": told["client_us"]},
        )

    return run


def warmed(place: World, service: Service, lines: int = 1) -> Service:
    """Every koperasi and every offer asked for once, as after an hour of service."""
    plan = {"port": service.port, "key": place.key, "cycle": CYCLE, "lines": lines}
    load(plan | {"connections": 64, "requests": KOPERASI * 5 // 4, "seconds": 60})
    return service


def measure_order(rounds: int, seconds: float) -> Iterator[Result]:
    """T1, T2: one order of one line at listed prices, committed before it is answered."""
    with world() as place, ExitStack() as running:
        place.fill(BEFORE, 1)
        house = warmed(place, running.enter_context(place.service(at_once=AT_ONCE)))
        noop = running.enter_context(place.service(("bench.servers", "noop")))
        contenders: dict[str, Callable[[], Sample]] = {
            "no-op POST": loaded(place, noop, seconds, path="/orders"),
            "order, 64 in flight": loaded(place, house, seconds),
            "order, 256 in flight": loaded(place, house, seconds, connections=AT_ONCE),
            "pgbench": lambda: pgbench(place, seconds),
        }
        yardsticks = ["no-op POST", "pgbench"]
        try:
            import psycopg_pool  # noqa: F401  a yardstick that only some have installed
        except ImportError:
            pass
        else:
            other = running.enter_context(place.service(("bench.servers", "recorder")))
            contenders["recorder"] = loaded(place, other, seconds, path="/orders")
            yardsticks.insert(1, "recorder")
        place.owner(
            "create table yard_row (id bigint generated always as identity primary key,"
            " cycle_id text, koperasi_id text, supplier_id text, item_id text, quantity bigint,"
            " body text)"
        )
        yield interleaved("order", "orders", contenders, tuple(yardsticks), rounds)
        yield interleaved(
            "order at half capacity", "orders", halves(place, house, seconds), (), rounds
        )


def halves(place: World, house: Service, seconds: float) -> Contenders:
    """T2: the rate of a moment ago, and then half of it, with due times."""
    full = loaded(place, house, seconds)
    reached: list[float] = []

    def whole() -> Sample:
        reached.append(full().rate)
        return Sample(reached[-1])

    def half() -> Sample:
        found = loaded(place, house, seconds, rate=reached[-1] / 2)()
        assert found.p99_ms is not None
        assert found.p50_ms is not None
        return Sample(**vars(found) | {"notes": {"p99 / p50": found.p99_ms / found.p50_ms}})

    return {"all it takes": whole, "half of it": half}


def pgbench(place: World, seconds: float) -> Sample:
    """One row of about the same bytes and one commit per transaction, 32 clients."""
    script = place.server_files / "one_row.sql"
    script.write_text(
        "insert into yard_row (cycle_id, koperasi_id, supplier_id, item_id, quantity, body)"
        f" values {_ROW};\n"
    )
    before = place.postgres.cpu_seconds()
    done = subprocess.run(
        [
            find_binaries().folder / "pgbench",
            *("-n", "-M", "prepared", "-c", "32", "-j", "1", "-T", str(max(1, round(seconds)))),
            *("-f", script, "-h", place.socket_folder, "-U", "jaringan", "jaringan"),
        ],
        env=os.environ | {"LC_ALL": "C"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures = dict(line.split(" = ") for line in done.stdout.splitlines() if " = " in line)
    rate = float(figures["tps"].split()[0])
    used = place.postgres.cpu_seconds() - before
    p50 = float(figures["latency average"].split()[0])
    return Sample(rate, p50, postgres_us=used / (rate * max(1, round(seconds))) * 1e6)


def measure_sync(rounds: int, seconds: float) -> Iterator[Result]:
    """T3: orders of ten lines, 500 in a request, a verdict for each."""
    with world() as place, place.service() as house:
        place.fill(BEFORE, 1)
        warmed(place, house)
        place.owner(
            "create table yard_line (network_id bigint, order_id uuid, line_no int, cycle_id text,"
            " koperasi_id text, supplier_id text, item_id text, quantity bigint,"
            " primary key (network_id, order_id, line_no))"
        )
        copying = CopyYard(place, seconds)
        sync = {"orders": SYNC_ORDERS, "lines": SYNC_LINES}
        contenders = {
            "COPY file": copying.from_file,
            "COPY asyncpg": copying.from_records,
            "sync, 4 connections": loaded(place, house, seconds, connections=4, **sync),
            "sync, 1 connection": loaded(place, house, seconds, connections=1, **sync),
        }
        yardsticks = ("COPY file", "COPY asyncpg")
        yield interleaved("sync", "order lines", contenders, yardsticks, rounds)


class CopyYard:
    """The same lines into one typed table with its key, a commit for every 5,000 lines."""

    def __init__(self, place: World, seconds: float) -> None:
        self._place = place
        self._seconds = seconds
        self._ids = order_ids()

    def _rows(self) -> list[tuple[Any, ...]]:
        return [
            (
                *(1, UUID(order_id), line, CYCLE, koperasi_id(n % KOPERASI)),
                *(supplier_id((n + line) // 5 % 200), item_id((n + line) % 1_000), 3),
            )
            for n, order_id in enumerate(islice(self._ids, SYNC_ORDERS))
            for line in range(SYNC_LINES)
        ]

    def from_file(self) -> Sample:
        return asyncio.run(self._timed(file=True))

    def from_records(self) -> Sample:
        return asyncio.run(self._timed(file=False))

    async def _timed(self, *, file: bool) -> Sample:
        """Only the copying is timed, not the making of rows."""
        taken, own, lines = 0.0, 0.0, 0
        before = self._place.postgres.cpu_seconds()
        connection = await connect(self._place.url)
        path: Path = self._place.server_files / "lines.csv"
        while taken < self._seconds / 2:
            rows = self._rows()
            if file:
                with path.open("w", newline="") as out:
                    csv.writer(out).writerows(rows)
            began, own_began = time.perf_counter(), time.process_time()
            if file:
                await connection.execute(f"copy yard_line from '{path}' (format csv)")
            else:
                await connection.copy_records_to_table("yard_line", records=rows)
            taken += time.perf_counter() - began
            own += time.process_time() - own_began
            lines += len(rows)
        await connection.close()
        used = self._place.postgres.cpu_seconds() - before
        return Sample(lines / taken, service_us=own / lines * 1e6, postgres_us=used / lines * 1e6)
