"""The cookies of the page: strict, of this host alone, out of reach of scripts, and under TLS for TLS alone."""

from __future__ import annotations

from typing import Literal

from aiohttp import hdrs, web

from adapters.http.asking import CLIENT

SESSION_COOKIE = "abby-session"
TLS_PREFIX = "__Host-"
"""A browser takes a cookie of such a name from no other host, and not without TLS."""
Site = Literal["Strict", "Lax"]


def cookie_of(request: web.Request, name: str) -> str | None:
    """The text of one of our cookies, None where the browser has none."""
    return request.cookies.get(_named(request, name)) if hdrs.COOKIE in request.headers else None


def session_cookie_of(request: web.Request) -> str | None:
    """The text that stands for a session."""
    return cookie_of(request, SESSION_COOKIE)


def give_cookie(
    request: web.Request, answer: web.Response, name: str, text: str, *, seconds: int, site: Site = "Strict"
) -> None:
    """Hands a cookie out; with 0 seconds the browser forgets it."""
    answer.set_cookie(
        _named(request, name),
        text,
        max_age=seconds,
        path="/",
        secure=request[CLIENT].is_tls or None,
        httponly=True,
        samesite=site,
    )


def _named(request: web.Request, name: str) -> str:
    return f"{TLS_PREFIX}{name}" if request[CLIENT].is_tls else name
