"""enhance: a radiant mountain lake; the far shore stands mirrored in still water, and light falls from one side."""

from __future__ import annotations

import random

from PIL import Image, ImageOps

from adapters.generation.sketch_scenes.canvas import Canvas
from adapters.generation.sketch_scenes.palette import alpha, mix, shade
from adapters.generation.sketch_scenes.reading import Reading
from adapters.generation.sketch_scenes.shapes import closed_below, ridge


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Paint the upper half, mirror it, then lay ripples and light over both."""
    palette, w, h, u = reading.palette, canvas.width, canvas.height, canvas.unit
    shore = h * 0.56
    canvas.gradient(palette.sky, 0, shore)
    sun = (w * rng.uniform(0.2, 0.34), h * 0.2)
    canvas.glow(*sun, u * 0.55, palette.light, 0.9)
    canvas.disc(*sun, u * 0.05, shade(palette.light, 0.5))
    for layer in range(4):
        colour = mix(mix(palette.sky[2], palette.land[0], 0.6), palette.land[2], layer / 3)
        line = ridge(rng, w, shore - h * (0.2 - 0.055 * layer), h * (0.12 - 0.024 * layer), 0.52)
        canvas.polygon(closed_below(line, shore), colour)
    upper = canvas.image.crop((0, 0, w, round(shore)))
    water = ImageOps.flip(upper).resize((w, h - round(shore)), Image.Resampling.BICUBIC)
    canvas.image.paste(Image.blend(water, Image.new("RGB", water.size, palette.land[1]), 0.25), (0, round(shore)))
    for _ in range(90):
        y = shore + (h - shore) * rng.random() ** 1.6
        reach = w * 0.02 + (y - shore) * 0.3 * rng.random()
        x = rng.uniform(0, w)
        canvas.line([(x - reach, y), (x + reach, y)], alpha(palette.light, 0.18), u * 0.003)
    canvas.soft_focus(0.35, 0.02)
