"""Sync up: many lines in one request, a verdict for each, safe to send again whole."""

import asyncio
import gzip
import json
import random
import zlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from backports import zstd

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.api.sync import up as sync
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, oil, opened, rice
from service import Speaker, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

Line = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        await market.stock()
        await market.open_cycle("january")
        for koperasi_id in ("melati", "mawar"):
            await market.koperasi(koperasi_id)
        yield market


def place(*lines: dict[str, Any], order_id: str | None = None, **frame: Any) -> Line:
    body = {
        "order_id": order_id or new_id(),
        "cycle_id": "january",
        "lines": list(lines) or [oil(1)],
    }
    return {"op_id": new_id(), "type": "place_order", "body": body, **frame}


def change(order_id: str, version: int, *lines: dict[str, Any], **frame: Any) -> Line:
    line = place(*lines, order_id=order_id, **frame)
    return {**line, "type": "change_order", "body": {**line["body"], "if_version": version}}


def cancel(order_id: str, **body: Any) -> Line:
    body = {"order_id": order_id, "cycle_id": "january", **body}
    return {"op_id": new_id(), "type": "cancel_order", "body": body}


def packed(lines: Sequence[Line | bytes]) -> bytes:
    return b"\n".join(
        each if isinstance(each, bytes) else json.dumps(each).encode() for each in lines
    )


