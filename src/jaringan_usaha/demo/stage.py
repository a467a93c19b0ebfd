"""What is seen while the story runs: a bar a phase, and a bar a price that is to be reached."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from jaringan_usaha.demo.goods import ITEMS, Item


class Stage:
    """Where the story is shown. `pause_seconds`: between two things, so that people can follow."""

    def __init__(self, console: Console, *, pause_seconds: float) -> None:
        self.console = console
        self.pause_seconds = pause_seconds

    @contextmanager
    def phase(self, title: str, total: int) -> Iterator[Callable[[], None]]:
        """A bar of so many steps; the value is called after each."""
        columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self.console) as progress:
            bar = progress.add_task(title, total=total)
            yield lambda: progress.advance(bar)

    @contextmanager
    def board(self, title: str) -> Iterator["Board"]:
        """How far the group is from the next price of each item."""
        columns = (
            TextColumn("  {task.description:<22}"),
            BarColumn(),
            TextColumn("{task.fields[said]}"),
        )
        self.console.print(f"[bold]{title}[/bold]")
        with Progress(*columns, console=self.console) as progress:
            yield Board(progress)


class Board:
    """The bars of all items."""

    def __init__(self, progress: Progress) -> None:
        self.console = progress.console
        self._progress = progress
        self._bars: dict[str, TaskID] = {
            item.item_id: progress.add_task(item.title, total=None, said="") for item in ITEMS
        }

    def show(self, quantities: Mapping[str, int]) -> None:
        """Move the bars to what the group orders by now."""
        for item in ITEMS:
            quantity = quantities.get(item.item_id, 0)
            coming = item.next_step(quantity)
            self._progress.update(
                self._bars[item.item_id],
                completed=quantity,
                total=coming.from_quantity if coming else quantity,
                said=standing(item, quantity),
            )


def standing(item: Item, quantity: int) -> str:
    """The price reached, and how much is missing for the next: "kurang 2.500 kg lagi"."""
    step, coming = item.step_at(quantity), item.next_step(quantity)
    price = f"{idr(step.idr)} / {step.per} {item.unit}" if step.per > 1 else idr(step.idr)
    reached = f"★ {price}" if step is not item.steps[0] else price
    if coming is None:
        return f"{reached}  ✓ harga terbaik tercapai"
    missing = number(coming.from_quantity - quantity)
    return f"{reached}  → {idr(coming.idr)}: kurang {missing} {item.unit} lagi"


def idr(amount: int) -> str:
    """`Rp1.234.567`, as it is written in Indonesia."""
    return f"{'-' if amount < 0 else ''}Rp{number(abs(amount))}"


def number(amount: int) -> str:
    """`1.234.567`"""
    return f"{amount:,}".replace(",", ".")
