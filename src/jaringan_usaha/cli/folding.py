"""The progress bar of a walk through the log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def folding(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr; the value is told how many events are folded, of how many."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(what, total=None)

        def report(done: int, all_: int) -> None:
            progress.update(bar, completed=done, total=max(done, all_))

        yield report
