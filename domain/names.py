"""Which user ids, image names and keys of styles and tiers are allowed, when two names are one, and how a fresh name is
built.

Everything that comes from outside passes here before it reaches an event or a path, so an accepted id or name is safe
as a path segment on Linux, macOS and Windows. Left to others: whether a name stands already (the decisions), and
whether the final path is free of symlinks and untracked files (the storage adapter).
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_USER_ID_CHARS = 64
MAX_NAME_CHARS = 120
MAX_QUOTED_CHARS = 40
MAX_FRESH_DIGITS = 9
MAX_STYLE_CHARS = 64
REMEMBERED = 4_096
"""Users, and names, of at most their length that are remembered as they were judged: most are asked about again."""

# Windows opens a device for these, whatever the case, whatever extension follows, in every folder.
WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {device + digit for device in ("com", "lpt") for digit in "123456789\u00b9\u00b2\u00b3"}
)
# Files that a desktop writes into folders by itself, or reads settings from.
DESKTOP_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})

_DEVICES = "|".join(sorted(device for device in WINDOWS_DEVICES if device.isascii() and device.isalnum()))
_DESKTOP_FILES = "|".join(sorted(map(re.escape, DESKTOP_FILES)))
_STORED_SEGMENT = (
    rf'(?!(?i:{_DEVICES}) *[./"])(?!(?i:{_DESKTOP_FILES})[/"])[A-Za-z0-9](?:[A-Za-z0-9._ -]*[A-Za-z0-9_-])?'
)
STORED_USER = rf'(?!(?:{_DEVICES})")[a-z0-9_-]{{1,{MAX_USER_ID_CHARS}}}'
"""What `malformed_user` allows, as a regular expression for a string of JSON, whose closing quotation mark follows."""
STORED_NAME = rf'(?=[^"]{{1,{MAX_NAME_CHARS}}}"){_STORED_SEGMENT}(?:/{_STORED_SEGMENT})?'
"""What `malformed_name` allows, likewise."""

STORED_STYLE = rf"[a-z0-9][a-z0-9_-]{{0,{MAX_STYLE_CHARS - 1}}}"
"""What `malformed_style` allows, likewise: the key of a style, never a user's own words."""


GUILD_PATTERN = "^[0-9]{1,20}$"
"""What `malformed_guild` allows, as a pattern for JSON Schema."""


def _in_any_case(words: str) -> str:
    """Alternatives as a pattern that needs no flag, which not every dialect has."""
    return re.sub("[a-z]", lambda letter: f"[{letter[0].upper()}{letter[0]}]", words)


_SEGMENT_PATTERN = (
    rf"(?!(?:{_in_any_case(_DEVICES)}) *(?:[./]|$))(?!(?:{_in_any_case(_DESKTOP_FILES)})(?:/|$))"
    r"[A-Za-z0-9](?:[A-Za-z0-9._ -]*[A-Za-z0-9_-])?"
)
USER_PATTERN = rf"^(?!(?:{_DEVICES})$)[a-z0-9_-]{{1,{MAX_USER_ID_CHARS}}}$"
"""What `malformed_user` allows, as a pattern that JSON Schema's dialect (ECMA-262) and Python's read alike."""
NAME_PATTERN = rf"^(?!.{{{MAX_NAME_CHARS + 1}}}){_SEGMENT_PATTERN}(?:/{_SEGMENT_PATTERN})?$"
"""What `malformed_name` allows, likewise."""

_USER_ID = re.compile(r"[a-z0-9_-]+")
_STYLE = re.compile(STORED_STYLE)
_GUILD = re.compile(GUILD_PATTERN.strip("^$"))
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]*")
_FRESH = re.compile(r"(?:[^/]+/)?image_([1-9][0-9]*)\.[a-z0-9]+", re.IGNORECASE | re.ASCII)


def malformed_user(user: object) -> str | None:
    """Why this cannot be a user id, as a sentence for people; None where it can be one."""
    if not isinstance(user, str):
        return f"A user id must be text, and this is of the type {type(user).__name__}."
    if not user:
        return f"The user id is empty. It needs 1 to {MAX_USER_ID_CHARS} characters."
    if len(user) > MAX_USER_ID_CHARS:
        return f"The user id {_quoted(user)} has {len(user)} characters. At most {MAX_USER_ID_CHARS} are allowed."
    return _broken_user_rule(user)


