"""Routes that stand apart from the framework's parsing, and are known like its own all the same."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import Request, Response
from starlette.routing import Match, Route
from starlette.types import Scope


class LeanRoute(Route):
    """A route whose endpoint reads its request itself. Made like one of the framework's, also with
    `**deprecated(…)`; the log, the contract and who counts old routes find it in the scope."""

    def __init__(
        self,
        method: str,
        path: str,
        endpoint: Callable[[Request], Awaitable[Response]],
        *,
        operation_id: str,
        query: frozenset[str] = frozenset(),
        deprecated: bool = False,
        openapi_extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.method = method.lower()
        self.operation_id = operation_id
        self.query = query
        self.deprecated = deprecated
        self.openapi_extra = openapi_extra or {}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        if match != Match.NONE:
            found["route"] = self
        return match, found

    def operation(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """As the contract has it, with what its parameters, bodies and answers are told to be."""
        going = {"deprecated": True, **self.openapi_extra} if self.deprecated else {}
        return {"operationId": self.operation_id, **told, **going}
