"""What the house consists of: its event types, its rules, its read tables."""

from collections.abc import Iterator
from types import ModuleType

from jaringan_usaha.changes.views import change_views
from jaringan_usaha.eventlog.appender import Appender
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.database import Pool
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.memory import Memory
from jaringan_usaha.eventlog.projector import Projection, log_queries
from jaringan_usaha.eventlog.topics import Topics
from jaringan_usaha.features.catalog import events as catalog_events
from jaringan_usaha.features.catalog.domain import catalog
from jaringan_usaha.features.catalog.import_views import price_import_views
from jaringan_usaha.features.catalog.imports import imports
from jaringan_usaha.features.catalog.items import goods
from jaringan_usaha.features.catalog.views import catalog_views
from jaringan_usaha.features.contacts import events as contact_events
from jaringan_usaha.features.contacts.domain import contacts
from jaringan_usaha.features.contacts.values import KEYS
from jaringan_usaha.features.contacts.views import contact_views
from jaringan_usaha.features.cycles import events as cycle_events
from jaringan_usaha.features.cycles.amendments.domain import amending
from jaringan_usaha.features.cycles.domain import cycles
from jaringan_usaha.features.cycles.group.approving import approving
from jaringan_usaha.features.cycles.group.domain import consolidated_orders
from jaringan_usaha.features.cycles.group.keeping import ending
from jaringan_usaha.features.cycles.group.sending import sending
from jaringan_usaha.features.cycles.orders import events as order_events
from jaringan_usaha.features.cycles.orders.domain import orders
from jaringan_usaha.features.cycles.views import cycle_views
from jaringan_usaha.features.fulfilment import events as fulfilment_events
from jaringan_usaha.features.fulfilment.dividing import shared_deliveries
from jaringan_usaha.features.fulfilment.domain import deliveries
from jaringan_usaha.features.fulfilment.folding import delivery_views
from jaringan_usaha.features.fulfilment.surplus import surplus
from jaringan_usaha.features.invoicing import events as invoicing_events
from jaringan_usaha.features.invoicing.charges import charges
from jaringan_usaha.features.invoicing.corrections import corrections
from jaringan_usaha.features.invoicing.costs import costed_invoices
from jaringan_usaha.features.invoicing.folding import invoicing_views
from jaringan_usaha.features.invoicing.invoices import invoices
from jaringan_usaha.features.invoicing.payments import payments
from jaringan_usaha.features.margin import events as margin_events
from jaringan_usaha.features.margin.domain import ledger
from jaringan_usaha.features.margin.views import margin_views
from jaringan_usaha.features.prices import events as price_events
from jaringan_usaha.features.prices.domain import observations
from jaringan_usaha.features.prices.views import price_views
from jaringan_usaha.features.registry import events as registry_events
from jaringan_usaha.features.registry.accounts import supplier_accounts
from jaringan_usaha.features.registry.domain import registry
from jaringan_usaha.features.registry.rules import rules
from jaringan_usaha.features.registry.views import registry_views
from jaringan_usaha.features.sales import events as sale_events
from jaringan_usaha.features.sales.domain import sales
from jaringan_usaha.features.sales.views import sale_views
from jaringan_usaha.features.shares import events as share_events
from jaringan_usaha.features.shares.domain import shares
from jaringan_usaha.features.shares.views import share_views
from jaringan_usaha.features.sourcing import events as sourcing_events
from jaringan_usaha.features.sourcing.domain import choices
from jaringan_usaha.features.sourcing.views import sourcing_views
from jaringan_usaha.kernel.messages import Event

EVENT_MODULES = (
    registry_events,
    contact_events,
    catalog_events,
    share_events,
    sourcing_events,
    cycle_events,
    order_events,
    price_events,
    fulfilment_events,
    invoicing_events,
    sale_events,
    margin_events,
)
DECIDERS = (
    registry,
    supplier_accounts,
    rules,
    contacts,
    goods,
    catalog,
    imports,
    shares,
    choices,
    cycles,
    orders,
    consolidated_orders,
    ending,
    sending,
    approving,
    amending,
    observations,
    deliveries,
    shared_deliveries,
    surplus,
    invoices,
    payments,
    costed_invoices,
    charges,
    corrections,
    sales,
    ledger,
)
PROJECTIONS: tuple[Projection, ...] = (
    registry_views,
    contact_views,
    catalog_views,
    price_import_views,
    share_views,
    sourcing_views,
    cycle_views,
    delivery_views,
    price_views,
    sale_views,
    invoicing_views,
    margin_views,
    change_views,
)
SEALED = (KEYS,)
"""Everything that is stored sealed under the master key."""


def event_classes(module: ModuleType) -> Iterator[type[Event]]:
    """The events that a module announces, in the order they stand in it."""
    for thing in vars(module).values():
        if isinstance(thing, type) and issubclass(thing, Event) and "name" in vars(thing):
            yield thing


def event_types() -> EventTypes:
    """Every kind of event, with the upcasters of earlier shapes (none yet)."""
    return EventTypes(kind for module in EVENT_MODULES for kind in event_classes(module))


def topics() -> Topics:
    """Everything that some decision may ask about."""
    return Topics(topic for decider in DECIDERS for topic in decider.topics)


async def type_ids(pool: Pool) -> dict[str, int]:
    """The numbers under which the database stores the event types."""
    return {row["name"]: row["type_id"] for row in await pool.fetch(log_queries.types)}


def log_of(network_id: int, pool: Pool, numbers: dict[str, int], memory: Memory) -> EventLog:
    """The log of one network with a writer of its own, and the memory of the process."""
    return EventLog(
        network_id,
        pool,
        event_types(),
        numbers,
        topics(),
        memory=memory,
        appender=Appender(pool, network_id),
    )
