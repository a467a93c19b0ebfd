"""What orders are expected to cost each koperasi, as long as nothing of them has come."""

from collections.abc import Sequence
from datetime import date

from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.features.cycles.events import KoperasiShare
from jaringan_usaha.features.margin.stocktaking import columns, queries

ALL = "*"

_COLUMNS = (
    "koperasi_id",
    "cycle_id",
    "supplier_id",
    "month",
    "amount_idr",
    "alone_idr",
    "goods_idr",
)


class Forecasts:
    """Shares of orders on their way into the margins, apart from costs.

    At a close there is one for each koperasi and supplier. Their sums over either are written at
    once; the shares themselves are kept as they came, in blocks, until the first goods of an
    order come or it is taken back.
    """

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, str, date], tuple[int, int, int]] = {}
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
        """Shares of one event, by koperasi: of an order, or what they are more or less than
        before. They add up: an order that is placed in portions names a koperasi again."""
        for share in shares:
            goods_idr = share.amount_idr if received else 0
            idr = (share.amount_idr, share.alone_idr, goods_idr)
            self._add((share.koperasi_id, cycle_id, ALL, month), *idr)
            if received:
                self._add((share.koperasi_id, cycle_id, supplier_id, month), *idr)
        amount_idr = sum(share.amount_idr for share in shares)
        alone_idr = sum(share.alone_idr for share in shares)
        for each in (supplier_id, ALL):
            goods_idr = amount_idr if received else 0
            self._add((ALL, cycle_id, each, month), amount_idr, alone_idr, goods_idr)
        if shares and not received:
            ids = [share.koperasi_id for share in shares]
            amounts = [share.amount_idr for share in shares]
            alone = [share.alone_idr for share in shares]
            about = (cycle_id, supplier_id, position, month, min(ids), max(ids))
            self._blocks.append((*about, ids, amounts, alone))

    def _add(
        self, key: tuple[str, str, str, date], amount_idr: int, alone_idr: int, goods_idr: int
    ) -> None:
        amount, alone, goods = self._sums.get(key, (0, 0, 0))
        self._sums[key] = (amount + amount_idr, alone + alone_idr, goods + goods_idr)

    async def write(self, network_id: int, db: Connection) -> None:
        """Add the sums to the margins, and put the blocks beside them."""
        if not self._sums:
            return
        await db.execute(queries.make_booked_forecasts)
        await db.execute(queries.clear_booked_forecasts)
        rows = ((*key, *idr) for key, idr in self._sums.items())
        await db.copy_records_to_table("booked_forecasts", records=rows, columns=_COLUMNS)
        await db.execute(queries.add_forecasts, network_id)
        blocks = [(network_id, *block) for block in self._blocks]
        await db.executemany(queries.add_forecast_block, blocks)


async def settle(network_id: int, db: Connection, orders: Sequence[tuple[str, str]]) -> None:
    """Write the forecasts of some orders, by cycle and supplier, into the margins of each koperasi
    and supplier, where what becomes of them is booked from now on."""
    if orders:
        await db.execute(queries.settle_forecasts, network_id, *columns(orders, 2))
