"""What each user chose for themselves, such as a default style."""

from __future__ import annotations

from domain.events import Event, PreferenceSet


class Preferences:
    """Chosen values by user and preference."""

    def __init__(self, chosen: dict[tuple[str, str], str] | None = None) -> None:
        self._chosen: dict[tuple[str, str], str] = chosen or {}

    def dump(self) -> dict[tuple[str, str], str]:
        """The choices at this moment; preferences made of them are these."""
        return dict(self._chosen)

    def apply(self, position: int, event: Event) -> None:  # noqa: ARG002 - every projection is fed alike
        """Notes a choice."""
        if isinstance(event, PreferenceSet):
            self._chosen[event.user, event.preference] = event.value

    def get(self, user: str, preference: str) -> str | None:
        """A user's choice, None where none was made."""
        return self._chosen.get((user, preference))
