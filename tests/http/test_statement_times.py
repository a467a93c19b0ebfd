"""SEC-6: what the database is asked lasts a bounded time; what is cut leaves nothing half-done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import APPLICATION, LOST, WORKER, Connection, session_settings
from jaringan_usaha.kernel.rejections import Busy
from market import Market, oil, opened
from service import NETWORK, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDER = "01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e91"
SLEEP = "select pg_sleep(60)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        market.live_at(timedelta())
        await market.stock()
        await market.open_cycle("week-3")
        await market.koperasi("melati")
        yield market


@asynccontextmanager
async def every_session(market: Market, setting: str) -> AsyncIterator[None]:
    """All writing sessions with another setting."""
    pool = market.door.write_pool
    sessions = [await pool.acquire() for _ in range(pool.get_max_size())]
    name = setting.partition("=")[0].strip()
    before = {session: await session.fetchval(f"show {name}") for session in sessions}
    for session in sessions:
        await session.execute(f"set {setting}")
    for session in sessions:
        await pool.release(session)
    yield
    sessions = [await pool.acquire() for _ in range(pool.get_max_size())]
    for session in sessions:
        await session.execute(f"set {name} = '{next(iter(before.values()))}'")
        await pool.release(session)


async def owner_of(market: Market) -> Connection:
    return await asyncpg.connect(market.url)


async def test_sec_6_every_session_has_its_bounds(market: Market) -> None:
    for pool in (market.door.read_pool, market.door.write_pool):
        shown = [
            await pool.fetchval(f"show {name}")
            for name in (
                "statement_timeout",
                "idle_in_transaction_session_timeout",
                "lock_timeout",
            )
        ]
        assert shown == ["5s", "10s", "2s"]
    assert await market.worker.fetchval("show statement_timeout") == "1h"
    assert session_settings(role=WORKER)["role"] != session_settings(role=APPLICATION)["role"]


async def test_sec_6_a_read_that_lasts_too_long_is_cut_and_asked_again(market: Market) -> None:
    await market.projector.catch_up(NETWORK)
    caller = Caller(NETWORK, "operator", None, "key")
    with pytest.raises(Busy) as cut:
        async with market.door.reading(caller, 0, seconds=0.2) as db:
            await db.execute(SLEEP)
    assert cut.value.facts["retry_after"] == 2
    async with market.door.reading(caller, 0) as db:
        assert await db.fetchval("show statement_timeout") == "5s"
        assert await db.fetchval("select count(*) from cycles") == 1


async def test_sec_6_a_view_that_waits_for_a_lock_answers_503(market: Market) -> None:
    await market.projector.catch_up(NETWORK)
    holder = await owner_of(market)
    try:
        async with holder.transaction():
            await holder.execute("lock table read.cycles in access exclusive mode")
            answer = await market.client.get(
                "/v1/cycles", headers={"authorization": f"Bearer {market.operator.key}"}
            )
        assert_refused(answer, 503, "busy")
        assert answer.headers["retry-after"] == "2"
    finally:
        await holder.close()
    assert (await market.operator.get("/v1/cycles")).status_code == 200


async def test_sec_6_an_append_that_is_cut_records_nothing_and_succeeds_later(
    market: Market,
) -> None:
    """Cut while it waits for the writer lock, by the statement's time and not by the lock's."""
    melati = await market.koperasi("melati")
    body = {"cycle_id": "week-3", "lines": [oil(1)]}
    before = await market.event_count()
    holder = await owner_of(market)
    try:
        async with (
            every_session(market, "statement_timeout = '300ms'"),
            every_session(market, "lock_timeout = 0"),
        ):
            async with holder.transaction():
                await holder.execute("select from log.head for update")
                answer = await market.place(melati, body, ORDER)
            assert_refused(answer, 503, "busy")
            assert await market.event_count() == before
    finally:
        await holder.close()
    again = await market.place(melati, body, ORDER)
    assert again.status_code == 201
    assert await market.event_count() == before + 1


async def test_sec_6_a_session_that_idles_in_a_transaction_is_ended(market: Market) -> None:
    """The lock it holds is free again; whoever held it hears that the connection is lost."""
    settings = {**session_settings(), "idle_in_transaction_session_timeout": "200ms"}
    idle = await asyncpg.connect(market.url, server_settings=settings)
    await idle.execute("begin")
    await idle.execute("select 1")
    await asyncio.sleep(1)
    with pytest.raises(LOST):
        await idle.execute("select 1")
    idle.terminate()
