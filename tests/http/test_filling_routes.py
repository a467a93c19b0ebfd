"""Drafts, terms, filled cases, late orders, prices shown and ceilings, over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.api.contract.problem_pages import remedy
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, later, oil, opened, price_list, rice
from service import NETWORK, Speaker, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEA_TIERS = [{"from_quantity": 1, "idr": 9_000, "per": 1}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """Besides oil and rice, tea in cases of six."""
    async with opened(postgres, template) as market:
        await market.stock()
        tea = {"title": "Teh", "base_unit": "XPK", "case_size": 6}
        assert (await market.operator.put("/v1/items/tea", **tea)).status_code == 201
        listed = price_list("bulog", "tea", TEA_TIERS)
        assert (await market.operator.put("/v1/price-lists/tea-1", **listed)).status_code == 201
        for koperasi_id in ("melati", "mawar", "kenanga"):
            await market.koperasi(koperasi_id)
        yield market


def tea(quantity: int, **other: Any) -> dict[str, Any]:
    return {"supplier_id": "bulog", "item_id": "tea", "quantity": quantity, **other}


# -- drafts and terms ----------------------------------------------------------------------


async def draft(market: Market, cycle_id: str, key: str, **terms: Any) -> Any:
    path = f"/v1/cycles/{cycle_id}/draft"
    body = market.cycle(**{"closes_at": later(days=900), **terms})
    headers = {"idempotency_key": key, "if_match": "*"}
    return await market.send(market.operator, "PUT", path, body=body, **headers)


async def test_a_draft_is_changed_freely_and_opened(market: Market) -> None:
    terms = {
        "opens_at": later(days=-1),
        "closes_at": later(days=900),
        "fill_from_at": later(days=899),
        "minimum": "keep_open",
        "keep_days": 2,
        "keep_times": 1,
        "sharing": "priority",
        "priority": ["mawar", "melati"],
        "tier_drop": "pooled",
        "late_seconds": 60,
        "host": "melati",
    }
    first = await draft(market, "drafted", "draft-request-000001", **terms)
    assert first.status_code == 201, first.text
    assert (await draft(market, "drafted", "draft-request-000002", title="Lain")).status_code == 201
    assert (await draft(market, "drafted", "draft-request-000003", **terms)).status_code == 201
    shown = (await market.operator.get("/v1/cycles/drafted")).json()
    assert (shown["state"], shown["title"]) == ("draft", "Belanja bareng")
    melati = await market.koperasi("melati")
    too_early = await market.place(melati, {"cycle_id": "drafted", "lines": [oil(1)]})
    assert_refused(too_early, 404, "cycle-unknown")
    assert_refused(await melati.post("/v1/cycles/drafted/open"), 403, "forbidden")
    opened = await market.operator.post("/v1/cycles/drafted/open")
    assert opened.status_code == 200, opened.text
    shown = (await market.operator.get("/v1/cycles/drafted")).json()
    assert shown["state"] == "open"
    for name in ("minimum", "keep_days", "keep_times", "sharing", "priority", "tier_drop", "host"):
        assert shown[name] == terms[name], name
    order = await market.place(melati, {"cycle_id": "drafted", "lines": [oil(1)]})
    assert order.status_code == 201
    again = await draft(market, "drafted", "draft-request-000004", title="Lain")
    assert_refused(again, 409, "cycle-exists")


async def test_what_is_no_draft_is_not_opened(market: Market) -> None:
    refused = await market.operator.post("/v1/cycles/nowhere/open")
    assert_refused(refused, 404, "cycle-unknown")


async def test_terms_that_do_not_fit_are_refused(market: Market) -> None:
    wrong = await draft(market, "misfit", "draft-request-000009", host="nobody")
    problem = assert_refused(wrong, 422, "cycle-terms-invalid")
    assert [error["pointer"] for error in problem["errors"]] == ["/host"]


# -- filling cases -------------------------------------------------------------------------


@asynccontextmanager
async def followed(market: Market) -> AsyncIterator[None]:
    """Read tables that follow by themselves, as in a running service."""

    async def follow() -> None:
        while True:
            await market.projector.catch_up(NETWORK)
            await asyncio.sleep(0.01)

    following = asyncio.create_task(follow())
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def filling(market: Market, cycle_id: str, *lines: dict[str, Any]) -> str:
    """A cycle in which cases are filled since a while, and melati's order in it."""
    melati, order_id = await market.koperasi("melati"), new_id()
    now = market.door.clock.now()
    await market.open_cycle(
        cycle_id,
        closes_at=later(days=900),
        fill_from_at=(now - timedelta(minutes=1)).isoformat(),
    )
    market.live_at(timedelta(minutes=2))
    try:
        body = {"cycle_id": cycle_id, "lines": list(lines)}
        done = await market.place(melati, body, order_id)
        assert done.status_code == 201, done.text
    finally:
        market.live_at(timedelta(0))
    return order_id


