"""The books are the same however the log is cut into pages, and balance at every position."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.queries import Part
from jaringan_usaha.features.cycles.events import (
    ConsolidatedOrderAmended,
    ConsolidatedOrderShared,
    ConsolidatedOrderWithdrawn,
    KoperasiShare,
    TierDropCharge,
)
from jaringan_usaha.features.fulfilment.events import (
    DeliveryShared,
    Given,
    GoodsReceived,
    ItemGiven,
    SurplusDecided,
)
from jaringan_usaha.features.invoicing.events import (
    ChargeBilled,
    DebitNoteIssued,
    FeeSplit,
    InvoiceCosted,
    InvoicePaid,
    ItemCosts,
    KoperasiCost,
    LandedCost,
    LandedCostAdjusted,
    RebateReceived,
)
from jaringan_usaha.features.margin import bookkeeping, books, margins
from jaringan_usaha.features.margin.accounts import BY_OWN_PARTY, CHART
from jaringan_usaha.features.margin.books import About
from jaringan_usaha.features.margin.events import MonthClosed
from jaringan_usaha.features.margin.views import margin_views
from jaringan_usaha.features.sales.events import SaleLine, SaleRecorded
from jaringan_usaha.features.shares.events import SharePaid
from jaringan_usaha.kernel.messages import Event
from ledgers import Log, log_by_hand
from service import NETWORK

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEDGER = [replace(margin_views, money=True)]
TABLES = (
    "postings",
    "posting_blocks",
    "balances",
    "day_sums",
    "document_days",
    "closed_months",
    "stock_layers",
    "unknown_stock",
    "delivered_orders",
    "margins",
)
KOPERASI, ITEMS = ("a", "b", "c"), ("oil", "rice")


class Season:
    """Anything that may follow anything, by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.number = 0
        self.closed = date(2026, 1, 1)

    def events(self, count: int) -> Iterable[Event]:
        makers = [
            *[self.shared, self.withdrawn, self.amended, self.closing, self.paid] * 1,
            *[self.delivery, self.invoice, self.freight] * 3,
            *[self.sale] * 6,
        ]
        while self.number < count:
            self.number += 1
            yield from self.chance.choice(makers)()

    def idr(self, least: int = 0) -> int:
        return self.chance.randint(least, 9_999)

    def day(self) -> date:
        return date(2026, 1, 1) + timedelta(days=self.chance.randint(0, 120))

    def names(self) -> dict[str, str]:
        cycle_id, supplier_id = self.chance.choice(("c1", "c2")), self.chance.choice(("s1", "s2"))
        order = f"{cycle_id}|{supplier_id}"
        return {
            "consolidated_order_id": order,
            "cycle_id": cycle_id,
            "supplier_id": supplier_id,
        }

    def shared(self) -> Iterable[Event]:
        shares = tuple(
            KoperasiShare(koperasi_id=each, amount_idr=self.idr(), alone_idr=self.idr())
            for each in KOPERASI
        )
        received = self.chance.random() < 0.5
        yield ConsolidatedOrderShared(**self.names(), part=1, shares=shares, received=received)

    def withdrawn(self) -> Iterable[Event]:
        yield ConsolidatedOrderWithdrawn(**self.names(), reason="reopened")

    def amended(self) -> Iterable[Event]:
        def drop() -> TierDropCharge:
            return TierDropCharge(
                koperasi_id=self.chance.choice(KOPERASI),
                item_id=self.chance.choice(ITEMS),
                amount_idr=self.idr(),
            )

        about = {"revision": 2, "reason": "less", "lines": (), "items": (), **self.names()}
        yield ConsolidatedOrderAmended(**about, charges=(drop(), drop()), relieved=(drop(),))

    def closing(self) -> Iterable[Event]:
        self.closed += timedelta(days=20)
        yield MonthClosed(month_id=f"{self.closed}", ends_on=self.closed)

    def paid(self) -> Iterable[Event]:
        names = {key: at for key, at in self.names().items() if key != "consolidated_order_id"}
        one = {"amount_idr": self.idr(1), "reference": "BCA"}
        who = self.chance.choice(KOPERASI)
        yield SharePaid(koperasi_id=who, payment_no=1, paid_on=self.day(), **one)
        number = str(self.number)
        yield InvoicePaid(payment_id=number, invoice_id="f", paid_on=self.day(), **names, **one)
        yield RebateReceived(rebate_id=number, received_on=self.day(), **names, **one)
        yield DebitNoteIssued(
            debit_note_id=number,
            invoice_id="f",
            goods_idr=self.idr(),
            ppn_idr=self.idr(),
            **self.names(),
        )

    def delivery(self) -> Iterable[Event]:
        names, receipt = self.names(), f"r{self.number}"
        if self.chance.random() < 0.8:
            yield GoodsReceived(
                **names, receipt_id=receipt, received_on=self.day(), reference="SJ", lines=()
            )
        items = tuple(
            ItemGiven(
                item_id=item,
                accepted=0,
                surplus=0,
                rows=tuple(
                    Given(each, 5, 1, self.chance.randint(0, 6), self.idr(), self.idr())
                    for each in KOPERASI
                ),
            )
            for item in ITEMS
        )
        about = {"receipt_id": receipt, "sharing": "pro_rata", "algorithm": "x", **names}
        yield DeliveryShared(part=1, items=items[:1], **about)
        yield DeliveryShared(part=2, items=items[1:], **about)
        if self.chance.random() < 0.3:
            yield SurplusDecided(
                **names,
                receipt_id=receipt,
                item_id="oil",
                units=self.chance.randint(1, 5),
                decision=self.chance.choice(("stock", "return", "offer")),
                reason="left",
                koperasi_id=self.chance.choice((None, "a")),
                goods_idr=self.idr(),
            )

    def invoice(self) -> Iterable[Event]:
        rows = tuple(
            KoperasiCost(
                each,
                5,
                self.idr(),
                self.chance.randint(-50, 50),
                self.idr(),
                self.chance.random() < 0.5,
                self.idr(),
                2_000,
                self.idr(),
            )
            for each in KOPERASI
        )
        fees = sum(row.fee_idr for row in rows)
        part = self.chance.randint(0, fees)
        yield InvoiceCosted(
            **self.names(),
            invoice_id=f"f{self.number}",
            part=1,
            fee_version_no=1,
            rebate_version_no=1,
            items=(
                ItemCosts(
                    item_id=self.chance.choice(ITEMS),
                    rounding_idr=self.chance.randint(-1, 1),
                    rows=rows,
                    own_rebates=tuple(self.chance.randint(0, 2_000) for _ in rows),
                ),
            ),
            fees=(
                FeeSplit(receiver="consortium", amount_idr=part),
                FeeSplit(receiver="a", amount_idr=fees - part),
            ),
        )

    def freight(self) -> Iterable[Event]:
        names, charge = self.names(), f"t{self.chance.randint(1, 4)}"
        about = {
            "charge_id": charge,
            "cycle_id": names["cycle_id"],
            "payee": "truk",
            "key": "equal",
        }
        yield ChargeBilled(
            **about, kind="freight", amount_idr=1, billed_on=self.day(), reference="TJ"
        )
        rows = tuple(
            LandedCost(names["supplier_id"], item, each, self.chance.randint(-500, 5_000))
            for item in ITEMS
            for each in KOPERASI
        )
        yield LandedCostAdjusted(**about, bill_no=1, part=1, rows=rows)

    def sale(self) -> Iterable[Event]:
        lines = tuple(
            SaleLine(
                item_id=self.chance.choice(ITEMS),
                quantity=self.chance.randint(-3, 6),
                amount_idr=self.idr(),
                ppn_idr=self.chance.randint(0, 90),
            )
            for _ in range(self.chance.randint(1, 3))
        )
        yield SaleRecorded(
            sale_id=f"s{self.number}",
            koperasi_id=self.chance.choice(KOPERASI),
            sold_on=self.day(),
            lines=lines,
        )


