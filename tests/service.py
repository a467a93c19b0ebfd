"""Speaking to the whole service in process, as its operator or as a koperasi."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from jaringan_usaha.api.access.issuing import Wanted, issue
from jaringan_usaha.api.door import Door
from jaringan_usaha.eventlog.projector import Projector
from jaringan_usaha.settings import Settings

NETWORK = 1
MASTER_KEY = Path(__file__).with_name("master.key")
"""Of tests alone."""

_keys = itertools.count(1)


def settings_for(url: str, **more: Any) -> Settings:
    """What a service on this database goes by."""
    return Settings(database_url=url, master_key_file=MASTER_KEY, **more)


@dataclass
class Speaker:
    """A client with an API key; every write gets a fresh idempotency key, and every POST means
    what it changes as it is now."""

    client: httpx2.AsyncClient
    projector: Projector
    key: str

    async def put(self, path: str, **body: Any) -> httpx2.Response:
        return await self.client.put(path, json=body, headers=self._headers())

    async def post(self, path: str, **body: Any) -> httpx2.Response:
        key = f"test-request-{next(_keys):08}"
        headers = {**self._headers(), "idempotency-key": key, "if-match": "*"}
        return await self.client.post(path, json=body, headers=headers)

    async def get(self, path: str, **query: str | int) -> httpx2.Response:
        """Ask when everything recorded so far is shown."""
        await self.projector.catch_up(NETWORK)
        return await self.client.get(path, params=query or None, headers=self._headers())

    async def pages(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        """All pages of a list, as `next` leads from one to the other."""
        pages = [(await self.get(path, **query)).json()]
        while pages[-1]["next"] is not None:
            pages.append((await self.get(pages[-1]["next"])).json())
        return pages

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}


@dataclass
class Service:
    """The service with its operator; a koperasi gets its key when it is asked for."""

    client: httpx2.AsyncClient
    door: Door
    operator: Speaker

    async def new_operator(self) -> str:
        return await issue(self.door.write_pool, self.door.clock, NETWORK, Wanted("operator"))

    async def koperasi(self, koperasi_id: str) -> Speaker:
        key = await issue(
            self.door.write_pool, self.door.clock, NETWORK, Wanted("koperasi", koperasi_id)
        )
        return Speaker(self.client, self.operator.projector, key)


def cursor_of(link: str) -> str:
    """The cursor in a link to another page."""
    return parse_qs(urlsplit(link).query)["cursor"][0]


def assert_refused(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """A problem document with this status and code; returns its members."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    return problem
