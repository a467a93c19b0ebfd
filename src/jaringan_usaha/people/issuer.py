"""A place to log in for trying things out: made-up people, no passwords, this computer only."""

import base64
import hashlib
import html
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from jaringan_usaha.people.provider import LOOPBACK

TOKEN_SECONDS = 300
PEOPLE: Mapping[str, str] = {
    "ani": "Ani, operator",
    "budi": "Budi, operator",
    "citra": "Citra, auditor",
    "dewi": "Dewi, pengurus",
    "eko": "Eko, pengawas",
    "fajar": "Fajar, dinas kota",
    "gita": "Gita, pemasok",
}
"""By subject; who of them may do what is for the service to know."""


class NotHere(ValueError):
    """This is no place where anybody may log in without a password."""


@dataclass
class Issuer:
    """An OpenID provider at a loopback `url`, for one client without a secret.

    Raises NotHere for any other host.
    """

    url: str
    now: Callable[[], datetime]
    client_id: str = "jaringan"
    key: ECKey = field(default_factory=lambda: new_key())
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if urlsplit(self.url).hostname not in LOOPBACK:
            raise NotHere(f"{self.url} is not on this computer: only 127.0.0.1 may let people in")

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discover),
                Route("/jwks", self._jwks),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    def id_token(self, claims: dict[str, Any]) -> str:
        """Sign what is said of a person."""
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

    async def _discover(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def _jwks(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        """A page to choose a person on; the choice leads back with a code."""
        query = dict(request.query_params)
        back = query.get("redirect_uri", "")
        fits = (
            query.get("client_id") == self.client_id
            and query.get("response_type") == "code"
            and query.get("code_challenge_method") == "S256"
            and urlsplit(back).hostname in LOOPBACK
        )
        if not fits:
            return HTMLResponse("This login does not fit.", 400)
        person = query.get("person")
        if person is None:
            return HTMLResponse(self._page(query))
        code = secrets.token_urlsafe(32)
        self._codes[code] = query
        told = urlencode({"code": code, "state": query.get("state", ""), "iss": self.url})
        return RedirectResponse(f"{back}?{told}", 302)

    def _page(self, query: dict[str, str]) -> str:
        choices = "".join(
            f"<li>{html.escape(name)}: {self._choice(query, person, 'pwd otp', 'two factors')}, "
            f"{self._choice(query, person, 'pwd', 'one')}</li>"
            for person, name in PEOPLE.items()
        )
        title = "<!doctype html><html lang=en><title>Log in</title><h1>Who are you?</h1>"
        return f"{title}<p>Made-up people, for trying things out.<ul>{choices}</ul></html>"

    @staticmethod
    def _choice(query: dict[str, str], person: str, amr: str, text: str) -> str:
        chosen = urlencode({**query, "person": person, "amr": amr})
        return f'<a href="/authorize?{html.escape(chosen)}">{text}</a>'

    async def _token(self, request: Request) -> Response:
        """A code is good once, for who holds the verifier of its challenge."""
        sent = {name: each[0] for name, each in parse_qs((await request.body()).decode()).items()}
        asked = self._codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or challenge != asked.get("code_challenge")
            or sent.get("redirect_uri") != asked["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(self.now().timestamp())
        claims = {
            "iss": self.url,
            "aud": self.client_id,
            "sub": asked["person"],
            "nonce": asked.get("nonce", ""),
            "amr": asked.get("amr", "pwd").split(),
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
        return JSONResponse(
            {
                "access_token": secrets.token_urlsafe(16),
                "token_type": "Bearer",
                "id_token": self.id_token(claims),
            }
        )


def new_key() -> ECKey:
    """A signing key of its own for each run."""
    return ECKey.generate_key("P-256", {"kid": secrets.token_hex(8)})
