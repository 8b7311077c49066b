"""The bytes of an answer that came compressed, though they were asked for as they are, within a bound.

Answers for gzip and deflate, told or not, and for br and zstd where the packages that read them are installed. What is
told to be compressed and is not stays as it is: a proxy may have unpacked it and left its header.
"""

from __future__ import annotations

import zlib

from aiohttp.compression_utils import BrotliDecompressor, ZSTDDecompressor

GZIP_BEGINNING = b"\x1f\x8b"
MOST_LAYERS = 3
"""How often one answer may be compressed."""
MOST_MEMBERS = 64
"""Of a gzip that is several, one after the other."""
GZIP_OR_ZLIB, RAW = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS
ZLIB_NAMES = frozenset({"gzip", "x-gzip", "deflate"})
OTHERS = {"br": BrotliDecompressor, "zstd": ZSTDDecompressor}


class CannotUnpack(Exception):
    """It is compressed in a way that nothing here reads."""


class UnpackedTooLarge(Exception):
    """It has more bytes than are taken in."""


def is_packed(content: bytes, named: str) -> bool:
    """Whether there is anything to do; `named` is the header Content-Encoding."""
    return bool(named.strip()) or content.startswith(GZIP_BEGINNING)


def unpacked(content: bytes, named: str, at_most_bytes: int) -> bytes:
    """The bytes as they were before. Raises CannotUnpack and UnpackedTooLarge."""
    names = [name.strip().lower() for name in named.split(",") if name.strip()]
    for name in reversed(names[-MOST_LAYERS:]):
        content = _without(name, content, at_most_bytes)
    if content.startswith(GZIP_BEGINNING):
        content = _without("gzip", content, at_most_bytes)
    return content


def _without(name: str, content: bytes, at_most_bytes: int) -> bytes:
    if name in ZLIB_NAMES:
        return _inflated(content, at_most_bytes)
    if name not in OTHERS:
        return content
    try:
        plain = OTHERS[name]().decompress_sync(content, at_most_bytes + 1)
    except RuntimeError as error:
        raise CannotUnpack(name) from error
    except Exception:  # noqa: BLE001 - each package has faults of its own, which say that it was not compressed so
        return content
    return _bounded(plain, at_most_bytes)


def _inflated(content: bytes, at_most_bytes: int) -> bytes:
    """With or without the frame of gzip or zlib; the content as it is where it is none of these."""
    for frame in (GZIP_OR_ZLIB, RAW):
        try:
            return _members(content, frame, at_most_bytes)
        except zlib.error:
            continue
    return content


def _members(content: bytes, frame: int, at_most_bytes: int) -> bytes:
    plain = b""
    for _ in range(MOST_MEMBERS):
        inflating = zlib.decompressobj(frame)
        plain = _bounded(plain + inflating.decompress(content, at_most_bytes + 1), at_most_bytes)
        content = inflating.unused_data
        if not content.startswith(GZIP_BEGINNING):
            break
    return plain


def _bounded(plain: bytes, at_most_bytes: int) -> bytes:
    if len(plain) > at_most_bytes:
        raise UnpackedTooLarge
    return plain
