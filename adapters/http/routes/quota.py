"""What is left: a user's quota, and the users there are."""

from __future__ import annotations

from aiohttp import web

from adapters.application.reading import is_known, known_users, quota_status, usage_of
from adapters.http.answers import json_answer
from adapters.http.parameters import only, page_of, user_of
from adapters.http.problems import NOT_FOUND, Problem
from adapters.http.services import services_of


async def quota(request: web.Request) -> web.Response:
    """The status dictionary of one user."""
    only(request)
    return json_answer(quota_status(services_of(request).store, user_of(request)))


async def users(request: web.Request) -> web.Response:
    """Every user the ledger knows, with the figures of each, in the order of their ids."""
    offset, limit = page_of(request)
    store = services_of(request).store
    found = known_users(store)
    shown = [usage_of(store, user) for user in found[offset : offset + limit]]
    return json_answer({"users": shown, "total": len(found), "offset": offset, "limit": limit})


async def user(request: web.Request) -> web.Response:
    """A user's figures in one row; 404 where the log has nothing about them."""
    only(request)
    wanted, store = user_of(request), services_of(request).store
    if not await store.workers.surveying.run(is_known, store, wanted):
        raise Problem(NOT_FOUND, f"The log knows nothing of {wanted}.")
    return json_answer(usage_of(store, wanted))


ROUTES = (
    web.get("/v1/users", users),
    web.get("/v1/users/{user:[^/]*}", user),
    web.get("/v1/users/{user:[^/]*}/quota", quota),
)
