"""The points of sale of the story: a till for each koperasi, a few lines that they share."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType, TracebackType
from typing import Any, Self
from zlib import crc32

import httpx2

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.client.outbox import Operation
from jaringan_usaha.client.service import ServiceProblem
from jaringan_usaha.client.till import Till

LINES = 6
TIMEOUT_SECONDS = 30.0


class Tills:
    """Every koperasi has a till with a key and a journal of its own; some share a line."""

    def __init__(self, base_url: str, keys: Mapping[str, str]) -> None:
        self._base_url = base_url
        self._keys = keys
        self._stack = AsyncExitStack()
        self._lines: list[httpx2.AsyncHTTPTransport] = []
        self._clients: list[httpx2.AsyncClient] = []
        self._tills: dict[str, Till] = {}

    async def __aenter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="jaringan-tills-")))
        for _ in range(LINES):
            line = httpx2.AsyncHTTPTransport()
            client = httpx2.AsyncClient(
                base_url=self._base_url, timeout=TIMEOUT_SECONDS, transport=line, trust_env=False
            )
            self._lines.append(line)
            self._clients.append(await self._stack.enter_async_context(client))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def at_once(
        self, all_koperasi: Sequence[str], work: Callable[[str], Awaitable[None]]
    ) -> None:
        """Work for each koperasi; the lines at once, on each of them one koperasi after another."""
        queues: list[list[str]] = [[] for _ in self._clients]
        for koperasi_id in all_koperasi:
            queues[self._line(koperasi_id)].append(koperasi_id)

        async def one_by_one(queue: list[str]) -> None:
            for koperasi_id in queue:
                await work(koperasi_id)

        async with asyncio.TaskGroup() as group:
            for queue in queues:
                group.create_task(one_by_one(queue))

    async def order(
        self,
        koperasi_id: str,
        cycle_id: str,
        lines: Sequence[Mapping[str, Any]],
        *,
        order_id: str | None = None,
        version: int | None = None,
    ) -> str:
        """Place an order, or replace the lines of one; its id. Raises ServiceProblem."""
        till = await self._till(koperasi_id)
        wanted = [dict(line) for line in lines]
        if order_id is None:
            order_id = till.place(cycle_id, wanted)
        else:
            till.change(order_id, wanted, if_version=version)
        await self._sync(till)
        return order_id

    async def pledge(self, koperasi_id: str, amount_idr: int) -> None:
        """Pledge capital. Raises ServiceProblem."""
        await self._send(
            "POST",
            f"/v1/koperasi/{koperasi_id}/shares/pledges",
            koperasi_id,
            {"amount_idr": amount_idr},
            {"Idempotency-Key": new_id()},
        )

    async def sell(
        self, koperasi_id: str, sold_on: date, lines: Sequence[Mapping[str, Any]]
    ) -> None:
        """Record what was sold. Raises ServiceProblem."""
        till = await self._till(koperasi_id)
        sale_id = new_id()
        body = {"sale_id": sale_id, "sold_on": sold_on.isoformat(), "lines": list(lines)}
        till.outbox.write([Operation(op_id=sale_id, type="record_sale", body=body)])
        await self._sync(till)

    async def get(self, koperasi_id: str, path: str, **query: str | int) -> Any:
        """What the service shows this koperasi. Raises ServiceProblem."""
        return await self._send("GET", path, koperasi_id, query=query)

    async def _send(
        self,
        method: str,
        path: str,
        koperasi_id: str,
        body: object = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        query: Mapping[str, str | int] | None = None,
    ) -> Any:
        client = self._clients[self._line(koperasi_id)]
        bearer = {"Authorization": f"Bearer {self._keys[koperasi_id]}"}
        response = await client.request(
            method, path, json=body, headers={**bearer, **headers}, params=query
        )
        answer = response.json()
        if not response.is_success:
            raise ServiceProblem(f"{method} {path}: {answer['detail']}", response.status_code)
        return answer

    async def _sync(self, till: Till) -> None:
        synced = await till.sync()
        for refused in till.outbox.those("refused"):
            raise ServiceProblem(refused.why["detail"], refused.why["status"], refused.why["code"])
        if synced.waiting:
            raise ServiceProblem(synced.trouble)

    async def _till(self, koperasi_id: str) -> Till:
        if koperasi_id not in self._tills:
            till = Till(
                self._folder / f"{koperasi_id}.sqlite",
                self._base_url,
                self._keys[koperasi_id],
                transport=self._lines[self._line(koperasi_id)],
            )
            self._tills[koperasi_id] = await self._stack.enter_async_context(till)
        return self._tills[koperasi_id]

    def _line(self, koperasi_id: str) -> int:
        return crc32(koperasi_id.encode()) % len(self._lines)
