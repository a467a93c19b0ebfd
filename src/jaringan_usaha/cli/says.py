"""What commands say: sentences for people on stderr, results on stdout."""

import json
from typing import Any

import typer


def say(sentence: str) -> None:
    """Tell people what goes on, beside the result."""
    typer.echo(sentence, err=True)


def show(result: str) -> None:
    """A line of the result for people."""
    typer.echo(result)


def show_json(result: Any) -> None:
    """The result for programs: one JSON document on one line."""
    typer.echo(json.dumps(result, ensure_ascii=False, default=str))


def number(amount: int) -> str:
    """`1.234.567`"""
    return f"{amount:,}".replace(",", ".")
