"""Suppliers' price files over HTTP: one done and one refused call per route."""

import hashlib
from typing import Any

import httpx2

from service import NETWORK, Service, assert_refused

TABLE = (
    "CV MAJU JAYA;;;;\r\n"
    "Daftar harga Maret 2026, belum termasuk PPN;;;;\r\n"
    "No;Kode;Nama Barang;Harga;Harga 10+\r\n"
    "1;A1;Beras medium 5 kg;Rp 65.500,-;64.000\r\n"
    "2;A2;Gula pasir 1 kg;17.250;\r\n"
    "3;A3;Minyak goreng 1 L;TBA;\r\n"
    ";;Total;82.750;\r\n"
)
DAYS = {"valid_from_on": "2026-03-01"}


async def admitted(service: Service) -> None:
    done = await service.operator.put("/v1/suppliers/maju", title="CV Maju Jaya")
    assert done.status_code == 201


async def send(
    service: Service, content: bytes | str, import_id: str = "maret", **query: Any
) -> httpx2.Response:
    body = content.encode() if isinstance(content, str) else content
    return await service.client.put(
        f"/v1/price-imports/{import_id}",
        content=body,
        params={"supplier_id": "maju", "file_name": "harga.csv", **DAYS, **query},
        headers={"authorization": f"Bearer {service.operator.key}"},
    )


async def digest_of(service: Service, import_id: str = "maret") -> str:
    shown = await service.operator.get(f"/v1/price-imports/{import_id}")
    assert shown.status_code == 200, shown.text
    return str(shown.json()["preview"]["digest"])


async def confirm(service: Service, import_id: str = "maret") -> httpx2.Response:
    digest = await digest_of(service, import_id)
    return await service.operator.post(f"/v1/price-imports/{import_id}/confirm", digest=digest)


async def answer(service: Service, import_id: str = "maret", **answers: str) -> httpx2.Response:
    await service.operator.projector.catch_up(NETWORK)
    return await service.operator.put(
        f"/v1/price-imports/{import_id}/answers",
        answers={key.replace("__", ":"): value for key, value in answers.items()},
    )


async def events(service: Service) -> int:
    return await service.door.log(NETWORK).head()


async def test_a_file_is_sent_and_previewed(service: Service) -> None:
    await admitted(service)
    sent = await send(service, TABLE)
    assert (sent.status_code, sent.headers["location"]) == (201, "/v1/price-imports/maret")
    again = await send(service, TABLE)
    assert again.headers["idempotent-replayed"] == "true"
    shown = (await service.operator.get("/v1/price-imports/maret")).json()
    assert shown["sha256"] == hashlib.sha256(TABLE.encode()).hexdigest()
    preview = shown["preview"]
    assert preview["counts"] == {
        "rows": 3,
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "doubtful": 1,
        "gone": 0,
        "left_out": 0,
        "new_items": 3,
    }
    assert (preview["table"]["head_row"], preview["open_questions"]) == (3, 1)
    assert preview["table"]["passed_over"] == [
        {"row": 1, "why": "title"},
        {"row": 2, "why": "title"},
        {"row": 7, "why": "total"},
    ]
    (listed,) = (await service.operator.get("/v1/price-imports", supplier_id="maju")).json()[
        "items"
    ]
    assert listed["import_id"] == "maret"
    other = await service.operator.get("/v1/price-imports", supplier_id="bulog")
    assert other.json()["items"] == []


async def test_a_file_that_is_not_taken(service: Service) -> None:
    assert_refused(await send(service, TABLE), 404, "supplier-unknown")
    await admitted(service)
    formula = await send(service, "Nama;Harga\n=HYPERLINK(1);5\n")
    assert_refused(formula, 422, "price-file-formulas")
    wrong = await send(service, TABLE, file_name="harga.xlsx")
    assert_refused(wrong, 422, "price-file-kind")
    ends = await send(service, TABLE, valid_until_on="2026-02-01")
    assert_refused(ends, 422, "price-import-invalid")
    assert (await send(service, TABLE)).status_code == 201
    assert_refused(await send(service, TABLE + "x;y\n"), 409, "price-import-exists")


async def test_a_file_has_a_bound_of_its_own_and_the_others_keep_theirs(service: Service) -> None:
    await admitted(service)
    large = TABLE + ";;;;\r\n" * 200_000
    assert len(large) > 1 << 20
    assert_refused(await send(service, large), 422, "price-file-too-large")  # rows, not bytes
    huge = await send(service, b"x" * ((10 << 20) + 1))
    assert_refused(huge, 413, "payload-too-large")

    async def chunks() -> Any:
        for _ in range(11):
            yield b"x" * (1 << 20)

    headers = {"authorization": f"Bearer {service.operator.key}"}
    query = {"supplier_id": "maju", "file_name": "harga.csv", **DAYS}
    streamed = await service.client.put(
        "/v1/price-imports/x", content=chunks(), params=query, headers=headers
    )
    assert_refused(streamed, 413, "payload-too-large")
    answers = await service.client.put(
        "/v1/price-imports/x/answers", content=b"x" * ((1 << 20) + 1), headers=headers
    )
    assert_refused(answers, 413, "payload-too-large")


