"""`project`, `rebuild` and `close`: from the log to read tables and consolidated orders."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from bench.load import KOPERASI
from bench.machine import Service, cpu_seconds, load, memory_mb, started, until
from bench.rounds import Result, Sample, interleaved
from bench.world import CYCLE, NETWORK, World, world
from jaringan_usaha import house
from jaringan_usaha.eventlog.database import WORKER, open_pool, owner_connection
from jaringan_usaha.eventlog.migrate import create_read_model
from jaringan_usaha.eventlog.projector import Projector, log_queries
from jaringan_usaha.eventlog.rebuild import rebuild

LINES = 10
ORDERS_A_SECOND = 8_000  # so many orders are folded for each second asked for
CHUNK = 5_000

_ORDERS = """
insert into orders (network_id, order_id, cycle_id, koperasi_id, version, state, lines, client_at,
                    placed_position, position, recorded_at)
select 1, order_id, cycle_id, koperasi_id, 1, 'placed', lines, null, position, position,
       recorded_at
from staged.orders where position > $1 and position <= $2
"""
_DEMAND = """
insert into demand as d (network_id, cycle_id, supplier_id, item_id, koperasi_id, quantity,
                         order_lines, amount_idr, discount_idr, tolerance, least, first_position)
select 1, cycle_id, supplier_id, item_id, koperasi_id, sum(quantity), count(*), sum(amount_idr),
       sum(discount_idr), sum(tolerance), sum(least), min(position)
from staged.lines where position > $1 and position <= $2
group by cycle_id, supplier_id, item_id, koperasi_id
on conflict (network_id, cycle_id, supplier_id, item_id, koperasi_id) do update
set quantity = d.quantity + excluded.quantity, order_lines = d.order_lines + excluded.order_lines,
    amount_idr = d.amount_idr + excluded.amount_idr,
    discount_idr = d.discount_idr + excluded.discount_idr,
    tolerance = d.tolerance + excluded.tolerance, least = d.least + excluded.least
"""
_TOTALS = """
insert into totals as t (network_id, cycle_id, supplier_id, item_id, quantity, order_lines,
                         amount_idr, discount_idr, tolerance)
select 1, cycle_id, supplier_id, item_id, sum(quantity), count(*), sum(amount_idr),
       sum(discount_idr), sum(tolerance)
from staged.lines where position > $1 and position <= $2
group by cycle_id, supplier_id, item_id
on conflict (network_id, cycle_id, supplier_id, item_id) do update
set quantity = t.quantity + excluded.quantity, order_lines = t.order_lines + excluded.order_lines,
    amount_idr = t.amount_idr + excluded.amount_idr,
    discount_idr = t.discount_idr + excluded.discount_idr,
    tolerance = t.tolerance + excluded.tolerance
