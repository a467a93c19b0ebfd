"""The JSON Schema of every stored event, by the name under which it is stored."""

import inspect
import json
from pathlib import Path
from typing import Any, cast

import msgspec

from jaringan_usaha import house
from jaringan_usaha.cli.errors import Sorry

WORDS = ("description", "title")
GROWING = ("properties", "$defs")
"""Parts of a schema that may gain entries: what is required still stands beside them."""


def event_schemas() -> dict[str, Any]:
    """Each entry stands alone, with the shapes that it refers to."""
    return {kind.name: _schema(kind) for kind in house.event_types().by_class}


def _schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    (shape,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    own = parts.pop(shape["$ref"].rpartition("/")[2])
    for part in (own, *parts.values()):
        if "description" in part:
            part["description"] = inspect.cleandoc(part["description"])
    schema = {**own, "$defs": parts} if parts else own
    return cast("dict[str, Any]", json.loads(json.dumps(schema)))  # tuples become lists


def refuse_changes(path: Path, schemas: dict[str, Any]) -> None:
    """Raises Sorry when an entry of the file is gone or has another shape by now."""
    if not path.exists():
        return
    try:
        before = json.loads(path.read_text())
    except ValueError:
        raise Sorry(f"{path} is not JSON: restore it from the last commit") from None
    for name, schema in before.items():
        if name not in schemas:
            raise Sorry(f"event {name} is stored in logs and cannot go: restore its class")
        if not _still_reads(_shape(schemas[name]), _shape(schema)):
            raise Sorry(
                f"event {name} is stored in logs and cannot change so: a shape may gain fields "
                "with a default, nothing else; restore it, or give the new shape the next number"
            )


def _still_reads(now: Any, before: Any) -> bool:
    """Whether every body of the shape before is one of the shape now."""
    if not (isinstance(now, dict) and isinstance(before, dict)):
        return bool(now == before)
    if now.keys() - before.keys() - {"$defs"}:
        return False
    return all(
        name in now and (_grown if name in GROWING else _still_reads)(now[name], at)
        for name, at in before.items()
    )


def _grown(now: dict[str, Any], before: dict[str, Any]) -> bool:
    return all(name in now and _still_reads(now[name], at) for name, at in before.items())


def _shape(schema: Any) -> Any:
    """A schema without its texts, which bind nobody."""
    if isinstance(schema, list):
        return [_shape(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _shape(at)
        for name, at in schema.items()
        if not (name in WORDS and isinstance(at, str))
    }
