"""What totals cost does not grow with the log: rows are counted as they are read, whatever the
plan, in tables in which a network, a supplier or a koperasi has a long history."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from jaringan_usaha.api.narrowed import Narrowed
from jaringan_usaha.api.period import Period
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import ALL, Connection, Sight, looking, session_settings
from jaringan_usaha.features.cycles import sums as orders
from jaringan_usaha.features.cycles.amendments import views as amendments
from jaringan_usaha.features.fulfilment import views as fulfilment
from jaringan_usaha.features.invoicing import totals as invoicing
from jaringan_usaha.features.margin import margins
from jaringan_usaha.features.sales import views as sales
from jaringan_usaha.features.shares import views as shares
from jaringan_usaha.features.sourcing import views as sourcing
from market import fresh_database
from service import NETWORK

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS = 20_000
CYCLES, SUPPLIERS, KOPERASI, DAYS = 500, 10, 20, 400
IDS = {
    "cycle_id": f"'c' || n % {CYCLES}",
    "supplier_id": f"'s' || n / {CYCLES} % {SUPPLIERS}",
    "koperasi_id": f"'k' || n / {CYCLES} % {KOPERASI}",
}
DAY = f"date '2026-01-01' + n % {DAYS}"
MONTH = f"date_trunc('month', {DAY})::date"
TABLES: dict[str, dict[str, str]] = {
    "supplier_invoices": {"invoiced_on": DAY},
    "debit_notes": {"recorded_at": f"({DAY})::timestamptz"},
    "supplier_payments": {"kind": "case when n % 2 = 0 then 'payment' else 'rebate' end"},
    "invoice_states": {},
    "charges": {"billed_on": DAY, "charge_id": "'id' || n"},
    "charge_shares": {"charge_id": "'id' || n"},
    "costs": {"item_id": "'i' || n"},
    "cost_sums": {},
    "tier_drops": {"item_id": "'i' || n"},
    "choices": {"item_id": f"'i' || n % {DAYS}"},
    "share_entries": {"kind": "'payment'", "position": "n", "paid_on": DAY},
    "sale_flags": {"sold_on": DAY, "position": "n"},
    "sold_goods": {"sold_on": DAY, "item_id": "'i' || n"},
    "cycles": {"closes_at": f"({DAY})::timestamptz", "state": "'closed'"},
    "order_states": {"state": "'placed'"},
    "consolidated_orders": {},
    "margins": {"month": MONTH},
    "receipt_lines": {"receipt_id": "'id' || n", "waiting": "(n % 2000 = 0)::int"},
}
COUNTS = {"cycles": CYCLES}
LISTS = (
    *("invoice-states", "supplier-invoices", "debit-notes", "invoice-payments", "rebates"),
    *("charges", "tier-drops", "choices", "share-entries", "sales", "sale-flags"),
)
FIGURES = ("rows", "amount_idr")

KEPT = f"""
insert into list_sums
select $1, l, s.subject, s.subject_id, p, d, f, 1
from unnest($2::text[]) l
cross join (
  select '' as subject, '' as subject_id
  union all select 'supplier', 's' || n from generate_series(0, {SUPPLIERS - 1}) n
  union all select 'koperasi', 'k' || n from generate_series(0, {KOPERASI - 1}) n) s
cross join unnest(array['*', 's3', 'i3']) p
cross join (
  select '-infinity'::date as d
  union all select date '2026-01-01' + n from generate_series(0, 39) n) d
