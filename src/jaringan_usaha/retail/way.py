"""The way of the goods after a week is consolidated: sent, received, invoiced, brought."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl

from jaringan_usaha.client.outbox import Operation
from jaringan_usaha.client.service import Service, ServiceProblem
from jaringan_usaha.retail.derived import Derived, billed, delivered, freight
from jaringan_usaha.retail.replay import PATIENCE_SECONDS, Entries, uuid_v7
from jaringan_usaha.retail.source import cycle_id
from jaringan_usaha.retail.tills import Tills

LOOK_EVERY_SECONDS = 0.2
LINES_A_RECEIPT = 1_000
REQUEST = 50
ORDERED: dict[str, pl.DataType] = {
    "supplier_id": pl.String(),
    "item_id": pl.String(),
    "quantity": pl.Int64(),
    "order_lines": pl.Int64(),
    "amount_idr": pl.Int64(),
}

Rows = list[dict[str, Any]]


class Way:
    """Brings the goods of whole weeks. What was done before is told again and changes nothing."""

    def __init__(self, service: Service, tills: Tills, derived: Derived) -> None:
        self._service = service
        self._tills = tills
        self._derived = derived
        self.seconds: dict[str, float] = {}

    async def is_over(self, week: int) -> bool:
        """Whether all of a week has been done."""
        charges = await self._service.get("/v1/charges", cycle_id=cycle_id(week))
        bills = freight(week).amounts_idr
        return any(
            charge["bill_no"] == len(bills) and charge["shared_idr"] == bills[-1]
            for charge in charges["items"]
        )

    async def go(self, week: int, opened_at: datetime, day: date) -> None:
        """From the order to the last freight bill; `day` is when the week began."""
        came = delivered(await self._ordered(week))
        bills = billed(came)
        ops = Ops(week, opened_at, day + timedelta(days=7))
        with self._timed("kirim / send"):
            await self._send(ops.orders(came))
        with self._timed("terima / receive"):
            await self._send(ops.first_receipts(came))
            await self._send(ops.second_receipts(came))
        accepted = int(came["accepted"].sum())
        with self._timed("bagi / share out"):
            await self._until(lambda: self._shared(week, accepted), f"receipts of {cycle_id(week)}")
        with self._timed("faktur / invoice"):
            await self._send(ops.invoices(bills))
        goods_idr = int(bills["goods_idr"].sum())
        with self._timed("biaya / cost"):
            costed = f"invoices of {cycle_id(week)}"
            await self._until(lambda: self._costed(week, goods_idr), costed)
        with self._timed("angkut / freight"):
            for path, body in ops.charges():
                await self._service.put(path, body)
                shared = self._charged(week, body["bill_no"], body["amount_idr"])
                await self._until(shared, f"freight of {cycle_id(week)}")

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        """Where the time goes, over all weeks."""
        start = time.monotonic()
        yield
        spent = self.seconds.get(what, 0.0) + time.monotonic() - start
        self.seconds[what] = round(spent, 1)

    async def _ordered(self, week: int) -> pl.DataFrame:
        """What the group ordered, as the service says, with what is derived about it."""
        path = f"/v1/consolidated-orders/{cycle_id(week)}/lines"
        found = [
            {column: line[column] for column in ORDERED}
            async for page in self._service.pages(path, limit=200)
            for line in page
        ]
        about = self._derived.prices.select("item_id", "product_id", "maker", "exempt")
        lines = pl.DataFrame(found, schema=ORDERED).join(about, on="item_id")
        return lines.with_columns(week=pl.lit(week, pl.Int64))

    async def _send(self, entries: Entries) -> None:
        await self._tills.send(entries, lines_a_request=REQUEST, sent=lambda _: None)

    # -- what the follower does meanwhile --

    async def _shared(self, week: int, accepted: int) -> bool:
        path = f"/v1/cycles/{cycle_id(week)}/delivery-states"
        found = await self._service.get(path, limit=1)
        return bool(found["totals"]["received"] == accepted)

    async def _costed(self, week: int, goods_idr: int) -> bool:
        found = await self._service.get("/v1/costs", cycle_id=cycle_id(week), limit=1)
        return bool(found["totals"]["invoiced_idr"] == goods_idr)

    def _charged(self, week: int, bill_no: int, amount_idr: int) -> Callable[[], Awaitable[bool]]:
        async def shared() -> bool:
            found = await self._service.get("/v1/charges", cycle_id=cycle_id(week))
            return any(
                (charge["bill_no"], charge["shared_idr"]) == (bill_no, amount_idr)
                for charge in found["items"]
            )

        return shared

    async def _until(self, reached: Callable[[], Awaitable[bool]], what: str) -> None:
        """Raises ServiceProblem after five minutes."""
        give_up_at = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not await reached():
            if asyncio.get_running_loop().time() > give_up_at:
                raise ServiceProblem(f"{what} are recorded, but nobody shares them out")
            await asyncio.sleep(LOOK_EVERY_SECONDS)


class Ops:
    """The lines to send for one week; their ids are made of the cycle's opening."""

    def __init__(self, week: int, opened_at: datetime, day: date) -> None:
        self._cycle_id = cycle_id(week)
        self._freight = freight(week)
        self._opened_at = opened_at
        self._day = day

    def orders(self, came: pl.DataFrame) -> Entries:
        """Every supplier is told."""
        suppliers = came["supplier_id"].unique().sort()
        return [self._entry("send_order", each, each, {}) for each in suppliers]

    def first_receipts(self, came: pl.DataFrame) -> Entries:
        refused = pl.when("two_parts").then(0).otherwise("rejected")
        return self._receipts(came.with_columns(accepted="first", rejected=refused), "1")

    def second_receipts(self, came: pl.DataFrame) -> Entries:
        refused = pl.when("two_parts").then("rejected").otherwise(0)
        return self._receipts(came.with_columns(accepted="second", rejected=refused), "2")

    def invoices(self, bills: pl.DataFrame) -> Entries:
        """What suppliers bill, as `billed` has it."""
        bills = bills.sort("supplier_id", "invoice", "item_id")
        found = []
        for (supplier_id, number), rows in groupby(
            bills.iter_rows(named=True), itemgetter("supplier_id", "invoice")
        ):
            invoice_id = f"faktur-{self._cycle_id}-{supplier_id}-{number}"
            body = {
                "invoice_id": invoice_id,
                "invoice_no": f"{self._cycle_id}/{number}",
                "invoiced_on": self._day,
                "lines": [_invoice_line(row) for row in rows],
            }
            found.append(self._entry("enter_invoice", supplier_id, invoice_id, body))
        return found

    def charges(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The freight bills, later than all else."""
        for bill_no, amount_idr in enumerate(self._freight.amounts_idr, start=1):
            yield (
                f"/v1/charges/angkut-{self._cycle_id}",
                {
                    "cycle_id": self._cycle_id,
                    "payee": "Ekspedisi",
                    "kind": "freight",
                    "key": self._freight.key,
                    "amount_idr": amount_idr,
                    "billed_on": self._day + timedelta(days=14 * bill_no),
                    "reference": f"{self._cycle_id}/{bill_no}",
                    "bill_no": bill_no,
                },
            )

    def _receipts(self, came: pl.DataFrame, part: str) -> Entries:
        lines = came.filter((pl.col("accepted") > 0) | (pl.col("rejected") > 0))
        lines = lines.sort("supplier_id", "item_id")
        found = []
        for supplier_id, rows in groupby(lines.iter_rows(named=True), itemgetter("supplier_id")):
            counted = [_received_line(row) for row in rows]
            for number, start in enumerate(range(0, len(counted), LINES_A_RECEIPT), start=1):
                receipt_id = f"terima-{self._cycle_id}-{supplier_id}-{part}-{number}"
                body = {
                    "receipt_id": receipt_id,
                    "received_on": self._day,
                    "lines": counted[start : start + LINES_A_RECEIPT],
                }
                found.append(self._entry("receive_goods", supplier_id, receipt_id, body))
        return found

    def _entry(
        self, kind: str, supplier_id: str, what: str, body: dict[str, Any]
    ) -> tuple[str, Operation]:
        op_id = uuid_v7(self._opened_at, f"{kind} {self._cycle_id} {what}")
        about = {"cycle_id": self._cycle_id, "supplier_id": supplier_id}
        return supplier_id, Operation(op_id=op_id, type=kind, body={**about, **body})


def _received_line(row: dict[str, Any]) -> dict[str, Any]:
    line = {"item_id": row["item_id"], "accepted": row["accepted"]}
    if row["rejected"]:
        line |= {"rejected": row["rejected"], "reason": "rusak"}
    return line


def _invoice_line(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "item_id": row["item_id"],
        "quantity": row["accepted"],
        "goods_idr": row["goods_idr"] + row["variance_idr"],
        "ppn_idr": row["ppn_idr"] + row["rounding_idr"],
    }
