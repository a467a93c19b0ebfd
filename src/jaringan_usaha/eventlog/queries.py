"""Named SQL: one `.sql` file beside the Python that runs it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Self

_HEAD = re.compile(r"^-- (name|paged): (\w+)$", re.MULTILINE)
_ORDER = re.compile(r"order by (?P<columns>[\w.]+(?:, [\w.]+)*)\s+limit \$\d+;?\Z")


class Queries:
    """The named blocks of one file, as attributes: `queries.cycle_board`.

    A block that is headed `paged` can also be read from behind: `backwards` holds it mirrored,
    under the same name.
    """

    def __init__(self, package: str, name: str) -> None:
        """Raises ValueError for a paged block that cannot be mirrored."""
        text = (files(package) / name).read_text(encoding="utf-8")
        parts = [part.strip() for part in _HEAD.split(text)]
        blocks = list(zip(parts[1::3], parts[2::3], parts[3::3], strict=True))
        self.blocks: Mapping[str, str] = {block: sql for _, block, sql in blocks}
        self.backwards = self._of(
            {block: mirrored(block, sql) for kind, block, sql in blocks if kind == "paged"}
        )

    @classmethod
    def _of(cls, blocks: Mapping[str, str]) -> Self:
        queries = cls.__new__(cls)
        queries.blocks = blocks
        return queries

    def __getattr__(self, name: str) -> str:
        try:
            return self.blocks[name]
        except KeyError:
            raise AttributeError(f"there is no query named {name}") from None


@dataclass(frozen=True, slots=True)
class Part:
    """Which rows of a paged block: at most `most` behind a key, or before it when `back`, those
    next to the key first."""

    key: tuple[Any, ...]
    most: int
    back: bool = False

    def beginning(self, first: str | None) -> tuple[Any, ...]:
        """The key, where only rows with this first column are asked for, if one is named: so that
        those before it are not read."""
        return (first or self.key[0], *self.key[1:])

    def of(self, queries: Queries) -> Queries:
        """The blocks that go this way."""
        return queries.backwards if self.back else queries


def mirrored(name: str, sql: str) -> str:
    """A paged block read from behind: the comparison `(k, …) > ($n, …)` with the key that it is
    ordered by in the end, and that order, the other way round, wherever they stand.

    Raises ValueError unless the block has both, and one such key only.
    """
    order = _ORDER.search(sql)
    columns = order["columns"].split(", ") if order else []
    left, right = ", ".join(columns), r", ".join([r"\$\d+"] * len(columns))
    key = re.escape(left) if len(columns) == 1 else rf"\({re.escape(left)}\)"
    than = right if len(columns) == 1 else rf"\({right}\)"
    comparison = re.compile(rf"(?<![\w.]){key} > (?P<than>{than})(?!\d)")
    if order is None or len({found["than"] for found in comparison.finditer(sql)}) != 1:
        raise ValueError(f"{name} is no paged query: (k, …) > ($n, …) … order by k, … limit $m")
    descending = ", ".join(f"{column} desc" for column in columns)
    turned = re.sub(rf"order by {re.escape(left)}(?=\s)", f"order by {descending}", sql)
    return comparison.sub(lambda found: found[0].replace(" > ", " < "), turned)
