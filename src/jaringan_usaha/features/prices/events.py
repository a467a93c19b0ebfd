"""What goods cost in the markets."""

from datetime import date
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class MarketPrice(msgspec.Struct, frozen=True, kw_only=True):
    """The consumer price of one commodity on one day, in whole rupiah per its unit."""

    commodity: str
    day_on: date
    idr: int


class MarketPricesObserved(Event):
    """Part `part` of an imported table of observations; days without one are left out."""

    name: ClassVar[str] = "prices.market_prices_observed.1"
    observation_id: str
    region_code: str
    part: int
    source: str
    prices: tuple[MarketPrice, ...]
