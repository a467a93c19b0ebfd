"""Bodies as they were once stored decode for ever, and fold into the same read tables.

`corpus.json` and the files of later rooms only grow: an event with a new shape number gets a line,
an old line never changes.
`tables.json` is what the whole corpus folds into; it changes only with the read tables themselves.
"""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from databases import fresh_database
from jaringan_usaha import house
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.appender import NewEvent, Proposal, append_arguments, queries
from jaringan_usaha.eventlog.codec import encode
from jaringan_usaha.eventlog.database import WORKER, Pool, open_pool, owner_connection
from jaringan_usaha.eventlog.projector import Projector
from jaringan_usaha.kernel.messages import Asked
from service import NETWORK

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = Path(__file__).parent
FILES = (
    "corpus",
    "registry",
    "catalog",
    "sourcing",
    "cycles",
    "prices",
    "fulfilment",
    "invoicing",
    "sales",
    "margin",
    "contacts",
    "two_persons",
    "corrections",
)
"""Later rooms stand behind, in the order in which goods travel."""
CORPUS = [
    (each["name"], each["body"])
    for file in FILES
    for each in json.loads((HERE / f"{file}.json").read_text())
]
TABLES = json.loads((HERE / "tables.json").read_text())
PASSING = {"recorded_at"}  # when the database took it, which is another time on every run
TYPES = house.event_types()
RECORDED_AT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)  # some events count on the day of recording

FIRST_LINES = "70ea2b629ea44a552f075862c53ad629c44009a415613653c485fc57b0c62a77"
FIRST_COUNT = 46


def split(name: str) -> tuple[str, int]:
    stem, _, number = name.rpartition(".")
    return stem, int(number)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(postgres: EmbeddedServer, template: str) -> AsyncIterator[Pool]:
    """A log that holds the corpus, byte for byte."""
    async with fresh_database(postgres, template) as url:
        pool = await open_pool(url, most=2, role=WORKER)
        numbers = await house.type_ids(pool)
        for at, (name, body) in enumerate(CORPUS, start=1):
            stem, number = split(name)
            now = datetime.now(UTC)
            asked = Asked(at=now, command_id=UUID(int=at), print=b"corpus", by="corpus")
            event = NewEvent(numbers[stem], number, body.encode(), None, None, ())
            arguments = append_arguments(NETWORK, [Proposal(asked, [event], [], 0)])
            assert (await pool.fetchrow(queries.append, *arguments))["last_position"] == at
        async with owner_connection(url) as owner:
            await owner.execute("update log.events set recorded_at = $1", RECORDED_AT)
        yield pool
        await pool.close()


async def test_the_corpus_has_every_event_in_every_shape() -> None:
    stored = {name for name, _ in CORPUS}
    for kind in TYPES.by_class.values():
        for number in range(1, kind.schema_no + 1):
            assert f"{kind.name}.{number}" in stored


async def test_no_line_of_the_corpus_was_ever_changed() -> None:
    """The lines of the first release, by their digest; later ones stand behind them."""
    first = json.dumps(CORPUS[:FIRST_COUNT], ensure_ascii=False).encode()
    assert hashlib.sha256(first).hexdigest() == FIRST_LINES


@pytest.mark.parametrize(("name", "body"), CORPUS)
async def test_a_stored_body_is_decoded(name: str, body: str) -> None:
    stem, number = split(name)
    event = TYPES.decode(stem, number, body.encode())
    assert isinstance(event, TYPES.by_name[stem].python)
    if number == TYPES.by_name[stem].schema_no:
        again = TYPES.decode(stem, number, encode(event))
        assert again == event
        written = json.loads(encode(event))
        assert {key: at for key, at in json.loads(body).items() if key in written} == written


async def test_a_stored_event_is_written_as_it_was() -> None:
    """Bodies are canonical: what is read and written again has the same bytes, so proofs hold."""
    current = 0
    for name, body in CORPUS:
        stem, number = split(name)
        if number == TYPES.by_name[stem].schema_no:
            assert encode(TYPES.decode(stem, number, body.encode())) == body.encode(), name
            current += 1
    assert current


@pytest.mark.parametrize("page", [5_000, 1, 7])
async def test_the_corpus_folds_into_the_same_tables(pool: Pool, page: int) -> None:
    await pool.execute("delete from bookmarks")
    for table in await tables_of(pool):
        await pool.execute(f"delete from {table}")
    projector = Projector(pool, TYPES, house.PROJECTIONS, page=page)
    while await projector.step(NETWORK):
        pass
    states = await pool.fetch("select projection, position, state from bookmarks")
    assert {(row["position"], row["state"]) for row in states} == {(len(CORPUS), "live")}
    found = {table: await rows_of(pool, table) for table in await tables_of(pool)}
    assert set(found) == set(TABLES)
    for table, rows in found.items():
        assert rows == TABLES[table], table


async def tables_of(pool: Pool) -> list[str]:
    rows = await pool.fetch(
        "select relname from pg_class where relnamespace = 'read'::regnamespace"
        " and relkind = 'r' and relname <> 'bookmarks' order by relname"
    )
    return [row["relname"] for row in rows]


async def rows_of(pool: Pool, table: str) -> list[dict[str, Any]]:
    """The rows of a table in one order, as JSON has them."""
    rows = [_plain(row) for row in await pool.fetch(f"select * from {table}")]
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def _plain(row: asyncpg.Record) -> dict[str, Any]:
    plain = {
        name: msgspec.json.decode(at) if isinstance(at, bytes) else at
        for name, at in row.items()
        if name not in PASSING
    }
    found: dict[str, Any] = json.loads(msgspec.json.encode(plain))
    return found
