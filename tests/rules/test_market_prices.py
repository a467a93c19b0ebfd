"""Observed market prices: recorded once, and what a cycle's goods cost against them."""

from datetime import date, timedelta

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from given import asked, given
from jaringan_usaha.features.prices.comparison import (
    NO_COMMODITY,
    NO_CONTENT,
    NO_MEASURE,
    NO_OBSERVATION,
    NO_PRICE,
    Bought,
    Compared,
    Market,
    compare,
)
from jaringan_usaha.features.prices.domain import (
    PRICES_A_PART,
    ObservationDoesNotFit,
    ObservationExists,
    ObserveMarketPrices,
    observation,
    observations,
)
from jaringan_usaha.features.prices.events import (
    MarketCommodity,
    MarketPrice,
    MarketPricesObserved,
)
from jaringan_usaha.kernel.market_table import MOST_IDR, Row, commodity_of, table_of

DAY = date(2025, 9, 13)
RICE = MarketCommodity(commodity="Beras Medium", unit="Rp./Kg", code="28")


def price(idr: int = 13_250, day: date = DAY, commodity: str = "Beras Medium") -> MarketPrice:
    return MarketPrice(commodity=commodity, day_on=day, idr=idr)


def observe(
    *prices: MarketPrice, region_code: str = "32.73", source: str = "Badan Pangan Nasional"
) -> ObserveMarketPrices:
    return ObserveMarketPrices(
        asked=asked(),
        observation_id="o1",
        region_code=region_code,
        source=source,
        commodities=(RICE,),
        prices=prices,
    )


def observed(*prices: MarketPrice, part: int = 1) -> MarketPricesObserved:
    return MarketPricesObserved(
        observation_id="o1",
        region_code="32.73",
        part=part,
        source="Badan Pangan Nasional",
        prices=prices,
        commodities=(RICE,),
    )


once = given(observations).events(observed(price()))

# -- recording -----------------------------------------------------------------------------


def test_a_table_is_recorded_whole() -> None:
    given(observations).when(observe(price())).then(observed(price()))


def test_the_same_table_again_records_nothing() -> None:
    once.when(observe(price())).then_nothing()


@pytest.mark.parametrize(
    "other",
    [
        observe(price(13_251)),
        observe(price(), price(day=DAY + timedelta(days=1))),
        observe(price(), region_code="32.16"),
        observe(price(), source="PIHPS"),
        observe(),
    ],
)
def test_another_table_under_a_taken_id_is_refused(other: ObserveMarketPrices) -> None:
    once.when(other).then_refused(ObservationExists)


def test_a_long_table_is_cut_into_parts_and_known_again() -> None:
    days = [price(1 + at, DAY + timedelta(days=at)) for at in range(2 * PRICES_A_PART + 1)]
    events = given(observations).when(observe(*days)).then_recorded()
    parts = [event for event in events if isinstance(event, MarketPricesObserved)]
    assert [event.part for event in parts] == [1, 2, 3]
    assert [len(event.prices) for event in parts] == [PRICES_A_PART, PRICES_A_PART, 1]
    assert all(event.commodities == (RICE,) for event in parts)
    assert [each for event in parts for each in event.prices] == days
    given(observations).events(*events).when(observe(*days)).then_nothing()


def test_a_table_in_which_nothing_was_observed_still_names_its_commodities() -> None:
    given(observations).when(observe()).then(observed())
    given(observations).events(observed()).when(observe()).then_nothing()


@pytest.mark.parametrize("wrong", [price(0), price(MOST_IDR + 1), price(commodity="Garam")])
def test_a_price_of_nothing_is_never_recorded(wrong: MarketPrice) -> None:
    given(observations).when(observe(wrong)).then_refused(ObservationDoesNotFit)


def test_what_a_table_leaves_out_is_left_out() -> None:
    rice = commodity_of("Beras Medium", "28", "Rp./Kg")
    rows = [Row(rice, DAY, 0), Row(rice, DAY + timedelta(days=1), 13_250)]
    command = observation(asked(), "o1", "32.73", "Badan Pangan Nasional", table_of(iter(rows)))
    answer = given(observations).when(command)
    answer.then(observed(price(day=DAY + timedelta(days=1))))


