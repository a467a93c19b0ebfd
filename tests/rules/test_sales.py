"""What koperasi sell: ceilings of price and quantity, kept at the till or told afterwards."""

from datetime import date
from typing import Any

import pytest

from given import Given, asked, given
from jaringan_usaha.features.catalog.events import ItemAdded
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiClassified,
    KoperasiSuspended,
    RuleSet,
)
from jaringan_usaha.features.sales.domain import (
    MOST_LINES,
    HetExceeded,
    NoSuchKoperasi,
    RecordSale,
    SaleDoesNotFit,
    SaleExists,
    SaleItemUnknown,
    SphpLimitExceeded,
    sales,
)
from jaringan_usaha.features.sales.events import Measured, SaleLine, SaleRecorded

today, tomorrow = date(2026, 1, 15), date(2026, 1, 16)

melati = KoperasiAdmitted(koperasi_id="melati", title="Koperasi Melati")
zone_1 = KoperasiClassified(
    koperasi_id="melati", valid_from_on=date(2025, 1, 1), vat_registered=False, price_zone=1
)
goods = [
    ItemAdded(item_id=item_id, title=item_id, base_unit=unit, case_size=1)
    for item_id, unit in (("minyakita", "LTR"), ("sphp", "KGM"), ("salt", "H87"))
]


def ceiling(rule_id: str, version_no: int = 1, **values: int) -> RuleSet:
    return RuleSet(
        rule_id=rule_id,
        version_no=version_no,
        valid_from_on=date(2025, 8, 22),
        values=values,
        source="Bapanas 299/2025",
    )


minyakita = ceiling("het.minyakita", 3, zone_1_idr=15_700, zone_2_idr=15_700, zone_3_idr=15_700)
sphp = ceiling(
    "sphp.sphp", zone_1_idr=12_500, zone_2_idr=13_100, zone_3_idr=13_500, most_per_customer_day=10
)
shop = given(sales).events(melati, zone_1, *goods, minyakita, sphp)


def line(item_id: str, quantity: int, amount_idr: int, **other: Any) -> SaleLine:
    return SaleLine(item_id=item_id, quantity=quantity, amount_idr=amount_idr, **other)


def oil(quantity: int, amount_idr: int, flag: str = "") -> SaleLine:
    by = Measured(rule="het.minyakita", version_no=3, flag=flag)
    return line("minyakita", quantity, amount_idr, measured=(by,))


def rice(quantity: int, amount_idr: int, *flags: str) -> SaleLine:
    by = [Measured(rule="sphp.sphp", version_no=1, flag=flag) for flag in flags or ("",)]
    return line("sphp", quantity, amount_idr, measured=tuple(by))


def sell(*lines: SaleLine, sale_id: str = "s1", **other: Any) -> RecordSale:
    bare = tuple(line(e.item_id, e.quantity, e.amount_idr, ppn_idr=e.ppn_idr) for e in lines)
    frame = {"koperasi_id": "melati", "sold_on": today, **other}
    return RecordSale(asked=asked(), sale_id=sale_id, lines=bare, **frame)


def sold(*lines: SaleLine, sale_id: str = "s1", **other: Any) -> SaleRecorded:
    frame = {"koperasi_id": "melati", "sold_on": today, **other}
    return SaleRecorded(sale_id=sale_id, lines=lines, **frame)


# -- recording -----------------------------------------------------------------------------


def test_a_sale_is_recorded_with_the_rules_it_was_measured_by() -> None:
    lines = (oil(2, 31_400), line("salt", 1, 5_000))
    shop.when(sell(*lines)).then(sold(*lines))


def test_the_same_sale_again_records_nothing() -> None:
    once = shop.events(sold(oil(2, 31_400)))
    once.when(sell(oil(2, 31_400))).then_nothing()
    once.when(sell(oil(2, 31_400), reported=True)).then_nothing()


def test_the_same_sale_stays_recorded_when_the_ceiling_falls() -> None:
    lower = ceiling("het.minyakita", 4, zone_1_idr=1, zone_2_idr=1, zone_3_idr=1)
    shop.events(sold(oil(2, 31_400)), lower).when(sell(oil(2, 31_400))).then_nothing()


