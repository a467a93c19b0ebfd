"""What is told of suppliers' invoices and debit notes: one shape for each question."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from jaringan_usaha.api.paging import ListOf, Rows
from jaringan_usaha.features.invoicing.invoices import MOST_LINES


class InvoiceView(BaseModel):
    """What was billed, what is claimed back, and what is owed: nothing while it is held."""

    invoice_id: str
    cycle_id: str
    supplier_id: str
    version: int
    invoice_no: str
    tax_invoice_no: str
    invoiced_on: date
    held: bool = Field(description="owed only after it is released")
    refused: bool = Field(description="went back to the supplier; never owed")
    decision_reason: str = Field(description="why it was released, or refused")
    line_count: int
    goods_idr: int
    ppn_idr: int
    deposit_idr: int
    claimed_idr: int = Field(description="what debit notes claim back")
    owed_idr: int
    paid_idr: int
    uncosted_lines: int = Field(description="lines that do not cost any koperasi anything yet")
    matching_version_no: int
    ppn_version_no: int
    position: int
    recorded_at: datetime


class MatchedLineView(BaseModel):
    """One line against order and receipts; what was billed for more than `units` is claimed."""

    line_no: int
    item_id: str
    billed: int
    accepted: int
    units: int
    goods_idr: int
    expected_idr: int
    ppn_idr: int
    expected_ppn_idr: int
    deposit_idr: int
    claimed_idr: int
    claimed_ppn_idr: int
    claimed_deposit_idr: int
    outcome: str = Field(description="equal, rounding, variance, over_billed or held")
    reason: str
    returned: int = Field(description="units that went back after they were invoiced")
    costed: int = Field(description="units whose cost is shared by koperasi")
    undecided: int = Field(description="accepted units of the item that nobody has been given")


class InvoiceDetail(InvoiceView):
    lines: list[MatchedLineView] = Field(max_length=MOST_LINES)
    as_of: int
    stale: bool


class MoneyTotals(Rows):
    """How many rows there are, and the sums over all consolidated orders asked for, whatever page
    is shown. Where a list is narrowed to days, the sums of its own rows; what these do not tell is
    null."""

    invoices: int | None
    held: int | None
    billed_idr: int | None
    held_idr: int | None
    claimed_idr: int | None
    owed_idr: int | None
    paid_idr: int | None
    rebate_idr: int | None = Field(description="accrued on costed goods")
    rebate_received_idr: int | None

    @classmethod
    def of(cls, sums: Mapping[str, int]) -> Self:
        return cls.model_validate({**dict.fromkeys(cls.model_fields), **sums})


class InvoiceStateView(BaseModel):
    """How far one consolidated order is billed and paid."""

    cycle_id: str
    supplier_id: str
    state: str = Field(description="open, invoiced or settled; more may come")
    kept_units: int = Field(description="accepted and not sent back, over all items")
    costed_units: int
    invoices: int
    held: int
    billed_idr: int
    held_idr: int
    claimed_idr: int
    owed_idr: int
    paid_idr: int
    rebate_idr: int
    rebate_received_idr: int


class ClaimedLineView(BaseModel):
    item_id: str
    units: int
    goods_idr: int
    ppn_idr: int
    deposit_idr: int


class DebitNoteView(BaseModel):
    """A claim on the supplier for what was billed and is not paid for."""

    debit_note_id: str = Field(
        description="the invoice's id and a number: `tagihan-7|1`",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*\|[0-9]+$",
        max_length=128,
    )
    invoice_id: str
    cycle_id: str
    supplier_id: str
    reason: str = Field(description="over_billed or returned; more may come")
    goods_idr: int
    ppn_idr: int
    deposit_idr: int
    lines: list[ClaimedLineView] = Field(max_length=MOST_LINES)
    position: int
    recorded_at: datetime


class InvoiceList(ListOf[InvoiceView]):
    totals: MoneyTotals


class InvoiceStateList(ListOf[InvoiceStateView]):
    totals: MoneyTotals


class DebitNoteList(ListOf[DebitNoteView]):
    totals: MoneyTotals
