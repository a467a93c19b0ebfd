"""What each event announces, and to whom. Every event type has its line here.

Figures that follow from announced things (totals, prices, progress, margins, balances) have none
of their own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.features.catalog import events as catalog
from jaringan_usaha.features.contacts import events as contacts
from jaringan_usaha.features.cycles import events as cycles
from jaringan_usaha.features.cycles.orders import events as orders
from jaringan_usaha.features.fulfilment import events as fulfilment
from jaringan_usaha.features.invoicing import events as invoicing
from jaringan_usaha.features.margin import events as margin
from jaringan_usaha.features.prices import events as prices
from jaringan_usaha.features.registry import events as registry
from jaringan_usaha.features.sales import events as sales
from jaringan_usaha.features.shares import events as shares
from jaringan_usaha.features.sourcing import events as sourcing
from jaringan_usaha.kernel.messages import Event

EVERYONE, BOARD, TRADERS, OVERSEERS = "everyone", "board", "traders", "overseers"


class Note(NamedTuple):
    """A thing was `created`, `changed` or `deleted`, as far as one audience can see."""

    audience: str
    kind: str
    id: str
    change: str


def koperasi(koperasi_id: str) -> str:
    """The audience of one koperasi with its devices."""
    return f"koperasi:{koperasi_id}"


def supplier(supplier_id: str) -> str:
    """The audience of one supplier."""
    return f"supplier:{supplier_id}"


def audiences_of(caller: Caller) -> list[str]:
    """What a caller belongs to. No note reaches two of them."""
    if caller.koperasi_id is not None:
        return [EVERYONE, BOARD, TRADERS, koperasi(caller.koperasi_id)]
    if caller.supplier_id is not None:
        return [EVERYONE, supplier(caller.supplier_id)]
    if caller.role == "office":
        return [EVERYONE, BOARD]
    return [EVERYONE, BOARD, TRADERS, OVERSEERS]


def announced(event: Event) -> Iterable[Note]:
    """The notes of one event, each once."""
    return dict.fromkeys(ANNOUNCED[type(event)](event))


def _created(kind: str, thing_id: str, *audiences: str) -> list[Note]:
    return [Note(audience, kind, thing_id, "created") for audience in audiences]


def _changed(kind: str, thing_id: str, *audiences: str) -> list[Note]:
    return [Note(audience, kind, thing_id, "changed") for audience in audiences]


def _begun(part: int, kind: str, thing_id: str, *audiences: str) -> list[Note]:
    """A thing that comes in parts is created with the first of them."""
    return (_created if part == 1 else _changed)(kind, thing_id, *audiences)


def _nothing(_: Event) -> list[Note]:
    return []


def _koperasi_changed(event: Any) -> list[Note]:
    return _changed("koperasi", event.koperasi_id, koperasi(event.koperasi_id), OVERSEERS)


def _supplier_changed(event: Any) -> list[Note]:
    return _changed("supplier", event.supplier_id, TRADERS, supplier(event.supplier_id))


def _accounts_changed(event: Any) -> list[Note]:
    return _changed("supplier-account", event.supplier_id, supplier(event.supplier_id), OVERSEERS)


def _proposal_changed(event: Any) -> list[Note]:
    return _changed("consolidated-order", _group(event), OVERSEERS)


def _shares_changed(event: Any) -> list[Note]:
    return _changed("share-account", event.koperasi_id, koperasi(event.koperasi_id), OVERSEERS)


def _cycle_changed(event: Any) -> list[Note]:
    return _changed("cycle", event.cycle_id, BOARD)


def _order_changed(event: Any) -> list[Note]:
    return _changed("order", event.order_id, koperasi(event.koperasi_id), OVERSEERS)


def _group(event: Any) -> str:
    """The id of whatever one supplier does in one cycle."""
    return f"{event.cycle_id}|{event.supplier_id}"


def _to_supplier(event: Any, *kinds: str) -> Iterator[Note]:
    """What the group's order with a supplier, or a part of its way, is from now on."""
    for kind in kinds:
        yield from _changed(kind, _group(event), supplier(event.supplier_id), OVERSEERS)


def _order_of_group_changed(event: Any) -> Iterator[Note]:
    """Its cycle is as far as the least advanced order of the group."""
    yield from _to_supplier(event, "consolidated-order")
    yield from _cycle_changed(event)


def _order_of_group_placed(event: cycles.ConsolidatedOrderPlaced) -> Iterator[Note]:
    both = supplier(event.supplier_id), OVERSEERS
    yield from _begun(event.part, "consolidated-order", _group(event), *both)


def _granted(event: cycles.EntitlementsGranted) -> list[Note]:
    """From now on a delivery is expected. All traders are told once, when all of it is recorded: a
    note for each koperasi would be most of what it costs to close a cycle."""
    if event.more:
        return []
    return [
        *_created("entitlement", _group(event), TRADERS),
        *_created("delivery", _group(event), TRADERS),
        *_created("delivery-state", _group(event), supplier(event.supplier_id), OVERSEERS),
    ]


