"""The rules of bills for bringing goods: recorded at the door, weighed, then shared out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, assert_never, cast

import msgspec

from jaringan_usaha.features.cycles.events import CycleOpened
from jaringan_usaha.features.invoicing.domain import OutOfTurn, check_amount, check_day
from jaringan_usaha.features.invoicing.events import (
    ChargeBilled,
    ChargeWeighed,
    LandedCost,
    LandedCostAdjusted,
    WeighedLine,
)
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.landed import ChargeKey, Goods, NothingWeighs, split_charge, spread
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

ROWS_A_PART = 400
MOST_MANUAL = 1_000
MOST_WEIGHT = 10**9

# -- commands ------------------------------------------------------------------------------


class BillCharge(Command):
    """A bill that came in; `bill_no` 2 and on correct the amount of the one before.

    `manual` weighs items, for the key of that name only. Without a supplier the bill is for all
    goods of the cycle.
    """

    charge_id: str
    bill_no: int
    cycle_id: str
    payee: str
    kind: str
    key: ChargeKey
    amount_idr: int
    billed_on: date
    reference: str
    supplier: str = ""
    manual: dict[str, int] = msgspec.field(default_factory=dict)


class WeighCharge(Command):
    """Split a bill over the goods that have been shared out so far."""

    charge_id: str
    bill_no: int
    goods: tuple[Goods, ...]


class LineToShare(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a bill, and who holds its goods: units by koperasi."""

    supplier_id: str
    item_id: str
    holders: tuple[tuple[str, int], ...]


class ShareCharge(Command):
    """Share some lines of a weighed bill; parts are numbered on from `first_part`."""

    charge_id: str
    bill_no: int
    first_part: int
    lines: tuple[LineToShare, ...]


ChargeCommand = BillCharge | WeighCharge | ShareCharge

# -- rejections ----------------------------------------------------------------------------


class NoSuchCycle(Missing):
    code = "cycle-unknown"


class NoSuchCharge(Missing):
    code = "charge-unknown"


class ChargeExists(Refused):
    code = "charge-exists"


class NothingToSplitBy(Refused):
    code = "nothing-to-split-by"


