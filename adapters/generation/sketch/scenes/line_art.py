"""line-art: ink on paper; ridge behind ridge in hidden lines under a hatched sun, the subject outlined and hatched."""

from __future__ import annotations

import math
import random

from PIL import ImageChops, ImageFilter

from adapters.generation.sketch.scenes.canvas import Canvas, Point
from adapters.generation.sketch.scenes.palette import RGB, mix
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import closed_below, placed, smooth
from adapters.generation.sketch.scenes.subjects import parts, subject_mask, tone_masks

RIDGES = 34
PAPER = (250, 247, 240)
INKED = -0.5  # the tone from which on a part is filled with ink


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """From the back to the front: each ridge is filled with paper, so that it hides the lines behind it."""
    ink = mix(reading.palette.ink, (20, 20, 24), 0.4)
    canvas.gradient((PAPER, PAPER))
    sun = (canvas.width * rng.uniform(0.58, 0.7), canvas.height * 0.27)
    _sun(canvas, sun, ink)
    _birds(canvas, rng, ink)
    peaks = [(rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.16), rng.uniform(0.35, 1.0)) for _ in range(6)]
    for row in range(RIDGES):
        line = _ridge_line(canvas, row / (RIDGES - 1), peaks, rng)
        canvas.polygon(closed_below(line, canvas.height + 9.0), PAPER)
        canvas.line(line, ink, canvas.unit * (0.0016 + 0.0022 * row / RIDGES))
    _subject(canvas, reading, ink)
    for side in (-1, 1):
        _branch(canvas, rng, side, ink)
    edge = canvas.unit * 0.025
    margin = round(edge)
    canvas.pen.rectangle((0, 0, canvas.width - 1, canvas.height - 1), outline=PAPER, width=margin)
    canvas.pen.rectangle(
        (edge, edge, canvas.width - edge, canvas.height - edge), outline=ink, width=max(1, round(canvas.unit * 0.003))
    )


def _sun(canvas: Canvas, at: Point, ink: RGB) -> None:
    radius = canvas.unit * 0.17
    canvas.disc(*at, radius, PAPER)
    for row in range(23):
        y = -1 + (row + 0.5) / 11.5
        half = math.sqrt(1 - y * y) * radius
        canvas.line([(at[0] - half, at[1] + y * radius), (at[0] + half, at[1] + y * radius)], ink, canvas.unit * 0.0018)
    canvas.ring(*at, radius, ink, canvas.unit * 0.005)
    for ray in range(48):
        angle = math.tau * ray / 48
        start, end = radius * 1.12, radius * (1.32 if ray % 2 else 1.22)
        points = [(at[0] + r * math.cos(angle), at[1] + r * math.sin(angle)) for r in (start, end)]
        canvas.line(points, ink, canvas.unit * 0.0022)


def _birds(canvas: Canvas, rng: random.Random, ink: RGB) -> None:
    for _ in range(7):
        x, y = canvas.width * rng.uniform(0.1, 0.5), canvas.height * rng.uniform(0.1, 0.3)
        span = canvas.unit * rng.uniform(0.015, 0.035)
        wing = smooth([(-1, -0.35), (-0.5, -0.45), (0, 0.1), (0.5, -0.45), (1, -0.35)], closed=False)
        canvas.line(placed(wing, (x, y), span), ink, canvas.unit * 0.0025)


def _ridge_line(
    canvas: Canvas, depth: float, peaks: list[tuple[float, float, float]], rng: random.Random
) -> list[Point]:
    base = canvas.height * (0.42 + 0.56 * depth**1.15)
    phase, steps = rng.uniform(0, math.tau), 160
    points: list[Point] = []
    for step in range(steps + 1):
        x = step / steps
        rise = sum(size * math.exp(-(((x - at) / spread) ** 2)) for at, spread, size in peaks)
        wave = 0.012 * math.sin(x * 23 + phase) + 0.006 * math.sin(x * 61 + phase * 2) + rng.uniform(-0.002, 0.002)
        lift = (rise * 0.2 * (1 - depth) ** 1.3 + wave * (0.4 + rise)) * canvas.height
        points.append((x * canvas.width, base - lift))
    return points


def _subject(canvas: Canvas, reading: Reading, ink: RGB) -> None:
    if reading.subject is None:
        return
    name, size, foot = reading.subject, canvas.unit * 0.58, (canvas.width * 0.46, canvas.height * 0.92)
    mask = subject_mask(canvas, name, foot, size)
    halo = mask.reduce(4).filter(ImageFilter.GaussianBlur(size * 0.012)).resize(mask.size)
    canvas.blend(PAPER, halo.point([0] * 16 + [255] * 240))
    for part, tone in parts(name, foot, size):
        canvas.line([*part, *part[:2]], ink, canvas.unit * (0.009 if tone == 0 else 0.005))
        canvas.polygon(part, ink if tone < INKED else PAPER)
    shaded = tone_masks(canvas, name, foot, size)[1].point([255 * (level < -INKED * 255) for level in range(256)])
    hatching = Canvas(canvas.image.size, PAPER, inset=True)
    for number in range(90):
        x = foot[0] - size + number * size / 45
        darker = number % 2 == 0
        end = (x - size, foot[1]) if darker else (x - size * 0.55, foot[1] - size * 0.45)
        hatching.line([end, (x - size * 0.1, foot[1] - size * 0.9)], ink, canvas.unit * 0.0018)
    light = ImageChops.offset(mask, -round(size * 0.09), -round(size * 0.05))
    canvas.blend(hatching.image, ImageChops.darker(ImageChops.subtract(mask, light), shaded))


def _branch(canvas: Canvas, rng: random.Random, side: int, ink: RGB) -> None:
    x, u = canvas.width * (0.5 + side * 0.4), canvas.unit
    low = canvas.height
    stem = [(x + side * u * 0.05, low * 1.02), (x, low - u * 0.17), (x - side * u * 0.03, low - u * 0.36)]
    curve = smooth(stem, closed=False, steps=5)
    canvas.line(curve, ink, u * 0.005)
    leaf = [*smooth([(0, 0), (0.45, -0.2), (1, 0)], closed=False), *smooth([(1, 0), (0.45, 0.2), (0, 0)], closed=False)]
    for number, at in enumerate(curve[2:]):
        size = u * (0.15 - 0.008 * number)
        turn = -math.pi / 2 + (0.85 if number % 2 else -0.85) * (1 - number / 12) + rng.uniform(-0.1, 0.1)
        canvas.polygon(placed(leaf, at, size, turn), PAPER)
        canvas.line(placed(leaf, at, size, turn), ink, u * 0.003)
        canvas.line(placed([(0, 0), (0.9, 0)], at, size, turn), ink, u * 0.0018)
        for vein in (0.2, 0.4, 0.6):
            for way in (-1, 1):
                canvas.line(placed([(vein, 0), (vein + 0.16, way * 0.11)], at, size, turn), ink, u * 0.0014)
