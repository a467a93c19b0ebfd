"""A database for each test with the small feature's types and two open networks."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from databases import make_template
from eventlog.logs import open_log, topics, types
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import Connection, Pool, open_pool
from jaringan_usaha.eventlog.eventlog import EventLog

settings.register_profile(
    "eventlog",
    max_examples=20,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("eventlog")


@pytest.fixture(scope="session")
def template(postgres: EmbeddedServer) -> str:
    return make_template(postgres, "template_eventlog", types, topics, [1, 2])


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """Sessions as the application has them."""
    pool = await open_pool(database)
    yield pool
    await pool.close()


@pytest.fixture
async def owner(database: str) -> AsyncIterator[Connection]:
    """One session of the owner, who may do everything."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.fixture
async def log(pool: Pool) -> EventLog:
    return await open_log(pool)
