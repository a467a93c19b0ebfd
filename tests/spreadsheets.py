"""Spreadsheets made by hand, as suppliers send them and as nobody should."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal

import xlsxwriter

Value = str | int | float
ODS = b"application/vnd.oasis.opendocument.spreadsheet"


def xlsx(
    rows: Sequence[Sequence[Value]],
    *,
    merged: Mapping[str, str] | None = None,
    formula: str = "",
    title: str = "Harga",
) -> bytes:
    """A workbook with one sheet; `merged` cells by range, `formula` in the last row."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet(title)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                else:
                    sheet.write_number(number, column, value)
        for cells, text in (merged or {}).items():
            sheet.merge_range(cells, text)
        if formula:
            sheet.write_formula(len(rows), 0, formula)
    return out.getvalue()


def with_members(content: bytes, members: Mapping[str, bytes]) -> bytes:
    """The archive with these members too."""
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def ods(rows: Sequence[Sequence[Value]], *, more: str = "") -> bytes:
    """The least that an OpenDocument table is; `more` goes into its content as it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), ODS)
        archive.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest"
            ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS.decode()}"/>'
            '<manifest:file-entry manifest:full-path="content.xml"'
            ' manifest:media-type="text/xml"/></manifest:manifest>',
        )
        cells = "".join(
            f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows
        )
        spaces = " ".join(
            f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
            for name in ("office", "table", "text")
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="Harga">{cells}{more}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return out.getvalue()


def _ods_cell(value: Value) -> str:
    if isinstance(value, str):
        return (
            '<table:table-cell office:value-type="string">'
            f"<text:p>{value}</text:p></table:table-cell>"
        )
    return (
        f'<table:table-cell office:value-type="float" office:value="{value}">'
        f"<text:p>{value}</text:p></table:table-cell>"
    )


# -- old Excel: BIFF8 records in a compound file -------------------------------------------


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def xls(
    rows: Sequence[Sequence[Value]],
    *,
    globals_: bytes = b"",
    cells: bytes = b"",
    sheet_type: int = 0,
    streams: Sequence[str] = ("Workbook",),
) -> bytes:
    """A workbook with one sheet; further records among its globals or cells."""
    name = b"Harga"
    begin = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 1997, 0, 6))
    bound = 4 + 4 + 2 + 2 + len(name)
    start = len(begin) + len(globals_) + bound + 4
    book = begin + globals_
    book += record(
        0x0085, struct.pack("<IBBBB", start, 0, sheet_type, len(name), 0) + name
    ) + record(0x000A)
    book += record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 1997, 0, 6))
    width = max(map(len, rows), default=0)
    book += record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            at = struct.pack("<HHH", number, column, 0)
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                book += record(0x0204, at + struct.pack("<HB", len(text) // 2, 1) + text)
            else:
                book += record(0x0203, at + struct.pack("<d", value))
    return compound(book + cells + record(0x000A), streams)


def compound(stream: bytes, names: Sequence[str]) -> bytes:
    """A compound file whose first entry holds the stream, and further empty ones."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    count = len(stream) // 512
    free, end, special = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    assert count < 120
    table = [special, end, *range(3, 2 + count), end]
    directory = _entry("Root Entry", 5, end, 0, child=1)
    for number, name in enumerate(names):
        first, length = (2, len(stream)) if number == 0 else (end, 0)
        directory += _entry(name, 2, first, length, right=number + 2, last=len(names))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    fat = struct.pack("<128I", *table, *[free] * (128 - len(table)))
    assert len(directory) <= 512
    return header + fat + directory.ljust(512, b"\0") + stream


def _entry(
    name: str, kind: int, first: int, length: int, *, child: int = -1, right: int = 0, last: int = 0
) -> bytes:
    letters = (name + "\0").encode("utf-16-le")
    following = right if right and right <= last else 0xFFFFFFFF
    below = child if child >= 0 else 0xFFFFFFFF
    entry = letters.ljust(64, b"\0") + struct.pack("<HBB", len(letters), kind, 1)
    entry += struct.pack("<III", 0xFFFFFFFF, following, below) + bytes(36)
    return entry + struct.pack("<IQ", first, length)


def exact(value: float) -> Decimal:
    """The number that a cell shows."""
    return Decimal(repr(value))
