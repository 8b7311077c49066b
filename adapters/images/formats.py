"""The formats of the pictures that are kept: their names, media types and extensions, and how their files begin.

Whether bytes that begin so are a whole picture is `check`'s to find out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from adapters.images.png_chunks import SIGNATURE as PNG_SIGNATURE

PNG, JPEG, WEBP, GIF = "image/png", "image/jpeg", "image/webp", "image/gif"

MEDIA_TYPES: Mapping[str, str] = MappingProxyType({"PNG": PNG, "JPEG": JPEG, "WEBP": WEBP, "GIF": GIF})
"""By the name that Pillow has for the format."""
EXTENSIONS: Mapping[str, str] = MappingProxyType({PNG: "png", JPEG: "jpg", WEBP: "webp", GIF: "gif"})
"""By media type, without the dot."""
NAMED: Mapping[str, str] = MappingProxyType(
    {"png": PNG, "apng": PNG, "jpg": JPEG, "jpeg": JPEG, "jpe": JPEG, "jfif": JPEG, "webp": WEBP, "gif": GIF}
)
"""The media type that each extension promises, in lower case and without the dot; no other promises one of these."""

JPEG_SIGNATURE = b"\xff\xd8\xff"
GIF_SIGNATURES = (b"GIF87a", b"GIF89a")


def begun_media_type(data: bytes) -> str | None:
    """The media type of the format that the bytes begin as; None where that is none of these."""
    if data.startswith(PNG_SIGNATURE):
        return PNG
    if data.startswith(JPEG_SIGNATURE):
        return JPEG
    if data.startswith(GIF_SIGNATURES):
        return GIF
    return WEBP if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None
