"""PostgreSQL prepares every named query of the house: a typo or a lost column shows here."""

import re
from pathlib import Path

import asyncpg
import pytest

import jaringan_usaha
from jaringan_usaha.eventlog.database import session_settings
from jaringan_usaha.eventlog.queries import Queries, mirrored

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
        for block, sql in queries.backwards.blocks.items():
            forth = await connection.prepare(queries.blocks[block])
            back = await connection.prepare(sql)
            assert back.get_parameters() == forth.get_parameters(), block
            assert back.get_attributes() == forth.get_attributes(), block
    finally:
        await connection.close()


async def test_a_mirrored_query_goes_along_the_same_indexes(database: str) -> None:
    """No way sorts where the other does not, whatever the tables hold."""
    cheap = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}
    connection = await asyncpg.connect(database, server_settings=session_settings() | cheap)

    async def indexes(name: str, sql: str) -> list[str]:
        await connection.execute(f"prepare {name} as {sql}")
        count = len(set(re.findall(r"\$\d+", sql)))
        nulls = ", ".join(["null"] * count)
        rows = await connection.fetch(f"explain (costs off) execute {name} ({nulls})")
        plan = "\n".join(row[0] for row in rows).replace(" Backward", "")
        return re.findall(r"Sort Key|Index \w+ using \w+|Index Only Scan using \w+", plan)

    try:
        for number, (package, name) in enumerate(all_files()):
            queries = Queries(package, name)
            for block, back in queries.backwards.blocks.items():
                forth = await indexes(f"{block}_{number}", queries.blocks[block])
                assert await indexes(f"{block}_{number}_back", back) == forth, block
                assert any("Index" in each for each in forth), block
    finally:
        await connection.close()


def test_a_paged_query_is_mirrored() -> None:
    forth = "select a from t where n = $1 and (a, t.b) > ($2, $13) order by a, t.b limit $4;"
    assert mirrored("t", forth) == (
        "select a from t where n = $1 and (a, t.b) < ($2, $13) order by a desc, t.b desc limit $4;"
    )
    assert mirrored("t", "select a from t where a > $1 order by a limit $2") == (
        "select a from t where a < $1 order by a desc limit $2"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "select a from t where a > $1 order by a",
        "select a from t order by a limit $1",
        "select a from t where a >= $1 order by a limit $2",
        "select a from t where (a, b) > ($1, $2) order by a limit $3",
        "select a from t where (a, b) > ($1, $2) order by b, a limit $3",
        "select a from t where (a, b) > ($1, $2) order by a, b desc limit $3",
        "select a from t where a > $1 and a > $2 order by a limit $3",
        "select a from t where b.a > $1 order by a limit $2",
        "select a from t where a > $1 order by a limit $2 offset $3",
    ],
)
def test_what_cannot_be_mirrored_is_no_paged_query(sql: str) -> None:
    with pytest.raises(ValueError, match="t is no paged query"):
        mirrored("t", sql)


def test_every_query_that_takes_up_from_a_key_is_paged() -> None:
    """One that is not would have lists that only lead on."""
    following = re.compile(r"\) > \(\$\d.*limit \$\d+;?\Z|_id > \$\d.*limit \$\d+;?\Z", re.DOTALL)
    others = {
        block
        for package, name in all_files()
        for queries in [Queries(package, name)]
        for block, sql in queries.blocks.items()
        if following.search(sql) and block not in queries.backwards.blocks
    }
    assert others == {"changes"}, "which are told in one direction"


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
