"""What is added up of a history that is decided anew: sums of requests, and the story of the storage of all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

from domain.commands import ReserveGeneration, SaveImage
from domain.credits import PER_CREDIT
from domain.refusals import Reason, Refusal

LIMIT_REASONS = (
    Reason.DAILY_LIMIT.value,
    Reason.WINDOW_LIMIT.value,
    Reason.USER_STORAGE.value,
    Reason.POOL_STORAGE.value,
)
_COUNTED = ("windows_then", "windows", "tried_then", "tried")
_BY_NAME = frozenset({"then", "refused", *_COUNTED})


@dataclass(slots=True)
class Sums:
    """Requests of a user, of a day or of all: how many were asked, which is the same under whatever limits, refused
    then and here by reason. A picture that outgrows its place is refused too, and no request of its own.

    `newly_refused` were allowed then, `newly_allowed` refused, and would have had `more_made` pictures for `more_spent`
    credits, by the prices that they were asked for at; for `more_unpriced` of them there was none. Of the pictures that
    the provider delivered then `made` are made here too, for `spent` credits; `not_made` are not asked for here, which
    saves `saved` credits. Of `made` the log has no price for `unpriced`, of `not_made` for `unpriced_saved`.
    `not_kept` found no room here and did then. `cut` counts the 20th refusals of a user, reason and day: what was
    refused after each is not recorded. `windows_then` and `windows` count the refusals of WINDOW_LIMIT by its name,
    then and here, `tried_then` and `tried` by that of any limit what it would have refused, was it not tried out.
    """

    asked: int = 0
    then: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LIMIT_REASONS, 0))
    refused: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LIMIT_REASONS, 0))
    newly_refused: int = 0
    newly_allowed: int = 0
    more_made: int = 0
    more_spent: float = 0.0
    more_unpriced: int = 0
    made: int = 0
    spent: float = 0.0
    not_made: int = 0
    saved: float = 0.0
    unpriced: int = 0
    unpriced_saved: int = 0
    not_kept: int = 0
    cut: int = 0
    windows_then: Counter[str] = field(default_factory=Counter)
    windows: Counter[str] = field(default_factory=Counter)
    tried_then: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)

    def note_refused(self, refusal: Refusal) -> None:
        """Counts one that is refused here."""
        self.refused[refusal.reason.value] += 1
        self.windows.update([refusal.window] if refusal.window else [])

    def note_allowed(self, command: ReserveGeneration | SaveImage) -> None:
        """Counts one that was refused then and is allowed here."""
        self.newly_allowed += 1
        if isinstance(command, ReserveGeneration):
            self.more_made += command.count
            self.more_spent += command.count * (command.credits_each or 0) / PER_CREDIT
            self.more_unpriced += 0 if command.credits_each else command.count

    def add(self, other: Sums) -> None:
        """Adds what another holds."""
        for name in (one.name for one in fields(self) if one.name not in _BY_NAME):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in _COUNTED:
            getattr(self, name).update(getattr(other, name))
        for reason in LIMIT_REASONS:
            self.then[reason] += other.then[reason]
            self.refused[reason] += other.refused[reason]

    @property
    def made_then(self) -> int:
        """Pictures that the provider delivered then."""
        return self.made + self.not_made

    @property
    def made_here(self) -> int:
        """Pictures that are made here: of those then, and more."""
        return self.made + self.more_made

    @property
    def refused_then(self) -> int:
        """Requests that were refused then, for whatever limit."""
        return sum(self.then.values())

    @property
    def refused_here(self) -> int:
        """Requests that are refused here, for whatever limit."""
        return sum(self.refused.values())


@dataclass(slots=True)
class PoolStory:
    """What all users together use and hold here: the most there was, when, and at which event a request was first
    refused because the pool was full; by day the most of each.
    """

    peak_bytes: int = 0
    peak_at: str | None = None
    full_at: str | None = None
    full_position: int | None = None
    days: dict[str, int] = field(default_factory=dict)
