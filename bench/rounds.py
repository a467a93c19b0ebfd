"""Interleaved rounds, and how they are told: a machine is noisy, ratios in a round are less so."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Sample:
    """One run of one contender. Times are CPU µs per unit; None where it does not apply."""

    rate: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    worst_ms: float | None = None
    service_us: float | None = None
    postgres_us: float | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


Contenders = Mapping[str, Callable[[], Sample]]


@dataclass(frozen=True)
class Result:
    """All rounds of a measurement. `yardsticks`: the contenders that others are held against."""

    name: str
    unit: str
    samples: dict[str, list[Sample]]
    yardsticks: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def interleaved(
    name: str, unit: str, contenders: Contenders, yardsticks: tuple[str, ...], rounds: int
) -> Result:
    """A B C A B C …: what slows one contender down slows its neighbours too."""
    samples: dict[str, list[Sample]] = {each: [] for each in contenders}
    for number in range(rounds):
        for each, run in contenders.items():
            began = time.monotonic()
            samples[each].append(run())
            took = time.monotonic() - began
            print(f"{name} {number + 1}/{rounds} {each}: {took:.1f} s", file=sys.stderr)
    return Result(name, unit, samples, yardsticks)


def spread(values: list[float], digits: int = 0) -> str:
    """min–median–max"""
    if len(values) == 1:
        return f"{values[0]:,.{digits}f}"
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{low:,.{digits}f}–{middle:,.{digits}f}–{high:,.{digits}f}"


def _column(samples: list[Sample], name: str, digits: int = 0) -> str:
    values = [value for each in samples if (value := getattr(each, name)) is not None]
    return spread(values, digits) if values else ""


def ratios(result: Result, contender: str, yardstick: str) -> list[float]:
    """Rate against the yardstick's, round by round."""
    pairs = zip(result.samples[contender], result.samples[yardstick], strict=True)
    return [mine.rate / theirs.rate for mine, theirs in pairs]


def table(result: Result) -> Table:
    shown = Table(title=f"{result.name}: {result.unit} per second, min–median–max", box=None)
    shown.add_column("")
    columns = ("rate", "p50 ms", "p99 ms", "worst ms", "service µs", "PostgreSQL µs")
    for title in (*columns, *(f"× {yardstick}" for yardstick in result.yardsticks)):
        shown.add_column(title, justify="right")
    for name, samples in result.samples.items():
        shown.add_row(
            name,
            _column(samples, "rate"),
            _column(samples, "p50_ms", 1),
            _column(samples, "p99_ms", 1),
            _column(samples, "worst_ms"),
            _column(samples, "service_us", 1),
            _column(samples, "postgres_us", 1),
            *(
                "1" if name == yardstick else spread(ratios(result, name, yardstick), 2)
                for yardstick in result.yardsticks
            ),
        )
    return shown


def tell(result: Result, *, as_json: bool) -> None:
    if as_json:
        rows = {
            name: [
                {key: value for key, value in vars(each).items() if value not in (None, {})}
                for each in samples
            ]
            for name, samples in result.samples.items()
        }
        against = {
            name: {yard: ratios(result, name, yard) for yard in result.yardsticks}
            for name in result.samples
        }
        whole = {"name": result.name, "unit": result.unit, "samples": rows, "ratios": against}
        print(json.dumps(whole | {"remarks": result.remarks}))
        return
    console = Console(width=200)
    console.print(table(result))
    for name, samples in result.samples.items():
        notes = {key: [each.notes[key] for each in samples] for key in samples[0].notes}
        for key, values in notes.items():
            told = spread(values, 1) if isinstance(values[0], (int, float)) else str(values[0])
            console.print(f"  {name}: {key} {told}", highlight=False)
    for remark in result.remarks:
        console.print(f"  {remark}", highlight=False)
    console.print()
