"""FastAPI routes whose bodies are read by `strict_json`."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from jaringan_usaha.api import strict_json
from jaringan_usaha.api.problems import Problem


class StrictRequest(Request):
    """A request whose JSON is read once, strictly."""

    async def json(self) -> Any:
        if not hasattr(self, "_strict"):
            kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise Problem(415, "unsupported-media-type", "send the body as application/json")
            self._strict = strict_json.loads(await self.body())
        return self._strict


class StrictRoute(APIRoute):
    """The route class of every router in the house."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly
