"""Why three koperasi pay and got what they did: a tier, a shortfall, a late bill."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from jaringan_usaha.demo.billing import CARRIER
from jaringan_usaha.demo.goods import BY_ID
from jaringan_usaha.demo.ordering import Reached
from jaringan_usaha.demo.scene import Scene
from jaringan_usaha.demo.stage import idr, number
from jaringan_usaha.demo.terms import FREIGHT_IDR, LATE_FREIGHT_IDR, SHORT_ITEM


@dataclass(frozen=True)
class Why:
    """`kind`: tier, shortfall or freight. Told in Indonesian (`id`) and in English (`en`)."""

    kind: str
    koperasi_id: str
    title: str
    about: str
    id: str
    en: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def tier(scene: Scene, reached: Reached) -> Why:
    """Whose order reached the price."""
    item = BY_ID[reached.item_id]
    title = scene.titles[reached.koperasi_id]
    before = item.step_at(reached.before)
    after = item.step_at(reached.before + reached.lacking)
    lacking = f"{number(reached.lacking)} {item.unit}"
    return Why(
        "tier",
        reached.koperasi_id,
        title,
        item.title,
        f"harga {idr(after.idr)} dicapai oleh {title}: setelah {number(reached.before)} "
        f"{item.unit} kurang {lacking}, dan itulah pesanannya. Semua bersama membayar "
        f"{idr(reached.less_idr)} lebih sedikit daripada dengan harga {idr(before.idr)}.",
        f"{title} reached the price of {idr(after.idr)} with the last {lacking}; all together pay "
        f"{idr(reached.less_idr)} less than at {idr(before.idr)}.",
    )


async def shortfall(scene: Scene, cycle_id: str) -> Why:
    """What the service tells the koperasi that lacks most, when it asks with its own key.

    Raises ServiceProblem.
    """
    item = BY_ID[SHORT_ITEM]
    path = f"/v1/cycles/{cycle_id}/deliveries"
    pages = scene.operator.pages(path, supplier_id=item.supplier_id, limit=200)
    rows = [row async for page in pages for row in page if row["item_id"] == SHORT_ITEM]
    koperasi_id = max(rows, key=lambda row: (row["short"], row["koperasi_id"]))["koperasi_id"]
    told = await scene.tills.get(
        koperasi_id, f"/v1/cycles/{cycle_id}/allocation/{koperasi_id}/explanation", limit=200
    )
    (found,) = (row for row in told["items"] if row["item_id"] == SHORT_ITEM)
    title = scene.titles[koperasi_id]
    return Why("shortfall", koperasi_id, title, item.title, found["id"], found["en"])


def late_freight(scene: Scene, first: Mapping[str, int], last: Mapping[str, int]) -> Why:
    """Who bears most of what the corrected bill is more."""
    koperasi_id = max(last, key=lambda each: (last[each] - first.get(each, 0), each))
    before, after = first[koperasi_id], last[koperasi_id]
    title = scene.titles[koperasi_id]
    return Why(
        "freight",
        koperasi_id,
        title,
        "Ongkos angkut",
        f"{CARRIER} menagih {idr(FREIGHT_IDR)}, dan setelah barang terjual {idr(LATE_FREIGHT_IDR)}."
        f" Selisihnya dibagi menurut berat: bagian {title} naik dari {idr(before)} menjadi "
        f"{idr(after)}, jadi labanya turun {idr(after - before)}.",
        f"{CARRIER} billed {idr(FREIGHT_IDR)}, and {idr(LATE_FREIGHT_IDR)} when the goods were "
        f"sold; by weight the part of {title} rose from {idr(before)} to {idr(after)}, and its "
        f"margin fell by {idr(after - before)}.",
    )
