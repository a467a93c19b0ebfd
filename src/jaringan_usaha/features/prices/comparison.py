"""What a cycle's goods cost against the market: pure arithmetic, exact until it is shown."""

from dataclasses import dataclass
from datetime import date

from jaringan_usaha.kernel.market_table import Basis, basis_of, content_of
from jaringan_usaha.kernel.money import half_up

NO_COMMODITY = "NO_COMMODITY"
NO_PRICE = "NO_PRICE"
NO_OBSERVATION = "NO_OBSERVATION"
NO_MEASURE = "NO_MEASURE"
NO_CONTENT = "NO_CONTENT"

_THOUSAND = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What the group pays for a quantity of one item, PPN apart; None where nothing says so.

    `weight_g` and `volume_ml` are of a base unit, 0 when nobody said.
    """

    quantity: int
    goods_idr: int | None
    ppn_idr: int
    commodity: str
    base_unit: str
    weight_g: int
    volume_ml: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The latest price of the commodity on or before the day that the cycle is priced on."""

    idr: int
    day_on: date
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Either what the same goods cost in the market, or the `reason` why nobody can say.

    `unit_idr` is the group's price for a kilogram or litre, PPN included, halves up: to be
    shown beside the market's, never to be reckoned with.
    """

    basis: Basis = ""
    unit_idr: int | None = None
    market_amount_idr: int | None = None
    saving_idr: int | None = None
    exceeds_market: bool = False
    reason: str = ""


def compare(bought: Bought, market: Market | None) -> Compared:
    """The group's price, PPN included, against the consumer's, which includes it.

    `exceeds_market` is decided before any rounding. Freight and fees are in neither: the market
    price is a shelf's, the group's is its supplier's.
    """
    if not bought.commodity:
        return Compared(reason=NO_COMMODITY)
    if bought.goods_idr is None or bought.quantity < 1:
        return Compared(reason=NO_PRICE)
    if market is None:
        return Compared(reason=NO_OBSERVATION)
    basis = basis_of(market.unit)
    if not basis:
        return Compared(reason=NO_MEASURE)
    content = content_of(basis, bought.base_unit, bought.weight_g, bought.volume_ml)
    if not content:
        return Compared(basis=basis, reason=NO_CONTENT)
    paid = bought.goods_idr + bought.ppn_idr
    units = bought.quantity * content
    market_amount = half_up(market.idr * units, _THOUSAND)
    return Compared(
        basis=basis,
        unit_idr=half_up(paid * _THOUSAND, units),
        market_amount_idr=market_amount,
        saving_idr=market_amount - paid,
        exceeds_market=paid * _THOUSAND > market.idr * units,
    )
