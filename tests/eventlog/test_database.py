"""A session goes back to its pool as it came, also where a cancellation ends what it was used
for: the driver would put it in order, and report that as an error of the program."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from eventlog.jars import OpenShelf, jars
from eventlog.keys import asked
from eventlog.logs import holding_head, open_log, until, waiters
from jaringan_usaha.eventlog import database as sessions
from jaringan_usaha.eventlog.database import ALL, Connection, Pool, Sight, looking, open_pool


async def given_back_after(
    work: Callable[[Pool], Awaitable[object]], url: str, begun: Callable[[], Awaitable[object]]
) -> list[str]:
    """What the driver says of the only session of a pool when this work is cancelled in it."""
    said: list[str] = []

    def hear(_: object, context: dict[str, Any]) -> None:
        said.append(context["message"])

    asyncio.get_running_loop().set_exception_handler(hear)
    async with await open_pool(url, most=1) as pool:
        task = asyncio.ensure_future(work(pool))
        await until(begun)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await pool.fetchval("show transaction_read_only") == "off"
    return said


async def test_a_look_that_is_cancelled_as_it_begins(
    database: str, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = sessions._beginning
    monkeypatch.setattr(sessions, "_beginning", lambda *a: f"{usual(*a)}; select pg_sleep(60)")

    async def look(pool: Pool) -> None:
        async with pool.acquire() as connection, looking(connection, Sight(1, ALL, ALL)):
            raise AssertionError("it never began")

    async def sleeps() -> bool:
        return bool(
            await owner.fetchval(
                "select exists (select from pg_stat_activity"
                " where datname = current_database() and wait_event = 'PgSleep')"
            )
        )

    assert await given_back_after(look, database, sleeps) == []


async def test_an_append_of_several_commands_that_is_cancelled(
    database: str, owner: Connection
) -> None:
    async def append(pool: Pool) -> None:
        log = await open_log(pool)
        shelves = [OpenShelf(asked=asked(), shelf_id=each) for each in "ab"]
        await log.handle_together([(jars, each) for each in shelves])

    async with holding_head(database):
        assert await given_back_after(append, database, lambda: waiters(owner)) == []
