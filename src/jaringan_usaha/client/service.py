"""A client that sends again until it has an answer; sending twice is always safe."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

import httpx2
import msgspec

TRIES = 10
TIMEOUT_SECONDS = 60.0
MOST_PAUSE_SECONDS = 5.0
AGAIN = {425, 429, 500, 502, 503, 504}  # not recorded, or nobody knows: the same once more

JSON = {"Content-Type": "application/json"}
BYTES = {"Content-Type": "application/octet-stream"}

Query = str | int


class ServiceProblem(RuntimeError):
    """The service said no, or could not be reached at all; the sentence says which."""

    def __init__(self, detail: str, status: int = 0, code: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class Service:
    """One connection to a service under one key, for one caller at a time or a few."""

    def __init__(self, base_url: str, key: str) -> None:
        self._http = httpx2.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )
        self.retries = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Query) -> Any:
        """The answer to a GET. Raises ServiceProblem."""
        return _content(await self._ask("GET", path, query=query))

    async def pages(self, path: str, **query: Query) -> AsyncIterator[list[dict[str, Any]]]:
        """The items of a listing, a page at a time."""
        page = await self.get(path, **query)
        yield page["items"]
        while page["next"] is not None:
            page = await self.get(page["next"])
            yield page["items"]

    async def put(self, path: str, body: object, **query: Query) -> Any:
        """Make the thing that the path names. Raises ServiceProblem."""
        return _content(await self._ask("PUT", path, msgspec.json.encode(body), JSON, query))

    async def put_file(
        self,
        path: str,
        content: bytes,
        media_type: str = "application/octet-stream",
        **query: Query,
    ) -> Any:
        """Send a file as it is. Raises ServiceProblem."""
        headers = {"Content-Type": media_type}
        return _content(await self._ask("PUT", path, content, headers, query))

    async def post(
        self, path: str, body: object, *, key: str, if_match: str = "*", **query: Query
    ) -> Any:
        """Ask for something under an idempotency key; `if_match` is the ETag of what is to be
        changed, as it was seen, `*` for whatever it is now. Raises ServiceProblem."""
        headers = {**JSON, "Idempotency-Key": key, "If-Match": if_match}
        return _content(await self._ask("POST", path, msgspec.json.encode(body), headers, query))

    async def _ask(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Query] | None = None,
    ) -> httpx2.Response:
        problem = ServiceProblem(f"no answer from {self._http.base_url}")
        for tried in range(TRIES):
            try:
                response = await self._http.request(
                    method, path, params=query or None, content=content, headers=headers
                )
            except httpx2.TransportError as error:
                problem = ServiceProblem(f"no answer from {self._http.base_url}: {error}")
                await self._pause(tried)
                continue
            if response.is_success:
                return response
            problem = _problem(response)
            if response.status_code not in AGAIN:
                break
            await self._pause(tried, response.headers.get("Retry-After", ""))
        raise problem

    async def _pause(self, tried: int, asked_for: str = "") -> None:
        self.retries += 1
        seconds = float(asked_for) if asked_for.isdecimal() else 0.05 * 2**tried
        await asyncio.sleep(min(seconds, MOST_PAUSE_SECONDS))


def _content(response: httpx2.Response) -> Any:
    return msgspec.json.decode(response.content)


def _problem(response: httpx2.Response) -> ServiceProblem:
    try:
        found = msgspec.json.decode(response.content)
        detail, code = str(found["detail"]), str(found["code"])
    except (msgspec.DecodeError, KeyError, TypeError):
        detail, code = response.reason_phrase, ""
    return ServiceProblem(
        f"{response.request.method} {response.request.url.path}: {detail}",
        response.status_code,
        code,
    )
