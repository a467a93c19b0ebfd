"""Goods and suppliers' dated price lists."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import pytest

from given import Given, asked, given
from jaringan_usaha.eventlog.appender import MOST_BODY_BYTES, MOST_EVENTS, MOST_GUARDS
from jaringan_usaha.eventlog.codec import encode
from jaringan_usaha.eventlog.memory import nothing_yet
from jaringan_usaha.features.catalog.domain import (
    MOST_LEAD_DAYS,
    MOST_ROWS,
    MOST_TIERS,
    ROWS_A_PART,
    ItemNotKnown,
    NoPriceToEnd,
    NoSuchSupplier,
    PriceListDoesNotFit,
    PriceListExists,
    PricesOverlap,
    PublishPriceList,
    SupplierIsSuspended,
    TierMode,
    catalog,
)
from jaringan_usaha.features.catalog.events import (
    ItemAdded,
    ItemDescribed,
    PriceListPublished,
    PriceRow,
    Tier,
    offer_id,
)
from jaringan_usaha.features.catalog.items import (
    MOST_CASE,
    MOST_OF_A_UNIT,
    AddItem,
    DescribeItem,
    ItemDoesNotFit,
    ItemExists,
    NoSuchItem,
    TaxClass,
    goods,
)
from jaringan_usaha.features.registry.events import (
    SupplierAdmitted,
    SupplierReinstated,
    SupplierSuspended,
)
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.quantity import MOST_UNITS, BaseUnit
from jaringan_usaha.kernel.tiers import Price, cost_idr

oil_added = ItemAdded(
    item_id="oil", title="Minyak goreng 12 × 1 L", base_unit="XPK", case_size=12, gtin=""
)
rice_added = ItemAdded(item_id="rice", title="Beras", base_unit="GRM", case_size=25_000)
indofood = SupplierAdmitted(supplier_id="indofood", title="Indofood")
suspended = SupplierSuspended(supplier_id="indofood", reason="late")
reinstated = SupplierReinstated(supplier_id="indofood", reason="on time")
ready = given(catalog).events(oil_added, rice_added, indofood)

OIL_TIERS = (
    Tier(from_quantity=1, idr=186_000),
    Tier(from_quantity=50, idr=180_000),
    Tier(from_quantity=100, idr=174_000),
)
oil = PriceRow(item_id="oil", tiers=OIL_TIERS)
rice = PriceRow(item_id="rice", tiers=(Tier(from_quantity=1, idr=13_177, per=1_000),))

jan_1, jan_31, feb_1, mar_1 = (
    date(2026, 1, 1),
    date(2026, 1, 31),
    date(2026, 2, 1),
    date(2026, 3, 1),
)


def add_item(
    title: str = "Minyak goreng 12 × 1 L",
    base_unit: BaseUnit = "XPK",
    case_size: int = 12,
    gtin: str = "",
) -> AddItem:
    return AddItem(
        asked=asked(),
        item_id="oil",
        title=title,
        base_unit=base_unit,
        case_size=case_size,
        gtin=gtin,
    )


def publish(
    *rows: PriceRow,
    price_list_id: str = "new",
    supplier_id: str = "indofood",
    start: date = jan_1,
    end: date | None = jan_31,
    tier_mode: TierMode = "all_units",
) -> PublishPriceList:
    return PublishPriceList(
        asked=asked(),
        price_list_id=price_list_id,
        supplier_id=supplier_id,
        valid_from_on=start,
        valid_until_on=end,
        tier_mode=tier_mode,
        rows=rows or (oil,),
    )


def published(
    *rows: PriceRow,
    price_list_id: str = "old",
    start: date = jan_1,
    end: date | None = jan_31,
    part: int = 1,
) -> PriceListPublished:
    return PriceListPublished(
        price_list_id=price_list_id,
        supplier_id="indofood",
        part=part,
        valid_from_on=start,
        valid_until_on=end,
        tier_mode="all_units",
        rows=rows or (oil,),
    )


def tiers(*from_quantities: int) -> PriceRow:
    return PriceRow(
        item_id="oil", tiers=tuple(Tier(from_quantity=each, idr=9) for each in from_quantities)
    )


def many_items(count: int) -> tuple[Sequence[PriceRow], Given]:
    rows = [PriceRow(item_id=f"item-{number}", tiers=OIL_TIERS) for number in range(count)]
    added = [
        ItemAdded(item_id=row.item_id, title="x", base_unit="H87", case_size=1) for row in rows
    ]
    return rows, given(catalog).events(indofood, *added)


# -- goods ---------------------------------------------------------------------------------


def test_an_item_is_added() -> None:
    given(goods).when(add_item()).then(oil_added)


def test_adding_the_same_item_again_records_nothing() -> None:
    given(goods).events(oil_added).when(add_item()).then_nothing()


def test_other_data_under_a_taken_item_id_is_refused() -> None:
    taken = given(goods).events(oil_added)
    taken.when(add_item(case_size=6)).then_refused(ItemExists)
    taken.when(add_item(base_unit="H87")).then_refused(ItemExists)


@pytest.mark.parametrize("case_size", [0, -1, MOST_CASE + 1])
def test_a_case_holds_at_least_one_unit_and_not_too_many(case_size: int) -> None:
    command = add_item(case_size=case_size)
    given(goods).when(command).then_refused(ItemDoesNotFit, pointer="/case_size")


@pytest.mark.parametrize("case_size", [1, MOST_CASE])
def test_the_smallest_and_the_largest_case_are_taken(case_size: int) -> None:
    (event,) = given(goods).when(add_item(case_size=case_size)).then_recorded()
    assert isinstance(event, ItemAdded)
    assert event.case_size == case_size


def test_a_unit_that_nobody_knows_is_refused() -> None:
    command = add_item(base_unit="KARUNG")  # type: ignore[arg-type]
    given(goods).when(command).then_refused(ItemDoesNotFit, pointer="/base_unit")


@pytest.mark.parametrize(
    ("gtin", "stored"),
    [
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
        ("98412345678908", "98412345678908"),
    ],
)
def test_a_gtin_of_any_length_is_kept_as_14_digits(gtin: str, stored: str) -> None:
    (event,) = given(goods).when(add_item(gtin=gtin)).then_recorded()
    assert isinstance(event, ItemAdded)
    assert event.gtin == stored


def test_the_same_gtin_written_shorter_is_the_same_item() -> None:
    (event,) = given(goods).when(add_item(gtin="4006381333931")).then_recorded()
    once = given(goods).events(event)
    once.when(add_item(gtin="04006381333931")).then_nothing()


@pytest.mark.parametrize(
    "gtin", ["4006381333930", "96385075", "400638133393", "123", "400638133393X", "٩٦٣٨٥٠٧٤"]
)
def test_a_gtin_with_a_wrong_digit_or_length_is_refused(gtin: str) -> None:
    given(goods).when(add_item(gtin=gtin)).then_refused(ItemDoesNotFit, pointer="/gtin")


# -- what must be known of goods -----------------------------------------------------------

rice_described = ItemDescribed(
    item_id="rice", tax_class="exempt", commodity="Beras Medium", weight_g=1
)


def describe(tax_class: TaxClass = "exempt", **other: int) -> DescribeItem:
    return DescribeItem(
        asked=asked(),
        item_id="rice",
        tax_class=tax_class,
        commodity="Beras Medium",
        **{"weight_g": 1, **other},
    )


def test_an_item_is_described() -> None:
    given(goods).events(rice_added).when(describe()).then(rice_described)


def test_saying_the_same_again_records_nothing() -> None:
    given(goods).events(rice_added, rice_described).when(describe()).then_nothing()


def test_the_last_description_holds() -> None:
    taxed = ItemDescribed(
        item_id="rice", tax_class="standard", commodity="Beras Medium", weight_g=1
    )
    once = given(goods).events(rice_added, rice_described)
    once.when(describe("standard")).then(taxed)
    once.events(taxed).when(describe()).then(rice_described)


def test_a_described_item_is_still_the_item_that_was_added() -> None:
    described = given(goods).events(
        oil_added, ItemDescribed(item_id="oil", tax_class="standard", weight_g=11_000)
    )
    described.when(add_item()).then_nothing()
    described.when(add_item(case_size=6)).then_refused(ItemExists)


def test_an_unknown_item_is_not_described() -> None:
    given(goods).when(describe()).then_refused(NoSuchItem)


def test_a_tax_class_that_nobody_knows_is_refused() -> None:
    command = describe("luxury")  # type: ignore[arg-type]
    given(goods).events(rice_added).when(command).then_refused(ItemDoesNotFit, pointer="/tax_class")


@pytest.mark.parametrize("field", ["weight_g", "volume_ml", "deposit_idr"])
@pytest.mark.parametrize("amount", [-1, MOST_OF_A_UNIT + 1])
def test_what_one_unit_cannot_have_is_refused(field: str, amount: int) -> None:
    known = given(goods).events(rice_added)
    known.when(describe(**{field: amount})).then_refused(ItemDoesNotFit, pointer=f"/{field}")
    known.when(describe(**{field: MOST_OF_A_UNIT})).then_recorded()


# -- price lists ---------------------------------------------------------------------------


def test_a_price_list_is_published() -> None:
    ready.when(publish(oil, rice)).then(published(oil, rice, price_list_id="new"))


def test_a_long_list_is_recorded_in_parts_and_as_a_whole() -> None:
    rows, known = many_items(2 * ROWS_A_PART + 1)
    events = known.when(publish(*rows)).then_recorded()
    parts = [event for event in events if isinstance(event, PriceListPublished)]
    assert [(each.part, len(each.rows)) for each in parts] == [
        (1, ROWS_A_PART),
        (2, ROWS_A_PART),
        (3, 1),
    ]
    assert [row for each in parts for row in each.rows] == rows


def test_publishing_the_same_list_again_records_nothing() -> None:
    rows, known = many_items(2 * ROWS_A_PART + 1)
    events = known.when(publish(*rows)).then_recorded()
    known.events(*events).when(publish(*rows)).then_nothing()


def test_a_list_cut_into_other_parts_is_still_the_same_list() -> None:
    cut = ready.events(
        published(oil, price_list_id="new"), published(rice, price_list_id="new", part=2)
    )
    cut.when(publish(oil, rice)).then_nothing()


@pytest.mark.parametrize(
    "other",
    [
        publish(rice),
        publish(oil, rice),
        publish(tiers(1, 60)),
        publish(start=date(2026, 1, 2)),
        publish(end=None),
        publish(tier_mode="incremental"),
        publish(supplier_id="bulog"),
    ],
)
def test_other_content_under_a_taken_price_list_id_is_refused(other: PublishPriceList) -> None:
    taken = ready.events(published(price_list_id="new"))
    taken.when(other).then_refused(PriceListExists)


def test_a_list_of_an_unknown_supplier_is_refused() -> None:
    ready.when(publish(supplier_id="bulog")).then_refused(NoSuchSupplier)


def test_a_suspended_supplier_publishes_nothing_until_it_is_reinstated() -> None:
    ready.events(suspended).when(publish()).then_refused(SupplierIsSuspended)
    ready.events(suspended, reinstated).when(publish()).then(published(price_list_id="new"))


def test_every_item_of_a_list_must_be_known() -> None:
    only_oil = given(catalog).events(oil_added, indofood)
    only_oil.when(publish(oil, rice)).then_refused(ItemNotKnown, pointer="/rows/1/item_id")


def test_an_item_stands_in_one_row_only() -> None:
    twice = publish(oil, rice, oil)
    ready.when(twice).then_refused(PriceListDoesNotFit, pointer="/rows/2/item_id")


def test_a_list_cannot_end_before_it_starts() -> None:
    backwards = publish(start=feb_1, end=jan_31)
    ready.when(backwards).then_refused(PriceListDoesNotFit, pointer="/valid_until_on")
    ready.when(publish(start=feb_1, end=feb_1)).then_recorded()


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        (tiers(), "/rows/0/tiers"),
        (tiers(*range(1, MOST_TIERS + 2)), "/rows/0/tiers"),
        (tiers(2), "/rows/0/tiers/0"),
        (tiers(0, 5), "/rows/0/tiers/0"),
        (tiers(1, 50, 50), "/rows/0/tiers/2/from_quantity"),
        (tiers(1, 100, 50), "/rows/0/tiers/2/from_quantity"),
        (tiers(1, MOST_UNITS + 1), "/rows/0/tiers/1/from_quantity"),
        (PriceRow(item_id="oil", tiers=(Tier(from_quantity=1, idr=0),)), "/rows/0/tiers/0/idr"),
        (
            PriceRow(item_id="oil", tiers=(Tier(from_quantity=1, idr=MOST_IDR + 1),)),
            "/rows/0/tiers/0/idr",
        ),
        (
            PriceRow(item_id="oil", tiers=(Tier(from_quantity=1, idr=1, per=0),)),
            "/rows/0/tiers/0/per",
        ),
    ],
)
def test_tiers_rise_from_one_with_positive_prices(row: PriceRow, pointer: str) -> None:
    ready.when(publish(row)).then_refused(PriceListDoesNotFit, pointer=pointer)


def test_the_largest_threshold_price_and_unit_count_are_taken() -> None:
    largest = Tier(from_quantity=MOST_UNITS, idr=MOST_IDR, per=MOST_UNITS)
    row = PriceRow(item_id="oil", tiers=(Tier(from_quantity=1, idr=1), largest))
    ready.when(publish(row)).then(published(row, price_list_id="new"))


def test_an_empty_list_is_refused() -> None:
    empty = PublishPriceList(
        asked=asked(),
        price_list_id="new",
        supplier_id="indofood",
        valid_from_on=jan_1,
        valid_until_on=None,
        tier_mode="all_units",
        rows=(),
    )
    ready.when(empty).then_refused(PriceListDoesNotFit, pointer="/rows")


# -- the terms of a list -------------------------------------------------------------------


def with_terms(*rows: PriceRow, **terms: Any) -> PublishPriceList:
    return msgspec.structs.replace(publish(*rows), **terms)


TERMS = {
    "minimum_idr": 5_000_000,
    "delivery_idr": 250_000,
    "lead_days": 3,
    "source": "0f" * 32,
}


def test_a_list_keeps_its_terms_in_every_part() -> None:
    rows, known = many_items(ROWS_A_PART + 1)
    events = known.when(with_terms(*rows, **TERMS)).then_recorded()
    assert len(events) == 2
    for event in events:
        assert {name: getattr(event, name) for name in TERMS} == TERMS
    known.events(*events).when(with_terms(*rows, **TERMS)).then_nothing()


@pytest.mark.parametrize("name", TERMS)
def test_other_terms_under_a_taken_price_list_id_are_refused(name: str) -> None:
    events = ready.when(with_terms(**TERMS)).then_recorded()
    other = {each: value for each, value in TERMS.items() if each != name}
    ready.events(*events).when(with_terms(**other)).then_refused(PriceListExists)


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"minimum_idr": -1}, "/minimum_idr"),
        ({"minimum_idr": MOST_IDR + 1}, "/minimum_idr"),
        ({"delivery_idr": -1}, "/delivery_idr"),
        ({"lead_days": -1}, "/lead_days"),
        ({"lead_days": MOST_LEAD_DAYS + 1}, "/lead_days"),
        ({"source": "harga.xlsx"}, "/source"),
    ],
)
def test_terms_that_cannot_be_are_refused(terms: dict[str, Any], pointer: str) -> None:
    ready.when(with_terms(**terms)).then_refused(PriceListDoesNotFit, pointer=pointer)


@pytest.mark.parametrize(
    ("case_size", "min_cases", "field"),
    [(-1, 0, "case_size"), (MOST_CASE + 1, 0, "case_size"), (0, -1, "min_cases")],
)
def test_cases_that_cannot_be_are_refused(case_size: int, min_cases: int, field: str) -> None:
    row = PriceRow(item_id="oil", tiers=OIL_TIERS, case_size=case_size, min_cases=min_cases)
    again = ready.when(publish(rice, row))
    again.then_refused(PriceListDoesNotFit, pointer=f"/rows/1/{field}")


def test_a_price_of_four_decimals_is_exact_per_ten_thousand_units() -> None:
    """Rp131.7725 a gram."""
    exact = PriceRow(item_id="rice", tiers=(Tier(from_quantity=1, idr=1_317_725, per=10_000),))
    (event,) = ready.when(publish(exact)).then_recorded()
    assert isinstance(event, PriceListPublished)
    price = Price(price_list_id="new", tier_mode=event.tier_mode, tiers=event.rows[0].tiers)
    assert [cost_idr(price, quantity) for quantity in (1, 4, 10_000)] == [132, 527, 1_317_725]


# -- TP6: overlapping prices ---------------------------------------------------------------

before = ready.events(published())


@pytest.mark.parametrize(
    ("start", "end"),
    [(jan_1, jan_31), (jan_31, mar_1), (date(2025, 12, 1), jan_1), (jan_31, None), (jan_1, None)],
)
def test_tp6_a_second_price_for_the_same_days_is_refused(start: date, end: date | None) -> None:
    again = before.when(publish(start=start, end=end))
    again.then_refused(PricesOverlap, price_list_id="old", pointer="/rows/0")


def test_tp6_two_tiers_from_one_threshold_are_refused() -> None:
    twice = ready.when(publish(rice, tiers(1, 50, 50)))
    twice.then_refused(PriceListDoesNotFit, pointer="/rows/1/tiers/2/from_quantity")


def test_tp6_two_rows_of_one_item_in_one_list_are_refused() -> None:
    twice = ready.when(publish(tiers(1, 50), tiers(1, 60)))
    twice.then_refused(PriceListDoesNotFit, pointer="/rows/1/item_id")


def test_tp6_one_overlapping_row_refuses_the_whole_list() -> None:
    before.when(publish(rice, oil)).then_refused(PricesOverlap, pointer="/rows/1")


def test_prices_for_the_days_after_are_accepted() -> None:
    after = publish(start=feb_1, end=None)
    before.when(after).then(published(price_list_id="new", start=feb_1, end=None))


def test_the_same_days_for_another_item_are_no_overlap() -> None:
    before.when(publish(rice)).then(published(rice, price_list_id="new"))


def test_the_same_days_of_another_supplier_are_no_overlap() -> None:
    bulog = SupplierAdmitted(supplier_id="bulog", title="Bulog")
    (event,) = before.events(bulog).when(publish(supplier_id="bulog")).then_recorded()
    assert isinstance(event, PriceListPublished)
    assert event.supplier_id == "bulog"


def test_a_list_without_an_end_holds_until_a_later_one_takes_over() -> None:
    endless = ready.events(published(end=None))
    endless.when(publish(start=feb_1, end=None)).then_recorded()
    endless.when(publish(start=feb_1, end=mar_1)).then_recorded()


def test_two_lists_without_an_end_cannot_start_on_one_day() -> None:
    endless = ready.events(published(end=None))
    endless.when(publish(end=None)).then_refused(PricesOverlap, price_list_id="old")


def test_an_ending_list_cannot_reach_into_a_later_one_without_end() -> None:
    endless = ready.events(published(start=feb_1, end=None))
    endless.when(publish(start=jan_1, end=feb_1)).then_refused(PricesOverlap)
    endless.when(publish(start=jan_1, end=jan_31)).then_recorded()
    endless.when(publish(start=jan_1, end=None)).then_recorded()


def test_of_two_lists_published_at_once_only_one_can_be_recorded() -> None:
    offer = offer_id("indofood", "oil")
    asked_about = {about.topic.name: about for about in catalog.needs(publish())}
    about = asked_about["catalog.offer"]
    assert about.value == offer
    assert not about.topic.settled
    assert ("offer", offer) in published().tags()
    assert PriceListPublished in about.topic.events


# -- prices that end -----------------------------------------------------------------------


def ending(*ended: str, start: date = feb_1, rows: Sequence[PriceRow] = ()) -> PublishPriceList:
    """A list without a last day that ends these prices."""
    command = publish(start=start, end=None)
    return msgspec.structs.replace(command, rows=tuple(rows), ended=ended)


endless_oil = ready.events(published(end=None))


def test_a_list_ends_the_price_of_what_is_no_longer_offered() -> None:
    (priced, end) = endless_oil.when(ending("oil", rows=[rice])).then_recorded()
    assert isinstance(priced, PriceListPublished)
    assert isinstance(end, PriceListPublished)
    assert [(each.part, each.rows, each.ended) for each in (priced, end)] == [
        (1, (rice,), ()),
        (2, (), ("oil",)),
    ]
    assert ("offer", offer_id("indofood", "oil")) in end.tags()
    done = endless_oil.events(priced, end)
    done.when(ending("oil", rows=[rice])).then_nothing()
    done.when(ending(rows=[rice])).then_refused(PriceListExists)


def test_a_list_may_do_nothing_but_end_prices() -> None:
    (event,) = endless_oil.when(ending("oil")).then_recorded()
    assert isinstance(event, PriceListPublished)
    assert (event.part, event.ended) == (1, ("oil",))


def test_an_item_is_either_priced_or_ended() -> None:
    both = endless_oil.when(ending("oil", rows=[oil]))
    both.then_refused(PriceListDoesNotFit, pointer="/ended/0")
    twice = endless_oil.when(ending("oil", "oil"))
    twice.then_refused(PriceListDoesNotFit, pointer="/ended/1")


@pytest.mark.parametrize(
    "known",
    [
        ready,
        ready.events(published(rice)),
        ready.events(published(start=mar_1, end=None)),
        ready.events(published()),
    ],
)
def test_only_a_price_in_force_can_end(known: Given) -> None:
    """None at all, another item's, a later one, one that is over."""
    known.when(ending("oil")).then_refused(NoPriceToEnd, pointer="/ended/0")


