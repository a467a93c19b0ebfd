"""API-1 and API-2: the same request once more is the same answer, byte for byte."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from house.trading import trade
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.api.operations import SHOWN_AT, result_url
from jaringan_usaha.app import openapi_document
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.house import event_types
from market import Market, oil, opened
from service import assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

TYPES: EventTypes = event_types()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """After a day of trade, so that there is something of every kind."""
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        await trade(market)
        await market.settle()
        await market.open_cycle("once")
        yield market


WISHES: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "/v1/koperasi/once", {"title": "Kop"}),
    ("POST", "/v1/koperasi/mawar/suspend", {"reason": "no annual meeting"}),
    ("POST", "/v1/koperasi/mawar/reinstate", {"reason": "it was held"}),
    ("PUT", "/v1/suppliers/once", {"title": "PT"}),
    ("PUT", "/v1/items/once", {"title": "Teh", "base_unit": "XPK", "case_size": 1}),
    ("PUT", "/v1/items/once/description", {"tax_class": "exempt"}),
    ("PUT", "/v1/rules/once/2026-01-01", {"values": {"rate_bp": 1}, "source": "RAT"}),
    ("POST", "/v1/cycles/once/close", {"early": True, "reason": "the truck leaves"}),
]


@pytest.mark.parametrize(("method", "path", "body"), WISHES)
async def test_api_1_a_key_replays_what_was_answered(
    market: Market, method: str, path: str, body: dict[str, Any]
) -> None:
    """Status, the bytes of the body, Content-Type, Location and ETag, quoted or bare."""
    key = new_id()
    sent = {"body": body, "if_match": "*"}
    first = await market.send(market.operator, method, path, idempotency_key=key, **sent)
    assert first.is_success, first.text
    count = await market.event_count()
    for form in (key, f'"{key}"'):
        again = await market.send(market.operator, method, path, idempotency_key=form, **sent)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        for header in ("content-type", "location", "etag"):
            assert again.headers.get(header) == first.headers.get(header)
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
    (told,) = {"title", "reason", "source", "tax_class"} & set(body)
    other = {**body, told: "standard"}
    sent = {"body": other, "if_match": "*"}
    reused = await market.send(market.operator, method, path, idempotency_key=key, **sent)
    assert_refused(reused, 422, "idempotency-key-reused")
    assert await market.event_count() == count


async def test_api_1_every_post_that_writes_needs_a_key() -> None:
    """Lines of a sync have their own; to end a key, or to let somebody in, is the same however
    often it is done."""
    without = {"sync", "revokeKey", "approveKey", "approvePerson", "endPerson", "logout"}
    for path, methods in openapi_document()["paths"].items():
        if "post" in methods and methods["post"]["operationId"] not in without:
            named = [each["name"] for each in methods["post"]["parameters"]]
            assert "idempotency-key" in named, path


# -- API-2 ---------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="module")
async def taking(market: Market) -> str:
    """A cycle that takes orders, with a name of its own."""
    cycle_id = f"takes-{new_id()}"
    await market.open_cycle(cycle_id)
    return cycle_id


async def test_api_2_an_order_under_its_own_id_is_placed_once(market: Market, taking: str) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    body = {"cycle_id": taking, "lines": [oil(3)]}
    sent = {"if_none_match": "*"}
    first = await market.place(melati, body, order_id, **sent)
    assert (first.status_code, first.headers["location"]) == (201, f"/v1/orders/{order_id}")
    for headers in (sent, {}):
        again = await market.place(melati, body, order_id, **headers)
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["etag"] == first.headers["etag"]
    for headers in (sent, {}, {"idempotency_key": new_id()}):
        other = await market.place(melati, {**body, "lines": [oil(4)]}, order_id, **headers)
        problem = assert_refused(other, 409, "order-exists")
        assert problem["current_version"] == 1
        assert "location" not in problem
        assert other.headers["location"] == f"/v1/orders/{order_id}"


async def test_api_2_the_same_order_has_the_same_answer_after_its_cycle_closed(
    market: Market, taking: str
) -> None:
    """Also under another key: what is told is the order's own version and position."""
    melati, order_id = await market.koperasi("melati"), new_id()
    body = {"cycle_id": taking, "lines": [oil(3)]}
    first = await market.place(melati, body, order_id)
    path = f"/v1/cycles/{taking}/close"
    closed = await market.operator.post(path, early=True, reason="the truck leaves")
    assert closed.status_code == 200
    again = await market.place(melati, body, order_id, idempotency_key=new_id())
    assert (again.status_code, again.content) == (200, first.content)


