"""The rules of goods."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from stdnum import ean
from stdnum.exceptions import ValidationError

from jaringan_usaha.features.catalog.events import ItemAdded
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.quantity import BaseUnit
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

MOST_CASE = 1_000_000

# -- commands ------------------------------------------------------------------------------


class AddItem(Command):
    """`gtin`: the number under the bar code, 8, 12, 13 or 14 digits, or empty."""

    item_id: str
    title: str
    base_unit: BaseUnit
    case_size: int
    gtin: str = ""


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


def evolve_item(item: Item, event: ItemAdded) -> Item:
    return replace(item, addition=event)


ITEM = Topic("catalog.item", "item", (ItemAdded,), Item, evolve_item, stream=True)

# -- needs ---------------------------------------------------------------------------------


def needs(command: AddItem) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    return [ITEM.about(command.item_id, new=True)]


# -- decide --------------------------------------------------------------------------------


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


def gtin_14(gtin: str) -> str:
    """The number as 14 digits. Raises ItemDoesNotFit for a wrong length or check digit."""
    try:
        return ean.validate(gtin).zfill(14)
    except ValidationError:
        raise ItemDoesNotFit(
            "a GTIN has 8, 12, 13 or 14 digits, of which the last one checks the others",
            pointer="/gtin",
        ) from None


goods = Decider(needs, add_item, (ITEM,))
