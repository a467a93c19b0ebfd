"""A server of one's own gives one login that is no superuser; it is enough, and more can be had."""

import asyncio
import socket
from pathlib import Path

import asyncpg
import pytest

from jaringan_usaha import house
from jaringan_usaha.app import create_app
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import WORKER, open_pool
from jaringan_usaha.eventlog.migrate import migrate
from jaringan_usaha.eventlog.rebuild import rebuild, replay
from market import Market, oil, served
from service import settings_for


async def trade(market: Market) -> None:
    await market.stock()
    await market.open_cycle("week-1")
    melati = await market.koperasi("melati")
    placed = await market.place(melati, {"cycle_id": "week-1", "lines": [oil(2)]})
    assert placed.status_code == 201, placed.text
    shown = await melati.get("/v1/orders", cycle_id="week-1")
    assert [row["koperasi_id"] for row in shown.json()["items"]] == ["melati"]


async def live_with_one_login(server: EmbeddedServer, port: int) -> None:
    owner = await asyncpg.connect(server.url)
    for statement in (
        "create role manager login createrole password 'a'",
        "create role web login password 'b'",
        "create database coop owner manager",
    ):
        await owner.execute(statement)
    url = f"postgresql://manager:a@127.0.0.1:{port}/coop"
    for _ in range(2):
        await migrate(url, house.event_types(), house.topics(), [1])
    async with served(url) as market:
        await trade(market)
    assert (await rebuild(url, house.event_types(), house.PROJECTIONS)).compared_tables == 1
    assert (await replay(url, house.event_types(), house.PROJECTIONS)).agrees

    # the service alone, as a login that is the application and nothing else
    await owner.execute("grant jaringan_app to web")
    await owner.close()
    url = url.replace("manager:a", "web:b")
    app = create_app(settings_for(url, rate_factor=0))
    async with app.router.lifespan_context(app):
        pool = app.state.door.write_pool
        who = await pool.fetchrow("select session_user::text, current_user::text")
        assert tuple(who) == ("web", "jaringan_app")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await open_pool(url, most=1, role=WORKER)


def test_sec_5_one_login_that_is_no_superuser_is_enough(own_folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with EmbeddedServer(own_folder, tcp_port=port) as server:
        asyncio.run(live_with_one_login(server, port))
