"""The OpenID provider: where people log in, and what it says of who came back."""

import hmac
import json
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact
from joserfc.jwt import JWTClaimsRegistry

from jaringan_usaha.api.problems import Problem

ALGORITHMS = ("RS256", "ES256", "EdDSA", "Ed25519")
"""Signatures only the provider can make; never `none`, and no secret that both sides have."""
LEEWAY_SECONDS = 60
FETCH_SECONDS = 5.0
MOST_BYTES = 256 << 10
KEEP_SECONDS = 3_600.0
REFETCH_SECONDS = 60.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")

KNOWN = frozenset(("pwd", "pin", "kba"))
HELD = frozenset(("otp", "hwk", "swk", "sc", "sms", "tel", "pop", "fpt", "face", "iris", "vbm"))
"""What `amr` may tell (RFC 8176): something known; something held, or that the person is."""


@dataclass(frozen=True, slots=True)
class Login:
    """A login that was begun: what only this browser and we know of it."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who logged in, as the provider calls them, and how surely."""

    subject: str
    second_factor: bool


class Provider:
    """One provider, its documents fetched when needed and kept for an hour."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        redirect_uri: str,
        now: Callable[[], datetime],
        strong_acr: frozenset[str] = frozenset(),
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._now = now
        self._strong_acr = strong_acr
        self._metadata: tuple[dict[str, Any], float] | None = None
        self._keys: tuple[KeySet, float] | None = None

    async def login_url(self, login: Login) -> str:
        """Where the browser is sent to log in. Raises Problem 503."""
        endpoint = await self._endpoint("authorization_endpoint")
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                endpoint, state=login.state, code_verifier=login.verifier, nonce=login.nonce
            )
        return str(url)

    async def identity(self, code: str, login: Login) -> Identity:
        """Who came back with this code. Raises Problem 400 and 503."""
        endpoint = await self._endpoint("token_endpoint")
        try:
            async with self._client() as client:
                token = await client.fetch_token(
                    endpoint,
                    code=code,
                    code_verifier=login.verifier,
                    grant_type="authorization_code",
                )
        except OAuthError:
            raise not_logged_in() from None
        except (httpx2.HTTPError, ValueError):
            raise _unreachable() from None
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise not_logged_in()
        return await self._checked(id_token, login.nonce)

    async def _checked(self, id_token: str, nonce: str) -> Identity:
        expected: dict[str, Any] = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._client_id},
            "exp": {"essential": True},
            "iat": {"essential": True},
            "sub": {"essential": True},
        }
        registry = JWTClaimsRegistry(
            now=int(self._now().timestamp()), leeway=LEEWAY_SECONDS, **expected
        )
        try:
            keys = await self._keys_for(extract_compact(id_token.encode()).headers().get("kid"))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)  # EdDSA has a newer name
                claims = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError):
            raise not_logged_in() from None
        ours = hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode())
        if not ours or claims.get("azp", self._client_id) != self._client_id:
            raise not_logged_in()
        return Identity(claims["sub"], self._is_sure(claims))

    def _is_sure(self, claims: Mapping[str, Any]) -> bool:
        told = claims.get("amr")
        amr = {each for each in told if isinstance(each, str)} if isinstance(told, list) else set()
        two = not amr.isdisjoint(KNOWN) and not amr.isdisjoint(HELD)
        return "mfa" in amr or two or claims.get("acr") in self._strong_acr

    async def _keys_for(self, kid: str | None) -> KeySet:
        """The provider's keys; once more, at most once a minute, for one that is new."""
        now = time.monotonic()
        if self._keys is not None:
            keys, since = self._keys
            known = kid is None or any(key.kid == kid for key in keys.keys)
            if now - since < (KEEP_SECONDS if known else REFETCH_SECONDS):
                return keys
        document = await self._fetch(await self._endpoint("jwks_uri"))
        keys = KeySet.import_key_set(document)  # type: ignore[arg-type]  # checked by it
        self._keys = keys, now
        return keys

    async def _endpoint(self, name: str) -> str:
        """Raises Problem 503."""
        now = time.monotonic()
        if self._metadata is None or now - self._metadata[1] >= KEEP_SECONDS:
            url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            document = await self._fetch(url)
            if document.get("issuer") != self.issuer:
                raise _unreachable()
            self._metadata = document, now
        endpoint = self._metadata[0].get(name)
        if not isinstance(endpoint, str) or not is_safe(endpoint):
            raise _unreachable()
        return endpoint

    async def _fetch(self, url: str) -> dict[str, Any]:
        """Raises Problem 503."""
        try:
            document = json.loads(await _read(url)) if is_safe(url) else None
        except (httpx2.HTTPError, ValueError):
            document = None
        if not isinstance(document, dict):
            raise _unreachable()
        return document

    def _client(self) -> Any:
        return AsyncOAuth2Client(
            self._client_id,
            self._client_secret,
            token_endpoint_auth_method="client_secret_basic" if self._client_secret else "none",
            scope="openid",
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=FETCH_SECONDS,
            trust_env=False,
        )


async def _read(url: str) -> bytes:
    """At most MOST_BYTES, which then are no whole document. Raises httpx2.HTTPError."""
    body = b""
    async with (
        httpx2.AsyncClient(timeout=FETCH_SECONDS, trust_env=False) as client,
        client.stream("GET", url) as answer,
    ):
        answer.raise_for_status()
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                break
    return body[:MOST_BYTES]


def is_safe(url: str) -> bool:
    """Whether nobody on the way can read or change what is sent there."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def not_logged_in() -> Problem:
    """The same sentence whatever was wrong: who tries tokens learns nothing from it."""
    return Problem(
        400,
        "login-failed",
        "this login does not hold, was used before or took too long: begin again at /auth/login",
    )


def _unreachable() -> Problem:
    return Problem(
        503,
        "login-unavailable",
        "where people log in does not answer as it should; try again shortly",
        headers={"Retry-After": "5"},
    )
