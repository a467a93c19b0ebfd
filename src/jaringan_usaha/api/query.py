"""What a query may name. A filter that is misspelt must not show everything."""

from collections import Counter

from starlette.requests import Request

from jaringan_usaha.api.json_places import pointer
from jaringan_usaha.api.problems import MOST_ERRORS
from jaringan_usaha.api.validation import misfit


def must_fit(request: Request) -> None:
    """Raises Problem 422 for a name that the route does not know, or that stands twice."""
    known = getattr(request.scope.get("route"), "query", None)
    if known is None:
        return
    names = ", ".join(sorted(known))
    told = f"a query here may name: {names}"
    if not known:
        told = "this takes no query"
    asked = Counter(name for name, _ in request.query_params.multi_items())
    errors = [_misnamed(name, "unknown-parameter", told) for name in asked if name not in known]
    errors += [
        _misnamed(name, "repeated", "say this once") for name, times in asked.items() if times > 1
    ]
    if errors:
        raise misfit(errors[:MOST_ERRORS])


def _misnamed(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer((name,)), "code": code, "detail": detail}
