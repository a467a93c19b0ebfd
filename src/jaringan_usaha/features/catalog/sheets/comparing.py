"""The table against what is known: which goods it means, and what would change.

Source: UX-13 to UX-15. A preview is a pure function of the file, the answers and the catalogue,
so that whoever confirms its digest confirms exactly what is stored.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from hashlib import blake2b, sha256
from typing import Literal

import msgspec

from jaringan_usaha.features.catalog.events import PriceRow, Tier
from jaringan_usaha.features.catalog.sheets import packs
from jaringan_usaha.features.catalog.sheets.asking import END, KEEP, SKIP, YES, Asking, Question
from jaringan_usaha.features.catalog.sheets.cells import Sheet
from jaringan_usaha.features.catalog.sheets.doubts import JUMP, Doubt, doubts_of
from jaringan_usaha.features.catalog.sheets.lines import Line, read_lines
from jaringan_usaha.features.catalog.sheets.tables import Table, find_table
from jaringan_usaha.kernel.money import half_up
from jaringan_usaha.kernel.quantity import MOST_UNITS, BaseUnit

Status = Literal["new", "changed", "unchanged", "doubtful"]

_COUNTED = ("H87", "XPK")


class KnownItem(msgspec.Struct, frozen=True):
    """What the catalogue says of an item."""

    item_id: str
    title: str
    base_unit: BaseUnit
    case_size: int
    gtin: str


class InForce(msgspec.Struct, frozen=True):
    """The supplier's price of an item on the day on which the new list starts; `is_new`: a list
    of that very day gives it."""

    item_id: str
    price_list_id: str
    valid_until_on: date | None
    tiers: tuple[Tier, ...]
    case_size: int = 0
    min_cases: int = 0
    is_new: bool = False


class Ceiling(msgspec.Struct, frozen=True):
    """The lowest HET of an item: `idr` rupiah for `per` base units."""

    idr: int
    per: int


@dataclass(frozen=True)
class Catalogue:
    """What is known of the goods of one table. `names` are those that this supplier used before
    (`code:…`, `title:…`); `taken` are ids of proposed items that other goods already have."""

    items: Mapping[str, KnownItem]
    by_gtin: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    in_force: Mapping[str, InForce]
    ceilings: Mapping[str, Ceiling]


@dataclass(frozen=True)
class Entry:
    """One row as it would be stored. `change_bp`: how much dearer the first tier is, in hundredths
    of a percent. `doubts` stay written when they are ticked. `is_newly_named`: this supplier's
    `code` and `title` for the item are not remembered yet."""

    row: int
    item: KnownItem
    is_new_item: bool
    title: str
    code: str
    is_newly_named: bool
    price: PriceRow | None
    status: Status
    change_bp: int | None
    before: InForce | None
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True)
class Preview:
    """Everything that a confirmation stores, and every question that stands before it. `ends`:
    the prices that are `gone` end with it."""

    table: Table | None
    entries: tuple[Entry, ...]
    gone: tuple[InForce, ...]
    ends: bool
    left_out: int
    questions: tuple[Question, ...]
    used: frozenset[str]

    def count(self, status: Status) -> int:
        return sum(entry.status == status for entry in self.entries)

    @property
    def new_items(self) -> list[KnownItem]:
        return [entry.item for entry in self.entries if entry.is_new_item]

    def digest(self, *terms: object) -> str:
        """SHA-256 of what would be stored, under these terms."""
        what = (
            terms,
            [(entry.item, entry.is_new_item, entry.price, entry.status) for entry in self.entries],
            [(each.item_id, each.price_list_id) for each in self.gone],
            self.ends,
            self.left_out,
            [question.id for question in self.questions],
        )
        return sha256(msgspec.json.encode(what)).hexdigest()


@dataclass(frozen=True)
class Wanted:
    """What the catalogue is asked for, before the comparison."""

    gtins: list[str]
    names: list[str]
    item_ids: list[str]


class Draft:
    """A table that was read, on its way to be compared."""

    def __init__(self, sheets: Sequence[Sheet], answers: Mapping[str, str]) -> None:
        self.asking = Asking(answers)
        self.table = find_table(sheets, self.asking)
        self.lines = read_lines(self.table, self.asking) if self.table else []

    def wanted(self) -> Wanted:
        """Which items it may mean, and which ids it would propose."""
        named = [line.item_id for line in self.lines if line.item_id]
        said = [value for key, value in self.asking.given.items() if key.startswith("item:")]
        proposed = [id for line in self.lines for id in (item_id_of(line), item_id_of(line, 1))]
        return Wanted(
            gtins=[line.gtin for line in self.lines if line.gtin],
            names=[name for line in self.lines for name in names_of(line.code, line.title)],
            item_ids=[*named, *said, *proposed],
        )

    def compare(self, catalogue: Catalogue) -> Preview:
        return _Comparison(self, catalogue).preview()


def names_of(code: str, title: str) -> list[str]:
    """Under which names a supplier's goods are remembered, the better one first."""
    names = [f"code:{code.lower()}"] if code else []
    return [*names, f"title:{title.lower()}"] if title else names


