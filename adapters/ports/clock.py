"""The one clock. The composition root hands it out; nothing else in the product asks what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], str]


def utc_now() -> str:
    """The present as RFC 3339 in UTC, with microseconds and `Z`: always 27 characters, so times compare as strings.

    It is a string from the start: a frozen clock's datetime would be refused when it is serialised.
    """
    return datetime.now(UTC).isoformat(timespec="microseconds")[:26] + "Z"
