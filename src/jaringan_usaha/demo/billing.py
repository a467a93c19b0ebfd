"""The bills come: the suppliers' invoices, one of them for goods that never came, and freight."""

from typing import Any

from jaringan_usaha.demo.delivering import Lines
from jaringan_usaha.demo.goods import BY_ID
from jaringan_usaha.demo.scene import Scene, today
from jaringan_usaha.demo.terms import FREIGHT_IDR, LATE_FREIGHT_IDR

CHARGE = "angkut-ronde-1"
CARRIER = "Truk Pasundan"


async def invoice(scene: Scene, cycle_id: str, lines: Lines) -> None:
    """Every supplier bills what was ordered, and whatever was accepted of it is costed.

    Raises ServiceProblem.
    """
    with scene.stage.phase("Faktur pemasok / suppliers' invoices", len(lines)) as done:
        for supplier_id, ordered in lines.items():
            path = f"/v1/supplier-invoices/faktur-{supplier_id}"
            body = {
                "cycle_id": cycle_id,
                "supplier_id": supplier_id,
                "invoice_no": f"INV-{supplier_id}-1",
                "invoiced_on": today(),
                "lines": [_billed(line) for line in ordered],
            }
            after = int((await scene.operator.put(path, body))["position"])

            async def costed(path: str = path, after: int = after) -> bool:
                found = await scene.operator.get(path, after=after)
                return not found["held"] and found["uncosted_lines"] == 0

            await scene.until("an invoice is costed", costed)
            done()
            await scene.pause()


def _billed(line: dict[str, Any]) -> dict[str, Any]:
    goods_idr = line["amount_idr"]
    taxed = BY_ID[line["item_id"]].taxed
    return {
        "item_id": line["item_id"],
        "quantity": line["quantity"],
        "goods_idr": goods_idr,
        "ppn_idr": (goods_idr * 11 + 50) // 100 if taxed else 0,
    }


async def freight(scene: Scene, cycle_id: str) -> dict[str, int]:
    """The bill of the carrier by weight; what each koperasi bears of it. Raises ServiceProblem."""
    with scene.stage.phase("Ongkos angkut / freight", 1) as done:
        shares = await _bill(scene, cycle_id, 1, FREIGHT_IDR)
        done()
    return shares


async def late_freight(scene: Scene, cycle_id: str) -> dict[str, int]:
    """The corrected bill, when the goods are sold already. Raises ServiceProblem."""
    with scene.stage.phase("Ongkos angkut susulan / late freight bill", 1) as done:
        shares = await _bill(scene, cycle_id, 2, LATE_FREIGHT_IDR)
        done()
    return shares


async def _bill(scene: Scene, cycle_id: str, bill_no: int, amount_idr: int) -> dict[str, int]:
    body = {
        "cycle_id": cycle_id,
        "payee": CARRIER,
        "kind": "freight",
        "key": "weight",
        "amount_idr": amount_idr,
        "billed_on": today(),
        "reference": f"TP-17/{bill_no}",
        "bill_no": bill_no,
    }
    after = int((await scene.operator.put(f"/v1/charges/{CHARGE}", body))["position"])

    async def shared() -> bool:
        page = await scene.operator.get("/v1/charges", cycle_id=cycle_id, after=after)
        return bool(page["totals"]["shared_idr"] == amount_idr)

    await scene.until("a freight bill is shared", shared)
    pages = scene.operator.pages(f"/v1/charges/{CHARGE}/shares", limit=200)
    return {row["koperasi_id"]: row["amount_idr"] async for page in pages for row in page}
