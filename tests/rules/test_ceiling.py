"""Ceiling prices of the state, by zone and day: exact to the rupiah."""

from datetime import date

import pytest
from hypothesis import given, strategies

from jaringan_usaha.features.registry.events import KoperasiClassified, RuleSet
from jaringan_usaha.kernel.ceiling import (
    Ceiling,
    ceiling_idr,
    ceiling_of,
    customer_day_limit,
    exceeds,
    het_rule,
    most_idr,
    sphp_rule,
)
from jaringan_usaha.kernel.classification import Classified, evolve_classified
from jaringan_usaha.kernel.rules import DatedRule

AUGUST_22 = date(2025, 8, 22)


def setting(
    rule_id: str, values: dict[str, int], version_no: int = 1, start: date = AUGUST_22
) -> RuleSet:
    return RuleSet(
        rule_id=rule_id,
        version_no=version_no,
        valid_from_on=start,
        values=values,
        source="Bapanas 299/2025",
    )


def zones(first: int, second: int, third: int, per: int = 1) -> dict[str, int]:
    return {"zone_1_idr": first, "zone_2_idr": second, "zone_3_idr": third, "per": per}


medium = setting(het_rule("medium"), zones(13_500, 14_000, 15_500))
premium = setting(het_rule("premium"), zones(14_900, 15_400, 15_800))
carton = setting(  # Minyakita, 12 bottles of 1 L: the base unit is the carton
    het_rule("minyakita"),
    {**zones(188_400, 188_400, 188_400), "buy_idr": 168_000, "sell_idr": 174_000},
)
litres = setting(het_rule("minyakita-l"), zones(15_700, 15_700, 15_700))
sphp = setting(
    sphp_rule("beras-sphp"),
    {
        **zones(12_500, 13_100, 13_500),
        "buy_zone_1_idr": 11_000,
        "buy_zone_2_idr": 11_300,
        "buy_zone_3_idr": 11_600,
        "most_per_customer_day": 10,
    },
)


@pytest.mark.parametrize(
    ("rule", "zone", "idr"),
    [
        (medium, 1, 13_500),
        (medium, 2, 14_000),
        (medium, 3, 15_500),
        (premium, 1, 14_900),
        (premium, 2, 15_400),
        (premium, 3, 15_800),
    ],
)
def test_the_rice_ceilings_of_2025_by_zone(rule: RuleSet, zone: int, idr: int) -> None:
    assert ceiling_idr(rule, zone) == idr
    ceiling = ceiling_of(rule, zone)
    assert ceiling == Ceiling(idr, 1, rule.rule_id, 1)
    assert not exceeds(5 * idr, 5, ceiling)
    assert exceeds(5 * idr + 1, 5, ceiling)


def test_who_is_in_no_zone_is_held_to_the_lowest() -> None:
    assert ceiling_idr(medium, None) == 13_500


def test_m2_a_carton_of_minyakita_from_the_buyer_to_the_shelf() -> None:
    """At every step the ceiling itself is allowed, and one rupiah more is not."""
    for step, idr in (("buy", 168_000), ("sell", 174_000), ("retail", 188_400)):
        ceiling = ceiling_of(carton, 1, step)  # type: ignore[arg-type]
        assert ceiling is not None
        assert not exceeds(idr, 1, ceiling)
        assert exceeds(idr + 1, 1, ceiling)


def test_m2_the_margin_of_a_litre_after_freight() -> None:
    ceiling = ceiling_of(litres, 1)
    assert ceiling is not None
    landed = 14_500 + 290
    assert most_idr(1, ceiling) - landed == 910
    assert not exceeds(15_700, 1, ceiling)
    assert exceeds(15_701, 1, ceiling)


def test_m3_two_tonnes_of_sphp_rice_leave_three_million() -> None:
    buy, sell = ceiling_of(sphp, 1, "buy"), ceiling_of(sphp, 1)
    assert buy is not None
    assert sell is not None
    paid, asked = most_idr(2_000, buy), most_idr(2_000, sell)
    assert (paid, asked, asked - paid) == (22_000_000, 25_000_000, 3_000_000)
    assert customer_day_limit(sphp.values) == 10


def test_a_rule_that_binds_retail_alone_binds_nobody_before_it() -> None:
    assert ceiling_of(medium, 1, "buy") is None
    assert ceiling_of(medium, 1, "sell") is None


def test_a_ceiling_holds_from_its_day_on() -> None:
    before = setting(medium.rule_id, zones(12_500, 13_100, 13_500), 2, date(2024, 6, 1))
    rule = DatedRule(medium.rule_id, (medium, before))
    assert rule.on(date(2024, 5, 31)) is None
    days = (date(2025, 8, 21), AUGUST_22)
    old, new = (ceiling_of(found, 1) for day in days if (found := rule.on(day)))
    assert old == Ceiling(12_500, 1, medium.rule_id, 2)
    assert new == Ceiling(13_500, 1, medium.rule_id, 1)


def test_a_ceiling_by_the_thousand_counts_grams_to_the_last_one() -> None:
    """13,500 a kilogram: 333 g cost at most 4,495.5, so 4,495 rupiah pass and 4,496 do not."""
    ceiling = Ceiling(13_500, 1_000, "het.medium-g", 1)
    assert most_idr(333, ceiling) == 4_495
    assert not exceeds(4_495, 333, ceiling)
    assert exceeds(4_496, 333, ceiling)


prices = strategies.integers(min_value=0, max_value=10**9)
counts = strategies.integers(min_value=1, max_value=10**6)


@given(amount=prices, quantity=counts, idr=prices, per=counts)
def test_what_may_be_asked_is_exactly_what_does_not_exceed(
    amount: int, quantity: int, idr: int, per: int
) -> None:
    ceiling = Ceiling(idr, per, "het.x", 1)
    assert exceeds(amount, quantity, ceiling) == (amount > most_idr(quantity, ceiling))
    assert exceeds(-amount, -quantity, ceiling) == exceeds(amount, quantity, ceiling)


# -- the koperasi that sells ---------------------------------------------------------------


def classified(start: date, *, vat_registered: bool, zone: int) -> KoperasiClassified:
    return KoperasiClassified(
        koperasi_id="melati",
        valid_from_on=start,
        vat_registered=vat_registered,
        price_zone=zone,
    )


def test_a_koperasi_is_what_it_was_last_classified_as() -> None:
    melati = Classified("melati")
    for event in (
        classified(date(2026, 1, 1), vat_registered=True, zone=2),
        classified(date(2025, 1, 1), vat_registered=False, zone=1),
    ):
        melati = evolve_classified(melati, event)
    days = [date(2024, 12, 31), date(2025, 12, 31), date(2026, 1, 1)]
    assert [melati.zone_on(day) for day in days] == [None, 1, 2]
    assert [melati.vat_registered_on(day) for day in days] == [False, False, True]
