"""Who asks, and whether they may: the token or the session of a request, what it allows, and whose things it may touch.

On this machine nobody needs a token, unless the settings ask for one; one that is sent is judged all the same. Whatever
is refused here is refused before anything is looked up, so no answer tells whether a thing exists.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

import structlog
from aiohttp import hdrs, web

from adapters.application.storage import Storage
from adapters.http.asking import CLIENT, WHITESPACE
from adapters.http.cookies import session_cookie_of
from adapters.http.people.sign_in import DiscordSignIn
from adapters.http.problems import FORBIDDEN, OTHER_SITE, UNAUTHORISED, Problem
from adapters.network.reach import Reach
from adapters.ports.clock import Clock
from adapters.ports.faults import Fault
from adapters.tokens.judging import KnownTokens
from adapters.tokens.session import Session, Way
from adapters.tokens.sessions import Sessions
from adapters.tokens.token import Scope, Token, is_text
from domain.instants import day_of

SCHEME = "Bearer"
SAFE_METHODS = frozenset({"GET", "HEAD"})

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Caller(NamedTuple):
    """Who asks: the holder of a token, or None: somebody on this machine who needs none, or a command that has the
    service's pass. With a session they have signed in to the page; one by Discord comes with what a token would allow.
    """

    token: Token | None
    session: Session | None = None

    @property
    def is_of_discord(self) -> bool:
        """Whether it is a person whom Discord knows."""
        return self.session is not None and self.session.way is Way.DISCORD

    @property
    def with_what(self) -> str:
        """By what they ask, in words."""
        return "token" if self.session is None else "sign-in"


class Door(NamedTuple):
    """By what a service lets in. Without `tokens` whoever is on this machine may ask for anything; `needs_token`: not
    even they may without one. `discord` None: nobody signs in with Discord. `reach`: from where.
    """

    tokens: KnownTokens | None = None
    sessions: Sessions | None = None
    needs_token: bool = False
    discord: DiscordSignIn | None = None
    reach: Reach = Reach()


CALLER: Final = web.RequestKey("caller", Caller)


class Access:
    """Judges who comes to the door of one service."""

    def __init__(self, store: Storage, door: Door, *, clock: Clock) -> None:
        self._store = store
        self._known = door.tokens
        self.sessions = door.sessions
        self.is_needed = door.needs_token
        self.discord = door.discord
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None

    async def let_in(self, request: web.Request, scope: Scope) -> None:
        """Raises a Problem: 401 without a token that holds, 403 where it does not allow this, or not for this user."""
        if (caller := await self.who(request)) is None:
            raise unauthorised("The request has no Authorization header and no session, and this service needs one.")
        request[CALLER] = caller
        if (token := caller.token) is None:
            return
        if not token.scope.includes(scope):
            raise Problem(FORBIDDEN, f"This {caller.with_what} allows '{token.scope}', and this needs '{scope}'.")
        refuse_of_others(request, request.match_info.get("user"))

    async def who(self, request: web.Request) -> Caller | None:
        """Who asks; None where that is nobody, and somebody is needed. What is sent as a token, and is none, is 401. A
        cookie that holds no longer is none: a browser sends it unasked.
        """
        if given := request.headers.getall(hdrs.AUTHORIZATION, []):
            return await self._of_headers(given)
        if (caller := await self._of_cookie(request)) is not None:
            _refuse_without_origin(request)
            return caller
        return None if self.is_needed else Caller(None)

    async def may_read_of_all(self, request: web.Request) -> bool:
        """Whether who asks may read what is of all users. A token that is none, or cannot be looked up while the disk
        does not answer, is nobody's.
        """
        try:
            caller = await self.who(request)
        except (Problem, Fault, OSError):
            return False
        return caller is not None and (caller.token is None or caller.token.user is None)

    async def token_of(self, text: str) -> Token | None:
        """The token of this text, where it holds; from now on it was used today."""
        if self._known is None:
            return None
        now = self._clock()
        await self._look_again(self._known)
        token = self._known.of_text(text, now)
        if token is None and is_text(text):  # it may have been made a moment ago
            await self._store.workers.reading.run_together(_look_for_all, self._known)
            token = self._known.of_text(text, now)
        if token is not None and self._known.is_first_use_of(token, day_of(now)):
            await self._store.workers.reading.run(self._note_use, self._known)
        return token

    async def _of_headers(self, given: list[str]) -> Caller:
        if len(given) != 1:
            raise unauthorised("The request has more than one Authorization header, and this service needs one.")
        scheme, _, text = given[0].partition(" ")
        text = text.strip(WHITESPACE) if scheme.lower() == SCHEME.lower() else ""
        if self._known is not None and self._known.is_pass(text):
            return Caller(None)
        if (token := await self.token_of(text)) is None:
            raise unauthorised("The token is not known here, was revoked, or has ended.")
        return Caller(token)

    async def _of_cookie(self, request: web.Request) -> Caller | None:
        if (text := session_cookie_of(request)) is None or self.sessions is None:
            return None
        now = self._clock()
        if not self.sessions.is_loaded:
            await self._store.workers.reading.run(self._load, self.sessions)
        if (session := self.sessions.of_text(text, now)) is None:
            return None
        if (token := await self._token_behind(session, now)) is None:
            await self._store.workers.reading.run(self._end, self.sessions, session, now)
            return None
        if self.sessions.is_to_be_noted(session, now):
            await self._store.workers.reading.run(self._keep, self.sessions, session._replace(used_at=now))
        return Caller(token, session)

    async def _token_behind(self, session: Session, now: str) -> Token | None:
        """What a session allows; None where its token was revoked or has ended, and the session with it. Who managed
        the bot at Discord and does no longer, or nobody knows, has what is theirs.
        """
        if session.way is Way.DISCORD:
            if self.discord is None:
                return None
            manages = session.manages and await self.discord.rights.still_manages(session.holder)
            return session._replace(manages=manages).as_token()
        if self._known is None:
            return None
        await self._look_again(self._known)
        return self._known.of_digest(session.holder, now)

    async def _look_again(self, known: KnownTokens) -> None:
        """Once for all who ask meanwhile."""
        if not known.is_old:
            return
        if self._looking is None or self._looking.done():
            looking = self._store.workers.reading.run(known.look)
            self._looking = asyncio.get_running_loop().create_task(looking)
        await asyncio.shield(self._looking)

    def _note_use(self, known: KnownTokens) -> None:
        """For a worker. A date that cannot be kept keeps nobody out."""
        try:
            known.note_used()
        except (OSError, Fault) as error:
            _log.warning("use of a token not noted", reason=str(error))

    def _load(self, sessions: Sessions) -> None:
        """For a worker. Sessions that cannot be read sign nobody in; it is tried again."""
        try:
            trouble = sessions.load()
        except OSError as error:
            trouble = f"{sessions.path} cannot be read: {error.strerror or error}"
        if trouble:
            _log.warning("nobody is signed in", reason=trouble)

    def _keep(self, sessions: Sessions, session: Session) -> None:
        """For a worker."""
        try:
            sessions.change(session)
        except OSError as error:
            _log.warning("use of a session not noted", reason=str(error))

    def _end(self, sessions: Sessions, ended: Session, now: str) -> None:
        """For a worker. One that cannot be taken off the disk is judged by its token again."""
        try:
            sessions.end(lambda one: one.sha256 == ended.sha256, now)
        except OSError as error:
            _log.warning("end of a session not noted", reason=str(error))


def refuse_of_others(request: web.Request, user: str | None) -> None:
    """403 where whoever asks may ask for another user alone; `user` None is nobody's."""
    caller = request[CALLER]
    if caller.token is None or user is None or caller.token.user in {None, user}:
        return
    raise Problem(FORBIDDEN, f"This {caller.with_what} is for the user {caller.token.user} alone.")


def _look_for_all(known: Sequence[KnownTokens]) -> list[None]:
    """One look for all who come with a token that is not known yet. For a worker."""
    known[0].look()
    return [None] * len(known)


def unauthorised(detail: str) -> Problem:
    """401, and how to ask (RFC 6750)."""
    return Problem(
        UNAUTHORISED,
        f"{detail} Who runs the service makes one with `abby token create`.",
        headers={hdrs.WWW_AUTHENTICATE: f'{SCHEME} realm="abby-ledger"'},
    )


def _refuse_without_origin(request: web.Request) -> None:
    """A browser says where a change comes from, and the guards have judged that; who says nothing has only a cookie."""
    if request.method in SAFE_METHODS or hdrs.ORIGIN in request.headers or "Sec-Fetch-Site" in request.headers:
        return
    detail = f"A cookie alone changes nothing: it comes with the Origin {request[CLIENT].origin}. Programs use tokens."
    raise Problem(OTHER_SITE, detail)
