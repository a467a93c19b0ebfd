"""Bar codes as they come: with lost zeros, as floats, and sometimes no code at all."""

import re
from decimal import Decimal
from typing import NamedTuple

from stdnum import ean

from jaringan_usaha.features.catalog.sheets.cells import Cell, is_empty, plain

FEWEST_DIGITS = 7  # a GTIN-8 that lost one zero; a check digit says little of shorter ones

_FLOAT = re.compile(r"(\d{6,14})[.,]0+")
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?e\+?\d+", re.IGNORECASE)


class Code(NamedTuple):
    """What a bar code cell says: a GTIN of 14 digits, nothing, or why it is doubted."""

    gtin: str = ""
    doubt: str = ""


def read_code(cell: Cell) -> Code:
    """Lost zeros are put back when the check digit then fits. Source: ux.md §5, GTIN."""
    if is_empty(cell):
        return Code()
    text = plain(cell).lstrip("'")
    lost = isinstance(cell, Decimal)
    if found := _FLOAT.fullmatch(text):
        text, lost = found[1], True
    if _SCIENTIFIC.fullmatch(text):
        return Code(doubt="the last digits were lost when the file was saved")
    digits = re.sub(r"[ -]", "", text)
    if not digits.isdecimal() or not digits.isascii():
        return Code(doubt="this is no bar code")
    if not FEWEST_DIGITS <= len(digits) <= 14:
        return Code(doubt="a bar code has 8, 12, 13 or 14 digits")
    if not lost and len(digits) not in (8, 12, 13, 14):
        lost = True  # text that once was a number
    if not ean.is_valid(digits.zfill(14)):
        return Code(doubt="the check digit does not fit")
    return Code(gtin=digits.zfill(14))


def shape(cell: Cell) -> str:
    """How a code looks: every digit as 9, every letter as A."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", plain(cell)))


def usual_shape(cells: list[Cell]) -> str:
    """The shape of at least nine tenths of the codes in a column, or nothing."""
    shapes = [shape(cell) for cell in cells if not is_empty(cell)]
    for each in sorted(set(shapes)):
        if shapes.count(each) * 10 >= len(shapes) * 9:
            return each
    return ""
