"""What the story came to, as the service shows it and as a separate calculation says it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from jaringan_usaha.demo import why
from jaringan_usaha.demo.delivering import Lines
from jaringan_usaha.demo.expected import Expected, Figures, sums, work_out
from jaringan_usaha.demo.goods import BY_ID, SUPPLIERS
from jaringan_usaha.demo.ordering import Reached
from jaringan_usaha.demo.scene import Orders, Scene
from jaringan_usaha.demo.terms import LATE_FREIGHT_IDR
from jaringan_usaha.demo.why import Why

DEBIT = "debit_equals_credit"
PARTIES = "suppliers_equal_koperasi"
ORDERS = "orders_equal_to_separate_calculation"
COSTS = "costs_and_margins_equal_to_separate_calculation"
TIER = "tier_reached_by_last_koperasi"
CEILING = "ceiling_price_kept"

FEES_EARNED, FEES_OF_HOST = "4210", "2150"
REFUSED_AS = "het-exceeded"


@dataclass(frozen=True)
class Happened:
    """What the story did: who ordered what, the lines ordered, who reached the tier, what each
    koperasi bears of the first freight bill and of both, and how too dear a sale was refused."""

    orders: Orders
    lines: Lines
    reached: Reached
    freight: Mapping[str, int]
    late_freight: Mapping[str, int]
    too_dear: str


@dataclass(frozen=True)
class Result:
    """Suppliers with their lines, koperasi with their margins (and item by item: `figures`), what
    was billed and claimed, the books, why, and what was ordered."""

    cycle_id: str
    suppliers: list[dict[str, Any]]
    koperasi: list[dict[str, Any]]
    figures: list[dict[str, Any]]
    totals: dict[str, int]
    shortfalls: list[dict[str, Any]]
    invoices: dict[str, int]
    debit_notes: list[dict[str, Any]]
    charges: list[dict[str, Any]]
    shares: dict[str, Any]
    balance: dict[str, Any]
    why: tuple[Why, ...]
    orders: Orders
    reached: Reached
    too_dear: str

    @cached_property
    def expected(self) -> Expected:
        """By the separate calculation."""
        return work_out(self.orders)

    @property
    def ordered_idr(self) -> int:
        return sum(supplier["amount_idr"] for supplier in self.suppliers)

    def account(self, number: str) -> int:
        """What stands on an account."""
        return sum(
            each["balance_idr"] for each in self.balance["accounts"] if each["account"] == number
        )

    @property
    def fees(self) -> tuple[int, int]:
        """The consortium's, and the host's."""
        return self.account(FEES_EARNED), self.account(FEES_OF_HOST)

    @property
    def checks(self) -> dict[str, bool]:
        """The sums that must agree, to the rupiah."""
        return {
            ORDERS: self._orders_agree(),
            COSTS: self._costs_agree(),
            PARTIES: self._parties_agree(),
            TIER: self._tier_was_reached(),
            CEILING: self.too_dear == REFUSED_AS,
            DEBIT: self.balance["debit_idr"] == self.balance["credit_idr"],
        }

    def _orders_agree(self) -> bool:
        shown = {
            line["item_id"]: {name: line[name] for name in ("quantity", "amount_idr", "alone_idr")}
            for supplier in self.suppliers
            for line in supplier["lines"]
        }
        return shown == self.expected.lines

    def _costs_agree(self) -> bool:
        """Every figure of every item of every koperasi, and their sums as the service has them."""
        expected = self.expected
        if {(row["koperasi_id"], row["item_id"]) for row in self.figures} != set(expected.figures):
            return False
        items = all(
            _agree(row, expected.figures[row["koperasi_id"], row["item_id"]])
            for row in self.figures
        )
        koperasi = all(
            _agree(row, expected.of_koperasi(row["koperasi_id"])) for row in self.koperasi
        )
        return items and koperasi and _agree(self.totals, sums(list(expected.figures.values())))

    def _parties_agree(self) -> bool:
        """What suppliers, the carrier and those who receive fees get is what koperasi bear."""
        total = self.totals
        borne = sum(total[f"{part}_idr"] for part in ("goods", "variance", "ppn", "ppn_credit"))
        claimed = sum(note["goods_idr"] + note["ppn_idr"] for note in self.debit_notes)
        return (
            (self.ordered_idr, self.invoices["owed_idr"], claimed)
            == (total["ordered_idr"], borne, self.expected.claimed_idr)
            and borne == self.expected.owed_idr
            and sum(each["shared_idr"] for each in self.charges) == total["freight_idr"]
            and total["freight_idr"] == LATE_FREIGHT_IDR
            and sum(self.fees) == total["fee_idr"]
        )

    def _tier_was_reached(self) -> bool:
        """The group ordered exactly what the best price asks for, and pays it."""
        item = BY_ID[self.reached.item_id]
        best = item.steps[-1]
        (line,) = (
            line
            for supplier in self.suppliers
            for line in supplier["lines"]
            if line["item_id"] == item.item_id
        )
        return (
            line["quantity"] == best.from_quantity == self.reached.before + self.reached.lacking
            and item.step_at(self.reached.before) != best
            and (line["price_idr"], line["price_per"]) == (best.idr, best.per)
        )

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        consortium, host = self.fees
        return {
            "cycle_id": self.cycle_id,
            "orders": self.orders,
            "last_order": asdict(self.reached),
            "suppliers": self.suppliers,
            "koperasi": self.koperasi,
            "items": self.figures,
            "total": self.totals,
            "shortfalls": self.shortfalls,
            "invoices": self.invoices,
            "debit_notes": self.debit_notes,
            "charges": self.charges,
            "fees": {"consortium_idr": consortium, "host_idr": host},
            "shares": self.shares,
            "trial_balance": self.balance,
            "why": [each.as_json() for each in self.why],
            "too_dear_sale": self.too_dear,
            "checks": self.checks,
        }


def _agree(shown: Mapping[str, Any], expected: Figures) -> bool:
    """In every column that both have."""
    return all(shown[name] == figure for name, figure in expected.items() if name in shown)


async def read_result(scene: Scene, cycle_id: str, happened: Happened) -> Result:
    """Ask the service. Raises ServiceProblem."""
    operator = scene.operator
    of_cycle: dict[str, str | int] = {"cycle_id": cycle_id, "limit": 200}
    charges = await operator.get("/v1/charges", **of_cycle)
    after = int(charges["as_of"])
    of_cycle["after"] = after  # all else too is shown as far as the bills are, which came last
    path = f"/v1/cycles/{cycle_id}"
    states = await operator.get(f"{path}/delivery-states", limit=200, after=after)
    come = {state["supplier_id"]: state for state in states["items"]}
    suppliers = [
        {
            **order,
            "title": SUPPLIERS[order["supplier_id"]],
            "lines": happened.lines[order["supplier_id"]],
            "delivery": come[order["supplier_id"]],
        }
        async for page in operator.pages("/v1/consolidated-orders", **of_cycle)
        for order in page
    ]
    koperasi = [
        {**row, "title": scene.titles[row["koperasi_id"]]}
        async for page in operator.pages("/v1/margin", **of_cycle)
        for row in page
    ]
    pages = operator.pages("/v1/margin/items", **of_cycle)
    figures = [row async for page in pages for row in page]
    shortfalls = await operator.get(f"{path}/shortfalls", limit=200, after=after)
    notes = await operator.get("/v1/debit-notes", **of_cycle)
    return Result(
        cycle_id=cycle_id,
        suppliers=suppliers,
        koperasi=sorted(koperasi, key=lambda row: (-row["landed_saving_idr"], row["koperasi_id"])),
        figures=figures,
        totals=(await operator.get("/v1/margin", **of_cycle))["totals"],
        shortfalls=shortfalls["items"],
        invoices=(await operator.get("/v1/supplier-invoices", **of_cycle))["totals"],
        debit_notes=notes["items"],
        charges=charges["items"],
        shares=await operator.get("/v1/shares", after=after),
        balance=await operator.get("/v1/trial-balance", after=after),
        why=(
            why.tier(scene, happened.reached),
            await why.shortfall(scene, cycle_id),
            why.late_freight(scene, happened.freight, happened.late_freight),
        ),
        orders=happened.orders,
        reached=happened.reached,
        too_dear=happened.too_dear,
    )
