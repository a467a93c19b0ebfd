"""API-11: who calls what is to go hears of it with every answer, and is found before it goes."""

from collections.abc import AsyncIterator
from datetime import date

import httpx2
import pytest
import pytest_asyncio
from fastapi import APIRouter

from jaringan_usaha import app as joined
from jaringan_usaha.api.access.admission import CallerNow
from jaringan_usaha.api.access.issuing import Wanted, issue, revoke
from jaringan_usaha.api.access.keys import key_id
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.api.contract import openapi
from jaringan_usaha.api.contract.deprecation import deprecated, who_calls
from jaringan_usaha.api.door import Door
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.app import create_app
from jaringan_usaha.cli.issuing import calls_of_deprecated
from service import NETWORK, settings_for

SINCE, UNTIL = date(2026, 7, 1), date(2027, 7, 1)


class Old:
    """A room whose one route is to go."""

    router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["health"])


@Old.router.get("/old/{name}", operation_id="getOld", **deprecated(SINCE, UNTIL))
async def get_old(name: str, caller: CallerNow) -> dict[str, str]:
    """What was."""
    return {"name": name}


@pytest.fixture
def with_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joined, "FEATURE_ROUTES", (*joined.FEATURE_ROUTES, Old))


@pytest_asyncio.fixture
async def door(database: str, with_old: None) -> AsyncIterator[tuple[Door, httpx2.AsyncClient]]:
    app = create_app(settings_for(database, rate_factor=0))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            yield app.state.door, client


async def test_api_11_answers_say_since_when_and_until_when(
    door: tuple[Door, httpx2.AsyncClient], database: str
) -> None:
    door_, client = door
    keys = [
        await issue(door_.write_pool, door_.clock, NETWORK, Wanted("koperasi", name))
        for name in "ab"
    ]
    for key, times in zip(keys, (2, 1), strict=True):
        for _ in range(times):
            headers = {"authorization": f"Bearer {key}"}
            answer = await client.get("/v1/old/thing", headers=headers)
            assert answer.status_code == 200
            assert answer.headers["deprecation"] == "@1782864000"
            assert answer.headers["sunset"] == "Thu, 01 Jul 2027 00:00:00 GMT"
        other = await client.get("/v1/cycles", headers=headers)
        assert "deprecation" not in other.headers
        assert "sunset" not in other.headers
    refused = await client.get("/v1/old/thing")
    assert (refused.status_code, refused.headers["deprecation"]) == (401, "@1782864000")

    await door_.calls.write_down(door_.write_pool)
    await client.get("/v1/old/thing", headers={"authorization": f"Bearer {keys[0]}"})
    await door_.calls.write_down(door_.write_pool)
    await revoke(door_.write_pool, door_.clock, keys[1][8:20])
    found = await calls_of_deprecated(database, NETWORK)
    told = sorted((each["operation"], each["koperasi_id"], each["calls"]) for each in found)
    assert told == [("getOld", "a", 3), ("getOld", "b", 1)]
    async with door_.read_pool.acquire() as db:
        assert not await who_calls(db, NETWORK + 1), "another network's"


@pytest.fixture
def lean_ones_go(monkeypatch: pytest.MonkeyPatch) -> None:
    for route in (joined.PUT_ORDER, joined.POST_SYNC):
        for name, value in deprecated(SINCE, UNTIL).items():
            monkeypatch.setattr(route, name, value)


@pytest.mark.usefixtures("lean_ones_go")
async def test_api_11_lean_routes_are_counted_like_the_others(
    door: tuple[Door, httpx2.AsyncClient], database: str
) -> None:
    door_, client = door
    key = await issue(door_.write_pool, door_.clock, NETWORK, Wanted("koperasi", "a"))
    headers = {"authorization": f"Bearer {key}"}
    for path, times in ((f"/v1/orders/{new_id()}", 2), ("/v1/orders/other-road", 1)):
        for _ in range(times):
            answer = await client.put(path, json={}, headers=headers)
            assert (answer.status_code, answer.headers["deprecation"]) == (422, "@1782864000")
    lines = {**headers, "content-type": "application/x-ndjson"}
    answer = await client.post("/v1/sync", content=b"{}", headers=lines)
    assert (answer.status_code, answer.headers["sunset"]) == (207, "Thu, 01 Jul 2027 00:00:00 GMT")

    await door_.calls.write_down(door_.write_pool)
    found = await calls_of_deprecated(database, NETWORK)
    told = sorted((each["operation"], each["key_id"], each["calls"]) for each in found)
    assert told == [("putOrder", key_id(key), 3), ("sync", key_id(key), 1)]


@pytest.mark.usefixtures("lean_ones_go")
def test_api_11_the_contract_says_so_of_lean_routes() -> None:
    paths = joined.openapi_document()["paths"]
    for operation in (paths["/v1/orders/{order_id}"]["put"], paths["/v1/sync"]["post"]):
        assert (operation["deprecated"], operation["x-sunset"]) == (True, "2027-07-01")
        answers = operation["responses"].values()
        assert all("Deprecation" in each["headers"] for each in answers)


def test_api_11_the_contract_says_so_too(with_old: None) -> None:
    document = joined.openapi_document()
    operation = document["paths"]["/v1/old/{name}"]["get"]
    assert operation["deprecated"] is True
    assert operation["x-sunset"] == "2027-07-01"
    told = operation["responses"]["200"]["headers"]
    assert told["Sunset"] == {"$ref": "#/components/headers/Sunset"}
    assert set(openapi.DEPRECATION) <= set(document["components"]["headers"])
    assert "Sunset" not in document["paths"]["/v1/cycles"]["get"]["responses"]["200"]["headers"]


@pytest.mark.parametrize("until", [date(2027, 6, 30), date(2026, 7, 2)])
def test_api_11_callers_have_twelve_months(until: date) -> None:
    with pytest.raises(ValueError, match="less than twelve months"):
        deprecated(SINCE, until)
