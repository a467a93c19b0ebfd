"""SEC-5: the second line behind every `where`. What a caller may not see is not there."""

import contextlib
import random
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from house.test_queries import PACKAGE, all_files
from house.trading import trade
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import (
    ALL,
    APPLICATION,
    WORKER,
    Connection,
    Sight,
    looking,
    open_pool,
    session_settings,
)
from jaringan_usaha.eventlog.migrate import create_read_model, migrations_folder
from jaringan_usaha.eventlog.queries import Queries
from market import Market, opened
from service import NETWORK

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER_NETWORK = 2
EVERYTHING = Sight(NETWORK, ALL, ALL)
MAWAR = Sight(NETWORK, "mawar", ALL)
INDOFOOD = Sight(NETWORK, "", "indofood")
OFFICE = Sight(NETWORK, "", ALL)
ROLES = (APPLICATION, WORKER, "jaringan_auditor", "jaringan_owner")
PROGRESS = {"bookmarks"}
"""How far the tables have come; it speaks of nobody, and is looked at before a caller is known."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """A day of trade, and every row of it once more as of another network."""
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        await trade(market)
        await market.settle()
        for table in await tables_of(market):
            copied = f"(jsonb_populate_record(t, '{{\"network_id\": {OTHER_NETWORK}}}')).*"
            await market.worker.execute(f"insert into {table} select {copied} from {table} t")
        yield market


@pytest_asyncio.fixture(loop_scope="module")
async def db(market: Market) -> AsyncIterator[Connection]:
    """A session as the service has them."""
    async with market.door.read_pool.acquire() as connection:
        yield connection


@pytest_asyncio.fixture(loop_scope="module")
async def owner(market: Market) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(market.url, server_settings={"search_path": "read"})
    yield connection
    await connection.close()


async def tables_of(market: Market) -> list[str]:
    rows = await market.worker.fetch(
        "select relname from pg_class where relnamespace = 'read'::regnamespace"
        " and relkind in ('r', 'p') order by relname"
    )
    return [row["relname"] for row in rows]


async def rows_in(market: Market, db: Connection, sight: Sight) -> dict[str, list[Any]]:
    async with looking(db, sight):
        return {
            table: await db.fetch(f"select * from {table}")
            for table in await tables_of(market)
            if table not in PROGRESS
        }


# -- what is seen --------------------------------------------------------------------------


async def test_sec_5_nobody_sees_another_network(market: Market, db: Connection) -> None:
    for sight in (EVERYTHING, MAWAR, INDOFOOD, OFFICE):
        for table, rows in (await rows_in(market, db, sight)).items():
            assert {row["network_id"] for row in rows} <= {NETWORK}, table
    whole = await rows_in(market, db, EVERYTHING)
    for table, rows in whole.items():
        count = await market.sql(f"select count(*) from {table} where network_id = {NETWORK}")
        assert len(rows) == count, table
    assert sum(not rows for rows in whole.values()) < 5, "the day of trade leaves few tables empty"


async def test_sec_5_a_koperasi_sees_all_of_its_own_and_nothing_of_others(
    market: Market, db: Connection
) -> None:
    whole = await rows_in(market, db, EVERYTHING)
    seen = await rows_in(market, db, MAWAR)
    others = 0
    for table, rows in whole.items():
        if rows and "koperasi_id" in rows[0].keys():  # noqa: SIM118  a record's keys
            assert seen[table] == [row for row in rows if row["koperasi_id"] == "mawar"], table
            others += sum(row["koperasi_id"] == "melati" for row in rows)
        if rows and "subject" in rows[0].keys():  # noqa: SIM118
            whose = ("koperasi", "mawar")
            own = [row for row in rows if (row["subject"], row["subject_id"]) == whose]
            assert own
            assert seen[table] == own, table
    assert others > 20, "there must be something to hide"
    papers = ("supplier_invoices", "supplier_invoice_lines", "debit_notes", "supplier_payments")
    assert [table for table in papers if seen[table] or not whole[table]] == []


async def test_sec_5_a_supplier_sees_no_koperasi_and_no_other_supplier(
    market: Market, db: Connection
) -> None:
    whole = await rows_in(market, db, EVERYTHING)
    for table, rows in (await rows_in(market, db, INDOFOOD)).items():
        columns = set(whole[table][0].keys()) if whole[table] else set()
        if "koperasi_id" in columns or table == "forecasts":
            assert rows == [], table
        elif "supplier_id" in columns:
            assert rows == [each for each in whole[table] if each["supplier_id"] == "indofood"]


async def test_sec_5_of_forecasts_in_blocks_a_koperasi_sees_its_own(
    market: Market, db: Connection
) -> None:
    blocks = await market.sql("select count(*) from forecasts where network_id = $1", NETWORK)
    assert blocks
    seen: dict[str, list[Any]] = {}
    for name, sight in (("all", EVERYTHING), ("mawar", MAWAR), ("indofood", INDOFOOD)):
        async with looking(db, sight):
            assert bool(await db.fetch("select * from forecasts")) == (name == "all")
            seen[name] = [
                row
                for supplier_id in ("indofood", "bulog")
                for row in await db.fetch(
                    "select * from forecasts_of($1, $2, null, null)", NETWORK, supplier_id
                )
            ]
    assert {"mawar", "melati"} <= {row["koperasi_id"] for row in seen["all"]}
    assert seen["mawar"] == [row for row in seen["all"] if row["koperasi_id"] == "mawar"]
    assert seen["indofood"] == []
    async with looking(db, EVERYTHING):
        other = "select * from forecasts_of($1, 'indofood', null, null)"
        assert await db.fetch(other, NETWORK + 1) == []


async def test_sec_5_a_city_office_sees_no_row_of_a_koperasi(
    market: Market, db: Connection
) -> None:
    for table, rows in (await rows_in(market, db, OFFICE)).items():
        assert [row for row in rows if row.get("koperasi_id") or row.get("subject_id")] == [], table


async def test_sec_5_what_is_not_said_shows_nothing(market: Market, db: Connection) -> None:
    tables = [table for table in await tables_of(market) if table not in PROGRESS]
    for table in tables:
        assert await db.fetch(f"select from {table} limit 1") == [], table
    common = await rows_in(market, db, Sight(NETWORK, "", ""))
    told = {table for table, rows in common.items() if rows}
    assert "cycles" in told
    assert not told & {"orders", "koperasi", "suppliers", "prices", "postings", "closed_months"}


async def test_sec_5_nothing_outlives_its_transaction(market: Market) -> None:
    """Neither from one transaction to the next within one session, nor through the pool."""
    pool = await open_pool(market.url, most=1)
    try:
        async with pool.acquire() as db:
            async with looking(db, MAWAR, seconds=1):
                assert await db.fetchval("select count(*) from orders")
            assert await db.fetchval("select count(*) from orders") == 0
            with contextlib.suppress(asyncpg.PostgresError):
                async with looking(db, EVERYTHING):
                    await db.execute("select 1 / 0")
            assert await db.fetchval("select count(*) from orders") == 0
            assert await db.fetchval("show statement_timeout") == "5s"
        async with pool.acquire() as db:
            assert await db.fetchval("select count(*) from orders") == 0
            left = await db.fetchrow(
                "select current_setting('ju.network', true), current_setting('ju.koperasi', true),"
                " current_setting('ju.supplier', true)"
            )
            assert not any(left)
    finally:
        await pool.close()


async def test_sec_5_a_name_is_only_a_name(market: Market, db: Connection) -> None:
    for name in ("x', true), set_config('ju.koperasi', '*", "'", "\\'", "x\\", "$$", "mawar' --"):
        async with looking(db, Sight(NETWORK, name, name)):
            assert await db.fetchval("select current_setting('ju.koperasi')") == name
            assert await db.fetchval("select count(*) from orders") == 0


async def test_sec_5_an_insert_for_another_is_refused(
    market: Market, db: Connection, owner: Connection
) -> None:
    add = "insert into share_totals values (1, 1, 1, 1)"
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with looking(db, EVERYTHING):
            await db.execute(add)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await db.execute(add)
    await owner.execute(f"grant insert, update, delete on koperasi to {APPLICATION}")
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await db.execute(
                "insert into koperasi select (jsonb_populate_record(null::koperasi, $1)).*",
                '{"network_id": 1, "koperasi_id": "new", "title": "", "region_code": "",'
                ' "registration_no": "", "suspended": false, "reason": "", "version": 1,'
                ' "position": 1, "recorded_at": "2026-01-01"}',
            )
        assert await db.execute("update koperasi set title = 'ours'") == "UPDATE 0"
        assert await db.execute("delete from koperasi") == "DELETE 0"
    finally:
        await owner.execute(f"revoke insert, update, delete on koperasi from {APPLICATION}")


# -- every query, with its `where koperasi_id` made useless --------------------------------

OWN = re.compile(r"((?:\w+\.)?koperasi_id) = (\$\d+)")
TRIES = 60


def read_queries() -> Iterator[tuple[str, str]]:
    """Every query of the rooms that only reads, by name, which no longer asks whose rows it is to
    show, though it still takes the parameter."""
    for package, name in all_files():
        if ".features." in package:
            for block, sql in Queries(package, name).blocks.items():
                if not re.search(
                    r"\b(insert|update|delete|truncate|temp|log|private|(page|booked)_\w+)\b", sql
                ):
                    yield f"{package}.{block}", OWN.sub(r"(\1 is not null or \2::text = '')", sql)


def guesses(kind: str, whole: dict[str, list[Any]], chance: random.Random) -> Any:
    """A value that may well be of melati, for a parameter of this type."""
    if kind.endswith("[]"):
        return [guesses(kind[:-2], whole, chance)] * 2
    ids = [row["order_id"] for row in whole["orders"] if row["koperasi_id"] == "melati"]
    ids += [row["sale_id"] for row in whole["sales"] if row["koperasi_id"] == "melati"]
    texts = ["melati", "", None, None, "*", "indofood", "bulog", "oil", "rice", "koperasi", "1120"]
    texts += sorted({row["cycle_id"] for row in whole["deliveries"]})
    return chance.choice(
        {
            "text": texts,
            "uuid": [*ids, UUID(int=0)],
            "date": [date(2026, 1, 1), date(2000, 1, 1), date(2030, 1, 1)],
            "timestamptz": [datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)],
            "bool": [True, False],
            "bytea": [b""],
        }.get(kind, [0, 200, 10_000])
    )


async def test_sec_5_no_query_shows_rows_of_others_whatever_it_forgets(
    market: Market, db: Connection
) -> None:
    """Asked with everything that is melati's: who sees all is shown melati, mawar is not."""
    chance = random.Random(5)
    whole = await rows_in(market, db, EVERYTHING)
    secrets = {"melati"} | {
        str(row[f"{table[:-1]}_id"])
        for table in ("orders", "sales")
        for row in whole[table]
        if row["koperasi_id"] == "melati"
    }
    assert len(secrets) > 2
    told = set()
    for name, sql in read_queries():
        statement = await db.prepare(sql)
        kinds = [
            kind.name.removeprefix("_") + ("[]" if kind.kind == "array" else "")
            for kind in statement.get_parameters()
        ]
        for _ in range(TRIES):
            values = [NETWORK, *(guesses(kind, whole, chance) for kind in kinds[1:])]
            with contextlib.suppress(asyncpg.DataError):
                async with looking(db, EVERYTHING):
                    rows = await statement.fetch(*values)
                if not _speaks_of(rows, secrets):
                    continue
                told.add(name)
                async with looking(db, MAWAR):
                    rows = await statement.fetch(*values)
                assert not _speaks_of(rows, secrets), f"{name} {values}"
    assert len(told) > 12, told


