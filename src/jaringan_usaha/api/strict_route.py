"""FastAPI routes whose bodies are read by `strict_json`, and whose answers have a tag."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import cached_property
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from jaringan_usaha.api import strict_json
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.versions import unless_known


class StrictRequest(Request):
    """A request whose JSON is read once, strictly."""

    async def json(self) -> Any:
        if not hasattr(self, "_strict"):
            self._strict = await read_json(self)
        return self._strict


async def read_json(request: Request) -> Any:
    """The parsed body. Raises Problem 400, 413 and 415."""
    must_be(request, "application/json")
    must_be_plain(request)
    return strict_json.loads(await request.body())


async def read_json_once(request: Request) -> Any:
    """As `read_json`, for a body that nobody reads again: nearly all come in one piece, for which
    the framework's stream is a detour. Raises ClientDisconnect too."""
    must_be(request, "application/json")
    must_be_plain(request)
    parts: list[bytes] = []
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return strict_json.loads(parts[0] if len(parts) == 1 else b"".join(parts))


def must_be(request: Request, *media_types: str) -> None:
    """Raises Problem 415 for a body of another type."""
    sent_as = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent_as not in media_types:
        raise Problem(415, "unsupported-media-type", f"send the body as {media_types[0]}")


def must_be_plain(request: Request) -> None:
    """Raises Problem 415 for a packed body."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(
            415, "unsupported-media-type", "send the body as it is; only a sync may be packed"
        )


def before_it_leaves(request: Request, do: Callable[[], Awaitable[None]]) -> None:
    """What is to be done once the answer to a GET is made and certain to leave: it does not where
    the caller has it already, and hears 304."""
    request.scope["before_it_leaves"] = do


def _query_of(dependant: Dependant) -> Iterator[str]:
    yield from (each.alias for each in dependant.query_params)
    for each in dependant.dependencies:
        yield from _query_of(each)


class StrictRoute(APIRoute):
    """The route class of every router in the house."""

    @cached_property
    def query(self) -> frozenset[str]:
        """What a query may name."""
        return frozenset(_query_of(self.dependant))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            if self.body_field is not None:
                await strict.json()  # the framework would take a refusal for an error of its own
            response = await handle(strict)
            if request.method != "GET":
                return response
            answer = unless_known(request, response)
            if answer is response and "before_it_leaves" in request.scope:
                await request.scope["before_it_leaves"]()
            return answer

        return handle_strictly
