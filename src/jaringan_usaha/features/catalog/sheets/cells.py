"""What a table is made of: cells that are text or exact numbers, rows that keep their number."""

import re
from decimal import Decimal
from typing import NamedTuple

Cell = str | Decimal

MOST_SHEETS = 20
MOST_ROWS_READ = 12_000
MOST_COLUMNS = 100
MOST_CELLS = 250_000
MOST_TEXT = 300  # signs of a cell that are kept

_BLANK = re.compile(r"[\s\u00a0\u2007\u202f\ufeff]+")


class Sheet(NamedTuple):
    """One table as it stands in the file: `rows[0]` is the file's row 1."""

    title: str
    rows: tuple[tuple[Cell, ...], ...]


class FileRefused(Exception):
    """A file that is not read; `code` is public, the sentence says what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def plain(cell: Cell) -> str:
    """The cell as people read it, on one line; a whole number without its decimals."""
    if isinstance(cell, Decimal):
        whole = cell.to_integral_value()
        return str(int(whole)) if whole == cell else format(cell.normalize(), "f")
    return _BLANK.sub(" ", cell).strip()


def is_empty(cell: Cell) -> bool:
    """Whether nothing stands there; dashes stand for nothing in price tables."""
    return isinstance(cell, str) and plain(cell) in ("", "-", "–", "—")


def letter(column: int) -> str:
    """The column as spreadsheets name it: 0 is A."""
    name = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        name = chr(65 + digit) + name
    return name
