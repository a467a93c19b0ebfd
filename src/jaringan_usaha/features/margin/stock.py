"""What goods on a shelf cost, first in first out, and what was earned with them: pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from jaringan_usaha.kernel.money import half_up, largest_remainder


@dataclass(slots=True)
class Layer:
    """Units of one item that came with one cycle from one supplier, and their cost in rupiah.

    `cogs_idr` is how much of `landed_idr` is posted as the cost of the `sold_units`; `position`
    is where the first of it stands in the log, which settles what came first.
    """

    cycle_id: str
    supplier_id: str
    position: int
    units: int = 0
    landed_idr: int = 0
    sold_units: int = 0
    revenue_idr: int = 0
    cogs_idr: int = 0

    @property
    def left(self) -> int:
        return self.units - self.sold_units

    def cost_to_post(self) -> int:
        """What must be added to the cost of sales so that it is the sold part of the landed
        cost, rounded once; of a layer sold out that is all of it."""
        due = half_up(self.landed_idr * self.sold_units, self.units) if self.units else 0
        added = due - self.cogs_idr
        self.cogs_idr = due
        return added


class Effect(NamedTuple):
    """What a movement changes: revenue and cost of sales of a layer, or revenue of goods that
    nobody saw come (`layer` None). `uncovered_idr` of the revenue was of unknown origin before."""

    layer: Layer | None
    revenue_idr: int = 0
    cogs_idr: int = 0
    uncovered_idr: int = 0


class Shelf:
    """One item at one koperasi.

    `unknown_units` were sold though the log knows of none that came (negative: came back though
    none was sold); the next goods to come are taken to be those.
    """

    def __init__(
        self, layers: Iterable[Layer] = (), unknown_units: int = 0, unknown_idr: int = 0
    ) -> None:
        self.layers = {(each.cycle_id, each.supplier_id): each for each in layers}
        self.unknown_units = unknown_units
        self.unknown_idr = unknown_idr

    def put(
        self, cycle_id: str, supplier_id: str, position: int, units: int, landed_idr: int
    ) -> Iterator[Effect]:
        """Goods come, or come to cost more or less than was thought. Units below zero never came
        after all: what was sold of them is of unknown origin again."""
        key = (cycle_id, supplier_id)
        layer = self.layers.setdefault(key, Layer(cycle_id, supplier_id, position))
        layer.units += units
        layer.landed_idr += landed_idr
        covered = min(self.unknown_units, layer.left)
        known = 0
        if covered > 0:
            known = half_up(self.unknown_idr * covered, self.unknown_units)
            self.unknown_units -= covered
            self.unknown_idr -= known
            layer.sold_units += covered
            layer.revenue_idr += known
        elif layer.left < 0:
            known = -half_up(layer.revenue_idr * -layer.left, layer.sold_units)
            self.unknown_units -= layer.left
            self.unknown_idr -= known
            layer.revenue_idr += known
            layer.sold_units = layer.units
        effect = Effect(layer, known, layer.cost_to_post(), known)
        if any(effect[1:]):
            yield effect

    def sell(self, units: int, revenue_idr: int) -> Iterator[Effect]:
        """Goods go, oldest first; or come back (negative), those sold last first. The revenue
        goes with the units, by largest remainder."""
        taken = list(self._sold(units) if units > 0 else self._returned(-units))
        sign = -1 if revenue_idr < 0 else 1
        weights = [(nth, count) for nth, (_, count) in enumerate(taken)]
        parts = largest_remainder(abs(revenue_idr), weights) if taken else {0: abs(revenue_idr)}
        for nth, (layer, _) in enumerate(taken or [(None, 0)]):
            revenue = sign * parts[nth]
            if layer is None:
                self.unknown_idr += revenue
                cogs = 0
            else:
                layer.revenue_idr += revenue
                cogs = layer.cost_to_post()
            if revenue or cogs:
                yield Effect(layer, revenue, cogs)

    def _sold(self, units: int) -> Iterator[tuple[Layer | None, int]]:
        back = min(units, -self.unknown_units)
        if back > 0:
            self.unknown_units += back
            units -= back
            yield None, back
        for layer in self._in_order():
            count = min(units, layer.left)
            if count > 0:
                layer.sold_units += count
                units -= count
                yield layer, count
        if units:
            self.unknown_units += units
            yield None, units

    def _returned(self, units: int) -> Iterator[tuple[Layer | None, int]]:
        uncovered = min(units, self.unknown_units)
        if uncovered > 0:
            self.unknown_units -= uncovered
            units -= uncovered
            yield None, uncovered
        for layer in reversed(self._in_order()):
            count = min(units, layer.sold_units)
            if count > 0:
                layer.sold_units -= count
                units -= count
                yield layer, count
        if units:
            self.unknown_units -= units
            yield None, units

    def _in_order(self) -> list[Layer]:
        return sorted(
            self.layers.values(), key=lambda each: (each.position, each.cycle_id, each.supplier_id)
        )
