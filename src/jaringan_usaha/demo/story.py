"""The story itself, told over HTTP: join, price, pledge, order, close, consolidate."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.client.service import Service, ServiceProblem
from jaringan_usaha.demo.goods import BY_ID, ITEMS, PRICES_FROM, SUPPLIERS, draw
from jaringan_usaha.demo.places import REGION_CODE, koperasi_ids
from jaringan_usaha.demo.result import Result, read_result
from jaringan_usaha.demo.stage import Board, Stage, standing
from jaringan_usaha.demo.tills import Tills

MINIMUM_IDR = 100_000_000
TARGET_IDR = 5_000_000_000
PLEDGES = 34
CLOSED_CYCLE = "bandung-ronde-1"
OPEN_CYCLE = "bandung-ronde-2"
FIRST_ORDERS = 60  # in the cycle that stays open
AT_ONCE = 10
LOOK_EVERY_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
JAKARTA = timedelta(hours=7)


class Story:
    """One telling of it, on a service that knows nothing yet."""

    def __init__(
        self, operator: Service, tills: Tills, stage: Stage, titles: Mapping[str, str]
    ) -> None:
        self._operator = operator
        self._tills = tills
        self._stage = stage
        self._titles = titles
        self._ordered: dict[str, dict[str, int]] = {}  # what each koperasi ordered in round 1
        self._latecomers = list(titles)[FIRST_ORDERS:]

    async def tell(self) -> Result:
        """From the first koperasi to the tables. Raises ServiceProblem."""
        await self._join()
        await self._price()
        await self._pledge()
        await self._open(CLOSED_CYCLE, "Ronde 1: sembako bersama")
        with self._stage.board("Ronde 1: pesanan masuk / orders come in") as board:
            async with self._watched(CLOSED_CYCLE, board):
                self._ordered = await self._fill(CLOSED_CYCLE, list(self._titles), self._pause)
                await self._second_thoughts()
        await self._close()
        await self._open(OPEN_CYCLE, "Ronde 2: sembako bersama")
        await self._fill(OPEN_CYCLE, list(self._titles)[:FIRST_ORDERS])
        return await read_result(self._operator, CLOSED_CYCLE, self._ordered, self._titles)

    async def go_on(self, pause_seconds: float) -> None:
        """An order every few seconds in the open cycle, for ever. Raises ServiceProblem."""
        with self._stage.board("Ronde 2 masih dibuka / still open") as board:
            while True:
                koperasi_id = self._next_koperasi()
                line = self._basket(koperasi_id, OPEN_CYCLE)[0]
                await self._tills.order(koperasi_id, OPEN_CYCLE, [line])
                quantities = await self._totals(OPEN_CYCLE)
                board.show(quantities)
                item = BY_ID[line["item_id"]]
                board.console.print(
                    f"{self._titles[koperasi_id]}: {line['quantity']} {item.unit} {item.title} · "
                    f"{standing(item, quantities.get(item.item_id, 0))}",
                    highlight=False,
                )
                await asyncio.sleep(pause_seconds)

    # -- phases ----------------------------------------------------------------------------

    async def _join(self) -> None:
        joining = list(self._titles.items())
        with self._stage.phase("Koperasi bergabung / koperasi join", len(joining)) as done:

            async def join(koperasi_id: str, title: str) -> None:
                body = {"title": title, "region_code": REGION_CODE}
                await self._operator.put(f"/v1/koperasi/{koperasi_id}", body)
                done()

            for start in range(0, len(joining), AT_ONCE):
                await asyncio.gather(*(join(*each) for each in joining[start : start + AT_ONCE]))
                await self._pause()

    async def _price(self) -> None:
        steps = len(SUPPLIERS) * 2 + len(ITEMS)
        with self._stage.phase("Pemasok, barang, harga / suppliers, goods, prices", steps) as done:
            for supplier_id, title in SUPPLIERS.items():
                await self._operator.put(f"/v1/suppliers/{supplier_id}", {"title": title})
                done()
            for item in ITEMS:
                body = {
                    "title": item.title,
                    "base_unit": item.base_unit,
                    "case_size": item.case_size,
                }
                await self._operator.put(f"/v1/items/{item.item_id}", body)
                done()
            for supplier_id in SUPPLIERS:
                body = {
                    "supplier_id": supplier_id,
                    "valid_from_on": PRICES_FROM,
                    "tier_mode": "all_units",
                    "rows": [
                        {"item_id": item.item_id, "tiers": [vars(step) for step in item.steps]}
                        for item in ITEMS
                        if item.supplier_id == supplier_id
                    ],
                }
                await self._operator.put(f"/v1/price-lists/daftar-{supplier_id}", body)
                done()
                await self._pause()

    async def _pledge(self) -> None:
        """A pledge is not money: all of these pledge, two of three pay, some of them half."""
        today = (datetime.now(UTC) + JAKARTA).date()  # noqa: TID251  a client's clock
        await self._operator.put(
            "/v1/rules/shares/2020-01-01",
            {
                "values": {"minimum_idr": MINIMUM_IDR, "target_idr": TARGET_IDR},
                "source": "musyawarah pendirian konsorsium",
            },
        )
        pledging = list(self._titles)[:PLEDGES]
        with self._stage.phase("Modal bersama / shares pledged and paid", PLEDGES) as done:

            async def pledge(koperasi_id: str) -> None:
                await self._tills.pledge(koperasi_id, MINIMUM_IDR)
                paid = (0, MINIMUM_IDR // 2, MINIMUM_IDR)[pledging.index(koperasi_id) % 3]
                if paid:
                    body = {"amount_idr": paid, "paid_on": today, "reference": f"TRF-{koperasi_id}"}
                    path = f"/v1/koperasi/{koperasi_id}/shares/payments"
                    await self._operator.post(path, body, key=new_id())
                done()
                await self._pause()

            await self._tills.at_once(pledging, pledge)

    async def _open(self, cycle_id: str, title: str) -> None:
        now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  a client's clock
        await self._operator.put(
            f"/v1/cycles/{cycle_id}",
            {
                "title": title,
                "opens_at": now - timedelta(minutes=1),
                "closes_at": now + timedelta(days=3),
                "priced_on": (now + JAKARTA).date(),
            },
        )

    async def _fill(
        self,
        cycle_id: str,
        all_koperasi: Sequence[str],
        after_each: Callable[[], Awaitable[None]] | None = None,
    ) -> dict[str, dict[str, int]]:
        """Each koperasi orders what it wants; some in two orders, since more comes to mind.

        Returns what each ordered, by item.
        """
        ordered = {}

        async def order(koperasi_id: str) -> None:
            lines = self._basket(koperasi_id, cycle_id)
            ordered[koperasi_id] = {line["item_id"]: line["quantity"] for line in lines}
            half = len(lines) // 2 if draw("twice", koperasi_id) % 4 == 0 else 0
            for part in filter(None, (lines[:half], lines[half:])):
                await self._tills.order(koperasi_id, cycle_id, part)
                if after_each is not None:
                    await after_each()

        await self._tills.at_once(all_koperasi, order)
        return ordered

    async def _second_thoughts(self) -> None:
        """One order is sent again by mistake, which changes nothing; then one is raised."""
        koperasi_id = next(iter(self._titles))
        line = self._basket(koperasi_id, OPEN_CYCLE)[0]
        order_id, _ = await self._tills.order(koperasi_id, CLOSED_CYCLE, [line])
        await self._tills.order(koperasi_id, CLOSED_CYCLE, [line], order_id=order_id)
        more = {**line, "quantity": 2 * line["quantity"]}
        await self._tills.order(koperasi_id, CLOSED_CYCLE, [more], order_id=order_id, version=1)
        wanted = self._ordered[koperasi_id]
        wanted[more["item_id"]] = wanted.get(more["item_id"], 0) + more["quantity"]

    async def _close(self) -> None:
        title = "Ronde ditutup, pesanan digabung / consolidated"
        with self._stage.phase(title, len(SUPPLIERS)) as done:
            await self._operator.post(
                f"/v1/cycles/{CLOSED_CYCLE}/close",
                {"early": True, "reason": "semua koperasi sudah memesan"},
                key=new_id(),
            )
            give_up_at = asyncio.get_running_loop().time() + PATIENCE_SECONDS
            cycle = await self._operator.get(f"/v1/cycles/{CLOSED_CYCLE}")
            while cycle["state"] != "consolidated":
                if asyncio.get_running_loop().time() > give_up_at:
                    raise ServiceProblem("the cycle is closed, but nobody consolidates it")
                await asyncio.sleep(LOOK_EVERY_SECONDS / 4)
                cycle = await self._operator.get(f"/v1/cycles/{CLOSED_CYCLE}")
            for _ in range(cycle["consolidated_orders"]):
                done()

    # -- details ---------------------------------------------------------------------------

    def _basket(self, koperasi_id: str, cycle_id: str) -> list[dict[str, Any]]:
        """What a koperasi wants: at least one line, the most wanted goods last."""
        lines = [
            {
                "supplier_id": item.supplier_id,
                "item_id": item.item_id,
                "quantity": item.wanted(koperasi_id, cycle_id),
            }
            for item in ITEMS
        ]
        wanted = [line for line in lines if line["quantity"]]
        wanted.sort(key=lambda line: draw("order of lines", koperasi_id, line["item_id"]))
        return wanted or [{**lines[0], "quantity": ITEMS[0].case_size}]

    def _next_koperasi(self) -> str:
        """Who has not ordered yet; when all have, one of them orders more."""
        if self._latecomers:
            return self._latecomers.pop(0)
        self._latecomers = list(self._titles)
        return self._latecomers.pop(0)

    @contextlib.asynccontextmanager
    async def _watched(self, cycle_id: str, board: Board) -> AsyncIterator[None]:
        """The bars move while the block runs, and show its end."""

        async def watch() -> None:
            while True:
                board.show(await self._totals(cycle_id))
                await asyncio.sleep(LOOK_EVERY_SECONDS)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        board.show({item.item_id: self._sum(item.item_id) for item in ITEMS})

    def _sum(self, item_id: str) -> int:
        return sum(wanted.get(item_id, 0) for wanted in self._ordered.values())

    async def _totals(self, cycle_id: str) -> dict[str, int]:
        page = await self._operator.get(f"/v1/cycles/{cycle_id}/totals", limit=200)
        return {total["item_id"]: total["quantity"] for total in page["items"]}

    async def _pause(self) -> None:
        if self._stage.pause_seconds:
            await asyncio.sleep(self._stage.pause_seconds)


@contextlib.asynccontextmanager
async def story(
    base_url: str, operator_key: str, koperasi_keys: Mapping[str, str], stage: Stage
) -> AsyncIterator[Story]:
    """A telling on a running service; `koperasi_keys`: of `koperasi_ids()`."""
    async with (
        Service(base_url, operator_key) as operator,
        Tills(base_url, koperasi_keys) as tills,
    ):
        yield Story(operator, tills, stage, koperasi_ids())
