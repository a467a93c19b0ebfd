"""A later contract may give more and ask for less, never the other way round."""

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jaringan_usaha.cli.compatibility import breaks
from jaringan_usaha.cli.contract import refuse_breaks
from jaringan_usaha.cli.errors import Sorry

CONTRACT = json.loads((Path(__file__).parents[2] / "openapi" / "openapi.json").read_text())
TODAY = date(2026, 11, 22)
Change = Callable[[dict[str, Any]], None]


def found(change: Change, *, backwards: bool = False) -> list[str]:
    later = copy.deepcopy(CONTRACT)
    change(later)
    sides = (later, CONTRACT) if backwards else (CONTRACT, later)
    return list(breaks(*sides, TODAY))


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def add_a_path(document: dict[str, Any]) -> None:
    document["paths"]["/v1/new"] = copy.deepcopy(document["paths"]["/v1/cycles"])


def add_an_answer_field(document: dict[str, Any]) -> None:
    schema(document, "CycleView")["properties"]["more"] = {"type": "string"}
    schema(document, "CycleView")["required"].append("more")


def add_an_optional_input(document: dict[str, Any]) -> None:
    schema(document, "OrderBody")["properties"]["note"] = {"type": "string"}


def add_a_parameter(document: dict[str, Any]) -> None:
    document["paths"]["/v1/cycles"]["get"]["parameters"].append(
        {"in": "query", "name": "title", "required": False, "schema": {"type": "string"}}
    )


def widen_an_input(document: dict[str, Any]) -> None:
    schema(document, "OrderBody")["properties"]["lines"]["maxItems"] += 1


WIDER = [
    add_a_path,
    add_an_answer_field,
    add_an_optional_input,
    add_a_parameter,
    widen_an_input,
]


def require_an_input(document: dict[str, Any]) -> None:
    schema(document, "OrderBody")["required"].append("client_at")


def require_a_parameter(document: dict[str, Any]) -> None:
    document["paths"]["/v1/cycles"]["get"]["parameters"][0]["required"] = True


def change_a_kind(document: dict[str, Any]) -> None:
    schema(document, "CycleView")["properties"]["title"]["type"] = "integer"


def change_a_kind_within(document: dict[str, Any]) -> None:
    schema(document, "LineBody")["properties"]["quantity"]["type"] = "string"


def let_an_answer_field_be_missing(document: dict[str, Any]) -> None:
    schema(document, "Done")["required"].remove("position")


def let_an_answer_field_be_null(document: dict[str, Any]) -> None:
    field = schema(document, "Done")["properties"]["position"]
    schema(document, "Done")["properties"]["position"] = {"anyOf": [field, {"type": "null"}]}


def change_a_pattern(document: dict[str, Any]) -> None:
    document["paths"]["/v1/cycles/{cycle_id}"]["get"]["parameters"][0]["schema"]["pattern"] = "^x$"


def narrow_a_choice(document: dict[str, Any]) -> None:
    schema(document, "CycleBody")["properties"]["prices"]["enum"].remove("stated")


def answer_otherwise(document: dict[str, Any]) -> None:
    responses = document["paths"]["/v1/orders/{order_id}"]["put"]["responses"]
    responses["202"] = responses.pop("201")


def remove_a_path(document: dict[str, Any]) -> None:
    del document["paths"]["/v1/cycles"]


def remove_a_method(document: dict[str, Any]) -> None:
    del document["paths"]["/v1/cycles/{cycle_id}"]["put"]


def remove_an_answer_field(document: dict[str, Any]) -> None:
    del schema(document, "CycleView")["properties"]["title"]


def remove_an_input_field(document: dict[str, Any]) -> None:
    del schema(document, "OrderBody")["properties"]["client_at"]


