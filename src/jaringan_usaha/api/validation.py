"""What does not fit in a body, as pointers and codes; never with the value that was sent."""

from typing import Any

from pydantic import ValidationError

from jaringan_usaha.api.json_places import pointer
from jaringan_usaha.api.problems import MOST_ERRORS, Problem

CODES = {
    "extra_forbidden": "unknown-field",
    "missing": "missing",
    "timezone_aware": "timezone-missing",
}


def misfit(errors: list[dict[str, str]]) -> Problem:
    """The refusal of a body or of parameters for their form."""
    return Problem(422, "validation-failed", "fields do not fit; see `errors`", errors=errors)


def errors_of(error: ValidationError, skip: int = 0) -> list[dict[str, str]]:
    """Each misfit as {pointer (RFC 6901), code, detail}; `skip` leading places are left out."""
    return errors_from(list(error.errors(include_input=False, include_url=False)), skip)


def errors_from(errors: list[Any], skip: int = 0) -> list[dict[str, str]]:
    """The same from pydantic's own list, of which no more are told."""
    return [
        {
            "pointer": pointer(each["loc"][skip:]),
            "code": CODES.get(each["type"], each["type"].replace("_", "-")),
            "detail": _said(each),
        }
        for each in errors[:MOST_ERRORS]
    ]


def _said(error: Any) -> str:
    """Pydantic puts a word of its own before what a ValueError says."""
    return str(error["ctx"]["error"] if error["type"] == "value_error" else error["msg"])
