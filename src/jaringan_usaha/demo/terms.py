"""What is agreed in the story before anybody orders, and what goes wrong afterwards.

From sources: PPN of 12 % on 11/12 of the price (PMK 131/2024); the ceilings of Minyakita and rice.
Assumed: the fee, who hosts, who is PKP, the freight, and what does not arrive.
"""

from collections.abc import Mapping
from typing import NamedTuple

from jaringan_usaha.demo.goods import BY_ID, draw

HOST = "kop-dago"
"""Its warehouse takes the goods in, for a part of the fee."""

FEE_BP = 150
CONSORTIUM_PARTS, HOST_PARTS = 60, 40
MINYAKITA_HET_IDR = 15_700
MINIMUM_IDR = 100_000_000
TARGET_IDR = 5_000_000_000


class Rule(NamedTuple):
    rule_id: str
    valid_from_on: str
    values: Mapping[str, int]
    source: str


def _zones(*idr: int) -> dict[str, int]:
    return {**{f"zone_{zone}_idr": each for zone, each in enumerate(idr, start=1)}, "per": 1}


RULES = (
    Rule(
        "shares",
        "2020-01-01",
        {"minimum_idr": MINIMUM_IDR, "target_idr": TARGET_IDR},
        "musyawarah pendirian konsorsium",
    ),
    Rule(
        "ppn",
        "2025-01-01",
        {
            "rate_bp": 1_200,
            "base_numerator": 11,
            "base_denominator": 12,
            "half_up": 1,
            "rounded_base": 0,
        },
        "PMK 131/2024",
    ),
    Rule(
        "fee",
        "2025-01-01",
        {"rate_bp": FEE_BP, "consortium_parts": CONSORTIUM_PARTS, "host_parts": HOST_PARTS},
        "musyawarah konsorsium",
    ),
    Rule(
        "matching",
        "2025-01-01",
        {"variance_bp": 50, "variance_idr": 50},
        "musyawarah konsorsium",
    ),
    Rule("het.minyakita", "2025-01-01", _zones(*(MINYAKITA_HET_IDR,) * 3), "HET Minyakita"),
    Rule("het.beras-premium", "2025-08-22", _zones(14_900, 15_400, 15_800), "Bapanas 299/2025"),
    Rule(
        "het.beras-sphp",
        "2025-07-01",
        _zones(12_500, 13_100, 13_500),
        "batas harga SPHP, Juli 2025",
    ),
)

PRICE_ZONE = 1
"""Of Jawa Barat."""

# -- what goes wrong -----------------------------------------------------------------------

TIER_ITEM = "minyakita"
"""Only the last koperasi's order brings the group to its best price."""

IN_TWO_PARTS = "bulog"
FIRST_PART_OF_TEN = 6

SHORT_ITEM = "mi-instan"
MISSING, TORN = 2_800, 240
"""Packs that do not come, and packs that come torn and go back; all of them are billed."""

FREIGHT_IDR = 9_000_000
LATE_FREIGHT_IDR = 9_640_000


def is_pkp(koperasi_id: str) -> bool:
    """Whether a koperasi credits the PPN that it pays, and pays PPN on what it sells."""
    return draw("PKP", koperasi_id) % 5 == 0


def accepted(item_id: str, ordered: int) -> int:
    """What is taken in of what was ordered."""
    return ordered - (MISSING + TORN if item_id == SHORT_ITEM else 0)


def first_part(item_id: str, ordered: int) -> int:
    """What comes with the first of two deliveries, in whole cases."""
    case_size = BY_ID[item_id].case_size
    return ordered // case_size * FIRST_PART_OF_TEN // 10 * case_size
