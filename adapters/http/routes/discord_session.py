"""Signing in to the page with Discord: away to Discord, and back with a session or with a word why not."""

from __future__ import annotations

import logging
from http import HTTPStatus

import structlog
from aiohttp import web

from adapters.application.reading import is_known
from adapters.http.asking import CLIENT
from adapters.http.contract.route import Answer, Route
from adapters.http.cookies import cookie_of, give_cookie
from adapters.http.people.sign_in import CALLBACK, DiscordSignIn, Outcome, SignInFailed
from adapters.http.people.under_way import SECONDS
from adapters.http.problems import NOT_FOUND, Problem
from adapters.http.services import services_of
from adapters.http.signed_in import Who, begin_session
from adapters.ports.faults import Fault
from adapters.tokens.session import Way

BINDER_COOKIE = "abby-discord"
START = "/v1/session/discord"
AT_HOME = "at_home"
"""Says that the browser was sent to the page's own address once."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


async def go_to_discord(request: web.Request) -> web.Response:
    """Sends the browser to Discord, which asks the person. What comes back is good once, for ten minutes, and in this
    browser; it begins at the page's own address, as its cookie is for that.
    """
    sign_in, client = _discord(request), request[CLIENT]
    home = sign_in.application.public_url
    if client.origin != home and AT_HOME not in request.query:
        return _away(f"{home}{START}?{AT_HOME}=1")
    address, begun = sign_in.begin(client.address)
    answer = _away(address)
    give_cookie(request, answer, BINDER_COOKIE, begun.binder, seconds=SECONDS, site="Lax")
    return answer


async def come_back(request: web.Request) -> web.Response:
    """Where Discord sends the browser back: to the page, signed in, or with a word why not."""
    sign_in = _discord(request)
    try:
        answer = await _signed_in(request, sign_in)
    except SignInFailed as failed:
        _log.warning("sign-in with Discord failed", outcome=failed.outcome.value, reason=str(failed))
        answer = _away(f"/?signin={failed.outcome.value}")
    give_cookie(request, answer, BINDER_COOKIE, "", seconds=0, site="Lax")
    return answer


async def _signed_in(request: web.Request, sign_in: DiscordSignIn) -> web.Response:
    store, given = services_of(request).store, request.query
    person = await sign_in.finish(
        state=given.get("state", ""),
        code=given.get("code", ""),
        error=given.get("error", ""),
        binder=cookie_of(request, BINDER_COOKIE),
    )
    try:
        known = await store.workers.surveying.run(is_known, store, person.id)
        who = Who(Way.DISCORD, person.id, person.name, manages=await sign_in.manages(person, is_known=known))
        return await begin_session(request, who, lambda _: _away("/"))
    except Fault as fault:
        raise SignInFailed(Outcome.FAILED, str(fault)) from fault


def _discord(request: web.Request) -> DiscordSignIn:
    if (sign_in := services_of(request).access.discord) is None:
        raise Problem(NOT_FOUND, "Nobody signs in with Discord here: it is not set up.")
    return sign_in


def _away(address: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})


_THERE = Answer("Where the browser is to go.", media_types=(), headers=("Location", "Set-Cookie"))
ROUTES = tuple(
    Route(
        "GET",
        path,
        handler,
        subject="session",
        scope=None,
        answers={HTTPStatus.SEE_OTHER: _THERE},
        query=None,
        may_lack=True,
    )
    for path, handler in ((START, go_to_discord), (CALLBACK, come_back))
)
