"""Files are refused before they are opened when they are large, act, lead elsewhere or lie."""

import io
import random
import struct
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from jaringan_usaha.features.catalog.sheets import guarding, reading
from jaringan_usaha.features.catalog.sheets.cells import FileRefused
from jaringan_usaha.features.catalog.sheets.reading import csv_sheet, sheets_of
from spreadsheets import compound, ods, record, with_members, xls, xlsx

ROWS = [["Nama", "Harga"], ["Beras é", 12500.0]]
TWELVE_FIVE = Decimal(12500)


def refused(name: str, content: bytes) -> str:
    with pytest.raises(FileRefused) as caught:
        sheets_of(guarding.check(name, content), content)
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "content"), [("a.xlsx", xlsx(ROWS)), ("a.ODS", ods(ROWS)), ("a.xls", xls(ROWS))]
)
def test_a_spreadsheet_is_read_by_its_child(name: str, content: bytes) -> None:
    (sheet,) = sheets_of(guarding.check(name, content), content)
    assert sheet.title == "Harga"
    assert sheet.rows == (("Nama", "Harga"), ("Beras é", TWELVE_FIVE))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", xlsx(ROWS, formula="=1+1")),
        (
            "a.ods",
            ods(
                ROWS,
                more='<table:table-row><table:table-cell table:formula="of:=1+1"/>'
                "</table:table-row>",
            ),
        ),
        ("a.xls", xls(ROWS, cells=record(0x0006, bytes(26)))),
        ("a.csv", b"Nama;Harga\n=1+1;5\n"),
        ("a.csv", b"Nama;Harga\n@SUM(A1);5\n"),
        ("a.csv", b"Nama;Harga\n+cmd|' /C calc'!A0;5\n"),
    ],
)
def test_formulas_are_refused(name: str, content: bytes) -> None:
    assert refused(name, content) == "price-file-formulas"


def test_text_that_only_begins_like_a_formula_is_text() -> None:
    sheet = csv_sheet(b"Nama;Telepon;Harga\n-;+62 811 22;@ 5\n'=1+1;-5;- \n")
    assert sheet.rows[1:] == (("-", "+62 811 22", "@ 5"), ("=1+1", "-5", "- "))


def test_a_zip_bomb_is_refused_while_it_is_inflated() -> None:
    bomb = with_members(xlsx(ROWS), {"xl/worksheets/sheet2.xml": bytes(30 << 20)})
    assert len(bomb) < 100_000
    assert refused("a.xlsx", bomb) == "price-file-unsafe"


def test_a_zip_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = bytearray(with_members(xlsx(ROWS), {"xl/zzz.xml": bytes(20 << 20)}))
    true = struct.pack("<I", 20 << 20)
    assert true in bomb
    lying = bytes(bomb).replace(true, struct.pack("<I", 1000))
    assert refused("a.xlsx", lying) in ("price-file-unsafe", "price-file-broken")


def test_much_that_unpacks_is_refused_even_where_each_part_is_modest() -> None:
    noise = random.Random(7).randbytes(5 << 10)
    member = noise * 2048  # 10 MiB, far below the ratio where the window is 32 KiB
    parts = {f"xl/p{number}.xml": member for number in range(6)}
    assert refused("a.xlsx", with_members(xlsx(ROWS), parts)) == "price-file-unsafe"


def test_too_many_parts_are_refused() -> None:
    parts = {f"xl/p{number}.xml": b"x" for number in range(200)}
    assert refused("a.xlsx", with_members(xlsx(ROWS), parts)) == "price-file-unsafe"


def test_more_than_ten_mebibytes_are_refused_unread() -> None:
    assert refused("a.csv", b"x" * (guarding.MOST_BYTES + 1)) == "price-file-too-large"
    assert guarding.check("a.csv", b"x" * guarding.MOST_BYTES) == "csv"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", with_members(xlsx(ROWS), {"xl/vbaProject.bin": b"x"})),
        ("a.xlsx", with_members(xlsx(ROWS), {"xl/macrosheets/sheet1.xml": b"x"})),
        ("a.xlsx", with_members(xlsx(ROWS), {"xl/externalLinks/externalLink1.xml": b"x"})),
        ("a.ods", with_members(ods(ROWS), {"Basic/Standard/Module1.xml": b"x"})),
        ("a.ods", ods(ROWS, more="<table:table-source/>")),
        ("a.xls", xls(ROWS, globals_=record(0x01AE, struct.pack("<HH", 1, 9) + b"x" * 9))),
        ("a.xls", xls(ROWS, sheet_type=1)),
        ("a.xls", xls(ROWS, streams=("Workbook", "_VBA_PROJECT_CUR"))),
    ],
)
def test_macros_and_references_to_other_files_are_refused(name: str, content: bytes) -> None:
    assert refused(name, content) == "price-file-unsafe"


