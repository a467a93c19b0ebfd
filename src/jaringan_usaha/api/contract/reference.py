"""The contract for people, at /docs: one page without scripts, so that it is there offline too."""

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any

from jaringan_usaha.api.contract.problem_pages import statuses

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: auto; padding: 1rem }
summary { cursor: pointer; padding: .25rem 0 }
summary code { font-weight: 600 }
table { border-collapse: collapse; margin: .5rem 0 }
td, th { border: 1px solid #ccc; padding: .2rem .5rem; text-align: left; vertical-align: top }
pre { background: #f4f4f4; overflow: auto; padding: .5rem }
"""

Json = Mapping[str, Any]


def page(document: Json) -> str:
    """All operations by tag; what is sent and answered can be unfolded."""
    return "".join(_page(document))


def _page(document: Json) -> Iterator[str]:
    info = document["info"]
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{_(info["title"])}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{_STYLE}</style><h1>{_(info['title'])} {_(info['version'])}</h1>"
    yield f"<p>{_(info['description'])}</p>"
    yield '<p>For programs: <a href="/openapi.json">/openapi.json</a>.</p>'
    for tag in document["tags"]:
        yield f"<h2>{_(tag['description'])}</h2>"
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if tag["name"] in operation.get("tags", ()):
                    yield from _operation(method, path, operation)
    yield "<h2>Problems</h2><p>What each means, and what to do about it.</p><p>"
    yield ", ".join(f'<a href="/problems/{_(code)}">{_(code)}</a>' for code in sorted(statuses()))
    yield "</p><h2>Shapes</h2>"
    for name, schema in document["components"]["schemas"].items():
        yield f'<details id="{_(name)}"><summary><code>{_(name)}</code></summary>'
        yield f"<p>{_(schema.get('description', ''))}</p>{_fields(schema)}</details>"


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"<details><summary><code>{method.upper()} {_(path)}</code> "
    yield f"{_(operation.get('summary', ''))}</summary>"
    yield f"<p>{_(operation.get('description', ''))}</p>"
    if operation.get("parameters"):
        yield "<table><tr><th>name</th><th>in</th><th>what</th></tr>"
        for each in operation["parameters"]:
            must = " *" if each.get("required") else ""
            yield f"<tr><td><code>{_(each['name'])}</code>{must}</td><td>{_(each['in'])}</td>"
            yield f"<td>{_(each.get('description', ''))}</td></tr>"
        yield "</table>"
    if "requestBody" in operation:
        yield f"<p>Sent: {_contents(operation['requestBody'])}</p>"
    for status, response in operation["responses"].items():
        if status[0] == "2":
            yield f"<p>{status}: {_(response['description'])} {_contents(response)}</p>"
    yield "</details>"


def _contents(part: Json) -> str:
    told = (
        f"<code>{_(media)}</code> {_kind(content.get('schema', {}))}"
        for media, content in part.get("content", {}).items()
    )
    return ", ".join(told)


def _fields(schema: Json) -> str:
    if "properties" not in schema:
        return f"<pre>{_(json.dumps(schema, indent=1, ensure_ascii=False))}</pre>"
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{_(name)}</code>{' *' if name in required else ''}</td>"
        f"<td>{_kind(field)}</td><td>{_(field.get('description', ''))}</td></tr>"
        for name, field in schema["properties"].items()
    )
    return f"<table><tr><th>field</th><th>kind</th><th>what</th></tr>{rows}</table>"


def _kind(schema: Json) -> str:
    """In a few words, with links to shapes."""
    if "$ref" in schema:
        name = _(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    for either in ("anyOf", "oneOf", "allOf"):
        if either in schema:
            return " or ".join(map(_kind, schema[either]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "enum" in schema:
        return _(" | ".join(map(str, schema["enum"])))
    return _(str(schema.get("format") or schema.get("type", "anything")))


def _(text: str) -> str:
    return html.escape(text)
