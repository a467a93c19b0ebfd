"""Where in a JSON text something stands. The text was refused, so it may be broken."""

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

MOST_CHARACTERS = 1 << 16
"""Looked through for a place, which takes some 30 ms; what stands behind is in the whole (`""`)."""

MOST_POINTER = 512

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[][{},:]|[^][{},:"\s]+')

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """A value, or the key of one (`is_key`): by which keys and numbers one comes there, how it is
    written, or how its object or list begins, and at which character."""

    path: Path
    written: str
    start: int
    is_key: bool


def pointer_to(text: str, is_it: Callable[[Place], bool]) -> str:
    """The pointer (RFC 6901) to the first place that is it; to the whole when none is."""
    for place in _places(text[:MOST_CHARACTERS]):
        if is_it(place):
            return pointer(place.path)
    return ""


def pointer_near(text: str, character: int) -> str:
    """The pointer to the last place that begins before this character, or at it."""
    path: Path = ()
    for place in _places(text[:MOST_CHARACTERS]):
        if place.start > character:
            break
        path = place.path
    return pointer(path)


def pointer(path: Path) -> str:
    """As RFC 6901 writes it, cut where it grows too long. What no text may hold, half a surrogate
    pair and a zero byte, becomes `?` in a key."""
    told = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    return told[:MOST_POINTER].replace("\0", "?").encode("utf-8", "replace").decode()


def said(written: str) -> str | None:
    """What a written text says; None for what is none, or is broken."""
    try:
        return str(json.loads(written, strict=False)) if written[0] == '"' else None
    except ValueError:
        return None


def _places(text: str) -> Iterator[Place]:
    path: list[str | int] = []
    awaits_key = False
    for found in _TOKEN.finditer(text):
        written = found[0]
        in_object = bool(path) and isinstance(path[-1], str)
        if written in ("{", "["):
            yield Place(tuple(path), written, found.start(), is_key=False)
            path.append("" if written == "{" else 0)
            awaits_key = written == "{"
        elif written in ("}", "]"):
            del path[-1:]
            awaits_key = False
        elif written == ",":
            awaits_key = in_object
            if path and not in_object:
                path[-1] = int(path[-1]) + 1
        elif written == ":":
            awaits_key = False
        elif awaits_key:
            path[-1] = said(written) or ""
            yield Place(tuple(path), written, found.start(), is_key=True)
        else:
            yield Place(tuple(path), written, found.start(), is_key=False)
