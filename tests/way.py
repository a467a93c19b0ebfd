"""The whole way of the goods in short words: what an operator and its koperasi do over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from jaringan_usaha import house
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.rebuild import rebuild, replay
from market import OIL_TIERS, Market, later, opened, price_list
from service import Speaker

PPN = {
    "rate_bp": 1_200,
    "base_numerator": 11,
    "base_denominator": 12,
    "half_up": 1,
    "rounded_base": 0,
}
FEE = {"rate_bp": 150, "consortium_parts": 60, "host_parts": 40}
MATCHING = {"variance_bp": 50, "variance_idr": 50}
REBATE = {"rate_bp": 150, "consortium_parts": 1, "koperasi_parts": 0}

ITEMS = {
    "oil": ("indofood", 1, {"tax_class": "standard", "weight_g": 11_000}, OIL_TIERS),
    "soap": (
        "unilever",
        24,
        {"tax_class": "exempt", "weight_g": 100},
        [{"from_quantity": 1, "idr": 3_000, "per": 1}],
    ),
    "flour": (
        "bogasari",
        25,
        {"tax_class": "exempt", "weight_g": 1_000},
        [{"from_quantity": 1, "idr": 9_000, "per": 1}],
    ),
    "rice": (
        "bulog",
        50,
        {"tax_class": "exempt", "weight_g": 1_000},
        [{"from_quantity": 1, "idr": 12_500, "per": 1}],
    ),
}
"""Supplier, case size, description, tiers."""
CARTONS = {"a": 40, "b": 35, "c": 20, "d": 10}
"""Of oil by koperasi: 105 in all, above the tier of 100."""


@asynccontextmanager
async def travelled(server: EmbeddedServer, template: str) -> AsyncIterator["Way"]:
    """A market with its rules, goods, suppliers and koperasi a to e."""
    async with opened(server, template) as market:
        way = Way(market)
        for rule_id, values in (
            ("ppn", PPN),
            ("fee", FEE),
            ("matching", MATCHING),
            ("rebate.indofood", REBATE),
        ):
            await way.put(f"/v1/rules/{rule_id}/2025-01-01", values=values, source="RAT 2025")
        for item_id, (supplier_id, case_size, described, tiers) in ITEMS.items():
            await way.put(f"/v1/suppliers/{supplier_id}", title=supplier_id.title())
            item = {"title": item_id.title(), "base_unit": "XPK", "case_size": case_size}
            await way.put(f"/v1/items/{item_id}", **item)
            await way.put(f"/v1/items/{item_id}/description", **described)
            prices = price_list(supplier_id, item_id, tiers)
            await way.put(f"/v1/price-lists/{item_id}-1", **prices)
        for koperasi_id in "abcde":
            await market.koperasi(koperasi_id)
        yield way


class Way:
    """The operator of a market, asking for one thing after another."""

    def __init__(self, market: Market) -> None:
        self.market = market

    # -- speaking --

    async def put(self, path: str, speaker: Speaker | None = None, **body: Any) -> dict[str, Any]:
        return _done(await (speaker or self.market.operator).put(path, **body))

    async def post(self, path: str, speaker: Speaker | None = None, **body: Any) -> dict[str, Any]:
        """When everything before is shown, and all that follows from it is done."""
        await self.market.settle()
        found = _done(await (speaker or self.market.operator).post(path, **body))
        await self.market.settle()
        return found

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        return _done(await self.market.operator.get(path, **query))

    async def items(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        """The first 200 rows."""
        found: list[dict[str, Any]] = (await self.get(path, limit=200, **query))["items"]
        return found

    # -- ordering --

    async def open(self, cycle_id: str, **terms: Any) -> None:
        await self.market.open_cycle(cycle_id, closes_at=later(days=900), host="a", **terms)

    async def order(
        self, koperasi_id: str, cycle_id: str, *lines: dict[str, Any], order_id: str | None = None
    ) -> str:
        order_id = order_id or new_id()
        speaker = await self.market.koperasi(koperasi_id)
        body = {"cycle_id": cycle_id, "lines": list(lines)}
        _done(await self.market.place(speaker, body, order_id))
        return order_id

    async def change(
        self, koperasi_id: str, cycle_id: str, order_id: str, *lines: dict[str, Any]
    ) -> None:
        speaker = await self.market.koperasi(koperasi_id)
        body = {"cycle_id": cycle_id, "lines": list(lines)}
        _done(await self.market.place(speaker, body, order_id, if_match='"v1"'))

    async def buy_oil(self, cycle_id: str, **terms: Any) -> dict[str, str]:
        """105 cartons at 174,000, closed and consolidated; the orders by koperasi."""
        await self.open(cycle_id, **terms)
        orders = {
            koperasi_id: await self.order(koperasi_id, cycle_id, wanted("oil", cartons))
            for koperasi_id, cartons in CARTONS.items()
        }
        await self.close(cycle_id)
        return orders

    async def close(self, cycle_id: str) -> None:
        await self.post(f"/v1/cycles/{cycle_id}/close", early=True, reason="the truck leaves")

    async def send(self, cycle_id: str, supplier_id: str) -> None:
        path = f"/v1/consolidated-orders/{cycle_id}/{supplier_id}"
        await self.post(f"{path}/send", reference=f"PO {cycle_id}")

    async def acknowledge(self, cycle_id: str, supplier_id: str, revision: int = 1) -> None:
        path = f"/v1/consolidated-orders/{cycle_id}/{supplier_id}"
        await self.post(f"{path}/acknowledge", revision=revision)

    # -- goods --

    async def receive(
        self, receipt_id: str, cycle_id: str, item_id: str, accepted: int, **line: Any
    ) -> None:
        await self.put(
            f"/v1/receipts/{receipt_id}",
            cycle_id=cycle_id,
            supplier_id=ITEMS[item_id][0],
            received_on="2026-01-20",
            reference="SJ 17",
            lines=[{"item_id": item_id, "accepted": accepted, **line}],
        )
        await self.market.settle()

    async def withdraw(
        self, koperasi_id: str, cycle_id: str, order_id: str, charge_idr: int, **agreed: bool
    ) -> None:
        """A koperasi takes its order back after the close, and accepts what that costs."""
        await self.post(
            f"/v1/orders/{order_id}/cancel",
            cycle_id=cycle_id,
            koperasi_id=koperasi_id,
            reason="no money",
            charge_idr=charge_idr,
            **agreed,
        )

    async def end_delivery(self, cycle_id: str, supplier_id: str) -> None:
        path = f"/v1/consolidated-orders/{cycle_id}/{supplier_id}/end-delivery"
        await self.post(path, reason="no more comes")

    async def surplus(self, receipt_id: str, cycle_id: str, units: int, **decision: Any) -> None:
        await self.post(
            f"/v1/receipts/{receipt_id}/surplus",
            cycle_id=cycle_id,
            supplier_id="indofood",
            item_id="oil",
            units=units,
            reason="not ordered",
            **decision,
        )

    async def received(self, cycle_id: str, item_id: str = "oil") -> dict[str, int]:
        rows = await self.items(f"/v1/cycles/{cycle_id}/deliveries")
        return {row["koperasi_id"]: row["received"] for row in rows if row["item_id"] == item_id}

    # -- money --

    async def invoice(
        self,
        invoice_id: str,
        cycle_id: str,
        item_id: str,
        quantity: int,
        goods_idr: int,
        ppn_idr: int = 0,
    ) -> None:
        line = {
            "item_id": item_id,
            "quantity": quantity,
            "goods_idr": goods_idr,
            "ppn_idr": ppn_idr,
        }
        await self.put(
            f"/v1/supplier-invoices/{invoice_id}",
            cycle_id=cycle_id,
            supplier_id=ITEMS[item_id][0],
            invoice_no=f"INV/{invoice_id}",
            tax_invoice_no="010.026-26.00000017",
            invoiced_on="2026-01-22",
            lines=[line],
        )
        await self.market.settle()

    async def pay(self, payment_id: str, invoice_id: str, amount_idr: int) -> None:
        await self.put(
            f"/v1/invoice-payments/{payment_id}",
            invoice_id=invoice_id,
            amount_idr=amount_idr,
            paid_on="2026-01-29",
            reference="BCA 31",
        )
        await self.market.settle()

    async def freight(self, cycle_id: str, amount_idr: int, bill_no: int = 1) -> None:
        await self.put(
            f"/v1/charges/{cycle_id}-freight",
            cycle_id=cycle_id,
            payee="truk-jaya",
            kind="freight",
            key="weight",
            amount_idr=amount_idr,
            billed_on="2026-01-28",
            reference=f"TJ {bill_no}",
            bill_no=bill_no,
        )
        await self.market.settle()

    async def sell(self, koperasi_id: str, units: int) -> None:
        """Cartons of oil at the retail price."""
        line = {"item_id": "oil", "quantity": units, "amount_idr": units * 210_000}
        speaker = await self.market.koperasi(koperasi_id)
        body = {"sold_on": "2026-02-10", "lines": [line]}
        await self.put(f"/v1/sales/{new_id()}", speaker, **body)
        await self.market.settle()

    # -- books --

    async def balances(self, **query: str | int) -> dict[str, int]:
        """What stands on every account that is not even, on its own side; both sides agree."""
        found = await self.get("/v1/trial-balance", **query)
        assert found["stale"] is False
        assert found["debit_idr"] == found["credit_idr"], query
        return {
            each["account"]: each["balance_idr"]
            for each in found["accounts"]
            if each["balance_idr"]
        }

    async def margins(self, cycle_id: str, **query: str | int) -> dict[str, dict[str, Any]]:
        rows = await self.items("/v1/margin", cycle_id=cycle_id, **query)
        return {row["koperasi_id"]: row for row in rows}

    async def balanced_all_along(self, *subjects: dict[str, str]) -> int:
        """Debit and credit are equal at every position, for everybody where something moved; how
        many positions those are."""
        moved = await self._moved()
        for at in range(await self.market.event_count() + 1):
            await self.balances(at=at)
            if at in moved:
                for subject in subjects:
                    await self.balances(at=at, **subject)
        return len(moved)

    async def _moved(self) -> set[int]:
        """The positions at which something was posted."""
        found: set[int] = set()
        for page in await self.market.operator.pages("/v1/postings", limit=200):
            found |= {row["position"] for row in page["items"]}
        return found

    async def replayed(self) -> None:
        """From the first event on, in pages of any size, all tables come out the same."""
        types = house.event_types()
        proof = await replay(self.market.url, types, house.PROJECTIONS)
        assert proof.agrees
        rebuilt = await rebuild(self.market.url, types, house.PROJECTIONS, page=7)
        assert rebuilt.events == await self.market.event_count()


def _done(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def wanted(item_id: str, quantity: int, **other: Any) -> dict[str, Any]:
    """An order line."""
    supplier_id = ITEMS[item_id][0]
    return {"supplier_id": supplier_id, "item_id": item_id, "quantity": quantity, **other}
