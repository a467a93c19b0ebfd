"""What orders are expected to cost each koperasi, as long as nothing of them has come."""

from collections.abc import Iterator
from datetime import date

from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.features.cycles.events import ConsolidatedOrderShared
from jaringan_usaha.features.margin.stocktaking import queries

_COLUMNS = (
    "month",
    "cycle_id",
    "supplier_id",
    "koperasi_id",
    "amount_idr",
    "alone_idr",
    "goods_idr",
)


class Forecasts:
    """Shares of orders on their way into the margins, apart from costs: at a close there is one
    for each koperasi and supplier."""

    def __init__(self) -> None:
        self._sums: dict[tuple[date, str, str], dict[str, tuple[int, int, int]]] = {}

    def add(self, event: ConsolidatedOrderShared, month: date) -> None:
        """Parts of an order add up: one that is placed in portions names a koperasi again."""
        sums = self._sums.setdefault((month, event.cycle_id, event.supplier_id), {})
        for share in event.shares:
            amount_idr, alone_idr, goods_idr = sums.get(share.koperasi_id, (0, 0, 0))
            sums[share.koperasi_id] = (
                amount_idr + share.amount_idr,
                alone_idr + share.alone_idr,
                goods_idr + (share.amount_idr if event.received else 0),
            )

    async def write(self, network_id: int, db: Connection) -> None:
        """Add them to the margins of each koperasi and supplier, and of all."""
        if self._sums:
            await db.execute(queries.make_booked_forecasts)
            await db.execute(queries.clear_booked_forecasts)
            await db.copy_records_to_table(
                "booked_forecasts", records=self._rows(), columns=_COLUMNS
            )
            await db.execute(queries.add_forecasts, network_id)

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for order, sums in self._sums.items():
            for koperasi_id, idr in sums.items():
                yield (*order, koperasi_id, *idr)
