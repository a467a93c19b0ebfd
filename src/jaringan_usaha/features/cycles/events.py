"""What happened to buying cycles, and to the consolidated orders of the group."""

from datetime import date, datetime
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class CycleOpened(Event):
    """Koperasi may order until `closes_at`.

    `prices`: `listed` takes the suppliers' price lists in force on `priced_on`; `stated` takes
    the amount that each order line states, as receipts of goods already sold do.

    The rest are the terms of the cycle. From `fill_from_at` on only changes that fill cases are
    taken. `minimum` says what becomes of an order below the supplier's minimum: `cancel`,
    `keep_open` (for `keep_days`, at most `keep_times`) or `ask`. `sharing` is how too little or
    too much is shared: `pro_rata`, `first_come` or `priority` (koperasi named first in
    `priority` come first). `tier_drop` is who pays when a late cancellation loses the tier:
    `canceller` or `pooled`. An order whose device wrote it before the deadline is taken up to
    `late_seconds` after it. `host` is the koperasi that shares in the fee.
    """

    name: ClassVar[str] = "cycles.cycle_opened.1"
    cycle_id: str
    title: str
    opens_at: datetime
    closes_at: datetime
    prices: str
    priced_on: date
    fill_from_at: datetime | None = None
    minimum: str = "cancel"
    keep_days: int = 0
    keep_times: int = 0
    sharing: str = "pro_rata"
    priority: tuple[str, ...] = ()
    tier_drop: str = "canceller"
    late_seconds: int = 0
    host: str = ""


class CycleDrafted(Event):
    """A cycle that is prepared; nobody orders in it until it is opened. The terms are as in
    `CycleOpened`; a later draft takes the place of the one before."""

    name: ClassVar[str] = "cycles.cycle_drafted.1"
    cycle_id: str
    title: str
    opens_at: datetime
    closes_at: datetime
    prices: str
    priced_on: date
    fill_from_at: datetime | None = None
    minimum: str = "cancel"
    keep_days: int = 0
    keep_times: int = 0
    sharing: str = "pro_rata"
    priority: tuple[str, ...] = ()
    tier_drop: str = "canceller"
    late_seconds: int = 0
    host: str = ""


class CycleFilling(Event):
    """From here on only changes that fill cases are taken: no free order has a higher position
    than this one."""

    name: ClassVar[str] = "cycles.cycle_filling.1"
    cycle_id: str


class CycleKeptOpen(Event):
    """A supplier's minimum was not reached at the deadline, so there is a later one."""

    name: ClassVar[str] = "cycles.cycle_kept_open.1"
    cycle_id: str
    closes_at: datetime
    short: tuple[str, ...]


class CycleReopened(Event):
    """A closed cycle takes orders again; its consolidated orders were withdrawn before."""

    name: ClassVar[str] = "cycles.cycle_reopened.1"
    cycle_id: str
    closes_at: datetime
    reason: str


class CycleClosed(Event):
    """No order has a higher position than this. `early`: before the time announced."""

    name: ClassVar[str] = "cycles.cycle_closed.1"
    cycle_id: str
    early: bool = False
    reason: str = ""


class CycleCancelled(Event):
    """The cycle ends without a purchase."""

    name: ClassVar[str] = "cycles.cycle_cancelled.1"
    cycle_id: str
    reason: str


def group_order_id(cycle_id: str, supplier_id: str) -> str:
    """The one consolidated order that the group places with a supplier in a cycle."""
    return f"{cycle_id}|{supplier_id}"


class ConsolidatedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that the group orders of one item: units, order lines folded into it, and rupiah.

    `alone_idr` is what it had cost without the group: each koperasi at the tier of its own
    quantity, or the list price before discounts. `price_list` and the price are those applied.
    `quantity` is what is ordered: `cases` of `case_size`, for `firm` units wanted and
    `tolerance` welcome; `reason` says why nothing is (`MOQ_NOT_MET`, `MIN_ACCEPT`, or
    `HET_EXCEEDED`: the tier reached is dearer than the state lets the group pay or ask).
    """

    item_id: str
    quantity: int
    order_lines: int
    amount_idr: int
    alone_idr: int
    price_list: str = ""
    price_idr: int | None = None
    price_per: int = 1
    cases: int = 0
    case_size: int = 1
    firm: int = 0
    tolerance: int = 0
    reason: str = ""


class ConsolidatedOrderPlaced(Event):
    """Part `part` of the one order that the group places with one supplier in one cycle.

    Recorded together with it, and behind it, are `entitlement_parts` of who may expect what.
    """

    name: ClassVar[str] = "cycles.consolidated_order_placed.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    part: int
    lines: tuple[ConsolidatedLine, ...]
    entitlement_parts: int = 0


class KoperasiShare(msgspec.Struct, frozen=True, kw_only=True):
    """What one koperasi owes of a consolidated order, and what it had paid alone."""

    koperasi_id: str
    amount_idr: int
    alone_idr: int


class ConsolidatedOrderShared(Event):
    """Part `part` of who owes what of a consolidated order; the shares add up to it exactly.

    `received`: the goods have been received (they were sold already, or nobody follows their
    way), so they are owed for now. Else they are when they arrive, and this is a forecast.
    """

    name: ClassVar[str] = "cycles.consolidated_order_shared.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    part: int
    shares: tuple[KoperasiShare, ...]
    received: bool = True


class Entitlement(msgspec.Struct, frozen=True, array_like=True):
    """What one koperasi may expect of one item, and what that was decided on.

    `firm` units wanted, up to `tolerance` more welcome, fewer than `least` refused; ties go to
    the earlier `first_position`. `granted` of them are ordered; alone they had cost `alone_idr`.
    `reason` says why nothing is granted: `MOQ_NOT_MET` (the group stays below the supplier's
    minimum, or below a case), `CASE_NOT_FULL` (what it wants beyond full cases is not ordered),
    `MIN_ACCEPT` (its part would have been fewer than `least`), `HET_EXCEEDED` (the group's price
    would have been above a ceiling of the state).
    """

    koperasi_id: str
    firm: int
    tolerance: int
    least: int
    first_position: int
    granted: int
    alone_idr: int
    reason: str = ""


class ItemEntitlements(msgspec.Struct, frozen=True, kw_only=True):
    """All koperasi of one item, or so many of them as fit into this part."""

    item_id: str
    rows: tuple[Entitlement, ...]


class EntitlementsGranted(Event):
    """Part `part` of how a consolidated order is meant to be shared out: inputs and outcome.

    `sharing` and `algorithm` name how; the sum of an item's grants is what is ordered of it.
    `more`: the next part was recorded together with this one.
    """

    name: ClassVar[str] = "cycles.entitlements_granted.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    part: int
    sharing: str
    algorithm: str
    items: tuple[ItemEntitlements, ...]
    more: bool = False


class MinimumMissed(Event):
    """An order stays below the supplier's minimum, and the operator is asked what to do: its
    `goods_idr` (without PPN and deposits) below `minimum_idr`, or its items `item_ids` below
    the cases that the supplier asks for."""

    name: ClassVar[str] = "cycles.minimum_missed.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    minimum_idr: int
    goods_idr: int
    item_ids: tuple[str, ...]


class MinimumDecided(Event):
    """The operator's answer: `order` all the same, since the supplier agrees, or `cancel`."""

    name: ClassVar[str] = "cycles.minimum_decided.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    decision: str
    reason: str


class ConsolidatedOrderProposed(Event):
    """An order worth more than `limit_idr` (setting `rule_version_no` of the rule `two-persons`) is
    to be sent as `revision` by `proposed_by`; another person has to approve it. Whatever changes
    the order ends the proposal."""

    name: ClassVar[str] = "cycles.consolidated_order_proposed.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    revision: int
    amount_idr: int
    limit_idr: int
    rule_version_no: int
    proposed_by: str
    reference: str = ""


class ConsolidatedOrderProposalWithdrawn(Event):
    """The order is not to be sent as it was proposed."""

    name: ClassVar[str] = "cycles.consolidated_order_proposal_withdrawn.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    reason: str


class ConsolidatedOrderSent(Event):
    """The supplier was told; `revision` counts what it was told, from 1. `proposed_by`: who had
    proposed it, if it took two persons; the other one asked for this."""

    name: ClassVar[str] = "cycles.consolidated_order_sent.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    revision: int
    reference: str = ""
    proposed_by: str = ""


class AcknowledgedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many of the cases of one item the supplier will deliver, and why not all."""

    item_id: str
    cases: int
    reason: str = ""


class ConsolidatedOrderAcknowledged(Event):
    """The supplier's answer, line by line; items that are not named are accepted whole."""

    name: ClassVar[str] = "cycles.consolidated_order_acknowledged.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    revision: int
    lines: tuple[AcknowledgedLine, ...]


class TierDropCharge(msgspec.Struct, frozen=True, kw_only=True):
    """What a koperasi pays, or is relieved of, because the group fell below a tier."""

    koperasi_id: str
    item_id: str
    amount_idr: int


class ConsolidatedOrderAmended(Event):
    """Lines of a consolidated order as they are from now on, and who may expect what of them.

    Only items that changed are named, and of their rows only those that changed; who is left
    out expects what it did, and who wants 0 is out. `revision` is what the supplier is, or will
    be, told next; several parts or amendments may have the same.

    `shares` is what koperasi owe more or less than before, and what they had paid more or less
    alone. A lost tier makes the lines dearer. By the cycle's rule `charges` are paid for that, to
    those who are `relieved`; for every item both add up to what its remaining units cost more.
    """

    name: ClassVar[str] = "cycles.consolidated_order_amended.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    revision: int
    reason: str
    lines: tuple[ConsolidatedLine, ...]
    items: tuple[ItemEntitlements, ...]
    charges: tuple[TierDropCharge, ...] = ()
    relieved: tuple[TierDropCharge, ...] = ()
    shares: tuple[KoperasiShare, ...] = ()


class DeliveryBegun(Event):
    """The first goods of a consolidated order were counted, so it stays as it is: nobody takes
    an order back or hands it on that may have come. Whoever counts the goods records it."""

    name: ClassVar[str] = "cycles.delivery_begun.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str


class ConsolidatedOrderWithdrawn(Event):
    """A consolidated order that was not sent yet is taken back, since its cycle is reopened."""

    name: ClassVar[str] = "cycles.consolidated_order_withdrawn.1"
    consolidated_order_id: str
    cycle_id: str
    supplier_id: str
    reason: str


class CycleConsolidated(Event):
    """All consolidated orders of the cycle are placed: how many, and their totals."""

    name: ClassVar[str] = "cycles.cycle_consolidated.1"
    cycle_id: str
    consolidated_orders: int
    order_lines: int
    amount_idr: int
    alone_idr: int
