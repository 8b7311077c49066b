"""The lines by which a user has the tiers that give some limit: how each was set last, and the hand or the groups by
which it is theirs. What tiers give together is `domain/tiers.py`'s.
"""

from __future__ import annotations

from domain.events import Event
from domain.tier_events import GroupsSeen, TierAssigned, TierDefined, TierUnassigned
from domain.tiers import is_over, sources_of
from projections.quota_state import QuotaState

Stored = tuple[int, Event]
"""A position and its event."""


class TierLines:
    """Of the lines that were taken the newest about each tier, hand and place; `noted`: how many there were."""

    def __init__(self) -> None:
        self.noted = 0
        self._newest: dict[tuple[str, str], Stored] = {}

    def note(self, position: int, event: Event) -> None:
        """Takes one line."""
        match event:
            case TierDefined():
                key = ("defined", event.tier)
            case TierAssigned() | TierUnassigned():
                key = ("given", event.tier)
            case GroupsSeen():
                key = ("seen", event.place)
            case _:
                return
        self.noted += 1
        self._newest[key] = (position, event)

    def of(self, state: QuotaState, user: str, at: str) -> tuple[Stored, ...]:
        """Those of the tiers from which some limit of the user is at a time, in their order."""
        giving = {tier for source in sources_of(state, user, state.policy, at).values() for tier in source.tiers}
        member = state.member(user)
        wanted = [("defined", tier) for tier in giving]
        wanted += [("given", one.tier) for one in member.assigned if one.tier in giving and not is_over(one, at)]
        for place, groups in member.seen:
            if any(tier in giving for group in groups for tier in state.tiers.by_group.get(group, ())):
                wanted.append(("seen", place))
        return tuple(sorted((self._newest[key] for key in wanted if key in self._newest), key=lambda line: line[0]))
