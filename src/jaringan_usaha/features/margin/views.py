"""The double-entry ledger and the margins: every figure tied to the positions it comes from."""

from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.eventlog.projector import Page, Projection
from jaringan_usaha.features.cycles.events import (
    ConsolidatedOrderAmended,
    ConsolidatedOrderShared,
    ConsolidatedOrderWithdrawn,
)
from jaringan_usaha.features.fulfilment.events import DeliveryShared, GoodsReceived, SurplusDecided
from jaringan_usaha.features.invoicing.events import (
    ChargeBilled,
    DebitNoteIssued,
    InvoiceCosted,
    InvoicePaid,
    LandedCostAdjusted,
    RebateReceived,
    SupplierInvoiceMatched,
)
from jaringan_usaha.features.margin.bookkeeping import Step, steps
from jaringan_usaha.features.margin.events import BalancesCarried, MonthClosed
from jaringan_usaha.features.sales.events import SaleRecorded
from jaringan_usaha.features.shares.events import SharePaid

EVENTS = (
    ConsolidatedOrderShared,
    ConsolidatedOrderAmended,
    ConsolidatedOrderWithdrawn,
    GoodsReceived,
    DeliveryShared,
    SurplusDecided,
    SupplierInvoiceMatched,
    InvoiceCosted,
    DebitNoteIssued,
    RebateReceived,
    InvoicePaid,
    ChargeBilled,
    LandedCostAdjusted,
    SaleRecorded,
    SharePaid,
    MonthClosed,
    BalancesCarried,
)


async def write(page: Page, db: Connection) -> None:
    """Fold a page into journal, balances, stock and margins."""
    events = [logged for logged in page.events if type(logged.event) in EVENTS]
    if events:
        for step in steps(events):
            await Step(page.network_id, db).fold(step)


margin_views = Projection("margin", write, EVENTS, money=True)
