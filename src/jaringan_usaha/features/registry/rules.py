"""The dated rules that bind everybody: how one is set, and what the known ones must say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from jaringan_usaha.features.registry.events import RuleSet
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.rejections import Invalid, Refused

MOST_VALUES = 50

# -- what known rules say ------------------------------------------------------------------

Range = tuple[int, int]

_BASIS_POINTS = (0, 10_000)
_IDR = (1, MOST_IDR)
_IDR_OR_NONE = (0, MOST_IDR)
_PARTS = (0, 1_000_000)
_UNITS = (1, MOST_UNITS)
_YES_OR_NO = (0, 1)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a rule must say and may say besides, each value within its range, both ends included.

    `rising`: names of values of which none is smaller than the one before. `parts`: values that
    split a whole, so that not all of them are 0.
    """

    must: Mapping[str, Range]
    may: Mapping[str, Range]
    rising: tuple[tuple[str, ...], ...] = ()
    parts: tuple[str, ...] = ()


SHAPES: Mapping[str, Shape] = {
    "shares": Shape({"minimum_idr": _IDR, "target_idr": _IDR}, {}),
    "ppn": Shape(
        {
            "rate_bp": _BASIS_POINTS,
            "base_numerator": (1, 10_000),
            "base_denominator": (1, 10_000),
            "half_up": _YES_OR_NO,
            "rounded_base": _YES_OR_NO,
        },
        {},
        rising=(("base_numerator", "base_denominator"),),
    ),
    "fee": Shape(
        {"rate_bp": _BASIS_POINTS, "consortium_parts": _PARTS, "host_parts": _PARTS},
        {},
        parts=("consortium_parts", "host_parts"),
    ),
    "rebate.": Shape(
        {"rate_bp": _BASIS_POINTS, "consortium_parts": _PARTS, "koperasi_parts": _PARTS},
        {},
        parts=("consortium_parts", "koperasi_parts"),
    ),
    "two-persons": Shape({"order_idr": _IDR_OR_NONE}, {}),
    "matching": Shape({"variance_bp": _BASIS_POINTS, "variance_idr": _IDR_OR_NONE}, {}),
    "het.": Shape(
        {"zone_1_idr": _IDR, "zone_2_idr": _IDR, "zone_3_idr": _IDR, "per": _UNITS},
        {"buy_idr": _IDR, "sell_idr": _IDR, "ppn_bp": _BASIS_POINTS},
        rising=tuple(("buy_idr", "sell_idr", f"zone_{zone}_idr") for zone in (1, 2, 3)),
    ),
    "sphp.": Shape(
        {
            **{f"{step}zone_{zone}_idr": _IDR for step in ("buy_", "") for zone in (1, 2, 3)},
            "per": _UNITS,
            "most_per_customer_day": _UNITS,
        },
        {"most_per_koperasi_week": _UNITS},
        rising=tuple((f"buy_zone_{zone}_idr", f"zone_{zone}_idr") for zone in (1, 2, 3)),
    ),
}
"""By rule id; an id that ends in a dot is followed by whom or what the rule is about. Rules that
are not listed may say anything."""


def shape_of(rule_id: str) -> Shape | None:
    """What a rule of this id must say; None when nobody here knows it."""
    stem, dot, about = rule_id.partition(".")
    return SHAPES.get(f"{stem}." if dot and about else rule_id)


# -- command -------------------------------------------------------------------------------


class SetRule(Command):
    """The values hold from `valid_from_on`, a date in Asia/Jakarta, until a later one is set."""

    rule_id: str
    valid_from_on: date
    values: dict[str, int]
    source: str


# -- rejections ----------------------------------------------------------------------------


class RuleDateTaken(Refused):
    code = "rule-date-taken"


class RuleDoesNotFit(Invalid):
    code = "rule-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """All settings of one rule, in the order in which they were made."""

    rule_id: str
    settings: tuple[RuleSet, ...] = ()

    def set_on(self, day: date) -> RuleSet | None:
        """The setting that begins on exactly this day."""
        return next((each for each in self.settings if each.valid_from_on == day), None)


def evolve_rule(rule: Rule, event: RuleSet) -> Rule:
    return replace(rule, settings=(*rule.settings, event))


RULE = Topic("registry.rule", "rule", (RuleSet,), Rule, evolve_rule, stream=True)

# -- decide --------------------------------------------------------------------------------


def needs(command: SetRule) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    return [RULE.about(command.rule_id)]


def decide(command: SetRule, known: Known) -> Sequence[Event]:
    """Raises RuleDoesNotFit, RuleDateTaken."""
    rule = known[RULE.about(command.rule_id)]
    before = rule.set_on(command.valid_from_on)
    if before is not None and (before.values, before.source) == (command.values, command.source):
        return []
    _check_values(command.rule_id, command.values)
    if before is None:
        return [
            RuleSet(
                rule_id=command.rule_id,
                version_no=len(rule.settings) + 1,
                valid_from_on=command.valid_from_on,
                values=command.values,
                source=command.source,
            )
        ]
    raise RuleDateTaken(
        f"rule {command.rule_id} was set for {command.valid_from_on} with other values; "
        "set it for another date",
        version_no=before.version_no,
    )


def _check_values(rule_id: str, values: Mapping[str, int]) -> None:
    if not 1 <= len(values) <= MOST_VALUES:
        raise RuleDoesNotFit(f"a rule has 1 to {MOST_VALUES} values", pointer="/values")
    for name, value in values.items():
        if not -MOST_IDR <= value <= MOST_IDR:
            raise RuleDoesNotFit(f"value {name} is too large", pointer=f"/values/{name}")
    shape = shape_of(rule_id)
    if shape is not None:
        _check_shape(rule_id, shape, values)


def _check_shape(rule_id: str, shape: Shape, values: Mapping[str, int]) -> None:
    missing = [name for name in shape.must if name not in values]
    if missing:
        names = ", ".join(missing)
        raise RuleDoesNotFit(f"rule {rule_id} also needs {names}", pointer=f"/values/{missing[0]}")
    ranges = {**shape.must, **shape.may}
    for name, value in values.items():
        if name not in ranges:
            names = ", ".join(ranges)
            raise RuleDoesNotFit(
                f"rule {rule_id} knows no {name}; it has {names}",
                pointer=f"/values/{name}",
            )
        least, most = ranges[name]
        if not least <= value <= most:
            raise RuleDoesNotFit(f"{name} is {least} to {most}", pointer=f"/values/{name}")
    for rising in shape.rising:
        said = [name for name in rising if name in values]
        for lower, higher in pairwise(said):
            if values[lower] > values[higher]:
                raise RuleDoesNotFit(f"{lower} is not above {higher}", pointer=f"/values/{lower}")
    if shape.parts and not any(values[name] for name in shape.parts):
        names = ", ".join(shape.parts)
        raise RuleDoesNotFit(
            f"somebody receives a part: one of {names} is not 0",
            pointer=f"/values/{shape.parts[0]}",
        )


rules = Decider(needs, decide, (RULE,))
