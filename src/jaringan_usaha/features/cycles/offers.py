"""What suppliers ask for items, as far as cycles look at it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from jaringan_usaha.features.catalog.events import ItemAdded, PriceListPublished, offer_id
from jaringan_usaha.features.cycles.domain import Cycle
from jaringan_usaha.kernel.calendar import in_force
from jaringan_usaha.kernel.decider import About, Known, Topic
from jaringan_usaha.kernel.rejections import Refused
from jaringan_usaha.kernel.tiers import Price


class ItemNotOffered(Refused):
    code = "item-not-offered"


@dataclass(frozen=True, slots=True)
class Offer:
    """The prices one supplier ever asked for one item, latest list last; None where it ended."""

    offer_id: str
    prices: tuple[tuple[date, date | None, Price | None], ...] = ()

    def on(self, day: date) -> Price | None:
        """The price in force on a day: of the lists that include it, the one starting last."""
        return in_force(self.prices, day)

    def ordered_on(self, day: date) -> Price | None:
        """The price of what was ordered while there was one: that it ended takes nothing away."""
        asked = [(start, end, price) for start, end, price in self.prices if price is not None]
        return in_force(asked, day)


def evolve_offer(offer: Offer, event: PriceListPublished) -> Offer:
    if event.ends(offer.offer_id):
        return replace(offer, prices=(*offer.prices, (event.valid_from_on, None, None)))
    for row in event.rows:
        if offer_id(event.supplier_id, row.item_id) == offer.offer_id:
            price = Price(
                price_list_id=event.price_list_id,
                tier_mode=event.tier_mode,
                tiers=row.tiers,
                case_size=row.case_size,
                min_cases=row.min_cases,
                minimum_idr=event.minimum_idr,
            )
            dated = (event.valid_from_on, event.valid_until_on, price)
            return replace(offer, prices=(*offer.prices, dated))
    return offer


@dataclass(frozen=True, slots=True)
class Packing:
    """How many base units a case of the item holds where the supplier says nothing else."""

    item_id: str
    case_size: int = 1


def evolve_packing(packing: Packing, event: ItemAdded) -> Packing:
    return replace(packing, case_size=event.case_size)


OFFER = Topic("cycles.offer", "offer", (PriceListPublished,), Offer, evolve_offer, settled=True)
PACKING = Topic("cycles.packing", "item", (ItemAdded,), Packing, evolve_packing, settled=True)


def price_on(offer: Offer, cycle: Cycle) -> Price:
    """What may be ordered costs. Raises ItemNotOffered."""
    assert cycle.priced_on is not None
    return _existing(offer.on(cycle.priced_on), offer, cycle)


def _existing(price: Price | None, offer: Offer, cycle: Cycle) -> Price:
    if price is None:
        supplier_id, _, item_id = offer.offer_id.partition("|")
        raise ItemNotOffered(
            f"supplier {supplier_id} has no price for item {item_id} on {cycle.priced_on}"
        )
    return price


def about_terms(supplier_id: str, item_id: str) -> tuple[About[Any], About[Any]]:
    """What `terms_on` must know."""
    return OFFER.about(offer_id(supplier_id, item_id)), PACKING.about(item_id)


def is_offered(known: Known, supplier_id: str, item_id: str, cycle: Cycle) -> bool:
    """Whether the goods can still be ordered in the cycle."""
    assert cycle.priced_on is not None
    return known[OFFER.about(offer_id(supplier_id, item_id))].on(cycle.priced_on) is not None


def terms_on(known: Known, supplier_id: str, item_id: str, cycle: Cycle) -> Price:
    """The price of goods ordered in the cycle, with the case that they come in.

    Raises ItemNotOffered.
    """
    assert cycle.priced_on is not None
    offer, packing = about_terms(supplier_id, item_id)
    price = _existing(known[offer].ordered_on(cycle.priced_on), known[offer], cycle)
    if price.case_size:
        return price
    return replace(price, case_size=known[packing].case_size)
