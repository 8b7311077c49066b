"""How long an answer is tried to be brought to whoever asked, and what a failed call to Discord means for the next one.

Answers for judging one fault. The ways an answer can go, and their order, are `replies`'.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from http import HTTPStatus
from typing import NamedTuple

import discord

UPLOAD_BYTES_A_SECOND = 500_000
"""A line that carries less is taken for one that hangs."""


class Patience(NamedTuple):
    """Seconds: between two edits that tell progress, and for one that is under way when the answer is there; for one
    call to Discord, and for the first one to an interaction, for which Discord waits three seconds in all; before a way
    is tried again, and at most where Discord names a time.
    """

    progress_seconds: float = 2.0
    grace_seconds: float = 0.5
    call_seconds: float = 10.0
    first_seconds: float = 2.5
    pause_seconds: float = 2.0
    longest_pause_seconds: float = 10.0

    def for_call(self, size_bytes: int) -> float:
        """For one call that carries so much."""
        return self.call_seconds + size_bytes / UPLOAD_BYTES_A_SECOND


class Way(StrEnum):
    """A way to whoever asked: in the place of the progress, as a message after it, or as an ordinary message."""

    EDIT = "edit"
    FOLLOW_UP = "follow-up"
    CHANNEL = "channel"


class Verdict(Enum):
    """What a failed call says: that it may go well another time, that the files are too large, that the message is
    gone, or that the interaction is over, so that its token serves no more.
    """

    ANOTHER_TIME = "another time"
    TOO_LARGE = "too large"
    MESSAGE_GONE = "message gone"
    INTERACTION_OVER = "interaction over"


_BY_CODE = {
    10008: Verdict.MESSAGE_GONE,
    10015: Verdict.INTERACTION_OVER,
    10062: Verdict.INTERACTION_OVER,
    40005: Verdict.TOO_LARGE,
    50027: Verdict.INTERACTION_OVER,
}
"""By Discord's own codes."""


def verdict_on(error: Exception) -> Verdict:
    """What the error of a call means. A connection that broke, a time that passed and whatever else is no answer of
    Discord's says nothing about the next call.
    """
    if not isinstance(error, discord.HTTPException):
        return Verdict.ANOTHER_TIME
    if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Verdict.TOO_LARGE
    return _BY_CODE.get(error.code, Verdict.ANOTHER_TIME)


def pause_after(error: Exception, patience: Patience) -> float:
    """Seconds before the next call: those that Discord names, within bounds."""
    named = 0.0
    if isinstance(error, discord.HTTPException):
        try:
            named = float(error.response.headers.get("Retry-After", 0))
        except ValueError:  # it may be a date
            named = patience.longest_pause_seconds
    return min(max(named, patience.pause_seconds), max(patience.longest_pause_seconds, patience.pause_seconds))


def facts_of(error: Exception) -> dict[str, object]:
    """What of an error goes into the log. Its own words may hold an address, and so the interaction's token."""
    if isinstance(error, discord.HTTPException):
        return {"fault": type(error).__name__, "status": error.status, "code": error.code}
    return {"fault": type(error).__name__}
