"""Under what file name an image leaves: whatever opens it by that name shows a picture (RFC 6266, RFC 8187)."""

from __future__ import annotations

from urllib.parse import quote

from adapters.images.formats import EXTENSIONS, NAMED

UNKNOWN_EXTENSION = "bin"
MAX_FILE_NAME_CHARS = 150
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._- ")


def file_name(name: str, media_type: str) -> str:
    """An image's name as that of one file, with an extension of its format; one that is something else's stays before
    it.
    """
    flat = name.replace("/", "-").replace("\\", "-").strip(" .")[:MAX_FILE_NAME_CHARS] or "image"
    _, dot, extension = flat.rpartition(".")
    if dot and NAMED.get(extension.lower()) == media_type:
        return flat
    return f"{flat}.{EXTENSIONS.get(media_type, UNKNOWN_EXTENSION)}"


def disposition(name: str, media_type: str) -> str:
    """`Content-Disposition` of an image: shown where it is asked for, and saved under its file name."""
    whole = file_name(name, media_type)
    plain = "".join(character if character in _PLAIN else "_" for character in whole)
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(whole, safe='')}"
