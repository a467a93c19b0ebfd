"""Prices that a careful buyer would not take unasked: ringed, and needing a tick.

Nothing is corrected here. A ring is about a row against its own columns, its neighbours in the
list, or a legal ceiling; the comparison with the last list is made where that is known.
Source: UX-13.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import NamedTuple

from jaringan_usaha.features.catalog.sheets import packs
from jaringan_usaha.features.catalog.sheets.cells import plain
from jaringan_usaha.features.catalog.sheets.lines import Line

FAR = 5
"""Goods of one family and about one size do not differ by this factor per gram or piece."""
FAR_BY_ONE_WORD = 8
SIZES_ALIKE = 3
NEIGHBOURS = 12  # to each side, by size, then by place in the list
MARKUP_FAR = Fraction(7, 4)
MARKUP_WORTH = 2  # times the usual margin in rupiah, so that small coins ring nothing
FEWEST_OF_A_KIND = 4
JUMP = Fraction(1, 5)


class Doubt(NamedTuple):
    """`kind` is the question it asks (`jump:R12`), `text` what is odd."""

    row: int
    kind: str
    text: str


def doubts_of(lines: Sequence[Line]) -> list[Doubt]:
    """What is odd within the table itself."""
    prices = {line.row: stated_price(line) for line in lines if line.steps and line.case_size}
    priced = [line for line in lines if line.row in prices]
    found = [*_units(lines), *_tiers(priced), *_markups(priced)]
    ringed = {doubt.row for doubt in found if doubt.kind == "markup"}
    rest = [line for line in priced if line.row not in ringed]
    return [*found, *_outliers(rest, prices)]


def stated_price(line: Line) -> Fraction:
    """Rupiah for what the name names: one of the case's units, unless the name counts them all."""
    step = line.steps[0]
    whole = line.basis == "case" and packs.count_in(line.title) != line.case_size
    return Fraction(step.price, step.per * (line.case_size if whole else 1))


def _units(lines: Sequence[Line]) -> Iterator[Doubt]:
    """A case that is said to hold several of itself, or a single piece that holds several."""
    for line in lines:
        if line.case_size > 1 and line.unit_word and line.base_word:
            if line.unit_word == line.base_word:
                text = f"one {line.unit_word} holds {line.case_size} {line.base_word}"
            elif line.unit_word in ("pcs", "pc", "biji", "buah"):
                text = f"a single one ({line.unit_word}) holds {line.case_size} {line.base_word}"
            else:
                continue
            yield Doubt(line.row, "units", text)


def _tiers(lines: Sequence[Line]) -> Iterator[Doubt]:
    """Who takes more pays more."""
    for line in lines:
        for number in range(1, len(line.steps)):
            before, step = line.steps[number - 1], line.steps[number]
            if step.price * before.per > before.price * step.per:
                text = f"the price from {step.least} on is dearer than before"
                yield Doubt(line.row, "tiers", text)
                break


def _markups(lines: Sequence[Line]) -> Iterator[Doubt]:
    """The buying price against the selling price in the same row, by the custom of its kind."""
    retail = {line.row: Fraction(line.retail) for line in lines if line.retail}
    stated = {line.row: Fraction(line.steps[0].price, line.steps[0].per) for line in lines}
    both = [line for line in lines if line.row in retail]
    if len(both) < FEWEST_OF_A_KIND:
        return
    ratios: dict[str, list[Fraction]] = defaultdict(list)
    for line in both:
        ratios[line.kind].append(retail[line.row] / stated[line.row])
        ratios[""].append(retail[line.row] / stated[line.row])
    margin = median(abs(retail[line.row] - stated[line.row]) for line in both)
    for line in both:
        ratio = retail[line.row] / stated[line.row]
        kind = line.kind if len(ratios[line.kind]) >= FEWEST_OF_A_KIND else ""
        usual = median(ratios[kind])
        beyond = abs(retail[line.row] - usual * stated[line.row])
        far = not 1 / MARKUP_FAR < ratio / usual < MARKUP_FAR
        if ratio < 1 or (far and beyond >= MARKUP_WORTH * margin):
            price, retail_idr = line.steps[0].price, plain(line.retail or "")
            times, usually = _times(ratio), _times(usual)
            text = (
                f"it is bought at {price} and sold at {retail_idr}, {times} times; "
                f"usual is {usually}"
            )
            yield Doubt(line.row, "markup", text)


def _outliers(lines: Sequence[Line], prices: Mapping[int, Fraction]) -> Iterator[Doubt]:
    """A price ten times its neighbours', or a tenth: per gram, millilitre or piece, among goods
    whose names begin alike and whose sizes are alike."""
    told: set[int] = set()
    for words, far in ((2, FAR), (1, FAR_BY_ONE_WORD)):
        families: dict[tuple[str, ...], list[tuple[Line, Decimal, Fraction]]] = defaultdict(list)
        for line in lines:
            content = packs.content_of(line.title)
            key = (line.kind, content.dimension, *_first_words(line.title, words))
            price = prices[line.row] / Fraction(content.size)
            families[key].append((line, content.size, price))
        for family in families.values():
            for line, usual in _far_ones(family, far):
                if line.row not in told:
                    told.add(line.row)
                    times = _times(usual)
                    text = f"goods named and sized alike cost {times} times as much"
                    yield Doubt(line.row, "outlier", text)


def _far_ones(
    family: Sequence[tuple[Line, Decimal, Fraction]], far: int
) -> Iterator[tuple[Line, Fraction]]:
    """Who is far from the others. Two against one do not prove the one wrong, so then all of
    them are; three or more that agree do."""
    ordered = sorted(family, key=lambda each: (each[1], each[0].row))
    for place, (line, size, price) in enumerate(ordered):
        near = ordered[max(0, place - NEIGHBOURS) : place + NEIGHBOURS + 1]
        alike = [
            other
            for each, its_size, other in near
            if each is not line and size / SIZES_ALIKE <= its_size <= size * SIZES_ALIKE
        ]
        if not alike:
            continue
        if len(alike) >= 3:
            usual = median(alike)
            if usual >= far * price or price >= far * usual:
                yield line, usual / price
        else:
            extreme = max(alike, key=lambda other: max(other / price, price / other))
            if max(extreme / price, price / extreme) >= far:
                yield line, extreme / price


def _first_words(title: str, count: int) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W_]+", title.lower())[:count])


def _times(ratio: Fraction) -> str:
    return f"{float(ratio):.2g}"
