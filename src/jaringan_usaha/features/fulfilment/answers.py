"""The shapes in which deliveries are shown over HTTP; totals are of all rows, not of a page."""

from datetime import date, datetime

from pydantic import BaseModel, Field, computed_field

from jaringan_usaha.api.paging import ListWithTotals, Rows

# -- receipts ------------------------------------------------------------------------------


class ReceiptView(BaseModel):
    receipt_id: str
    cycle_id: str
    supplier_id: str
    received_on: date
    reference: str
    line_count: int
    accepted: int
    rejected: int
    position: int
    recorded_at: datetime


class ReceiptTotals(Rows):
    accepted: int
    rejected: int

    @computed_field(description="the same as `rows`")  # type: ignore[prop-decorator]
    @property
    def receipts(self) -> int:
        return self.rows


class ReceiptPage(ListWithTotals[ReceiptView, ReceiptTotals]):
    """Receipts of a cycle."""


class ReceiptLineView(BaseModel):
    """`given` to koperasi, those worth `goods_idr`; of `surplus` some may still be `waiting`."""

    item_id: str
    accepted: int
    rejected: int
    reason: str
    corrections: int = Field(description="how often its count was corrected")
    shared: bool = Field(description="false while it waits to be shared out")
    given: int
    goods_idr: int
    surplus: int
    waiting: int


class ReceiptLineTotals(Rows):
    accepted: int
    rejected: int
    given: int
    goods_idr: int
    surplus: int
    waiting: int


class ReceiptLinePage(ListWithTotals[ReceiptLineView, ReceiptLineTotals]):
    """Lines of one receipt."""


# -- deliveries ----------------------------------------------------------------------------


class DeliveryStateView(BaseModel):
    supplier_id: str
    state: str = Field(description="expected, receiving or received; more may come")
    receipts: int
    last_received_on: date | None
    reason: str = Field(description="why the delivery was ended")
    ordered: int
    accepted: int
    rejected: int
    given: int
    goods_idr: int
    waiting: int


class DeliveryStateTotals(Rows):
    ordered: int
    accepted: int
    rejected: int
    received: int
    goods_idr: int
    waiting: int


class DeliveryStatePage(ListWithTotals[DeliveryStateView, DeliveryStateTotals]):
    """Deliveries of a cycle."""


class ShortfallView(BaseModel):
    supplier_id: str
    item_id: str
    ordered: int
    accepted: int
    rejected: int | None = Field(description="at the door; null when a koperasi is named")
    short: int
    final: bool


class ShortfallTotals(Rows):
    ordered: int
    accepted: int
    short: int

    @computed_field(description="the same as `rows`")  # type: ignore[prop-decorator]
    @property
    def items(self) -> int:
        return self.rows


class ShortfallPage(ListWithTotals[ShortfallView, ShortfallTotals]):
    """Items that fall short."""


class DeliveryView(BaseModel):
    """Of `firm` units wanted and `tolerance` welcome, `granted` are ordered and `received` came;
    they are worth `goods_idr` and alone had cost `alone_idr`."""

    supplier_id: str
    item_id: str
    koperasi_id: str
    firm: int
    tolerance: int
    least: int
    granted: int
    reason: str = Field(description="why nothing is ordered")
    received: int
    goods_idr: int
    alone_idr: int

    @computed_field(description="ordered, and not received yet")  # type: ignore[prop-decorator]
    @property
    def short(self) -> int:
        return max(self.granted - self.received, 0)


class DeliveryTotals(BaseModel):
    granted: int
    received: int
    goods_idr: int
    alone_idr: int


class DeliveryPage(ListWithTotals[DeliveryView, DeliveryTotals]):
    """What koperasi may expect and got."""


class ExplanationView(BaseModel):
    """One item of one koperasi, told in Indonesian (`id`) and in English (`en`)."""

    supplier_id: str
    item_id: str
    granted: int
    received: int
    goods_idr: int
    alone_idr: int
    id: str
    en: str


class ExplanationTotals(Rows):
    goods_idr: int
    alone_idr: int


class ExplanationPage(ListWithTotals[ExplanationView, ExplanationTotals]):
    """What one koperasi got in one cycle."""


# -- surplus -------------------------------------------------------------------------------


class SurplusView(BaseModel):
    position: int
    receipt_id: str
    cycle_id: str
    supplier_id: str
    item_id: str
    accepted: int
    given: int
    surplus: int
    waiting: int


class SurplusTotals(Rows):
    waiting: int

    @computed_field(description="the same as `rows`")  # type: ignore[prop-decorator]
    @property
    def lines(self) -> int:
        return self.rows


class SurplusPage(ListWithTotals[SurplusView, SurplusTotals]):
    """What waits for a decision."""
