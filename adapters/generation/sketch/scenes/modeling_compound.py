"""modeling-compound: a rounded clay figure between rolled coils on a turntable, thumb marks and all."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageChops, ImageDraw

from adapters.generation.sketch.scenes.canvas import Canvas, Mask, Point, clouds, soften
from adapters.generation.sketch.scenes.forms import inflate
from adapters.generation.sketch.scenes.palette import RGB, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import brush, oval
from adapters.generation.sketch.scenes.subjects import subject_mask, tint_subject


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Backdrop and turntable, then the figures from the back to the front."""
    palette, w, h, u = reading.palette, canvas.width, canvas.height, canvas.unit
    wall = mix(palette.sky[1], (246, 226, 208), 0.5)
    canvas.gradient((wall, shade(wall, 0.25), shade(wall, -0.12)))
    x, y = w / 2, h * 0.5 - u * 0.04
    for number in range(3):
        _lump(
            canvas,
            _cloud(
                canvas,
                (x + (number - 1) * u * 0.34 + rng.uniform(-0.03, 0.03) * u, y - u * (0.3 + 0.06 * (number % 2))),
                u * 0.1,
            ),
            (250, 248, 244),
            u * 0.022,
        )
    _turntable(canvas, (x, y + u * 0.32), u, mix(palette.land[1], (120, 190, 130), 0.3))
    colours = (palette.accent, palette.second, mix(palette.sky[0], (120, 170, 220), 0.5))
    for number, side in enumerate((-1, 1)):
        _spiral(
            canvas,
            (x + side * u * 0.33, y + u * 0.27),
            u * 0.13,
            (colours[1 + number], shade(colours[2 - number], 0.4)),
        )
    foot, size = (x, y + u * 0.4), u * 0.62
    if reading.subject is None:
        _spiral(canvas, (x, y + u * 0.15), u * 0.22, (mix(colours[0], colours[1], 0.25), shade(colours[0], 0.4)))
    else:
        _lump(canvas, subject_mask(canvas, reading.subject, foot, size), mix(colours[0], colours[1], 0.25), u * 0.03)
        tint_subject(canvas, reading.subject, foot, size)
    _balls(canvas, (x, y + u * 0.42), u, colours, rng)
    _thumb_marks(canvas, rng)
    canvas.vignette(0.2, palette.ink)


def _lump(canvas: Canvas, mask: Mask, colour: RGB, depth: float) -> None:
    """A piece of clay with its soft shadow to the lower right; the outline is worked a little rounder first."""
    box = mask.getbbox()
    if box is None:
        return
    near = (max(0, box[0] - 9), max(0, box[1] - 9), min(mask.width, box[2] + 9), min(mask.height, box[3] + 9))
    rounder = canvas.mask()
    rounder.paste(
        soften(mask.crop(near), depth * 0.3).point([max(0, min(255, (v - 96) * 4)) for v in range(256)]), near
    )
    canvas.shadow(rounder, shade(colour, -0.85), 0.45, depth * 0.8, (depth * 0.7, depth * 0.8))
    inflate(canvas, rounder, colour, depth, 0.12)


def _filled(canvas: Canvas, *parts: list[Point]) -> Mask:
    mask = canvas.mask()
    for part in parts:
        ImageDraw.Draw(mask).polygon(part, fill=255)
    return mask


def _cloud(canvas: Canvas, at: Point, size: float) -> Mask:
    bumps = ((-0.8, 0.1, 0.5), (0.0, -0.2, 0.75), (0.8, 0.1, 0.55), (0.3, 0.25, 0.5), (-0.35, 0.25, 0.5))
    return _filled(canvas, *(oval(at[0] + x * size, at[1] + y * size, r * size, r * size * 0.85) for x, y, r in bumps))


def _turntable(canvas: Canvas, at: Point, u: float, colour: RGB) -> None:
    _lump(
        canvas,
        _filled(canvas, oval(at[0], at[1] + u * 0.12, u * 0.47, u * 0.14)),
        mix(colour, (140, 96, 66), 0.8),
        u * 0.02,
    )
    _lump(canvas, _filled(canvas, oval(at[0], at[1] + u * 0.07, u * 0.47, u * 0.14)), colour, u * 0.03)


def _spiral(canvas: Canvas, middle: Point, size: float, colours: tuple[RGB, RGB]) -> None:
    """A ball that a rolled strand is coiled upon."""
    _lump(canvas, _filled(canvas, oval(*middle, size, size * 0.94)), colours[0], size * 0.3)
    strand = [
        (
            middle[0] + size * 0.8 * (1 - t / 34) * math.cos(t * 0.42),
            middle[1] + size * 0.75 * (1 - t / 34) * math.sin(t * 0.42),
        )
        for t in range(33)
    ]
    _lump(canvas, _filled(canvas, brush(strand, size * 0.28, size * 0.14)), colours[1], size * 0.08)


def _balls(canvas: Canvas, at: Point, u: float, colours: tuple[RGB, ...], rng: random.Random) -> None:
    for number in range(5):
        x = at[0] + u * (-0.36 + 0.18 * number + rng.uniform(-0.03, 0.03))
        y = at[1] + u * (0.05 - 0.1 * abs(number - 2) / 2 * 0.6)
        radius = u * rng.uniform(0.02, 0.034)
        _lump(canvas, _filled(canvas, oval(x, y, radius, radius)), colours[number % len(colours)], radius * 0.7)


def _thumb_marks(canvas: Canvas, rng: random.Random) -> None:
    """Unevenness over everything, as light and dark of a fine relief."""
    size = (max(8, canvas.width // 3), max(8, canvas.height // 3))
    relief = clouds(rng, size, 18, 3)
    light = ImageChops.subtract(ImageChops.offset(relief, -1, -1), ImageChops.offset(relief, 1, 1), 1.0, 128)
    grey = light.point([round(128 + (level - 128) * 0.8) for level in range(256)]).resize(
        canvas.image.size, Image.Resampling.BICUBIC
    )
    canvas.replace(ImageChops.overlay(canvas.image, Image.merge("RGB", (grey, grey, grey))))
