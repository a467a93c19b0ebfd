"""The OpenAPI document: what FastAPI cannot know of lean routes, problems and keys."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457; `code` is stable, texts are for people",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {"type": "string", "maxLength": 256},
        "title": {"type": "string", "maxLength": 256},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "maxLength": 1024},
        "instance": {"type": "string", "maxLength": 64},
        "code": {"type": "string", "maxLength": 64},
        "errors": {
            "type": "array",
            "maxItems": 50,
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "maxLength": 512},
                    "code": {"type": "string", "maxLength": 64},
                    "detail": {"type": "string", "maxLength": 512},
                },
            },
        },
    },
}

REFUSALS = {
    "400": "The request is not well formed.",
    "401": "The API key is missing or not valid.",
    "403": "This key may not do that.",
    "404": "There is no such thing for this caller.",
    "409": "A rule says no; `code` says which.",
    "412": "The thing has another version by now.",
    "413": "The body is too large.",
    "415": "The body is of a type that is not taken.",
    "422": "Fields do not fit, or the key stands for another request.",
    "429": "Too many requests; `Retry-After` says when to send this one again.",
    "500": "An error of the service.",
    "503": "Nothing was recorded; send the same request again.",
}


def describe(app: FastAPI, order_body: type[BaseModel], line: type[BaseModel]) -> None:
    """Complete the document that the app serves at /openapi.json."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = plain()
        schemas = document["components"]["schemas"]
        _drop_framework_errors(document)
        schemas["Problem"] = PROBLEM
        for model in (order_body, line):
            shape = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(shape.pop("$defs", {}))
            schemas[model.__name__] = shape
        document["paths"]["/v1/orders/{order_id}"]["put"] = _put_order(order_body.__name__)
        document["paths"]["/v1/sync"] = {"post": _post_sync(line.__name__)}
        document["components"]["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "ju_live_…"}
        }
        document["servers"] = [{"url": "/", "description": "this service"}]
        _add_refusals(document)
        app.openapi_schema = document
        return document

    app.openapi = complete  # type: ignore[method-assign]


def _drop_framework_errors(document: dict[str, Any]) -> None:
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    for operation in _operations(document):
        operation["responses"].pop("422", None)


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def _add_refusals(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            open_to_all = path in ("/healthz", "/readyz")
            operation["security"] = [] if open_to_all else [{"key": []}]
            for status, meaning in REFUSALS.items():
                operation["responses"].setdefault(
                    status,
                    {
                        "description": meaning,
                        "content": {
                            "application/problem+json": {
                                "schema": {"$ref": "#/components/schemas/Problem"}
                            }
                        },
                    },
                )


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _header(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", "maxLength": 130},
    }


def _put_order(body: str) -> dict[str, Any]:
    done = {"application/json": {"schema": _ref("Done")}}
    return {
        "operationId": "putOrder",
        "tags": ["orders"],
        "summary": "Place an order, or with If-Match replace its lines",
        "parameters": [
            {
                "name": "order_id",
                "in": "path",
                "required": True,
                "description": "made by the POS, UUIDv7 in lower case",
                "schema": {"type": "string", "format": "uuid", "minLength": 36, "maxLength": 36},
            },
            _header("Idempotency-Key", "optional; the order id stands for it"),
            _header("If-Match", 'the version to replace, such as "v1"'),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref(body)}},
        },
        "responses": {
            "200": {"description": "It was so already, or is changed now.", "content": done},
            "201": {"description": "Placed.", "content": done},
        },
    }


def _post_sync(line: str) -> dict[str, Any]:
    return {
        "operationId": "sync",
        "tags": ["sync"],
        "summary": "Send many commands, one JSON object a line; safe to send again whole",
        "requestBody": {
            "required": True,
            "description": "at most 1,000 lines, 1 MiB (8 MiB unpacked), plain or gzip",
            "content": {"application/x-ndjson": {"schema": _ref(line)}},
        },
        "responses": {
            "207": {
                "description": "One verdict a line, in the order sent.",
                "content": {
                    "application/x-ndjson": {
                        "schema": {
                            "type": "object",
                            "required": ["op_id", "status", "replayed"],
                            "properties": {
                                "op_id": {"type": ["string", "null"], "maxLength": 128},
                                "status": {"type": "integer", "minimum": 200, "maximum": 599},
                                "body": _ref("Done"),
                                "problem": _ref("Problem"),
                                "replayed": {"type": "boolean"},
                            },
                        }
                    }
                },
            }
        },
    }
