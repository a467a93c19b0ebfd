"""Every answer that is not a success is a problem document, whatever was sent."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha.api import problems
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, oil, opened
from service import NETWORK, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEMBERS = {"type", "title", "status", "detail", "code", "instance", "errors"}
CANARY = "kata-sandi-7319"
BODY = {"title": "Koperasi Melati"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        await market.stock()
        await market.open_cycle("january")
        await market.koperasi("melati")
        yield market


def door_of(method: str) -> str:
    """The framework's way in, or the lean one of orders."""
    return f"/v1/orders/{new_id()}" if method == "lean" else "/v1/koperasi/anggrek"


async def put(market: Market, path: str, content: Any, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {"content-type": "application/json", **named}
    named["authorization"] = f"Bearer {market.operator.key}"
    return await market.client.put(path, content=content, headers=named)


def assert_problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """A whole problem document that tells nothing of what was sent."""
    problem = assert_refused(response, status, code)
    assert response.headers["content-type"] == "application/problem+json; charset=utf-8"
    assert problem.keys() >= MEMBERS
    assert problem["type"] == f"/problems/{code}"
    assert problem["title"]
    assert problem["instance"].startswith("urn:uuid:")
    for error in problem["errors"]:
        assert error.keys() == {"pointer", "code", "detail"}
        assert error["pointer"] == "" or error["pointer"].startswith("/")
    assert CANARY not in response.text
    return problem


# -- JSON as API-10 takes it ---------------------------------------------------------------

BAD_JSON: dict[str, bytes] = {
    "nothing": b" ",
    "half": b'{"title": "' + CANARY.encode(),
    "two documents": b'{"title": "x"} {}',
    "NaN": b'{"title": "x", "quantity": NaN}',
    "infinity": b'{"title": "x", "quantity": -Infinity}',
    "a float without end": b'{"title": "x", "quantity": 1e999}',
    "the same key twice": b'{"title": "x", "title": "' + CANARY.encode() + b'"}',
    "the same key twice, escaped": b'{"title": "x", "\\u0074itle": "x"}',
    "the same key twice, deep": b'{"title": "x", "lines": [{"a": 1, "a": 1}]}',
    "1,001 keys": json.dumps({f"k{number}": 1 for number in range(1_001)}).encode(),
    "a key of 600 letters": b'{"' + b"k" * 600 + b'": NaN}',
    "2^53": b'{"title": "x", "quantity": 9007199254740992}',
    "-2^53": b'{"title": "x", "quantity": -9007199254740992}',
    "700 digits": b'{"title": "x", "quantity": ' + b"7" * 700 + b"}",
    "5,000 digits": b'{"title": "x", "quantity": ' + b"7" * 5_000 + b"}",
    "33 deep": b"[" * 33 + b"]" * 33,
    "100,000 deep": b"[" * 100_000,
    "33 deep after quotes": b'["\\"[", ' + b"[" * 32 + b"]" * 33,
    "Latin-1": '{"title": "Süß"}'.encode("latin-1"),
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"title": "x"}',
    "overlong UTF-8": b'{"title": "\xc0\xaf"}',
    "half a surrogate pair": b'{"title": "\\ud800"}',
    "half a surrogate pair in a key": b'{"\\udfff": 1}',
    "a zero byte": b'{"title": "a\\u0000b"}',
    "a zero byte in a key": b'{"a\\u0000b": 1}',
    "a bare zero byte": b'{"title": "a\x00b"}',
    "single quotes": b"{'title': 'x'}",
    "a trailing comma": b'{"title": "x",}',
    "a comment": b'{"title": "x"} // y',
}


@pytest.mark.parametrize("way", ["lean", "framework"])
@pytest.mark.parametrize("name", BAD_JSON)
async def test_what_is_not_strict_json_is_refused(market: Market, name: str, way: str) -> None:
    refused = await put(market, door_of(way), BAD_JSON[name])
    assert_problem(refused, 400, "json-invalid")


PLACES = {
    "half": "/title",
    "two documents": "",
    "NaN": "/quantity",
    "a float without end": "/quantity",
    "the same key twice": "/title",
    "the same key twice, escaped": "/title",
    "the same key twice, deep": "/lines/0/a",
    "1,001 keys": "/k1000",
    "2^53": "/quantity",
    "33 deep": "/0" * 32,
    "33 deep after quotes": "/1" + "/0" * 31,
    "Latin-1": "",
    "a byte order mark": "",
    "half a surrogate pair": "/title",
    "half a surrogate pair in a key": "/?",
    "a zero byte": "/title",
    "a zero byte in a key": "/a?b",
    "a key of 600 letters": "/" + "k" * 511,
}


