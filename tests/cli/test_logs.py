"""SEC-12: a record becomes one line of known fields."""

import json
import logging
from typing import Any

from jaringan_usaha.cli.logs import Lines, Terminal

SECRET = "08123456789"
"""What must not come out."""


def record(name: str, message: str, *arguments: object, **extra: Any) -> logging.LogRecord:
    made = logging.getLogger(name).makeRecord(
        name, logging.ERROR, "/x/there.py", 7, message, arguments, extra.pop("exc_info", None)
    )
    made.__dict__.update(extra)
    return made


def told(made: logging.LogRecord) -> dict[str, Any]:
    line = Lines().format(made)
    assert "\n" not in line
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_sentence_of_ours_is_told_and_its_control_characters_are_escaped() -> None:
    made = record("jaringan_usaha.x", "cycle %s: %s", "c1\r\n\x1b[2Jadmin", 3)
    assert told(made)["message"] == "cycle c1\r\n\x1b[2Jadmin: 3"
    for line in (Lines().format(made), Terminal().format(made)):
        assert not any(ord(sign) < 32 for sign in line)
        assert "c1\\r\\n\\u001b[2Jadmin" in line


def test_of_others_only_the_place_or_a_known_sentence() -> None:
    assert told(record("asyncio", f"future {SECRET}"))["where"] == "there.py:7"
    assert SECRET not in Lines().format(record("asyncio", "got %r", SECRET))
    known = record("uvicorn.error", "Invalid HTTP request received.")
    assert told(known)["message"] == "Invalid HTTP request received."


def test_of_an_error_its_kind_and_its_place_but_no_word() -> None:
    try:
        int(SECRET + "x")
    except ValueError as error:
        caught = KeyError(SECRET)
        caught.__cause__ = error
    made = record("jaringan_usaha.x", "failed: %s", caught, exc_info=(KeyError, caught, None))
    found = told(made)
    assert SECRET not in json.dumps(found)
    assert found["message"].startswith("failed: KeyError, after ValueError at")
    assert ", after ValueError at test_logs.py:" in found["error"]
    assert SECRET not in Terminal().format(made)


def test_only_listed_fields_are_told() -> None:
    made = record("jaringan_usaha.access", "", route="/v1/x/{id}", status=200, authorization=SECRET)
    found = told(made)
    assert (found["route"], found["status"]) == ("/v1/x/{id}", 200)
    assert SECRET not in json.dumps(found)
    assert "message" not in found
    assert 'route="/v1/x/{id}" status=200' in Terminal().format(made)


def test_what_cannot_be_filled_in_is_no_reason_to_fail() -> None:
    assert told(record("jaringan_usaha.x", "100 %"))["message"] == "100 %"
