"""What every request passes: a reference, one line in the log, the headers of every answer, and the checks of who asks.

A web page of another site can reach the service through a person's browser, so a `Host` that is not the service's own
(DNS rebinding) and a change asked for by another origin are refused here; what a proxy tells is judged by `asking`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

import structlog
from aiohttp import hdrs, web

from adapters.http import openai_form
from adapters.http.access import SAFE_METHODS
from adapters.http.asking import CLIENT, Client, admitted
from adapters.http.problems import (
    EXPECTATION,
    INTERNAL,
    MEDIA,
    MEDIA_TYPE,
    METHOD,
    NOT_FOUND,
    OTHER_SITE,
    Problem,
    ProblemKind,
    broken,
    render,
)
from adapters.http.rate_limits import LIMITED_USER, rate_limits
from adapters.images.invalid_image import InvalidImage
from adapters.ports.faults import Fault
from adapters.ports.random_hex import random_hex

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_LOGGED_PATH_CHARS = 200
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
USUAL_BELOW, SLOW_SECONDS = 400, 1.0
"""An answer with a status below this one and in a shorter time is as usual."""
TLS_FOR_SECONDS = 31_536_000
"""How long a browser that came by TLS asks by nothing else."""
OWN_SITES = frozenset({"same-origin", "none"})

REFERENCE: Final = web.RequestKey("reference", str)

# What an answer has unless its handler says otherwise: for programs, not to be kept, not to be framed, embedded or held
# by a window of another site.
STANDARD_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
)

_LOGGER = logging.getLogger(__name__)
_log = structlog.wrap_logger(_LOGGER)


async def finish_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal before an answer is sent: the standard headers, what its user has left, that TLS is to stay, the
    reference, and no word about the server's software.
    """
    for name, value in STANDARD_HEADERS.items():
        response.headers.setdefault(name, value)
    if LIMITED_USER in request:
        response.headers.update(rate_limits(request))
    if CLIENT in request and request[CLIENT].is_tls:
        response.headers["Strict-Transport-Security"] = f"max-age={TLS_FOR_SECONDS}"
    if REFERENCE in request:
        response.headers["X-Request-Id"] = request[REFERENCE]
    response.headers.popall(hdrs.SERVER, None)


@web.middleware
async def answer_and_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Around every handler: whatever happens inside becomes one answer and one line."""
    request[REFERENCE] = random_hex(8)
    started = asyncio.get_running_loop().time()
    status = 499  # the answer of a request whose handler was cancelled: nobody will read one
    try:
        response = await _answer(request, handler)
        status = response.status
    finally:
        _write_line(request, status, seconds=asyncio.get_running_loop().time() - started)
    return response


def _refuse_unauthorised(request: web.Request) -> None:
    """400, 403, 405, 415 or 417 before any handler sees the request."""
    if request.method not in METHODS:
        raise _of_router(web.HTTPMethodNotAllowed(request.method, _methods_here(request)))
    request[CLIENT] = client = admitted(request)
    if request.method not in SAFE_METHODS or _is_fetched_by_a_page(request):
        _refuse_other_sites(request, client)
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise Problem(MEDIA, "A compressed body is not accepted. Send it without Content-Encoding.")
    if request.headers.get(hdrs.EXPECT, "100-continue").lower() != "100-continue":
        raise Problem(EXPECTATION, "The only expectation that is known here is 100-continue.")


async def expect_later(request: web.Request) -> None:
    """aiohttp's hook for `Expect`: the word to continue is given when a body is read, after every check."""


def _is_fetched_by_a_page(request: web.Request) -> bool:
    """Whether a page asks, and not a person who follows a link: another site's could read nothing of the answer, and
    yet have long work done for it, or keep streams open.
    """
    return "Sec-Fetch-Site" in request.headers and request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"


def _refuse_other_sites(request: web.Request, client: Client) -> None:
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get(hdrs.ORIGIN)
    if (site is not None and site not in OWN_SITES) or (origin is not None and origin not in client.own_origins):
        raise Problem(OTHER_SITE, "A page of another site asked for this. Use the service's own page, or a program.")


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        _refuse_unauthorised(request)
        return await handler(request)
    except Problem as problem:
        return problem_response(request, problem)
    except web.HTTPException as error:
        return problem_response(request, _of_router(error))
    except InvalidImage as fault:
        return problem_response(request, broken(fault))
    except Fault as fault:
        _log.error("http fault", request_id=request[REFERENCE], fault=type(fault).__name__, detail=str(fault))
        return problem_response(request, broken(fault))
    except Exception:  # noqa: BLE001  # the last line of defence: what nobody expected becomes a 500 with a reference
        _log.exception("http request failed", request_id=request[REFERENCE])
        detail = f"The service failed. Its log says why, under the reference {request[REFERENCE]}."
        return problem_response(request, Problem(INTERNAL, detail, members={"reference": request[REFERENCE]}))


def problem_response(request: web.Request, problem: Problem) -> web.Response:
    """The problem as an answer, with this request's reference as its instance."""
    if request.path.startswith(openai_form.PREFIX):
        status, body, headers = openai_form.told(problem)
        response = web.Response(status=status, body=body, content_type="application/json", headers=headers)
    else:
        instance = f"urn:abby-ledger:request:{request[REFERENCE]}"
        body = render(problem.kind, problem.detail, instance=instance, members=problem.members)
        response = web.Response(status=problem.kind.status, body=body, content_type=MEDIA_TYPE, headers=problem.headers)
    if problem.headers.get(hdrs.CONNECTION) == "close":
        response.force_close()
    return response


def _methods_here(request: web.Request) -> Iterable[str]:
    """The methods that the request's path has, all where it is no route's."""
    error = request.match_info.http_exception
    return error.allowed_methods if isinstance(error, web.HTTPMethodNotAllowed) else METHODS


def _of_router(error: web.HTTPException) -> Problem:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return Problem(METHOD, f"Allowed here: {allowed}.", headers={hdrs.ALLOW: allowed})
    if error.status == NOT_FOUND.status:
        return Problem(NOT_FOUND, "No route has this path.")
    kind = ProblemKind(error.status, "about:blank", error.reason)
    return Problem(kind, "The request cannot be answered as it is.")


def _write_line(request: web.Request, status: int, *, seconds: float) -> None:
    """What was answered well and quickly is told to those alone who look for it: a page and a monitor ask for more than
    a log holds in peace, and what was changed is in the ledger itself.
    """
    is_usual = status < USUAL_BELOW and seconds < SLOW_SECONDS
    if is_usual and not _LOGGER.isEnabledFor(logging.DEBUG):
        return
    route = request.match_info.route.resource
    write = _log.debug if is_usual else _log.info
    write(
        "http request",
        request_id=request[REFERENCE],
        method=request.method[:16],
        path=request.rel_url.raw_path[:MAX_LOGGED_PATH_CHARS],
        route=None if route is None else route.canonical,
        status=status,
        milliseconds=round(seconds * 1000, 1),
    )
