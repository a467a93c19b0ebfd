"""Logging in and out over HTTP, and who one is."""

import base64
import hmac
import html
import secrets
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import admit
from jaringan_usaha.api.access.keys import COOKIE
from jaringan_usaha.api.access.sessions import LIFE
from jaringan_usaha.api.access.vault import Sealed
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.door import Door, DoorNow
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.people import people
from jaringan_usaha.people.provider import Login, Provider, not_logged_in

router = APIRouter(route_class=StrictRoute, tags=["people"])

LOGIN_COOKIE = "__Host-ju-login"
LOGIN_SECONDS = 600
PLACE = f"cookie/{LOGIN_COOKIE}"

Path = Annotated[
    str,
    Query(
        alias="next",
        max_length=512,
        pattern=r"^/([A-Za-z0-9._~-][A-Za-z0-9._~/?=&%-]*)?$",
        description="a path of this service to come back to",
    ),
]
Told = Annotated[str, Query(max_length=2_048)]

_HOME = """<!doctype html>
<html lang="id">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={path}">
<title>Jaringan Usaha</title>
<p><a href="{path}">Lanjutkan</a> <a lang="en" href="{path}">Go on</a></p>
</html>
"""
"""After a redirect the browser would still say that the provider's page, another site's, asked for
`path`, and a session opens nothing to other sites; after this page it is one of ours that asks."""


_NOT_TOLD_ON = {"Referrer-Policy": "no-referrer"}
"""The address of that page has the code in it."""


class Begun(msgspec.Struct, frozen=True):
    """A login under way; the browser keeps it, sealed."""

    login: Login
    path: str
    until: datetime


class MeView(BaseModel):
    """Who one is here, by key or by session."""

    role: str
    koperasi_id: str | None
    supplier_id: str | None
    device_id: str | None
    scopes: list[str] = Field(max_length=100, description="none: all that the role may")
    recorded_as: str = Field(description="the name under which the log remembers one's commands")
    may_approve: bool = Field(description="as the second person, where two are needed")
    second_factor: bool


@router.get("/auth/login", include_in_schema=False)
async def login(request: Request, door: DoorNow, path: Path = "/v1/me") -> Response:
    """Send the browser to where people log in."""
    provider = provider_of(request)
    begun = Begun(
        Login(*(secrets.token_urlsafe(32) for _ in range(3))),
        path,
        door.clock.now() + timedelta(seconds=LOGIN_SECONDS),
    )
    response = RedirectResponse(await provider.login_url(begun.login), 302)
    sealed = door.vault.seal(msgspec.json.encode(begun), PLACE)
    _set(response, LOGIN_COOKIE, base64.urlsafe_b64encode(sealed).decode(), LOGIN_SECONDS)
    return response


@router.get("/auth/callback", include_in_schema=False)
async def callback(
    request: Request,
    door: DoorNow,
    state: Told = "",
    code: Told = "",
    iss: Told = "",
) -> Response:
    """Where the browser comes back with a code; begins a session of eight hours, and leads home."""
    provider = provider_of(request)
    address = request.client.host if request.client else ""
    door.limits.may_knock(address)
    try:
        begun = _begun(door, request.cookies.get(LOGIN_COOKIE, ""))
        ours = hmac.compare_digest(state.encode(), begun.login.state.encode())
        if not ours or not code or iss not in ("", provider.issuer):
            raise not_logged_in()
        who = await provider.identity(code, begun.login)
    except Problem:
        door.limits.knocked_in_vain(address)
        raise
    with answering():
        secret = await people.begin_session(
            door.write_pool,
            door.clock,
            provider.issuer,
            who.subject,
            second_factor=who.second_factor,
        )
    response = HTMLResponse(_HOME.format(path=html.escape(begun.path)), headers=_NOT_TOLD_ON)
    _set(response, LOGIN_COOKIE, "", 0)
    _set(response, COOKIE, secret, int(LIFE.total_seconds()))
    return response


@router.post("/auth/logout", operation_id="logout", status_code=204)
async def logout(request: Request, response: Response, door: DoorNow) -> None:
    """End the session of this browser. Safe to repeat."""
    secret = request.cookies.get(COOKIE)
    if secret is None:
        return
    door.sessions.must_be_ours(request)
    with answering():
        await people.end_session(door.write_pool, door.clock, secret)
    door.sessions.forget_secret(secret)
    _set(response, COOKIE, "", 0)


@router.get("/v1/me", operation_id="getMe")
async def me(request: Request, door: DoorNow) -> MeView:
    """Whom the key or the session speaks for."""
    caller = await admit(door, request, area="")
    return MeView(
        role=caller.role,
        koperasi_id=caller.koperasi_id,
        supplier_id=caller.supplier_id,
        device_id=caller.device_id,
        scopes=sorted(caller.scopes),
        recorded_as=caller.who,
        may_approve=caller.role == "operator" or caller.supervises,
        second_factor=caller.has_second_factor,
    )


def provider_of(request: Request) -> Provider:
    """Raises Problem 404 where nobody logs in."""
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise Problem(404, "not-found", "people do not log in here; use an API key")
    return provider


def _begun(door: Door, cookie: str) -> Begun:
    """The login that this browser has begun. Raises Problem 400."""
    try:
        sealed = base64.urlsafe_b64decode(cookie)
        begun = msgspec.json.decode(door.vault.open(sealed, PLACE), type=Begun)
    except (ValueError, Sealed, msgspec.DecodeError):
        raise not_logged_in() from None
    if begun.until <= door.clock.now():
        raise not_logged_in()
    return begun


def _set(response: Response, name: str, value: str, seconds: int) -> None:
    """A cookie for this host alone, over TLS alone, out of reach of scripts."""
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax"
    )
