"""The formats of pictures: which are kept, which are read as well, their names, and how their files begin.

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
AVIF = "AVIF"
INPUTS = (*MEDIA_TYPES, AVIF)
"""By Pillow's names: what people may begin with. Of an AVIF a PNG is kept."""
ANSWERS = (*INPUTS, "BMP", "TIFF")
"""What a service may answer with: it was paid for, so whatever can be decoded is."""

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


def begun_format(data: bytes) -> str | None:
    """What the bytes begin as: of `ANSWERS` in Pillow's word, of others in the word that people have for it; None for
    what is not known.
    """
    kept = begun_media_type(data)
    if kept is not None:
        return next(name for name, media_type in MEDIA_TYPES.items() if media_type == kept)
    if data[4:8] == b"ftyp":
        return _of_brands(data)
    if data[:2] == b"BM" and data[6:10] == bytes(4):
        return "BMP"
    return next((name for beginning, name in _BEGINNINGS if data.startswith(beginning)), None)


def _of_brands(data: bytes) -> str:
    """ISO 14496-12, 4.3: the brands of a file say which formats it follows."""
    end = min(int.from_bytes(data[:4]), MOST_BRANDS_BYTES)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
    if brands & {b"avif", b"avis"}:
        return AVIF
    return "HEIC" if brands & _HEIC_BRANDS else "video"


MOST_BRANDS_BYTES = 256
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_BEGINNINGS = (
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"8BPS", "Photoshop"),
    (b"%PDF", "PDF"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
    (b"\0\0\x01\0", "icon"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"PK\x03\x04", "ZIP"),
)
