"""Reads a file into sheets of cells: text in this process, spreadsheets in one of their own."""

import codecs
import csv
import io
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from jaringan_usaha.features.catalog.sheets.cells import (
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_ROWS_READ,
    MOST_SHEETS,
    MOST_TEXT,
    Cell,
    FileRefused,
    Sheet,
)
from jaringan_usaha.features.catalog.sheets.guarding import Kind

SECONDS = 20.0
READERS = 2  # children at a time, so that their memory together is bounded
_CHILD = Path(__file__).with_name("child.py")
_readers = threading.BoundedSemaphore(READERS)

_DELIMITERS = ";\t,"
_ACTING = re.compile(r"=|[+@-][^|(!]*[|(!]")  # what a spreadsheet would carry out
OURS = re.compile(r"'(?=[=+\-@\t\r\0])")
"""The apostrophe that we, like others, put before text which a spreadsheet would carry out."""


def sheets_of(kind: Kind, content: bytes) -> tuple[Sheet, ...]:
    """The tables of a file that `guarding.check` let in. Blocks for up to 20 seconds.

    Raises FileRefused.
    """
    if kind == "csv":
        return (csv_sheet(content),)
    return tuple(_by_child(content))


def csv_sheet(content: bytes) -> Sheet:
    """A text table: UTF-8 with or without mark, UTF-16 with one, else what Windows writes."""
    text = _text(content)
    delimiter = _delimiter(text)
    rows: list[tuple[Cell, ...]] = []
    cells = 0
    for row in _csv_rows(text, delimiter):
        cells += len(row)
        if len(rows) >= MOST_ROWS_READ or len(row) > MOST_COLUMNS or cells > MOST_CELLS:
            raise _large()
        for value in row:
            if _ACTING.match(value.strip()) and len(value.strip()) > 1:
                row_no = len(rows) + 1
                raise FileRefused(
                    "price-file-formulas",
                    f"row {row_no} holds a formula: write its result as plain text",
                )
        rows.append(tuple(OURS.sub("", value, count=1)[:MOST_TEXT] for value in row))
    return Sheet("", tuple(rows))


def _csv_cells(text: str, delimiter: str) -> Iterator[list[str]]:
    """Whatever ends its lines. Raises csv.Error."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _csv_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from _csv_cells(text, delimiter)
    except csv.Error as error:
        raise FileRefused("price-file-broken", "the file is no table of text") from error


def _text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise FileRefused("price-file-broken", "the letters of this file cannot be read: save as UTF-8")


def _delimiter(text: str) -> str:
    """The delimiter that cuts most rows into the same number of cells, more than one."""
    head = "".join(text.splitlines(keepends=True)[:200])
    found: tuple[int, int, str] = (0, 0, ",")
    for place, delimiter in enumerate(_DELIMITERS):
        try:
            widths = [len(row) for row in _csv_cells(head, delimiter)]
        except csv.Error:
            continue
        wide = [width for width in widths if width > 1]
        if wide:
            usual = max(set(wide), key=lambda width: (wide.count(width), width))
            found = max(found, (wide.count(usual), -place, delimiter))
    return found[2]


def _by_child(content: bytes) -> Iterator[Sheet]:
    bounds = (MOST_SHEETS, MOST_ROWS_READ, MOST_COLUMNS, MOST_CELLS, MOST_TEXT)
    with _readers:
        try:
            done = subprocess.run(  # noqa: S603  this very Python, with a file of our own
                [sys.executable, "-I", str(_CHILD), *map(str, bounds)],
                input=content,
                capture_output=True,
                timeout=SECONDS,
                env={},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise FileRefused(
                "price-file-unsafe", "the table takes too long to read: send less of it"
            ) from None
    if done.returncode:
        raise FileRefused(
            "price-file-unsafe", "the table needs too much memory to read, or breaks its reader"
        )
    for line in done.stdout.splitlines():
        found = json.loads(line)
        if "refused" in found:
            raise (
                _large()
                if found["refused"] == "large"
                else FileRefused("price-file-broken", "the file is cut or damaged: send it again")
            )
        yield Sheet(found["title"], tuple(tuple(map(_cell, row)) for row in found["rows"]))


def _cell(value: object) -> Cell:
    if isinstance(value, list):
        return Decimal(value[0])
    assert isinstance(value, str)
    return OURS.sub("", value, count=1)


def _large() -> FileRefused:
    return FileRefused(
        "price-file-too-large",
        f"a table has at most {MOST_ROWS_READ} rows and {MOST_COLUMNS} columns: "
        "delete what is empty behind it, or cut it into several lists",
    )
