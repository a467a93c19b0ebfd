"""The story itself, told over HTTP: agree, order, deliver, bill, sell; and what it came to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from jaringan_usaha.client.service import Service
from jaringan_usaha.demo import billing, delivering, ordering, selling
from jaringan_usaha.demo.goods import BY_ID
from jaringan_usaha.demo.places import koperasi_ids
from jaringan_usaha.demo.result import Happened, Result, read_result
from jaringan_usaha.demo.scene import Scene
from jaringan_usaha.demo.stage import Stage, standing
from jaringan_usaha.demo.tills import Tills

CLOSED_CYCLE = "bandung-ronde-1"
OPEN_CYCLE = "bandung-ronde-2"
FIRST_ORDERS = 60  # in the cycle that stays open


class Story:
    """One telling of it, on a service that knows nothing yet."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._latecomers = list(scene.titles)[FIRST_ORDERS:]

    async def tell(self) -> Result:
        """From the first koperasi to the tables. Raises ServiceProblem."""
        scene = self._scene
        await ordering.join(scene)
        await ordering.agree(scene)
        await ordering.pledge(scene)
        await ordering.open_cycle(scene, CLOSED_CYCLE, "Ronde 1: sembako bersama")
        title = "Ronde 1: pesanan masuk / orders come in"
        orders, reached = await ordering.order_round(scene, CLOSED_CYCLE, title)
        await ordering.close(scene, CLOSED_CYCLE)
        lines = await delivering.ordered_lines(scene, CLOSED_CYCLE)
        await delivering.deliver(scene, CLOSED_CYCLE, lines)
        await billing.invoice(scene, CLOSED_CYCLE, lines)
        freight = await billing.freight(scene, CLOSED_CYCLE)
        await selling.sell(scene, CLOSED_CYCLE)
        too_dear = await selling.try_too_dear(scene)
        late_freight = await billing.late_freight(scene, CLOSED_CYCLE)
        await self._open_next()
        happened = Happened(orders, lines, reached, freight, late_freight, too_dear)
        return await read_result(scene, CLOSED_CYCLE, happened)

    async def _open_next(self) -> None:
        """The next round, so that there is one to look at and to order in."""
        scene = self._scene
        await ordering.open_cycle(scene, OPEN_CYCLE, "Ronde 2: sembako bersama")

        async def order(koperasi_id: str) -> None:
            await ordering.fill(scene, OPEN_CYCLE, koperasi_id, lambda: scene.pause(0))

        await scene.tills.at_once(list(scene.titles)[:FIRST_ORDERS], order)

    async def go_on(self, pause_seconds: float) -> None:
        """An order every few seconds in the open cycle, for ever. Raises ServiceProblem."""
        scene = self._scene
        with scene.stage.board("Ronde 2 masih dibuka / still open") as board:
            while True:
                koperasi_id = self._next_koperasi()
                line = ordering.basket(koperasi_id, OPEN_CYCLE)[0]
                await scene.tills.order(koperasi_id, OPEN_CYCLE, [line])
                quantities = await ordering.totals(scene, OPEN_CYCLE)
                board.show(quantities)
                item = BY_ID[line["item_id"]]
                board.console.print(
                    f"{scene.titles[koperasi_id]}: {line['quantity']} {item.unit} {item.title} · "
                    f"{standing(item, quantities.get(item.item_id, 0))}",
                    highlight=False,
                )
                await asyncio.sleep(pause_seconds)

    def _next_koperasi(self) -> str:
        """Who has not ordered yet; when all have, one of them orders more."""
        if self._latecomers:
            return self._latecomers.pop(0)
        self._latecomers = list(self._scene.titles)
        return self._latecomers.pop(0)


@contextlib.asynccontextmanager
async def story(
    base_url: str, operator_key: str, koperasi_keys: Mapping[str, str], stage: Stage
) -> AsyncIterator[Story]:
    """A telling on a running service; `koperasi_keys`: of `koperasi_ids()`."""
    async with (
        Service(base_url, operator_key) as operator,
        Tills(base_url, koperasi_keys) as tills,
    ):
        yield Story(Scene(operator, tills, stage, koperasi_ids()))
