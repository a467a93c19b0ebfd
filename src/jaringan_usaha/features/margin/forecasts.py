"""What orders are expected to cost each koperasi, as long as nothing of them has come."""

from collections.abc import Sequence
from datetime import date

from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.features.cycles.events import KoperasiShare
from jaringan_usaha.features.margin.stocktaking import columns, queries

ALL = "*"

_COLUMNS = (
    "cycle_id",
    "supplier_id",
    "month",
    "koperasi_id",
    "amount_idr",
    "alone_idr",
    "goods_idr",
)

About = tuple[str, str, date]
"""A cycle, a supplier or `*`, and the month in which it counts."""


class Forecasts:
    """Shares of orders on their way into the margins, apart from costs.

    At a close there is one for each koperasi and supplier. Their sums over either are written at
    once; the shares themselves are kept as they came, in blocks, until the first goods of an
    order come or it is taken back.
    """

    def __init__(self) -> None:
        self._sums: dict[About, dict[str, list[int]]] = {}
        self._blocks: list[tuple[object, ...]] = []

    def add(
        self,
        shares: Sequence[KoperasiShare],
        cycle_id: str,
        supplier_id: str,
        month: date,
        position: int,
        *,
        received: bool,
    ) -> None:
        """Shares of one event: of an order, or what they are more or less than before. They add
        up: an order that is placed in portions names a koperasi again."""
        if not shares:
            return
        ids = [share.koperasi_id for share in shares]
        amounts = [share.amount_idr for share in shares]
        alone = [share.alone_idr for share in shares]
        goods = amounts if received else [0] * len(shares)
        group = ([ALL], [sum(amounts)], [sum(alone)], [sum(goods)])
        self._add((cycle_id, ALL, month), ids, amounts, alone, goods)
        self._add((cycle_id, ALL, month), *group)
        self._add((cycle_id, supplier_id, month), *group)
        if received:
            self._add((cycle_id, supplier_id, month), ids, amounts, alone, goods)
        else:
            about = (cycle_id, supplier_id, position, month, min(ids), max(ids))
            self._blocks.append((*about, ids, amounts, alone))

    def _add(self, about: About, ids: list[str], *columns: list[int]) -> None:
        sums = self._sums.setdefault(about, {})
        for koperasi_id, amount_idr, alone_idr, goods_idr in zip(ids, *columns, strict=True):
            row = sums.get(koperasi_id)
            if row is None:
                sums[koperasi_id] = [amount_idr, alone_idr, goods_idr]
            else:
                row[0] += amount_idr
                row[1] += alone_idr
                row[2] += goods_idr

    async def write(self, network_id: int, db: Connection) -> None:
        """Add the sums to the margins, and put the blocks beside them."""
        if not self._sums:
            return
        await db.execute(queries.make_booked_forecasts)
        await db.execute(queries.clear_booked_forecasts)
        rows = (
            (*about, koperasi_id, *idr)
            for about, sums in self._sums.items()
            for koperasi_id, idr in sums.items()
        )
        await db.copy_records_to_table("booked_forecasts", records=rows, columns=_COLUMNS)
        await db.execute(queries.add_forecasts, network_id)
        blocks = [(network_id, *block) for block in self._blocks]
        await db.executemany(queries.add_forecast_block, blocks)


async def settle(network_id: int, db: Connection, orders: Sequence[tuple[str, str]]) -> None:
    """Write the forecasts of some orders, by cycle and supplier, into the margins of each koperasi
    and supplier, where what becomes of them is booked from now on."""
    if orders:
        await db.execute(queries.settle_forecasts, network_id, *columns(orders, 2))
