"""Connections: pools that speak as the application role, and the errors worth a retry."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

if TYPE_CHECKING:
    Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
    Connection: TypeAlias = (
        "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
    )
    Row: TypeAlias = "asyncpg.Record"
else:
    Pool = Connection = Row = Any

APPLICATION_ROLE = "jaringan_app"

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.ReadOnlySQLTransactionError,
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


def session_settings(schema: str = "read") -> dict[str, str]:
    """Server settings of every application session. `schema` is where read tables are found:
    `read`, or the one that a rebuild fills beside it."""
    return {
        "role": APPLICATION_ROLE,
        "search_path": schema,
        "timezone": "UTC",
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


async def open_pool(url: str, *, most: int = 8, schema: str = "read") -> Pool:
    """A pool of application sessions; `most` connections."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=most,
        connection_class=_Session,
        server_settings=session_settings(schema),
        command_timeout=30,
        timeout=5,
    )


class _Session(asyncpg.Connection):
    """A pooled session; nobody here leaves settings, locks or cursors behind in one, so that
    giving it back needs no words with the server."""

    def get_reset_query(self) -> str:
        return ""


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
