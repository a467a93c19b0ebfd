"""What the story came to, as the service shows it and as a separate calculation says it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from jaringan_usaha.client.service import Service
from jaringan_usaha.demo.goods import BY_ID, ITEMS, SUPPLIERS
from jaringan_usaha.demo.stage import idr, number

DEBIT = "debit_equals_credit"
PARTIES = "suppliers_equal_koperasi"
SEPARATE = "equal_to_separate_calculation"
WIDE = 105


@dataclass(frozen=True)
class Result:
    """The consolidated orders, what each koperasi saved, and whether all sums agree."""

    cycle_id: str
    suppliers: list[dict[str, Any]]
    koperasi: list[dict[str, Any]]
    shares: dict[str, Any]
    debit_idr: int
    credit_idr: int
    expected: dict[str, dict[str, int]]

    @property
    def amount_idr(self) -> int:
        return sum(supplier["amount_idr"] for supplier in self.suppliers)

    @property
    def alone_idr(self) -> int:
        return sum(supplier["alone_idr"] for supplier in self.suppliers)

    @property
    def checks(self) -> dict[str, bool]:
        """The sums that must agree, to the rupiah."""
        shown = {
            line["item_id"]: {
                "quantity": line["quantity"],
                "amount_idr": line["amount_idr"],
                "alone_idr": line["alone_idr"],
            }
            for supplier in self.suppliers
            for line in supplier["lines"]
        }
        return {
            SEPARATE: shown == self.expected,
            PARTIES: (self.amount_idr, self.alone_idr)
            == (
                sum(each["amount_idr"] for each in self.koperasi),
                sum(each["alone_idr"] for each in self.koperasi),
            ),
            DEBIT: self.debit_idr == self.credit_idr,
        }

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "cycle_id": self.cycle_id,
            "suppliers": self.suppliers,
            "koperasi": self.koperasi,
            "total": {
                "amount_idr": self.amount_idr,
                "alone_idr": self.alone_idr,
                "saving_idr": self.alone_idr - self.amount_idr,
            },
            "shares": self.shares,
            "trial_balance": {"debit_idr": self.debit_idr, "credit_idr": self.credit_idr},
            "checks": self.checks,
        }

    def show(self, console: Console) -> None:
        """The tables, and one line for each check."""
        wide = console.width >= WIDE
        console.print(self._koperasi_table(wide))
        console.print(self._supplier_table(wide))
        shares, checks = self.shares, self.checks
        pledged, paid = idr(shares["pledged_idr"]), idr(shares["paid_idr"])
        debit, credit = idr(self.debit_idr), idr(self.credit_idr)
        equal = "=" if checks[DEBIT] else "≠"
        for line, check in (
            (f"Modal bersama / shares: {pledged} dijanjikan / pledged, {paid} disetor / paid", ""),
            (f"Neraca saldo / trial balance: debit {debit} {equal} kredit {credit}", DEBIT),
            ("Jumlah pemasok = jumlah koperasi / suppliers = koperasi", PARTIES),
            ("Sama dengan hitungan tersendiri / equal to a separate calculation", SEPARATE),
        ):
            mark = ("✓" if checks[check] else "✗") if check else ""
            console.print(f"{line} {mark}".rstrip(), highlight=False, soft_wrap=True)

    def _supplier_table(self, wide: bool) -> Table:
        prices = ("harga",) if wide else ()
        table = _table(
            "Satu pesanan gabungan per pemasok / one consolidated order a supplier",
            *("pemasok, barang", "jumlah", *prices, "bersama", "sendiri", "hemat"),
        )
        for supplier in self.suppliers:
            for line in supplier["lines"]:
                price = (_price(line),) if wide else ()
                quantity = f"{number(line['quantity'])} {BY_ID[line['item_id']].unit}"
                table.add_row(BY_ID[line["item_id"]].title, quantity, *price, *_amounts(line, wide))
            orders = f"{number(supplier['order_lines'])} baris"
            table.add_row(
                *(supplier["title"], orders, *("" for _ in prices), *_amounts(supplier, wide)),
                style="bold",
                end_section=True,
            )
        total = {"amount_idr": self.amount_idr, "alone_idr": self.alone_idr}
        table.add_row(
            "Semua / all", "", *("" for _ in prices), *_amounts(total, wide), style="bold"
        )
        return table

    def _koperasi_table(self, wide: bool) -> Table:
        table = _table(
            "Yang dihemat tiap koperasi / what each koperasi saved",
            *("koperasi", "bersama", "sendiri", "hemat"),
        )
        for each in self.koperasi:
            table.add_row(each["title"], *_amounts(each, wide))
        saved = {
            "amount_idr": sum(each["amount_idr"] for each in self.koperasi),
            "alone_idr": sum(each["alone_idr"] for each in self.koperasi),
        }
        table.add_section()
        table.add_row(f"Semua / all {len(self.koperasi)}", *_amounts(saved, wide), style="bold")
        return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    for column in others:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _price(line: Mapping[str, Any]) -> str:
    per = f"{line['price_per']} " if line["price_per"] > 1 else ""
    return f"{idr(line['price_idr'])}/{per}{BY_ID[line['item_id']].unit}"


def _amounts(row: Mapping[str, int], wide: bool) -> Iterator[str]:
    """Together, alone, saving; and where there is room how much that is of a hundred."""
    saving = row["alone_idr"] - row["amount_idr"]
    share = f"{100 * saving / row['alone_idr']:.1f} %".replace(".", ",") if wide else ""
    yield idr(row["amount_idr"])
    yield idr(row["alone_idr"])
    yield f"{idr(saving)} {share:>6}".rstrip()


async def read_result(
    operator: Service,
    cycle_id: str,
    ordered: Mapping[str, Mapping[str, int]],
    titles: Mapping[str, str],
) -> Result:
    """Ask the service. Raises ServiceProblem."""
    after = int((await operator.get("/v1/trial-balance"))["as_of"])
    suppliers = []
    async for page in operator.pages("/v1/consolidated-orders", cycle_id=cycle_id, limit=200):
        for order in page:
            path = f"/v1/consolidated-orders/{cycle_id}/{order['supplier_id']}/lines"
            lines = [line async for part in operator.pages(path, limit=200) for line in part]
            suppliers.append({**order, "title": SUPPLIERS[order["supplier_id"]], "lines": lines})
    margins = [
        {**row, "title": titles[row["koperasi_id"]]}
        async for page in operator.pages("/v1/margin", cycle_id=cycle_id, limit=200)
        for row in page
    ]
    balance = await operator.get("/v1/trial-balance", after=after)
    return Result(
        cycle_id,
        suppliers,
        sorted(margins, key=lambda row: (-row["saving_idr"], row["koperasi_id"])),
        await operator.get("/v1/shares"),
        balance["debit_idr"],
        balance["credit_idr"],
        _worked_out(ordered),
    )


def _worked_out(ordered: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """What must come out, from nothing but what was ordered and the prices."""
    expected = {}
    for item in ITEMS:
        parts = [wanted[item.item_id] for wanted in ordered.values() if item.item_id in wanted]
        if parts:
            expected[item.item_id] = {
                "quantity": sum(parts),
                "amount_idr": item.cost_idr(sum(parts)),
                "alone_idr": sum(item.cost_idr(part) for part in parts),
            }
    return expected