async def test_api_2_of_anothers_order_only_that_the_id_is_taken(
    market: Market, taking: str
) -> None:
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    order_id = new_id()
    body = {"cycle_id": taking, "lines": [oil(3)]}
    assert (await market.place(melati, body, order_id)).status_code == 201
    taken = await market.place(mawar, body, order_id)
    problem = assert_refused(taken, 409, "order-exists")
    assert "current_version" not in problem
    assert not {"location", "etag"} & set(taken.headers)


async def test_api_2_an_operation_says_where_its_result_is(market: Market, taking: str) -> None:
    melati, order_id, key = await market.koperasi("melati"), new_id(), new_id()
    body = {"cycle_id": taking, "lines": [oil(3)]}
    before = await melati.get(f"/v1/operations/{order_id}")
    assert_refused(before, 404, "operation-unknown")
    await market.place(melati, body, order_id)
    changed = {**body, "lines": [oil(4)]}
    done = await market.place(melati, changed, order_id, if_match='"v1"', idempotency_key=key)
    for op_id, version in ((order_id, 1), (key, 2)):
        found = (await melati.get(f"/v1/operations/{op_id}")).json()
        assert set(found) == {"state", "result_url", "position", "version", "recorded_at"}
        assert (found["state"], found["version"]) == ("done", version)
        assert found["result_url"] == f"/v1/orders/{order_id}"
    assert found["position"] == done.json()["position"]
    refused, none = new_id(), {**body, "lines": [oil(0)]}
    answer = await market.place(melati, none, refused)
    assert answer.status_code == 422
    unknown = await melati.get(f"/v1/operations/{refused}")
    assert_refused(unknown, 404, "operation-unknown")


async def test_api_2_every_result_is_shown_where_it_is_said_to_be(market: Market) -> None:
    rows = await market.door.read_pool.fetch(
        "select distinct on (e.type_id) t.name, e.schema_no, e.body from log.answers a"
        " join log.events e on e.network_id = a.network_id and e.position = a.last_position"
        " join log.types t using (type_id) order by e.type_id, e.position"
    )
    events = [TYPES.decode(row["name"], row["schema_no"], row["body"]) for row in rows]
    urls = {type(event).__name__: result_url(event) for event in events}
    assert len([each for each in urls.values() if each]) > len(SHOWN_AT)
    await market.settle()
    for name, url in urls.items():
        if url is not None:
            shown: httpx2.Response = await market.operator.get(url)
            assert shown.status_code == 200, (name, url, shown.text)


async def test_api_2_an_operation_is_told_for_400_days(market: Market, taking: str) -> None:
    """After 35 days it is put aside, where only this look-up goes."""
    melati, order_id = await market.koperasi("melati"), new_id()
    await market.place(melati, {"cycle_id": taking, "lines": [oil(3)]}, order_id)
    free = f"till-7-request-{order_id}"
    await market.place(melati, {"cycle_id": taking, "lines": [oil(3)]}, idempotency_key=free)
    pool = market.door.write_pool
    await pool.execute("select log.make_room(1, current_date - 1)")
    assert await pool.fetchval("select log.keep_answers(current_date + 1, current_date - 9)") > 0
    assert await pool.fetchval("select count(*) from log.answers") == 0
    for op_id in (order_id, free):
        assert (await melati.get(f"/v1/operations/{op_id}")).status_code == 200
