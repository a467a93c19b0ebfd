"""A sandbox whose clock is set forward: what falls due is done, there and nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from jaringan_usaha.api import issuing
from jaringan_usaha.api.issuing import Wanted, issue
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, later, oil, opened
from service import NETWORK, Speaker, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLOCKS = "/v1/test/clocks"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """A sandbox; the live key that every market begins with is taken back first."""
    async with opened(postgres, template) as market:
        pool, clock = market.door.write_pool, market.door.clock
        live = market.operator
        assert_refused(await live.get(CLOCKS), 404, "not-found")
        assert_refused(await live.post(CLOCKS), 404, "not-found")
        assert_refused(
            await live.post(f"{CLOCKS}/clock/advance", to=later(days=1)), 404, "not-found"
        )
        await pool.execute(
            "insert into access.sandboxes (network_id, made_at) values ($1, now())", NETWORK
        )
        key = await issue(pool, clock, NETWORK, Wanted("operator"))
        assert key.startswith("ju_test_")
        market.service.operator = Speaker(market.client, market.projector, key)
        await market.stock()
        yield market


async def state_of(market: Market, cycle_id: str) -> str:
    """As the follower has shown it so far; empty before it has."""
    headers = {"authorization": f"Bearer {market.operator.key}"}
    answer = await market.client.get(f"/v1/cycles/{cycle_id}", headers=headers)
    return str(answer.json().get("state", ""))


async def test_api_13_a_cycle_of_next_week_closes_by_itself(market: Market) -> None:
    """The real follower runs beside; nobody tells it but the clock."""
    melati, post = await market.koperasi("melati"), market.operator.post
    made = await post(CLOCKS)
    assert (made.status_code, made.json()["ahead_seconds"]) == (201, 0)
    assert (await post(CLOCKS)).json()["clock_id"] == made.json()["clock_id"]
    await market.open_cycle("next-week", closes_at=later(days=7))
    order = {"cycle_id": "next-week", "lines": [oil(40)]}
    assert (await market.place(melati, order)).status_code == 201
    following = asyncio.create_task(market.follower.run())
    try:
        advanced = await post(f"{CLOCKS}/clock/advance", to=later(days=8))
        assert advanced.status_code == 200, advanced.text
        shown = datetime.fromisoformat(advanced.json()["now"]) - market.door.clock.now()
        assert abs(shown - timedelta(days=8)) < timedelta(minutes=5)
        async with asyncio.timeout(60):
            while await state_of(market, "next-week") != "consolidated":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        following.cancel()
        await asyncio.wait([following])
    await asyncio.sleep(0.6)  # a key is looked at again after half a second
    refused = await market.place(melati, order)
    assert_refused(refused, 409, "order-window-closed")
    (clock,) = (await market.operator.get(CLOCKS)).json()["items"]
    assert clock["ahead_seconds"] > 7 * 86_400


async def test_api_13_a_clock_goes_forward_and_not_too_far(market: Market) -> None:
    post = market.operator.post
    await post(CLOCKS)
    path = f"{CLOCKS}/clock/advance"
    assert (await post(path, to=later(days=20))).status_code == 200
    assert_refused(await post(path, to=later(days=19)), 409, "clock-goes-forward")
    assert_refused(await post(path, to=later(days=800)), 422, "validation-failed")
    assert_refused(await post(f"{CLOCKS}/other/advance", to=later(days=30)), 404, "not-found")
    melati = await market.koperasi("melati")
    assert_refused(await melati.post(path, to=later(days=30)), 403, "forbidden")


async def test_api_13_another_network_keeps_its_time(market: Market) -> None:
    pool = market.door.write_pool
    key = await issuing.issue(pool, market.door.clock, NETWORK + 1, issuing.Wanted(role="operator"))
    caller = await market.door.keys.caller(f"Bearer {key}")
    assert (caller.sandbox, caller.ahead) == (False, timedelta(0))