def item_id_of(line: Line, again: int = 0) -> str:
    """The id of an item that the table brings: its GTIN, else its name; `again`, when other goods
    have that name, with a few digits of its own."""
    if line.gtin:
        return f"gtin-{line.gtin}"
    slug = re.sub(r"[^a-z0-9]+", "-", line.title.lower()).strip("-")[:50].strip("-") or "item"
    own = blake2b(f"{line.code}\x1f{line.title}".encode(), digest_size=4).hexdigest()
    return f"{slug}-{own}" if again else slug


class _Comparison:
    def __init__(self, draft: Draft, catalogue: Catalogue) -> None:
        self._draft = draft
        self._asking = draft.asking
        self._catalogue = catalogue
        self._seen: dict[str, int] = {}
        self._brought: dict[tuple[str, str], KnownItem] = {}

    def preview(self) -> Preview:
        doubts: dict[int, list[Doubt]] = {}
        for doubt in doubts_of(self._draft.lines):
            doubts.setdefault(doubt.row, []).append(doubt)
        entries = [self._entry(line, doubts.get(line.row, [])) for line in self._draft.lines]
        kept = [entry for entry in entries if entry is not None]
        here = {entry.item.item_id for entry in kept}
        table = self._draft.table
        gone = self._gone(here) if table else ()
        return Preview(
            table=table,
            entries=tuple(kept),
            gone=gone,
            ends=self._ends(len(gone)),
            left_out=(len(table.rows) if table else 0) - len(kept),
            questions=tuple(self._asking.questions.values()),
            used=frozenset(self._asking.used),
        )

    def _gone(self, here: set[str]) -> tuple[InForce, ...]:
        """What another list of the same day has a price for is the other part of the offer."""
        known = self._catalogue.in_force
        return tuple(known[id] for id in sorted(known) if id not in here and not known[id].is_new)

    def _ends(self, gone: int) -> bool:
        """Whether what is gone is no longer offered. It is asked when nothing else is open: only
        then is it known what is gone."""
        said = self._asking.answer("gone", (KEEP, END)) if gone else ""
        if gone and not said and not self._asking.questions:
            text = (
                f"goods with a price that are in no row taken from the file: {gone}; keep if "
                "the file is a part of the list and their prices stay, end if they are no longer "
                "offered from its first day on"
            )
            self._asking.leave_open(Question("gone", text, options=(KEEP, END)))
        return said == END

    def _entry(self, line: Line, doubts: list[Doubt]) -> Entry | None:
        before_asking = len(self._asking.questions)
        item, is_new = self._item(line)
        if item.item_id in self._seen:
            other = self._seen[item.item_id]
            text = (
                f"row {other} has the same goods: skip one of them, or, when they differ, "
                "name this one otherwise with name:R… = its name"
            )
            self._leave_open(f"row:R{line.row}", text, line, (SKIP,))
        self._seen.setdefault(item.item_id, line.row)
        before = self._catalogue.in_force.get(item.item_id)
        case_size = self._case_size(line, item, is_new, before)
        price = None if line.open or not case_size else self._price(line, item, case_size)
        change_bp, same = _change(price, before, item) if price and before else (None, False)
        rings = [] if same else [*doubts, *self._more_doubts(line, item, price, before, case_size)]
        for doubt in rings:
            said = self._tick(doubt, line)
            if said == SKIP:
                return None
        doubtful = line.open or price is None or len(self._asking.questions) > before_asking
        status: Status = "unchanged" if same else "changed" if before else "new"
        return Entry(
            row=line.row,
            item=item,
            is_new_item=is_new,
            title=line.title,
            code=line.code,
            is_newly_named=any(
                self._catalogue.names.get(name) != item.item_id
                for name in names_of(line.code, line.title)
            ),
            price=price,
            status="doubtful" if doubtful else status,
            change_bp=change_bp,
            before=before,
            doubts=tuple(rings),
        )

    def _tick(self, doubt: Doubt, line: Line) -> str:
        if doubt.kind == "units" and self._asking.answer(
            f"case:R{doubt.row}", lambda value: bool(packs.case_size(value))
        ):
            return YES
        question = f"{doubt.kind}:R{doubt.row}"
        said = self._asking.answer(question, (YES, SKIP))
        if not said:
            why = doubt.text
            text = f"{why}; yes if it is true, or give the right value"
            self._leave_open(question, text, line, (YES, SKIP))
        return said

    def _leave_open(self, question: str, text: str, line: Line, options: tuple[str, ...]) -> None:
        self._asking.leave_open(Question(question, text, line.row, line.title, options))

    # -- which goods

    def _item(self, line: Line) -> tuple[KnownItem, bool]:
        """The item that a line means, or the one it proposes."""
        known = self._catalogue.items
        said = self._asking.answer(f"item:R{line.row}", tuple(known))
        if said:
            return known[said], False
        if line.item_id:
            if line.item_id not in known:
                text = f"there is no item {line.item_id}: write the id of one that there is"
                self._leave_open(f"item:R{line.row}", text, line, ())
                return self._proposed(line), True
            return known[line.item_id], False
        found = dict.fromkeys(
            [
                *self._catalogue.by_gtin.get(line.gtin, ()),
                *(
                    self._catalogue.names[name]
                    for name in names_of(line.code, line.title)
                    if name in self._catalogue.names
                ),
            ]
        )
        ids = [id for id in found if id in known and not self._other_gtin(line, known[id])]
        if len(ids) > 1 and line.gtin and known[ids[0]].gtin == line.gtin:
            same = [id for id in ids if known[id].gtin == line.gtin]
            ids = same if len(same) > 1 else ids
        if len(ids) > 1:
            text = "these goods are known under several items: which one is it?"
            self._leave_open(f"item:R{line.row}", text, line, tuple(ids[:10]))
        if ids:
            return known[ids[0]], False
        return self._proposed(line), True

    @staticmethod
    def _other_gtin(line: Line, item: KnownItem) -> bool:
        """A name under which a supplier now sells goods with another bar code says nothing."""
        return bool(line.gtin and item.gtin and line.gtin != item.gtin)

    def _proposed(self, line: Line) -> KnownItem:
        """The item that a line brings: that of an earlier row under the very same names, too."""
        names = (line.code.lower(), line.title.lower())
        earlier = self._brought.get(names) if line.title else None
        if earlier is not None and not self._other_gtin(line, earlier):
            return earlier
        item = self._new_item(line)
        self._brought.setdefault(names, item)
        return item

    def _new_item(self, line: Line) -> KnownItem:
        id = item_id_of(line)
        if id in self._catalogue.items or id in self._seen:
            id = item_id_of(line, 1)
        word = line.base_word or line.unit_word
        if not line.base_word and line.unit_word in packs.CASE_WORDS:
            word = ""
        return KnownItem(id, line.title, packs.base_unit_of(word), line.case_size or 1, line.gtin)

    # -- which prices

    def _case_size(self, line: Line, item: KnownItem, is_new: bool, before: InForce | None) -> int:
        """The base units in this supplier's case; 0 while it is open.

        A file that does not say it leaves it as it was. What another supplier's case holds is
        not asked of a price per unit, but no price of a case is divided by it.
        """
        if line.case_known:
            return line.case_size
        if before is not None:
            return before.case_size or item.case_size
        if not is_new and line.basis == "case" and item.case_size > 1:
            text = "the price is that of a case: how many base units are in it?"
            self._leave_open(f"case:R{line.row}", text, line, ())
            return 0
        return item.case_size

    def _price(self, line: Line, item: KnownItem, case_size: int) -> PriceRow | None:
        per = case_size if line.basis == "case" else 1
        tiers = tuple(
            Tier(
                from_quantity=1 if step.least == 1 else step.least * per,
                idr=step.price,
                per=step.per * per,
            )
            for step in line.steps
        )
        if tiers[0].from_quantity != 1 or tiers[-1].from_quantity > MOST_UNITS:
            text = "no price holds from one unit on: write it in whole rupiah"
            self._leave_open(f"price:R{line.row}", text, line, ())
            return None
        min_cases = self._min_cases(line, case_size)
        if min_cases is None:
            return None
        return PriceRow(
            item_id=item.item_id,
            tiers=tiers,
            case_size=0 if case_size == item.case_size else case_size,
            min_cases=min_cases,
        )

    def _min_cases(self, line: Line, case_size: int) -> int | None:
        if line.minimum is None:
            return 0
        count, basis = line.minimum
        if (basis or line.basis) == "case":
            return count
        if count <= 1:
            return 0
        if count % case_size:
            text = f"a minimum of {count} is no whole number of cases of {case_size}: how many?"
            self._leave_open(f"minimum:R{line.row}", text, line, ())
            return None
        return count // case_size

    def _more_doubts(
        self,
        line: Line,
        item: KnownItem,
        price: PriceRow | None,
        before: InForce | None,
        case_size: int,
    ) -> list[Doubt]:
        """What is odd against the catalogue, the last list and the law."""
        found: list[Doubt] = []
        unit = packs.base_unit_of(line.base_word) if line.base_word else item.base_unit
        if unit != item.base_unit and not {unit, item.base_unit} <= set(_COUNTED):
            text = f"the file counts in {line.base_word}, the item in {item.base_unit}"
            found.append(Doubt(line.row, "base", text))
        if price is None:
            return found
        now = per_unit(price.tiers[0])
        if before is not None:
            was = per_unit(before.tiers[0])
            if abs(now - was) > JUMP * was:
                move = _percent(now / was - 1)
                text = f"the price moves by {move} against the last list"
                found.append(Doubt(line.row, "jump", text))
            held = before.case_size or item.case_size
            if held != case_size:
                text = f"a case held {held}, and now {case_size}"
                found.append(Doubt(line.row, "size", text))
        ceiling = self._catalogue.ceilings.get(item.item_id)
        if ceiling is not None and now > Fraction(ceiling.idr, ceiling.per):
            text = f"the price is above the HET of {ceiling.idr} for {ceiling.per}"
            found.append(Doubt(line.row, "het", text))
        return found


def per_unit(tier: Tier) -> Fraction:
    return Fraction(tier.idr, tier.per)


def _change(price: PriceRow, before: InForce, item: KnownItem) -> tuple[int, bool]:
    """How much the first tier moved, and whether nothing at all did."""
    now, was = per_unit(price.tiers[0]), per_unit(before.tiers[0])
    move = (now - was) / was * 10_000
    same = (
        [(tier.from_quantity, per_unit(tier)) for tier in price.tiers]
        == [(tier.from_quantity, per_unit(tier)) for tier in before.tiers]
        and (price.case_size or item.case_size) == (before.case_size or item.case_size)
        and price.min_cases == before.min_cases
    )
    return half_up(move.numerator, move.denominator), same


def _percent(move: Fraction) -> str:
    return f"{float(move * 100):+.1f} %"
