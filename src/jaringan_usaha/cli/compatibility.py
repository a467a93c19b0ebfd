"""Whether a client made for an earlier contract still works with a later one."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from jaringan_usaha.api.contract.deprecation import UNTIL

Schema = dict[str, Any]

NO_BOUND = float("inf")
LOWER = {"minimum": -NO_BOUND, "exclusiveMinimum": -NO_BOUND, "minLength": 0, "minItems": 0}
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
WRITTEN = ("pattern", "format", "const")


def breaks(before: Schema, now: Schema, today: date) -> Iterator[str]:
    """Each way in which `now` refuses what `before` took, or lacks what it gave, in words.

    Both are whole OpenAPI documents. Fields that answers gain are no break, nor are new optional
    inputs, wider bounds of inputs, or new values where the contract says that more may come. An
    operation may go after `today` has come to the day that it was deprecated until.
    """
    for path, operations in before["paths"].items():
        for method, operation in operations.items():
            place = f"{method.upper()} {path}"
            later = now["paths"].get(path, {}).get(method)
            if later is None:
                if not _had_its_time(operation, today):
                    yield f"{place} is gone"
            else:
                yield from _operation(_Sides(before, now), place, operation, later)


def _had_its_time(operation: Schema, today: date) -> bool:
    return UNTIL in operation and date.fromisoformat(operation[UNTIL]) <= today


class _Sides:
    """Both documents, to look up what a schema refers to; a pair is looked at once as an input
    and once as an answer."""

    def __init__(self, before: Schema, now: Schema) -> None:
        self._before = before
        self._now = now
        self._seen: set[tuple[str, str, str]] = set()

    def resolved(self, before: Schema, now: Schema, use: str) -> tuple[Schema, Schema] | None:
        names = use, before.get("$ref", ""), now.get("$ref", "")
        if all(names):
            if names in self._seen:
                return None
            self._seen.add(names)
        return _look_up(self._before, before), _look_up(self._now, now)


def _look_up(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _operation(sides: _Sides, place: str, before: Schema, now: Schema) -> Iterator[str]:
    yield from _parameters(sides, place, before, now)
    if _needs_body(now) and not _needs_body(before):
        yield f"{place} now requires a body"
    for kind, media in _content(before.get("requestBody", {})):
        later = now.get("requestBody", {}).get("content", {}).get(kind)
        if later is None:
            yield f"{place} no longer takes {kind}"
        else:
            yield from _taken(sides, f"{place} body", media["schema"], later["schema"])
    for status, answer in before["responses"].items():
        if not status.startswith("2"):
            continue
        if status not in now["responses"]:
            yield f"{place} no longer answers {status}"
            continue
        for kind, media in _content(answer):
            later = now["responses"][status].get("content", {}).get(kind)
            if later is None:
                yield f"{place} no longer answers {status} as {kind}"
            else:
                yield from _given(sides, f"{place} {status}", media["schema"], later["schema"])


def _needs_body(operation: Schema) -> bool:
    return bool(operation.get("requestBody", {}).get("required", False))


def _content(part: Schema) -> list[tuple[str, Schema]]:
    return [(kind, media) for kind, media in part.get("content", {}).items() if "schema" in media]


def _parameters(sides: _Sides, place: str, before: Schema, now: Schema) -> Iterator[str]:
    earlier = {(each["in"], each["name"]): each for each in before.get("parameters", ())}
    later = {(each["in"], each["name"]): each for each in now.get("parameters", ())}
    for key, parameter in earlier.items():
        if key not in later:
            yield f"{place} no longer takes {key[0]} {key[1]}"
        else:
            at = f"{place} {key[0]} {key[1]}"
            yield from _taken(sides, at, parameter["schema"], later[key]["schema"])
    for key, parameter in later.items():
        required = parameter.get("required", False)
        if required and not earlier.get(key, {}).get("required", False):
            yield f"{place} now requires {key[0]} {key[1]}"


def _taken(sides: _Sides, place: str, before: Schema, now: Schema) -> Iterator[str]:
    """What a caller may send must still be taken."""
    pair = sides.resolved(before, now, "taken")
    if pair is None:
        return
    before, now = pair
    yield from _narrower(place, before, now)
    for field in now.get("required", ()):
        if field not in before.get("required", ()):
            yield f"{place}/{field} is now required"
    for field, schema in before.get("properties", {}).items():
        if field in now.get("properties", {}):
            yield from _taken(sides, f"{place}/{field}", schema, now["properties"][field])
        else:
            yield f"{place}/{field} is no longer taken"
    yield from _inside(sides, place, before, now, _taken)


def _given(sides: _Sides, place: str, before: Schema, now: Schema) -> Iterator[str]:
    """What an answer held must still be in it, of the same kind."""
    pair = sides.resolved(before, now, "given")
    if pair is None:
        return
    before, now = pair
    if before.get("format") != now.get("format"):
        yield f"{place} has another format"
    for value in before.get("enum", ()):
        if value not in now.get("enum", (value,)):
            yield f"{place} is never {value!r} any more"
    new_kinds = _kinds(now) - _kinds(before)
    if _kinds(before) and new_kinds:
        yield f"{place} may now be {', '.join(sorted(new_kinds))}"
    for field in before.get("required", ()):
        if field not in now.get("required", ()):
            yield f"{place}/{field} may now be missing"
    for field, schema in before.get("properties", {}).items():
        if field in now.get("properties", {}):
            yield from _given(sides, f"{place}/{field}", schema, now["properties"][field])
        else:
            yield f"{place}/{field} is gone"
    yield from _inside(sides, place, before, now, _given)


def _inside(sides: _Sides, place: str, before: Schema, now: Schema, look: Any) -> Iterator[str]:
    for each in ("items", "additionalProperties"):
        if isinstance(before.get(each), dict) and isinstance(now.get(each), dict):
            yield from look(sides, f"{place}/*", before[each], now[each])
    options, later = _options(before), _options(now)
    for kind, schema in options.items():
        if kind in later:
            yield from look(sides, place, schema, later[kind])


def _options(schema: Schema) -> dict[str, Schema]:
    return {
        str(each.get("type", each.get("$ref", ""))): each
        for key in ("anyOf", "oneOf")
        for each in schema.get(key, ())
    }


def _kinds(schema: Schema) -> set[str]:
    kinds = schema.get("type")
    own = {kinds} if isinstance(kinds, str) else set(kinds or ())
    return own | {kind for each in _options(schema).values() for kind in _kinds(each)}


def _narrower(place: str, before: Schema, now: Schema) -> Iterator[str]:
    gone = _kinds(before) - _kinds(now) if _kinds(now) else set()
    if gone:
        yield f"{place} may no longer be {', '.join(sorted(gone))}"
    if "enum" in now:
        for value in before.get("enum", ("anything",)):
            if value not in now["enum"]:
                yield f"{place} may no longer be {value!r}"
    yield from _tighter(place, before, now)


def _tighter(place: str, before: Schema, now: Schema) -> Iterator[str]:
    for name, none in LOWER.items():
        if name in now and now[name] > before.get(name, none):
            yield f"{place} has a larger {name}"
    for name in UPPER:
        if name in now and now[name] < before.get(name, NO_BOUND):
            yield f"{place} has a smaller {name}"
    for name in WRITTEN:
        if name in now and now[name] != before.get(name):
            yield f"{place} has another {name}"
