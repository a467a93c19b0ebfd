"""Apply `migrations/` once each, in order, and make the log ready for this code."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

import jaringan_usaha
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.database import WORKER, Connection, owner_connection
from jaringan_usaha.eventlog.topics import Topics

_LOCK = 0x6A75_0001  # one migration at a time; not a guard of any fact
_BACKFILL_PAGE = 5_000
_ALLOW_SCHEMAS = f"""do $$ begin
  execute format('grant create on database %I to {WORKER}', current_database());
end $$"""  # given anew, since a copied or restored database comes without it


class NotMigrated(RuntimeError):
    """The database does not fit this code; the sentence says what to do."""


@dataclass(frozen=True)
class Migration:
    """One numbered file."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def statements(self) -> list[str]:
        """The statements one by one (a distributed database takes no more at a time).

        A statement ends with a semicolon at the end of a line, outside `$…$` quotes.
        """
        statements: list[str] = []
        lines: list[str] = []
        quoted = False
        for line in self.sql.splitlines():
            if line.strip() and not (line.startswith("--") and not lines):
                lines.append(line)
            quoted ^= len(re.findall(r"\$\w*\$", line)) % 2 == 1
            if line.rstrip().endswith(";") and not quoted:
                statements.append("\n".join(lines))
                lines = []
        if lines:
            raise ValueError(f"{self.name} ends inside a statement")
        return statements


def migrations_folder() -> Path:
    """Beside the package when installed, at the top of the repository when worked on."""
    package = Path(jaringan_usaha.__file__).parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"


def all_migrations() -> list[Migration]:
    """The numbered files, in order."""
    paths = sorted(migrations_folder().glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [Migration(path.name, path.read_text(encoding="utf-8")) for path in paths]


def read_model() -> Migration:
    """The shape of the read tables; not numbered, since they may be dropped and built anew."""
    path = migrations_folder() / "read_model.sql"
    return Migration(path.name, path.read_text(encoding="utf-8"))


async def create_read_model(connection: Connection, schema: str) -> None:
    """Create empty read tables in a schema of their own, owned by the worker."""
    async with connection.transaction():
        await connection.execute(_ALLOW_SCHEMAS)
        await connection.execute(f"set local role {WORKER}")
        await connection.execute(f"drop schema if exists {schema} cascade")
        await connection.execute(f"create schema {schema}")
        await connection.execute(f"set local search_path = {schema}")
        for statement in read_model().statements():
            await connection.execute(statement)
        await connection.execute(f"comment on schema {schema} is '{read_model().checksum}'")


async def check(connection: Connection, types: EventTypes, topics: Topics) -> None:
    """Raise NotMigrated unless migrations, event types, marks and read tables fit this code."""
    try:
        applied = await _applied(connection)
        names = {row["name"] for row in await connection.fetch("select name from log.types")}
        pairs = await _known_pairs(connection)
        shape = await connection.fetchval("select obj_description('read'::regnamespace)")
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        raise NotMigrated("the database is empty; run `jaringan migrate`") from None
    pending = [each.name for each in all_migrations() if each.name not in applied]
    if pending or set(types.by_name) - names:
        raise NotMigrated("the database is older than this program; run `jaringan migrate`")
    if topics.pairs - pairs:
        raise NotMigrated("old events lack marks that new rules ask for; run `jaringan migrate`")
    if shape != read_model().checksum:
        raise NotMigrated("the read tables have another shape; run `jaringan rebuild`")


async def migrate(
    url: str,
    types: EventTypes,
    topics: Topics,
    networks: Sequence[int],
    *,
    dry_run: bool = False,
    report: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Bring the database up to this code; returns the names of what was (or would be) applied.

    Raises NotMigrated when an applied file was changed afterwards.
    """
    async with owner_connection(url) as connection:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await _prepare(connection)
        applied = await _applied(connection)
        pending = [each for each in all_migrations() if each.name not in applied]
        for each in all_migrations():
            if each.name in applied and applied[each.name] != each.checksum:
                raise NotMigrated(f"{each.name} was changed after it was applied; restore it")
        if not dry_run:
            for migration in pending:
                report(f"applying {migration.name}")
                await _apply(connection, migration)
            await connection.execute("select house.hand_over()")
            await _register(connection, types, topics, report)
            now = datetime.now(UTC)  # noqa: TID251  an operator's act, not a rule
            for network in networks:
                await connection.execute("select log.open_network($1, $2)", network, now)
            head = await connection.fetchval("select coalesce(max(position), 0) from log.head")
            await connection.execute("select log.make_room($1, $2)", head, now.date())
            if await connection.fetchval("select to_regnamespace('read') is null"):
                report("creating the read tables")
                await create_read_model(connection, "read")
        return [each.name for each in pending]


async def _prepare(connection: Connection) -> None:
    await connection.execute("create schema if not exists house")
    await connection.execute(
        "create table if not exists house.migrations"
        " (name text primary key, checksum text not null, applied_at timestamptz not null)"
    )


async def _applied(connection: Connection) -> dict[str, str]:
    rows = await connection.fetch("select name, checksum from house.migrations")
    return {row["name"]: row["checksum"] for row in rows}


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        for statement in migration.statements():
            await connection.execute(statement)
        await connection.execute(
            "insert into house.migrations (name, checksum, applied_at) values ($1, $2, $3)",
            migration.name,
            migration.checksum,
            datetime.now(UTC),  # noqa: TID251  an operator's act, not a rule
        )


async def _register(
    connection: Connection, types: EventTypes, topics: Topics, report: Callable[[str], None]
) -> None:
    """Number new event types; give marks to old events that new decisions ask about."""
    await connection.execute(
        "insert into log.types (name) select n from unnest($1::text[]) n"
        " where not exists (select from log.types where name = n)",
        sorted(types.by_name),
    )
    new = topics.pairs - await _known_pairs(connection)
    if not new:
        return
    for row in await connection.fetch("select network_id from log.head where position > 0"):
        report(f"marking old events of network {row['network_id']} for {len(new)} new questions")
        await _backfill(connection, row["network_id"], types, topics, new)
    await connection.executemany(
        "insert into log.pairs (type_name, tag_name) values ($1, $2)", sorted(new)
    )


async def _known_pairs(connection: Connection) -> set[tuple[str, str]]:
    rows = await connection.fetch("select type_name, tag_name from log.pairs")
    return {(row["type_name"], row["tag_name"]) for row in rows}


async def _backfill(
    connection: Connection,
    network_id: int,
    types: EventTypes,
    topics: Topics,
    new: set[tuple[str, str]],
) -> None:
    """Walk the network once, under its writer lock, and leave the marks that are missing."""
    wanted = {name for name, _ in new}
    async with connection.transaction():
        await connection.execute(
            "select from log.head where network_id = $1 for update", network_id
        )
        position = 0
        while rows := await connection.fetch(
            "select position, name, schema_no, body from log.events join log.types using (type_id)"
            " where network_id = $1 and position > $2 order by position limit $3",
            network_id,
            position,
            _BACKFILL_PAGE,
        ):
            left = []
            for row in rows:
                if row["name"] in wanted:
                    event = types.decode(row["name"], row["schema_no"], row["body"])
                    left += [(mark, row["position"]) for mark in topics.marks_left(event, None, 0)]
            await connection.execute(
                "insert into log.marks (network_id, mark, position)"
                " select $1, * from unnest($2::uuid[], $3::bigint[]) on conflict do nothing",
                network_id,
                [mark for mark, _ in left],
                [at for _, at in left],
            )
            position = rows[-1]["position"]
