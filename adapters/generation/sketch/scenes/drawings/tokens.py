"""Signs, treasures, arms and toys."""

from __future__ import annotations

import math

from adapters.generation.sketch.scenes.drawings.parts import (
    DARK,
    DIM,
    LIGHT,
    PALE,
    Drawing,
    Part,
    both,
    box,
    curve,
    disc,
    moved,
    poly,
    stroke,
)
from adapters.generation.sketch.scenes.shapes import Point, star


def _heart(angle: float) -> Point:
    down = 13 * math.cos(angle) - 5 * math.cos(2 * angle) - 2 * math.cos(3 * angle) - math.cos(4 * angle)
    return math.sin(angle) ** 3 * 0.46, -down * 0.0285 + 0.01


_FIFTHS = tuple(n * math.tau / 5 - math.pi / 2 for n in range(5))

DRAWINGS: dict[str, Drawing] = {
    "heart": (Part(tuple(_heart(n / 60 * math.tau) for n in range(60))), disc(-24, -18, 6, 10, 0.7, LIGHT)),
    "star": (
        Part(tuple(star(0, 0.02, 0.48, 0.2, 5, -math.pi / 2))),
        *(moved(poly("0 0  48 0  16.2 11.8", DIM), 0, 2, turn=turn) for turn in _FIFTHS),
    ),
    "sword": (
        poly("-4 18  -4 -38  0 -50  4 -38  4 18", 0.4),
        poly("0 18  0 -50  4 -38  4 18", 0.05),
        curve("-20 16  0 20  20 16  20 23  0 26  -20 23", -0.4),
        box(-3, 24, 3, 42, DARK),
        disc(0, 45, 5, tone=-0.4),
    ),
    "shield": (
        curve("-36 -42  -36 -42  0 -48  36 -42  36 -42  36 4  22 34  0 50  -22 34  -36 4", -0.4),
        curve("-30 -36  -30 -36  0 -42  30 -36  30 -36  30 4  18 30  0 43  -18 30  -30 4"),
        poly("-4 -41  4 -41  4 42  -4 42", LIGHT),
        poly("-30 -10  30 -10  30 -2  -30 -2", LIGHT),
    ),
    "crown": (
        poly("-40 38  -46 -20  -22 8  0 -34  22 8  46 -20  40 38"),
        box(-40, 28, 40, 42, -0.25),
        *(disc(x, y, 5, tone=LIGHT) for x, y in ((-46, -22), (0, -37), (46, -22))),
        *(disc(x, 35, 3.6, tone=LIGHT) for x in (-24, 0, 24)),
    ),
    "key": (
        disc(0, -28, 20),
        disc(0, -28, 10.5, tone=DARK),
        box(-4, -10, 4, 48),
        box(3, 26, 17, 33),
        box(3, 39, 14, 46),
        box(-7, -10, 7, -5, DIM),
    ),
    "diamond": (
        poly("-28 -30  28 -30  48 -6  0 46  -48 -6"),
        poly("-28 -30  -48 -6  -20 -6", PALE),
        poly("28 -30  48 -6  20 -6", DIM),
        poly("-28 -30  0 -30  -20 -6", LIGHT),
        poly("0 -30  28 -30  20 -6", 0.15),
        poly("-20 -6  20 -6  0 46", 0.18),
        poly("20 -6  48 -6  0 46", -0.35),
    ),
    "crystal": (
        poly("-26 50  -40 10  -30 -8  -18 4  -10 50", -0.15),
        poly("10 50  18 0  30 -14  40 6  28 50", DIM),
        poly("-14 50  -16 -28  0 -48  14 -28  14 50"),
        poly("-14 50  -16 -28  0 -48  -3 -20  -3 50", PALE),
        poly("-26 50  -40 10  -30 -8  -28 14", PALE),
        poly("18 0  30 -14  28 8  22 50  10 50", 0.1),
        box(-44, 47, 44, 50, DARK),
    ),
    "anchor": (
        disc(0, -38, 10),
        disc(0, -38, 5, tone=DARK),
        box(-4, -28, 4, 40),
        box(-20, -20, 20, -13),
        stroke("-40 10  -34 34  0 44  34 34  40 10", 6, 6),
        *both(poly("-49 18  -40 -2  -30 18")),
    ),
    "flag": (
        box(-34, -48, -29, 50, DARK),
        disc(-31.5, -48, 4, tone=LIGHT),
        curve("-29 -44  -29 -44  -8 -50  14 -40  44 -46  44 -46  44 -4  44 -4  14 2  -8 -8  -29 -2  -29 -2"),
        curve("-29 -30  -8 -36  14 -26  44 -32  44 -18  14 -12  -8 -22  -29 -16", LIGHT),
    ),
    "bell": (
        disc(0, -43, 6),
        disc(0, 42, 8, tone=DARK),
        curve("-42 36  -42 36  -28 18  -24 -20  0 -38  24 -20  28 18  42 36  42 36"),
        box(-42, 33, 42, 39, DIM),
        stroke("-14 -14  -17 18", 5, 3, LIGHT),
    ),
    "gift": (
        box(-36, -4, 36, 50),
        box(-42, -18, 42, -2, 0.14),
        box(-7, -18, 7, 50, LIGHT),
        *both(curve("0 -18  -10 -42  -34 -40  -28 -20", LIGHT), curve("-6 -20  -12 -34  -26 -34  -22 -22")),
    ),
    "ball": (
        disc(0, 6, 42, tone=0.35),
        poly("0 -10  15 1  9 19  -9 19  -15 1", DARK),
        *(moved(poly("40 -12  40 12  30 0", DARK), 0, 6, turn=turn) for turn in _FIFTHS),
        *(moved(stroke("15 0  31 0", 1.4, 1.4, DARK), 0, 6, turn=turn) for turn in _FIFTHS),
    ),
    "toy balloon": (
        stroke("0 22  -4 32  4 40  0 50", 1.2, 1.2, DARK),
        curve("0 -48  -26 -36  -30 -10  -14 12  0 20  14 12  30 -10  26 -36"),
        poly("-4 25  0 18  4 25"),
        disc(-13, -24, 5, 9, 0.4, LIGHT),
    ),
    "kite": (
        stroke("6 24  0 34  10 40  2 50", 1.2, 1.2, DARK),
        poly("0 -50  30 -18  6 24  -26 -12"),
        poly("0 -50  30 -18  2 -15", PALE),
        poly("-26 -12  2 -15  6 24", PALE),
        *(poly(f"{x} {y}  {x - 8} {y - 4}  {x - 8} {y + 4}", DIM) for x, y in ((4, 33), (10, 41))),
        *(poly(f"{x} {y}  {x + 8} {y - 4}  {x + 8} {y + 4}", DIM) for x, y in ((4, 33), (8, 41))),
    ),
    "arrow": (
        stroke("-40 40  30 -30", 4, 4, -0.3),
        poly("46 -46  38 -16  16 -38"),
        *(poly(f"{x} {y}  {x - 12} {y}  {x - 18} {y + 10}  {x - 4} {y + 8}", PALE) for x, y in ((-26, 26), (-32, 32))),
        *(poly(f"{x} {y}  {x} {y + 12}  {x - 10} {y + 18}  {x - 8} {y + 4}", PALE) for x, y in ((-26, 26), (-32, 32))),
    ),
    "treasure": (
        box(-40, 6, 40, 48),
        curve("-42 0  -42 0  -36 -28  0 -36  36 -28  42 0  42 0", -0.2),
        *(disc(x, y, 6, tone=LIGHT) for x, y in ((-28, 2), (-14, -2), (0, 2), (14, -2), (28, 2))),
        *(box(x, 6, x + 7, 48, DARK) for x in (-32, 25)),
        box(-7, 8, 7, 24, LIGHT),
        disc(0, 15, 2.6, tone=DARK),
    ),
    "hammer": (
        poly("-5 -16  5 -16  6 50  -6 50", -0.4),
        poly("-34 -42  26 -42  40 -34  40 -28  26 -18  -34 -18"),
        box(-34, -42, -24, -18, DIM),
    ),
    "dice": (
        poly("-38 -16  0 -36  38 -16  0 4", 0.35),
        poly("-38 -16  0 4  0 48  -38 26"),
        poly("38 -16  0 4  0 48  38 26", DIM),
        disc(0, -16, 6, 3.4, tone=DARK),
        *(disc(x, y, 3.4, 4.4, tone=DARK) for x, y in ((-28, 2), (-10, 32))),
        *(disc(x, y, 3.4, 4.4, tone=LIGHT) for x, y in ((10, 32), (19, 16), (28, 0))),
    ),
}
