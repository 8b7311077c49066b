"""Passes over the log, or over all that a user has, as requests ask for them: long ones, with few threads for all.

Who asks has one at a time for an owner, so whoever asks for many holds themselves up and nobody else; and what nobody
waits for any more is not begun: a closed connection costs less than the pass that it asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from aiohttp import web

from adapters.application.owners import STRANGERS, owner_of
from adapters.http.connection import connection_of
from adapters.http.parameters import actor_of
from adapters.http.services import services_of

P = ParamSpec("P")
T = TypeVar("T")


async def survey(request: web.Request, user: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The work's result, done in turn for whoever asks about the user; cancelled where the client is gone before."""
    store, actor = services_of(request).store, actor_of(request)
    owner = owner_of(store, user, actor)
    in_turn = store.workers.surveying.run_in_turn(f"{actor.by} {owner}", work, *args, **kwargs)
    return await connection_of(request).while_open(in_turn, for_stranger=owner == STRANGERS)