async def send(market: Market, speaker: Speaker, content: Any, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {"content-type": "application/x-ndjson", **named}
    named["authorization"] = f"Bearer {speaker.key}"
    return await market.client.post("/v1/sync", content=content, headers=named)


async def synced(
    market: Market, speaker: Speaker, lines: Sequence[Line | bytes], **headers: str
) -> list[dict[str, Any]]:
    """The verdicts on these lines: one for each, in their order."""
    response = await send(market, speaker, packed(lines), **headers)
    assert response.status_code == 207, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.content.endswith(b"\n")
    verdicts = [json.loads(line) for line in response.content.splitlines()]
    asked = [each.get("op_id") for each in lines if isinstance(each, dict)]
    if len(asked) == len(lines):
        assert [each["op_id"] for each in verdicts] == asked
    assert len(verdicts) == len(lines)
    return verdicts


def told(verdict: dict[str, Any]) -> tuple[int, str]:
    """Status and code; an empty code for what was done."""
    assert ("body" in verdict) == (verdict["status"] < 300)
    assert ("problem" in verdict) == (verdict["status"] >= 300)
    problem = verdict.get("problem", {"status": verdict["status"], "code": ""})
    assert problem["status"] == verdict["status"]
    return verdict["status"], problem["code"]


# -- verdicts ------------------------------------------------------------------------------


async def test_every_line_has_its_verdict_in_order(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = [place(oil(number + 1)) for number in range(600)]
    count = await market.event_count()
    verdicts = await synced(market, melati, lines)
    assert {told(each) for each in verdicts} == {(201, "")}
    assert {each["body"]["version"] for each in verdicts} == {1}
    positions = [each["body"]["position"] for each in verdicts]
    assert sorted(positions) == list(range(count + 1, count + 601))
    for number in (0, 299, 599):
        path = f"/v1/orders/{lines[number]['body']['order_id']}"
        shown = (await melati.get(path)).json()
        assert shown["lines"] == [oil(number + 1)]
        assert shown["position"] == positions[number]


async def test_the_whole_file_again_is_the_same_answer(market: Market) -> None:
    melati, taken = await market.koperasi("melati"), new_id()
    await synced(market, melati, [place(order_id=taken)])
    lines = [place() for _ in range(20)] + [place(rice(5), order_id=taken)]
    first = await synced(market, melati, lines)
    assert told(first[-1]) == (409, "order-exists")
    assert not any(each["replayed"] for each in first)
    count = await market.event_count()
    again = await synced(market, melati, lines)
    assert [each["replayed"] for each in again] == [True] * 20 + [False]
    assert [each.get("body") for each in again] == [each.get("body") for each in first]
    assert await market.event_count() == count


async def test_a_torn_file_is_finished_by_sending_it_whole(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = [place() for _ in range(10)]
    part = await synced(market, melati, lines[:4])
    whole = await synced(market, melati, lines)
    assert [each["replayed"] for each in whole] == [True] * 4 + [False] * 6
    assert [each["body"] for each in whole[:4]] == [each["body"] for each in part]


async def test_the_same_file_many_times_at_once_is_recorded_once(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = [place() for _ in range(10)]
    count = await market.event_count()
    answers = await asyncio.gather(*(synced(market, melati, lines) for _ in range(8)))
    assert await market.event_count() == count + 10
    for verdicts in zip(*answers, strict=True):
        assert len({json.dumps(each["body"]) for each in verdicts}) == 1
        assert [each["replayed"] for each in verdicts].count(False) == 1


BAD_LINES: dict[str, tuple[bytes, int, str]] = {
    "no JSON": (b"{", 400, "json-invalid"),
    "a list": (b"[]", 422, "validation-failed"),
    "no UTF-8": (b'{"op_id": "\xff"}', 400, "json-invalid"),
    "NaN": (b'{"op_id": NaN}', 400, "json-invalid"),
    "half a pair": (b'{"\\ud800": 1}', 400, "json-invalid"),
    "a zero byte": (b'{"op_id": "\\u0000"}', 400, "json-invalid"),
    "no frame": (b"{}", 422, "validation-failed"),
    "deep": (b"[" * 5_000, 400, "json-invalid"),
}


@pytest.mark.parametrize("name", BAD_LINES)
async def test_a_bad_line_among_good_ones_harms_none(market: Market, name: str) -> None:
    melati = await market.koperasi("melati")
    bad, status, code = BAD_LINES[name]
    verdicts = await synced(market, melati, [place(), bad, place()])
    assert [told(each) for each in verdicts] == [(201, ""), (status, code), (201, "")]
    assert verdicts[1]["op_id"] is None


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"op_id": "short"}, "/op_id"),
        ({"op_id": "x" * 129}, "/op_id"),
        ({"op_id": "é" + "x" * 20}, "/op_id"),
        ({"op_id": "x" * 20 + "\n"}, "/op_id"),
        ({"colour": "red"}, "/colour"),
        ({"seq": -1}, "/seq"),
        ({"client_time": "2026-01-15T12:00:00"}, "/client_time"),
        ({"body": []}, "/body"),
    ],
)
async def test_a_frame_that_does_not_fit_is_named(
    market: Market, wrong: dict[str, Any], pointer: str
) -> None:
    melati, count = await market.koperasi("melati"), await market.event_count()
    content = packed([{**place(), **wrong}])
    response = await send(market, melati, content)
    (verdict,) = [json.loads(line) for line in response.content.splitlines()]
    assert told(verdict) == (422, "validation-failed")
    (error,) = verdict["problem"]["errors"]
    assert error["pointer"] == pointer
    if pointer == "/client_time":
        assert error["code"] == "timezone-missing"
    assert await market.event_count() == count


