"""Limits as a caller meets them: what every answer says, and who is asked to wait."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha.api.limits import KNOCK, READ, WRITE, Limits
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, oil, opened
from service import assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Watch:
    """A clock that stands until a test moves it."""

    at = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        await market.stock()
        await market.open_cycle("week-3")
        await market.koperasi("melati")
        yield market


@pytest.fixture
def watch(market: Market) -> Watch:
    watch = Watch()
    market.door.limits = Limits(watch)
    return watch


async def read(market: Market, key: str | None = None) -> httpx2.Response:
    melati = await market.koperasi("melati")
    return await market.client.get(
        "/v1/cycles", headers={"authorization": f"Bearer {key or melati.key}"}
    )


async def test_every_answer_says_what_is_left(market: Market, watch: Watch) -> None:
    answer = await read(market)
    assert answer.headers["ratelimit-policy"] == '"read";q=60;w=3'
    assert answer.headers["ratelimit"] == '"read";r=59;t=1'
    assert (await read(market)).headers["ratelimit"] == '"read";r=58;t=1'


async def test_too_many_reads_are_asked_to_wait_and_then_let_in(
    market: Market, watch: Watch
) -> None:
    for _ in range(READ.burst):
        assert (await read(market)).status_code == 200
    answer = await read(market)
    problem = assert_refused(answer, 429, "quota-exceeded")
    assert problem["detail"] == "terlalu banyak permintaan; kirim ulang permintaan ini 1 detik lagi"
    watch.at += int(answer.headers["retry-after"])
    assert (await read(market)).status_code == 200


async def test_an_order_sent_again_costs_nothing(market: Market, watch: Watch) -> None:
    melati = await market.koperasi("melati")
    body = {"cycle_id": "week-3", "lines": [oil(1)]}
    order_id = "01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e90"
    first = await market.place(melati, body, order_id)
    assert first.headers["ratelimit"] == f'"write";r={WRITE.burst - 1};t=1'
    for _ in range(2 * WRITE.burst):
        again = await market.place(melati, body, order_id)
        assert again.headers["idempotent-replayed"] == "true"


async def test_wrong_keys_are_heard_ten_times_a_minute(market: Market, watch: Watch) -> None:
    for _ in range(KNOCK.burst):
        assert_refused(await read(market, "ju_live_wrong"), 401, "unauthenticated")
    assert_refused(await read(market, "ju_live_wrong"), 429, "quota-exceeded")
    watch.at += 60
    assert (await read(market)).status_code == 200
