"""Goods and price lists over HTTP: one done and one refused call per route."""

from typing import Any

from service import Service, assert_refused

OIL = {"title": "Minyak goreng 12 × 1 L", "base_unit": "XPK", "case_size": 12}
TIERS = [
    {"from_quantity": 1, "idr": 186_000, "per": 1},
    {"from_quantity": 50, "idr": 180_000, "per": 1},
]


def price_list(*item_ids: str, **other: Any) -> dict[str, Any]:
    return {
        "supplier_id": "indofood",
        "valid_from_on": "2026-01-01",
        "valid_until_on": "2026-01-31",
        "tier_mode": "all_units",
        "rows": [{"item_id": item_id, "tiers": TIERS} for item_id in item_ids],
        **other,
    }


async def stocked(service: Service, *item_ids: str) -> None:
    done = await service.operator.put("/v1/suppliers/indofood", title="Indofood")
    assert done.status_code == 201
    for item_id in item_ids:
        done = await service.operator.put(f"/v1/items/{item_id}", **OIL)
        assert done.status_code == 201


async def test_an_item_is_added_and_shown(service: Service) -> None:
    done = await service.operator.put("/v1/items/oil", **OIL, gtin="4006381333931")
    assert (done.status_code, done.headers["location"]) == (201, "/v1/items/oil")
    melati = await service.koperasi("melati")
    shown = (await melati.get("/v1/items/oil", after=done.json()["position"])).json()
    assert {"item_id": "oil", **OIL, "gtin": "04006381333931"}.items() <= shown.items()
    assert (await melati.get("/v1/items")).json()["items"] == [shown]


async def test_an_item_that_does_not_fit_is_refused(service: Service) -> None:
    wrong_digit = await service.operator.put("/v1/items/oil", **OIL, gtin="4006381333930")
    problem = assert_refused(wrong_digit, 422, "item-invalid")
    assert problem["errors"][0]["pointer"] == "/gtin"
    unit = await service.operator.put("/v1/items/oil", **{**OIL, "base_unit": "KARUNG"})
    assert_refused(unit, 422, "validation-failed")


async def test_a_taken_item_id_is_refused(service: Service) -> None:
    await service.operator.put("/v1/items/oil", **OIL)
    other = await service.operator.put("/v1/items/oil", **{**OIL, "case_size": 6})
    assert_refused(other, 409, "item-exists")


async def test_a_koperasi_adds_no_goods_and_no_prices(service: Service) -> None:
    melati = await service.koperasi("melati")
    assert_refused(await melati.put("/v1/items/oil", **OIL), 403, "forbidden")
    refused = await melati.put("/v1/price-lists/jan", **price_list("oil"))
    assert_refused(refused, 403, "forbidden")


async def test_what_does_not_exist_is_missing(service: Service) -> None:
    assert_refused(await service.operator.get("/v1/items/x"), 404, "item-unknown")
    missing = await service.operator.get("/v1/price-lists/x")
    assert_refused(missing, 404, "price-list-unknown")
    rows = await service.operator.get("/v1/price-lists/x/rows")
    assert_refused(rows, 404, "price-list-unknown")
    for path in ("/v1/items/x/prices", "/v1/items", "/v1/price-lists"):
        assert (await service.operator.get(path)).json()["items"] == []


async def test_a_price_list_is_published_whole_and_shown_with_its_rows(service: Service) -> None:
    items = [f"item-{number:02}" for number in range(60)]
    await stocked(service, *items)
    done = await service.operator.put("/v1/price-lists/jan", **price_list(*items))
    assert (done.status_code, done.headers["location"]) == (201, "/v1/price-lists/jan")
    again = await service.operator.put("/v1/price-lists/jan", **price_list(*items))
    assert again.headers["idempotent-replayed"] == "true"
    melati = await service.koperasi("melati")
    shown = (await melati.get("/v1/price-lists/jan")).json()
    expected = {
        "price_list_id": "jan",
        "supplier_id": "indofood",
        "valid_from_on": "2026-01-01",
        "valid_until_on": "2026-01-31",
        "tier_mode": "all_units",
        "row_count": 60,
    }
    assert expected.items() <= shown.items()
    (listed,) = (await melati.get("/v1/price-lists")).json()["items"]
    assert {**listed, "ended": []} == shown
    first = (await melati.get("/v1/price-lists/jan/rows")).json()
    rest = (await melati.get(first["next"])).json()
    rows = first["items"] + rest["items"]
    assert rows == [
        {"item_id": item_id, "tiers": TIERS, "case_size": 0, "min_cases": 0} for item_id in items
    ]


