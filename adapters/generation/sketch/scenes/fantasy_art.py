"""fantasy-art: what the prompt names on a floating crag before two moons, with a waterfall, birds an aurora."""

from __future__ import annotations

import math
import random
from itertools import pairwise

from PIL import Image, ImageChops

from adapters.generation.sketch.scenes.canvas import Canvas, Point, clouds, soften
from adapters.generation.sketch.scenes.palette import RGB, alpha, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import closed_below, placed, ridge, smooth
from adapters.generation.sketch.scenes.subjects import draw_subject

# Towers from the middle of the crag, in shares of the castle's size: place, width, height, whether it has a roof.
TOWERS = (
    (-0.3, 0.1, 0.42, True),
    (0.31, 0.11, 0.36, True),
    (-0.14, 0.12, 0.6, True),
    (0.17, 0.11, 0.55, True),
    (0.02, 0.15, 0.86, True),
    (-0.22, 0.2, 0.25, False),
    (0.24, 0.22, 0.22, False),
    (0.0, 0.42, 0.3, False),
)

STONES = ((-0.36, 0.34), (-0.2, 0.5), (0.0, 0.66), (0.18, 0.46), (0.32, 0.28))
"""A ring of stones, where nothing that is known is to stand there: their places from the middle and their heights."""


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """From the sky to the foreground mist."""
    palette, w, h, u = reading.palette, canvas.width, canvas.height, canvas.unit
    dusk = mix(palette.sky[0], (48, 26, 92), 0.6)
    side = rng.choice((-1, 1))
    _sky(canvas, reading, dusk, side, rng)
    for layer in range(3):
        line = ridge(rng, w, h * (0.78 + 0.06 * layer), h * 0.1, 0.54)
        haze = mix(palette.sky[2], (220, 150, 190), 0.4)
        canvas.polygon(closed_below(line, h), mix(haze, shade(dusk, -0.5), 0.25 + 0.25 * layer))
    _island(canvas, reading, (w * (0.5 - side * 0.04), h * 0.5 + u * 0.14), u * 0.53, rng)
    _mist(canvas, mix(palette.light, (226, 190, 226), 0.5), rng)
    for _ in range(11):
        at = (w * rng.uniform(0.2, 0.8), h * rng.uniform(0.14, 0.5))
        wing = smooth([(-1, -0.4), (-0.45, -0.5), (0, 0.1), (0.45, -0.5), (1, -0.4)], closed=False)
        canvas.line(placed(wing, at, u * rng.uniform(0.009, 0.022)), shade(dusk, -0.6), u * 0.003)
    canvas.soft_focus(0.3, 0.012)
    canvas.vignette(0.35, shade(dusk, -0.8))


def _sky(canvas: Canvas, reading: Reading, dusk: RGB, side: int, rng: random.Random) -> None:
    palette, w, h, u = reading.palette, canvas.width, canvas.height, canvas.unit
    rose, glow = mix(palette.sky[1], (190, 110, 190), 0.45), mix(palette.sky[2], (255, 200, 170), 0.5)
    canvas.gradient((shade(dusk, -0.45), dusk, rose, glow))
    for _ in range(130):
        x, y = rng.random() * w, rng.random() ** 1.5 * h * 0.6
        canvas.disc(x, y, u * rng.uniform(0.0008, 0.0024), (255, 250, 235, rng.randrange(90, 255)))
    _aurora(canvas, reading, rng)
    _moon(canvas, (w * (0.5 + side * 0.27), h * 0.25), u * 0.17, palette.light, rng)
    _moon(canvas, (w * (0.5 - side * 0.3), h * 0.15), u * 0.06, mix(palette.accent, (255, 255, 255), 0.4), rng)


