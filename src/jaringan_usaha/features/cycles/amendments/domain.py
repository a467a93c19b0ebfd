"""The rules of orders that are withdrawn or handed on after the cycle was closed.

What a consolidated order holds stands in read tables, too much to be folded for every decision. A
command therefore carries the lines and rows it is about, and at which version of the consolidated
order they were read; every fact that changes them is a version of it, so a decision at that same
version rests on them as if they had been folded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar, assert_never, cast

import msgspec

from jaringan_usaha.features.cycles.amendments.withdrawal import (
    Amendment,
    Stand,
    handed_on,
    without,
)
from jaringan_usaha.features.cycles.ceilings import (
    OF_GROUP,
    CeilingExceeded,
    facts_of,
    lawful_terms_on,
)
from jaringan_usaha.features.cycles.domain import CYCLE, Cycle, Exists, digest, evolve_exists
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderAmended,
    DeliveryBegun,
    ItemEntitlements,
    KoperasiShare,
    TierDropCharge,
    group_order_id,
)
from jaringan_usaha.features.cycles.group.consolidation import Way
from jaringan_usaha.features.cycles.group.domain import CONSOLIDATED, Consolidated, about_order
from jaringan_usaha.features.cycles.group.sending import consolidated, placed, same_version
from jaringan_usaha.features.cycles.offers import OFFER, PACKING, about_terms, terms_on
from jaringan_usaha.features.cycles.orders.domain import (
    BUYER,
    ORDER,
    Order,
    OrderExists,
    OrderIsCancelled,
    existing_order,
    may_trade,
)
from jaringan_usaha.features.cycles.orders.events import OrderCancelled, OrderLine, OrderPlaced
from jaringan_usaha.features.cycles.orders.limits import TAKEN, about_taken, limited, released
from jaringan_usaha.features.cycles.rules import ALL_SPHP, CEILINGS, RULE
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Refused
from jaringan_usaha.kernel.sharing import Sharing
from jaringan_usaha.kernel.tiers import Price, too_dear

ENTRIES_A_PART = 240  # rows and charges; with ids of 64 characters below the 64 KiB of a fact

T = TypeVar("T")

# -- commands ------------------------------------------------------------------------------


class SupplierStand(msgspec.Struct, frozen=True, kw_only=True):
    """How one consolidated order stands where it is touched, at `version`; its goods cost
    `goods_idr` in all."""

    supplier_id: str
    version: int
    goods_idr: int
    items: tuple[Stand, ...]


class WithdrawOrder(Command):
    """Take an order back after the close. `charge_idr` is the loss of tiers that whoever asks has
    seen and accepts; `supplier_agrees` is needed where the supplier was told already."""

    order_id: str
    cycle_id: str
    koperasi_id: str
    reason: str
    lines: tuple[OrderLine, ...]
    stands: tuple[SupplierStand, ...]
    supplier_agrees: bool = False
    charge_idr: int = 0


class TransferOrder(Command):
    """What an order is entitled to becomes another koperasi's, under an order of its own."""

    order_id: str
    cycle_id: str
    koperasi_id: str
    reason: str
    lines: tuple[OrderLine, ...]
    stands: tuple[SupplierStand, ...]
    to_koperasi: str
    to_order: str


AmendingCommand = WithdrawOrder | TransferOrder

# -- rejections ----------------------------------------------------------------------------


class CasesNoLongerFill(Refused):
    code = "cases-no-longer-fill"


class MinimumWouldBeMissed(Refused):
    code = "minimum-would-be-missed"


class SupplierMustAgree(Refused):
    code = "supplier-must-agree"


class GoodsHaveArrived(Refused):
    code = "goods-have-arrived"


class ChargeNotAccepted(Refused):
    code = "charge-not-accepted"


class TransferDoesNotFit(Invalid):
    code = "transfer-invalid"


# -- state ---------------------------------------------------------------------------------

BEGUN = Topic("cycles.begun", "consolidated_order", (DeliveryBegun,), Exists, evolve_exists)

# -- needs ---------------------------------------------------------------------------------


