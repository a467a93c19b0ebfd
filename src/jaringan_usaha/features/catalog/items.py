"""The rules of goods."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, assert_never, get_args

from stdnum import ean
from stdnum.exceptions import ValidationError

from jaringan_usaha.features.catalog.events import ItemAdded, ItemDescribed
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.quantity import BaseUnit
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

TaxClass = Literal["standard", "exempt"]
"""Whether PPN is due; staples are exempt. Source: PP 49/2022."""

MOST_CASE = 1_000_000
MOST_OF_A_UNIT = 10**9
"""Grams, millilitres or rupiah of one base unit; more is a mistake."""

# -- commands ------------------------------------------------------------------------------


class AddItem(Command):
    """`gtin`: the number under the bar code, 8, 12, 13 or 14 digits, or empty."""

    item_id: str
    title: str
    base_unit: BaseUnit
    case_size: int
    gtin: str = ""


class DescribeItem(Command):
    """What tax, freight and price watchers must know, per base unit; the last one holds."""

    item_id: str
    tax_class: TaxClass
    commodity: str = ""
    weight_g: int = 0
    volume_ml: int = 0
    deposit_idr: int = 0


ItemCommand = AddItem | DescribeItem

# -- rejections ----------------------------------------------------------------------------


class ItemExists(Refused):
    code = "item-exists"


class ItemDoesNotFit(Invalid):
    code = "item-invalid"


class NoSuchItem(Missing):
    code = "item-unknown"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """Only what the decisions below look at."""

    item_id: str
    addition: ItemAdded | None = None
    description: ItemDescribed | None = None


def evolve_item(item: Item, event: ItemAdded | ItemDescribed) -> Item:
    match event:
        case ItemAdded():
            return replace(item, addition=event)
        case ItemDescribed():
            return replace(item, description=event)
    assert_never(event)


ITEM = Topic("catalog.item", "item", (ItemAdded, ItemDescribed), Item, evolve_item, stream=True)

# -- needs ---------------------------------------------------------------------------------


def needs(command: ItemCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case AddItem():
            return [ITEM.about(command.item_id, new=True)]
        case DescribeItem():
            return [ITEM.about(command.item_id)]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: ItemCommand, known: Known) -> Sequence[Event]:
    match command:
        case AddItem():
            return add_item(command, known)
        case DescribeItem():
            return describe_item(command, known)
    assert_never(command)


def add_item(command: AddItem, known: Known) -> Sequence[Event]:
    """Raises ItemDoesNotFit, ItemExists."""
    if command.base_unit not in get_args(BaseUnit):
        raise ItemDoesNotFit("this base unit is not known", pointer="/base_unit")
    if not 1 <= command.case_size <= MOST_CASE:
        raise ItemDoesNotFit(f"a case holds 1 to {MOST_CASE} units", pointer="/case_size")
    added = ItemAdded(
        item_id=command.item_id,
        title=command.title,
        base_unit=command.base_unit,
        case_size=command.case_size,
        gtin=gtin_14(command.gtin) if command.gtin else "",
    )
    addition = known[ITEM.about(command.item_id)].addition
    if addition is None:
        return [added]
    if addition == added:
        return []
    raise ItemExists(f"item {command.item_id} was added with other data; use another id")


def describe_item(command: DescribeItem, known: Known) -> Sequence[Event]:
    """Raises ItemDoesNotFit, NoSuchItem."""
    if command.tax_class not in get_args(TaxClass):
        raise ItemDoesNotFit("a tax class is standard or exempt", pointer="/tax_class")
    for name in ("weight_g", "volume_ml", "deposit_idr"):
        if not 0 <= getattr(command, name) <= MOST_OF_A_UNIT:
            raise ItemDoesNotFit(
                f"one base unit has 0 to {MOST_OF_A_UNIT} of this", pointer=f"/{name}"
            )
    item = known[ITEM.about(command.item_id)]
    if item.addition is None:
        raise NoSuchItem(f"there is no item {command.item_id}; add it first")
    described = ItemDescribed(
        item_id=command.item_id,
        tax_class=command.tax_class,
        commodity=command.commodity,
        weight_g=command.weight_g,
        volume_ml=command.volume_ml,
        deposit_idr=command.deposit_idr,
    )
    return [] if item.description == described else [described]


def gtin_14(gtin: str) -> str:
    """The number as 14 digits. Raises ItemDoesNotFit for a wrong length or check digit."""
    try:
        return ean.validate(gtin).zfill(14)
    except ValidationError:
        raise ItemDoesNotFit(
            "a GTIN has 8, 12, 13 or 14 digits, of which the last one checks the others",
            pointer="/gtin",
        ) from None


goods = Decider(needs, decide, (ITEM,))
