"""The parts of a drawing: closed outlines with a tone, written as whole hundredths of the square they stand in.

Points are written "x y  x y ...". A tone is a share of the way to white (above 0) or to black (below 0) from the colour
that a style gives the drawing; parts of tone 0 are its body, the others lie on top of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.generation.sketch.scenes.shapes import Point, brush, oval, placed, smooth

DARK, DIM, PALE, LIGHT = -0.7, -0.28, 0.3, 0.72
"""Eyes and windows; shadow and markings; bellies and sails; lit windows and snow."""


@dataclass(frozen=True, slots=True)
class Part:
    """One closed outline, and how much lighter or darker than its drawing it is."""

    outline: tuple[Point, ...]
    tone: float = 0.0


Drawing = tuple[Part, ...]


def poly(points: str, tone: float = 0.0) -> Part:
    """Straight edges."""
    return Part(tuple(_points(points)), tone)


def curve(points: str, tone: float = 0.0) -> Part:
    """A smooth outline through the points; a point written twice is a corner."""
    every = _points(points)
    pieces = _between_corners(every)
    if len(pieces) == 1:
        return Part(tuple(smooth(every)), tone)
    return Part(tuple(point for piece in pieces for point in smooth(piece, closed=False)), tone)


def stroke(points: str, start: float, end: float, tone: float = 0.0) -> Part:
    """A line along a smooth curve, `start` wide at first and `end` wide at last."""
    return Part(tuple(brush(_points(points), start / 100, end / 100)), tone)


def disc(x: float, y: float, across: float, down: float | None = None, turn: float = 0.0, tone: float = 0.0) -> Part:
    """A circle, or an ellipse of two radii turned by radians."""
    tall = across if down is None else down
    return Part(tuple(oval(x / 100, y / 100, across / 100, tall / 100, turn)), tone)


def box(left: float, top: float, right: float, bottom: float, tone: float = 0.0) -> Part:
    """An upright rectangle."""
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Part(tuple((x / 100, y / 100) for x, y in corners), tone)


def moved(part: Part, x: float, y: float, size: float = 1.0, turn: float = 0.0) -> Part:
    """A part drawn around (0, 0), `size` times as large, turned by radians, with its middle set at a place."""
    return Part(tuple(placed(part.outline, (x / 100, y / 100), size, turn)), part.tone)


def both(*parts: Part) -> Drawing:
    """Each part and its mirror image."""
    return tuple(one for part in parts for one in (part, Part(tuple((-x, y) for x, y in part.outline), part.tone)))


def _between_corners(every: list[Point]) -> list[list[Point]]:
    """The runs of points from corner to corner, or all of them where there is no corner."""
    corners = [n for n, point in enumerate(every) if point == every[n - 1]]
    if not corners:
        return [every]
    turned = every[corners[0] :] + every[: corners[0]]
    pieces = [[turned[0]]]
    for point in turned[1:]:
        if point == pieces[-1][-1]:
            pieces.append([])
        pieces[-1].append(point)
    return pieces


def _points(text: str) -> list[Point]:
    numbers = [float(word) / 100 for word in text.split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))
