"""A current image as one line of text, as the index keeps it: as a tuple of its own values it takes twice the room.

The members stand in the order of `CurrentImage`, with a tab between each two.
"""

from __future__ import annotations

from domain.events import ImpossibleFact
from domain.usage import CurrentImage

_TAB = "\t"
_TABS = len(CurrentImage._fields) - 1
_BEHIND_POSITION = CurrentImage._fields.index("position") + 1


def to_line(image: CurrentImage) -> str:
    """The line of an image. Raises ImpossibleFact for a member with a tab in it, which no save writes."""
    line = _TAB.join(map(str, image))
    if line.count(_TAB) != _TABS:
        raise ImpossibleFact(f"{image.name!r} of {image.media_type!r} by {image.operation!r} has a tab in a member")
    return line


def from_line(line: str) -> CurrentImage:
    """The image of a line. Raises ValueError where it is none."""
    name, size_bytes, at, position, media_type, width, height, operation = line.split(_TAB)
    return CurrentImage(
        name=name,
        bytes=int(size_bytes),
        at=at,
        position=int(position),
        media_type=media_type,
        width=int(width),
        height=int(height),
        operation=operation,
    )


def name_of(line: str) -> str:
    """The name in a line."""
    return line[: line.index(_TAB)]


def position_of(line: str) -> int:
    """The position in a line."""
    return int(line.split(_TAB, _BEHIND_POSITION)[_BEHIND_POSITION - 1])
