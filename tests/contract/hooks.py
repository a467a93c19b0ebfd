"""What Schemathesis cannot know by itself; named in `schemathesis.toml`."""

import json
from typing import Any

import schemathesis

from jaringan_usaha.api.validation import misfit

NDJSON = "application/x-ndjson"
MISFIT = misfit([]).detail
UNFIT = {"idempotency-key-missing", "idempotency-key-invalid", "json-invalid"}


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
    """Answers with `fields` lack the others, which no schema can tell: tests/http/test_pages.py."""
    if case.query:
        case.query.pop("fields", None)


@schemathesis.check
def the_contract_is_as_strict_as_the_service(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """What fits the contract is never refused for its form alone; rules between fields, which no
    schema can state, say a sentence of their own. JSON Schema takes 1.0 for a whole number."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    for problem in problems_in(response):
        codes = {each["code"] for each in problem["errors"]}
        unfit = problem["code"] in UNFIT or (problem["detail"] == MISFIT and codes != {"int-type"})
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
