"""Who waits for news: one look at the read tables wakes all whom it concerns."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from jaringan_usaha.api.problems import Problem
from jaringan_usaha.changes.views import queries
from jaringan_usaha.eventlog.database import ALL, FULL, LOST, Pool, Sight, looking
from jaringan_usaha.kernel.rejections import Busy

MOST = 1_000
MOST_OF_A_KEY = 4
LOOK_EVERY_SECONDS = 0.25


@dataclass(eq=False, slots=True)
class Waiter:
    """One request that waits; `seen` is the position up to which nothing concerns it."""

    network_id: int
    key_id: str
    audiences: Sequence[str]
    seen: int
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Waiting:
    """All waiters of this process, and the one task that looks for them while there are any."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiters: set[Waiter] = set()
        self._of_keys: Counter[str] = Counter()
        self._looking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiters)

    @contextlib.contextmanager
    def place(self, waiter: Waiter) -> Iterator[None]:
        """A place for as long as the request waits. Raises Busy and Problem 429."""
        if len(self._waiters) >= MOST:
            raise Busy("too many wait for changes; ask again shortly", retry_after=5)
        if self._of_keys[waiter.key_id] >= MOST_OF_A_KEY:
            raise Problem(
                429,
                "quota-exceeded",
                f"at most {MOST_OF_A_KEY} requests of one key may wait at once",
                headers={"Retry-After": "5"},
            )
        self._waiters.add(waiter)
        self._of_keys[waiter.key_id] += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._waiters.discard(waiter)
            self._of_keys[waiter.key_id] -= 1
            if not self._of_keys[waiter.key_id]:
                del self._of_keys[waiter.key_id]

    async def _look(self) -> None:
        while self._waiters:
            for network_id in {each.network_id for each in self._waiters}:
                with contextlib.suppress(*LOST, *FULL):
                    await self._look_at(network_id)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _look_at(self, network_id: int) -> None:
        """Wake those who have news; for the others nothing is new up to here."""
        waiters = [each for each in self._waiters if each.network_id == network_id]
        since = min(each.seen for each in waiters)
        audiences = {audience for each in waiters for audience in each.audiences}
        async with self._pool.acquire() as db, looking(db, Sight(network_id, ALL, ALL)):
            row = await db.fetchrow(queries.kept, network_id)
            as_of = row["as_of"] if row else 0
            if as_of <= since:
                return
            rows = await db.fetch(queries.with_news, network_id, list(audiences), since)
        told = {row["audience"] for row in rows}
        for each in waiters:
            if told.isdisjoint(each.audiences):
                each.seen = max(each.seen, as_of)
            else:
                each.news.set()


async def first_of(
    news: asyncio.Event, hung_up: Callable[[], Awaitable[None]], seconds: float
) -> bool:
    """Wait for news for so long at most; whether the caller is still there."""
    heard = asyncio.ensure_future(news.wait())
    gone = asyncio.ensure_future(hung_up())
    try:
        await asyncio.wait({heard, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return not gone.done()
    finally:
        heard.cancel()
        gone.cancel()