def _order_of_group_amended(event: cycles.ConsolidatedOrderAmended) -> Iterator[Note]:
    yield from _order_of_group_changed(event)
    yield from _to_supplier(event, "delivery-state")
    yield from _entitled_anew(event)
    drops = (*event.charges, *event.relieved)
    if drops:
        whose = {koperasi(drop.koperasi_id): None for drop in drops}
        yield from _created("tier-drop", _group(event), *whose, OVERSEERS)


def _order_of_group_withdrawn(event: cycles.ConsolidatedOrderWithdrawn) -> Iterator[Note]:
    """The event does not say who expected something, so all traders are told."""
    yield from _order_of_group_changed(event)
    yield from _to_supplier(event, "delivery-state")
    for kind in ("entitlement", "delivery"):
        yield Note(TRADERS, kind, _group(event), "deleted")


def _entitled_anew(event: cycles.ConsolidatedOrderAmended) -> Iterator[Note]:
    """What somebody may expect stands beside what they got, too."""
    whose = {koperasi(row.koperasi_id): None for item in event.items for row in item.rows}
    for kind in ("entitlement", "delivery"):
        yield from _changed(kind, _group(event), *whose, OVERSEERS)


def _minimum_changed(event: Any) -> list[Note]:
    return _changed("minimum", event.cycle_id, OVERSEERS)


def _goods_received(event: fulfilment.GoodsReceived) -> Iterator[Note]:
    both = supplier(event.supplier_id), OVERSEERS
    yield from _begun(event.part, "receipt", event.receipt_id, *both)
    yield from _to_supplier(event, "delivery-state")


def _receipt_corrected(event: fulfilment.ReceiptCorrected) -> Iterator[Note]:
    both = supplier(event.supplier_id), OVERSEERS
    yield from _changed("receipt", event.receipt_id, *both)
    yield from _to_supplier(event, "delivery-state")
    yield from _changed("surplus", _group(event), OVERSEERS)


def _bears(event: Any, koperasi_ids: Iterable[str], *kinds: str) -> Iterator[Note]:
    """What koperasi got of one supplier's goods, and what that costs them; the consortium's own
    part is the operator's to look at."""
    for kind in kinds:
        for koperasi_id in koperasi_ids:
            if koperasi_id != "consortium":
                yield Note(koperasi(koperasi_id), kind, _group(event), "changed")
        yield Note(OVERSEERS, kind, _group(event), "changed")


def _delivery_shared(event: fulfilment.DeliveryShared) -> Iterator[Note]:
    whose = {row.koperasi_id: None for item in event.items for row in item.rows}
    yield from _bears(event, whose, "delivery", "cost", "entitlement")
    yield from _to_supplier(event, "delivery-state")
    yield from _changed("surplus", _group(event), OVERSEERS)


def _surplus_decided(event: fulfilment.SurplusDecided) -> Iterator[Note]:
    taken = () if event.koperasi_id is None else (event.koperasi_id,)
    yield from _bears(event, taken, "delivery", "cost")
    yield from _to_supplier(event, "delivery-state")
    yield from _changed("surplus", _group(event), OVERSEERS)


def _invoice_changed(event: Any) -> list[Note]:
    return _changed("invoice", event.invoice_id, supplier(event.supplier_id), OVERSEERS)


def _invoice_costed(event: invoicing.InvoiceCosted) -> Iterator[Note]:
    whose = {row.koperasi_id: None for item in event.items for row in item.rows}
    yield from _bears(event, whose, "cost")
    yield from _invoice_changed(event)


def _invoice_paid(event: invoicing.InvoicePaid) -> Iterator[Note]:
    both = supplier(event.supplier_id), OVERSEERS
    yield from _created("invoice-payment", event.cycle_id, *both)
    yield from _invoice_changed(event)
    if event.set_off_idr:
        yield from _to_supplier(event, "debit-note")


def _landed_cost_adjusted(event: invoicing.LandedCostAdjusted) -> Iterator[Note]:
    whose = {row.koperasi_id: None for row in event.rows} | {OVERSEERS: None}
    for koperasi_id in whose:
        audience = OVERSEERS if koperasi_id == OVERSEERS else koperasi(koperasi_id)
        yield Note(audience, "charge", event.charge_id, "changed")
    for row in event.rows:
        group = f"{event.cycle_id}|{row.supplier_id}"
        yield Note(koperasi(row.koperasi_id), "cost", group, "changed")
        yield Note(OVERSEERS, "cost", group, "changed")


