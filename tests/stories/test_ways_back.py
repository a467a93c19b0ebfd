"""What goes back on the way: minimums missed, cycles reopened, orders withdrawn, to the rupiah."""

import pytest

from jaringan_usaha.api.asked import new_id
from market import later, price_list
from service import assert_refused
from way import CARTONS, Way

pytestmark = pytest.mark.asyncio(loop_scope="module")


PPN_95 = 95 * 19_800


async def lines(way: Way, cycle_id: str) -> list[tuple[str, int, int]]:
    rows = await way.items(f"/v1/consolidated-orders/{cycle_id}/lines")
    return [(row["item_id"], row["quantity"], row["amount_idr"]) for row in rows]


async def reopen(way: Way, cycle_id: str) -> None:
    path = f"/v1/cycles/{cycle_id}/reopen"
    await way.post(path, closes_at=later(days=901), reason="a truck was late")


# -- before anything is sent ---------------------------------------------------------------


async def test_a_missed_minimum_is_asked_about_and_a_reopened_cycle_reaches_it(way: Way) -> None:
    await way.put("/v1/suppliers/wilmar", title="Wilmar")
    await way.put("/v1/items/sugar", title="Gula 50 kg", base_unit="XPK", case_size=5)
    tiers = [{"from_quantity": 1, "idr": 750_000, "per": 1}]
    prices = price_list("wilmar", "sugar", tiers)
    await way.put("/v1/price-lists/sugar-1", **prices, minimum_idr=10_000_000)
    sugar = {"supplier_id": "wilmar", "item_id": "sugar", "quantity": 10}
    await way.open("asked", minimum="ask")
    await way.order("a", "asked", sugar)
    await way.close("asked")
    (missed,) = await way.items("/v1/cycles/asked/minimums")
    assert (missed["minimum_idr"], missed["goods_idr"]) == (10_000_000, 7_500_000)
    assert (await way.get("/v1/cycles/asked"))["state"] == "closed"
    path = "/v1/cycles/asked/suppliers/wilmar/minimum"
    await way.post(path, decision="order", reason="agreed by telephone")
    assert (await way.get("/v1/cycles/asked"))["state"] == "consolidated"
    assert await lines(way, "asked") == [("sugar", 10, 7_500_000)]
    await reopen(way, "asked")
    assert await lines(way, "asked") == []
    assert (await way.get("/v1/margin", cycle_id="asked"))["totals"]["amount_idr"] == 0
    await way.order("b", "asked", {**sugar, "quantity": 5})
    await way.close("asked")
    assert await lines(way, "asked") == [("sugar", 15, 11_250_000)]
    rows = await way.margins("asked")
    assert {key: row["amount_idr"] for key, row in rows.items()} == {"a": 7_500_000, "b": 3_750_000}


async def test_a_charge_goes_when_its_order_is_taken_back(way: Way) -> None:
    orders = await way.buy_oil("again")
    await way.withdraw("d", "again", orders["d"], 570_000)
    assert await way.balances(koperasi_id="d") == {"2140": 570_000, "5140": 570_000}
    await reopen(way, "again")
    assert await way.balances(koperasi_id="d") == {}
    assert await way.balances() == {}
    assert {row["charge_idr"] for row in (await way.margins("again")).values()} == {0}
    assert (await way.get("/v1/tier-drops", cycle_id="again"))["items"] == []
    await way.close("again")
    assert await lines(way, "again") == [("oil", 95, 17_100_000)]
    assert await way.balances() == {}, "who withdrew before has nothing to do with it"


