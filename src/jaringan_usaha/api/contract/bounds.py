"""What every schema of the contract says alike: how large a number, a text or a list may be."""

from collections.abc import Iterator
from typing import Any

from jaringan_usaha.api.fields import SLUG_PATTERN
from jaringan_usaha.kernel.money import MOST_IDR

MOST_TEXT = 65_536
MOST_ITEMS = 10_000
NOT_SLUGS = {"tax_id"}
TEXT_PATTERN = r"^[^\u0000]*$"
LENGTH_OF_FORMAT = {"date": 10, "date-time": 40, "uuid": 36, "uri": 2_048}

Schema = dict[str, Any]


def bound_all(document: dict[str, Any]) -> None:
    """Complete all schemas of a document, in place."""
    for name, schema in document["components"]["schemas"].items():
        _bound(schema, name)
    for operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = _not_null(parameter["schema"])
            _bound(parameter["schema"], parameter["name"])
        for content in _contents(operation):
            for media in content.values():
                _bound(media.get("schema", {}), "")


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield operation.get("requestBody", {}).get("content", {})
    for response in operation["responses"].values():
        yield response.get("content", {})


def _not_null(schema: Schema) -> Schema:
    """A parameter is there or not; it cannot be null."""
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(options) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**options[0], **rest}


def _bound(schema: Schema, name: str) -> None:
    """One schema and all within it; `name` is the field's."""
    kinds = schema.get("type")
    if kinds == "integer":
        _bound_integer(schema)
    elif kinds == "array":
        schema.setdefault("maxItems", MOST_ITEMS)
    elif "patternProperties" in schema:
        schema["additionalProperties"] = False
    elif schema.get("additionalProperties"):
        schema["propertyNames"] = {"type": "string", **schema.get("propertyNames", {})}
    elif kinds is not None and "string" in kinds:
        _bound_text(schema, name)
    for field, part in _parts(schema, name):
        _bound(part, field)


def _parts(schema: Schema, name: str) -> Iterator[tuple[str, Schema]]:
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(key), dict):
            yield name, schema[key]
    for key in ("properties", "patternProperties"):
        yield from schema.get(key, {}).items()
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for part in schema.get(key, ()):
            yield name, part


def _bound_integer(schema: Schema) -> None:
    schema["format"] = "int64"
    if "exclusiveMinimum" in schema:
        schema["minimum"] = schema.pop("exclusiveMinimum") + 1
    schema["minimum"] = int(schema.get("minimum", -MOST_IDR))
    schema["maximum"] = int(schema.get("maximum", MOST_IDR))


def _bound_text(schema: Schema, name: str) -> None:
    if "enum" in schema or "const" in schema:
        return
    if (
        name.endswith("_id")
        and name not in NOT_SLUGS
        and "pattern" not in schema
        and "format" not in schema
    ):
        schema |= {"pattern": SLUG_PATTERN, "minLength": 1}
        schema.setdefault("maxLength", 128)
    schema.setdefault("maxLength", LENGTH_OF_FORMAT.get(schema.get("format", ""), MOST_TEXT))
    if "pattern" not in schema and "format" not in schema:
        schema["pattern"] = TEXT_PATTERN
