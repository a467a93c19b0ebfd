"""API keys: who gets in, who does not, and what that costs the database."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha.api.access import keys
from jaringan_usaha.api.access.issuing import Wanted, issue, revoke
from jaringan_usaha.api.access.keys import (
    RECHECK_SECONDS,
    KeyRow,
    key_hash,
    key_id,
    looks_right,
    new_key,
)
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, opened, served
from service import NETWORK, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

Find = Callable[[str], Awaitable[KeyRow | None]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        await market.koperasi("melati")
        yield market


@pytest.fixture
def looked_up(market: Market, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that the database was asked for."""
    asked: list[str] = []
    find: Find = market.door.keys._find

    async def counting(public: str) -> KeyRow | None:
        asked.append(public)
        return await find(public)

    monkeypatch.setattr(market.door.keys, "_find", counting)
    return asked


async def knock(market: Market, authorization: str | bytes | None) -> httpx2.Response:
    headers = {} if authorization is None else {"authorization": authorization}
    return await market.client.get("/v1/cycles", headers=headers)


def assert_kept_out(response: httpx2.Response) -> None:
    problem = assert_refused(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"
    assert "ju_live_" not in problem["detail"] or "…" in problem["detail"]


def mistyped(key: str) -> list[str]:
    """The key with each digit of it in turn written wrongly, or two neighbours swapped."""
    wrong = [key[:at] + ("x" if key[at] != "x" else "y") + key[at + 1 :] for at in range(len(key))]
    swapped = [
        key[:at] + key[at + 1] + key[at] + key[at + 2 :]
        for at in range(len(key) - 1)
        if key[at] != key[at + 1]
    ]
    return wrong + swapped


async def test_a_key_opens(market: Market) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert (await knock(market, f"{scheme} {market.operator.key}")).status_code == 200


async def test_without_a_key_nothing_opens(market: Market, looked_up: list[str]) -> None:
    key = market.operator.key
    for each in (
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer  {key}",
        f"Basic {key}",
        key,
        f"Bearer {key} ",
        f"Bearer {key},Bearer {key}",
        f"Bearer {key.upper()}",
        f"Bearer {key.replace('ju_live_', 'ju_test_')}",
        b"Bearer " + b"\xe9" * 46,
        b"Bearer \xff\xfe",
        "Bearer " + "x" * 5_000,
    ):
        response = await knock(market, each)
        if isinstance(each, str) and each == f"Bearer {key} ":
            assert response.status_code in (200, 401)  # a trailing blank is the transport's matter
        else:
            assert_kept_out(response)
    assert set(looked_up) <= {key_id(key)}


async def test_a_mistyped_key_costs_no_query(market: Market, looked_up: list[str]) -> None:
    wrong = mistyped(market.operator.key)
    assert len(wrong) > 80
    for each in wrong:
        assert_kept_out(await knock(market, f"Bearer {each}"))
    assert looked_up == []


async def test_new_keys_look_right_and_differ() -> None:
    keys = [new_key() for _ in range(200)]
    assert all(map(looks_right, keys))
    assert len({key_id(each) for each in keys}) == 200
    assert {len(each) for each in keys} == {46}


async def test_an_unknown_key_is_kept_out(market: Market, looked_up: list[str]) -> None:
    key = new_key()
    assert_kept_out(await knock(market, f"Bearer {key}"))
    assert looked_up == [key_id(key)]


async def test_the_public_part_alone_opens_nothing(market: Market) -> None:
    """Another secret behind a known public part, with right check digits."""
    key = market.operator.key
    body = key[: len("ju_live_") + 12] + new_key()[20:-6]
    forged = body + keys._check_digits(body)
    assert looks_right(forged)
    assert key_id(forged) == key_id(key)
    assert_kept_out(await knock(market, f"Bearer {forged}"))


async def test_the_secret_is_not_stored(market: Market) -> None:
    key = market.operator.key
    stored = await market.sql(
        "select row_to_json(k)::text from access.api_keys k where key_id = $1", key_id(key)
    )
    assert key[20:] not in stored
    assert key_hash(key).hex() in stored


async def test_an_expired_key_is_kept_out(market: Market, clock: list[float]) -> None:
    key = await issue(market.door.write_pool, market.door.clock, NETWORK, Wanted("operator"))
    assert (await knock(market, f"Bearer {key}")).status_code == 200
    await market.door.write_pool.execute(
        "update access.api_keys set expires_at = $2 where key_id = $1",
        key_id(key),
        market.door.clock.now() - timedelta(seconds=1),
    )
    clock[0] += 1
    assert_kept_out(await knock(market, f"Bearer {key}"))


async def test_a_key_dies_at_the_end_of_its_life(market: Market, clock: list[float]) -> None:
    key = await issue(market.door.write_pool, market.door.clock, NETWORK, Wanted("operator"))
    offset = market.door.clock.offset
    try:
        market.door.clock.offset += timedelta(days=399)
        assert (await knock(market, f"Bearer {key}")).status_code == 200
        market.door.clock.offset += timedelta(days=2)
        clock[0] += 1
        assert_kept_out(await knock(market, f"Bearer {key}"))
    finally:
        market.door.clock.offset = offset


async def test_a_revoked_key_is_dead_within_a_second(market: Market, clock: list[float]) -> None:
    key = await issue(
        market.door.write_pool, market.door.clock, NETWORK, Wanted("koperasi", "melati")
    )
    assert (await knock(market, f"Bearer {key}")).status_code == 200
    assert await revoke(market.door.write_pool, market.door.clock, key_id(key))
    clock[0] += 1
    assert_kept_out(await knock(market, f"Bearer {key}"))
    assert not await revoke(market.door.write_pool, market.door.clock, key_id(key))


async def test_a_revoked_key_is_dead_on_another_worker_too(
    market: Market, clock: list[float]
) -> None:
    key = await issue(market.door.write_pool, market.door.clock, NETWORK, Wanted("operator"))
    async with served(market.url) as other:
        assert (await knock(other, f"Bearer {key}")).status_code == 200
        await revoke(market.door.write_pool, market.door.clock, key_id(key))
        clock[0] += 1
        assert_kept_out(await knock(other, f"Bearer {key}"))


async def test_a_living_key_is_asked_for_twice_a_second_at_most(
    market: Market, looked_up: list[str], clock: list[float]
) -> None:
    assert RECHECK_SECONDS <= 1
    clock[0] += 10
    bearer = f"Bearer {market.operator.key}"
    for _ in range(5):
        await asyncio.gather(*(knock(market, bearer) for _ in range(20)))
    assert len(looked_up) == 1
    clock[0] += RECHECK_SECONDS
    await asyncio.gather(*(knock(market, bearer) for _ in range(20)))
    assert len(looked_up) == 2


FITTING = {
    "order_id": "019a0000-0000-7000-8000-000000000000",
    "sale_id": "019a0000-0000-7000-8000-000000000000",
    "op_id": "till-7-request-000001",
    "valid_from_on": "2026-01-01",
    "position": "1",
    "account": "1310",
    "month": "2026-01",
}
"""What stands in a path for a parameter; a slug for all others."""


async def test_every_route_but_health_wants_a_key(market: Market) -> None:
    document = (await market.client.get("/openapi.json")).json()
    open_to_all = []
    for path, operations in document["paths"].items():
        for method in operations:
            url = re.sub(r"\{(\w+)\}", lambda name: FITTING.get(name[1], "x"), path)
            headers = {"idempotency-key": "till-7-request-000001"}
            body = {"json": {}} if method != "get" else {}
            answer = await market.client.request(method.upper(), url, headers=headers, **body)
            if answer.status_code != 401:
                open_to_all.append(path)
            else:
                assert_kept_out(answer)
    assert open_to_all == ["/auth/logout", "/healthz", "/readyz"]
