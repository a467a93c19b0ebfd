"""The whole import: enter, replay, consolidate, compare."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Literal

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from jaringan_usaha.client.service import Service
from jaringan_usaha.retail.compare import Check, compare
from jaringan_usaha.retail.derived import Derived, LeftOut
from jaringan_usaha.retail.listed import Listed, agree
from jaringan_usaha.retail.listed_compare import compare_listed
from jaringan_usaha.retail.listed_oracle import ListedOracle
from jaringan_usaha.retail.oracle import Oracle
from jaringan_usaha.retail.replay import CONSOLIDATED, Replay, Telling
from jaringan_usaha.retail.report import Comparison, number
from jaringan_usaha.retail.source import (
    DEFAULT_RATE,
    WEEKS,
    Receipts,
    dirt,
    retail_files,
)
from jaringan_usaha.retail.stated import Stated
from jaringan_usaha.retail.tills import Dice, Tills, all_of
from jaringan_usaha.retail.way import Way

ORDERS_A_REQUEST = 100
ORDERS_A_REQUEST_OF_A_SLICE = 25
MOST_WEEKS_OF_A_SLICE = 8


Prices = Literal["stated", "listed"]


async def import_retail(
    base_url: str,
    operator_key: str,
    *,
    prices: Prices = "stated",
    weeks: list[int] | None = None,
    shops: int | None = None,
    rate: int = DEFAULT_RATE,
    clients: int = 8,
    seed: int = 2017,
    orders_a_request: int | None = None,
    console: Console | None = None,
) -> Comparison:
    """Send the receipts of some weeks (None: of the year) to a running service and compare.

    `shops`: only those with the most receipt lines. What an earlier run has sent is not sent
    again; every week that the network has by then is compared. Raises RetailDataMissing,
    ImportRefused, NotWholeCents, ServiceProblem, ValueError.
    """
    files = retail_files().of_largest(shops)
    receipts = Receipts(files, rate)
    chosen = sorted(set(weeks or WEEKS))
    if not set(chosen) <= set(WEEKS):
        raise ValueError(f"weeks run from {WEEKS[0]} to {WEEKS[-1]}")
    if orders_a_request is None:  # a slice has few; its requests are small, so that faults fall
        small = len(chosen) <= MOST_WEEKS_OF_A_SLICE
        orders_a_request = ORDERS_A_REQUEST_OF_A_SLICE if small else ORDERS_A_REQUEST
    async with AsyncExitStack() as stack:
        services = [
            await stack.enter_async_context(Service(base_url, operator_key)) for _ in range(clients)
        ]
        tills = Tills(base_url, operator_key, Dice(seed), clients)
        await stack.enter_async_context(tills)
        run: Import
        if prices == "listed":
            derived = Derived(files, tuple(chosen), rate)
            run = ListedImport(services, tills, receipts, derived, shops)
        else:
            run = StatedImport(services, tills, receipts, Oracle(files, rate), shops)
        all_weeks, checks = await run.bring(
            chosen, orders_a_request=orders_a_request, console=console or Console()
        )
    return Comparison(
        prices=prices,
        weeks=tuple(all_weeks),
        rate=rate,
        dirt=dirt(files, all_weeks),
        left_out=run.left_out(all_weeks),
        tally=run.tills.tally,
        checks=tuple(checks),
        seconds=run.seconds,
    )


class Import:
    """One import; what differs between the tellings is below."""

    def __init__(self, services: list[Service], tills: Tills, telling: Telling) -> None:
        self.services = services
        self.tills = tills
        self.replay = Replay(services[0], self.tills, telling)
        self.telling = telling
        self.clock = Stopwatch()

    async def bring(
        self, chosen: list[int], *, orders_a_request: int, console: Console
    ) -> tuple[list[int], list[Check]]:
        """The weeks that are there in the end, and what was compared."""
        replay = self.replay
        await replay.look()
        there = replay.there("closed", *CONSOLIDATED)
        missing = [week for week in chosen if week not in there]
        if there:
            console.print(f"Sudah ada / there already: {number(len(there))} minggu / weeks")
        with _progress(console) as progress:
            for week in there:
                await self.finish(week)
            if missing:
                parties = self.telling.parties(missing)
                heard = _bar(progress, "data induk / master data", len(parties))
                await replay.enter(parties, sent=heard)
                await self.prepare(missing, progress)
                self.clock.lap("data induk / master data")
                heard = _bar(progress, "pesanan / orders", self.order_count(missing))
                await self._replay(missing, orders_a_request, heard)
                self.clock.lap("pesanan / orders")
            all_weeks = replay.there(*CONSOLIDATED)
            heard = _bar(progress, "membandingkan / comparing", len(all_weeks))
            checks = await self.compare(all_weeks, heard)
            self.clock.lap("membandingkan / comparing")
        return all_weeks, checks

    async def _replay(
        self, weeks: list[int], orders_a_request: int, sent: Callable[[int], None]
    ) -> None:
        """Week by week; while one is finished, the next one is filled already."""
        closed: list[int] = []
        for week in weeks:
            filling = self.replay.fill(week, orders_a_request=orders_a_request, sent=sent)
            await all_of([filling, *(self.finish(each) for each in closed)])
            await self.replay.close(week)
            closed = [week]
        await all_of(self.finish(each) for each in closed)

    async def prepare(self, weeks: list[int], progress: Progress) -> None:
        """What must be there before the first order, besides the parties."""

    async def finish(self, week: int) -> None:
        """All that becomes of a week after it is closed."""
        await self.replay.consolidated(week)

    def order_count(self, weeks: list[int]) -> int:
        raise NotImplementedError

    def left_out(self, weeks: list[int]) -> LeftOut | None:
        """What of the receipts is not ordered, where something is not."""
        return None

    @property
    def seconds(self) -> dict[str, float]:
        """Where the time went."""
        return self.clock.laps

    async def compare(self, weeks: list[int], heard: Callable[[int], None]) -> list[Check]:
        raise NotImplementedError


class StatedImport(Import):
    """Everything is paid as it was."""

    def __init__(
        self,
        services: list[Service],
        tills: Tills,
        receipts: Receipts,
        oracle: Oracle,
        shops: int | None,
    ) -> None:
        super().__init__(services, tills, Stated(receipts, oracle.rate, shops))
        self._oracle = oracle

    def order_count(self, weeks: list[int]) -> int:
        return self._oracle.orders(weeks)

    async def compare(self, weeks: list[int], heard: Callable[[int], None]) -> list[Check]:
        return (await compare(self.services, self._oracle, weeks, heard)).checks


class ListedImport(Import):
    """Everything is bought together, and goes the whole way."""

    def __init__(
        self,
        services: list[Service],
        tills: Tills,
        receipts: Receipts,
        derived: Derived,
        shops: int | None,
    ) -> None:
        self._listed = Listed(derived, receipts, shops)
        super().__init__(services, tills, self._listed)
        self._derived = derived
        self._receipts = receipts
        self._way = Way(services[0], self.tills, derived)

    async def prepare(self, weeks: list[int], progress: Progress) -> None:
        descriptions = self._listed.descriptions()
        heard = _bar(progress, "pajak barang / tax of goods", len(descriptions))
        await self.replay.enter(descriptions, sent=heard)
        agreements = self._listed.agreements(weeks)
        heard = _bar(progress, "aturan, daftar harga / rules, price lists", len(agreements))
        await agree(self.services, agreements, heard)

    async def finish(self, week: int) -> None:
        await self.replay.consolidated(week)
        if not await self._way.is_over(week):
            opened_at = self.replay.opened_at(week)
            await self._way.go(week, opened_at, self._receipts.first_day(week))

    @property
    def seconds(self) -> dict[str, float]:
        """The stages of the way fall into the time of the orders."""
        return {**self.clock.laps, **self._way.seconds}

    def order_count(self, weeks: list[int]) -> int:
        left_out = self._derived.left_out(weeks)
        return dirt(self._derived.files, weeks).baskets - left_out.receipts

    def left_out(self, weeks: list[int]) -> LeftOut:
        return self._derived.left_out(weeks)

    async def compare(self, weeks: list[int], heard: Callable[[int], None]) -> list[Check]:
        opened_at = {week: self.replay.opened_at(week) for week in weeks}
        oracle = ListedOracle(self._derived)
        return (await compare_listed(self.services, oracle, opened_at, heard)).checks


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