async def place(market: Market, speaker: Speaker, cycle_id: str, *lines: dict[str, Any]) -> Any:
    return await market.place(speaker, {"cycle_id": cycle_id, "lines": list(lines)})


async def test_a5_only_what_fills_cases_is_taken_by_then(market: Market) -> None:
    order_id = await filling(market, "filled", tea(4))
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    async with followed(market):
        too_soon = await place(market, mawar, "filled", tea(2))
        assert_refused(too_soon, 503, "cycle-filling-begins")
        assert too_soon.headers["retry-after"] == "5"
        await market.settle()
        state = (await mawar.get("/v1/cycles/filled")).json()["state"]
        assert state == "box_fill"
        one = await place(market, mawar, "filled", tea(1))
        assert one.status_code == 201, "one unit less is missing"
        refused = await place(market, mawar, "filled", tea(2))
        problem = assert_refused(refused, 409, "change-fills-no-case")
        assert (problem["firm"], problem["case_size"], problem["missing"]) == (5, 6, 1)
        path = f"/v1/orders/{order_id}"
        preview = (await melati.get(f"{path}/withdrawal")).json()
        assert (preview["allowed"], preview["code"]) == (False, "change-fills-no-case")
        left = await melati.post(f"{path}/cancel", cycle_id="filled")
        assert_refused(left, 409, "change-fills-no-case")
        body = {"cycle_id": "filled", "lines": [tea(5)]}
        more = await market.send(melati, "PUT", path, body=body, if_match='"v1"')
        assert (more.status_code, more.headers["etag"]) == (200, '"v2"')
    totals = (await mawar.get("/v1/cycles/filled/totals")).json()["items"]
    assert [each["quantity"] for each in totals] == [6]


async def test_a5_of_changes_at_once_only_as_many_are_taken_as_fill_a_case(
    market: Market,
) -> None:
    """Each of them would fill the case alone; all of them together begin another."""
    await filling(market, "raced", tea(4))
    await market.settle()
    speakers = [await market.koperasi(each) for each in ("melati", "mawar", "kenanga")]
    async with followed(market):
        answers = await asyncio.gather(
            *(place(market, speaker, "raced", tea(2)) for speaker in speakers for _ in range(3))
        )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201, *[409] * 8], [answer.text for answer in answers]
    totals = (await speakers[0].get("/v1/cycles/raced/totals")).json()["items"]
    assert [each["quantity"] for each in totals] == [6]


async def test_a5_holds_for_lines_in_bulk_too(market: Market) -> None:
    await filling(market, "bulk", tea(4))
    await market.settle()
    mawar = await market.koperasi("mawar")
    lines = [
        {
            "op_id": new_id(),
            "type": "place_order",
            "body": {"order_id": new_id(), "cycle_id": "bulk", "lines": [tea(2)]},
        }
        for _ in range(2)
    ]
    async with followed(market):
        answer = await market.client.post(
            "/v1/sync",
            content="\n".join(json.dumps(line) for line in lines),
            headers={
                "authorization": f"Bearer {mawar.key}",
                "content-type": "application/x-ndjson",
            },
        )
    verdicts = [json.loads(line) for line in answer.text.splitlines()]
    assert [each["status"] for each in verdicts] == [201, 409], verdicts
    assert verdicts[1]["problem"]["code"] == "change-fills-no-case"


