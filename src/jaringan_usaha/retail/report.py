"""What an import came to, for people and for programs."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from jaringan_usaha.retail.compare import Check
from jaringan_usaha.retail.derived import LeftOut
from jaringan_usaha.retail.source import Dirt
from jaringan_usaha.retail.tills import Tally


@dataclass(frozen=True)
class Comparison:
    """Both sides of everything compared, and how the lines got there."""

    prices: str
    weeks: tuple[int, ...]
    rate: int
    dirt: Dirt
    left_out: LeftOut | None
    tally: Tally
    checks: tuple[Check, ...]
    seconds: dict[str, float]

    @property
    def equal(self) -> bool:
        """No difference anywhere, nothing refused, and every repetition answered alike."""
        differences = sum(check.differences for check in self.checks)
        return not (differences or self.tally.refused or self.tally.answered_otherwise)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"equal": self.equal, **asdict(self)}

    def show(self, console: Console) -> None:
        """Three tables and one sentence."""
        console.print(self._dirt_table())
        console.print(self._tally_table())
        console.print(self._checks_table())
        for told in self._told():
            console.print(f"[red]✗[/red] {told}", highlight=False)
        spent = ", ".join(f"{what} {seconds:.0f} s" for what, seconds in self.seconds.items())
        console.print(f"Waktu / time: {spent}", highlight=False)
        if self.equal:
            console.print(
                "[green]✓[/green] Tanpa selisih: tidak ada yang hilang, tidak ada yang ganda. / "
                "No difference: nothing lost, nothing double."
            )
        else:
            console.print("[red]✗ Ada selisih. / There are differences.[/red]")

    def _dirt_table(self) -> Table:
        title = "Struk apa adanya / the receipts as they are"
        table = _table(title, "jenis / kind", "baris / lines")
        dirt = self.dirt
        unknown = f"({dirt.products_without_master} barang / products)"
        for what, count in (
            ("semua baris / all lines", dirt.lines),
            ("jumlah 0 → nilai saja / quantity 0: a value without goods", dirt.without_quantity),
            ("… di antaranya bernilai / of these with a value", dirt.without_quantity_with_value),
            ("tanpa nilai → Rp0 / a quantity, no value: Rp0", dirt.without_value),
            (f"tanpa data produsen / no master row {unknown}", dirt.without_master),
            ("produsen / manufacturers", dirt.manufacturers),
            ("jumlah terbesar, tetap / largest quantity, kept", dirt.largest_quantity),
        ):
            table.add_row(what, number(count))
        if self.left_out is not None:
            for what, count in (
                (
                    "tidak dipesan: jumlah 0 / not ordered: quantity 0",
                    self.left_out.without_quantity,
                ),
                ("tidak dipesan: tanpa harga / not ordered: no price", self.left_out.without_price),
                ("struk tanpa pesanan / receipts without an order", self.left_out.receipts),
            ):
                table.add_row(what, number(count))
        return table

    def _tally_table(self) -> Table:
        table = _table("Pengiriman / sending", "", "")
        tally = self.tally
        for what, count in (
            ("permintaan / requests", tally.requests),
            ("diulang utuh / repeated whole", tally.repeated),
            ("diputus sebelum dijawab / cut before the answer", tally.cut),
            ("operasi dicatat / operations recorded", tally.recorded),
            ("sudah ada / there before", tally.there_before),
            ("ditolak / refused", tally.refused),
            ("ulangan dijawab lain / repeats answered otherwise", tally.answered_otherwise),
        ):
            table.add_row(what, number(count))
        return table

    def _checks_table(self) -> Table:
        table = _table(
            "Layanan dibanding hitungan polars / the service beside polars",
            "apa / what",
            "polars",
            "layanan / service",
            "selisih / differences",
        )
        for check in self.checks:
            style = "red" if check.differences else None
            table.add_row(
                check.what,
                number(check.source),
                number(check.service),
                number(check.differences),
                style=style,
            )
        return table

    def _told(self) -> Iterator[str]:
        yield from self.tally.told
        for check in self.checks:
            for example in check.examples:
                yield f"{check.what}: {example}"


def _table(title: str, first: str, *numbers: str) -> Table:
    table = Table(title=title, title_justify="left", show_header=bool(first))
    table.add_column(first)
    for column in numbers:
        table.add_column(column, justify="right")
    return table


def number(value: int) -> str:
    """With dots between thousands, as written in Indonesia."""
    return f"{value:,}".replace(",", ".")
