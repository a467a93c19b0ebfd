"""Dated rules: what is in force on a day, so that old years are decided as they were."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from jaringan_usaha.kernel.calendar import Dated, begun_last


class Setting(Dated, Protocol):
    """One setting of a rule, as the registry recorded it."""

    @property
    def rule_id(self) -> str: ...
    @property
    def version_no(self) -> int: ...
    @property
    def values(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class DatedRule:
    """Every setting of one rule."""

    rule_id: str
    settings: tuple[Setting, ...] = ()

    def on(self, day: date) -> Setting | None:
        """The setting in force on a day: of those that have begun, the one that began last."""
        return begun_last(self.settings, day)


def evolve_rule(rule: DatedRule, event: Setting) -> DatedRule:
    return replace(rule, settings=(*rule.settings, event))


@dataclass(frozen=True, slots=True)
class RulesOfKind:
    """Every setting of every rule of one kind (`het` of `het.oil`), by rule: one question for a
    receipt, however many items it has."""

    kind: str
    rules: Mapping[str, DatedRule] = field(default_factory=dict)

    def on(self, rule_id: str, day: date) -> Setting | None:
        """The setting of one of them in force on a day."""
        rule = self.rules.get(rule_id)
        return None if rule is None else rule.on(day)


def evolve_rules_of_kind(known: RulesOfKind, event: Setting) -> RulesOfKind:
    rule = known.rules.get(event.rule_id) or DatedRule(event.rule_id)
    return replace(known, rules={**known.rules, event.rule_id: evolve_rule(rule, event)})
