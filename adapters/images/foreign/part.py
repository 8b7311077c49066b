"""A stretch of a file and what it is there for. What is in it, is `contents`'s to say."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a part is there for, which decides how closely it is looked at."""

    PICTURE = "picture"
    """What is shown, and what a phone put behind it in the form that phones have: it cannot be taken off."""
    PROMPT = "prompt"
    """How a program made the picture, in that program's own words: a prompt may say anything."""
    METADATA = "metadata"
    """A known form, such as EXIF or a colour profile."""
    COMMENT = "comment"
    """Words of people, where the format has a place for them."""
    UNKNOWN = "unknown"
    """A form that nobody here knows."""
    BEHIND = "behind"
    """What follows the end of the picture."""


class Part(NamedTuple):
    """The bytes of a file from `begin` to `end`; `body` is what they hold, without the framing of the format."""

    role: Role
    name: str
    begin: int
    end: int
    body: bytes = b""


class Unwalkable(Exception):
    """Bytes that are no whole file of their format, or have more parts than are looked at."""


MAX_PARTS = 100_000
"""Of one file."""
