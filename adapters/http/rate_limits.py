"""What a user has left, in the headers that programs know: `RateLimit-Policy` and `RateLimit`.

They are written as draft-ietf-httpapi-ratelimit-headers has them (draft 11, May 2026): lists of quoted policies with
`q` (the limit), `w` (its window in seconds), `qu` (its unit, requests where none is told), `r` (what is left) and `t`
(seconds until there is more). Storage has no window: room comes back when something is deleted. Further limits have
their names; credits are counted in thousandths, as these numbers are whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from adapters.application.quota_dictionary import Figures
from adapters.application.reading import figures_of
from adapters.http.parameters import guild_of
from adapters.http.services import services_of
from adapters.ports.faults import Fault
from domain.instants import seconds_between
from domain.limit_names import CREDITS, USER
from domain.windows import begin_of
from projections.window_status import WindowStatus

DAY_SECONDS = 86_400
UNIT = "content-bytes"
CREDIT_UNIT = "millicredits"
"""Thousandths of a credit."""
MOST_INTEGER = 10**15 - 1
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
        figures = request.get(FIGURES)
        if figures is None:
            figures = figures_of(services_of(request).store, request[LIMITED_USER], guild_of(request))
    except Fault:
        return {}
    items = list(_items(figures))
    return {
        "RateLimit-Policy": ", ".join(policy for policy, _ in items),
        "RateLimit": ", ".join(left for _, left in items),
    }


def _items(figures: Figures) -> Iterator[tuple[str, str]]:
    """Each limit in the two headers: the three that are always there, then further ones as they are asked. One that is
    only tried out refuses nobody, and is none of them.
    """
    daily, own, pool = figures.daily, figures.own, figures.pool
    until = seconds_until(daily.resets_at, figures.at)
    yield f'"daily";q={_whole(daily.limit)};w={DAY_SECONDS}', f'"daily";r={_whole(daily.remaining)};t={until}'
    for name, status in (("storage", own), ("pool", pool)):
        yield (
            f'"{name}";q={_whole(status.limit_bytes)};qu="{UNIT}"',
            f'"{name}";r={_whole(status.remaining_bytes)}',
        )
    for window in figures.windows:
        if window.is_enforced:
            yield _further(window, figures)


def _further(window: WindowStatus, figures: Figures) -> tuple[str, str]:
    """What grants have left is left too, where the limit is the user's own, as of the daily one."""
    scope, length, unit = window.name.split("/")
    granted = sum(one.left for one in figures.grants if scope == USER and one.grant.unit == unit)
    begins = f"{begin_of(figures.at, length)}T00:00:00.000000Z"
    seconds = round(seconds_between(begins, window.resets_at))
    of_unit = f';qu="{CREDIT_UNIT}"' if unit == CREDITS else ""
    return (
        f'"{window.name}";q={_whole(window.limit)};w={seconds}{of_unit}',
        f'"{window.name}";r={_whole(window.remaining + granted)};t={seconds_until(window.resets_at, figures.at)}',
    )


def _whole(number: int) -> int:
    """It as an integer of structured fields (RFC 9651), never below 0."""
    return max(0, min(number, MOST_INTEGER))
