"""SEC-4 over HTTP: orders above a limit and suppliers' bank accounts take two persons."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha.api.access import issuing
from jaringan_usaha.api.access.issuing import Wanted
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.approvals.routes import ApprovalView
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, later, oil, opened
from service import NETWORK, Speaker, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        await market.stock()
        done = await market.operator.put(
            "/v1/rules/two-persons/2026-01-01", values={"order_idr": 1_000_000}, source="RAT 2025"
        )
        assert done.status_code == 201, done.text
        yield market


async def closed(market: Market, cycle_id: str, cartons: int) -> str:
    """A closed cycle with one order of oil; the path of its consolidated order."""
    melati = await market.koperasi("melati")
    await market.open_cycle(cycle_id, closes_at=later(days=900))
    done = await market.place(melati, {"cycle_id": cycle_id, "lines": [oil(cartons)]})
    assert done.status_code == 201, done.text
    path = f"/v1/cycles/{cycle_id}/close"
    done = await market.operator.post(path, early=True, reason="the truck leaves")
    assert done.status_code == 200, done.text
    await market.settle()
    return f"/v1/consolidated-orders/{cycle_id}/indofood"


async def speaker(market: Market, **wanted: Any) -> Speaker:
    key = await issuing.issue(market.door.write_pool, market.door.clock, NETWORK, Wanted(**wanted))
    return Speaker(market.client, market.projector, key)


async def test_sec_4_an_order_above_the_limit_goes_out_when_a_second_person_says_so(
    market: Market,
) -> None:
    order = await closed(market, "large", 100)
    first = await market.operator.post(f"{order}/send", reference="PO 17")
    assert (first.status_code, first.json()["state"]) == (202, "proposed")
    state = (await market.operator.get(f"{order}/state")).json()
    assert (state["state"], state["told"]) == ("placed", 0)
    assert state["proposed_idr"] == 100 * 174_000
    assert state["proposed_by"] in market.operator.key
    again = await market.operator.post(f"{order}/send", reference="PO 17")
    assert_refused(again, 409, "consolidated-order-proposed")
    alone = await market.operator.post(f"{order}/approve")
    assert_refused(alone, 403, "second-person-needed")
    other = await market.another_operator()
    done = await other.post(f"{order}/approve")
    assert done.status_code == 200, done.text
    state = (await market.operator.get(f"{order}/state")).json()
    assert (state["state"], state["told"], state["reference"]) == ("sent", 1, "PO 17")
    assert (state["proposed_idr"], state["proposed_by"]) == (None, None)
    body = await market.sql(
        "select convert_from(body, 'utf8') from log.events where position = $1",
        done.json()["position"],
    )
    assert f'"proposed_by":"{market.operator.key[8:20]}"' in body


async def test_sec_4_a_small_order_goes_out_at_once(market: Market) -> None:
    order = await closed(market, "small", 5)
    done = await market.operator.post(f"{order}/send")
    assert (done.status_code, done.json()["state"]) == (200, "sent")


async def test_sec_4_a_repeated_request_answers_as_the_first(market: Market) -> None:
    order = await closed(market, "repeated", 100)
    headers = {
        "authorization": f"Bearer {market.operator.key}",
        "idempotency-key": "two-persons-repeated-1",
        "if-match": "*",
    }
    first, again = [
        await market.client.post(f"{order}/send", json={}, headers=headers) for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"


async def test_sec_4_a_supplier_does_not_hear_of_proposals(market: Market) -> None:
    order = await closed(market, "hidden", 100)
    assert (await market.operator.post(f"{order}/send")).status_code == 202
    indofood = await speaker(market, role="supplier", supplier_id="indofood")
    seen = (await indofood.get(f"{order}/state")).json()
    assert (seen["proposed_idr"], seen["proposed_by"]) == (None, None)
    listed = (await indofood.get("/v1/order-states", cycle_id="hidden")).json()["items"]
    assert [each["proposed_idr"] for each in listed] == [None]
    listed = (await market.operator.get("/v1/order-states", cycle_id="hidden")).json()["items"]
    assert [each["proposed_idr"] for each in listed] == [100 * 174_000]


async def test_sec_4_a_proposal_can_be_withdrawn(market: Market) -> None:
    order = await closed(market, "withdrawn", 100)
    assert (await market.operator.post(f"{order}/send")).status_code == 202
    other = await market.another_operator()
    done = await other.post(f"{order}/withdraw-proposal", reason="too dear")
    assert done.status_code == 200, done.text
    assert_refused(await other.post(f"{order}/approve"), 409, "nothing-proposed")
    assert (await market.operator.get(f"{order}/state")).json()["proposed_by"] is None


async def test_sec_4_a_key_that_may_send_need_not_be_able_to_approve(market: Market) -> None:
    order = await closed(market, "scoped", 100)
    assert (await market.operator.post(f"{order}/send")).status_code == 202
    clerk = await speaker(market, role="operator", scopes=["consolidated-orders:write"])
    refused = assert_refused(await clerk.post(f"{order}/approve"), 403, "forbidden")
    assert refused["scope"] == "approvals:write"
    melati = await market.koperasi("melati")
    assert_refused(await melati.post(f"{order}/approve"), 403, "forbidden")


# -- bank accounts -------------------------------------------------------------------------

ACCOUNTS = "/v1/suppliers/indofood/accounts"
FIRST = {"bank_code": "014", "account_no": "1234567890", "holder": "PT Indofood"}


async def test_sec_4_a_bank_account_changes_when_a_second_person_says_so(market: Market) -> None:
    operator, other = market.operator, await market.another_operator()
    done = await operator.post(ACCOUNTS, **FIRST)
    assert done.status_code == 201, done.text
    assert_refused(await operator.post(f"{ACCOUNTS}/1/confirm"), 403, "second-person-needed")
    assert (await other.post(f"{ACCOUNTS}/1/confirm")).status_code == 200
    assert (await operator.post(ACCOUNTS, **{**FIRST, "account_no": "55555"})).is_success
    assert await states(operator) == ["in_force", "proposed"]
    assert (await operator.post(ACCOUNTS, **{**FIRST, "account_no": "66666"})).is_success
    assert await states(operator) == ["in_force", "withdrawn", "proposed"]
    assert_refused(await other.post(f"{ACCOUNTS}/2/confirm"), 409, "account-proposal-is-over")
    assert (await other.post(f"{ACCOUNTS}/3/confirm")).status_code == 200
    assert await states(operator) == ["replaced", "withdrawn", "in_force"]
    assert (await other.post(ACCOUNTS, **FIRST)).is_success
    done = await operator.post(f"{ACCOUNTS}/4/withdraw", reason="a forged letter")
    assert done.status_code == 200, done.text
    assert await states(operator) == ["replaced", "withdrawn", "in_force", "withdrawn"]
    assert_refused(await other.post(f"{ACCOUNTS}/9/confirm"), 404, "account-proposal-unknown")


async def states(operator: Speaker) -> list[str]:
    answer = await operator.get(ACCOUNTS)
    assert answer.status_code == 200, answer.text
    return [each["state"] for each in answer.json()["items"]]


async def test_a_bank_account_is_told_to_its_supplier_and_to_who_sees_all(market: Market) -> None:
    accounts = "/v1/suppliers/bulog/accounts"
    told = {**FIRST, "holder": "Perum Bulog"}
    assert (await market.operator.post(accounts, **told)).status_code == 201
    bulog = await speaker(market, role="supplier", supplier_id="bulog")
    auditor = await speaker(market, role="auditor")
    for each in (bulog, auditor):
        (seen,) = (await each.get(accounts)).json()["items"]
        assert seen["account_no"] == told["account_no"]
    indofood = await speaker(market, role="supplier", supplier_id="indofood")
    melati = await market.koperasi("melati")
    office = await speaker(market, role="office")
    for each in (indofood, melati, office):
        refused = await each.get(accounts)
        assert_refused(refused, 403, "forbidden")
        assert told["account_no"] not in refused.text


@pytest.mark.parametrize(
    "wrong", [{"bank_code": "14"}, {"account_no": "12-34"}, {"account_no": "1"}, {"holder": ""}]
)
async def test_an_account_is_digits_of_a_bank(market: Market, wrong: dict[str, str]) -> None:
    assert_refused(
        await market.operator.post(ACCOUNTS, **{**FIRST, **wrong}), 422, "validation-failed"
    )


# -- what waits ----------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def waiting(market: Market) -> dict[str, dict[str, Any]]:
    """One of each kind, all proposed by a clerk; the rows that another operator is shown."""
    clerk = await market.another_operator()
    order = await closed(market, "waiting", 100)
    person = f"/v1/contacts/{new_id()}"
    done = [
        await clerk.post(f"{order}/send", reference="PO 18"),
        await clerk.post("/v1/suppliers/indofood/accounts", **{**FIRST, "account_no": "77777"}),
        await contact_of(market, person, "melati"),
        await clerk.post(f"{person}/ask-erasure"),
        await clerk.post("/v1/keys", role="auditor", label="KAP"),
    ]
    assert [each.text for each in done if not each.is_success] == []
    by_clerk = clerk.key[8:20]
    rows = (await market.operator.get("/v1/approvals", limit=200)).json()["items"]
    return {each["kind"]: each for each in rows if each["proposed_by"] == by_clerk}


async def contact_of(market: Market, path: str, koperasi_id: str) -> httpx2.Response:
    return await market.client.put(
        path,
        json={"koperasi_id": koperasi_id, "roles": ["kasir"], "name": "Siti"},
        headers={"authorization": f"Bearer {market.operator.key}", "idempotency-key": new_id()},
    )


async def listed(speaker: Speaker, **asked: Any) -> list[tuple[str, str]]:
    page = (await speaker.get("/v1/approvals", limit=200, **asked)).json()
    assert page["totals"] == {
        "rows": len(page["items"]),
        "amount_idr": sum(each["amount_idr"] or 0 for each in page["items"]),
    }
    return [(each["kind"], each["approval_id"]) for each in page["items"]]


async def test_sec_4_all_that_waits_is_in_one_list(
    market: Market, waiting: dict[str, dict[str, Any]]
) -> None:
    assert set(waiting) == {"order", "account", "erasure", "key"}
    order = waiting["order"]
    assert (order["cycle_id"], order["supplier_id"]) == ("waiting", "indofood")
    assert order["amount_idr"] == 100 * 174_000
    assert waiting["account"]["supplier_id"] == "indofood"
    assert waiting["erasure"]["koperasi_id"] == "melati"
    assert waiting["key"]["role"] == "auditor"
    rows = (await market.operator.get("/v1/approvals", limit=200)).json()["items"]
    assert rows == sorted(rows, key=lambda each: str(each["proposed_at"])), "the oldest first"
    assert "77777" not in json.dumps(rows), "what is in an account is told elsewhere"
    for row in rows:
        ApprovalView.model_validate(row)  # ids of two parts too
    auditor = await speaker(market, role="auditor")
    seen = (await auditor.get("/v1/approvals", limit=200)).json()["items"]
    assert seen == [{**each, "may_approve": False} for each in rows]


async def test_sec_4_what_waits_is_found_by_what_it_is_of(
    market: Market, waiting: dict[str, dict[str, Any]]
) -> None:
    ids = {kind: (kind, each["approval_id"]) for kind, each in waiting.items()}
    operator = market.operator
    assert await listed(operator, kind="key") == [ids["key"]]
    assert await listed(operator, koperasi_id="melati") == [ids["erasure"]]
    assert await listed(operator, cycle_id="waiting") == [ids["order"]]
    of_indofood = await listed(operator, supplier_id="indofood")
    assert {ids["order"], ids["account"]} <= set(of_indofood)
    assert ids["key"] not in of_indofood
    assert await listed(operator, cycle_id="waiting", kind="key") == []
    pages = await operator.pages("/v1/approvals", limit=1)
    one_by_one = [each["approval_id"] for page in pages for each in page["items"]]
    assert one_by_one == [each for _, each in await listed(operator)]


async def test_sec_4_who_proposed_sees_that_another_is_waited_for(
    market: Market, waiting: dict[str, dict[str, Any]]
) -> None:
    assert [each["may_approve"] for each in waiting.values()] == [True] * 4
    own = await closed(market, "own", 100)
    assert (await market.operator.post(f"{own}/send")).status_code == 202
    (row,) = (await market.operator.get("/v1/approvals", cycle_id="own")).json()["items"]
    assert row["may_approve"] is False
    assert await listed(market.operator, cycle_id="own", waits_for="me") == []
    limited = await speaker(
        market, role="operator", scopes=["approvals:read", "contacts:write", "contacts:read"]
    )
    assert await listed(limited, koperasi_id="melati", waits_for="me") == [
        ("erasure", waiting["erasure"]["approval_id"])
    ]
    assert await listed(limited, cycle_id="waiting", waits_for="me") == []


async def test_sec_4_what_was_approved_waits_no_more(
    market: Market, waiting: dict[str, dict[str, Any]]
) -> None:
    """Each by the path that its row names."""
    for kind, row in waiting.items():
        done = await market.operator.post(row["approve"])
        assert done.is_success, f"{kind}: {done.text}"
        assert (kind, row["approval_id"]) not in await listed(market.operator)
