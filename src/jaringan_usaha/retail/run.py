"""The whole import: enter, replay, consolidate, compare."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from jaringan_usaha.client.service import Service
from jaringan_usaha.retail.compare import compare
from jaringan_usaha.retail.oracle import Oracle
from jaringan_usaha.retail.replay import Replay
from jaringan_usaha.retail.report import Comparison, number
from jaringan_usaha.retail.source import DEFAULT_RATE, WEEKS, Receipts, dirt, retail_files
from jaringan_usaha.retail.tills import Dice, Tills, all_of

ORDERS_A_REQUEST = 100
ORDERS_A_REQUEST_OF_A_SLICE = 25
MOST_WEEKS_OF_A_SLICE = 8


async def import_retail(
    base_url: str,
    operator_key: str,
    *,
    weeks: list[int] | None = None,
    rate: int = DEFAULT_RATE,
    clients: int = 8,
    seed: int = 2017,
    orders_a_request: int | None = None,
    console: Console | None = None,
) -> Comparison:
    """Send the receipts of some weeks (None: of the year) to a running service and compare.

    What an earlier run has sent is not sent again; every week that the network has by then is
    compared. Raises RetailDataMissing, ImportRefused, NotWholeCents, ServiceProblem, ValueError.
    """
    files = retail_files()
    receipts = Receipts(files, rate)
    chosen = sorted(set(weeks or WEEKS))
    if not set(chosen) <= set(WEEKS):
        raise ValueError(f"weeks run from {WEEKS[0]} to {WEEKS[-1]}")
    if orders_a_request is None:  # a slice has few; its requests are small, so that faults fall
        small = len(chosen) <= MOST_WEEKS_OF_A_SLICE
        orders_a_request = ORDERS_A_REQUEST_OF_A_SLICE if small else ORDERS_A_REQUEST
    console = console or Console()
    clock = Stopwatch()
    async with AsyncExitStack() as stack:
        services = [
            await stack.enter_async_context(Service(base_url, operator_key)) for _ in range(clients)
        ]
        tills = Tills(services, Dice(seed))
        replay = Replay(services[0], tills, receipts, rate)
        await replay.look()
        there = replay.there("closed", "consolidated")
        missing = [week for week in chosen if week not in there]
        if there:
            console.print(f"Sudah ada / there already: {number(len(there))} minggu / weeks")
        with _progress(console) as progress:
            for week in replay.there("closed"):
                await replay.consolidated(week)
            if missing:
                parties = replay.parties(missing)
                heard = _bar(progress, "data induk / master data", len(parties))
                await replay.enter(parties, sent=heard)
                clock.lap("data induk / master data")
                heard = _bar(progress, "pesanan / orders", dirt(files, missing).baskets)
                await _replay(replay, missing, orders_a_request, heard)
                clock.lap("pesanan / orders")
            all_weeks = replay.there("consolidated")
            heard = _bar(progress, "membandingkan / comparing", len(all_weeks))
            compared = await compare(services, Oracle(files, rate), all_weeks, heard)
            clock.lap("membandingkan / comparing")
    return Comparison(
        tuple(all_weeks),
        rate,
        dirt(files, all_weeks),
        tills.tally,
        tuple(compared.checks),
        clock.laps,
    )


async def _replay(
    replay: Replay, weeks: list[int], orders_a_request: int, sent: Callable[[int], None]
) -> None:
    """Week by week; while one is consolidated, the next one is filled already."""
    closed: list[int] = []
    for week in weeks:
        filling = replay.fill(week, orders_a_request=orders_a_request, sent=sent)
        await all_of([filling, *(replay.consolidated(each) for each in closed)])
        await replay.close(week)
        closed = [week]
    await all_of(replay.consolidated(each) for each in closed)


class Stopwatch:
    """Where the time goes."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self.laps: dict[str, float] = {}

    def lap(self, what: str) -> None:
        now = time.monotonic()
        self.laps[what], self._at = round(now - self._at, 1), now


def _bar(progress: Progress, what: str, total: int) -> Callable[[int], None]:
    """A new bar, and how to tell it that some more are done."""
    bar = progress.add_task(what, total=total)
    return lambda count: progress.advance(bar, count)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
