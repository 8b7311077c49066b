"""Under what file name an image leaves: whatever opens it by that name shows a picture."""

from __future__ import annotations

from adapters.images.formats import EXTENSIONS, NAMED

UNKNOWN_EXTENSION = "bin"
MAX_FILE_NAME_CHARS = 150


def file_name(name: str, media_type: str) -> str:
    """An image's name as that of one file, with an extension of its format; one that is something else's stays before
    it.
    """
    flat = name.replace("/", "-").replace("\\", "-").strip(" .")[:MAX_FILE_NAME_CHARS] or "image"
    if promises(flat) == media_type:
        return flat
    return f"{flat}.{EXTENSIONS.get(media_type, UNKNOWN_EXTENSION)}"


def promises(name: str) -> str | None:
    """The media type that a name's extension promises; None where it has none, or another's."""
    _, dot, extension = name.rpartition("/")[2].rpartition(".")
    return NAMED.get(extension.lower()) if dot else None
