"""SEC-14, AU-10: persons' data over HTTP; recorded, corrected, shown, given out, erased."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha.api.access import issuing
from jaringan_usaha.api.access.caller import Role
from jaringan_usaha.api.access.issuing import Wanted
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.features.contacts import forgetting
from market import Market, opened
from service import NETWORK, Speaker, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE, EMAIL, NIK = "+62 812-3456-7890", "siti@melati.example", "3273014501900007"
SITI: dict[str, Any] = {
    "roles": ["ketua"],
    "name": "Siti Aminah",
    "phone": PHONE,
    "email": EMAIL,
    "nik": NIK,
    "consented_on": "2026-01-10",
}
VALUES = (SITI["name"], PHONE, EMAIL, NIK)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        await market.stock()
        yield market


async def speaker(market: Market, role: Role, **named: str) -> Speaker:
    door = market.door
    wanted = Wanted(role=role, **named)  # type: ignore[arg-type]  ids by name
    key = await issuing.issue(door.write_pool, door.clock, NETWORK, wanted)
    return Speaker(market.client, market.projector, key)


async def put(who: Speaker, path: str, key: str = "", **body: Any) -> httpx2.Response:
    headers = {"authorization": f"Bearer {who.key}", "idempotency-key": key or f"put-{new_id()}"}
    return await who.client.put(path, json=body, headers=headers)


async def recorded(who: Speaker, **other: Any) -> str:
    """The path of a new contact."""
    path = f"/v1/contacts/{new_id()}"
    done = await put(who, path, **{**SITI, **other})
    assert done.status_code == 201, done.text
    assert done.headers["location"] == path
    return path


async def reads_by(market: Market, who: Speaker) -> list[tuple[str, str]]:
    """Whose fields were read with this key, as they were written down."""
    rows = await market.worker.fetch(
        "select subject_id, array_to_string(fields, ',') from private.reads where key_id = $1"
        " order by read_at",
        who.key[8:20],
    )
    return [(row[0], row[1]) for row in rows]


async def log_and_tables(market: Market) -> str:
    """All bodies of the log, all answers, and the read table, as text."""
    bodies = await market.sql("select string_agg(convert_from(body, 'UTF8'), ' ') from log.events")
    rows = await market.sql("select string_agg(c::text, ' ') from contacts c")
    return f"{bodies} {rows}"


async def test_sec_14_a_person_is_recorded_and_corrected(market: Market) -> None:
    melati = await market.koperasi("melati")
    path = await recorded(melati)
    shown = (await melati.get(path)).json()
    expected = {
        "koperasi_id": "melati",
        "supplier_id": None,
        "roles": ["ketua"],
        "name": "Siti Aminah",
        "phone": PHONE,
        "email": EMAIL,
        "consented_on": "2026-01-10",
        "state": "current",
    }
    assert expected.items() <= shown.items()
    assert "nik" not in shown  # only to the person
    done = await melati.post(
        f"{path}/correct", name="Siti Aminah, S.E.", remove=["nik", "email"], roles=["bendahara"]
    )
    assert done.status_code == 200, done.text
    shown = (await melati.get(path)).json()
    assert (shown["name"], shown["email"], shown["phone"]) == ("Siti Aminah, S.E.", None, PHONE)
    assert (shown["roles"], shown["version"]) == (["bendahara"], 2)
    assert (await melati.post(f"{path}/correct")).json()["version"] == 2  # nothing to correct
    again = await put(melati, path, **SITI)
    assert_refused(again, 409, "contact-exists")


async def test_api_2_the_same_request_again_is_one_request(market: Market) -> None:
    melati = await market.koperasi("melati")
    path, key = f"/v1/contacts/{new_id()}", f"put-{new_id()}"
    first = await put(melati, path, key, **SITI)
    again = await put(melati, path, key, **SITI)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    other = await put(melati, path, key, **{**SITI, "phone": "+62 812-9999-9999"})
    assert_refused(other, 422, "idempotency-key-reused")
    assert (await melati.get(path)).json()["phone"] == PHONE


async def test_au_10_no_value_is_in_the_log_nor_in_a_read_table(market: Market) -> None:
    path = await recorded(await market.koperasi("melati"))
    await market.settle()
    told = await log_and_tables(market)
    assert path.rpartition("/")[2] in told
    assert [value for value in VALUES if value in told] == []
    sealed = await market.sql("select string_agg(encode(sealed, 'escape'), '') from private.values")
    assert sealed
    assert [value for value in VALUES if value in sealed] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"consented_on": None}, "/consented_on"),
        ({"consented_on": "2036-01-01"}, "/consented_on"),
        ({"koperasi_id": "melati", "supplier_id": "bulog"}, "/koperasi_id"),
        ({"koperasi_id": None}, "/koperasi_id"),
    ],
)
async def test_sec_14_what_does_not_fit_keeps_nothing(
    market: Market, change: dict[str, Any], pointer: str
) -> None:
    await market.koperasi("melati")
    before = await market.sql("select count(*) from private.people")
    path = f"/v1/contacts/{new_id()}"
    refused = await put(market.operator, path, **{**SITI, "koperasi_id": "melati", **change})
    problem = assert_refused(refused, 422, "contact-invalid")
    assert problem["errors"][0]["pointer"] == pointer
    assert [value for value in VALUES if value in refused.text] == []
    assert await market.sql("select count(*) from private.people") == before


async def test_a_contact_is_of_somebody_who_is_admitted(market: Market) -> None:
    path = f"/v1/contacts/{new_id()}"
    for named in ({"koperasi_id": "nobody"}, {"supplier_id": "nobody"}):
        refused = await put(market.operator, path, **SITI, **named)
        assert_refused(refused, 404, "contact-party-unknown")


async def test_sec_14_withdrawn_consent_takes_the_values_away(market: Market) -> None:
    melati = await market.koperasi("melati")
    path = await recorded(melati)
    done = await melati.post(f"{path}/withdraw-consent")
    assert done.status_code == 200, done.text
    shown = (await melati.get(path)).json()
    assert (shown["name"], shown["phone"], shown["email"]) == ("Siti Aminah", None, None)
    assert shown["consented_on"] is None
    again = await melati.post(f"{path}/withdraw-consent")
    assert again.json() == done.json()
    assert_refused(await melati.post(f"{path}/correct", phone=PHONE), 422, "contact-invalid")
    given = await melati.post(f"{path}/correct", phone=PHONE, consented_on="2026-01-12")
    assert given.status_code == 200, given.text
    assert (await melati.get(path)).json()["phone"] == PHONE


async def test_sec_14_a_person_gets_all_that_is_known(market: Market) -> None:
    melati = await market.koperasi("melati")
    path = await recorded(melati)
    await market.operator.get(path)
    data = (await melati.get(f"{path}/personal-data")).json()
    assert (data["name"], data["phone"], data["email"], data["nik"]) == VALUES
    assert [each["what"] for each in data["facts"]] == ["contacts.contact_recorded"]
    assert data["facts"][0]["fact"]["roles"] == ["ketua"]
    roles = [(each["role"], each["fields"]) for each in data["reads"]]
    assert roles == [
        ("koperasi", ["email", "name", "nik", "phone"]),
        ("operator", ["email", "name", "phone"]),
    ]


async def test_au_10_erasing_needs_two_and_leaves_nothing_but_facts(market: Market) -> None:
    melati, second = await market.koperasi("melati"), await speaker(market, "operator")
    path = await recorded(melati)
    subject_id = path.rpartition("/")[2]
    refused = await market.operator.post(f"{path}/erase")
    assert_refused(refused, 409, "erasure-not-asked")
    assert (await market.operator.post(f"{path}/ask-erasure")).status_code == 200
    assert (await melati.get(path)).json()["state"] == "erasure-asked"
    refused = await market.operator.post(f"{path}/erase")
    assert_refused(refused, 403, "second-person-needed")
    assert_refused(await melati.post(f"{path}/erase"), 403, "forbidden")
    head = await market.event_count()
    done = await second.post(f"{path}/erase")
    assert done.status_code == 200, done.text
    assert await market.event_count() == head + 1
    assert (await second.post(f"{path}/erase")).json() == done.json()
    for table in ("private.values", "private.people where sealed_key is not null and true"):
        where = " and" if "where" in table else " where"
        left = await market.sql(f"select count(*) from {table}{where} subject_id = $1", subject_id)
        assert left == 0
    shown = (await melati.get(path)).json()
    assert (shown["state"], shown["name"], shown["phone"]) == ("erased", None, None)
    assert shown["roles"] == ["ketua"]
    data = (await melati.get(f"{path}/personal-data")).json()
    assert (data["nik"], len(data["facts"])) == (None, 3)
    assert_refused(await melati.post(f"{path}/correct", name="Siti"), 409, "contact-is-erased")


async def test_au_10_an_erasure_is_finished_after_a_crash(market: Market) -> None:
    """The fact was recorded, and the process died before anything was destroyed; or a backup
    from before then was brought back."""
    melati, second = await market.koperasi("melati"), await speaker(market, "operator")
    erased, withdrawn, kept = [await recorded(melati) for _ in range(3)]
    ids = [each.rpartition("/")[2] for each in (erased, withdrawn, kept)]
    pool = market.door.write_pool
    backup = {
        table: await pool.fetch(f"select * from private.{table} where subject_id = any ($1)", ids)
        for table in ("people", "values")
    }
    await melati.post(f"{erased}/ask-erasure")
    await second.post(f"{erased}/erase")
    await melati.post(f"{withdrawn}/withdraw-consent")
    await pool.execute("delete from private.values where subject_id = any ($1)", ids)
    for row in backup["people"]:
        await pool.execute(
            "update private.people set sealed_key = $2 where subject_id = $1",
            row["subject_id"],
            row["sealed_key"],
        )
    await pool.executemany(
        "insert into private.values values ($1, $2, $3, $4, $5)",
        [tuple(row) for row in backup["values"]],
    )
    await market.projector.catch_up(NETWORK)
    log, now = market.door.log(NETWORK), market.door.clock.now()
    assert await forgetting.tend(log, market.worker, now)
    assert not await forgetting.tend(log, market.worker, now)
    count = "select count(*) from private.values where subject_id = $1 and sealed is not null"
    assert [await market.sql(count, each) for each in ids] == [0, 1, 4]
    assert (
        await market.sql("select sealed_key from private.people where subject_id = $1", ids[0])
        is None
    )
    assert (await melati.get(kept)).json()["phone"] == PHONE


async def test_au_10_what_comes_late_brings_nothing_back(market: Market) -> None:
    """A repeated request of before the erasure or the withdrawal, whose answer was lost."""
    melati, second = await market.koperasi("melati"), await speaker(market, "operator")
    for way in ("withdraw-consent", "erase"):
        path, key = f"/v1/contacts/{new_id()}", f"put-{new_id()}"
        await put(melati, path, key, **SITI)
        if way == "erase":
            await melati.post(f"{path}/ask-erasure")
        done = await second.post(f"{path}/{way}")
        assert done.status_code == 200, done.text
        again = await put(melati, path, key, **SITI)
        assert again.headers["idempotent-replayed"] == "true"
        assert (await melati.get(path)).json()["phone"] is None


async def test_sec_14_each_sees_their_own(market: Market) -> None:
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    bulog = await speaker(market, "supplier", supplier_id="bulog")
    indofood = await speaker(market, "supplier", supplier_id="indofood")
    office = await speaker(market, "office")
    chair = await recorded(melati)
    cashier = await recorded(melati, roles=["kasir"], name="Budi")
    seller = await recorded(bulog, roles=["ketua"], name="Rina")
    ids = {path: path.rpartition("/")[2] for path in (chair, cashier, seller)}

    async def seen(who: Speaker, **query: str | int) -> dict[str, dict[str, Any]]:
        answer = await who.get("/v1/contacts", limit=200, **query)
        assert answer.status_code == 200, answer.text
        return {each["subject_id"]: each for each in answer.json()["items"]}

    assert {ids[chair], ids[cashier]} <= set(await seen(melati))
    assert ids[seller] not in await seen(melati)
    assert await seen(mawar) == {}
    assert set(await seen(bulog)) == {ids[seller]}
    assert await seen(indofood) == {}
    assert set(ids.values()) <= set(await seen(market.operator))
    assert set(await seen(market.operator, supplier_id="bulog")) == {ids[seller]}
    assert ids[chair] not in await seen(market.operator, role="kasir")
    chairs = await seen(office)
    assert ids[chair] in chairs
    assert not {ids[cashier], ids[seller]} & set(chairs)
    of_chair = chairs[ids[chair]]
    assert (of_chair["name"], of_chair["phone"]) == ("Siti Aminah", PHONE)
    assert {each["email"] for each in chairs.values()} == {None}
    for who, path in ((mawar, chair), (indofood, seller), (bulog, chair)):
        assert_refused(await who.get(path), 404, "contact-unknown")
        assert_refused(await who.post(f"{path}/correct", name="X"), 404, "contact-unknown")
    named = {**SITI, "koperasi_id": "melati"}
    assert_refused(await put(mawar, f"/v1/contacts/{new_id()}", **named), 403, "forbidden")
    named = {**SITI, "supplier_id": "bulog"}
    assert_refused(await put(indofood, f"/v1/contacts/{new_id()}", **named), 403, "forbidden")


async def test_sec_14_those_whose_data_were_read_are_listed(market: Market) -> None:
    melati, office = await market.koperasi("melati"), await speaker(market, "office")
    path = await recorded(melati)
    subject_id = path.rpartition("/")[2]
    await melati.get(path)
    await office.get("/v1/contacts", limit=200)
    listed = await market.operator.get("/v1/personal-reads", limit=200)
    (one,) = [each for each in listed.json()["items"] if each["subject_id"] == subject_id]
    assert (one["koperasi_id"], one["fields"], one["reads"]) == (
        "melati",
        ["email", "name", "phone"],
        2,
    )
    assert "Siti" not in listed.text
    by_office = await market.operator.get("/v1/personal-reads", limit=200, key_id=office.key[8:20])
    (one,) = [each for each in by_office.json()["items"] if each["subject_id"] == subject_id]
    assert (one["fields"], one["reads"]) == (["name", "phone"], 1)
    years_ago = {"from": "2020-01-01", "to": "2020-01-31"}
    before = await market.operator.get("/v1/personal-reads", **years_ago)
    assert before.json()["items"] == []


async def test_sec_14_only_what_left_was_read(market: Market) -> None:
    """Pages are shorter than the rows that were looked at, and may lack fields."""
    mawar = await market.koperasi("mawar")
    wide = {"name": "S" * 120, "email": f"{'s' * 240}@kop.example"}
    for _ in range(40):
        await recorded(mawar, **wide)
    first = (await mawar.get("/v1/contacts")).json()
    shown = [each["subject_id"] for each in first["items"]]
    assert 0 < len(shown) < 40, "cut by size"
    assert sorted(await reads_by(market, mawar)) == sorted(
        (subject_id, "email,name,phone") for subject_id in shown
    )
    second = (await mawar.get(first["next"])).json()
    both = shown + [each["subject_id"] for each in second["items"]]
    assert sorted(subject_id for subject_id, _ in await reads_by(market, mawar)) == sorted(both)

    before = len(await reads_by(market, mawar))
    plain = (await mawar.get("/v1/contacts", limit=1, fields="subject_id,roles")).json()["items"]
    assert (len(plain), len(await reads_by(market, mawar))) == (1, before)
    named = (await mawar.get("/v1/contacts", limit=2, fields="name,state")).json()["items"]
    assert len(named) == 2
    assert [fields for _, fields in (await reads_by(market, mawar))[before:]] == ["name", "name"]


@pytest.mark.parametrize(
    ("koperasi_id", "path"), [("kenanga", ""), ("teratai", "/personal-data"), ("seruni", "?")]
)
async def test_sec_14_who_has_it_already_read_nothing(
    market: Market, koperasi_id: str, path: str
) -> None:
    reader = await market.koperasi(koperasi_id)
    contact = await recorded(reader)
    asked = "/v1/contacts?fields=name" if path == "?" else f"{contact}{path}"
    first = await reader.get(asked)
    read = await reads_by(market, reader)
    assert (first.status_code, len(read)) == (200, 1)
    tag = "*" if path == "/personal-data" else first.headers["etag"]
    headers = {"authorization": f"Bearer {reader.key}", "if-none-match": tag}
    again = await reader.client.get(asked, headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert await reads_by(market, reader) == read
    await reader.post(f"{contact}/correct", name="Siti A.")
    headers["if-none-match"] = first.headers["etag"]
    changed = await reader.client.get(
        f"{asked}{'&' if '?' in asked else '?'}after=0", headers=headers
    )
    assert changed.status_code == 200
    assert "Siti A." in changed.text
    assert len(await reads_by(market, reader)) == 2


async def test_sec_14_an_export_tells_of_itself_as_it_is_kept(market: Market) -> None:
    melati = await market.koperasi("melati")
    path = await recorded(melati)
    first = (await melati.get(f"{path}/personal-data")).json()["reads"]
    second = (await melati.get(f"{path}/personal-data")).json()["reads"]
    assert (len(first), second[1:]) == (1, first)


async def test_sec_14_nobody_tidies_away_a_late_read(market: Market) -> None:
    melati = await market.koperasi("melati")
    await melati.get(await recorded(melati))
    count = "select count(*) from private.reads"
    before = await market.sql(count)
    await market.sql("select private.forget_reads($1, 1000)", NETWORK)
    assert await market.sql(count) == before
    for verb in ("delete from private.reads", "update private.reads set role = 'nobody'"):
        with pytest.raises(Exception, match="permission denied"):
            await market.sql(verb)
