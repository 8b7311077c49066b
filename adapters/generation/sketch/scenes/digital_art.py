"""digital-art: silk ribbons of many fine lines that twist around a glowing orb, with sparks along their way."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageChops

from adapters.generation.sketch.scenes.canvas import Canvas, Point, clouds, soften
from adapters.generation.sketch.scenes.forms import sphere
from adapters.generation.sketch.scenes.palette import RGB, alpha, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.subjects import draw_subject, subject_mask

THREADS = 46
STEPS = 90


@dataclass(frozen=True, slots=True)
class _Ribbon:
    """One band: where it runs, how it waves and twists, and its two colours."""

    level: float
    swing: float
    waves: float
    phase: float
    wide: float
    twist: float
    colours: tuple[RGB, RGB]


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """A deep ground with clouds of light, ribbons behind the orb, the orb, ribbons before it."""
    palette, w, h, u = reading.palette, canvas.width, canvas.height, canvas.unit
    deep = mix(palette.sky[0], (12, 8, 34), 0.82)
    canvas.gradient((shade(deep, -0.45), deep, mix(deep, palette.accent, 0.28)))
    smoke = clouds(rng, (max(8, w // 8), max(8, h // 8)), 3, 4).resize((w, h), Image.Resampling.BICUBIC)
    canvas.blend(
        mix(palette.sky[1], palette.accent, 0.3), smoke.point([round(max(0, v - 118) * 0.9) for v in range(256)])
    )
    orb = (w * rng.uniform(0.44, 0.56), h * rng.uniform(0.44, 0.54))
    canvas.glow(*orb, u * 0.62, mix(palette.second, (255, 255, 255), 0.3), 0.75)
    ribbons = [_drawn(reading, rng, number) for number in range(5)]
    for ribbon in ribbons[:3]:
        _weave(canvas, ribbon)
    named = reading.subject is not None
    radius, gloss = (u * 0.27, 0.25) if named else (u * 0.19, 0.9)
    sphere(canvas, orb, radius, mix(palette.accent, palette.second, 0.35), gloss)
    for ribbon in ribbons[3:]:
        _weave(canvas, ribbon)
        _sparks(canvas, ribbon, rng)
    if reading.subject is not None:
        foot, size = (orb[0], orb[1] + u * 0.2), u * 0.42
        canvas.shadow(subject_mask(canvas, reading.subject, foot, size), (255, 255, 255), 0.5, u * 0.012)
        draw_subject(canvas, reading.subject, foot, size, shade(deep, -0.25))
    shine = soften(canvas.image.reduce(4), u * 0.006).resize(canvas.image.size, Image.Resampling.BICUBIC)
    canvas.replace(Image.blend(canvas.image, ImageChops.screen(canvas.image, shine), 0.55))
    canvas.vignette(0.45)


def _drawn(reading: Reading, rng: random.Random, number: int) -> _Ribbon:
    palette = reading.palette
    bright = [palette.accent, palette.second, mix(palette.sky[1], (90, 220, 255), 0.5), palette.light]
    one = bright[number % 4]
    return _Ribbon(
        level=0.24 + 0.13 * number + rng.uniform(-0.06, 0.06),
        swing=rng.uniform(0.1, 0.24),
        waves=rng.uniform(0.55, 1.15),
        phase=rng.uniform(0, math.tau),
        wide=rng.uniform(0.07, 0.15),
        twist=rng.uniform(0.7, 1.7),
        colours=(one, bright[(number + rng.randrange(1, 4)) % 4]),
    )


def _at(canvas: Canvas, ribbon: _Ribbon, x: float, across: float) -> Point:
    """A place on the ribbon; `across` runs from -1 to 1 over its width."""
    bend = math.sin(math.tau * ribbon.waves * x + ribbon.phase) * ribbon.swing
    bend += math.sin(math.tau * ribbon.waves * 2.3 * x + ribbon.phase * 1.7) * ribbon.swing * 0.22
    turn = math.sin(math.tau * ribbon.twist * x + ribbon.phase * 0.6)
    y = ribbon.level + (x - 0.5) * 0.26 + bend + across * ribbon.wide * turn
    return (x * 1.1 - 0.05 + across * ribbon.wide * 0.22) * canvas.width, y * canvas.height


def _weave(canvas: Canvas, ribbon: _Ribbon) -> None:
    one, other = ribbon.colours
    for thread in range(THREADS):
        across = thread / (THREADS - 1) * 2 - 1
        points = [_at(canvas, ribbon, step / STEPS, across) for step in range(STEPS + 1)]
        edge = abs(across) ** 6
        colour = mix(mix(one, other, (across + 1) / 2), (255, 255, 255), 0.65 * edge)
        canvas.line(points, alpha(colour, 0.34 + 0.5 * edge), canvas.unit * 0.0034)


def _sparks(canvas: Canvas, ribbon: _Ribbon, rng: random.Random) -> None:
    for _ in range(70):
        x, y = _at(canvas, ribbon, rng.random(), rng.uniform(-1.5, 1.5))
        y += rng.gauss(0, 0.02) * canvas.height
        size = canvas.unit * rng.uniform(0.0012, 0.0042)
        canvas.glow(x, y, size * 5, ribbon.colours[0], 0.5)
        canvas.disc(x, y, size, (255, 252, 240, 235))
