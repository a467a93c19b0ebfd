"""How the end of the story is shown: what a koperasi asks first stands first."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jaringan_usaha.demo.goods import BY_ID
from jaringan_usaha.demo.places import koperasi_ids
from jaringan_usaha.demo.result import CEILING, COSTS, DEBIT, ORDERS, PARTIES, TIER, Result
from jaringan_usaha.demo.selling import TOO_DEAR_IDR
from jaringan_usaha.demo.stage import idr, number
from jaringan_usaha.demo.terms import FEE_BP, FREIGHT_IDR, HOST

WIDE = 118
FIRST, LAST = 5, 3
FORM = "Koperasi Konsumen "
LONGEST_NAME = 20  # where there is little room: amounts are never cut


def show(result: Result, console: Console) -> None:
    """Koperasi, why, suppliers, the books, and one line for each check."""
    wide = console.width >= WIDE
    console.print(_koperasi_table(result, wide))
    for place, told in enumerate(result.why, start=1):
        paragraph = Text.assemble((f"({place}) {told.about}: ", "bold"), told.id)
        console.print(Padding(paragraph, (0, 0, 1, 0)))
    console.print(_supplier_table(result, wide), "")
    for fact in _books(result):
        console.print(fact, highlight=False, soft_wrap=True)


# -- koperasi ------------------------------------------------------------------------------


def _koperasi_table(result: Result, wide: bool) -> Table:
    table = _table(
        wide,
        "Hemat dan laba tiap koperasi / what each koperasi saved and earned",
        *("koperasi", *(("beli sendiri",) if wide else ())),
        *("hemat", "harga pokok", "penjualan", "laba"),
    )
    rows = result.koperasi
    told = {each.koperasi_id: place for place, each in enumerate(result.why, start=1)}
    for row in sorted(rows, key=lambda row: told.get(row["koperasi_id"], 0)):
        if row["koperasi_id"] in told:
            mark = f"({told[row['koperasi_id']]}) "
            table.add_row(_name(row, wide, mark), *_earned(row, wide))
    table.add_section()
    others = [row for row in rows if row["koperasi_id"] not in told]
    for row in others[:FIRST]:
        table.add_row(_name(row, wide), *_earned(row, wide))
    table.add_row(f"… {len(others) - FIRST - LAST} lainnya", style="dim")
    for row in others[-LAST:]:
        table.add_row(_name(row, wide), *_earned(row, wide))
    table.add_section()
    table.add_row(f"Semua / all {len(rows)}", *_earned(result.totals, wide), style="bold")
    table.caption = "hemat: dari harga beli sendiri, setelah angkut dan biaya, tanpa PPN\n"
    table.caption_justify = "left"
    return table


def _name(row: Mapping[str, Any], wide: bool, mark: str = "") -> str:
    name = mark + str(row["title"]).removeprefix(FORM)
    return name if wide or len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _earned(row: Mapping[str, int], wide: bool) -> Iterator[str]:
    saving = row["landed_saving_idr"]
    if wide:
        yield idr(row["alone_idr"])
    share = _percent(saving, row["alone_idr"]) if wide else ""
    yield f"{idr(saving)} {share:>6}".rstrip()
    for column in ("landed_idr", "revenue_idr", "margin_idr"):
        yield idr(row[column])


# -- suppliers -----------------------------------------------------------------------------


def _supplier_table(result: Result, wide: bool) -> Table:
    table = _table(
        wide,
        "Satu pesanan gabungan per pemasok / one consolidated order a supplier",
        *("pemasok, barang", "dipesan", "diterima", "harga"),
        *(("nilai pesanan",) if wide else ()),
        "hemat harga",
    )
    short = {row["item_id"]: row["accepted"] for row in result.shortfalls}
    for supplier in result.suppliers:
        for line in supplier["lines"]:
            item = BY_ID[line["item_id"]]
            came = short.get(line["item_id"])
            table.add_row(
                item.title,
                f"{number(line['quantity'])} {item.unit}",
                "semua" if came is None else f"[bold]{number(came)} {item.unit}[/bold]",
                _price(line),
                *_saved(line, wide),
            )
        deliveries = f"{supplier['delivery']['receipts']} kiriman"
        lines = f"{number(supplier['order_lines'])} baris"
        row = (supplier["title"], lines, deliveries, "", *_saved(supplier, wide))
        table.add_row(*row, style="bold", end_section=True)
    total = {
        name: sum(supplier[name] for supplier in result.suppliers)
        for name in ("amount_idr", "alone_idr")
    }
    table.add_row("Semua / all", "", "", "", *_saved(total, wide), style="bold")
    return table


def _price(line: Mapping[str, Any]) -> str:
    per = f"{line['price_per']} " if line["price_per"] > 1 else ""
    return f"{idr(line['price_idr'])}/{per}{BY_ID[line['item_id']].unit}"


def _saved(row: Mapping[str, int], wide: bool) -> Iterator[str]:
    saving = row["alone_idr"] - row["amount_idr"]
    if wide:
        yield idr(row["amount_idr"])
        yield f"{idr(saving)} {_percent(saving, row['alone_idr']):>6}"
    else:
        yield idr(saving)


# -- the books -----------------------------------------------------------------------------


def _books(result: Result) -> Iterator[str]:
    """Who owes what, and what was checked."""
    invoices, shares, balance = result.invoices, result.shares, result.balance
    checks = {name: "✓" if holds else "✗" for name, holds in result.checks.items()}
    rate = f"{FEE_BP / 100:.1f} %".replace(".", ",")
    consortium, host = (idr(fee) for fee in result.fees)
    host_title = koperasi_ids()[HOST].removeprefix(FORM)
    billed = sum(each["amount_idr"] for each in result.charges)
    equal = "=" if result.checks[DEBIT] else "≠"
    debit, credit = idr(balance["debit_idr"]), idr(balance["credit_idr"])
    tier = BY_ID[result.reached.item_id]
    yield (
        f"Faktur pemasok / invoices: {idr(invoices['billed_idr'])}, "
        f"nota debet {idr(invoices['claimed_idr'])}"
    )
    yield f"Ongkos angkut / freight: {idr(FREIGHT_IDR)}, susulan / late → {idr(billed)}"
    yield f"Biaya / fee {rate}: konsorsium {consortium}, tuan rumah {host_title} {host}"
    yield (
        f"Modal bersama / shares: {idr(shares['pledged_idr'])} dijanjikan, "
        f"{idr(shares['paid_idr'])} disetor"
    )
    yield ""
    yield f"{checks[DEBIT]} Neraca saldo / trial balance: debit {debit} {equal} kredit {credit}"
    yield f"{checks[PARTIES]} Yang diterima pemasok, truk, tuan rumah = yang ditanggung koperasi"
    yield f"{checks[ORDERS]} Pesanan = hitungan tersendiri / orders = separate calculation"
    yield f"{checks[COSTS]} Jatah, pokok, PPN, laba = hitungan tersendiri / costs, margins too"
    yield f"{checks[TIER]} {tier.title}: harga terbaik dicapai pemesan terakhir / tier reached"
    yield f"{checks[CEILING]} {tier.title} {idr(TOO_DEAR_IDR)} ditolak: di atas HET / refused"


# -- details -------------------------------------------------------------------------------


def _table(wide: bool, title: str, first: str, *others: str) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1 if wide else 0, 0, 0),
    )
    table.add_column(first, no_wrap=True)
    for column in others:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %".replace(".", ",")
