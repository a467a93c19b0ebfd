"""What becomes of one item of a consolidated order when units of it are withdrawn or handed on:
pure arithmetic."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    Entitlement,
    KoperasiShare,
    TierDropCharge,
)
from jaringan_usaha.features.cycles.group.consolidation import (
    ItemDemand,
    KoperasiDemand,
    Way,
    at_listed_price,
)
from jaringan_usaha.features.cycles.orders.events import OrderLine
from jaringan_usaha.kernel.money import half_up, largest_remainder
from jaringan_usaha.kernel.tiers import Price, cost_idr

WITHDRAWN = "WITHDRAWN"


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """How an item of a consolidated order stands: its line, and all who may expect of it."""

    line: ConsolidatedLine
    rows: tuple[Entitlement, ...]


class Amendment(NamedTuple):
    """How the item stands afterwards: the line, the rows that changed, who owes how much more or
    less, and whose loss it is.

    `short` units that others ordered would not come any more. `charges` are paid because the
    group falls below a tier, and `relieved` are those whom they are paid to: both add up to what
    the goods that remain cost more.
    """

    line: ConsolidatedLine
    rows: tuple[Entitlement, ...]
    shares: tuple[KoperasiShare, ...] = ()
    short: int = 0
    charges: tuple[TierDropCharge, ...] = ()
    relieved: tuple[TierDropCharge, ...] = ()

    @property
    def charge_idr(self) -> int:
        return sum(charge.amount_idr for charge in self.charges)


def without(
    stand: Stand, koperasi_id: str, gone: OrderLine, price: Price, way: Way, tier_drop: str
) -> Amendment:
    """An order line of a koperasi is withdrawn: cases and shares are worked out anew.

    The others keep what the group's order held for them of their firm units, or `short` says
    how much is lacking. Source: domain rules §3.1 TP5, §3.12.
    """
    wanted = [_less(row, gone) if row.koperasi_id == koperasi_id else row for row in stand.rows]
    wanted = [row for row in wanted if row.firm]
    line, rows = _again(stand, wanted, price, way)
    before = {row.koperasi_id: row.granted for row in stand.rows}
    short = sum(max(min(row.firm, before[row.koperasi_id]) - row.granted, 0) for row in rows)
    left = {row.koperasi_id for row in rows}
    nothing = [_none(row) for row in stand.rows if row.koperasi_id not in left]
    changed = tuple(row for row in (*rows, *nothing) if row not in stand.rows)
    charges, relieved = _tier_drop(stand.line, line, koperasi_id, rows, tier_drop)
    shares = _moved(stand, Stand(line=line, rows=tuple(rows)))
    return Amendment(line, changed, shares, short, charges, relieved)


def handed_on(
    stand: Stand, from_koperasi: str, to_koperasi: str, moved: OrderLine, price: Price
) -> Amendment:
    """An order line of one koperasi becomes another's, which takes its place among those who
    came first; cases and tier stay as they are."""
    by_id = {row.koperasi_id: row for row in stand.rows}
    giver = by_id[from_koperasi]
    left = _less(giver, moved)
    units = min(giver.granted - min(giver.granted, left.firm), moved.quantity + moved.tolerance)
    kept = giver.granted - units
    rows = [_none(giver) if not left.firm else _granted(left, kept, price)]
    taker = by_id.get(to_koperasi)
    taken = Entitlement(
        koperasi_id=to_koperasi,
        firm=moved.quantity + (taker.firm if taker else 0),
        tolerance=moved.tolerance + (taker.tolerance if taker else 0),
        least=moved.least + (taker.least if taker else 0),
        first_position=min(giver.first_position, taker.first_position)
        if taker
        else giver.first_position,
        granted=0,
        alone_idr=0,
        reason=giver.reason if not units and not (taker and taker.granted) else "",
    )
    rows.append(_granted(taken, units + (taker.granted if taker else 0), price))
    alone_idr = sum(row.alone_idr for row in rows) - sum(
        row.alone_idr for row in (giver, taker) if row is not None
    )
    line = msgspec.structs.replace(stand.line, alone_idr=stand.line.alone_idr + alone_idr)
    others = [row for row in stand.rows if row.koperasi_id not in (from_koperasi, to_koperasi)]
    shares = _moved(stand, Stand(line=line, rows=(*others, *rows)))
    return Amendment(line, tuple(rows), shares)


def _again(
    stand: Stand, wanted: Sequence[Entitlement], price: Price, way: Way
) -> tuple[ConsolidatedLine, Sequence[Entitlement]]:
    """The line and its rows by what is wanted now; nothing where nothing was ordered before."""
    old = stand.line
    if not wanted or not old.cases:
        line = msgspec.structs.replace(
            old,
            quantity=0,
            cases=0,
            amount_idr=0,
            alone_idr=0,
            order_lines=old.order_lines - 1,
            firm=sum(row.firm for row in wanted),
            tolerance=sum(row.tolerance for row in wanted),
            reason=old.reason or WITHDRAWN,
        )
        return line, wanted
    demand = [
        KoperasiDemand(
            first_position=row.first_position,
            koperasi_id=row.koperasi_id,
            quantity=row.firm,
            order_lines=0,
            tolerance=row.tolerance,
            least=row.least,
        )
        for row in wanted
    ]
    bought = at_listed_price(ItemDemand(item_id=old.item_id, parts=tuple(demand)), price, way)
    line = msgspec.structs.replace(bought.line, order_lines=old.order_lines - 1)
    return line, bought.rows


def _moved(old: Stand, new: Stand) -> tuple[KoperasiShare, ...]:
    """What each koperasi owes more or less, by koperasi; both stands are shared as at the close."""
    before, after = _shares(old), _shares(new)
    moved = []
    for koperasi_id in sorted({*before, *after}):
        amount_idr, alone_idr = after.get(koperasi_id, (0, 0))
        less_idr, alone_less_idr = before.get(koperasi_id, (0, 0))
        if (amount_idr, alone_idr) != (less_idr, alone_less_idr):
            moved.append(
                KoperasiShare(
                    koperasi_id=koperasi_id,
                    amount_idr=amount_idr - less_idr,
                    alone_idr=alone_idr - alone_less_idr,
                )
            )
    return tuple(moved)


def _shares(stand: Stand) -> dict[str, tuple[int, int]]:
    """What each koperasi owes of the line, and had paid alone."""
    granted = [row for row in sorted(stand.rows, key=_by_commitment) if row.granted]
    if not granted:
        return {}
    weights = [(row.koperasi_id, row.granted) for row in granted]
    debts = largest_remainder(stand.line.amount_idr, weights)
    return {row.koperasi_id: (debts[row.koperasi_id], row.alone_idr) for row in granted}


def _by_commitment(row: Entitlement) -> tuple[int, str]:
    return row.first_position, row.koperasi_id


def _less(row: Entitlement, gone: OrderLine) -> Entitlement:
    return msgspec.structs.replace(
        row,
        firm=row.firm - gone.quantity,
        tolerance=row.tolerance - gone.tolerance,
        least=row.least - gone.least,
    )


def _none(row: Entitlement) -> Entitlement:
    """Nobody any more: neither wants nor gets."""
    return msgspec.structs.replace(
        row, firm=0, tolerance=0, least=0, granted=0, alone_idr=0, reason=WITHDRAWN
    )


def _granted(row: Entitlement, units: int, price: Price) -> Entitlement:
    alone_idr = cost_idr(price, units) if units else 0
    return msgspec.structs.replace(row, granted=units, alone_idr=alone_idr)


Charges = tuple[TierDropCharge, ...]


def _tier_drop(
    old: ConsolidatedLine,
    new: ConsolidatedLine,
    canceller: str,
    rows: Sequence[Entitlement],
    policy: str,
) -> tuple[Charges, Charges]:
    """What the units that remain cost more than at the price before, and who pays that to whom.

    `canceller` pays for all; `pooled` by what each of the others gets, which is how the dearer
    goods are shared anyway.
    """
    if not new.quantity:
        return (), ()
    dearer = new.amount_idr - half_up(old.amount_idr * new.quantity, old.quantity)
    if dearer <= 0:
        return (), ()
    weights = [(row.koperasi_id, row.granted) for row in rows if row.granted]
    parts = largest_remainder(dearer, weights)
    relieved = tuple(
        TierDropCharge(koperasi_id=koperasi_id, item_id=old.item_id, amount_idr=amount)
        for koperasi_id, amount in parts.items()
        if amount
    )
    if policy == "pooled":
        return relieved, relieved
    charge = TierDropCharge(koperasi_id=canceller, item_id=old.item_id, amount_idr=dearer)
    return (charge,), relieved
