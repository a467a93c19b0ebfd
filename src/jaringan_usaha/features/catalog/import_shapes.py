"""What the API shows of suppliers' files: the table that was found, rows, questions, outcomes."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from jaringan_usaha.api.fields import SlugOrNone
from jaringan_usaha.api.paging import ListWithTotals, Rows
from jaringan_usaha.api.words import in_language
from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.features.catalog import import_views as views
from jaringan_usaha.features.catalog.domain import MOST_TIERS
from jaringan_usaha.features.catalog.import_previews import Previewed
from jaringan_usaha.features.catalog.routes import TierView, tier_views
from jaringan_usaha.features.catalog.sheets.asking import Question
from jaringan_usaha.features.catalog.sheets.cells import letter
from jaringan_usaha.features.catalog.sheets.comparing import Entry, InForce

MOST_SHOWN = 200  # columns, options, rows passed over

# -- answers -------------------------------------------------------------------------------


class ColumnView(BaseModel):
    column: str = Field(description="as spreadsheets name it: A, B, …")
    head: str
    role: str = Field(description="what it is taken for; empty when it is not used")
    tier_from: int = Field(description="a price from this quantity on; 0 for other columns")


class PassedOverView(BaseModel):
    row: int
    why: str


class TableView(BaseModel):
    """Which part of the file is taken for the price table."""

    sheet: str
    head_row: int
    last_head_row: int
    columns: list[ColumnView] = Field(max_length=MOST_SHOWN)
    passed_over_count: int
    passed_over: list[PassedOverView] = Field(max_length=MOST_SHOWN)


class CountsView(BaseModel):
    """Rows by what they would change; without doubtful ones these are the rows stored."""

    rows: int
    new: int
    changed: int
    unchanged: int
    doubtful: int
    gone: int = Field(description="items with a price now that the file does not name")
    left_out: int
    new_items: int


class PreviewView(BaseModel):
    table: TableView | None
    counts: CountsView
    open_questions: int
    digest: str = Field(description="to be sent back by who confirms this preview")


class OutcomeView(BaseModel):
    """What the file became."""

    digest: str
    new: int
    changed: int
    unchanged: int
    gone: int
    left_out: int
    ticked: int
    items_added: int


class ImportFileView(BaseModel):
    """A file and the price list that it is to become."""

    import_id: str
    supplier_id: str
    price_list_id: str
    sha256: str
    file_name: str
    size_bytes: int
    kind: str = Field(description="csv, xlsx, xls or ods")
    valid_from_on: date
    valid_until_on: date | None
    tier_mode: str
    state: str = Field(description="received or confirmed")
    outcome: OutcomeView | None
    version: int
    position: int
    recorded_at: datetime


class ImportTotals(Rows):
    confirmed: int


class ImportList(ListWithTotals[ImportFileView, ImportTotals]):
    """Files, and how many there are of one supplier or of all."""


class ImportView(ImportFileView):
    """A file with its preview; once it is confirmed, with its outcome."""

    preview: PreviewView | None


class QuestionView(BaseModel):
    id: str
    kind: str
    text: str
    row: int = Field(description="of the file; 0 when it is about all of it")
    cell: str
    options: list[str] = Field(max_length=MOST_SHOWN)


class DoubtView(BaseModel):
    kind: str
    text: str


class ImportRowView(BaseModel):
    """One row of the preview, in the item's base units."""

    row: int = Field(description="of the file; 0 for an item that the file does not name")
    item_id: str
    title: str
    is_new_item: bool
    code: str
    gtin: str
    base_unit: str
    case_size: int
    min_cases: int
    status: str = Field(description="new, changed, unchanged, doubtful or gone")
    change_bp: int | None = Field(description="of the first price, hundredths of a percent")
    tiers: list[TierView] = Field(max_length=MOST_TIERS)
    before_tiers: list[TierView] = Field(max_length=MOST_TIERS)
    before_price_list_id: SlugOrNone
    before_valid_until_on: date | None = Field(
        description="of a gone price that is to end, the day before the first one of the file"
    )
    doubts: list[DoubtView] = Field(max_length=20)