async def test_a_line_keeps_its_name_when_its_body_does_not_fit(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = [
        {**place(), "type": "burn_down"},
        place({**oil(1), "quantity": 1.5}),
        {**place(), "body": {"order_id": "x"}},
        place({**oil(1), "colour": "red"}),
    ]
    verdicts = await synced(market, melati, lines)
    assert {told(each) for each in verdicts} == {(422, "validation-failed")}
    assert verdicts[3]["problem"]["errors"][0]["code"] == "unknown-field"


@pytest.mark.parametrize("first", ".-_:0Z")
async def test_any_operation_id_that_is_taken_is_told_as_the_contract_has_it(
    market: Market, first: str
) -> None:
    """Every verdict is held against the contract, by `tests/witness.py`."""
    (verdict,) = await synced(market, await market.koperasi("melati"), [place(op_id=first * 16)])
    assert verdict["status"] == 201


async def test_rules_refuse_lines_one_by_one(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = [
        place({**oil(1), "item_id": "tea"}),
        place(oil(1), oil(1)),
        place(oil(1)),
        cancel(new_id()),
        change(new_id(), 1, oil(1)),
    ]
    lines[2]["body"]["cycle_id"] = "february"
    verdicts = await synced(market, melati, lines)
    assert [told(each) for each in verdicts] == [
        (409, "item-not-offered"),
        (422, "order-lines-invalid"),
        (404, "cycle-unknown"),
        (404, "order-unknown"),
        (404, "order-unknown"),
    ]


async def test_titles_come_in_the_language_asked_for(market: Market) -> None:
    melati = await market.koperasi("melati")
    for language, title in (("en", "JSON not valid"), ("id", "JSON tidak sah")):
        (verdict,) = await synced(market, melati, [b"{"], accept_language=language)
        assert verdict["problem"]["title"] == title


# -- one order, several lines --------------------------------------------------------------


async def test_placed_changed_and_cancelled_in_one_file(market: Market) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    lines = [
        place(oil(1), order_id=order_id),
        change(order_id, 1, oil(2)),
        change(order_id, 1, oil(3)),
        change(order_id, 2, oil(4)),
        cancel(order_id, if_version=3),
        place(oil(1), order_id=order_id),
    ]
    verdicts = await synced(market, melati, lines)
    assert [told(each) for each in verdicts] == [
        (201, ""),
        (201, ""),
        (412, "version-conflict"),
        (201, ""),
        (201, ""),
        (409, "order-exists"),
    ]
    assert [each["body"]["version"] for each in verdicts if "body" in each] == [1, 2, 3, 4]
    assert verdicts[2]["problem"]["current_version"] == 2
    assert verdicts[5]["problem"]["current_version"] == 4
    shown = (await melati.get(f"/v1/orders/{order_id}")).json()
    assert (shown["state"], shown["version"], shown["lines"]) == ("cancelled", 4, [oil(4)])
    again = await synced(market, melati, lines)
    assert [each.get("body") for each in again] == [each.get("body") for each in verdicts]


async def test_the_same_operation_twice_in_one_file_is_one(market: Market) -> None:
    melati, line = await market.koperasi("melati"), place()
    count = await market.event_count()
    first, second = await synced(market, melati, [line, line])
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert first["body"] == second["body"]
    assert await market.event_count() == count + 1


async def test_an_operation_stands_for_one_wish_only(market: Market) -> None:
    melati, line = await market.koperasi("melati"), place()
    other = {**place(oil(2)), "op_id": line["op_id"]}
    verdicts = await synced(market, melati, [line, other])
    assert [told(each) for each in verdicts] == [(201, ""), (422, "idempotency-key-reused")]


async def test_the_order_of_lines_and_the_device_clock_change_nothing(market: Market) -> None:
    """What frames a line is data; only its type and body are the wish."""
    melati, line = await market.koperasi("melati"), place()
    first = await synced(market, melati, [line])
    at = "2026-01-15T12:00:00+08:00"
    again = await synced(market, melati, [{**line, "seq": 7, "client_time": at}])
    assert (again[0]["replayed"], again[0]["body"]) == (True, first[0]["body"])


# -- lanes ---------------------------------------------------------------------------------


async def test_a_lane_stops_at_its_first_failure_and_others_go_on(market: Market) -> None:
    melati, order_id = await market.koperasi("melati"), new_id()
    lines = [
        place(order_id=order_id, lane="a"),
        place(lane="b"),
        change(order_id, 9, oil(9), lane="a"),
        place(lane="a"),
        place(lane="b"),
        place(),
        place(lane="a"),
    ]
    verdicts = await synced(market, melati, lines)
    done, stopped = (201, ""), (424, "previous-line-failed")
    refused = (412, "version-conflict")
    assert [told(each) for each in verdicts] == [
        done, done, refused, stopped, done, done, stopped,
    ]  # fmt: skip
    for number in (3, 6):
        unknown = await melati.get(f"/v1/operations/{lines[number]['op_id']}")
        assert unknown.status_code == 404


async def test_a_lane_stops_at_a_line_that_makes_no_sense(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = [
        place(lane="a"),
        {**place(lane="a"), "type": "burn_down"},
        place(lane="a"),
        {**place(lane="b"), "body": {}},
        place(lane="b"),
    ]
    verdicts = await synced(market, melati, lines)
    assert [told(each)[0] for each in verdicts] == [201, 422, 424, 422, 424]


async def test_a_line_that_makes_no_sense_is_told_so_in_a_lane_that_stopped(
    market: Market,
) -> None:
    """Whether it is known before the lane's failure or behind it."""
    melati = await market.koperasi("melati")
    lines = [place(oil(0), lane="a"), {**place(lane="a"), "type": "burn_down"}, place(lane="a")]
    for before in ([], [place()]):
        verdicts = await synced(market, melati, [*before, *lines])
        assert [told(each)[0] for each in verdicts][len(before) :] == [422, 422, 424]
        codes = [each["problem"]["code"] for each in verdicts[len(before) :]]
        assert codes == ["order-lines-invalid", "validation-failed", "previous-line-failed"]


async def test_a_lane_that_stopped_stays_so_over_all_portions(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = [
        place(oil(0), lane="a"),
        *(place() for _ in range(sync.FIRST_WAVE + sync.WAVE)),
        place(lane="a"),
    ]
    verdicts = await synced(market, melati, lines)
    assert told(verdicts[0]) == (422, "order-lines-invalid")
    assert {told(each) for each in verdicts[1:-1]} == {(201, "")}
    assert told(verdicts[-1]) == (424, "previous-line-failed")


async def test_a_repaired_lane_goes_on_where_it_stopped(market: Market) -> None:
    melati = await market.koperasi("melati")
    good, bad, last = place(lane="a"), place(oil(0), lane="a"), place(lane="a")
    await synced(market, melati, [good, bad, last])
    repaired = place(oil(1), lane="a")
    verdicts = await synced(market, melati, [good, repaired, last])
    assert [(told(each)[0], each["replayed"]) for each in verdicts] == [
        (201, True),
        (201, False),
        (201, False),
    ]


# -- whom a key speaks for -----------------------------------------------------------------


async def test_a_koperasi_admits_nobody_and_orders_for_nobody_else(market: Market) -> None:
    mawar, count = await market.koperasi("mawar"), await market.event_count()
    foreign = place()
    foreign["body"]["koperasi_id"] = "melati"
    lines = [
        {
            "op_id": new_id(),
            "type": "admit_koperasi",
            "body": {"koperasi_id": "tulip", "title": "Tulip"},
        },
        {
            "op_id": new_id(),
            "type": "admit_supplier",
            "body": {"supplier_id": "unilever", "title": "Unilever"},
        },
        foreign,
    ]
    verdicts = await synced(market, mawar, lines)
    assert {told(each) for each in verdicts} == {(403, "forbidden")}
    assert await market.event_count() == count
    by_operator = await synced(market, market.operator, lines)
    assert {told(each) for each in by_operator} == {(201, "")}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("describe_item", {"item_id": "minyak-1l", "tax_class": "standard"}),
        ("send_order", {"cycle_id": "2026-w47", "supplier_id": "bulog"}),
        (
            "receive_goods",
            {
                "receipt_id": "terima-1",
                "cycle_id": "2026-w47",
                "supplier_id": "bulog",
                "received_on": "2026-11-20",
                "lines": [{"item_id": "minyak-1l", "accepted": 1}],
            },
        ),
        (
            "enter_invoice",
            {
                "invoice_id": "faktur-1",
                "cycle_id": "2026-w47",
                "supplier_id": "bulog",
                "invoice_no": "1",
                "invoiced_on": "2026-11-20",
                "lines": [
                    {"item_id": "minyak-1l", "quantity": 1, "goods_idr": 1, "ppn_idr": 0},
                ],
            },
        ),
    ],
)
async def test_what_the_operator_does_no_koperasi_sends(
    market: Market, kind: str, body: dict[str, Any]
) -> None:
    mawar, count = await market.koperasi("mawar"), await market.event_count()
    line = {"op_id": new_id(), "type": kind, "body": body}
    assert [told(each) for each in await synced(market, mawar, [line])] == [(403, "forbidden")]
    assert await market.event_count() == count


async def test_only_with_a_key(market: Market) -> None:
    headers = {"content-type": "application/x-ndjson"}
    refused = await market.client.post("/v1/sync", content=packed([place()]), headers=headers)
    assert_refused(refused, 401, "unauthenticated")


# -- the packet ----------------------------------------------------------------------------


async def test_gzip_is_unpacked(market: Market) -> None:
    melati = await market.koperasi("melati")
    content = gzip.compress(packed([place() for _ in range(3)]))
    response = await send(market, melati, content, content_encoding="gzip")
    assert response.status_code == 207
    assert [json.loads(line)["status"] for line in response.content.splitlines()] == [201] * 3


@pytest.mark.parametrize("cut", [1, 8, 9, 60])
async def test_a_cut_gzip_records_nothing(market: Market, cut: int) -> None:
    melati, count = await market.koperasi("melati"), await market.event_count()
    content = gzip.compress(packed([place() for _ in range(3)]))[:-cut]
    refused = await send(market, melati, content, content_encoding="gzip")
    assert_refused(refused, 400, "json-invalid")
    assert await market.event_count() == count


@pytest.mark.parametrize("damage", ["plain", "flipped", "two members", "a tail"])
async def test_a_damaged_gzip_records_nothing(market: Market, damage: str) -> None:
    """What follows the first member would be lost without a verdict, so it is refused."""
    melati, count = await market.koperasi("melati"), await market.event_count()
    lines = packed([place()])
    content = {
        "plain": lines,
        "flipped": gzip.compress(lines)[:-6] + bytes(6),
        "two members": gzip.compress(lines + b"\n") + gzip.compress(lines),
        "a tail": gzip.compress(lines) + b"tail",
    }[damage]
    refused = await send(market, melati, content, content_encoding="gzip")
    assert_refused(refused, 400, "json-invalid")

    async def drop_by_drop() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 7):
            yield content[start : start + 7]

    refused = await send(market, melati, drop_by_drop(), content_encoding="gzip")
    assert_refused(refused, 400, "json-invalid")
    assert await market.event_count() == count


@pytest.mark.parametrize("megabytes", [1, 9, 90])
async def test_a_bomb_is_not_unpacked(market: Market, megabytes: int) -> None:
    melati = await market.koperasi("melati")
    pack = zlib.compressobj(9, wbits=31)
    content = b"".join(pack.compress(b" " * (1 << 20)) for _ in range(megabytes)) + pack.flush()
    refused = await send(market, melati, content, content_encoding="gzip")
    assert_refused(refused, 413, "payload-too-large")


async def test_api_6_zstd_is_unpacked(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = packed([place(oil(1), rice(1)) for _ in range(300)])
    response = await send(market, melati, zstd.compress(lines), content_encoding="zstd")
    assert response.content.count(b'"status":201') == 300


@pytest.mark.parametrize("damage", ["plain", "cut", "flipped", "two frames", "a tail", "wide"])
async def test_api_6_a_damaged_zstd_records_nothing(market: Market, damage: str) -> None:
    """`wide` asks for 128 MiB of memory to be unpacked in."""
    melati, count = await market.koperasi("melati"), await market.event_count()
    lines = packed([place()])
    summed = zstd.compress(lines, options={zstd.CompressionParameter.checksum_flag: 1})
    wide = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    content = {
        "plain": lines,
        "cut": summed[:-9],
        "flipped": summed[:-4] + bytes(4),
        "two frames": summed + summed,
        "a tail": summed + b"tail",
        "wide": wide.compress(lines) + wide.flush(),
    }[damage]

    async def drop_by_drop() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 7):
            yield content[start : start + 7]

    for sent in (content, drop_by_drop()):
        refused = await send(market, melati, sent, content_encoding="zstd")
        assert_refused(refused, 400, "json-invalid")
    assert await market.event_count() == count


@pytest.mark.parametrize("megabytes", [1, 9, 90])
async def test_api_6_a_bomb_in_zstd_is_not_unpacked(market: Market, megabytes: int) -> None:
    melati = await market.koperasi("melati")
    content = zstd.compress(b" " * (megabytes << 20))
    assert len(content) < 20_000
    refused = await send(market, melati, content, content_encoding="zstd")
    assert_refused(refused, 413, "payload-too-large")


async def test_api_6_a_file_cut_inside_a_line_loses_that_line_only(market: Market) -> None:
    """As a till dies while it writes: whole lines are done, the cut one gets a problem, and the
    whole file afterwards finishes it."""
    melati = await market.koperasi("melati")
    lines = [place() for _ in range(4)]
    content = packed(lines)
    response = await send(market, melati, content[:-20])
    verdicts = [json.loads(line) for line in response.content.splitlines()]
    assert [told(each) for each in verdicts] == [(201, "")] * 3 + [(400, "json-invalid")]
    whole = await synced(market, melati, lines)
    assert [each["replayed"] for each in whole] == [True] * 3 + [False]


async def test_api_6_an_answer_is_packed_for_who_takes_gzip(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = [place() for _ in range(sync.FIRST_WAVE + 1)]
    headers = {"authorization": f"Bearer {melati.key}", "content-type": "application/x-ndjson"}
    for accepted, packing in (("gzip", "gzip"), ("identity", None)):
        headers["accept-encoding"] = accepted
        content = packed(lines)
        async with market.client.stream(
            "POST", "/v1/sync", content=content, headers=headers
        ) as answer:
            assert answer.headers.get("content-encoding") == packing
            assert "accept-language" in answer.headers["vary"].lower()
            assert packing is None or "Accept-Encoding" in answer.headers["vary"]
            text = "".join([part async for part in answer.aiter_text()])
        assert text.count('"op_id"') == len(lines)
    small = await market.client.get("/healthz", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in small.headers


async def test_honest_packing_is_no_bomb(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = packed([place(oil(1), rice(1)) for _ in range(1_000)])
    content = gzip.compress(lines)
    assert len(lines) > 5 * len(content)
    response = await send(market, melati, content, content_encoding="gzip")
    assert response.content.count(b'"status":201') == 1_000


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd, gzip", "deflate"])
async def test_other_packings_are_not_taken(market: Market, encoding: str) -> None:
    melati = await market.koperasi("melati")
    refused = await send(market, melati, packed([place()]), content_encoding=encoding)
    assert_refused(refused, 415, "unsupported-media-type")


async def test_other_types_are_not_taken(market: Market) -> None:
    melati = await market.koperasi("melati")
    refused = await send(market, melati, packed([place()]), content_type="text/csv")
    assert_refused(refused, 415, "unsupported-media-type")


async def test_a_thousand_lines_are_enough(market: Market) -> None:
    melati, count = await market.koperasi("melati"), await market.event_count()
    refused = await send(market, melati, b"{}\n" * 1_001)
    assert_refused(refused, 413, "payload-too-large")
    response = await send(market, melati, b"{}\n" * 1_000)
    assert (response.status_code, response.content.count(b"\n")) == (207, 1_000)
    assert await market.event_count() == count


async def test_a_line_is_as_long_as_a_body_may_be(market: Market) -> None:
    """And what is wrong with one is told fifty times at most, while others are served."""
    melati = await market.koperasi("melati")
    room = sync.MOST_LINE - len(json.dumps({**place(), "body": {"note": ""}}))
    text = random.Random(1).randbytes(1 << 17).hex()  # else it packs as well as a bomb
    notes = (text + "x" * (length - len(text)) for length in (room, room + 1))
    fits, too_long = ({**place(), "body": {"note": note}} for note in notes)
    many = place(*({"a": 1} for _ in range(50_000)))
    content = gzip.compress(packed([fits, too_long, many, place()]))
    response = await send(market, melati, content, content_encoding="gzip")
    verdicts = [json.loads(line) for line in response.content.splitlines()]
    assert [told(each) for each in verdicts] == [
        (422, "validation-failed"),
        (413, "payload-too-large"),
        (422, "validation-failed"),
        (201, ""),
    ]
    assert len(verdicts[2]["problem"]["errors"]) <= 50


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \r\n"])
async def test_nothing_is_nothing(market: Market, content: bytes) -> None:
    melati = await market.koperasi("melati")
    assert_refused(await send(market, melati, content), 422, "validation-failed")


async def test_empty_lines_and_windows_line_ends_are_let_pass(market: Market) -> None:
    melati = await market.koperasi("melati")
    content = b"\n" + packed([place()]) + b"\r\n\r\n" + packed([place()]) + b"\n\n"
    response = await send(market, melati, content)
    assert [json.loads(line)["status"] for line in response.content.splitlines()] == [201, 201]


async def test_when_the_time_is_over_lines_are_left_for_the_next_request(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    melati = await market.koperasi("melati")
    log = market.door.log(1)
    really = log.handle_each

    async def slowly(tasks: Any) -> Any:
        answers = await really(tasks)
        market.door.clock.offset += timedelta(seconds=sync.SECONDS + 1)
        return answers

    lines = [place() for _ in range(sync.FIRST_WAVE + 2)]
    offset = market.door.clock.offset
    monkeypatch.setattr(log, "handle_each", slowly)
    verdicts = await synced(market, melati, lines)
    monkeypatch.undo()
    market.door.clock.offset = offset
    assert {told(each) for each in verdicts[: sync.FIRST_WAVE]} == {(201, "")}
    assert [told(each) for each in verdicts[sync.FIRST_WAVE :]] == [(425, "not-processed")] * 2
    again = await synced(market, melati, lines)
    assert [each["replayed"] for each in again] == [True] * sync.FIRST_WAVE + [False] * 2


# -- all or nothing ------------------------------------------------------------------------


async def together(market: Market, speaker: Speaker, lines: Sequence[Line]) -> list[Any]:
    headers = {
        "content-type": "application/x-ndjson",
        "authorization": f"Bearer {speaker.key}",
    }
    answer = await market.client.post(
        "/v1/sync?atomic=true", content=packed(lines), headers=headers
    )
    assert answer.status_code == 207, answer.text
    verdicts = [json.loads(line) for line in answer.content.splitlines()]
    assert [each["op_id"] for each in verdicts] == [each["op_id"] for each in lines]
    return verdicts


async def test_api_6_lines_that_stand_together_are_recorded_in_one_append(market: Market) -> None:
    """Also where one builds on the other; and sent again they are what they were."""
    melati, order_id = await market.koperasi("melati"), new_id()
    lines = [place(order_id=order_id), place(), change(order_id, 1, oil(5)), cancel(order_id)]
    count = await market.event_count()
    first = await together(market, melati, lines)
    assert {told(each) for each in first} == {(201, "")}
    positions = [each["body"]["position"] for each in first]
    assert positions == list(range(count + 1, count + 5))
    assert [each["body"]["version"] for each in first] == [1, 1, 2, 3]
    again = await together(market, melati, lines)
    assert [each["body"] for each in again] == [each["body"] for each in first]
    assert {each["replayed"] for each in again} == {True}
    assert await market.event_count() == count + 4
    assert (await melati.get(f"/v1/orders/{order_id}")).json()["version"] == 3


async def test_api_6_what_an_earlier_line_made_so_stands_where_that_line_stands(
    market: Market,
) -> None:
    """The same wish under other ids: the device that waits for its position sees it done."""
    melati, order_id = await market.koperasi("melati"), new_id()
    lines = [
        place(),
        place(order_id=order_id),
        change(order_id, 1, oil(5)),
        change(order_id, 1, oil(5)),
        place(),
        cancel(order_id),
        cancel(order_id),
    ]
    count = await market.event_count()
    first = await together(market, melati, lines)
    positions = [each["body"]["position"] - count for each in first]
    assert positions == [1, 2, 3, 3, 4, 5, 5]
    assert [each["body"]["version"] for each in first] == [1, 1, 2, 2, 1, 3, 3]
    assert [each["replayed"] for each in first] == [False] * 3 + [True, False, False, True]
    assert await market.event_count() == count + 5


@pytest.mark.parametrize("at", [0, 2, 4])
async def test_api_6_one_line_that_fails_leaves_none(market: Market, at: int) -> None:
    melati, count = await market.koperasi("melati"), await market.event_count()
    lines = [place() for _ in range(5)]
    lines[at] = place({**oil(1), "item_id": "tea"})
    for _ in range(2):
        verdicts = await together(market, melati, lines)
        assert told(verdicts.pop(at)) == (409, "item-not-offered")
        assert {told(each) for each in verdicts} == {(424, "previous-line-failed")}
    assert await market.event_count() == count
    unknown = await melati.get(f"/v1/operations/{lines[1]['op_id']}")
    assert_refused(unknown, 404, "operation-unknown")
    lines[at] = place()
    assert {told(each) for each in await together(market, melati, lines)} == {(201, "")}


async def test_api_6_lines_without_sense_are_all_named(market: Market) -> None:
    melati, count = await market.koperasi("melati"), await market.event_count()
    twice = place()
    lines = [place(), {**place(), "type": "burn_down"}, twice, place(oil(-1)), twice]
    verdicts = await together(market, melati, lines)
    assert [told(each)[0] for each in verdicts] == [424, 422, 424, 422, 422]
    assert await market.event_count() == count


async def test_api_6_what_was_recorded_alone_stays_beside_what_stands_together(
    market: Market,
) -> None:
    melati, lines = await market.koperasi("melati"), [place(), place(), place()]
    (alone,) = await synced(market, melati, lines[1:2])
    verdicts = await together(market, melati, lines)
    assert [each["replayed"] for each in verdicts] == [False, True, False]
    assert verdicts[1]["body"] == alone["body"]
    other = [place(), {**lines[0], "body": place()["body"]}]
    verdicts = await together(market, melati, other)
    assert [told(each)[0] for each in verdicts] == [424, 422]


async def test_api_6_many_files_at_once_are_whole_each(market: Market) -> None:
    """They all change one order: one file wins, and of the others nothing is left."""
    melati, order_id = await market.koperasi("melati"), new_id()
    await synced(market, melati, [place(order_id=order_id)])
    files = [[place(), change(order_id, 1, oil(number + 2))] for number in range(6)]
    count = await market.event_count()
    answers = await asyncio.gather(*(together(market, melati, file) for file in files))
    done = [verdicts for verdicts in answers if {told(each) for each in verdicts} == {(201, "")}]
    assert len(done) == 1
    assert await market.event_count() == count + 2
    for verdicts in answers:
        if verdicts not in done:
            assert sorted(told(each)[0] for each in verdicts) == [412, 424]


async def test_api_6_no_more_than_a_hundred_lines_stand_together(market: Market) -> None:
    melati, headers = await market.koperasi("melati"), {"content-type": "application/x-ndjson"}
    headers["authorization"] = f"Bearer {melati.key}"
    post, content = market.client.post, packed([place() for _ in range(101)])
    refused = await post("/v1/sync?atomic=true", content=content, headers=headers)
    assert_refused(refused, 413, "payload-too-large")
    refused = await post("/v1/sync?atomic=yes", content=content, headers=headers)
    assert_refused(refused, 422, "validation-failed")


# -- looking an operation up ---------------------------------------------------------------


async def test_an_operation_is_looked_up_by_its_id(market: Market) -> None:
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    done, refused = place(), place(oil(0))
    first, _ = await synced(market, melati, [done, refused])
    found = await melati.get(f"/v1/operations/{done['op_id']}")
    assert found.status_code == 200
    assert found.json()["state"] == "done"
    assert {**first["body"]}.items() <= found.json().items()
    assert found.json()["recorded_at"].endswith("Z")
    for speaker, op_id in (
        (melati, refused["op_id"]),
        (melati, new_id()),
        (melati, "till-7-request-000001"),
        (mawar, done["op_id"]),
    ):
        unknown = await speaker.get(f"/v1/operations/{op_id}")
        assert_refused(unknown, 404, "operation-unknown")


@pytest.mark.parametrize("op_id", ["short", "x" * 129, "%C3%A9" + "x" * 20, "x" * 20 + "%0A"])
async def test_an_operation_id_out_of_form_is_refused(market: Market, op_id: str) -> None:
    refused = await market.send(market.operator, "GET", f"/v1/operations/{op_id}")
    assert_refused(refused, 422, "validation-failed")