# -- late, shown, too dear -----------------------------------------------------------------


async def test_an_order_that_was_written_in_time_is_taken_late(market: Market) -> None:
    melati = await market.koperasi("melati")
    closes_at = market.door.clock.now() + timedelta(seconds=30)
    await market.open_cycle("late", closes_at=closes_at.isoformat(), late_seconds=600)
    market.live_at(timedelta(minutes=-5))
    try:
        body = {"cycle_id": "late", "lines": [oil(1)]}
        assert_refused(await market.place(melati, body), 409, "order-window-closed")
        in_time = {**body, "client_at": closes_at.isoformat()}
        assert (await market.place(melati, in_time)).status_code == 201
        behind = {**body, "client_at": (closes_at + timedelta(seconds=1)).isoformat()}
        assert_refused(await market.place(melati, behind), 409, "order-window-closed")
    finally:
        market.live_at(timedelta(0))


async def test_a_price_that_differs_is_refused_with_the_right_ones(market: Market) -> None:
    melati = await market.koperasi("melati")
    await market.open_cycle("shown", closes_at=later(days=900))
    right = {**oil(50), "shown_idr": 174_000}
    assert (await place(market, melati, "shown", right)).status_code == 201
    wrong = await place(market, melati, "shown", {**oil(50), "shown_idr": 186_000})
    problem = assert_refused(wrong, 409, "price-differs")
    assert problem["prices"] == [
        {"from_quantity": 50, "idr": 180_000, "per": 1},
        {"from_quantity": 100, "idr": 174_000, "per": 1},
    ]
    assert "`prices` names the right ones" in remedy("price-differs").english


async def test_what_costs_more_than_its_ceiling_is_not_ordered(market: Market) -> None:
    values = {"zone_1_idr": 12_499, "zone_2_idr": 13_000, "zone_3_idr": 13_000, "per": 1}
    rule = {"values": values, "source": "Bapanas 299/2025"}
    melati = await market.koperasi("melati")
    await market.open_cycle("ceiling", closes_at=later(days=900))
    assert (await place(market, melati, "ceiling", rice(5))).status_code == 201
    done = await market.operator.put("/v1/rules/het.rice/2026-01-01", **rule)
    assert done.status_code == 201, done.text
    refused = await place(market, melati, "ceiling", rice(5))
    problem = assert_refused(refused, 409, "het-exceeded")
    assert problem["reason"] == "HET_EXCEEDED"
    assert (problem["rule"], problem["rule_version_no"], problem["ceiling_idr"]) == (
        "het.rice",
        1,
        12_499,
    )


async def test_sphp_of_two_orders_at_once_only_one_fits_into_the_week(market: Market) -> None:
    zones = {f"{step}zone_{zone}_idr": 200_000 for step in ("buy_", "") for zone in (1, 2, 3)}
    values = {**zones, "per": 1, "most_per_customer_day": 10, "most_per_koperasi_week": 20}
    rule = {"values": values, "source": "Bapanas, Juli 2025"}
    melati = await market.koperasi("melati")
    await market.open_cycle("sphp", closes_at=later(days=900))
    done = await market.operator.put("/v1/rules/sphp.oil/2026-01-01", **rule)
    assert done.status_code == 201, done.text
    try:
        answers = await asyncio.gather(*(place(market, melati, "sphp", oil(15)) for _ in range(2)))
        assert sorted(each.status_code for each in answers) == [201, 409]
        (refused,) = [each for each in answers if each.status_code == 409]
        problem = assert_refused(refused, 409, "sphp-limit-exceeded")
        assert (problem["most"], problem["left"], problem["rule"]) == (20, 5, "sphp.oil")
        assert (await place(market, melati, "sphp", oil(5))).status_code == 201
    finally:
        unlimited = {key: at for key, at in values.items() if key != "most_per_koperasi_week"}
        await market.operator.put(
            "/v1/rules/sphp.oil/2026-01-02", values=unlimited, source=rule["source"]
        )