def _speaks_of(rows: list[Any], secrets: set[str]) -> bool:
    return any(
        str(each) in secrets
        for row in rows
        for value in row.values()
        for each in (value if isinstance(value, list) else (value,))
    )


async def test_sec_5_the_indexes_serve_the_views_as_before(db: Connection) -> None:
    """The policies are asked once a query (`InitPlan`), and of rows that the index has found."""
    views = Queries("jaringan_usaha.features.cycles", "views.sql")
    async with looking(db, MAWAR):
        await db.execute("set local enable_seqscan = off")
        await db.execute(f"prepare asked as {views.orders_of_koperasi}")
        some = (NETWORK, "mawar", "reopened", UUID(int=0), 50)
        values = ", ".join(f"'{value}'" for value in some)
        lines = await db.fetch(f"explain (costs off) execute asked({values})")
        await db.execute("deallocate asked")
    plan = "\n".join(line[0] for line in lines)
    assert "Index Cond: ((network_id = $1) AND (koperasi_id = $2) AND (cycle_id = $3)" in plan
    assert "InitPlan" in plan
    assert "SubPlan" not in plan


# -- the catalogue -------------------------------------------------------------------------


async def unguarded_tables(db: Connection) -> set[str]:
    """Read tables without row security, or from which their owner would be exempt."""
    rows = await db.fetch(
        "select c.oid::regclass::text as name from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname like 'read%' and c.relkind in ('r', 'p')"
        " and not (c.relrowsecurity and c.relforcerowsecurity)"
    )
    return {row["name"] for row in rows}


