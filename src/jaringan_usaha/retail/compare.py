"""Sets what the service says beside the independent calculation, key by key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from jaringan_usaha.client.service import Service
from jaringan_usaha.retail.oracle import Oracle
from jaringan_usaha.retail.source import cycle_id
from jaringan_usaha.retail.tills import all_of

PAGE = 200
MOST_EXAMPLES = 3

Columns = dict[str, pl.DataType]

TEXT, WHOLE = pl.String(), pl.Int64()
SUMS: Columns = {"order_lines": WHOLE, "amount_idr": WHOLE, "alone_idr": WHOLE}
CYCLE: Columns = {"cycle_id": TEXT, "consolidated_orders": WHOLE, **SUMS}
ORDER: Columns = {
    "cycle_id": TEXT,
    "supplier_id": TEXT,
    "item_count": WHOLE,
    "quantity": WHOLE,
    **SUMS,
}
LINE: Columns = {"supplier_id": TEXT, "item_id": TEXT, "quantity": WHOLE, **SUMS}
MARGIN: Columns = {"koperasi_id": TEXT, "cycle_id": TEXT, "amount_idr": WHOLE, "alone_idr": WHOLE}
ACCOUNT: Columns = {"account": TEXT, "debit_idr": WHOLE, "credit_idr": WHOLE}


@dataclass
class Check:
    """One thing looked at: rows, a sum, and at how many keys the two sides differ."""

    what: str
    source: int = 0
    service: int = 0
    differences: int = 0
    examples: tuple[str, ...] = ()

    def count(self, source: int, service: int) -> None:
        """Compare two numbers; several pairs add up."""
        self.source += source
        self.service += service
        self.differences += source != service

    def rows(self, source: pl.DataFrame, service: pl.DataFrame, *keys: str) -> None:
        """Compare tables row by row."""
        found = differences(source, service, *keys)
        self.source += source.height
        self.service += service.height
        self.differences += found.height
        examples = (str(row) for row in found.head(MOST_EXAMPLES).rows(named=True))
        self.examples = (*self.examples, *examples)[:MOST_EXAMPLES]


def differences(source: pl.DataFrame, service: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """The keys at which two tables differ: other values, on one side only, or twice there."""
    values = [column for column in source.columns if column not in keys]
    counted = service.group_by(keys).agg(pl.col(values).first(), copies=pl.len().cast(pl.Int64))
    expected = source.with_columns(copies=pl.lit(1, pl.Int64))
    joined = expected.join(counted, on=keys, how="full", coalesce=True, suffix="_service")
    differs = [pl.col(each).ne_missing(pl.col(f"{each}_service")) for each in (*values, "copies")]
    return joined.filter(pl.any_horizontal(differs)).sort(keys)


class Compared:
    """All checks over the weeks of an import."""

    def __init__(self) -> None:
        self.cycles = Check("siklus terkonsolidasi / consolidated cycles")
        self.orders = Check("pesanan = struk / orders = receipts")
        self.order_lines = Check("baris pesanan / order lines")
        self.quantity = Check("jumlah barang / units")
        self.amount = Check("dibayar / paid, Rp")
        self.alone = Check("harga daftar / list price, Rp")
        self.consolidated_orders = Check("pesanan gabungan / consolidated orders")
        self.consolidated_lines = Check("baris gabungan / consolidated lines")
        self.margins = Check("margin koperasi × siklus / margins")
        self.accounts = Check("akun neraca saldo / trial balance accounts")
        self.debit = Check("debit, Rp")
        self.credit = Check("kredit / credit, Rp")

    @property
    def checks(self) -> list[Check]:
        return list(vars(self).values())


async def compare(
    services: list[Service], oracle: Oracle, weeks: list[int], done: Callable[[int], None]
) -> Compared:
    """Ask for everything and compare it, some weeks at once; `done` hears each week's end."""
    compared = Compared()
    shown = await services[0].get("/v1/cycles", limit=1)
    await services[0].get("/v1/trial-balance", after=shown["as_of"])  # the ledger has come as far
    waiting = list(reversed(weeks))

    async def one_after_another(service: Service) -> None:
        while waiting:
            await _compare_week(service, oracle, waiting.pop(), compared)
            done(1)

    await all_of(one_after_another(service) for service in services)
    service = services[0]
    balance = await service.get("/v1/trial-balance")
    accounts = table(balance["accounts"], ACCOUNT)
    expected = oracle.trial_balance(weeks)
    compared.accounts.rows(expected, accounts, "account")
    compared.debit.count(int(expected["debit_idr"].sum()), balance["debit_idr"])
    compared.credit.count(int(expected["credit_idr"].sum()), balance["credit_idr"])
    return compared


async def _compare_week(service: Service, oracle: Oracle, week: int, compared: Compared) -> None:
    cycle = cycle_id(week)
    expected_orders = oracle.consolidated_orders([week])
    expected_lines = oracle.consolidated_lines([week]).drop("cycle_id")
    expected_margins = oracle.margins([week])
    cycles = table([await service.get(f"/v1/cycles/{cycle}")], CYCLE)
    orders = await listing(service, "/v1/consolidated-orders", ORDER, cycle_id=cycle)
    lines = await listing(service, f"/v1/consolidated-orders/{cycle}/lines", LINE)
    margins = await listing(service, "/v1/margin", MARGIN, cycle_id=cycle)
    compared.cycles.rows(oracle.cycles([week]), cycles, "cycle_id")
    compared.consolidated_orders.rows(expected_orders, orders, "cycle_id", "supplier_id")
    compared.consolidated_lines.rows(expected_lines, lines, "supplier_id", "item_id")
    compared.margins.rows(expected_margins, margins, "koperasi_id", "cycle_id")
    placed = 0
    for koperasi_id in expected_margins["koperasi_id"]:
        async for page in service.pages(
            "/v1/orders", cycle_id=cycle, koperasi_id=koperasi_id, limit=PAGE
        ):
            placed += sum(order["state"] == "placed" for order in page)
    compared.orders.count(oracle.orders([week]), placed)
    for check, column in (
        (compared.order_lines, "order_lines"),
        (compared.quantity, "quantity"),
        (compared.amount, "amount_idr"),
        (compared.alone, "alone_idr"),
    ):
        check.count(int(expected_lines[column].sum()), int(lines[column].sum()))


async def listing(
    service: Service, path: str, columns: Columns, **query: str | int
) -> pl.DataFrame:
    """All pages of a listing as one table of the columns that are compared."""
    query.setdefault("limit", PAGE)
    pages = [table(page, columns) async for page in service.pages(path, **query)]
    return pl.concat(pages)


def table(rows: list[dict[str, Any]], columns: Columns) -> pl.DataFrame:
    return pl.DataFrame(
        {column: [row[column] for row in rows] for column in columns}, schema=columns
    )
