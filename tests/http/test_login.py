"""SEC-3: people log in by OpenID Connect, and a session is as good as the key of its role."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import ECKey

from databases import fresh_database
from jaringan_usaha.api.access import issuing, keys
from jaringan_usaha.api.access.issuing import Wanted
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.people import provider
from jaringan_usaha.people.issuer import Issuer, NotHere, new_key
from jaringan_usaha.people.provider import Provider
from logins import Browser, Town, home_of, query_of, town_on
from market import later, oil
from service import NETWORK, Speaker, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE = {
    "ani": {"role": "operator"},
    "budi": {"role": "operator"},
    "citra": {"role": "auditor"},
    "dewi": {"role": "pengurus", "koperasi_id": "melati"},
    "eko": {"role": "pengawas", "koperasi_id": "melati"},
    "fajar": {"role": "office"},
    "gita": {"role": "supplier", "supplier_id": "indofood"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(postgres: EmbeddedServer, template: str) -> AsyncIterator[Town]:
    async with fresh_database(postgres, template) as database, town_on(database) as town:
        await town.market.stock()
        await town.market.koperasi("melati")
        await town.market.koperasi("mawar")
        for subject, person in PEOPLE.items():
            await town.person(subject, **person)
        yield town


@pytest.fixture
def clock(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What the stop-watch of keys and sessions shows, to be moved on by hand."""
    now = [time.monotonic()]
    monkeypatch.setattr(keys, "time", SimpleNamespace(monotonic=lambda: now[0]))
    yield now
    town.market.door.keys._known.clear()
    town.market.door.sessions._known.clear()


async def logged_in(town: Town, person: str, amr: str = "pwd otp") -> Browser:
    browser = town.browser()
    back = await browser.log_in(person, amr)
    assert home_of(back) == "/v1/me"
    return browser


async def speaker(town: Town, **wanted: Any) -> Speaker:
    market = town.market
    key = await issuing.issue(market.door.write_pool, market.door.clock, NETWORK, Wanted(**wanted))
    return Speaker(market.client, market.projector, key)


# -- the way in and out --------------------------------------------------------------------


async def test_sec_3_in_by_code_and_out_again(town: Town) -> None:
    browser = town.browser()
    begun = await browser.go("GET", "/auth/login?next=/v1/cycles")
    asked = query_of(begun.headers["location"])
    assert begun.headers["location"].startswith(f"{town.issuer.url}/authorize?")
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["scope"] == "openid"
    assert asked["redirect_uri"] == f"{town.url}/auth/callback"
    assert len(asked["state"]) == len(asked["nonce"]) == 43
    chosen = await browser.go("GET", f"{begun.headers['location']}&person=ani&amr=pwd+otp")
    back = await browser.go("GET", chosen.headers["location"])
    assert home_of(back) == "/v1/cycles"
    cookie = browser.set_cookies["__Host-ju"]
    assert (cookie["path"], cookie["max-age"], cookie["domain"]) == ("/", "28800", "")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "lax")
    assert set(browser.cookies) == {"__Host-ju"}, "the login's own cookie is gone"
    me = (await browser.get("/v1/me")).json()
    assert (me["role"], me["may_approve"], me["second_factor"]) == ("operator", True, True)
    assert me["recorded_as"].startswith("person/")
    assert (await browser.get("/v1/cycles")).status_code == 200
    secret = browser.cookies["__Host-ju"]
    out = await browser.post("/auth/logout")
    assert (out.status_code, browser.cookies) == (204, {})
    browser.cookies["__Host-ju"] = secret
    assert_refused(await browser.get("/v1/cycles"), 401, "unauthenticated")


async def test_the_session_itself_is_stored_nowhere(town: Town) -> None:
    browser = await logged_in(town, "ani")
    stored = await town.market.sql("select string_agg(s::text, '') from access.sessions s")
    assert browser.cookies["__Host-ju"] not in stored


async def test_sec_3_a_session_lasts_eight_hours(town: Town, clock: list[float]) -> None:
    browser = await logged_in(town, "dewi")
    offset = town.market.door.clock.offset
    try:
        for hours, status in ((7.9, 200), (8.1, 401)):
            clock[0] += 1
            town.market.door.clock.offset = offset + timedelta(hours=hours)
            assert (await browser.get("/v1/me")).status_code == status
    finally:
        town.market.door.clock.offset = offset


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_nobody_is_sent_to_another_site(town: Town, path: str) -> None:
    answer = await town.browser().go("GET", "/auth/login", params={"next": path})
    assert_refused(answer, 422, "validation-failed")


