"""The rule of costing: what an invoice that is owed comes to cost each koperasi."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from jaringan_usaha.features.cycles.events import group_order_id
from jaringan_usaha.features.invoicing.domain import (
    CLASSIFIED,
    COSTED_PART,
    FEE_NAMES,
    FEE_RULE,
    HOST,
    INVOICE,
    ORDER,
    REBATE_NAMES,
    RULE,
    GoodsNotSharedOut,
    InvoiceIsHeld,
    existing_invoice,
    parts_in_force,
    rebate_rule,
)
from jaringan_usaha.features.invoicing.events import (
    ClaimedLine,
    DebitNoteIssued,
    FeeSplit,
    InvoiceCosted,
    ItemCosts,
    SupplierInvoiceMatched,
)
from jaringan_usaha.features.invoicing.landed_cost import (
    CONSORTIUM,
    CostedLine,
    FeeTerms,
    Holder,
    RebateTerms,
    Terms,
    cost_line,
    fee_split,
    rebate_split,
)
from jaringan_usaha.features.invoicing.matching import Ordered
from jaringan_usaha.kernel.decider import About, Decider, Known
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rules import Setting

ROWS_A_PART = 400

# -- commands ------------------------------------------------------------------------------


class LineToCost(msgspec.Struct, frozen=True, kw_only=True):
    """One line, those who hold its goods, and how many units went back after it was matched."""

    item_id: str
    holders: tuple[Holder, ...]
    returned: int = 0


class CostInvoice(Command):
    """Cost some lines of an invoice; parts are numbered on from `first_part`.

    The holders are those that the read tables show after exactly `first_part` − 1 parts, so who
    looked too early meets the part that it does not know of, and records nothing.
    """

    invoice_id: str
    cycle_id: str
    supplier_id: str
    first_part: int
    lines: tuple[LineToCost, ...]


# -- needs ---------------------------------------------------------------------------------


def needs(command: CostInvoice) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    return [
        INVOICE.about(command.invoice_id),
        COSTED_PART.about(_first_part(command), new=True),
        ORDER.about(group_order_id(command.cycle_id, command.supplier_id)),
        HOST.about(command.cycle_id),
        RULE.about(FEE_RULE),
        RULE.about(rebate_rule(command.supplier_id)),
        *(CLASSIFIED.about(koperasi_id) for koperasi_id in _koperasi(command)),
    ]


def _first_part(command: CostInvoice) -> str:
    return f"{command.invoice_id}|{command.first_part}"


def _koperasi(command: CostInvoice) -> list[str]:
    """Everybody in the command, once."""
    return list(
        dict.fromkeys(holder.koperasi_id for line in command.lines for holder in line.holders)
    )


# -- decide --------------------------------------------------------------------------------


def cost_invoice(command: CostInvoice, known: Known) -> Sequence[Event]:
    """Raises NoSuchInvoice, InvoiceIsRefused, InvoiceIsHeld, GoodsNotSharedOut,
    PricingRuleMissing."""
    invoice = known[INVOICE.about(command.invoice_id)]
    matched = existing_invoice(invoice)
    if known[COSTED_PART.about(_first_part(command))].owner:
        return []
    if invoice.held:
        raise InvoiceIsHeld(f"invoice {command.invoice_id} is held, so it costs nobody anything")
    day = matched.invoiced_on
    fees = parts_in_force(known[RULE.about(FEE_RULE)], day, FEE_NAMES)
    rebates = parts_in_force(known[RULE.about(rebate_rule(matched.supplier_id))], day, REBATE_NAMES)
    terms = Terms(
        fee=_fee_terms(fees, known[HOST.about(command.cycle_id)].koperasi_id),
        rebate=_rebate_terms(rebates),
        vat_registered=frozenset(
            koperasi_id
            for koperasi_id in _koperasi(command)
            if known[CLASSIFIED.about(koperasi_id)].vat_registered_on(day)
        ),
    )
    order = known[ORDER.about(matched.consolidated_order_id)]
    lines = {line.item_id: line for line in matched.lines}
    for each in command.lines:
        held = sum(holder.units for holder in each.holders)
        if held + each.returned < lines[each.item_id].units:
            raise GoodsNotSharedOut(
                f"{held} units of {each.item_id} have been given to somebody; share the others "
                f"out, or decide about them, to cost invoice {command.invoice_id}"
            )
    costed = {
        each.item_id: cost_line(
            lines[each.item_id],
            _valued(each.holders, order.items.get(each.item_id, Ordered())),
            terms,
            returned=each.returned,
        )
        for each in command.lines
    }
    returned = tuple(each.returned for each in costed.values() if each.returned)
    parts = [
        InvoiceCosted(
            invoice_id=matched.invoice_id,
            consolidated_order_id=matched.consolidated_order_id,
            cycle_id=matched.cycle_id,
            supplier_id=matched.supplier_id,
            part=part,
            fee_version_no=fees.version_no if fees else 0,
            rebate_version_no=rebates.version_no if rebates else 0,
            items=items,
            fees=fee_split([row for item in items for row in item.rows], terms.fee),
            rebates=_rebates(items),
        )
        for part, items in enumerate(_in_parts(costed), start=command.first_part)
    ]
    return [*_debit_note(matched, returned, command.first_part), *parts]


def _rebates(items: Sequence[ItemCosts]) -> tuple[FeeSplit, ...]:
    rows = [row for item in items for row in item.rows]
    own = [part for item in items for part in item.own_rebates or (0,) * len(item.rows)]
    return rebate_split(rows, own)


def _in_parts(costed: Mapping[str, CostedLine]) -> Iterator[tuple[ItemCosts, ...]]:
    """The items of each part; a line that does not fit into one goes on in the next."""
    items: list[ItemCosts] = []
    room = ROWS_A_PART
    for item_id, line in costed.items():
        at = 0
        while at == 0 or at < len(line.rows):
            own = line.own_rebates[at : at + room]
            piece = ItemCosts(
                item_id=item_id,
                rounding_idr=0 if at else line.rounding_idr,
                rows=line.rows[at : at + room],
                own_rebates=own if any(own) else (),
            )
            items.append(piece)
            at += room
            room -= len(piece.rows)
            if room == 0:
                yield tuple(items)
                items, room = [], ROWS_A_PART
    if items:
        yield tuple(items)


def _valued(holders: Sequence[Holder], ordered: Ordered) -> list[Holder]:
    """The same holders, what is in stock at the order's price where nobody put a value on it."""
    return [
        msgspec.structs.replace(each, goods_idr=ordered.worth_idr(each.units))
        if each.koperasi_id == CONSORTIUM and not each.goods_idr
        else each
        for each in holders
    ]


