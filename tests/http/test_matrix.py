"""Every route × every role × own and another's: who may, and that nothing of others is told.

`matrix.toml` has a row for each operation of the contract; a new route without one fails here.
"""

import base64
import json
import re
import tomllib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from house.planting import plant
from house.trading import trade
from jaringan_usaha.api.access import issuing
from jaringan_usaha.api.access.caller import Caller, Role
from jaringan_usaha.api.access.issuing import Wanted
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.app import openapi_document
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, oil, opened
from service import NETWORK, assert_refused, cursor_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

COLUMNS = (
    "operator",
    "koperasi own", "koperasi other",
    "device own", "device other",
    "supplier own", "supplier other",
    "auditor",
    "office",
)  # fmt: skip
TABLE: Mapping[str, str] = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text())
OPEN_TO_ALL = {"getHealth", "getReadiness", "logout"}


@dataclass(frozen=True)
class Operation:
    """One route of the contract."""

    name: str
    method: str
    path: str
    query: frozenset[str]
    required: frozenset[str]
    on_version: bool
    """It takes `If-Match`."""

    @property
    def reads(self) -> bool:
        return self.method == "GET"


def operations() -> dict[str, Operation]:
    found = {}
    for path, methods in openapi_document()["paths"].items():
        for method, operation in methods.items():
            asked = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
            found[operation["operationId"]] = Operation(
                operation["operationId"],
                method.upper(),
                path,
                frozenset(each["name"] for each in asked),
                frozenset(each["name"] for each in asked if each.get("required")),
                any(each["name"].lower() == "if-match" for each in operation.get("parameters", ())),
            )
    return found


OPERATIONS = operations()
READS = {name for name, operation in OPERATIONS.items() if operation.reads}
TELLS_OF_ITSELF = {"exportPersonalData"}
"""Every reading of it is kept, and told in the next one."""


@dataclass
class World:
    """The service after a day of trade; keys by role; what each side has."""

    market: Market
    keys: dict[str, str]
    names: dict[str, dict[str, str]]
    """What stands for a parameter: of `mawar`, `melati`, `indofood` and `bulog`."""
    secrets: dict[str, set[str]] = field(default_factory=dict)
    """What nobody else may read, by whose it is."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(postgres: EmbeddedServer, template: str) -> AsyncIterator[World]:
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        await trade(market)
        names = await plant(market)
        pool, clock = market.door.write_pool, market.door.clock
        roles: dict[Role, dict[str, str]] = {
            "operator": {},
            "koperasi": {"koperasi_id": "mawar"},
            "device": {"koperasi_id": "mawar", "device_id": "till-2"},
            "supplier": {"supplier_id": "indofood"},
            "auditor": {},
            "office": {},
        }
        keys = {
            role: await issuing.issue(pool, clock, NETWORK, Wanted(role=role, **named))
            for role, named in roles.items()
        }
        world = World(market, keys, names)
        for koperasi in ("mawar", "melati"):
            ids = [
                str(each)
                for table in ("orders", "sales")
                for (each,) in await market.worker.fetch(
                    f"select {table[:-1]}_id from {table} where koperasi_id = $1", koperasi
                )
            ]
            assert ids
            world.secrets[koperasi] = {koperasi, *ids}
        world.secrets["indofood"] = {"indofood", "sj-17", "oil-1", "oil-bill"}
        world.secrets["bulog"] = {
            "bulog",
            "truck-9",
            "rice-1",
            "blg 1",
            "blg 2",
            "bca 31",
            "bca 44",
        }
        yield world


def body_of(operation: str, names: Mapping[str, str]) -> dict[str, Any]:
    """A body good enough to come as far as the rule that says whose it is."""
    named = {"koperasi_id": names["koperasi_id"]}
    line = {"item_id": "rice", "quantity": 1, "amount_idr": 13_000}
    order = {**named, "cycle_id": "reopened", "lines": [oil(1)]}
    return {
        "putOrder": order,
        "cancelOrder": {**named, "cycle_id": names["cycle_id"], "reason": "too much"},
        "recordSale": {**named, "sold_on": "2026-02-15", "lines": [line]},
        "recordContact": {**named, "roles": ["kasir"], "name": "Siti"},
        "commitShare": {"amount_idr": 1_000},
        "advanceTestClock": {"to": "2027-01-01T00:00:00Z"},
        "acknowledgeConsolidatedOrder": {"revision": 1, "lines": []},
        "sync": {
            "op_id": f"matrix-{new_id()}",
            "type": "place_order",
            "body": {**order, "order_id": new_id()},
        },
    }.get(operation, {})


async def ask(
    world: World,
    operation: Operation,
    key: str | None,
    names: Mapping[str, str],
    more: Mapping[str, str] = MappingProxyType({}),
    **query: Any,
) -> httpx2.Response:
    """`more`: headers beside the key's."""
    path = re.sub(r"\{(\w+)\}", lambda found: names[found[1]], operation.path)
    headers = {**more} if key is None else {**more, "authorization": f"Bearer {key}"}
    query |= {name: names[name] for name in operation.required if name not in query}
    if operation.name == "compareOffers":
        query["quantity"] = 1
    if operation.reads:
        return await world.market.client.get(path, params=query, headers=headers)
    headers["idempotency-key"] = f"matrix-{new_id()}"
    body = body_of(operation.name, names)
    return await world.market.client.request(
        operation.method, path, params=query, headers=headers, json=body
    )


