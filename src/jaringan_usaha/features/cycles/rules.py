"""The dated rules that cycles look at."""

from jaringan_usaha.features.registry.events import RuleSet
from jaringan_usaha.kernel.decider import Topic
from jaringan_usaha.kernel.rules import (
    DatedRule,
    RulesOfKind,
    evolve_rule,
    evolve_rules_of_kind,
)

RULE = Topic("cycles.rule", "rule", (RuleSet,), DatedRule, evolve_rule)
CEILINGS = Topic("cycles.ceilings", "rule_kind", (RuleSet,), RulesOfKind, evolve_rules_of_kind)

TWO_PERSONS = RULE.about("two-persons")
FEE = RULE.about("fee")
ALL_CEILINGS = CEILINGS.about("het")
ALL_SPHP = CEILINGS.about("sphp")
"""All HET at once, and all limits of SPHP: one question and one guard each for an order, however
many items it has, and the same guards for all orders of a batch."""
