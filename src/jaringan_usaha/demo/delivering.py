"""The goods come: one supplier in two parts, one with too little, the others whole."""

from typing import Any

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.demo.goods import BY_ID, SUPPLIERS
from jaringan_usaha.demo.scene import Scene, today
from jaringan_usaha.demo.terms import IN_TWO_PARTS, SHORT_ITEM, TORN, accepted, first_part

Lines = dict[str, list[dict[str, Any]]]
"""Lines of the consolidated orders, by supplier."""


async def ordered_lines(scene: Scene, cycle_id: str) -> Lines:
    """What the group ordered. Raises ServiceProblem."""
    found: Lines = {}
    for supplier_id in SUPPLIERS:
        path = f"/v1/consolidated-orders/{cycle_id}/{supplier_id}/lines"
        pages = scene.operator.pages(path, limit=200)
        found[supplier_id] = [line async for page in pages for line in page]
    return found


async def deliver(scene: Scene, cycle_id: str, lines: Lines) -> None:
    """Every order is sent, accepted, delivered and shared out. Raises ServiceProblem."""
    with scene.stage.phase("Barang datang, dibagi / delivered, shared", len(lines) + 1) as done:
        for supplier_id, ordered in lines.items():
            await _agree(scene, cycle_id, supplier_id)
            if supplier_id == IN_TWO_PARTS:
                parts = {line["item_id"]: _first(line) for line in ordered}
                await _receive(scene, cycle_id, supplier_id, 1, parts)
                rest = {line["item_id"]: line["quantity"] - _first(line) for line in ordered}
                done()
                await scene.pause()
                await _receive(scene, cycle_id, supplier_id, 2, rest)
            else:
                come = {
                    line["item_id"]: accepted(line["item_id"], line["quantity"]) for line in ordered
                }
                await _receive(scene, cycle_id, supplier_id, 1, come)
            done()
            await scene.pause()
        short_of = BY_ID[SHORT_ITEM].supplier_id
        await scene.operator.post(
            f"/v1/consolidated-orders/{cycle_id}/{short_of}/end-delivery",
            {"reason": "stok pabrik habis, sisanya tidak dikirim"},
            key=new_id(),
        )


def _first(line: dict[str, Any]) -> int:
    return first_part(line["item_id"], line["quantity"])


async def _agree(scene: Scene, cycle_id: str, supplier_id: str) -> None:
    order = f"/v1/consolidated-orders/{cycle_id}/{supplier_id}"
    reference = {"reference": f"PO-{supplier_id}-1"}
    await scene.operator.post(f"{order}/send", reference, key=new_id())
    await scene.operator.post(f"{order}/acknowledge", {"revision": 1}, key=new_id())


async def _receive(
    scene: Scene, cycle_id: str, supplier_id: str, part: int, units: dict[str, int]
) -> None:
    """One delivery, shared out when this returns."""
    torn = {"rejected": TORN, "reason": "kemasan sobek"}
    body = {
        "cycle_id": cycle_id,
        "supplier_id": supplier_id,
        "received_on": today(),
        "reference": f"SJ-{supplier_id}-{part}",
        "lines": [
            {"item_id": item_id, "accepted": came, **(torn if item_id == SHORT_ITEM else {})}
            for item_id, came in units.items()
        ],
    }
    receipt = f"/v1/receipts/{supplier_id}-{part}"
    recorded = await scene.operator.put(receipt, body)

    async def shared() -> bool:
        page = await scene.operator.get(
            f"{receipt}/lines", limit=200, after=int(recorded["position"])
        )
        return all(line["shared"] for line in page["items"])

    await scene.until("a delivery is shared out", shared)
