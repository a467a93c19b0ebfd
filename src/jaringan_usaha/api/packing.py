"""Answers packed for whoever takes them so."""

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware, IdentityResponder
from starlette.types import Receive, Scope, Send

from jaringan_usaha.api.preferences import takes_gzip


class Packing(GZipMiddleware):
    """Starlette's looks for the word `gzip` alone, and would pack for who says `gzip;q=0`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not takes_gzip(
            Headers(scope=scope).get("accept-encoding", "")
        ):
            await IdentityResponder(self.app, self.minimum_size)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
