"""The till against the real service: what is refused, what waits behind it, and its clock."""

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from client.weather import Fate, Weather
from jaringan_usaha.client.outbox import Operation
from jaringan_usaha.client.till import Change, Till, uuid7
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import owner_connection
from market import Market, oil, opened, rice
from service import NETWORK, Speaker

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

    def __init__(self, market: Market, speaker: Speaker, path: Path) -> None:
        app = market.client._transport
        assert isinstance(app, httpx2.ASGITransport)
        self.market = market
        self.speaker = speaker
        self.weather = Weather(app, market.door.clock.now)
        self.ahead = timedelta(0)
        self.pauses: list[float] = []
        self.till = Till(
            path,
            "http://test",
            speaker.key,
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
    bench = Bench(market, speaker, tmp_path / "till.sqlite")
    async with bench.till:
        yield bench


async def test_an_order_is_placed_changed_and_withdrawn_offline(bench: Bench) -> None:
    till = bench.till
    order_id = till.place("january", [oil(1)])
    till.change(order_id, [oil(2)])
    till.change(order_id, [oil(2)])  # no change
    till.withdraw(order_id)
    assert [each.operation.type for each in till.outbox.those("waiting")] == [
        "place_order", "change_order", "cancel_order",
    ]  # fmt: skip
    synced = await till.sync()
    assert (synced.settled, synced.waiting, synced.trouble) == (3, 0, "")
    assert len(till.outbox.those("done")) == 3
    with pytest.raises(LookupError, match="not any more"):
        till.change(order_id, [oil(3)])
    assert (await bench.market.operator.get(f"/v1/orders/{order_id}")).json()["version"] == 3


async def test_what_is_refused_parks_its_lane_and_no_other(bench: Bench) -> None:
    till = bench.till
    bad, good = till.place("january", [NOT_OFFERED]), till.place("january", [oil(1)])
    till.change(bad, [oil(4)])
    synced = await till.sync()
    assert (synced.settled, synced.waiting) == (2, 1)
    (refused,) = till.outbox.those("refused")
    assert refused.lane == bad
    assert refused.why["code"] == "item-not-offered"
    assert "tea" in refused.why["detail"]
    assert [each.lane for each in till.outbox.those("waiting")] == [bad]
    till.change(good, [oil(2)])
    assert (await till.sync()).settled == 1  # the other order goes on
    till.outbox.retry(refused.op_id)
    assert (await till.sync()).settled == 1
    assert till.outbox.those("refused") == [refused]
    till.outbox.dismiss(refused.op_id)
    assert (till.outbox.those("refused"), till.outbox.those("waiting")) == ([], [])
    with pytest.raises(LookupError):
        till.change(bad, [oil(5)])


async def test_verdicts_before_a_cut_count_and_the_rest_is_sent_again(bench: Bench) -> None:
    till = bench.till
    for number in range(9):
        till.place("january", [oil(number + 1)])
    bench.weather.fates = [Fate.CUT, Fate.CUT_SHORT]
    before = await bench.market.event_count()
    synced = await till.sync()
    assert (synced.settled, synced.waiting) == (9, 0)
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
    assert (await bench.till.sync()).settled == 1
    assert 7 <= bench.pauses[0] <= 10.5
    assert all(later > sooner / 1.6 for sooner, later in itertools.pairwise(bench.pauses[1:]))
    assert bench.pauses[-1] > 15


@pytest.mark.parametrize(
    ("fate", "trouble"), [(Fate.LOST, "lost"), (Fate.OUT_OF_TIME, "send this line again")]
)
async def test_what_gets_no_verdict_waits_and_the_trouble_is_told(
    bench: Bench, fate: Fate, trouble: str
) -> None:
    bench.till.place("january", [oil(1)])
    bench.weather.then = fate
    synced = await bench.till.sync()
    assert (synced.settled, synced.waiting) == (0, 1)
    assert trouble in synced.trouble


async def test_a_line_too_large_for_any_packet_is_refused_and_not_in_the_way(bench: Bench) -> None:
    note = os.urandom(1 << 20).hex()
    till, op_id = bench.till, uuid7(bench.market.door.clock.now())
    till.place("january", [oil(1)])
    till.outbox.write([Operation(op_id=op_id, type="place_order", body={"note": note})])
    till.place("january", [oil(2)])
    synced = await till.sync()
    assert (synced.settled, synced.waiting, synced.trouble) == (3, 0, "")
    (refused,) = till.outbox.those("refused")
    assert (refused.op_id, refused.why["code"]) == (op_id, "payload-too-large")


async def test_a_key_that_is_refused_is_told_at_once(market: Market, tmp_path: Path) -> None:
    nobody = Speaker(market.client, market.projector, "ju_live_x")
    bench = Bench(market, nobody, tmp_path / "till.sqlite")
    async with bench.till as till:
        till.place("january", [oil(1)])
        synced = await till.sync()
        assert synced.trouble.startswith("401: ")
        assert (synced.waiting, bench.pauses, till.outbox.those("refused")) == (1, [], [])


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
    assert (synced.settled, bench.till.outbox.those("refused")) == (2, [])


async def test_a_refusal_is_undone_when_an_earlier_copy_comes_late(bench: Bench) -> None:
    """A refusal leaves no row, so a copy that was under way may still be taken (decision 4)."""
    till, door = bench.till, bench.market.door
    await bench.market.open_cycle(
        "soon", opens_at=(door.clock.now() + timedelta(minutes=9)).isoformat()
    )
    order_id = till.place("soon", [oil(1)])
    till.change(order_id, [oil(2)])
    bench.weather.fates = [Fate.LATE]
    assert (await till.sync(most_lines=1)).settled == 1
    (refused,) = till.outbox.those("refused")
    offset = door.clock.offset
    door.clock.offset += timedelta(minutes=10)
    await bench.weather.arrive(0)
    synced = await till.sync()  # learns of the first, which releases the second
    assert (synced.settled, synced.waiting, till.outbox.those("refused")) == (1, 0, [])
    door.clock.offset = offset
    assert refused.op_id == order_id


# -- changes -------------------------------------------------------------------------------


async def heard(till: Till) -> list[Change]:
    return [change async for page in till.changes() for change in page]


async def test_a_page_of_changes_comes_again_until_it_is_applied(bench: Bench) -> None:
    snapshot = await bench.speaker.get("/v1/changes/snapshot")
    bench.till.outbox.hear(snapshot.json()["next"])
    orders = [bench.till.place("january", [oil(number + 1)]) for number in range(60)]
    await bench.till.sync()
    await bench.market.projector.catch_up(NETWORK)
    async with aclosing(bench.till.changes()) as pages:
        first = [await anext(pages), await anext(pages)]  # the second one was not applied
    again = await heard(bench.till)
    assert again == first[1]
    assert [(each.kind, each.id) for each in first[0] + again] == [("order", id) for id in orders]
    assert await heard(bench.till) == []
    order = await bench.till.get(again[-1].url)
    assert order["lines"] == [oil(60)]


async def test_without_a_line_no_change_is_missed(bench: Bench) -> None:
    snapshot = await bench.speaker.get("/v1/changes/snapshot")
    bench.till.outbox.hear(snapshot.json()["next"])
    order_id = bench.till.place("january", [oil(1)])
    await bench.till.sync()
    await bench.market.projector.catch_up(NETWORK)
    for fate in (Fate.LOST, Fate.CUT, Fate.CUT_SHORT, Fate.BUSY):
        bench.weather.fates = [fate]
        with pytest.raises(httpx2.HTTPError):
            await heard(bench.till)
    assert [each.id for each in await heard(bench.till)] == [order_id]


async def test_who_was_away_too_long_is_told_to_fetch_the_lists(bench: Bench) -> None:
    async with owner_connection(bench.market.url) as owner:
        await owner.execute("update read.change_days set recorded_on = recorded_on - 36")
    body = {"title": "Kopi", "base_unit": "XPK", "case_size": 1}
    assert (await bench.market.operator.put("/v1/items/coffee", **body)).status_code == 201
    await bench.market.projector.catch_up(NETWORK)
    found = await heard(bench.till)
    assert {each.kind for each in found} == {"list"}
    assert "/v1/items" in {each.url for each in found}
    assert "coffee" in str(await bench.till.get("/v1/items"))
    assert await heard(bench.till) == []


async def test_a_new_till_begins_with_the_lists(bench: Bench) -> None:
    await bench.market.projector.catch_up(NETWORK)
    assert {each.kind for each in await heard(bench.till)} == {"list"}
    order_id = bench.till.place("january", [oil(1)])
    await bench.till.sync()
    await bench.market.projector.catch_up(NETWORK)
    assert [each.id for each in await heard(bench.till)] == [order_id]
