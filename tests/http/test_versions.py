"""API-4: what is read has a tag, and a command that changes a thing says which one it has seen.

`preconditions.toml` has a row for each command of the contract; a new one without it fails here.
"""

import asyncio
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.app import openapi_document
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, later
from service import Speaker, assert_refused
from way import Way, travelled, wanted

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABLE: Mapping[str, str] = tomllib.loads((Path(__file__).parent / "preconditions.toml").read_text())
COMMANDS = {
    operation["operationId"]: {each["name"].lower() for each in operation.get("parameters", ())}
    for operations in openapi_document()["paths"].values()
    for method, operation in operations.items()
    if method != "get"
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def way(postgres: EmbeddedServer, template: str) -> AsyncIterator[Way]:
    async with travelled(postgres, template) as way:
        yield way


@pytest.fixture
def market(way: Way) -> Market:
    return way.market


# -- which commands ------------------------------------------------------------------------


async def test_api_4_every_command_says_whether_it_changes_what_has_a_version() -> None:
    assert set(TABLE) == set(COMMANDS)
    assert set(TABLE.values()) <= {"version", "places", "adds", "sets", "lines"}
    for name, parameters in COMMANDS.items():
        assert ("if-match" in parameters) == (TABLE[name] in ("version", "places")), name


async def test_api_4_the_contract_asks_for_what_is_never_done_without() -> None:
    """A draft alone may be the first."""
    for operations in openapi_document()["paths"].values():
        for operation in operations.values():
            (found,) = [
                each["required"]
                for each in operation.get("parameters", ())
                if each["name"] == "if-match"
            ] or [None]
            word = TABLE.get(operation["operationId"])
            changes = word == "version" and operation["operationId"] != "draftCycle"
            assert bool(found) == changes, operation["operationId"]


async def test_api_4_no_condition_is_passed_over_in_silence(market: Market) -> None:
    for path, body in (
        ("/v1/suppliers/sania", {"title": "Sania"}),
        ("/v1/items/oil/description", {"tax_class": "standard"}),
    ):
        refused = await market.send(market.operator, "PUT", path, body=body, if_match='"v1"')
        assert_refused(refused, 422, "validation-failed")
        done = await market.send(market.operator, "PUT", path, body=body, if_match="*")
        assert done.status_code == 201


# -- every command that changes a thing ----------------------------------------------------


class Change(NamedTuple):
    """A command, and the GET that shows what it changes."""

    shown: str
    path: str
    body: dict[str, Any]
    method: str = "POST"


REASON = {"reason": "it was agreed"}


async def a_koperasi(way: Way, name: str) -> Change:
    """Suspended, when it is to be reinstated."""
    verb = name.removesuffix("Koperasi")
    path = f"/v1/koperasi/for-{verb}"
    await way.put(path, title="Kop")
    if verb == "reinstate":
        await way.post(f"{path}/suspend", **REASON)
    return Change(path, f"{path}/{verb}", REASON)


async def a_supplier(way: Way, name: str) -> Change:
    verb = name.removesuffix("Supplier")
    path = f"/v1/suppliers/for-{verb}"
    await way.put(path, title="PT")
    if verb == "reinstate":
        await way.post(f"{path}/suspend", **REASON)
    return Change(path, f"{path}/{verb}", REASON)


async def a_draft(way: Way, name: str) -> Change:
    path = f"/v1/cycles/{name}"
    terms = way.market.cycle(closes_at=later(days=900))
    first = await put_draft(way.market, path, terms)
    assert first.status_code == 201, "there was nothing to have seen"
    if name == "openDraft":
        return Change(path, f"{path}/open", {})
    return Change(path, f"{path}/draft", {**terms, "title": "Another"}, "PUT")


async def put_draft(market: Market, path: str, terms: object, **headers: str) -> httpx2.Response:
    headers = {"idempotency_key": new_id(), **headers}
    return await market.send(market.operator, "PUT", f"{path}/draft", body=terms, **headers)


async def a_cycle(way: Way, name: str) -> Change:
    path = f"/v1/cycles/{name}"
    await way.open(name)
    body: dict[str, Any] = REASON
    if name == "reopenCycle":
        await way.order("a", name, wanted("oil", 10))
        await way.close(name)
        body = {**REASON, "closes_at": later(days=901)}
    if name == "closeCycle":
        body = {**REASON, "early": True}
    return Change(path, f"{path}/{name.removesuffix('Cycle')}", body)


async def an_order(way: Way, name: str) -> Change:
    await way.open(name)
    path = f"/v1/orders/{await way.order('a', name, wanted('oil', 10))}"
    if name == "cancelOrder":
        return Change(path, f"{path}/cancel", {"cycle_id": name, "koperasi_id": "a"})
    await way.close(name)
    body = {"to_koperasi_id": "b", "to_order_id": new_id(), **REASON}
    return Change(path, f"{path}/transfer", body)


async def a_group_order(way: Way, name: str) -> Change:
    await way.open(name)
    await way.order("a", name, wanted("oil", 10))
    await way.close(name)
    path = f"/v1/consolidated-orders/{name}/indofood"
    if name == "sendConsolidatedOrder":
        return Change(f"{path}/state", f"{path}/send", {"reference": "PO 1"})
    await way.send(name, "indofood")
    return Change(f"{path}/state", f"{path}/acknowledge", {"revision": 1})


async def a_held_invoice(way: Way, name: str) -> Change:
    await way.open(name)
    await way.order("a", name, wanted("rice", 50))
    await way.close(name)
    await way.send(name, "bulog")
    await way.receive(f"sj-{name}", name, "rice", 50)
    await way.invoice(name, name, "rice", 50, 5_000_000)
    path = f"/v1/supplier-invoices/{name}"
    verb = name.removesuffix("SupplierInvoice")
    return Change(path, f"{path}/{verb}", REASON)


THINGS: Mapping[str, Callable[[Way, str], Awaitable[Change]]] = {
    "acknowledgeConsolidatedOrder": a_group_order,
    "cancelCycle": a_cycle,
    "cancelOrder": an_order,
    "closeCycle": a_cycle,
    "draftCycle": a_draft,
    "openDraft": a_draft,
    "refuseSupplierInvoice": a_held_invoice,
    "reinstateKoperasi": a_koperasi,
    "reinstateSupplier": a_supplier,
    "releaseSupplierInvoice": a_held_invoice,
    "reopenCycle": a_cycle,
    "sendConsolidatedOrder": a_group_order,
    "suspendKoperasi": a_koperasi,
    "suspendSupplier": a_supplier,
    "transferOrder": an_order,
}


MAY_BE_NEW = {"draftCycle"}
"""Made by the same command; so a repetition is one without `If-Match` too."""


async def ask(market: Market, change: Change, **headers: str) -> httpx2.Response:
    headers = {"idempotency_key": new_id(), **headers}
    speaker = market.operator
    return await market.send(speaker, change.method, change.path, body=change.body, **headers)


async def test_api_4_every_thing_that_changes_is_tried_below() -> None:
    assert set(THINGS) == {name for name, word in TABLE.items() if word == "version"}


@pytest.mark.parametrize("name", THINGS)
async def test_api_4_who_changes_a_thing_says_what_was_seen_of_it(way: Way, name: str) -> None:
    market = way.market
    change = await THINGS[name](way, name)
    await market.settle()
    shown = await market.operator.get(change.shown)
    tag, version = shown.headers["etag"], shown.json()["version"]
    assert tag.startswith(f'"v{version}')
    count = await market.event_count()

    unsaid = await ask(market, change)
    assert_refused(unsaid, 428, "precondition-required")
    assert "etag" not in unsaid.headers, "or it would be sent back unseen"
    stale = await ask(market, change, if_match=f'"v{version + 1}"')
    assert assert_refused(stale, 412, "version-conflict")["current_version"] == version
    assert stale.headers["etag"] == f'"v{version}"'
    assert await market.event_count() == count, "a refusal leaves no row"

    key = new_id()
    done = await ask(market, change, if_match=tag, idempotency_key=key)
    assert done.is_success, done.text
    await market.settle()
    now = await market.operator.get(change.shown)
    assert now.json()["version"] > version
    again = await ask(market, change, if_match=tag, idempotency_key=key)
    assert (again.status_code, again.content) == (done.status_code, done.content)
    assert again.headers["idempotent-replayed"] == "true"
    if name not in MAY_BE_NEW:
        assert_refused(await ask(market, change, idempotency_key=key), 428, "precondition-required")
    assert again.headers["etag"] == done.headers["etag"]


async def test_api_4_a_star_means_whatever_it_is_now(way: Way) -> None:
    path = "/v1/suppliers/star"
    await way.put(path, title="PT")
    for verb, version in (("suspend", 2), ("reinstate", 3)):
        done = await ask(way.market, Change(path, f"{path}/{verb}", REASON), if_match="*")
        assert (done.status_code, done.headers["etag"]) == (200, f'"v{version}"')


async def test_api_4_of_two_who_saw_the_same_one_wins(way: Way) -> None:
    """Both decide on what is remembered; the log takes one of them."""
    market = way.market
    for number in range(10):
        path = f"/v1/cycles/race-{number}"
        terms = market.cycle(closes_at=later(days=900))
        assert (await put_draft(market, path, terms)).status_code == 201
        answers = await asyncio.gather(
            *(
                put_draft(market, path, {**terms, "title": f"Draft {each}"}, if_match='"v1"')
                for each in range(5)
            )
        )
        statuses = sorted(each.status_code for each in answers)
        assert statuses == [201, 412, 412, 412, 412], [each.text for each in answers]
        lost = next(each for each in answers if each.status_code == 412)
        assert assert_refused(lost, 412, "version-conflict")["current_version"] == 2


async def test_api_4_two_commands_of_different_kinds_race_for_one_version(way: Way) -> None:
    market = way.market
    await way.open("race-to-end")
    path = "/v1/cycles/race-to-end"
    close = Change(path, f"{path}/close", {**REASON, "early": True})
    cancel = Change(path, f"{path}/cancel", REASON)
    answers = await asyncio.gather(
        ask(market, close, if_match='"v1"'), ask(market, cancel, if_match='"v1"')
    )
    assert sorted(each.status_code for each in answers) == [200, 412]


async def test_api_4_a_line_of_a_sync_may_say_what_the_device_saw(way: Way) -> None:
    market = way.market
    await way.open("by-line")
    order_id = await way.order("a", "by-line", wanted("oil", 10))
    speaker = await market.koperasi("a")
    body = {"order_id": order_id, "cycle_id": "by-line", "lines": [wanted("oil", 11)]}
    for seen, status in ((2, 412), (1, 201), (None, 201)):
        line = {"op_id": new_id(), "type": "change_order", "body": body}
        if seen is not None:
            line["if_version"] = seen
        verdict = (await market.send(speaker, "POST", "/v1/sync", body=line)).json()
        assert verdict["status"] == status, verdict
        if status == 412:
            assert verdict["problem"]["current_version"] == 1
        body = {**body, "lines": [wanted("oil", 12)]} if status == 201 else body
    shown = (await speaker.get(f"/v1/orders/{order_id}")).json()
    assert (shown["version"], shown["lines"][0]["quantity"]) == (3, 12)


async def test_api_4_an_order_is_replaced_whatever_it_is_and_back_again(way: Way) -> None:
    """Without a key each is a wish of its own, so that what was set can be set again."""
    market = way.market
    await way.open("to-and-fro")
    order_id = await way.order("a", "to-and-fro", wanted("oil", 10))
    speaker = await market.koperasi("a")
    for version, quantity in ((2, 11), (3, 12), (4, 11), (4, 11)):
        body = {"cycle_id": "to-and-fro", "lines": [wanted("oil", quantity)]}
        done = await market.place(speaker, body, order_id, if_match="*")
        assert (done.status_code, done.json()["version"]) == (200, version)


# -- tags of what is read ------------------------------------------------------------------


async def get(speaker: Speaker, path: str, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named["authorization"] = f"Bearer {speaker.key}"
    return await speaker.client.get(path, headers=named)


async def test_api_4_an_answer_one_has_already_is_not_sent_again(way: Way) -> None:
    await way.open("tagged")
    path = f"/v1/orders/{await way.order('a', 'tagged', wanted('oil', 10))}"
    await way.market.settle()
    speaker = await way.market.koperasi("a")
    first = await get(speaker, path)
    tag = first.headers["etag"]
    assert tag == '"v1"'
    for known in (tag, f"W/{tag}", f'"v7", {tag}', "*"):
        same = await get(speaker, path, if_none_match=known)
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"] == tag
        assert same.headers["cache-control"] == first.headers["cache-control"] == "no-store"
        assert "content-type" not in same.headers
    for other in ('"v2"', '"v1.0123456789abcdef"', "nonsense"):
        assert (await get(speaker, path, if_none_match=other)).status_code == 200


async def test_api_4_a_tag_moves_with_everything_that_is_shown(way: Way) -> None:
    """Also with what is no event of the thing itself: another language, another state."""
    await way.open("moving")
    await way.order("a", "moving", wanted("oil", 10))
    regretted = await way.order("b", "moving", wanted("oil", 10))
    await way.withdraw("b", "moving", regretted, 0)
    await way.close("moving")
    operator, path = way.market.operator, "/v1/cycles/moving"
    before = await get(operator, path)
    await way.send("moving", "indofood")
    after = await get(operator, path, if_none_match=before.headers["etag"])
    assert after.status_code == 200
    assert before.json()["version"] == after.json()["version"]
    assert before.json()["state"] != after.json()["state"]
    preview = f"/v1/orders/{regretted}/withdrawal"  # says in words that it is withdrawn
    indonesian = await get(operator, preview, accept_language="id")
    tag = indonesian.headers["etag"]
    english = await get(operator, preview, accept_language="en", if_none_match=tag)
    assert (english.status_code, english.headers["vary"]) == (200, "Accept-Language")
    same = await get(operator, preview, accept_language="id", if_none_match=tag)
    assert (same.status_code, same.headers["vary"]) == (304, "Accept-Language")


async def test_api_4_a_list_has_a_tag_for_each_who_asks(way: Way) -> None:
    await way.open("listed")
    for koperasi_id in "ab":
        await way.order(koperasi_id, "listed", wanted("oil", 10))
    await way.market.settle()
    a, b = await way.market.koperasi("a"), await way.market.koperasi("b")
    path = "/v1/orders?cycle_id=listed"
    tags = [(await get(each, path)).headers["etag"] for each in (a, b)]
    assert tags[0] != tags[1]
    assert (await get(a, path, if_none_match=tags[0])).status_code == 304
    assert (await get(b, path, if_none_match=tags[0])).status_code == 200
