"""A limit that is used up so far, in sentences for whose limit it is, and for managers."""

from __future__ import annotations

from adapters.wording.limits import amount_in_words, limit_in_words, unit_of
from domain.limit_names import DAY, GENERATIONS, MONTH, WEEK
from domain.threshold_events import ThresholdCrossed
from domain.windows import begins_anew_at

WHOLE = 100
_YOURS = {DAY: "today", WEEK: "this week", MONTH: "this month"}


def anew_at(event: ThresholdCrossed) -> str | None:
    """When the window of a limit that is told begins anew; None for a storage, which has none."""
    if event.begins is None:
        return None
    return begins_anew_at(f"{event.begins}T00:00:00.000000Z", event.limit_name.split("/")[1])


def told_to_its_user(event: ThresholdCrossed) -> str:
    """What is used and held of one's own limit, and what comes then."""
    unit = unit_of(event.limit_name)
    figures = f"{amount_in_words(event.used, unit)} of {amount_in_words(event.most, unit)}"
    if event.begins is None:
        then = "Nothing more is kept" if event.percent >= WHOLE else "When it is full, nothing more is kept"
        return f"{event.percent} % of your storage is used or held: {figures}. {then} until you delete something."
    what = "generations" if unit == GENERATIONS else "credits"
    return f"{event.percent} % of your {what} for {_YOURS[event.limit_name.split('/')[1]]} are used or held: {figures}."


def told_to_managers(event: ThresholdCrossed) -> str:
    """The same of a limit of a server, or of all together."""
    unit = unit_of(event.limit_name)
    figures = f"{amount_in_words(event.used, unit)} of {amount_in_words(event.most, unit)}"
    whose = "" if event.guild is None else f" (server {event.guild})"
    return f"{event.percent} % of {limit_in_words(event.limit_name)}{whose} is used or held: {figures}."
