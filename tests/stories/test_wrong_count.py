"""A receipt is typed wrongly, found out, and corrected: goods, books and margins follow."""

import pytest

from way import Way

pytestmark = pytest.mark.asyncio(loop_scope="module")

CARTON = 174_000
UNIT = CARTON + 19_140
"""A carton with its PPN."""


async def ordered(way: Way, cycle_id: str) -> None:
    """105 cartons."""
    await way.buy_oil(cycle_id)
    await way.send(cycle_id, "indofood")


async def correct(way: Way, receipt_id: str, number: int, accepted: int) -> None:
    await way.put(
        f"/v1/receipts/{receipt_id}/corrections/{number}",
        cycle_id=receipt_id,
        supplier_id="indofood",
        reason="a slip of the pen",
        lines=[{"item_id": "oil", "accepted": accepted}],
    )
    await way.market.settle()


async def stands(way: Way, cycle_id: str, received: dict[str, int]) -> None:
    """Everything shows these units, and what they cost."""
    count = sum(received.values())
    assert await way.received(cycle_id) == received
    (receipt,) = await way.items(f"/v1/cycles/{cycle_id}/receipts")
    (line,) = await way.items(f"/v1/receipts/{cycle_id}/lines")
    (state,) = await way.items(f"/v1/cycles/{cycle_id}/delivery-states")
    for shown in (receipt, line, state):
        assert shown["accepted"] == count + state["waiting"]
    assert (line["shared"], line["given"], line["goods_idr"]) == (True, count, count * CARTON)
    assert await way.balances(cycle_id=cycle_id) == {"1310": count * CARTON, "2120": count * CARTON}
    rows = await way.margins(cycle_id)
    assert {key: row["goods_idr"] for key, row in rows.items()} == {
        koperasi_id: units * CARTON for koperasi_id, units in received.items()
    }


async def test_s5_too_many_were_typed(way: Way) -> None:
    await ordered(way, "many")
    await way.receive("many", "many", "oil", 1_020)
    await stands(way, "many", {"a": 40, "b": 35, "c": 20, "d": 10})
    (waiting,) = await way.items("/v1/surplus", cycle_id="many")
    assert waiting["waiting"] == 915
    await correct(way, "many", 1, 102)
    assert await way.items("/v1/surplus", cycle_id="many") == []
    await stands(way, "many", {"a": 39, "b": 34, "c": 19, "d": 10})
    found = await way.get("/v1/cycles/many/allocation/a/explanation")
    assert (
        "The count of 20 January 2026 was corrected to 102 units; 39 of them are yours."
        in (found["items"][0]["en"])
    )
    (short,) = await way.items("/v1/cycles/many/shortfalls")
    assert (short["ordered"], short["accepted"], short["short"]) == (105, 102, 3)


async def test_s2_too_few_were_typed(way: Way) -> None:
    """What came after all is shared over what is still expected, like a further delivery."""
    await ordered(way, "few")
    await way.receive("few", "few", "oil", 10)
    await correct(way, "few", 1, 102)
    await stands(way, "few", {"a": 39, "b": 34, "c": 19, "d": 10})
    await correct(way, "few", 2, 0)
    assert set((await way.received("few")).values()) == {0}
    assert await way.balances(cycle_id="few") == {}
    await correct(way, "few", 3, 102)
    await stands(way, "few", {"a": 39, "b": 34, "c": 19, "d": 10})


async def test_the_invoice_is_matched_with_the_corrected_count(way: Way) -> None:
    await way.invoice("many", "many", "oil", 105, 105 * CARTON, 105 * 19_140)
    (note,) = await way.items("/v1/debit-notes", cycle_id="many")
    assert (note["goods_idr"], note["ppn_idr"]) == (522_000, 57_420)
    costs = await way.items("/v1/costs", cycle_id="many")
    assert [(row["units"], row["invoiced_units"]) for row in costs] == [
        (39, 39),
        (34, 34),
        (19, 19),
        (10, 10),
    ]
    await way.pay("many", "many", 102 * UNIT)
    (state,) = await way.items("/v1/invoice-states", cycle_id="many")
    assert (state["state"], state["kept_units"], state["costed_units"]) == ("settled", 102, 102)
    fewer = await way.market.operator.put(
        "/v1/receipts/many/corrections/2",
        cycle_id="many",
        supplier_id="indofood",
        reason="another slip",
        lines=[{"item_id": "oil", "accepted": 101}],
    )
    assert (fewer.status_code, fewer.json()["type"].rpartition("/")[2]) == (
        409,
        "goods-are-invoiced",
    )


async def test_what_was_sold_of_goods_that_never_came_is_of_unknown_origin(way: Way) -> None:
    """10 cartons of d were sold, of which the corrected count leaves 5."""
    await ordered(way, "sold")
    await way.receive("sold", "sold", "oil", 105)
    await way.sell("d", 20)  # first those of the other cycles, 10 and 10
    before = (await way.margins("sold"))["d"]
    assert (before["revenue_idr"], before["cogs_idr"]) == (0, 0)
    await way.sell("d", 10)
    sold = (await way.margins("sold"))["d"]
    assert (sold["revenue_idr"], sold["cogs_idr"]) == (2_100_000, 10 * CARTON)
    await correct(way, "sold", 1, 52)
    left = (await way.margins("sold"))["d"]
    assert (await way.received("sold"))["d"] == 5
    assert (left["revenue_idr"], left["cogs_idr"]) == (5 * 210_000, 5 * CARTON)
    books = await way.balances(koperasi_id="d")
    assert books["4190"] == 5 * 210_000


async def test_the_books_balance_at_every_position(way: Way) -> None:
    subjects = [{"koperasi_id": each} for each in "abcd"]
    cycles = [{"cycle_id": each} for each in ("many", "few", "sold")]
    assert await way.balanced_all_along(*subjects, *cycles) > 12


async def test_replayed_it_is_the_same(way: Way) -> None:
    await way.replayed()
