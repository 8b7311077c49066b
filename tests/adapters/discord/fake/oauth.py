"""Signing in elsewhere with Discord: the page that asks a person, the codes it gives, and the tokens for them.

As RFC 6749 and 7636 have it and Discord's metadata say: a code is good once, soon, for one application, one redirect
address and the challenge that came with it. A test says who sits at the browser.
"""

from __future__ import annotations

import hashlib
import html
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from tests.adapters.discord.fake.refusals import Json, Refused, unauthorized
from tests.adapters.discord.fake.world import User, World

CODE_SECONDS = 600
TOKEN_SECONDS = 604_800
ASKED = frozenset(
    {
        "response_type",
        "client_id",
        "scope",
        "redirect_uri",
        "state",
        "prompt",
        "code_challenge",
        "code_challenge_method",
    }
)
PAGE = """<!doctype html><html lang="en"><title>Discord</title><link rel="icon" href="data:,">
<main><h1>{application} wants to know who you are</h1>
<p>Signed in as {person}</p><form method="post"><button name="answer" value="yes">Authorize</button>
<button name="answer" value="no">Cancel</button></form></main></html>"""


class OAuthRefused(Refused):
    """An error of the token endpoint, in the form of OAuth."""

    @property
    def body(self) -> Json:
        """As RFC 6749, section 5.2, has it."""
        return {"error": self.sentence, **self.extra}


@dataclass(frozen=True)
class Code:
    """What a code was given for."""

    user: User
    client_id: str
    redirect_uri: str
    challenge: str
    at: float


class OAuth:
    """`redirects` and `secret` are the application's; `person` sits at the browser, and `asked` is what came last."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.secret = "the-client-secret"
        self.redirects: list[str] = []
        self.person: User | None = None
        self.asked: dict[str, str] = {}
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, User] = {}

    def routes(self) -> list[web.RouteDef]:
        """The page, outside of the REST interface."""
        return [web.get("/oauth2/authorize", self._page), web.post("/oauth2/authorize", self._answered)]

    async def token(self, request: web.Request) -> Json:
        """POST /oauth2/token."""
        if request.content_type != "application/x-www-form-urlencoded":
            raise _no("invalid_request", 'Content-Type must be "application/x-www-form-urlencoded"')
        form = dict(parse_qsl(await request.text()))
        if (form.get("client_id"), form.get("client_secret")) != (str(self.world.application_id), self.secret):
            raise OAuthRefused(401, 0, "invalid_client")
        if form.get("grant_type") != "authorization_code":
            raise _no("unsupported_grant_type", f"Grant type {form.get('grant_type')} is not supported")
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or self.world.clock.now() - code.at > CODE_SECONDS:
            raise _no("invalid_grant", 'Invalid "code" in request.')
        if code.redirect_uri != form.get("redirect_uri"):
            raise _no("invalid_grant", 'Invalid "redirect_uri" in request.')
        if code.challenge != challenge_of(form.get("code_verifier", "")):
            raise _no("invalid_grant", 'Invalid "code_verifier" in request.')
        token = secrets.token_urlsafe(22)
        self.tokens[token] = code.user
        return {
            "token_type": "Bearer",
            "access_token": token,
            "expires_in": TOKEN_SECONDS,
            "refresh_token": secrets.token_urlsafe(22),
            "scope": "identify",
        }

    def person_of(self, request: web.Request) -> User:
        """Whose access token a request has."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            raise unauthorized()
        return self.tokens[token]

    def grant(self, asked: dict[str, str], person: User) -> str:
        """Where the browser goes once the person has agreed."""
        code = secrets.token_urlsafe(22)
        self.codes[code] = Code(
            person, asked["client_id"], asked["redirect_uri"], asked["code_challenge"], self.world.clock.now()
        )
        return _back(asked, code=code)

    def deny(self, asked: dict[str, str]) -> str:
        """Where it goes if not."""
        sentence = "The resource owner or authorization server denied the request"
        return _back(asked, error="access_denied", error_description=sentence)

    async def _page(self, request: web.Request) -> web.Response:
        self.asked = dict(request.query)
        if wrong := self._wrong(self.asked):
            self.world.complain(f"the page of Discord was asked wrongly: {wrong}")
            return web.Response(status=400, text=wrong)
        name = html.escape(self.person.name if self.person else "nobody")
        text = PAGE.format(application=html.escape(self.world.bot.name), person=name)
        return web.Response(text=text, content_type="text/html")

    async def _answered(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        if self._wrong(asked) or self.person is None:
            return web.Response(status=400)
        agrees = (await request.post()).get("answer") == "yes"
        return web.Response(
            status=302, headers={"Location": self.grant(asked, self.person) if agrees else self.deny(asked)}
        )

    def _wrong(self, asked: dict[str, str]) -> str | None:
        if asked.get("client_id") != str(self.world.application_id):
            return "Unknown Application"
        if asked.get("redirect_uri") not in self.redirects:
            return "Invalid OAuth2 redirect_uri"
        if asked.get("response_type") != "code" or asked.get("scope") != "identify" or set(asked) - ASKED:
            return "The requested scope or response is invalid, unknown, or malformed."
        if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
            return "The challenge is none of PKCE."
        return None if len(asked.get("state", "")) >= 22 else "There is no state that nobody guesses."


def challenge_of(verifier: str) -> str:
    """S256 of RFC 7636."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _back(asked: dict[str, str], **more: str) -> str:
    return f"{asked['redirect_uri']}?{urlencode({**more, 'state': asked['state'], 'iss': 'https://discord.com'})}"


def _no(error: str, sentence: str) -> OAuthRefused:
    return OAuthRefused(400, 0, error, extra={"error_description": sentence})
