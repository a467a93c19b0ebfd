"""The table of daily consumer prices as the food agency gives it: read, and written the same way.

One row a commodity and day: the day, the agency's number and name of the commodity, its unit
(`Rp./Kg`, `Rp/Liter`, in several spellings), the price, the price of the day before, and how much
that is. A price of 0 says that nobody observed one: it is never a price, and the fall of 100 %
that the table shows beside it is none either.

The source sometimes leaves a day out and tells its price a day later, as that of the day before.
Such an observation is `late`: a price like any other, but the table of its day stays 0.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

MOST_IDR = 10**9
MOST_COMMODITIES = 200

COLUMNS = (
    "Timestamp",
    "ID",
    "Komoditas",
    "Satuan",
    "Harga",
    "Harga Kemarin",
    "Tanggal Kemarin",
    "Gap",
    "Gap Persen",
    "Gap Perubahan",
)
_NEEDED = COLUMNS[:5]

Basis = Literal["kg", "l", ""]
"""What a price is for: a kilogram, a litre, or something that goods cannot be measured by."""

_UNIT = re.compile(r"rp\.?\s*/\s*(kg|kilogram|l|lt|ltr|liter|litre)\.?", re.IGNORECASE)
_NAME = re.compile(r"[0-9A-Za-z][^\x00-\x1f]{0,59}")
_CODE = re.compile(r"[0-9A-Za-z-]{0,16}")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})")
_MOST_UNIT = 16


class TableDoesNotFit(ValueError):
    """The table cannot be read; the sentence says which line, and what it should say."""


class Commodity(NamedTuple):
    """A kind of goods whose price is observed, with the source's own number and spelling."""

    name: str
    code: str
    unit: str


