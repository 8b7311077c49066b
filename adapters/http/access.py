"""Who asks, and whether they may: the token of a request, what it allows, and whose things it may touch.

On this machine nobody needs a token, unless the settings ask for one; one that is sent is judged all the same. Whatever
is refused here is refused before anything is looked up, so no answer tells whether a thing exists.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, NamedTuple

import structlog
from aiohttp import hdrs, web

from adapters.application.storage import Storage
from adapters.http.problems import FORBIDDEN, UNAUTHORISED, Problem
from adapters.ports.clock import Clock
from adapters.ports.faults import Fault
from adapters.tokens.judging import KnownTokens
from adapters.tokens.token import Scope, Token
from domain.instants import day_of

SCHEME = "Bearer"

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Caller(NamedTuple):
    """Who asks: the holder of a token, or None: somebody on this machine who needs none, or a command that has the
    service's pass.
    """

    token: Token | None


CALLER: Final = web.RequestKey("caller", Caller)


class Access:
    """The door of one service. `known` None: it has no tokens, and whoever is on this machine may ask for anything."""

    def __init__(self, store: Storage, known: KnownTokens | None, *, is_needed: bool, clock: Clock) -> None:
        self._store = store
        self._known = known
        self._is_needed = is_needed
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None

    async def let_in(self, request: web.Request, scope: Scope) -> None:
        """Raises a Problem: 401 without a token that holds, 403 where it does not allow this, or not for this user."""
        caller = await self._caller(request)
        request[CALLER] = caller
        if (token := caller.token) is None:
            return
        if not token.scope.includes(scope):
            raise Problem(FORBIDDEN, f"This token allows '{token.scope}', and this needs '{scope}'.")
        if token.user is not None and request.match_info.get("user", token.user) != token.user:
            raise Problem(FORBIDDEN, f"This token is for the user {token.user} alone.")

    async def _caller(self, request: web.Request) -> Caller:
        given = request.headers.getall(hdrs.AUTHORIZATION, [])
        if not given and not self._is_needed:
            return Caller(None)
        if len(given) != 1:
            asked = "more than one" if given else "no"
            raise _unauthorised(f"The request has {asked} Authorization header, and this service needs one.")
        scheme, _, text = given[0].partition(" ")
        text = text.strip() if scheme.lower() == SCHEME.lower() else ""
        if self._known is not None and self._known.is_pass(text):
            return Caller(None)
        if (token := await self._judge(text, self._clock())) is None:
            raise _unauthorised("The token is not known here, was revoked, or has ended.")
        return Caller(token)

    async def _judge(self, text: str, now: str) -> Token | None:
        if self._known is None:
            return None
        if self._known.is_old:
            await self._look(self._known)
        token = self._known.of_text(text, now)
        if token is not None and self._known.is_first_use_of(token, day_of(now)):
            await self._store.workers.reading.run(self._note_use, self._known)
        return token

    async def _look(self, known: KnownTokens) -> None:
        """Once for all who ask meanwhile."""
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


def _unauthorised(detail: str) -> Problem:
    return Problem(
        UNAUTHORISED,
        f"{detail} Who runs the service makes one with `abby token create`.",
        headers={hdrs.WWW_AUTHENTICATE: f'{SCHEME} realm="abby-ledger"'},
    )