async def test_the_terms_of_a_price_list_are_shown_with_it_and_with_each_price(
    service: Service,
) -> None:
    await stocked(service, "oil")
    terms = {"minimum_idr": 5_000_000, "delivery_idr": 250_000, "lead_days": 3}
    per_row = {"case_size": 12, "min_cases": 4}
    rows = [{"item_id": "oil", "tiers": TIERS, **per_row}]
    done = await service.operator.put("/v1/price-lists/jan", **price_list(rows=rows, **terms))
    assert done.status_code == 201, done.text
    assert terms.items() <= (await service.operator.get("/v1/price-lists/jan")).json().items()
    (row,) = (await service.operator.get("/v1/price-lists/jan/rows")).json()["items"]
    assert row == {"item_id": "oil", "tiers": TIERS, **per_row}
    on = await service.operator.get("/v1/items/oil/prices", on="2026-01-15")
    assert {**terms, **per_row}.items() <= on.json()["items"][0].items()


async def test_goods_that_are_offered_no_more_have_no_price_from_that_day_on(
    service: Service,
) -> None:
    await stocked(service, "oil", "rice")
    endless = price_list("oil", "rice", valid_until_on=None)
    await service.operator.put("/v1/price-lists/jan", **endless)
    february = price_list(
        "rice", ended=["oil"], valid_from_on="2026-02-01", valid_until_on="2026-02-28"
    )
    done = await service.operator.put("/v1/price-lists/feb", **february)
    assert done.status_code == 201, done.text
    again = price_list("oil", valid_from_on="2026-05-01", valid_until_on=None)
    assert (await service.operator.put("/v1/price-lists/may", **again)).status_code == 201

    shown = (await service.operator.get("/v1/price-lists/feb")).json()
    assert (shown["row_count"], shown["ended_count"], shown["ended"]) == (1, 1, ["oil"])
    listed = (await service.operator.get("/v1/price-lists")).json()["items"]
    assert {each["price_list_id"]: each["ended_count"] for each in listed} == {
        "feb": 1,
        "jan": 0,
        "may": 0,
    }
    rows = (await service.operator.get("/v1/price-lists/feb/rows")).json()
    assert ([row["item_id"] for row in rows["items"]], rows["totals"]["rows"]) == (["rice"], 1)

    lists = {"2026-01-31": "jan", "2026-02-01": None, "2026-04-30": None, "2026-05-01": "may"}
    for day, name in lists.items():
        prices = (await service.operator.get("/v1/items/oil/prices", on=day)).json()
        assert [each["price_list_id"] for each in prices["items"]] == ([name] if name else []), day
        assert prices["totals"] == {"rows": 1 if name else 0}, day


async def test_what_cannot_end_is_refused(service: Service) -> None:
    await stocked(service, "oil", "rice")
    await service.operator.put("/v1/price-lists/jan", **price_list("oil", valid_until_on=None))
    path, later = "/v1/price-lists/feb", {"valid_from_on": "2026-02-01", "valid_until_on": None}
    both = await service.operator.put(path, **price_list("oil", ended=["oil"], **later))
    problem = assert_refused(both, 422, "price-list-invalid")
    assert problem["errors"][0]["pointer"] == "/ended/0"
    never = await service.operator.put(path, **price_list("oil", ended=["rice"], **later))
    problem = assert_refused(never, 409, "price-list-no-price-to-end")
    assert problem["errors"][0]["pointer"] == "/ended/0"
    nothing = await service.operator.put(path, **price_list(**later))
    assert_refused(nothing, 422, "price-list-invalid")


async def test_price_lists_are_asked_for_by_supplier(service: Service) -> None:
    await stocked(service, "oil")
    await service.operator.put("/v1/price-lists/jan", **price_list("oil"))
    for supplier_id, found in (("indofood", 1), ("bulog", 0)):
        lists = await service.operator.get("/v1/price-lists", supplier_id=supplier_id)
        assert len(lists.json()["items"]) == found


