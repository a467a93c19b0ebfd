"""The rules of what koperasi sell: ceilings hold at the till, and are told when they did not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from typing import Any

import msgspec

from jaringan_usaha.features.catalog.events import ItemAdded
from jaringan_usaha.features.registry.events import KoperasiAdmitted, KoperasiClassified, RuleSet
from jaringan_usaha.features.sales.events import (
    Measured,
    SaleLine,
    SaleRecorded,
    customer_day_id,
)
from jaringan_usaha.kernel.calendar import day_of_business
from jaringan_usaha.kernel.ceiling import (
    ceiling_of,
    customer_day_limit,
    exceeds,
    het_rule,
    most_idr,
    sphp_rule,
)
from jaringan_usaha.kernel.classification import Classified, evolve_classified
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.quantity import MOST_UNITS
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused
from jaringan_usaha.kernel.rules import RulesOfKind, Setting, evolve_rules_of_kind

MOST_LINES = 200
HET, SPHP = "het", "sphp"  # kinds of rules
HET_EXCEEDED = "HET_EXCEEDED"
SPHP_LIMIT = "SPHP_LIMIT"

# -- command -------------------------------------------------------------------------------


class RecordSale(Command):
    """What was sold on `sold_on`, a date in Asia/Jakarta. `reported`: the goods are gone already,
    so what breaks a ceiling is recorded with a flag instead of being refused."""

    sale_id: str
    koperasi_id: str
    sold_on: date
    lines: tuple[SaleLine, ...]
    customer: str = ""
    reported: bool = False


# -- rejections ----------------------------------------------------------------------------


class NoSuchKoperasi(Missing):
    code = "koperasi-unknown"


class NoSuchSale(Missing):
    code = "sale-unknown"


class SaleExists(Refused):
    code = "sale-exists"


class SaleItemUnknown(Refused):
    """A line names an item that does not exist."""

    code = "sale-item-unknown"


class SaleDoesNotFit(Invalid):
    code = "sale-invalid"


class HetExceeded(Refused):
    code = "het-exceeded"


class SphpLimitExceeded(Refused):
    code = "sphp-limit-exceeded"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sale:
    """A digest of what was recorded under this id."""

    sale_id: str
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Exists:
    """A thing that can only ever come into being."""

    id: str
    so: bool = False


@dataclass(frozen=True, slots=True)
class CustomerDay:
    """Base units of one item that a customer of a koperasi bought on one day, less returns."""

    id: str
    quantity: int = 0


def evolve_sale(sale: Sale, event: SaleRecorded) -> Sale:
    return replace(sale, content=_digest(event))


def evolve_exists(thing: Exists, _: Event) -> Exists:
    return replace(thing, so=True)


def evolve_customer_day(bought: CustomerDay, event: SaleRecorded) -> CustomerDay:
    item_id = bought.id.rpartition("|")[2]
    return replace(bought, quantity=bought.quantity + _units_of(event.lines, item_id))


def _digest(sale: RecordSale | SaleRecorded) -> bytes:
    """Sixteen bytes that differ when what the till said differs."""
    lines = [(each.item_id, each.quantity, each.amount_idr, each.ppn_idr) for each in sale.lines]
    said = msgspec.json.encode((sale.koperasi_id, sale.sold_on, sale.customer, lines))
    return blake2b(said, digest_size=16).digest()


def _units_of(lines: Sequence[SaleLine], item_id: str) -> int:
    return sum(line.quantity for line in lines if line.item_id == item_id)


SALE = Topic("sales.sale", "sale", (SaleRecorded,), Sale, evolve_sale, stream=True)
SELLER = Topic("sales.seller", "koperasi", (KoperasiAdmitted,), Exists, evolve_exists, settled=True)
CLASSIFIED = Topic(
    "sales.classified", "koperasi", (KoperasiClassified,), Classified, evolve_classified
)
ITEM = Topic("sales.item", "item", (ItemAdded,), Exists, evolve_exists, settled=True)
CEILINGS = Topic("sales.ceilings", "rule_kind", (RuleSet,), RulesOfKind, evolve_rules_of_kind)
CUSTOMER_DAY = Topic(
    "sales.customer_day", "customer_day", (SaleRecorded,), CustomerDay, evolve_customer_day
)

# -- needs ---------------------------------------------------------------------------------


def needs(command: RecordSale) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the event is appended."""
    lines = command.lines[:MOST_LINES]  # more are refused anyway
    items = dict.fromkeys(line.item_id for line in lines)
    return [
        SALE.about(command.sale_id, new=True),
        SELLER.about(command.koperasi_id),
        CLASSIFIED.about(command.koperasi_id),
        CEILINGS.about(HET),
        CEILINGS.about(SPHP),
        *(ITEM.about(item_id) for item_id in items),
        *(_about_customer(command, item_id) for item_id in items if command.customer),
    ]


def _about_customer(command: RecordSale, item_id: str) -> About[CustomerDay]:
    id_ = customer_day_id(command.koperasi_id, command.customer, command.sold_on, item_id)
    return CUSTOMER_DAY.about(id_, new=True)


# -- decide --------------------------------------------------------------------------------


