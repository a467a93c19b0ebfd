"""M2 over HTTP: a carton of Minyakita from the group's price to what koperasi are asked for it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from jaringan_usaha.embedded import EmbeddedServer
from market import Market, later, oil, opened
from service import assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

HET = {
    **{f"zone_{zone}_idr": 188_400 for zone in (1, 2, 3)},
    "per": 1,
    "sell_idr": 177_480,
}
"""What the last tier, 174.000, comes to with a fee of 2 %."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """Oil at 186.000, from 50 cartons at 180.000 and from 100 at 174.000."""
    async with opened(postgres, template) as market:
        await market.stock()
        for koperasi_id in ("melati", "mawar"):
            await market.koperasi(koperasi_id)
        await rule(market, "het.oil/2026-01-01", HET)
        await rule(market, "fee/2026-01-01", fee(200))
        yield market


def fee(rate_bp: int) -> dict[str, int]:
    return {"rate_bp": rate_bp, "consortium_parts": 60, "host_parts": 40}


async def rule(market: Market, path: str, values: dict[str, int]) -> None:
    done = await market.operator.put(f"/v1/rules/{path}", values=values, source="Permendag")
    assert done.status_code == 201, done.text


async def order(market: Market, koperasi_id: str, cycle_id: str, quantity: int) -> Any:
    speaker = await market.koperasi(koperasi_id)
    return await market.place(speaker, {"cycle_id": cycle_id, "lines": [oil(quantity)]})


async def price(market: Market, cycle_id: str) -> dict[str, Any]:
    melati = await market.koperasi("melati")
    (found,) = (await melati.get(f"/v1/cycles/{cycle_id}/prices")).json()["items"]
    return dict(found)


async def close(market: Market, cycle_id: str) -> None:
    path = f"/v1/cycles/{cycle_id}/close"
    done = await market.operator.post(path, early=True, reason="truk berangkat")
    assert done.status_code in (200, 201), done.text
    await market.settle()


async def test_m2_the_group_reaches_a_price_that_may_be_asked(market: Market) -> None:
    await market.open_cycle("reached", closes_at=later(days=900))
    assert (await order(market, "melati", "reached", 60)).status_code == 201
    so_far = await price(market, "reached")
    assert (so_far["price_idr"], so_far["above_ceiling"], so_far["more"]) == (180_000, True, 40)
    assert (await order(market, "mawar", "reached", 40)).status_code == 201
    so_far = await price(market, "reached")
    assert (so_far["price_idr"], so_far["above_ceiling"]) == (174_000, False)
    await close(market, "reached")
    frozen = await price(market, "reached")
    assert (frozen["quantity"], frozen["price_idr"]) == (100, 174_000)
    assert (frozen["above_ceiling"], frozen["provisional"]) == (False, False)


async def test_m2_what_would_be_asked_above_it_is_not_bought_and_that_is_said(
    market: Market,
) -> None:
    await market.open_cycle("missed", closes_at=later(days=900))
    assert (await order(market, "melati", "missed", 60)).status_code == 201
    await close(market, "missed")
    (line,) = (await market.operator.get("/v1/consolidated-orders/missed/indofood/lines")).json()[
        "items"
    ]
    assert (line["quantity"], line["amount_idr"], line["reason"]) == (0, 0, "HET_EXCEEDED")
    frozen = await price(market, "missed")
    assert (frozen["price_idr"], frozen["above_ceiling"]) == (None, True)
    melati = await market.koperasi("melati")
    (row,) = (await melati.get("/v1/cycles/missed/entitlements")).json()["items"]
    assert (row["firm"], row["granted"], row["reason"]) == (60, 0, "HET_EXCEEDED")


async def test_m2_a_fee_with_which_no_tier_may_be_asked_refuses_the_order(market: Market) -> None:
    """From the 20th on, 1 basis point more: 174.000 come to 177.497,40."""
    await rule(market, "fee/2026-01-20", fee(201))
    await market.open_cycle("before", closes_at=later(days=900), priced_on="2026-01-19")
    assert (await order(market, "melati", "before", 10)).status_code == 201
    await market.open_cycle("after", closes_at=later(days=900), priced_on="2026-01-20")
    refused = await order(market, "melati", "after", 10)
    problem = assert_refused(refused, 409, "het-exceeded")
    told = {name: problem[name] for name in ("reason", "step", "rule", "rule_version_no")}
    assert told == {
        "reason": "HET_EXCEEDED",
        "step": "sell",
        "rule": "het.oil",
        "rule_version_no": 1,
    }
    assert (problem["asked_idr"], problem["ceiling_idr"]) == (177_498, 177_480)
    assert problem["detail"] == (
        "HET_EXCEEDED: harga terbaik barang oil dari indofood bagi koperasi, termasuk imbal jasa, "
        "Rp177498 per 1, padahal paling tinggi Rp177480 per 1; pilih pemasok lain, atau minta "
        "operator menurunkan imbal jasa"
    )


async def test_m2_who_would_lift_the_price_above_it_cannot_withdraw(market: Market) -> None:
    await market.open_cycle("lifted", closes_at=later(days=900))
    assert (await order(market, "melati", "lifted", 60)).status_code == 201
    placed = await order(market, "mawar", "lifted", 40)
    await close(market, "lifted")
    path = placed.headers["location"]
    mawar = await market.koperasi("mawar")
    preview = (await mawar.get(f"{path}/withdrawal")).json()
    assert (preview["allowed"], preview["code"]) == (False, "het-exceeded")
    (item,) = preview["items"]
    assert (item["price_before_idr"], item["price_after_idr"]) == (174_000, 180_000)
    assert "het.oil" in preview["detail"]
    accepted = {"cycle_id": "lifted", "reason": "no money", "charge_idr": preview["charge_idr"]}
    refused = await mawar.post(f"{path}/cancel", **accepted)
    problem = assert_refused(refused, 409, "het-exceeded")
    assert (problem["step"], problem["rule_version_no"]) == ("sell", 1)
    assert (await price(market, "lifted"))["quantity"] == 100
