"""PostgreSQL prepares every named query of the house: a typo or a lost column shows here."""

import re
from pathlib import Path

import asyncpg
import pytest

import jaringan_usaha
from jaringan_usaha.eventlog.database import session_settings
from jaringan_usaha.eventlog.queries import Queries

PACKAGE = Path(jaringan_usaha.__file__).parent


def all_files() -> list[tuple[str, str]]:
    """Every `.sql` file of the package, as (package, file name)."""
    found = []
    for path in sorted(PACKAGE.rglob("*.sql")):
        folder = path.parent.relative_to(PACKAGE.parent)
        if "migrations" not in folder.parts:
            found.append((".".join(folder.parts), path.name))
    return found


def test_there_are_files_in_several_rooms() -> None:
    assert len(all_files()) > 5


@pytest.mark.parametrize(("package", "name"), all_files())
async def test_queries_fit_the_tables(database: str, package: str, name: str) -> None:
    queries = Queries(package, name)
    assert queries.blocks
    connection = await asyncpg.connect(database, server_settings=session_settings())
    try:
        for block, sql in queries.blocks.items():
            try:
                await connection.prepare(sql)
                if "create temp table" in sql:  # what follows in the file works on it
                    await connection.execute(sql)
            except asyncpg.PostgresError as error:
                pytest.fail(f"{name}: {block}: {error}")
    finally:
        await connection.close()


def test_rooms_that_fold_in_one_session_have_temporary_tables_of_their_own() -> None:
    made = [
        (found[1], package)
        for package, name in all_files()
        for sql in Queries(package, name).blocks.values()
        if (found := re.search(r"create temp table if not exists (\w+)", sql))
    ]
    names = [name for name, _ in made]
    assert len(names) > 2
    assert sorted(names) == sorted(set(names)), made
