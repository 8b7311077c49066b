"""What a user has left, in the headers that programs know: `RateLimit-Policy` and `RateLimit`.

They are written as draft-ietf-httpapi-ratelimit-headers has them (draft 11, May 2026): lists of quoted policies with
`q` (the limit), `w` (its window in seconds), `qu` (its unit, requests where none is told), `r` (what is left) and `t`
(seconds until there is more). Storage has no window: room comes back when something is deleted.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from adapters.application.reading import ReadableStorage, left_of
from adapters.ports.faults import Fault
from domain.instants import seconds_between

DAY_SECONDS = 86_400
UNIT = "content-bytes"
LIMITED_USER: Final = web.RequestKey("limited_user", str)
"""Whose limits an answer tells."""


def seconds_until(then: str, now: str) -> int:
    """Whole seconds, and never too few."""
    return max(1, int(seconds_between(now, then)) + 1)


def rate_limits(storage: ReadableStorage, user: str) -> dict[str, str]:
    """Both headers; none where the storage cannot say."""
    try:
        left = left_of(storage, user)
    except Fault:
        return {}
    daily, stores = left.daily, (("storage", left.own), ("pool", left.pool))
    policies = [f'"daily";q={daily.limit};w={DAY_SECONDS}']
    policies += [f'"{name}";q={status.limit_bytes};qu="{UNIT}"' for name, status in stores]
    remaining = [f'"daily";r={daily.remaining};t={seconds_until(daily.resets_at, left.at)}']
    remaining += [f'"{name}";r={max(0, status.remaining_bytes)}' for name, status in stores]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(remaining)}
