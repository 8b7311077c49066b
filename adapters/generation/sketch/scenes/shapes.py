"""Shapes as lists of points: smooth curves, ridges of hills, rings, turns. Nothing here draws."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]

CURVE_STEPS = 8
RIDGE_HALVINGS = 7
OVAL_POINTS = 48


def smooth(points: Sequence[Point], *, closed: bool = True, steps: int = CURVE_STEPS) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    count = len(points)
    out: list[Point] = []
    for index in range(count if closed else count - 1):
        near = [_at(points, index + shift, closed) for shift in (-1, 0, 1, 2)]
        out.extend(_spline(near, step / steps) for step in range(steps))
    if not closed:
        out.append(points[-1])
    return out


def _at(points: Sequence[Point], index: int, closed: bool) -> Point:
    return points[index % len(points)] if closed else points[max(0, min(len(points) - 1, index))]


def _spline(near: Sequence[Point], t: float) -> Point:
    x, y = (
        0.5
        * (
            2 * near[1][axis]
            + (near[2][axis] - near[0][axis]) * t
            + (2 * near[0][axis] - 5 * near[1][axis] + 4 * near[2][axis] - near[3][axis]) * t * t
            + (3 * near[1][axis] - near[0][axis] - 3 * near[2][axis] + near[3][axis]) * t * t * t
        )
        for axis in (0, 1)
    )
    return x, y


def ridge(rng: random.Random, width: float, base: float, rise: float, rough: float = 0.5) -> list[Point]:
    """A mountain line from left to right by halving; `rise` is how far it strays from `base`, `rough` how jagged."""
    heights = [rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(-1, 1)]
    swing = 0.9
    for _ in range(RIDGE_HALVINGS):
        finer: list[float] = []
        for left, right in pairwise(heights):
            finer += [left, (left + right) / 2 + rng.uniform(-swing, swing)]
        heights = [*finer, heights[-1]]
        swing *= rough
    step = width / (len(heights) - 1)
    return [(index * step, base - height * rise) for index, height in enumerate(heights)]


def hills(rng: random.Random, width: float, base: float, rise: float, waves: int = 3) -> list[Point]:
    """A soft line of hills: a few sines of drawn phases."""
    parts = [(rng.uniform(0.6, 1.4) * (n + 1), rng.uniform(0, math.tau), rise / (n + 1)) for n in range(waves)]
    points: list[Point] = []
    for step in range(121):
        x = step / 120
        points.append((x * width, base - sum(a * math.sin(f * math.tau * x + p) for f, p, a in parts)))
    return points


def closed_below(line: Sequence[Point], bottom: float) -> list[Point]:
    """The area between a line and the bottom."""
    return [*line, (line[-1][0], bottom), (line[0][0], bottom)]


def level_at(line: Sequence[Point], x: float) -> float:
    """The height of a left-to-right line at x, by its nearest points."""
    for (x0, y0), (x1, y1) in pairwise(line):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * ((x - x0) / (x1 - x0) if x1 > x0 else 0.0)
    return line[0][1] if x < line[0][0] else line[-1][1]


def regular(x: float, y: float, radius: float, corners: int, turn: float = 0.0) -> list[Point]:
    """The corners of a regular polygon; `turn` in radians."""
    return [
        (x + radius * math.cos(turn + math.tau * n / corners), y + radius * math.sin(turn + math.tau * n / corners))
        for n in range(corners)
    ]


def star(x: float, y: float, outer: float, inner: float, spikes: int, turn: float = 0.0) -> list[Point]:
    """The corners of a star; `turn` in radians."""
    points: list[Point] = []
    for n in range(spikes * 2):
        radius = outer if n % 2 == 0 else inner
        angle = turn + math.pi * n / spikes
        points.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    return points


def placed(points: Sequence[Point], at: Point, size: float, turn: float = 0.0, *, flip: bool = False) -> list[Point]:
    """Points of the unit square around (0, 0) set at a place, `size` large, turned by radians."""
    cosine, sine = math.cos(turn), math.sin(turn)
    out: list[Point] = []
    for px, py in points:
        across = -px if flip else px
        out.append((at[0] + size * (across * cosine - py * sine), at[1] + size * (across * sine + py * cosine)))
    return out


def oval(x: float, y: float, across: float, down: float, turn: float = 0.0) -> list[Point]:
    """An ellipse of the two radii, turned by radians."""
    cosine, sine = math.cos(turn), math.sin(turn)
    points: list[Point] = []
    for n in range(OVAL_POINTS):
        px, py = across * math.cos(math.tau * n / OVAL_POINTS), down * math.sin(math.tau * n / OVAL_POINTS)
        points.append((x + px * cosine - py * sine, y + px * sine + py * cosine))
    return points


def brush(points: Sequence[Point], start: float, end: float) -> list[Point]:
    """The outline of a stroke along a smooth curve, `start` wide at first and `end` wide at last."""
    curve = smooth(points, closed=False)
    left: list[Point] = []
    right: list[Point] = []
    for index, (x, y) in enumerate(curve):
        before, after = curve[max(0, index - 1)], curve[min(len(curve) - 1, index + 1)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy) or 1.0
        half = (start + (end - start) * index / (len(curve) - 1)) / 2
        left.append((x - dy / length * half, y + dx / length * half))
        right.append((x + dy / length * half, y - dx / length * half))
    return [*left, *reversed(right)]
