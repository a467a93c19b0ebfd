"""The rules of deliveries: what may be received for a consolidated order, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, assert_never

from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderAmended,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderSent,
    ConsolidatedOrderShared,
    ConsolidatedOrderWithdrawn,
    DeliveryBegun,
    group_order_id,
)
from jaringan_usaha.features.fulfilment.events import (
    DeliveryEnded,
    GoodsReceived,
    ReceiptCorrected,
    ReceivedLine,
)
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

MOST_LINES = 2_000
LINES_A_PART = 100

# -- commands ------------------------------------------------------------------------------


class ReceiveGoods(Command):
    """Goods were counted at the door: taken in, or refused with a reason."""

    receipt_id: str
    cycle_id: str
    supplier_id: str
    received_on: date
    reference: str
    lines: tuple[ReceivedLine, ...]


class EndDelivery(Command):
    """No more is expected; what was not accepted is a shortfall."""

    cycle_id: str
    supplier_id: str
    reason: str


DeliveryCommand = ReceiveGoods | EndDelivery

# -- rejections ----------------------------------------------------------------------------


class NoSuchConsolidatedOrder(Missing):
    code = "consolidated-order-unknown"


class NoSuchReceipt(Missing):
    code = "receipt-unknown"


class ReceiptExists(Refused):
    code = "receipt-exists"


class OrderNotSent(Refused):
    code = "consolidated-order-not-sent"


class DeliveryNotFollowed(Refused):
    code = "delivery-not-followed"


class DeliveryHasEnded(Refused):
    code = "delivery-has-ended"


class ReceiptDoesNotFit(Invalid):
    code = "receipt-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """A consolidated order as it stands. `changes` counts what may have moved entitlements
    after they were granted; `received`: its goods were received before it was recorded."""

    consolidated_order_id: str
    lines: Mapping[str, ConsolidatedLine] = field(default_factory=dict)
    sent: bool = False
    received: bool = False
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it was recorded at first, whatever was corrected of it since."""

    receipt_id: str
    consolidated_order_id: str = ""
    received_on: date | None = None
    reference: str = ""
    lines: Mapping[str, ReceivedLine] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """A receipt as it is counted by now: accepted units by item."""

    receipt_id: str
    consolidated_order_id: str = ""
    accepted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    consolidated_order_id: str
    begun: bool = False
    ended: bool = False


OrderFact = (
    ConsolidatedOrderPlaced
    | ConsolidatedOrderShared
    | ConsolidatedOrderSent
    | ConsolidatedOrderAmended
    | ConsolidatedOrderWithdrawn
)


def evolve_order(order: GroupOrder, event: OrderFact) -> GroupOrder:
    match event:
        case ConsolidatedOrderPlaced():
            return replace(order, lines={**order.lines, **_by_item(event.lines)})
        case ConsolidatedOrderShared():
            return replace(order, received=event.received)
        case ConsolidatedOrderSent():
            return replace(order, sent=True)
        case ConsolidatedOrderAmended():
            return replace(
                order, lines={**order.lines, **_by_item(event.lines)}, changes=order.changes + 1
            )
        case ConsolidatedOrderWithdrawn():
            return replace(order, lines={}, sent=False, changes=order.changes + 1)
    assert_never(event)


def _by_item(lines: Sequence[ConsolidatedLine]) -> dict[str, ConsolidatedLine]:
    return {line.item_id: line for line in lines}


def evolve_receipt(receipt: Receipt, event: GoodsReceived) -> Receipt:
    return replace(
        receipt,
        consolidated_order_id=event.consolidated_order_id,
        received_on=event.received_on,
        reference=event.reference,
        lines={**receipt.lines, **{line.item_id: line for line in event.lines}},
    )


def evolve_counted(counted: Counted, event: GoodsReceived | ReceiptCorrected) -> Counted:
    return replace(
        counted,
        consolidated_order_id=event.consolidated_order_id,
        accepted={**counted.accepted, **{line.item_id: line.accepted for line in event.lines}},
    )


def evolve_delivery(delivery: Delivery, event: DeliveryBegun | DeliveryEnded) -> Delivery:
    match event:
        case DeliveryBegun():
            return replace(delivery, begun=True)
        case DeliveryEnded():
            return replace(delivery, ended=True)
    assert_never(event)


GROUP_ORDER = Topic(
    "fulfilment.group_order",
    "consolidated_order",
    (
        ConsolidatedOrderPlaced,
        ConsolidatedOrderShared,
        ConsolidatedOrderSent,
        ConsolidatedOrderAmended,
        ConsolidatedOrderWithdrawn,
    ),
    GroupOrder,
    evolve_order,
)
RECEIPT = Topic(
    "fulfilment.receipt", "receipt", (GoodsReceived,), Receipt, evolve_receipt, stream=True
)
COUNTED = Topic(
    "fulfilment.counted", "receipt", (GoodsReceived, ReceiptCorrected), Counted, evolve_counted
)
DELIVERY = Topic(
    "fulfilment.delivery",
    "consolidated_order",
    (DeliveryBegun, DeliveryEnded),
    Delivery,
    evolve_delivery,
)

# -- needs ---------------------------------------------------------------------------------


