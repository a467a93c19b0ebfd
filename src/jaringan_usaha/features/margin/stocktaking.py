"""How costs and sales reach the shelves and the margins.

Costs of goods go to the database as they are; only items that were sold are looked at one by one,
since the cost of a sale depends on what lay on the shelf just then.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.features.margin.booking import book_effect
from jaringan_usaha.features.margin.entries import Cost, Entry
from jaringan_usaha.features.margin.stock import Layer, Shelf

queries = Queries("jaringan_usaha.features.margin", "bookkeeping.sql")

Key = tuple[str, str]  # koperasi and item


class Sale(NamedTuple):
    """Units of one item of a koperasi that were sold at a position; negative: came back."""

    position: int
    key: Key
    units: int
    revenue_idr: int


class Stocktaking:
    """The costs and sales of one run of events, on their way into the tables of a network."""

    def __init__(self, network_id: int, db: Connection, entries: Mapping[int, Entry]) -> None:
        self._network_id = network_id
        self._db = db
        self._entries = entries
        self._costs: Sequence[Cost] = ()
        self._sales: Sequence[Sale] = ()

    async def write(
        self, costs: Sequence[Cost], sales: Sequence[Sale], first_position: int
    ) -> None:
        """Add the costs and carry out the sales of the events from `first_position` on. What
        sales move is added to their entries."""
        if not costs and not sales:
            return
        self._costs, self._sales = costs, sales
        await self._db.execute(queries.make_booked_costs)
        await self._db.execute(queries.clear_booked_costs)
        await self._copy_costs(self._costs)
        sold = {sale.key for sale in self._sales}
        if any(cost.item_id for cost in self._costs):
            for query in (queries.wanted_stock, queries.add_layers):
                rows = await self._db.fetch(query, self._network_id)
                sold |= {(row["koperasi_id"], row["item_id"]) for row in rows}
        if sold:
            await self._copy_costs(await self._sell(sold, first_position))
        await self._db.execute(queries.add_margins, self._network_id)

    async def _copy_costs(self, costs: Sequence[Cost]) -> None:
        await self._db.copy_records_to_table("booked_costs", records=costs, columns=Cost._fields)

    async def _sell(self, keys: set[Key], first_position: int) -> list[Cost]:
        """Put on the shelves, and take from them, what concerns these items, in order."""
        ordered = sorted(keys)
        shelves = await self._shelves(ordered, first_position)
        movements: list[tuple[int, Key, Cost | Sale]] = [
            (cost.position, (cost.koperasi_id, cost.item_id), cost)
            for cost in self._costs
            if (cost.koperasi_id, cost.item_id) in keys
        ]
        movements += [(sale.position, sale.key, sale) for sale in self._sales]
        found: list[Cost] = []
        for position, key, what in sorted(movements, key=lambda each: each[0]):
            shelf = shelves[key]
            if isinstance(what, Cost):
                effects = shelf.put(
                    what.cycle_id, what.supplier_id, position, what.units, what.landed_idr
                )
            else:
                effects = shelf.sell(what.units, what.revenue_idr)
            for effect in effects:
                found.extend(book_effect(effect, *key, self._entries[position]))
        await self._store(ordered, shelves)
        return found

    async def _shelves(self, keys: Sequence[Key], first_position: int) -> dict[Key, Shelf]:
        """The shelves as they were before this step, although its costs are written already."""
        names = columns(keys, 2)
        back = {sale.key for sale in self._sales if sale.units < 0}
        every = [key in back for key in keys]
        unknown = {
            (row["koperasi_id"], row["item_id"]): (row["units"], row["revenue_idr"])
            for row in await self._db.fetch(queries.unknown_of, self._network_id, *names)
        }
        layers: dict[Key, list[Layer]] = {}
        for row in await self._db.fetch(
            queries.layers_of, self._network_id, *names, every, first_position
        ):
            layers.setdefault((row["koperasi_id"], row["item_id"]), []).append(
                Layer(*list(row.values())[2:])
            )
        shelves = {key: Shelf(layers.get(key, ()), *unknown.get(key, (0, 0))) for key in keys}
        for cost in self._costs:
            shelf = shelves.get((cost.koperasi_id, cost.item_id))
            if shelf is not None:
                layer = shelf.layers[cost.cycle_id, cost.supplier_id]
                layer.units -= cost.units
                layer.landed_idr -= cost.landed_idr
        return shelves

    async def _store(self, keys: Sequence[Key], shelves: dict[Key, Shelf]) -> None:
        sold = [
            (
                layer.cycle_id,
                key[0],
                layer.supplier_id,
                key[1],
                layer.sold_units,
                layer.revenue_idr,
                layer.cogs_idr,
            )
            for key in keys
            for layer in shelves[key].layers.values()
        ]
        await self._db.execute(queries.set_sold, self._network_id, *columns(sold, 7))
        await self._db.execute(queries.forget_unknown, self._network_id, *columns(keys, 2))
        unknown = [
            (*key, shelves[key].unknown_units, shelves[key].unknown_idr)
            for key in keys
            if shelves[key].unknown_units or shelves[key].unknown_idr
        ]
        await self._db.execute(queries.set_unknown, self._network_id, *columns(unknown, 4))


def columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows as arrays, one a column."""
    found = list(rows)
    return [[row[column] for row in found] for column in range(width)]