def test_what_has_ended_does_not_end_again() -> None:
    events = endless_oil.when(ending("oil")).then_recorded()
    over = endless_oil.events(*events)
    again = msgspec.structs.replace(ending("oil", start=mar_1), price_list_id="again")
    over.when(again).then_refused(NoPriceToEnd)


def test_a_price_of_the_very_day_is_not_ended_by_another_list() -> None:
    known = endless_oil.events(published(price_list_id="feb", start=feb_1, end=None))
    refused = known.when(ending("oil"))
    refused.then_refused(PricesOverlap, price_list_id="feb", pointer="/ended/0")


@pytest.mark.parametrize("end", [None, mar_1])
def test_a_later_list_gives_a_price_again(end: date | None) -> None:
    """Also where the price that ended had been for longer."""
    known = ready.events(published(end=end))
    over = known.events(*known.when(ending("oil")).then_recorded())
    again = publish(start=date(2026, 2, 10), end=None, price_list_id="again")
    over.when(again).then_recorded()
    over.when(publish(start=feb_1, price_list_id="again", end=None)).then_refused(PricesOverlap)


def test_prices_and_ends_of_a_list_are_bounded_together() -> None:
    rows, known = many_items(MOST_ROWS)
    more = known.when(ending("oil", rows=rows))
    more.then_refused(PriceListDoesNotFit, pointer="/ended")