@pytest.mark.parametrize(
    "other", [{"sold_on": date(2026, 1, 14)}, {"customer": "c1"}, {"lines": (oil(2, 31_000),)}]
)
def test_other_content_under_a_taken_sale_id_is_refused(other: dict[str, Any]) -> None:
    once = shop.events(sold(oil(2, 31_400)))
    lines = other.pop("lines", (oil(2, 31_400),))
    once.when(sell(*lines, **other)).then_refused(SaleExists)


def test_a_return_is_a_sale_of_its_own_with_the_signs_turned() -> None:
    back = (oil(-1, -15_700),)
    shop.events(sold(oil(2, 31_400))).when(sell(*back, sale_id="s2")).then(
        sold(*back, sale_id="s2")
    )


def test_a_suspended_koperasi_still_sells_what_it_has() -> None:
    out = KoperasiSuspended(koperasi_id="melati", reason="no annual meeting")
    shop.events(out).when(sell(oil(1, 15_000))).then(sold(oil(1, 15_000)))


def test_who_was_never_admitted_sells_nothing_here() -> None:
    given(sales).events(*goods).when(sell(line("salt", 1, 1))).then_refused(NoSuchKoperasi)


def test_an_item_that_does_not_exist_is_not_sold() -> None:
    wrong = shop.when(sell(line("salt", 1, 1), line("gold", 1, 1)))
    wrong.then_refused(SaleItemUnknown, pointer="/lines/1/item_id")


def test_tomorrow_is_not_sold_yet() -> None:
    early = shop.when(sell(line("salt", 1, 1), sold_on=tomorrow))
    early.then_refused(SaleDoesNotFit, pointer="/sold_on")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (line("salt", 1, -1), "/lines/0/amount_idr"),
        (line("salt", -1, 1), "/lines/0/amount_idr"),
        (line("salt", 2**41, 1), "/lines/0"),
        (line("salt", 1, 100, ppn_idr=101), "/lines/0/ppn_idr"),
        (line("salt", 1, 100, ppn_idr=-1), "/lines/0/ppn_idr"),
        (line("salt", -1, -100, ppn_idr=1), "/lines/0/ppn_idr"),
    ],
)
def test_quantity_amount_and_ppn_go_the_same_way(wrong: SaleLine, pointer: str) -> None:
    shop.when(sell(wrong)).then_refused(SaleDoesNotFit, pointer=pointer)


def test_a_sale_has_lines_but_not_too_many() -> None:
    for count in (0, MOST_LINES + 1):
        lines = [line("salt", 1, 1)] * count
        shop.when(sell(*lines)).then_refused(SaleDoesNotFit, pointer="/lines")


def test_only_a_pkp_takes_ppn() -> None:
    taxed = line("salt", 1, 11_100, ppn_idr=1_100)
    wrong = shop.when(sell(taxed))
    wrong.then_refused(SaleDoesNotFit, pointer="/lines/0/ppn_idr")
    pkp = KoperasiClassified(
        koperasi_id="melati", valid_from_on=today, vat_registered=True, price_zone=1
    )
    shop.events(pkp).when(sell(taxed)).then(sold(taxed))
    earlier = sell(taxed, sold_on=date(2026, 1, 14))
    shop.events(pkp).when(earlier).then_refused(SaleDoesNotFit)


# -- HET -----------------------------------------------------------------------------------


def test_m2_a_litre_at_15_700_is_sold_and_at_15_701_refused() -> None:
    shop.when(sell(oil(1, 15_700))).then(sold(oil(1, 15_700)))
    dear = shop.when(sell(oil(1, 15_701)))
    dear.then_refused(
        HetExceeded,
        rule="het.minyakita",
        rule_version_no=3,
        most_idr=15_700,
        pointer="/lines/0/amount_idr",
    )


def test_m2_a_sale_at_15_701_that_a_till_reports_afterwards_is_flagged() -> None:
    reported = shop.when(sell(oil(1, 15_701), reported=True))
    reported.then(sold(oil(1, 15_701, "HET_EXCEEDED")))


def test_a_return_of_what_was_sold_too_dear_is_taken() -> None:
    shop.when(sell(oil(-1, -15_701))).then(sold(oil(-1, -15_701)))


def test_a_ceiling_of_another_day_binds_nobody() -> None:
    before = sell(oil(1, 20_000), sold_on=date(2025, 8, 21))
    bare = line("minyakita", 1, 20_000)
    shop.when(before).then(sold(bare, sold_on=date(2025, 8, 21)))