async def test_questions_are_shown_and_answered(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    (question,) = (await service.operator.get("/v1/price-imports/maret/questions")).json()["items"]
    assert (question["id"], question["row"], question["cell"]) == ("price:R6", 6, "TBA")
    assert (await answer(service, price__R6="18000")).status_code == 200
    assert (await service.operator.get("/v1/price-imports/maret/questions")).json()["items"] == []
    misfit = await answer(service, price__R6="many")
    assert_refused(misfit, 422, "price-import-answer-invalid")
    assert_refused(await answer(service, "april", price__R6="1"), 404, "price-import-unknown")
    missing = await service.operator.get("/v1/price-imports/april/questions")
    assert_refused(missing, 404, "price-import-unknown")


async def test_an_answer_that_is_taken_back_counts_again(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    for price in ("18000", "19000", "18000"):
        assert (await answer(service, price__R6=price)).status_code == 200
        rows = (await service.operator.get("/v1/price-imports/maret/rows")).json()["items"]
        assert rows[2]["tiers"][0]["idr"] == int(price)


async def test_what_holds_for_all_files_of_a_supplier_is_asked_once(service: Service) -> None:
    await admitted(service)
    await service.operator.put("/v1/suppliers/lain", title="Lain")
    table = "Nama;Isi;Harga\nKopi;12;120000\nTeh;6x4;60000\n"
    await send(service, table, "satu")
    await answer(service, "satu", basis="case", case__6x4="24", price__R2="110000")
    await send(service, table.replace("60000", "61000"), "dua")
    again = (await service.operator.get("/v1/price-imports/dua")).json()["preview"]
    assert again["open_questions"] == 0
    rows = (await service.operator.get("/v1/price-imports/dua/rows")).json()["items"]
    assert [(row["tiers"][0]["idr"], row["tiers"][0]["per"]) for row in rows] == [
        (120_000, 12),  # what was said of one row is not carried over
        (61_000, 24),
    ]
    await send(service, table, "tiga", supplier_id="lain")
    other = (await service.operator.get("/v1/price-imports/tiga")).json()["preview"]
    assert other["open_questions"] == 2


async def test_rows_tell_what_would_be_stored(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    rows = (await service.operator.get("/v1/price-imports/maret/rows", limit=2)).json()
    assert [row["item_id"] for row in rows["items"]] == ["beras-medium-5-kg", "gula-pasir-1-kg"]
    assert rows["items"][0]["tiers"] == [
        {"from_quantity": 1, "idr": 65_500, "per": 1},
        {"from_quantity": 10, "idr": 64_000, "per": 1},
    ]
    rest = await service.operator.get(rows["next"])
    assert [row["status"] for row in rest.json()["items"]] == ["doubtful"]
    doubtful = await service.operator.get("/v1/price-imports/maret/rows", status="doubtful")
    assert [row["row"] for row in doubtful.json()["items"]] == [6]
    wrong = await service.operator.get("/v1/price-imports/maret/rows", status="odd")
    assert_refused(wrong, 422, "validation-failed")


async def test_nothing_is_stored_while_a_question_is_open(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    before = await events(service)
    problem = assert_refused(await confirm(service), 409, "price-import-questions-open")
    assert problem["open_questions"] == 1
    assert await events(service) == before


async def test_only_what_was_seen_is_stored(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    seen = await digest_of(service)
    await answer(service, row__R6="skip")
    before = await events(service)
    await service.operator.get("/v1/price-imports/maret")
    stale = await service.operator.post("/v1/price-imports/maret/confirm", digest=seen)
    assert_refused(stale, 409, "price-import-preview-changed")
    assert await events(service) == before


async def test_a_confirmed_file_is_a_price_list_with_its_items(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    await answer(service, price__R6="18000")
    before = await events(service)
    done = await confirm(service)
    assert (done.status_code, done.headers["location"]) == (200, "/v1/price-lists/maret")
    assert await events(service) == before + 6  # three items, one part, names, the confirmation
    shown = (await service.operator.get("/v1/price-imports/maret")).json()
    assert shown["preview"] is None
    outcome = {name: n for name, n in shown["outcome"].items() if name != "digest"}
    assert outcome == {
        "new": 3,
        "changed": 0,
        "unchanged": 0,
        "gone": 0,
        "left_out": 0,
        "ticked": 0,
        "items_added": 3,
    }
    stored = (await service.operator.get("/v1/price-lists/maret")).json()
    assert (stored["row_count"], stored["valid_from_on"]) == (3, "2026-03-01")
    source = await service.door.read_pool.fetchval(
        "select convert_from(body, 'utf8')::json ->> 'source' from log.events e"
        " join log.types using (type_id) where name = 'catalog.price_list_published'"
    )
    assert source == hashlib.sha256(TABLE.encode()).hexdigest()
    item = (await service.operator.get("/v1/items/gula-pasir-1-kg")).json()
    assert (item["title"], item["base_unit"]) == ("Gula pasir 1 kg", "H87")
    for path in ("rows", "questions"):
        over = await service.operator.get(f"/v1/price-imports/maret/{path}")
        assert_refused(over, 409, "price-import-confirmed")
    assert_refused(await answer(service, price__R6="1"), 409, "price-import-confirmed")


async def test_confirming_again_is_the_same_answer(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    await answer(service, price__R6="18000")
    digest = await digest_of(service)
    path = "/v1/price-imports/maret/confirm"
    first = await service.operator.post(path, digest=digest)
    await service.operator.get("/v1/price-imports/maret")
    again = await service.operator.post(path, digest=digest)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["position"] == first.json()["position"]
    other = await service.operator.post(path, digest="0" * 64)
    assert_refused(other, 409, "price-import-confirmed")


async def test_prices_on_days_that_have_some_are_refused_whole(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    await answer(service, price__R6="18000")
    await confirm(service)
    await send(service, TABLE.replace("17.250", "17.500"), "lagi")
    await answer(service, "lagi", price__R6="18000")
    before = await events(service)
    assert_refused(await confirm(service, "lagi"), 409, "price-overlaps")
    assert await events(service) == before


async def test_the_next_file_is_compared_and_remembers(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    await answer(service, price__R6="18000")
    await confirm(service)
    april = TABLE.replace("17.250", "25.875").replace("TBA", "18.000").replace("Beras medium", "X")
    await send(service, april, "april", valid_from_on="2026-04-01")
    shown = (await service.operator.get("/v1/price-imports/april")).json()["preview"]
    counts = {name: n for name, n in shown["counts"].items() if n}
    assert counts == {"rows": 3, "unchanged": 2, "doubtful": 1}
    (question,) = (await service.operator.get("/v1/price-imports/april/questions")).json()["items"]
    assert question["id"] == "jump:R5"
    await answer(service, "april", jump__R5="yes")
    (changed,) = (
        await service.operator.get("/v1/price-imports/april/rows", status="changed")
    ).json()["items"]
    assert (changed["item_id"], changed["change_bp"]) == ("gula-pasir-1-kg", 5_000)
    assert (await confirm(service, "april")).status_code == 200
    outcome = (await service.operator.get("/v1/price-imports/april")).json()["outcome"]
    assert (outcome["changed"], outcome["unchanged"], outcome["ticked"]) == (1, 2, 1)


async def test_a_list_goes_out_and_comes_back_without_a_change(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    await answer(service, price__R6="18000")
    await confirm(service)
    melati = await service.koperasi("melati")
    for kind in ("csv", "xlsx"):
        out = await melati.get("/v1/price-lists/maret/export", format=kind)
        assert out.headers["content-disposition"] == f'attachment; filename="maret.{kind}"'
        again = await send(
            service, out.content, kind, file_name=f"x.{kind}", valid_from_on="2026-04-01"
        )
        assert again.status_code == 201, again.text
        shown = (await service.operator.get(f"/v1/price-imports/{kind}")).json()["preview"]
        assert {name: n for name, n in shown["counts"].items() if n} == {"rows": 3, "unchanged": 3}
        assert shown["open_questions"] == 0
    missing = await melati.get("/v1/price-lists/x/export")
    assert_refused(missing, 404, "price-list-unknown")
    wrong = await melati.get("/v1/price-lists/maret/export", format="pdf")
    assert_refused(wrong, 422, "validation-failed")


async def prices_on(service: Service, item_id: str, day: str) -> list[str]:
    found = (await service.operator.get(f"/v1/items/{item_id}/prices", on=day)).json()
    return [each["price_list_id"] for each in found["items"]]


async def test_goods_that_a_file_no_longer_names_are_asked_about(service: Service) -> None:
    await admitted(service)
    await send(service, "Kode;Nama;Harga\nK1;Kopi;5000\nK3;Teh;9000\n")
    assert (await confirm(service)).status_code == 200
    april = {"valid_from_on": "2026-04-01"}
    await send(service, "Kode;Nama;Harga\nK1;Kopi;5000\n", "april", **april)
    shown = (await service.operator.get("/v1/price-imports/april")).json()["preview"]
    assert (shown["counts"]["gone"], shown["open_questions"]) == (1, 1)
    (question,) = (await service.operator.get("/v1/price-imports/april/questions")).json()["items"]
    assert (question["id"], question["options"]) == ("gone", ["keep", "end"])
    assert_refused(await confirm(service, "april"), 409, "price-import-questions-open")
    misfit = await answer(service, "april", gone="perhaps")
    assert_refused(misfit, 422, "price-import-answer-invalid")

    path = "/v1/price-imports/april/rows"
    last_days = {"keep": None, "end": "2026-03-31"}
    for said, last_on in last_days.items():
        assert (await answer(service, "april", gone=said)).status_code == 200
        (gone,) = (await service.operator.get(path, status="gone")).json()["items"]
        assert (gone["item_id"], gone["before_valid_until_on"]) == ("teh", last_on)
    assert (await confirm(service, "april")).status_code == 200
    outcome = (await service.operator.get("/v1/price-imports/april")).json()["outcome"]
    assert (outcome["gone"], outcome["unchanged"]) == (1, 1)
    assert (await service.operator.get("/v1/price-lists/april")).json()["ended"] == ["teh"]
    assert await prices_on(service, "teh", "2026-03-31") == ["maret"]
    assert await prices_on(service, "teh", "2026-04-01") == []
    assert await prices_on(service, "kopi", "2026-04-15") == ["april"]

    out = await service.operator.get("/v1/price-lists/april/export")
    for name, day in (("sekarang", "2026-04-01"), ("nanti", "2026-04-15")):
        await send(service, out.content, name, valid_from_on=day)
        shown = (await service.operator.get(f"/v1/price-imports/{name}")).json()["preview"]
        assert {each: n for each, n in shown["counts"].items() if n} == {"rows": 1, "unchanged": 1}
        assert shown["open_questions"] == 0

    await send(service, "Kode;Nama;Harga\nK3;Teh;9500\n", "juni", valid_from_on="2026-06-01")
    (question,) = (await service.operator.get("/v1/price-imports/juni/questions")).json()["items"]
    assert question["id"] == "gone", "what was said of one file is not said of the next"
    await answer(service, "juni", gone="keep")
    assert (await confirm(service, "juni")).status_code == 200
    assert await prices_on(service, "teh", "2026-05-31") == []
    assert await prices_on(service, "teh", "2026-06-01") == ["juni"]
    assert await prices_on(service, "kopi", "2026-06-01") == ["april"]


async def test_the_file_comes_back_as_it_was_sent(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    file = await service.operator.get("/v1/price-imports/maret/file")
    assert file.content == TABLE.encode()
    assert file.headers["x-content-type-options"] == "nosniff"
    missing = await service.operator.get("/v1/price-imports/x/file")
    assert_refused(missing, 404, "price-import-unknown")


async def test_a_ceiling_rings_a_price_above_it(service: Service) -> None:
    await admitted(service)
    het = {"zone_1_idr": 60_000, "zone_2_idr": 61_000, "zone_3_idr": 66_000, "per": 1}
    await service.operator.put("/v1/items/beras", title="Beras", base_unit="H87", case_size=1)
    await service.operator.put("/v1/rules/het.beras/2026-01-01", values=het, source="Bapanas")
    await send(service, TABLE)
    await answer(service, price__R6="18000", item__R4="beras")
    (question,) = (await service.operator.get("/v1/price-imports/maret/questions")).json()["items"]
    assert question["id"] == "het:R4"


async def test_a_koperasi_has_no_business_with_files(service: Service) -> None:
    await admitted(service)
    await send(service, TABLE)
    melati = await service.koperasi("melati")
    for path in ("", "/maret", "/maret/rows", "/maret/questions", "/maret/file"):
        assert_refused(await melati.get(f"/v1/price-imports{path}"), 403, "forbidden")
    refused = await melati.put("/v1/price-imports/maret/answers", answers={"basis": "unit"})
    assert_refused(refused, 403, "forbidden")
    refused = await melati.post("/v1/price-imports/maret/confirm", digest="0" * 64)
    assert_refused(refused, 403, "forbidden")
    sent = await service.client.put(
        "/v1/price-imports/x",
        content=TABLE.encode(),
        params={"supplier_id": "maju", "file_name": "harga.csv", **DAYS},
        headers={"authorization": f"Bearer {melati.key}"},
    )
    assert_refused(sent, 403, "forbidden")
