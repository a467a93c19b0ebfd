"""Databases of a test server: made, migrated once, spoken to."""

import asyncio

import asyncpg

from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.migrate import migrate
from jaringan_usaha.eventlog.topics import Topics


def address_of(server: EmbeddedServer, database: str) -> str:
    """The URL of one database of the server."""
    return server.url.replace("/jaringan?", f"/{database}?")


def make_template(
    server: EmbeddedServer, name: str, types: EventTypes, topics: Topics, networks: list[int]
) -> str:
    """Migrate a new database once, so that tests can copy it."""
    server.create_database(name)
    asyncio.run(migrate(address_of(server, name), types, topics, networks))
    return name


async def tell(server: EmbeddedServer, statement: str) -> None:
    """Say something to the server itself."""
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
