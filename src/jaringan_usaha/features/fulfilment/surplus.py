"""The rules of what was delivered beyond all that anybody would take."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, assert_never

from jaringan_usaha.features.cycles.events import group_order_id
from jaringan_usaha.features.fulfilment.dividing import DELIVERED
from jaringan_usaha.features.fulfilment.domain import (
    COUNTED,
    GROUP_ORDER,
    NoSuchReceipt,
)
from jaringan_usaha.features.fulfilment.events import SurplusDecided, delivered_id
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiReinstated,
    KoperasiSuspended,
)
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

# -- commands ------------------------------------------------------------------------------


class DecideSurplus(Command):
    """Send surplus units back, keep them in stock, or give them to a koperasi that takes them."""

    receipt_id: str
    cycle_id: str
    supplier_id: str
    item_id: str
    units: int
    decision: Literal["return", "stock", "offer"]
    reason: str
    koperasi_id: str | None = None


# -- rejections ----------------------------------------------------------------------------


class NoSuchKoperasi(Missing):
    code = "koperasi-unknown"


class KoperasiMayNotTrade(Refused):
    code = "koperasi-may-not-trade"


class NotSharedYet(Refused):
    code = "receipt-not-shared-yet"


class NotSoMuchSurplus(Refused):
    code = "surplus-exceeded"


class SurplusHasNoPrice(Refused):
    code = "surplus-has-no-price"


class DecisionDoesNotFit(Invalid):
    code = "surplus-decision-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taker:
    koperasi_id: str
    admitted: bool = False
    suspended: bool = False


def evolve_taker(
    taker: Taker, event: KoperasiAdmitted | KoperasiSuspended | KoperasiReinstated
) -> Taker:
    match event:
        case KoperasiAdmitted():
            return replace(taker, admitted=True)
        case KoperasiSuspended():
            return replace(taker, suspended=True)
        case KoperasiReinstated():
            return replace(taker, suspended=False)
    assert_never(event)


TAKER = Topic(
    "fulfilment.taker",
    "koperasi",
    (KoperasiAdmitted, KoperasiSuspended, KoperasiReinstated),
    Taker,
    evolve_taker,
)

# -- needs ---------------------------------------------------------------------------------


def needs(command: DecideSurplus) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    order_id = group_order_id(command.cycle_id, command.supplier_id)
    taker = [TAKER.about(command.koperasi_id)] if command.koperasi_id else []
    return [
        GROUP_ORDER.about(order_id),
        COUNTED.about(command.receipt_id),
        DELIVERED.about(delivered_id(order_id, command.item_id)),
        *taker,
    ]


# -- decide --------------------------------------------------------------------------------


def decide_surplus(command: DecideSurplus, known: Known) -> Sequence[Event]:
    """Raises DecisionDoesNotFit, NoSuchReceipt, NotSharedYet, NotSoMuchSurplus,
    SurplusHasNoPrice, NoSuchKoperasi, KoperasiMayNotTrade."""
    order_id = group_order_id(command.cycle_id, command.supplier_id)
    if (command.decision == "offer") != (command.koperasi_id is not None):
        raise DecisionDoesNotFit(
            "name the koperasi that takes the units, and only for an offer", pointer="/koperasi_id"
        )
    if command.units < 1:
        raise DecisionDoesNotFit("decide about at least one unit", pointer="/units")
    receipt = known[COUNTED.about(command.receipt_id)]
    if receipt.consolidated_order_id != order_id or command.item_id not in receipt.accepted:
        raise NoSuchReceipt(
            f"there is no receipt {command.receipt_id} of item {command.item_id} for {order_id}"
        )
    delivered = known[DELIVERED.about(delivered_id(order_id, command.item_id))]
    if delivered.shared.get(command.receipt_id) != receipt.accepted[command.item_id]:
        raise NotSharedYet(
            f"receipt {command.receipt_id} is being shared out; what is left over shows shortly"
        )
    waiting = delivered.waiting[command.receipt_id]
    if command.units > waiting:
        raise NotSoMuchSurplus(
            f"{waiting} units of item {command.item_id} wait for a decision", waiting=waiting
        )
    if command.koperasi_id is not None:
        _may_take(known[TAKER.about(command.koperasi_id)])
    goods_idr = 0
    if command.decision != "return":
        line = known[GROUP_ORDER.about(order_id)].lines[command.item_id]
        if not line.quantity:
            raise SurplusHasNoPrice(
                f"nothing of item {command.item_id} was ordered, so it has no price here; return it"
            )
        goods_idr = delivered.worth(line).of(command.units)
    return [
        SurplusDecided(
            receipt_id=command.receipt_id,
            consolidated_order_id=order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            item_id=command.item_id,
            units=command.units,
            decision=command.decision,
            reason=command.reason,
            koperasi_id=command.koperasi_id,
            goods_idr=goods_idr,
        )
    ]


def _may_take(taker: Taker) -> None:
    if not taker.admitted:
        raise NoSuchKoperasi(f"koperasi {taker.koperasi_id} is not admitted to this network")
    if taker.suspended:
        raise KoperasiMayNotTrade(f"koperasi {taker.koperasi_id} is suspended")


surplus = Decider(needs, decide_surplus, (GROUP_ORDER, COUNTED, DELIVERED, TAKER))
