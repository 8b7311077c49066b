"""The pictures of a simulated month: a few, of true sizes and hashes, that cost no room.

Each is a PNG with a coloured stripe over black rows. Those are in its stream as they are, uncompressed: a picture of
its size to whoever checks one, and zeros, which a disk with sparse files keeps for nearly nothing. The log of a month
has the same sizes and hashes whether their files are written or not.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import NamedTuple

from adapters.imagestore.local.layout import Layout
from projections.quota_state import QuotaState
from projections.standing_files import StandingFile

KINDS = 24
SIDE = 1024
LEAST_BYTES, MOST_BYTES = 300_000, 2_400_000
ROW_BYTES = 1 + 3 * SIDE
"""A filter and the pixels: both are zeros where a row is black."""
STRIPE_ROWS = 128
STORED_BYTES = 0xFFFF
"""The most that one block of deflate can store as it is (RFC 1951, 3.2.4)."""
CHUNK = b"abBy"
"""A private chunk that nobody needs to show the picture, for the few bytes that a size lacks."""
SPARE_BYTES = 8_192
"""More than all that is no zeros takes."""
SUBJECTS = ("a lighthouse at dusk", "a fox in the snow", "an old library", "a harbour in the rain", "a paper dragon")
STYLES = ("photographic", "anime", "watercolor", "pixel-art", None)


class Run(NamedTuple):
    """A piece of a file, and how many zeros follow it."""

    data: bytes
    zeros: int


class Picture(NamedTuple):
    """One picture: its file, run by run, its size, and the hash of it all."""

    runs: tuple[Run, ...]
    size_bytes: int
    sha256: str


@lru_cache(maxsize=1)
def pictures() -> tuple[Picture, ...]:
    """The pictures of every month, the same each time."""
    step = (MOST_BYTES - LEAST_BYTES) // (KINDS - 1)
    return tuple(_picture(number, LEAST_BYTES + step * number + number % 7) for number in range(KINDS))


def write_pictures(
    root: Path, state: QuotaState, standing: Iterable[StandingFile], made: Iterable[Picture], seed: int
) -> int:
    """Writes the file of each name that stands, and beside a kept image how it was made; gives how many."""
    staged = {file.position: file.staged for file in standing}
    layout, by_size, written = Layout(root), {picture.size_bytes: picture for picture in made}, 0
    for temp, index in ((False, state.gallery), (True, state.temps)):
        for user, _, image in index.all():
            write(layout.final(user, image.name, temp=temp), by_size[image.bytes])
            if not temp:
                key = f"{seed}{user}{image.name}"
                _describe(layout.details(user, image.name), staged[image.position], image.operation, key)
            written += 1
    return written


def _picture(number: int, size_bytes: int) -> Picture:
    stripe = (b"\0" + bytes((number * 10, 255 - number * 10, 128)) * SIDE) * STRIPE_ROWS
    blacks = ROW_BYTES * (SIDE - STRIPE_ROWS)
    stored = size_bytes - SPARE_BYTES
    packer = zlib.compressobj()
    packed = packer.compress(stripe + bytes(blacks - stored)) + packer.flush(zlib.Z_FULL_FLUSH)
    adler = struct.pack(">I", zlib.adler32(bytes(blacks), zlib.adler32(stripe)))
    pixels = [Run(packed, 0), *_stored(stored), Run(adler, 0)]
    header = Run(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)), 0)
    whole = [header, *_long_chunk(b"IDAT", pixels)]
    lacking = size_bytes - _length(whole) - len(_chunk(b"IEND", b"")) - len(_chunk(CHUNK, b""))
    whole.append(Run(_chunk(CHUNK, bytes(lacking)) + _chunk(b"IEND", b""), 0))
    return Picture(tuple(whole), _length(whole), sha256(_joined(whole)).hexdigest())


def _stored(zeros: int) -> list[Run]:
    """So many zeros as the last blocks of a stream of deflate, each as it is."""
    blocks = [min(STORED_BYTES, zeros - begin) for begin in range(0, zeros, STORED_BYTES)]
    ends = [*[0] * (len(blocks) - 1), 1]
    return [
        Run(struct.pack("<BHH", end, length, ~length & 0xFFFF), length)
        for end, length in zip(ends, blocks, strict=True)
    ]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return _joined(_long_chunk(kind, [Run(body, 0)]))


def _long_chunk(kind: bytes, body: list[Run]) -> list[Run]:
    checksum = struct.pack(">I", zlib.crc32(kind + _joined(body)))
    return [Run(struct.pack(">I", _length(body)) + kind, 0), *body, Run(checksum, 0)]


def _length(runs: Iterable[Run]) -> int:
    return sum(len(run.data) + run.zeros for run in runs)


def _joined(runs: Iterable[Run]) -> bytes:
    return b"".join(run.data + bytes(run.zeros) for run in runs)


def write(path: Path, picture: Picture) -> None:
    """Writes the file of a picture; its zeros are skipped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for run in picture.runs:
            file.write(run.data)
            file.seek(run.zeros, 1)


def _describe(path: Path, staged: str, operation: str, key: str) -> None:
    """As the store writes them: details name the staged file that they came with."""
    chosen = Random(key)  # noqa: S311 - a made-up prompt is no secret
    words = {
        "staged": staged,
        "operation": operation,
        "prompt": chosen.choice(SUBJECTS),
        "style": chosen.choice(STYLES),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({name: word for name, word in words.items() if word}), encoding="utf-8")
