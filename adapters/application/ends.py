"""Ends of what a manager gives: a grant, a tier by hand, limits of a user's own. What would be over at once is a
mistake in a date or an offset, so it is refused; a repeat of what was given in time still gets its answer.
"""

from __future__ import annotations

from typing import TypeVar

from adapters.application.idempotency import Key, was_answered
from adapters.application.opening import OpenRoot
from adapters.wording.figures import minute
from domain.commands import GiveGrant, OverrideLimits
from domain.instants import is_instant
from domain.refusals import Reason, Refusal
from domain.tier_commands import AssignTier

HAS_PASSED = "The end {end} has passed already. Give a time to come, or no end: for good."

Giving = TypeVar("Giving", AssignTier, GiveGrant, OverrideLimits)


def refuse_past_end(command: Giving, end: str | None, key: Key | None, root: OpenRoot) -> Refusal | None:
    """A refusal where the command gives something until a time that is not to come."""
    if end is None or not is_instant(end) or end > root.now() or was_answered(command, key, root):
        return None
    return Refusal(Reason.MALFORMED, command.user, HAS_PASSED.format(end=minute(end)))
