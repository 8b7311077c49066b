"""isometric: a block of city on a slab, seen from above at a corner; the subject stands in the square as a monument."""

from __future__ import annotations

import random

from adapters.generation.sketch.scenes.canvas import Canvas, Point
from adapters.generation.sketch.scenes.palette import RGB, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.subjects import draw_subject

CELLS = 7
STREETS = (1, 5)
SQUARE = (3, 3)
EXTRUSION_STEPS = 10


class _Plan:
    """The ground plan on the canvas: cells of a grid, heights in shares of a cell's width."""

    def __init__(self, canvas: Canvas) -> None:
        self.cell = min(canvas.width / (CELLS + 0.5), canvas.height / (CELLS * 0.5 + 3.6))
        self.x, self.y = canvas.width / 2, canvas.height / 2 - self.cell * (CELLS * 0.25 - 0.85)

    def at(self, i: float, j: float, z: float = 0.0) -> Point:
        """The place of a grid point at a height."""
        return self.x + (i - j) * self.cell / 2, self.y + (i + j) * self.cell / 4 - z * self.cell


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Ground first, then cell after cell from the back to the front."""
    palette = reading.palette
    plan = _Plan(canvas)
    sky = palette.sky[0] if palette.dark else mix(palette.sky[2], palette.second, 0.12)
    canvas.gradient((shade(sky, 0.12), sky, shade(sky, -0.14)))
    middle = plan.at(CELLS / 2, CELLS / 2)
    canvas.glow(middle[0], middle[1] + plan.cell * 1.5, plan.cell * CELLS * 0.62, shade(sky, -0.6), 0.55)
    _slab(canvas, plan, palette.land[1])
    for i in range(CELLS):
        for j in range(CELLS):
            _cell(canvas, plan, (i, j), reading, rng)


def _slab(canvas: Canvas, plan: _Plan, grass: RGB) -> None:
    earth = mix(grass, (92, 58, 40), 0.75)
    _block(canvas, plan, (0.0, 0.0, float(CELLS), float(CELLS)), (-0.75, -0.14), earth)
    _block(canvas, plan, (0.0, 0.0, float(CELLS), float(CELLS)), (-0.16, 0.0), shade(grass, 0.1))
    asphalt = mix(grass, (70, 72, 84), 0.85)
    for street in STREETS:
        for box in ((street, 0, street + 1, CELLS), (0, street, CELLS, street + 1)):
            i0, j0, i1, j1 = box
            canvas.polygon([plan.at(i0, j0), plan.at(i1, j0), plan.at(i1, j1), plan.at(i0, j1)], asphalt)
    for street in STREETS:
        for step in range(CELLS * 2):
            at = step / 2 + 0.12
            for line in (
                ((street + 0.5, at), (street + 0.5, at + 0.24)),
                ((at, street + 0.5), (at + 0.24, street + 0.5)),
            ):
                canvas.line([plan.at(*point) for point in line], (240, 232, 200), plan.cell * 0.03)


def _cell(canvas: Canvas, plan: _Plan, cell: tuple[int, int], reading: Reading, rng: random.Random) -> None:
    i, j = cell
    if i in STREETS or j in STREETS:
        if i not in STREETS or j not in STREETS:
            _car(canvas, plan, cell, rng, along=i in STREETS)
        return
    if cell == SQUARE:
        _monument(canvas, plan, reading)
        return
    near = max(abs(i - SQUARE[0]), abs(j - SQUARE[1]))
    if near == 1 or rng.random() < 0.16:
        for _ in range(3):
            _tree(canvas, plan, (i + rng.uniform(0.2, 0.8), j + rng.uniform(0.2, 0.8)), reading, rng)
        return
    colours = (reading.palette.accent, reading.palette.second, reading.palette.light, reading.palette.land[0])
    _tower(canvas, plan, cell, mix(rng.choice(colours), (255, 255, 255), rng.uniform(0.0, 0.3)), reading, rng)


def _block(canvas: Canvas, plan: _Plan, plot: tuple[float, float, float, float], span: Point, colour: RGB) -> None:
    i0, j0, i1, j1 = plot
    low, high = span
    left = [plan.at(i0, j1, low), plan.at(i1, j1, low), plan.at(i1, j1, high), plan.at(i0, j1, high)]
    right = [plan.at(i1, j1, low), plan.at(i1, j0, low), plan.at(i1, j0, high), plan.at(i1, j1, high)]
    canvas.polygon(left, shade(colour, -0.18))
    canvas.polygon(right, shade(colour, -0.42))
    canvas.polygon([plan.at(i0, j0, high), plan.at(i1, j0, high), plan.at(i1, j1, high), plan.at(i0, j1, high)], colour)


def _tower(
    canvas: Canvas, plan: _Plan, cell: tuple[int, int], colour: RGB, reading: Reading, rng: random.Random
) -> None:
    i, j = cell
    behind = (CELLS * 2 - i - j) / (CELLS * 2)  # low in front, so that no tower hides the square
    height = rng.uniform(0.45, 0.9) + 2.0 * behind * rng.random()
    plot = (i + 0.12, j + 0.12, i + 0.88, j + 0.88)
    shadow = [
        plan.at(i + 0.88, j + 0.12),
        plan.at(i + 1.25, j + 0.3),
        plan.at(i + 1.25, j + 1.0),
        plan.at(i + 0.88, j + 0.88),
    ]
    canvas.polygon(shadow, (10, 14, 30, 70))
    _block(canvas, plan, plot, (0.0, height), colour)
    glass = (255, 226, 150) if reading.palette.dark else mix(colour, (225, 240, 255), 0.7)
    floors = max(1, int(height / 0.26))
    for floor in range(floors):
        for bay in range(3):
            z = (floor + 0.3) * height / floors
            top = z + 0.42 * height / floors
            a, b = 0.2 + bay * 0.22, 0.34 + bay * 0.22
            lit = glass if rng.random() < 0.75 else shade(colour, -0.55)
            face = [plan.at(i + a, j + 0.88, z), plan.at(i + b, j + 0.88, z)]
            canvas.polygon([*face, plan.at(i + b, j + 0.88, top), plan.at(i + a, j + 0.88, top)], shade(lit, -0.05))
            side = [plan.at(i + 0.88, j + a, z), plan.at(i + 0.88, j + b, z)]
            canvas.polygon([*side, plan.at(i + 0.88, j + b, top), plan.at(i + 0.88, j + a, top)], shade(lit, -0.35))
    _block(canvas, plan, (i + 0.3, j + 0.3, i + 0.6, j + 0.6), (height, height + 0.12), shade(colour, 0.25))


def _tree(canvas: Canvas, plan: _Plan, at: Point, reading: Reading, rng: random.Random) -> None:
    leaf = mix(reading.palette.land[rng.randrange(1, 3)], (90, 190, 110), 0.4)
    foot, size = plan.at(*at), plan.cell * rng.uniform(0.13, 0.18)
    canvas.ellipse(foot[0] + size * 0.6, foot[1] + size * 0.2, size, size * 0.5, (10, 14, 30, 70))
    canvas.line([foot, (foot[0], foot[1] - size)], (94, 62, 44), size * 0.3)
    canvas.disc(foot[0], foot[1] - size * 1.6, size, shade(leaf, -0.25))
    canvas.disc(foot[0] - size * 0.15, foot[1] - size * 1.75, size * 0.8, leaf)
    canvas.disc(foot[0] - size * 0.3, foot[1] - size * 1.95, size * 0.4, shade(leaf, 0.3))


def _car(canvas: Canvas, plan: _Plan, cell: tuple[int, int], rng: random.Random, *, along: bool) -> None:
    if rng.random() < 0.55:
        return
    i, j = cell
    colour = rng.choice(((226, 74, 66), (245, 245, 240), (70, 120, 200), (250, 190, 60)))
    plot = (i + 0.6, j + 0.2, i + 0.84, j + 0.7) if along else (i + 0.2, j + 0.6, i + 0.7, j + 0.84)
    _block(canvas, plan, plot, (0.03, 0.13), colour)
    i0, j0, i1, j1 = plot
    cabin = (i0 + 0.04, j0 + 0.1, i1 - 0.04, j1 - 0.12) if along else (i0 + 0.1, j0 + 0.04, i1 - 0.12, j1 - 0.04)
    _block(canvas, plan, cabin, (0.13, 0.21), (210, 228, 240))


def _monument(canvas: Canvas, plan: _Plan, reading: Reading) -> None:
    i, j = SQUARE
    stone = mix(reading.palette.light, (200, 200, 205), 0.5)
    _block(canvas, plan, (i + 0.02, j + 0.02, i + 0.98, j + 0.98), (0.0, 0.1), stone)
    _block(canvas, plan, (i + 0.2, j + 0.2, i + 0.8, j + 0.8), (0.1, 0.32), shade(stone, 0.2))
    x, y = plan.at(i + 0.5, j + 0.5, 0.3)
    name, size = reading.subject or "star", plan.cell * 2.9
    for step in range(EXTRUSION_STEPS):
        shift = plan.cell * 0.012 * (EXTRUSION_STEPS - step)
        draw_subject(canvas, name, (x + shift, y - shift * 0.5), size, shade(reading.palette.accent, -0.5))
    draw_subject(canvas, name, (x, y), size, shade(reading.palette.accent, 0.12))
