"""Answers that are saved as a table."""

from collections.abc import Iterable

from fastapi import Response


class Csv(Response):
    """A table of UTF-8 text with commas."""

    media_type = "text/csv; charset=utf-8"


def csv_file(name: str, lines: Iterable[str]) -> Csv:
    """The lines as a file of this name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Csv("".join(lines), headers=headers)