async def views_with_their_owners_eyes(db: Connection) -> set[str]:
    rows = await db.fetch(
        "select c.oid::regclass::text as name from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('v', 'm') and n.nspname !~ '^(pg_|information_schema)'"
        " and not coalesce('security_invoker=true' = any (c.reloptions), false)"
    )
    return {row["name"] for row in rows}


async def roles_above_the_rules(db: Connection, roles: tuple[str, ...]) -> set[str]:
    rows = await db.fetch(
        "select rolname from pg_roles where rolname = any ($1) and (rolsuper or rolbypassrls"
        " or rolcreaterole or rolcreatedb or rolreplication or rolcanlogin)",
        list(roles),
    )
    return {row["rolname"] for row in rows}


async def test_sec_5_every_read_table_is_guarded(owner: Connection) -> None:
    await create_read_model(owner, "read_next")
    assert await unguarded_tables(owner) == set()
    await owner.execute("create table read_next.forgotten (network_id bigint)")
    await owner.execute("alter table read_next.orders no force row level security")
    assert await unguarded_tables(owner) == {"read_next.forgotten", "read_next.orders"}
    await owner.execute("drop schema read_next cascade")


async def test_sec_5_no_view_looks_with_its_owners_eyes(owner: Connection) -> None:
    assert await views_with_their_owners_eyes(owner) == set()
    await owner.execute("create view peek as select * from orders")
    assert await views_with_their_owners_eyes(owner) == {"peek"}
    await owner.execute("alter view peek set (security_invoker = true)")
    assert await views_with_their_owners_eyes(owner) == set()
    await owner.execute("drop view peek")


