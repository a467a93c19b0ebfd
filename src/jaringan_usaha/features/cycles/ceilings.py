"""What the state lets the group pay for goods, and ask of koperasi for them: the chain of HET."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from jaringan_usaha.features.cycles.domain import Cycle
from jaringan_usaha.features.cycles.offers import terms_on
from jaringan_usaha.features.cycles.rules import ALL_CEILINGS, ALL_SPHP, FEE
from jaringan_usaha.kernel.ceiling import (
    HET_EXCEEDED,
    Bound,
    Step,
    bounds_of,
    het_rule,
    sphp_rule,
)
from jaringan_usaha.kernel.decider import About, Known
from jaringan_usaha.kernel.rejections import Refused
from jaringan_usaha.kernel.rules import RulesOfKind
from jaringan_usaha.kernel.tiers import Price

OF_ORDERS: tuple[About[Any], ...] = (ALL_CEILINGS, ALL_SPHP, FEE)
OF_GROUP: tuple[About[Any], ...] = (ALL_CEILINGS, FEE)
"""What must be known of the state's prices when a koperasi orders, and when the group does."""


class CeilingExceeded(Refused):
    code = "het-exceeded"


def facts_of(bound: Bound) -> dict[str, object]:
    """What a refusal says besides its sentence: the ceiling, the step that it is for, its rule."""
    ceiling = bound.ceiling
    return {
        "reason": HET_EXCEEDED,
        "step": bound.step,
        "ceiling_idr": ceiling.idr,
        "ceiling_per": ceiling.per,
        "rule": ceiling.rule_id,
        "rule_version_no": ceiling.version_no,
    }


def bounds_of_order(known: Known, item_id: str, day: date, zone: int | None) -> list[Bound]:
    """All that binds an item which a koperasi of this price zone orders: what the group pays for
    it and asks for it, and what it may be sold for."""
    bounds = _bounds(known, known[ALL_CEILINGS], het_rule(item_id), day, zone)
    return bounds + _bounds(known, known[ALL_SPHP], sphp_rule(item_id), day, zone)


def lawful_terms_on(known: Known, supplier_id: str, item_id: str, cycle: Cycle) -> Price:
    """`terms_on`, and what binds the group by the HET in force on the day of the cycle's prices.
    What depends on the price zone of a koperasi binds each at its order.

    Raises ItemNotOffered.
    """
    price = terms_on(known, supplier_id, item_id, cycle)
    if not known[ALL_CEILINGS].rules:
        return price
    assert cycle.priced_on is not None
    steps: tuple[Step, ...] = ("buy", "sell")
    rule_id = het_rule(item_id)
    bounds = _bounds(known, known[ALL_CEILINGS], rule_id, cycle.priced_on, None, steps)
    return replace(price, bounds=tuple(bounds))


def _bounds(
    known: Known,
    rules: RulesOfKind,
    rule_id: str,
    day: date,
    zone: int | None,
    steps: Sequence[Step] = ("buy", "sell", "retail"),
) -> list[Bound]:
    setting = rules.on(rule_id, day)
    if setting is None:
        return []
    fee = known[FEE].on(day)
    fee_bp = 0 if fee is None else fee.values.get("rate_bp", 0)
    return list(bounds_of(setting, zone, steps, fee_bp))
