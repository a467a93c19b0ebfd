"""A database of our own with a network in it, real fsync, gone afterwards."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from bench.load import ITEMS, KOPERASI, SUPPLIERS, item_id, koperasi_id, order_ids, supplier_id
from bench.machine import Postgres, Service, started
from jaringan_usaha import house
from jaringan_usaha.api.access.vault import make_file
from jaringan_usaha.cli.database import MASTER_KEY
from jaringan_usaha.cli.issuing import issue
from jaringan_usaha.cli.own_service import temporary_folder
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import Connection, Pool, open_pool, owner_connection
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.memory import Memory
from jaringan_usaha.eventlog.migrate import migrate
from jaringan_usaha.eventlog.planning import Task
from jaringan_usaha.features.catalog.domain import PublishPriceList, catalog
from jaringan_usaha.features.catalog.events import PriceRow, Tier
from jaringan_usaha.features.catalog.items import AddItem, goods
from jaringan_usaha.features.cycles.domain import CloseCycle, OpenCycle, cycles
from jaringan_usaha.features.registry.domain import AdmitKoperasi, AdmitSupplier, registry
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.rejections import Rejection
from jaringan_usaha.settings import Settings

NETWORK = 1
CYCLE = "bench"
SERVE = ("jaringan_usaha", "serve", "--no-follow", "--port", "0", "--json")
_ONCE = 500
T = TypeVar("T")

_STAGED = """
create schema if not exists staged;
create unlogged table if not exists staged.orders (
  position bigint, order_id uuid, cycle_id text, koperasi_id text, lines bytea,
  recorded_at timestamptz);
create unlogged table if not exists staged.lines (
  position bigint, cycle_id text, supplier_id text, item_id text, koperasi_id text,
  quantity bigint, amount_idr bigint, discount_idr bigint, tolerance bigint, least bigint);
"""
_STAGE_LINES = """
insert into staged.lines
select $1 + n, $2, 'sup-' || lpad((i / 5)::text, 3, '0'), 'item-' || lpad(i::text, 4, '0'),
       'kop-' || lpad((n % $5)::text, 5, '0'), 1 + n % 9, 0, 0, 0, 0
from generate_series(1, $3::bigint) n, generate_series(0, $4::bigint - 1) l,
     lateral (select (n * 7919 + l * 97) % $6::bigint as i) of_item
"""
_STAGE_ORDERS = """
insert into staged.orders
select position, uuidv7(), $2, min(koperasi_id),
       convert_to('[' || string_agg(format('{"item_id":"%s","quantity":%s,"supplier_id":"%s"}',
                                           item_id, quantity, supplier_id), ',') || ']', 'UTF8'),
       clock_timestamp()
from staged.lines where position > $1 group by position
"""
_FACTS = """
insert into log.events (network_id, position, type_id, schema_no, stream_id, stream_version,
                        command_id, batch_item, asked_by, received_at, recorded_at, body)
select 1, position, (select type_id from log.types where name = 'cycles.order_placed'), 1,
       order_id, 1, order_id, 1, 'bench', recorded_at, recorded_at,
       convert_to(format('{"cycle_id":"%s","koperasi_id":"%s","lines":', cycle_id, koperasi_id),
                  'UTF8')
       || lines || convert_to(format(',"order_id":"%s"}', order_id), 'UTF8')
from staged.orders where position > $1 order by position
"""
_MARKS = """
insert into log.marks (network_id, mark, position)
select 1, order_id, position from staged.orders where position > $1
"""
_ANSWERS = """
insert into log.answers (network_id, command_id, day, print, first_position, last_position,
                         version, recorded_at)
select 1, order_id, (recorded_at at time zone 'UTC')::date, sha256(lines), position, position, 1,
       recorded_at
