"""A real PostgreSQL for the whole run, and a database of its own for every test that asks."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from embedded.world import nothing_runs, until
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.migrate import migrate
from jaringan_usaha.eventlog.topics import Topics

_numbers = itertools.count(1)


def address_of(server: EmbeddedServer, database: str) -> str:
    """The URL of one database of the server."""
    return server.url.replace("/jaringan?", f"/{database}?")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """The server of this run. Root's server runs as another user, who must be let in."""
    folder = Path(tempfile.mkdtemp(prefix="jaringan-tests-"))
    if os.geteuid() == 0:
        folder.chmod(0o755)
    with EmbeddedServer(folder) as server:
        asyncio.run(tell(server, "alter system set fsync = off"))  # no test cuts the power
        asyncio.run(tell(server, "select pg_reload_conf()"))
        yield server
    until(lambda: nothing_runs(folder))
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(postgres: EmbeddedServer) -> str:
    """A migrated database that no test touches; a room may put its own in this place."""
    return make_template(postgres, "template_empty", EventTypes([]), Topics([]), [])


def make_template(
    server: EmbeddedServer, name: str, types: EventTypes, topics: Topics, networks: list[int]
) -> str:
    """Migrate a new database once, so that tests can copy it."""
    server.create_database(name)
    asyncio.run(migrate(address_of(server, name), types, topics, networks))
    return name


@pytest.fixture
def database(postgres: EmbeddedServer, template: str) -> Iterator[str]:
    """The URL of a fresh copy of the template."""
    name = f"test_{next(_numbers)}"
    asyncio.run(tell(postgres, f"create database {name} template {template} strategy file_copy"))
    yield address_of(postgres, name)
    asyncio.run(tell(postgres, f"drop database {name} with (force)"))


async def tell(server: EmbeddedServer, statement: str) -> None:
    """Say something to the server itself."""
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
