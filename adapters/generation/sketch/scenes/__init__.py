"""The sketches: one composition for each style, found by its name.

A scene is a function that paints a canvas from a reading of the prompt and a seeded generator. A new style is one
module and one line here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from PIL import Image

from adapters.generation.sketch.scenes import (
    analog_film,
    anime,
    cinematic,
    comic_book,
    digital_art,
    enhance,
    fantasy_art,
    isometric,
    line_art,
    low_poly,
    model_3d,
    modeling_compound,
    neon_punk,
    origami,
    photographic,
    pixel_art,
    tile_texture,
)
from adapters.generation.sketch.scenes.canvas import Canvas
from adapters.generation.sketch.scenes.reading import Reading, read_prompt

Scene = Callable[[Canvas, Reading, random.Random], None]

SCENES: Mapping[str, Scene] = {
    "3d-model": model_3d.scene,
    "analog-film": analog_film.scene,
    "anime": anime.scene,
    "cinematic": cinematic.scene,
    "comic-book": comic_book.scene,
    "digital-art": digital_art.scene,
    "enhance": enhance.scene,
    "fantasy-art": fantasy_art.scene,
    "isometric": isometric.scene,
    "line-art": line_art.scene,
    "low-poly": low_poly.scene,
    "modeling-compound": modeling_compound.scene,
    "neon-punk": neon_punk.scene,
    "origami": origami.scene,
    "photographic": photographic.scene,
    "pixel-art": pixel_art.scene,
    "tile-texture": tile_texture.scene,
}


def paint(style: str, prompt: str, rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """The picture of a style, an RGB image of `size`; the same for the same words, generator state and size."""
    canvas = Canvas(size)
    SCENES[style](canvas, read_prompt(prompt, rng), rng)
    return canvas.picture()
