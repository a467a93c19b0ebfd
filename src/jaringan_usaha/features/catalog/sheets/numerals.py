"""Numbers in text: what points and commas mean is decided for a whole column, never for a cell.

Source: UX-10, UX-11. Exact throughout; rupiah have at most two decimals, so three digits behind
a sign are always thousands.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from jaringan_usaha.features.catalog.sheets.cells import Cell, is_empty, plain

Convention = Literal["dot", "comma"]
"""Which sign stands between thousands; the other one stands before decimals."""

CONVENTIONS: tuple[Convention, ...] = get_args(Convention)

_CURRENCY = re.compile(r"^(?:rp|idr)\.?\s*", re.IGNORECASE)
_ENDING = re.compile(r"\s*(?:[,.]\s*[-–—=]+)$")
_SHAPES: dict[Convention, re.Pattern[str]] = {
    "dot": re.compile(r"(?P<whole>\d{1,3}(?:\.\d{3})+|\d+)(?:,(?P<part>\d{1,2}))?"),
    "comma": re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d{1,2}))?"),
}


def bare(text: str) -> str:
    """The text without its currency and without `,-` behind it."""
    return _ENDING.sub("", _CURRENCY.sub("", plain(text)))


def read(text: str, convention: Convention) -> Decimal | None:
    """The number that a text is under a convention, or None."""
    found = _SHAPES[convention].fullmatch(bare(text))
    if found is None:
        return None
    whole = re.sub(r"\D", "", found["whole"])
    return Decimal(f"{whole}.{found['part'] or 0}")


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column that was read: `values` by row, `odd` what no convention can read.

    `undecided`: the texts of the column do not agree on a convention; then only those that mean
    the same under both are among the values.
    """

    values: Mapping[int, Decimal]
    odd: Mapping[int, str]
    convention: Convention | None
    undecided: bool


def read_column(cells: Mapping[int, Cell], settled: Convention | None = None) -> NumberColumn:
    """Read a column, under the convention that people settled, or the only one that fits all."""
    values: dict[int, Decimal] = {}
    odd: dict[int, str] = {}
    texts: dict[int, str] = {}
    for row, cell in cells.items():
        if isinstance(cell, Decimal):
            values[row] = cell
        elif is_empty(cell):
            continue
        elif all(read(cell, each) is None for each in CONVENTIONS):
            odd[row] = plain(cell)
        else:
            texts[row] = cell
    convention, undecided = settled, False
    if settled is None:
        fitting = [
            each
            for each in CONVENTIONS
            if all(read(text, each) is not None for text in texts.values())
        ]
        same = all(read(text, "dot") == read(text, "comma") for text in texts.values())
        undecided = not same and len(fitting) != 1
        convention = fitting[0] if len(fitting) == 1 else None
    for row, text in texts.items():
        readings = [read(text, each) for each in ([convention] if convention else CONVENTIONS)]
        first = readings[0]
        if first is not None and all(each == first for each in readings):
            values[row] = first
        elif not undecided:
            odd[row] = plain(text)
    return NumberColumn(values, odd, convention, undecided)


def whole(cell: Cell) -> int | None:
    """A whole number of at most sixteen digits without separators, as counts are written."""
    text = plain(cell)
    return int(text) if re.fullmatch(r"\d{1,16}", text) else None
