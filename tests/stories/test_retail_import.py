"""Four weeks of a year of receipts through the whole service, compared with polars."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
import pytest_asyncio
import uvicorn

pytest.importorskip("polars", reason="polars is in the extra [retail]")

import polars as pl
from rich.console import Console

from jaringan_usaha.api.access.issuing import Wanted, issue
from jaringan_usaha.api.asked import Clock
from jaringan_usaha.app import create_app
from jaringan_usaha.client.outbox import Operation
from jaringan_usaha.client.service import Service
from jaringan_usaha.eventlog.database import open_pool
from jaringan_usaha.follower import run_follower
from jaringan_usaha.retail import source
from jaringan_usaha.retail.compare import compare
from jaringan_usaha.retail.derived import Derived, LeftOut
from jaringan_usaha.retail.listed_compare import compare_listed
from jaringan_usaha.retail.listed_oracle import ListedOracle, Week
from jaringan_usaha.retail.oracle import Oracle
from jaringan_usaha.retail.replay import ImportRefused, Replay
from jaringan_usaha.retail.run import import_retail
from jaringan_usaha.retail.source import DEFAULT_RATE, Receipts, retail_files
from jaringan_usaha.retail.stated import Stated
from jaringan_usaha.retail.tills import LONGEST_WAIT_MS, Dice, Tills
from service import settings_for

NETWORK = 1

try:
    FILES = retail_files()
except source.RetailDataMissing as missing:
    pytest.skip(str(missing), allow_module_level=True)


@dataclass(frozen=True)
class Running:
    """A service on a port of this machine, with its follower, and the operator's key."""

    url: str
    key: str


@pytest_asyncio.fixture
async def running(database: str) -> AsyncIterator[Running]:
    pool = await open_pool(database, most=2)
    key = await issue(pool, Clock(), NETWORK, Wanted("operator"))
    await pool.close()
    settings = settings_for(database)
    config = uvicorn.Config(create_app(settings), ws="none", log_level="critical")
    server = uvicorn.Server(config)
    # said to be TCP, so that asyncio sends each answer at once (no delay of 40 ms)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        following = asyncio.create_task(run_follower(database, settings.memory_facts))
        yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", key)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        server.should_exit = True
        await serving


def nowhere() -> Console:
    return Console(file=io.StringIO(), width=120)


def nobody(_: int) -> None:
    """Nobody wants to hear how far it is."""


async def test_four_weeks_come_to_the_sums_of_polars(running: Running) -> None:
    found = await import_retail(running.url, running.key, weeks=[1, 2, 3, 4], console=nowhere())
    checks = {check.what.partition(" /")[0]: check for check in found.checks}
    assert [check.what for check in found.checks if check.differences] == []
    assert found.equal
    assert checks["pesanan = struk"].service == 9_151
    assert checks["baris pesanan"].service == 90_777
    assert checks["pesanan gabungan"].service == 5_284
    assert checks["baris gabungan"].service == 37_540
    assert checks["debit, Rp"].service == checks["kredit"].service == 4_063_432_200
    assert found.tally.repeated >= 8
    assert found.tally.cut >= 2
    assert found.tally.recorded + found.tally.there_before == 9_151 + 23_581

    console = nowhere()
    found.show(console)
    assert isinstance(console.file, io.StringIO)
    assert "9.151" in console.file.getvalue()
    assert "Tanpa selisih" in console.file.getvalue()

    again = await import_retail(running.url, running.key, weeks=[2], console=nowhere())
    assert (again.equal, again.weeks, again.tally.requests) == (True, (1, 2, 3, 4), 0)
    with pytest.raises(ImportRefused, match="kurs"):
        await import_retail(running.url, running.key, weeks=[1], rate=16_000, console=nowhere())


async def test_an_import_that_broke_off_is_taken_up_again(running: Running) -> None:
    async with (
        Service(running.url, running.key) as service,
        Tills(running.url, running.key, Dice(1), 1) as tills,
    ):
        stated = Stated(Receipts(FILES), DEFAULT_RATE)
        replay = Replay(service, tills, stated)
        await replay.enter(stated.parties([1]), sent=nobody)
        await replay.fill(1, orders_a_request=100, sent=nobody)
    found = await import_retail(running.url, running.key, weeks=[1], console=nowhere())
    assert found.equal
    assert (found.tally.recorded, found.tally.there_before) == (0, 3_334 + 382)

    planted = PlantedOracle(FILES, DEFAULT_RATE)
    async with Service(running.url, running.key) as service:
        compared = await compare([service], planted, [1], nobody)
    wrong = {check.what: check.differences for check in compared.checks if check.differences}
    assert wrong == {
        "baris gabungan / consolidated lines": 1,
        "jumlah barang / units": 1,
        "dibayar / paid, Rp": 1,
    }
    assert "'amount_idr_service'" in compared.consolidated_lines.examples[0]


