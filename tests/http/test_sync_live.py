"""API-6 over real HTTP: verdicts are sent as soon as they are known, while later lines wait."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from test_sync import Line, packed, place, synced, told

from databases import fresh_database
from jaringan_usaha.api.sync import up as sync
from jaringan_usaha.embedded import EmbeddedServer
from logins import Town, town_on
from turnstile import Turnstile

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(postgres: EmbeddedServer, template: str) -> AsyncIterator[Town]:
    async with fresh_database(postgres, template) as url, town_on(url) as town:
        market = town.market
        await market.stock()
        await market.open_cycle("january")
        await market.koperasi("melati")
        yield town


FORMS: dict[str, tuple[Callable[[], list[Line]], int]] = {
    "more lines than are decided first": (
        lambda: [place() for _ in range(sync.FIRST_WAVE + 5)],
        sync.FIRST_WAVE,
    ),
    "a lane": (lambda: [place(lane="a") for _ in range(3)], 1),
    "a lane behind a free line": (lambda: [place(), *(place(lane="a") for _ in range(2))], 2),
}


@pytest.mark.parametrize("packing", ["identity", "gzip"])
@pytest.mark.parametrize("form", FORMS)
async def test_api_6_who_is_cut_off_has_the_verdicts_before_the_cut(
    town: Town, form: str, packing: str
) -> None:
    melati, count = await town.market.koperasi("melati"), await town.market.event_count()
    make, known = FORMS[form]
    lines = make()
    headers = {
        "authorization": f"Bearer {melati.key}",
        "content-type": "application/x-ndjson",
        "accept-encoding": packing,
    }
    arrived = bytearray()
    async with Turnstile(town.market.url) as turnstile:
        letting = asyncio.create_task(turnstile.let_one_through())
        async with town.market.client.stream(
            "POST", "/v1/sync", content=packed(lines), headers=headers
        ) as answer:
            parts = answer.aiter_bytes()
            async for part in parts:
                arrived += part
                if arrived.count(b"\n") >= known:
                    break
            await letting
            assert await town.market.event_count() == count + known, "the next ones wait"
        # the line is cut here
    before = [json.loads(text) for text in arrived.splitlines()]
    assert [(each["op_id"], *told(each)) for each in before] == [
        (line["op_id"], 201, "") for line in lines[:known]
    ]
    again = await synced(town.market, melati, lines)
    assert [each["body"] for each in again[:known]] == [each["body"] for each in before]
    assert all(each["replayed"] for each in again[:known])
    assert {told(each) for each in again} == {(201, "")}
    assert await town.market.event_count() == count + len(lines)
