"""What is left: a user's quota, and the users there are."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from aiohttp import web

from adapters.application.finding_users import UserOrder, page_of_users
from adapters.application.quota_dictionary import status_of
from adapters.application.quota_figures import QuotaStatus, UserUsage
from adapters.application.reading import figures_of, is_known, policy_in_force, usage_of
from adapters.application.window_figures import told_windows
from adapters.http.answers import json_answer
from adapters.http.contract.query import LIMIT, OFFSET, PAGE, Words
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import Policy, UsersPage
from adapters.http.parameters import look_at, user_of
from adapters.http.problems import NOT_FOUND, Problem
from adapters.http.rate_limits import FIGURES
from adapters.http.services import services_of
from adapters.http.surveys import survey
from adapters.tokens.token import Scope

USER_ORDERS: Mapping[str, UserOrder] = MappingProxyType({"id": "id", "today": "today", "storage": "storage"})
ORDER = Words(
    "order",
    "By their ids, or who used the most places today or the most storage first; without it, by their ids.",
    f"^(?:{'|'.join(USER_ORDERS)})$",
    f"one of {', '.join(USER_ORDERS)}",
)
GUILD = Words("guild", "The id of a guild whose limits are told too.", r"^[0-9]{1,20}$", "a guild's id, 1 to 20 digits")
SEARCH = Words("search", "What their ids have in them.", r"^[a-z0-9_-]{1,64}$", "a part of a user's id")


async def quota(request: web.Request) -> web.Response:
    """The status dictionary of one user; in a guild, with its limits."""
    guild = look_at(request, GUILD.of(request))
    request[FIGURES] = figures = figures_of(services_of(request).store, user_of(request), guild)
    return json_answer(status_of(figures))


async def policy(request: web.Request) -> web.Response:
    """The limits for whoever has none of their own."""
    store = services_of(request).store
    limits, settings = policy_in_force(store), store.settings
    answer: Policy = {
        "user_bytes": limits.user_bytes,
        "pool_bytes": limits.pool_bytes,
        "daily": limits.daily,
        "generation_bytes": limits.gen_bytes,
        "moderated_is_free": limits.moderated_free,
        "largest_image_bytes": settings.max_image_bytes,
        "temp_days": settings.cleanup_days,
        "windows": told_windows(limits.windows),
        "unenforced": list(limits.unenforced),
    }
    return json_answer(answer)


async def users(request: web.Request) -> web.Response:
    """The users whom the ledger knows, with the figures of each: all or those with some letters in their id, in the
    order of their ids or another.
    """
    offset, limit = OFFSET.of(request), LIMIT.of(request)
    store, order = services_of(request).store, USER_ORDERS[ORDER.of(request) or "id"]
    search = SEARCH.of(request) or ""
    shown, total = await survey(request, "", page_of_users, store, search, order, offset=offset, limit=limit)
    answer: UsersPage = {"users": shown, "total": total, "offset": offset, "limit": limit}
    return json_answer(answer)


async def user(request: web.Request) -> web.Response:
    """A user's figures in one row; 404 where the log has nothing about them."""
    wanted, store = user_of(request), services_of(request).store
    if not await survey(request, wanted, is_known, store, wanted):
        raise Problem(NOT_FOUND, f"The log knows nothing of {wanted}.")
    return json_answer(usage_of(store, wanted))


ROUTES = (
    Route(
        "GET",
        "/v1/policy",
        policy,
        subject="quota",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The limits.", Policy)},
    ),
    Route(
        "GET",
        "/v1/users",
        users,
        subject="quota",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("A page of them.", UsersPage)},
        query=(*PAGE, ORDER, SEARCH),
    ),
    Route(
        "GET",
        "/v1/users/{user}",
        user,
        subject="quota",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The figures.", UserUsage)},
        may_lack=True,
    ),
    Route(
        "GET",
        "/v1/users/{user}/quota",
        quota,
        subject="quota",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The status.", QuotaStatus)},
        query=(GUILD,),
    ),
)
