"""The rules of suppliers' dated price lists."""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from typing import Any, Literal, assert_never

import msgspec

from jaringan_usaha.features.catalog.events import (
    ItemAdded,
    PriceListPublished,
    PriceRow,
    Tier,
    offer_id,
)
from jaringan_usaha.features.catalog.items import MOST_CASE
from jaringan_usaha.features.catalog.offers import OFFER, Offer, Validity
from jaringan_usaha.features.registry.events import (
    SupplierAdmitted,
    SupplierReinstated,
    SupplierSuspended,
)
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

TierMode = Literal["all_units", "incremental"]

MOST_ROWS = 5_000
MOST_TIERS = 20
MOST_LEAD_DAYS = 365
MOST_CASES = 1_000_000
SHA_256 = re.compile(r"[0-9a-f]{64}")
ROWS_A_PART = 25
"""Who asks for one offer reads the whole part it stands in, so parts are kept small."""

# -- commands ------------------------------------------------------------------------------


class PublishPriceList(Command):
    """All prices of one list, valid on both dates and between; without an end, until a list
    that starts later takes over. Prices are without PPN.

    `minimum_idr` of goods make an order, `delivery_idr` is asked per delivery, which takes
    `lead_days` (None: not said). `source` is the SHA-256 of the file it was read from, in hex.
    `ended` are items whose price ends with the first day, whatever the last day of the list.
    """

    price_list_id: str
    supplier_id: str
    valid_from_on: date
    valid_until_on: date | None
    tier_mode: TierMode
    rows: tuple[PriceRow, ...]
    minimum_idr: int = 0
    delivery_idr: int = 0
    lead_days: int | None = None
    source: str = ""
    ended: tuple[str, ...] = ()


# -- rejections ----------------------------------------------------------------------------


class ItemNotKnown(Refused):
    """A row names an item that does not exist."""

    code = "price-list-item-unknown"


class NoSuchSupplier(Missing):
    code = "supplier-unknown"


class SupplierIsSuspended(Refused):
    code = "supplier-is-suspended"


class NoSuchPriceList(Missing):
    code = "price-list-unknown"


class PriceListExists(Refused):
    code = "price-list-exists"


class PriceListDoesNotFit(Invalid):
    code = "price-list-invalid"


class PricesOverlap(Refused):
    code = "price-overlaps"


class NoPriceToEnd(Refused):
    code = "price-list-no-price-to-end"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownItem:
    item_id: str
    so: bool = False


@dataclass(frozen=True, slots=True)
class Seller:
    supplier_id: str
    admitted: bool = False
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class PriceList:
    """A digest of all that was published under this id, however it was cut into parts."""

    price_list_id: str
    content: bytes = b""


def evolve_known_item(item: KnownItem, _: ItemAdded) -> KnownItem:
    return replace(item, so=True)


def evolve_seller(
    seller: Seller, event: SupplierAdmitted | SupplierSuspended | SupplierReinstated
) -> Seller:
    match event:
        case SupplierAdmitted():
            return replace(seller, admitted=True)
        case SupplierSuspended():
            return replace(seller, suspended=True)
        case SupplierReinstated():
            return replace(seller, suspended=False)
    assert_never(event)


def evolve_price_list(price_list: PriceList, event: PriceListPublished) -> PriceList:
    return replace(price_list, content=_digest(event, price_list.content))


KNOWN_ITEM = Topic(
    "catalog.known_item", "item", (ItemAdded,), KnownItem, evolve_known_item, settled=True
)
SELLER = Topic(
    "catalog.seller",
    "supplier",
    (SupplierAdmitted, SupplierSuspended, SupplierReinstated),
    Seller,
    evolve_seller,
)
PRICE_LIST = Topic(
    "catalog.price_list",
    "price_list",
    (PriceListPublished,),
    PriceList,
    evolve_price_list,
    stream=True,
)


def _digest(published: PublishPriceList | PriceListPublished, before: bytes = b"") -> bytes:
    """Sixteen bytes that chain the rows to what came before: parts do not change the sum."""
    so_far = before or msgspec.json.encode(
        (
            published.supplier_id,
            published.valid_from_on,
            published.valid_until_on,
            published.tier_mode,
            published.minimum_idr,
            published.delivery_idr,
            published.lead_days,
            published.source,
        )
    )
    for row in published.rows:
        so_far = blake2b(so_far + msgspec.json.encode(row), digest_size=16).digest()
    for item_id in published.ended:
        so_far = blake2b(so_far + msgspec.json.encode(item_id), digest_size=16).digest()
    return so_far