# -- a cycle against the market ------------------------------------------------------------


def bought(
    goods_idr: int | None = 174_000,
    quantity: int = 1,
    *,
    ppn_idr: int = 0,
    commodity: str = "Minyakita",
    base_unit: str = "XPK",
    weight_g: int = 0,
    volume_ml: int = 12_000,
) -> Bought:
    return Bought(
        quantity=quantity,
        goods_idr=goods_idr,
        ppn_idr=ppn_idr,
        commodity=commodity,
        base_unit=base_unit,
        weight_g=weight_g,
        volume_ml=volume_ml,
    )


def market(idr: int = 18_000, unit: str = "Rp/Liter") -> Market:
    return Market(idr=idr, day_on=DAY, unit=unit)


def test_a_carton_of_twelve_litres_is_measured_by_the_litre() -> None:
    """Minyakita was 18,000 a litre in Bandung, a carton 216,000; the group pays 174,000."""
    assert compare(bought(), market()) == Compared(
        basis="l", unit_idr=14_500, market_amount_idr=216_000, saving_idr=42_000
    )


def test_ppn_is_paid_too_and_the_shelf_price_includes_it() -> None:
    found = compare(bought(ppn_idr=19_140), market())
    assert (found.unit_idr, found.saving_idr) == (16_095, 216_000 - 193_140)


def test_more_than_the_market_asks_is_an_alert() -> None:
    equal = compare(bought(216_000), market())
    assert (equal.saving_idr, equal.exceeds_market) == (0, False)
    dearer = compare(bought(216_001), market())
    assert (dearer.saving_idr, dearer.exceeds_market) == (-1, True)


def test_the_alert_is_decided_before_rounding() -> None:
    """333 g at 13,500 a kilogram are worth 4,495.5: shown as 4,496, and 4,496 is dearer."""
    grams = bought(4_496, 333, base_unit="GRM", volume_ml=0)
    found = compare(grams, market(13_500, "Rp./Kg"))
    assert (found.market_amount_idr, found.saving_idr) == (4_496, 0)
    assert found.exceeds_market


@pytest.mark.parametrize(
    ("base_unit", "unit", "worth"),
    [
        ("GRM", "Rp/kg", 18),
        ("KGM", "Rp/kg", 18_000),
        ("MLT", "Rp/Liter", 18),
        ("LTR", "Rp/Liter", 18_000),
    ],
)
def test_goods_counted_by_weight_or_volume_need_no_description(
    base_unit: str, unit: str, worth: int
) -> None:
    found = compare(bought(1, base_unit=base_unit, volume_ml=0), market(18_000, unit))
    assert found.market_amount_idr == worth


@pytest.mark.parametrize(
    ("goods", "price", "reason"),
    [
        (bought(commodity=""), market(), NO_COMMODITY),
        (bought(None), market(), NO_PRICE),
        (bought(quantity=0), market(), NO_PRICE),
        (bought(), None, NO_OBSERVATION),
        (bought(), market(unit="Rp/butir"), NO_MEASURE),
        (bought(), market(unit="Rp/kg"), NO_CONTENT),
        (bought(volume_ml=0), market(), NO_CONTENT),
    ],
)
def test_what_cannot_be_compared_says_why(goods: Bought, price: Market | None, reason: str) -> None:
    found = compare(goods, price)
    assert found.reason == reason
    assert (found.market_amount_idr, found.saving_idr, found.unit_idr) == (None, None, None)
    assert not found.exceeds_market


@hypothesis_given(
    goods=st.integers(0, 10**12),
    quantity=st.integers(1, 10**6),
    content=st.integers(1, 10**5),
    idr=st.integers(1, 10**6),
)
def test_a_saving_is_never_shown_beside_an_alert(
    goods: int, quantity: int, content: int, idr: int
) -> None:
    found = compare(bought(goods, quantity, volume_ml=content), market(idr))
    assert found.saving_idr is not None
    assert found.market_amount_idr is not None
    assert found.market_amount_idr - goods == found.saving_idr
    assert not (found.exceeds_market and found.saving_idr > 0)
    assert found.exceeds_market or found.saving_idr >= 0
