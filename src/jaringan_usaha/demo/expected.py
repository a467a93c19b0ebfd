"""What must come out, worked out apart from the service: from nothing but who ordered what, the
prices, and what was agreed and went wrong. It shares no arithmetic with the service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from jaringan_usaha.demo.goods import BY_ID, ITEMS, Item
from jaringan_usaha.demo.terms import (
    FEE_BP,
    FREIGHT_IDR,
    LATE_FREIGHT_IDR,
    accepted,
    is_pkp,
)

PPN = Fraction(12, 100) * Fraction(11, 12)

Figures = dict[str, int]


@dataclass(frozen=True)
class Expected:
    """Consolidated lines by item; figures by koperasi and item; what suppliers must be paid, and
    what is claimed back from them, PPN included."""

    lines: dict[str, Figures]
    figures: dict[tuple[str, str], Figures]
    owed_idr: int
    claimed_idr: int

    def of_koperasi(self, koperasi_id: str) -> Figures:
        """The sums over all items of one koperasi."""
        return sums([row for (whose, _), row in self.figures.items() if whose == koperasi_id])


def sums(rows: Sequence[Mapping[str, int]]) -> Figures:
    """Column by column."""
    return {name: sum(row[name] for row in rows) for name in rows[0]} if rows else {}


def work_out(orders: Mapping[str, Mapping[str, int]]) -> Expected:
    """`orders`: base units by item and koperasi; who ordered an item first stands first."""
    lines, owed, claimed = {}, 0, 0
    units: dict[str, dict[str, int]] = {}
    for item in ITEMS:
        wanted = orders[item.item_id]
        if not wanted:
            continue
        ordered = sum(wanted.values())
        lines[item.item_id] = {
            "quantity": ordered,
            "amount_idr": item.cost_idr(ordered),
            "alone_idr": sum(item.cost_idr(part) for part in wanted.values()),
        }
        came = accepted(item.item_id, ordered)
        units[item.item_id] = split(came, wanted)
        billed = _with_ppn(item, item.cost_idr(ordered))
        paid = _with_ppn(item, _worth(item, ordered, came))
        owed, claimed = owed + paid, claimed + billed - paid
    freight = _freight(units)
    figures = {
        (koperasi_id, item_id): row
        for item_id, got in units.items()
        for koperasi_id, row in _figures(BY_ID[item_id], orders[item_id], got, freight).items()
    }
    return Expected(lines, figures, owed, claimed)


def split(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """In proportion, whole: what is left over goes to the largest fractions, and of equal ones
    to whoever stands first."""
    of_all = sum(weights.values())
    exact = {key: Fraction(total * weight, of_all) for key, weight in weights.items()}
    parts = {key: floor(part) for key, part in exact.items()}
    by_fraction = sorted(parts, key=lambda key: parts[key] - exact[key])
    for key in by_fraction[: total - sum(parts.values())]:
        parts[key] += 1
    return parts


def rounded(exact: Fraction) -> int:
    """Whole rupiah, halves up."""
    return floor(exact + Fraction(1, 2))


def _worth(item: Item, ordered: int, came: int) -> int:
    """What came costs at the price of what was ordered."""
    return rounded(Fraction(item.cost_idr(ordered) * came, ordered))


def _ppn(item: Item, goods_idr: int) -> int:
    return rounded(goods_idr * PPN) if item.taxed else 0


def _with_ppn(item: Item, goods_idr: int) -> int:
    return goods_idr + _ppn(item, goods_idr)


def _freight(units: Mapping[str, Mapping[str, int]]) -> dict[tuple[str, str], int]:
    """Each bill by weight over items, then by units over koperasi; of the second bill only what
    it is more."""
    found: dict[tuple[str, str], int] = {}
    grams = {
        item_id: sum(units[item_id].values()) * BY_ID[item_id].weight_g
        for item_id in sorted(units, key=lambda item_id: (BY_ID[item_id].supplier_id, item_id))
    }
    for bill_idr in (FREIGHT_IDR, LATE_FREIGHT_IDR - FREIGHT_IDR):
        for item_id, part_idr in split(bill_idr, grams).items():
            for koperasi_id, idr in split(part_idr, units[item_id]).items():
                found[koperasi_id, item_id] = found.get((koperasi_id, item_id), 0) + idr
    return found


def _figures(
    item: Item,
    wanted: Mapping[str, int],
    got: Mapping[str, int],
    freight: Mapping[tuple[str, str], int],
) -> dict[str, Figures]:
    """One item: what each koperasi got, what it cost, and what was earned when all of it is
    sold."""
    ordered = sum(wanted.values())
    whole_idr = _worth(item, ordered, sum(got.values()))
    goods = split(whole_idr, got)
    ppn = split(_ppn(item, whole_idr), goods)
    found = {}
    for koperasi_id, units in got.items():
        pkp = is_pkp(koperasi_id)
        taken_idr = units * item.retail_idr
        taxed_idr = rounded(taken_idr * PPN / (1 + PPN)) if pkp and item.taxed else 0
        fee_idr = rounded(Fraction(goods[koperasi_id] * FEE_BP, 10_000))
        cost_idr = goods[koperasi_id] + freight[koperasi_id, item.item_id] + fee_idr
        cost_idr += 0 if pkp else ppn[koperasi_id]
        alone = Fraction(item.cost_idr(wanted[koperasi_id]) * units, wanted[koperasi_id])
        found[koperasi_id] = {
            "expected_units": wanted[koperasi_id],
            "units": units,
            "sold_units": units,
            "alone_idr": rounded(alone),
            "goods_idr": goods[koperasi_id],
            "variance_idr": 0,
            "freight_idr": freight[koperasi_id, item.item_id],
            "fee_idr": fee_idr,
            "ppn_idr": 0 if pkp else ppn[koperasi_id],
            "ppn_credit_idr": ppn[koperasi_id] if pkp else 0,
            "landed_idr": cost_idr,
            "revenue_idr": taken_idr - taxed_idr,
            "cogs_idr": cost_idr,
            "margin_idr": taken_idr - taxed_idr - cost_idr,
        }
    return found