# -- what is not taken ---------------------------------------------------------------------


async def refused(browser: Browser, url: str) -> None:
    assert_refused(await browser.go("GET", url), 400, "login-failed")
    assert "__Host-ju" not in browser.cookies


async def test_sec_3_a_code_is_good_once(town: Town) -> None:
    browser = town.browser()
    url = await browser.chosen("ani")
    login = browser.cookies["__Host-ju-login"]
    assert (await browser.go("GET", url)).status_code == 200
    again = Browser(town, {"__Host-ju-login": login})
    await refused(again, url)


@pytest.mark.parametrize("state", ["", "x", "é"])
async def test_sec_3_the_state_must_be_the_one_that_was_given(town: Town, state: str) -> None:
    browser = town.browser()
    told = query_of(await browser.chosen("ani"))
    answer = await browser.go("GET", "/auth/callback", params={**told, "state": state})
    assert_refused(answer, 400, "login-failed")


async def test_sec_3_a_login_belongs_to_the_browser_that_began_it(town: Town) -> None:
    """Else whoever sends somebody a link logs them in as themselves."""
    mine, yours = town.browser(), town.browser()
    url = await mine.chosen("ani")
    await refused(town.browser(), url)
    await yours.chosen("budi")
    await refused(yours, url)
    forged = Browser(town, {"__Host-ju-login": "AAAA"})
    await refused(forged, url)


async def test_sec_3_a_login_takes_ten_minutes_at_most(town: Town) -> None:
    browser = town.browser()
    url = await browser.chosen("ani")
    clock = town.market.door.clock
    clock.offset += timedelta(minutes=11)
    try:
        await refused(browser, url)
    finally:
        clock.offset -= timedelta(minutes=11)


async def test_sec_3_the_issuer_that_answers_is_the_one_that_was_asked(town: Town) -> None:
    browser = town.browser()
    told = query_of(await browser.chosen("ani"))
    answer = await browser.go("GET", "/auth/callback", params={**told, "iss": "https://evil"})
    assert_refused(answer, 400, "login-failed")


def _signed(town: Town, claims: dict[str, Any], **other: Any) -> str:
    key = town.issuer.key
    return jwt.encode({"alg": "ES256", "kid": key.kid}, {**claims, **other}, key)


def _without_signature(town: Town, claims: dict[str, Any]) -> str:
    header, body, _ = jwt.encode({"alg": "ES256"}, claims, town.issuer.key).split(".")
    none = "eyJhbGciOiJub25lIn0"
    assert header != none
    return f"{none}.{body}."


def _with_public_key_as_secret(town: Town, claims: dict[str, Any]) -> str:
    """By hand: no library signs that."""
    header = {"alg": "HS256", "kid": town.issuer.key.kid}
    parts = [_text(json.dumps(each).encode()) for each in (header, claims)]
    secret = town.issuer.key.as_pem(private=False)
    signature = hmac.digest(secret, ".".join(parts).encode(), "sha256")
    return ".".join([*parts, _text(signature)])


