"""Connections: pools that speak as one of the house's roles, what their callers may see, and the
errors worth a retry."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import asyncpg

if TYPE_CHECKING:
    Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
    Connection: TypeAlias = (
        "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
    )
    Row: TypeAlias = "asyncpg.Record"
else:
    Pool = Connection = Row = Any

APPLICATION = "jaringan_app"
"""Reads what its caller may see, and appends through functions."""
WORKER = "jaringan_worker"
"""Owns the read tables and folds into them; has the application's rights too."""

STATEMENT_SECONDS = 5.0
LONG_SECONDS = 30.0
"""For exports and imports: as long as the door lets any request last."""
WAIT_SECONDS = 2.0
"""For a connection of the application's pools, whose callers wait meanwhile. REL-12."""
WORKER_SECONDS = 3_600.0
"""A digest of all tables takes as long as it takes."""

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    OSError,
    TimeoutError,
)
"""The connection, and with it the outcome of what was under way, is lost; try a new one."""

FULL = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.TooManyConnectionsError,
)
"""The database said no to this try; nothing was recorded."""

BROKEN = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""A value that the driver cannot send or the database cannot take; never worth a second try."""

_KEEPALIVE = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


def session_settings(schema: str = "read", role: str = APPLICATION) -> dict[str, str]:
    """Server settings of every session. `schema` is where read tables are found: `read`, or the
    one that a rebuild fills beside it."""
    seconds = WORKER_SECONDS if role == WORKER else STATEMENT_SECONDS
    return {
        "role": role,
        "search_path": schema,
        "timezone": "UTC",
        "standard_conforming_strings": "on",
        "statement_timeout": f"{seconds:.0f}s",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "10s",
        "client_connection_check_interval": "5s",
        "plan_cache_mode": "force_generic_plan",
        "jit": "off",
        "work_mem": "32MB",  # a page of events is sorted and summed without files
        "temp_buffers": "32MB",
        "application_name": "jaringan",
        **_KEEPALIVE,
    }


async def open_pool(
    url: str, *, most: int = 8, schema: str = "read", role: str = APPLICATION
) -> Pool:
    """A pool of sessions of this role; `most` connections. The application waits for one for two
    seconds, and then takes the database for lost; a worker waits."""
    return await _Pool(
        url,
        wait=WAIT_SECONDS if role == APPLICATION else None,
        min_size=1,
        max_size=most,
        max_queries=50_000,
        max_inactive_connection_lifetime=300.0,
        loop=None,
        connection_class=_Session,
        record_class=asyncpg.Record,
        server_settings=session_settings(schema, role),
        command_timeout=30,
        timeout=5,
    )


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose rows a caller may see in its network: of one koperasi, of one supplier, of `ALL` of
    them, or of none (empty)."""

    network_id: int
    koperasi: str
    supplier: str


ALL = "*"


Isolation = Literal["read committed", "repeatable read"]


@asynccontextmanager
async def looking(
    connection: Connection,
    sight: Sight,
    *,
    seconds: float = STATEMENT_SECONDS,
    isolation: Isolation = "read committed",
) -> AsyncIterator[None]:
    """Inside, the read tables show what this sight allows, and nothing can be written; each
    statement may last so many seconds. Nothing of it outlives the transaction."""
    try:
        await connection.execute(_beginning(sight, seconds, isolation))
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("commit")


@lru_cache(maxsize=10_000)
def _beginning(sight: Sight, seconds: float, isolation: Isolation) -> str:
    """One message to the server: to begin, then to say who looks, would be two, and a message
    that holds both takes no parameters. The policies of the read tables (read_model.sql) show
    nothing without it."""
    return (
        f"begin isolation level {isolation} read only;"
        f" select set_config('ju.network', '{sight.network_id:d}', true),"
        f" set_config('ju.koperasi', {_quoted(sight.koperasi)}, true),"
        f" set_config('ju.supplier', {_quoted(sight.supplier)}, true),"
        f" set_config('statement_timeout', '{seconds * 1000:.0f}', true)"
    )


def _quoted(text: str) -> str:
    """A literal; safe since every session has `standard_conforming_strings`."""
    return "'" + text.replace("'", "''") + "'"


class _Session(asyncpg.Connection):
    """A pooled session; nobody here leaves settings, locks or cursors behind in one, so that
    giving it back needs no words with the server."""

    def get_reset_query(self) -> str:
        return ""


class _Pool(asyncpg.Pool):
    """Nobody waits for a connection without end, whichever way it is asked for: also what a pool
    fetches itself takes one of its connections first."""

    def __init__(self, url: str, *, wait: float | None, **named: Any) -> None:
        super().__init__(url, **named)
        self._wait = wait

    def acquire(self, *, timeout: float | None = None) -> Any:
        return super().acquire(timeout=self._wait if timeout is None else timeout)


@asynccontextmanager
async def owner_connection(url: str) -> AsyncIterator[Connection]:
    """One session as the owner of the schemas, for migrations."""
    connection = await asyncpg.connect(
        url, timeout=5, server_settings={"timezone": "UTC", "application_name": "jaringan-owner"}
    )
    try:
        yield connection
    finally:
        await connection.close()
