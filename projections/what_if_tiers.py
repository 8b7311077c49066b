"""A tier with other limits than it had, in a history that is decided anew: each time that it is defined it has them,
and the rest of it is as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.limits import UserLimits, Windows, replaced
from domain.tier_commands import DefineTier
from domain.tiers import Tier
from projections.quota_state import QuotaState


class OtherTier:
    """The other limits of a tier: `given` by their names in `UserLimits`, `windows` of windows; `alone`: without those
    that it had. In a `state` where it is defined already it is changed there.
    """

    def __init__(self, key: str, given: Mapping[str, Any], windows: Windows, *, alone: bool, state: QuotaState) -> None:
        self.key = key
        self._given, self._windows, self._alone = given, windows, alone
        self.then: list[Tier] = []
        """What it was, one after the other."""
        self.here: Tier | None = None
        """What it is here in the end; None: it was never defined."""

        if (tier := state.tiers.by_key.get(key)) is not None:
            state.ranks.tiers = state.tiers.defined(self._noted(tier))

    def defined(self, command: DefineTier) -> DefineTier:
        """A definition as it is here; that of another tier, and what takes it away, is as it was."""
        if command.tier != self.key or command.limits is None:
            return command
        own = Tier(command.tier, command.limits)
        return command._replace(limits=self._noted(own).limits)

    def _noted(self, tier: Tier) -> Tier:
        self.then.append(tier)
        own = tier.limits
        windows = self._windows if self._alone else replaced(own.windows or (), self._windows)
        limits = UserLimits(
            user_bytes=self._given.get("user_bytes", own.user_bytes),
            daily=self._given.get("daily", own.daily),
            windows=windows or None,
        )
        self.here = tier._replace(limits=limits)
        return self.here
