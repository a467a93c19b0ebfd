"""Cases and contents: how many base units a case holds, and what a name says of its content."""

import re
from decimal import Decimal
from typing import NamedTuple

from jaringan_usaha.features.catalog.sheets.cells import Cell, plain
from jaringan_usaha.kernel.quantity import BaseUnit

MOST_CASE = 1_000_000


def words(text: str) -> list[str]:
    """The words of a head, in small letters."""
    return re.findall(r"[^\W\d_]+", text.lower())


CASE_WORDS = frozenset(
    words("dus kardus karton ctn krt kds case cs koli bal ball krat crate carton dos doos")
)
UNIT_WORDS = frozenset(
    words(
        "pcs pc piece pieces pce biji buah bh btl botol bottle klg kaleng can sct sachet saset "
        "pch pouch tube tub cup gelas jar toples bungkus bks lembar lbr satuan ea each unit "
        "jerigen jrg pet bag kg kilo kilogram ltr liter litre l gr gram"
    )
)
DOZENS = {"lusin": 12, "lsn": 12, "kodi": 20, "gross": 144, "gros": 144}

_BASE: dict[str, BaseUnit] = {
    **dict.fromkeys(("kg", "kilo", "kilogram"), "KGM"),
    **dict.fromkeys(("l", "lt", "ltr", "liter", "litre"), "LTR"),
    **dict.fromkeys(("g", "gr", "gram"), "GRM"),
    **dict.fromkeys(("ml", "mililiter"), "MLT"),
    "h87": "H87",
    "kgm": "KGM",
    "grm": "GRM",
    "mlt": "MLT",
    "xpk": "XPK",
    **dict.fromkeys(("pak", "pack", "pck", "pk"), "XPK"),
}

_WORD = r"[^\W\d_]+\.?"
_COUNT = re.compile(
    rf"(?:1\s*(?:{_WORD})?\s*[x×=@]\s*|@\s*|isi\s*:?\s*)?(?P<count>\d{{1,7}})"
    rf"(?:\s*(?P<word>{_WORD}))?(?:\s*/\s*(?P<outer>{_WORD}))?",
    re.IGNORECASE,
)
_OUNCES = {
    "g": 1,
    "gr": 1,
    "gram": 1,
    "kg": 1000,
    "ml": 1,
    "l": 1000,
    "lt": 1000,
    "ltr": 1000,
    "liter": 1000,
    "oz": 28,
}
_MASS = ("g", "gr", "gram", "kg")
_SIZE = re.compile(
    r"(?:(?P<before>\d{1,3})\s*(?:pcs|pieces|sachet|sct)?\s*[x×]\s*)?"
    r"(?P<size>\d{1,5}(?:[.,]\d{1,3})?)\s*(?P<unit>kg|gram|gr|g|ml|liter|ltr|lt|l|oz)\b"
    r"(?:\s*[x×]\s*(?P<after>\d{1,3}))?",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"[x×]\s*(?P<after>\d{1,4})\s*(?:pcs|pieces|pc|sachet|sct|bks|btl|klg|cup)?\s*$", re.IGNORECASE
)


def word_of(text: str) -> str:
    """A unit as it is compared: `Kds.` is `kds`."""
    return plain(text).lower().rstrip(".")


def base_unit_of(word: str) -> BaseUnit:
    """What is counted: mass and volume by name, packs, and everything else in pieces."""
    return _BASE.get(word_of(word), "H87")


def case_size(cell: Cell) -> int | None:
    """`24`, `40 pcs`, `1x24`, `isi 12`, `12 pcs/dus`, `lusin`: base units in a case.

    None for what is not so plain, `6x4` for example, and for nothing or zero.
    """
    text = word_of(plain(cell))
    if text in DOZENS:
        return DOZENS[text]
    found = _COUNT.fullmatch(text)
    if found is None:
        return None
    times = DOZENS.get(word_of(found["word"] or ""), 1)
    if found["outer"] is None and word_of(found["word"] or "") in CASE_WORDS:
        return None  # a number of cases is no content of one
    size = int(found["count"]) * times
    return size if 1 <= size <= MOST_CASE else None


class Content(NamedTuple):
    """What one sold unit contains by its name, in grams, millilitres, or nothing (size 1)."""

    dimension: str
    size: Decimal


def content_of(title: str) -> Content:
    """`5kg`, `2X55G`, `80g x 10`; without a size, one piece."""
    found = _SIZE.search(title)
    if found is None:
        return Content("", Decimal(1))
    unit = found["unit"].lower()
    times = int(found["before"] or 1) * int(found["after"] or 1)
    size = Decimal(found["size"].replace(",", ".")) * _OUNCES[unit] * max(times, 1)
    return Content("mass" if unit in _MASS else "volume", size or Decimal(1))


def count_in(title: str) -> int:
    """The number of pieces that a name ends with: `72g x 40 Pcs` is 40; 0 without one."""
    found = _TIMES.search(title)
    return int(found["after"]) if found else 0