# -- shapes --------------------------------------------------------------------------------


def file_fields(row: Row) -> dict[str, Any]:
    outcome = views.outcome_of(row["outcome"]) if row["outcome"] else None
    fields = {name: getattr(outcome, name) for name in OutcomeView.model_fields} if outcome else {}
    return {**dict(row), "outcome": OutcomeView(**fields) if outcome else None}


def preview_view(seen: Previewed) -> PreviewView:
    found = seen.preview
    return PreviewView(
        table=_table_view(seen),
        counts=CountsView(
            rows=len(found.entries),
            new=found.count("new"),
            changed=found.count("changed"),
            unchanged=found.count("unchanged"),
            doubtful=found.count("doubtful"),
            gone=len(found.gone),
            left_out=found.left_out,
            new_items=len(found.new_items),
        ),
        open_questions=len(found.questions),
        digest=seen.digest,
    )


def _table_view(seen: Previewed) -> TableView | None:
    table = seen.preview.table
    if table is None:
        return None
    return TableView(
        sheet=table.sheet.title,
        head_row=table.heads.first_row,
        last_head_row=table.heads.last_row,
        columns=[
            ColumnView(
                column=letter(each.at), head=each.head, role=each.role, tier_from=each.tier_from
            )
            for each in table.heads.columns[:MOST_SHOWN]
        ],
        passed_over_count=len(table.passed_over),
        passed_over=[
            PassedOverView(row=row, why=why) for row, why in list(table.passed_over.items())
        ][:MOST_SHOWN],
    )


def question_view(question: Question, language: str) -> QuestionView:
    return QuestionView(
        id=question.id,
        kind=question.kind,
        text=in_language(question.text, language),
        row=question.row,
        cell=question.cell,
        options=list(question.options)[:MOST_SHOWN],
    )


def spoken(row: ImportRowView, language: str) -> ImportRowView:
    """The row with what is odd about it in the language asked for."""
    doubts = [
        DoubtView(kind=each.kind, text=in_language(each.text, language)) for each in row.doubts
    ]
    return row.model_copy(update={"doubts": doubts})


def row_view(entry: Entry) -> ImportRowView:
    price, before = entry.price, entry.before
    return ImportRowView(
        row=entry.row,
        item_id=entry.item.item_id,
        title=entry.item.title,
        is_new_item=entry.is_new_item,
        code=entry.code,
        gtin=entry.item.gtin,
        base_unit=entry.item.base_unit,
        case_size=(price.case_size if price else 0) or entry.item.case_size,
        min_cases=price.min_cases if price else 0,
        status=entry.status,
        change_bp=entry.change_bp,
        tiers=tier_views(price.tiers if price else ()),
        before_tiers=tier_views(before.tiers if before else ()),
        before_price_list_id=before.price_list_id if before else "",
        before_valid_until_on=before.valid_until_on if before else None,
        doubts=[DoubtView(kind=each.kind, text=each.text) for each in entry.doubts],
    )


def gone_views(seen: Previewed) -> Iterator[ImportRowView]:
    last_on = seen.row["valid_from_on"] - timedelta(days=1) if seen.preview.ends else None
    for before in seen.preview.gone:
        yield _gone_view(before, last_on or before.valid_until_on)


def _gone_view(before: InForce, until_on: date | None) -> ImportRowView:
    return ImportRowView(
        row=0,
        item_id=before.item_id,
        title="",
        is_new_item=False,
        code="",
        gtin="",
        base_unit="",
        case_size=before.case_size,
        min_cases=before.min_cases,
        status="gone",
        change_bp=None,
        tiers=[],
        before_tiers=tier_views(before.tiers),
        before_price_list_id=before.price_list_id,
        before_valid_until_on=until_on,
        doubts=[],
    )
