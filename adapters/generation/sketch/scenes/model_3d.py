"""3d-model: a studio render; podiums, an arch and polished primitives on a seamless floor with soft shadows."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw

from adapters.generation.sketch.scenes.canvas import Canvas, Point
from adapters.generation.sketch.scenes.forms import inflate, sphere
from adapters.generation.sketch.scenes.palette import RGB, alpha, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.subjects import subject_mask, tint_subject

FLAT = 0.24  # how round a circle on the floor looks from the camera
SHADE_STEPS = 64
ARCH_SLICES = 12


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Wall and floor, the arch behind, podiums, then what stands and floats."""
    palette, w, h, u = reading.palette, canvas.width, canvas.height, canvas.unit
    wall = mix(palette.sky[1], palette.accent, 0.18)
    canvas.gradient((shade(wall, -0.2), wall, shade(wall, 0.22)), 0, h * 0.66)
    canvas.gradient((shade(wall, 0.22), shade(wall, 0.06), shade(wall, -0.18)), h * 0.66)
    canvas.glow(w * 0.3, h * 0.2, u * 0.8, (255, 255, 255), 0.4)
    x, y = w / 2, h * 0.5
    _arch(canvas, (x, y + u * 0.2), u * 0.27, mix(shade(wall, -0.12), palette.second, 0.16))
    warm, cool = palette.accent, mix(palette.sky[0], (90, 120, 200), 0.25)
    _cylinder(canvas, (x, y + u * 0.33), (u * 0.36, u * 0.09), shade(wall, 0.34))
    _cylinder(canvas, (x, y + u * 0.245), (u * 0.25, u * 0.09), mix(palette.second, (255, 255, 255), 0.35))
    _cube(canvas, (x - u * 0.33, y + u * 0.38), u * 0.17, cool)
    _cone(canvas, (x + u * 0.34, y + u * 0.34), (u * 0.1, u * 0.3), palette.second)
    _subject(canvas, reading, (x, y + u * 0.16), u)
    _ball(canvas, (x - u * 0.17, y + u * 0.365), u * 0.062, warm)
    _ball(canvas, (x + u * 0.19, y + u * 0.375), u * 0.085, mix(cool, (255, 255, 255), 0.25))
    for number in range(5):
        at = (x + u * rng.uniform(-0.44, 0.44), y - u * rng.uniform(0.26, 0.44))
        sphere(canvas, at, u * rng.uniform(0.014, 0.04), (warm, palette.second, cool)[number % 3])
    _torus(canvas, (x - u * 0.33, y - u * 0.06), u * 0.1, mix(warm, (255, 255, 255), 0.2))
    canvas.vignette(0.22, shade(wall, -0.7))


def _floor_shadow(canvas: Canvas, at: Point, reach: float) -> None:
    mask = canvas.mask()
    pen = ImageDraw.Draw(mask)
    pen.ellipse((at[0] - reach, at[1] - reach * FLAT, at[0] + reach * 1.5, at[1] + reach * FLAT * 1.2), fill=255)
    canvas.shadow(mask, (24, 16, 44), 0.42, reach * 0.11)


def _cylinder(canvas: Canvas, at: Point, size: Point, colour: RGB) -> None:
    """A drum standing on its foot at `at`: radius and height."""
    radius, tall = size
    _floor_shadow(canvas, at, radius)
    for step in range(SHADE_STEPS):
        a, b = math.pi * step / SHADE_STEPS, math.pi * (step + 1.4) / SHADE_STEPS
        edge = [(at[0] - radius * math.cos(t), at[1] + radius * FLAT * math.sin(t)) for t in (a, b)]
        lit = 0.34 * math.cos((a - 0.9) * 1.25) - 0.3 * step / SHADE_STEPS
        canvas.polygon(
            [*edge, (edge[1][0], edge[1][1] - tall), (edge[0][0], edge[0][1] - tall)], shade(colour, lit - 0.12)
        )
    canvas.ellipse(at[0], at[1] - tall, radius, radius * FLAT, shade(colour, 0.28))
    canvas.ellipse(at[0], at[1] - tall + radius * 0.004, radius * 0.985, radius * FLAT * 0.98, shade(colour, 0.18))


def _cone(canvas: Canvas, at: Point, size: Point, colour: RGB) -> None:
    radius, tall = size
    _floor_shadow(canvas, at, radius)
    top = (at[0], at[1] - tall)
    for step in range(SHADE_STEPS):
        a, b = math.pi * step / SHADE_STEPS, math.pi * (step + 1.4) / SHADE_STEPS
        edge = [(at[0] - radius * math.cos(t), at[1] + radius * FLAT * math.sin(t)) for t in (a, b)]
        lit = 0.5 * math.cos((a - 0.85) * 1.3) - 0.4 * step / SHADE_STEPS
        canvas.polygon([*edge, top], shade(colour, lit))


