"""Sessions as requests begin and end them: in a worker, with the cookie that stands for one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import structlog
from aiohttp import web

from adapters.http.cookies import SESSION_COOKIE, give_cookie, session_cookie_of
from adapters.http.services import services_of
from adapters.ports.faults import StorageUnavailable
from adapters.tokens.session import LONGEST_SECONDS, Session, Way, digest_of_cookie, new_cookie
from adapters.tokens.sessions import Sessions

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Who(NamedTuple):
    """Who signs in, as `Session` has it."""

    way: Way
    holder: str
    name: str
    manages: bool = False


async def begin_session(request: web.Request, who: Who, answer_of: Callable[[Session], web.Response]) -> web.Response:
    """The answer that hands a new session out, in the place of the one that the browser had. Raises Faults."""
    text, now, former = new_cookie(), services_of(request).clock(), session_cookie_of(request)
    begun = Session(
        sha256=digest_of_cookie(text),
        way=who.way,
        holder=who.holder,
        name=who.name,
        manages=who.manages,
        began_at=now,
        used_at=now,
    )
    replaced = None if former is None else digest_of_cookie(former)

    def keep(sessions: Sessions) -> int:
        with suppress(OSError):  # what begins is written with it, or waits for the disk as it does
            sessions.end(lambda one: one.sha256 == replaced, now)
        sessions.begin(begun)
        return 1

    await change_sessions(request, keep)
    _log.info("signed in", way=begun.way.value, name=begun.name, manages=begun.manages)
    answer = answer_of(begun)
    give_cookie(request, answer, SESSION_COOKIE, text, seconds=LONGEST_SECONDS)
    return answer


async def change_sessions(request: web.Request, change: Callable[[Sessions], int]) -> int:
    """Changes the sessions, on the disk too; 0 where the service has none. Raises StorageUnavailable."""
    services = services_of(request)
    sessions = services.access.sessions
    if sessions is None:
        return 0

    def changed() -> int:
        try:
            sessions.load()
            return change(sessions)
        except OSError as error:
            raise StorageUnavailable(f"{sessions.path} cannot be written: {error.strerror or error}") from error

    return await services.store.workers.reading.run(changed)
