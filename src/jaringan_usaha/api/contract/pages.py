"""The contract over HTTP, at /openapi.json for programs and at /docs for people: made when it is
first asked for, and kept as the bytes that leave."""

import gzip
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from jaringan_usaha.api.access.admission import admit
from jaringan_usaha.api.contract import reference
from jaringan_usaha.api.door import door_of
from jaringan_usaha.api.preferences import takes_gzip
from jaringan_usaha.api.versions import unless_known

Json = Mapping[str, Any]

FORMS: dict[str, Callable[[Json], Response]] = {
    "/openapi.json": JSONResponse,
    "/docs": lambda document: HTMLResponse(reference.page(document)),
}


PACKED = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
"""What the middleware adds where it does the packing itself."""


class _Kept(NamedTuple):
    """What leaves, as it is and packed."""

    plain: bytes
    packed: bytes
    headers: Mapping[str, str]


class ContractPages:
    """Where others can reach the service at `public_url`, they are for callers alone."""

    def __init__(self, public_url: str) -> None:
        self._for_all = urlsplit(public_url).hostname in ("127.0.0.1", "::1", "localhost")
        self._kept: dict[str, _Kept] = {}
        self.routes = [Route(path, self.show) for path in FORMS]

    async def show(self, request: Request) -> Response:
        if not self._for_all:
            await admit(door_of(request), request, area="")
        path = request.url.path
        if path not in self._kept:
            self._kept[path] = _kept(FORMS[path](request.app.openapi()))
        plain, packed, headers = self._kept[path]
        answer = unless_known(request, Response(plain, headers=headers))
        packs = takes_gzip(request.headers.get("accept-encoding", ""))
        if answer.status_code != 200 or not packs:
            return answer
        return Response(packed, headers={**headers, **PACKED})


def _kept(made: Response) -> _Kept:
    headers = {
        "Content-Type": made.headers["content-type"],
        "ETag": f'".{blake2b(made.body, digest_size=8).hexdigest()}"',
    }
    return _Kept(bytes(made.body), gzip.compress(made.body), headers)
