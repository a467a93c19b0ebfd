"""The OpenAPI document: what FastAPI cannot know of lean routes, problems and keys."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from jaringan_usaha.api.access.keys import COOKIE
from jaringan_usaha.api.asked import KEY, KEY_PATTERN
from jaringan_usaha.api.contract.bounds import TEXT_PATTERN, bound_all
from jaringan_usaha.api.contract.deprecation import UNTIL
from jaringan_usaha.api.contract.descriptions import explain_all
from jaringan_usaha.api.fields import UUID_V7
from jaringan_usaha.api.json_places import MOST_POINTER
from jaringan_usaha.api.lean_route import LeanRoute
from jaringan_usaha.api.versions import MOST_TAGS, TAG_PATTERN
from jaringan_usaha.kernel.money import MOST_IDR

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
                    "pointer": {"type": "string", "maxLength": MOST_POINTER},
                    "code": {"type": "string", "maxLength": 64},
                    "detail": {"type": "string", "maxLength": 512},
                },
            },
        },
    },
}

INFO = {
    "description": "Koperasi buy together: their points of sale place orders into a buying cycle, "
    "which become one order per supplier at the price that only the group reaches. Money is whole "
    "rupiah, quantities are whole base units of the item. Fields may be added to answers at any "
    "time, and new values to `state` and `code`: ignore what you do not know. Lists come in pages: "
    "follow `next` and `prev` as they are. Send your key as `Authorization: Bearer ju_live_…`. "
    "Whatever is no success is a problem: its `code` never changes, and its `type` is a page of "
    "this service that says what to do.",
    "contact": {"name": "Jaringan Usaha Koperasi"},
    "license": {"name": "MIT", "identifier": "MIT"},
}

TAGS = {
    "koperasi": "Koperasi of the network",
    "suppliers": "Suppliers of the network",
    "contacts": "Persons of koperasi and suppliers, whose data can be given out and erased",
    "rules": "Dated rules that bind everybody",
    "catalog": "Goods and suppliers' price lists",
    "price imports": "Suppliers' tables as files, previewed and asked about before they are stored",
    "sourcing": "Suppliers' offers compared, and the choice between them",
    "market prices": "Market prices as observed, and what they are compared with",
    "shares": "Capital that koperasi pledge and pay in",
    "cycles": "Buying cycles",
    "consolidated orders": "The one order of the group with each supplier",
    "approvals": "What takes a second person",
    "orders": "What koperasi order",
    "deliveries": "Goods received, and how they were shared out",
    "invoicing": "Bills of suppliers and carriers, and what goods came to cost",
    "sales": "What koperasi sold",
    "margin": "What each koperasi paid, saved and earned",
    "ledger": "The books: accounts, balances at every position, closed months",
    "sync": "Many commands in one request",
    "changes": "What a device that was away must fetch",
    "people": "People who log in, and what they may do",
    "keys": "API keys: made, replaced, ended",
    "test clocks": "The clock of a sandbox",
    "health": "Whether the service is well",
}

LINES = {
    "place_order": "PUT /v1/orders/{order_id}",
    "change_order": "PUT /v1/orders/{order_id}",
    "cancel_order": "POST /v1/orders/{order_id}/cancel",
    "record_sale": "PUT /v1/sales/{sale_id}",
    "admit_koperasi": "PUT /v1/koperasi/{koperasi_id}",
    "admit_supplier": "PUT /v1/suppliers/{supplier_id}",
    "add_item": "PUT /v1/items/{item_id}",
    "describe_item": "PUT /v1/items/{item_id}/description",
    "send_order": "POST /v1/consolidated-orders/{cycle_id}/{supplier_id}/send",
    "receive_goods": "PUT /v1/receipts/{receipt_id}",
    "enter_invoice": "PUT /v1/supplier-invoices/{invoice_id}",
}
"""What lines of a sync may want, and the request whose body they have."""

LIMIT_PATTERN = r'^"[a-z]+"(;[a-z]=[0-9]+)+$'

HEADERS: dict[str, Any] = {
    "RateLimit": {
        "description": 'requests left, and seconds until all are back: `"write";r=29;t=1`',
        "schema": {"type": "string", "maxLength": 64, "pattern": LIMIT_PATTERN},
    },
    "RateLimit-Policy": {
        "description": 'requests at once, and the seconds they come back in: `"write";q=30;w=3`',
        "schema": {"type": "string", "maxLength": 64, "pattern": LIMIT_PATTERN},
    },
    "Retry-After": {
        "description": "seconds to wait before the same request is sent again",
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 3_600},
    },
    "Link": {
        "description": 'the next page and the one before, as in the body: `</v1/…>; rel="next"`',
        "schema": {
            "type": "string",
            "maxLength": 8_192,
            "pattern": r'^(<[^<>]+>; rel="[a-z]+"(, )?)+$',
        },
    },
    "JU-Clock-Skew": {
        "description": "milliseconds by which the clock in your `JU-Client-Time` header is ahead; "
        "only when it is more than five minutes off",
        "schema": {"type": "integer", "format": "int64", "minimum": -MOST_IDR, "maximum": MOST_IDR},
    },
    "ETag": {
        "description": "names what was told: the version of the thing, `v3`, and a hash where the "
        "answer shows more than the thing's own events make of it. Send it back as If-None-Match "
        "to hear only of changes, or as If-Match to change what you saw",
        "schema": {"type": "string", "maxLength": 68, "pattern": '^"[.0-9a-z]+"$'},
    },
    "Idempotent-Replayed": {
        "description": "`true` when it was recorded before and this is that answer",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Location": {
        "description": "where the thing is shown",
        "schema": {"type": "string", "format": "uri-reference", "maxLength": 256},
    },
    "Access-Control-Allow-Origin": {
        "description": "pages of this service only; programs need not care",
        "schema": {"type": "string", "format": "uri", "maxLength": 256},
    },
}

DEPRECATION: dict[str, Any] = {
    "Deprecation": {
        "description": "since when this is to go: `@` and seconds since 1970",
        "schema": {"type": "string", "maxLength": 16, "pattern": "^@[0-9]+$"},
    },
    "Sunset": {
        "description": "from when on it may be gone: `Tue, 04 Jan 2028 00:00:00 GMT`",
        "schema": {"type": "string", "maxLength": 32, "pattern": "^[A-Za-z0-9, :]+$"},
    },
}

OPEN_TO_ALL = ("/healthz", "/readyz")

REFUSALS = {
    "400": "The request is not well formed.",
    "401": "The API key is missing or not valid.",
    "403": "This key may not do that.",
    "404": "There is no such thing for this caller.",
    "409": "A rule says no; `code` says which.",
    "412": "The thing has another version by now.",
    "413": "The body is too large.",
    "414": "The URL is too long.",
    "415": "The body is of a type that is not taken.",
    "422": "Fields do not fit, or the key stands for another request.",
    "428": "The thing has a version; say in If-Match which one you have seen.",
    "429": "Too many requests; `Retry-After` says when to send this one again.",
    "431": "The headers are too large.",
    "500": "An error of the service.",
    "503": "Nothing was recorded; send the same request again.",
}
"""Of every route. What else one may refuse, it declares itself."""


Lean = tuple[LeanRoute, type[BaseModel]]
"""A route, and what is sent to it."""


def describe(app: FastAPI, put_order: Lean, post_sync: Lean) -> None:
    """Complete the document that the app serves at /openapi.json."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = plain()
        schemas = document["components"]["schemas"]
        _drop_framework_errors(document)
        for operation in _operations(document):
            explain_all(operation)
            _demand_key(operation)
        schemas["Problem"] = PROBLEM
        for (route, model), told in ((put_order, _put_order), (post_sync, _post_sync)):
            shape = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(shape.pop("$defs", {}))
            schemas[model.__name__] = shape
            operations = document["paths"].setdefault(route.path, {})
            operations[route.method] = route.operation(told(model.__name__))
        document["components"]["securitySchemes"] = {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "ju_live_…, or ju_test_… of a sandbox",
            },
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": COOKIE,
                "description": "of a person who logged in; used from this service's pages only",
            },
        }
        document["info"] |= INFO
        document["servers"] = [
            {"url": "/", "description": "production: this service", "x-internal": False}
        ]
        document["tags"] = [{"name": name, "description": TAGS[name]} for name in _tags(document)]
        document["components"]["headers"] = _headers_told(document)
        _add_refusals(document)
        _add_tags_of_versions(document)
        _add_headers(document)
        bound_all(document)
        app.openapi_schema = document
        return document

    app.openapi = complete  # type: ignore[method-assign]


