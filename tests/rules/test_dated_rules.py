"""Dated rules: each date is set once, and the rules that the house applies must make sense."""

from datetime import date

import pytest

from given import asked, given
from jaringan_usaha.features.registry.events import RuleSet
from jaringan_usaha.features.registry.rules import (
    MOST_VALUES,
    RuleDateTaken,
    RuleDoesNotFit,
    SetRule,
    rules,
)
from jaringan_usaha.kernel.money import MOST_IDR

january, june = date(2026, 1, 1), date(2026, 6, 1)

SHARES = {"minimum_idr": 100_000_000, "target_idr": 5_000_000_000}
PPN = {"rate_bp": 1200, "base_numerator": 11, "base_denominator": 12}
ZONES = {"zone_1_idr": 12_500, "zone_2_idr": 13_100, "zone_3_idr": 13_500, "per": 1}
BUY_ZONES = {"buy_zone_1_idr": 11_000, "buy_zone_2_idr": 11_300, "buy_zone_3_idr": 11_600}

GOOD: dict[str, dict[str, int]] = {
    "shares": SHARES,
    "ppn": {**PPN, "half_up": 1, "rounded_base": 0},
    "fee": {"rate_bp": 150, "consortium_parts": 60, "host_parts": 40},
    "rebate.indofood": {"rate_bp": 300, "consortium_parts": 65, "koperasi_parts": 35},
    "matching": {"variance_bp": 50, "variance_idr": 50},
    "het.minyakita": {**ZONES, "buy_idr": 11_000, "sell_idr": 12_000, "ppn_bp": 1_100},
    "het.medium": ZONES,
    "sphp.beras": {**ZONES, **BUY_ZONES, "most_per_customer_day": 10},
}


def set_rule(
    rule_id: str = "shares",
    values: dict[str, int] | None = None,
    start: date = january,
    source: str = "RAT 1",
) -> SetRule:
    return SetRule(
        asked=asked(),
        rule_id=rule_id,
        valid_from_on=start,
        values=SHARES if values is None else values,
        source=source,
    )


def rule_set(
    rule_id: str = "shares",
    values: dict[str, int] | None = None,
    start: date = january,
    version_no: int = 1,
) -> RuleSet:
    return RuleSet(
        rule_id=rule_id,
        version_no=version_no,
        valid_from_on=start,
        values=SHARES if values is None else values,
        source="RAT 1",
    )


raised = {**SHARES, "minimum_idr": 150_000_000}

# -- dates ---------------------------------------------------------------------------------


def test_the_first_setting_of_a_rule_has_number_one() -> None:
    given(rules).when(set_rule()).then(rule_set())


def test_a_later_setting_counts_on() -> None:
    once = given(rules).events(rule_set())
    once.when(set_rule(start=june, values=raised)).then(rule_set("shares", raised, june, 2))


def test_an_earlier_date_may_be_set_afterwards_and_counts_on_too() -> None:
    once = given(rules).events(rule_set("shares", raised, june))
    once.when(set_rule()).then(rule_set(version_no=2))


def test_the_same_setting_again_records_nothing() -> None:
    twice = given(rules).events(rule_set(), rule_set("shares", raised, june, 2))
    twice.when(set_rule()).then_nothing()


def test_a_date_that_is_set_cannot_be_set_otherwise() -> None:
    once = given(rules).events(rule_set())
    once.when(set_rule(values=raised)).then_refused(RuleDateTaken, version_no=1)
    once.when(set_rule(source="RAT 2")).then_refused(RuleDateTaken, version_no=1)


def test_settings_of_another_rule_are_counted_apart() -> None:
    given(rules).events(rule_set("ppn", GOOD["ppn"])).when(set_rule()).then(rule_set())


def test_what_was_set_before_shapes_were_known_may_be_asked_for_again() -> None:
    old = rule_set("shares", {"minimum_idr": 1})
    given(rules).events(old).when(set_rule(values={"minimum_idr": 1})).then_nothing()


