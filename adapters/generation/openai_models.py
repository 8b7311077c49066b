"""What the families of OpenAI's image models take: sizes, lengths of prompts, input pictures.

Facts from OpenAI's description of its interface (github.com/openai/openai-openapi, openapi.yaml, version 2.3.0); what
is marked (3p) only third parties say. Nothing here knows of requests or calls.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageOps

from adapters.generation.sizes import Size, shape_distance
from adapters.images.shaping import ShapedPicture, decoded, in_memory, size_of, within

INPUT_SIDE = 2048
INPUT_BYTES = 50_000_000
"""An input of at most INPUT_SIDE pixels a side is far below this as a PNG, whatever it shows."""
SQUARE_SIDE = 1024
SQUARE_BYTES = 4_000_000
SURE_SQUARE_SIDE = 512
"""A square of this side has 1 MB before it is packed, so it is always small enough."""


@dataclass(frozen=True, slots=True)
class Family:
    """What models of one family take. No sizes: any; no `prompt_length`: any.

    `asked_for_bytes`: the answer holds bytes only if they are asked for. `square_input`: an input must be a square PNG
    of less than 4 MB. `qualities`: in which a picture may be made where none is asked for; `more_qualities`: those that
    may be asked for besides. Of a model of which neither is known any may be.
    """

    sizes: tuple[Size, ...] = ()
    prompt_length: int | None = None
    one_at_a_time: bool = False
    asked_for_bytes: bool = True
    edits: bool = True
    square_input: bool = False
    qualities: tuple[str, ...] = ()
    more_qualities: tuple[str, ...] = ()


GPT_IMAGE = Family(
    ((1024, 1024), (1536, 1024), (1024, 1536)),
    32_000,
    asked_for_bytes=False,
    qualities=("low", "medium", "high"),
    more_qualities=("xhigh", "max"),
)
DALL_E_3 = Family(
    ((1024, 1024), (1792, 1024), (1024, 1792)),
    4_000,
    one_at_a_time=True,
    edits=False,
    qualities=("standard",),
    more_qualities=("hd",),
)
DALL_E_2 = Family(((256, 256), (512, 512), (1024, 1024)), 1_000, square_input=True, qualities=("standard",))
OTHER = Family()
FAMILIES = {"gpt-image": GPT_IMAGE, "chatgpt-image": GPT_IMAGE, "dall-e-3": DALL_E_3, "dall-e-2": DALL_E_2}
"""By how the names of their models begin."""


class InputPicture(NamedTuple):
    """An input as PNG; `note` tells the user what was done to it."""

    picture: ShapedPicture
    note: str


def family_of(model: str) -> Family:
    """The family of a model; proxies may put a maker's name and a slash before the model's."""
    name = model.rsplit("/", 1)[-1].lower()
    return next((family for start, family in FAMILIES.items() if name.startswith(start)), OTHER)


def nearest_size(asked: Size, sizes: tuple[Size, ...]) -> Size:
    """The size whose shape is nearest to what is asked, and of those of one shape the one whose area is; width first.

    Nearness is that of logarithms, so that half and double are equally far.
    """

    def distance(size: Size) -> tuple[float, float]:
        area = math.log(size[0] * size[1] / (asked[0] * asked[1]))
        return round(shape_distance(size, asked), 6), abs(area)

    return min(sizes, key=distance, default=asked)


def bounded(data: bytes) -> InputPicture:
    """The picture as PNG, scaled down to INPUT_SIDE: no picture that comes back is larger. Raises DamagedPicture."""
    picture = within(data, at_most_pixels=INPUT_SIDE**2, longest_side=INPUT_SIDE, at_most_bytes=INPUT_BYTES)
    size = (picture.width, picture.height)
    note = "" if size == size_of(data) else f"The input was scaled down to {size[0]} by {size[1]} pixels."
    return InputPicture(picture, note)


def cut_square(data: bytes) -> InputPicture:
    """The middle of the picture as a square PNG under SQUARE_BYTES. Raises DamagedPicture.

    It has an alpha channel, without which dall-e-2 refuses a picture (3p: sashabaranov/go-openai issue 188).
    """
    with in_memory(data):
        whole = decoded(data).convert("RGBA")
        side = min(*whole.size, SQUARE_SIDE)
        packed = _square_png(whole, side)
        if len(packed) > SQUARE_BYTES:
            side = SURE_SQUARE_SIDE
            packed = _square_png(whole, side)
    note = "" if whole.size == (side, side) else f"The input was cut to a square of {side} by {side} pixels."
    return InputPicture(ShapedPicture(packed, "image/png", side, side), note)


def _square_png(picture: Image.Image, side: int) -> bytes:
    buffer = io.BytesIO()
    ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS).save(buffer, "PNG")
    return buffer.getvalue()
