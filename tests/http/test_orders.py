"""Orders over HTTP: placed, changed, cancelled, repeated, raced, refused, and read back."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.reached import Reached
from jaringan_usaha.features.cycles.views import queries
from market import Market, later, oil, opened, rice
from service import NETWORK, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "till-7-request-000001"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """One listed and one stated cycle that take orders; nothing in it is ever closed."""
    async with opened(postgres, template) as market:
        await market.stock()
        await market.open_cycle("january")
        await market.open_cycle("receipts", prices="stated")
        for koperasi_id in ("melati", "mawar"):
            await market.koperasi(koperasi_id)
        yield market


def order(*lines: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"cycle_id": "january", "lines": list(lines) or [oil(12)], **other}


# -- placing -------------------------------------------------------------------------------


async def test_an_order_is_placed_and_read_back(market: Market) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    at = "2026-01-15T19:00:00+07:00"
    done = await market.place(melati, order(oil(12), rice(50), client_at=at), order_id)
    assert done.status_code == 201
    assert done.headers["location"] == f"/v1/orders/{order_id}"
    assert done.headers["etag"] == '"v1"'
    assert "idempotent-replayed" not in done.headers
    position = done.json()["position"]
    assert done.json() == {"position": position, "version": 1}
    shown = await melati.get(done.headers["location"], after=position)
    assert shown.headers["etag"] == '"v1"'
    expected = {
        "order_id": order_id,
        "cycle_id": "january",
        "koperasi_id": "melati",
        "version": 1,
        "state": "placed",
        "lines": [oil(12), rice(50)],
        "client_at": "2026-01-15T12:00:00Z",
        "position": position,
    }
    assert expected.items() <= shown.json().items()
    operation = await melati.get(f"/v1/operations/{order_id}")
    assert operation.json()["position"] == position


async def test_what_a_supplier_offers_no_more_is_not_ordered_and_what_was_keeps_its_price(
    postgres: EmbeddedServer, template: str
) -> None:
    async with opened(postgres, template) as market:
        await market.stock()
        await market.open_cycle("january", closes_at=later(days=900))
        melati = await market.koperasi("melati")
        body = order(oil(97))
        assert (await market.place(melati, body)).status_code == 201
        (nudge,) = (await melati.get("/v1/cycles/january/nudges")).json()["items"]
        assert nudge["more"] == 3
        compared = {"on": "2026-01-15", "quantity": 97}
        path = "/v1/items/oil/comparison"
        assert (await market.operator.get(path, **compared)).json()["best"] == "indofood"

        ends = {"supplier_id": "indofood", "valid_from_on": "2026-01-10", "tier_mode": "all_units"}
        done = await market.operator.put("/v1/price-lists/ends", **ends, rows=[], ended=["oil"])
        assert done.status_code == 201, done.text
        assert_refused(await market.place(melati, body), 409, "item-not-offered")
        assert (await market.place(melati, order(rice(50)))).status_code == 201
        await market.settle()
        assert (await market.operator.get(path, **compared)).json()["best"] is None
        nudges = (await melati.get("/v1/cycles/january/nudges")).json()
        assert (nudges["items"], nudges["totals"]["rows"]) == ([], 0)
        prices = (await melati.get("/v1/cycles/january/prices")).json()["items"]
        assert {each["item_id"]: each["price_idr"] for each in prices}["oil"] == 180_000

        path = "/v1/cycles/january/close"
        assert (await market.operator.post(path, early=True, reason="now")).status_code == 200
        await market.settle()
        frozen = (await melati.get("/v1/cycles/january/prices")).json()["items"]
        found = {each["item_id"]: (each["price_idr"], each["provisional"]) for each in frozen}
        assert found["oil"] == (180_000, False)


async def test_api_2_the_same_order_again_is_the_same_answer_and_no_event(market: Market) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    first = await market.place(melati, order(), order_id)
    count = await market.event_count()
    again = await market.place(melati, order(), order_id)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["etag"] == '"v1"'
    under_a_key = await market.place(melati, order(), order_id, idempotency_key=new_id())
    assert (under_a_key.status_code, under_a_key.content) == (200, first.content)
    assert await market.event_count() == count


async def test_api_2_other_content_under_a_taken_id_is_refused_with_the_version(
    market: Market,
) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    await market.place(melati, order(), order_id)
    for headers in ({}, {"idempotency_key": new_id()}):
        other = await market.place(melati, order(oil(13)), order_id, **headers)
        assert assert_refused(other, 409, "order-exists")["current_version"] == 1
        assert other.headers["etag"] == '"v1"'


async def test_an_order_id_is_taken_in_the_whole_network(market: Market) -> None:
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    order_id = new_id()
    await market.place(melati, order(), order_id)
    assert_refused(await market.place(mawar, order(), order_id), 409, "order-exists")


@pytest.mark.parametrize(
    "order_id",
    ["x", "019a0000-0000-4000-8000-000000000000", "019A0000-0000-7000-8000-00000000000a"],
)
async def test_only_a_uuid_v7_in_lower_case_is_an_order_id(market: Market, order_id: str) -> None:
    melati = await market.koperasi("melati")
    placed = await market.place(melati, order(), order_id)
    shown = await melati.get(f"/v1/orders/{order_id}")
    for refused in (placed, shown):
        problem = assert_refused(refused, 422, "validation-failed")
        assert [each["pointer"] for each in problem["errors"]] == ["/order_id"]


# -- changing and cancelling ---------------------------------------------------------------


async def test_api_4_an_order_is_changed_by_who_saw_its_version(market: Market) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    await market.place(melati, order(), order_id)
    changed = await market.place(melati, order(rice(9)), order_id, if_match='"v1"')
    assert (changed.status_code, changed.headers["etag"]) == (200, '"v2"')
    shown = (await melati.get(f"/v1/orders/{order_id}")).json()
    assert (shown["version"], shown["lines"]) == (2, [rice(9)])
    again = await market.place(melati, order(rice(9)), order_id, if_match='"v1"')
    assert (again.status_code, again.content) == (200, changed.content)
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("key", [True, False])
async def test_api_4_who_saw_an_older_version_is_told_the_present_one(
    market: Market, key: bool
) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    await market.place(melati, order(), order_id)
    await market.place(melati, order(oil(13)), order_id, if_match='"v1"')
    headers = {"idempotency_key": new_id()} if key else {}
    stale = await market.place(melati, order(oil(14)), order_id, if_match='"v1"', **headers)
    problem = assert_refused(stale, 412, "version-conflict")
    assert (problem["current_version"], stale.headers["etag"]) == (2, '"v2"')


async def test_changes_need_no_key_of_their_own(market: Market) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    await market.place(melati, order(oil(1)), order_id)
    for version in range(1, 5):
        changed = await market.place(
            melati, order(oil(version + 1)), order_id, if_match=f'"v{version}"'
        )
        assert changed.json()["version"] == version + 1
    back = await market.place(melati, order(oil(1)), order_id, if_match='"v5"')
    assert back.json()["version"] == 6


@pytest.mark.parametrize(
    "header", ['W/"v1"', '"1"', "v1", '"v1', '"v"', '"v0"', '"v٣"', '"v1", "v2"', "", "**"]
)
async def test_only_an_etag_of_ours_is_a_version(market: Market, header: str) -> None:
    melati = await market.koperasi("melati")
    path = f"/v1/orders/{new_id()}"
    headers = {"authorization": f"Bearer {melati.key}".encode(), "if-match": header.encode()}
    refused = await market.client.put(path, json=order(), headers=headers)
    assert_refused(refused, 422, "validation-failed")


async def test_nothing_unknown_is_changed_or_cancelled(market: Market) -> None:
    melati = await market.koperasi("melati")
    changed = await market.place(melati, order(), if_match='"v1"')
    assert_refused(changed, 404, "order-unknown")
    cancelled = await melati.post(f"/v1/orders/{new_id()}/cancel", cycle_id="january")
    assert_refused(cancelled, 404, "order-unknown")


async def test_a_cancelled_order_stays_visible_and_is_over(market: Market) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    await market.place(melati, order(), order_id)
    path = f"/v1/orders/{order_id}/cancel"
    body = {"cycle_id": "january", "reason": "too much"}
    stale = await market.send(melati, "POST", path, body=body, idempotency_key=KEY, if_match='"v2"')
    assert assert_refused(stale, 412, "version-conflict")["current_version"] == 1
    done = await melati.post(path, **body)
    assert (done.status_code, done.headers["etag"]) == (200, '"v2"')
    again = await melati.post(path, **body)
    assert (again.status_code, again.content) == (200, done.content)
    shown = (await melati.get(f"/v1/orders/{order_id}")).json()
    assert (shown["state"], shown["version"], shown["lines"]) == ("cancelled", 2, [oil(12)])
    change = await market.place(melati, order(oil(1)), order_id, if_match='"v2"')
    assert_refused(change, 409, "order-is-cancelled")
    anew = await market.place(melati, order(), order_id, idempotency_key=new_id())
    assert assert_refused(anew, 409, "order-exists")["current_version"] == 2


# -- keys ----------------------------------------------------------------------------------


async def test_api_1_a_key_replays_status_body_and_headers(market: Market) -> None:
    melati, order_id, key = await market.koperasi("melati"), new_id(), new_id()
    first = await market.place(melati, order(), order_id, idempotency_key=key)
    await market.place(melati, order(oil(13)), order_id, if_match='"v1"')
    await market.place(melati, order(oil(12)), order_id, if_match='"v2"')
    count = await market.event_count()
    for sent_as in (key, f'"{key}"'):
        again = await market.place(melati, order(), order_id, idempotency_key=sent_as)
        assert (again.status_code, again.content) == (201, first.content)
        for header in ("location", "etag", "content-type"):
            assert again.headers[header] == first.headers[header]
        assert again.headers["idempotent-replayed"] == "true"
    assert await market.event_count() == count


async def test_a_replay_does_not_mind_the_order_of_members(market: Market) -> None:
    melati, order_id, key = await market.koperasi("melati"), new_id(), new_id()
    body = order()
    await market.place(melati, body, order_id, idempotency_key=key)
    turned = dict(reversed(body.items()))
    again = await market.place(melati, turned, order_id, idempotency_key=key)
    assert again.headers["idempotent-replayed"] == "true"


async def test_api_1_a_key_stands_for_one_request_only(market: Market) -> None:
    melati, order_id, key = await market.koperasi("melati"), new_id(), new_id()
    await market.place(melati, order(), order_id, idempotency_key=key)
    count = await market.event_count()
    for other in (
        market.place(melati, order(oil(13)), order_id, idempotency_key=key),
        market.place(melati, order(), new_id(), idempotency_key=key),
        market.place(melati, order(oil(13)), order_id, idempotency_key=key, if_match='"v1"'),
        market.send(
            melati,
            "POST",
            f"/v1/orders/{order_id}/cancel",
            body={"cycle_id": "january"},
            idempotency_key=key,
        ),
    ):
        assert_refused(await other, 422, "idempotency-key-reused")
    assert await market.event_count() == count


async def test_api_1_the_same_key_of_another_koperasi_is_another_key(market: Market) -> None:
    key = new_id()
    for koperasi_id in ("melati", "mawar"):
        speaker = await market.koperasi(koperasi_id)
        done = await market.place(speaker, order(), idempotency_key=key)
        assert (done.status_code, done.headers.get("idempotent-replayed")) == (201, None)


async def test_api_1_a_post_needs_a_key(market: Market) -> None:
    melati = await market.koperasi("melati")
    path = f"/v1/orders/{new_id()}/cancel"
    missing = await market.send(melati, "POST", path, body={"cycle_id": "january"})
    assert_refused(missing, 400, "idempotency-key-missing")


@pytest.mark.parametrize(
    "keys",
    [
        ["short"],
        ["x" * 15],
        ["x" * 129],
        ["x" * 5_000],
        ["no spaces are allowed"],
        ["käse-und-noch-etwas-mehr"],
        [""],
        ['"unclosed-request-000001'],
        ['unopened-request-000001"'],
        ['till-7-"request"-000001'],
        ["till-7-request-000001", "till-7-request-000001"],
        ["till-7-request-000001", "till-7-request-000002"],
    ],
)
async def test_api_1_a_key_out_of_form_or_two_of_them_are_refused(
    market: Market, keys: list[str]
) -> None:
    melati = await market.koperasi("melati")
    headers = [(b"authorization", f"Bearer {melati.key}".encode())]
    headers += [(b"idempotency-key", key.encode("latin-1")) for key in keys]
    for method, path, body in (
        ("POST", f"/v1/orders/{new_id()}/cancel", {"cycle_id": "january"}),
        ("PUT", f"/v1/orders/{new_id()}", order()),
    ):
        refused = await market.client.request(method, path, json=body, headers=headers)
        assert_refused(refused, 400, "idempotency-key-invalid")


async def test_api_1_fifty_at_once_under_one_key_are_one_order(market: Market) -> None:
    melati, order_id, key = await market.koperasi("melati"), new_id(), new_id()
    count = await market.event_count()
    answers = await asyncio.gather(
        *(market.place(melati, order(), order_id, idempotency_key=key) for _ in range(50))
    )
    assert {(each.status_code, each.content) for each in answers} == {(201, answers[0].content)}
    assert sum("idempotent-replayed" not in each.headers for each in answers) == 1
    assert await market.event_count() == count + 1


async def test_fifty_at_once_under_keys_of_their_own_are_one_order(market: Market) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    count = await market.event_count()
    answers = await asyncio.gather(
        *(market.place(melati, order(), order_id, idempotency_key=new_id()) for _ in range(50))
    )
    assert {each.content for each in answers} == {answers[0].content}
    assert sorted(each.status_code for each in answers) == [200] * 49 + [201]
    assert await market.event_count() == count + 1


async def test_api_4_of_many_changes_at_once_one_wins(market: Market) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    await market.place(melati, order(), order_id)
    answers = await asyncio.gather(
        *(
            market.place(melati, order(oil(100 + number)), order_id, if_match='"v1"')
            for number in range(20)
        )
    )
    (won,) = [number for number, each in enumerate(answers) if each.status_code == 200]
    for number, each in enumerate(answers):
        if number != won:
            assert assert_refused(each, 412, "version-conflict")["current_version"] == 2
    shown = (await melati.get(f"/v1/orders/{order_id}")).json()
    assert (shown["version"], shown["lines"]) == (2, [oil(100 + won)])


# -- for whom ------------------------------------------------------------------------------


async def test_a_koperasi_orders_for_itself_only(market: Market) -> None:
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    named = await market.place(melati, order(koperasi_id="melati"))
    assert named.status_code == 201
    path = named.headers["location"]
    other = await market.place(mawar, order(koperasi_id="melati"))
    assert_refused(other, 403, "forbidden")
    change = await market.send(mawar, "PUT", path, body=order(oil(1)), if_match='"v1"')
    assert_refused(change, 404, "order-unknown")
    own = await mawar.post(f"{path}/cancel", cycle_id="january")
    assert_refused(own, 404, "order-unknown")
    foreign = await mawar.post(f"{path}/cancel", cycle_id="january", koperasi_id="melati")
    assert_refused(foreign, 403, "forbidden")


async def test_a_koperasi_sees_its_own_orders_only(market: Market) -> None:
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    done = await market.place(melati, order())
    for speaker, status in ((melati, 200), (market.operator, 200), (mawar, 404)):
        assert (await speaker.get(done.headers["location"])).status_code == status
    unknown = await mawar.get(f"/v1/orders/{new_id()}")
    hidden = await mawar.get(done.headers["location"])
    for problem in (assert_refused(hidden, 404, "order-unknown"), unknown.json()):
        assert {**problem, "detail": "", "instance": ""} == {
            **unknown.json(),
            "detail": "",
            "instance": "",
        }
    listed = await mawar.get("/v1/orders", cycle_id="january", koperasi_id="melati")
    assert_refused(listed, 403, "forbidden")
    own = (await mawar.get("/v1/orders", cycle_id="january")).json()
    assert {each["koperasi_id"] for each in own["items"]} <= {"mawar"}


async def test_the_operator_says_for_whom(market: Market) -> None:
    done = await market.place(market.operator, order(koperasi_id="melati"))
    assert done.status_code == 201
    nobody = await market.place(market.operator, order())
    problem = assert_refused(nobody, 422, "validation-failed")
    assert problem["errors"][0]["pointer"] == "/koperasi_id"


# -- rules ---------------------------------------------------------------------------------


async def test_an_unknown_cycle_is_missing(market: Market) -> None:
    melati = await market.koperasi("melati")
    refused = await market.place(melati, order(cycle_id="february"))
    assert_refused(refused, 404, "cycle-unknown")


async def test_a_closed_cycle_takes_no_orders_and_no_changes(market: Market) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    await market.open_cycle("short")
    await market.place(melati, order(cycle_id="short"), order_id)
    closed = await market.operator.post("/v1/cycles/short/close", early=True, reason="flood")
    assert closed.status_code == 200
    late = await market.place(melati, order(cycle_id="short"))
    assert "closed_at" in assert_refused(late, 409, "order-window-closed")
    change = await market.place(melati, order(oil(1), cycle_id="short"), order_id, if_match='"v1"')
    assert_refused(change, 409, "order-window-closed")
    cancel = await melati.post(f"/v1/orders/{order_id}/cancel", cycle_id="short")
    assert_refused(cancel, 409, "order-window-closed")
    again = await market.place(melati, order(cycle_id="short"), order_id)
    assert again.status_code == 200


async def test_a_cycle_takes_no_orders_before_it_opens(market: Market) -> None:
    melati = await market.koperasi("melati")
    await market.open_cycle("soon", opens_at=later(hours=2))
    early = await market.place(melati, order(cycle_id="soon"))
    assert "opens_at" in assert_refused(early, 409, "cycle-not-open-yet")


async def test_time_is_over_at_the_deadline_even_before_the_clock_closes(market: Market) -> None:
    melati = await market.koperasi("melati")
    await market.open_cycle("due", closes_at=later(hours=2))
    clock = market.door.clock
    try:
        clock.offset += timedelta(hours=3)
        late = await market.place(melati, order(cycle_id="due"))
    finally:
        clock.offset -= timedelta(hours=3)
    assert_refused(late, 409, "order-window-closed")


async def test_a_suspended_koperasi_does_not_trade(market: Market) -> None:
    tulip, order_id = await market.koperasi("tulip"), new_id()
    await market.place(tulip, order(), order_id)
    await market.operator.post("/v1/koperasi/tulip/suspend", reason="no annual meeting")
    assert_refused(await market.place(tulip, order()), 409, "koperasi-may-not-trade")
    change = await market.place(tulip, order(oil(1)), order_id, if_match='"v1"')
    assert_refused(change, 409, "koperasi-may-not-trade")
    await market.operator.post("/v1/koperasi/tulip/reinstate", reason="it was held")
    assert (await market.place(tulip, order())).status_code == 201


async def test_who_is_not_admitted_does_not_order(market: Market) -> None:
    refused = await market.place(market.operator, order(koperasi_id="anggrek"))
    assert_refused(refused, 404, "koperasi-unknown")


STATED = {"supplier_id": "bulog", "item_id": "rice", "quantity": 3, "amount_idr": 37_500}


@pytest.mark.parametrize(
    ("cycle_id", "lines", "status", "code", "pointer"),
    [
        ("january", [{**oil(1), "item_id": "tea"}], 409, "item-not-offered", None),
        ("january", [{**oil(1), "supplier_id": "bulog"}], 409, "item-not-offered", None),
        ("january", [oil(0)], 422, "order-lines-invalid", "/lines/0/quantity"),
        ("january", [oil(1), oil(2)], 422, "order-lines-invalid", "/lines/1"),
        ("january", [STATED], 422, "order-lines-invalid", "/lines/0/amount_idr"),
        (
            "january",
            [{**oil(1), "discounts": [{"kind": "coupon", "idr": 1}]}],
            422,
            "order-lines-invalid",
            "/lines/0/amount_idr",
        ),
        ("receipts", [STATED, oil(1)], 422, "order-lines-invalid", "/lines/1/amount_idr"),
        (
            "receipts",
            [{**STATED, "supplier_id": "ghost"}],
            409,
            "item-not-offered",
            "/lines/0/supplier_id",
        ),
        ("receipts", [{**STATED, "item_id": "tea"}], 409, "item-not-offered", "/lines/0/item_id"),
        ("january", [], 422, "validation-failed", "/lines"),
        ("january", [{**oil(1), "quantity": -1}], 422, "validation-failed", "/lines/0/quantity"),
        ("january", [{**oil(1), "quantity": 1.0}], 422, "validation-failed", "/lines/0/quantity"),
        ("january", [{**oil(1), "quantity": "1"}], 422, "validation-failed", "/lines/0/quantity"),
        ("january", [{**oil(1), "quantity": True}], 422, "validation-failed", "/lines/0/quantity"),
        (
            "january",
            [{**oil(1), "quantity": 2**40 + 1}],
            422,
            "validation-failed",
            "/lines/0/quantity",
        ),
        ("january", [oil(1)] * 501, 422, "validation-failed", "/lines"),
    ],
)
async def test_lines_that_do_not_fit_are_refused(
    market: Market,
    cycle_id: str,
    lines: list[dict[str, Any]],
    status: int,
    code: str,
    pointer: str | None,
) -> None:
    melati, count = await market.koperasi("melati"), await market.event_count()
    refused = await market.place(melati, order(cycle_id=cycle_id) | {"lines": lines})
    problem = assert_refused(refused, status, code)
    assert [each["pointer"] for each in problem["errors"]] == ([pointer] if pointer else [])
    assert await market.event_count() == count


async def test_a_stated_order_keeps_its_amounts_and_discounts(market: Market) -> None:
    melati = await market.koperasi("melati")
    line = {**STATED, "discounts": [{"kind": "coupon", "idr": 500}]}
    free = {**oil(0), "amount_idr": 0}
    done = await market.place(melati, order(line, free, cycle_id="receipts"))
    shown = (await melati.get(done.headers["location"])).json()
    assert shown["lines"] == [line, free]


async def test_the_clock_of_a_device_needs_an_offset(market: Market) -> None:
    melati = await market.koperasi("melati")
    refused = await market.place(melati, order(client_at="2026-01-15T12:00:00"))
    problem = assert_refused(refused, 422, "validation-failed")
    (error,) = problem["errors"]
    assert (error["pointer"], error["code"]) == ("/client_at", "timezone-missing")


@pytest.mark.parametrize("at", ["2026-01-15T12:00:00+14:00", "0001-01-01T00:00:00+14:00"])
async def test_any_instant_is_data(market: Market, at: str) -> None:
    """The earliest instants lie before the first year in UTC: they do not fit, nothing breaks."""
    melati = await market.koperasi("melati")
    done = await market.place(melati, order(client_at=at))
    if at.startswith("0001"):
        assert_refused(done, 422, "validation-failed")
    else:
        assert done.status_code == 201


# -- reading -------------------------------------------------------------------------------


async def test_a_read_waits_for_the_position_it_names(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = asyncio.Event()

    class Watched(Reached):
        async def _look(self, network_id: int) -> int:
            shown = await super()._look(network_id)
            looked.set()
            return shown

    patient = Watched(market.door.read_pool, patience=600)
    monkeypatch.setattr(market.door, "reached", patient)
    melati = await market.koperasi("melati")
    done = await market.place(melati, order())
    path, position = done.headers["location"], done.json()["position"]
    assert (await market.send(melati, "GET", path)).status_code == 404
    waiting = asyncio.create_task(market.send(melati, "GET", f"{path}?after={position}"))
    await looked.wait()
    assert not waiting.done()
    await market.projector.catch_up(NETWORK)
    assert (await waiting).json()["position"] == position
    await patient.close()


async def test_a_position_that_is_not_recorded_yet_is_not_waited_for(market: Market) -> None:
    melati = await market.koperasi("melati")
    done = await market.place(melati, order())
    never = done.json()["position"] + 1_000
    answer = await market.send(melati, "GET", f"{done.headers['location']}?after={never}")
    problem = assert_refused(answer, 422, "validation-failed")
    assert problem["errors"][0]["pointer"] == "/after"


async def test_a_position_that_is_not_shown_in_time_is_busy(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    melati = await market.koperasi("melati")
    done = await market.place(melati, order())
    await market.projector.catch_up(NETWORK)
    hasty = Reached(market.door.read_pool, patience=0.05)
    monkeypatch.setattr(market.door, "reached", hasty)
    later = (await market.place(melati, order())).json()["position"]
    busy = await market.send(melati, "GET", f"{done.headers['location']}?after={later}")
    await hasty.close()
    problem = assert_refused(busy, 503, "busy")
    assert int(busy.headers["retry-after"]) > 0
    assert problem["as_of"] == done.json()["position"]
    assert "retry_after" not in problem


async def test_orders_are_listed_once_each_page_by_page(market: Market) -> None:
    kenanga = await market.koperasi("kenanga")
    await market.open_cycle("pages")
    body = order(cycle_id="pages")
    placed = [await market.place(kenanga, body) for _ in range(7)]
    found: list[str] = []
    following = "/v1/orders?cycle_id=pages&limit=3"
    while True:
        page = (await kenanga.get(following)).json()
        found += [each["order_id"] for each in page["items"]]
        await market.place(kenanga, body)  # what comes while we turn pages does not disturb
        if len(found) >= 7:
            break
        following = page["next"]
    asked = [each.headers["location"].rpartition("/")[2] for each in placed]
    assert [each for each in found if each in asked] == sorted(asked)
    assert len(set(found)) == len(found)


# -- folding -------------------------------------------------------------------------------


async def test_a_page_of_many_orders_of_one_item_is_folded_once_through(market: Market) -> None:
    """A change among them looks for where each demand began anew; it used to look through all of
    them for each of them."""
    steps = 500
    async with market.worker.acquire() as db:
        turn = db.transaction()
        await turn.start()
        try:
            await db.execute(queries.make_page_lines)
            await db.execute(
                "insert into page_lines (cycle_id, supplier_id, item_id, koperasi_id, position,"
                " order_lines) select 'anew', 'indofood', 'oil', 'melati', n,"
                " case when n = $1 / 2 then -1 else 1 end from generate_series(1, $1::int) n",
                steps,
            )
            (plan,) = json.loads(
                await db.fetchval(
                    "explain (analyze, buffers, format json) "
                    + queries.begin_anew.replace("$1", str(NETWORK))
                )
            )
        finally:
            await turn.rollback()
    assert 0 < plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Local Hit Blocks"] < steps
