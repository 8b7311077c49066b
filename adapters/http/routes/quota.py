"""What is left: a user's quota, and the users there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from adapters.http.answers import json_answer
from adapters.http.parameters import only, page_of, user_of
from adapters.http.services import services_of


async def quota(request: web.Request) -> web.Response:
    """The status dictionary of one user."""
    only(request)
    return json_answer(services_of(request).store.status(user_of(request)))


async def users(request: web.Request) -> web.Response:
    """Every user the ledger knows, with the figures of each, in the order of their ids."""
    offset, limit = page_of(request)
    store = services_of(request).store
    found = store.users()
    shown = [_figures(user, store.status(user)) for user in found[offset : offset + limit]]
    return json_answer({"users": shown, "total": len(found), "offset": offset, "limit": limit})


def _figures(user: str, status: Mapping[str, Any]) -> dict[str, object]:
    own, daily = status["user"], status["daily"]
    kept = {name: own[name] for name in ("images", "used_mb", "reserved_mb", "limit_mb", "percentage", "status")}
    return {"user": user, **kept, "daily_used": daily["used"], "daily_limit": daily["limit"]}


ROUTES = (
    web.get("/v1/users", users),
    web.get("/v1/users/{user:[^/]*}/quota", quota),
)
