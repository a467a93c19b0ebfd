"""Writes a price list as a file that reads back as it was. Source: UX-16, SEC-9."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import xlsxwriter

from jaringan_usaha.features.catalog.events import Tier

HEADS = ("item_id", "gtin", "nama_barang", "base_unit", "isi", "min_karton")
MONEY = "[$Rp-421]#,##0"
_ACTING = ("=", "+", "-", "@", "\t", "\r", "\0")


class Goods(NamedTuple):
    """One row of a price list with what the catalogue says of its item."""

    item_id: str
    gtin: str
    title: str
    base_unit: str
    case_size: int
    min_cases: int
    tiers: Sequence[Tier]


def heads_for(tiers: int) -> list[str]:
    """The heads of a table with so many tiers at most: each has quantity, rupiah and units."""
    each = [
        f"{name}_{number}" for number in range(1, tiers + 1) for name in ("mulai", "harga", "per")
    ]
    return [*HEADS, *each]


def inert(text: str) -> str:
    """Text that no spreadsheet carries out: an apostrophe before what would be a formula."""
    return f"'{text}" if text.startswith(_ACTING) else text


def as_csv(goods: Iterable[Goods], tiers: int) -> bytes:
    """Semicolons and a mark for UTF-8, which Excel in Indonesia opens as it is."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(heads_for(tiers))
    for each in goods:
        writer.writerow(inert(cell) if isinstance(cell, str) else cell for cell in _cells(each))
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(goods: Iterable[Goods], tiers: int) -> bytes:
    """Text stays text, also where it looks like a number, a link or a formula."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("Harga")
        money = book.add_format({"num_format": MONEY})
        bold = book.add_format({"bold": True})
        heads = heads_for(tiers)
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, bold)
        for row, each in enumerate(goods, start=1):
            for column, cell in enumerate(_cells(each)):
                if isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                else:
                    is_money = heads[column].startswith("harga_")
                    sheet.write_number(row, column, cell, money if is_money else None)
        sheet.freeze_panes(1, 0)
    return out.getvalue()


def _cells(goods: Goods) -> Iterator[str | int]:
    yield from (goods.item_id, goods.gtin, goods.title, goods.base_unit)
    yield from (goods.case_size, goods.min_cases)
    for tier in goods.tiers:
        yield from (tier.from_quantity, tier.idr, tier.per)
