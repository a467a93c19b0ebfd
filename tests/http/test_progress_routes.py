"""How far a cycle has come, asked of cycles without goods; the way of goods is in the stories."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from jaringan_usaha.embedded import EmbeddedServer
from market import Market, later, oil, opened
from service import assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        await market.stock()
        yield market


async def test_a_cycle_is_first_what_cycles_say(market: Market) -> None:
    melati = await market.koperasi("melati")
    await market.open_cycle("march", closes_at=later(days=900))
    found = (await melati.get("/v1/cycles/march/progress")).json()
    assert (found["state"], found["orders"], found["stale"]) == ("open", [], False)
    await market.place(melati, {"cycle_id": "march", "lines": [oil(10)]})
    await market.operator.post("/v1/cycles/march/close", early=True, reason="the truck leaves")
    assert (await melati.get("/v1/cycles/march/progress")).json()["state"] == "closed"
    await market.settle()
    found = (await melati.get("/v1/cycles/march/progress")).json()
    assert found["state"] == "consolidated"
    assert found["orders"] == [{"supplier_id": "indofood", "state": "consolidated"}]


async def test_nothing_came_of_an_order_that_ended(market: Market) -> None:
    path = "/v1/consolidated-orders/march/indofood"
    await market.operator.post(f"{path}/send", reference="PO 1")
    await market.settle()
    await market.operator.post(f"{path}/end-delivery", reason="the supplier gave up")
    await market.settle()
    found = (await market.operator.get("/v1/cycles/march/progress")).json()
    assert found["state"] == "settled"


async def test_of_no_cycle_nothing_is_known(market: Market) -> None:
    missing = await market.operator.get("/v1/cycles/nowhere/progress")
    assert_refused(missing, 404, "cycle-unknown")
