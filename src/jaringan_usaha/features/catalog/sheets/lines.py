"""From cells to lines of goods: every value is read for sure, or is a question."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from jaringan_usaha.features.catalog.sheets import packs
from jaringan_usaha.features.catalog.sheets.asking import SKIP, Asking, Question
from jaringan_usaha.features.catalog.sheets.cells import Cell, is_empty, plain
from jaringan_usaha.features.catalog.sheets.codes import read_code, shape, usual_shape
from jaringan_usaha.features.catalog.sheets.heads import Heads
from jaringan_usaha.features.catalog.sheets.numerals import NumberColumn, whole
from jaringan_usaha.features.catalog.sheets.tables import (
    Table,
    cell_at,
    price_columns,
    read_numbers,
)
from jaringan_usaha.kernel.money import MOST_IDR
from jaringan_usaha.kernel.quantity import MOST_UNITS

MOST_TITLE = 120
MOST_CODE = 64
MOST_ITEM = 64

Basis = str  # "unit", "case", or "" while nobody knows
ONE, ALL = "one", "all"


@dataclass(frozen=True, slots=True)
class Step:
    """From `least` on (in what the price is for), `price` rupiah."""

    least: int
    price: int
    per: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One row of goods. What is still open is empty: `basis`, `case_size` 0, no `steps`.

    `case_known`: the file says how many base units a case holds. `steps` rise by quantity.
    """

    row: int
    title: str
    code: str
    gtin: str
    item_id: str
    kind: str
    unit_word: str
    base_word: str
    case_size: int
    case_known: bool
    basis: Basis
    steps: tuple[Step, ...]
    minimum: tuple[int, Basis] | None
    retail: Decimal | None
    open: bool


def read_lines(table: Table, asking: Asking) -> list[Line]:
    """The goods of a table, except those that people leave out."""
    return _Reader(table, asking).lines()


