"""Ceiling prices of the state: HET by zone, and the limits of SPHP rice. Exact, without fractions.

Both are dated rules (`kernel.rules`), set for one item each:

- `het.<item_id>`: `zone_1_idr`, `zone_2_idr`, `zone_3_idr` for `per` base units at retail; where
  the regulation also binds the trade before it, `buy_idr` (what the consortium may pay) and
  `sell_idr` (what it may ask of a koperasi: the goods and its fee, without freight), the same in
  all zones. Price lists are without PPN: where the regulation names prices with it, `ppn_bp` says
  how much of the price without it these two hold.
- `sphp.<item_id>`: `zone_1_idr` … for `per` base units at retail, `buy_zone_1_idr` … from Bulog's
  warehouse, and in base units `most_per_customer_day`, and where it is set
  `most_per_koperasi_week`: what one koperasi may take.

The guard of one line, a price or a whole amount:

    ceiling = ceiling_of(setting, zone)  # the rule's setting in force on the day
    if ceiling and exceeds(amount_idr, quantity, ceiling): …  # ceiling.rule_id, .version_no

and of a price of goods to which PPN and a fee are added: `bounds_of`, `first_exceeded`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from jaringan_usaha.kernel.rules import Setting

ZONES = (1, 2, 3)
WHOLE_BP = 10_000
HET_EXCEEDED = "HET_EXCEEDED"
"""The reason given wherever a ceiling forbids something."""

Step = Literal["buy", "sell", "retail"]
"""Where in the chain: bought by the consortium, sold by it to koperasi, sold to people."""


class Ceiling(NamedTuple):
    """At most `idr` whole rupiah for `per` base units, by this setting of this rule."""

    idr: int
    per: int
    rule_id: str
    version_no: int


def het_rule(item_id: str) -> str:
    """The id of the rule that sets an item's HET."""
    return f"het.{item_id}"


def sphp_rule(item_id: str) -> str:
    """The id of the rule that limits the trade in an item of SPHP."""
    return f"sphp.{item_id}"


def ceiling_of(setting: Setting, zone: int | None, step: Step = "retail") -> Ceiling | None:
    """The ceiling of one setting at one step of the chain; None where it binds nobody there."""
    idr = ceiling_idr(setting, zone, step)
    if idr is None:
        return None
    return Ceiling(idr, setting.values.get("per", 1), setting.rule_id, setting.version_no)


def ceiling_idr(setting: Setting, zone: int | None, step: Step = "retail") -> int | None:
    """Whole rupiah for the setting's `per` base units; None where it binds nobody.

    Who is in no zone (None) is held to the lowest of the three: nobody sells dearer for being
    unclassified.
    """
    prefix = "" if step == "retail" else f"{step}_"
    named = [f"{prefix}zone_{each}_idr" for each in (ZONES if zone is None else (zone,))]
    found = [setting.values[name] for name in named if name in setting.values]
    return min(found) if found else setting.values.get(f"{step}_idr")


def exceeds(amount_idr: int, quantity: int, ceiling: Ceiling) -> bool:
    """Whether `quantity` base units for `amount_idr` are dearer than allowed: the ceiling itself
    is allowed. A return (both negative) is measured as the sale that it takes back."""
    sign = -1 if quantity < 0 else 1
    return sign * amount_idr * ceiling.per > sign * quantity * ceiling.idr


class Bound(NamedTuple):
    """A ceiling at one step of the chain, and what is asked there: the price of the goods, and
    `added_bp` basis points of it besides."""

    step: Step
    ceiling: Ceiling
    added_bp: int = 0

    @property
    def on_goods(self) -> Ceiling:
        """What the goods alone may cost: the same ceiling, exactly."""
        idr, per = self.ceiling.idr * WHOLE_BP, self.ceiling.per * (WHOLE_BP + self.added_bp)
        return self.ceiling._replace(idr=idr, per=per)

    def asked_idr(self, goods_idr: int) -> int:
        """What is asked for goods of this price; a part of a rupiah counts as one."""
        return -(-goods_idr * (WHOLE_BP + self.added_bp) // WHOLE_BP)


def bounds_of(
    setting: Setting, zone: int | None, steps: Iterable[Step], fee_bp: int = 0
) -> Iterator[Bound]:
    """What binds goods at these steps; at `sell` the consortium's fee is part of the price."""
    ppn_bp = setting.values.get("ppn_bp", 0)
    added_bp = {"buy": ppn_bp, "sell": ppn_bp + fee_bp, "retail": 0}
    for step in steps:
        ceiling = ceiling_of(setting, zone, step)
        if ceiling is not None:
            yield Bound(step, ceiling, added_bp[step])


def first_exceeded(bounds: Iterable[Bound], goods_idr: int, quantity: int) -> Bound | None:
    """The first that goods at this price, or of this whole amount, do not stay within."""
    return next((each for each in bounds if exceeds(goods_idr, quantity, each.on_goods)), None)


def asked_beyond_idr(values: Mapping[str, int], goods_idr: int, fee_idr: int, quantity: int) -> int:
    """What was asked of a koperasi, in whole rupiah, beyond what a rule's values allow; 0 where
    they say nothing of that step."""
    if "sell_idr" not in values:
        return 0
    asked_idr = goods_idr + goods_idr * values.get("ppn_bp", 0) // WHOLE_BP + fee_idr
    return max(asked_idr - quantity * values["sell_idr"] // values.get("per", 1), 0)


def most_idr(quantity: int, ceiling: Ceiling) -> int:
    """The most that may be asked for `quantity` base units, in whole rupiah."""
    return quantity * ceiling.idr // ceiling.per


def customer_day_limit(values: Mapping[str, int]) -> int | None:
    """Base units that one customer may buy on one day; None where there is no limit."""
    return values.get("most_per_customer_day")


def koperasi_week_limit(values: Mapping[str, int]) -> int | None:
    """Base units that one koperasi may take in one week; None where there is no limit."""
    return values.get("most_per_koperasi_week")
