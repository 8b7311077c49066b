"""The sketches: one composition for each style, found by its name.

A scene is a function that paints a canvas from a reading of the prompt and a seeded generator. A new style is one
module and one line here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from PIL import Image

from adapters.generation.provider import STYLES
from adapters.generation.sketch_scenes import enhance
from adapters.generation.sketch_scenes.canvas import Canvas
from adapters.generation.sketch_scenes.reading import Reading, read_prompt

Scene = Callable[[Canvas, Reading, random.Random], None]

SCENES: Mapping[str, Scene] = dict.fromkeys(STYLES, enhance.scene)


def paint(style: str, prompt: str, rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """The picture of a style, an RGB image of `size`; the same for the same words, generator state and size."""
    canvas = Canvas(size)
    SCENES[style](canvas, read_prompt(prompt, rng), rng)
    return canvas.picture()
