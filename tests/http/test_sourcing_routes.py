"""Comparing offers and choosing among them over HTTP: one done and one refused call per route."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha.embedded import EmbeddedServer
from market import Market, opened
from service import NETWORK, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

ON = "2026-01-15"
RICE = {"title": "Beras medium", "base_unit": "KGM", "case_size": 10}


def per_case(case_size: int, *tiers: tuple[int, int], **terms: int) -> dict[str, Any]:
    """A row: tiers as (from so many kg, rupiah a case)."""
    return {
        "item_id": "beras",
        "case_size": case_size,
        "tiers": [{"from_quantity": start, "idr": idr, "per": case_size} for start, idr in tiers],
        **terms,
    }


SERANG = {
    "x": ({"lead_days": 2}, per_case(25, (1, 330_000), min_cases=40)),
    "y": ({"delivery_idr": 250_000}, per_case(50, (1, 645_000))),
    "z": ({}, per_case(10, (1, 135_000), (1_000, 130_000))),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """The three suppliers of Serang with their price lists for January."""
    async with opened(postgres, template) as market:
        put = market.operator.put
        await put("/v1/items/beras", **RICE)
        for supplier_id, (terms, row) in SERANG.items():
            await put(f"/v1/suppliers/{supplier_id}", title=supplier_id.upper())
            done = await put(
                f"/v1/price-lists/{supplier_id}-jan",
                supplier_id=supplier_id,
                valid_from_on="2026-01-01",
                valid_until_on="2026-01-31",
                tier_mode="all_units",
                rows=[row],
                **terms,
            )
            assert done.status_code == 201, done.text
        yield market


async def compared(market: Market, **query: str | int) -> dict[str, Any]:
    answer = await market.operator.get("/v1/items/beras/comparison", **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def choose(market: Market, choice_id: str, supplier_id: str, **other: Any) -> httpx2.Response:
    """Choose for 900 kg, when everything is shown that happened before."""
    await market.projector.catch_up(NETWORK)
    body = {"item_id": "beras", "quantity": 900, "priced_on": ON, **other}
    return await market.operator.put(f"/v1/choices/{choice_id}", supplier_id=supplier_id, **body)


async def test_q1_over_http(market: Market) -> None:
    found = await compared(market, quantity=1_000, on=ON)
    assert [(each["supplier_id"], each["total_idr"]) for each in found["offers"]] == [
        ("z", 13_000_000),
        ("y", 13_150_000),
        ("x", 13_200_000),
    ]
    assert (found["best"], found["offers"][0]["idr_per_unit"]) == ("z", "13000.00")
    assert (found["base_unit"], found["priced_on"], found["alternatives"]) == ("KGM", ON, [])


async def test_q2_over_http(market: Market) -> None:
    melati = await market.koperasi("melati")
    answer = await melati.get("/v1/items/beras/comparison", quantity=900, on=ON)
    found = answer.json()
    assert found["offers"][0] == {
        "supplier_id": "y",
        "price_list_id": "y-jan",
        "cases": 18,
        "case_size": 50,
        "quantity": 900,
        "surplus": 0,
        "goods_idr": 11_610_000,
        "delivery_idr": 250_000,
        "total_idr": 11_860_000,
        "idr_per_unit": "13177.78",
        "lead_days": None,
        "reason": "",
    }
    assert [(each["supplier_id"], each["reason"]) for each in found["offers"][1:]] == [
        ("z", ""),
        ("x", "MOQ_NOT_MET"),
    ]
    (more,) = found["alternatives"]
    assert (more["supplier_id"], more["quantity"], more["surplus"]) == ("z", 1_000, 100)
    assert (more["total_idr"], more["idr_per_unit"]) == (13_000_000, "13000.00")


async def test_a_comparison_for_what_a_cycle_has_ordered_so_far(market: Market) -> None:
    mawar = await market.koperasi("mawar")
    await market.open_cycle("beras-jan")
    lines = [
        {"supplier_id": supplier_id, "item_id": "beras", "quantity": quantity}
        for supplier_id, quantity in (("y", 550), ("z", 350))
    ]
    nothing = await market.operator.get("/v1/items/beras/comparison", cycle_id="beras-jan")
    assert_refused(nothing, 422, "comparison-invalid")
    done = await market.place(mawar, {"cycle_id": "beras-jan", "lines": lines})
    assert done.status_code == 201, done.text
    found = await compared(market, cycle_id="beras-jan")
    assert (found["quantity"], found["priced_on"], found["best"]) == (900, ON, "y")


async def test_a_day_without_prices_has_no_best_offer(market: Market) -> None:
    found = await compared(market, quantity=900, on="2026-02-01")
    assert (found["best"], found["offers"], found["alternatives"]) == (None, [], [])


async def test_a_comparison_of_nothing_or_of_two_quantities_is_refused(market: Market) -> None:
    get = market.operator.get
    path = "/v1/items/beras/comparison"
    assert_refused(await get(path), 422, "comparison-invalid")
    both = await get(path, quantity=1, cycle_id="beras-jan")
    assert_refused(both, 422, "comparison-invalid")
    assert_refused(await get(path, quantity=0), 422, "validation-failed")
    assert_refused(await get(path, cycle_id="x"), 404, "cycle-unknown")
    assert_refused(await get("/v1/items/x/comparison", quantity=1), 404, "item-unknown")


async def test_a_choice_is_kept_with_the_offers_that_lost(market: Market) -> None:
    done = await choose(market, "january", "y")
    assert (done.status_code, done.headers["location"]) == (201, "/v1/choices/january")
    again = await choose(market, "january", "y")
    assert (again.headers["idempotent-replayed"], again.json()) == ("true", done.json())
    shown = (await market.operator.get("/v1/choices/january")).json()
    expected = {
        "item_id": "beras",
        "quantity": 900,
        "priced_on": ON,
        "supplier_id": "y",
        "reason": "",
        "total_idr": 11_860_000,
        "best_idr": 11_860_000,
    }
    assert expected.items() <= shown.items()
    assert shown["offers"] == (await compared(market, quantity=900, on=ON))["offers"]


async def test_a_choice_against_the_cheapest_says_why(market: Market) -> None:
    refused = assert_refused(await choose(market, "night", "z"), 409, "choice-reason-missing")
    assert (refused["cheapest"], refused["cheapest_idr"]) == ("y", 11_860_000)
    done = await choose(market, "night", "z", reason="they deliver at night")
    assert done.status_code == 201, done.text
    shown = (await market.operator.get("/v1/choices/night")).json()
    assert (shown["total_idr"], shown["best_idr"]) == (12_150_000, 11_860_000)
    assert shown["reason"] == "they deliver at night"


async def test_choices_are_listed_by_item_and_supplier_with_their_sums(market: Market) -> None:
    await choose(market, "a-first", "z", quantity=1_000)
    get = market.operator.get
    page = (await get("/v1/choices", item_id="beras", supplier_id="z", limit=1)).json()
    assert [each["choice_id"] for each in page["items"]] == ["a-first"]
    rest = (await get(page["next"])).json()
    assert [each["choice_id"] for each in rest["items"]] == ["night"]
    for each in (page, rest):
        assert each["totals"] == {"rows": 2, "total_idr": 25_150_000, "best_idr": 24_860_000}
    none = (await get("/v1/choices", item_id="oil")).json()
    assert (none["items"], none["totals"]["rows"], none["totals"]["total_idr"]) == ([], 0, 0)


async def test_what_cannot_be_chosen_is_refused(market: Market) -> None:
    infeasible = assert_refused(await choose(market, "no", "x"), 409, "offer-infeasible")
    assert infeasible["why"] == "MOQ_NOT_MET"
    assert_refused(await choose(market, "no", "bulog"), 409, "item-not-offered")
    assert_refused(await choose(market, "no", "y", item_id="x"), 404, "item-unknown")
    assert_refused(await choose(market, "no", "y", quantity=0), 422, "validation-failed")
    assert_refused(await choose(market, "january", "y", quantity=950), 409, "choice-exists")
    assert_refused(await market.operator.get("/v1/choices/no"), 404, "choice-unknown")


async def test_only_the_operator_chooses(market: Market) -> None:
    melati = await market.koperasi("melati")
    body = {"item_id": "beras", "quantity": 900, "priced_on": ON, "supplier_id": "y"}
    assert_refused(await melati.put("/v1/choices/mine", **body), 403, "forbidden")


async def test_a_suspended_supplier_is_not_compared(market: Market) -> None:
    post = market.operator.post
    await post("/v1/suppliers/y/suspend", reason="late")
    found = await compared(market, quantity=900, on=ON)
    assert (found["best"], len(found["offers"])) == ("z", 2)
    assert_refused(await choose(market, "late", "y"), 409, "item-not-offered")
    await post("/v1/suppliers/y/reinstate", reason="on time")
    assert (await compared(market, quantity=900, on=ON))["best"] == "y"


async def test_a_choice_waits_until_all_prices_are_shown(market: Market) -> None:
    """Nobody catches the read tables up here: no choice is made on a part of the offers."""
    await market.operator.put("/v1/suppliers/late", title="Late")
    body = {"item_id": "beras", "quantity": 900, "priced_on": ON, "supplier_id": "y"}
    busy = await market.operator.put("/v1/choices/too-early", **body)
    assert_refused(busy, 503, "busy")
    assert (await choose(market, "too-early", "y")).status_code == 201
