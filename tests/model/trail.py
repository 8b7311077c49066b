"""The events of a log as far as they are compared: of each its type and its user, in their order.

In which order a corrected clock cancels open places is promised to nobody, so these are kept in order of their users.
"""

from __future__ import annotations

Fact = tuple[str, str | None]


class Trail:
    """What was written so far."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._cancelled_from: int | None = None

    def add(self, kind: str, user: str | None) -> None:
        """One more event."""
        self.facts.append((kind, user))
        if kind == "ClockCorrected":
            self._cancelled_from = len(self.facts)
        elif kind != "GenerationReleased":
            self._cancelled_from = None
        elif self._cancelled_from is not None:
            self.facts[self._cancelled_from :] = sorted(self.facts[self._cancelled_from :], key=str)

    def copy(self) -> Trail:
        """The same, sharing nothing that changes."""
        other = Trail()
        other.facts, other._cancelled_from = list(self.facts), self._cancelled_from
        return other

    def __len__(self) -> int:
        return len(self.facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trail) and self.facts == other.facts

    __hash__ = None  # type: ignore[assignment]  # it changes
