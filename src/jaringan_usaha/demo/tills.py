"""The points of sale of the story: a few programs, each serving the koperasi that fall to it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date
from types import MappingProxyType, TracebackType
from typing import Any, Self
from zlib import crc32

import httpx2

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.client.service import ServiceProblem

TILLS = 6
TIMEOUT_SECONDS = 30.0


class Tills:
    """Every koperasi orders with a key of its own, over the connection of its till."""

    def __init__(self, base_url: str, keys: Mapping[str, str]) -> None:
        self._base_url = base_url
        self._keys = keys
        self._stack = AsyncExitStack()
        self._clients: list[httpx2.AsyncClient] = []

    async def __aenter__(self) -> Self:
        for _ in range(TILLS):
            client = httpx2.AsyncClient(
                base_url=self._base_url, timeout=TIMEOUT_SECONDS, trust_env=False
            )
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
        """Work for each koperasi; the tills at the same time, each one koperasi after another."""
        queues: list[list[str]] = [[] for _ in self._clients]
        for koperasi_id in all_koperasi:
            queues[self._till(koperasi_id)].append(koperasi_id)

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
    ) -> tuple[str, int]:
        """Place an order, or replace the lines of one; its id, and the position it reached.

        Raises ServiceProblem.
        """
        order_id = order_id or new_id()
        change = {"If-Match": f'"v{version}"', "Idempotency-Key": new_id()}
        headers = change if version is not None else {}
        body = {"cycle_id": cycle_id, "lines": list(lines)}
        done = await self._send("PUT", f"/v1/orders/{order_id}", koperasi_id, body, headers)
        return order_id, int(done["position"])

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
        body = {"sold_on": sold_on.isoformat(), "lines": list(lines)}
        await self._send("PUT", f"/v1/sales/{new_id()}", koperasi_id, body)

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
        client = self._clients[self._till(koperasi_id)]
        bearer = {"Authorization": f"Bearer {self._keys[koperasi_id]}"}
        response = await client.request(
            method, path, json=body, headers={**bearer, **headers}, params=query
        )
        answer = response.json()
        if not response.is_success:
            raise ServiceProblem(f"{method} {path}: {answer['detail']}", response.status_code)
        return answer

    def _till(self, koperasi_id: str) -> int:
        return crc32(koperasi_id.encode()) % len(self._clients)
