"""Sync down: a caller is told of exactly what it can see, in the order of the log."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from house.trading import trade
from jaringan_usaha import house
from jaringan_usaha.api.access import issuing
from jaringan_usaha.api.access.caller import Role
from jaringan_usaha.api.access.issuing import Wanted
from jaringan_usaha.app import openapi_document
from jaringan_usaha.changes import waiting
from jaringan_usaha.changes.announcing import ANNOUNCED
from jaringan_usaha.changes.kinds import KINDS
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import Pool, owner_connection
from jaringan_usaha.eventlog.projector import Projector
from market import Market, opened
from service import NETWORK, assert_refused, cursor_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

Thing = tuple[str, str]
ROLES: dict[str, tuple[Role, dict[str, str]]] = {
    "operator": ("operator", {}),
    "auditor": ("auditor", {}),
    "melati": ("koperasi", {"koperasi_id": "melati"}),
    "mawar": ("device", {"koperasi_id": "mawar", "device_id": "till-2"}),
    "indofood": ("supplier", {"supplier_id": "indofood"}),
    "bulog": ("supplier", {"supplier_id": "bulog"}),
    "office": ("office", {}),
}


class Asker:
    """A caller that follows the changes."""

    def __init__(self, market: Market, key: str) -> None:
        self.market = market
        self.headers = {"authorization": f"Bearer {key}"}
        self.cursor = ""
        self.closed: set[str] = set()

    async def ask(self, **query: Any) -> httpx2.Response:
        headers = {**self.headers, **query.pop("headers", {})}
        return await self.market.client.get("/v1/changes", params=query, headers=headers)

    async def news(self, limit: int = 100) -> list[dict[str, Any]]:
        """Everything since the last time."""
        found: list[dict[str, Any]] = []
        while True:
            answer = await self.ask(cursor=self.cursor, limit=limit)
            assert answer.status_code == 200, answer.text
            assert len(answer.content) <= 64 << 10
            page = answer.json()
            self.cursor = cursor_of(page["next"])
            found += page["items"]
            if not page["more"]:
                return found

    async def look(self, thing: Thing) -> Any:
        """What is to be seen there: None without anything."""
        kind, thing_id = thing
        if kind in self.closed:
            return None
        url = KINDS[kind].url_of(thing_id)
        answer = await self.market.client.get(url, headers=self.headers)
        if answer.status_code == 403 and kind not in ("koperasi", "share-account"):
            self.closed.add(kind)
        if answer.status_code in (403, 404):
            return None
        assert answer.status_code == 200, f"{url}: {answer.text}"
        shown = answer.json()
        for figures in ("as_of", "totals"):  # which follow from other things
            shown.pop(figures, None)
        if kind == "rule":  # one list of all
            shown["items"] = [each for each in shown["items"] if each["rule_id"] == thing_id]
        return None if shown.get("items") == [] else shown


async def asker(market: Market, name: str, **wanted: Any) -> Asker:
    role, named = ROLES[name]
    pool, clock = market.door.write_pool, market.door.clock
    key = await issuing.issue(pool, clock, NETWORK, Wanted(role=role, **named, **wanted))
    return Asker(market, key)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """A day of trade in which everything happens."""
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        await trade(market)
        yield market


async def fold_anew(pool: Pool) -> None:
    rows = await pool.fetch(
        "select relname from pg_class where relnamespace = 'read'::regnamespace and relkind = 'r'"
    )
    for (table,) in rows:
        await pool.execute(f"delete from {table}")


async def test_api_7_every_event_type_says_what_it_changes() -> None:
    assert set(ANNOUNCED) == set(house.event_types().by_class)


async def test_api_7_every_kind_is_found_at_a_route_whose_tag_is_its_area() -> None:
    paths = openapi_document()["paths"]
    for kind in KINDS.values():
        path = kind.url_of("{}|{}").partition("?")[0].replace("/{}", "/*")
        tags = {
            operation["get"]["tags"][0].replace(" ", "-")
            for template, operation in paths.items()
            if "get" in operation
            and "/".join("*" if "{" in part else part for part in template.split("/")) == path
        }
        assert tags == {kind.area}, kind


async def test_api_7_what_is_announced_is_what_can_be_seen(market: Market) -> None:
    """The log is folded again, a few events at a time; after each, whatever a caller sees
    otherwise than before was announced to it, and whatever was announced it can see."""
    pool = market.worker
    rows = await pool.fetch("select distinct kind, id from changes")
    things: list[Thing] = [(row["kind"], row["id"]) for row in rows]
    assert {kind for kind, _ in things} == set(KINDS)
    await fold_anew(pool)
    projector = Projector(pool, house.event_types(), house.PROJECTIONS, page=12)
    askers = {name: await asker(market, name) for name in ROLES if name != "auditor"}
    seen: dict[str, dict[Thing, Any]] = {name: {} for name in askers}
    told: dict[str, set[Thing]] = {name: set() for name in askers}
    wrong: set[tuple[str, ...]] = set()
    while await projector.step(NETWORK):
        for name, each in askers.items():
            last = {(note["kind"], note["id"]): note for note in await each.news()}
            told[name].update(last)
            for thing in things:
                shown, note = await each.look(thing), last.get(thing)
                if note is None:
                    if shown != seen[name].get(thing):
                        wrong.add((name, "was not told of", *thing))
                elif note["change"] == "deleted":
                    if shown is not None:
                        wrong.add((name, "still sees", *thing))
                else:
                    answer = await market.client.get(note["url"], headers=each.headers)
                    if answer.status_code != 200:
                        wrong.add((name, "cannot see", *thing))
                seen[name][thing] = shown
    assert wrong == set()
    for name, shown in seen.items():
        visible = {thing for thing, content in shown.items() if content is not None}
        assert visible <= told[name]
        assert len(told[name]) > 2, name
    assert told["melati"] != told["mawar"]


async def test_api_7_pages_of_one_and_pages_of_many_tell_the_same(market: Market) -> None:
    await market.settle()
    for name in ("melati", "indofood", "operator"):
        one, many = await asker(market, name), await asker(market, name)
        told = await many.news()
        assert await one.news(limit=7) == told
        keys = [(note["position"], note["kind"], note["id"]) for note in told]
        assert keys == sorted(set(keys))
        assert await many.news() == []


async def test_api_7_a_cursor_is_good_for_who_got_it(market: Market) -> None:
    melati, mawar = await asker(market, "melati"), await asker(market, "mawar")
    first = cursor_of((await melati.ask(limit=1)).json()["next"])
    assert (await melati.ask(cursor=first)).status_code == 200
    forged = ("A" if first[0] != "A" else "B") + first[1:]
    for asking, cursor in ((mawar, first), (melati, forged), (melati, "x"), (melati, "é")):
        assert_refused(await asking.ask(cursor=cursor), 400, "cursor-invalid")


async def test_api_7_a_page_that_is_as_it_was_is_not_sent_again(market: Market) -> None:
    melati = await asker(market, "melati")
    await melati.news()
    for cursor in ("", melati.cursor):
        first = await melati.ask(cursor=cursor)
        same = await melati.ask(cursor=cursor, headers={"if-none-match": first.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"] == first.headers["etag"]
        other = await melati.ask(cursor=cursor, headers={"if-none-match": '"v1"'})
        assert other.content == first.content


async def test_api_7_a_page_of_the_longest_names_is_small(market: Market) -> None:
    long = "x" * 64
    item = {
        "position": 2**53,
        "kind": max(KINDS, key=len),
        "id": f"{long}|{long}",
        "change": "changed",
        "url": max((kind.url_of(f"{long}|{long}") for kind in KINDS.values()), key=len),
    }
    assert len(json.dumps([item] * 100)) + 1_000 < 64 << 10


async def test_api_7_a_key_with_scopes_is_told_what_it_may_read(market: Market) -> None:
    scoped = await asker(market, "melati", scopes=("changes:read", "orders:read"))
    assert {note["kind"] for note in await scoped.news()} == {"order", "tier-drop"}
    blind = await asker(market, "melati", scopes=("orders:read",))
    assert_refused(await blind.ask(), 403, "forbidden")


async def test_api_7_the_snapshot_names_lists_that_can_be_fetched(market: Market) -> None:
    for name in ROLES:
        each = await asker(market, name)
        answer = await market.client.get("/v1/changes/snapshot", headers=each.headers)
        each.cursor = cursor_of(answer.json()["next"])
        assert await each.news() == []
        fill = {"{cycle_id}": "listed", "{koperasi_id}": "melati", "{supplier_id}": "bulog"}
        for path in answer.json()["lists"]:
            for placeholder, value in fill.items():
                path = path.replace(placeholder, value)
            shown = await market.client.get(path, headers=each.headers)
            assert shown.status_code in (200, 404), f"{name} {path}: {shown.text}"
            assert shown.status_code == 200 or path.endswith("/shares")


# -- waiting -------------------------------------------------------------------------------


async def test_api_7_who_waits_is_told_and_holds_no_connection(market: Market) -> None:
    pool = market.door.read_pool
    askers = [await asker(market, name) for name in ("melati", "mawar", "indofood", "office")]
    for each in askers:
        await each.news()
    waits = [asyncio.create_task(each.ask(cursor=each.cursor, wait=25)) for each in askers]
    room = await _until_waiting(market, len(askers))
    await _until(lambda: pool.get_size() - pool.get_idle_size() <= 1)  # who listens for all
    await market.open_cycle("awaited")
    await market.projector.catch_up(NETWORK)
    told = [(await wait).json() for wait in (waits[0], waits[1], waits[3])]
    assert [[note["id"] for note in page["items"]] for page in told] == [["awaited"]] * 3
    assert len(room) == 1, "a supplier does not see cycles"
    waits[2].cancel()


async def test_api_7_waiting_ends_without_news(market: Market) -> None:
    melati = await asker(market, "melati")
    await melati.news()
    answer = await melati.ask(cursor=melati.cursor, wait=1)
    assert (answer.status_code, answer.json()["items"]) == (200, [])


async def test_api_7_only_so_many_wait(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    melati, mawar = await asker(market, "melati"), await asker(market, "mawar")
    await melati.news()
    await mawar.news()
    waits = [
        asyncio.create_task(melati.ask(cursor=melati.cursor, wait=20))
        for _ in range(waiting.MOST_OF_A_KEY)
    ]
    await _until_waiting(market, waiting.MOST_OF_A_KEY)
    refused = await melati.ask(cursor=melati.cursor, wait=20)
    assert_refused(refused, 429, "quota-exceeded")
    assert int(refused.headers["retry-after"]) > 0
    monkeypatch.setattr(waiting, "MOST", waiting.MOST_OF_A_KEY)
    refused = await mawar.ask(cursor=mawar.cursor, wait=20)
    assert_refused(refused, 503, "busy")
    for each in waits:
        each.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


async def test_api_7_who_hangs_up_frees_its_place(market: Market) -> None:
    """As a server tells it: the line is cut while the request waits."""
    melati = await asker(market, "melati")
    await melati.news()
    cut = asyncio.Event()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if sent == []:
            sent.append("asked")
            return {"type": "http.request", "body": b"", "more_body": False}
        await cut.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/changes",
        "raw_path": b"/v1/changes",
        "query_string": f"cursor={melati.cursor}&wait=25".encode(),
        "headers": [(b"authorization", melati.headers["authorization"].encode())],
        "client": ("127.0.0.1", 1),
    }
    app = market.client._transport.app  # type: ignore[attr-defined]  the whole service
    request = asyncio.create_task(app(scope, receive, send))
    room = await _until_waiting(market, 1)
    cut.set()
    await request
    assert len(room) == 0


async def test_api_7_an_old_cursor_says_where_to_begin_again(market: Market) -> None:
    """Five weeks later, what was told is not kept; whoever was there goes on."""
    melati, away = await asker(market, "melati"), await asker(market, "melati")
    await melati.news()
    away.cursor = cursor_of((await away.ask(limit=1)).json()["next"])
    async with owner_connection(market.url) as owner:
        await owner.execute("update read.change_days set recorded_on = recorded_on - 36")
    body = {"title": "Teh", "base_unit": "XPK", "case_size": 1}
    assert (await market.operator.put("/v1/items/tea", **body)).status_code == 201
    await market.projector.catch_up(NETWORK)
    told = await melati.news()
    assert [(note["kind"], note["id"], note["change"]) for note in told] == [
        ("item", "tea", "created")
    ]
    for cursor in ("", away.cursor):
        problem = assert_refused(await away.ask(cursor=cursor), 410, "cursor-expired")
        assert problem["snapshot_url"] == "/v1/changes/snapshot"
    assert await market.sql("select count(*) from changes") == 1


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.01)


async def _until_waiting(market: Market, count: int) -> waiting.Waiting:
    await _until(lambda: len(market.door.shelf.get("changes", ())) >= count)
    room: waiting.Waiting = market.door.shelf["changes"]
    return room
