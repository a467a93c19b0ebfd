"""The rules of consolidated orders: the one order of the group with each supplier."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar, assert_never, cast

from jaringan_usaha.features.cycles.ceilings import OF_GROUP, lawful_terms_on
from jaringan_usaha.features.cycles.domain import CYCLE, Cycle, CycleStillOpen, digest, existing
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderAcknowledged,
    ConsolidatedOrderAmended,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderProposalWithdrawn,
    ConsolidatedOrderProposed,
    ConsolidatedOrderSent,
    ConsolidatedOrderShared,
    ConsolidatedOrderWithdrawn,
    EntitlementsGranted,
    ItemEntitlements,
    MinimumDecided,
    MinimumMissed,
    group_order_id,
)
from jaringan_usaha.features.cycles.group.consolidation import (
    Bought,
    ItemDemand,
    ItemTotal,
    Way,
    Weighed,
    added_up,
    at_listed_price,
    at_stated_amounts,
    none_ordered,
    weigh,
)
from jaringan_usaha.features.cycles.offers import OFFER, PACKING, about_terms
from jaringan_usaha.features.cycles.rules import CEILINGS, RULE
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Refused
from jaringan_usaha.kernel.sharing import ALGORITHM, Sharing

LINES_A_PART = 140  # with ids of 64 characters each part stays below the 64 KiB of a fact
SHARES_A_PART = 400
ENTITLEMENTS_A_PART = 240

T = TypeVar("T")

# -- commands ------------------------------------------------------------------------------


class ConsolidateSupplier(Command):
    """Fold the demand of a closed cycle for some items, or all, into the one order to their
    supplier. In a cycle at listed prices `totals` names every item that is wanted of the
    supplier, whatever part of them `demand` holds: its minimums look at the whole order."""

    cycle_id: str
    supplier_id: str
    demand: tuple[ItemDemand, ...]
    totals: tuple[ItemTotal, ...] = ()


class DecideMinimum(Command):
    """Order below the supplier's minimum all the same, since it agrees; or order nothing that
    stays below it."""

    cycle_id: str
    supplier_id: str
    decision: Literal["order", "cancel"]
    reason: str


ConsolidatingCommand = ConsolidateSupplier | DecideMinimum

# -- rejections ----------------------------------------------------------------------------


class MinimumNotMissed(Refused):
    code = "minimum-not-missed"


class MinimumAlreadyDecided(Refused):
    code = "minimum-already-decided"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Consolidated:
    """The items that are placed and what they cost, in how many parts, and what became of a
    missed minimum.

    `told` is the revision that the supplier was told last, `untold` whether there is another
    one since, `proposal` what a second person is asked to approve, and `answer` a digest of what
    the supplier said to which revision.
    """

    consolidated_order_id: str
    items: Mapping[str, int] = field(default_factory=dict)
    line_parts: int = 0
    share_parts: int = 0
    entitlement_parts: int = 0
    minimum_missed: bool = False
    decision: str = ""
    told: int = 0
    untold: bool = True
    proposal: ConsolidatedOrderProposed | None = None
    answer: bytes = b""

    @property
    def amount_idr(self) -> int:
        return sum(self.items.values())

    def with_lines(self, lines: Sequence[ConsolidatedLine]) -> "Consolidated":
        """These lines are as they are now; what was proposed before is void."""
        amounts = {line.item_id: line.amount_idr for line in lines}
        return replace(self, items={**self.items, **amounts}, proposal=None)


ConsolidatedEvent = (
    ConsolidatedOrderPlaced
    | ConsolidatedOrderShared
    | ConsolidatedOrderWithdrawn
    | ConsolidatedOrderProposed
    | ConsolidatedOrderProposalWithdrawn
    | ConsolidatedOrderSent
    | ConsolidatedOrderAcknowledged
    | ConsolidatedOrderAmended
    | MinimumMissed
    | MinimumDecided
)


def evolve_consolidated(order: Consolidated, event: ConsolidatedEvent) -> Consolidated:
    match event:
        case ConsolidatedOrderPlaced():
            return replace(
                order.with_lines(event.lines),
                line_parts=order.line_parts + 1,
                entitlement_parts=order.entitlement_parts + event.entitlement_parts,
            )
        case ConsolidatedOrderShared():
            return replace(order, share_parts=order.share_parts + 1)
        case ConsolidatedOrderWithdrawn():
            return Consolidated(order.consolidated_order_id)
        case ConsolidatedOrderProposed() | ConsolidatedOrderProposalWithdrawn():
            proposal = event if isinstance(event, ConsolidatedOrderProposed) else None
            return replace(order, proposal=proposal)
        case ConsolidatedOrderSent():
            return replace(order, told=event.revision, untold=False, proposal=None)
        case ConsolidatedOrderAcknowledged():
            return replace(order, answer=digest((event.revision, event.lines)))
        case ConsolidatedOrderAmended():
            return replace(order.with_lines(event.lines), untold=True)
        case MinimumMissed():
            return replace(order, minimum_missed=True)
        case MinimumDecided():
            return replace(order, decision=event.decision)
    assert_never(event)


CONSOLIDATED = Topic(
    "cycles.consolidated_order",
    "consolidated_order",
    (
        ConsolidatedOrderPlaced,
        ConsolidatedOrderShared,
        ConsolidatedOrderWithdrawn,
        ConsolidatedOrderProposed,
        ConsolidatedOrderProposalWithdrawn,
        ConsolidatedOrderSent,
        ConsolidatedOrderAcknowledged,
        ConsolidatedOrderAmended,
        MinimumMissed,
        MinimumDecided,
    ),
    Consolidated,
    evolve_consolidated,
    stream=True,
)


def about_order(cycle_id: str, supplier_id: str) -> About[Consolidated]:
    return CONSOLIDATED.about(group_order_id(cycle_id, supplier_id))


# -- needs ---------------------------------------------------------------------------------


def needs(command: ConsolidatingCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case ConsolidateSupplier():
            terms = [about_terms(command.supplier_id, total.item_id) for total in command.totals]
            return [
                CONSOLIDATED.about(group_order_id(command.cycle_id, command.supplier_id), new=True),
                CYCLE.about(command.cycle_id),
                *(OF_GROUP if terms else ()),
                *[about for pair in terms for about in pair],
            ]
        case DecideMinimum():
            return [about_order(command.cycle_id, command.supplier_id)]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: ConsolidatingCommand, known: Known) -> Sequence[Event]:
    match command:
        case ConsolidateSupplier():
            return consolidate_supplier(command, known)
        case DecideMinimum():
            return decide_minimum(command, known)
    assert_never(command)


def consolidate_supplier(command: ConsolidateSupplier, known: Known) -> Sequence[Event]:
    """Items that are placed already are left out, so however the demand is cut, and whoever
    sends it, each is ordered once. Raises NoSuchCycle, CycleStillOpen, ItemNotOffered."""
    cycle = existing(known[CYCLE.about(command.cycle_id)])
    order = known[about_order(command.cycle_id, command.supplier_id)]
    demand = [each for each in command.demand if each.item_id not in order.items]
    if not demand:
        return []
    if not cycle.closed:
        raise CycleStillOpen(f"cycle {cycle.cycle_id} still takes orders")
    if cycle.prices == "stated":
        return _placed(command, cycle, order, [at_stated_amounts(each) for each in demand])
    supplier_id = command.supplier_id
    terms = {
        total.item_id: lawful_terms_on(known, supplier_id, total.item_id, cycle)
        for total in command.totals
    }
    weighed = weigh((total, terms[total.item_id]) for total in command.totals)
    if weighed.missed and cycle.minimum == "ask" and not order.decision:
        return [] if order.minimum_missed else [_missed(command, weighed)]
    way = Way(cast("Sharing", cycle.sharing), cycle.priority)
    bought = []
    for each in demand:
        price = terms[each.item_id]
        if order.decision == "order":
            price = replace(price, min_cases=0)
        elif weighed.goods_idr < weighed.minimum_idr:
            bought.append(none_ordered(each, price))
            continue
        bought.append(at_listed_price(each, price, way))
    return _placed(command, cycle, order, bought)


def _missed(command: ConsolidateSupplier, weighed: Weighed) -> MinimumMissed:
    return MinimumMissed(
        consolidated_order_id=group_order_id(command.cycle_id, command.supplier_id),
        cycle_id=command.cycle_id,
        supplier_id=command.supplier_id,
        minimum_idr=weighed.minimum_idr,
        goods_idr=weighed.goods_idr,
        item_ids=weighed.short_items,
    )


def _placed(
    command: ConsolidateSupplier, cycle: Cycle, order: Consolidated, bought: Sequence[Bought]
) -> list[Event]:
    """Lines, who owes what, and who may expect what; goods at stated amounts were received."""
    ids = {
        "consolidated_order_id": group_order_id(command.cycle_id, command.supplier_id),
        "cycle_id": command.cycle_id,
        "supplier_id": command.supplier_id,
    }
    granted = list(_entitlement_parts(bought))
    lines = [each.line for each in bought]
    shares = added_up(owed for each in bought for owed in each.owed)
    return [
        *(
            ConsolidatedOrderPlaced(
                **ids,
                part=order.line_parts + number,
                lines=tuple(part),
                entitlement_parts=len(granted) if number == 1 else 0,
            )
            for number, part in enumerate(_cut(lines, LINES_A_PART), start=1)
        ),
        *(
            ConsolidatedOrderShared(
                **ids,
                part=order.share_parts + number,
                shares=tuple(part),
                received=cycle.prices == "stated",
            )
            for number, part in enumerate(_cut(shares, SHARES_A_PART), start=1)
        ),
        *(
            EntitlementsGranted(
                **ids,
                part=order.entitlement_parts + number,
                sharing=cycle.sharing,
                algorithm=ALGORITHM,
                items=items,
                more=number < len(granted),
            )
            for number, items in enumerate(granted, start=1)
        ),
    ]


def _cut(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (things[start : start + size] for start in range(0, len(things), size))


def _entitlement_parts(bought: Sequence[Bought]) -> Iterator[tuple[ItemEntitlements, ...]]:
    """All rows in order, so many in a part; an item may go on in the next one."""
    part: list[ItemEntitlements] = []
    room = ENTITLEMENTS_A_PART
    for each in bought:
        start = 0
        while start < len(each.rows):
            rows = tuple(each.rows[start : start + room])
            part.append(ItemEntitlements(item_id=each.line.item_id, rows=rows))
            start += len(rows)
            room -= len(rows)
            if not room:
                yield tuple(part)
                part, room = [], ENTITLEMENTS_A_PART
    if part:
        yield tuple(part)


def decide_minimum(command: DecideMinimum, known: Known) -> Sequence[Event]:
    """Raises MinimumNotMissed, MinimumAlreadyDecided."""
    order = known[about_order(command.cycle_id, command.supplier_id)]
    if not order.minimum_missed:
        raise MinimumNotMissed(
            f"nobody asks about a minimum of {command.supplier_id} in cycle {command.cycle_id}"
        )
    if order.decision == command.decision:
        return []
    if order.decision:
        raise MinimumAlreadyDecided(
            f"it was decided before: {order.decision}", decision=order.decision
        )
    return [
        MinimumDecided(
            consolidated_order_id=order.consolidated_order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            decision=command.decision,
            reason=command.reason,
        )
    ]


consolidated_orders = Decider(needs, decide, (CONSOLIDATED, CYCLE, OFFER, PACKING, CEILINGS, RULE))
