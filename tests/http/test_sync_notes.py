"""API-6 and API-9: what a device notes on its lines decides nothing, and what it shows is told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from test_sync import Line, market, place, synced, together, told

from jaringan_usaha.api.access import issuing
from jaringan_usaha.api.access.keys import key_id
from jaringan_usaha.api.asked import new_id
from market import Market
from service import NETWORK, Speaker

pytestmark = pytest.mark.asyncio(loop_scope="module")

__all__ = ["market"]  # a fixture

Missing = tuple[int, int] | None


@pytest_asyncio.fixture(loop_scope="module")
async def till(market: Market) -> Speaker:
    """One that has sent nothing yet."""
    return await market.service.koperasi("melati")


def numbered(*numbers: int) -> list[Line]:
    return [place(seq=number) for number in numbers]


def missing(verdicts: Sequence[dict[str, Any]]) -> list[Missing]:
    gaps = [each.get("missing_seq") for each in verdicts]
    return [None if gap is None else (gap["from"], gap["to"]) for gap in gaps]


# -- clocks ----------------------------------------------------------------------------------


async def test_api_9_a_line_is_told_how_far_its_time_is_off(market: Market, till: Speaker) -> None:
    now = market.door.clock.now()
    ahead = [timedelta(hours=7), timedelta(minutes=-6), timedelta(minutes=4), timedelta(days=-2)]
    lines = [place(client_time=(now + each).isoformat()) for each in ahead]
    lines[3] = {**lines[3], "type": "burn_down"}
    verdicts = await synced(market, till, [*lines, place()])
    assert [told(each)[0] for each in verdicts] == [201, 201, 201, 422, 201]
    for verdict, off in zip(verdicts, ahead, strict=False):
        if off == timedelta(minutes=4):
            assert "clock_skew_ms" not in verdict
        else:
            shown = timedelta(milliseconds=verdict["clock_skew_ms"])
            assert timedelta(0) <= off - shown < timedelta(minutes=1), "time has gone on since"
    assert "clock_skew_ms" not in verdicts[4]


async def test_api_9_a_line_from_next_year_is_recorded_now(market: Market, till: Speaker) -> None:
    line = place(client_time="2099-01-01T00:00:00+07:00")
    (verdict,) = await synced(market, till, [line])
    found = (await till.get(f"/v1/operations/{line['op_id']}")).json()
    assert verdict["clock_skew_ms"] > 0
    assert datetime.fromisoformat(found["recorded_at"]).year < 2099


# -- running numbers -------------------------------------------------------------------------


async def test_api_6_the_line_behind_a_gap_names_it(market: Market, till: Speaker) -> None:
    """Until it is filled, however often it is sent again; nothing is refused for it."""
    lines = numbered(7, 8, 11, 12)
    first = await synced(market, till, lines)
    assert {told(each) for each in first} == {(201, "")}
    assert missing(first) == [None, None, (9, 10), None]
    again = await synced(market, till, lines)
    assert missing(again) == missing(first)
    assert {each["replayed"] for each in again} == {True}
    assert missing(await synced(market, till, numbered(10))) == [(9, 9)]
    assert missing(await synced(market, till, lines)) == [None] * 4
    assert missing(await synced(market, till, numbered(9))) == [None]
    assert missing(await synced(market, till, numbered(13, 15, 20))) == [None, (14, 14), (16, 19)]


async def test_api_6_a_gap_between_two_files_is_one(market: Market, till: Speaker) -> None:
    """Each file for itself has none."""
    assert missing(await synced(market, till, numbered(1, 2))) == [None, None]
    assert missing(await synced(market, till, numbered(5, 6))) == [(3, 4), None]


async def test_api_6_what_has_a_verdict_has_come_in(market: Market, till: Speaker) -> None:
    """Also what was refused; but what could not be read is missing."""
    refused = {**place(seq=2), "type": "burn_down"}
    torn = b'{"seq": 4'
    verdicts = await synced(market, till, [*numbered(1), refused, *numbered(3), torn, *numbered(5)])
    assert [told(each)[0] for each in verdicts] == [201, 422, 201, 400, 201]
    assert missing(verdicts) == [None, None, None, None, (4, 4)]


async def test_api_6_lines_may_come_in_any_order(market: Market, till: Speaker) -> None:
    assert missing(await synced(market, till, numbered(3, 1, 2, 5, 4))) == [None] * 5


async def test_api_6_each_device_has_numbers_of_its_own(market: Market, till: Speaker) -> None:
    """A device is the same under any of its keys, and a key's successor goes on with its lines."""
    pool, clock = market.door.write_pool, market.door.clock
    assert missing(await synced(market, till, numbered(1))) == [None]
    other = await market.service.koperasi("melati")
    assert missing(await synced(market, other, numbered(5, 6))) == [None, None]
    key = await issuing.rotate(pool, clock, NETWORK, key_id(till.key))
    successor = Speaker(market.client, market.projector, key)
    assert missing(await synced(market, successor, numbered(3))) == [(2, 2)]
    for device, gap in (("kasir-1", None), ("kasir-2", None), ("kasir-1", (2, 8))):
        wanted = issuing.Wanted(role="device", koperasi_id="melati", device_id=device)
        key = await issuing.issue(pool, clock, NETWORK, wanted)
        speaker = Speaker(market.client, market.projector, key)
        assert missing(await synced(market, speaker, numbered(9 if gap else 1))) == [gap]


async def test_api_6_lines_that_stand_together_tell_gaps_too(market: Market, till: Speaker) -> None:
    assert missing(await together(market, till, numbered(1, 4))) == [None, (2, 3)]


async def test_api_6_who_counts_in_twos_fills_no_table(market: Market, till: Speaker) -> None:
    """A row stays small: of more than a thousand holes the older ones are forgotten."""
    for start in range(0, 4_000, 1_000):
        numbers = range(2 * start, 2 * start + 2_000, 2)
        lines = [{"op_id": new_id(), "type": "none", "seq": n, "body": {}} for n in numbers]
        assert (
            missing(await synced(market, till, lines))[1:] == [(n - 1, n - 1) for n in numbers][1:]
        )
    pieces = await market.sql(
        "select max((select count(*) from unnest(numbers))) from access.arrivals"
    )
    assert pieces == 1_001


async def test_api_6_lines_are_taken_where_their_numbers_cannot_be_kept(
    market: Market, till: Speaker
) -> None:
    await synced(market, till, numbered(1))
    async with market.worker.acquire() as holder, holder.transaction():
        await holder.execute("reset role; lock table access.arrivals")
        verdicts = await synced(market, till, numbered(5))
    assert [told(each) for each in verdicts] == [(201, "")]
    assert missing(verdicts) == [None]
    assert missing(await synced(market, till, numbered(5))) == [(2, 4)]


@pytest.mark.parametrize("seq", [-1, 2**53, 1.5, "7", True])
async def test_api_6_what_is_no_number_is_refused_and_counts_for_nothing(
    market: Market, till: Speaker, seq: Any
) -> None:
    verdicts = await synced(market, till, [place(seq=seq), *numbered(5)])
    assert [told(each)[0] for each in verdicts] == [400 if seq == 2**53 else 422, 201]
    assert missing(verdicts) == [None, None]
