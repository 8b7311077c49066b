"""What each user chose for themselves, such as a default style."""

from __future__ import annotations

from domain.events import Event, PreferenceSet


class Preferences:
    """Chosen values by user and preference."""

    def __init__(self) -> None:
        self._chosen: dict[tuple[str, str], str] = {}

    def apply(self, position: int, event: Event) -> None:  # noqa: ARG002 - every projection is fed alike
        """Notes a choice."""
        if isinstance(event, PreferenceSet):
            self._chosen[event.user, event.preference] = event.value

    def get(self, user: str, preference: str) -> str | None:
        """A user's choice, None where none was made."""
        return self._chosen.get((user, preference))
