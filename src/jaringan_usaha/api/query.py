"""What a query may name. A filter that is misspelt must not show everything."""

from collections import Counter

from starlette.requests import Request

from jaringan_usaha.api.json_places import pointer
from jaringan_usaha.api.validation import misfit


def must_fit(request: Request) -> None:
    """Raises Problem 422 for a name that the route does not know, or that stands twice. A strange
    name is not repeated: whatever was pasted into the address may stand there."""
    known = getattr(request.scope.get("route"), "query", None)
    if known is None:
        return
    names = ", ".join(sorted(known))
    told = f"a query here may name: {names}"
    if not known:
        told = "this takes no query"
    asked = Counter(name for name, _ in request.query_params.multi_items())
    errors = [_misnamed("", "unknown-parameter", told)] if asked.keys() - known else []
    repeated = [name for name in sorted(known) if asked[name] > 1]
    errors += [_misnamed(pointer((name,)), "repeated", "say this once") for name in repeated]
    if errors:
        raise misfit(errors)


def _misnamed(at: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": at, "code": code, "detail": detail}
