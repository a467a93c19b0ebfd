"""The whole service in process, on a database of its own, with its read tables on call."""

import time
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha import house
from jaringan_usaha.api.access import keys
from jaringan_usaha.api.access.issuing import Wanted, issue
from jaringan_usaha.api.door import Door
from jaringan_usaha.app import create_app
from jaringan_usaha.eventlog.database import WORKER, open_pool
from jaringan_usaha.eventlog.projector import Projector
from market import Market
from service import NETWORK, Service, Speaker, settings_for
from witness import keeps_the_contract


@pytest_asyncio.fixture
async def service(database: str) -> AsyncIterator[Service]:
    """A running service on a fresh database."""
    app = create_app(settings_for(database, rate_factor=0))
    async with app.router.lifespan_context(app):
        door: Door = app.state.door
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(
            transport=transport,
            base_url="http://test",
            event_hooks={"response": [keeps_the_contract]},
        ) as client:
            worker = await open_pool(database, most=2, role=WORKER)
            projector = Projector(worker, house.event_types(), house.PROJECTIONS)
            key = await issue(door.write_pool, door.clock, NETWORK, Wanted("operator"))
            yield Service(client, door, Speaker(client, projector, key))
            await worker.close()


@pytest.fixture
def clock(market: Market, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What the keys' stop-watch shows in a file's market, to be moved on by hand."""
    now = [time.monotonic()]
    monkeypatch.setattr(keys, "time", SimpleNamespace(monotonic=lambda: now[0]))
    market.door.keys._known.clear()
    yield now
    market.door.keys._known.clear()