ANNOUNCED: Mapping[type[Event], Callable[[Any], Iterable[Note]]] = {
    registry.KoperasiAdmitted: lambda event: _created(
        "koperasi", event.koperasi_id, koperasi(event.koperasi_id), OVERSEERS
    ),
    registry.KoperasiSuspended: _koperasi_changed,
    registry.KoperasiReinstated: _koperasi_changed,
    registry.KoperasiClassified: _koperasi_changed,
    registry.SupplierAdmitted: lambda event: _created(
        "supplier", event.supplier_id, TRADERS, supplier(event.supplier_id)
    ),
    registry.SupplierSuspended: _supplier_changed,
    registry.SupplierReinstated: _supplier_changed,
    registry.SupplierAccountProposed: _accounts_changed,
    registry.SupplierAccountConfirmed: _accounts_changed,
    registry.SupplierAccountWithdrawn: _accounts_changed,
    registry.RuleSet: lambda event: _begun(event.version_no, "rule", event.rule_id, TRADERS),
    contacts.ContactRecorded: _nothing,  # who may see persons, asks for them
    contacts.ContactCorrected: _nothing,
    contacts.ConsentWithdrawn: _nothing,
    contacts.ErasureAsked: _nothing,
    contacts.SubjectErased: _nothing,
    catalog.ItemAdded: lambda event: _created("item", event.item_id, EVERYONE),
    catalog.ItemDescribed: lambda event: _changed("item", event.item_id, EVERYONE),
    catalog.PriceListPublished: lambda event: _begun(
        event.part, "price-list", event.price_list_id, TRADERS, supplier(event.supplier_id)
    ),
    catalog.PriceFileReceived: lambda event: _created("price-import", event.import_id, OVERSEERS),
    catalog.PriceFileAnswered: lambda event: _changed("price-import", event.import_id, OVERSEERS),
    catalog.SupplierGoodsNamed: _nothing,  # the service's memory for the next file
    catalog.PriceFileConfirmed: lambda event: _changed("price-import", event.import_id, OVERSEERS),
    shares.ShareCommitted: lambda event: _begun(
        event.pledge_no, "share-account", event.koperasi_id, koperasi(event.koperasi_id), OVERSEERS
    ),
    shares.SharePaid: _shares_changed,
    sourcing.SupplierChosen: lambda event: _created("choice", event.choice_id, TRADERS),
    cycles.CycleDrafted: lambda event: _created("cycle", event.cycle_id, BOARD),
    cycles.CycleOpened: lambda event: _created("cycle", event.cycle_id, BOARD),
    cycles.CycleFilling: _cycle_changed,
    cycles.CycleKeptOpen: _cycle_changed,
    cycles.CycleReopened: _cycle_changed,
    cycles.CycleClosed: _cycle_changed,
    cycles.CycleCancelled: _cycle_changed,
    cycles.CycleConsolidated: _cycle_changed,
    orders.OrderPlaced: lambda event: _created(
        "order", event.order_id, koperasi(event.koperasi_id), OVERSEERS
    ),
    orders.OrderChanged: _order_changed,
    orders.OrderCancelled: _order_changed,
    orders.CasesFilled: _nothing,  # totals of a cycle, with every change of an order
    cycles.ConsolidatedOrderPlaced: _order_of_group_placed,
    cycles.ConsolidatedOrderShared: _nothing,  # margins
    cycles.EntitlementsGranted: _granted,
    cycles.MinimumMissed: _minimum_changed,
    cycles.MinimumDecided: _minimum_changed,
    cycles.ConsolidatedOrderProposed: _proposal_changed,
    cycles.ConsolidatedOrderProposalWithdrawn: _proposal_changed,
    cycles.ConsolidatedOrderSent: _order_of_group_changed,
    cycles.ConsolidatedOrderAcknowledged: _order_of_group_changed,
    cycles.ConsolidatedOrderAmended: _order_of_group_amended,
    cycles.DeliveryBegun: _nothing,  # the receipt beside it says so
    cycles.ConsolidatedOrderWithdrawn: _order_of_group_withdrawn,
    prices.MarketPricesObserved: lambda event: _changed("market-prices", event.region_code, BOARD),
    fulfilment.GoodsReceived: _goods_received,
    fulfilment.ReceiptCorrected: _receipt_corrected,
    fulfilment.DeliveryShared: _delivery_shared,
    fulfilment.SurplusDecided: _surplus_decided,
    fulfilment.DeliveryEnded: lambda event: _to_supplier(event, "delivery-state"),
    invoicing.SupplierInvoiceMatched: lambda event: _created(
        "invoice", event.invoice_id, supplier(event.supplier_id), OVERSEERS
    ),
    invoicing.SupplierInvoiceReleased: _invoice_changed,
    invoicing.SupplierInvoiceRefused: _invoice_changed,
    invoicing.DebitNoteIssued: lambda event: _created(
        "debit-note", _group(event), supplier(event.supplier_id), OVERSEERS
    ),
    invoicing.InvoiceCosted: _invoice_costed,
    invoicing.InvoicePaid: _invoice_paid,
    invoicing.RebateReceived: lambda event: _created("rebate", _group(event), OVERSEERS),
    invoicing.ChargeBilled: lambda event: _begun(
        event.bill_no, "charge", event.charge_id, OVERSEERS
    ),
    invoicing.ChargeWeighed: lambda event: _changed("charge", event.charge_id, OVERSEERS),
    invoicing.LandedCostAdjusted: _landed_cost_adjusted,
    sales.SaleRecorded: lambda event: _created(
        "sale", event.sale_id, koperasi(event.koperasi_id), OVERSEERS
    ),
    margin.MonthClosed: lambda event: _created("month", event.month_id, OVERSEERS),
    margin.BalancesCarried: lambda event: _changed("month", event.month_id, OVERSEERS),
}