def remove_a_filter(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/v1/cycles"]["get"]["parameters"]
    parameters.remove(next(each for each in parameters if each["name"] == "state"))


def require_a_body(document: dict[str, Any]) -> None:
    body = copy.deepcopy(document["paths"]["/v1/cycles/{cycle_id}/cancel"]["post"]["requestBody"])
    assert body["required"]
    document["paths"]["/v1/cycles/{cycle_id}/open"]["post"]["requestBody"] = body


def require_a_new_parameter(document: dict[str, Any]) -> None:
    add_a_parameter(document)
    document["paths"]["/v1/cycles"]["get"]["parameters"][-1]["required"] = True


def remove_a_value_of_an_answer(document: dict[str, Any]) -> None:
    schema(document, "MarketLineView")["properties"]["basis"]["enum"].remove("kg")


def change_the_format_of_an_answer(document: dict[str, Any]) -> None:
    schema(document, "CycleView")["properties"]["closes_at"]["format"] = "date"


def lower_a_bound(document: dict[str, Any]) -> None:
    schema(document, "OrderBody")["properties"]["lines"]["maxItems"] -= 1


def raise_a_bound(document: dict[str, Any]) -> None:
    schema(document, "OrderBody")["properties"]["lines"]["minItems"] = 2


def list_choices(document: dict[str, Any]) -> None:
    schema(document, "CycleBody")["properties"]["title"]["enum"] = ["one", "two"]


def narrow_named_values(document: dict[str, Any]) -> None:
    answers = schema(document, "AnswersBody")["properties"]["answers"]
    answers["additionalProperties"]["maxLength"] = 1


def take_another_kind_of_body(document: dict[str, Any]) -> None:
    content = document["paths"]["/v1/sync"]["post"]["requestBody"]["content"]
    content["application/json"] = content.pop("application/x-ndjson")


@pytest.mark.parametrize("change", WIDER)
def test_more_is_no_break(change: Change) -> None:
    assert found(change) == []


@pytest.mark.parametrize("change", WIDER)
def test_taking_it_back_is_one(change: Change) -> None:
    assert found(change, backwards=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (require_an_input, "PUT /v1/orders/{order_id} body/client_at is now required"),
        (require_a_parameter, "GET /v1/cycles now requires query state"),
        (change_a_kind, "GET /v1/cycles 200/items/*/title may now be integer"),
        (change_a_kind_within, "body/lines/*/quantity may no longer be integer"),
        (let_an_answer_field_be_missing, "/position may now be missing"),
        (let_an_answer_field_be_null, "/position may now be null"),
        (change_a_pattern, "GET /v1/cycles/{cycle_id} path cycle_id has another pattern"),
        (narrow_a_choice, "body/prices may no longer be 'stated'"),
        (remove_a_path, "GET /v1/cycles is gone"),
        (remove_a_method, "PUT /v1/cycles/{cycle_id} is gone"),
        (remove_an_answer_field, "GET /v1/cycles 200/items/*/title is gone"),
        (remove_an_input_field, "PUT /v1/orders/{order_id} body/client_at is no longer taken"),
        (remove_a_filter, "GET /v1/cycles no longer takes query state"),
        (require_a_body, "POST /v1/cycles/{cycle_id}/open now requires a body"),
        (require_a_new_parameter, "GET /v1/cycles now requires query title"),
        (remove_a_value_of_an_answer, "/basis is never 'kg' any more"),
        (change_the_format_of_an_answer, "/closes_at has another format"),
        (lower_a_bound, "body/lines has a smaller maxItems"),
        (raise_a_bound, "body/lines has a larger minItems"),
        (list_choices, "body/title may no longer be 'anything'"),
        (narrow_named_values, "body/answers/* has a smaller maxLength"),
        (take_another_kind_of_body, "POST /v1/sync no longer takes application/x-ndjson"),
        (answer_otherwise, "PUT /v1/orders/{order_id} no longer answers 201"),
    ],
)
def test_a_break_is_named(change: Change, said: str) -> None:
    assert [each for each in found(change) if said in each], found(change)


def test_what_is_answered_and_taken_alike_is_looked_at_as_both() -> None:
    """A shape that answers show first may still be narrowed as an input."""

    def shared(document: dict[str, Any]) -> None:
        answer = document["paths"]["/healthz"]["get"]["responses"]["200"]["content"]
        answer["application/json"]["schema"] = {"$ref": "#/components/schemas/CycleBody"}

    before = copy.deepcopy(CONTRACT)
    shared(before)
    later = copy.deepcopy(before)
    narrow_a_choice(later)
    found = [each for each in breaks(before, later, TODAY) if "may no longer be 'stated'" in each]
    assert found


@pytest.mark.parametrize(("until", "may_go"), [("2026-11-22", True), ("2026-11-23", False)])
def test_what_was_deprecated_may_go_when_its_time_is_over(until: str, may_go: bool) -> None:
    before = copy.deepcopy(CONTRACT)
    for operation in before["paths"]["/v1/cycles"].values():
        operation["x-sunset"] = until
    later = copy.deepcopy(CONTRACT)
    remove_a_path(later)
    assert (list(breaks(before, later, TODAY)) == []) is may_go


def test_the_same_contract_breaks_nothing() -> None:
    assert list(breaks(CONTRACT, CONTRACT, TODAY)) == []


def test_the_command_refuses_to_break_clients(tmp_path: Path) -> None:
    released = tmp_path / "released.json"
    refuse_breaks(released, CONTRACT)
    released.write_text(json.dumps(CONTRACT))
    refuse_breaks(released, CONTRACT)
    later = copy.deepcopy(CONTRACT)
    require_an_input(later)
    with pytest.raises(Sorry, match="client_at is now required"):
        refuse_breaks(released, later)
