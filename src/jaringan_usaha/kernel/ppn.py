"""PPN on goods by the policy in force: whole rupiah, rounded the way the policy says."""

from collections.abc import Mapping
from typing import NamedTuple

from jaringan_usaha.kernel.money import half_up

ENTIRE_BP = 10_000


class PpnPolicy(NamedTuple):
    """How PPN is reckoned: `rate_bp` of a base that is a part of the price.

    `half_up` rounds halves upwards, else fractions are cut off; `rounded_base` rounds the base
    to whole rupiah too before the rate is applied.
    """

    rate_bp: int
    base_numerator: int
    base_denominator: int
    half_up: bool
    rounded_base: bool

    def on(self, goods_idr: int) -> int:
        """The PPN on the goods of one line of a tax invoice.

        Source: PMK 131/2024 (rate, base), PER-11/PJ/2025 art. 129 (half up), PER-29/PJ/2015 (cut
        off); which of them holds on a day is a dated rule.
        """
        base = goods_idr * self.base_numerator
        if self.rounded_base:
            base = self._whole(base, self.base_denominator)
            return self._whole(base * self.rate_bp, ENTIRE_BP)
        return self._whole(base * self.rate_bp, self.base_denominator * ENTIRE_BP)

    def _whole(self, numerator: int, denominator: int) -> int:
        return half_up(numerator, denominator) if self.half_up else numerator // denominator


def ppn_policy(values: Mapping[str, int]) -> PpnPolicy:
    """The policy that the values of a rule describe.

    Raises ValueError when one is missing or cannot be, in words that say what to set.
    """
    missing = [name for name in PpnPolicy._fields if name not in values]
    if missing:
        names = ", ".join(missing)
        raise ValueError(f"it lacks {names}")
    if values["base_denominator"] < 1 or values["base_numerator"] < 0 or values["rate_bp"] < 0:
        raise ValueError("rate_bp and base_numerator are at least 0, base_denominator at least 1")
    return PpnPolicy(
        values["rate_bp"],
        values["base_numerator"],
        values["base_denominator"],
        bool(values["half_up"]),
        bool(values["rounded_base"]),
    )