def test_the_most_that_a_list_can_end_is_one_command_for_the_log() -> None:
    rows, known = many_items(MOST_ROWS)
    known = known.events(*known.when(publish(*rows, end=None, price_list_id="jan")).then_recorded())
    command = ending(*(row.item_id for row in rows))
    events = known.when(command).then_recorded()
    guards = [guard for about in catalog.needs(command) for guard in nothing_yet(about).guards]
    assert len(events) <= MOST_EVENTS
    assert len(guards) <= MOST_GUARDS
    assert max(len(encode(event)) for event in events) <= MOST_BODY_BYTES


# -- what the log can take -----------------------------------------------------------------


def test_a_list_with_too_many_rows_is_told_to_be_cut() -> None:
    rows, known = many_items(MOST_ROWS + 1)
    known.when(publish(*rows)).then_refused(PriceListDoesNotFit, pointer="/rows")


def test_the_largest_list_is_one_command_for_the_log() -> None:
    largest = tuple(
        Tier(from_quantity=1 if number == 0 else MOST_UNITS - 99 + number, idr=MOST_IDR, per=10**12)
        for number in range(MOST_TIERS)
    )
    rows = [PriceRow(item_id=f"item-{number:059}", tiers=largest) for number in range(MOST_ROWS)]
    added = [
        ItemAdded(item_id=row.item_id, title="x", base_unit="H87", case_size=1) for row in rows
    ]
    command = publish(*rows)
    events = given(catalog).events(indofood, *added).when(command).then_recorded()
    guards = [guard for about in catalog.needs(command) for guard in nothing_yet(about).guards]
    assert len(events) <= MOST_EVENTS
    assert len(guards) <= MOST_GUARDS
    assert max(len(encode(event)) for event in events) <= MOST_BODY_BYTES
