"""A real PostgreSQL for the whole run, and a database of its own for every test that asks."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import address_of, make_template, tell
from embedded.world import nothing_runs, until
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.topics import Topics

_numbers = itertools.count(1)


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


@pytest.fixture
def database(postgres: EmbeddedServer, template: str) -> Iterator[str]:
    """The URL of a fresh copy of the template."""
    name = f"test_{next(_numbers)}"
    asyncio.run(tell(postgres, f"create database {name} template {template} strategy file_copy"))
    yield address_of(postgres, name)
    asyncio.run(tell(postgres, f"drop database {name} with (force)"))