def test_own_references_of_an_old_workbook_are_no_others() -> None:
    content = xls(ROWS, globals_=record(0x01AE, struct.pack("<HH", 1, 0x0401)))
    assert guarding.check("a.xls", content) == "xls"


@pytest.mark.parametrize(
    "content",
    [
        xls(ROWS, globals_=record(0x002F, bytes(6))),
        compound(b"x", ("EncryptedPackage",)),
    ],
)
def test_passwords_are_refused(content: bytes) -> None:
    assert refused("a.xls", content) == "price-file-locked"


@pytest.mark.parametrize("kept", [10, 40, 70, 95])
@pytest.mark.parametrize(("name", "content"), [("a.xlsx", xlsx(ROWS)), ("a.ods", ods(ROWS))])
def test_a_cut_archive_is_refused(name: str, content: bytes, kept: int) -> None:
    assert refused(name, content[: len(content) * kept // 100]) == "price-file-broken"


@pytest.mark.parametrize("cut", [40, 600, 1100])
def test_a_cut_old_workbook_is_refused(cut: int) -> None:
    assert refused("a.xls", xls(ROWS)[:cut]) in ("price-file-broken", "price-file-kind")


def test_an_old_workbook_that_cannot_be_looked_through_is_refused() -> None:
    small = bytearray(xls(ROWS))
    struct.pack_into("<Q", small, 1024 + 128 + 120, 4000)  # its stream is among the small ones
    assert refused("a.xls", bytes(small)) == "price-file-broken"
    other = xls(ROWS).replace(struct.pack("<H", 0x0809), struct.pack("<H", 0x0009), 1)
    assert refused("a.xls", other) == "price-file-kind"


def test_formulas_are_found_wherever_a_workbook_keeps_its_sheets() -> None:
    moved = with_members(xlsx(ROWS), {"xl/elsewhere/a.xml": b"<c><f>1+1</f><v>2</v></c>"})
    assert refused("a.xlsx", moved) == "price-file-formulas"


def test_a_chain_of_sectors_that_bites_its_tail_is_refused() -> None:
    content = bytearray(xls(ROWS))
    struct.pack_into("<I", content, 512 + 4 * 3, 2)
    assert refused("a.xls", bytes(content)) == "price-file-broken"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", xlsx(ROWS)),
        ("a.xlsx", xls(ROWS)),
        ("a.xlsx", ods(ROWS)),
        ("a.xls", b"Nama;Harga\n"),
        ("a.pdf", b"%PDF"),
        ("harga", b"Nama;Harga\n"),
        ("a.csv", b"MZ\x00\x01"),
    ],
)
def test_a_name_that_says_another_kind_is_refused(name: str, content: bytes) -> None:
    assert refused(name, content) == "price-file-kind"


def test_an_archive_that_is_no_table_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "x")
    assert refused("a.xlsx", out.getvalue()) == "price-file-kind"


def test_an_empty_file_is_refused() -> None:
    assert refused("a.csv", b"") == "price-file-empty"


def test_a_cell_at_the_end_of_the_world_is_refused() -> None:
    """A sheet of two cells that claims seventeen thousand million."""
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    plain = xlsx(ROWS)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                body = body.replace(b"</sheetData>", far)
                body = body.replace(b'<dimension ref="A1:B2"/>', b"")
            new.writestr(name, body)
    assert refused("a.xlsx", out.getvalue()) in ("price-file-too-large", "price-file-unsafe")


def test_more_rows_than_a_list_may_have_are_refused() -> None:
    assert refused("a.csv", b"a;b\n" * (reading.MOST_ROWS_READ + 1)) == "price-file-too-large"
    rows = [["a", 1.0]] * (reading.MOST_ROWS_READ + 1)
    assert refused("a.xlsx", xlsx(rows)) == "price-file-too-large"


def test_the_reader_has_no_more_memory_than_it_may() -> None:
    child = Path(reading.__file__).with_name("child.py")
    hungry = f"import runpy; runpy.run_path({str(child)!r})['limit'](); x = bytearray(600 << 20)"
    done = subprocess.run([sys.executable, "-I", "-c", hungry], capture_output=True, check=False)
    assert b"MemoryError" in done.stderr


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_text_tables_are_read_as_they_come(delimiter: str, encoding: str) -> None:
    text = delimiter.join(["Nama", "Harga"]) + "\r\n" + delimiter.join(['"Kopi; é, 1"', "5"])
    sheet = csv_sheet(text.encode(encoding))
    assert sheet.rows == (("Nama", "Harga"), ("Kopi; é, 1", "5"))
