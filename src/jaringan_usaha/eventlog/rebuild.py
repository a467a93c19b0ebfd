"""Build all read tables anew beside the live ones, compare, and switch in one transaction; or
only compare, as the proof that the live ones are what the log says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.database import (
    WORKER,
    WORKER_SECONDS,
    Connection,
    Pool,
    Row,
    open_pool,
    owner_connection,
)
from jaringan_usaha.eventlog.migrate import create_read_model, read_model
from jaringan_usaha.eventlog.projector import Projection, Projector, log_queries
from jaringan_usaha.eventlog.projector import queries as bookmark_queries
from jaringan_usaha.eventlog.queries import Queries

queries = Queries("jaringan_usaha.eventlog", "rebuild.sql")

NEXT = "read_next"
REPLAY = "read_replay"
REBUILD_PAGE = 50_000


class Differs(RuntimeError):
    """The rebuilt tables are not what they must be: they stopped at a broken event, or are not the
    live ones though their shape is. Nothing was switched."""


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did: events folded, and the tables that were compared with the live ones."""

    events: int
    compared_tables: int


@dataclass(frozen=True)
class Content:
    """All rows of one table of one network, in short."""

    rows: int
    digest: str


@dataclass(frozen=True)
class ComparedTable:
    """A table, live and replayed; None where there is none of that name."""

    table_name: str
    live: Content | None
    replayed: Content | None


@dataclass(frozen=True)
class ReplayedNetwork:
    """The tables of a network as the log says they are at `position`, beside the live ones.

    `unsound`: why live tables cannot agree, such as a projection that stopped.
    """

    network_id: int
    head: int
    position: int
    tables: tuple[ComparedTable, ...]
    unsound: tuple[str, ...]


@dataclass(frozen=True)
class Replayed:
    """What a replay found."""

    events: int
    networks: tuple[ReplayedNetwork, ...]

    @property
    def agrees(self) -> bool:
        """Whether every live table is, to the last row, what the log says."""
        return not any(network.unsound for network in self.networks) and all(
            table.live == table.replayed for network in self.networks for table in network.tables
        )


async def rebuild(
    url: str,
    types: EventTypes,
    projections: Sequence[Projection],
    *,
    page: int = REBUILD_PAGE,
    report: Callable[[int, int], None] = lambda done, all_: None,
) -> Rebuilt:
    """Fold the whole log into new tables while the live ones go on, then switch.

    The last step holds the live bookmarks, folds what came meanwhile, and, where the shape is
    unchanged and the live tables are sound, demands that both show the same.
    Raises Differs; the live tables then stay as they are.
    """
    async with owner_connection(url) as owner:
        await create_read_model(owner, NEXT)
    pool = await open_pool(url, most=3, schema=NEXT, role=WORKER)
    try:
        projector = Projector(pool, types, projections, page=page)
        events = 0
        for row in await pool.fetch(log_queries.networks):
            while step := await projector.step(row["network_id"]):
                events += step
                report(events, row["position"])
        return await _switch(url, pool, projector, events)
    finally:
        await pool.close()


async def _switch(url: str, pool: Pool, projector: Projector, events: int) -> Rebuilt:
    compared = 0
    live = await open_pool(url, most=1, role=WORKER)
    try:
        async with live.acquire() as connection, connection.transaction():
            await connection.execute(queries.wait_in_transaction)
            same_shape = await connection.fetchval(queries.shape) == read_model().checksum
            bookmarks = await connection.fetch(queries.hold_live)
            for network in await connection.fetch(log_queries.networks):
                network_id = network["network_id"]
                held = [row for row in bookmarks if row["network_id"] == network_id]
                at = max([row["position"] for row in held], default=0)
                events += await projector.catch_up(network_id, upto=at)
                for row in await pool.fetch(bookmark_queries.bookmarks, network_id):
                    if row["state"] == "stopped":
                        raise Differs(f"the rebuilt {row['projection']} stopped: {row['error']}")
                sound = all(row["state"] == "live" and row["position"] == at for row in held)
                if same_shape and sound and held and await _position(pool, network_id) == at:
                    rows = await connection.fetch(
                        queries.differences, network_id, NEXT, timeout=WORKER_SECONDS
                    )
                    if rows:
                        names = ", ".join(row["table_name"] for row in rows)
                        raise Differs(f"rebuilt tables differ from the live ones: {names}")
                    compared += 1
            await connection.execute(queries.switch, NEXT)
    finally:
        await live.close()
    return Rebuilt(events, compared)


async def _position(pool: Pool, network_id: int) -> int:
    return int(await pool.fetchval(queries.lowest, network_id) or 0)


async def replay(
    url: str,
    types: EventTypes,
    projections: Sequence[Projection],
    *,
    page: int = REBUILD_PAGE,
    report: Callable[[int, int], None] = lambda done, all_: None,
) -> Replayed:
    """Fold the whole log into tables of its own, compare them with the live ones, drop them.

    The live tables are looked at in one snapshot and folded up to its position, so nothing waits.
    """
    async with owner_connection(url) as owner:
        await create_read_model(owner, REPLAY)
    pool = await open_pool(url, most=3, schema=REPLAY, role=WORKER)
    live = await open_pool(url, most=1, role=WORKER)
    try:
        projector = Projector(pool, types, projections, page=page)
        events, networks = 0, []
        for row in await pool.fetch(log_queries.networks):
            network_id, head = row["network_id"], row["position"]
            upto = int(await live.fetchval(queries.highest, network_id) or 0)
            while step := await projector.step(network_id, upto=upto):
                events += step
                report(events, head)
            async with (
                live.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                bookmarks = await connection.fetch(bookmark_queries.bookmarks, network_id)
                shown = await _contents(connection, "read", network_id)
            position = max([each["position"] for each in bookmarks], default=0)
            events += await projector.catch_up(network_id, upto=position)
            async with pool.acquire() as connection:
                replayed = await _contents(connection, REPLAY, network_id)
            tables = tuple(
                ComparedTable(name, shown.get(name), replayed.get(name))
                for name in sorted(shown.keys() | replayed.keys())
            )
            unsound = [_unsound("live", each, position) for each in bookmarks] + [
                _unsound("replayed", each, position)
                for each in await pool.fetch(bookmark_queries.bookmarks, network_id)
            ]
            networks.append(
                ReplayedNetwork(network_id, head, position, tables, tuple(filter(None, unsound)))
            )
        return Replayed(events, tuple(networks))
    finally:
        await live.close()
        await pool.execute(queries.drop_replay)
        await pool.close()


async def _contents(connection: Connection, schema: str, network_id: int) -> dict[str, Content]:
    rows = await connection.fetch(queries.digests, schema, network_id, timeout=WORKER_SECONDS)
    return {row["table_name"]: Content(row["row_count"], row["digest"]) for row in rows}


def _unsound(which: str, bookmark: Row, position: int) -> str:
    """Why this projection's tables cannot show `position`; empty when they do."""
    name, at = bookmark["projection"], bookmark["position"]
    if bookmark["state"] == "stopped":
        return f"the {which} projection {name} stopped after position {at}: {bookmark['error']}"
    return "" if at == position else f"the {which} projection {name} stands at position {at}"