class ChargeDoesNotFit(Invalid):
    code = "charge-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Charge:
    """The bills under one id, by number from 1."""

    charge_id: str
    bills: tuple[ChargeBilled, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    cycle_id: str
    so: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the lines of one bill must bear."""

    charge_bill: str
    amounts: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shared:
    charge_part: str
    so: bool = False


def evolve_charge(charge: Charge, event: ChargeBilled) -> Charge:
    return replace(charge, bills=(*charge.bills, event))


def evolve_opened(opened: Opened, _: CycleOpened) -> Opened:
    return replace(opened, so=True)


def evolve_weighed(weighed: Weighed, event: ChargeWeighed) -> Weighed:
    amounts = {(line.supplier_id, line.item_id): line.amount_idr for line in event.lines}
    return replace(weighed, amounts={**weighed.amounts, **amounts})


def evolve_shared(shared: Shared, _: LandedCostAdjusted) -> Shared:
    return replace(shared, so=True)


CHARGE = Topic("invoicing.charge", "charge", (ChargeBilled,), Charge, evolve_charge, stream=True)
CYCLE = Topic("invoicing.cycle", "cycle", (CycleOpened,), Opened, evolve_opened, settled=True)
WEIGHED = Topic("invoicing.weighed", "charge_bill", (ChargeWeighed,), Weighed, evolve_weighed)
SHARED = Topic("invoicing.shared", "charge_part", (LandedCostAdjusted,), Shared, evolve_shared)

# -- needs ---------------------------------------------------------------------------------


def needs(command: ChargeCommand) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    match command:
        case BillCharge():
            return [
                CHARGE.about(command.charge_id, new=command.bill_no == 1),
                CYCLE.about(command.cycle_id),
            ]
        case WeighCharge():
            return [CHARGE.about(command.charge_id), WEIGHED.about(_bill(command), new=True)]
        case ShareCharge():
            return [
                CHARGE.about(command.charge_id),
                WEIGHED.about(_bill(command)),
                SHARED.about(f"{_bill(command)}|{command.first_part}", new=True),
            ]
    assert_never(command)


def _bill(command: WeighCharge | ShareCharge) -> str:
    return f"{command.charge_id}|{command.bill_no}"


# -- decide --------------------------------------------------------------------------------


def decide(command: ChargeCommand, known: Known) -> Sequence[Event]:
    match command:
        case BillCharge():
            return bill_charge(command, known)
        case WeighCharge():
            return weigh_charge(command, known)
        case ShareCharge():
            return share_charge(command, known)
    assert_never(command)


def bill_charge(command: BillCharge, known: Known) -> Sequence[Event]:
    """Raises ChargeDoesNotFit, NoSuchCycle, ChargeExists, OutOfTurn."""
    _check_form(command)
    if not known[CYCLE.about(command.cycle_id)].so:
        raise NoSuchCycle(f"there is no cycle {command.cycle_id}")
    bills = known[CHARGE.about(command.charge_id)].bills
    billed = ChargeBilled(
        charge_id=command.charge_id,
        cycle_id=command.cycle_id,
        payee=command.payee,
        kind=command.kind,
        key=command.key,
        amount_idr=command.amount_idr,
        billed_on=command.billed_on,
        reference=command.reference,
        supplier=command.supplier,
        manual=command.manual,
        bill_no=command.bill_no,
    )
    if billed in bills:
        return []
    count, following = len(bills), len(bills) + 1
    if command.bill_no < following:
        raise ChargeExists(
            f"bill {command.bill_no} of charge {command.charge_id} is recorded with other content; "
            f"send a corrected bill as bill_no {following}",
            current_version=count,
        )
    if command.bill_no > following:
        raise OutOfTurn(
            f"charge {command.charge_id} has {count} bills, so the next one is bill_no {following}",
            current_version=count,
        )
    if bills and _what_for(billed) != _what_for(bills[-1]):
        raise ChargeExists(
            f"a later bill of charge {command.charge_id} is for the same cycle, payee, kind, key "
            "and supplier as the first; use another id for another charge",
            current_version=len(bills),
        )
    check_day(command, command.billed_on, "/billed_on")
    return [billed]


def weigh_charge(command: WeighCharge, known: Known) -> Sequence[Event]:
    """Raises NoSuchCharge, NothingToSplitBy."""
    bills = _bills(command, known)
    if known[WEIGHED.about(_bill(command))].amounts:
        return []
    bill = bills[command.bill_no - 1]
    before = bills[command.bill_no - 2].amount_idr if command.bill_no > 1 else 0
    key = _key_of(bill)
    try:
        split = split_charge(bill.amount_idr - before, key, command.goods)
    except NothingWeighs as why:
        raise NothingToSplitBy(f"charge {command.charge_id}: {why}") from None
    lines = [WeighedLine(*goods, amount_idr=amount) for goods, amount in split]
    return [
        ChargeWeighed(
            charge_id=command.charge_id,
            cycle_id=bill.cycle_id,
            bill_no=command.bill_no,
            part=part,
            key=key,
            lines=tuple(lines[start : start + ROWS_A_PART]),
        )
        for part, start in enumerate(range(0, len(lines), ROWS_A_PART), start=1)
    ]


def share_charge(command: ShareCharge, known: Known) -> Sequence[Event]:
    """Each line's part by the units that each koperasi holds. Raises NoSuchCharge."""
    bill = _bills(command, known)[command.bill_no - 1]
    if known[SHARED.about(f"{_bill(command)}|{command.first_part}")].so:
        return []
    amounts = known[WEIGHED.about(_bill(command))].amounts
    rows: list[LandedCost] = []
    for line in command.lines:
        amount = amounts[line.supplier_id, line.item_id]
        rows += [
            LandedCost(line.supplier_id, line.item_id, koperasi_id, part)
            for koperasi_id, part in spread(amount, line.holders).items()
            if part
        ]
    return [
        LandedCostAdjusted(
            charge_id=command.charge_id,
            cycle_id=bill.cycle_id,
            payee=bill.payee,
            bill_no=command.bill_no,
            part=part,
            key=bill.key,
            rows=tuple(rows[start : start + ROWS_A_PART]),
        )
        for part, start in enumerate(range(0, len(rows), ROWS_A_PART), start=command.first_part)
    ]


def _bills(command: WeighCharge | ShareCharge, known: Known) -> tuple[ChargeBilled, ...]:
    bills = known[CHARGE.about(command.charge_id)].bills
    if command.bill_no > len(bills):
        raise NoSuchCharge(f"charge {command.charge_id} has no bill {command.bill_no}")
    return bills


def _what_for(bill: ChargeBilled) -> tuple[str, ...]:
    return (bill.cycle_id, bill.payee, bill.kind, bill.key, bill.supplier)


def _key_of(bill: ChargeBilled) -> ChargeKey:
    return cast("ChargeKey", bill.key)


def _check_form(command: BillCharge) -> None:
    """Raises ChargeDoesNotFit."""
    check_amount(command.amount_idr, "/amount_idr", least=1 if command.bill_no == 1 else 0)
    if (command.key == "manual") != bool(command.manual):
        raise ChargeDoesNotFit(
            "state weights by item in `manual` when the key is manual, and only then",
            pointer="/manual",
        )
    if len(command.manual) > MOST_MANUAL:
        raise ChargeDoesNotFit(f"weigh at most {MOST_MANUAL} items", pointer="/manual")
    if not all(0 <= weight <= MOST_WEIGHT for weight in command.manual.values()):
        raise ChargeDoesNotFit(f"a weight is 0 to {MOST_WEIGHT}", pointer="/manual")
    if command.manual and not any(command.manual.values()):
        raise ChargeDoesNotFit("at least one item must weigh something", pointer="/manual")


charges = Decider(needs, decide, (CHARGE, CYCLE, WEIGHED, SHARED))
