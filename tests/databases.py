"""Databases of a test server: made, migrated once, copied, spoken to."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.migrate import migrate
from jaringan_usaha.eventlog.topics import Topics

_numbers = itertools.count(1)


def address_of(server: EmbeddedServer, database: str) -> str:
    """The URL of one database of the server."""
    return server.url.replace("/jaringan?", f"/{database}?")


def make_template(
    server: EmbeddedServer, name: str, types: EventTypes, topics: Topics, networks: list[int]
) -> str:
    """Migrate a new database once, so that tests can copy it."""
    asyncio.run(tell(server, f"create database {name}"))
    asyncio.run(migrate(address_of(server, name), types, topics, networks))
    return name


@asynccontextmanager
async def fresh_database(server: EmbeddedServer, template: str) -> AsyncIterator[str]:
    """The URL of a copy of the template, for longer than one test."""
    name = f"shared_{next(_numbers)}"
    await tell(server, copied(name, template))
    try:
        yield address_of(server, name)
    finally:
        await tell(server, dropped(name))


def copied(name: str, template: str) -> str:
    """The statement that makes a copy."""
    return f"create database {name} template {template} strategy file_copy"


def dropped(name: str) -> str:
    """The statement that drops it, whoever is connected to it."""
    return f"drop database {name} with (force)"


async def tell(server: EmbeddedServer, statement: str) -> None:
    """Say something to the server itself."""
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
