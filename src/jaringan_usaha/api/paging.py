"""Cursor pages: where the last page ended, in a form nobody should take apart."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field

from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_json import MOST

T = TypeVar("T")
V = TypeVar("V", bound=BaseModel)

Limit = Annotated[int, Query(ge=1, le=200, description="rows a page")]
Cursor = Annotated[str, Query(max_length=512, description="`next` of the page before")]
After = Annotated[
    int,
    Query(ge=0, le=2**53 - 1, description="wait until this position of the log is shown"),
]


class ListOf(BaseModel, Generic[T]):
    """A page. `as_of` is the position of the log that it shows; `stale` says that the ledger
    stopped at a broken event and newer facts are not in it."""

    items: list[T] = Field(max_length=200)
    next: str | None = Field(max_length=512)
    as_of: int
    stale: bool


def cursor(*key: str | int) -> str:
    """The cursor after a row with this key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def page_of(
    view: type[V], rows: Sequence[Any], limit: int, key: Sequence[str], shown: Mapping[str, Any]
) -> ListOf[V]:
    """A page of rows, each shown as `view`; `key` names the columns that the rows are sorted by,
    `shown` says how far the tables have come. A full page has a next one."""
    return ListOf[view](  # type: ignore[valid-type]  # the same class as in the annotation
        items=[view(**dict(row)) for row in rows],
        next=cursor(*(rows[-1][column] for column in key)) if len(rows) == limit else None,
        **shown,
    )


def _fits(key: list[Any]) -> bool:
    """Whether a column can be compared with each part."""
    return not any("\0" in part if isinstance(part, str) else abs(part) > MOST for part in key)


def cursor_invalid() -> Problem:
    return Problem(400, "cursor-invalid", "take the cursor from `next` of the page before")


def key_after(cursor: str, *first: str | int) -> tuple[Any, ...]:
    """The key that a cursor holds, or `first` without one. Raises Problem 400."""
    if not cursor:
        return first
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = msgspec.json.decode(base64.urlsafe_b64decode(padded))
    except (binascii.Error, msgspec.DecodeError, ValueError):
        key = None
    kinds = [type(part) for part in first]
    if not isinstance(key, list) or [type(part) for part in key] != kinds or not _fits(key):
        raise cursor_invalid()
    return tuple(key)
