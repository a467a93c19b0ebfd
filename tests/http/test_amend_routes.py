"""After the close: sent, acknowledged, withdrawn late, handed on, taken back, over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.features.cycles.group import price_routes
from market import Market, later, oil, opened, rice
from service import assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

WANTED = {"melati": 40, "mawar": 35, "kenanga": 20, "dahlia": 10}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        await market.stock()
        for koperasi_id in (*WANTED, "anggrek"):
            await market.koperasi(koperasi_id)
        yield market


async def closed(market: Market, cycle_id: str, **terms: Any) -> dict[str, str]:
    """A cycle of 105 cartons of oil, closed and consolidated; its orders by koperasi."""
    await market.open_cycle(cycle_id, closes_at=later(days=900), **terms)
    orders = {}
    for koperasi_id, quantity in WANTED.items():
        speaker = await market.koperasi(koperasi_id)
        orders[koperasi_id] = order_id = new_id()
        lines = [oil(quantity), rice(5)] if koperasi_id == "melati" else [oil(quantity)]
        done = await market.place(speaker, {"cycle_id": cycle_id, "lines": lines}, order_id)
        assert done.status_code == 201, done.text
    await close(market, cycle_id)
    return orders


async def close(market: Market, cycle_id: str) -> None:
    path = f"/v1/cycles/{cycle_id}/close"
    done = await market.operator.post(path, early=True, reason="the truck leaves")
    assert done.status_code == 200, done.text
    await market.settle()


async def shown(market: Market, path: str, **query: str | int) -> dict[str, Any]:
    answer = await market.operator.get(path, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def cycle_state(market: Market, cycle_id: str) -> str:
    return str((await shown(market, f"/v1/cycles/{cycle_id}"))["state"])


async def post(market: Market, path: str, **body: Any) -> Any:
    """What the operator asks for, when everything before is shown."""
    await market.settle()
    return await market.operator.post(path, **body)


# -- with the supplier ---------------------------------------------------------------------


async def test_a_cycle_is_as_far_as_its_least_advanced_order(market: Market) -> None:
    await closed(market, "sent")
    assert await cycle_state(market, "sent") == "consolidated"
    path = "/v1/consolidated-orders/sent"
    assert_refused(
        await post(market, f"{path}/indofood/acknowledge", revision=1),
        409,
        "consolidated-order-not-sent",
    )
    for supplier_id in ("indofood", "bulog"):
        assert await cycle_state(market, "sent") == "consolidated"
        done = await post(market, f"{path}/{supplier_id}/send", reference=f"PO {supplier_id}")
        assert done.status_code == 200, done.text
    assert await cycle_state(market, "sent") == "sent"
    line = {"item_id": "oil", "cases": 3, "reason": "out of stock"}
    done = await post(market, f"{path}/indofood/acknowledge", revision=1, lines=[line])
    assert done.status_code == 200, done.text
    assert await cycle_state(market, "sent") == "sent"
    assert (await post(market, f"{path}/bulog/acknowledge", revision=1)).status_code == 200
    assert await cycle_state(market, "sent") == "acknowledged"
    state = await shown(market, f"{path}/indofood/state")
    assert (state["state"], state["revision"], state["told"], state["untold"]) == (
        "acknowledged",
        1,
        1,
        False,
    )
    assert state["reference"] == "PO indofood"
    assert state["answers"] == [{**line, "revision": 1}]
    listed = await shown(market, "/v1/order-states", cycle_id="sent", state="acknowledged")
    assert [each["supplier_id"] for each in listed["items"]] == ["bulog", "indofood"]
    by_state = await shown(market, "/v1/cycles", state="acknowledged")
    assert "sent" in [each["cycle_id"] for each in by_state["items"]]


async def test_what_is_not_there_is_not_sent(market: Market) -> None:
    await market.open_cycle("unsent", closes_at=later(days=900))
    path = "/v1/consolidated-orders/unsent/indofood"
    assert_refused(await post(market, f"{path}/send"), 409, "cycle-still-open")
    nobody = "/v1/consolidated-orders/nowhere/indofood"
    assert_refused(await post(market, f"{nobody}/send"), 404, "cycle-unknown")
    unknown = await post(market, f"{nobody}/acknowledge", revision=1)
    assert_refused(unknown, 404, "consolidated-order-unknown")
    missing = await market.operator.get(f"{nobody}/state")
    assert_refused(missing, 404, "consolidated-order-unknown")


async def test_a_koperasi_neither_sends_nor_reopens(market: Market) -> None:
    orders = await closed(market, "kept")
    melati = await market.koperasi("melati")
    path = "/v1/consolidated-orders/kept/indofood"
    refused = [
        await melati.post(f"{path}/send"),
        await melati.post(f"{path}/acknowledge", revision=1),
        await melati.get(f"{path}/state"),
        await melati.get("/v1/order-states"),
        await melati.post("/v1/cycles/kept/reopen", closes_at=later(days=1), reason="flood"),
        await melati.post(
            f"/v1/orders/{orders['melati']}/transfer",
            to_koperasi_id="mawar",
            to_order_id=new_id(),
            reason="too much",
        ),
        await melati.post(
            f"/v1/orders/{orders['melati']}/cancel", cycle_id="kept", supplier_agrees=True
        ),
    ]
    for each in refused:
        assert_refused(each, 403, "forbidden")


# -- late withdrawals ----------------------------------------------------------------------


async def test_tp5_a_late_withdrawal_states_its_charge_before_it_is_accepted(
    market: Market,
) -> None:
    orders = await closed(market, "late")
    dahlia = await market.koperasi("dahlia")
    path = f"/v1/orders/{orders['dahlia']}"
    preview = (await dahlia.get(f"{path}/withdrawal")).json()
    assert preview["code"] is None, preview
    assert (preview["allowed"], preview["state"], preview["must_agree"]) == (
        True,
        "consolidated",
        [],
    )
    assert (preview["charge_idr"], preview["own_charge_idr"]) == (570_000, 570_000)
    (item,) = preview["items"]
    expected = {
        "item_id": "oil",
        "quantity": 10,
        "group_before": 105,
        "group_after": 95,
        "price_before_idr": 174_000,
        "price_after_idr": 180_000,
        "short": 0,
    }
    assert expected.items() <= item.items()
    refused = await dahlia.post(f"{path}/cancel", cycle_id="late", reason="no money")
    problem = assert_refused(refused, 409, "charge-not-accepted")
    assert problem["charge_idr"] == 570_000
    body = {"cycle_id": "late", "reason": "no money", "charge_idr": 570_000}
    done = await dahlia.post(f"{path}/cancel", **body)
    assert done.status_code == 200, done.text
    await market.settle()
    assert (await dahlia.get(path)).json()["state"] == "cancelled"
    again = (await dahlia.get(f"{path}/withdrawal")).json()
    assert (again["allowed"], again["code"], again["items"]) == (False, "order-is-cancelled", [])
    lines = await shown(market, "/v1/consolidated-orders/late/indofood/lines")
    assert [(each["quantity"], each["amount_idr"]) for each in lines["items"]] == [(95, 17_100_000)]
    orders_now = await shown(
        market, "/v1/consolidated-orders", cycle_id="late", supplier_id="indofood"
    )
    assert orders_now["items"][0]["amount_idr"] == 17_100_000
    assert (await shown(market, "/v1/cycles/late"))["amount_idr"] == 17_100_000 + 5 * 12_500
    entitled = await shown(market, "/v1/cycles/late/entitlements", supplier_id="indofood")
    assert {each["koperasi_id"]: each["granted"] for each in entitled["items"]} == {
        "melati": 40,
        "mawar": 35,
        "kenanga": 20,
    }
    mawar = await market.koperasi("mawar")
    for supplier, rice_idr in (({}, 5 * 12_500), ({"supplier_id": "indofood"}, 0)):
        found = await shown(market, "/v1/margin", cycle_id="late", **supplier)
        assert found["totals"]["amount_idr"] == 17_100_000 + rice_idr
        expected_idr = {each["koperasi_id"]: each["amount_idr"] for each in found["items"]}
        assert expected_idr["melati"] == 40 * 180_000 + rice_idr
        assert (expected_idr["mawar"], expected_idr["dahlia"]) == (35 * 180_000, 0)
        own = (await mawar.get("/v1/margin", cycle_id="late", **supplier)).json()
        assert [each["amount_idr"] for each in own["items"]] == [35 * 180_000]
        assert own["totals"]["amount_idr"] == 35 * 180_000
    drops = await shown(market, "/v1/tier-drops", cycle_id="late")
    assert drops["totals"] == {"rows": 4, "charged_idr": 570_000, "relieved_idr": 570_000}
    assert {
        each["koperasi_id"]: (each["charged_idr"], each["relieved_idr"]) for each in drops["items"]
    } == {
        "dahlia": (570_000, 0),
        "melati": (0, 240_000),
        "mawar": (0, 210_000),
        "kenanga": (0, 120_000),
    }
    own = (await dahlia.get("/v1/tier-drops", cycle_id="late")).json()
    assert [each["koperasi_id"] for each in own["items"]] == ["dahlia"]
    assert own["totals"] == {"rows": 1, "charged_idr": 570_000, "relieved_idr": 0}
    assert_refused(await dahlia.get("/v1/tier-drops", koperasi_id="melati"), 403, "forbidden")


async def test_tp5_pooled_the_others_bear_it(market: Market) -> None:
    orders = await closed(market, "pooled", tier_drop="pooled")
    dahlia = await market.koperasi("dahlia")
    path = f"/v1/orders/{orders['dahlia']}"
    preview = (await dahlia.get(f"{path}/withdrawal")).json()
    assert (preview["charge_idr"], preview["own_charge_idr"]) == (570_000, 0)
    body = {"cycle_id": "pooled", "reason": "no money", "charge_idr": 570_000}
    assert (await dahlia.post(f"{path}/cancel", **body)).status_code == 200
    drops = await shown(market, "/v1/tier-drops", cycle_id="pooled")
    charged = {each["koperasi_id"]: each["charged_idr"] for each in drops["items"]}
    assert charged == {"melati": 240_000, "mawar": 210_000, "kenanga": 120_000}


async def test_what_went_out_is_withdrawn_only_if_the_supplier_agrees(market: Market) -> None:
    orders = await closed(market, "gone")
    await post(market, "/v1/consolidated-orders/gone/indofood/send")
    dahlia = await market.koperasi("dahlia")
    path = f"/v1/orders/{orders['dahlia']}"
    preview = (await dahlia.get(f"{path}/withdrawal")).json()
    assert preview["must_agree"] == ["indofood"]
    body = {"cycle_id": "gone", "reason": "no money", "charge_idr": 570_000}
    refused = await dahlia.post(f"{path}/cancel", **body)
    assert_refused(refused, 409, "supplier-must-agree")
    agreed = {**body, "koperasi_id": "dahlia", "supplier_agrees": True}
    assert (await post(market, f"{path}/cancel", **agreed)).status_code == 200
    state = await shown(market, "/v1/consolidated-orders/gone/indofood/state")
    assert (state["state"], state["revision"], state["told"], state["untold"]) == (
        "sent",
        2,
        1,
        True,
    )
    assert (await post(market, "/v1/consolidated-orders/gone/indofood/send")).status_code == 200
    state = await shown(market, "/v1/consolidated-orders/gone/indofood/state")
    assert (state["told"], state["untold"]) == (2, False)


async def test_an_order_is_handed_on_to_another_koperasi(market: Market) -> None:
    orders = await closed(market, "handed")
    path = f"/v1/orders/{orders['dahlia']}/transfer"
    body = {"to_koperasi_id": "anggrek", "to_order_id": new_id(), "reason": "no money"}
    done = await post(market, path, **body)
    assert done.status_code == 200, done.text
    assert done.headers["location"] == f"/v1/orders/{body['to_order_id']}"
    anggrek = await market.koperasi("anggrek")
    taken = (await anggrek.get(done.headers["location"])).json()
    assert (taken["koperasi_id"], taken["lines"]) == ("anggrek", [oil(10)])
    entitled = await shown(market, "/v1/cycles/handed/entitlements", supplier_id="indofood")
    assert {each["koperasi_id"]: each["granted"] for each in entitled["items"]} == {
        "melati": 40,
        "mawar": 35,
        "kenanga": 20,
        "anggrek": 10,
    }
    to_nobody = {**body, "to_koperasi_id": "nobody", "to_order_id": new_id()}
    other = f"/v1/orders/{orders['melati']}/transfer"
    assert_refused(await post(market, other, **to_nobody), 404, "koperasi-unknown")


async def test_an_order_that_was_withdrawn_is_not_handed_on(market: Market) -> None:
    orders = await closed(market, "no-more")
    path = f"/v1/orders/{orders['dahlia']}"
    withdrawal = {"cycle_id": "no-more", "koperasi_id": "dahlia", "charge_idr": 570_000}
    done = await post(market, f"{path}/cancel", reason="no money", **withdrawal)
    assert done.status_code == 200, done.text
    body = {"to_koperasi_id": "anggrek", "to_order_id": new_id(), "reason": "no money"}
    refused = await post(market, f"{path}/transfer", **body)
    assert_refused(refused, 409, "order-is-cancelled")
    entitled = await shown(market, "/v1/cycles/no-more/entitlements", supplier_id="indofood")
    assert sum(each["granted"] for each in entitled["items"]) == 95


async def test_others_do_not_see_what_a_withdrawal_would_do(market: Market) -> None:
    orders = await closed(market, "private")
    mawar = await market.koperasi("mawar")
    hidden = await mawar.get(f"/v1/orders/{orders['dahlia']}/withdrawal")
    assert_refused(hidden, 404, "order-unknown")
    assert_refused(await mawar.get(f"/v1/orders/{new_id()}/withdrawal"), 404, "order-unknown")


async def test_while_a_cycle_is_consolidated_nothing_is_withdrawn(market: Market) -> None:
    await market.open_cycle("between", closes_at=later(days=900))
    dahlia, order_id = await market.koperasi("dahlia"), new_id()
    await market.place(dahlia, {"cycle_id": "between", "lines": [oil(1)]}, order_id)
    close_now = {"early": True, "reason": "the truck leaves"}
    await market.operator.post("/v1/cycles/between/close", **close_now)
    preview = (await dahlia.get(f"/v1/orders/{order_id}/withdrawal")).json()
    assert (preview["allowed"], preview["code"]) == (False, "cycle-being-consolidated")
    refused = await dahlia.post(f"/v1/orders/{order_id}/cancel", cycle_id="between")
    assert_refused(refused, 409, "order-window-closed")
    reopen = {"closes_at": later(days=901), "reason": "a truck was late"}
    answer = await market.operator.post("/v1/cycles/between/reopen", **reopen)
    assert_refused(answer, 503, "cycle-being-consolidated")


async def test_before_the_close_a_withdrawal_is_free(market: Market) -> None:
    await market.open_cycle("early", closes_at=later(days=900))
    orders = {}
    for koperasi_id in ("melati", "mawar"):
        orders[koperasi_id] = order_id = new_id()
        body = {"cycle_id": "early", "lines": [oil(60)]}
        await market.place(await market.koperasi(koperasi_id), body, order_id)
    melati = await market.koperasi("melati")
    preview = (await melati.get(f"/v1/orders/{orders['melati']}/withdrawal")).json()
    assert (preview["allowed"], preview["charge_idr"], preview["state"]) == (True, 0, "open")
    (item,) = preview["items"]
    assert (item["group_before"], item["group_after"]) == (120, 60)
    assert (item["price_before_idr"], item["price_after_idr"]) == (174_000, 180_000)
    done = await melati.post(f"/v1/orders/{orders['melati']}/cancel", cycle_id="early")
    assert done.status_code == 200


# -- taking back ---------------------------------------------------------------------------


async def test_a_cycle_is_reopened_and_its_orders_placed_anew(market: Market) -> None:
    await closed(market, "again")
    reopen = {"closes_at": later(days=901), "reason": "a truck was late"}
    done = await post(market, "/v1/cycles/again/reopen", **reopen)
    assert done.status_code == 200, done.text
    assert await cycle_state(market, "again") == "open"
    nothing = await shown(market, "/v1/consolidated-orders", cycle_id="again")
    assert nothing["items"] == []
    states = await shown(market, "/v1/order-states", cycle_id="again")
    assert {each["state"] for each in states["items"]} == {"withdrawn"}
    anggrek = await market.koperasi("anggrek")
    more = await market.place(anggrek, {"cycle_id": "again", "lines": [oil(1)]})
    assert more.status_code == 201, more.text
    await close(market, "again")
    assert await cycle_state(market, "again") == "consolidated"
    lines = await shown(market, "/v1/consolidated-orders/again/indofood/lines")
    assert [each["quantity"] for each in lines["items"]] == [106]
    sent = await post(market, "/v1/consolidated-orders/again/indofood/send")
    assert sent.status_code == 200
    refused = await post(market, "/v1/cycles/again/reopen", **reopen)
    assert_refused(refused, 409, "consolidated-order-is-sent")
    cancel = await post(market, "/v1/cycles/again/cancel", reason="flood")
    assert_refused(cancel, 409, "consolidated-order-is-sent")


async def test_a_closed_cycle_is_cancelled_until_something_is_sent(market: Market) -> None:
    await closed(market, "over")
    done = await post(market, "/v1/cycles/over/cancel", reason="flood")
    assert done.status_code == 200, done.text
    found = await shown(market, "/v1/cycles/over")
    assert (found["state"], found["amount_idr"]) == ("cancelled", None)
    assert (await shown(market, "/v1/consolidated-orders", cycle_id="over"))["items"] == []


async def test_what_was_never_closed_is_not_reopened(market: Market) -> None:
    reopen = {"closes_at": later(days=901), "reason": "a truck was late"}
    assert_refused(await post(market, "/v1/cycles/nowhere/reopen", **reopen), 404, "cycle-unknown")
    await market.open_cycle("still", closes_at=later(days=900))
    assert_refused(await post(market, "/v1/cycles/still/reopen", **reopen), 409, "cycle-still-open")


# -- prices --------------------------------------------------------------------------------


async def test_the_groups_price_is_provisional_until_the_close(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    await market.open_cycle("tiers", closes_at=later(days=900))
    melati = await market.koperasi("melati")
    await market.place(melati, {"cycle_id": "tiers", "lines": [oil(97)]})
    (item,) = (await melati.get("/v1/cycles/tiers/prices")).json()["items"]
    expected = {
        "item_id": "oil",
        "firm": 97,
        "quantity": 97,
        "price_idr": 180_000,
        "provisional": True,
        "next_from": 100,
        "next_idr": 174_000,
        "more": 3,
    }
    assert expected.items() <= item.items()
    nudges = (await melati.get("/v1/cycles/tiers/nudges")).json()
    (nudge,) = nudges["items"]
    sums = {"amount_idr": nudge["amount_idr"], "less_idr": nudge["less_idr"]}
    assert nudges["totals"] == {"rows": 1, **sums}
    with monkeypatch.context() as patched:
        patched.setattr(price_routes, "SCANNED", 0)
        assert (await melati.get("/v1/cycles/tiers/nudges")).json()["totals"] is None
    assert nudge == {
        "supplier_id": "indofood",
        "item_id": "oil",
        "quantity": 97,
        "amount_idr": 17_460_000,
        "more": 3,
        "less_idr": 17_400_000,
    }
    await close(market, "tiers")
    (frozen,) = (await melati.get("/v1/cycles/tiers/prices")).json()["items"]
    assert (frozen["price_idr"], frozen["provisional"], frozen["more"]) == (180_000, False, 3)
    assert (await melati.get("/v1/cycles/tiers/nudges")).json()["items"] == []
    for path in ("prices", "nudges"):
        assert_refused(await melati.get(f"/v1/cycles/nowhere/{path}"), 404, "cycle-unknown")