@pytest_asyncio.fixture(loop_scope="module")
async def log(
    postgres: EmbeddedServer, template: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Log]:
    monkeypatch.setattr(bookkeeping, "POSTINGS_A_BLOCK", 9)
    async with log_by_hand(postgres, template) as log:
        yield log


@pytest.mark.parametrize("seed", range(1, 7))
async def test_the_books_are_the_same_in_pages_of_any_size(log: Log, seed: int) -> None:
    await log.append(*Season(seed).events(70))
    shown: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for page in (5_000, 1, 7):
        await log.forget()
        await log.fold(page, LEDGER)
        shown[page] = await log.tables(*TABLES)
    for table in TABLES:
        assert shown[1][table] == shown[5_000][table], table
        assert shown[7][table] == shown[5_000][table], table
    assert len(shown[1]["posting_blocks"]) > 5


@pytest.mark.parametrize("seed", [11, 12])
async def test_every_question_gets_what_the_journal_says(log: Log, seed: int) -> None:
    """At every position, for everybody and everything, sums are those of the postings."""
    last = await log.append(*Season(seed).events(40))
    await log.fold(7, LEDGER)
    journal = (await log.tables("postings"))["postings"]
    journal.sort(key=lambda row: (row["position"], row["line_no"]))
    assert len(journal) > 100
    every: list[dict[str, Any]] = [
        {},
        *({"koperasi_id": each} for each in KOPERASI),
        {"supplier_id": "s1"},
        {"cycle_id": "c1"},
        {"cycle_id": "c2", "supplier_id": "s2", "koperasi_id": "b"},
    ]
    async with log.pool.acquire() as db:
        for about in every:
            chosen = [row for row in journal if about.items() <= row.items()]
            for at in (*range(last + 1), None):
                rows = await books.balances(db, NETWORK, About(**about), at)
                until = last if at is None else at
                expected = sums(row for row in chosen if row["position"] <= until)
                assert added(rows) == expected, (about, at)
                assert sum(debit for debit, _ in expected.values()) == sum(
                    credit for _, credit in expected.values()
                )
            days = {"from_on": date(2026, 1, 20), "to_on": date(2026, 3, 3)}
            within = [row for row in chosen if days["from_on"] <= row["posted_on"] <= days["to_on"]]
            assert added(await books.balances(db, NETWORK, About(**about, **days), None)) == sums(
                within
            )
            asked = About(**about, **days)
            found = await books.postings(db, NETWORK, asked, part=Part((0, 0), 10_000))
            assert [dict(row) for row in found] == [without_network(row) for row in within]
            end = (last + 1, 0)
            back = await books.postings(db, NETWORK, asked, part=Part(end, 10_000, back=True))
            assert back == found[::-1]


