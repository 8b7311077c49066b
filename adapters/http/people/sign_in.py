"""Signing in with Discord: OAuth 2.0's code grant (RFC 6749) with PKCE (RFC 7636), for who somebody is and no more.

The access token that Discord gives is used once, for that, and kept nowhere.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from adapters.http.people.discord_api import DiscordApi, DiscordRefused, DiscordUnreachable
from adapters.http.people.rights import Rights
from adapters.http.people.under_way import Begun, SignInsUnderWay

SCOPE = "identify"
CALLBACK = "/v1/session/discord/callback"
MAX_CODE_CHARS, MAX_NAME_CHARS, MAX_ID_CHARS = 512, 64, 20


class Outcome(StrEnum):
    """How a sign-in that came to nothing ended; the page has a sentence for each."""

    DENIED = "denied"
    EXPIRED = "expired"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    STRANGER = "stranger"
    FAILED = "failed"


class SignInFailed(Exception):
    """Nobody is signed in by this. `why` is for the log."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


class Application(NamedTuple):
    """As it is registered at Discord; `public_url` is where the page is for a browser."""

    client_id: int
    client_secret: str
    public_url: str

    @property
    def redirect_uri(self) -> str:
        """Where Discord sends the browser back; it has to be registered there, letter by letter."""
        return self.public_url + CALLBACK


class Person(NamedTuple):
    """Somebody whom Discord knows. `id` is how the bot names them in the log."""

    id: str
    name: str


class DiscordSignIn:
    """For one service and one application."""

    def __init__(self, application: Application, api: DiscordApi, rights: Rights) -> None:
        self.application = application
        self.rights = rights
        self._api = api
        self._under_way = SignInsUnderWay()

    def begin(self, address: str) -> tuple[str, Begun]:
        """Where the browser is to go, and what was begun with that."""
        begun = self._under_way.begin(address)
        asked = {
            "response_type": "code",
            "client_id": str(self.application.client_id),
            "scope": SCOPE,
            "redirect_uri": self.application.redirect_uri,
            "state": begun.state,
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
        }
        parts = urlsplit(self._api.base)
        return f"{parts.scheme}://{parts.netloc}/oauth2/authorize?{urlencode(asked)}", begun

    async def finish(self, *, state: str, code: str, error: str, binder: str | None) -> Person:
        """Who it is that comes back from Discord. Raises SignInFailed."""
        verifier = self._under_way.finish(state, binder)
        if verifier is None:
            raise SignInFailed(Outcome.EXPIRED, "no sign-in of this browser is under way")
        if error:
            denied = error == "access_denied"
            raise SignInFailed(Outcome.DENIED if denied else Outcome.REFUSED, "denied" if denied else "an error")
        if not 0 < len(code) <= MAX_CODE_CHARS:
            raise SignInFailed(Outcome.FAILED, "no code")
        try:
            return await self._person(code, verifier)
        except DiscordUnreachable as fault:
            raise SignInFailed(Outcome.UNREACHABLE, str(fault)) from None
        except DiscordRefused as fault:
            raise SignInFailed(Outcome.REFUSED, str(fault)) from None

    async def manages(self, person: Person, *, is_known: bool) -> bool:
        """Whether a person may do everything. Raises SignInFailed, for one who has no business here too."""
        try:
            manages = await self.rights.manages(person.id)
            if not manages and not is_known and not await self.rights.shares_a_server(person.id):
                raise SignInFailed(Outcome.STRANGER, "in no server of the bot")
        except DiscordUnreachable as fault:
            raise SignInFailed(Outcome.UNREACHABLE, str(fault)) from None
        return manages

    async def _person(self, code: str, verifier: str) -> Person:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.application.redirect_uri,
            "client_id": str(self.application.client_id),
            "client_secret": self.application.client_secret,
            "code_verifier": verifier,
        }
        given = await self._api.send_form("/oauth2/token", form)
        token = given.get("access_token") if isinstance(given, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise DiscordUnreachable("an answer without a token")
        return _person(await self._api.as_person("/users/@me", token))


def _person(told: object) -> Person:
    found = told if isinstance(told, dict) else {}
    known, name = found.get("id"), found.get("global_name") or found.get("username")
    if not isinstance(known, str) or not (known.isascii() and known.isdecimal() and len(known) <= MAX_ID_CHARS):
        raise DiscordUnreachable("an answer without an id")
    return Person(known, _shown(name) if isinstance(name, str) else known)


def _shown(name: str) -> str:
    """A name that is not longer than it should be, and turns no text around."""
    plain = "".join(sign for sign in name if unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    return plain.strip()[:MAX_NAME_CHARS] or "somebody"
