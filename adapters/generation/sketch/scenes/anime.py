"""anime: a towering summer sky over a grassy hill, the subject before it, petals in the wind."""

from __future__ import annotations

import math
import random

from PIL import ImageDraw

from adapters.generation.sketch.scenes.canvas import Canvas, Point, soften
from adapters.generation.sketch.scenes.palette import RGB, Palette, alpha, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import closed_below, level_at, oval, smooth
from adapters.generation.sketch.scenes.subjects import draw_outlined

BLADES = 900


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Sky, clouds from far to near, the hill with its grass, then what stands on it."""
    palette, w, h, u = reading.palette, canvas.width, canvas.height, canvas.unit
    canvas.gradient((shade(palette.sky[0], -0.12), palette.sky[0], palette.sky[1], palette.sky[2]))
    if palette.dark:
        for _ in range(160):
            canvas.disc(rng.random() * w, rng.random() * h * 0.7, u * rng.uniform(0.0008, 0.0028), (255, 255, 245, 220))
    for n in range(3):
        _cloud(canvas, (w * (0.12 + 0.36 * n + rng.uniform(-0.08, 0.08)), h * 0.74), (u * 0.16, 0.7), palette, rng)
    side = rng.choice((0.26, 0.74))
    _cloud(canvas, (w * side, h * 0.72), (u * 0.3, 1.75), palette, rng)
    _flare(canvas, (w * (1 - side), h * 0.12), palette.light)
    hill = smooth(
        [(-w * 0.1, h * 0.84), (w * 0.25, h * 0.76), (w * 0.62, h * 0.7), (w * 1.1, h * 0.82)], closed=False, steps=24
    )
    grass = mix(palette.land[1], (96, 190, 90), 0.35)
    canvas.polygon(closed_below(hill, h), grass)
    _grass(canvas, hill, grass, rng)
    x = w * (0.62 if side < 0.5 else 0.36)
    if reading.subject is not None:
        size = u * 0.42
        foot = (x, level_at(hill, x) + size * 0.1)
        canvas.ellipse(foot[0] + size * 0.12, foot[1], size * 0.5, size * 0.05, alpha(shade(grass, -0.6), 0.6))
        colours = (mix(palette.accent, palette.ink, 0.08), palette.ink)
        draw_outlined(canvas, reading.subject, foot, size, colours, u * 0.004)
    _petals(canvas, rng, mix(palette.accent, (255, 255, 255), 0.45))


def _cloud(canvas: Canvas, foot: Point, shape: Point, palette: Palette, rng: random.Random) -> None:
    """A heap of round puffs, wide below and `shape[1]` times as high as `shape[0]`; shaded, then lit, then edged."""
    size, tall = shape
    white = mix((255, 255, 255), palette.sky[1], 0.4 if palette.dark else 0.0)
    tones = ((mix(white, palette.sky[0], 0.34), 0.0), (mix(white, palette.sky[1], 0.3), 0.16), (white, 0.34))
    puffs: list[tuple[float, float, float]] = []
    for _ in range(52):
        up = rng.random()
        x = foot[0] + rng.uniform(-1, 1) * size * 1.25 * (1 - up) ** 0.7
        puffs.append((x, foot[1] - up * size * tall, size * rng.uniform(0.14, 0.3) * (1.15 - 0.45 * up)))
    for tone, shift in tones:
        mask = canvas.mask()
        pen = ImageDraw.Draw(mask)
        for x, y, radius in puffs:
            part = radius * (1 - shift * 0.75)
            cx, cy = x - radius * shift * 0.7, y - radius * shift
            pen.ellipse((cx - part, cy - part, cx + part, cy + part), fill=255)
        canvas.blend(tone, soften(mask, size * 0.012) if shift else mask)


def _flare(canvas: Canvas, at: Point, light: RGB) -> None:
    u = canvas.unit
    canvas.glow(*at, u * 0.5, light, 0.8)
    canvas.glow(*at, u * 0.14, (255, 255, 255), 1.0)
    middle = (canvas.width / 2, canvas.height / 2)
    for share, radius, opacity in ((0.5, 0.035, 0.16), (0.8, 0.06, 0.1), (1.25, 0.025, 0.2), (1.6, 0.09, 0.08)):
        x, y = at[0] + (middle[0] - at[0]) * share, at[1] + (middle[1] - at[1]) * share
        canvas.disc(x, y, u * radius, alpha((255, 255, 255), opacity))


def _grass(canvas: Canvas, hill: list[Point], grass: RGB, rng: random.Random) -> None:
    for number in range(BLADES):
        depth = number / BLADES
        x = rng.uniform(0, canvas.width)
        base = level_at(hill, x)
        y = base + (canvas.height * 1.04 - base) * depth**1.4
        tall = canvas.unit * (0.012 + 0.075 * depth) * rng.uniform(0.6, 1.3)
        lean = tall * rng.uniform(0.1, 0.55)
        wide = canvas.unit * (0.0015 + 0.005 * depth)
        tone = shade(grass, rng.uniform(-0.42, 0.24) - 0.15 * depth)
        canvas.polygon([(x - wide, y), (x + lean * 0.4, y - tall * 0.6), (x + lean, y - tall), (x + wide, y)], tone)


def _petals(canvas: Canvas, rng: random.Random, colour: RGB) -> None:
    for _ in range(46):
        x, y = rng.random() * canvas.width, rng.random() * canvas.height
        size = canvas.unit * rng.uniform(0.004, 0.012)
        canvas.polygon(oval(x, y, size, size * 0.5, rng.uniform(0, math.pi)), alpha(colour, rng.uniform(0.6, 1.0)))
