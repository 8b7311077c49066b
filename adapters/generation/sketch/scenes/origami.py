"""origami: the subject, folded, above a sheet of creased paper; small cranes hang on threads."""

from __future__ import annotations

import math
import random

from PIL import ImageDraw

from adapters.generation.sketch.scenes.canvas import Canvas, Point
from adapters.generation.sketch.scenes.forms import facets
from adapters.generation.sketch.scenes.palette import RGB, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import placed
from adapters.generation.sketch.scenes.subjects import parts

# A crane seen from the side: facets from the back to the front, each with how light it lies.
CRANE: tuple[tuple[float, tuple[Point, ...]], ...] = (
    (-0.34, ((-0.02, 0.06), (0.1, -0.5), (0.2, 0.04))),
    (-0.18, ((-0.02, 0.06), (0.1, -0.5), (0.02, -0.02))),
    (-0.08, ((-0.1, 0.06), (-0.52, -0.16), (-0.04, 0.2))),
    (-0.3, ((-0.04, 0.2), (-0.52, -0.16), (-0.14, 0.16))),
    (0.12, ((0.08, 0.04), (0.36, -0.27), (0.17, 0.12))),
    (-0.22, ((0.17, 0.12), (0.36, -0.27), (0.1, 0.18))),
    (0.2, ((0.36, -0.27), (0.52, -0.13), (0.335, -0.2))),
    (-0.1, ((-0.12, 0.08), (0.02, 0.3), (0.0, 0.0))),
    (-0.38, ((0.16, 0.08), (0.02, 0.3), (0.0, 0.0))),
    (0.34, ((-0.14, 0.1), (-0.24, -0.44), (0.02, 0.02))),
    (0.06, ((0.02, 0.02), (-0.24, -0.44), (0.14, 0.1))),
    (-0.14, ((-0.14, 0.1), (0.02, 0.02), (0.14, 0.1), (0.02, 0.16))),
)


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """A wall of shallow folds, threads with cranes, and the large one with its shadow."""
    palette = reading.palette
    paper = mix(palette.sky[1], palette.light, 0.35)
    facets(
        canvas, canvas.unit / 6, rng, lambda _, y: shade(paper, rng.uniform(-0.13, 0.1) + 0.1 - 0.2 * y / canvas.height)
    )
    for number in range(5):
        x = canvas.width * (0.1 + 0.2 * number + rng.uniform(-0.03, 0.03))
        y = canvas.height * (rng.uniform(0.08, 0.2) if number in {1, 2, 3} else rng.uniform(0.2, 0.42))
        canvas.line([(x, 0), (x, y)], shade(paper, -0.45), canvas.unit * 0.002)
        small = canvas.unit * rng.uniform(0.11, 0.15)
        _crane(canvas, (x, y + small * 0.3), small, rng.choice((palette.second, palette.accent, palette.land[0])))
    if reading.subject == "bird":
        _crane(canvas, (canvas.width * 0.5, canvas.height * 0.62), canvas.unit * 0.8, palette.accent)
    else:
        _folded(canvas, reading.subject or "star", reading.palette.accent, rng)
    canvas.vignette(0.28, palette.ink)


def _crane(canvas: Canvas, at: Point, size: float, colour: RGB) -> None:
    mask = canvas.mask()
    pen = ImageDraw.Draw(mask)
    for _, facet in CRANE:
        pen.polygon(placed(facet, at, size), fill=255)
    canvas.shadow(mask, shade(colour, -0.8), 0.5, size * 0.035, (size * 0.05, size * 0.09))
    for light, facet in CRANE:
        canvas.polygon(placed(facet, at, size), shade(colour, light))
        canvas.line([*placed(facet, at, size), placed(facet, at, size)[0]], shade(colour, light + 0.12), size * 0.003)


def _folded(canvas: Canvas, name: str, paper: RGB, rng: random.Random) -> None:
    size = canvas.unit * 0.66
    foot = (canvas.width * 0.5, canvas.height * 0.94)
    mask = canvas.mask()
    sheet = Canvas(canvas.image.size, inset=True)
    for part, tone in parts(name, foot, size):
        colour = shade(paper, tone)
        corners = part[::4] if len(part) > 20 else part  # paper folds along straight edges
        ImageDraw.Draw(mask).polygon(corners, fill=255)
        middle = (sum(p[0] for p in corners) / len(corners), sum(p[1] for p in corners) / len(corners))
        top = (middle[0] + rng.uniform(-0.04, 0.04) * size, middle[1] + rng.uniform(-0.04, 0.04) * size)
        for one, other in zip(corners, [*corners[1:], corners[0]], strict=True):
            facing = math.atan2((one[1] + other[1]) / 2 - top[1], (one[0] + other[0]) / 2 - top[0])
            light = 0.3 * math.cos(facing + math.pi * 0.75) + rng.uniform(-0.06, 0.06)
            sheet.polygon((one, other, top), shade(colour, light))
    canvas.shadow(mask, shade(paper, -0.8), 0.55, size * 0.035, (size * 0.05, size * 0.06))
    canvas.blend(sheet.image, mask)