cross join unnest($3::text[]) f
"""

C, S, K = "c7", "s3", "k3"
FEBRUARY = Period(date(2026, 2, 1), date(2026, 2, 28))
FEW, A_PERIOD = 100, 1_600
"""So many rows may be read of what stands kept or is of one cycle (40 of each table), and of what
the days hold; a supplier has 2,000 of each table, a koperasi 1,000."""

Question = Callable[[Connection], Awaitable[Any]]


def money(what: Any, most: int = FEW, **asked: Any) -> tuple[int, Question]:
    return most, lambda db: invoicing.of_money(db, NETWORK, what, Narrowed(**asked))


def charged(most: int = FEW, koperasi_id: str | None = None, **asked: Any) -> tuple[int, Question]:
    to = Narrowed(**asked)
    return most, lambda db: invoicing.of_charges(db, NETWORK, to, koperasi_id=koperasi_id)


def dropped(most: int = FEW, koperasi_id: str | None = None, **asked: Any) -> tuple[int, Question]:
    to = Narrowed(**asked)
    return most, lambda db: amendments.tier_drop_totals(db, NETWORK, to, koperasi_id=koperasi_id)


def cost(most: int = FEW, koperasi_id: str | None = None, **asked: Any) -> tuple[int, Question]:
    to = Narrowed(**asked)
    return most, lambda db: invoicing.of_costs(db, NETWORK, to, koperasi_id=koperasi_id)


def earned(**asked: Any) -> tuple[int, Question]:
    return FEW, lambda db: margins.totals(db, NETWORK, margins.Chosen(**asked))


def sold(most: int, item_id: str | None, koperasi_id: str | None) -> tuple[int, Question]:
    keys: dict[str, Any] = {"koperasi_id": koperasi_id, "item_id": item_id}
    return most, lambda db: sales.sold_totals(db, NETWORK, FEBRUARY, **keys)


def flagged(item_id: str | None, koperasi_id: str | None) -> tuple[int, Question]:
    keys: dict[str, Any] = {"koperasi_id": koperasi_id, "item_id": item_id}
    return A_PERIOD, lambda db: sales.flag_totals(db, NETWORK, FEBRUARY, **keys)


def chosen(item_id: str | None, supplier_id: str | None) -> tuple[int, Question]:
    keys: dict[str, Any] = {"item_id": item_id, "supplier_id": supplier_id}
    return FEW, lambda db: sourcing.totals_of_choices(db, NETWORK, **keys)


def placed(**asked: Any) -> tuple[int, Question]:
    return FEW, lambda db: orders.of_orders(db, NETWORK, Narrowed(**asked))


QUESTIONS: dict[str, tuple[int, Question]] = {
    **{
        f"{what.name} {asked}": money(what, most, **asked)
        for what in (
            invoicing.INVOICES,
            invoicing.ORDERS,
            invoicing.DEBIT_NOTES,
            invoicing.PAYMENTS,
            invoicing.REBATES,
        )
        for most, asked in (
            (FEW, {}),
            (FEW, {"supplier_id": S}),
            (FEW, {"cycle_id": C}),
            (FEW, {"cycle_id": C, "supplier_id": S}),
            (2 * A_PERIOD if what is invoicing.ORDERS else A_PERIOD, {"days": FEBRUARY}),
            (
                2 * A_PERIOD if what is invoicing.ORDERS else A_PERIOD,
                {"days": FEBRUARY, "supplier_id": S},
            ),
        )
    },
    "charges": charged(),
    "charges of a supplier": charged(supplier_id=S),
    "charges of a koperasi": charged(koperasi_id=K),
    "charges of both": charged(supplier_id=S, koperasi_id=K),
    "charges of a cycle": charged(cycle_id=C, koperasi_id=K),
    "charges of days": charged(A_PERIOD, days=FEBRUARY, koperasi_id=K),
    "lost tiers": dropped(),
    "lost tiers of a supplier": dropped(supplier_id=S),
    "lost tiers of a koperasi": dropped(koperasi_id=K),
    "lost tiers of both": dropped(koperasi_id=K, supplier_id=S),
    "lost tiers of a cycle": dropped(cycle_id=C),
    "lost tiers of days": dropped(2 * A_PERIOD, days=FEBRUARY),
    "costs of a supplier": cost(supplier_id=S),
    "costs of a koperasi": cost(koperasi_id=K),
    "costs of both": cost(supplier_id=S, koperasi_id=K),
    "costs of a cycle": cost(cycle_id=C),
    "costs of days": cost(A_PERIOD, days=FEBRUARY),
    "margins": earned(),
    "margins of a supplier": earned(supplier_id=S),
    "margins of a koperasi": earned(koperasi_id=K),
    "margins of both": earned(koperasi_id=K, supplier_id=S),
    "margins of a cycle": earned(cycle_id=C),
    "sales": sold(A_PERIOD, None, None),
    "sales of a koperasi": sold(A_PERIOD, None, K),
    "sales of an item": sold(A_PERIOD, "i3", None),
    "flags": flagged(None, None),
    "flags of a koperasi": flagged(None, K),
    "flags of an item": flagged("i3", K),
    "choices": chosen(None, None),
    "choices of a supplier": chosen(None, S),
    "choices of an item": chosen("i3", None),
    "shares": (FEW, lambda db: shares.entry_totals(db, NETWORK, K, days=None)),
    "shares of days": (A_PERIOD, lambda db: shares.entry_totals(db, NETWORK, K, days=FEBRUARY)),
    "surplus": (FEW, lambda db: fulfilment.surplus_totals(db, NETWORK, Narrowed())),
    "orders": placed(),
    "orders of a supplier": placed(supplier_id=S),
    "orders of a cycle": placed(cycle_id=C),
    "cycles": (FEW, lambda db: orders.of_cycles(db, NETWORK, state=None, days=None)),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def db(postgres: EmbeddedServer, template: str) -> AsyncIterator[Connection]:
    """A session as the service has them, in a database with a long history."""
    async with fresh_database(postgres, template) as url:
        owner = await asyncpg.connect(url, server_settings={"search_path": "read"})
        for table, columns in TABLES.items():
            await fill(owner, table, columns)
        await owner.execute(KEPT, NETWORK, list(LISTS), list(FIGURES))
        await owner.execute("vacuum analyze")
        await owner.close()
        session = await asyncpg.connect(url, server_settings=session_settings())
        yield session
        await session.close()


async def fill(owner: Connection, table: str, columns: dict[str, str]) -> None:
    """Many rows of a table: ids and days as above, its key told apart by a number, and whatever
    else must not be null."""
    described = await owner.fetch(
        "select a.attname as name, format_type(a.atttypid, null) as type,"
        " a.attnum = any (i.indkey) as key"
        " from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary"
        " where a.attrelid = $1::regclass and a.attnum > 0 and a.attnotnull",
        table,
    )
    usual = {
        "text": "'x'",
        "bigint": "1",
        "integer": "1",
        "boolean": "false",
        "date": "date '2026-01-01'",
        "timestamp with time zone": "timestamptz '2026-01-01'",
        "bytea": "'[]'",
        "uuid": "lpad(to_hex(n), 32, '0')::uuid",
        "text[]": "'{}'",
    }
    values = {}
    for each in described:
        name, kind, in_key = each["name"], each["type"], each["key"]
        own = columns.get(name, IDS.get(name))
        spare = "'x' || n" if kind == "text" and in_key else usual[kind]
        values[name] = own or (str(NETWORK) if name == "network_id" else spare)
    await owner.execute(
        f"insert into {table} ({', '.join(values)}) select {', '.join(values.values())}"
        f" from generate_series(1, {COUNTS.get(table, ROWS)}) n on conflict do nothing"
    )


async def rows_read(db: Connection) -> int:
    """Rows that this transaction read so far, along an index or not."""
    return int(
        await db.fetchval(
            "select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)"
            " from pg_stat_xact_user_tables"
        )
    )


@pytest.mark.parametrize("name", QUESTIONS)
async def test_api_5_totals_read_what_is_kept(db: Connection, name: str) -> None:
    most, question = QUESTIONS[name]
    async with looking(db, Sight(NETWORK, ALL, ALL)):
        before = await rows_read(db)
        await question(db)
        read = await rows_read(db) - before
    assert read <= most


async def test_a_scan_is_seen(db: Connection) -> None:
    """The rows of a whole table, and those of one supplier alone, are more than is allowed."""
    async with looking(db, Sight(NETWORK, ALL, ALL)):
        for query, least in (
            ("select sum(goods_idr) from supplier_invoices", ROWS),
            (
                "select sum(total_idr) from choices where network_id = 1 and supplier_id = 's3'",
                2_000,
            ),
        ):
            before = await rows_read(db)
            await db.fetchval(query)
            assert await rows_read(db) - before >= least


async def test_no_forecast_is_looked_up_for_all_suppliers(db: Connection) -> None:
    """They are asked of one supplier; the sums of all suppliers hold them."""
    asked = f"({NETWORK}, '{{}}', array['k1', 'k2'], array['c1', '*'], '2026-01-01', '2026-12-01')"
    await db.execute(f"prepare asked as {margins.queries.margins}")
    async with looking(db, Sight(NETWORK, ALL, ALL)):
        for supplier, ran in (("*", False), (S, True)):
            lines = await db.fetch(
                "explain (analyze, costs off, timing off, summary off)"
                f" execute asked{asked.format(supplier)}"
            )
            calls = [line[0] for line in lines if "forecasts_of" in line[0]]
            assert calls
            assert all(("never executed" not in call) is ran for call in calls)
    await db.execute("deallocate asked")
