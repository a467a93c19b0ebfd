"""Reading one's own writes: wait until the read tables show a position."""

import asyncio
import contextlib

from jaringan_usaha.eventlog.database import FULL, LOST, Pool
from jaringan_usaha.eventlog.projector import listening, log_queries, queries
from jaringan_usaha.kernel.rejections import Busy, Invalid

_POLL_SECONDS = 0.1


class Reached:
    """How far the read tables of each network have come, as heard from the projector."""

    def __init__(self, pool: Pool, *, patience: float = 2.0) -> None:
        self._pool = pool
        self._patience = patience
        self._positions: dict[int, int] = {}
        self._news = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    async def wait_for(self, network_id: int, position: int) -> None:
        """Return once the position is shown. Raises Busy, with the one that is, after two
        seconds: the fact is recorded, only not yet shown; Invalid for one that is still to come.
        """
        if position <= self._positions.get(network_id, 0):
            return
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        give_up_at = asyncio.get_running_loop().time() + self._patience
        shown = await self._look(network_id)
        if shown < position and await self._head(network_id) < position:
            raise Invalid(
                "nothing is recorded at that position yet; take it from an answer", pointer="/after"
            )
        while shown < position:
            if asyncio.get_running_loop().time() > give_up_at:
                raise Busy(
                    f"position {position} is recorded but not shown yet; ask again shortly",
                    retry_after=1,
                    as_of=shown,
                )
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._news.wait()
            shown = await self._look(network_id)

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])

    async def _look(self, network_id: int) -> int:
        shown = int(await self._pool.fetchval(queries.reached, network_id) or 0)
        self._positions[network_id] = shown
        return shown

    async def _head(self, network_id: int) -> int:
        return int(await self._pool.fetchval(log_queries.head, network_id) or 0)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(*LOST, *FULL):
                async with listening(self._pool, "read", lambda _: self._news.set()) as lost:
                    await lost.wait()
            await asyncio.sleep(_POLL_SECONDS)
