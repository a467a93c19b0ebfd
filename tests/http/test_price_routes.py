"""Market prices over HTTP: imported, listed, compared with a cycle, and given back as they came."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha.embedded import EmbeddedServer
from market import OIL_TIERS, Market, oil, opened, price_list, rice
from service import assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL = Path(__file__).parents[3] / "shared" / "data" / "harga_konsumen_kota_bandung.csv"
BANDUNG = "32.73"
BEKASI = "32.16"
AGENCY = "Badan Pangan Nasional"
AUTUMN = {"from": "2025-09-13", "to": "2025-11-16"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        yield market


def row(day_on: str, idr: int, commodity: str = "Beras Medium", **other: Any) -> dict[str, Any]:
    return {"commodity": commodity, "unit": "Rp/kg", "day_on": day_on, "idr": idr, **other}


async def observe(
    market: Market, observation_id: str, *rows: dict[str, Any], region_code: str = BEKASI
) -> httpx2.Response:
    return await market.operator.put(
        f"/v1/market-prices/{observation_id}",
        region_code=region_code,
        source="dinas perdagangan",
        rows=list(rows),
    )


async def upload(
    market: Market, observation_id: str, table: bytes, **query: str
) -> httpx2.Response:
    return await market.client.put(
        f"/v1/market-prices/{observation_id}/table",
        params={"region_code": BANDUNG, "source": AGENCY, **query},
        content=table,
        headers={"authorization": f"Bearer {market.operator.key}", "content-type": "text/csv"},
    )


@pytest.fixture
def real() -> bytes:
    if not REAL.exists():
        pytest.skip(f"{REAL.name} is not in {REAL.parent}")
    return REAL.read_bytes()


# -- importing -----------------------------------------------------------------------------


async def test_rows_are_imported_once_and_zero_is_no_price(market: Market) -> None:
    rows = (row("2026-01-10", 13_250), row("2026-01-11", 0), row("2026-01-12", 13_500))
    done = await observe(market, "o1", *rows)
    assert done.status_code == 201
    counts = {"rows": 3, "commodities": 1, "prices": 2, "unobserved": 1, "late": 0}
    assert counts.items() <= done.json().items()
    again = await observe(market, "o1", *rows)
    assert (again.headers["idempotent-replayed"], again.json()) == ("true", done.json())
    other = await observe(market, "o1", *rows[:2])
    assert_refused(other, 409, "observation-exists")
    query = {"from": "2026-01-10", "to": "2026-01-12", "region_code": BEKASI}
    listed = (await market.operator.get("/v1/market-prices", **query)).json()
    assert [(each["day_on"], each["idr"]) for each in listed["items"]] == [
        ("2026-01-10", 13_250),
        ("2026-01-12", 13_500),
    ]
    assert listed["totals"] == {"rows": 2, "days": 2, "commodities": 1}


async def test_the_latest_observation_of_a_day_counts(market: Market) -> None:
    await observe(market, "o2", row("2026-01-05", 12_000, "Garam"))
    await observe(market, "o3", row("2026-01-05", 12_500, "Garam"))
    query = {"from": "2026-01-05", "to": "2026-01-05", "commodity": "Garam"}
    (found,) = (await market.operator.get("/v1/market-prices", **query)).json()["items"]
    assert (found["idr"], found["observation_id"]) == (12_500, "o3")


async def test_only_the_operator_imports_and_everybody_reads(market: Market) -> None:
    melati = await market.koperasi("melati")
    body = {"region_code": BEKASI, "source": "x y z", "rows": [row("2026-01-10", 1)]}
    assert_refused(await melati.put("/v1/market-prices/o9", **body), 403, "forbidden")
    assert (await melati.get("/v1/market-prices")).status_code == 200


async def test_rows_that_contradict_each_other_are_refused(market: Market) -> None:
    wrong = await observe(market, "o8", row("2026-01-10", 1), row("2026-01-10", 2))
    problem = assert_refused(wrong, 422, "observation-invalid")
    assert "dua harga pada 2026-01-10" in problem["detail"]


async def test_a_table_that_does_not_fit_is_refused_with_its_line(market: Market) -> None:
    head = b"Timestamp,ID,Komoditas,Satuan,Harga\n"
    wrong = await upload(market, "bad", head + b'2026-01-10,1,Garam,Rp/kg,"12.500"\n')
    assert "baris 2" in assert_refused(wrong, 422, "observation-invalid")["detail"]
    assert_refused(await upload(market, "bad", b"\xff\xfe"), 422, "observation-invalid")
    assert_refused(await upload(market, "bad", head, region_code="x"), 422, "validation-failed")
    assert_refused(await upload(market, "bad", head), 422, "observation-invalid")
    json = await market.operator.put("/v1/market-prices/bad/table?region_code=32.73&source=abc")
    assert_refused(json, 415, "unsupported-media-type")


async def test_a_late_price_fills_a_gap_and_replaces_nothing(market: Market) -> None:
    head = "Timestamp,ID,Komoditas,Satuan,Harga,Harga Kemarin,Tanggal Kemarin\n"
    for name, line in (
        ("late-1", "2026-01-03,9,Gula,Rp/kg,17000,16000,02-01-2026"),
        ("late-2", "2026-01-02,9,Gula,Rp/kg,16500,0,"),
        ("late-3", "2026-01-03,9,Gula,Rp/kg,17100,16000,02-01-2026"),
    ):
        done = await upload(market, name, f"{head}{line}\n".encode(), region_code="32.04")
        assert done.status_code == 201, done.text
    query = {"from": "2026-01-01", "to": "2026-01-05", "region_code": "32.04"}
    items = (await market.operator.get("/v1/market-prices", **query)).json()["items"]
    assert [(each["day_on"], each["idr"], each["late"]) for each in items] == [
        ("2026-01-02", 16_500, False),
        ("2026-01-03", 17_100, False),
    ]


# -- the real table ------------------------------------------------------------------------


async def test_the_real_table_goes_in_and_comes_back(market: Market, real: bytes) -> None:
    done = await upload(market, "bandung", real)
    assert done.status_code == 201, done.text
    counts = {"rows": 1_625, "commodities": 25, "prices": 1_368, "unobserved": 299, "late": 42}
    assert counts.items() <= done.json().items()
    again = await upload(market, "bandung", real)
    assert (again.headers["idempotent-replayed"], again.json()) == ("true", done.json())
    query = {"region_code": BANDUNG, **AUTUMN}
    listed = (await market.operator.get("/v1/market-prices", **query)).json()
    # All but the 21 of the day before the table's first one.
    assert listed["totals"] == {"rows": 1_368 - 21, "days": 65, "commodities": 21}
    given_back = await market.operator.get("/v1/market-prices.csv", **query)
    assert given_back.headers["content-type"] == "text/csv; charset=utf-8"
    assert given_back.headers["content-disposition"].endswith(
        'filename="harga-konsumen-32.73-2025-09-13-2025-11-16.csv"'
    )
    assert rows_of(given_back.text) == rows_of(real.decode())
    assert sum(each["Harga"] == "0" for each in rows_of(given_back.text)) == 299


def rows_of(text: str) -> list[dict[str, str]]:
    """The source writes the day before with and without zeros in front; the same day it is."""
    found = []
    for each in csv.DictReader(io.StringIO(text)):
        day, month, year = each["Tanggal Kemarin"].split("-")
        found.append({**each, "Tanggal Kemarin": f"{int(day)}-{int(month)}-{year}"})
    return found


async def test_what_was_given_back_is_imported_as_the_same_prices(
    market: Market, real: bytes
) -> None:
    await upload(market, "bandung", real)
    query = {"region_code": BANDUNG, **AUTUMN}
    table = (await market.operator.get("/v1/market-prices.csv", **query)).content
    done = await upload(market, "bandung-again", table)
    counts = {"rows": 1_625, "prices": 1_368, "unobserved": 299, "late": 42}
    assert counts.items() <= done.json().items()
    after = (await market.operator.get("/v1/market-prices.csv", **query)).content
    assert after == table


async def test_pages_hold_every_price_once(market: Market, real: bytes) -> None:
    await upload(market, "bandung", real)
    query: dict[str, Any] = {"region_code": BANDUNG, "from": "2025-10-25", "to": "2025-10-27"}
    pages = await market.operator.pages("/v1/market-prices", **query)
    keys = [(each["day_on"], each["commodity"]) for page in pages for each in page["items"]]
    assert len(pages) > 1
    assert len(keys) == pages[0]["totals"]["rows"] == len(set(keys)) == 63
    assert keys == sorted(keys)


async def test_a_table_of_its_own_changes_neither_numbers_nor_order(
    market: Market, real: bytes
) -> None:
    await upload(market, "bandung", real)
    query = {"region_code": BANDUNG, **AUTUMN}
    before = (await market.operator.get("/v1/market-prices.csv", **query)).text
    salt = row("2025-12-01", 12_000, "Garam Konsumsi")
    assert (await observe(market, "salt", salt, region_code=BANDUNG)).status_code == 201
    after = (await market.operator.get("/v1/market-prices.csv", **query)).text
    assert after == before


async def test_a_price_keeps_the_unit_it_was_observed_in(market: Market) -> None:
    for name, day, unit in (("e1", "2026-01-01", "Rp/butir"), ("e2", "2026-01-02", "Rp/kg")):
        eggs = row(day, 2_000, "Telur", unit=unit)
        await observe(market, name, eggs, region_code="32.05")
    query = {"region_code": "32.05", "from": "2026-01-01", "to": "2026-01-02"}
    items = (await market.operator.get("/v1/market-prices", **query)).json()["items"]
    assert [each["unit"] for each in items] == ["Rp/butir", "Rp/kg"]
    table = (await market.operator.get("/v1/market-prices.csv", **query)).text
    assert [each["Harga"] for each in rows_of(table)] == ["0", "2000"]


# -- a cycle against the market ------------------------------------------------------------

PPN = {
    "rate_bp": 1200,
    "base_numerator": 11,
    "base_denominator": 12,
    "half_up": 1,
    "rounded_base": 0,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cycles(market: Market) -> Market:
    """Oil at its tiers, rice, and sweets that nobody observes, in an open cycle."""
    await market.stock()
    put = market.operator.put
    goods = {"tax_class": "standard", "commodity": "Minyak", "volume_ml": 12_000}
    staple = {"tax_class": "exempt", "commodity": "Beras"}
    sweets = {"title": "Permen", "base_unit": "H87", "case_size": 1}
    tiers = [{"from_quantity": 1, "idr": 100, "per": 1}]
    answers = [
        await put("/v1/items/oil/description", **goods),
        await put("/v1/items/rice/description", **staple),
        await put("/v1/items/sweets", **sweets),
        await put("/v1/price-lists/sweets", **price_list("bulog", "sweets", tiers)),
        await put("/v1/rules/ppn/2025-01-01", values=PPN, source="PMK 131/2024"),
        await observe(
            market,
            "reference",
            row("2026-01-14", 16_000, "Minyak", unit="Rp/Liter"),
            row("2026-01-14", 12_400, "Beras"),
            row("2026-01-15", 0, "Beras"),
            row("2026-01-16", 99_999, "Beras"),
        ),
    ]
    assert [each.text for each in answers if each.status_code != 201] == []
    return market


def line(item_id: str, **other: Any) -> dict[str, Any]:
    return {"item_id": item_id, "reason": "", "exceeds_market": False, **other}


async def test_a_cycle_is_compared_while_it_is_open_and_after(cycles: Market) -> None:
    """50 cartons at 180,000 and PPN: 9,990,000 against 600 litres at 16,000; rice at 12,500
    against 12,400."""
    await cycles.open_cycle("c1")
    melati = await cycles.koperasi("melati")
    sweets = {"supplier_id": "bulog", "item_id": "sweets", "quantity": 3}
    placed = await cycles.place(melati, {"cycle_id": "c1", "lines": [oil(50), rice(10), sweets]})
    assert placed.status_code == 201
    dear = line(
        "oil",
        goods_idr=9_000_000,
        ppn_idr=990_000,
        unit_idr=16_650,
        market_idr=16_000,
        market_day_on="2026-01-14",
        market_amount_idr=9_600_000,
        saving_idr=-390_000,
        basis="l",
    )
    dear["exceeds_market"] = True
    staple = line(
        "rice",
        goods_idr=125_000,
        ppn_idr=0,
        unit_idr=12_500,
        market_idr=12_400,
        market_day_on="2026-01-14",
        market_amount_idr=124_000,
        saving_idr=-1_000,
        basis="kg",
    )
    staple["exceeds_market"] = True
    unknown = {**line("sweets", goods_idr=300, saving_idr=None), "reason": "NO_COMMODITY"}
    expected = {"oil": dear, "rice": staple, "sweets": unknown}
    for frozen in (False, True):
        shown = (await melati.get("/v1/cycles/c1/market", region_code=BEKASI)).json()
        assert [each["item_id"] for each in shown["items"]] == ["rice", "sweets", "oil"]
        for each in shown["items"]:
            assert each["frozen"] is frozen
            assert expected[each["item_id"]].items() <= each.items()
        assert shown["ppn_version_no"] == 1
        assert shown["totals"] == {
            "rows": 3,
            "items": 3,
            "compared": 2,
            "exceeding": 2,
            "amount_idr": 10_115_000,
            "market_amount_idr": 9_724_000,
            "saving_idr": -391_000,
        }
        await cycles.operator.post("/v1/cycles/c1/close", early=True, reason="the truck leaves")
        await cycles.settle()


async def test_the_tier_that_the_group_reaches_decides(cycles: Market) -> None:
    """100 cartons at 174,000 and PPN cost 193,140 each: still above 192,000. In the market of
    another region, where oil is dearer, they save."""
    await cycles.open_cycle("c2")
    for koperasi_id in ("melati", "mawar"):
        speaker = await cycles.koperasi(koperasi_id)
        await cycles.place(speaker, {"cycle_id": "c2", "lines": [oil(50)]})
    await observe(
        cycles,
        "other",
        row("2026-01-15", 18_000, "Minyak", unit="Rp./Liter"),
        region_code="32.75",
    )
    found = {}
    for region_code in (BEKASI, "32.75"):
        shown = await cycles.operator.get("/v1/cycles/c2/market", region_code=region_code)
        (found[region_code],) = shown.json()["items"]
    here, there = found[BEKASI], found["32.75"]
    assert (here["goods_idr"], here["saving_idr"]) == (17_400_000, 19_200_000 - 19_314_000)
    assert (there["saving_idr"], there["exceeds_market"]) == (21_600_000 - 19_314_000, False)
    assert OIL_TIERS[2]["idr"] == 174_000


async def test_totals_are_of_the_whole_cycle_on_every_page(cycles: Market) -> None:
    await cycles.open_cycle("c3")
    melati = await cycles.koperasi("melati")
    sweets = {"supplier_id": "bulog", "item_id": "sweets", "quantity": 3}
    await cycles.place(melati, {"cycle_id": "c3", "lines": [oil(1), rice(1), sweets]})
    whole = (await melati.get("/v1/cycles/c3/market", region_code=BEKASI)).json()
    pages = await melati.pages("/v1/cycles/c3/market", region_code=BEKASI, limit=1)
    assert all(page["totals"] == whole["totals"] for page in pages)
    assert [item for page in pages for item in page["items"]] == whole["items"]
    only = (
        await melati.get("/v1/cycles/c3/market", region_code=BEKASI, supplier_id="indofood")
    ).json()
    assert [each["item_id"] for each in only["items"]] == ["oil"]
    assert only["totals"]["items"] == 1


async def test_a_region_that_nobody_observes_compares_nothing(cycles: Market) -> None:
    await cycles.open_cycle("c4")
    melati = await cycles.koperasi("melati")
    await cycles.place(melati, {"cycle_id": "c4", "lines": [rice(1)]})
    shown = (await melati.get("/v1/cycles/c4/market", region_code="11.01")).json()
    (only,) = shown["items"]
    assert (only["reason"], only["market_idr"]) == ("NO_OBSERVATION", None)
    assert shown["totals"]["compared"] == 0


async def test_an_unknown_cycle_is_missing(market: Market) -> None:
    nothing = await market.operator.get("/v1/cycles/none/market", region_code=BEKASI)
    assert_refused(nothing, 404, "cycle-unknown")
    no_region = await market.operator.get("/v1/cycles/none/market")
    assert_refused(no_region, 422, "validation-failed")
