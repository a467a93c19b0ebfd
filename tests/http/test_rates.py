"""Limits as a caller meets them: what every answer says, and who is asked to wait."""

import math
from collections.abc import AsyncIterator
from time import monotonic

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha.api.access.keys import key_id
from jaringan_usaha.api.access.limits import KNOCK, READ, WRITE, Limits
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.app import create_app
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import open_pool
from market import Market, oil, opened
from service import assert_refused, settings_for

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


def grown_since(began: float) -> int:
    """How many more wrong keys are heard than at `began`: the clock of the database, by which the
    processes count together, runs on while a test does."""
    return math.ceil((monotonic() - began) * KNOCK.per_second)


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


async def test_sec_7_a_dead_key_shuts_nobody_out_who_shares_its_address(
    market: Market, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As all tills behind one router do, or all of a village with its telephone company."""
    monkeypatch.setattr(market.door.limits, "share_knocks", _told_nobody)
    kenanga, mawar = await market.koperasi("kenanga"), await market.koperasi("mawar")
    keys = market.door.keys
    assert (await read(market, kenanga.key)).status_code == 200
    keys.forget(key_id(mawar.key))
    for _ in range(KNOCK.burst):
        assert_refused(await read(market, "ju_live_wrong"), 401, "unauthenticated")
    for _ in range(3):
        assert (await read(market, kenanga.key)).status_code == 200
        keys._known = {key: (caller, 0.0) for key, (caller, _) in keys._known.items()}
    assert_refused(await read(market, "ju_live_wrong"), 429, "quota-exceeded")
    assert_refused(await read(market, mawar.key), 429, "quota-exceeded")  # not let in before
    ended = f"/v1/keys/{key_id(kenanga.key)}/revoke"
    assert (await market.operator.post(ended, reason="lost by its owner")).status_code == 200
    assert_refused(await read(market, kenanga.key), 429, "quota-exceeded")


async def _told_nobody(_: object) -> None:
    """Other tests come from the same address."""


def knocks_left(limits: Limits, address: str) -> int:
    """How many wrong keys this process would still hear from there; it hears them by that."""
    for heard in range(KNOCK.burst + 1):
        try:
            limits.may_knock(address)
        except Problem:
            return heard
        limits.knocked_in_vain(address)
    raise AssertionError("wrong keys are heard without end")


async def test_sec_7_a_restart_forgets_no_wrong_keys(market: Market, watch: Watch) -> None:
    address, began = "192.0.2.7", monotonic()
    assert knocks_left(market.door.limits, address) == KNOCK.burst
    await market.door.limits.share_knocks(market.door.write_pool)
    again = create_app(settings_for(market.url))
    async with again.router.lifespan_context(again):
        transport = httpx2.ASGITransport(app=again, client=(address, 4711))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            wrong = {"authorization": "Bearer ju_live_no"}
            answers = [await client.get("/v1/cycles", headers=wrong) for _ in range(KNOCK.burst)]
            heard = sum(answer.status_code == 401 for answer in answers)
            assert heard <= grown_since(began)
            assert_refused(answers[-1], 429, "quota-exceeded")
        elsewhere = httpx2.ASGITransport(app=again, client=("192.0.2.8", 4711))
        async with httpx2.AsyncClient(transport=elsewhere, base_url="http://test") as client:
            melati = await market.koperasi("melati")
            key = {"authorization": f"Bearer {melati.key}"}
            assert (await client.get("/v1/cycles", headers=key)).status_code == 200


async def test_sec_7_wrong_keys_count_together_in_all_processes(
    market: Market, watch: Watch
) -> None:
    pool, address, began = market.door.write_pool, "192.0.2.9", monotonic()
    one, other = Limits(watch), Limits(watch)
    for limits, knocks in ((one, 4), (other, 3), (one, 2)):
        for _ in range(knocks):
            limits.knocked_in_vain(address)
        await limits.share_knocks(pool)
    await other.share_knocks(pool)
    third = Limits(watch)
    await third.share_knocks(pool)
    grown = grown_since(began)
    for limits in (one, other, third):
        assert KNOCK.burst - 9 <= knocks_left(limits, address) <= KNOCK.burst - 9 + grown


async def test_sec_7_without_a_database_what_was_counted_is_kept(
    market: Market, watch: Watch
) -> None:
    limits, address = Limits(watch), "192.0.2.10"
    for _ in range(KNOCK.burst):
        limits.knocked_in_vain(address)
    broken = await open_pool(market.url, most=1)
    await broken.close()
    await limits.share_knocks(broken)
    assert knocks_left(limits, address) == 0
    await limits.share_knocks(market.door.write_pool)
    heard = Limits(watch)
    await heard.share_knocks(market.door.write_pool)
    assert knocks_left(heard, address) <= 1
    assert knocks_left(heard, "192.0.2.11") == KNOCK.burst


async def test_api_12_two_processes_let_no_more_through_than_one(
    market: Market, watch: Watch
) -> None:
    """Each says what holds in it."""
    melati = await market.koperasi("melati")
    headers = {"authorization": f"Bearer {melati.key}"}
    answers = []
    for _ in range(2):
        app = create_app(settings_for(market.url, processes=2))
        async with app.router.lifespan_context(app):
            app.state.door.limits._now = watch
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                answers += [await client.get("/v1/me", headers=headers) for _ in range(READ.burst)]
    statuses = [each.status_code for each in answers]
    assert statuses.count(429) == READ.burst
    assert answers[0].headers["ratelimit-policy"] == '"read";q=30;w=3'