@lru_cache(maxsize=REMEMBERED)
def _broken_user_rule(user: str) -> str | None:
    if not _USER_ID.fullmatch(user):
        return f"The user id {_quoted(user)} is not allowed. Only the characters a-z, 0-9, '_' and '-' may be in it."
    if _is_windows_device(user):
        return f"The user id {_quoted(user)} is not allowed, because Windows keeps it for a device. Choose another."
    return None


def malformed_name(name: object) -> str | None:
    """Why this cannot be an image name, as a sentence for people; None where it can be one."""
    if not isinstance(name, str):
        return f"An image name must be text, and this is of the type {type(name).__name__}."
    if not name:
        return f"The image name is empty. It needs 1 to {MAX_NAME_CHARS} characters."
    if len(name) > MAX_NAME_CHARS:
        return f"The image name {_quoted(name)} has {len(name)} characters. At most {MAX_NAME_CHARS} are allowed."
    return _broken_name_rule(name)


@lru_cache(maxsize=REMEMBERED)
def _broken_name_rule(name: str) -> str | None:
    segments = name.split("/")
    if len(segments) > 2:
        return f"The image name {_quoted(name)} has more than one folder. At most one is allowed."
    for segment in segments:
        if broken_rule := _broken_segment_rule(segment):
            return f"The image name {_quoted(name)} is not allowed. {broken_rule}"
    return None


def malformed_style(style: object) -> str | None:
    """Why this cannot be the key of a style, as a sentence for people; None where it can be one."""
    if isinstance(style, str) and _STYLE.fullmatch(style):
        return None
    return (
        f"A style has 1 to {MAX_STYLE_CHARS} of the characters a-z, 0-9, '_' and '-', a letter or digit first. "
        "Leave it out, or name one of those that there are."
    )


def malformed_guild(guild: object) -> str | None:
    """Why this cannot be the id of a guild, as a sentence for people; None where it can be one."""
    if isinstance(guild, str) and _GUILD.fullmatch(guild):
        return None
    return "A guild is named by its id on Discord: text of 1 to 20 digits."


def malformed_tier(tier: object) -> str | None:
    """Why this cannot be the key of a tier, as a sentence for people; None where it can be one."""
    if isinstance(tier, str) and _STYLE.fullmatch(tier):
        return None
    return f"A tier has 1 to {MAX_STYLE_CHARS} of the characters a-z, 0-9, '_' and '-', a letter or digit first."


def name_key(name: str) -> str:
    """The form under which a well-formed name is one name: two spellings with one key are the same image."""
    return name.lower()


def folder_of(name: str) -> str | None:
    """The folder of a well-formed name as it is spelled; None where the name is bare."""
    folder, slash, _ = name.partition("/")
    return folder if slash else None


def fresh_number(name: str) -> int | None:
    """The `n` of `image_<n>.<ext>`, bare or in one folder, in any case; None for every other name.

    A number of more than MAX_FRESH_DIGITS digits is an ordinary name, so that no name a user picks can push the next
    fresh number beyond what a name may hold.
    """
    match = _FRESH.fullmatch(name)
    if match is None or len(match[1]) > MAX_FRESH_DIGITS:
        return None
    return int(match[1])


def fresh_name(folder: str | None, number: int, extension: str) -> str:
    """`image_<number>.<extension>`, in the folder where one is given; the extension comes without its dot."""
    bare = f"image_{number}.{extension}"
    return f"{folder}/{bare}" if folder else bare


def _broken_segment_rule(segment: str) -> str | None:
    if not segment:
        return "The folder and the file need a name each."
    if segment.endswith((".", " ")):
        return "A file or folder may not end in a dot or a space."
    if not _SEGMENT.fullmatch(segment):
        return "It must begin with a letter or digit, and only A-Z, a-z, 0-9, '.', '_', '-' and spaces may follow."
    if _is_windows_device(segment):
        return "Windows keeps this name for a device. Choose another."
    if segment.lower() in DESKTOP_FILES:
        return "Desktops use this name for files of their own. Choose another."
    return None


def _is_windows_device(segment: str) -> bool:
    """Windows drops the extension, and the spaces before it, when it looks for a device."""
    return segment.partition(".")[0].rstrip(" ").lower() in WINDOWS_DEVICES


def _quoted(text: str) -> str:
    """The text between quotation marks, cut, with everything that is not printable written as an escape."""
    return repr(text if len(text) <= MAX_QUOTED_CHARS else text[:MAX_QUOTED_CHARS] + "...")
