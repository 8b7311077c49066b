"""A limit that is used up so far, in sentences for whose limit it is, and for managers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.wording.limits import amount_in_words, limit_in_words, unit_of
from domain.credits import PER_CREDIT
from domain.limit_names import CREDITS, DAY, GENERATIONS, MONTH, USER, USER_STORAGE, WEEK
from domain.threshold_events import ThresholdCrossed
from domain.windows import begins_anew_at
from projections.reached_limits import Reached

WHOLE = 100
_YOURS = {DAY: "today", WEEK: "this week", MONTH: "this month"}


def anew_at(event: ThresholdCrossed) -> str | None:
    """When the window of a limit that is told begins anew; None for a storage, which has none."""
    if event.begins is None:
        return None
    return begins_anew_at(f"{event.begins}T00:00:00.000000Z", event.limit_name.split("/")[1])


def told_to_its_user(event: ThresholdCrossed | Reached) -> str:
    """What is used and held of one's own limit, and what comes then."""
    return _of_a_user(event, "your", "you")


def told_to_managers(event: ThresholdCrossed) -> str:
    """The same of a limit of a server, or of all together."""
    return _shared(event, "" if event.guild is None else f" (server {event.guild})")


def reached_in_words(reached: Reached) -> str:
    """How far a limit is used up now, for the user who is shown it: their own, or one that others share."""
    return told_to_its_user(reached) if reached.limit_name.startswith(f"{USER}/") else _shared(reached)


def reached_of(user: str, told: Mapping[str, Any]) -> str:
    """The same of an entry of the quota dictionary, for whoever looks at a user's figures."""
    used, most = (round(told[name] * (PER_CREDIT if told["unit"] == CREDITS else 1)) for name in ("used", "most"))
    reached = Reached(told["limit"], told["percent"], used, most)
    return _of_a_user(reached, f"{user}'s", "they") if reached.limit_name.startswith(f"{USER}/") else _shared(reached)


def _of_a_user(event: ThresholdCrossed | Reached, whose: str, they: str) -> str:
    unit = unit_of(event.limit_name)
    if event.limit_name == USER_STORAGE:
        then = "Nothing more is kept" if event.percent >= WHOLE else "When it is full, nothing more is kept"
        is_used = f"{event.percent} % of {whose} storage is used or held: {_figures(event)}."
        return f"{is_used} {then} until {they} delete something."
    what = "generations" if unit == GENERATIONS else "credits"
    when = _YOURS[event.limit_name.split("/")[1]]
    return f"{event.percent} % of {whose} {what} for {when} are used or held: {_figures(event)}."


def _shared(event: ThresholdCrossed | Reached, whose: str = "") -> str:
    return f"{event.percent} % of {limit_in_words(event.limit_name)}{whose} is used or held: {_figures(event)}."


def _figures(event: ThresholdCrossed | Reached) -> str:
    unit = unit_of(event.limit_name)
    return f"{amount_in_words(event.used, unit)} of {amount_in_words(event.most, unit)}"