def _mist(canvas: Canvas, colour: RGB, rng: random.Random) -> None:
    """Drifts that thicken downwards."""
    size = canvas.image.size
    drifts = clouds(rng, (max(8, size[0] // 8), max(8, size[1] // 8)), 3, 4).resize(size, Image.Resampling.BICUBIC)
    fade = Image.linear_gradient("L").resize(size).point([round(max(0, v - 150) * 2.2) for v in range(256)])
    canvas.blend(colour, ImageChops.multiply(drifts, fade))


def _aurora(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    veil = Canvas((max(2, canvas.width // 4), max(2, canvas.height // 4)), (0, 0, 0), inset=True)
    w, h = veil.width, veil.height
    for _ in range(3):
        base, phase, swing = rng.uniform(0.2, 0.42), rng.uniform(0, math.tau), rng.uniform(0.04, 0.1)
        for column in range(w):
            x = column / w
            y = h * (base + swing * math.sin(x * 7 + phase) + 0.02 * math.sin(x * 31 + phase))
            tall = h * (0.1 + 0.12 * (0.5 + 0.5 * math.sin(x * 13 + phase * 2)))
            veil.pen.line((column, y - tall, column, y), fill=(255, 255, 255, 62))
    glow = soften(veil.image.convert("L"), max(1.0, min(w, h) * 0.012)).resize(
        canvas.image.size, Image.Resampling.BICUBIC
    )
    canvas.blend(mix(reading.palette.second, (110, 255, 210), 0.6), glow)


def _moon(canvas: Canvas, at: Point, radius: float, colour: RGB, rng: random.Random) -> None:
    canvas.glow(*at, radius * 2.6, colour, 0.55)
    canvas.disc(*at, radius, colour)
    for _ in range(14):
        angle, away, size = rng.uniform(0, math.tau), rng.random() ** 0.5, rng.uniform(0.05, 0.2)
        place = away * (0.92 - size)
        x, y = at[0] + math.cos(angle) * place * radius, at[1] + math.sin(angle) * place * radius
        canvas.disc(x, y, radius * size, alpha(shade(colour, -0.3), 0.35))


def _island(canvas: Canvas, reading: Reading, at: Point, size: float, rng: random.Random) -> None:
    palette = reading.palette
    rock = mix(palette.land[2], (74, 58, 92), 0.6)
    x, y = at
    under = [(x - size * 0.56, y)]
    for step in range(1, 12):
        share = step / 12
        deep = math.sin(math.pi * share) ** 0.8 * (0.42 + rng.uniform(-0.1, 0.1)) + (0.14 if step in {5, 6} else 0)
        under.append((x + size * (share - 0.5) * 1.12, y + size * deep))
    under.append((x + size * 0.56, y))
    canvas.polygon(under, rock)
    for one, other in pairwise(under[1:]):
        top = (x + (one[0] - x) * 0.9, y)
        canvas.polygon([top, one, other], alpha(shade(rock, rng.choice((-0.45, -0.3, 0.12))), 0.7))
    grass = mix(palette.land[1], (120, 190, 120), 0.35)
    canvas.ellipse(x, y, size * 0.57, size * 0.06, shade(grass, -0.15))
    canvas.ellipse(x, y - size * 0.012, size * 0.55, size * 0.05, grass)
    _waterfall(canvas, (x + size * 0.4, y), size)
    for number in range(9):
        tree = x + size * 0.54 * (number / 4 - 1) * rng.uniform(0.85, 1.0)
        draw_subject(canvas, "tree", (tree, y + size * 0.025), size * rng.uniform(0.1, 0.16), shade(grass, -0.45))
    if reading.subject == "castle":
        for tower in TOWERS:
            _tower(canvas, (x + tower[0] * size, y + size * 0.01), size, tower, reading)
    elif reading.subject is not None:
        canvas.glow(x, y - size * 0.4, size * 0.75, mix(palette.light, palette.second, 0.4), 0.85)
        draw_subject(canvas, reading.subject, (x, y + size * 0.04), size * 0.95, mix(palette.accent, rock, 0.15))
    else:
        for place, tall in STONES:
            _stone(canvas, (x + place * size, y + size * 0.03), size * tall, rock)


def _stone(canvas: Canvas, foot: Point, tall: float, rock: RGB) -> None:
    """A standing stone with one side in the light."""
    half, top = tall * 0.17, foot[1] - tall
    left, middle, right = foot[0] - half, foot[0] + half * 0.2, foot[0] + half
    canvas.polygon([(left, foot[1]), (left, top), (middle, top - half), (middle, foot[1])], shade(rock, 0.4))
    canvas.polygon([(middle, foot[1]), (middle, top - half), (right, top + half), (right, foot[1])], shade(rock, -0.1))


def _waterfall(canvas: Canvas, at: Point, size: float) -> None:
    for strand in range(9):
        x = at[0] + (strand - 4) * size * 0.008
        canvas.line(
            [(x, at[1]), (x + (strand - 4) * size * 0.003, at[1] + size * 0.5)], (225, 240, 255, 120), size * 0.006
        )
    canvas.glow(at[0], at[1] + size * 0.5, size * 0.13, (235, 242, 255), 0.7)


def _tower(canvas: Canvas, foot: Point, size: float, tower: tuple[float, float, float, bool], reading: Reading) -> None:
    _, wide, tall, roofed = tower
    stone = mix(mix(reading.palette.light, (186, 172, 196), 0.75), reading.palette.land[2], 0.2 if roofed else 0.05)
    half, top = wide * size / 2, foot[1] - tall * size
    canvas.box(foot[0] - half, top, foot[0] + half, foot[1], stone)
    canvas.box(foot[0] + half * 0.25, top, foot[0] + half, foot[1], shade(stone, -0.28))
    teeth = 5 if roofed else max(5, int(wide * 30))
    for tooth in range(0, teeth, 2):
        left = foot[0] - half * 1.12 + tooth * half * 2.24 / teeth
        canvas.box(left, top - size * 0.025, left + half * 2.24 / teeth, top + size * 0.006, shade(stone, -0.1))
    if roofed:
        roof = mix(reading.palette.accent, (92, 52, 120), 0.3)
        peak = top - wide * size * 1.5
        canvas.polygon([(foot[0] - half * 1.3, top), (foot[0], peak), (foot[0] + half * 1.3, top)], roof)
        canvas.polygon([(foot[0] + half * 0.2, top), (foot[0], peak), (foot[0] + half * 1.3, top)], shade(roof, -0.35))
        canvas.polygon(
            [
                (foot[0], peak - size * 0.05),
                (foot[0] + size * 0.05, peak - size * 0.033),
                (foot[0], peak - size * 0.018),
            ],
            reading.palette.second,
        )
        canvas.line([(foot[0], peak - size * 0.05), (foot[0], peak)], shade(stone, -0.5), size * 0.004)
    for floor in range(int(tall * 9)):
        y = top + size * (0.05 + floor * 0.1)
        for at in (-0.35, 0.35) if wide > 0.12 else (0.0,):
            x = foot[0] + at * half * 1.1
            canvas.glow(x, y + size * 0.015, size * 0.04, (255, 196, 92), 0.8)
            canvas.box(x - size * 0.009, y, x + size * 0.009, y + size * 0.034, (255, 226, 140))