def _debit_note(
    matched: SupplierInvoiceMatched, lines: tuple[ClaimedLine, ...], first_part: int
) -> list[DebitNoteIssued]:
    """The claim for units that went back after they were invoiced, if any did."""
    if not lines:
        return []
    return [
        DebitNoteIssued(
            debit_note_id=f"{matched.invoice_id}|{first_part + 1}",
            invoice_id=matched.invoice_id,
            consolidated_order_id=matched.consolidated_order_id,
            cycle_id=matched.cycle_id,
            supplier_id=matched.supplier_id,
            goods_idr=sum(line.goods_idr for line in lines),
            ppn_idr=sum(line.ppn_idr for line in lines),
            deposit_idr=sum(line.deposit_idr for line in lines),
            reason="returned",
            lines=lines,
        )
    ]


def _fee_terms(rule: Setting | None, host: str) -> FeeTerms:
    if rule is None:
        return FeeTerms()
    values = rule.values
    return FeeTerms(values["rate_bp"], values["consortium_parts"], values["host_parts"], host)


def _rebate_terms(rule: Setting | None) -> RebateTerms:
    if rule is None:
        return RebateTerms()
    values = rule.values
    return RebateTerms(values["rate_bp"], values["consortium_parts"], values["koperasi_parts"])


costed_invoices = Decider(
    needs, cost_invoice, (INVOICE, COSTED_PART, ORDER, HOST, RULE, CLASSIFIED)
)