def _text(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def _by_a_stranger(town: Town, claims: dict[str, Any]) -> str:
    key = ECKey.generate_key("P-256")
    return jwt.encode({"alg": "ES256", "kid": town.issuer.key.kid}, claims, key)


Twist = Callable[[Town, dict[str, Any]], str]
TWISTS: dict[str, Twist] = {
    "another nonce": lambda town, claims: _signed(town, claims, nonce="x"),
    "no nonce": lambda town, claims: _signed(
        town, {name: at for name, at in claims.items() if name != "nonce"}
    ),
    "expired": lambda town, claims: _signed(town, claims, exp=claims["iat"] - 61),
    "no end": lambda town, claims: _signed(
        town, {name: at for name, at in claims.items() if name != "exp"}
    ),
    "from the future": lambda town, claims: _signed(town, claims, iat=claims["iat"] + 3_600),
    "for another": lambda town, claims: _signed(town, claims, aud="someone-else"),
    "for another too": lambda town, claims: _signed(town, claims, aud=["jaringan", "x"], azp="x"),
    "by another": lambda town, claims: _signed(town, claims, iss="https://evil.example"),
    "of nobody": lambda town, claims: _signed(
        town, {name: at for name, at in claims.items() if name != "sub"}
    ),
    "alg none": _without_signature,
    "HS256 with the public key": _with_public_key_as_secret,
    "signed by a stranger": _by_a_stranger,
    "no token": lambda town, claims: "x.y",
}


@pytest.mark.parametrize("name", TWISTS)
async def test_sec_3_what_the_token_says_is_checked(
    town: Town, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    twist = TWISTS[name]
    monkeypatch.setattr(town.issuer, "id_token", lambda claims: twist(town, claims))
    browser = town.browser()
    await refused(browser, await browser.chosen("ani"))


async def test_sec_3_the_token_as_the_twists_have_it_would_be_taken(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(town.issuer, "id_token", lambda claims: _signed(town, claims))
    await logged_in(town, "ani")


async def test_sec_3_a_new_key_of_the_issuer_is_asked_for_once_a_minute(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await logged_in(town, "ani")
    now = [time.monotonic()]
    monkeypatch.setattr(provider, "time", SimpleNamespace(monotonic=lambda: now[0]))
    town.issuer.key = new_key()
    browser = town.browser()
    await refused(browser, await browser.chosen("ani"))
    now[0] += 61
    await logged_in(town, "ani")


@pytest.mark.parametrize("path", ["/auth/login", "/auth/callback"])
async def test_where_nobody_logs_in_it_says_so(
    town: Town, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(town.app.state._state, "provider", None)
    assert_refused(await town.browser().go("GET", path), 404, "not-found")


@pytest.mark.parametrize(
    "issuer",
    [
        "http://127.0.0.1:1",  # nobody is there
        "http://login.example",  # not by TLS
        "{url}/jwks",  # no such document
        "{url}/",  # another name of itself
    ],
)
async def test_where_the_issuer_does_not_answer_as_it_should_nobody_is_sent(
    town: Town, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Provider(
        issuer.format(url=town.issuer.url), "jaringan", None, "x", town.market.door.clock.now
    )
    monkeypatch.setitem(town.app.state._state, "provider", stranger)
    answer = await town.browser().go("GET", "/auth/login")
    assert_refused(answer, 503, "login-unavailable")
    assert answer.headers["retry-after"]


async def test_a_place_without_passwords_is_on_this_computer_only(town: Town) -> None:
    for url in ("https://login.example", "http://192.168.1.7:8090", "http://127.0.0.1.evil"):
        with pytest.raises(NotHere):
            Issuer(url, town.market.door.clock.now)


# -- who is let in -------------------------------------------------------------------------


async def test_who_was_not_let_in_hears_what_to_tell_the_operator(town: Town) -> None:
    unknown = await town.browser().log_in("hadi")
    assert assert_refused(unknown, 403, "person-not-let-in")["subject"] == "hadi"


async def test_sec_4_who_sees_all_or_approves_is_let_in_by_two(town: Town) -> None:
    operator, other = town.market.operator, await town.market.another_operator()
    body = {"subject": "indah", "role": "operator"}
    added = (await operator.post("/v1/people", **body)).json()
    assert added["state"] == "waiting"
    assert_refused(await town.browser().log_in("indah"), 403, "person-not-let-in")
    path = f"/v1/people/{added['person_id']}"
    assert_refused(await operator.post(f"{path}/approve"), 403, "second-person-needed")
    approved = (await other.post(f"{path}/approve")).json()
    assert (approved["state"], approved["approved_by"]) == ("in", other.key[8:20])
    assert (await other.post(f"{path}/approve")).status_code == 200
    third = await town.market.another_operator()
    assert_refused(await third.post(f"{path}/approve"), 409, "person-waits-for-nobody")
    await logged_in(town, "indah")
    again = await operator.post("/v1/people", **body)
    assert again.json()["person_id"] == added["person_id"]
    assert_refused(
        await operator.post("/v1/people", subject="indah", role="office"), 409, "person-is-known"
    )
    listed = (await operator.get("/v1/people", limit=200)).json()["items"]
    assert {"ani", "indah"} <= {each["subject"] for each in listed}
    assert (await operator.get(path)).json()["subject"] == "indah"


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "pengurus"},
        {"role": "operator", "koperasi_id": "melati"},
        {"role": "supplier"},
        {"role": "office", "supplier_id": "indofood"},
    ],
)
async def test_a_person_speaks_for_what_their_role_speaks_for(
    town: Town, wrong: dict[str, str]
) -> None:
    answer = await town.market.operator.post("/v1/people", subject="joko", **wrong)
    assert_refused(answer, 422, "person-does-not-fit")


async def test_a_limited_key_lets_nobody_in_who_is_not(town: Town) -> None:
    clerk = await speaker(town, role="operator", scopes=["people:write"])
    answer = await clerk.post("/v1/people", subject="joko", role="office")
    assert_refused(answer, 403, "forbidden")


async def test_sec_3_who_is_ended_is_out_within_a_second(town: Town, clock: list[float]) -> None:
    person_id = await town.person("kartika", "operator")
    browser = await logged_in(town, "kartika")
    key = await speaker(town, role="operator", person_id=person_id, speaks_as=f"person/{person_id}")
    assert (await browser.get("/v1/me")).status_code == 200
    assert (await key.get("/v1/me")).json()["recorded_as"] == f"person/{person_id}"
    await town.market.door.write_pool.execute(
        "update access.people set ended_at = now() where person_id = $1", person_id
    )  # by another process
    clock[0] += 1
    assert_refused(await browser.get("/v1/me"), 401, "unauthenticated")
    assert_refused(await key.get("/v1/me"), 401, "unauthenticated")
    assert_refused(await town.browser().log_in("kartika"), 403, "person-not-let-in")


async def test_who_is_ended_leaves_no_name(town: Town) -> None:
    person_id = await town.person("lestari", "office", label="Lestari W.")
    browser = await logged_in(town, "lestari")
    done = (await town.market.operator.post(f"/v1/people/{person_id}/end")).json()
    assert (done["state"], done["label"]) == ("out", "")
    assert_refused(await browser.get("/v1/me"), 401, "unauthenticated")
    assert (await town.market.operator.post(f"/v1/people/{person_id}/end")).status_code == 200
    nobody = "01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e90"
    assert_refused(await town.market.operator.get(f"/v1/people/{nobody}"), 404, "person-unknown")


# -- what a session opens ------------------------------------------------------------------

LIKE: dict[str, dict[str, Any]] = {
    "ani": {"role": "operator"},
    "citra": {"role": "auditor"},
    "dewi": {"role": "koperasi", "koperasi_id": "melati"},
    "fajar": {"role": "office"},
    "gita": {"role": "supplier", "supplier_id": "indofood"},
}
READ = (
    "/v1/cycles", "/v1/orders", "/v1/orders?koperasi_id=mawar", "/v1/postings", "/v1/keys",
    "/v1/people", "/v1/suppliers/indofood/accounts", "/v1/suppliers/bulog/accounts", "/v1/rules",
    "/v1/koperasi/mawar", "/v1/koperasi/melati", "/v1/order-states", "/v1/totals?cycle_id=none",
    "/v1/items",
)  # fmt: skip
WRITTEN = (
    "/v1/cycles/none/close", "/v1/koperasi/none/suspend", "/v1/consolidated-orders/a/b/approve",
    "/v1/consolidated-orders/none/indofood/acknowledge", "/v1/people", "/v1/keys",
)  # fmt: skip


@pytest.mark.parametrize("person", LIKE)
async def test_sec_3_a_session_sees_and_does_what_the_key_of_its_role_does(
    town: Town, person: str
) -> None:
    browser, key = await logged_in(town, person), await speaker(town, **LIKE[person])
    for path in READ:
        by_session, by_key = await browser.get(path), await key.get(path)
        assert by_session.status_code == by_key.status_code, path
        if by_key.is_success:
            assert by_session.json() == by_key.json(), path
    for path in WRITTEN:
        by_session, by_key = await browser.post(path), await key.post(path)
        assert by_session.status_code == by_key.status_code, path
    seen = {(await key.get(path)).status_code for path in READ}
    assert 200 in seen


async def test_sec_3_a_pengawas_reads_its_koperasi_and_approves(town: Town) -> None:
    browser = await logged_in(town, "eko")
    me = (await browser.get("/v1/me")).json()
    assert (me["koperasi_id"], me["may_approve"]) == ("melati", True)
    assert (await browser.get("/v1/koperasi/melati")).status_code == 200
    assert_refused(await browser.get("/v1/koperasi/mawar"), 403, "forbidden")
    assert_refused(
        await browser.post("/v1/koperasi/melati/shares/pledges", amount_idr=1), 403, "forbidden"
    )
    order = await ordered(town, "by-pengawas")
    assert (await town.market.operator.post(f"{order}/send")).status_code == 202
    done = await browser.post(f"{order}/approve")
    assert done.status_code == 200, done.text


async def test_sec_4_a_pengawas_sees_what_waits_for_an_approval(town: Town) -> None:
    order = await ordered(town, "seen-by-pengawas")
    operator = town.market.operator
    assert (await operator.post(f"{order}/send")).status_code == 202
    account = {"bank_code": "014", "account_no": "1234567890", "holder": "PT Indofood"}
    assert (await operator.post("/v1/suppliers/indofood/accounts", **account)).is_success
    for koperasi_id in ("melati", "mawar"):
        path = f"/v1/contacts/{new_id()}"
        body = {"koperasi_id": koperasi_id, "roles": ["kasir"], "name": "Siti"}
        headers = {"authorization": f"Bearer {operator.key}", "idempotency-key": new_id()}
        done = await town.market.client.put(path, json=body, headers=headers)
        assert done.status_code == 201, done.text
        assert (await operator.post(f"{path}/ask-erasure")).is_success
    await town.market.settle()

    eko = await logged_in(town, "eko")
    rows = (await eko.get("/v1/approvals?limit=200")).json()["items"]
    seen = {
        (row["kind"], row["cycle_id"] or row["supplier_id"] or row["koperasi_id"]): row
        for row in rows
    }
    mine = ("order", "seen-by-pengawas")
    assert {mine, ("account", "indofood"), ("erasure", "melati")} <= seen.keys()
    assert ("erasure", "mawar") not in seen, "another koperasi's person"
    assert seen[mine]["may_approve"] is True
    assert seen["account", "indofood"]["may_approve"] is False
    waits = (await eko.get("/v1/approvals?waits_for=me&limit=200")).json()
    assert {row["kind"] for row in waits["items"]} == {"order"}
    assert waits["totals"]["rows"] == len(waits["items"])
    unsure = await logged_in(town, "eko", amr="pwd")
    assert (await unsure.get("/v1/approvals?waits_for=me")).json()["items"] == []
    assert (await eko.post(seen[mine]["approve"])).status_code == 200
    await town.market.settle()
    left = (await eko.get("/v1/approvals?cycle_id=seen-by-pengawas")).json()
    assert (left["items"], left["totals"]) == ([], {"rows": 0, "amount_idr": 0})
    for other in ("dewi", "fajar", "gita"):
        browser = await logged_in(town, other)
        assert_refused(await browser.get("/v1/approvals"), 403, "forbidden")


async def ordered(town: Town, cycle_id: str) -> str:
    """An order above the limit, closed and consolidated; its path."""
    market = town.market
    done = await market.operator.put(
        "/v1/rules/two-persons/2026-01-01", values={"order_idr": 1_000_000}, source="RAT 2025"
    )
    assert done.status_code in (200, 201), done.text
    await market.open_cycle(cycle_id, closes_at=later(days=900))
    melati = await market.koperasi("melati")
    await market.place(melati, {"cycle_id": cycle_id, "lines": [oil(100)]})
    path = f"/v1/cycles/{cycle_id}/close"
    done = await market.operator.post(path, early=True, reason="the truck leaves")
    assert done.status_code == 200, done.text
    await market.settle()
    return f"/v1/consolidated-orders/{cycle_id}/indofood"


async def test_sec_4_a_person_is_one_whether_by_session_or_by_key(town: Town) -> None:
    order = await ordered(town, "one-person")
    ani, budi = await logged_in(town, "ani"), await logged_in(town, "budi")
    who = (await ani.get("/v1/me")).json()["recorded_as"]
    person_id = who.removeprefix("person/")
    own_key = await speaker(town, role="operator", person_id=person_id, speaks_as=who)
    made = await ani.post("/v1/keys", role="operator")
    handed = Speaker(town.market.client, town.market.projector, made.json()["key"])
    assert (await ani.post(f"{order}/send")).status_code == 202
    for same in (ani, own_key, handed, await logged_in(town, "ani")):
        assert_refused(await same.post(f"{order}/approve"), 403, "second-person-needed")
    state = (await ani.get(f"{order}/state")).json()
    assert state["proposed_by"] == who
    assert (await budi.post(f"{order}/approve")).status_code == 200


async def test_sec_3_approvals_take_a_second_factor(town: Town) -> None:
    order = await ordered(town, "second-factor")
    accounts = "/v1/suppliers/bulog/accounts"
    told = {"bank_code": "002", "account_no": "1234567890", "holder": "Bulog"}
    assert (await town.market.operator.post(accounts, **told)).status_code == 201
    key = (await town.market.operator.post("/v1/keys", role="auditor")).json()["key_id"]
    new = (await town.market.operator.post("/v1/people", subject="mega", role="auditor")).json()
    assert (await town.market.operator.post(f"{order}/send")).status_code == 202
    approvals = (
        f"{order}/approve",
        f"{accounts}/1/confirm",
        f"/v1/keys/{key}/approve",
        f"/v1/people/{new['person_id']}/approve",
    )
    for amr in ("pwd", "otp", "hwk"):
        weak = await logged_in(town, "budi", amr)
        assert (await weak.get("/v1/me")).json()["second_factor"] is False
        for path in approvals:
            assert_refused(await weak.post(path), 403, "second-factor-needed")
    strong = await logged_in(town, "budi", "mfa")
    for path in approvals:
        done = await strong.post(path)
        assert done.status_code == 200, done.text


async def test_sec_3_an_auditor_sees_nothing_without_a_second_factor(town: Town) -> None:
    weak, strong = await logged_in(town, "citra", "pwd"), await logged_in(town, "citra")
    assert_refused(await weak.get("/v1/cycles"), 403, "second-factor-needed")
    assert (await weak.get("/v1/me")).json()["second_factor"] is False
    assert (await strong.get("/v1/cycles")).status_code == 200


# -- other sites ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
    ],
)
async def test_sec_3_another_site_writes_nothing_with_our_cookie(
    town: Town, headers: dict[str, str]
) -> None:
    browser = await logged_in(town, "ani")
    before = await town.market.event_count()
    for method, path in (("POST", "/v1/koperasi/melati/suspend"), ("POST", "/auth/logout")):
        sent = {**headers, "idempotency-key": "from-another-site-1"}
        answer = await browser.go(method, path, headers=sent, json={"reason": "because"})
        assert_refused(answer, 403, "cross-site")
    assert await town.market.event_count() == before
    assert (await browser.get("/v1/me")).status_code == 200


@pytest.mark.parametrize("issuer", ["cross-site", "same-site"])
async def test_sec_3_the_way_home_from_the_issuers_page_is_open(town: Town, issuer: str) -> None:
    """Browsers call every step of a redirect by the site it began on, here the issuer's."""
    browser = town.browser()
    back = await browser.go("GET", await browser.chosen("ani"), headers={"sec-fetch-site": issuer})
    led = back.headers.get("location")
    path, site = (led, issuer) if led else (home_of(back), "same-origin")
    seen = await browser.go("GET", path, headers={"sec-fetch-site": site})
    assert seen.status_code == 200, seen.text
    assert seen.json()["role"] == "operator"
    assert back.headers["referrer-policy"] == "no-referrer", "the code stays here"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
    ],
)
async def test_sec_3_nor_does_it_read(town: Town, headers: dict[str, str], status: int) -> None:
    browser = await logged_in(town, "ani")
    answer = await browser.go("GET", "/v1/cycles", headers=headers)
    assert answer.status_code == status


async def test_sec_3_with_a_key_nobody_looks_at_cookies(town: Town) -> None:
    browser = await logged_in(town, "ani")
    key = await speaker(town, role="office")
    headers = {"authorization": f"Bearer {key.key}", "sec-fetch-site": "cross-site"}
    me = await browser.go("GET", "/v1/me", headers=headers)
    assert me.json()["role"] == "office"
    wrong = {"authorization": "Bearer ju_live_wrong"}
    assert_refused(await browser.go("GET", "/v1/me", headers=wrong), 401, "unauthenticated")


async def test_a_cookie_that_says_nothing_opens_nothing(town: Town) -> None:
    for value in ("", "x", "A" * 43):
        browser = Browser(town, {"__Host-ju": value})
        assert_refused(await browser.get("/v1/me"), 401, "unauthenticated")