# -- needs ---------------------------------------------------------------------------------


def needs(command: PublishPriceList) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    rows = command.rows[:MOST_ROWS]  # a longer list is refused anyway
    items = dict.fromkeys(row.item_id for row in rows)
    ended = command.ended[: MOST_ROWS - len(rows)]
    return [
        PRICE_LIST.about(command.price_list_id, new=True),
        SELLER.about(command.supplier_id),
        *(KNOWN_ITEM.about(item_id) for item_id in items),
        *(_offer(command, item_id) for item_id in dict.fromkeys((*items, *ended))),
    ]


def _offer(command: PublishPriceList, item_id: str) -> About[Offer]:
    return OFFER.about(offer_id(command.supplier_id, item_id))


# -- decide --------------------------------------------------------------------------------


def publish_price_list(
    command: PublishPriceList, known: Known, *, added: Container[str] = ()
) -> Sequence[Event]:
    """Raises PriceListDoesNotFit, NoSuchSupplier, SupplierIsSuspended, PriceListExists,
    ItemNotKnown, PricesOverlap, NoPriceToEnd. The whole list is recorded, or nothing of it;
    `added` are items that the same step adds."""
    _check_form(command)
    content = known[PRICE_LIST.about(command.price_list_id)].content
    if content == _digest(command):
        return []
    if content:
        raise PriceListExists(
            f"price list {command.price_list_id} was published with other content; "
            "publish this one under a new id"
        )
    _may_sell(known[SELLER.about(command.supplier_id)])
    for number, row in enumerate(command.rows):
        if row.item_id not in added and not known[KNOWN_ITEM.about(row.item_id)].so:
            raise ItemNotKnown(
                f"there is no item {row.item_id}; add it first", pointer=f"/rows/{number}/item_id"
            )
        _check_overlap(command, number, known)
    for number, item_id in enumerate(command.ended):
        _check_end(command, item_id, f"/ended/{number}", known[_offer(command, item_id)])
    return list(_in_parts(command))


def _check_form(command: PublishPriceList) -> None:
    """What the list can be told without looking at anything else. Raises PriceListDoesNotFit."""
    if not (command.rows or command.ended):
        raise PriceListDoesNotFit(
            "a price list has at least one row, or ends a price", pointer="/rows"
        )
    if len(command.rows) > MOST_ROWS:
        raise PriceListDoesNotFit(
            f"a price list has at most {MOST_ROWS} rows; cut this one into several lists, "
            "each with its own id",
            pointer="/rows",
        )
    if len(command.rows) + len(command.ended) > MOST_ROWS:
        raise PriceListDoesNotFit(
            f"the rows of a price list and the items that it ends are at most {MOST_ROWS} "
            "together; cut this one into several lists, each with its own id",
            pointer="/ended",
        )
    until_on = command.valid_until_on
    if until_on is not None and until_on < command.valid_from_on:
        raise PriceListDoesNotFit(
            "a price list cannot end before it starts", pointer="/valid_until_on"
        )
    _check_terms(command)
    seen: set[str] = set()
    for number, row in enumerate(command.rows):
        if row.item_id in seen:
            raise PriceListDoesNotFit(
                f"item {row.item_id} stands in two rows", pointer=f"/rows/{number}/item_id"
            )
        seen.add(row.item_id)
        _check_cases(row, f"/rows/{number}")
        _check_tiers(row.tiers, f"/rows/{number}/tiers")
    for number, item_id in enumerate(command.ended):
        if item_id in seen:
            raise PriceListDoesNotFit(
                f"item {item_id} is named before in this list, which gives it a price or ends "
                "its price, and that once",
                pointer=f"/ended/{number}",
            )
        seen.add(item_id)


def _check_terms(command: PublishPriceList) -> None:
    for name, amount in (
        ("minimum_idr", command.minimum_idr),
        ("delivery_idr", command.delivery_idr),
    ):
        if not 0 <= amount <= MOST_IDR:
            raise PriceListDoesNotFit(
                f"an amount is 0 to {MOST_IDR} rupiah; 0 says there is none", pointer=f"/{name}"
            )
    if command.lead_days is not None and not 0 <= command.lead_days <= MOST_LEAD_DAYS:
        raise PriceListDoesNotFit(
            f"a delivery takes 0 to {MOST_LEAD_DAYS} days; leave it out when the supplier does "
            "not say",
            pointer="/lead_days",
        )
    if command.source and not SHA_256.fullmatch(command.source):
        raise PriceListDoesNotFit(
            "a source is the SHA-256 of the file, 64 hexadecimal digits", pointer="/source"
        )