def _cube(canvas: Canvas, at: Point, side: float, colour: RGB) -> None:
    _floor_shadow(canvas, at, side * 0.8)
    x, y = at
    wide, deep = side * 0.72, side * 0.26
    front, left, right, back = (x, y + deep), (x - wide, y), (x + wide, y), (x, y - deep)

    def up(point: Point) -> Point:
        return point[0], point[1] - side

    canvas.polygon([left, front, up(front), up(left)], shade(colour, 0.08))
    canvas.polygon([front, right, up(right), up(front)], shade(colour, -0.38))
    canvas.polygon([up(left), up(front), up(right), up(back)], shade(colour, 0.42))
    canvas.line([up(left), up(front), up(right)], alpha((255, 255, 255), 0.5), side * 0.016)
    canvas.line([front, up(front)], alpha((255, 255, 255), 0.3), side * 0.014)


def _arch(canvas: Canvas, at: Point, radius: float, colour: RGB) -> None:
    """Slices from the back to the front; the last one is the lit face."""
    for slice_ in range(ARCH_SLICES, -1, -1):
        push = radius * 0.02 * slice_
        foot = (at[0] + push, at[1] - push * 0.4)
        face = [*_hoop(foot, radius, radius * 1.1), *reversed(_hoop(foot, radius * 0.72, radius * 1.1))]
        canvas.polygon(face, shade(colour, -0.3 if slice_ else 0.16))


def _hoop(foot: Point, radius: float, legs: float) -> list[Point]:
    """An upright U turned over: up the left leg, over the bow, down the right one."""
    bow = [math.pi * (1 - step / 40) for step in range(41)]
    over = [(foot[0] + radius * math.cos(t), foot[1] - legs - radius * math.sin(t)) for t in bow]
    return [(foot[0] - radius, foot[1]), *over, (foot[0] + radius, foot[1])]


def _torus(canvas: Canvas, at: Point, radius: float, colour: RGB) -> None:
    """A ring of balls so close that they read as one body."""
    for step in range(90):
        angle = math.tau * step / 90 - math.pi * 0.6
        x, y = at[0] + radius * math.cos(angle), at[1] + radius * 0.86 * math.sin(angle)
        lit = 0.34 * math.cos(angle + math.pi * 0.75)
        canvas.disc(x, y, radius * 0.3, shade(colour, lit - 0.22))
    for ring, width, extra in ((1.0, 0.42, 0.0), (1.03, 0.26, 0.14), (1.06, 0.1, 0.34)):
        for step in range(90):
            angle = math.tau * step / 90
            lit = 0.34 * math.cos(angle + math.pi * 0.75) + extra
            x, y = (
                at[0] - radius * 0.04 + radius * ring * math.cos(angle),
                at[1] - radius * 0.05 + radius * ring * 0.86 * math.sin(angle),
            )
            canvas.disc(x, y, radius * width / 2, shade(colour, lit - 0.1))


def _ball(canvas: Canvas, at: Point, radius: float, colour: RGB) -> None:
    _floor_shadow(canvas, (at[0], at[1] + radius * 0.9), radius * 0.9)
    sphere(canvas, at, radius, colour)


def _subject(canvas: Canvas, reading: Reading, foot: Point, u: float) -> None:
    """The named thing as a glossy solid; without one, a large pearl on the podium."""
    if reading.subject is None:
        _ball(canvas, (foot[0], foot[1] - u * 0.13), u * 0.14, reading.palette.accent)
        return
    size = u * 0.44
    mask = subject_mask(canvas, reading.subject, foot, size)
    _floor_shadow(canvas, (foot[0], foot[1] - size * 0.02), size * 0.3)
    for step in range(16):
        shift = round(size * 0.005 * (16 - step))
        canvas.image.paste(shade(reading.palette.accent, -0.5), (shift, -shift // 3), mask)
    inflate(canvas, mask, reading.palette.accent, size * 0.06, 1.0)
    tint_subject(canvas, reading.subject, foot, size)
    gleam = Image.new("L", mask.size, 0)
    ImageDraw.Draw(gleam).ellipse(
        (foot[0] - size * 0.22, foot[1] - size * 0.95, foot[0] + size * 0.02, foot[1] - size * 0.1), fill=34
    )
    canvas.blend((255, 255, 255), Image.composite(gleam, Image.new("L", mask.size, 0), mask))
