"""What Schemathesis cannot know by itself; named in `schemathesis.toml`."""

import json
import os
import random
import re
from pathlib import Path
from typing import Any

import schemathesis
from jsonschema_rs import Draft202012Validator
from schemathesis.specs.openapi.checks import response_schema_conformance

from jaringan_usaha.api.validation import misfit

NDJSON = "application/x-ndjson"
MISFIT = misfit([]).detail
CONTRACT = json.loads((Path(__file__).parents[2] / "openapi" / "openapi.json").read_text())
THERE: dict[str, list[str]] = json.loads(Path(os.environ["THERE"]).read_text())
DAYS = ["2026-01-01", "2026-01-15", "2026-02-16", "2026-03-01"]
A_DAY = re.compile(r"\d{4}-\d\d-\d\d")
MANY, MOSTLY = 1_000, 0.8
UNFIT = {"idempotency-key-missing", "idempotency-key-invalid", "json-invalid"}
NO_SCHEMA = {"int-type", "personal-data"}
"""What no schema can state: JSON Schema takes 1.0 for a whole number; and who is in a text."""


@schemathesis.serializer(NDJSON)
def lines(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """The contract describes one line; a body is some of them."""
    return json.dumps(value).encode() + b"\n"


@schemathesis.deserializer(NDJSON)
def first_line(context: schemathesis.DeserializationContext, response: Any) -> Any:
    """The schema of the answer is that of one verdict."""
    return json.loads(response.content.splitlines()[0])


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, **_: Any) -> None:
    """What fits the contract stands for what there is: ids of things, days and amounts of this
    year's trade, fields that items of the list have."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    chance = random.Random(json.dumps([case.path_parameters, case.query, str(case.body)]))
    for part in (case.path_parameters, case.query, case.body):
        _make_likely(part, chance)
    if _asks_for_parts(case):
        names = sorted(_item(case)["properties"])
        case.query["fields"] = ",".join(chance.sample(names, chance.randint(1, len(names))))


def _make_likely(part: Any, chance: random.Random) -> None:
    """Most of what is named alike, at any depth, in place."""
    for name, value in part.items() if isinstance(part, dict) else ():
        if isinstance(value, dict | list):
            for each in value if isinstance(value, list) else [value]:
                _make_likely(each, chance)
        elif chance.random() > MOSTLY or value is None:
            continue
        elif isinstance(value, str) and name in THERE:
            part[name] = chance.choice(THERE[name])
        elif isinstance(value, str) and A_DAY.fullmatch(value):
            part[name] = chance.choice(DAYS)
        elif isinstance(value, int) and value > MANY:
            part[name] = chance.randint(1, MANY)


@schemathesis.check
def answers_fit_the_contract(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> bool | None:
    """The built-in check; but where `fields` were asked for, items have these and no others, each
    as the contract has it."""
    if response.status_code != 200 or not _asks_for_parts(case):
        return response_schema_conformance(context, response, case)
    asked, item = case.query["fields"].split(","), _item(case)
    parts = {name: schema for name, schema in item["properties"].items() if name in asked}
    partial = {**item, "properties": parts, "required": asked, "additionalProperties": False}
    page = _page(case)
    properties = {**page["properties"], "items": {"type": "array", "items": partial}}
    whole = {**page, "properties": properties, "components": CONTRACT["components"]}
    for error in Draft202012Validator(whole).iter_errors(response.json()):
        raise AssertionError(f"{error.instance_path}: {error.message}")
    return None


def _asks_for_parts(case: schemathesis.Case) -> bool:
    return bool((case.query or {}).get("fields")) and case.operation.method == "get"


def _page(case: schemathesis.Case) -> dict[str, Any]:
    answers = CONTRACT["paths"][case.operation.path]["get"]["responses"]
    return _resolved(answers["200"]["content"]["application/json"]["schema"])


def _item(case: schemathesis.Case) -> dict[str, Any]:
    return _resolved(_page(case)["properties"]["items"]["items"])


def _resolved(schema: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = CONTRACT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


@schemathesis.check
def the_contract_is_as_strict_as_the_service(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """What fits the contract is never refused for its form alone; rules between fields, which no
    schema can state, say a sentence of their own. What a line of a sync holds deep within is
    free."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    zero_within = response.status_code == 207 and "\\u0000" in json.dumps(case.body)
    for problem in problems_in(response):
        if zero_within and problem["code"] == "json-invalid":
            continue
        codes = {each["code"] for each in problem["errors"]}
        if "int-type" in codes:
            codes.discard("too-short")  # a list counts what fits of it
        unfit = problem["code"] in UNFIT or (problem["detail"] == MISFIT and codes - NO_SCHEMA)
        assert not unfit, problem["errors"] or problem["code"]


@schemathesis.check
def a_bad_line_has_a_verdict_of_its_own(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """Which stands for the refusal that a whole request would have had."""
    if case.meta is None or case.meta.generation.mode.is_positive or response.status_code != 207:
        return
    assert all(json.loads(line)["status"] >= 400 for line in response.content.splitlines())


def problems_in(response: schemathesis.Response) -> list[dict[str, Any]]:
    """Those of the request, or of its lines."""
    if response.status_code == 207:
        verdicts = [json.loads(line) for line in response.content.splitlines()]
        return [each["problem"] for each in verdicts if "problem" in each]
    return [response.json()] if response.status_code in (400, 415, 422) else []
