"""SEC-14: every field of every event and of every table that lasts is classified."""

import re
from collections.abc import AsyncIterator, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import asyncpg
import pytest_asyncio

from jaringan_usaha.cli.event_schemas import event_schemas

RECORD = (Path(__file__).parents[2] / "docs" / "personal-data.md").read_text()
TABLE, _, NOT_PERSONAL = RECORD.partition("## Known not to be personal")
ROWS = [row.split("|")[1:-1] for row in TABLE.splitlines() if row.startswith("| `")]
PERSONAL = [
    pattern for row in ROWS for pattern in re.findall(r"`([^`]+)`", row[0]) if "." in pattern
]
NAMES = set(re.findall(r"[a-z_0-9.]+", NOT_PERSONAL.partition("```text")[2]))


def event_fields() -> Iterator[str]:
    """`sales.sale_recorded.customer`, and those of the parts of an event."""
    for name, schema in event_schemas().items():
        for part in (schema, *schema.get("$defs", {}).values()):
            for field in part.get("properties", ()):
                yield f"{name.rpartition('.')[0]}.{field}"


@pytest_asyncio.fixture
async def columns(database: str) -> AsyncIterator[list[str]]:
    """`access.api_keys.label`: of all tables that are not folded from the log."""
    connection = await asyncpg.connect(database)
    rows: list[Any] = await connection.fetch(
        "select table_schema || '.' || table_name || '.' || column_name as name"
        " from information_schema.columns"
        " where table_schema in ('log', 'access', 'private', 'house')"
        " and table_name !~ '^(events|answers)_'"
    )
    yield [row["name"] for row in rows]
    await connection.close()


def is_personal(field: str) -> bool:
    return any(fnmatchcase(field, pattern) for pattern in PERSONAL)


def is_known(field: str) -> bool:
    return is_personal(field) or not NAMES.isdisjoint({field, field.rpartition(".")[2]})


def test_sec_14_every_field_of_an_event_is_classified() -> None:
    unknown = sorted({field for field in event_fields() if not is_known(field)})
    assert unknown == [], "put them into a list of docs/personal-data.md"


async def test_sec_14_every_column_that_lasts_is_classified(columns: list[str]) -> None:
    assert "private.values.sealed" in columns
    unknown = sorted(each for each in columns if not is_known(each))
    assert unknown == [], "put them into a list of docs/personal-data.md"


async def test_nothing_is_listed_that_is_not_there(columns: list[str]) -> None:
    there = [*columns, *event_fields()]
    assert [each for each in PERSONAL if not any(fnmatchcase(one, each) for one in there)] == []
    others = [field for field in there if not is_personal(field)]
    assert NAMES - {name for each in others for name in (each, each.rpartition(".")[2])} == set()


def test_every_row_says_why_how_long_and_who() -> None:
    rows = [row for row in ROWS if "." in row[0]]
    assert len(rows) > 10
    assert all(len(row) == 5 and all(cell.strip() for cell in row) for row in rows)


def test_a_new_field_is_not_known() -> None:
    assert not is_known("sales.sale_recorded.mothers_name")
    assert is_personal("sales.sale_recorded.customer")
    assert not is_personal("sales.sale_recorded.koperasi_id")