# -- values --------------------------------------------------------------------------------


def test_a_rule_without_values_or_with_too_many_is_refused() -> None:
    for count in (0, MOST_VALUES + 1):
        values = {f"value_{number}": number for number in range(count)}
        wrong = given(rules).when(set_rule("bonus", values))
        wrong.then_refused(RuleDoesNotFit, pointer="/values")


def test_a_value_that_json_readers_cannot_keep_exact_is_refused() -> None:
    too_large = given(rules).when(set_rule("bonus", {"idr": MOST_IDR + 1}))
    too_large.then_refused(RuleDoesNotFit, pointer="/values/idr")
    largest = {"idr": MOST_IDR}
    given(rules).when(set_rule("bonus", largest)).then(rule_set("bonus", largest))


@pytest.mark.parametrize("rule_id", ["bonus", "het", "rebates.indofood", "ppn.2025"])
def test_a_rule_that_nobody_here_knows_may_say_anything(rule_id: str) -> None:
    given(rules).when(set_rule(rule_id, {"x": -7})).then(rule_set(rule_id, {"x": -7}))


@pytest.mark.parametrize("rule_id", GOOD)
def test_a_known_rule_is_set_with_all_its_values(rule_id: str) -> None:
    given(rules).when(set_rule(rule_id, GOOD[rule_id])).then(rule_set(rule_id, GOOD[rule_id]))


OPTIONAL = {("het.minyakita", name) for name in ("buy_idr", "sell_idr", "ppn_bp")}


@pytest.mark.parametrize(
    ("rule_id", "name"),
    [(rule_id, name) for rule_id, values in GOOD.items() for name in values],
)
def test_a_known_rule_lacks_none_of_its_values(rule_id: str, name: str) -> None:
    values = {each: value for each, value in GOOD[rule_id].items() if each != name}
    answer = given(rules).when(set_rule(rule_id, values))
    if (rule_id, name) in OPTIONAL:
        answer.then(rule_set(rule_id, values))
    else:
        answer.then_refused(RuleDoesNotFit, pointer=f"/values/{name}")


@pytest.mark.parametrize(
    ("rule_id", "name", "value"),
    [
        ("shares", "minimum_idr", 0),
        ("ppn", "rate_bp", 10_001),
        ("ppn", "base_denominator", 0),
        ("ppn", "half_up", 2),
        ("ppn", "base_numerator", 13),
        ("fee", "rate_bp", -1),
        ("fee", "host_parts", -1),
        ("rebate.indofood", "rate_bp", 10_001),
        ("matching", "variance_idr", -1),
        ("het.medium", "zone_1_idr", 0),
        ("het.medium", "per", 0),
        ("het.minyakita", "buy_idr", 12_001),
        ("het.minyakita", "sell_idr", 12_501),
        ("het.minyakita", "ppn_bp", 10_001),
        ("sphp.beras", "buy_zone_2_idr", 13_101),
        ("sphp.beras", "most_per_customer_day", 0),
    ],
)
def test_a_value_out_of_its_range_is_refused(rule_id: str, name: str, value: int) -> None:
    wrong = given(rules).when(set_rule(rule_id, {**GOOD[rule_id], name: value}))
    wrong.then_refused(RuleDoesNotFit, pointer=f"/values/{name}")


def test_a_value_that_a_known_rule_does_not_have_is_a_slip() -> None:
    wrong = given(rules).when(set_rule("het.medium", {**ZONES, "sel_idr": 1}))
    wrong.then_refused(RuleDoesNotFit, pointer="/values/sel_idr")


def test_somebody_receives_the_fee() -> None:
    nobody = {"rate_bp": 150, "consortium_parts": 0, "host_parts": 0}
    wrong = given(rules).when(set_rule("fee", nobody))
    wrong.then_refused(RuleDoesNotFit, pointer="/values/consortium_parts")
