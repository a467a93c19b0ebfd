"""Whole numbers of a page, added up by key before they are written."""

from typing import TypeVar

K = TypeVar("K", bound=tuple[str, ...])


class Sums(dict[K, list[int]]):
    """So many whole numbers for every key, as columns for one statement."""

    def __init__(self, size: int) -> None:
        self._size = size

    def add(self, key: K, *, at: int, amount: int) -> None:
        if amount:
            self.setdefault(key, [0] * self._size)[at] += amount

    def columns(self) -> list[list[str] | list[int]]:
        """The parts of the keys, then the numbers, each as a column; keys in order."""
        keys = sorted(self)
        parts: list[list[str] | list[int]] = [list(part) for part in zip(*keys, strict=True)]
        parts += [[self[key][at] for key in keys] for at in range(self._size)]
        return parts
