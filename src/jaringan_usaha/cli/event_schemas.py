"""The JSON Schema of every stored event, by the name under which it is stored."""

import inspect
import json
from pathlib import Path
from typing import Any, cast

import msgspec

from jaringan_usaha import house
from jaringan_usaha.cli.errors import Sorry

WORDS = ("description", "title")


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
        if _shape(schema) != _shape(schemas[name]):
            raise Sorry(
                f"event {name} is stored in logs and cannot change its shape: restore it in code "
                "or events.json, or give the new shape the next number"
            )


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
