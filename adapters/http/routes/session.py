"""Signing in to the page, and out of it; and who is asking."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

import structlog
from aiohttp import web
from pydantic import Field

from adapters.http.access import CALLER, Caller, unauthorised
from adapters.http.answers import json_answer
from adapters.http.asking import CLIENT
from adapters.http.connection import Need, connection_of
from adapters.http.contract.bodies import Body
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import EndedSessions
from adapters.http.contract.shapes import Session as ToldSession
from adapters.http.cookies import SESSION_COOKIE, give_cookie
from adapters.http.problems import UNAVAILABLE, Problem
from adapters.http.services import services_of
from adapters.http.signed_in import Who, begin_session, change_sessions
from adapters.ports.faults import StorageUnavailable
from adapters.tokens.session import Session, Way
from adapters.tokens.token import Scope

MAX_TOKEN_CHARS = 200
OUT_UNTIL_RESTART = (
    "You are signed out, and the disk did not take it: were the service started again now, you would be signed in as "
    "before. It is written as soon as somebody signs in or out and the disk takes it. Whoever runs the service has to "
    "look at the disk."
)

_log = structlog.wrap_logger(logging.getLogger(__name__))


class SignIn(Body):
    """A token that is to stand behind a session."""

    token: Annotated[str, Field(min_length=1, max_length=MAX_TOKEN_CHARS)]
    """Its text, as it was shown when it was made."""


async def session(request: web.Request) -> web.Response:
    """Who asks, what they may, and how one signs in here."""
    return json_answer(_told(request, await services_of(request).access.who(request)))


async def sign_in(request: web.Request, body: SignIn) -> web.Response:
    """Begins a session with a token: a cookie stands for it, and it ends with the token."""
    services = services_of(request)
    token = await services.access.token_of(body.token.strip())
    if token is None or services.access.sessions is None:
        with connection_of(request).keeping_place(Need.WAITS_IN_LINE):
            await services.failed_sign_ins.wait(request[CLIENT].address)
        raise unauthorised("This token is not known here, was revoked, or has ended.")
    who = Who(Way.TOKEN, token.sha256, token.name)
    return await begin_session(request, who, lambda begun: json_answer(_told(request, Caller(token, begun))))


async def sign_out(request: web.Request) -> web.Response:
    """Ends the session of this browser, where it has one."""
    caller = await services_of(request).access.who(request)
    mine = None if caller is None or caller.session is None else caller.session.sha256
    return await _ended(request, lambda one: one.sha256 == mine)


async def sign_out_everywhere(request: web.Request) -> web.Response:
    """Ends every session of the same token, or of the same person of Discord."""
    caller = request[CALLER]
    if caller.session is not None:
        way, holder = caller.session.way, caller.session.holder
    else:
        way, holder = Way.TOKEN, "" if caller.token is None else caller.token.sha256
    return await _ended(request, lambda one: (one.way, one.holder) == (way, holder))


async def _ended(request: web.Request, ended: Callable[[Session], bool]) -> web.Response:
    now = services_of(request).clock()
    try:
        told: EndedSessions = {"ended": await change_sessions(request, lambda sessions: sessions.end(ended, now))}
    except StorageUnavailable as fault:
        _log.error("sign-out not kept over a restart", reason=str(fault))
        raise Problem(UNAVAILABLE, OUT_UNTIL_RESTART) from fault
    answer = json_answer(told)
    give_cookie(request, answer, SESSION_COOKIE, "", seconds=0)
    return answer


def _told(request: web.Request, caller: Caller | None) -> ToldSession:
    """Who it is, for the page: on a machine that asks for no token everybody may do everything."""
    access = services_of(request).access
    token, begun = (None, None) if caller is None else (caller.token, caller.session)
    scope = None if caller is None else Scope.ADMIN if token is None else token.scope
    by = begun.way if begun is not None else Way.TOKEN if token is not None else None
    return {
        "signed_in": begun is not None,
        "needed": access.is_needed,
        "ways": ["token", "discord"] if access.discord else ["token"],
        "by": None if by is None else by.value,
        "name": begun.name if begun is not None else token.name if token is not None else None,
        "scope": None if scope is None else scope.value,
        "user": begun.holder if begun is not None and begun.way is Way.DISCORD else token.user if token else None,
        "is_bound": token is not None and token.user is not None,
        "ends_at": begun.ends_at if begun is not None else None,
    }


_WHO = Answer("Who asks, and what they may.", ToldSession)
_SIGNED_IN = Answer("Who has signed in.", ToldSession, headers=("Set-Cookie",))
_OUT = Answer("How many sessions have ended.", EndedSessions, headers=("Set-Cookie",))
ROUTES = (
    Route(
        "GET",
        "/v1/session",
        session,
        subject="session",
        scope=None,
        answers={HTTPStatus.OK: _WHO},
        problems=(HTTPStatus.UNAUTHORIZED,),
    ),
    Route(
        "POST",
        "/v1/session",
        sign_in,
        subject="session",
        scope=None,
        answers={HTTPStatus.OK: _SIGNED_IN},
        body=SignIn,
        problems=(HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS),
    ),
    Route(
        "DELETE",
        "/v1/session",
        sign_out,
        subject="session",
        scope=None,
        answers={HTTPStatus.OK: _OUT},
        problems=(HTTPStatus.UNAUTHORIZED,),
    ),
    Route(
        "DELETE",
        "/v1/sessions",
        sign_out_everywhere,
        subject="session",
        scope=Scope.READ,
        answers={HTTPStatus.OK: _OUT},
    ),
)