def outcome(operation: Operation, answer: httpx2.Response) -> str:
    """see: it is shown; may: the door lets it pass, whatever a rule says then; no: forbidden; nil:
    it is not there for this caller; key: no key."""
    status = answer.status_code
    if status == 207:
        status = json.loads(answer.text)["status"]
    assert status < 500, answer.text
    words = {401: "key", 403: "no", 404: "nil"}
    if operation.reads and status == 200:
        return "see"
    return words.get(status, "may")


def whose(column: str) -> tuple[str, list[str]]:
    """Of whom a column asks, and whose things must not be told to it."""
    role, _, side = column.partition(" ")
    if role in ("koperasi", "device"):
        return ("melati" if side == "other" else "mawar"), ["melati"]
    if role == "supplier":
        return ("bulog" if side == "other" else "indofood"), ["bulog", "melati", "mawar"]
    return "mawar", ["melati", "mawar"] if role == "office" else []


def told(answer: httpx2.Response) -> str:
    """Everything an answer says: its headers, its body, and what its cursor holds."""
    text = answer.text
    if answer.is_success and "json" in answer.headers["content-type"] and answer.text[0] == "{":
        page = json.loads(answer.text.splitlines()[0])
        for link in filter(None, (page.get("next"), page.get("prev"))):
            sealed = base64.urlsafe_b64decode(cursor_of(link) + "===")
            text += sealed.decode(errors="ignore")
    return f"{answer.headers} {text}".lower()


def assert_tells_nothing(world: World, column: str, answer: httpx2.Response) -> None:
    """Nothing of another tenant, but what the caller named itself; no margins to suppliers."""
    sent = f"{answer.request.url} {answer.request.content!r}".lower()
    heard = told(answer)
    for each in whose(column)[1]:
        leaks = {word for word in world.secrets[each] if word in heard and word not in sent}
        assert leaks == set(), f"{column} {answer.request.url}: {leaks} in {answer.text[:2000]}"
    if column.startswith(("supplier", "office")):
        assert not re.search(r'"(saving|margin|alone)_idr":\s*-?\d', heard) or (
            column == "office"
        ), answer.text


def filtered(operation: Operation, role: str, names: Mapping[str, str]) -> dict[str, Any]:
    """The query that asks for whose rows, where the operation takes one."""
    mine = {"koperasi": "koperasi_id", "device": "koperasi_id", "supplier": "supplier_id"}
    filters = {mine.get(role, "koperasi_id")} & operation.query if role != "office" else set()
    return {name: names[name] for name in filters}