@pytest.mark.parametrize("seed", [31, 32, 33])
async def test_margins_and_books_tell_the_same(log: Log, seed: int) -> None:
    """What lies on the shelves is what the goods cost, less what was sold of them: in the books
    of every koperasi and cycle, and in its margins."""
    await log.append(*Season(seed).events(60))
    await log.fold(7, LEDGER)
    everybody: list[dict[str, str]] = [{}, *({"koperasi_id": each} for each in KOPERASI)]
    async with log.pool.acquire() as db:
        for about in [*everybody, *({**each, "cycle_id": "c1"} for each in everybody)]:
            figures = await margins.totals(db, NETWORK, margins.Chosen(**about))
            rows = await books.balances(db, NETWORK, About(**about), None)
            stood = Counter(
                {account: debit - credit for account, (debit, credit) in added(rows).items()}
            )
            costs = ("goods", "variance", "freight", "fee", "ppn")
            landed = sum(figures[f"{each}_idr"] for each in costs) - figures["rebate_idr"]
            assert stood["1310"] == landed - figures["cogs_idr"], about
            assert stood["5110"] == figures["cogs_idr"], about
            assert stood["1150"] == figures["ppn_credit_idr"], about
            unknown = 0 if "cycle_id" in about else stood["4190"]  # those have no cycle yet
            assert -stood["4110"] - unknown == figures["revenue_idr"], about


@pytest.mark.parametrize("seed", [21])
async def test_behind_every_balance_stand_its_postings(log: Log, seed: int) -> None:
    await log.append(*Season(seed).events(40))
    await log.fold(5_000, LEDGER)
    journal = (await log.tables("postings"))["postings"]
    async with log.pool.acquire() as db:
        for number in CHART:
            about = About(account=number)
            (balance,) = await books.balances(db, NETWORK, about, None) or [None]
            found: list[Any] = []
            key = (0, 0)
            while page := await books.postings(db, NETWORK, about, part=Part(key, 4)):
                found += page
                key = (page[-1]["position"], page[-1]["line_no"])
            before: list[Any] = []
            while page := await books.postings(db, NETWORK, about, part=Part(key, 3, back=True)):
                before += page
                key = (page[-1]["position"], page[-1]["line_no"])
            assert before == found[:-1][::-1]
            moved = sums([dict(row) for row in found]).get(number, (0, 0))
            assert moved == ((balance["debit_idr"], balance["credit_idr"]) if balance else (0, 0))
            assert len(found) == len(
                [row for row in journal if number in (row["debit_account"], row["credit_account"])]
            )
        for number in BY_OWN_PARTY:
            parties = {
                row[f"{side}_party"]
                for row in journal
                for side in ("debit", "credit")
                if row[f"{side}_account"] == number
            }
            assert parties, number
            total = Counter({"debit_idr": 0, "credit_idr": 0})
            for party in parties:
                (row,) = await books.balances(db, NETWORK, About(account=number, party=party), None)
                total.update({name: row[name] for name in total})
            (whole,) = await books.balances(db, NETWORK, About(account=number), None)
            assert dict(total) == {name: whole[name] for name in total}


def sums(rows: Iterable[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Debit and credit by account, added up one by one."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["debit_account"], [0, 0])[0] += row["amount_idr"]
        found.setdefault(row["credit_account"], [0, 0])[1] += row["amount_idr"]
    return {account: (debit, credit) for account, (debit, credit) in found.items()}


def added(rows: Iterable[Any]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        debit, credit = found.get(row["account"], (0, 0))
        found[row["account"]] = (debit + row["debit_idr"], credit + row["credit_idr"])
    return found


def without_network(row: dict[str, Any]) -> dict[str, Any]:
    return {name: at for name, at in row.items() if name != "network_id"}
