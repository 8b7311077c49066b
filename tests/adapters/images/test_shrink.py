"""A copy for a channel is as large as it may be, and no larger."""

from __future__ import annotations

import io
import os

import pytest
from PIL import Image

from adapters.discord.replies import SentFile
from adapters.images.shrink import fitted


def noise(side: int) -> SentFile:
    """A picture that hardly any format makes smaller."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(buffer, "PNG")
    return SentFile("noise.png", buffer.getvalue())


def test_what_fits_is_sent_as_it_is() -> None:
    """On the limit it fits."""
    file = noise(32)
    assert fitted(file, len(file.data)) is file


@pytest.mark.parametrize(("share", "side"), [(0.9, 1100), (0.1, 512)])
def test_quality_goes_first_and_size_after_it(share: float, side: int) -> None:
    """A little too large: the same size as WEBP. Much too large: a smaller one."""
    file = noise(1100)
    copy = fitted(file, int(len(file.data) * share))
    assert copy is not None
    assert copy.name == "noise.webp"
    assert len(copy.data) <= len(file.data) * share
    assert max(Image.open(io.BytesIO(copy.data)).size) == side


def test_what_cannot_be_made_small_enough_is_not_sent() -> None:
    """Nor what is no picture."""
    assert fitted(noise(64), 10) is None
    assert fitted(SentFile("a.png", b"no picture"), 5) is None
