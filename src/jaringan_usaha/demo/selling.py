"""Every koperasi sells what it got, with a key of its own, at most at the ceiling price."""

from typing import Any

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.client.service import ServiceProblem
from jaringan_usaha.demo.goods import BY_ID
from jaringan_usaha.demo.scene import Scene, today
from jaringan_usaha.demo.terms import MINYAKITA_HET_IDR, TIER_ITEM, is_pkp

TOO_DEAR_IDR = MINYAKITA_HET_IDR + 1


async def sell(scene: Scene, cycle_id: str) -> None:
    """All that each koperasi got is sold. Raises ServiceProblem."""
    all_koperasi = list(scene.titles)
    title = "Koperasi berjualan / koperasi sell"
    with scene.stage.phase(title, len(all_koperasi)) as done:

        async def sell_out(koperasi_id: str) -> None:
            page = await scene.tills.get(
                koperasi_id, f"/v1/cycles/{cycle_id}/deliveries", limit=200
            )
            got = {row["item_id"]: row["received"] for row in page["items"] if row["received"]}
            lines = [_line(item_id, units, is_pkp(koperasi_id)) for item_id, units in got.items()]
            await scene.tills.sell(koperasi_id, today(), lines)
            done()

        await scene.tills.at_once(all_koperasi, sell_out)


def _line(item_id: str, units: int, pkp: bool) -> dict[str, Any]:
    item = BY_ID[item_id]
    amount_idr = units * item.retail_idr
    ppn_idr = (amount_idr * 22 + 111) // 222 if pkp and item.taxed else 0
    return {"item_id": item_id, "quantity": units, "amount_idr": amount_idr, "ppn_idr": ppn_idr}


async def try_too_dear(scene: Scene) -> str:
    """One rupiah above the ceiling: the code with which the sale is refused, or none.

    Raises ServiceProblem for any other trouble.
    """
    line = {"item_id": TIER_ITEM, "quantity": 1, "amount_idr": TOO_DEAR_IDR}
    try:
        await scene.operator.put(
            f"/v1/sales/{new_id()}",
            {"koperasi_id": next(iter(scene.titles)), "sold_on": today(), "lines": [line]},
        )
    except ServiceProblem as refused:
        if refused.status not in (409, 422):
            raise
        return refused.code
    return ""
