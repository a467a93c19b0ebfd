"""The till against the real service: what is refused, what waits behind it, and its clock."""

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from client.weather import Fate, Weather
from jaringan_usaha.client.till import Till
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, oil, opened, rice

pytestmark = pytest.mark.asyncio(loop_scope="module")

_files = itertools.count(1)
NOT_OFFERED = {**rice(1), "item_id": "tea"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        await market.stock()
        await market.open_cycle("january")
        yield market


class Bench:
    """A till on a line that can be made bad; `ahead`: what is wrong with its clock."""

    def __init__(self, market: Market, key: str, path: Path) -> None:
        app = market.client._transport
        assert isinstance(app, httpx2.ASGITransport)
        self.market = market
        self.weather = Weather(app, market.door.clock.now)
        self.ahead = timedelta(0)
        self.pauses: list[float] = []
        self.till = Till(
            path,
            "http://test",
            key,
            language="en",
            now=lambda: market.door.clock.now() + self.ahead,
            sleep=self._sleep,
            transport=self.weather,
        )

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest_asyncio.fixture(loop_scope="module")
async def bench(market: Market, tmp_path: Path) -> AsyncIterator[Bench]:
    speaker = await market.koperasi(f"koperasi-{next(_files)}")
    bench = Bench(market, speaker.key, tmp_path / "till.sqlite")
    async with bench.till:
        yield bench


async def test_an_order_is_placed_changed_and_withdrawn_offline(bench: Bench) -> None:
    till = bench.till
    order_id = till.place("january", [oil(1)])
    till.change(order_id, [oil(2)])
    till.change(order_id, [oil(2)])  # no change
    till.withdraw(order_id)
    assert [each.operation.type for each in till.pending()] == [
        "place_order", "change_order", "cancel_order",
    ]  # fmt: skip
    synced = await till.sync()
    assert (synced.done, synced.refused, synced.waiting, synced.trouble) == (3, 0, 0, "")
    with pytest.raises(LookupError, match="not any more"):
        till.change(order_id, [oil(3)])
    assert (await bench.market.operator.get(f"/v1/orders/{order_id}")).json()["version"] == 3


async def test_what_is_refused_parks_its_lane_and_no_other(bench: Bench) -> None:
    till = bench.till
    bad, good = till.place("january", [NOT_OFFERED]), till.place("january", [oil(1)])
    till.change(bad, [oil(4)])
    synced = await till.sync()
    assert (synced.done, synced.refused, synced.waiting) == (1, 1, 1)
    (refused,) = till.refused()
    assert refused.lane == bad
    assert refused.why["code"] == "item-not-offered"
    assert "tea" in refused.why["detail"]
    assert [each.lane for each in till.pending()] == [bad]
    till.change(good, [oil(2)])
    assert (await till.sync()).done == 1  # the other order goes on
    till.retry(refused.op_id)
    assert (await till.sync()).refused == 1
    till.dismiss(refused.op_id)
    assert (till.refused(), till.pending()) == ([], [])
    with pytest.raises(LookupError):
        till.change(bad, [oil(5)])


async def test_verdicts_before_a_cut_count_and_the_rest_is_sent_again(bench: Bench) -> None:
    till = bench.till
    for number in range(9):
        till.place("january", [oil(number + 1)])
    bench.weather.fates = [Fate.CUT, Fate.CUT_SHORT]
    before = await bench.market.event_count()
    synced = await till.sync()
    assert (synced.done, synced.waiting) == (9, 0)
    assert await bench.market.event_count() == before + 9
    sent = [len(bench.weather.lines_of(packet)) for packet in bench.weather.packets]
    assert sent[0] == 9
    assert 9 > sent[1] > sent[2] > 0


async def test_a_slow_line_gets_smaller_packets(bench: Bench) -> None:
    for number in range(20):
        bench.till.place("january", [oil(number + 1)])
    bench.weather.fates = [Fate.UNANSWERED] * 3
    assert (await bench.till.sync()).waiting == 0
    sent = [len(bench.weather.lines_of(packet)) for packet in bench.weather.packets]
    assert sent == [20, 10, 5, 2, 4, 8, 6]


async def test_it_waits_as_long_as_it_is_asked_to_and_ever_longer(bench: Bench) -> None:
    bench.till.place("january", [oil(1)])
    bench.weather.fates = [Fate.BUSY, *[Fate.LOST] * 6]
    assert (await bench.till.sync()).done == 1
    assert bench.pauses[0] == 7
    assert all(later > sooner / 1.6 for sooner, later in itertools.pairwise(bench.pauses[1:]))
    assert bench.pauses[-1] > 15


async def test_without_a_line_nothing_is_lost_and_the_trouble_is_told(bench: Bench) -> None:
    bench.till.place("january", [oil(1)])
    bench.weather.then = Fate.LOST
    synced = await bench.till.sync()
    assert (synced.done, synced.waiting) == (0, 1)
    assert "lost" in synced.trouble


async def test_a_key_that_is_refused_is_told_at_once(market: Market, tmp_path: Path) -> None:
    bench = Bench(market, "ju_live_x", tmp_path / "till.sqlite")
    async with bench.till as till:
        till.place("january", [oil(1)])
        synced = await till.sync()
        assert synced.trouble.startswith("401: ")
        assert (synced.waiting, bench.pauses, till.refused()) == (1, [], [])


async def test_api_9_the_till_is_told_that_its_clock_is_wrong(bench: Bench) -> None:
    bench.till.place("january", [oil(1)])
    bench.ahead = timedelta(days=2)
    await bench.till.sync()
    assert abs(bench.till.skew - timedelta(days=2)) < timedelta(minutes=1)
    bench.ahead = timedelta(0)
    bench.till.place("january", [oil(1)])
    await bench.till.sync()
    assert bench.till.skew == timedelta(0)


@pytest.mark.parametrize("minutes", [-3 * 24 * 60, -6, 4, 6, 60, 3 * 24 * 60])
async def test_an_id_made_by_a_wrong_clock_stays_the_same_while_time_passes(
    bench: Bench, minutes: int
) -> None:
    """What was recorded and not answered is known again later, however wrong the clock was."""
    bench.ahead = timedelta(minutes=minutes)
    order_id = bench.till.place("january", [oil(1)])
    bench.till.change(order_id, [oil(2)])
    bench.weather.fates, bench.weather.then = [Fate.UNANSWERED], Fate.LOST
    assert (await bench.till.sync()).waiting == 2
    offset = bench.market.door.clock.offset
    bench.market.door.clock.offset += timedelta(minutes=20)
    bench.weather.then = Fate.FINE
    synced = await bench.till.sync()
    bench.market.door.clock.offset = offset
    assert (synced.done, synced.refused) == (2, 0)


async def test_a_refusal_is_undone_when_an_earlier_copy_comes_late(bench: Bench) -> None:
    """A refusal leaves no row, so a copy that was under way may still be taken (decision 4)."""
    till, door = bench.till, bench.market.door
    await bench.market.open_cycle(
        "soon", opens_at=(door.clock.now() + timedelta(minutes=9)).isoformat()
    )
    order_id = till.place("soon", [oil(1)])
    till.change(order_id, [oil(2)])
    bench.weather.fates = [Fate.LATE]
    assert (await till.sync(most_lines=1)).refused == 1
    (refused,) = till.refused()
    offset = door.clock.offset
    door.clock.offset += timedelta(minutes=10)
    await bench.weather.arrive(0)
    synced = await till.sync()  # learns of the first, which releases the second
    assert (synced.waiting, till.refused()) == (1, [])
    assert (await till.sync()).done == 1
    door.clock.offset = offset
    assert refused.op_id == order_id
