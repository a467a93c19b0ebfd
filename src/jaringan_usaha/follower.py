"""The follower: keeps read tables level with the log, and does what the clock demands."""

import asyncio
import contextlib
import gc
import logging
from datetime import datetime, timedelta

from jaringan_usaha import house
from jaringan_usaha.eventlog.database import FULL, LOST, WORKER, Pool, open_pool
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.memory import Memory
from jaringan_usaha.eventlog.projector import Projector, follow, log_queries
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.features.contacts import forgetting
from jaringan_usaha.features.cycles import begin_filling
from jaringan_usaha.features.cycles import closing as cycles_closing
from jaringan_usaha.features.fulfilment import sharing_out
from jaringan_usaha.features.invoicing import costing
from jaringan_usaha.features.margin import closing as margin_closing
from jaringan_usaha.kernel.rejections import Rejection

queries = Queries("jaringan_usaha", "follower.sql")
logger = logging.getLogger(__name__)

REPLAY_ANSWERS = timedelta(days=36)
TELL_ANSWERS = timedelta(days=401)
"""Each a day longer than promised, since days of answers go as a whole."""
ROOM_EVERY = timedelta(hours=1)
DUTIES = (
    forgetting.tend,
    begin_filling.tend,
    cycles_closing.tend,
    sharing_out.tend,
    costing.tend,
    margin_closing.tend,
)
"""What rooms do by themselves, in the order in which goods travel."""


class Follower:
    """All projections and all clock duties of one database."""

    def __init__(self, pool: Pool, numbers: dict[str, int], memory: Memory) -> None:
        self._pool = pool
        self._numbers = numbers
        self._memory = memory
        self._logs: dict[int, EventLog] = {}
        self._room_made: datetime | None = None
        self.projector = Projector(pool, house.event_types(), house.PROJECTIONS)

    async def run(self) -> None:
        """Follow until cancelled."""
        await follow(self.projector, self._pool, beside=self.tend)

    async def tend(self, network_id: int) -> None:
        """The clock's duties in one network, on the database's clock, or a sandbox's own."""
        clock = await self._pool.fetchrow(queries.now_in, network_id)
        assert clock is not None
        await self._make_room(clock["now"])
        for duty in DUTIES:
            try:
                await duty(self._log(network_id), self._pool, clock["due"])
            except Rejection as rejection:
                logger.warning("network %s: %s", network_id, rejection.detail)

    def _log(self, network_id: int) -> EventLog:
        if network_id not in self._logs:
            self._logs[network_id] = house.log_of(
                network_id, self._pool, self._numbers, self._memory
            )
        return self._logs[network_id]

    async def _make_room(self, now: datetime) -> None:
        """Partitions ahead, and answers of long ago aside, then dropped; once an hour."""
        if self._room_made is not None and now < self._room_made + ROOM_EVERY:
            return
        self._room_made = now
        with contextlib.suppress(*FULL):
            for row in await self._pool.fetch(log_queries.networks):
                await self._pool.execute(queries.make_room, row["position"], now.date())
            days = ((now - REPLAY_ANSWERS).date(), (now - TELL_ANSWERS).date())
            await self._pool.execute(queries.keep_answers, *days)


async def run_follower(url: str, memory_facts: int) -> None:
    """Follow until cancelled, with connections and a memory of its own; waits for a database that
    is away."""
    pool = await _patient_pool(url)
    gc.collect()
    gc.freeze()  # as in the service: what lives as long as the process is not looked through again
    gc.set_threshold(50_000, 20, 50)
    try:
        await Follower(pool, await house.type_ids(pool), Memory(memory_facts)).run()
    finally:
        await pool.close()


async def _patient_pool(url: str) -> Pool:
    while True:
        try:
            return await open_pool(url, most=6, role=WORKER)
        except (*LOST, *FULL):
            logger.warning("the follower waits for the database")
            await asyncio.sleep(1)