@pytest.mark.parametrize("way", ["lean", "framework"])
@pytest.mark.parametrize("name", PLACES)
async def test_api_10_the_place_of_what_is_no_strict_json_is_told(
    market: Market, name: str, way: str
) -> None:
    refused = await put(market, door_of(way), BAD_JSON[name])
    (error,) = assert_problem(refused, 400, "json-invalid")["errors"]
    assert (error["pointer"], error["code"]) == (PLACES[name], "json-invalid")


async def test_a_place_far_behind_is_in_the_whole(market: Market) -> None:
    """Who sends much that is wrong does not make the service look through it in Python."""
    body = b'{"lines": [' + b"1, " * (1 << 18) + b"NaN]}"
    (error,) = assert_problem(await put(market, door_of("lean"), body), 400, "json-invalid")[
        "errors"
    ]
    assert error["pointer"] == ""


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("the largest integer", b'{"quantity": 9007199254740991}'),
        ("the smallest integer", b'{"quantity": -9007199254740991}'),
        ("32 deep", b'{"a":' + b"[" * 31 + b"]" * 31 + b"}"),
        ("brackets in text", b'{"title": "' + b"[" * 99 + b'\\"' + b"{" * 99 + b'"}'),
        ("many flat objects", b'{"a": [' + b"{}," * 99 + b"{}]}"),
        ("a whole surrogate pair", b'{"name": "\\ud83c\\udf3e"}'),
        ("a backslash before u0000", b'{"name": "\\\\u0000\\\\ud800"}'),
        ("a float", b'{"quantity": 1.5}'),
        ("a list", b"[]"),
        ("a number", b"7"),
        ("null", b"null"),
    ],
)
@pytest.mark.parametrize("way", ["lean", "framework"])
async def test_what_is_strict_json_is_judged_by_its_fields(
    market: Market, name: str, body: bytes, way: str
) -> None:
    assert_problem(await put(market, door_of(way), body), 422, "validation-failed")


@pytest.mark.parametrize("way", ["lean", "framework"])
async def test_a_body_is_needed(market: Market, way: str) -> None:
    assert_problem(await put(market, door_of(way), b""), 400, "json-invalid")


async def test_text_keeps_every_sign(market: Market) -> None:
    title = "Beras \\u0000 “🌾” \u2028 é ñ 米"
    done = await market.operator.put("/v1/koperasi/padi", title=title)
    assert done.status_code == 201
    assert (await market.operator.get("/v1/koperasi/padi")).json()["title"] == title


@pytest.mark.parametrize("way", ["lean", "framework"])
@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""]
)
async def test_only_json_is_taken(market: Market, media_type: str, way: str) -> None:
    refused = await put(market, door_of(way), json.dumps(BODY), content_type=media_type)
    assert_problem(refused, 415, "unsupported-media-type")


@pytest.mark.parametrize("path", ["/v1/koperasi/padat", "/v1/orders/x", "/v1/price-imports/padat"])
@pytest.mark.parametrize("packing", ["gzip", "br"])
async def test_only_a_sync_is_taken_packed(market: Market, path: str, packing: str) -> None:
    """Also what only says that it is packed: nobody guesses which of the two is true."""
    if "orders" in path:
        path = f"/v1/orders/{new_id()}"
    if "imports" in path:
        path += "?supplier_id=bulog&file_name=a.csv&valid_from_on=2026-01-01"
    for content in (json.dumps(BODY).encode(), gzip.compress(json.dumps(BODY).encode())):
        refused = await market.client.put(
            path,
            content=content,
            headers={
                "authorization": f"Bearer {market.operator.key}",
                "content-type": "application/json",
                "content-encoding": packing,
            },
        )
        assert_problem(refused, 415, "unsupported-media-type")


async def test_a_byte_order_mark_is_called_by_its_name(market: Market) -> None:
    refused = await put(market, "/v1/koperasi/besar", BAD_JSON["a byte order mark"])
    assert "BOM" in assert_problem(refused, 400, "json-invalid")["detail"]


async def test_json_may_say_its_charset(market: Market) -> None:
    done = await put(
        market,
        "/v1/koperasi/matahari",
        json.dumps(BODY),
        content_type="Application/JSON; charset=utf-8",
    )
    assert done.status_code == 201


# -- sizes ---------------------------------------------------------------------------------

