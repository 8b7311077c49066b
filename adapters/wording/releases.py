"""Why places came back without a kept picture: one table of the reasons in the log, and one answer to whether it
counted. Replays, histories, an image's settlement and explanations all say it with these words.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from adapters.wording.figures import counted
from domain.events import GenerationReleased
from domain.grants import total
from domain.limit_names import GENERATIONS

RELEASED: Mapping[str, str] = MappingProxyType(
    {
        "failed": "it failed",
        "rejected": "the image service refused it",
        "moderated": "made and filtered",
        "not_kept": "made, but not kept",
        "expired": "nothing came in time",
        "cancelled": "it was stopped",
        "unknown": "the answer was lost",
    }
)
"""By the reason in the log."""


def still_counted(event: GenerationReleased) -> int:
    """Places of a release that are used up all the same: neither the day nor a grant has them back."""
    return event.count - event.refunded - total(event.returned, GENERATIONS)


def became(reason: str, places: int) -> str:
    """What became of a release, and whether it counted: `places` of it still do."""
    charged = f"{counted(places, 'generation')} counted" if places else "nothing was counted"
    return f"{RELEASED[reason]}; {charged}"
