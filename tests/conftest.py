"""A real PostgreSQL for the whole run, and a database of its own for every test that asks."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import address_of, copied, dropped, make_template, tell
from embedded.world import nothing_runs, until
from jaringan_usaha import house
from jaringan_usaha.embedded import EmbeddedServer
from service import NETWORK

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
    """A database migrated for the whole house, with one network, that no test touches; a room may
    put its own in this place."""
    return make_template(postgres, "template_house", house.event_types(), house.topics(), [NETWORK])


@pytest.fixture
def database(postgres: EmbeddedServer, template: str) -> Iterator[str]:
    """The URL of a fresh copy of the template."""
    name = f"test_{next(_numbers)}"
    asyncio.run(tell(postgres, copied(name, template)))
    yield address_of(postgres, name)
    asyncio.run(tell(postgres, dropped(name)))
