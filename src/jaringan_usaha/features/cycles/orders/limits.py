"""How much of an item one koperasi may take in a week, as for stabilisation rice (SPHP).

Few items are limited, so an order says which of its items are only when the rule asks: the first
try of a command names none, and is tried again with those that the refusal names.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from jaringan_usaha.features.cycles.domain import Cycle
from jaringan_usaha.features.cycles.orders.events import (
    Limited,
    OrderCancelled,
    OrderChanged,
    OrderLine,
    OrderPlaced,
    limited_id,
)
from jaringan_usaha.features.cycles.rules import ALL_SPHP
from jaringan_usaha.kernel.calendar import week_of
from jaringan_usaha.kernel.ceiling import koperasi_week_limit, sphp_rule
from jaringan_usaha.kernel.decider import About, Known, Topic
from jaringan_usaha.kernel.rejections import Busy, Refused

RETRY_SECONDS = 1

# -- rejections ----------------------------------------------------------------------------


class LimitsMustBeKnown(Busy):
    code = "order-limits-unknown"


class WeekLimitExceeded(Refused):
    code = "sphp-limit-exceeded"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """What each order of a koperasi takes of a limited item, and in which week; who takes none is
    left out. Weeks are not left behind: a cycle may take its prices from any day."""

    limited_id: str
    of: Mapping[str, Limited] = field(default_factory=dict)


def evolve_taken(taken: Taken, event: OrderPlaced | OrderChanged | OrderCancelled) -> Taken:
    for each in event.limited:
        if limited_id(event.koperasi_id, each.item_id) == taken.limited_id:
            others = {key: of for key, of in taken.of.items() if key != event.order_id}
            return replace(taken, of={**others, event.order_id: each} if each.units else others)
    return taken


TAKEN = Topic(
    "cycles.taken", "limited", (OrderPlaced, OrderChanged, OrderCancelled), Taken, evolve_taken
)


def about_taken(koperasi_id: str, item_ids: Iterable[str]) -> list[About[Any]]:
    """What a koperasi takes of these items by all its orders."""
    return [TAKEN.about(limited_id(koperasi_id, item_id)) for item_id in dict.fromkeys(item_ids)]


# -- deciding ------------------------------------------------------------------------------


def limited(
    order_id: str,
    koperasi_id: str,
    lines: Sequence[OrderLine],
    told: Iterable[str],
    cycle: Cycle,
    known: Known,
) -> tuple[Limited, ...]:
    """What an order takes of limited items in the week of its cycle's prices; `told` are those
    that the command has named. Raises LimitsMustBeKnown, WeekLimitExceeded."""
    most = _most_by_item(lines, cycle, known)
    unknown = [item_id for item_id in most if item_id not in set(told)]
    if unknown:
        names = ", ".join(unknown)
        raise LimitsMustBeKnown(
            f"{names} may only be taken up to a limit; send this request again",
            retry_after=RETRY_SECONDS,
            limited=unknown,
        )
    found = []
    for item_id, (units, version_no) in most.items():
        assert cycle.priced_on is not None
        wish = Limited(
            item_id=item_id,
            units=sum(each.quantity + each.tolerance for each in lines if each.item_id == item_id),
            week=week_of(cycle.priced_on),
            rule_version_no=version_no,
        )
        must_stay_below(units, wish, order_id, known[TAKEN.about(limited_id(koperasi_id, item_id))])
        found.append(wish)
    return tuple(found)


def _most_by_item(
    lines: Sequence[OrderLine], cycle: Cycle, known: Known
) -> dict[str, tuple[int, int]]:
    """The limits in force on the day of the cycle's prices, with the number of their setting."""
    rules = known[ALL_SPHP]
    if cycle.prices != "listed" or not rules.rules:
        return {}
    assert cycle.priced_on is not None
    found = {}
    for line in lines:
        setting = rules.on(sphp_rule(line.item_id), cycle.priced_on)
        most = None if setting is None else koperasi_week_limit(setting.values)
        if setting is not None and most is not None:
            found[line.item_id] = most, setting.version_no
    return found


def must_stay_below(most: int, wish: Limited, order_id: str, taken: Taken) -> None:
    """Asking for no more than before is always allowed, also when a later rule is tighter.

    Raises WeekLimitExceeded.
    """
    before = taken.of.get(order_id)
    if before is not None and before.week == wish.week and wish.units <= before.units:
        return
    others = sum(
        each.units for key, each in taken.of.items() if key != order_id and each.week == wish.week
    )
    left = max(most - others, 0)
    if wish.units > left:
        week = wish.week
        rule = sphp_rule(wish.item_id)
        raise WeekLimitExceeded(
            f"one koperasi takes at most {most} units of {wish.item_id} in the week {week} by rule "
            f"{rule}, tolerance included; order no more than {left}",
            rule=rule,
            rule_version_no=wish.rule_version_no,
            most=most,
            left=left,
        )


def released(before: Sequence[Limited], now: Sequence[Limited] = ()) -> tuple[Limited, ...]:
    """What an order takes now, and nothing of what it took before and does not any more."""
    kept = {each.item_id for each in now}
    gone = [msgspec.structs.replace(each, units=0) for each in before if each.item_id not in kept]
    return (*now, *gone)
