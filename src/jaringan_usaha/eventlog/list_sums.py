"""The totals of lists that grow for ever: kept while folding, so that no question adds up rows.

A sum is of the whole network, one koperasi or one supplier; of a part of these (what else the list
can be asked by) or of all of it; of one day or of all days.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.queries import Queries

queries = Queries("jaringan_usaha.eventlog", "list_sums.sql")

ALL = "*"
"""Stands for all parts."""
EVER = date.min
"""Stands for all days: `-infinity` in the table."""
NETWORK = ("", "")


def of_koperasi(koperasi_id: str) -> tuple[str, str]:
    return "koperasi", koperasi_id


def of_supplier(supplier_id: str) -> tuple[str, str]:
    return "supplier", supplier_id


@dataclass(frozen=True)
class KeptList:
    """A list with totals, and the names of its figures."""

    name: str
    figures: tuple[str, ...]

    async def totals(
        self,
        db: Connection,
        network_id: int,
        *,
        koperasi_id: str | None = None,
        supplier_id: str | None = None,
        parts: Sequence[str] = (ALL,),
        days: tuple[date, date] | None = None,
    ) -> dict[str, int]:
        """Every figure of the whole, or of one koperasi or supplier; of days, both included."""
        whose = NETWORK
        if koperasi_id is not None:
            whose = of_koperasi(koperasi_id)
        elif supplier_id is not None:
            whose = of_supplier(supplier_id)
        query = queries.totals if days is None else queries.totals_of_days
        rows = await db.fetch(query, network_id, self.name, *whose, list(parts), *(days or ()))
        found = {row["figure"]: int(row["amount"]) for row in rows}
        return {figure: found.get(figure, 0) for figure in self.figures}


@dataclass
class Sums:
    """What a page adds to the sums of one list."""

    of: KeptList
    _amounts: Counter[tuple[str, str, str, date, str]] = field(default_factory=Counter)

    def add(
        self,
        *subjects: tuple[str, str],
        parts: Sequence[str] = (ALL,),
        day_on: date | None = None,
        **figures: int,
    ) -> None:
        """To the sums of each of these: of all days, and of this one."""
        days = (EVER,) if day_on is None else (EVER, day_on)
        for subject, subject_id in subjects:
            for each in parts:
                for day in days:
                    for figure, amount in figures.items():
                        self._amounts[subject, subject_id, each, day, figure] += amount

    def add_rows(self, rows: Iterable[Row], *, times: int = 1) -> None:
        """Rows of a query: `subject` and `subject_id`, maybe `part` and `day_on`, and figures."""
        for row in rows:
            fields = dict(row)
            whose = (fields["subject"], fields["subject_id"])
            figures = {figure: times * int(fields[figure]) for figure in self.of.figures}
            parts = (ALL, fields["part"]) if "part" in fields else (ALL,)
            self.add(whose, parts=parts, day_on=fields.get("day_on"), **figures)

    async def write(self, network_id: int, db: Connection) -> None:
        moved = sorted((*key, amount) for key, amount in self._amounts.items() if amount)
        if moved:
            columns = (list(column) for column in zip(*moved, strict=True))
            await db.execute(queries.add, network_id, self.of.name, *columns)
            await db.execute(queries.drop_empty, network_id, self.of.name)


@dataclass(frozen=True)
class Touched:
    """Rows of a list that a page may change: a query for them, and its keys as columns."""

    of: KeptList
    query: str
    keys: tuple[Sequence[object], ...]


@asynccontextmanager
async def kept(network_id: int, db: Connection, *lists: Touched) -> AsyncIterator[None]:
    """Inside, the page is folded: what it touches leaves the sums before, and joins them after."""
    moved = [(each, Sums(each.of)) for each in lists if each.keys and each.keys[0]]
    for each, sums in moved:
        sums.add_rows(await db.fetch(each.query, network_id, *each.keys), times=-1)
    yield
    for each, sums in moved:
        sums.add_rows(await db.fetch(each.query, network_id, *each.keys))
        await sums.write(network_id, db)