# -- after it was sent ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier_drop", "charged"),
    [
        ("canceller", {"a": -240_000, "b": -210_000, "c": -120_000, "d": 570_000}),
        ("pooled", {"a": 0, "b": 0, "c": 0, "d": 0}),
    ],
)
async def test_tp5_who_withdraws_late_pays_for_the_tier_or_all_do(
    way: Way, tier_drop: str, charged: dict[str, int]
) -> None:
    """95 cartons at 180,000: the supplier bills 17,100,000, and the others pay 174,000 all the
    same when who withdrew pays the 570,000."""
    orders = await way.buy_oil(tier_drop, tier_drop=tier_drop)
    await way.send(tier_drop, "indofood")
    await way.withdraw("d", tier_drop, orders["d"], 570_000, supplier_agrees=True)
    await way.send(tier_drop, "indofood")
    await way.acknowledge(tier_drop, "indofood", revision=2)
    await way.receive(f"{tier_drop}-oil", tier_drop, "oil", 95)
    assert await way.received(tier_drop) == {"a": 40, "b": 35, "c": 20}  # d expects nothing
    await way.end_delivery(tier_drop, "indofood")
    await way.invoice(f"{tier_drop}-oil", tier_drop, "oil", 95, 17_100_000, PPN_95)
    shown = await way.get(f"/v1/supplier-invoices/{tier_drop}-oil")
    assert (shown["owed_idr"], shown["held"]) == (17_100_000 + PPN_95, False)
    rows = await way.margins(tier_drop)
    assert {key: row["goods_idr"] for key, row in rows.items() if row["goods_idr"]} == {
        "a": 40 * 180_000,
        "b": 35 * 180_000,
        "c": 20 * 180_000,
    }
    assert {key: rows[key]["charge_idr"] for key in charged if key in rows} == {
        key: amount for key, amount in charged.items() if key in rows
    }
    if tier_drop == "canceller":
        assert {key: rows[key]["goods_idr"] + rows[key]["charge_idr"] for key in "abc"} == {
            key: CARTONS[key] * 174_000 for key in "abc"
        }
        assert rows["d"]["margin_idr"] == -570_000
    books = await way.balances(cycle_id=tier_drop)
    assert books["2110"] == 17_100_000 + PPN_95
    assert not {"2120", "2140", "5140"} & books.keys(), "what one pays the others are relieved of"
    await way.pay(f"{tier_drop}-oil", f"{tier_drop}-oil", books["2110"])
    assert "2110" not in await way.balances(cycle_id=tier_drop)


async def test_once_goods_arrive_nothing_is_taken_back(way: Way) -> None:
    """The supplier may agree as it likes: what came is given out by what was ordered."""
    orders = await way.buy_oil("midway")
    await way.send("midway", "indofood")
    await way.receive("midway-1", "midway", "oil", 60)
    preview = await way.get(f"/v1/orders/{orders['d']}/withdrawal")
    assert (preview["allowed"], preview["code"]) == (False, "goods-have-arrived")
    operator = way.market.operator
    body = {"cycle_id": "midway", "koperasi_id": "d", "reason": "no money"}
    agreed = {**body, "supplier_agrees": True, "charge_idr": 570_000}
    refused = await operator.post(f"/v1/orders/{orders['d']}/cancel", **agreed)
    assert_refused(refused, 409, "goods-have-arrived")
    on = {"to_koperasi_id": "e", "to_order_id": new_id(), "reason": "no money"}
    refused = await operator.post(f"/v1/orders/{orders['d']}/transfer", **on)
    assert_refused(refused, 409, "goods-have-arrived")
    await way.receive("midway-2", "midway", "oil", 45)
    assert await way.received("midway") == CARTONS
    assert await way.balances(cycle_id="midway") == {"1310": 18_270_000, "2120": 18_270_000}


# -- at the end ----------------------------------------------------------------------------


async def test_the_books_balance_at_every_position(way: Way) -> None:
    subjects = [{"koperasi_id": each} for each in "abcd"]
    subjects += [{"cycle_id": each} for each in ("again", "canceller", "pooled", "midway")]
    assert await way.balanced_all_along(*subjects, {"supplier_id": "indofood"}) > 10


async def test_replayed_it_is_the_same(way: Way) -> None:
    await way.replayed()
