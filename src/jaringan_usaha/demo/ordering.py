"""Koperasi join, suppliers name prices, orders come in, and the last one reaches the tier."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.demo.goods import BY_ID, ITEMS, PRICES_FROM, SUPPLIERS, Item, draw
from jaringan_usaha.demo.places import REGION_CODE
from jaringan_usaha.demo.scene import Orders, Scene, now, today
from jaringan_usaha.demo.stage import Board, idr, number
from jaringan_usaha.demo.terms import HOST, MINIMUM_IDR, PRICE_ZONE, RULES, TIER_ITEM, is_pkp

PLEDGES = 34
AT_ONCE = 10
LOOK_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Reached:
    """What was lacking for a price, what the group pays less with it, and who ordered it."""

    koperasi_id: str
    item_id: str
    before: int
    lacking: int
    less_idr: int


# -- before the orders ---------------------------------------------------------------------


async def join(scene: Scene) -> None:
    """Koperasi join, and say how they are taxed. Raises ServiceProblem."""
    joining = list(scene.titles.items())
    with scene.stage.phase("Koperasi bergabung / koperasi join", len(joining)) as done:

        async def admit(koperasi_id: str, title: str) -> None:
            path = f"/v1/koperasi/{koperasi_id}"
            await scene.operator.put(path, {"title": title, "region_code": REGION_CODE})
            body = {"vat_registered": is_pkp(koperasi_id), "price_zone": PRICE_ZONE}
            await scene.operator.put(f"{path}/classification/{PRICES_FROM}", body)
            done()

        for start in range(0, len(joining), AT_ONCE):
            await asyncio.gather(*(admit(*each) for each in joining[start : start + AT_ONCE]))
            await scene.pause()


async def agree(scene: Scene) -> None:
    """Rules, suppliers, goods and price lists. Raises ServiceProblem."""
    put = scene.operator.put
    steps = len(RULES) + len(SUPPLIERS) * 2 + len(ITEMS)
    title = "Aturan, pemasok, harga / rules, prices"
    with scene.stage.phase(title, steps) as done:
        for rule in RULES:
            said = {"values": rule.values, "source": rule.source}
            await put(f"/v1/rules/{rule.rule_id}/{rule.valid_from_on}", said)
            done()
        for supplier_id, supplier in SUPPLIERS.items():
            await put(f"/v1/suppliers/{supplier_id}", {"title": supplier})
            done()
        for item in ITEMS:
            await _add(scene, item)
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
            await put(f"/v1/price-lists/daftar-{supplier_id}", body)
            done()
            await scene.pause()


async def _add(scene: Scene, item: Item) -> None:
    path = f"/v1/items/{item.item_id}"
    body = {"title": item.title, "base_unit": item.base_unit, "case_size": item.case_size}
    await scene.operator.put(path, body)
    tax_class = "standard" if item.taxed else "exempt"
    described = {"tax_class": tax_class, "weight_g": item.weight_g}
    await scene.operator.put(f"{path}/description", described)


async def pledge(scene: Scene) -> None:
    """A pledge is not money: all of these pledge, two of three pay, some of them half.

    Raises ServiceProblem.
    """
    pledging = list(scene.titles)[:PLEDGES]
    with scene.stage.phase("Modal bersama / shares pledged, paid", PLEDGES) as done:

        async def one(koperasi_id: str) -> None:
            await scene.tills.pledge(koperasi_id, MINIMUM_IDR)
            paid = (0, MINIMUM_IDR // 2, MINIMUM_IDR)[pledging.index(koperasi_id) % 3]
            if paid:
                reference = f"TRF-{koperasi_id}"
                body = {"amount_idr": paid, "paid_on": today(), "reference": reference}
                path = f"/v1/koperasi/{koperasi_id}/shares/payments"
                await scene.operator.post(path, body, key=new_id())
            done()
            await scene.pause()

        await scene.tills.at_once(pledging, one)


async def open_cycle(scene: Scene, cycle_id: str, title: str) -> None:
    """What is short is shared in proportion; the host shares in the fee. It is shown when this
    returns. Raises ServiceProblem."""
    moment, path = now(), f"/v1/cycles/{cycle_id}"
    opened = await scene.operator.put(
        path,
        {
            "title": title,
            "opens_at": moment - timedelta(minutes=1),
            "closes_at": moment + timedelta(days=3),
            "priced_on": today(),
            "sharing": "pro_rata",
            "host": HOST,
        },
    )
    await scene.operator.get(path, after=int(opened["position"]))


# -- orders --------------------------------------------------------------------------------


def basket(koperasi_id: str, cycle_id: str) -> list[dict[str, Any]]:
    """What a koperasi wants: at least one line, the most wanted goods last."""
    lines = [_line(item, item.wanted(koperasi_id, cycle_id)) for item in ITEMS]
    wanted = [line for line in lines if line["quantity"]]
    wanted.sort(key=lambda line: draw("order of lines", koperasi_id, line["item_id"]))
    return wanted or [{**lines[0], "quantity": ITEMS[0].case_size}]


async def fill(
    scene: Scene, cycle_id: str, koperasi_id: str, after_each: Callable[[], Awaitable[None]]
) -> list[dict[str, Any]]:
    """A koperasi orders what it wants; some in two orders, since more comes to mind. The lines.

    Raises ServiceProblem.
    """
    lines = basket(koperasi_id, cycle_id)
    half = len(lines) // 2 if draw("twice", koperasi_id) % 4 == 0 else 0
    for part in filter(None, (lines[:half], lines[half:])):
        await scene.tills.order(koperasi_id, cycle_id, part)
        await after_each()
    return lines


async def order_round(scene: Scene, cycle_id: str, title: str) -> tuple[Orders, Reached]:
    """All koperasi order, one after another; the last one orders what is lacking for a price.

    Raises ServiceProblem.
    """
    orders: Orders = {item.item_id: {} for item in ITEMS}
    with scene.stage.board(title) as board:
        async with _watched(scene, cycle_id, board, orders):
            for koperasi_id in scene.titles:
                lines = await fill(scene, cycle_id, koperasi_id, lambda: scene.pause(1 / 6))
                for line in lines:
                    _count(orders, koperasi_id, line)
            await _second_thoughts(scene, cycle_id, orders)
            reached = await _last_order(scene, cycle_id, orders, board)
    return orders, reached


async def _second_thoughts(scene: Scene, cycle_id: str, orders: Orders) -> None:
    """One order is sent again by mistake, which changes nothing; then it is raised."""
    koperasi_id = next(iter(scene.titles))
    line = _line(BY_ID["beras-premium"], 230)
    order_id = await scene.tills.order(koperasi_id, cycle_id, [line])
    await scene.tills.order(koperasi_id, cycle_id, [line], order_id=order_id, version=1)
    more = {**line, "quantity": 2 * line["quantity"]}
    await scene.tills.order(koperasi_id, cycle_id, [more], order_id=order_id, version=1)
    _count(orders, koperasi_id, more)


async def _last_order(scene: Scene, cycle_id: str, orders: Orders, board: Board) -> Reached:
    """The service says what is lacking for a lower price, and the last koperasi orders it."""
    item = BY_ID[TIER_ITEM]
    await _all_shown(scene, cycle_id, orders)
    (nudge,) = [
        each
        for each in (await scene.operator.get(f"/v1/cycles/{cycle_id}/nudges", limit=200))["items"]
        if each["item_id"] == TIER_ITEM
    ]
    koperasi_id = list(scene.titles)[-1]
    lacking, less_idr = nudge["more"], nudge["amount_idr"] - nudge["less_idr"]
    board.console.print(
        f"  [bold]{item.title}: kurang {number(lacking)} {item.unit}[/bold] untuk harga "
        f"berikutnya; semua hemat {idr(less_idr)}",
        highlight=False,
    )
    await scene.pause(8)
    line = _line(item, lacking)
    await scene.tills.order(koperasi_id, cycle_id, [line])
    _count(orders, koperasi_id, line)
    board.console.print(f"  ★ {scene.titles[koperasi_id]} memesannya: tercapai", highlight=False)
    return Reached(koperasi_id, TIER_ITEM, nudge["quantity"], lacking, less_idr)


async def _all_shown(scene: Scene, cycle_id: str, orders: Orders) -> None:
    """What was ordered is recorded, and shown a moment later; on a slow machine a long one, and
    then the service would say that more is lacking. Raises ServiceProblem."""
    ordered = {item_id: sum(wanted.values()) for item_id, wanted in orders.items() if wanted}

    async def shown() -> bool:
        return await totals(scene, cycle_id) == ordered

    await scene.until("all that was ordered is shown", shown)


async def close(scene: Scene, cycle_id: str) -> None:
    """The orders end, and become one for each supplier. Raises ServiceProblem."""
    with scene.stage.phase("Ronde ditutup, digabung / consolidated", len(SUPPLIERS)) as done:
        reason = "semua koperasi sudah memesan"
        path = f"/v1/cycles/{cycle_id}"
        await scene.operator.post(f"{path}/close", {"early": True, "reason": reason}, key=new_id())

        async def consolidated() -> bool:
            return bool((await scene.operator.get(path))["state"] == "consolidated")

        await scene.until("a closed cycle is consolidated", consolidated)
        for _ in SUPPLIERS:
            done()


async def totals(scene: Scene, cycle_id: str) -> dict[str, int]:
    """What the group orders by now, by item. Raises ServiceProblem."""
    page = await scene.operator.get(f"/v1/cycles/{cycle_id}/totals", limit=200)
    return {total["item_id"]: total["quantity"] for total in page["items"]}


# -- details -------------------------------------------------------------------------------


def _line(item: Item, quantity: int) -> dict[str, Any]:
    return {"supplier_id": item.supplier_id, "item_id": item.item_id, "quantity": quantity}


def _count(orders: Orders, koperasi_id: str, line: dict[str, Any]) -> None:
    wanted = orders[line["item_id"]]
    wanted[koperasi_id] = wanted.get(koperasi_id, 0) + line["quantity"]


@contextlib.asynccontextmanager
async def _watched(
    scene: Scene, cycle_id: str, board: Board, orders: Orders
) -> AsyncIterator[None]:
    """The bars move while the block runs, and show its end."""

    async def watch() -> None:
        while True:
            board.show(await totals(scene, cycle_id))
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    board.show({item_id: sum(wanted.values()) for item_id, wanted in orders.items()})
