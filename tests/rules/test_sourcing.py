"""Comparing what suppliers ask, landed, and choosing among them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from given import asked, given
from jaringan_usaha.eventlog.appender import MOST_BODY_BYTES, MOST_GUARDS
from jaringan_usaha.eventlog.codec import encode
from jaringan_usaha.eventlog.memory import nothing_yet
from jaringan_usaha.features.catalog.events import ItemAdded, PriceListPublished, PriceRow, Tier
from jaringan_usaha.features.registry.events import SupplierReinstated, SupplierSuspended
from jaringan_usaha.features.sourcing.comparison import (
    MINIMUM_NOT_MET,
    MOQ_NOT_MET,
    Comparison,
    Offer,
    compare,
    for_quantity,
    idr_per_unit,
    in_cases,
)
from jaringan_usaha.features.sourcing.domain import (
    MOST_OFFERS,
    ChoiceExists,
    ChooseSupplier,
    ComparisonDoesNotFit,
    ItemNotOffered,
    NoSuchItem,
    OfferCannotBeTaken,
    ReasonMissing,
    TooManyOffers,
    choices,
)
from jaringan_usaha.features.sourcing.events import ComparedOffer, SupplierChosen
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.tiers import Price

jan_1, jan_15, jan_31 = date(2026, 1, 1), date(2026, 1, 15), date(2026, 1, 31)


def price(*tiers: Tier, tier_mode: str = "all_units", price_list_id: str = "jan") -> Price:
    return Price(price_list_id=price_list_id, tier_mode=tier_mode, tiers=tiers)


def tier(from_quantity: int, idr: int, per: int = 1) -> Tier:
    return Tier(from_quantity=from_quantity, idr=idr, per=per)


X_25_KG = Offer(
    supplier_id="x", price=price(tier(1, 330_000, 25)), case_size=25, min_cases=40, lead_days=2
)
Y_50_KG = Offer(
    supplier_id="y", price=price(tier(1, 645_000, 50)), case_size=50, delivery_idr=250_000
)
Z_10_KG = Offer(
    supplier_id="z", price=price(tier(1, 135_000, 10), tier(1_000, 130_000, 10)), case_size=10
)
SERANG = (X_25_KG, Y_50_KG, Z_10_KG)


def totals(offers: Sequence[ComparedOffer]) -> dict[str, int]:
    """By supplier, in the order given."""
    return {offer.supplier_id: offer.total_idr for offer in offers}


def best_of(comparison: Comparison) -> str | None:
    return comparison.best.supplier_id if comparison.best else None


# -- Q1 and Q2: the price tables of Serang -------------------------------------------------


def test_q1_a_thousand_kilograms_are_cheapest_in_bags_of_ten() -> None:
    found = compare(SERANG, 1_000)
    assert list(totals(found.offers).items()) == [
        ("z", 13_000_000),
        ("y", 13_150_000),
        ("x", 13_200_000),
    ]
    assert best_of(found) == "z"
    assert idr_per_unit(found.offers[0]) == "13000.00"
    assert [offer.reason for offer in found.offers] == ["", "", ""]
    assert found.alternatives == ()


def test_q2_nine_hundred_kilograms_are_too_few_for_x_and_cheapest_from_y() -> None:
    found = compare(SERANG, 900)
    assert totals(found.offers) == {"y": 11_860_000, "z": 12_150_000, "x": 36 * 330_000}
    assert best_of(found) == "y"
    assert idr_per_unit(found.offers[0]) == "13177.78"
    x = found.offers[2]
    assert (x.supplier_id, x.cases, x.reason) == ("x", 36, MOQ_NOT_MET)


def test_q2_also_shows_z_a_thousand_kilograms_with_a_hundred_of_surplus() -> None:
    (z,) = compare(SERANG, 900).alternatives
    assert (z.supplier_id, z.quantity, z.total_idr) == ("z", 1_000, 13_000_000)
    assert z.quantity - 900 == 100
    assert idr_per_unit(z) == "13000.00"


# -- cases, minimums, ties -----------------------------------------------------------------


def test_a_broken_case_is_bought_whole_and_reaches_the_tier_of_all_it_holds() -> None:
    z = for_quantity(Z_10_KG, 991)
    assert (z.cases, z.quantity, z.goods_idr) == (100, 1_000, 13_000_000)


def test_a_minimum_in_rupiah_is_measured_on_goods_without_delivery() -> None:
    offer = replace(Y_50_KG, minimum_idr=645_000 * 2)
    assert for_quantity(offer, 50).reason == MINIMUM_NOT_MET
    assert for_quantity(offer, 51).reason == ""


def test_where_nothing_can_be_taken_it_is_shown_what_could() -> None:
    found = compare([X_25_KG, replace(Y_50_KG, minimum_idr=645_000 * 3)], 100)
    assert best_of(found) is None
    assert [(each.supplier_id, each.quantity) for each in found.alternatives] == [
        ("y", 150),
        ("x", 1_000),
    ]


def test_tp4_three_cartons_more_that_cost_less_are_shown() -> None:
    cartons = price(tier(1, 186_000), tier(50, 180_000), tier(100, 174_000))
    oil = Offer(supplier_id="indofood", price=cartons, case_size=1)
    found = compare([oil], 97)
    assert totals(found.offers) == {"indofood": 17_460_000}
    assert totals(found.alternatives) == {"indofood": 17_400_000}
    assert found.alternatives[0].quantity == 100


def test_of_two_steps_up_the_nearer_one_is_shown() -> None:
    stairs = price(tier(1, 100), tier(10, 90), tier(1_000, 50))
    (more,) = compare([Offer(supplier_id="a", price=stairs, case_size=1)], 9).alternatives
    assert more.quantity == 10


def test_incremental_tiers_charge_only_what_lies_above_the_threshold_less() -> None:
    graduated = price(tier(1, 186_000), tier(50, 180_000), tier_mode="incremental")
    offer = Offer(supplier_id="a", price=graduated, case_size=1)
    assert in_cases(offer, 50).goods_idr == 49 * 186_000 + 180_000


def test_a_tie_goes_to_the_shorter_lead_time_then_to_the_first_by_name() -> None:
    same = [
        replace(Y_50_KG, supplier_id=supplier_id, lead_days=lead_days)
        for supplier_id, lead_days in (("a", None), ("b", 3), ("c", 1), ("d", 1))
    ]
    assert list(totals(compare(same, 100).offers)) == ["c", "d", "b", "a"]


def test_an_alternative_that_no_ledger_could_hold_is_not_shown() -> None:
    huge = price(tier(1, 10), tier(MOST_UNITS, 9))
    found = compare([Offer(supplier_id="a", price=huge, case_size=1)], 5)
    assert found.alternatives[0].total_idr == 9 * MOST_UNITS
    huge = price(tier(1, MOST_IDR), tier(2, MOST_IDR - 1))
    assert compare([Offer(supplier_id="a", price=huge, case_size=1)], 1).alternatives == ()


# -- what holds for all offers -------------------------------------------------------------


@st.composite
def an_offer(draw: st.DrawFn) -> Offer:
    thresholds = draw(st.sets(st.integers(2, 3_000), max_size=3))
    tiers = [
        tier(start, draw(st.integers(1, 500_000)), draw(st.sampled_from([1, 10, 1_000])))
        for start in (1, *sorted(thresholds))
    ]
    mode = draw(st.sampled_from(["all_units", "incremental"]))
    return Offer(
        supplier_id=draw(st.sampled_from("abcdefgh")),
        price=price(*tiers, tier_mode=mode),
        case_size=draw(st.sampled_from([1, 5, 12, 25, 50])),
        min_cases=draw(st.integers(0, 60)),
        minimum_idr=draw(st.sampled_from([0, 0, 1_000_000, 50_000_000])),
        delivery_idr=draw(st.sampled_from([0, 250_000])),
        lead_days=draw(st.none() | st.integers(0, 3)),
    )


some_offers = st.lists(an_offer(), max_size=6, unique_by=lambda offer: offer.supplier_id)
quantities = st.integers(1, 4_000)


@for_all(st.data(), some_offers, quantities)
def test_the_order_of_offers_changes_nothing(
    data: st.DataObject, offers: list[Offer], quantity: int
) -> None:
    assert compare(data.draw(st.permutations(offers)), quantity) == compare(offers, quantity)


@for_all(an_offer(), quantities, quantities)
def test_more_never_falls_below_a_minimum_in_cases_that_less_reached(
    offer: Offer, one: int, other: int
) -> None:
    less, more = sorted((one, other))
    if for_quantity(offer, less).reason != MOQ_NOT_MET:
        assert for_quantity(offer, more).reason != MOQ_NOT_MET


@for_all(some_offers, quantities)
def test_nobody_who_can_deliver_is_cheaper_than_the_best(
    offers: list[Offer], quantity: int
) -> None:
    found = compare(offers, quantity)
    feasible = [offer.total_idr for offer in found.offers if not offer.reason]
    assert (found.best.total_idr if found.best else None) == min(feasible, default=None)
    assert len(found.offers) == len(offers)


@for_all(some_offers, quantities)
def test_an_offer_is_whole_cases_of_at_least_what_was_asked_and_adds_up(
    offers: list[Offer], quantity: int
) -> None:
    for offer in compare(offers, quantity).offers:
        assert offer.quantity == offer.cases * offer.case_size
        assert quantity <= offer.quantity < quantity + offer.case_size
        assert offer.total_idr == offer.goods_idr + offer.delivery_idr


@for_all(some_offers, quantities)
def test_an_alternative_can_be_taken_is_more_and_costs_less_per_unit(
    offers: list[Offer], quantity: int
) -> None:
    found = compare(offers, quantity)
    assert len({each.supplier_id for each in found.alternatives}) == len(found.alternatives)
    for each in found.alternatives:
        assert not each.reason
        assert each.quantity > quantity
        if found.best is not None:
            best = found.best
            assert each.total_idr * best.quantity < best.total_idr * each.quantity


@for_all(an_offer(), st.integers(1, 300))
def test_an_offer_that_needs_more_is_shown_at_the_least_that_it_takes(
    offer: Offer, quantity: int
) -> None:
    """Against counting case by case, as far as that goes."""
    found = compare([offer], quantity)
    asked_for = found.offers[0].cases
    counted = (cases for cases in range(asked_for + 1, 4_000) if not in_cases(offer, cases).reason)
    least = next(counted, None)
    if found.best is None and least is not None:
        assert found.alternatives == (in_cases(offer, least),)


# -- choosing ------------------------------------------------------------------------------

rice_added = ItemAdded(item_id="rice", title="Beras", base_unit="KGM", case_size=10)


def published(
    offer: Offer, start: date = jan_1, end: date | None = jan_31, **other: Any
) -> PriceListPublished:
    tiers = tuple(tier(each.from_quantity, each.idr, each.per) for each in offer.price.tiers)
    row = PriceRow(
        item_id="rice", tiers=tiers, case_size=offer.case_size, min_cases=offer.min_cases
    )
    fields: dict[str, Any] = {
        "price_list_id": offer.price.price_list_id,
        "supplier_id": offer.supplier_id,
        "part": 1,
        "valid_from_on": start,
        "valid_until_on": end,
        "tier_mode": offer.price.tier_mode,
        "rows": (row,),
        "minimum_idr": offer.minimum_idr,
        "delivery_idr": offer.delivery_idr,
        "lead_days": offer.lead_days,
    }
    return PriceListPublished(**{**fields, **other})


def choose(
    supplier_id: str = "y",
    quantity: int = 900,
    reason: str = "",
    suppliers: Sequence[str] = ("x", "y", "z"),
    priced_on: date = jan_15,
) -> ChooseSupplier:
    return ChooseSupplier(
        asked=asked(),
        choice_id="c1",
        item_id="rice",
        quantity=quantity,
        priced_on=priced_on,
        supplier_id=supplier_id,
        compared=tuple(suppliers),
        reason=reason,
    )


def chosen(supplier_id: str, offers: Sequence[Offer], quantity: int = 900) -> SupplierChosen:
    return SupplierChosen(
        choice_id="c1",
        item_id="rice",
        quantity=quantity,
        priced_on=jan_15,
        supplier_id=supplier_id,
        reason="",
        offers=compare(offers, quantity).offers,
    )


serang = given(choices).events(rice_added, *(published(offer) for offer in SERANG))


def test_the_choice_keeps_the_offers_that_lost() -> None:
    serang.when(choose()).then(chosen("y", SERANG))


def test_in_whatever_order_suppliers_are_named_the_choice_is_the_same() -> None:
    serang.when(choose(suppliers=("z", "x", "y", "x"))).then(chosen("y", SERANG))


def test_what_was_chosen_already_is_not_chosen_again() -> None:
    once = serang.events(chosen("y", SERANG))
    once.when(choose()).then_nothing()
    once.events(SupplierSuspended(supplier_id="y", reason="late")).when(choose()).then_nothing()


@pytest.mark.parametrize(
    "other",
    [
        choose("z", reason="they deliver at night"),
        choose(quantity=1_000),
        choose(priced_on=jan_31),
        choose(reason="it is near"),
    ],
)
def test_another_wish_under_a_taken_id_is_refused(other: ChooseSupplier) -> None:
    serang.events(chosen("y", SERANG)).when(other).then_refused(ChoiceExists)


def test_another_than_the_cheapest_needs_a_reason() -> None:
    refused = serang.when(choose("z"))
    refused.then_refused(
        ReasonMissing, cheapest="y", cheapest_idr=11_860_000, chosen_idr=12_150_000
    )
    (event,) = serang.when(choose("z", reason="they deliver at night")).then_recorded()
    assert event == msgspec.structs.replace(chosen("z", SERANG), reason="they deliver at night")


def test_as_cheap_as_the_best_needs_no_reason() -> None:
    twin = replace(Y_50_KG, supplier_id="yy")
    both = serang.events(published(twin, price_list_id="twin"))
    (event,) = both.when(choose("yy", suppliers=("x", "y", "yy", "z"))).then_recorded()
    assert isinstance(event, SupplierChosen)
    assert [offer.supplier_id for offer in event.offers] == ["y", "yy", "z", "x"]


def test_an_offer_that_cannot_be_taken_is_not_chosen() -> None:
    command = choose("x", reason="we know them")
    serang.when(command).then_refused(OfferCannotBeTaken, why=MOQ_NOT_MET)


def test_who_asks_nothing_on_that_day_is_not_chosen() -> None:
    serang.when(choose("bulog")).then_refused(ItemNotOffered)
    serang.when(choose(priced_on=date(2026, 2, 1))).then_refused(ItemNotOffered)
    serang.when(choose(priced_on=date(2025, 12, 31))).then_refused(ItemNotOffered)


def test_expired_and_future_lists_are_left_out_of_the_comparison() -> None:
    dated = given(choices).events(
        rice_added,
        published(X_25_KG, end=date(2026, 1, 14)),
        published(Y_50_KG, start=jan_15, end=jan_15),
        published(Z_10_KG, start=date(2026, 1, 16)),
    )
    dated.when(choose()).then(chosen("y", [Y_50_KG]))


def test_of_two_lists_in_force_the_later_one_holds() -> None:
    dearer = replace(Y_50_KG, price=price(tier(1, 700_000, 50), price_list_id="later"))
    changed = serang.events(published(dearer, start=jan_15, end=None))
    changed.when(choose("z")).then(chosen("z", [X_25_KG, dearer, Z_10_KG]))


def test_a_price_that_ended_does_not_count_until_a_later_list_gives_one() -> None:
    over = serang.events(published(Y_50_KG, rows=(), ended=("rice",)))
    over.when(choose("y")).then_refused(ItemNotOffered)
    again = replace(Y_50_KG, price=price(tier(1, 645_000, 50), price_list_id="again"))
    given_again = over.events(published(again, start=jan_15, end=None))
    given_again.when(choose("y")).then(chosen("y", [again, Z_10_KG, X_25_KG]))


def test_prices_of_suspended_suppliers_do_not_count() -> None:
    suspended = SupplierSuspended(supplier_id="y", reason="late")
    without = serang.events(suspended)
    without.when(choose("y")).then_refused(ItemNotOffered)
    without.when(choose("z")).then(chosen("z", [X_25_KG, Z_10_KG]))
    back = without.events(SupplierReinstated(supplier_id="y", reason="on time"))
    back.when(choose("y")).then(chosen("y", SERANG))


def test_a_list_without_a_case_size_is_in_cases_of_the_item() -> None:
    plain = replace(Z_10_KG, case_size=0)
    given(choices).events(rice_added, published(plain)).when(choose("z")).then(
        chosen("z", [Z_10_KG])
    )


def test_an_unknown_item_has_no_supplier() -> None:
    given(choices).events(published(Y_50_KG)).when(choose()).then_refused(NoSuchItem)


@pytest.mark.parametrize("quantity", [0, -1, MOST_UNITS + 1])
def test_a_quantity_that_cannot_be_is_refused(quantity: int) -> None:
    serang.when(choose(quantity=quantity)).then_refused(ComparisonDoesNotFit, pointer="/quantity")


def test_more_rupiah_than_a_ledger_holds_are_refused() -> None:
    dear = replace(Y_50_KG, price=price(tier(1, MOST_IDR)))
    known = given(choices).events(rice_added, published(dear))
    known.when(choose(quantity=50)).then_refused(ComparisonDoesNotFit, pointer="/quantity")


def test_the_suppliers_that_are_looked_at_must_not_change_meanwhile() -> None:
    about = {(each.topic.name, each.value): each for each in choices.needs(choose("bulog"))}
    for supplier_id in ("x", "y", "z", "bulog"):
        for key in (
            ("sourcing.offers", f"{supplier_id}|rice"),
            ("sourcing.seller", supplier_id),
        ):
            assert not about[key].topic.settled
            assert nothing_yet(about[key]).guards


def test_the_largest_comparison_is_one_command_for_the_log() -> None:
    names = [f"s{number:063}" for number in range(MOST_OFFERS)]
    dear = price(tier(1, MOST_IDR // 2), price_list_id="p" * 64)
    longest = replace(Y_50_KG, price=dear, case_size=1, delivery_idr=MOST_IDR // 2, lead_days=365)
    lists = [published(replace(longest, supplier_id=name)) for name in names]
    command = choose(names[0], quantity=1, suppliers=names)
    (event,) = given(choices).events(rice_added, *lists).when(command).then_recorded()
    guards = [guard for about in choices.needs(command) for guard in nothing_yet(about).guards]
    assert len(encode(event)) <= MOST_BODY_BYTES
    assert len(guards) <= MOST_GUARDS
    more = choose(names[0], quantity=1, suppliers=[*names, "one-more"])
    given(choices).events(rice_added, *lists).when(more).then_refused(TooManyOffers)
