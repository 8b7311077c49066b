"""Judges the parts of a picture's file: which do not belong there. They are refused, or taken off.

What people save is refused, for the bytes that are kept are those that came; where the operator chose so
(`FOREIGN_PARTS=strip`), and of pictures that were paid for, what does not belong there is taken off. A known form stays
unless it holds a page, a script, a program or an archive; an unknown one also may not be text, nor large.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from adapters.images.foreign.contents import ARCHIVE, TEXT, begins_as, code_in, found_anywhere, is_text
from adapters.images.foreign.gif_parts import gif_parts
from adapters.images.foreign.part import Part, Role, Unwalkable
from adapters.images.foreign.phones import jpeg_parts
from adapters.images.foreign.png_parts import png_parts
from adapters.images.foreign.webp_parts import as_long_as_it_is, webp_parts
from adapters.images.formats import GIF, JPEG, PNG, WEBP, begun_media_type
from adapters.images.invalid_image import damaged, followed_by, foreign

MAX_UNKNOWN_BYTES = 1 << 20
"""Of all parts together whose form nobody here knows."""
MAX_COMMENT_BYTES = 1 << 20
"""Of all comments together, in which scripts are looked for; beyond it only what runs wherever it stands."""
MAX_OTHER_PARTS = 2_000
"""Parts beside the picture: each costs some time, and programs write a handful."""
MANY = f"more than {MAX_OTHER_PARTS:,} parts"
LARGE = "more than 1 MiB of an unknown kind"
OTHER = "something else"

_PARTS: Mapping[str, Callable[[bytes], list[Part]]] = MappingProxyType(
    {PNG: png_parts, JPEG: jpeg_parts, WEBP: webp_parts, GIF: gif_parts}
)
_JUDGED = frozenset({Role.PROMPT, Role.METADATA, Role.COMMENT, Role.UNKNOWN})


class ForeignPart(NamedTuple):
    """A part that does not belong into a picture's file, and what is in it, as a word for people."""

    part: Part
    what: str


class Stripped(NamedTuple):
    """A picture's file without its foreign parts, and what was taken off: a few words each, in their order."""

    data: bytes
    taken_off: tuple[str, ...]


def refuse_foreign(data: bytes, media_type: str) -> None:
    """Raises InvalidImage for the first part of a whole file that does not belong there."""
    media = media_type.removeprefix("image/").upper()
    try:
        found = foreign_parts(data, _PARTS[media_type](data))
    except Unwalkable as error:
        raise damaged(media, "a part of it is not where it belongs") from error
    if found:
        part, what = found[0]
        raise followed_by(media, part.end - part.begin) if part.role is Role.BEHIND else foreign(media, part.name, what)


def without_foreign(data: bytes) -> Stripped:
    """The file without what does not belong there; the same bytes where all does, and where it is no whole picture."""
    media_type = begun_media_type(data)
    if media_type is None:
        return Stripped(data, ())
    try:
        parts = _PARTS[media_type](data)
    except Unwalkable:
        return Stripped(data, ())
    found = [each for each in foreign_parts(data, parts) if each.part.role is not Role.PICTURE]
    if not found:
        return Stripped(data, ())
    foreign_ones = {each.part.begin for each in found if each.part.end > each.part.begin}
    kept = b"".join(data[part.begin : part.end] for part in parts if part.begin not in foreign_ones)
    return Stripped(as_long_as_it_is(kept) if media_type == WEBP else kept, tuple(map(_told, found)))


def picture_alone(data: bytes) -> bytes:
    """The file with nothing but its picture; the same bytes where it is no whole file."""
    media_type = begun_media_type(data)
    try:
        parts = _PARTS[media_type](data) if media_type else []
    except Unwalkable:
        parts = []
    kept = b"".join(data[part.begin : part.end] for part in parts if part.role is Role.PICTURE)
    return (as_long_as_it_is(kept) if kept and media_type == WEBP else kept) or data


def foreign_parts(data: bytes, parts: list[Part]) -> list[ForeignPart]:
    """The parts of a file that do not belong there, in their order."""
    found = _by_patterns(data, parts)
    found |= dict.fromkeys(_too_many(parts), MANY)
    unknown_bytes = comment_bytes = 0
    for index, part in enumerate(parts):
        if found.get(index) == MANY:
            continue
        unknown_bytes += len(part.body) if part.role is Role.UNKNOWN else 0
        comment_bytes += len(part.body) if part.role is Role.COMMENT else 0
        is_beyond = part.role is Role.COMMENT and comment_bytes > MAX_COMMENT_BYTES
        what = None if is_beyond else _judged(part)
        if part.role is Role.UNKNOWN and unknown_bytes > MAX_UNKNOWN_BYTES:
            what = LARGE
        if what:
            found.setdefault(index, what)
    return [ForeignPart(parts[index], found[index]) for index in sorted(found)]


def _too_many(parts: list[Part]) -> list[int]:
    """The parts beside the picture that are one too many, and all after them."""
    return [index for index, part in enumerate(parts) if part.role in _JUDGED][MAX_OTHER_PARTS:]


def _by_patterns(data: bytes, parts: list[Part]) -> dict[int, str]:
    """What is found anywhere in the file, by the index of the part in which it begins."""
    begins = [part.begin for part in parts]
    found: dict[int, str] = {}
    for at, what in sorted(found_anywhere(data)):
        index = bisect_right(begins, at) - 1
        if parts[index].role is not Role.PROMPT or what == ARCHIVE:
            found.setdefault(index, what)
    return found


def _judged(part: Part) -> str | None:
    """What is in a part that may not be; None where it may stay."""
    match part.role:
        case Role.PICTURE | Role.PROMPT:
            return None
        case Role.METADATA:
            return _hidden_in(part.body)
        case Role.COMMENT:
            begun = None if is_text(part.body) else begins_as(part.body)
            return begun or code_in(part.body) or _hidden_in(part.body)
        case Role.UNKNOWN:
            text = TEXT if is_text(part.body) else None
            return begins_as(part.body) or code_in(part.body) or _hidden_in(part.body) or text
        case Role.BEHIND:
            return (begins_as(part.body) or _hidden_in(part.body) or OTHER) if part.body else None


def _hidden_in(body: bytes) -> str | None:
    return next((what for _, what in sorted(found_anywhere(body))), None)


def _told(found: ForeignPart) -> str:
    return f"{found.what} in {found.part.name}" if found.part.role is not Role.BEHIND else f"{found.what} behind it"