"""


def measure_project(rounds: int, seconds: float) -> Iterator[Result]:
    """T4: catch up with a log of ten-line orders, all projections together."""
    orders = round(ORDERS_A_SECOND * seconds)
    with world() as place:
        head = place.fill(orders, LINES)
        place.owner("create index on staged.lines (position)")
        place.owner("create index on staged.orders (position)")
        contenders = {
            "SQL chunks": lambda: by_sql(place, head, orders, CHUNK),
            "projections, pages of 5,000": lambda: by_pages(place, head, orders, 5_000),
            "projections, pages of 50,000": lambda: by_pages(place, head, orders, 50_000),
        }
        yield interleaved("project", "order lines", contenders, ("SQL chunks",), rounds)


def by_pages(place: World, head: int, orders: int, page: int) -> Sample:
    """The projector as the follower runs it, into empty tables of its own."""

    async def run() -> Sample:
        async with owner_connection(place.url) as owner:
            await create_read_model(owner, "bench_pages")
        pool = await open_pool(place.url, most=3, schema="bench_pages", role=WORKER)
        projector = Projector(pool, house.event_types(), house.PROJECTIONS, page=page)
        await projector.catch_up(NETWORK, upto=head)
        began, own = time.perf_counter(), time.process_time()
        before = place.postgres.cpu_seconds()
        folded = await projector.catch_up(NETWORK)
        taken = time.perf_counter() - began
        own, used = time.process_time() - own, place.postgres.cpu_seconds() - before
        rows = await pool.fetchval("select sum(order_lines) from totals")
        await pool.close()
        if folded != orders or rows != orders * LINES:
            raise RuntimeError(f"{folded} events and {rows} lines are not what was recorded")
        return _sample(orders, taken, own, used)

    return asyncio.run(run())


def by_sql(place: World, head: int, orders: int, chunk: int) -> Sample:
    """The same three tables from typed rows, a commit for each chunk."""

    async def run() -> Sample:
        async with owner_connection(place.url) as db:
            await create_read_model(db, "bench_sql")
            await db.execute("set search_path = bench_sql")
            await db.execute("set jit = off")
            began, before = time.perf_counter(), place.postgres.cpu_seconds()
            for first in range(head, head + orders, chunk):
                async with db.transaction():
                    for statement in (_ORDERS, _DEMAND, _TOTALS):
                        await db.execute(statement, first, first + chunk, timeout=None)
            taken = time.perf_counter() - began
            used = place.postgres.cpu_seconds() - before
            return _sample(orders, taken, 0.0, used)

    return asyncio.run(run())


def _sample(orders: int, taken: float, own: float, used: float) -> Sample:
    lines = orders * LINES
    return Sample(lines / taken, service_us=own / lines * 1e6, postgres_us=used / lines * 1e6)


def measure_rebuild(rounds: int, seconds: float) -> Iterator[Result]:
    """T5: new read tables beside the live ones, against one statement for everything; then what
    single orders lose while it runs."""
    orders = round(ORDERS_A_SECOND * seconds)
    with world() as place:
        head = place.fill(orders, LINES)

        def whole() -> Sample:
            began, own = time.perf_counter(), time.process_time()
            before = place.postgres.cpu_seconds()
            asyncio.run(rebuild(place.url, house.event_types(), house.PROJECTIONS))
            taken = time.perf_counter() - began
            used = place.postgres.cpu_seconds() - before
            return _sample(orders, taken, time.process_time() - own, used)

        contenders = {
            "SQL at once": lambda: by_sql(place, head, orders, orders),
            "rebuild": whole,
        }
        yardsticks = ("SQL at once",)
        yield interleaved("rebuild", "order lines", contenders, yardsticks, rounds)
        with place.service() as service:
            yield interleaved(
                "orders during a rebuild",
                "orders",
                beside(place, service.pid, service.port, seconds),
                ("alone",),
                rounds,
            )


def beside(place: World, pid: int, port: int, seconds: float) -> dict[str, Callable[[], Sample]]:
    """Single orders alone, and while another process rebuilds again and again."""
    plan = {"port": port, "key": place.key, "cycle": CYCLE, "lines": 1, "connections": 64}
    load(plan | {"requests": KOPERASI * 5 // 4, "seconds": 60})

    def alone() -> Sample:
        before = cpu_seconds(pid)
        told = load(plan | {"seconds": seconds})
        return Sample(
            told["requests"] / told["seconds"],
            told["p50_ms"],
            told["p99_ms"],
            told["worst_ms"],
            (cpu_seconds(pid) - before) / told["requests"] * 1e6,
        )

    def rebuilding() -> Sample:
        with started(("bench.rebuilding",), {"JARINGAN_DATABASE_URL": place.url}):
            return alone()

    return {"alone": alone, "during a rebuild": rebuilding}


def measure_close(rounds: int, seconds: float) -> Iterator[Result]:
    """T6: `jaringan follow` closes a cycle: consolidate, share, post, show. Once with so many
    koperasi as there are elsewhere, which order again and again; once with every order from
    another koperasi, so that every order line is a claim of its own."""
    orders = round(ORDERS_A_SECOND * seconds)
    for koperasi in (KOPERASI, orders):
        with world() as place, ExitStack() as running:
            follower = running.enter_context(
                started(("bench.following",), {"JARINGAN_DATABASE_URL": place.url})
            )
            yield closing(place, follower, orders, koperasi, rounds)


def closing(place: World, follower: Service, orders: int, koperasi: int, rounds: int) -> Result:
    """Each round closes a cycle of its own, and groups the same lines."""
    lines = orders * LINES
    state: dict[str, str] = {}

    def prepared() -> None:
        cycle = state["cycle"] = f"cycle-{time.time_ns()}"
        asyncio.run(place.open_cycle(cycle))
        head = place.fill(orders, LINES, cycle=cycle, koperasi=koperasi)
        shown = "select coalesce(min(position), 0) from read.bookmarks where network_id = $1"
        until(lambda: place.owner(shown, NETWORK) >= head + orders, seconds=600, every=0.5)

    def plain(columns: str) -> Sample:
        began, before = time.perf_counter(), place.postgres.cpu_seconds()
        place.owner(
            f"create temp table grouped as select {columns}, sum(quantity) as quantity,"
            " count(*) as order_lines, sum(amount_idr) as amount_idr from staged.lines"
            f" where cycle_id = '{state['cycle']}' group by {columns}"
        )
        taken = time.perf_counter() - began
        used = (place.postgres.cpu_seconds() - before) / lines * 1e6
        return Sample(lines / taken, postgres_us=used, notes={"seconds": taken})

    def by_item() -> Sample:
        prepared()
        return plain("supplier_id, item_id")

    def close() -> Sample:
        held = memory_mb(follower.pid)
        own, before = cpu_seconds(follower.pid), place.postgres.cpu_seconds()
        began = time.perf_counter()
        peak = asyncio.run(closed(place, state["cycle"], follower.pid))
        taken = time.perf_counter() - began
        return Sample(
            lines / taken,
            service_us=(cpu_seconds(follower.pid) - own) / lines * 1e6,
            postgres_us=(place.postgres.cpu_seconds() - before) / lines * 1e6,
            notes={"seconds": taken, "MB before": held, "MB more": peak - held},
        )

    contenders = {
        "GROUP BY item": by_item,
        "GROUP BY both": lambda: plain("supplier_id, item_id, koperasi_id"),
        "close": close,
    }
    yardsticks = ("GROUP BY item", "GROUP BY both")
    name = f"close of {lines:,} lines of {koperasi:,} koperasi"
    return interleaved(name, "order lines", contenders, yardsticks, rounds)


async def closed(place: World, cycle: str, follower: int) -> float:
    """Close a cycle as its operator does, and wait until all that comes of it is shown; the most
    memory that the follower held meanwhile."""
    peak = 0.0
    async with owner_connection(place.url) as db:
        await place.close_cycle(cycle)
        await db.execute(log_queries.poke, str(NETWORK))
        asked = await db.prepare(
            "select bool_and(b.position = h.position and c.state = 'consolidated')"
            " from read.bookmarks b join log.head h using (network_id)"
            " join read.cycles c using (network_id) where c.cycle_id = $1"
        )
        async with asyncio.timeout(600):
            while not await asked.fetchval(cycle):
                peak = max(peak, memory_mb(follower))
                await asyncio.sleep(0.02)
    return peak
