"""What the suppliers of the story sell, and at which prices.

From sources: the four suppliers and the hundred koperasi (the announcement of Bandung, 2020); the
prices of whoever buys alone for SPHP rice (Rp62.000 for 5 kg), premium rice (Rp74.000), Minyakita
(Rp15.500 a litre) and sugar (Rp16.000 a kilogram), as the market price monitors of Mojokerto
showed them in July 2025; Minyakita at Rp14.500 and Rp14.000, the ceilings for what a distributor
of the second level sells at and buys at, and its lot of 100 cartons of 12 litres; SPHP rice from
Bulog's warehouse at Rp11.000 a kilogram, of which a koperasi may take about two tonnes a week.
Rice, sugar, eggs and salt are free of PPN (PP 49/2022, PMK 116/2017).

Assumed for the story: who supplies which goods, all other prices, all other quantities from which
a price holds, what goods weigh with their packing, what koperasi ask at retail below the ceilings,
and what each koperasi orders. Prices of suppliers are without PPN: what the sources name for
Minyakita includes 11 %, which is taken out.
"""

from dataclasses import dataclass
from hashlib import blake2b

from jaringan_usaha.kernel.quantity import UNIT_NAMES, BaseUnit

SUPPLIERS = {
    "bulog": "Perum Bulog",
    "indofood": "Indofood",
    "unilever": "Unilever",
    "sb-mart": "SB Mart",
}

PRICES_FROM = "2025-07-01"


@dataclass(frozen=True)
class Step:
    """From `from_quantity` base units on, `per` of them cost `idr` rupiah."""

    from_quantity: int
    idr: int
    per: int


@dataclass(frozen=True)
class Item:
    """Goods of one supplier. Of a hundred koperasi `buyers` order some, each between the two
    numbers of cases. A base unit weighs `weight_g`; koperasi sell it at `retail_idr`, with PPN
    where it is `taxed`."""

    item_id: str
    supplier_id: str
    title: str
    base_unit: BaseUnit
    case_size: int
    steps: tuple[Step, ...]
    buyers: int
    cases: tuple[int, int]
    weight_g: int
    retail_idr: int
    taxed: bool = True

    @property
    def unit(self) -> str:
        return UNIT_NAMES[self.base_unit]

    def step_at(self, quantity: int) -> Step:
        """The price that a quantity reaches."""
        return [step for step in self.steps if step.from_quantity <= max(quantity, 1)][-1]

    def next_step(self, quantity: int) -> Step | None:
        """The price that comes next, if there is one."""
        return next((step for step in self.steps if step.from_quantity > quantity), None)

    def cost_idr(self, quantity: int) -> int:
        """Whole rupiah for a quantity, all of it at the price that it reaches."""
        step = self.step_at(quantity)
        return (2 * quantity * step.idr + step.per) // (2 * step.per)

    def wanted(self, koperasi_id: str, cycle_id: str) -> int:
        """What a koperasi orders in a cycle, in base units; 0 when it orders none."""
        if draw("buys", cycle_id, koperasi_id, self.item_id) % 100 >= self.buyers:
            return 0
        least, most = self.cases
        cases = least + draw("cases", cycle_id, koperasi_id, self.item_id) % (most - least + 1)
        return cases * self.case_size


def draw(*about: object) -> int:
    """Chance that falls alike every time."""
    return int.from_bytes(blake2b(repr(about).encode(), digest_size=8).digest(), "big")


def _steps(per: int, *steps: tuple[int, int]) -> tuple[Step, ...]:
    return tuple(Step(from_quantity, idr, per) for from_quantity, idr in steps)


ITEMS = (
    Item(
        *("beras-sphp", "bulog", "Beras SPHP 5 kg", "KGM", 5),
        _steps(5, (1, 62_000), (10_000, 58_500), (25_000, 55_000)),
        *(85, (20, 110)),
        weight_g=1_005,
        retail_idr=12_500,
        taxed=False,
    ),
    Item(
        *("beras-premium", "bulog", "Beras premium 5 kg", "KGM", 5),
        _steps(5, (1, 74_000), (7_500, 72_500), (20_000, 71_000)),
        *(70, (10, 60)),
        weight_g=1_005,
        retail_idr=14_900,
        taxed=False,
    ),
    Item(
        *("minyakita", "bulog", "Minyakita 1 liter", "LTR", 12),
        _steps(1, (1, 13_964), (1_200, 13_063), (16_800, 12_613)),
        *(90, (4, 26)),
        weight_g=950,
        retail_idr=15_700,
    ),
    Item(
        *("gula-pasir", "bulog", "Gula pasir 1 kg", "KGM", 20),
        _steps(1, (1, 16_000), (4_000, 15_600), (10_000, 15_250)),
        *(80, (2, 8)),
        weight_g=1_010,
        retail_idr=17_000,
        taxed=False,
    ),
    Item(
        *("mi-instan", "indofood", "Mi instan goreng", "H87", 40),
        _steps(1, (1, 3_100), (20_000, 2_950), (60_000, 2_850)),
        *(75, (5, 40)),
        weight_g=95,
        retail_idr=3_600,
    ),
    Item(
        *("tepung-terigu", "indofood", "Tepung terigu 1 kg", "KGM", 12),
        _steps(1, (1, 12_500), (2_500, 12_000), (7_500, 11_600)),
        *(55, (2, 12)),
        weight_g=1_020,
        retail_idr=14_500,
    ),
    Item(
        *("kecap-manis", "indofood", "Kecap manis 520 ml", "H87", 24),
        _steps(1, (1, 24_000), (1_000, 23_100), (2_500, 22_400)),
        *(40, (1, 3)),
        weight_g=640,
        retail_idr=28_000,
    ),
    Item(
        *("sabun-mandi", "unilever", "Sabun mandi 110 g", "H87", 72),
        _steps(1, (1, 4_600), (5_000, 4_350), (15_000, 4_150)),
        *(60, (1, 4)),
        weight_g=120,
        retail_idr=5_300,
    ),
    Item(
        *("deterjen", "unilever", "Deterjen bubuk 770 g", "H87", 12),
        _steps(1, (1, 26_500), (1_500, 25_400), (4_000, 24_600)),
        *(50, (2, 6)),
        weight_g=800,
        retail_idr=30_500,
    ),
    Item(
        *("pasta-gigi", "unilever", "Pasta gigi 190 g", "H87", 48),
        _steps(1, (1, 14_500), (2_000, 13_900), (5_000, 13_400)),
        *(45, (1, 2)),
        weight_g=220,
        retail_idr=16_800,
    ),
    Item(
        *("telur-ayam", "sb-mart", "Telur ayam", "KGM", 15),
        _steps(1, (1, 29_000), (2_000, 28_200), (6_000, 27_500)),
        *(65, (2, 8)),
        weight_g=1_080,
        retail_idr=30_000,
        taxed=False,
    ),
    Item(
        *("garam", "sb-mart", "Garam beryodium 500 g", "XPK", 20),
        _steps(1, (1, 6_000), (1_500, 5_700), (5_000, 5_400)),
        *(50, (1, 4)),
        weight_g=510,
        retail_idr=6_500,
        taxed=False,
    ),
)

BY_ID = {item.item_id: item for item in ITEMS}
