"""Looks through an old Excel file (.xls), record by record, for what acts or leads elsewhere.

Only the containers are walked, [MS-CFB] 2 and [MS-XLS] 2.3; no value in it is interpreted.
"""

import struct
from collections.abc import Iterator

from jaringan_usaha.features.catalog.sheets.cells import FileRefused

_END = 0xFFFFFFFA  # from here on a sector number is a mark
_ENTRY = 128

_BEGIN = 0x0809  # of Excel 5 and later
_FORMULA, _ARRAY, _SHARED = 0x0006, 0x0221, 0x04BC
_FILE_PASS, _SUP_BOOK, _BOUND_SHEET = 0x002F, 0x01AE, 0x0085
_OWN_BOOK, _ADD_IN = 0x0401, 0x3A01
_MACRO_SHEETS = (1, 6)


def check_xls(content: bytes) -> None:
    """Raises FileRefused for macros, passwords, formulas, references to other files, damage."""
    try:
        streams = dict(_streams(content))
        for name in streams:
            if name.startswith("_VBA") or name in ("VBA", "Macros"):
                raise FileRefused(
                    "price-file-unsafe", "the file holds macros: save it without them"
                )
            if name in ("EncryptedPackage", "EncryptionInfo"):
                raise _locked()
        book = streams.get("Workbook") or streams.get("Book")
        if book is None:
            raise FileRefused("price-file-kind", "there is no table in this .xls file")
        _check_records(book(content))
    except (struct.error, IndexError) as error:
        raise FileRefused(
            "price-file-broken", "the file is cut or damaged: send it again"
        ) from error


def _locked() -> FileRefused:
    return FileRefused("price-file-locked", "the file is locked by a password: take it off")


def _check_records(book: bytes) -> None:
    if struct.unpack_from("<H", book)[0] != _BEGIN:
        raise FileRefused("price-file-kind", "this .xls file is older than 1993: save it as .xlsx")
    at = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        data = book[at + 4 : at + 4 + length]
        at += 4 + length
        if kind in (_FORMULA, _ARRAY, _SHARED):
            raise FileRefused(
                "price-file-formulas",
                "the table holds formulas, whose results cannot be trusted: paste it as values",
            )
        if kind == _FILE_PASS:
            raise _locked()
        if kind == _SUP_BOOK and struct.unpack_from("<H", data, 2)[0] not in (_OWN_BOOK, _ADD_IN):
            raise FileRefused(
                "price-file-unsafe", "the file refers to other files: paste its cells as values"
            )
        if kind == _BOUND_SHEET and data[5] in _MACRO_SHEETS:
            raise FileRefused("price-file-unsafe", "the file holds macros: save it without them")


class _Chain:
    """A stream that is put together when it is asked for."""

    def __init__(self, sectors: list[int], size: int, length: int) -> None:
        self._sectors = sectors
        self._size = size
        self._length = length

    def __call__(self, content: bytes) -> bytes:
        parts = (content[(n + 1) * self._size : (n + 2) * self._size] for n in self._sectors)
        return b"".join(parts)[: self._length]


def _streams(content: bytes) -> Iterator[tuple[str, _Chain]]:
    """Every entry of the directory; a stream among the small ones is found empty, and an empty
    workbook is refused."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    if size not in (512, 4096):
        raise FileRefused("price-file-broken", "the file is cut or damaged: send it again")
    table = _allocation(content, size)
    (first,) = struct.unpack_from("<I", content, 48)
    directory = _Chain(_follow(table, first), size, len(content))(content)
    for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        letters, kind = struct.unpack_from("<HB", directory, at + 64)
        if kind in (1, 2) and 2 <= letters <= 64:
            name = directory[at : at + letters - 2].decode("utf-16-le", "replace")
            start, length = struct.unpack_from("<II", directory, at + 116)
            sectors = _follow(table, start) if kind == 2 and length >= 4096 else []
            yield name, _Chain(sectors, size, length)


def _allocation(content: bytes, size: int) -> list[int]:
    """Which sector follows which."""
    places = [n for n in struct.unpack_from("<109I", content, 76) if n < _END]
    (further,) = struct.unpack_from("<I", content, 68)
    seen: set[int] = set()
    while further < _END and further not in seen:
        seen.add(further)
        *more, further = struct.unpack_from(f"<{size // 4}I", content, (further + 1) * size)
        places += [n for n in more if n < _END]
    table: list[int] = []
    for place in dict.fromkeys(places):
        table += struct.unpack_from(f"<{size // 4}I", content, (place + 1) * size)
    return table


def _follow(table: list[int], first: int) -> list[int]:
    """The sectors of a chain; one that bites its tail is damaged."""
    found: dict[int, None] = {}
    while first < _END:
        if first in found:
            raise FileRefused("price-file-broken", "the file is cut or damaged: send it again")
        found[first] = None
        first = table[first]
    return list(found)
