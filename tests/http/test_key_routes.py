"""SEC-1: keys of all roles, made, limited, replaced, ended, and taken out of use in a URL."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha.api.access import issuing, keys
from jaringan_usaha.api.access.issuing import KeyDoesNotFit, Wanted
from jaringan_usaha.api.access.keys import key_id
from jaringan_usaha.cli import issuing as command_line
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, oil, opened
from service import NETWORK, Speaker, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

SANDBOX = 7


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        await market.koperasi("melati")
        await market.stock()
        await market.open_cycle("week-1")
        yield market


async def made(market: Market, by: Speaker | None = None, **body: Any) -> dict[str, Any]:
    answer = await (by or market.operator).post("/v1/keys", **body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def holder(market: Market, key: str) -> Speaker:
    return Speaker(market.client, market.projector, key)


async def knock(market: Market, key: str, path: str = "/v1/cycles") -> httpx2.Response:
    return await market.client.get(path, headers={"authorization": f"Bearer {key}"})


async def test_sec_1_a_key_is_shown_once(market: Market) -> None:
    key = await made(market, role="koperasi", koperasi_id="melati", label="kasir 1")
    assert (await knock(market, key["key"])).status_code == 200
    seen = await market.operator.get(f"/v1/keys/{key['key_id']}")
    assert seen.json() == {name: value for name, value in key.items() if name != "key"}
    assert (seen.json()["state"], seen.json()["label"]) == ("live", "kasir 1")
    assert seen.json()["created_by"] == key_id(market.operator.key)
    assert key["key"][20:] not in seen.text
    listed = await market.operator.get("/v1/keys")
    assert key["key_id"] in listed.text
    assert key["key"][20:] not in listed.text


async def test_pages_of_keys_skip_and_repeat_none(market: Market) -> None:
    for _ in range(3):
        await made(market, role="auditor")
    pages = await market.operator.pages("/v1/keys", limit=2)
    found = [each["key_id"] for page in pages for each in page["items"]]
    stored = await market.sql("select count(*) from access.api_keys where network_id = 1")
    assert len(set(found)) == len(found) == stored


async def test_only_the_operator_hands_out_keys(market: Market) -> None:
    melati = await market.koperasi("melati")
    for role, named in (("office", {}), ("supplier", {"supplier_id": "indofood"})):
        other = holder(market, (await made(market, role=role, **named))["key"])
        assert_refused(await other.get("/v1/keys"), 403, "forbidden")
    assert_refused(await melati.get("/v1/keys"), 403, "forbidden")
    assert_refused(await melati.post("/v1/keys", role="operator"), 403, "forbidden")
    public = key_id(market.operator.key)
    for path, body in ((f"/v1/keys/{public}/revoke", {}), (f"/v1/keys/{public}/rotate", {})):
        assert_refused(await melati.post(path, **body), 403, "forbidden")


@pytest.mark.parametrize(
    "body",
    [
        {"role": "koperasi"},
        {"role": "device", "koperasi_id": "melati"},
        {"role": "supplier"},
        {"role": "operator", "koperasi_id": "melati"},
        {"role": "auditor", "supplier_id": "indofood"},
        {"role": "office", "scopes": ["orders:frobnicate"]},
        {"role": "office", "scopes": ["health:read"]},
        {"role": "office", "valid_days": 401},
        {"role": "office", "addresses": ["203.0.113.9/24"]},
        {"role": "king"},
    ],
    ids=str,
)
async def test_a_key_that_fits_no_role_is_refused(market: Market, body: dict[str, Any]) -> None:
    assert (await market.operator.post("/v1/keys", **body)).status_code == 422


async def test_the_same_request_makes_one_key(market: Market) -> None:
    headers = {
        "authorization": f"Bearer {market.operator.key}",
        "idempotency-key": "make-a-key-000001",
    }
    first = await market.client.post("/v1/keys", json={"role": "office"}, headers=headers)
    again = await market.client.post("/v1/keys", json={"role": "office"}, headers=headers)
    problem = assert_refused(again, 409, "key-already-made")
    assert problem["key_id"] == first.json()["key_id"]
    assert first.json()["key"] not in again.text
    other = await market.client.post("/v1/keys", json={"role": "auditor"}, headers=headers)
    assert_refused(other, 422, "idempotency-key-reused")
    assert "key_id" not in other.json()


async def test_the_same_request_rotates_a_key_once(market: Market) -> None:
    old, another = await made(market, role="office"), await made(market, role="office")
    headers = {
        "authorization": f"Bearer {market.operator.key}",
        "idempotency-key": "rotate-a-key-00001",
    }

    async def rotate(which: dict[str, Any], hours: int) -> httpx2.Response:
        path = f"/v1/keys/{which['key_id']}/rotate"
        return await market.client.post(path, json={"overlap_hours": hours}, headers=headers)

    first = await rotate(old, 1)
    again = assert_refused(await rotate(old, 1), 409, "key-already-made")
    assert again["key_id"] == first.json()["key_id"]
    assert_refused(await rotate(old, 2), 422, "idempotency-key-reused")
    assert_refused(await rotate(another, 1), 422, "idempotency-key-reused")


async def test_sec_1_rotation_leaves_both_alive_for_a_day(
    market: Market, clock: list[float]
) -> None:
    old = await made(market, role="koperasi", koperasi_id="melati", scopes=["orders:read"])
    path = f"/v1/keys/{old['key_id']}/rotate"
    new = (await market.operator.post(path)).json()
    assert new["scopes"] == ["orders:read"]
    seen = (await market.operator.get(f"/v1/keys/{old['key_id']}")).json()
    assert (seen["state"], seen["rotated_to"]) == ("rotated", new["key_id"])
    life = datetime.fromisoformat(seen["expires_at"]) - market.door.clock.now()
    assert timedelta(hours=23, minutes=59) < life <= timedelta(hours=24)
    offset = market.door.clock.offset
    path = "/v1/orders?cycle_id=week-1"
    try:
        for key in (old, new):
            assert (await knock(market, key["key"], path)).status_code == 200
        market.door.clock.offset += timedelta(hours=24, minutes=1)
        clock[0] += 1
        assert (await knock(market, old["key"], path)).status_code == 401
        assert (await knock(market, new["key"], path)).status_code == 200
    finally:
        market.door.clock.offset = offset


async def test_a_key_is_rotated_once_and_only_while_it_lives(market: Market) -> None:
    old = await made(market, role="office")
    path = f"/v1/keys/{old['key_id']}/rotate"
    assert (await market.operator.post(path, overlap_hours=169)).status_code == 422
    assert (await market.operator.post(path, overlap_hours=0)).status_code == 201
    count = await market.sql("select count(*) from access.api_keys")
    assert_refused(await market.operator.post(path), 409, "key-is-over")
    assert await market.sql("select count(*) from access.api_keys") == count
    assert_refused(await market.operator.post("/v1/keys/000000000000/rotate"), 404, "key-unknown")


async def test_rotation_never_lengthens_the_old_life(market: Market) -> None:
    old = await made(market, role="office", valid_days=1)
    await market.operator.post(f"/v1/keys/{old['key_id']}/rotate", overlap_hours=168)
    seen = (await market.operator.get(f"/v1/keys/{old['key_id']}")).json()
    assert seen["expires_at"] == old["expires_at"]


async def test_a_revoked_key_opens_nothing_at_once(market: Market) -> None:
    key = await made(market, role="koperasi", koperasi_id="melati")
    assert (await knock(market, key["key"])).status_code == 200
    path = f"/v1/keys/{key['key_id']}/revoke"
    assert (await market.operator.post(path)).json()["state"] == "revoked"
    assert_refused(await knock(market, key["key"]), 401, "unauthenticated")
    assert (await market.operator.post(path)).status_code == 200
    assert_refused(await market.operator.post("/v1/keys/000000000000/revoke"), 404, "key-unknown")


async def test_scopes_limit_a_key_by_tag_and_method(market: Market) -> None:
    key = await made(market, role="koperasi", koperasi_id="melati", scopes=["orders:read"])
    speaker = holder(market, key["key"])
    assert (await speaker.get("/v1/orders", cycle_id="week-1")).status_code == 200
    order = {"cycle_id": "week-1", "lines": [oil(12)]}
    for refused, scope in (
        (await speaker.get("/v1/cycles"), "cycles:read"),
        (await speaker.get("/v1/margin"), "margin:read"),
        (await speaker.get("/v1/market-prices"), "market-prices:read"),
        (await market.place(speaker, order), "orders:write"),
    ):
        problem = assert_refused(refused, 403, "forbidden")
        assert problem["scope"] == scope
        assert scope in problem["detail"]


async def test_scopes_hold_on_the_hot_road_and_in_sync(market: Market) -> None:
    key = await made(market, role="koperasi", koperasi_id="melati", scopes=["orders:write"])
    speaker = holder(market, key["key"])
    order = {"cycle_id": "week-1", "lines": [oil(12)]}
    assert (await market.place(speaker, order)).status_code == 201
    line = {"op_id": "sync-operation-000001", "type": "record_sale", "body": {}}
    answer = await market.send(speaker, "POST", "/v1/sync", body=line)
    assert answer.status_code == 207
    assert answer.json()["problem"]["scope"] == "sales:write"


async def test_addresses_limit_a_key(market: Market) -> None:
    melati: dict[str, Any] = {"role": "koperasi", "koperasi_id": "melati"}
    here = await made(market, **melati, addresses=["127.0.0.0/8", "::1/128"])
    there = await made(market, **melati, addresses=["203.0.113.0/24"])
    assert here["addresses"] == ["127.0.0.0/8", "::1/128"]
    assert (await knock(market, here["key"])).status_code == 200
    assert_refused(await knock(market, there["key"]), 403, "forbidden")


async def test_nobody_hands_out_more_than_they_hold(market: Market) -> None:
    """Also not by replacing a stronger key, whose successor would be shown."""
    clerk = await made(market, role="operator", scopes=["keys:write", "orders:read"])
    speaker = holder(market, clerk["key"])
    assert (await made(market, speaker, role="office", scopes=["orders:read"]))["key"]
    for body in (
        {"role": "operator"},
        {"role": "operator", "scopes": ["keys:write", "sales:write"]},
    ):
        assert_refused(await speaker.post("/v1/keys", **body), 403, "forbidden")
    path = f"/v1/keys/{key_id(market.operator.key)}/rotate"
    assert_refused(await speaker.post(path), 403, "forbidden")


@pytest.mark.parametrize(
    ("path", "place"),
    [("/v1/cycles", "query"), ("/v1/keys/", "path"), ("/nowhere", "query"), ("/docs", "query")],
)
async def test_sec_1_a_key_in_a_url_is_refused_and_ended(
    market: Market, path: str, place: str
) -> None:
    key = (await made(market, role="office"))["key"]
    url = f"{path}{key}" if place == "path" else f"{path}?api_key={key}"
    answer = await market.client.get(url)
    assert_refused(answer, 400, "key-in-url")
    assert key not in answer.text
    assert_refused(await knock(market, key), 401, "unauthenticated")
    seen = (await market.operator.get(f"/v1/keys/{key_id(key)}")).json()
    assert (seen["state"], seen["exposed_at"] is not None) == ("revoked", True)


async def test_the_public_part_in_a_url_ends_no_key(market: Market) -> None:
    key = (await made(market, role="koperasi", koperasi_id="melati"))["key"]
    other = keys.new_key()
    body = key[:20] + other[20:-6]
    forged = body + keys._check_digits(body)
    assert_refused(await market.client.get(f"/v1/cycles?key={forged}"), 400, "key-in-url")
    assert (await knock(market, key)).status_code == 200


async def test_a_test_key_opens_its_sandbox_and_only_that(market: Market) -> None:
    pool, clock = market.door.write_pool, market.door.clock
    assert not await issuing.make_sandbox(pool, clock, NETWORK), "it has live keys"
    live = await issuing.issue(pool, clock, SANDBOX + 1, Wanted(role="auditor"))
    assert await issuing.make_sandbox(pool, clock, SANDBOX)
    key = await issuing.issue(pool, clock, SANDBOX, Wanted(role="operator"))
    assert key.startswith("ju_test_")
    assert (await knock(market, key, "/v1/keys")).json()["items"][0]["key_id"] == key_id(key)
    await pool.execute(
        "insert into access.sandboxes (network_id, made_at) values ($1, now())", SANDBOX + 1
    )
    assert_refused(await knock(market, live), 401, "unauthenticated")


async def test_a_test_key_opens_no_network_that_is_no_sandbox(market: Market) -> None:
    key = keys.new_key(keys.TEST_PREFIX)
    await market.door.write_pool.execute(
        "insert into access.api_keys (key_id, secret_hash, last_four, network_id, role, created_at,"
        " expires_at) values ($1, $2, 'xxxx', 1, 'operator', now(), now() + interval '1 day')",
        key_id(key),
        keys.key_hash(key),
    )
    assert_refused(await knock(market, key), 401, "unauthenticated")


async def test_a_key_of_another_network_is_not_there(market: Market) -> None:
    pool, clock = market.door.write_pool, market.door.clock
    other = await issuing.issue(pool, clock, 3, Wanted(role="auditor"))
    path = f"/v1/keys/{key_id(other)}"
    assert_refused(await market.operator.get(path), 404, "key-unknown")
    assert_refused(await market.operator.post(f"{path}/revoke"), 404, "key-unknown")
    assert_refused(await market.operator.post(f"{path}/rotate"), 404, "key-unknown")
    assert (await knock(market, other)).status_code != 401


async def test_a_life_beyond_400_days_is_none() -> None:
    with pytest.raises(KeyDoesNotFit):
        Wanted(role="office", life=timedelta(days=400, seconds=1)).must_fit()


async def test_sec_4_a_key_of_an_auditor_opens_nothing_until_a_second_person_says_so(
    market: Market, clock: list[float]
) -> None:
    auditor = await made(market, role="auditor")
    assert auditor["state"] == "waiting"
    assert_refused(await knock(market, auditor["key"]), 401, "unauthenticated")
    path = f"/v1/keys/{auditor['key_id']}/approve"
    assert_refused(await market.operator.post(path), 403, "second-person-needed")
    other = await market.another_operator()
    done = (await other.post(path)).json()
    assert (done["state"], done["approved_by"]) == ("live", key_id(other.key))
    assert (await other.post(path)).status_code == 200
    clock[0] += 1
    assert (await knock(market, auditor["key"])).status_code == 200
    third = await market.another_operator()
    assert_refused(await third.post(path), 409, "key-waits-for-nobody")


async def test_sec_4_replacing_an_auditors_key_takes_two_as_well(market: Market) -> None:
    pool, clock = market.door.write_pool, market.door.clock
    old = await issuing.issue(pool, clock, NETWORK, Wanted(role="auditor"))
    assert (await knock(market, old)).status_code == 200, "the command line asks nobody"
    new = (await market.operator.post(f"/v1/keys/{key_id(old)}/rotate")).json()
    assert new["state"] == "waiting"
    assert_refused(await knock(market, new["key"]), 401, "unauthenticated")


async def test_sec_4_nobody_becomes_a_second_person_by_making_a_key(market: Market) -> None:
    """An operator's key made or replaced over HTTP is recorded under its maker's name."""
    me, other = market.operator, await market.another_operator()
    own = await made(market, role="operator")
    again = (await me.post(f"/v1/keys/{own['key_id']}/rotate")).json()
    taken = (await me.post(f"/v1/keys/{key_id(other.key)}/rotate")).json()
    names = [
        (await knock(market, key["key"], "/v1/me")).json()["recorded_as"]
        for key in (own, again, taken)
    ]
    assert names == [key_id(me.key)] * 3
    waiting = await made(market, role="auditor")
    path = f"/v1/keys/{waiting['key_id']}/approve"
    for key in (own, again, taken):
        refused = await holder(market, key["key"]).post(path)
        assert_refused(refused, 403, "second-person-needed")
    melati = await made(market, role="koperasi", koperasi_id="melati")
    seen = (await knock(market, melati["key"], "/v1/me")).json()
    assert (seen["recorded_as"], seen["may_approve"]) == (melati["key_id"], False)


async def test_a_key_keeps_its_name_when_it_is_replaced(market: Market) -> None:
    first = last = await made(market, role="koperasi", koperasi_id="melati")
    for _ in range(2):
        last = (await market.operator.post(f"/v1/keys/{last['key_id']}/rotate")).json()
    me = (await knock(market, last["key"], "/v1/me")).json()
    assert me["recorded_as"] == first["key_id"] != last["key_id"]


async def test_the_command_line_lists_all_keys_whatever_a_page_holds(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mawar", "anggrek", "dahlia"):
        await market.koperasi(name)
    at_once = await command_line.all_keys(market.url, NETWORK)
    assert len(at_once) > 3
    monkeypatch.setattr(command_line, "PAGE", 2)
    assert await command_line.all_keys(market.url, NETWORK) == at_once
    keys = [each["key_id"] for each in at_once]
    assert keys == sorted(set(keys))
