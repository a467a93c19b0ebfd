"""Cursor pages: where the last page ended, in a form nobody should take apart."""

import base64
import binascii
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field

from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_json import MOST

T = TypeVar("T")

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
