"""`Content-Disposition` of an image (RFC 6266): what a browser calls the file that it saves."""

from __future__ import annotations

from urllib.parse import quote

from adapters.images.file_names import file_name

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._- ")


def disposition(name: str, media_type: str) -> str:
    """Shown where it is asked for, and saved under its file name: plain, and whole in UTF-8 (RFC 8187)."""
    whole = file_name(name, media_type)
    plain = "".join(character if character in _PLAIN else "_" for character in whole)
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(whole, safe='')}"
