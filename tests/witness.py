"""Every answer that a test has from the service is held against the contract, and every body that
the service took."""

import json
import re
from functools import cache
from typing import Any

import httpx2
import jsonschema_rs

from jaringan_usaha.app import openapi_document

Operation = dict[str, Any]

JSON = ("application/json", "application/problem+json")
NDJSON = "application/x-ndjson"


async def keeps_the_contract(response: httpx2.Response) -> None:
    """For `event_hooks` of a client: status, type of content and body are as the contract says,
    where it speaks of this route."""
    told = _told(response.request.method, response.request.url.path)
    if told is None:
        return
    place = f"{response.request.method} {response.request.url.path} {response.status_code}"
    answers = told["responses"]
    assert str(response.status_code) in answers, f"{place}: no such status in the contract"
    if response.is_success:
        _was_allowed(told, response.request, place)
    contents = answers[str(response.status_code)].get("content", {})
    await response.aread()
    kind = response.headers.get("content-type", "")
    kind = kind if kind in contents else kind.partition(";")[0]
    if not contents:
        assert response.content == b"", f"{place}: a body of which the contract says nothing"
        return
    assert kind in contents, f"{place}: {kind!r} is not among {sorted(contents)}"
    schema = json.dumps(contents[kind].get("schema", {}))
    if kind in JSON and "fields" not in response.request.url.params:
        _fits(schema, response.json(), place)
    elif kind == NDJSON:
        for line in response.content.splitlines():
            _fits(schema, json.loads(line), place)


def _was_allowed(told: Operation, request: httpx2.Request, place: str) -> None:
    content = told.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        _fits(json.dumps(content["schema"]), json.loads(request.content), f"sent to {place}")


def _fits(schema: str, body: Any, place: str) -> None:
    faults = [
        f"{error.instance_path}: {error.message}" for error in _checker(schema).iter_errors(body)
    ]
    assert not faults, f"{place}: {faults[:5]}"


@cache
def _checker(schema: str) -> jsonschema_rs.Validator:
    whole = {**json.loads(schema), "components": _document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def _document() -> dict[str, Any]:
    return openapi_document()


@cache
def _routes() -> list[tuple[re.Pattern[str], dict[str, Operation]]]:
    """Fixed paths before those with parameters in the same place."""
    paths = sorted(_document()["paths"].items(), key=lambda each: each[0].count("{"))
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), operations)
        for path, operations in paths
    ]


@cache
def _told(method: str, path: str) -> Operation | None:
    for pattern, operations in _routes():
        if pattern.fullmatch(path) and method.lower() in operations:
            return operations[method.lower()]
    return None