async def test_sec_5_no_role_of_the_house_stands_above_the_rules(owner: Connection) -> None:
    found = await owner.fetchval("select count(*) from pg_roles where rolname = any ($1)", ROLES)
    assert found == len(ROLES)
    assert await roles_above_the_rules(owner, ROLES) == set()
    assert await roles_above_the_rules(owner, (*ROLES, "jaringan")) == {"jaringan"}
    more = await owner.fetch(
        "select r.rolname from pg_roles r where r.rolname = any ($1) and r.rolname <> $2"
        " and pg_has_role($2, r.oid, 'member')",
        ROLES,
        APPLICATION,
    )
    assert more == [], "the service could become more than it is"


async def test_sec_5_what_runs_with_its_owners_rights_has_a_humble_owner(
    owner: Connection,
) -> None:
    rows = await owner.fetch(
        "select distinct p.proowner::regrole::text as owner, p.prosecdef from pg_proc p"
        " join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('log', 'house')"
    )
    assert {row["owner"] for row in rows} == {"jaringan_owner"}
    assert any(row["prosecdef"] for row in rows)
    others = await owner.fetch(
        "select c.oid::regclass::text from pg_class c join pg_namespace n"
        " on n.oid = c.relnamespace where n.nspname in ('log', 'house', 'access')"
        " and c.relkind in ('r', 'p') and c.relowner <> 'jaringan_owner'::regrole"
    )
    assert others == []


async def test_sec_5_the_service_owns_nothing(owner: Connection) -> None:
    owned = await owner.fetch(
        "select oid::regclass::text from pg_class where relowner = $1::regrole", APPLICATION
    )
    assert owned == []


async def test_sec_5_the_auditor_looks_and_changes_nothing(market: Market) -> None:
    settings = {**session_settings(), "role": "jaringan_auditor"}
    auditor = await asyncpg.connect(market.url, server_settings=settings)
    try:
        assert await auditor.fetchval("select count(distinct koperasi_id) from orders") > 1
        assert await auditor.fetchval("select count(*) from log.events")
        for change in (
            "delete from read.orders",
            "select log.keep_answers('2030-01-01', '2030-01-01')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await auditor.execute(change)
    finally:
        await auditor.close()


# -- the words -----------------------------------------------------------------------------

SAYS_WHO_LOOKS = "jaringan_usaha/eventlog/database.py"


def lasting_settings(name: str, text: str) -> list[str]:
    """Where a text says who looks for longer than a transaction, or anywhere but in one place."""
    found = re.findall(r"set_config\s*\([^()]*\bfalse\s*\)", text, re.IGNORECASE)
    found += re.findall(r"\bis_local\b[^\n]*false", text, re.IGNORECASE)
    found += re.findall(r"\bset\s+(?:session\s+|local\s+)?[\"']?ju\.\w+", text, re.IGNORECASE)
    if not name.endswith(SAYS_WHO_LOOKS):
        found += re.findall(r"set_config\s*\(\s*'ju\.\w+'", text)
    return found


async def test_sec_5_who_looks_is_said_for_one_transaction_and_in_one_place() -> None:
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.sql"), *migrations_folder().glob("*.sql")]
    assert any(str(path).endswith(SAYS_WHO_LOOKS) for path in files)
    wrong = {
        str(path): lasting
        for path in map(Path, files)
        if (lasting := lasting_settings(str(path), path.read_text(encoding="utf-8")))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "text",
    [
        "select set_config('ju.koperasi', $1, false)",
        "select set_config('ju.koperasi', $1, true)",
        "SET SESSION ju.koperasi = 'mawar'",
        "set ju.network to 1",
        "select set_config(name, value, is_local => false)",
    ],
)
async def test_sec_5_each_of_these_words_is_found(text: str) -> None:
    assert lasting_settings("views.sql", text)
