"""What every supplier's offer comes to for a quantity, and which is best: pure arithmetic."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from jaringan_usaha.features.sourcing.events import ComparedOffer
from jaringan_usaha.kernel.money import MOST_IDR, half_up
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.tiers import Price, cost_idr

MOQ_NOT_MET = "MOQ_NOT_MET"
MINIMUM_NOT_MET = "MINIMUM_NOT_MET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The price of one supplier for an item, and its terms: whole cases of `case_size` base
    units, `min_cases` and `minimum_idr` of goods at least, `delivery_idr` per delivery."""

    supplier_id: str
    price: Price
    case_size: int
    min_cases: int = 0
    minimum_idr: int = 0
    delivery_idr: int = 0
    lead_days: int | None = None


class Comparison(NamedTuple):
    """Offers for one quantity, best first, then those that cannot be taken; and offers of more
    at a lower price per unit than the best one, the smallest surplus first."""

    offers: tuple[ComparedOffer, ...]
    alternatives: tuple[ComparedOffer, ...]

    @property
    def best(self) -> ComparedOffer | None:
        """The cheapest offer that can be taken."""
        return self.offers[0] if self.offers and not self.offers[0].reason else None


def compare(offers: Iterable[Offer], quantity: int) -> Comparison:
    """Every offer for `quantity` base units, landed, ranked by its total: a tie goes to the
    shorter lead time, then to the first supplier by name. Source: domain rules Q1 and Q2.

    `quantity` is positive. The item stands alone: a minimum in rupiah is measured by it, and
    the delivery is charged to it, as if nothing else were ordered from that supplier.
    """
    by_supplier = {offer.supplier_id: offer for offer in offers}
    ranked = sorted((for_quantity(offer, quantity) for offer in by_supplier.values()), key=_rank)
    found = Comparison(tuple(ranked), ())
    alternatives = [
        more
        for compared in ranked
        if (more := _cheaper_with_more(by_supplier[compared.supplier_id], compared, found.best))
    ]
    return found._replace(alternatives=tuple(sorted(alternatives, key=_nearest)))


def for_quantity(offer: Offer, quantity: int) -> ComparedOffer:
    """The offer in as many whole cases as hold `quantity`."""
    return in_cases(offer, _up(quantity, offer.case_size))


def in_cases(offer: Offer, cases: int) -> ComparedOffer:
    """The offer for a number of cases: all of them count for the tier; one delivery."""
    quantity = cases * offer.case_size
    goods_idr = cost_idr(offer.price, quantity)
    reason = ""
    if cases < offer.min_cases:
        reason = MOQ_NOT_MET
    elif goods_idr < offer.minimum_idr:
        reason = MINIMUM_NOT_MET
    return ComparedOffer(
        supplier_id=offer.supplier_id,
        price_list=offer.price.price_list_id,
        cases=cases,
        case_size=offer.case_size,
        quantity=quantity,
        goods_idr=goods_idr,
        delivery_idr=offer.delivery_idr,
        total_idr=goods_idr + offer.delivery_idr,
        lead_days=offer.lead_days,
        reason=reason,
    )


def idr_per_unit(offer: ComparedOffer) -> str:
    """The landed price of one base unit bought, in rupiah with two decimals, halves up."""
    hundredths = half_up(100 * offer.total_idr, offer.quantity)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _rank(offer: ComparedOffer) -> tuple[bool, int, bool, int, str]:
    """A lead time that is not said counts as longer than any."""
    unsaid = offer.lead_days is None
    return bool(offer.reason), offer.total_idr, unsaid, offer.lead_days or 0, offer.supplier_id


def _nearest(offer: ComparedOffer) -> tuple[int, int, str]:
    return offer.quantity, offer.total_idr, offer.supplier_id


def _cheaper_with_more(
    offer: Offer, asked: ComparedOffer, best: ComparedOffer | None
) -> ComparedOffer | None:
    """The fewest cases more than asked for at which this offer beats the best one per unit;
    any that can be taken, where nothing can as asked."""
    for cases in _first_of_each_tier(offer):
        if cases > asked.cases:
            more = in_cases(offer, cases)
            if more.total_idr <= MOST_IDR and (best is None or _is_cheaper(more, best)):
                return more
    return None


def _is_cheaper(one: ComparedOffer, other: ComparedOffer) -> bool:
    return one.total_idr * other.quantity < other.total_idr * one.quantity


def _first_of_each_tier(offer: Offer) -> Iterator[int]:
    """The fewest cases in each tier that can be taken, where any can."""

    def enough(cases: int) -> bool:
        return cost_idr(offer.price, cases * offer.case_size) >= offer.minimum_idr

    starts = [_up(tier.from_quantity, offer.case_size) for tier in offer.price.tiers]
    ends = [*starts[1:], MOST_UNITS // offer.case_size + 1]
    for start, end in zip(starts, ends, strict=True):
        tier = range(max(start, offer.min_cases), end)
        if tier and enough(tier[-1]):  # in one tier, more goods cost more
            yield tier[bisect_left(tier, True, key=enough)]


def _up(quantity: int, case_size: int) -> int:
    return -(-quantity // case_size)
