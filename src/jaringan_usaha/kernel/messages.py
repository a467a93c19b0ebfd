"""Commands ask, events remember: the two kinds of message in the house."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import ClassVar, dataclass_transform
from uuid import UUID

import msgspec

NOTHING = 0
"""The version of what is not there yet."""
UNSAID = -1
"""Nothing ever has this version."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked, when, under which key, and having seen what.

    `at` is the UTC instant at which the whole request had arrived, on the database's clock.
    `command_id` is the same for every repetition of one request; `print` is the SHA-256 of
    what was asked, so that one key cannot stand for two requests. `seen` is the version that the
    thing to be changed must still have: None for whatever it is now, `NOTHING` when it must be
    new, `UNSAID` when the caller had to say and did not.
    """

    at: datetime
    command_id: UUID
    print: bytes
    by: str
    seen: int | None = None


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Command(msgspec.Struct, frozen=True, kw_only=True):
    """An order to the house; it may be refused."""

    asked: Asked


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact. Stored for ever: fields may be added with a default, never renamed or removed.

    `name` is what is stored (`cycles.order_placed.1`): the last part is the number of the
    shape, so that an older shape can be told and lifted. It is kept apart from the class.
    """

    name: ClassVar[str]

    def tags(self) -> Iterator[tuple[str, str]]:
        """Every `*_id` field is a tag: `cycle_id="c1"` gives `("cycle", "c1")`."""
        for field, tag in _tag_fields(type(self)):
            value = getattr(self, field)
            if value is not None:
                yield tag, value


@cache
def _tag_fields(kind: type[Event]) -> tuple[tuple[str, str], ...]:
    fields = kind.__struct_fields__
    return tuple((field, field[:-3]) for field in fields if field.endswith("_id"))