async def cell(world: World, operation: Operation, column: str) -> str:
    """What a role gets, asked with and without filters, in one page and in many."""
    role, _, side = column.partition(" ")
    names = world.names[whose(column)[0]]
    await world.market.projector.catch_up(NETWORK)
    if role == "operator" and not operation.reads:
        names = {**names, **dict.fromkeys(names, "nowhere")}  # it may, but need not here
    by_filter = filtered(operation, role, names)
    asked: list[dict[str, Any]] = [by_filter]
    if side == "own" and by_filter and operation.reads:
        asked.append({})
    outcomes = set()
    for query in asked:
        if "limit" in operation.query:
            query = {**query, "limit": 200}
        answer = await ask(world, operation, world.keys[role], names, **query)
        assert_tells_nothing(world, column, answer)
        outcomes.add(outcome(operation, answer))
        for _ in range(2 if {"limit", "cursor"} <= operation.query and side else 0):
            answer = await ask(world, operation, world.keys[role], names, **{**query, "limit": 1})
            assert_tells_nothing(world, column, answer)
            if not (answer.is_success and answer.json()["next"]):
                break
            query = {**query, "cursor": cursor_of(answer.json()["next"])}
    assert len(outcomes) == 1, f"{operation.name} for {column}: {outcomes}"
    return outcomes.pop()


async def test_every_operation_has_its_row_and_every_row_its_operation() -> None:
    assert set(TABLE) == set(OPERATIONS) - OPEN_TO_ALL
    assert {len(row.split()) for row in TABLE.values()} == {len(COLUMNS)}


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - OPEN_TO_ALL))
async def test_a_query_names_what_the_route_knows_and_once(world: World, name: str) -> None:
    """A misspelt filter would show everything."""
    operation, names = OPERATIONS[name], world.names["mawar"]
    strange = await ask(world, operation, world.keys["operator"], names, kopersi_id="mawar")
    (error,) = assert_refused(strange, 422, "validation-failed")["errors"]
    assert (error["pointer"], error["code"]) == ("", "unknown-parameter")
    assert all(each in error["detail"] for each in operation.query)
    stranger = await ask(world, operation, None, names, kopersi_id="mawar")
    assert_refused(stranger, 401, "unauthenticated")
    for each in sorted(operation.query)[:1]:
        twice = await ask(world, operation, world.keys["operator"], names, **{each: ["1", "2"]})
        errors = assert_refused(twice, 422, "validation-failed")["errors"]
        assert (f"/{each}", "repeated") in [(one["pointer"], one["code"]) for one in errors]


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - OPEN_TO_ALL))
async def test_the_row_holds(world: World, name: str) -> None:
    operation = OPERATIONS[name]
    found = [await cell(world, operation, column) for column in COLUMNS]
    assert dict(zip(COLUMNS, found, strict=True)) == dict(
        zip(COLUMNS, TABLE.get(name, "").split() or [""] * len(COLUMNS), strict=True)
    ), f'{name} = "{" ".join(found)}"'
    nobody = await ask(world, operation, None, world.names["mawar"])
    assert (outcome(operation, nobody), nobody.status_code) == ("key", 401)


def cells(name: str, *words: str) -> list[tuple[str, str]]:
    """The columns in which an operation has one of these words, and the word."""
    row = zip(COLUMNS, TABLE[name].split(), strict=True)
    return [(column, word) for column, word in row if word in words]


@pytest.mark.parametrize("name", sorted(READS - OPEN_TO_ALL - TELLS_OF_ITSELF))
async def test_api_4_a_tag_is_for_who_may_see_what_it_names(world: World, name: str) -> None:
    """Whoever sees a thing is told its tag, and then 304; to whoever may not, a guessed tag, even
    that of every tag, is answered as if nothing had been guessed."""
    operation = OPERATIONS[name]
    for column, word in cells(name, "see", "may", "no", "nil"):
        role, names = column.split()[0], world.names[whose(column)[0]]
        key, query = world.keys[role], filtered(operation, role, names)
        first = await ask(world, operation, key, names, **query)
        known = {"if-none-match": first.headers.get("etag", "*")}
        again = await ask(world, operation, key, names, known, **query)
        if word == "see":
            assert (again.status_code, again.content) == (304, b""), column
            for header in ("etag", "cache-control", "vary"):
                assert again.headers.get(header) == first.headers.get(header), header
        else:
            assert again.status_code == first.status_code >= 400, column
            assert "etag" not in again.headers
            assert_tells_nothing(world, column, again)