class PlantedOracle(Oracle):
    """One unit and one rupiah off, in one line."""

    def consolidated_lines(self, weeks: list[int]) -> pl.DataFrame:
        lines = super().consolidated_lines(weeks).sort("supplier_id", "item_id")
        first = pl.int_range(pl.len()) == 0
        return lines.with_columns(
            pl.col("quantity") + first.cast(pl.Int64), pl.col("amount_idr") - first.cast(pl.Int64)
        )


async def test_a_cut_request_was_recorded_or_not_and_is_once_in_the_end(running: Running) -> None:
    suppliers = [
        Operation(
            op_id=f"test-supplier-{number:04}",
            type="admit_supplier",
            body={"supplier_id": f"m-{number}", "title": f"Produsen {number}"},
        )
        for number in range(40)
    ]
    entries = [("toko", each) for each in suppliers]
    async with Tills(running.url, running.key, TwoCuts(1), 1) as tills:
        await tills.send(entries, lines_a_request=20, sent=nobody)
    tally = tills.tally
    assert (tally.requests, tally.cut, tally.refused) == (4, 2, 0)
    assert tally.recorded + tally.there_before == 40
    async with Tills(running.url, running.key, Dice(1), 1) as tills:
        await tills.send(entries, lines_a_request=20, sent=nobody)
    assert (tills.tally.recorded, tills.tally.there_before) == (0, 40)


class TwoCuts(Dice):
    """Cuts the first request at once, the second when it has long been recorded."""

    def hits(self, what: str, number: int, one_in: int) -> bool:
        return what == "cut"

    def draw(self, *about: object) -> int:
        return 0 if about == ("wait", 0) else LONGEST_WAIT_MS - 1


async def test_two_weeks_at_listed_prices_come_to_the_sums_of_polars(running: Running) -> None:
    """Tiers, cases, short and partial deliveries, PPN, fees, rebates, freight, and the books."""
    found = await import_retail(
        running.url, running.key, prices="listed", weeks=[1, 2], shops=4, console=nowhere()
    )
    assert [check.what for check in found.checks if check.differences] == []
    assert found.equal
    assert found.left_out == LeftOut(without_quantity=8, without_price=0, receipts=0)
    checks = {check.what.partition(" /")[0]: check for check in found.checks}
    assert checks["pesanan"].service == 222
    assert checks["baris pesanan"].service == 2_651
    assert checks["jatah"].service == checks["bagian koperasi"].service == 2_342
    assert checks["biaya koperasi × barang"].service == 2_202
    assert checks["akun neraca saldo"].service == 10

    derived = Derived(retail_files().of_largest(4), (1, 2), DEFAULT_RATE)
    async with Service(running.url, running.key) as service:
        cycle = await service.get("/v1/cycles/2017-m01")
        opened_at = {1: datetime.fromisoformat(cycle["opens_at"])}
        planted = PlantedListedOracle(derived)
        compared = await compare_listed([service], planted, opened_at, nobody)
    wrong = {check.what: check.differences for check in compared.checks if check.differences}
    assert wrong["biaya koperasi × barang / costs"] == wrong["imbal jasa / fees, Rp"] == 1
    assert "'fee_idr_service'" in compared.costs.examples[0]
    assert "margin koperasi × siklus / margins" not in wrong

    again = await import_retail(
        running.url, running.key, prices="listed", weeks=[1, 2], shops=4, console=nowhere()
    )
    assert (again.equal, again.weeks, again.tally.requests) == (True, (1, 2), 0)
    with pytest.raises(ImportRefused, match="pilihan"):
        await import_retail(running.url, running.key, weeks=[1], shops=4, console=nowhere())


class PlantedListedOracle(ListedOracle):
    """One rupiah of fee off, in one line."""

    def week(self, week: int, positions: pl.DataFrame) -> Week:
        found = super().week(week, positions)
        first = (pl.int_range(pl.len()) == 0).cast(pl.Int64)
        costs = found.costs.sort("supplier_id", "item_id", "koperasi_id")
        return replace(found, costs=costs.with_columns(pl.col("fee_idr") + first))


async def test_a_network_with_other_cycles_is_left_alone(running: Running) -> None:
    async with Service(running.url, running.key) as service:
        done = await service.put(
            "/v1/cycles/2026-w47-beras",
            {
                "title": "Beras minggu 47",
                "opens_at": "2026-11-16T00:00:00Z",
                "closes_at": "2099-11-22T00:00:00Z",
                "prices": "stated",
                "priced_on": "2026-11-16",
            },
        )
        await service.get("/v1/cycles", after=done["position"])
    with pytest.raises(ImportRefused, match="2026-w47-beras"):
        await import_retail(running.url, running.key, weeks=[1], console=nowhere())
