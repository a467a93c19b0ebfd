"""The database that a command works on: the one that is named, or the embedded one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from jaringan_usaha import house
from jaringan_usaha.api.access.vault import make_file
from jaringan_usaha.cli.errors import Sorry, refused_by_database
from jaringan_usaha.cli.says import say
from jaringan_usaha.embedded import EmbeddedServer, default_data_folder
from jaringan_usaha.eventlog.database import FULL, LOST, Connection, owner_connection
from jaringan_usaha.eventlog.migrate import check, migrate
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.settings import Settings

queries = Queries("jaringan_usaha.cli", "database.sql")

T = TypeVar("T")

OLDEST_POSTGRESQL = 15
MASTER_KEY = "master.key"


@dataclass(frozen=True)
class Database:
    """Where the data are. `folder`: of the embedded server; None with JARINGAN_DATABASE_URL."""

    url: str
    folder: Path | None

    def settings(self, asked: Settings) -> Settings:
        """What a service on this database goes by. Beside the embedded one lies a master key,
        made when it is first needed; for any other it must be named."""
        master_key = asked.master_key_file
        if master_key is None and self.folder is not None:
            master_key = self.folder / MASTER_KEY
            make_file(master_key)
        return asked.model_copy(update={"database_url": self.url, "master_key_file": master_key})


def settings_with(**asked: Any) -> Settings:
    """The environment's settings, except where the command line says otherwise. Raises Sorry."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "JARINGAN_" + "_".join(str(part) for part in first["loc"]).upper()
        raise Sorry(f"{name} does not fit ({first['msg']}): correct it") from None
    return settings.model_copy(update={name: at for name, at in asked.items() if at is not None})


@contextmanager
def the_database(settings: Settings, folder: Path | None = None) -> Iterator[Database]:
    """The database, running as long as the block does. Raises EmbeddedServerError."""
    if settings.database_url and folder is None:
        yield Database(settings.database_url, None)
        return
    folder = folder or default_data_folder()
    with EmbeddedServer(folder, say) as server:
        yield Database(server.url, folder)


@asynccontextmanager
async def as_owner(database: Database) -> AsyncIterator[Connection]:
    """One session of a database that is new enough. Raises Sorry."""
    try:
        async with owner_connection(database.url) as connection:
            version = await connection.fetchval(queries.version)
            if version < OLDEST_POSTGRESQL * 10_000:
                raise Sorry(
                    f"this PostgreSQL is of version {version // 10_000}: "
                    f"{OLDEST_POSTGRESQL} or later is needed"
                )
            yield connection
    except (*LOST, *FULL) as error:
        raise Sorry(refused_by_database(error)) from error


def told_by(network: int | None, ask: Callable[[str, int], Awaitable[T]]) -> T:
    """What `ask` finds, given the URL of the database and the network that is meant, or the
    environment's. Raises Sorry, NotMigrated."""
    settings = settings_with(network=network)
    return done_with(settings, lambda database: ask(database.url, settings.network))


def done_with(settings: Settings, do: Callable[[Database], Awaitable[T]]) -> T:
    """What `do` comes to on the database, once it fits this program. Raises Sorry, NotMigrated."""

    async def doing(database: Database) -> T:
        await make_ready(database, settings.network)
        return await do(database)

    with the_database(settings) as database:
        return asyncio.run(doing(database))


async def make_ready(database: Database, network_id: int) -> None:
    """See that the database fits this program; only the embedded one is migrated for that.

    Raises Sorry, NotMigrated.
    """
    async with as_owner(database) as connection:
        if database.folder is not None:
            types, topics = house.event_types(), house.topics()
            await migrate(database.url, types, topics, [network_id], report=say)
        await check(connection, house.event_types(), house.topics())
