"""The rules of consolidated orders before and with the supplier: sent, acknowledged, taken back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, assert_never

from jaringan_usaha.features.cycles.domain import (
    CYCLE,
    Cycle,
    CycleIsClosed,
    CycleStillOpen,
    digest,
    existing,
)
from jaringan_usaha.features.cycles.events import (
    AcknowledgedLine,
    ConsolidatedOrderAcknowledged,
    ConsolidatedOrderProposed,
    ConsolidatedOrderSent,
    ConsolidatedOrderWithdrawn,
    CycleCancelled,
    CycleReopened,
)
from jaringan_usaha.features.cycles.group.domain import CONSOLIDATED, Consolidated, about_order
from jaringan_usaha.features.cycles.rules import RULE, TWO_PERSONS
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.decider import About, Decider, Known
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Busy, Invalid, Missing, Outdated, Refused
from jaringan_usaha.kernel.rules import Setting

RETRY_SECONDS = 2

# -- commands ------------------------------------------------------------------------------


class SendOrder(Command):
    """The supplier is told what the order holds now; above the limit that the rule `two-persons`
    sets, that is proposed to a second person first."""

    cycle_id: str
    supplier_id: str
    reference: str = ""


class AcknowledgeOrder(Command):
    """The supplier's answer to what it was told. `ordered` are the cases of the items named, as
    they stood at `version` of the consolidated order."""

    cycle_id: str
    supplier_id: str
    revision: int
    lines: tuple[AcknowledgedLine, ...]
    ordered: tuple[tuple[str, int], ...]
    version: int


class TakeBackOrders(Command):
    """Withdraw all consolidated orders of a cycle, none of which was sent: `closes_at` opens the
    cycle again until then, None cancels it."""

    cycle_id: str
    supplier_ids: tuple[str, ...]
    reason: str
    closes_at: datetime | None = None


SendingCommand = SendOrder | AcknowledgeOrder | TakeBackOrders

# -- rejections ----------------------------------------------------------------------------


class NoSuchConsolidatedOrder(Missing):
    code = "consolidated-order-unknown"


class OrderNotSent(Refused):
    code = "consolidated-order-not-sent"


class OrderIsSent(Refused):
    code = "consolidated-order-is-sent"


class OrderIsProposed(Refused):
    code = "consolidated-order-proposed"


class GoodsAreSold(Refused):
    code = "goods-are-sold"


class BeingConsolidated(Busy):
    code = "cycle-being-consolidated"


class OrderHasMoved(Outdated):
    code = "consolidated-order-changed"


class AnswerDoesNotFit(Invalid):
    code = "acknowledgement-invalid"


# -- needs ---------------------------------------------------------------------------------


def needs(command: SendingCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    cycle = CYCLE.about(command.cycle_id)
    match command:
        case SendOrder():
            return [about_order(command.cycle_id, command.supplier_id), cycle, TWO_PERSONS]
        case AcknowledgeOrder():
            return [about_order(command.cycle_id, command.supplier_id), cycle]
        case TakeBackOrders():
            orders = [about_order(command.cycle_id, each) for each in command.supplier_ids]
            return [cycle, *orders]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: SendingCommand, known: Known) -> Sequence[Event]:
    match command:
        case SendOrder():
            return send_order(command, known)
        case AcknowledgeOrder():
            return acknowledge_order(command, known)
        case TakeBackOrders():
            return take_back_orders(command, known)
    assert_never(command)


def send_order(command: SendOrder, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleStillOpen, CycleIsClosed, GoodsAreSold, BeingConsolidated,
    NoSuchConsolidatedOrder, OrderIsProposed."""
    consolidated(known[CYCLE.about(command.cycle_id)])
    order = placed(known[about_order(command.cycle_id, command.supplier_id)])
    if not order.untold:
        return []
    rule = known[TWO_PERSONS].on(day_of_business(command.asked.at))
    if rule is not None and order.amount_idr > rule.values["order_idr"]:
        return [_proposed(command, order, rule)]
    return [
        ConsolidatedOrderSent(
            consolidated_order_id=order.consolidated_order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            revision=order.told + 1,
            reference=command.reference,
        )
    ]


def _proposed(command: SendOrder, order: Consolidated, rule: Setting) -> ConsolidatedOrderProposed:
    if order.proposal is not None:
        order_id = order.consolidated_order_id
        raise OrderIsProposed(
            f"order {order_id} waits for a second person: approve it, or withdraw the proposal",
            amount_idr=order.amount_idr,
        )
    return ConsolidatedOrderProposed(
        consolidated_order_id=order.consolidated_order_id,
        cycle_id=command.cycle_id,
        supplier_id=command.supplier_id,
        revision=order.told + 1,
        amount_idr=order.amount_idr,
        limit_idr=rule.values["order_idr"],
        rule_version_no=rule.version_no,
        proposed_by=command.asked.by,
        reference=command.reference,
    )