class _Reader:
    def __init__(self, table: Table, asking: Asking) -> None:
        self._table = table
        self._asking = asking
        self._heads: Heads = table.heads
        self._base, self._tiers = price_columns(table, asking)
        columns = [*([self._base] if self._base else []), *self._tiers]
        self._numbers: Mapping[int, NumberColumn] = {
            column.at: read_numbers(table, column, asking) for column in columns
        }
        retail = table.heads.of("retail")[:1]
        self._retail = read_numbers(table, retail[0], None).values if retail else {}
        self._code_shape = self._shape_of_codes()
        self._own = bool(table.heads.of("own_idr"))

    def lines(self) -> list[Line]:
        skipped = {row for row in self._table.rows if self._asking.answer(f"row:R{row}", (SKIP,))}
        return [self._line(row) for row in self._table.rows if row not in skipped]

    def _line(self, row: int) -> Line:
        before = len(self._asking.questions)
        unit_word = packs.word_of(plain(self._cell(row, "unit")))
        base_word = packs.word_of(plain(self._cell(row, "base_unit")))
        case_known, case_size = self._case(row)
        title = self._title(row)
        basis = self._basis(row, title, unit_word, base_word, case_known, case_size)
        line = Line(
            row=row,
            title=title,
            code=self._code(row),
            gtin=self._gtin(row),
            item_id=plain(self._cell(row, "item"))[:MOST_ITEM],
            kind=plain(self._cell(row, "kind")).lower(),
            unit_word=unit_word,
            base_word=base_word,
            case_size=case_size,
            case_known=case_known,
            basis=basis,
            steps=self._own_steps(row) if self._own else self._steps(row),
            minimum=self._minimum(row),
            retail=self._retail.get(row),
            open=False,
        )
        waits = self._undecided(row) or not (basis and case_size and line.steps)
        return replace(line, open=waits or len(self._asking.questions) > before)

    def _cell(self, row: int, role: str) -> Cell:
        columns = self._heads.of(role)
        return cell_at(self._table, row, columns[0]) if columns else ""

    def _undecided(self, row: int) -> bool:
        """Whether a price of the row waits for its column's separators."""
        return any(
            numbers.undecided and row not in numbers.values and not is_empty(self._at(row, index))
            for index, numbers in self._numbers.items()
        )

    def _at(self, row: int, index: int) -> Cell:
        cells = self._table.sheet.rows[row - 1]
        return cells[index] if index < len(cells) else ""

    # -- names and codes

    def _title(self, row: int) -> str:
        title = self._asking.answer(f"name:R{row}", bool) or plain(self._cell(row, "name"))
        if not title and not self._own:
            text = "no name stands here: write it, or skip the row with row:R… = skip"
            self._asking.leave_open(Question(f"name:R{row}", text, row))
        return title[:MOST_TITLE].strip()

    def _code(self, row: int) -> str:
        cell = self._cell(row, "code")
        if is_empty(cell) and self._code_shape:
            cell = self._cell(row, "gtin")
            if shape(cell) != self._code_shape:
                return ""
        return plain(cell).lstrip("'")[:MOST_CODE]

    def _shape_of_codes(self) -> str:
        """Of a bar code column that holds the supplier's own numbers instead: how they look."""
        columns = self._heads.of("gtin")
        if not columns:
            return ""
        cells = [cell_at(self._table, row, columns[0]) for row in self._table.rows]
        filled = [cell for cell in cells if not is_empty(cell)]
        if 5 * sum(bool(read_code(cell).gtin) for cell in filled) >= len(filled):
            return ""
        return usual_shape(filled)

    def _gtin(self, row: int) -> str:
        cell = self._cell(row, "gtin")
        if self._code_shape and shape(cell) == self._code_shape:
            return ""
        found = read_code(cell)
        answer = self._asking.answer(
            f"gtin:R{row}", lambda value: value == "none" or bool(read_code(value).gtin)
        )
        if answer:
            return "" if answer == "none" else read_code(answer).gtin
        if found.doubt:
            why = found.doubt
            text = f"{why}: write the number under the bar code, or none"
            self._asking.leave_open(Question(f"gtin:R{row}", text, row, plain(cell)))
        return found.gtin

    # -- cases

    def _case(self, row: int) -> tuple[bool, int]:
        """Whether the file says it, and how many base units a case holds; 0 while it is open."""
        answer = self._asking.answer(f"case:R{row}", lambda value: bool(packs.case_size(value)))
        if answer:
            return True, packs.case_size(answer) or 0
        if not self._heads.of("case"):
            return False, 1
        cell = self._cell(row, "case")
        size = packs.case_size(cell)
        text = packs.word_of(plain(cell))
        if size is None and text and whole(cell) is None:
            answer = self._asking.answer(f"case:{text}", lambda each: bool(packs.case_size(each)))
            size = packs.case_size(answer) if answer else None
            id = f"case:{text}"
        else:
            id = f"case:R{row}"
        if size is None:
            said = plain(cell) if text else "–"
            self._asking.leave_open(
                Question(id, f"the case says “{said}”: how many base units are in it?", row, text)
            )
        return True, size or 0

    def _basis(
        self, row: int, title: str, unit: str, base: str, case_known: bool, case_size: int
    ) -> Basis:
        """What a price of this row is for; without a word on it, one unit where the file says
        nothing of cases."""
        if self._own:
            return "unit"
        if not case_known:
            word = self._basis_of_head() or ("" if base or unit not in packs.CASE_WORDS else "case")
            return word or "unit"
        if case_size == 1:
            return "unit"
        basis = self._basis_of_head() or self._basis_of_word(unit, base, case_size)
        if basis != "case" and case_size and packs.count_in(title) == case_size:
            said = self._asking.ask(
                Question(
                    f"pack:R{row}",
                    f"the name says × {case_size}, and so does the case: "
                    "is the price that of one, or of all in the case?",
                    row,
                    title,
                    (ONE, ALL),
                )
            )
            return {ONE: "unit", ALL: "case"}.get(said, "")
        return basis

    def _basis_of_head(self) -> Basis:
        if self._base is None:
            return ""
        words = set(packs.words(self._base.head))
        return "case" if words & packs.CASE_WORDS else "unit" if words & packs.UNIT_WORDS else ""

    def _basis_of_word(self, unit: str, base: str, case_size: int) -> Basis:
        if unit and not base:
            if unit in packs.CASE_WORDS | packs.UNIT_WORDS:
                return "case" if unit in packs.CASE_WORDS else "unit"
            id, said = f"basis:{unit}", f"per {unit}"
        else:
            id, said = "basis", ""
        if not case_size:
            return self._asking.answer(id, ("unit", "case"))
        if said:
            text = f"a case holds several: is a price {said} for one unit, or for the whole case?"
        else:
            text = "a case holds several: is a price for one unit, or for the whole case?"
        return self._asking.ask(Question(id, text, options=("unit", "case")))

    def _minimum(self, row: int) -> tuple[int, Basis] | None:
        """The least that may be bought, in cases, in units, or in what the price is for."""
        cell = self._cell(row, "minimum")
        said = self._asking.answer(f"minimum:R{row}", lambda value: whole(value) is not None)
        if said:
            return int(said), "case"
        if is_empty(cell):
            return None
        number, _, word = packs.word_of(plain(cell)).partition(" ")
        count = whole(number)
        if count is None or (word and word not in packs.CASE_WORDS | packs.UNIT_WORDS):
            text = "how many cases must be bought at least?"
            self._asking.leave_open(Question(f"minimum:R{row}", text, row, plain(cell)))
            return None
        if self._own or word in packs.CASE_WORDS:
            return count, "case"
        return count, "unit" if word else ""

    # -- prices

    def _steps(self, row: int) -> tuple[Step, ...]:
        steps: dict[int, Step] = {}
        first = self._price(row, self._base.at, f"price:R{row}") if self._base else None
        if first is not None:
            steps[1] = Step(1, first)
        for column in self._tiers:
            if not is_empty(cell_at(self._table, row, column)) and (
                price := self._price(row, column.at, f"price-{column.tier_from}:R{row}")
            ):
                steps[column.tier_from] = Step(column.tier_from, price)
        if self._base is not None and first is None:
            return ()
        return tuple(steps[least] for least in sorted(steps))

    def _price(self, row: int, at: int, question: str) -> int | None:
        said = self._asking.answer(question, lambda value: bool(whole(value)))
        if said:
            return int(said)
        numbers = self._numbers[at]
        value = numbers.values.get(row)
        if value is not None and value == value.to_integral_value() and 1 <= value <= MOST_IDR:
            return int(value)
        cell = plain(self._at(row, at))
        if value is None and numbers.undecided and row not in numbers.odd and cell:
            return None  # the question is the column's
        said = cell or "–"
        text = (
            f"“{said}” is no price: write it in whole rupiah, or leave the row out with "
            "row:R… = skip"
        )
        self._asking.leave_open(Question(question, text, row, cell))
        return None

    def _own_steps(self, row: int) -> tuple[Step, ...]:
        """The tiers of a table that we wrote: each with its quantity, rupiah and units."""
        steps: list[Step] = []
        columns = {(column.role, column.own): column for column in self._heads.columns}
        for number in sorted({column.own for column in self._heads.of("own_idr")}):
            parts = [
                cell_at(self._table, row, columns[role, number])
                if (role, number) in columns
                else "1"
                for role in ("own_from", "own_idr", "own_per")
            ]
            if is_empty(parts[1]):
                continue
            least, price, per = (whole(part) or 0 for part in parts)
            if not (1 <= least <= MOST_UNITS and 1 <= price <= MOST_IDR and 1 <= per <= MOST_UNITS):
                text = f"price {number} is not three whole numbers: correct the file"
                self._asking.leave_open(Question(f"tier-{number}:R{row}", text, row))
                return ()
            steps.append(Step(least, price, per))
        return tuple(sorted(steps, key=lambda step: step.least))
