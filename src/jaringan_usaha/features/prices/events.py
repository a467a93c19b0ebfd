"""What goods cost in the markets."""

from datetime import date
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class MarketPrice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The consumer price of one commodity on one day, in whole rupiah per its unit.

    `late`: the source left the day out and told the price the day after.
    """

    commodity: str
    day_on: date
    idr: int
    late: bool = False


class MarketCommodity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A kind of goods whose price is observed, with the source's own number, and its unit as the
    source spells it (`Rp./Kg`)."""

    commodity: str
    unit: str
    code: str = ""


class MarketPricesObserved(Event):
    """Part `part` of an imported table of observations; days without one are left out.

    Every part names all commodities of the table, in its order, so that a price has its unit.
    """

    name: ClassVar[str] = "prices.market_prices_observed.1"
    observation_id: str
    region_code: str
    part: int
    source: str
    prices: tuple[MarketPrice, ...]
    commodities: tuple[MarketCommodity, ...] = ()
