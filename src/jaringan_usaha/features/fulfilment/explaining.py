"""Why one koperasi got what it got of one item, in one paragraph: pure, from what is recorded.

Of all others only sums are told. Every figure is one that a decision was made on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from jaringan_usaha.features.fulfilment.wording import TEXTS, Figure, Language, written

Sentence = tuple[str, dict[str, Figure]]


@dataclass(frozen=True, slots=True)
class Portion:
    """What it got of one receipt: all that was accepted, what it and all could claim then. Where
    the count was `corrected` since, `units` are what it has of it in all."""

    received_on: date
    accepted: int
    sharing: str
    outstanding: int
    outstanding_of_all: int
    tolerance: int
    tolerance_of_all: int
    surplus: int
    units: int
    corrected: bool = False

    @property
    def was_surplus(self) -> bool:
        """It could claim nothing, and took what nobody had expected."""
        return not (self.outstanding or self.tolerance)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One koperasi's item: what it wanted, what all did, what is ordered, and what came.

    `claimed_firm` and `claimed_tolerance` are the sums of those for whom it is ordered.
    """

    supplier_id: str
    item_id: str
    sharing: str
    state: str
    firm: int
    tolerance: int
    least: int
    granted: int
    reason: str
    received: int
    goods_idr: int
    alone_idr: int
    ordered: int
    cases: int
    case_size: int
    firm_of_all: int
    tolerance_of_all: int
    claimed_firm: int
    claimed_tolerance: int
    portions: tuple[Portion, ...] = ()


def explain(item: Expectation, language: Language) -> str:
    """The paragraph; how units left over by rounding go is said once."""
    sentences: list[str] = []
    rounded = False
    for key, figures in _sentences(item):
        if key == "rounding" and rounded:
            continue
        rounded = rounded or key == "rounding"
        told = {name: written(figure, language) for name, figure in figures.items()}
        sentences.append(TEXTS[language][key].format(**told))
    return " ".join(sentences)


def _sentences(item: Expectation) -> Iterator[Sentence]:
    wanted: dict[str, Figure] = {
        "item": item.item_id,
        "firm": item.firm,
        "tolerance": item.tolerance,
        "least": item.least,
    }
    yield "wanted" if item.firm or item.tolerance else "wanted_nothing", wanted
    if item.tolerance:
        yield "welcome", wanted
    if item.least:
        yield "least", wanted
    yield from _ordered(item)
    if item.firm or item.tolerance:
        yield from _granted(item)
    for portion in item.portions:
        yield from _came(portion)
    yield from _so_far(item)


def _ordered(item: Expectation) -> Iterator[Sentence]:
    figures: dict[str, Figure] = {
        "supplier": item.supplier_id,
        "firm": item.firm_of_all,
        "tolerance": item.tolerance_of_all,
        "ordered": item.ordered,
        "cases": item.cases,
        "case_size": item.case_size,
    }
    yield "of_all", figures
    if not item.ordered:
        yield "ordered_nothing", figures
    elif item.cases:
        yield "ordered_in_cases", figures
    else:
        yield "ordered", figures


def _granted(item: Expectation) -> Iterator[Sentence]:
    figures: dict[str, Figure] = {"granted": item.granted, "least": item.least}
    if item.reason not in ("", "CASE_NOT_FULL"):
        yield _REASONS.get(item.reason, "declined"), figures | {"reason": item.reason}
        return
    if not item.ordered:
        return
    yield from _share_of(
        item.ordered,
        item.granted,
        item.sharing,
        (item.firm, item.claimed_firm),
        (item.tolerance, item.claimed_tolerance),
        "granted",
    )


def _came(portion: Portion) -> Iterator[Sentence]:
    figures: dict[str, Figure] = {
        "on": portion.received_on,
        "accepted": portion.accepted,
        "outstanding": portion.outstanding,
        "outstanding_of_all": portion.outstanding_of_all,
        "units": portion.units,
        "surplus": portion.surplus,
    }
    if portion.corrected:
        yield "corrected", figures
        return
    if portion.was_surplus:
        yield "took_surplus", figures
        return
    yield "came", figures
    yield from _share_of(
        portion.accepted - portion.surplus,
        portion.units,
        portion.sharing,
        (portion.outstanding, portion.outstanding_of_all),
        (portion.tolerance, portion.tolerance_of_all),
        "got",
    )


def _share_of(
    total: int,
    units: int,
    sharing: str,
    firm: tuple[int, int],
    tolerance: tuple[int, int],
    verb: str,
) -> Iterator[Sentence]:
    """How `units` of `total` come about; (its own, that of all) for both kinds of claims."""
    left = total - firm[1]
    own, all_ = firm if left < 0 else tolerance
    shared = total if left < 0 else left
    figures: dict[str, Figure] = {
        "units": units,
        "total": total,
        "shared": shared,
        "own": own,
        "all": all_,
        "firm": firm[0],
    }
    exact = Fraction(shared * own, all_) if all_ else Fraction(0)
    figures["exact"] = exact
    base = 0 if left < 0 else firm[0]
    if left == 0 or (left > 0 and not own):
        explained, key = units == firm[0], "whole"
    elif sharing == "pro_rata":
        explained = abs(units - base - exact) < 1
        key = "too_little" if left < 0 else "extra"
    else:
        explained, key = True, sharing
    yield f"{verb}_{key}" if explained else f"{verb}_changed", figures
    if explained and key in ("too_little", "extra") and exact.denominator > 1:
        yield "rounding", figures


def _so_far(item: Expectation) -> Iterator[Sentence]:
    short = max(item.granted - item.received, 0)
    figures: dict[str, Figure] = {
        "received": item.received,
        "granted": item.granted,
        "goods_idr": item.goods_idr,
        "alone_idr": item.alone_idr,
        "short": short,
    }
    if item.received:
        yield "worth", figures
    if not short:
        return
    if item.state == "received":
        yield "short", figures
    else:
        yield "awaited", figures


_REASONS = {
    "MIN_ACCEPT": "below_least",
    "MOQ_NOT_MET": "below_minimum",
    "HET_EXCEEDED": "above_ceiling",
}