def acknowledge_order(command: AcknowledgeOrder, known: Known) -> Sequence[Event]:
    """Raises NoSuchConsolidatedOrder, OrderNotSent, OrderHasMoved, AnswerDoesNotFit."""
    about = about_order(command.cycle_id, command.supplier_id)
    order = placed(known[about])
    if not order.told:
        raise OrderNotSent(f"supplier {command.supplier_id} was not told of this order yet")
    if command.revision != order.told:
        raise OrderHasMoved(
            f"the supplier was told revision {order.told}; that is what it may answer",
            revision=order.told,
        )
    if order.answer == digest((command.revision, command.lines)):
        return []
    same_version(about, command.version, known)
    _check_answer(command)
    return [
        ConsolidatedOrderAcknowledged(
            consolidated_order_id=order.consolidated_order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            revision=command.revision,
            lines=command.lines,
        )
    ]


def _check_answer(command: AcknowledgeOrder) -> None:
    ordered = dict(command.ordered)
    seen: set[str] = set()
    for number, line in enumerate(command.lines):
        if line.item_id not in ordered or line.item_id in seen:
            raise AnswerDoesNotFit(
                f"item {line.item_id} does not stand in the order once", pointer=f"/lines/{number}"
            )
        seen.add(line.item_id)
        if not 0 <= line.cases <= ordered[line.item_id]:
            raise AnswerDoesNotFit(
                f"{ordered[line.item_id]} cases are ordered; accept those or fewer",
                pointer=f"/lines/{number}/cases",
            )
        if line.cases < ordered[line.item_id] and not line.reason:
            raise AnswerDoesNotFit(
                "say why fewer cases will come", pointer=f"/lines/{number}/reason"
            )


def take_back_orders(command: TakeBackOrders, known: Known) -> Sequence[Event]:
    """Raises NoSuchCycle, CycleStillOpen, CycleIsClosed, GoodsAreSold, BeingConsolidated,
    OrderHasMoved, OrderIsSent, Invalid."""
    cycle = known[CYCLE.about(command.cycle_id)]
    if command.closes_at is None and cycle.cancelled:
        return []
    consolidated(cycle)
    if command.closes_at is not None and command.closes_at <= command.asked.at:
        raise Invalid("the new deadline must be in the future", pointer="/closes_at")
    orders = [known[about_order(cycle.cycle_id, each)] for each in command.supplier_ids]
    if len({order.consolidated_order_id for order in orders}) != cycle.consolidated_orders:
        raise OrderHasMoved(f"the orders of cycle {cycle.cycle_id} changed; send this again")
    sent = [order for order in orders if order.told]
    if sent:
        count = len(sent)
        raise OrderIsSent(
            f"{count} orders of cycle {cycle.cycle_id} went to their suppliers; what went "
            "out is amended: withdraw or transfer single orders",
            sent=count,
        )
    withdrawn = [
        ConsolidatedOrderWithdrawn(
            consolidated_order_id=placed(order).consolidated_order_id,
            cycle_id=cycle.cycle_id,
            supplier_id=supplier_id,
            reason=command.reason,
        )
        for supplier_id, order in zip(command.supplier_ids, orders, strict=True)
    ]
    if command.closes_at is None:
        return [*withdrawn, CycleCancelled(cycle_id=cycle.cycle_id, reason=command.reason)]
    closes_at = command.closes_at.astimezone(UTC)
    reopened = CycleReopened(cycle_id=cycle.cycle_id, closes_at=closes_at, reason=command.reason)
    return [*withdrawn, reopened]


def consolidated(cycle: Cycle) -> Cycle:
    """The cycle, if it is closed at listed prices and all its orders are placed."""
    existing(cycle)
    if cycle.cancelled:
        raise CycleIsClosed(f"cycle {cycle.cycle_id} was cancelled")
    if not cycle.closed:
        raise CycleStillOpen(f"cycle {cycle.cycle_id} still takes orders")
    if cycle.prices == "stated":
        raise GoodsAreSold(f"what cycle {cycle.cycle_id} holds was bought and sold before")
    if not cycle.consolidated:
        raise BeingConsolidated(
            f"the orders of cycle {cycle.cycle_id} are being placed; ask again shortly",
            retry_after=RETRY_SECONDS,
        )
    return cycle


def placed(order: Consolidated) -> Consolidated:
    if not order.items:
        raise NoSuchConsolidatedOrder(
            f"there is no consolidated order {order.consolidated_order_id}"
        )
    return order


def same_version(about: About[Consolidated], seen: int, known: Known) -> None:
    version = known.version(about)
    if version != seen:
        order_id = about.value
        raise OrderHasMoved(
            f"order {order_id} changed meanwhile; look at it again", order_version=version
        )


sending = Decider(needs, decide, (CONSOLIDATED, CYCLE, RULE))
