"""What a file must be before anything opens it: its true kind, its size, nothing that acts.

Source: SEC-10. Bytes are counted while inflating, since sizes that a zip declares may lie.
"""

import io
import re
import zipfile
import zlib
from typing import Literal

from jaringan_usaha.features.catalog.sheets.cells import FileRefused
from jaringan_usaha.features.catalog.sheets.compound import check_xls

Kind = Literal["csv", "xlsx", "xls", "ods"]

MOST_BYTES = 10 << 20
MOST_MEMBERS = 200
MOST_UNPACKED = 50 << 20
MOST_RATIO = 100
RATIO_FROM = 1 << 20  # what unpacks to less than this hurts nobody, whatever its ratio
_CHUNK = 1 << 16

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_KINDS: dict[str, Kind] = {"csv": "csv", "txt": "csv", "xlsx": "xlsx", "xls": "xls", "ods": "ods"}

_FORMULA = {
    "xlsx": re.compile(rb"<(?:\w+:)?f[\s>/]"),
    "ods": re.compile(rb"\btable:formula\s*="),
}
_LINKED = re.compile(rb"<table:table-source\b|<office:dde-source\b|<table:cell-range-source\b")
_MACRO_TYPE = re.compile(rb"macroEnabled|vbaProject", re.IGNORECASE)
_OVERLAP = 64  # the longest of the patterns above, kept from one chunk to the next


def check(name: str, content: bytes) -> Kind:
    """The kind of the file, when its name and its bytes say the same and nothing in it acts.

    Raises FileRefused.
    """
    if not content:
        raise FileRefused("price-file-empty", "the file is empty: export it again")
    if len(content) > MOST_BYTES:
        raise FileRefused("price-file-too-large", "a price file has at most 10 MiB")
    named = _KINDS.get(name.rpartition(".")[2].lower())
    if named is None:
        raise FileRefused(
            "price-file-kind", "send a file whose name ends in .csv, .xlsx, .xls or .ods"
        )
    if content.startswith(_OLE):
        _same(named, "xls")
        check_xls(content)
    elif content.startswith(_ZIP):
        _same(named, _check_zip(content))
    else:
        _same(named, "csv")
        if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise FileRefused("price-file-kind", "this is no text: save the table as .xlsx or .csv")
    return named


def _same(named: Kind, found: Kind) -> None:
    if named != found:
        raise FileRefused(
            "price-file-kind",
            f"the name says .{named}, the content is {found}: save it anew in the kind you name",
        )


def _check_zip(content: bytes) -> Kind:
    """The kind of an archive that unpacks to a bounded table without anything that acts."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise FileRefused(
                    "price-file-unsafe", f"the file has more than {MOST_MEMBERS} parts inside"
                )
            names = [member.filename for member in members]
            kind = _kind_of(names, archive)
            _check_names(names)
            unpacked = 0
            for member in members:
                if member.flag_bits & 0x1:
                    raise FileRefused(
                        "price-file-locked", "the file is locked by a password: take it off"
                    )
                unpacked += _inflate(archive, member, kind, MOST_UNPACKED - unpacked)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise FileRefused(
            "price-file-broken", "the file is cut or damaged: send it again"
        ) from error
    if unpacked > RATIO_FROM and unpacked > MOST_RATIO * len(content):
        raise FileRefused("price-file-unsafe", "the file unpacks to far more than it is")
    return kind


def _kind_of(names: list[str], archive: zipfile.ZipFile) -> Kind:
    if "xl/workbook.xml" in names and "[Content_Types].xml" in names:
        return "xlsx"
    if "mimetype" in names:
        with archive.open("mimetype") as member:
            if member.read(_CHUNK).strip() == _ODS:
                return "ods"
    raise FileRefused("price-file-kind", "this archive is no .xlsx and no .ods table")


def _check_names(names: list[str]) -> None:
    for name in names:
        low = name.lower()
        if low.endswith("vbaproject.bin") or low.startswith(
            ("basic/", "scripts/", "xl/macrosheets")
        ):
            raise FileRefused("price-file-unsafe", "the file holds macros: save it without them")
        if low.startswith("xl/externallinks/"):
            raise FileRefused(
                "price-file-unsafe", "the file refers to other files: paste its cells as values"
            )


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, kind: Kind, room: int) -> int:
    """How many bytes a part has, which are counted and looked through, and never kept."""
    size = 0
    tail = b""
    most_here = MOST_RATIO * max(member.compress_size, 1)
    with archive.open(member) as part:
        while chunk := part.read(_CHUNK):
            size += len(chunk)
            if size > room or (size > RATIO_FROM and size > most_here):
                raise FileRefused("price-file-unsafe", "the file unpacks to far more than it is")
            _look_through(member.filename, tail + chunk, kind)
            tail = chunk[-_OVERLAP:]
    return size


def _look_through(name: str, piece: bytes, kind: Kind) -> None:
    if name == "[Content_Types].xml" and _MACRO_TYPE.search(piece):
        raise FileRefused("price-file-unsafe", "the file holds macros: save it without them")
    if kind == "ods" and name == "content.xml" and _LINKED.search(piece):
        raise FileRefused(
            "price-file-unsafe", "the file refers to other files: paste its cells as values"
        )
    cells = name == "content.xml" if kind == "ods" else not name.startswith("xl/charts/")
    if cells and kind in _FORMULA and _FORMULA[kind].search(piece):
        raise FileRefused(
            "price-file-formulas",
            "the table holds formulas, whose results cannot be trusted: paste it as values",
        )