MOST = 1 << 20
PADDING = b'{"title": "' + b"x" * MOST + b'"}'


@pytest.mark.parametrize("path", ["/v1/koperasi/besar", "/v1/orders/x", "/v1/sync", "/nowhere"])
async def test_more_than_a_mebibyte_is_refused_unread(market: Market, path: str) -> None:
    method = "POST" if path == "/v1/sync" else "PUT"
    headers = {"authorization": f"Bearer {market.operator.key}", "content-type": "application/json"}
    refused = await market.client.request(method, path, content=PADDING, headers=headers)
    assert_problem(refused, 413, "payload-too-large")


@pytest.mark.parametrize("way", ["lean", "framework", "sync"])
async def test_more_than_a_mebibyte_in_chunks_is_refused_when_it_is_seen(
    market: Market, way: str
) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for start in range(0, 64 << 20, 1 << 16):
            sent = start
            yield b"x" * (1 << 16)

    path = "/v1/sync" if way == "sync" else door_of(way)
    headers = {"authorization": f"Bearer {market.operator.key}", "content-type": "application/json"}
    method = "POST" if way == "sync" else "PUT"
    refused = await market.client.request(method, path, content=chunks(), headers=headers)
    assert_problem(refused, 413, "payload-too-large")
    assert sent <= 2 * MOST


async def test_a_mebibyte_itself_is_read(market: Market) -> None:
    body = b'{"title": "' + b"x" * (MOST - 13) + b'"}'
    assert len(body) == MOST
    assert_problem(await put(market, "/v1/koperasi/besar", body), 422, "validation-failed")


# -- fields --------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["lean", "framework"])
async def test_an_unknown_field_is_named_by_its_pointer(market: Market, way: str) -> None:
    body = {"cycle_id": "january", "lines": [oil(1)]} if way == "lean" else BODY
    strange = {**body, "a/b~c": CANARY}
    refused = await put(market, door_of(way), json.dumps(strange))
    problem = assert_problem(refused, 422, "validation-failed")
    (error,) = [each for each in problem["errors"] if each["code"] == "unknown-field"]
    assert error["pointer"] == "/a~1b~0c"


async def test_a_pointer_leads_into_lists(market: Market) -> None:
    lines = [oil(1), {**oil(1), "colour": CANARY}, {**oil(1), "quantity": CANARY}]
    body = {"cycle_id": CANARY + "!", "lines": lines}
    refused = await put(market, door_of("lean"), json.dumps(body))
    problem = assert_problem(refused, 422, "validation-failed")
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [
        ("/cycle_id", "string-pattern-mismatch"),
        ("/lines/1/colour", "unknown-field"),
        ("/lines/2/quantity", "int-type"),
    ]


async def test_a_missing_field_is_named(market: Market) -> None:
    refused = await put(market, door_of("framework"), b"{}")
    (error,) = assert_problem(refused, 422, "validation-failed")["errors"]
    assert (error["pointer"], error["code"]) == ("/title", "missing")


@pytest.mark.parametrize("way", ["lean", "framework"])
async def test_fifty_errors_are_enough(market: Market, way: str) -> None:
    strange = {f"field-{number}": CANARY for number in range(200)}
    refused = await put(market, door_of(way), json.dumps(strange))
    assert len(assert_problem(refused, 422, "validation-failed")["errors"]) == 50


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=x", "/limit"),
        ("after=-1", "/after"),
        (f"after={2**53}", "/after"),
        (f"cursor={'x' * 1025}", "/cursor"),
    ],
)
async def test_a_query_that_does_not_fit_is_named(market: Market, query: str, pointer: str) -> None:
    refused = await market.send(market.operator, "GET", f"/v1/cycles?{query}")
    (error,) = assert_problem(refused, 422, "validation-failed")["errors"]
    assert error["pointer"] == pointer


@pytest.mark.parametrize(
    "query", ["state=%00", "state=a%00b", "state=%FF", "supplier_id=%00", "state=open&state=closed"]
)
async def test_no_query_breaks_the_service(market: Market, query: str) -> None:
    for path in ("/v1/cycles", "/v1/cycles/january/totals"):
        answer = await market.send(market.operator, "GET", f"{path}?{query}")
        assert answer.status_code in (200, 422), answer.text


