"""What lists are narrowed to, and how those that may be narrowed to some days are read."""

from typing import NamedTuple

from jaringan_usaha.api.period import Days
from jaringan_usaha.eventlog.database import Connection, Row


class Narrowed(NamedTuple):
    """What a list by cycle and supplier is narrowed to; None leaves it as wide as it is."""

    cycle_id: str | None = None
    supplier_id: str | None = None
    days: Days = None


async def rows_within(
    db: Connection, days: Days, queries: tuple[str, str], *keys: object, most: int
) -> list[Row]:
    """By the first query; where days are named by the second, which takes them after the keys."""
    of_all, of_days = queries
    if days is None:
        return await db.fetch(of_all, *keys, most)
    return await db.fetch(of_days, *keys, *days, most)