class Observed(NamedTuple):
    """Whole rupiah for one unit of a commodity on a day."""

    commodity: str
    day: date
    idr: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What a table says: its commodities in their order, and every price by day and place.

    `rows` were read, `unobserved` of them had no price, `late` prices were told a day later.
    """

    commodities: tuple[Commodity, ...]
    prices: tuple[Observed, ...]
    rows: int
    unobserved: int
    late: int


class Row(NamedTuple):
    """One row as it was read; 0 where there is no price."""

    commodity: Commodity
    day: date
    idr: int
    before_on: date | None = None
    before_idr: int = 0


def basis_of(unit: str) -> Basis:
    """What a price in this unit is for. Five spellings of two units are in use."""
    found = _UNIT.fullmatch(unit.strip())
    if found is None:
        return ""
    return "kg" if found[1].lower().startswith("k") else "l"


_THOUSANDTHS = {
    "kg": {"GRM": 1, "KGM": 1_000},
    "l": {"MLT": 1, "LTR": 1_000},
}


def content_of(basis: Basis, base_unit: str, weight_g: int, volume_ml: int) -> int:
    """How many thousandths of a kilogram or litre one base unit of an item holds, as the item
    was described or as its base unit says by itself; 0 when nobody said."""
    if not basis:
        return 0
    told = weight_g if basis == "kg" else volume_ml
    return told or _THOUSANDTHS[basis].get(base_unit, 0)


# -- reading -------------------------------------------------------------------------------


def read_csv(text: str) -> Table:
    """Raises TableDoesNotFit."""
    return table_of(_rows_of(text))


def table_of(rows: Iterator[Row]) -> Table:
    """All that the rows say, each price once. Raises TableDoesNotFit where they contradict."""
    commodities: dict[str, Commodity] = {}
    told: dict[tuple[date, str], int] = {}
    before: dict[tuple[date, str], int] = {}
    for row in rows:
        _add_commodity(commodities, row.commodity)
        key = (row.day, row.commodity.name)
        if told.setdefault(key, row.idr) != row.idr:
            raise TableDoesNotFit(f"{row.commodity.name} has two prices on {row.day}; keep one")
        if row.before_idr and row.before_on is not None:
            before[row.before_on, row.commodity.name] = row.before_idr
    prices = {key: Observed(key[1], key[0], idr) for key, idr in told.items() if idr}
    late = {
        key: Observed(key[1], key[0], idr, late=True)
        for key, idr in before.items()
        if key not in prices
    }
    places = {name: place for place, name in enumerate(commodities)}
    return Table(
        tuple(commodities.values()),
        tuple(
            sorted([*prices.values(), *late.values()], key=lambda e: (e.day, places[e.commodity]))
        ),
        len(told),
        len(told) - len(prices),
        len(late),
    )


def _add_commodity(commodities: dict[str, Commodity], commodity: Commodity) -> None:
    known = commodities.setdefault(commodity.name, commodity)
    if (known.code, basis_of(known.unit)) != (commodity.code, basis_of(commodity.unit)):
        raise TableDoesNotFit(
            f"{commodity.name} stands under two numbers or in two units; give each its own name"
        )
    if len(commodities) > MOST_COMMODITIES:
        raise TableDoesNotFit(f"the table has more than {MOST_COMMODITIES} commodities")


def _rows_of(text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        head = [name.strip() for name in next(reader, [])]
        missing = [name for name in _NEEDED if name not in head]
        if missing:
            columns = ", ".join(missing)
            raise TableDoesNotFit(
                f"the first line lacks {columns}; it names the columns, with commas"
            )
        place = {name: head.index(name) for name in COLUMNS if name in head}
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(head):
                found, named = len(cells), len(head)
                raise TableDoesNotFit(
                    f"line {reader.line_num} has {found} cells instead of {named}"
                )
            said = {name: cells[at].strip() for name, at in place.items()}
            try:
                yield _row_of(said)
            except TableDoesNotFit as why:
                raise TableDoesNotFit(f"line {reader.line_num}: {why}") from None
    except csv.Error as error:
        raise TableDoesNotFit(f"line {reader.line_num} is no CSV: {error}") from None


def _row_of(said: Mapping[str, str]) -> Row:
    before_on = said.get("Tanggal Kemarin", "")
    return Row(
        commodity_of(said["Komoditas"], said["ID"], said["Satuan"]),
        _day_of(said["Timestamp"]),
        _idr_of(said["Harga"]),
        _day_of(before_on) if before_on else None,
        _idr_of(said.get("Harga Kemarin") or "0"),
    )


def commodity_of(name: str, code: str, unit: str) -> Commodity:
    """Raises TableDoesNotFit."""
    if not _NAME.fullmatch(name):
        raise TableDoesNotFit("the commodity's name begins with a letter or digit, 60 at most")
    if not _CODE.fullmatch(code):
        raise TableDoesNotFit("the commodity's number has at most 16 letters and digits")
    if not 1 <= len(unit) <= _MOST_UNIT or not unit.isprintable():
        raise TableDoesNotFit("the unit is missing or too long, as in Rp./Kg")
    return Commodity(name, code, unit)


def _day_of(text: str) -> date:
    """Year first or day first, as the source writes both."""
    try:
        if found := _YEAR_FIRST.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DAY_FIRST.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    raise TableDoesNotFit("write the day as 2025-09-13 or 13-09-2025")


def _idr_of(text: str) -> int:
    """Digits only: a point or comma could stand for thousands or for cents."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 10 or int(text) > MOST_IDR:
        raise TableDoesNotFit("write the price in whole rupiah, digits only, 0 where there is none")
    return int(text)


# -- writing -------------------------------------------------------------------------------


def write_csv(
    first: date,
    last: date,
    commodities: Sequence[Commodity],
    prices: Mapping[tuple[date, str], Observed],
) -> Iterator[str]:
    """The table of these days, line by line; `prices` also knows the day before the first one."""
    yield _line(COLUMNS)
    for at in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(at)
        yesterday = day - timedelta(days=1)
        for commodity in commodities:
            today = prices.get((day, commodity.name))
            before = prices.get((yesterday, commodity.name))
            idr = today.idr if today is not None and not today.late else 0
            before_idr = before.idr if before is not None else 0
            gap = idr - before_idr
            yield _line(
                (
                    day.isoformat(),
                    commodity.code,
                    commodity.name,
                    commodity.unit,
                    str(idr),
                    str(before_idr),
                    f"{yesterday:%d-%m-%Y}",
                    str(gap),
                    _percent(gap, before_idr),
                    "up" if gap > 0 else "down" if gap < 0 else "no_change",
                )
            )


def _percent(gap: int, before_idr: int) -> str:
    """With two decimals, halves away from zero, without zeros behind; 0 when there is nothing
    to compare with."""
    if not before_idr:
        return "0"
    hundredths = (2 * abs(gap) * 10_000 + before_idr) // (2 * before_idr)
    whole, rest = divmod(hundredths, 100)
    text = f"{whole}.{rest:02}".rstrip("0").rstrip(".") if rest else str(whole)
    return f"-{text}" if gap < 0 and hundredths else text


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
