"""What a user has left, in the headers that programs know: `RateLimit-Policy` and `RateLimit`.

They are written as draft-ietf-httpapi-ratelimit-headers has them (draft 11, May 2026): lists of quoted policies with
`q` (the limit), `w` (its window in seconds), `qu` (its unit, requests where none is told), `r` (what is left) and `t`
(seconds until there is more). Storage has no window: room comes back when something is deleted.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from adapters.application.quota_dictionary import Figures
from adapters.application.reading import figures_of
from adapters.http.services import services_of
from adapters.ports.faults import Fault
from domain.instants import seconds_between

DAY_SECONDS = 86_400
UNIT = "content-bytes"
LIMITED_USER: Final = web.RequestKey("limited_user", str)
"""Whose limits an answer tells."""
FIGURES: Final = web.RequestKey("figures", Figures)
"""That user's figures, where the answer tells them: its headers and its body then speak of one moment."""


def seconds_until(then: str, now: str) -> int:
    """Whole seconds, and never too few."""
    return max(1, int(seconds_between(now, then)) + 1)


def rate_limits(request: web.Request) -> dict[str, str]:
    """Both headers for the user of a request; none where the storage cannot say."""
    try:
        figures = request.get(FIGURES) or figures_of(services_of(request).store, request[LIMITED_USER])
    except Fault:
        return {}
    daily, own, pool = figures.daily, figures.own, figures.pool
    return {
        "RateLimit-Policy": (
            f'"daily";q={daily.limit};w={DAY_SECONDS}, "storage";q={own.limit_bytes};qu="{UNIT}", '
            f'"pool";q={pool.limit_bytes};qu="{UNIT}"'
        ),
        "RateLimit": (
            f'"daily";r={daily.remaining};t={seconds_until(daily.resets_at, figures.at)}, '
            f'"storage";r={max(0, own.remaining_bytes)}, "pool";r={max(0, pool.remaining_bytes)}'
        ),
    }
