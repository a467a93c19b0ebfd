"""Dated rules: what is in force on a day, so that old years are decided as they were."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol


class Setting(Protocol):
    """One setting of a rule, as the registry recorded it."""

    @property
    def rule_id(self) -> str: ...
    @property
    def version_no(self) -> int: ...
    @property
    def valid_from_on(self) -> date: ...
    @property
    def values(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class DatedRule:
    """Every setting of one rule."""

    rule_id: str
    settings: tuple[Setting, ...] = ()

    def on(self, day: date) -> Setting | None:
        """The setting in force on a day: of those that have begun, the one that began last."""
        begun = [each for each in self.settings if each.valid_from_on <= day]
        return max(begun, key=lambda each: each.valid_from_on, default=None)


def evolve_rule(rule: DatedRule, event: Setting) -> DatedRule:
    return replace(rule, settings=(*rule.settings, event))
