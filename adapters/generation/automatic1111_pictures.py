"""Which of the pictures that AUTOMATIC1111 answers with were asked for.

A grid of all may come first, and extensions add what they worked with (ControlNet its maps) behind. Where the server
does not tell where its own begin, they show it: it writes its settings into them, a grid is larger, and the rest comes
after.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from adapters.generation.answers import Sent
from adapters.generation.provider import GenerationRequest
from adapters.images.png_text import KEYWORD
from adapters.images.shaping import DamagedPicture, size_of


def wanted_among(sent: Sequence[Sent], asked: GenerationRequest, first: object) -> list[Sent]:
    """At most `asked.count` of them, in their order; `first` is what `index_of_first_image` tells."""
    known = isinstance(first, int) and not isinstance(first, bool) and first >= 0
    told = sent[first : first + asked.count] if known and isinstance(first, int) else ()
    if any(place.data for place in told):
        return list(told)
    if len(sent) <= asked.count:
        return list(sent)
    rest = list(sent)[1:] if asked.count > 1 and _is_grid(sent[0], sent[1]) else list(sent)
    own = [place for place in rest if place.data and _has_settings(place.data)]
    return (own if len(own) >= asked.count else rest)[: asked.count]


def _is_grid(first: Sent, second: Sent) -> bool:
    """Whether the first may be made of several as large as the second; of a single picture no grid is made."""
    if not first.data or not second.data:
        return False
    try:
        (width, height), (one_width, one_height) = size_of(first.data), size_of(second.data)
    except DamagedPicture:
        return False
    return width * height > one_width * one_height and width >= one_width and height >= one_height


def _has_settings(data: bytes) -> bool:
    """Whether the server wrote into it how it was made."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            return KEYWORD.decode("ascii") in image.info
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
