"""The table of a file: which sheet, which heads, which rows hold goods; every guess is shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jaringan_usaha.features.catalog.sheets.asking import Asking, Question
from jaringan_usaha.features.catalog.sheets.cells import Cell, Sheet, is_empty, letter, plain
from jaringan_usaha.features.catalog.sheets.heads import (
    Column,
    Heads,
    find_heads,
    is_total,
    simple,
)
from jaringan_usaha.features.catalog.sheets.numerals import (
    CONVENTIONS,
    Convention,
    NumberColumn,
    read_column,
)

ASKED_ROLES = (
    "name", "price", "code", "gtin", "case", "unit", "base_unit", "minimum", "retail", "kind",
)  # fmt: skip
NONE = "none"

_WITH_PPN = re.compile(
    r"\b(sudah|termasuk|incl\w*|include|inkl\w*)\b[^.;]{0,20}\bppn\b", re.IGNORECASE
)
_WITHOUT_PPN = re.compile(
    r"\b(belum|tidak|excl\w*|exclude|diluar|di luar)\b[^.;]{0,30}\bppn\b", re.IGNORECASE
)
_NOT_RUPIAH = re.compile(
    r"\b(dalam|in|x|×)\s*(rp\.?\s*)?(ribu(an)?|juta(an)?|thousands?|1[.,]?000)\b"
    r"|\b(ribuan|jutaan) rupiah\b|\brp\.?\s*000\b|\b(usd|sgd|eur|dolar|dollars?)\b|us\$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Table:
    """The rows of goods of a sheet, by their number in the file, under heads that are a guess
    until they are confirmed; and what stood between and was passed over."""

    sheet: Sheet
    heads: Heads
    rows: tuple[int, ...]
    passed_over: Mapping[int, str]


def find_table(sheets: Sequence[Sheet], asking: Asking) -> Table | None:
    """The table of goods, or None when people must first say where it stands."""
    said = asking.answer("head", str.isdecimal)
    found = [
        (sheet, heads)
        for sheet in sheets
        if (heads := find_heads(sheet.rows, int(said) if said else None))
    ]
    if not found:
        text = "no row names both goods and prices: which row holds the heads of the columns?"
        asking.leave_open(Question("head", text))
        return None
    if len(found) > 1:
        titles = tuple(sheet.title for sheet, _ in found)
        text = "several sheets hold price tables: which one is it?"
        chosen = asking.ask(Question("sheet", text, options=titles))
        found = [each for each in found if each[0].title == chosen] or found
    sheet, heads = found[0]
    heads = _with_answers(heads, sheet, asking)
    if not heads.of("name") and not heads.of("own_idr"):
        _ask_column("name", "which column names the goods?", heads, asking)
    rows, passed_over = _sort_rows(sheet, heads)
    table = Table(sheet, heads, rows, passed_over)
    _ask_money(table, asking)
    return table


def cell_at(table: Table, row: int, column: Column) -> Cell:
    """A cell by its row number in the file; rows may end early."""
    cells = table.sheet.rows[row - 1]
    return cells[column.at] if column.at < len(cells) else ""


def price_columns(table: Table, asking: Asking) -> tuple[Column | None, list[Column]]:
    """The column of the price from one unit on, and those of its tiers by rising quantity."""
    prices = table.heads.of("price")
    tiers = sorted(
        (column for column in prices if column.tier_from), key=lambda column: column.tier_from
    )
    bases = [column for column in prices if not column.tier_from]
    if not bases and tiers and tiers[0].tier_from == 1:
        return tiers[0], tiers[1:]
    if len(bases) != 1 and not table.heads.of("own_idr"):
        _ask_column("price", "which column holds the price that we pay?", table.heads, asking)
    return (bases[0] if bases else None), tiers


def read_numbers(table: Table, column: Column, asking: Asking | None) -> NumberColumn:
    """A column of numbers; without `asking` it is a hint only, and asks for nothing."""
    cells = {row: cell_at(table, row, column) for row in table.rows}
    numbers = read_column(cells)
    if numbers.undecided and asking is not None:
        examples = [plain(cell) for row, cell in cells.items() if row not in numbers.values]
        shown = ", ".join(dict.fromkeys(examples[:3]))
        said = asking.ask(
            Question(
                f"separator:{simple(column.head)}",
                f"points and commas of “{column.head}” do not agree ({shown}): is 12.500 or "
                "12,500 twelve thousand five hundred? dot or comma",
                options=CONVENTIONS,
            )
        )
        settled: Convention | None = next((each for each in CONVENTIONS if each == said), None)
        if settled:
            numbers = read_column(cells, settled)
    return numbers


def _with_answers(heads: Heads, sheet: Sheet, asking: Asking) -> Heads:
    """The columns as people name them, by letter, or by a head that stands once."""
    columns = list(heads.columns)
    names = {_name_of(column, heads): column.at for column in columns}
    names |= {letter(column.at): column.at for column in columns}
    for role in ASKED_ROLES:
        said = asking.answer(f"column:{role}", (*names, NONE))
        if not said:
            continue
        for n, column in enumerate(columns):
            if said != NONE and column.at == names[said]:
                columns[n] = column._replace(role=role, tier_from=0)
            elif column.role == role and not column.tier_from:
                columns[n] = column._replace(role="")
    return heads._replace(columns=tuple(columns))


def _name_of(column: Column, heads: Heads) -> str:
    same = [each for each in heads.columns if plain(each.head) == plain(column.head)]
    return plain(column.head) if len(same) == 1 else letter(column.at)


def _ask_column(role: str, text: str, heads: Heads, asking: Asking) -> None:
    named = tuple(_name_of(column, heads) for column in heads.columns)
    asking.leave_open(Question(f"column:{role}", text, options=named))


def _sort_rows(sheet: Sheet, heads: Heads) -> tuple[tuple[int, ...], dict[int, str]]:
    """Rows of goods, and why others are none: titles, notes, totals, heads once more."""
    goods: list[int] = []
    passed_over: dict[int, str] = {}
    again = [plain(cell) for cell in sheet.rows[heads.last_row - 1]]
    prices = [*heads.of("price"), *heads.of("own_idr")]
    for number, row in enumerate(sheet.rows, start=1):
        filled = [cell for cell in row if not is_empty(cell)]
        if not filled or heads.first_row <= number <= heads.last_row:
            continue
        priced = any(column.at < len(row) and not is_empty(row[column.at]) for column in prices)
        if number < heads.first_row:
            passed_over[number] = "title"
        elif [plain(cell) for cell in row] == again:
            passed_over[number] = "head"
        elif is_total(row):
            passed_over[number] = "total"
        elif not priced and len(filled) <= 2:
            passed_over[number] = "note"
        else:
            goods.append(number)
    return tuple(goods), passed_over


def _ask_money(table: Table, asking: Asking) -> None:
    """Lists are kept in whole rupiah without PPN; a file that says otherwise cannot simply be
    taken over."""
    texts = [column.head for column in table.heads.columns]
    for row in table.passed_over:
        texts += [plain(cell) for cell in table.sheet.rows[row - 1]]
    for text in texts:
        if _WITH_PPN.search(text) and not _WITHOUT_PPN.search(text):
            about = (
                "the file says that its prices include PPN, and lists are kept without: "
                "answer without if they do not include it, else ask for a list without PPN"
            )
            asking.ask(Question("ppn", about, cell=text, options=("without",)))
            break
    for text in texts:
        if _NOT_RUPIAH.search(text):
            about = (
                "the file says that its prices are no plain rupiah: answer rupiah if they are, "
                "else ask for a list in whole rupiah"
            )
            asking.ask(Question("money", about, cell=text, options=("rupiah",)))
            break