from staged.orders where position > $1
"""


@dataclass
class World:
    """A cluster with one network: members, goods, prices, one open cycle, an operator's key."""

    folder: Path
    url: str
    postgres: Postgres
    key: str = ""

    @contextmanager
    def service(
        self,
        arguments: Sequence[str] = SERVE,
        *,
        source: Path | None = None,
        at_once: int | None = None,
    ) -> Iterator[Service]:
        """The service as people start it, without the follower; or a yardstick. `at_once`: with
        room for so many requests."""
        environment = {
            "JARINGAN_DATABASE_URL": self.url,
            "JARINGAN_MASTER_KEY_FILE": str(self.master_key),
            "BENCH_DATABASE": f"{self.socket_folder}|jaringan",
        }
        if at_once is not None:
            environment["JARINGAN_REQUESTS_AT_ONCE"] = str(at_once)
        with started(arguments, environment, source=source) as service:
            yield service

    @property
    def master_key(self) -> Path:
        """Made when it is first asked for."""
        path = self.folder / MASTER_KEY
        make_file(path)
        return path

    @property
    def socket_folder(self) -> str:
        return str(self.folder / "postgres" / "socket")

    @property
    def server_files(self) -> Path:
        """A folder that the server's account reads."""
        return self.folder

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(coroutine)

    def owner(self, statement: str, *arguments: Any) -> Any:
        """Say something as the database's owner; the first value of what it answers."""

        async def say() -> Any:
            async with owner_connection(self.url) as connection:
                if arguments:
                    return await connection.fetchval(statement, *arguments, timeout=None)
                return await connection.execute(statement, timeout=None)

        return asyncio.run(say())

    def fill(self, orders: int, lines: int, *, cycle: str = CYCLE, koperasi: int = KOPERASI) -> int:
        """Put so many orders into the log by SQL, typed copies of them into `staged`; returns
        the position before them."""
        return asyncio.run(self._fill(orders, lines, cycle, koperasi))

    async def _fill(self, orders: int, lines: int, cycle: str, koperasi: int) -> int:
        async with owner_connection(self.url) as db:
            await db.execute(_STAGED)
            async with db.transaction():
                head = int(await db.fetchval("select position from log.head for update"))
                how = (head, cycle, orders, lines, koperasi, ITEMS)
                await db.execute(_STAGE_LINES, *how, timeout=None)
                await db.execute(_STAGE_ORDERS, head, cycle, timeout=None)
                for statement in (_FACTS, _MARKS, _ANSWERS):
                    await db.execute(statement, head, timeout=None)
                await db.execute("update log.head set position = position + $1", orders)
            await db.execute("vacuum (analyze) log.events, log.marks, log.answers", timeout=None)
            await db.execute("analyze staged.lines, staged.orders")
        return head

    @asynccontextmanager
    async def log(self) -> AsyncIterator[tuple[EventLog, Pool]]:
        """The log in this very process."""
        pool = await open_pool(self.url)
        try:
            numbers = await house.type_ids(pool)
            yield house.log_of(NETWORK, pool, numbers, Memory(Settings().memory_facts)), pool
        finally:
            await pool.close()

    async def handle(self, tasks: Sequence[Task]) -> None:
        """Raises the first refusal."""
        async with self.log() as (log, _):
            for start in range(0, len(tasks), _ONCE):
                for answer in await log.handle_each(tasks[start : start + _ONCE]):
                    if isinstance(answer, Rejection):
                        raise answer

    async def seed(self, koperasi: int) -> None:
        """Members, goods, prices, and the cycle that orders go to."""
        members = [
            (registry, AdmitKoperasi(asked=asked(), koperasi_id=koperasi_id(n), title=f"Kop {n}"))
            for n in range(koperasi)
        ]
        suppliers = [
            (registry, AdmitSupplier(asked=asked(), supplier_id=supplier_id(n), title=f"Sup {n}"))
            for n in range(SUPPLIERS)
        ]
        items = [
            (
                goods,
                AddItem(
                    asked=asked(), item_id=item_id(n), title=f"I {n}", base_unit="H87", case_size=1
                ),
            )
            for n in range(ITEMS)
        ]
        tiers = (Tier(from_quantity=1, idr=18_600), Tier(from_quantity=500, idr=17_900))
        prices = [
            (
                catalog,
                PublishPriceList(
                    asked=asked(),
                    price_list_id=f"list-{n:03}",
                    supplier_id=supplier_id(n),
                    valid_from_on=date(2020, 1, 1),
                    valid_until_on=None,
                    tier_mode="all_units",
                    rows=tuple(
                        PriceRow(item_id=item_id(5 * n + item), tiers=tiers) for item in range(5)
                    ),
                ),
            )
            for n in range(SUPPLIERS)
        ]
        await self.handle([*members, *suppliers, *items])
        await self.handle(prices)
        await self.open_cycle(CYCLE)

    async def open_cycle(self, cycle: str) -> None:
        frame = asked()
        command = OpenCycle(
            asked=frame,
            cycle_id=cycle,
            title=cycle,
            opens_at=frame.at - timedelta(days=1),
            closes_at=frame.at + timedelta(days=1),
            prices="listed",
            priced_on=date(2026, 1, 1),
        )
        await self.handle([(cycles, command)])

    async def close_cycle(self, cycle: str) -> None:
        command = CloseCycle(asked=asked(), cycle_id=cycle, early=True, reason="a measurement")
        await self.handle([(cycles, command)])


_ids = order_ids()


def asked() -> Asked:
    text = next(_ids)
    return Asked(
        at=datetime.now(UTC),
        command_id=UUID(text),
        print=sha256(text.encode()).digest(),
        by="bench",
    )


@contextmanager
def world(*, koperasi: int = KOPERASI) -> Iterator[World]:
    """Everything is gone afterwards."""
    with temporary_folder() as folder, EmbeddedServer(folder) as server:
        lines = (folder / "postgres" / "18" / "postmaster.pid").read_text().splitlines()
        made = World(folder, server.url, Postgres(int(lines[0])))
        asyncio.run(migrate(server.url, house.event_types(), house.topics(), [NETWORK]))
        asyncio.run(made.seed(koperasi))
        (made.key,) = asyncio.run(issue(server.url, NETWORK, [("operator", None)]))
        yield made


async def connect(url: str) -> Connection:
    return await asyncpg.connect(url)
