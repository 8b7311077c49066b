"""The subjects that a prompt can name, as silhouettes: closed outlines in a square from -0.5 to 0.5, feet at 0.5.

Each style treats the same silhouette in its own way; how is left to the scenes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PIL import ImageDraw

from adapters.generation.sketch.scenes.canvas import Canvas, Mask
from adapters.generation.sketch.scenes.palette import RGB, RGBA
from adapters.generation.sketch.scenes.shapes import Point, brush, oval, placed, smooth, star

Outline = Sequence[Point]


def _mirrored(points: Outline) -> list[Point]:
    return [(-x, y) for x, y in points]


def _heart(angle: float) -> Point:
    down = 13 * math.cos(angle) - 5 * math.cos(2 * angle) - 2 * math.cos(3 * angle) - math.cos(4 * angle)
    return math.sin(angle) ** 3 * 0.46, -down * 0.0285 + 0.01


_CAT_EAR = ((-0.175, -0.25), (-0.165, -0.48), (-0.02, -0.36))
_SAIL = ((0.03, -0.46), (0.36, 0.14), (0.03, 0.14))
_LEG = ((-0.1, 0.1), (-0.11, 0.5), (-0.02, 0.5), (0.0, 0.1))

SUBJECTS: Mapping[str, tuple[Outline, ...]] = {
    "cat": (
        smooth(((-0.1, -0.14), (-0.19, 0.1), (-0.25, 0.36), (-0.18, 0.5), (0.18, 0.5), (0.25, 0.36), (0.19, 0.1))),
        oval(0, -0.24, 0.185, 0.15),
        _CAT_EAR,
        _mirrored(_CAT_EAR),
        brush(((0.12, 0.46), (0.34, 0.46), (0.43, 0.3), (0.36, 0.14), (0.4, 0.05)), 0.09, 0.05),
    ),
    "rabbit": (
        smooth(((-0.31, 0.3), (-0.27, 0.04), (-0.05, -0.06), (0.17, 0.04), (0.24, 0.3), (0.18, 0.5), (-0.22, 0.5))),
        oval(0.17, -0.12, 0.155, 0.13),
        oval(0.07, -0.34, 0.05, 0.18, -0.25),
        oval(0.2, -0.35, 0.05, 0.18, 0.1),
        oval(-0.32, 0.33, 0.08, 0.08),
        oval(0.14, 0.47, 0.18, 0.045),
    ),
    "dog": (
        smooth(((-0.25, 0.5), (-0.27, 0.24), (-0.12, -0.02), (0.05, -0.2), (0.2, -0.1), (0.17, 0.2), (0.2, 0.5))),
        oval(0.12, -0.24, 0.16, 0.14),
        smooth(((0.16, -0.28), (0.36, -0.24), (0.4, -0.16), (0.3, -0.1), (0.14, -0.12))),
        smooth(((0.02, -0.38), (-0.1, -0.3), (-0.1, -0.08), (0.0, -0.06), (0.06, -0.24))),
        brush(((-0.2, 0.42), (-0.38, 0.34), (-0.42, 0.14)), 0.08, 0.03),
        oval(0.2, 0.47, 0.1, 0.035),
    ),
    "bird": (
        smooth(((-0.2, 0.14), (-0.1, -0.08), (0.1, -0.14), (0.24, 0.0), (0.16, 0.22), (-0.06, 0.3))),
        oval(0.2, -0.16, 0.13, 0.12),
        ((0.3, -0.2), (0.47, -0.13), (0.3, -0.09)),
        ((-0.12, 0.08), (-0.48, 0.3), (-0.44, 0.38), (-0.02, 0.28)),
        brush(((0.02, 0.24), (0.03, 0.5)), 0.025, 0.025),
        brush(((0.1, 0.24), (0.11, 0.5)), 0.025, 0.025),
    ),
    "fish": (
        smooth(((0.46, 0.1), (0.2, -0.12), (-0.1, -0.1), (-0.28, 0.08), (-0.1, 0.28), (0.2, 0.3))),
        smooth(((-0.2, 0.08), (-0.46, -0.14), (-0.4, 0.08), (-0.46, 0.32))),
        smooth(((0.16, -0.1), (-0.02, -0.3), (-0.1, -0.06))),
        smooth(((0.12, 0.28), (0.0, 0.44), (-0.06, 0.26))),
    ),
    "tree": (
        smooth(((-0.05, 0.0), (-0.045, 0.36), (-0.12, 0.5), (0.12, 0.5), (0.045, 0.36), (0.05, 0.0))),
        oval(0, -0.2, 0.26, 0.25),
        oval(-0.2, -0.04, 0.2, 0.17),
        oval(0.2, -0.04, 0.2, 0.17),
        brush(((0.0, 0.3), (0.1, 0.16), (0.2, 0.06)), 0.05, 0.03),
    ),
    "flower": (
        *(
            oval(0.17 * math.cos(n * 1.0472), -0.2 + 0.17 * math.sin(n * 1.0472), 0.14, 0.09, n * 1.0472)
            for n in range(6)
        ),
        oval(0, -0.2, 0.1, 0.1),
        brush(((0, -0.1), (0.03, 0.2), (0, 0.5)), 0.04, 0.045),
        smooth(((0.0, 0.34), (0.12, 0.12), (0.32, 0.1), (0.2, 0.28))),
        smooth(((0.0, 0.44), (-0.12, 0.24), (-0.3, 0.22), (-0.2, 0.38))),
    ),
    "house": (
        ((-0.34, 0.02), (0.34, 0.02), (0.34, 0.5), (-0.34, 0.5)),
        ((-0.44, 0.04), (0.0, -0.36), (0.44, 0.04)),
        ((0.16, -0.4), (0.27, -0.4), (0.27, 0.0), (0.16, 0.0)),
    ),
    "boat": (
        (
            (-0.46, 0.22),
            (0.48, 0.2),
            *smooth(((0.44, 0.32), (0.34, 0.46), (0.0, 0.5), (-0.32, 0.46), (-0.42, 0.34)), closed=False),
        ),
        _SAIL,
        ((-0.03, -0.36), (-0.3, 0.14), (-0.03, 0.14)),
        ((-0.014, -0.5), (0.014, -0.5), (0.014, 0.3), (-0.014, 0.3)),
    ),
    "person": (
        oval(0, -0.38, 0.085, 0.1),
        smooth(
            (
                (-0.05, -0.29),
                (-0.12, -0.24),
                (-0.15, -0.08),
                (-0.22, 0.26),
                (0.0, 0.3),
                (0.22, 0.26),
                (0.15, -0.08),
                (0.12, -0.24),
                (0.05, -0.29),
            )
        ),
        _LEG,
        _mirrored(_LEG),
    ),
    "robot": (
        ((-0.15, -0.38), (0.15, -0.38), (0.15, -0.12), (-0.15, -0.12)),
        ((-0.2, -0.09), (0.2, -0.09), (0.17, 0.26), (-0.17, 0.26)),
        ((-0.15, 0.26), (-0.03, 0.26), (-0.02, 0.5), (-0.19, 0.5)),
        ((0.15, 0.26), (0.03, 0.26), (0.02, 0.5), (0.19, 0.5)),
        brush(((-0.21, -0.04), (-0.31, 0.08), (-0.3, 0.24)), 0.08, 0.08),
        brush(((0.21, -0.04), (0.31, 0.08), (0.3, 0.24)), 0.08, 0.08),
        ((-0.01, -0.5), (0.01, -0.5), (0.01, -0.36), (-0.01, -0.36)),
        oval(0, -0.47, 0.035, 0.035),
    ),
    "heart": ([_heart(n / 60 * math.tau) for n in range(60)],),
    "star": (star(0, 0.02, 0.48, 0.2, 5, -math.pi / 2),),
}


def outlines(name: str, foot: Point, size: float, *, flip: bool = False) -> list[list[Point]]:
    """The outlines of a subject standing at `foot`, `size` high."""
    return [placed(part, (foot[0], foot[1] - size / 2), size, flip=flip) for part in SUBJECTS[name]]


def draw_subject(canvas: Canvas, name: str, foot: Point, size: float, fill: RGB | RGBA) -> None:
    """The filled silhouette, standing at `foot`."""
    for part in outlines(name, foot, size):
        canvas.polygon(part, fill)


def subject_mask(canvas: Canvas, name: str, foot: Point, size: float) -> Mask:
    """A mask of the canvas's size that is bright where the subject is."""
    mask = canvas.mask()
    pen = ImageDraw.Draw(mask)
    for part in outlines(name, foot, size):
        pen.polygon(part, fill=255)
    return mask