def needs(command: AmendingCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    touched: list[About[Any]] = [
        ORDER.about(command.order_id),
        CYCLE.about(command.cycle_id),
        *(about_order(command.cycle_id, stand.supplier_id) for stand in command.stands),
        *(_about_delivery(command, stand) for stand in command.stands),
        *OF_GROUP,
        *(about for line in command.lines for about in about_terms(line.supplier_id, line.item_id)),
    ]
    match command:
        case WithdrawOrder():
            return touched
        case TransferOrder():
            return [
                *touched,
                ORDER.about(command.to_order, new=True),
                BUYER.about(command.to_koperasi),
                ALL_SPHP,
                *about_taken(command.to_koperasi, [line.item_id for line in command.lines]),
            ]
    assert_never(command)


def _about_delivery(command: AmendingCommand, stand: SupplierStand) -> About[Exists]:
    return BEGUN.about(group_order_id(command.cycle_id, stand.supplier_id))


# -- decide --------------------------------------------------------------------------------


def decide(command: AmendingCommand, known: Known) -> Sequence[Event]:
    match command:
        case WithdrawOrder():
            return withdraw_order(command, known)
        case TransferOrder():
            return transfer_order(command, known)
    assert_never(command)


def withdraw_order(command: WithdrawOrder, known: Known) -> Sequence[Event]:
    """Raises NoSuchOrder, NoSuchCycle, CycleStillOpen, CycleIsClosed,
    GoodsAreSold, BeingConsolidated, GoodsHaveArrived, OrderHasMoved, SupplierMustAgree,
    CasesNoLongerFill, CeilingExceeded, MinimumWouldBeMissed, ChargeNotAccepted."""
    order = existing_order(command, known)
    if order.cancelled:
        return []
    cycle = _checked(command, order, known)
    amended: list[Event] = []
    charge_idr = 0
    for stand in command.stands:
        amendments = amendments_of(command, stand, cycle, known)
        _must_fill(amendments)
        _must_stay_lawful(stand, amendments, cycle, known)
        agreed = _agreed(command, stand, known)
        _must_reach_minimum(command, stand, amendments, cycle, known, agreed=agreed)
        charge_idr += sum(each.charge_idr for each in amendments)
        amended += _amended(command, stand, amendments, known)
    if charge_idr > command.charge_idr:
        raise ChargeNotAccepted(
            f"the group falls below a tier: that costs Rp{charge_idr}; look at the withdrawal, "
            "and accept this charge",
            charge_idr=charge_idr,
            tier_drop=cycle.tier_drop,
        )
    return [*amended, _cancelled(command, order)]


def transfer_order(command: TransferOrder, known: Known) -> Sequence[Event]:
    """Raises NoSuchOrder, OrderExists, OrderIsCancelled, NoSuchKoperasi, KoperasiMayNotTrade,
    TransferDoesNotFit, NoSuchCycle, CycleStillOpen, CycleIsClosed, GoodsAreSold,
    BeingConsolidated, GoodsHaveArrived, OrderHasMoved, WeekLimitExceeded."""
    order = existing_order(command, known)
    taken = ORDER.about(command.to_order)
    there = known[taken]
    handed_on = (command.to_koperasi, order.cycle_id, order.content)
    if order.cancelled and (there.koperasi_id, there.cycle_id, there.content) == handed_on:
        return []
    if known.version(taken):
        raise OrderExists(f"order {command.to_order} exists; use a new id")
    if order.cancelled:
        raise OrderIsCancelled(f"order {command.order_id} is withdrawn already")
    if command.to_koperasi == command.koperasi_id:
        raise TransferDoesNotFit("name another koperasi", pointer="/to_koperasi_id")
    may_trade(known[BUYER.about(command.to_koperasi)])
    cycle = _checked(command, order, known)
    amended: list[Event] = []
    for stand in command.stands:
        amendments = amendments_of(command, stand, cycle, known)
        amended += _amended(command, stand, amendments, known)
    items = [line.item_id for line in command.lines]
    taken_over = OrderPlaced(
        order_id=command.to_order,
        cycle_id=command.cycle_id,
        koperasi_id=command.to_koperasi,
        lines=command.lines,
        limited=limited(command.to_order, command.to_koperasi, command.lines, items, cycle, known),
    )
    return [*amended, _cancelled(command, order), taken_over]


def _checked(command: AmendingCommand, order: Order, known: Known) -> Cycle:
    """The cycle, once the command rests on what is so."""
    cycle = consolidated(known[CYCLE.about(command.cycle_id)])
    suppliers = {line.supplier_id for line in command.lines}
    if order.content != digest(command.lines) or suppliers != {
        stand.supplier_id for stand in command.stands
    }:
        raise Invalid("the lines carried are not those of the order; send this request again")
    for stand in command.stands:
        about = about_order(command.cycle_id, stand.supplier_id)
        placed(known[about])
        if known[_about_delivery(command, stand)].so:
            raise GoodsHaveArrived(
                f"goods of supplier {stand.supplier_id} are arriving, so its order stays as it is; "
                "hand the goods on when they are there",
                supplier_id=stand.supplier_id,
            )
        same_version(about, stand.version, known)
    return cycle


def amendments_of(
    command: AmendingCommand, stand: SupplierStand, cycle: Cycle, known: Known
) -> list[Amendment]:
    """What the command makes of every item of a consolidated order that it touches."""
    items = {each.line.item_id: each for each in stand.items}
    found = []
    for line in command.lines:
        if line.supplier_id != stand.supplier_id:
            continue
        item = items[line.item_id]
        price = _price(line, cycle, known)
        if isinstance(command, TransferOrder):
            found.append(handed_on(item, command.koperasi_id, command.to_koperasi, line, price))
        else:
            way = Way(cast("Sharing", cycle.sharing), cycle.priority)
            found.append(without(item, command.koperasi_id, line, price, way, cycle.tier_drop))
    return found


def _price(line: OrderLine, cycle: Cycle, known: Known) -> Price:
    """As it was consolidated at: below the supplier's cases where that was decided."""
    price = terms_on(known, line.supplier_id, line.item_id, cycle)
    order = known[about_order(cycle.cycle_id, line.supplier_id)]
    return replace(price, min_cases=0) if order.decision == "order" else price


def _must_fill(amendments: Sequence[Amendment]) -> None:
    for each in amendments:
        if each.short:
            raise CasesNoLongerFill(
                f"without this order {each.short} units of item {each.line.item_id} that others "
                "ordered would not come, since their case is not full; transfer the order to "
                "another koperasi",
                item_id=each.line.item_id,
                short=each.short,
            )


def _must_stay_lawful(
    stand: SupplierStand, amendments: Sequence[Amendment], cycle: Cycle, known: Known
) -> None:
    """Where a tier is lost, the dearer price is still one that the group may pay and ask."""
    for each in amendments:
        item_id = each.line.item_id
        price = lawful_terms_on(known, stand.supplier_id, item_id, cycle)
        bound = too_dear(price, each.line.quantity) if each.charges else None
        if bound is not None:
            rule = bound.ceiling.rule_id
            raise CeilingExceeded(
                f"HET_EXCEEDED: without this order the group falls below a tier, and item "
                f"{item_id} would cost more than rule {rule} allows; transfer the order to "
                "another koperasi",
                item_id=item_id,
                **facts_of(bound),
            )


def _agreed(command: WithdrawOrder, stand: SupplierStand, known: Known) -> bool:
    """Whether the supplier agrees, which it must once it was told."""
    order = known[about_order(command.cycle_id, stand.supplier_id)]
    if order.told and not command.supplier_agrees:
        raise SupplierMustAgree(
            f"the order went to supplier {stand.supplier_id}; ask it, and say that it agrees",
            supplier_id=stand.supplier_id,
        )
    return command.supplier_agrees


def _must_reach_minimum(
    command: WithdrawOrder,
    stand: SupplierStand,
    amendments: Sequence[Amendment],
    cycle: Cycle,
    known: Known,
    *,
    agreed: bool,
) -> None:
    """An order that reached the supplier's minimum still does, unless the supplier agrees or
    nothing is left of it."""
    old = {each.line.item_id: each.line.amount_idr for each in stand.items}
    goods_idr = stand.goods_idr - sum(
        old[each.line.item_id] - each.line.amount_idr for each in amendments
    )
    minimum_idr = max(
        _price(line, cycle, known).minimum_idr
        for line in command.lines
        if line.supplier_id == stand.supplier_id
    )
    if not agreed and 0 < goods_idr < minimum_idr <= stand.goods_idr:
        raise MinimumWouldBeMissed(
            f"without this order the group orders goods of Rp{goods_idr} from supplier "
            f"{stand.supplier_id}, which takes orders from Rp{minimum_idr} on; transfer the order",
            supplier_id=stand.supplier_id,
            goods_idr=goods_idr,
            minimum_idr=minimum_idr,
        )


def _cancelled(command: AmendingCommand, order: Order) -> OrderCancelled:
    return OrderCancelled(
        order_id=command.order_id,
        cycle_id=command.cycle_id,
        koperasi_id=command.koperasi_id,
        reason=command.reason,
        limited=released(order.limited),
    )


def _amended(
    command: AmendingCommand, stand: SupplierStand, amendments: Sequence[Amendment], known: Known
) -> Iterator[ConsolidatedOrderAmended]:
    """In parts where there is much to say. All of them are of one revision: what the supplier
    is, or will be, told next."""
    order: Consolidated = known[about_order(command.cycle_id, stand.supplier_id)]
    for part in _parts(amendments):
        yield ConsolidatedOrderAmended(
            consolidated_order_id=order.consolidated_order_id,
            cycle_id=command.cycle_id,
            supplier_id=stand.supplier_id,
            revision=order.told + 1,
            reason=command.reason,
            lines=tuple(line for each in part for line in each.lines),
            items=tuple(item for each in part for item in each.items),
            charges=tuple(charge for each in part for charge in each.charges),
            relieved=tuple(relief for each in part for relief in each.relieved),
            shares=tuple(share for each in part for share in each.shares),
        )


class _Piece(NamedTuple):
    """Some of what an amendment says."""

    lines: tuple[ConsolidatedLine, ...] = ()
    items: tuple[ItemEntitlements, ...] = ()
    charges: tuple[TierDropCharge, ...] = ()
    relieved: tuple[TierDropCharge, ...] = ()
    shares: tuple[KoperasiShare, ...] = ()

    @property
    def size(self) -> int:
        rows = sum(len(item.rows) for item in self.items)
        others = (self.charges, self.relieved, self.shares)
        return 2 * len(self.lines) + rows + sum(len(each) for each in others)


def _pieces(amendment: Amendment) -> Iterator[_Piece]:
    yield _Piece(lines=(amendment.line,))
    item_id = amendment.line.item_id
    for rows in _cut(amendment.rows):
        yield _Piece(items=(ItemEntitlements(item_id=item_id, rows=rows),))
    for charges in _cut(amendment.charges):
        yield _Piece(charges=charges)
    for relieved in _cut(amendment.relieved):
        yield _Piece(relieved=relieved)
    for shares in _cut(amendment.shares):
        yield _Piece(shares=shares)


def _parts(amendments: Sequence[Amendment]) -> Iterator[list[_Piece]]:
    part: list[_Piece] = []
    size = 0
    for piece in (piece for each in amendments for piece in _pieces(each)):
        if part and size + piece.size > ENTRIES_A_PART:
            yield part
            part, size = [], 0
        part.append(piece)
        size += piece.size
    if part:
        yield part


def _cut(things: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    return (
        things[start : start + ENTRIES_A_PART] for start in range(0, len(things), ENTRIES_A_PART)
    )


amending = Decider(
    needs, decide, (ORDER, CYCLE, CONSOLIDATED, BEGUN, BUYER, OFFER, PACKING, CEILINGS, RULE, TAKEN)
)
