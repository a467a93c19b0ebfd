"""The rules of consolidated orders: the one order of the group with each supplier."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jaringan_usaha.features.catalog.events import offer_id
from jaringan_usaha.features.cycles.consolidation import (
    ItemDemand,
    added_up,
    at_listed_price,
    at_stated_amounts,
)
from jaringan_usaha.features.cycles.domain import CYCLE, CycleStillOpen, existing
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderShared,
    KoperasiShare,
)
from jaringan_usaha.features.cycles.offers import OFFER, price_on
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event

LINES_A_PART = 200
SHARES_A_PART = 400

# -- commands ------------------------------------------------------------------------------


class ConsolidateSupplier(Command):
    """Fold the demand of a closed cycle into the one order to one supplier."""

    cycle_id: str
    supplier_id: str
    demand: tuple[ItemDemand, ...]


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Consolidated:
    consolidated_order_id: str
    placed: bool = False


def evolve_consolidated(
    consolidated: Consolidated, _: ConsolidatedOrderPlaced | ConsolidatedOrderShared
) -> Consolidated:
    return replace(consolidated, placed=True)


CONSOLIDATED = Topic(
    "cycles.consolidated_order",
    "consolidated_order",
    (ConsolidatedOrderPlaced, ConsolidatedOrderShared),
    Consolidated,
    evolve_consolidated,
    stream=True,
)

# -- needs ---------------------------------------------------------------------------------


def needs(command: ConsolidateSupplier) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    return [
        CONSOLIDATED.about(_consolidated_order_id(command), new=True),
        CYCLE.about(command.cycle_id),
        *(OFFER.about(offer_id(command.supplier_id, item.item_id)) for item in command.demand),
    ]


def _consolidated_order_id(command: ConsolidateSupplier) -> str:
    return f"{command.cycle_id}|{command.supplier_id}"


# -- decide --------------------------------------------------------------------------------


def consolidate_supplier(command: ConsolidateSupplier, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleStillOpen, ItemNotOffered."""
    cycle = existing(known[CYCLE.about(command.cycle_id)])
    order_id = _consolidated_order_id(command)
    if known[CONSOLIDATED.about(order_id)].placed:
        return []
    if not cycle.closed:
        raise CycleStillOpen(f"cycle {cycle.cycle_id} still takes orders")
    lines: list[ConsolidatedLine] = []
    shares: list[KoperasiShare] = []
    for demand in command.demand:
        if cycle.prices == "stated":
            line, parts = at_stated_amounts(demand)
        else:
            offer = known[OFFER.about(offer_id(command.supplier_id, demand.item_id))]
            line, parts = at_listed_price(demand, price_on(offer, cycle))
        lines.append(line)
        shares.extend(parts)
    placed = [
        ConsolidatedOrderPlaced(
            consolidated_order_id=order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            part=part,
            lines=tuple(lines[start : start + LINES_A_PART]),
        )
        for part, start in enumerate(range(0, len(lines), LINES_A_PART), start=1)
    ]
    summed = added_up(shares)
    shared = [
        ConsolidatedOrderShared(
            consolidated_order_id=order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            part=part,
            shares=tuple(summed[start : start + SHARES_A_PART]),
        )
        for part, start in enumerate(range(0, len(summed), SHARES_A_PART), start=1)
    ]
    return [*placed, *shared]


consolidated_orders = Decider(needs, consolidate_supplier, (CONSOLIDATED, CYCLE, OFFER))
