"""A change about a user in a sentence: their own limits from what to what, today's count, a deleted image."""

from __future__ import annotations

from typing import assert_never

from adapters.wording.explanations import DELETED_BY
from adapters.wording.figures import size_in_words
from adapters.wording.limits import own_in_words
from domain.events import DailyCountReset, ImageDeleted, LimitsOverridden
from domain.limits import Override, UserLimits


def change_in_words(event: LimitsOverridden | DailyCountReset | ImageDeleted, former: Override) -> str:
    """What was changed, and why where somebody said so; `former` are the user's own limits before it."""
    match event:
        case LimitsOverridden():
            own = Override(event.limits or UserLimits(), event.until)
            return f"Own limits from {_own(former)} to {_own(own)}: {event.reason}"
        case DailyCountReset():
            return f"The count of the day was set to 0: {event.reason}"
        case ImageDeleted():
            return f"{event.name}, {size_in_words(event.bytes)} freed; deleted {DELETED_BY[event.reason]}."
        case _:
            assert_never(event)


def _own(own: Override) -> str:
    return "none" if own.limits == UserLimits() else own_in_words(own)
