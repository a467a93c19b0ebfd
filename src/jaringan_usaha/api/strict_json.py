"""JSON as the API takes it: no duplicate keys, no NaN, only integers every reader keeps exact,
and only text that every store can keep."""

import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

from jaringan_usaha.api.json_places import Path, Place, pointer_near, pointer_to, said
from jaringan_usaha.api.problems import Problem

MOST = 2**53 - 1
MOST_DEPTH = 32
MOST_KEYS = 1_000
"""Of one object: each that is not known would be an error to tell of."""


class _Wrong(Exception):
    """What is wrong, and how the place is known where it is."""

    def __init__(self, detail: str, is_it: Callable[[Place], bool]) -> None:
        super().__init__(detail)
        self.detail = detail
        self.is_it = is_it


def loads(body: bytes) -> Any:
    """Parse a body. Raises Problem (400 json-invalid) with what is wrong and where, never with a
    value."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _invalid("the body is not UTF-8") from None
    if text.startswith("\ufeff"):
        raise _invalid("the body begins with a byte order mark; save it as UTF-8 without one")
    try:
        if text.count("{") + text.count("[") > MOST_DEPTH:
            _check_depth(text)
        found = _decode(text)
        if "\\u" in text:
            _check_text(found)
    except json.JSONDecodeError as error:
        raise _invalid(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            pointer_near(text, error.pos),
        ) from None
    except _Wrong as wrong:
        raise _invalid(wrong.detail, pointer_to(text, wrong.is_it)) from None
    except RecursionError:
        raise _too_deep_at(text) from None
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(pairs) > MOST_KEYS:
        raise _Wrong(f"an object holds more than {MOST_KEYS:,} keys", _too_wide())
    if len(found) != len(pairs):
        raise _Wrong("an object holds the same key twice", _seen_before())
    return found


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MOST:
        raise _Wrong("an integer is beyond 9,007,199,254,740,991", _written(text))
    return int(text)


def _float(text: str) -> float:
    if not math.isfinite(found := float(text)):
        raise _Wrong("a number is out of range", _written(text))
    return found


def _constant(text: str) -> NoReturn:
    raise _Wrong("NaN and Infinity are not JSON", _written(text))


def _written(text: str) -> Callable[[Place], bool]:
    return lambda place: place.written == text and not place.is_key


def _seen_before() -> Callable[[Place], bool]:
    """Whether a key comes a second time on the way to the same value."""
    seen: set[Path] = set()

    def before(place: Place) -> bool:
        if not place.is_key:
            return False
        known = place.path in seen
        seen.add(place.path)
        return known

    return before


def _too_wide() -> Callable[[Place], bool]:
    """Whether a key is one more than its object may hold."""
    keys: Counter[Path] = Counter()

    def one_more(place: Place) -> bool:
        if place.is_key:
            keys[place.path[:-1]] += 1
        return place.is_key and keys[place.path[:-1]] > MOST_KEYS

    return one_more


def _check_text(found: Any) -> None:
    """Escapes can spell what neither UTF-8 nor PostgreSQL can hold."""
    left = [found]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            left += [*each, *each.values()]
        elif isinstance(each, list):
            left += each
        elif isinstance(each, str) and _cannot_be_kept(each):
            raise _Wrong(
                "text holds a zero byte or half a surrogate pair",
                lambda place: _cannot_be_kept(said(place.written) or ""),
            )


def _cannot_be_kept(text: str) -> bool:
    return any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text)


def _check_depth(text: str) -> None:
    depth = 0
    quoted = escaped = False
    for sign in text:
        if quoted:
            quoted = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"':
            quoted = True
        elif sign in "{[":
            depth += 1
            if depth > MOST_DEPTH:
                raise _too_deep_at(text)
        elif sign in "}]":
            depth -= 1


_decode = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
).decode


def _too_deep_at(text: str) -> Problem:
    where = pointer_to(text, lambda place: len(place.path) >= MOST_DEPTH)
    return _invalid(f"the body is nested deeper than {MOST_DEPTH}", where)


def _invalid(detail: str, pointer: str = "") -> Problem:
    error = {"pointer": pointer, "code": "json-invalid", "detail": detail}
    return Problem(400, "json-invalid", detail, errors=[error])
