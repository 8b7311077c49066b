"""Which files stand by the log: every current name with the size and hash of its bytes, and the save that it came with.

It answers for images and temp files alike. Where their bytes lie, and whether they are there, is for whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from domain.events import CleanupCompleted, Event, ImageDeleted, ImageSaved
from domain.names import name_key


class StandingFile(NamedTuple):
    """One of them. `position` is that of its save, `sha256` in hex; `adopted`: it was there before the log knew it.
    Width and height are in pixels, 0 for what was saved as no image.
    """

    position: int
    user: str
    name: str
    temp: bool
    size_bytes: int
    sha256: str
    staged: str
    adopted: bool
    media_type: str
    width: int
    height: int


class StandingFiles:
    """The fold. Iterating gives what stands, in the order of its saves."""

    def __init__(self) -> None:
        self._current: dict[tuple[str, bool, str], StandingFile] = {}

    def __len__(self) -> int:
        return len(self._current)

    def __iter__(self) -> Iterator[StandingFile]:
        return iter(self._current.values())

    def stands(self, file: StandingFile) -> bool:
        """Whether a name still has the bytes of this save."""
        return self._current.get((file.user, file.temp, name_key(file.name))) == file

    def apply(self, position: int, event: Event) -> None:
        """Takes one event in; most touch no file."""
        match event:
            case ImageSaved():
                key = (event.user, event.temp, name_key(event.name))
                self._current.pop(key, None)
                self._current[key] = _file(position, event)
            case ImageDeleted():
                self._current.pop((event.user, event.temp, name_key(event.name)), None)
            case CleanupCompleted():
                for file in event.files:
                    self._current.pop((file.user, True, name_key(file.name)), None)
            case _:
                pass


def _file(position: int, event: ImageSaved) -> StandingFile:
    return StandingFile(
        position=position,
        user=event.user,
        name=event.name,
        temp=event.temp,
        size_bytes=event.bytes,
        sha256=event.sha256,
        staged=event.staged,
        adopted=event.operation == "adopted",
        media_type=event.media_type,
        width=event.width,
        height=event.height,
    )