async def test_terms_that_cannot_be_are_refused(service: Service) -> None:
    await stocked(service, "oil")
    for wrong in ({"lead_days": 366}, {"minimum_idr": -1}, {"delivery_idr": 0.5}):
        refused = await service.operator.put("/v1/price-lists/jan", **price_list("oil", **wrong))
        assert_refused(refused, 422, "validation-failed")


async def test_an_item_is_described_and_the_last_word_holds(service: Service) -> None:
    await stocked(service, "rice")
    rice = {"tax_class": "exempt", "commodity": "Beras Medium", "weight_g": 1_000}
    shown = (await service.operator.get("/v1/items/rice")).json()
    assert (shown["tax_class"], shown["weight_g"]) == (None, 0)
    path = "/v1/items/rice/description"
    for description in (rice, {**rice, "tax_class": "standard"}, rice):
        done = await service.operator.put(path, **description)
        assert (done.status_code, done.headers["location"]) == (201, "/v1/items/rice")
        shown = (await service.operator.get("/v1/items/rice")).json()
        assert description.items() <= shown.items()
    assert done.json()["version"] == 4
    again = await service.operator.put(path, **rice)
    assert (again.headers["idempotent-replayed"], again.json()) == ("true", done.json())


async def test_what_cannot_be_said_of_an_item_is_refused(service: Service) -> None:
    path = "/v1/items/rice/description"
    assert_refused(await service.operator.put(path, tax_class="exempt"), 404, "item-unknown")
    await stocked(service, "rice")
    wrong = await service.operator.put(path, tax_class="luxury")
    assert_refused(wrong, 422, "validation-failed")
    melati = await service.koperasi("melati")
    assert_refused(await melati.put(path, tax_class="exempt"), 403, "forbidden")


async def test_prices_of_an_item_are_those_of_the_day(service: Service) -> None:
    await stocked(service, "oil")
    await service.operator.put("/v1/price-lists/jan", **price_list("oil"))
    on_the_last_day = await service.operator.get("/v1/items/oil/prices", on="2026-01-31")
    (price,) = on_the_last_day.json()["items"]
    assert (price["supplier_id"], price["price_list_id"]) == ("indofood", "jan")
    assert price["tiers"] == TIERS
    day_after = await service.operator.get("/v1/items/oil/prices", on="2026-02-01")
    assert day_after.json()["items"] == []


async def test_prices_of_an_item_are_those_of_today_unless_asked_otherwise(
    service: Service,
) -> None:
    await stocked(service, "oil")
    long_ago = price_list("oil", valid_from_on="2000-01-01", valid_until_on=None)
    await service.operator.put("/v1/price-lists/old", **long_ago)
    (price,) = (await service.operator.get("/v1/items/oil/prices")).json()["items"]
    assert price["price_list_id"] == "old"


async def test_tp6_overlapping_prices_are_refused(service: Service) -> None:
    await stocked(service, "oil", "rice")
    await service.operator.put("/v1/price-lists/jan", **price_list("oil"))
    again = await service.operator.put("/v1/price-lists/new", **price_list("rice", "oil"))
    problem = assert_refused(again, 409, "price-overlaps")
    assert problem["price_list_id"] == "jan"
    assert problem["errors"][0]["pointer"] == "/rows/1"
    missing = await service.operator.get("/v1/price-lists/new")
    assert_refused(missing, 404, "price-list-unknown")


async def test_a_taken_price_list_id_is_refused(service: Service) -> None:
    await stocked(service, "oil", "rice")
    await service.operator.put("/v1/price-lists/jan", **price_list("oil"))
    other = await service.operator.put("/v1/price-lists/jan", **price_list("rice"))
    assert_refused(other, 409, "price-list-exists")


async def test_a_price_list_of_unknown_goods_is_refused(service: Service) -> None:
    await stocked(service)
    unknown = await service.operator.put("/v1/price-lists/jan", **price_list("oil"))
    problem = assert_refused(unknown, 409, "price-list-item-unknown")
    assert problem["errors"][0]["pointer"] == "/rows/0/item_id"


async def test_prices_of_a_day_that_does_not_exist_are_refused(service: Service) -> None:
    no_day = await service.operator.get("/v1/items/oil/prices", on="2026-02-30")
    assert_refused(no_day, 422, "validation-failed")
