"""On which days one supplier has a price for one item, and by which list."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from jaringan_usaha.features.catalog.events import PriceListPublished
from jaringan_usaha.kernel.calendar import in_force
from jaringan_usaha.kernel.decider import Topic


@dataclass(frozen=True, slots=True)
class Validity:
    """On which days a price list holds; without an end until a later start. `ended`: on these
    days there is no price."""

    price_list_id: str
    from_on: date
    until_on: date | None
    ended: bool = False

    def clashes_with(self, other: "Validity") -> bool:
        """Whether two lists name a price for the same day with the same right."""
        first, last = sorted((self, other), key=lambda each: each.from_on)
        if first.from_on == last.from_on:
            return True
        return first.until_on is not None and last.from_on <= first.until_on

    def cut_on(self, day: date) -> "Validity":
        """What is left of it when the price ends on a day: a later list may take the days after
        that. One without a last day leaves them free as it is."""
        if self.until_on is None or not self.from_on < day <= self.until_on:
            return self
        return replace(self, until_on=day - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Offer:
    """When one supplier has a price for one item."""

    offer_id: str
    validities: tuple[Validity, ...] = ()

    def on(self, day: date) -> str:
        """The price list whose price is in force on a day; empty without a price."""
        dated = [
            (each.from_on, each.until_on, "" if each.ended else each.price_list_id)
            for each in self.validities
        ]
        return in_force(dated, day) or ""


def evolve_offer(offer: Offer, event: PriceListPublished) -> Offer:
    named = Validity(event.price_list_id, event.valid_from_on, event.valid_until_on)
    if not event.ends(offer.offer_id):
        return replace(offer, validities=(*offer.validities, named))
    before = [each.cut_on(named.from_on) for each in offer.validities]
    return replace(offer, validities=(*before, replace(named, until_on=None, ended=True)))


OFFER = Topic("catalog.offer", "offer", (PriceListPublished,), Offer, evolve_offer)
