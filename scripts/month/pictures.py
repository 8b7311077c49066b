"""The pictures of a simulated month: a few, of true sizes and hashes, that cost no room.

Each is a PNG of one colour with a private chunk of zeros, which a disk with sparse files keeps for nothing. The log of
a month has the same sizes and hashes whether their files are written or not.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from random import Random
from typing import NamedTuple

from PIL import Image

from adapters.imagestore.local.layout import Layout
from projections.quota_state import QuotaState
from projections.standing_files import StandingFile

KINDS = 24
SIDE = 1024
LEAST_BYTES, MOST_BYTES = 300_000, 2_400_000
CHUNK = b"abBy"
"""A private chunk that nobody needs to show the picture."""
IEND_BYTES = 12
SUBJECTS = ("a lighthouse at dusk", "a fox in the snow", "an old library", "a harbour in the rain", "a paper dragon")
STYLES = ("photographic", "anime", "watercolor", "pixel-art", None)


class Picture(NamedTuple):
    """One picture: what stands before its zeros, how many there are, what follows them, and the hash of it all."""

    head: bytes
    zeros: int
    tail: bytes
    sha256: str

    @property
    def size_bytes(self) -> int:
        """The size of its file."""
        return len(self.head) + self.zeros + len(self.tail)


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
            _write(layout.final(user, image.name, temp=temp), by_size[image.bytes])
            if not temp:
                key = f"{seed}{user}{image.name}"
                _describe(layout.details(user, image.name), staged[image.position], image.operation, key)
            written += 1
    return written


def _picture(number: int, size_bytes: int) -> Picture:
    buffer = BytesIO()
    Image.new("RGB", (SIDE, SIDE), (number * 10, 255 - number * 10, 128)).save(buffer, "PNG")
    plain = buffer.getvalue()
    zeros = size_bytes - len(plain) - 12
    head = plain[:-IEND_BYTES] + struct.pack(">I", zeros) + CHUNK
    tail = struct.pack(">I", zlib.crc32(CHUNK + bytes(zeros))) + plain[-IEND_BYTES:]
    return Picture(head, zeros, tail, sha256(head + bytes(zeros) + tail).hexdigest())


def _write(path: Path, picture: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(picture.head)
        file.seek(picture.zeros, 1)
        file.write(picture.tail)


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
