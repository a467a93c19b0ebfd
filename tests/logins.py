"""A service where people log in, a place for them to do so, and a browser; all over real HTTP."""

import asyncio
import contextlib
import html
import itertools
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import uvicorn
from fastapi import FastAPI

from jaringan_usaha import house
from jaringan_usaha.api.access.issuing import Wanted, issue
from jaringan_usaha.app import create_app
from jaringan_usaha.eventlog.database import WORKER, open_pool
from jaringan_usaha.eventlog.memory import Memory
from jaringan_usaha.follower import Follower
from jaringan_usaha.people.issuer import Issuer
from market import Market
from service import NETWORK, Service, Speaker, settings_for

_keys = itertools.count(1)


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[tuple[socket.socket, str]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.asynccontextmanager
async def serving(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    """Serve an app until the block ends."""
    config = uvicorn.Config(app, log_config=None, lifespan="on", ws="none")
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]  # pytest's
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        assert not running.done(), running.exception()
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await running


@dataclass
class Town:
    """The service with its market, and where its people log in."""

    market: Market
    url: str
    issuer: Issuer
    app: FastAPI

    def browser(self) -> "Browser":
        return Browser(self)

    async def person(self, subject: str, role: str, **other: Any) -> str:
        """Let somebody in, by two operators where it takes two; their id."""
        body = {"subject": subject, "role": role, **other}
        added = await self.market.operator.post("/v1/people", **body)
        assert added.status_code == 201, added.text
        person = added.json()
        if person["state"] == "waiting":
            other_one = await self.market.another_operator()
            done = await other_one.post(f"/v1/people/{person['person_id']}/approve")
            assert done.json()["state"] == "in", done.text
        return str(person["person_id"])


@dataclass
class Browser:
    """Keeps the cookies of the service, and shows them to it alone."""

    town: Town
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: dict[str, Any] = field(default_factory=dict)

    async def go(self, method: str, url: str, **sent: Any) -> httpx2.Response:
        """One request, without following where it leads."""
        at_home = url.startswith(("/", self.town.url))
        headers = dict(sent.pop("headers", {}))
        if at_home and self.cookies:
            headers["cookie"] = "; ".join(f"{name}={at}" for name, at in self.cookies.items())
        target = f"{self.town.url}{url}" if url.startswith("/") else url
        async with httpx2.AsyncClient() as client:
            answer = await client.request(method, target, headers=headers, **sent)
        for line in answer.headers.get_list("set-cookie") if at_home else ():
            for name, morsel in SimpleCookie(line).items():
                self.set_cookies[name] = morsel
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
        return answer

    async def get(self, url: str, **sent: Any) -> httpx2.Response:
        """As from a page of the service, when everything recorded so far is shown."""
        await self.town.market.projector.catch_up(NETWORK)
        return await self.go("GET", url, headers={"sec-fetch-site": "same-origin"}, **sent)

    async def post(self, url: str, **body: Any) -> httpx2.Response:
        """As from a page of the service."""
        headers = {"sec-fetch-site": "same-origin", "origin": self.town.url}
        headers["idempotency-key"] = f"browser-request-{next(_keys):08}"
        headers["if-match"] = "*"
        return await self.go("POST", url, headers=headers, json=body)

    async def chosen(self, person: str, amr: str = "pwd otp") -> str:
        """Begin to log in, choose a person; the address with the code to come back to."""
        begun = await self.go("GET", "/auth/login")
        assert begun.status_code == 302, begun.text
        page = await self.go("GET", begun.headers["location"])
        assert "Ani" in page.text
        where = f"{begun.headers['location']}&person={person}&amr={amr.replace(' ', '+')}"
        chosen = await self.go("GET", where)
        assert chosen.status_code == 302, chosen.text
        return str(chosen.headers["location"])

    async def log_in(self, person: str, amr: str = "pwd otp") -> httpx2.Response:
        """The whole way."""
        return await self.go("GET", await self.chosen(person, amr))


def home_of(answer: httpx2.Response) -> str:
    """Where a page leads on to by itself: unlike after a redirect, our own page asks then."""
    assert answer.status_code == 200, answer.text
    led = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
    assert led, answer.text
    return html.unescape(led[1])


def query_of(url: str) -> dict[str, str]:
    return {name: each[0] for name, each in parse_qs(urlsplit(url).query).items()}


@contextlib.asynccontextmanager
async def town_on(database: str, **settings: Any) -> AsyncIterator[Town]:
    """Everything, on this database."""
    async with listening() as (door, url), listening() as (gate, issuer_url):
        app = create_app(
            settings_for(
                database, rate_factor=0, public_url=url, oidc_issuer=issuer_url, **settings
            )
        )
        async with serving(app, door):
            opened = app.state.door
            opened.clock.set_from = lambda _: None
            issuer = Issuer(issuer_url, opened.clock.now)
            async with (
                serving(issuer.app(), gate),
                httpx2.AsyncClient(base_url=url) as client,
            ):
                worker = await open_pool(database, most=4, role=WORKER)
                follower = Follower(worker, await house.type_ids(worker), Memory(1_000))
                key = await issue(opened.write_pool, opened.clock, NETWORK, Wanted("operator"))
                operator = Speaker(client, follower.projector, key)
                market = Market(Service(client, opened, operator), database, follower, worker)
                yield Town(market, url, issuer, app)
                await worker.close()
