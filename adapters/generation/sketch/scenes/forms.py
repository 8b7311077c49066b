"""Solid-looking forms: spheres, inflated shapes and faceted fills, lit from the upper left."""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageOps

from adapters.generation.sketch.scenes.canvas import Canvas, Mask, Point, soften
from adapters.generation.sketch.scenes.palette import RGB, shade

Colour = Callable[[float, float], RGB]


def sphere(canvas: Canvas, at: Point, radius: float, colour: RGB, gloss: float = 0.8) -> None:
    """A lit ball with a bright spot and light from below at its rim."""
    side = max(4, round(radius * 2))
    fall = Image.radial_gradient("L").resize((side * 2, side * 2), Image.Resampling.BICUBIC)
    lit = fall.crop((round(side * 0.68), round(side * 0.72), round(side * 1.68), round(side * 1.72)))
    tones = ImageOps.colorize(lit, shade(colour, 0.55), shade(colour, -0.78), colour, midpoint=70)
    disc = Image.new("L", (side * 2, side * 2), 0)
    ImageDraw.Draw(disc).ellipse((2, 2, side * 2 - 3, side * 2 - 3), fill=255)
    canvas.blend(tones.resize((side, side)), disc.resize((side, side), Image.Resampling.BOX), _corner(at, radius))
    canvas.glow(at[0] - radius * 0.36, at[1] - radius * 0.4, radius * 0.34, (255, 255, 255), gloss)
    canvas.glow(at[0] + radius * 0.34, at[1] + radius * 0.5, radius * 0.4, shade(colour, 0.4), 0.35)


def inflate(canvas: Canvas, mask: Mask, colour: RGB, depth: float, gloss: float = 0.25) -> None:
    """Fill a mask as if it were a pillow or a lump of clay, `depth` working pixels thick at its edge."""
    box = mask.getbbox()
    if box is None:
        return
    margin = round(depth * 2)
    part = ImageOps.expand(mask.crop(box), margin)
    form = Image.blend(soften(part, depth), soften(part, depth * 0.35), 0.35)
    step = max(1, round(depth * 0.45))
    light = ImageChops.subtract(ImageChops.offset(form, -step, -step), ImageChops.offset(form, step, step), 1.1, 128)
    tones = ImageOps.colorize(light, shade(colour, -0.72), shade(colour, 0.72), colour, 20, 236, 128)
    shine = light.point([round(max(0, level - 190) * 3.2 * gloss) for level in range(256)])
    tones.paste((255, 255, 255), (0, 0, *tones.size), soften(shine, depth * 0.2))
    canvas.blend(tones, part, (box[0] - margin, box[1] - margin))


def facets(
    canvas: Canvas, cell: float, rng: random.Random, colour: Colour, box: tuple[float, ...] | None = None
) -> None:
    """Cover a box with triangles of a shaken grid; each takes the colour of its middle."""
    left, top, right, bottom = box or (0.0, 0.0, float(canvas.width), float(canvas.height))
    across, down = max(1, round((right - left) / cell)), max(1, round((bottom - top) / cell))
    dx, dy = (right - left) / across, (bottom - top) / down
    grid = [
        [
            (left + (i + rng.uniform(-0.34, 0.34)) * dx, top + (j + rng.uniform(-0.34, 0.34)) * dy)
            for i in range(-1, across + 2)
        ]
        for j in range(-1, down + 2)
    ]
    for j in range(down + 2):
        for i in range(across + 2):
            a, b, c, d = grid[j][i], grid[j][i + 1], grid[j + 1][i + 1], grid[j + 1][i]
            pair = ((a, b, c), (a, c, d)) if rng.random() < 0.5 else ((a, b, d), (b, c, d))
            for triangle in pair:
                middle = (sum(p[0] for p in triangle) / 3, sum(p[1] for p in triangle) / 3)
                canvas.polygon(triangle, colour(*middle))


def _corner(at: Point, radius: float) -> tuple[int, int]:
    return round(at[0] - radius), round(at[1] - radius)
