"""What the lines of an order must say: known goods, at the server's price and below its ceiling."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from jaringan_usaha.features.catalog.events import ItemAdded, offer_id
from jaringan_usaha.features.cycles.ceilings import (
    OF_ORDERS,
    CeilingExceeded,
    bounds_of_order,
    facts_of,
)
from jaringan_usaha.features.cycles.domain import Cycle, Exists, evolve_exists
from jaringan_usaha.features.cycles.offers import OFFER, ItemNotOffered, price_on
from jaringan_usaha.features.cycles.orders.events import OrderLine
from jaringan_usaha.features.cycles.rules import ALL_CEILINGS, ALL_SPHP
from jaringan_usaha.features.registry.events import SupplierAdmitted
from jaringan_usaha.kernel.ceiling import Bound, first_exceeded
from jaringan_usaha.kernel.decider import About, Known, Topic
from jaringan_usaha.kernel.rejections import Invalid, Refused
from jaringan_usaha.kernel.tiers import Price, Tier

MOST_LINES = 500

# -- rejections ----------------------------------------------------------------------------


class LinesDoNotFit(Invalid):
    code = "order-lines-invalid"


class PriceDiffers(Refused):
    code = "price-differs"


# -- state ---------------------------------------------------------------------------------


ITEM = Topic("cycles.item", "item", (ItemAdded,), Exists, evolve_exists, settled=True)
SUPPLIER = Topic(
    "cycles.supplier", "supplier", (SupplierAdmitted,), Exists, evolve_exists, settled=True
)


def about_lines(lines: Sequence[OrderLine]) -> list[About[Any]]:
    """Offers where the price is listed; else only that item and supplier exist."""
    about: dict[About[Any], None] = dict.fromkeys(OF_ORDERS)
    for line in lines:
        if line.amount_idr is None:
            about[OFFER.about(offer_id(line.supplier_id, line.item_id))] = None
        else:
            about[ITEM.about(line.item_id)] = None
            about[SUPPLIER.about(line.supplier_id)] = None
    return list(about)


# -- checks --------------------------------------------------------------------------------


def check_lines(
    lines: Sequence[OrderLine], cycle: Cycle, price_zone: int | None, known: Known
) -> None:
    """`price_zone` is that of the koperasi. Raises LinesDoNotFit, ItemNotOffered, PriceDiffers,
    CeilingExceeded."""
    if not 1 <= len(lines) <= MOST_LINES:
        raise LinesDoNotFit(f"an order has 1 to {MOST_LINES} lines", pointer="/lines")
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(lines):
        key = (line.supplier_id, line.item_id)
        if key in seen:
            raise LinesDoNotFit(
                f"item {line.item_id} of {line.supplier_id} stands in two lines; add them up",
                pointer=f"/lines/{number}",
            )
        seen.add(key)
        if cycle.prices == "stated":
            _check_stated(line, number, known)
        else:
            _check_listed(line, number, cycle, known)
    if cycle.prices == "listed":
        _check_ceilings(lines, cycle, price_zone, known)


def _check_stated(line: OrderLine, number: int, known: Known) -> None:
    if line.amount_idr is None:
        raise LinesDoNotFit(
            "this cycle has no listed prices; state the amount of the line",
            pointer=f"/lines/{number}/amount_idr",
        )
    if line.tolerance or line.least or line.shown_idr is not None:
        raise LinesDoNotFit(
            "with stated prices the goods are sold already; leave tolerance, least and the price "
            "shown out",
            pointer=f"/lines/{number}",
        )
    if not known[SUPPLIER.about(line.supplier_id)].so:
        raise ItemNotOffered(
            f"there is no supplier {line.supplier_id}", pointer=f"/lines/{number}/supplier_id"
        )
    if not known[ITEM.about(line.item_id)].so:
        raise ItemNotOffered(f"there is no item {line.item_id}", pointer=f"/lines/{number}/item_id")


def _check_listed(line: OrderLine, number: int, cycle: Cycle, known: Known) -> None:
    if line.amount_idr is not None or line.discounts:
        raise LinesDoNotFit(
            "prices of this cycle come from the suppliers' lists; leave amount and discounts out",
            pointer=f"/lines/{number}/amount_idr",
        )
    if line.quantity < 1:
        raise LinesDoNotFit("order at least one unit", pointer=f"/lines/{number}/quantity")
    if line.tolerance < 0:
        raise LinesDoNotFit("0 more units or some", pointer=f"/lines/{number}/tolerance")
    if not 0 <= line.least <= line.quantity + line.tolerance:
        raise LinesDoNotFit(
            "more than quantity and tolerance never comes, so that cannot be the least",
            pointer=f"/lines/{number}/least",
        )
    price = price_on(known[OFFER.about(offer_id(line.supplier_id, line.item_id))], cycle)
    if line.shown_idr is not None:
        _check_shown(line, number, price)


def _check_shown(line: OrderLine, number: int, price: Price) -> None:
    """The price shown is one that the koperasi may yet pay: of the tier that its own quantity
    reaches, or of one that the group may reach."""
    own = max(tier.from_quantity for tier in price.tiers if tier.from_quantity <= line.quantity)
    right = [tier for tier in price.tiers if tier.from_quantity >= own]
    assert line.shown_idr is not None
    if not any(line.shown_idr * tier.per == tier.idr * line.shown_per for tier in right):
        raise PriceDiffers(
            f"item {line.item_id} of {line.supplier_id} has another price; show one of `prices`, "
            "or leave the price out",
            pointer=f"/lines/{number}/shown_idr",
            price_list=price.price_list_id,
            prices=[
                {"from_quantity": tier.from_quantity, "idr": tier.idr, "per": tier.per}
                for tier in right
            ],
        )


def _check_ceilings(
    lines: Sequence[OrderLine], cycle: Cycle, price_zone: int | None, known: Known
) -> None:
    """Refused is what even at the best tier is dearer than the group may buy it or ask for it, or
    than the koperasi may sell it: which tier the group reaches is known at the close."""
    if not (known[ALL_CEILINGS].rules or known[ALL_SPHP].rules):
        return
    assert cycle.priced_on is not None
    for number, line in enumerate(lines):
        bounds = bounds_of_order(known, line.item_id, cycle.priced_on, price_zone)
        if bounds:
            offer = known[OFFER.about(offer_id(line.supplier_id, line.item_id))]
            tiers = price_on(offer, cycle).tiers
            best = min(tiers, key=lambda tier: Fraction(tier.idr, tier.per))
            bound = first_exceeded(bounds, best.idr, best.per)
            if bound is not None:
                raise _too_dear(line, number, best, bound)


def _too_dear(line: OrderLine, number: int, best: Tier, bound: Bound) -> CeilingExceeded:
    item_id, supplier_id, per = line.item_id, line.supplier_id, best.per
    idr = bound.asked_idr(best.idr)
    most_idr, most_per = bound.ceiling.idr, bound.ceiling.per
    if bound.step == "sell":
        sentence = (
            f"HET_EXCEEDED: item {item_id} of {supplier_id} costs koperasi Rp{idr} for {per} at "
            f"best, the fee included, and may cost them Rp{most_idr} for {most_per}; choose "
            "another supplier, or ask the operator to lower the fee"
        )
    else:
        sentence = (
            f"HET_EXCEEDED: item {item_id} of {supplier_id} costs Rp{idr} for {per} at best, and "
            f"may cost Rp{most_idr} for {most_per}; choose another supplier"
        )
    facts = facts_of(bound)
    return CeilingExceeded(
        sentence, pointer=f"/lines/{number}", asked_idr=idr, asked_per=per, **facts
    )
