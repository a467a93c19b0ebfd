"""Sets what the service says of a year at listed prices beside the oracle, key by key."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl

from jaringan_usaha.client.service import Service
from jaringan_usaha.retail.compare import ACCOUNT, PAGE, TEXT, WHOLE, Check, Columns, listing, table
from jaringan_usaha.retail.listed_oracle import ACCOUNTS, ListedOracle, Week
from jaringan_usaha.retail.replay import order_id_of
from jaringan_usaha.retail.source import cycle_id
from jaringan_usaha.retail.tills import all_of

ITEM: Columns = {"supplier_id": TEXT, "item_id": TEXT}
ROW: Columns = {**ITEM, "koperasi_id": TEXT}
CYCLE: Columns = {
    "cycle_id": TEXT,
    "consolidated_orders": WHOLE,
    "order_lines": WHOLE,
    "amount_idr": WHOLE,
}
LINE: Columns = {
    **ITEM,
    **dict.fromkeys(("firm", "tolerance", "cases", "case_size", "quantity", "order_lines"), WHOLE),
    **dict.fromkeys(("price_idr", "price_per", "amount_idr"), WHOLE),
    "reason": TEXT,
}
ENTITLEMENT: Columns = {
    **ROW,
    **dict.fromkeys(("firm", "tolerance", "granted", "alone_idr", "first_position"), WHOLE),
}
DELIVERY: Columns = {
    **ROW,
    **dict.fromkeys(("firm", "tolerance", "granted", "received", "goods_idr", "alone_idr"), WHOLE),
}
SUPPLIER: Columns = {
    "supplier_id": TEXT,
    **dict.fromkeys(("ordered", "accepted", "rejected", "given", "goods_idr"), WHOLE),
}
MONEY = ("goods_idr", "variance_idr", "freight_idr", "fee_idr", "ppn_idr")
COST: Columns = {
    **ROW,
    "units": WHOLE,
    **dict.fromkeys((*MONEY, "creditable_idr", "rebate_idr", "own_rebate_idr"), WHOLE),
}
MARGIN: Columns = {
    "koperasi_id": TEXT,
    "cycle_id": TEXT,
    **dict.fromkeys(("ordered_idr", "amount_idr", "alone_idr", *MONEY), WHOLE),
    **dict.fromkeys(("ppn_credit_idr", "rebate_idr"), WHOLE),
}


class ListedCompared:
    """All checks over the weeks of an import at listed prices."""

    def __init__(self) -> None:
        self.cycles = Check("siklus terkonsolidasi / consolidated cycles")
        self.orders = Check("pesanan / orders")
        self.order_lines = Check("baris pesanan / order lines")
        self.consolidated_lines = Check("baris gabungan / consolidated lines")
        self.ordered_idr = Check("dipesan / ordered, Rp")
        self.entitlements = Check("jatah / entitlements")
        self.suppliers = Check("pengiriman pemasok / deliveries of suppliers")
        self.deliveries = Check("bagian koperasi / parts of koperasi")
        self.units = Check("barang diterima / units received")
        self.costs = Check("biaya koperasi × barang / costs")
        self.fees = Check("imbal jasa / fees, Rp")
        self.ppn = Check("PPN, Rp")
        self.freight = Check("biaya angkut / freight, Rp")
        self.rebates = Check("rabat / rebates, Rp")
        self.margins = Check("margin koperasi × siklus / margins")
        self.accounts = Check("akun neraca saldo / trial balance accounts")
        self.debit = Check("debit, Rp")
        self.credit = Check("kredit / credit, Rp")

    @property
    def checks(self) -> list[Check]:
        return list(vars(self).values())


async def compare_listed(
    services: list[Service],
    oracle: ListedOracle,
    opened_at: dict[int, datetime],
    done: Callable[[int], None],
) -> ListedCompared:
    """Ask for everything and compare it, some weeks at once; `done` hears each week's end."""
    compared = ListedCompared()
    postings: list[pl.DataFrame] = []
    shown = await services[0].get("/v1/charges", limit=1)
    await services[0].get("/v1/trial-balance", after=shown["as_of"])  # the ledger has come as far
    waiting = sorted(opened_at, reverse=True)

    async def one_after_another(service: Service) -> None:
        while waiting:
            week = waiting.pop()
            placed = await _placed(service, week)
            by_basket = _positions(oracle, week, opened_at[week], placed)
            figures = oracle.week(week, by_basket)
            postings.append(figures.postings)
            compared.orders.count(figures.orders, placed.height)
            await _compare_week(service, week, figures, compared)
            done(1)

    await all_of(one_after_another(service) for service in services)
    balance = await services[0].get("/v1/trial-balance")
    sides = ACCOUNTS[1:]
    expected = pl.concat(postings).group_by("account").agg(pl.col(*sides).sum())
    expected = expected.filter(pl.any_horizontal(pl.col(*sides) != 0)).sort("account")
    compared.accounts.rows(expected, table(balance["accounts"], ACCOUNT), "account")
    compared.debit.count(int(expected["debit_idr"].sum()), balance["debit_idr"])
    compared.credit.count(int(expected["credit_idr"].sum()), balance["credit_idr"])
    return compared


