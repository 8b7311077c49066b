"""Since when each limit for everybody holds, and who set it: for whoever finds a limit that they did not set."""

from __future__ import annotations

from typing import Any, NamedTuple

from domain.events import Event, PolicyChanged


class LimitChange(NamedTuple):
    """A limit got this value, as it stands in `Limits`; `by` and `source` are those of the event: a manager's is by
    `manager`.
    """

    value: Any
    at: str
    by: str
    source: str


class LimitChanges:
    """The last change of each limit, by its name in `Limits`."""

    def __init__(self, last: dict[str, LimitChange] | None = None) -> None:
        self._last: dict[str, LimitChange] = last or {}

    def dump(self) -> dict[str, LimitChange]:
        """The last changes at this moment; a projection made of them is this one."""
        return dict(self._last)

    def apply(self, position: int, event: Event) -> None:  # noqa: ARG002 - every projection is fed alike
        """Notes which limits an event gave another value."""
        if not isinstance(event, PolicyChanged):
            return
        for name, value in event.limits._asdict().items():
            former = self._last.get(name)
            if former is None or former.value != value:
                self._last[name] = LimitChange(value, event.at, event.by, event.source)

    def last(self, name: str) -> LimitChange | None:
        """The change that brought the value in force; None in a log without a policy."""
        return self._last.get(name)
