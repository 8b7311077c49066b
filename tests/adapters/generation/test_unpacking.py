"""What came compressed is unpacked within its bound, and what cannot be is told."""

from __future__ import annotations

import gzip
import zlib

import pytest
from aiohttp.compression_utils import HAS_BROTLI, HAS_ZSTD

from adapters.generation.unpacking import MOST_LAYERS, CannotUnpack, UnpackedTooLarge, is_packed, unpacked

MOST = 100_000
WHOLE = bytes(range(256)) * 16
BOMB = bytes(50_000_000)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (WHOLE, ""),
        (WHOLE, "identity"),
        (WHOLE, "gzip"),
        (WHOLE, "deflate, gzip"),
        (gzip.compress(WHOLE), ""),
        (gzip.compress(WHOLE), "gzip"),
        (gzip.compress(WHOLE), "deflate"),
        (zlib.compress(WHOLE), "gzip"),
        (gzip.compress(gzip.compress(WHOLE)), "gzip, gzip"),
        (gzip.compress(gzip.compress(WHOLE)), "gzip"),
        (gzip.compress(WHOLE) + b"\0\0", "gzip"),
    ],
)
def test_the_content_is_what_it_was(content: bytes, named: str) -> None:
    """Whether it is told or not, and whether what is told is so."""
    assert is_packed(content, named) or content == WHOLE
    assert unpacked(content, named, MOST) == WHOLE


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_flood_is_not_taken_in(pack: object) -> None:
    """50 MB of which a few kB come: no more is unpacked than the bound."""
    assert callable(pack)
    with pytest.raises(UnpackedTooLarge):
        unpacked(pack(BOMB), "gzip", MOST)
    with pytest.raises(UnpackedTooLarge):
        unpacked(gzip.compress(WHOLE * 20) * 3, "gzip", MOST)


def test_layers_without_end_are_not_followed() -> None:
    """A few names are believed."""
    assert unpacked(WHOLE, ", ".join(["gzip"] * 10_000), MOST) == WHOLE
    packed = WHOLE
    for _ in range(MOST_LAYERS + 5):
        packed = gzip.compress(packed)
    assert unpacked(packed, "", MOST) != WHOLE


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("br", marks=pytest.mark.skipif(HAS_BROTLI, reason="it is read here")),
        pytest.param("zstd", marks=pytest.mark.skipif(HAS_ZSTD, reason="it is read here")),
    ],
)
def test_what_nothing_here_reads_is_told(name: str) -> None:
    """Its package is not installed."""
    with pytest.raises(CannotUnpack):
        unpacked(b"packed", name, MOST)
