"""Keys and people, made and ended on behalf of a command, on the database's clock."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from jaringan_usaha.api.access import issuing
from jaringan_usaha.api.access.caller import Role
from jaringan_usaha.api.access.issuing import Wanted
from jaringan_usaha.api.access.keys import ID_LENGTH, PREFIX, TEST_PREFIX
from jaringan_usaha.api.asked import Clock
from jaringan_usaha.api.contract import deprecation
from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.eventlog.database import Pool, Row, open_pool
from jaringan_usaha.eventlog.projector import log_queries
from jaringan_usaha.eventlog.queries import Part
from jaringan_usaha.follower import queries
from jaringan_usaha.kernel.rejections import Rejection
from jaringan_usaha.people import people
from jaringan_usaha.people.people import NewPerson

PAGE = 200


async def issue(
    url: str, network_id: int, wanted: Sequence[tuple[Role, str | None] | Wanted]
) -> list[str]:
    """A key for each, in this order. Raises Sorry."""
    async with the_pool(url) as (pool, clock):
        await _must_be_open(pool, network_id)
        return [
            await issuing.issue(
                pool,
                clock,
                network_id,
                each if isinstance(each, Wanted) else Wanted(role=each[0], koperasi_id=each[1]),
            )
            for each in wanted
        ]


async def rotate(url: str, network_id: int, key_id: str, overlap: timedelta) -> str:
    """A new key beside an old one. Raises Sorry."""
    async with the_pool(url) as (pool, clock):
        return await issuing.rotate(pool, clock, network_id, public(key_id), overlap=overlap)


async def revoke(url: str, key_id: str) -> bool:
    """End a key, given by its public part or whole. False when there is no live one."""
    async with the_pool(url) as (pool, clock):
        return await issuing.revoke(pool, clock, public(key_id))


async def all_keys(url: str, network_id: int) -> list[dict[str, Any]]:
    """What is known of the keys of a network, without their secrets."""
    async with the_pool(url) as (pool, clock):
        rows = await _all(issuing.key_rows, pool, network_id, key_id="")
        return [_shown(row, clock.now()) for row in rows]


async def calls_of_deprecated(url: str, network_id: int) -> list[dict[str, Any]]:
    """Which keys of a network call routes that are to go."""
    async with the_pool(url) as (pool, _), pool.acquire() as db:
        rows = await deprecation.who_calls(db, network_id)
    return [
        {**row, "first_on": row["first_on"].isoformat(), "last_on": row["last_on"].isoformat()}
        for row in rows
    ]


async def add_person(url: str, network_id: int, person: NewPerson) -> str:
    """Let somebody in; their id. Raises Sorry."""
    async with the_pool(url) as (pool, clock):
        await _must_be_open(pool, network_id)
        return str((await people.add(pool, clock, network_id, person))["person_id"])


async def all_people(url: str, network_id: int) -> list[dict[str, str]]:
    """The people of a network; `of` is the koperasi or supplier that they speak for."""
    async with the_pool(url) as (pool, _):
        rows = await _all(people.people, pool, network_id, person_id=UUID(int=0))
    return [
        {
            "person_id": str(row["person_id"]),
            "state": people.state_of(row),
            "role": row["role"],
            "of": row["koperasi_id"] or row["supplier_id"] or "",
            "issuer": row["issuer"],
            "subject": row["subject"],
            "label": row["label"],
        }
        for row in rows
    ]


async def _all(
    page: Callable[..., Awaitable[list[Row]]], pool: Pool, network_id: int, **first: object
) -> list[Row]:
    """All rows of a list that is asked for in pages; the one column of its key, and what is before
    all of them."""
    found: list[Row] = []
    ((column, last),) = first.items()
    while True:
        rows = await page(pool, network_id, part=Part((last,), PAGE))
        found += rows
        if len(rows) < PAGE:
            return found
        last = rows[-1][column]


async def end_person(url: str, network_id: int, person_id: UUID) -> bool:
    """False for who is not there, or was out before."""
    async with the_pool(url) as (pool, clock):
        return await people.end(pool, clock, network_id, person_id)


async def make_sandbox(url: str, network_id: int) -> None:
    """Raises Sorry when the network is not open, or has live keys."""
    async with the_pool(url) as (pool, clock):
        await _must_be_open(pool, network_id)
        if not await issuing.make_sandbox(pool, clock, network_id):
            raise Sorry(
                f"network {network_id} has live keys and cannot become a sandbox: open another "
                f"with `jaringan migrate --network N`"
            )


def public(key: str) -> str:
    """The public part of a key that may be given whole."""
    return key.removeprefix(PREFIX).removeprefix(TEST_PREFIX)[:ID_LENGTH]


async def _must_be_open(pool: Pool, network_id: int) -> None:
    if await pool.fetchval(log_queries.head, network_id) is None:
        raise Sorry(
            f"network {network_id} is not open: run `jaringan migrate --network {network_id}`"
        )


def _shown(row: Any, now: datetime) -> dict[str, Any]:
    plain = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name != "network_id"
    }
    plain["person_id"] = row["person_id"] and str(row["person_id"])
    plain["addresses"] = [str(each) for each in row["addresses"]]
    return {**plain, "state": issuing.state_of(row, now)}


@asynccontextmanager
async def the_pool(url: str) -> AsyncIterator[tuple[Pool, Clock]]:
    """One session, and the database's clock; a refusal in it is a Sorry."""
    pool = await open_pool(url, most=1)
    try:
        clock = Clock()
        clock.set_from(await pool.fetchval(queries.now))
        yield pool, clock
    except Rejection as rejection:
        raise Sorry(rejection.detail) from None
    finally:
        await pool.close()