def _drop_framework_errors(document: dict[str, Any]) -> None:
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    for operation in _operations(document):
        operation["responses"].pop("422", None)


def _demand_key(operation: dict[str, Any]) -> None:
    """Defaults are in the code only so that problems of our own tell of a lack. If-Match is
    required, though a wish that is fact already is granted without it: whoever sends it is always
    heard, and what clients must do may be loosened later, never tightened."""
    for each in operation.get("parameters", ()):
        if each["name"] in ("idempotency-key", "if-match"):
            each["schema"].pop("default", None)
            each["required"] = not each["description"].startswith("optional")


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def _add_refusals(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            ways: list[dict[str, list[str]]] = [{"key": []}, {"session": []}]
            if path in OPEN_TO_ALL:
                ways = []
            operation["security"] = ways[1:] if path == "/auth/logout" else ways
            for status, meaning in REFUSALS.items():
                if status == "428" and not _takes(operation, "if-match"):
                    continue
                operation["responses"].setdefault(status, {"description": meaning})
            for status, answer in operation["responses"].items():
                if status >= "400":
                    answer["content"] = {"application/problem+json": {"schema": _ref("Problem")}}


def _takes(operation: dict[str, Any], header: str) -> bool:
    return any(each["name"] == header for each in operation.get("parameters", ()))


def _add_tags_of_versions(document: dict[str, Any]) -> None:
    """What is read can be asked about again by its ETag; what is recorded tells the next one."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path in (*OPEN_TO_ALL, "/v1/sync"):
                continue
            names = ["ETag"] if method == "get" else ["ETag", "Idempotent-Replayed"]
            for status in [each for each in operation["responses"] if each[0] == "2"]:
                names += ["Location"] if status == "201" else []
                told = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
                operation["responses"][status].setdefault("headers", {}).update(told)
            if method == "get":
                parameters = operation.setdefault("parameters", [])
                parameters.append(_header("If-None-Match", "the ETag of what you have already"))
                operation["responses"]["304"] = {
                    "description": "It is what you have already.",
                    "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
                }


def _tags(document: dict[str, Any]) -> list[str]:
    used = [tag for operation in _operations(document) for tag in operation.get("tags", ())]
    return list(dict.fromkeys(used))


def _add_headers(document: dict[str, Any]) -> None:
    for operation in _operations(document):
        for status, response in operation["responses"].items():
            names = ["Access-Control-Allow-Origin", "JU-Clock-Skew"]
            names += ["RateLimit", "RateLimit-Policy"] if status[0] in "24" else []
            names += ["Retry-After"] if status in ("429", "503") else []
            names += ["Link"] if status == "200" and _is_list(operation) else []
            names += ["Deprecation", "Sunset"] if UNTIL in operation else []
            told = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
            response["headers"] = {**response.get("headers", {}), **told}


def _headers_told(document: dict[str, Any]) -> dict[str, Any]:
    if any(UNTIL in operation for operation in _operations(document)):
        return HEADERS | DEPRECATION
    return HEADERS


def _is_list(operation: dict[str, Any]) -> bool:
    return any(each["name"] == "cursor" for each in operation.get("parameters", ()))


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _header(name: str, description: str, pattern: str = TEXT_PATTERN) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", "pattern": pattern, "maxLength": MOST_TAGS},
    }


def _put_order(body: str) -> dict[str, Any]:
    done = {"application/json": {"schema": _ref("Done")}}
    return {
        "tags": ["orders"],
        "summary": "Place an order, or with If-Match replace its lines",
        "description": "Safe to send again: the same order under the same id is recorded once, "
        "answered 201 and then 200 with the same body. Other content under a taken id is refused "
        "with 409 `order-exists`, which says where the order is and its `current_version`. With "
        "`If-Match` all lines are replaced, if the order still has that version.",
        "parameters": [
            {
                "name": "order_id",
                "in": "path",
                "required": True,
                "description": "made by the POS, UUIDv7 in lower case",
                "schema": {"type": "string", "pattern": UUID_V7, "minLength": 36, "maxLength": 36},
            },
            _header("Idempotency-Key", "optional; the order id stands for it", KEY_PATTERN),
            _header("If-Match", 'the version to replace, as "v1"; `*` for any', TAG_PATTERN),
            _header("If-None-Match", "`*` or nothing: without If-Match, none is replaced", r"^\*$"),
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
        "tags": ["sync"],
        "summary": "Send many commands, one JSON object a line",
        "description": "Each line has a verdict of its own, and the whole file is safe to send "
        "again: what was recorded answers as it did the first time, marked `replayed`. With "
        "`atomic=true` at most 100 lines are recorded all or not at all. A line of a `type` has as "
        "its `body` that of a request, and what stands in the path of it as fields: "
        + "; ".join(f"`{kind}` {request}" for kind, request in LINES.items())
        + ". Without an `if_version` an order is changed or cancelled whatever it is by now; after "
        "the close of its cycle no line cancels it. The pointers of `errors` begin at the `body`.",
        "parameters": [
            {
                "name": "atomic",
                "in": "query",
                "required": False,
                "description": "whether the lines stand or fall together",
                "schema": {"type": "boolean", "default": False},
            }
        ],
        "requestBody": {
            "required": True,
            "description": "at most 1,000 lines, 1 MiB (8 MiB unpacked), plain, gzip or zstd",
            "content": {"application/x-ndjson": {"schema": _ref(line)}},
        },
        "responses": {
            "207": {
                "description": "One verdict a line, in the order sent, each as soon as it is "
                "known.",
                "content": {
                    "application/x-ndjson": {
                        "schema": {
                            "type": "object",
                            "required": ["op_id", "status", "replayed"],
                            "properties": {
                                "op_id": {
                                    "type": ["string", "null"],
                                    "maxLength": 128,
                                    "pattern": KEY.pattern,
                                },
                                "status": {"type": "integer", "minimum": 200, "maximum": 599},
                                "body": _ref("Done"),
                                "problem": _ref("Problem"),
                                "replayed": {"type": "boolean"},
                                "clock_skew_ms": {
                                    "type": "integer",
                                    "description": "by how many milliseconds the line's "
                                    "`client_time` is ahead of the service's clock, where it is "
                                    "more than five minutes off; negative too for a line that "
                                    "waited long before it was sent",
                                },
                                "missing_seq": {
                                    "type": "object",
                                    "description": "numbers directly before the line's `seq` "
                                    "under which nothing ever came in from this device",
                                    "required": ["from", "to"],
                                    "properties": {
                                        "from": {"type": "integer", "minimum": 0},
                                        "to": {"type": "integer", "minimum": 0},
                                    },
                                },
                            },
                        }
                    }
                },
            }
        },
    }
