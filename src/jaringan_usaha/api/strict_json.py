"""JSON as the API takes it: no duplicate keys, no NaN, only integers every reader keeps exact,
and only text that every store can keep."""

import json
import math
from typing import Any, NoReturn

from jaringan_usaha.api.problems import Problem

MOST = 2**53 - 1
MOST_DEPTH = 32


def loads(body: bytes) -> Any:
    """Parse a body. Raises Problem (400 json-invalid) with what is wrong, never with a value."""
    try:
        text = body.decode("utf-8")
        if text.count("{") + text.count("[") > MOST_DEPTH:
            _check_depth(text)
        found = _decode(text)
    except UnicodeDecodeError:
        raise _invalid("the body is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _invalid(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise _invalid(f"the body is nested deeper than {MOST_DEPTH}") from None
    if "\\u" in text:
        _check_text(found)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _invalid("an object holds the same key twice")
    return found


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MOST:
        raise _invalid("an integer is beyond 9,007,199,254,740,991")
    return int(text)


def _float(text: str) -> float:
    if not math.isfinite(found := float(text)):
        raise _invalid("a number is out of range")
    return found


def _constant(_: str) -> NoReturn:
    raise _invalid("NaN and Infinity are not JSON")


def _check_text(found: Any) -> None:
    """Escapes can spell what neither UTF-8 nor PostgreSQL can hold."""
    left = [found]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            left += [*each, *each.values()]
        elif isinstance(each, list):
            left += each
        elif isinstance(each, str) and any(
            sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in each
        ):
            raise _invalid("text holds a zero byte or half a surrogate pair")


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
                raise _invalid(f"the body is nested deeper than {MOST_DEPTH}")
        elif sign in "}]":
            depth -= 1


_decode = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
).decode


def _invalid(detail: str) -> Problem:
    return Problem(400, "json-invalid", detail)