def test_the_zone_of_the_koperasi_sets_the_ceiling() -> None:
    zone_3 = KoperasiClassified(
        koperasi_id="melati", valid_from_on=today, vat_registered=False, price_zone=3
    )
    shop.events(zone_3).when(sell(rice(1, 13_500))).then(sold(rice(1, 13_500)))
    shop.when(sell(rice(1, 13_500))).then_refused(HetExceeded, most_idr=12_500)


def test_who_was_never_classified_is_held_to_the_lowest_zone() -> None:
    unclassified = given(sales).events(melati, *goods, sphp)
    unclassified.when(sell(rice(1, 12_501))).then_refused(HetExceeded, most_idr=12_500)


# -- SPHP ----------------------------------------------------------------------------------


def bought(quantity: int, **other: Any) -> SaleRecorded:
    frame = {"sale_id": "before", "customer": "c1", **other}
    return sold(rice(quantity, quantity * 12_500), **frame)


def buy(quantity: int, **other: Any) -> RecordSale:
    return sell(rice(quantity, quantity * 12_500), **{"customer": "c1", **other})


def test_m3_ten_kilograms_a_customer_and_day_are_sold_and_eleven_refused() -> None:
    shop.when(buy(10)).then(sold(rice(10, 125_000), customer="c1"))
    shop.when(buy(11)).then_refused(SphpLimitExceeded, rule="sphp.sphp", most=10, left=10)


def test_m3_eleven_kilograms_that_a_till_reports_afterwards_are_flagged() -> None:
    both = shop.when(sell(rice(11, 137_501), customer="c1", reported=True))
    both.then(sold(rice(11, 137_501, "HET_EXCEEDED", "SPHP_LIMIT"), customer="c1"))
    much = shop.when(buy(11, reported=True))
    much.then(sold(rice(11, 137_500, "SPHP_LIMIT"), customer="c1"))


def test_m3_two_tonnes_leave_three_million_when_all_is_sold_at_the_ceiling() -> None:
    day = sell(rice(2_000, 25_000_000), reported=True)
    (event,) = shop.when(day).then_recorded()
    assert isinstance(event, SaleRecorded)
    assert event.lines[0].amount_idr - 2_000 * 11_000 == 3_000_000
    assert event.lines == (rice(2_000, 25_000_000),)


def test_what_was_bought_before_counts() -> None:
    shop.events(bought(6)).when(buy(4)).then(sold(rice(4, 50_000), customer="c1"))
    shop.events(bought(6)).when(buy(5)).then_refused(SphpLimitExceeded, left=4)


@pytest.mark.parametrize(
    "other",
    [
        {"customer": "c2"},
        {"sold_on": date(2026, 1, 14)},
        {"koperasi_id": "mawar"},
    ],
)
def test_another_customer_day_or_koperasi_counts_apart(other: dict[str, Any]) -> None:
    shop.events(bought(10, **other)).when(buy(10)).then_recorded()


def test_what_was_brought_back_may_be_bought_again() -> None:
    back = bought(-4, sale_id="back")
    shop.events(bought(10), back).when(buy(4)).then_recorded()
    shop.events(bought(10), back).when(buy(5)).then_refused(SphpLimitExceeded, left=4)


def test_two_lines_of_one_sale_count_together() -> None:
    halves = sell(rice(6, 75_000), rice(5, 62_500), customer="c1")
    shop.when(halves).then_refused(SphpLimitExceeded, pointer="/lines/1/quantity")


def test_without_a_customer_one_sale_is_one_customer() -> None:
    shop.when(buy(11, customer="")).then_refused(SphpLimitExceeded, left=10)
    shop.events(bought(10)).when(buy(10, customer="")).then_recorded()


def test_only_limited_goods_are_looked_up_by_customer() -> None:
    event = sold(rice(1, 12_500), oil(1, 15_000), line("salt", 1, 1), customer="c1")
    assert list(event.tags()) == [
        ("sale", "s1"),
        ("koperasi", "melati"),
        ("customer_day", "melati|c1|2026-01-15|sphp"),
    ]


def test_a_limit_that_nobody_set_limits_nothing() -> None:
    free: Given = given(sales).events(melati, zone_1, *goods)
    free.when(buy(500)).then(sold(line("sphp", 500, 6_250_000), customer="c1"))
