"""More comes than anybody ordered: given away, kept and sent back, each unit counted once."""

import pytest

from way import Way

pytestmark = pytest.mark.asyncio(loop_scope="module")


UNIT = 174_000 + 19_140
"""A carton with its PPN."""


async def delivered(way: Way, cycle_id: str) -> None:
    """110 cartons for an order of 105."""
    await way.buy_oil(cycle_id)
    await way.send(cycle_id, "indofood")
    await way.receive(f"{cycle_id}-1", cycle_id, "oil", 110)
    (waiting,) = await way.items("/v1/surplus", cycle_id=cycle_id)
    assert waiting["waiting"] == 5


async def decided(way: Way, cycle_id: str) -> None:
    await way.surplus(f"{cycle_id}-1", cycle_id, 2, decision="return")
    await way.surplus(f"{cycle_id}-1", cycle_id, 1, decision="stock")
    await way.surplus(f"{cycle_id}-1", cycle_id, 2, decision="offer", koperasi_id="e")
    await way.end_delivery(cycle_id, "indofood")


async def billed(way: Way, cycle_id: str) -> None:
    await way.invoice(cycle_id, cycle_id, "oil", 110, 110 * 174_000, 110 * 19_140)


async def add_up(way: Way, cycle_id: str, reason: str) -> None:
    """108 cartons stay, 2 are claimed back, and all of it is owed, costed and paid once."""
    (note,) = await way.items("/v1/debit-notes", cycle_id=cycle_id)
    assert (note["goods_idr"], note["ppn_idr"]) == (348_000, 38_280)
    assert note["reason"] == reason
    costs = await way.items("/v1/costs", cycle_id=cycle_id)
    assert {row["koperasi_id"]: (row["units"], row["invoiced_units"]) for row in costs} == {
        "a": (40, 40),
        "b": (35, 35),
        "c": (20, 20),
        "d": (10, 10),
        "e": (2, 2),
        "consortium": (1, 1),
    }
    rows = await way.margins(cycle_id)
    assert {key: row["goods_idr"] for key, row in rows.items()} == {
        "a": 40 * 174_000,
        "b": 35 * 174_000,
        "c": 20 * 174_000,
        "d": 10 * 174_000,
        "e": 2 * 174_000,
        "consortium": 174_000,
    }
    assert rows["consortium"]["fee_idr"] == 0
    books = await way.balances(cycle_id=cycle_id, supplier_id="indofood")
    assert "2120" not in books, "all that stays is invoiced"
    assert books["2110"] - books["1250"] == 108 * UNIT
    assert books["1310"] == sum(row["landed_idr"] for row in rows.values())
    await way.pay(cycle_id, cycle_id, 108 * UNIT)
    books = await way.balances(cycle_id=cycle_id, supplier_id="indofood")
    assert not {"2110", "1250"} & books.keys()
    (state,) = await way.items("/v1/invoice-states", cycle_id=cycle_id)
    assert (state["state"], state["kept_units"], state["costed_units"]) == ("settled", 108, 108)


async def test_s4_surplus_is_decided_then_billed(way: Way) -> None:
    await delivered(way, "first")
    await decided(way, "first")
    books = await way.balances(cycle_id="first")
    assert books == {"1310": 108 * 174_000, "2120": 108 * 174_000}
    await billed(way, "first")
    await add_up(way, "first", "over_billed")


async def test_s4_surplus_is_billed_then_decided(way: Way) -> None:
    """Nobody can be charged before it is known whose the cartons are; then they are at once."""
    await delivered(way, "later")
    await billed(way, "later")
    await decided(way, "later")
    await add_up(way, "later", "returned")


async def test_the_surplus_that_was_given_is_sold(way: Way) -> None:
    await way.sell("e", 4)
    rows = await way.margins("first")
    assert (rows["e"]["revenue_idr"], rows["e"]["cogs_idr"]) == (420_000, rows["e"]["landed_idr"])


async def test_the_books_balance_at_every_position(way: Way) -> None:
    subjects = [{"koperasi_id": each} for each in ("a", "e", "consortium")]
    cycles = [{"cycle_id": each} for each in ("first", "later")]
    assert await way.balanced_all_along(*subjects, *cycles, {"supplier_id": "indofood"}) > 12


async def test_replayed_it_is_the_same(way: Way) -> None:
    await way.replayed()
