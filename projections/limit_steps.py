"""Each limit that was set, for everybody or for one user, from old to new, of the lines of one user and of the policy.

What tiers give is `tier_lines.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.commands import OF_A_MANAGER
from domain.events import Event, LimitsOverridden, PolicyChanged
from domain.limit_names import FURTHER, OF_A_USER
from domain.limits import Windows


class LimitStep(NamedTuple):
    """A limit got a value: for everybody, or as this user's own until a time. None: it was taken away.
    `former` is the value before it, None where there was none. `why` is the source of a policy that a start gave, the
    reason of a manager's and of an override.
    """

    position: int
    at: str
    by: str
    limit: str
    value: int | None
    is_own: bool
    why: str
    until: str | None = None
    former: int | None = None
    is_managers: bool = False


class LimitSteps:
    """The steps of the lines that were taken, in their order."""

    def __init__(self) -> None:
        self.steps: list[LimitStep] = []

    def note(self, position: int, event: Event) -> None:
        """Takes one line."""
        if isinstance(event, PolicyChanged):
            limits = event.limits
            of_all = {"daily": limits.daily, "user_bytes": limits.user_bytes, "pool_bytes": limits.pool_bytes}
            self._step(position, event, of_all | _each(FURTHER, limits.windows), why=event.reason or event.source)
        elif isinstance(event, LimitsOverridden):
            own = event.limits
            given = {"daily": own.daily if own else None, "user_bytes": own.user_bytes if own else None}
            given |= _each(OF_A_USER, (own.windows if own else None) or ())
            self._step(position, event, given, why=event.reason, until=event.until, is_own=True)

    def _step(
        self,
        position: int,
        event: PolicyChanged | LimitsOverridden,
        given: Mapping[str, int | None],
        *,
        why: str,
        until: str | None = None,
        is_own: bool = False,
    ) -> None:
        """Notes the limits that have another value from here on, or another end."""
        for name, value in given.items():
            former = next((one for one in reversed(self.steps) if (one.limit, one.is_own) == (name, is_own)), None)
            stands = (None, None) if former is None else (former.value, former.until)
            if stands != (value, until if value is not None else None):
                end = until if value is not None else None
                step = LimitStep(
                    position=position,
                    at=event.at,
                    by=event.by,
                    limit=name,
                    value=value,
                    is_own=is_own,
                    why=why,
                    until=end,
                    former=stands[0],
                    is_managers=isinstance(event, PolicyChanged) and event.source == OF_A_MANAGER,
                )
                self.steps.append(step)


def _each(names: Iterable[str], windows: Windows) -> dict[str, int | None]:
    """Limits of windows by all names that there are, None where there is no such limit."""
    return dict.fromkeys(names) | dict(windows)
