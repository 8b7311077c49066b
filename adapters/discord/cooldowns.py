"""How often one member may use each command and button, so that nobody keeps the bot from the others.

Answers for the count, in a memory that is bounded; what is told is `messages`'. Quotas are the ledger's: a restart
forgets what is counted here, and that is no loss.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

MOST_REMEMBERED = 20_000
"""Members and commands of which uses are counted; the ones that were idle longest are forgotten first."""


class Pace(NamedTuple):
    """So many uses within so many seconds."""

    times: int
    seconds: float


TYPING = Pace(60, 20.0)
"""Suggestions while somebody types: a client asks for them at every key."""
AUTOCOMPLETE = "autocomplete"
BUTTONS_OF_PICTURES = "buttons"
ASKING = "more"
"""Buttons and forms of whoever asks managers for more."""
PACES: Mapping[str, Pace] = MappingProxyType(
    {
        # What asks for a picture is bounded by quota and line too; these are asked for even where that says no.
        "imagine": Pace(12, 30.0),
        "imgimg": Pace(8, 30.0),
        "upscale": Pace(8, 30.0),
        "Upscale": Pace(8, 30.0),
        # What reads and draws many pictures.
        "gallery": Pace(6, 15.0),
        "history": Pace(6, 15.0),
        "show": Pace(6, 15.0),
        "export": Pace(3, 60.0),
        # What is answered from memory, or changes one thing.
        "quota": Pace(12, 20.0),
        "price": Pace(12, 20.0),
        "help": Pace(6, 20.0),
        "why": Pace(6, 20.0),
        "queue": Pace(12, 20.0),
        "points": Pace(12, 20.0),
        "market": Pace(12, 20.0),
        "buy": Pace(12, 20.0),
        "gift": Pace(6, 20.0),
        ASKING: Pace(6, 20.0),
        "style": Pace(6, 20.0),
        "privacy": Pace(6, 20.0),
        "Image info": Pace(12, 20.0),
        "delete": Pace(8, 20.0),
        BUTTONS_OF_PICTURES: Pace(20, 20.0),
        # The managers': what reads the whole log, and what goes over many members one by one.
        "audit": Pace(3, 60.0),
        "storage_cleanup": Pace(4, 60.0),
        "quota_admin show": Pace(30, 30.0),
        "quota_admin set": Pace(30, 30.0),
        "quota_admin everybody": Pace(10, 60.0),
        "quota_admin tier": Pace(30, 30.0),
        "tiers show": Pace(12, 20.0),
        "tiers set": Pace(20, 60.0),
        "tiers remove": Pace(10, 60.0),
        "quota_admin grant": Pace(30, 30.0),
        "quota_admin grants": Pace(30, 30.0),
        "quota_admin reset": Pace(30, 30.0),
        "quota_admin delete-image": Pace(30, 30.0),
        "market_admin offer": Pace(30, 30.0),
        "market_admin withdraw": Pace(30, 30.0),
        "market_admin mint": Pace(30, 30.0),
        "market_admin burn": Pace(30, 30.0),
        AUTOCOMPLETE: TYPING,
    }
)
"""By the qualified name of a command, or what a button does."""
USUAL = Pace(6, 20.0)
"""Of what has no row: commands of other people's cogs."""


class Cooldowns:
    """The latest uses of each member. It belongs to one event loop."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._uses: OrderedDict[tuple[int, str], deque[float]] = OrderedDict()

    def wait(self, user_id: int, what: str) -> float:
        """0 where it may be used, and then this is counted as a use; else the seconds until it may."""
        pace, now = PACES.get(what, USUAL), self._now()
        uses = self._uses.setdefault((user_id, what), deque(maxlen=pace.times))
        self._uses.move_to_end((user_id, what))
        if len(self._uses) > MOST_REMEMBERED:
            self._uses.popitem(last=False)
        if len(uses) == pace.times and (left := uses[0] + pace.seconds - now) > 0:
            return left
        uses.append(now)
        return 0.0
