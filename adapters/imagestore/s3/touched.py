"""What is remembered of a touched name, and what the published log says of the saves of a name.

Carrying it out is `image_store`'s.
"""

from __future__ import annotations

from typing import NamedTuple

from adapters.ports.image_store import Key
from domain.events import CleanupCompleted, Event, ImageDeleted, ImageSaved
from domain.names import name_key


class Use(NamedTuple):
    """What one event did with one name: `staged` are the bytes that stand from then on, None where none do.

    `replaces`: whether other bytes stood there before; none are said of what had none.
    """

    user: str
    temp: bool
    name: str
    staged: str | None
    replaces: bool

    @property
    def key(self) -> Key:
        """The name as the log keys it."""
        return Key(self.user, self.temp, name_key(self.name))


class Touched(NamedTuple):
    """What the log says of a name that is not yet carried out.

    `staged` None: the name no longer stands. `superseded` are bytes that must go; `former` is the position of the save
    that stood before the first event, None where none did, or where it must be `searched` for in the log.
    """

    first: int
    latest: int
    name: str
    staged: str | None
    superseded: frozenset[str] = frozenset()
    former: int | None = None
    searched: bool = False


def uses_of(event: Event) -> list[Use]:
    """What an event did with names; of most events nothing."""
    match event:
        case ImageSaved():
            return [Use(event.user, event.temp, event.name, event.staged, event.replaced_bytes > 0)]
        case ImageDeleted():
            return [Use(event.user, event.temp, event.name, None, True)]
        case CleanupCompleted():
            return [Use(file.user, True, file.name, None, True) for file in event.files]
        case _:
            return []
