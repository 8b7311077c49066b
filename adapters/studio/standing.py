"""What a user is worth in the line: how many turns beside others, and how many requests at once.

This is the one place where whoever knows more of users says so: `StudioSettings.standing_of`. Left to others: turns
(`fair_line`) and their bounds (`generation_queue`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from domain.tiers import SeenAt

LEAST_WEIGHT: Final = 1
MOST_WEIGHT: Final = 100


@dataclass(frozen=True)
class Standing:
    """`weight`: with a weight of 3 come three turns for each one of a user with 1, while both wait. `waiting`: the most
    requests of the user under way, those that wait included; None: as many as the settings give everybody.
    """

    weight: int = LEAST_WEIGHT
    waiting: int | None = None

    def __post_init__(self) -> None:
        """A weight of another size would keep others waiting for longer than is promised."""
        assert LEAST_WEIGHT <= self.weight <= MOST_WEIGHT, "a weight is from 1 to 100"
        assert self.waiting is None or self.waiting >= 0, "a number of requests"


StandingOf = Callable[[str, SeenAt | None], Standing]
"""Of a user, with the groups that come with the request. Is asked at each, from the event loop; it must be quick, and
raises nothing.
"""

_EQUAL = Standing()


def all_equal(_: str, _seen: SeenAt | None = None) -> Standing:
    """For users of whom nothing is known."""
    return _EQUAL