def _check_cases(row: PriceRow, pointer: str) -> None:
    if not 0 <= row.case_size <= MOST_CASE:
        raise PriceListDoesNotFit(
            f"a case holds 1 to {MOST_CASE} units; 0 says as many as the item's",
            pointer=f"{pointer}/case_size",
        )
    if not 0 <= row.min_cases <= MOST_CASES:
        raise PriceListDoesNotFit(
            f"a minimum is 0 to {MOST_CASES} cases", pointer=f"{pointer}/min_cases"
        )


def _check_tiers(tiers: Sequence[Tier], pointer: str) -> None:
    if not 1 <= len(tiers) <= MOST_TIERS:
        raise PriceListDoesNotFit(f"a row has 1 to {MOST_TIERS} tiers", pointer=pointer)
    if tiers[0].from_quantity != 1:
        raise PriceListDoesNotFit("the first tier starts from 1", pointer=f"{pointer}/0")
    before = 0
    for number, tier in enumerate(tiers):
        if not before < tier.from_quantity <= MOST_UNITS:
            raise PriceListDoesNotFit(
                "each tier starts from a larger quantity than the one before, so no two from "
                "the same",
                pointer=f"{pointer}/{number}/from_quantity",
            )
        if not 1 <= tier.idr <= MOST_IDR:
            raise PriceListDoesNotFit("a price is positive", pointer=f"{pointer}/{number}/idr")
        if not 1 <= tier.per <= MOST_UNITS:
            raise PriceListDoesNotFit(
                "a price is for at least one unit", pointer=f"{pointer}/{number}/per"
            )
        before = tier.from_quantity


def _may_sell(seller: Seller) -> None:
    if not seller.admitted:
        raise NoSuchSupplier(f"supplier {seller.supplier_id} is not admitted to this network")
    if seller.suspended:
        raise SupplierIsSuspended(f"supplier {seller.supplier_id} is suspended")


def _check_overlap(command: PublishPriceList, number: int, known: Known) -> None:
    item_id = command.rows[number].item_id
    wanted = Validity(command.price_list_id, command.valid_from_on, command.valid_until_on)
    for other in known[_offer(command, item_id)].validities:
        if wanted.clashes_with(other):
            raise _overlap(command, item_id, f"/rows/{number}", other)


def _check_end(command: PublishPriceList, item_id: str, pointer: str, offer: Offer) -> None:
    """There is a price to end, and nothing else is said of it from that very day on."""
    for other in offer.validities:
        if other.from_on == command.valid_from_on:
            raise _overlap(command, item_id, pointer, other)
    if not offer.on(command.valid_from_on):
        raise NoPriceToEnd(
            f"supplier {command.supplier_id} has no price for item {item_id} on "
            f"{command.valid_from_on} that could end; leave it out, or choose another day",
            pointer=pointer,
        )


def _overlap(
    command: PublishPriceList, item_id: str, pointer: str, other: Validity
) -> PricesOverlap:
    sentence = (
        f"price list {other.price_list_id} has prices of {command.supplier_id} for item "
        f"{item_id} on some of these days; choose days after or before it"
    )
    if other.ended:
        sentence = (
            f"price list {other.price_list_id} ends the price of {command.supplier_id} for item "
            f"{item_id} on {other.from_on}; choose days after or before it"
        )
    return PricesOverlap(sentence, price_list_id=other.price_list_id, pointer=pointer)


def _in_parts(command: PublishPriceList) -> Iterator[PriceListPublished]:
    """Rows first, then what ends."""
    parts: list[tuple[tuple[PriceRow, ...], tuple[str, ...]]] = [
        *((command.rows[at : at + ROWS_A_PART], ()) for at in _starts(command.rows)),
        *(((), command.ended[at : at + ROWS_A_PART]) for at in _starts(command.ended)),
    ]
    for part, (rows, ended) in enumerate(parts, start=1):
        yield PriceListPublished(
            price_list_id=command.price_list_id,
            supplier_id=command.supplier_id,
            part=part,
            valid_from_on=command.valid_from_on,
            valid_until_on=command.valid_until_on,
            tier_mode=command.tier_mode,
            rows=rows,
            minimum_idr=command.minimum_idr,
            delivery_idr=command.delivery_idr,
            lead_days=command.lead_days,
            source=command.source,
            ended=ended,
        )


def _starts(named: Sequence[object]) -> range:
    return range(0, len(named), ROWS_A_PART)


catalog = Decider(needs, publish_price_list, (KNOWN_ITEM, SELLER, PRICE_LIST, OFFER))
