"""API-3: every code has a page that says what to do, and the page says what the code says."""

import json
import re
from pathlib import Path

import pytest

import jaringan_usaha
from jaringan_usaha import app
from jaringan_usaha.api.contract import problem_pages
from jaringan_usaha.api.contract.problem_pages import CODES, FAMILIES, remedy, statuses

SAID = re.compile(r'Problem\(\s*(\d{3}),\s*"([a-z-]+)"')
NAMED = re.compile(r"`([a-z_]+)`")
ALL = sorted(statuses())


def sources() -> list[str]:
    root = Path(jaringan_usaha.__file__).parent
    return [path.read_text(encoding="utf-8") for path in root.rglob("*.py")]


def said_in_the_source() -> set[tuple[int, str]]:
    """The pairs that the door gives to `Problem`."""
    return {(int(status), code) for text in sources() for status, code in SAID.findall(text)}


def test_api_3_a_problem_of_the_door_has_the_status_that_its_page_knows() -> None:
    assert app.FEATURE_ROUTES  # so that the refusals of all rooms are there
    said = said_in_the_source()
    assert len(said) > 15
    assert {code: status for status, code in said if statuses().get(code) != status} == {}


@pytest.mark.parametrize("code", ALL)
def test_api_3_every_code_says_what_to_do_in_both_languages(code: str) -> None:
    told = remedy(code)
    assert told.indonesian.endswith(".") or told.indonesian.endswith(": -")
    assert told.english != told.indonesian
    assert f"| `{code}` |" in problem_pages.document()


def test_api_3_what_to_do_names_fields_that_there_are() -> None:
    """Of the contract, or facts that a refusal states; the same in both languages."""
    known = set(re.findall(r'"([a-z_]+)"', json.dumps(app.openapi_document())))
    for text in sources():
        known |= {*re.findall(r"\b([a-z_]+)=", text), *re.findall(r'"([a-z_]+)"', text)}
    named = {code: [set(NAMED.findall(text)) for text in remedy(code)] for code in ALL}
    assert {code: two for code, two in named.items() if two[0] != two[1]} == {}
    assert set().union(*(two[0] for two in named.values())) - known == set()


def test_no_remedy_is_left_over() -> None:
    assert set(CODES) - set(ALL) == set()
    assert {code.rpartition("-")[2] for code in set(ALL) - set(CODES)} <= set(FAMILIES)