# -- the framework's own answers -----------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/v2/cycles", "/v1/cycles/", "/v1/%00", "/v1/orders"])
async def test_no_such_path_is_a_problem(market: Market, path: str) -> None:
    missing = (
        await market.client.put(path) if path == "/v1/orders" else await market.client.get(path)
    )
    if missing.status_code == 405:
        assert_problem(missing, 405, "method-not-allowed")
    else:
        assert_problem(missing, 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/orders/x", {"GET", "PUT"}),
        ("GET", "/v1/sync", {"POST"}),
        ("POST", "/v1/cycles", {"GET"}),
        ("PATCH", "/v1/cycles/january", {"GET", "PUT"}),
        ("TRACE", "/v1/cycles/january/close", {"POST"}),
    ],
)
async def test_a_method_that_is_not_taken_says_which_are(
    market: Market, method: str, path: str, allowed: set[str]
) -> None:
    refused = await market.client.request(method, path)
    assert_problem(refused, 405, "method-not-allowed")
    assert set(refused.headers["allow"].replace(" ", "").split(",")) - {"HEAD"} == allowed


# -- languages -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        (None, "id", "Tidak ditemukan"),
        ("", "id", "Tidak ditemukan"),
        ("en", "en", "Not found"),
        ("en-GB,en;q=0.9", "en", "Not found"),
        ("id-ID,id;q=0.9,en;q=0.8", "id", "Tidak ditemukan"),
        ("fr, en;q=0.5", "en", "Not found"),
        ("fr", "id", "Tidak ditemukan"),
        ("id;q=0.1, en;q=0.9", "en", "Not found"),
        ("en;q=0.3, id ; q=0.301", "id", "Tidak ditemukan"),
        ("en, id", "en", "Not found"),
        ("en;q=0", "id", "Tidak ditemukan"),
        ("id;q=0, *;q=0.1", "en", "Not found"),
        ("en;q=0.5, *", "id", "Tidak ditemukan"),
        ("en-GB;q=0.1, id;q=0.2, en_US", "en", "Not found"),
        ("enm, idx", "id", "Tidak ditemukan"),
        ("en;q=many, id;q=0.9", "en", "Not found"),
    ],
)
async def test_titles_come_in_the_language_asked_for_and_codes_do_not(
    market: Market, accepted: str | None, language: str, title: str
) -> None:
    headers = {} if accepted is None else {"accept-language": accepted}
    missing = await market.client.get("/nowhere", headers=headers)
    problem = assert_problem(missing, 404, "not-found")
    assert problem["title"] == title
    assert missing.headers["content-language"] == language
    assert "Accept-Language" in missing.headers["vary"]


async def test_every_title_is_there_in_both_languages() -> None:
    for code, titles in problems.TITLES.items():
        assert all(titles), code
        assert len(set(titles)) == 2, code


# -- errors of ours ------------------------------------------------------------------------


async def test_an_error_of_ours_tells_nothing(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError(f"select * from {CANARY}")

    monkeypatch.setattr(market.door, "handle", broken)
    answers = [
        await market.operator.put("/v1/koperasi/anggrek", **BODY),
        await market.place(
            market.operator, {"cycle_id": "january", "koperasi_id": "melati", "lines": [oil(1)]}
        ),
    ]
    for answer in answers:
        problem = assert_problem(answer, 500, "internal")
        assert "Traceback" not in answer.text
        assert "select" not in answer.text
        assert problem["errors"] == []


async def test_who_goes_by_another_time_than_the_database_is_not_ready(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market.door.clock, "offset", timedelta(seconds=-29))
    ready = await market.client.get("/readyz")
    assert (ready.status_code, ready.json()["clock_skew_seconds"]) == (200, 29)
    monkeypatch.setattr(market.door.clock, "offset", timedelta(seconds=-31))
    assert_problem(await market.client.get("/readyz"), 503, "clock-skew")


async def test_every_answer_has_an_instance_of_its_own(market: Market) -> None:
    answers = await asyncio.gather(*(market.client.get("/nowhere") for _ in range(20)))
    assert len({each.json()["instance"] for each in answers}) == 20


async def test_nothing_of_all_this_was_recorded(market: Market) -> None:
    before = await market.event_count()
    for body in BAD_JSON.values():
        await put(market, door_of("lean"), body)
    assert await market.event_count() == before
    assert await market.projector.catch_up(NETWORK) >= 0
    stopped = await market.sql("select count(*) from bookmarks where state <> 'live'")
    assert stopped == 0


async def test_api_3_the_type_of_a_problem_is_a_page_for_people(market: Market) -> None:
    refused = await market.client.get("/v1/koperasi")
    page = await market.client.get(refused.json()["type"])
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "Authorization: Bearer" in page.text
    assert (await market.client.get("/problems/<b>none</b>")).status_code == 404
