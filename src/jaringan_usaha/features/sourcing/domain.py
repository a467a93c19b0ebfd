"""The rules of choosing a supplier: on prices that are true, with the offers that lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple, assert_never

from jaringan_usaha.features.catalog.events import ItemAdded, PriceListPublished, offer_id
from jaringan_usaha.features.registry.events import SupplierReinstated, SupplierSuspended
from jaringan_usaha.features.sourcing.comparison import Comparison, Offer, compare
from jaringan_usaha.features.sourcing.events import ComparedOffer, SupplierChosen
from jaringan_usaha.kernel.calendar import in_force
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused
from jaringan_usaha.kernel.tiers import Price

MOST_OFFERS = 150
"""So many fit into one event, and into the guards of one decision."""

# -- commands ------------------------------------------------------------------------------


class ChooseSupplier(Command):
    """Who delivers `quantity` base units of an item on the prices of a day. `compared` names
    the suppliers to look at; what they ask is found out by the rule itself."""

    choice_id: str
    item_id: str
    quantity: int
    priced_on: date
    supplier_id: str
    compared: tuple[str, ...]
    reason: str = ""


# -- rejections ----------------------------------------------------------------------------


class NoSuchItem(Missing):
    code = "item-unknown"


class NoSuchCycle(Missing):
    code = "cycle-unknown"


class NoSuchChoice(Missing):
    code = "choice-unknown"


class ChoiceExists(Refused):
    code = "choice-exists"


class ItemNotOffered(Refused):
    code = "item-not-offered"


class OfferCannotBeTaken(Refused):
    code = "offer-infeasible"


class ReasonMissing(Refused):
    code = "choice-reason-missing"


class TooManyOffers(Refused):
    code = "offers-too-many"


class ComparisonDoesNotFit(Invalid):
    code = "comparison-invalid"


# -- state ---------------------------------------------------------------------------------


class Wish(NamedTuple):
    """What was asked for under the id of a choice."""

    item_id: str
    quantity: int
    priced_on: date
    supplier_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    choice_id: str
    granted: Wish | None = None


@dataclass(frozen=True, slots=True)
class Item:
    item_id: str
    case_size: int = 0


@dataclass(frozen=True, slots=True)
class Seller:
    supplier_id: str
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Offers:
    """All that one supplier ever asked for one item, with first and last day; None where its
    price ended."""

    offer_id: str
    dated: tuple[tuple[date, date | None, Offer | None], ...] = ()


def evolve_choice(choice: Choice, event: SupplierChosen) -> Choice:
    wish = Wish(event.item_id, event.quantity, event.priced_on, event.supplier_id, event.reason)
    return replace(choice, granted=wish)


def evolve_item(item: Item, event: ItemAdded) -> Item:
    return replace(item, case_size=event.case_size)


def evolve_seller(seller: Seller, event: SupplierSuspended | SupplierReinstated) -> Seller:
    match event:
        case SupplierSuspended():
            return replace(seller, suspended=True)
        case SupplierReinstated():
            return replace(seller, suspended=False)
    assert_never(event)


def evolve_offers(offers: Offers, event: PriceListPublished) -> Offers:
    if event.ends(offers.offer_id):
        return replace(offers, dated=(*offers.dated, (event.valid_from_on, None, None)))
    for row in event.rows:
        if offer_id(event.supplier_id, row.item_id) == offers.offer_id:
            offer = Offer(
                supplier_id=event.supplier_id,
                price=Price(
                    price_list_id=event.price_list_id, tier_mode=event.tier_mode, tiers=row.tiers
                ),
                case_size=row.case_size,
                min_cases=row.min_cases,
                minimum_idr=event.minimum_idr,
                delivery_idr=event.delivery_idr,
                lead_days=event.lead_days,
            )
            dated = (event.valid_from_on, event.valid_until_on, offer)
            return replace(offers, dated=(*offers.dated, dated))
    return offers


CHOICE = Topic("sourcing.choice", "choice", (SupplierChosen,), Choice, evolve_choice, stream=True)
ITEM = Topic("sourcing.item", "item", (ItemAdded,), Item, evolve_item, settled=True)
SELLER = Topic(
    "sourcing.seller", "supplier", (SupplierSuspended, SupplierReinstated), Seller, evolve_seller
)
OFFERS = Topic("sourcing.offers", "offer", (PriceListPublished,), Offers, evolve_offers)

# -- needs ---------------------------------------------------------------------------------


def needs(command: ChooseSupplier) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    return [
        CHOICE.about(command.choice_id, new=True),
        ITEM.about(command.item_id),
        *(SELLER.about(supplier_id) for supplier_id in _looked_at(command)),
        *(_offers_of(command, supplier_id) for supplier_id in _looked_at(command)),
    ]


def _looked_at(command: ChooseSupplier) -> list[str]:
    """Everybody named, but no more than are compared at all, and who is to be chosen."""
    return sorted({*command.compared[:MOST_OFFERS], command.supplier_id})


def _offers_of(command: ChooseSupplier, supplier_id: str) -> About[Offers]:
    return OFFERS.about(offer_id(supplier_id, command.item_id))


# -- decide --------------------------------------------------------------------------------


def choose_supplier(command: ChooseSupplier, known: Known) -> Sequence[Event]:
    """Raises ChoiceExists, NoSuchItem, ComparisonDoesNotFit, TooManyOffers, ItemNotOffered,
    OfferCannotBeTaken, ReasonMissing."""
    wish = Wish(
        command.item_id, command.quantity, command.priced_on, command.supplier_id, command.reason
    )
    granted = known[CHOICE.about(command.choice_id)].granted
    if granted == wish:
        return []
    if granted is not None:
        raise ChoiceExists(
            f"choice {command.choice_id} was decided otherwise than asked here; use another id"
        )
    not_too_many(command.compared)
    comparison = compared(_offers(command, known), command.quantity)
    chosen = _chosen(command, comparison)
    best = comparison.best
    assert best is not None
    if chosen.total_idr > best.total_idr and not command.reason:
        cheapest, cheapest_idr = best.supplier_id, best.total_idr
        supplier_id, chosen_idr = chosen.supplier_id, chosen.total_idr
        raise ReasonMissing(
            f"supplier {cheapest} delivers for Rp{cheapest_idr}, {supplier_id} for "
            f"Rp{chosen_idr}; say why it is chosen all the same",
            cheapest=cheapest,
            cheapest_idr=cheapest_idr,
            chosen_idr=chosen_idr,
            pointer="/reason",
        )
    return [
        SupplierChosen(
            choice_id=command.choice_id,
            item_id=command.item_id,
            quantity=command.quantity,
            priced_on=command.priced_on,
            supplier_id=command.supplier_id,
            reason=command.reason,
            offers=comparison.offers,
        )
    ]


def compared(offers: Sequence[Offer], quantity: int) -> Comparison:
    """`compare` within what can be written down. Raises ComparisonDoesNotFit."""
    if not 1 <= quantity <= MOST_UNITS:
        raise ComparisonDoesNotFit(f"a quantity is 1 to {MOST_UNITS}", pointer="/quantity")
    comparison = compare(offers, quantity)
    for each in comparison.offers:
        if each.total_idr > MOST_IDR:
            raise ComparisonDoesNotFit(
                f"this quantity would cost more than Rp{MOST_IDR} at supplier {each.supplier_id}; "
                "ask for less of it",
                pointer="/quantity",
            )
    return comparison


def not_too_many(suppliers: Sequence[object]) -> None:
    """Raises TooManyOffers."""
    if len(suppliers) > MOST_OFFERS:
        raise TooManyOffers(
            f"more than {MOST_OFFERS} suppliers have a price for this item on that day; suspend "
            "those nobody buys from"
        )


def _offers(command: ChooseSupplier, known: Known) -> list[Offer]:
    """What the suppliers ask on the day, in cases of their own or, without, of the item's."""
    item = known[ITEM.about(command.item_id)]
    if not item.case_size:
        raise NoSuchItem(f"there is no item {command.item_id}")
    found = []
    for supplier_id in _looked_at(command):
        offer = in_force(known[_offers_of(command, supplier_id)].dated, command.priced_on)
        if offer is not None and not known[SELLER.about(supplier_id)].suspended:
            found.append(replace(offer, case_size=offer.case_size or item.case_size))
    return found


def _chosen(command: ChooseSupplier, comparison: Comparison) -> ComparedOffer:
    offers = {offer.supplier_id: offer for offer in comparison.offers}
    chosen = offers.get(command.supplier_id)
    if chosen is None:
        raise ItemNotOffered(
            f"supplier {command.supplier_id} has no price for item {command.item_id} on "
            f"{command.priced_on}, or is suspended",
            pointer="/supplier_id",
        )
    if chosen.reason:
        raise OfferCannotBeTaken(
            f"supplier {chosen.supplier_id} does not deliver {chosen.cases} cases of "
            f"{chosen.case_size} ({chosen.reason}); take more of it, or choose another",
            why=chosen.reason,
            pointer="/supplier_id",
        )
    return chosen


choices = Decider(needs, choose_supplier, (CHOICE, ITEM, SELLER, OFFERS))