async def _placed(service: Service, week: int) -> pl.DataFrame:
    """The orders that stand, and where in the log they do."""
    found: list[dict[str, Any]] = []
    cycle = cycle_id(week)
    koperasi = [
        row["koperasi_id"]
        async for page in service.pages("/v1/koperasi", limit=PAGE)
        for row in page
    ]
    for koperasi_id in koperasi:
        query = {"cycle_id": cycle, "koperasi_id": koperasi_id, "limit": PAGE}
        async for page in service.pages("/v1/orders", **query):
            found += [order for order in page if order["state"] == "placed"]
    return table(found, {"order_id": TEXT, "position": WHOLE})


def _positions(
    oracle: ListedOracle, week: int, opened_at: datetime, placed: pl.DataFrame
) -> pl.DataFrame:
    """By receipt."""
    baskets = oracle.baskets(week)
    ids = [order_id_of(opened_at, basket_id) for basket_id in baskets]
    ours = pl.DataFrame(
        {"basket_id": baskets, "order_id": ids}, schema={"basket_id": WHOLE, "order_id": TEXT}
    )
    return ours.join(placed, on="order_id", how="left").drop("order_id")


async def _compare_week(
    service: Service, week: int, figures: Week, compared: ListedCompared
) -> None:
    cycle = cycle_id(week)

    async def listed(path: str, columns: Columns, **query: str | int) -> pl.DataFrame:
        return await listing(service, path, columns, **query)

    cycles = table([await service.get(f"/v1/cycles/{cycle}")], CYCLE)
    compared.cycles.rows(figures.cycle, cycles, "cycle_id")
    lines = await listed(f"/v1/consolidated-orders/{cycle}/lines", LINE, limit=PAGE)
    compared.consolidated_lines.rows(figures.lines, lines, *ITEM)
    compared.order_lines.count(figures.order_lines, int(lines["order_lines"].sum()))
    compared.ordered_idr.count(_sum(figures.lines, "amount_idr"), _sum(lines, "amount_idr"))
    found = await listed(f"/v1/cycles/{cycle}/entitlements", ENTITLEMENT)
    compared.entitlements.rows(figures.entitlements, found, *ROW)
    found = await listed(f"/v1/cycles/{cycle}/delivery-states", SUPPLIER)
    compared.suppliers.rows(figures.suppliers, found, "supplier_id")
    found = await listed(f"/v1/cycles/{cycle}/deliveries", DELIVERY)
    compared.deliveries.rows(figures.deliveries, found, *ROW)
    compared.units.count(_sum(figures.deliveries, "received"), _sum(found, "received"))
    costs = await listed("/v1/costs", COST, cycle_id=cycle)
    compared.costs.rows(figures.costs, costs, *ROW)
    for check, column in (
        (compared.fees, "fee_idr"),
        (compared.ppn, "ppn_idr"),
        (compared.freight, "freight_idr"),
        (compared.rebates, "rebate_idr"),
    ):
        check.count(_sum(figures.costs, column), _sum(costs, column))
    found = await listed("/v1/margin", MARGIN, cycle_id=cycle)
    compared.margins.rows(figures.margins, found, "koperasi_id", "cycle_id")


def _sum(found: pl.DataFrame, column: str) -> int:
    return int(found[column].sum())
