"""A market to trade in: the whole service on a database of its own, shared by a file of tests."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from databases import fresh_database
from jaringan_usaha import house
from jaringan_usaha.api.access.issuing import Wanted, issue
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.api.door import Door
from jaringan_usaha.app import create_app
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import WORKER, Pool, open_pool
from jaringan_usaha.eventlog.memory import Memory
from jaringan_usaha.eventlog.projector import Projector
from jaringan_usaha.follower import Follower
from service import NETWORK, Service, Speaker, settings_for
from witness import keeps_the_contract

OIL = {"title": "Minyak goreng 12 × 1 L", "base_unit": "XPK", "case_size": 1}
RICE = {"title": "Beras medium", "base_unit": "KGM", "case_size": 1}
OIL_TIERS = [
    {"from_quantity": 1, "idr": 186_000, "per": 1},
    {"from_quantity": 50, "idr": 180_000, "per": 1},
    {"from_quantity": 100, "idr": 174_000, "per": 1},
]
RICE_TIERS = [{"from_quantity": 1, "idr": 12_500, "per": 1}]


@asynccontextmanager
async def served(url: str) -> AsyncIterator["Market"]:
    """The service on this database, with its operator and its follower."""
    settings = settings_for(url, rate_factor=0)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        door: Door = app.state.door
        door.clock.set_from = lambda _: None  # type: ignore[method-assign]  tests move it
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(
            transport=transport,
            base_url="http://test",
            event_hooks={"response": [keeps_the_contract]},
        ) as client:
            worker = await open_pool(url, most=6, role=WORKER)
            follower = Follower(worker, await house.type_ids(worker), Memory(settings.memory_facts))
            key = await issue(door.write_pool, door.clock, NETWORK, Wanted("operator"))
            operator = Speaker(client, follower.projector, key)
            yield Market(Service(client, door, operator), url, follower, worker)
            await worker.close()


@asynccontextmanager
async def opened(server: EmbeddedServer, template: str) -> AsyncIterator["Market"]:
    """A market on a fresh database."""
    async with fresh_database(server, template) as url, served(url) as market:
        yield market


BEHIND = """
select exists (
  select from bookmarks b join log.head h using (network_id)
  where b.network_id = $1 and b.state = 'live' and b.position < h.position)
"""


@dataclass
class Market:
    """The service, and short words for what every story needs."""

    service: Service
    url: str
    follower: Follower
    worker: Pool
    """Sessions that may see and write the read tables of all, as the follower's."""
    _speakers: dict[str, Speaker] = field(default_factory=dict)

    @property
    def client(self) -> httpx2.AsyncClient:
        return self.service.client

    @property
    def door(self) -> Door:
        return self.service.door

    @property
    def operator(self) -> Speaker:
        return self.service.operator

    async def another_operator(self) -> Speaker:
        """A second person who runs the network."""
        return Speaker(self.client, self.projector, await self.service.new_operator())

    @property
    def projector(self) -> Projector:
        return self.follower.projector

    async def koperasi(self, koperasi_id: str) -> Speaker:
        """A koperasi of the network with its key."""
        if koperasi_id not in self._speakers:
            self._speakers[koperasi_id] = await self.service.koperasi(koperasi_id)
            done = await self.operator.put(f"/v1/koperasi/{koperasi_id}", title=koperasi_id.title())
            assert done.status_code == 201, done.text
        return self._speakers[koperasi_id]

    async def stock(self) -> None:
        """Oil from Indofood in three tiers, and rice from Bulog at one price."""
        for path, body in (
            ("suppliers/indofood", {"title": "Indofood"}),
            ("suppliers/bulog", {"title": "Perum Bulog"}),
            ("items/oil", OIL),
            ("items/rice", RICE),
            ("price-lists/oil-1", price_list("indofood", "oil", OIL_TIERS)),
            ("price-lists/rice-1", price_list("bulog", "rice", RICE_TIERS)),
        ):
            done = await self.operator.put(f"/v1/{path}", **body)
            assert done.status_code == 201, done.text

    async def open_cycle(self, cycle_id: str, **other: Any) -> int:
        """A cycle that takes orders for a day; its position."""
        done = await self.operator.put(f"/v1/cycles/{cycle_id}", **self.cycle(**other))
        assert done.status_code == 201, done.text
        return int(done.json()["position"])

    def cycle(self, **other: Any) -> dict[str, Any]:
        now = self.door.clock.now()
        return {
            "title": "Belanja bareng",
            "opens_at": (now - timedelta(hours=1)).isoformat(),
            "closes_at": (now + timedelta(days=1)).isoformat(),
            "prices": "listed",
            "priced_on": "2026-01-15",
            **other,
        }

    async def send(
        self, speaker: Speaker, method: str, path: str, *, body: object = None, **headers: str
    ) -> httpx2.Response:
        """A request with exactly these headers beside the key; `_` in a name stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["authorization"] = f"Bearer {speaker.key}"
        return await self.client.request(method, path, json=body, headers=named)

    async def place(
        self,
        speaker: Speaker,
        body: Mapping[str, Any],
        order_id: str | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """PUT an order, under a new id unless one is given."""
        path = f"/v1/orders/{order_id or new_id()}"
        return await self.send(speaker, "PUT", path, body=body, **headers)

    async def event_count(self) -> int:
        return await self.door.log(NETWORK).head()

    async def settle(self) -> None:
        """Let the follower do everything that is due, until nothing more comes of it."""
        while True:
            await self._catch_up()
            before = await self.event_count()
            await self.follower.tend(NETWORK)
            if await self.event_count() == before:
                return

    async def _catch_up(self) -> None:
        """Until the tables are level, also while somebody else folds them."""
        while True:
            await self.projector.catch_up(NETWORK)
            if not await self.sql(BEHIND, NETWORK):
                return

    def live_at(self, ago: timedelta) -> None:
        """Set the service's clock back; the follower keeps the database's."""
        self.door.clock.offset = -ago

    async def sql(self, query: str, *values: object) -> Any:
        """One value, by the follower's own hands."""
        return await self.worker.fetchval(query, *values)


def price_list(supplier_id: str, item_id: str, tiers: list[dict[str, int]]) -> dict[str, Any]:
    return {
        "supplier_id": supplier_id,
        "valid_from_on": "2026-01-01",
        "valid_until_on": "2026-12-31",
        "tier_mode": "all_units",
        "rows": [{"item_id": item_id, "tiers": tiers}],
    }


def oil(quantity: int) -> dict[str, Any]:
    return {"supplier_id": "indofood", "item_id": "oil", "quantity": quantity}


def rice(quantity: int) -> dict[str, Any]:
    return {"supplier_id": "bulog", "item_id": "rice", "quantity": quantity}


def later(**ago: float) -> str:
    """An instant from now on, as the API takes it."""
    return (datetime.now(UTC) + timedelta(**ago)).isoformat()
