"""Sales over HTTP: recorded once, kept under the ceilings, shown by day and item with totals."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, opened
from service import assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = "2026-01-15"
JANUARY = {"from": "2026-01-01", "to": "2026-01-31"}
HET = {"zone_1_idr": 15_700, "zone_2_idr": 15_700, "zone_3_idr": 15_700, "per": 1}
SPHP = {
    "zone_1_idr": 12_500,
    "zone_2_idr": 13_100,
    "zone_3_idr": 13_500,
    "buy_zone_1_idr": 11_000,
    "buy_zone_2_idr": 11_300,
    "buy_zone_3_idr": 11_600,
    "per": 1,
    "most_per_customer_day": 10,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """Two koperasi in zone 1, oil under HET, rice under SPHP, and salt that nobody limits."""
    async with opened(postgres, template) as market:
        put = market.operator.put
        goods = (("minyakita", "LTR"), ("sphp", "KGM"), ("salt", "H87"))
        answers = [
            await put(f"/v1/items/{item}", title=item.title(), base_unit=unit, case_size=1)
            for item, unit in goods
        ]
        for koperasi_id in ("melati", "mawar"):
            await market.koperasi(koperasi_id)
            path = f"/v1/koperasi/{koperasi_id}/classification/2025-01-01"
            answers.append(await put(path, vat_registered=koperasi_id == "mawar", price_zone=1))
        source = "Bapanas 299/2025"
        answers += [
            await put("/v1/rules/het.minyakita/2025-08-22", values=HET, source=source),
            await put("/v1/rules/sphp.sphp/2025-08-22", values=SPHP, source=source),
        ]
        assert [each.text for each in answers if each.status_code != 201] == []
        yield market


def line(item_id: str, quantity: int, amount_idr: int, **other: Any) -> dict[str, Any]:
    return {"item_id": item_id, "quantity": quantity, "amount_idr": amount_idr, **other}


def sale(*lines: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"sold_on": DAY, "lines": list(lines), **other}


async def test_a_sale_is_recorded_once_and_shown(market: Market) -> None:
    melati = await market.koperasi("melati")
    path = f"/v1/sales/{new_id()}"
    body = sale(line("minyakita", 2, 31_400), line("salt", 1, 5_000))
    done = await melati.put(path, **body)
    assert (done.status_code, done.headers["location"]) == (201, path)
    again = await melati.put(path, **body)
    assert (again.headers["idempotent-replayed"], again.json()) == ("true", done.json())
    shown = (await melati.get(path)).json()
    assert shown["lines"] == [
        line("minyakita", 2, 31_400, measured=[{"rule": "het.minyakita", "version_no": 1}]),
        line("salt", 1, 5_000),
    ]
    sums = {"koperasi_id": "melati", "sold_on": DAY, "amount_idr": 36_400, "ppn_idr": 0}
    assert sums.items() <= shown.items()
    other = await melati.put(path, **sale(line("salt", 2, 10_000)))
    assert_refused(other, 409, "sale-exists")


async def test_m2_above_the_ceiling_is_refused_or_flagged_when_reported(market: Market) -> None:
    melati = await market.koperasi("melati")
    path = f"/v1/sales/{new_id()}"
    dear = sale(line("minyakita", 1, 15_701), sold_on="2026-01-16")
    refused = assert_refused(await melati.put(path, **dear), 409, "het-exceeded")
    told = {"rule": "het.minyakita", "rule_version_no": 1, "most_idr": 15_700}
    assert told.items() <= refused.items()
    assert refused["errors"][0]["pointer"] == "/lines/0/amount_idr"
    assert (await melati.put(path, **dear, reported=True)).status_code == 201
    listed = (await market.operator.get("/v1/sale-flags", **JANUARY, item_id="minyakita")).json()
    (flag,) = listed["items"]
    assert {
        "flag": "HET_EXCEEDED",
        "rule_id": "het.minyakita",
        "rule_version_no": 1,
        "sale_id": path.rpartition("/")[2],
        "koperasi_id": "melati",
        "item_id": "minyakita",
        "amount_idr": 15_701,
        "line_no": 1,
    }.items() <= flag.items()
    assert listed["totals"] == {"rows": 1, "flags": 1, "sales": 1}


async def test_m3_eleven_kilograms_in_one_day_are_refused(market: Market) -> None:
    melati = await market.koperasi("melati")

    def rice(kilograms: int) -> dict[str, Any]:
        return sale(line("sphp", kilograms, kilograms * 12_500), customer="c1")

    assert (await melati.put(f"/v1/sales/{new_id()}", **rice(6))).status_code == 201
    refused = await melati.put(f"/v1/sales/{new_id()}", **rice(5))
    problem = assert_refused(refused, 409, "sphp-limit-exceeded")
    assert (problem["most"], problem["left"]) == (10, 4)
    assert (await melati.put(f"/v1/sales/{new_id()}", **rice(4))).status_code == 201


async def test_two_tills_at_once_do_not_sell_one_customer_too_much(market: Market) -> None:
    melati = await market.koperasi("melati")
    body = sale(line("sphp", 6, 75_000), customer="c2")
    answers = await asyncio.gather(*(melati.put(f"/v1/sales/{new_id()}", **body) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]


async def test_a_return_takes_off_what_the_day_shows(market: Market) -> None:
    mawar = await market.koperasi("mawar")
    day = {"sold_on": "2026-01-20"}
    taxed = line("salt", 3, 33_300, ppn_idr=3_300)
    back = line("salt", -1, -11_100, ppn_idr=-1_100)
    for each in (taxed, back):
        done = await mawar.put(f"/v1/sales/{new_id()}", **sale(each, **day))
        assert done.status_code == 201, done.text
    listed = (await mawar.get("/v1/sales", **{"from": "2026-01-20", "to": "2026-01-20"})).json()
    assert listed["items"] == [
        {
            "sold_on": "2026-01-20",
            "koperasi_id": "mawar",
            "item_id": "salt",
            "quantity": 2,
            "amount_idr": 22_200,
            "ppn_idr": 2_200,
            "sale_lines": 2,
        }
    ]
    sums = {"rows": 1, "sale_lines": 2, "amount_idr": 22_200, "ppn_idr": 2_200}
    assert listed["totals"] == sums


async def test_totals_are_of_all_rows_and_pages_add_up_to_them(market: Market) -> None:
    pages = await market.operator.pages("/v1/sales", **JANUARY, limit=2)
    rows = [row for page in pages for row in page["items"]]
    assert len(pages) > 1
    totals = pages[0]["totals"]
    assert all(page["totals"] == totals for page in pages)
    assert totals["rows"] == len(rows)
    for name in ("amount_idr", "ppn_idr", "sale_lines"):
        assert totals[name] == sum(row[name] for row in rows)
    keys = [(row["sold_on"], row["koperasi_id"], row["item_id"]) for row in rows]
    assert keys == sorted(set(keys))
    salt = (await market.operator.get("/v1/sales", **JANUARY, item_id="salt")).json()
    assert salt["items"] == [row for row in rows if row["item_id"] == "salt"]


async def test_a_koperasi_sees_and_records_its_own_sales_only(market: Market) -> None:
    melati, mawar = await market.koperasi("melati"), await market.koperasi("mawar")
    path = f"/v1/sales/{new_id()}"
    body = sale(line("salt", 1, 5_000))
    foreign = await mawar.put(path, **body, koperasi_id="melati")
    assert_refused(foreign, 403, "forbidden")
    assert_refused(await market.operator.put(path, **body), 422, "validation-failed")
    done = await market.operator.put(path, **body, koperasi_id="melati")
    assert done.status_code == 201
    assert (await melati.get(path)).status_code == 200
    assert_refused(await mawar.get(path), 404, "sale-unknown")
    for listing in ("/v1/sales", "/v1/sale-flags"):
        assert_refused(await mawar.get(listing, koperasi_id="melati"), 403, "forbidden")
        own = (await mawar.get(listing, **JANUARY)).json()["items"]
        assert {each["koperasi_id"] for each in own} <= {"mawar"}


async def test_a_period_is_at_most_a_year(market: Market) -> None:
    for wrong in (
        {"from": "2024-01-01", "to": "2026-01-31"},
        {"from": "2026-01-02", "to": "2026-01-01"},
    ):
        assert_refused(await market.operator.get("/v1/sales", **wrong), 422, "period-invalid")


async def test_tills_send_sales_in_bulk_and_again(market: Market) -> None:
    melati = await market.koperasi("melati")
    lines = [
        {
            "op_id": f"till-7-{number:012}",
            "type": "record_sale",
            "body": {"sale_id": new_id(), **sale(each, sold_on="2026-01-22")},
        }
        for number, each in enumerate((line("salt", 1, 5_000), line("minyakita", 1, 99_000)))
    ]
    content = b"".join(json.dumps(each).encode() + b"\n" for each in lines)
    headers = {
        "authorization": f"Bearer {melati.key}",
        "content-type": "application/x-ndjson",
    }
    for replayed in (False, True):
        answer = await market.client.post("/v1/sync", content=content, headers=headers)
        said = [json.loads(each) for each in answer.text.splitlines()]
        assert [each["status"] for each in said] == [201, 409]
        assert said[0]["replayed"] is replayed
        assert said[1]["problem"]["code"] == "het-exceeded"


async def test_selling_prices_are_given_in_the_shape_of_market_prices(market: Market) -> None:
    """Two koperasi of one region sell oil by the litre and by the carton: 3 × 15,000 and
    12 litres for 186,000 are 231,000 for 15 litres, 15,400 a litre."""
    put = market.operator.put
    region, day = "32.73", "2026-02-02"
    answers = [
        await put("/v1/items/carton", title="Karton", base_unit="XPK", case_size=1),
        await put("/v1/items/litre", title="Liter", base_unit="LTR", case_size=1),
        await put(
            "/v1/items/carton/description",
            tax_class="standard",
            commodity="Minyakita",
            volume_ml=12_000,
        ),
        await put("/v1/items/litre/description", tax_class="standard", commodity="Minyakita"),
        await put(
            "/v1/market-prices/names",
            region_code=region,
            source="Badan Pangan Nasional",
            rows=[
                {"commodity": name, "unit": unit, "code": code, "day_on": day, "idr": 0}
                for name, unit, code in (
                    ("Minyakita", "Rp/Liter", "127"),
                    ("Beras Medium", "Rp./Kg", "28"),
                )
            ],
        ),
    ]
    for koperasi_id, where in (("cibiru", region), ("dago", region), ("far-away", "11.01")):
        body = {"title": koperasi_id, "region_code": where}
        answers.append(await put(f"/v1/koperasi/{koperasi_id}", **body))
    for koperasi_id, goods in (
        ("cibiru", line("litre", 4, 60_000)),
        ("cibiru", line("litre", -1, -15_000)),
        ("dago", line("carton", 1, 186_000)),
        ("far-away", line("litre", 1, 99_000)),
    ):
        body = sale(goods, sold_on=day, koperasi_id=koperasi_id)
        answers.append(await put(f"/v1/sales/{new_id()}", **body))
    assert [each.text for each in answers if each.status_code != 201] == []
    period = {"from": "2026-02-02", "to": "2026-02-03", "region_code": region}
    answer = await market.operator.get("/v1/selling-prices.csv", **period)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines()[1:] == [
        "2026-02-02,127,Minyakita,Rp/Liter,15400,0,01-02-2026,15400,0,up",
        "2026-02-02,28,Beras Medium,Rp./Kg,0,0,01-02-2026,0,0,no_change",
        "2026-02-03,127,Minyakita,Rp/Liter,0,15400,02-02-2026,-15400,-100,down",
        "2026-02-03,28,Beras Medium,Rp./Kg,0,0,02-02-2026,0,0,no_change",
    ]
    dago = await market.service.koperasi("dago")
    own = await dago.get("/v1/selling-prices.csv", **period)
    assert "2026-02-02,127,Minyakita,Rp/Liter,15500," in own.text
    foreign = await dago.get("/v1/selling-prices.csv", **period, koperasi_id="cibiru")
    assert_refused(foreign, 403, "forbidden")