def decide(command: RecordSale, known: Known) -> Sequence[Event]:
    """Raises SaleDoesNotFit, SaleExists, NoSuchKoperasi, SaleItemUnknown, HetExceeded,
    SphpLimitExceeded; the last two only when the sale is not `reported`."""
    content = known[SALE.about(command.sale_id)].content
    if content == _digest(command):
        return []
    if content:
        raise SaleExists(
            f"sale {command.sale_id} is recorded with other content; record this one under a "
            "new id, or a return of the other"
        )
    if not known[SELLER.about(command.koperasi_id)].so:
        raise NoSuchKoperasi(f"koperasi {command.koperasi_id} is not admitted to this network")
    _check_form(command, known)
    return [
        SaleRecorded(
            sale_id=command.sale_id,
            koperasi_id=command.koperasi_id,
            sold_on=command.sold_on,
            lines=tuple(
                msgspec.structs.replace(line, measured=tuple(_measured(command, number, known)))
                for number, line in enumerate(command.lines)
            ),
            customer=command.customer,
        )
    ]


def _check_form(command: RecordSale, known: Known) -> None:
    if not 1 <= len(command.lines) <= MOST_LINES:
        raise SaleDoesNotFit(f"a sale has 1 to {MOST_LINES} lines", pointer="/lines")
    if command.sold_on > day_of_business(command.asked.at):
        raise SaleDoesNotFit("a sale cannot be dated in the future", pointer="/sold_on")
    pkp = known[CLASSIFIED.about(command.koperasi_id)].vat_registered_on(command.sold_on)
    for number, line in enumerate(command.lines):
        pointer = f"/lines/{number}"
        if not known[ITEM.about(line.item_id)].so:
            raise SaleItemUnknown(
                f"there is no item {line.item_id}; add it first", pointer=f"{pointer}/item_id"
            )
        _check_amounts(line, pointer)
        if line.ppn_idr and not pkp:
            raise SaleDoesNotFit(
                f"koperasi {command.koperasi_id} was no PKP on {command.sold_on}, so none of "
                "the amount is PPN; leave it out, or classify the koperasi first",
                pointer=f"{pointer}/ppn_idr",
            )


def _check_amounts(line: SaleLine, pointer: str) -> None:
    """Quantity, amount and PPN go the same way: out of the shop, or back into it."""
    if abs(line.quantity) > MOST_UNITS or abs(line.amount_idr) > MOST_IDR:
        raise SaleDoesNotFit("the line is too large", pointer=pointer)
    if line.quantity * line.amount_idr < 0:
        raise SaleDoesNotFit(
            "a return has a negative quantity and a negative amount, a sale neither",
            pointer=f"{pointer}/amount_idr",
        )
    if line.amount_idr * line.ppn_idr < 0 or abs(line.ppn_idr) > abs(line.amount_idr):
        raise SaleDoesNotFit("PPN is a part of the amount", pointer=f"{pointer}/ppn_idr")


def _measured(command: RecordSale, number: int, known: Known) -> Iterator[Measured]:
    """Each rule in force for the line on that day, and how it is broken."""
    item_id = command.lines[number].item_id
    for kind, rule_id in ((HET, het_rule(item_id)), (SPHP, sphp_rule(item_id))):
        setting = known[CEILINGS.about(kind)].on(rule_id, command.sold_on)
        if setting is None:
            continue
        flags = [
            flag
            for flag in (
                _too_dear(setting, command, number, known),
                _too_much(setting, command, number, known),
            )
            if flag
        ]
        for flag in flags or [""]:
            yield Measured(rule=rule_id, version_no=setting.version_no, flag=flag)


def _too_dear(setting: Setting, command: RecordSale, number: int, known: Known) -> str:
    """The flag of a price above the ceiling; goods that come back are not measured again.
    Raises HetExceeded unless the sale is reported."""
    line = command.lines[number]
    zone = known[CLASSIFIED.about(command.koperasi_id)].zone_on(command.sold_on)
    ceiling = ceiling_of(setting, zone)
    if ceiling is None or line.quantity <= 0:
        return ""
    if not exceeds(line.amount_idr, line.quantity, ceiling):
        return ""
    if command.reported:
        return HET_EXCEEDED
    most = most_idr(line.quantity, ceiling)
    raise HetExceeded(
        f"{line.quantity} units of {line.item_id} cost at most Rp{most} by rule "
        f"{ceiling.rule_id}, number {ceiling.version_no}; sell them for no more",
        rule=ceiling.rule_id,
        rule_version_no=ceiling.version_no,
        most_idr=most,
        pointer=f"/lines/{number}/amount_idr",
    )


def _too_much(setting: Setting, command: RecordSale, number: int, known: Known) -> str:
    """The flag of what a customer buys beyond the day's limit, told once for each item.

    Without a customer a sale is one customer's, except in a report, which may sum up many.
    Raises SphpLimitExceeded unless the sale is reported.
    """
    item_id = command.lines[number].item_id
    limit = customer_day_limit(setting.values)
    anybody = not command.customer
    if limit is None or (anybody and command.reported) or not _is_last(command.lines, number):
        return ""
    before = 0 if anybody else known[_about_customer(command, item_id).plain()].quantity
    if before + _units_of(command.lines, item_id) <= limit:
        return ""
    if command.reported:
        return SPHP_LIMIT
    left = max(limit - before, 0)
    raise SphpLimitExceeded(
        f"one customer buys at most {limit} units of {item_id} a day by rule "
        f"{setting.rule_id}, number {setting.version_no}; sell no more than {left}",
        rule=setting.rule_id,
        rule_version_no=setting.version_no,
        most=limit,
        left=left,
        pointer=f"/lines/{number}/quantity",
    )


def _is_last(lines: Sequence[SaleLine], number: int) -> bool:
    """Whether a line is the last one by which goods of its item leave the shop."""
    sold = [at for at, each in enumerate(lines) if each.item_id == lines[number].item_id]
    return number == max((at for at in sold if lines[at].quantity > 0), default=-1)


sales = Decider(needs, decide, (SALE, SELLER, CLASSIFIED, CEILINGS, ITEM, CUSTOMER_DAY))
