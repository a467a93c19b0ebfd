"""Rules that let the tables be spread over many servers one day, checked in the catalogue."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from jaringan_usaha.eventlog.database import Connection

REFERENCE = {
    "log.types": "the numbers of event types are the same in all networks",
    "log.pairs": "which (type, tag) pairs leave marks is a property of the code",
}
"""Tables that every server would hold whole, each with its reason."""


@pytest.fixture
async def catalogue(database: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def test_tenant_tables_begin_with_the_network(catalogue: Connection) -> None:
    tables = await catalogue.fetch(
        "select n.nspname || '.' || c.relname as name, a.attname,"
        " a.atttypid::regtype::text as type,"
        " a.attnotnull from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " join pg_attribute a on a.attrelid = c.oid and a.attnum = 1"
        " where n.nspname in ('log', 'read') and c.relkind in ('r', 'p')"
    )
    assert {row["name"] for row in tables} >= {"log.events", "log.marks", "read.cycles"} | set(
        REFERENCE
    )
    wrong = {
        row["name"]
        for row in tables
        if (row["attname"], row["type"], row["attnotnull"]) != ("network_id", "bigint", True)
    }
    assert wrong == set(REFERENCE)


async def test_every_unique_key_of_a_tenant_table_begins_with_the_network(
    catalogue: Connection,
) -> None:
    keys = await catalogue.fetch(
        "select i.indexrelid::regclass::text as key,"
        " n.nspname || '.' || c.relname as table_name, a.attname, i.indisprimary"
        " from pg_index i join pg_class c on c.oid = i.indrelid"
        " join pg_namespace n on n.oid = c.relnamespace"
        " left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]"
        " where n.nspname in ('log', 'read') and i.indisunique"
    )
    assert len(keys) > 20
    wrong = [
        row["key"]
        for row in keys
        if row["table_name"] not in REFERENCE and row["attname"] != "network_id"
    ]
    assert wrong == []


async def test_every_tenant_table_has_a_primary_key(catalogue: Connection) -> None:
    bare = await catalogue.fetch(
        "select c.oid::regclass::text as name from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('log', 'read') and c.relkind in ('r', 'p') and not exists"
        " (select from pg_index i where i.indrelid = c.oid and i.indisprimary)"
    )
    assert [row["name"] for row in bare] == []


async def test_no_table_has_a_trigger(catalogue: Connection) -> None:
    triggers = await catalogue.fetch(
        "select t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('log', 'read', 'access', 'house')"
    )
    assert [row["tgname"] for row in triggers] == []


async def test_a_sequence_only_numbers_reference_rows(catalogue: Connection) -> None:
    sequences = await catalogue.fetch(
        "select s.oid::regclass::text as name, d.refobjid::regclass::text as owner"
        " from pg_class s left join pg_depend d"
        " on d.objid = s.oid and d.deptype in ('a', 'i') and d.refobjsubid > 0"
        " where s.relkind = 'S' and s.relnamespace::regnamespace::text"
        " not in ('pg_catalog', 'information_schema')"
    )
    assert {row["owner"] for row in sequences} <= set(REFERENCE), sequences


async def test_foreign_keys_stay_within_a_network(catalogue: Connection) -> None:
    leading = await catalogue.fetch(
        "select k.conname, a.attname from pg_constraint k"
        " join pg_namespace n on n.oid = k.connamespace"
        " join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]"
        " where k.contype = 'f' and n.nspname in ('log', 'read')"
    )
    assert [row["conname"] for row in leading if row["attname"] != "network_id"] == []


async def test_columns_that_count_or_stamp_have_no_clock_of_their_own(
    catalogue: Connection,
) -> None:
    """Times and ids arrive as parameters; a default must be a constant."""
    defaults = await catalogue.fetch(
        "select d.adrelid::regclass::text || '.' || a.attname as name,"
        " pg_get_expr(d.adbin, d.adrelid) as expression"
        " from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum"
        " join pg_class c on c.oid = d.adrelid join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('log', 'read') and a.attidentity = '' and a.attgenerated = ''"
    )
    assert defaults
    moving = [row["name"] for row in defaults if "(" in row["expression"]]
    assert moving == []