def needs(command: DeliveryCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    order_id = group_order_id(command.cycle_id, command.supplier_id)
    order_and_delivery: list[About[Any]] = [GROUP_ORDER.about(order_id), DELIVERY.about(order_id)]
    match command:
        case ReceiveGoods():
            return [RECEIPT.about(command.receipt_id, new=True), *order_and_delivery]
        case EndDelivery():
            return order_and_delivery[::-1]
    assert_never(command)


# -- decide --------------------------------------------------------------------------------


def decide(command: DeliveryCommand, known: Known) -> Sequence[Event]:
    match command:
        case ReceiveGoods():
            return receive_goods(command, known)
        case EndDelivery():
            return end_delivery(command, known)
    assert_never(command)


def receive_goods(command: ReceiveGoods, known: Known) -> Sequence[Event]:
    """Raises ReceiptExists, NoSuchConsolidatedOrder, DeliveryNotFollowed, OrderNotSent,
    DeliveryHasEnded, ReceiptDoesNotFit."""
    order_id = group_order_id(command.cycle_id, command.supplier_id)
    about = RECEIPT.about(command.receipt_id)
    if known.version(about):
        if known[about] == _receipt_of(command):
            return []
        raise ReceiptExists(
            f"receipt {command.receipt_id} is recorded with other content; a new delivery needs "
            "a new id"
        )
    order = existing(known[GROUP_ORDER.about(order_id)])
    if order.received:
        raise DeliveryNotFollowed(
            f"the goods of {order_id} count as received with the order; nothing more arrives for it"
        )
    if not order.sent:
        raise OrderNotSent(
            f"{order_id} was not sent to the supplier yet; send it first, so that nobody takes "
            "it back while goods are under way"
        )
    delivery = known[DELIVERY.about(order_id)]
    if delivery.ended:
        raise DeliveryHasEnded(f"the delivery of {order_id} was ended; it takes no more receipts")
    if command.received_on > day_of_business(command.asked.at):
        raise ReceiptDoesNotFit("goods cannot be received in the future", pointer="/received_on")
    _check_lines(command.lines, order)
    received = [
        GoodsReceived(
            receipt_id=command.receipt_id,
            consolidated_order_id=order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            received_on=command.received_on,
            reference=command.reference,
            lines=command.lines[start : start + LINES_A_PART],
            part=part,
        )
        for part, start in enumerate(range(0, len(command.lines), LINES_A_PART), start=1)
    ]
    return received if delivery.begun else [_begun(command), *received]


def _begun(command: ReceiveGoods) -> DeliveryBegun:
    return DeliveryBegun(
        consolidated_order_id=group_order_id(command.cycle_id, command.supplier_id),
        cycle_id=command.cycle_id,
        supplier_id=command.supplier_id,
    )


def _receipt_of(command: ReceiveGoods) -> Receipt:
    """The receipt that the command would lead to."""
    return Receipt(
        command.receipt_id,
        group_order_id(command.cycle_id, command.supplier_id),
        command.received_on,
        command.reference,
        {line.item_id: line for line in command.lines},
    )


def _check_lines(lines: Sequence[ReceivedLine], order: GroupOrder) -> None:
    if not 1 <= len(lines) <= MOST_LINES:
        raise ReceiptDoesNotFit(f"a receipt has 1 to {MOST_LINES} lines", pointer="/lines")
    seen: set[str] = set()
    for number, line in enumerate(lines):
        pointer = f"/lines/{number}"
        if line.item_id in seen:
            raise ReceiptDoesNotFit(
                f"item {line.item_id} stands in two lines; add them up", pointer=pointer
            )
        seen.add(line.item_id)
        if line.item_id not in order.lines:
            raise ReceiptDoesNotFit(
                f"item {line.item_id} is not in {order.consolidated_order_id}; record it for the "
                "order that it belongs to",
                pointer=f"{pointer}/item_id",
            )
        if not (0 <= line.accepted <= MOST_UNITS and 0 <= line.rejected <= MOST_UNITS):
            raise ReceiptDoesNotFit(f"count 0 to {MOST_UNITS} units", pointer=pointer)
        if not line.accepted + line.rejected:
            raise ReceiptDoesNotFit(
                f"nothing of item {line.item_id} arrived; leave the line out", pointer=pointer
            )
        if line.rejected and not line.reason:
            raise ReceiptDoesNotFit("say why units are rejected", pointer=f"{pointer}/reason")


def end_delivery(command: EndDelivery, known: Known) -> Sequence[Event]:
    """Raises NoSuchConsolidatedOrder, DeliveryNotFollowed, OrderNotSent."""
    order_id = group_order_id(command.cycle_id, command.supplier_id)
    order = existing(known[GROUP_ORDER.about(order_id)])
    if known[DELIVERY.about(order_id)].ended:
        return []
    if order.received:
        raise DeliveryNotFollowed(f"nobody follows the delivery of {order_id}; it has no end")
    if not order.sent:
        raise OrderNotSent(f"{order_id} was not sent to the supplier; nothing is to be expected")
    return [
        DeliveryEnded(
            consolidated_order_id=order_id,
            cycle_id=command.cycle_id,
            supplier_id=command.supplier_id,
            reason=command.reason,
        )
    ]


def existing(order: GroupOrder) -> GroupOrder:
    if not order.lines:
        raise NoSuchConsolidatedOrder(
            f"there is no consolidated order {order.consolidated_order_id}"
        )
    return order


deliveries = Decider(needs, decide, (GROUP_ORDER, RECEIPT, DELIVERY))