@pytest.mark.parametrize("name", sorted(set(TABLE) - {"sync"} - READS))
async def test_api_4_who_may_not_touch_a_thing_hears_nothing_of_its_version(
    world: World, name: str
) -> None:
    """403 and 404 come before 428 and 412, whatever is said to have been seen."""
    operation, before = OPERATIONS[name], await world.market.event_count()
    said: list[Mapping[str, str]] = [{}, {"if-match": "*"}]
    if operation.on_version:
        said += [{"if-match": '"v1"'}, {"if-match": '"v99"'}]
    for column, _ in cells(name, "no", "nil"):
        key, names = world.keys[column.split()[0]], world.names[whose(column)[0]]
        if column == "operator":
            names = {**names, **dict.fromkeys(names, "nowhere")}
        answers = [await ask(world, operation, key, names, seen) for seen in said]
        assert {each.status_code for each in answers} <= {403, 404}, column
        for each in answers:
            assert "etag" not in each.headers
            assert "current_version" not in each.json(), each.text
            assert_tells_nothing(world, column, each)
    assert await world.market.event_count() == before


@pytest.mark.parametrize("name", sorted(READS - TELLS_OF_ITSELF))
async def test_sec_5_the_second_line_takes_nothing_from_what_a_view_shows(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every view asks for the right rows by itself: under the policies, and where all rows are
    seen, its answers are the same to the byte."""

    async def answers() -> list[tuple[str, int, str]]:
        found = []
        for column in COLUMNS[1:]:
            role, names = column.partition(" ")[0], world.names[whose(column)[0]]
            answer = await ask(world, OPERATIONS[name], world.keys[role], names)
            found.append((column, answer.status_code, answer.text if answer.is_success else ""))
        return found

    await world.market.projector.catch_up(NETWORK)
    under_policies = await answers()
    monkeypatch.setattr(Caller, "sight", Caller.sight_of_all)
    assert [each for each in await answers() if each not in under_policies] == []


@pytest.mark.parametrize("way", ["change", "cancel", "transfer"])
async def test_anothers_order_cannot_be_touched_in_ones_own_name(world: World, way: str) -> None:
    """The id of another's order is known, the koperasi left out or one's own."""
    names, key = world.names["melati"], world.keys["koperasi"]
    order_id, market = names["order_id"], world.market
    path = f"/v1/orders/{order_id}"
    headers = {"authorization": f"Bearer {key}", "idempotency-key": f"matrix-{new_id()}"}
    before = await market.event_count()
    if way == "change":
        body: dict[str, Any] = {"cycle_id": names["cycle_id"], "lines": [oil(1)]}
        answer = await market.client.put(path, json=body, headers={**headers, "if-match": '"v1"'})
    elif way == "cancel":
        body = {"cycle_id": names["cycle_id"], "reason": "too much"}
        answer = await market.client.post(f"{path}/cancel", json=body, headers=headers)
    else:
        body = {"to_koperasi_id": "mawar", "to_order_id": new_id(), "reason": "it is ours"}
        answer = await market.client.post(f"{path}/transfer", json=body, headers=headers)
    assert answer.status_code in (403, 404, 409), answer.text
    assert_tells_nothing(world, "koperasi own", answer)
    assert await market.event_count() == before


async def test_a_city_office_names_no_single_koperasi(world: World) -> None:
    operation = OPERATIONS["exportSellingPrices"]
    answer = await ask(
        world, operation, world.keys["office"], world.names["mawar"], koperasi_id="mawar"
    )
    assert outcome(operation, answer) == "no"


async def test_one_key_is_one_request_of_one_tenant_only(world: World) -> None:
    """The idempotency key of another tells nothing: neither its answer, nor that there is one."""
    key, market = f"matrix-{new_id()}", world.market
    line = {"item_id": "rice", "quantity": 1, "amount_idr": 13_000}
    body = {"sold_on": "2026-02-15", "lines": [line]}
    melati = await market.koperasi("melati")
    answers = []
    for token in (melati.key, world.keys["koperasi"]):
        headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
        answers.append(await market.client.put(f"/v1/sales/{new_id()}", json=body, headers=headers))
    assert [each.status_code for each in answers] == [201, 201]
    assert "idempotent-replayed" not in answers[1].headers
    looked = [
        await market.client.get(
            f"/v1/operations/{key}", headers={"authorization": f"Bearer {world.keys[role]}"}
        )
        for role in ("device", "supplier", "auditor")
    ]
    assert [each.status_code for each in looked] == [200, 404, 404]
    assert looked[0].json()["position"] == answers[1].json()["position"]
