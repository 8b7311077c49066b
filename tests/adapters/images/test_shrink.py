"""A copy for a channel is as large as it may be, and no larger."""

from __future__ import annotations

import io
import os

import pytest
from PIL import Image

from adapters.images.shrink import fitted


def noise(side: int) -> bytes:
    """A picture that hardly any format makes smaller."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(buffer, "PNG")
    return buffer.getvalue()


def test_what_fits_is_sent_as_it_is() -> None:
    """On the limit it fits."""
    data = noise(32)
    fit = fitted("noise.png", data, len(data))
    assert fit is not None
    assert fit[0] == "noise.png"
    assert fit[1] is data


@pytest.mark.parametrize(("share", "side"), [(0.9, 1100), (0.1, 512)])
def test_quality_goes_first_and_size_after_it(share: float, side: int) -> None:
    """A little too large: the same size as WEBP. Much too large: a smaller one."""
    data = noise(1100)
    fit = fitted("noise.png", data, int(len(data) * share))
    assert fit is not None
    name, copy = fit
    assert name == "noise.webp"
    assert len(copy) <= len(data) * share
    assert max(Image.open(io.BytesIO(copy)).size) == side


def test_what_cannot_be_made_small_enough_is_not_sent() -> None:
    """Nor what is no picture."""
    assert fitted("noise.png", noise(64), 10) is None
    assert fitted("a.png", b"no picture", 5) is None
