"""What the lines of an order must say: known goods, at the server's price and below its ceiling."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from jaringan_usaha.features.catalog.events import ItemAdded, offer_id
from jaringan_usaha.features.cycles.domain import Cycle, Exists, evolve_exists
from jaringan_usaha.features.cycles.offers import OFFER, ItemNotOffered, price_on
from jaringan_usaha.features.cycles.orders.events import OrderLine
from jaringan_usaha.features.registry.events import RuleSet, SupplierAdmitted
from jaringan_usaha.kernel.ceiling import Ceiling, ceiling_of, exceeds, het_rule, sphp_rule
from jaringan_usaha.kernel.decider import About, Known, Topic
from jaringan_usaha.kernel.rejections import Invalid, Refused
from jaringan_usaha.kernel.rules import RulesOfKind, Setting, evolve_rules_of_kind
from jaringan_usaha.kernel.tiers import Price, Tier

MOST_LINES = 500

# -- rejections ----------------------------------------------------------------------------


class LinesDoNotFit(Invalid):
    code = "order-lines-invalid"


class PriceDiffers(Refused):
    code = "price-differs"


class CeilingExceeded(Refused):
    code = "het-exceeded"


# -- state ---------------------------------------------------------------------------------


ITEM = Topic("cycles.item", "item", (ItemAdded,), Exists, evolve_exists, settled=True)
SUPPLIER = Topic(
    "cycles.supplier", "supplier", (SupplierAdmitted,), Exists, evolve_exists, settled=True
)
CEILINGS = Topic("cycles.ceilings", "rule_kind", (RuleSet,), RulesOfKind, evolve_rules_of_kind)

ALL_CEILINGS = CEILINGS.about("het")
ALL_SPHP = CEILINGS.about("sphp")
"""All HET at once, and all limits of SPHP: one question and one guard each for an order, however
many items it has, and the same guards for all orders of a batch."""


def about_lines(lines: Sequence[OrderLine]) -> list[About[Any]]:
    """Offers where the price is listed; else only that item and supplier exist."""
    about: dict[About[Any], None] = {ALL_CEILINGS: None, ALL_SPHP: None}
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
    assert cycle.priced_on is not None
    for ceilings, rule_of in ((known[ALL_CEILINGS], het_rule), (known[ALL_SPHP], sphp_rule)):
        for number, line in enumerate(lines if ceilings.rules else ()):
            setting = ceilings.on(rule_of(line.item_id), cycle.priced_on)
            if setting is not None:
                offer = known[OFFER.about(offer_id(line.supplier_id, line.item_id))]
                _check_ceiling(line, number, price_on(offer, cycle), setting, price_zone)


def _check_ceiling(
    line: OrderLine,
    number: int,
    price: Price,
    setting: Setting,
    price_zone: int | None,
) -> None:
    """Even the best tier is dearer than the group may buy at, or than the koperasi may sell at."""
    best = min(price.tiers, key=lambda tier: Fraction(tier.idr, tier.per))
    ceilings = [
        ceiling_of(setting, price_zone, "buy"),
        ceiling_of(setting, price_zone, "retail"),
    ]
    for ceiling in ceilings:
        if ceiling is not None and exceeds(best.idr, best.per, ceiling):
            raise _too_dear(line, number, best, ceiling)


def _too_dear(line: OrderLine, number: int, best: Tier, ceiling: Ceiling) -> CeilingExceeded:
    most_idr, most_per = ceiling.idr, ceiling.per
    return CeilingExceeded(
        f"HET_EXCEEDED: item {line.item_id} of {line.supplier_id} costs Rp{best.idr} for {best.per}"
        f" at best, and may cost Rp{most_idr} for {most_per}; choose another supplier",
        pointer=f"/lines/{number}",
        reason="HET_EXCEEDED",
        ceiling_idr=ceiling.idr,
        ceiling_per=ceiling.per,
        rule=ceiling.rule_id,
        rule_version_no=ceiling.version_no,
    )
