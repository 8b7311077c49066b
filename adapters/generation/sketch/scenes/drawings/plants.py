"""Plants and what grows like them."""

from __future__ import annotations

import math

from adapters.generation.sketch.scenes.drawings.parts import (
    DARK,
    DIM,
    LIGHT,
    PALE,
    Drawing,
    both,
    box,
    curve,
    disc,
    moved,
    poly,
    stroke,
)


def _around(count: int, reach: float) -> list[tuple[float, float, float]]:
    """Places and angles around the head of a flower, which is at (0, -20)."""
    turns = [n * math.tau / count for n in range(count)]
    return [(reach * math.cos(turn), -20 + reach * math.sin(turn), turn) for turn in turns]


def _pine(x: float, foot: float, tall: float) -> Drawing:
    """A conifer of three tiers, one half of each in shadow."""
    tiers = ("0 -56  32 -20  -32 -20", "0 -78  26 -28  -26 -28", "0 -100  20 -50  -20 -50")
    shadows = ("0 -56  32 -20  6 -20", "0 -78  26 -28  5 -28", "0 -100  20 -50  4 -50")
    trunk = box(-4, -20, 4, 0, -0.45)
    shapes = (
        trunk,
        *(part for pair in zip(map(poly, tiers), (poly(s, DIM) for s in shadows), strict=True) for part in pair),
    )
    return tuple(moved(shape, x, foot, tall / 100) for shape in shapes)


_STEM: Drawing = (
    stroke("0 -10  3 20  0 50", 4, 4.5, -0.4),
    curve("0 34  12 12  32 10  20 28", -0.4),
    curve("0 44  -12 24  -30 22  -20 38", -0.4),
)

DRAWINGS: dict[str, Drawing] = {
    "tree": (
        curve("-5 0  -4.5 36  -12 50  12 50  4.5 36  5 0", -0.45),
        stroke("0 30  10 16  20 6", 5, 3, -0.45),
        disc(0, -20, 26, 25),
        disc(-20, -4, 20, 17),
        disc(20, -4, 20, 17),
        disc(-8, -27, 14, 12, tone=0.2),
        disc(16, 2, 12, 8, tone=-0.16),
        disc(-16, 4, 12, 7, tone=-0.16),
    ),
    "pine": _pine(0, 50, 100),
    "forest": (*_pine(-28, 46, 66), *_pine(29, 47, 74), *_pine(0, 50, 94)),
    "palm": (
        stroke("-8 50  -4 20  4 -16", 8, 4.5, -0.4),
        *(stroke(f"-6 {y}  6 {y - 2}", 1.2, 1.2, DARK) for y in (40, 28, 16, 4)),
        curve("4 -18  -16 -34  -38 -26  -46 -8  -26 -20"),
        curve("4 -18  22 -38  44 -30  50 -10  28 -22"),
        curve("4 -18  -6 -44  -22 -50  -14 -36"),
        curve("4 -18  14 -46  30 -48  20 -34"),
        curve("4 -18  -14 -20  -30 2  -30 14  -10 -6"),
        curve("4 -18  22 -18  34 4  34 16  14 -4"),
        *(disc(x, y, 4.4, tone=DARK) for x, y in ((-1, -12), (8, -11), (3, -7))),
    ),
    "flower": (
        *_STEM,
        *(disc(x, y, 15, 9.5, turn) for x, y, turn in _around(6, 18)),
        *(disc(x, y, 8, 3, turn, DIM) for x, y, turn in _around(6, 15)),
        disc(0, -20, 10.5, tone=LIGHT),
    ),
    "sunflower": (
        *_STEM,
        *(disc(x, y, 10, 4.6, turn) for x, y, turn in _around(16, 21)),
        disc(0, -20, 16, tone=-0.6),
        disc(0, -20, 10, tone=-0.45),
    ),
    "rose": (
        *_STEM,
        curve("-20 -30  -24 -14  -12 2  0 6  12 2  24 -14  20 -30  0 -26"),
        curve("-16 -40  -22 -24  -8 -6  0 -4  8 -6  22 -24  16 -40  0 -46", 0.12),
        curve("-10 -38  -8 -22  4 -18  14 -28  8 -38  0 -42", DIM),
        curve("-6 -36  -4 -28  4 -26  8 -32  2 -38", 0.2),
        *both(curve("-2 4  -12 2  -18 10  -6 10", -0.4)),
    ),
    "tulip": (
        *_STEM,
        curve("-18 -14  -20 -44  -20 -44  -8 -32  0 -48  0 -48  8 -32  20 -44  20 -44  18 -14  0 0"),
        curve("-9 -10  -8 -32  0 -46  8 -32  9 -10  0 -2", DIM),
    ),
    "cactus": (
        stroke("-6 12  -28 10  -28 -14", 11, 10),
        stroke("6 22  28 18  27 -2", 11, 10),
        stroke("0 50  0 10  0 -36", 20, 17),
        disc(0, -36, 8.5),
        *(disc(x, y, 5) for x, y in ((-28, -14), (27, -2))),
        *(stroke(f"{x} 46  {x} -34", 1.2, 1.2, DIM) for x in (-4.5, 0, 4.5)),
        *(disc(x, -44, 4.4, 2.8, turn, LIGHT) for x, turn in ((-3, 0.8), (3, -0.8))),
        curve("-26 50  -20 43  20 43  26 50", -0.4),
    ),
    "mushroom": (
        curve("-10 0  -14 50  -14 50  14 50  14 50  10 0", LIGHT),
        curve("-46 4  -46 4  -38 -30  0 -48  38 -30  46 4  46 4  24 10  -24 10"),
        *(
            disc(x, y, r, r * 0.85, tone=LIGHT)
            for x, y, r in ((-20, -18, 7), (2, -34, 6), (20, -12, 7.5), (-2, -8, 5.5), (-34, -2, 4))
        ),
    ),
    "leaf": (
        stroke("-34 50  -22 30  -10 14", 3, 2.4, -0.4),
        curve("-26 34  -26 34  -40 -2  -18 -34  40 -48  40 -48  44 4  14 32"),
        stroke("-26 34  4 -4  34 -40", 2.4, 1, -0.4),
        *(stroke(f"{x} {y}  {x + 20} {y + 2}", 1.4, 0.8, -0.4) for x, y in ((-16, 22), (-4, 7), (9, -9))),
        *(stroke(f"{x} {y}  {x - 3} {y - 20}", 1.4, 0.8, -0.4) for x, y in ((-16, 22), (-4, 7), (9, -9))),
    ),
    "bush": (
        *(disc(x, y, r) for x, y, r in ((-26, 32, 18), (26, 32, 18), (-12, 16, 20), (14, 14, 20), (0, 32, 20))),
        *(disc(x, y, 3.4, tone=PALE) for x, y in ((-24, 28), (-10, 10), (6, 22), (22, 14), (28, 34), (-6, 38))),
        box(-40, 47, 40, 50, DIM),
    ),
    "bamboo": (
        *(
            box(x - 4, top + n * 17, x + 4, top + n * 17 + 15.6)
            for x, top in ((-20, -35), (2, -52), (24, -18))
            for n in range(int((50 - top) / 17))
        ),
        *(
            curve(f"{x} {y}  {x + 12} {y - 10}  {x + 24} {y - 8}  {x + 12} {y}", PALE)
            for x, y in ((-16, -20), (6, -14), (6, 16))
        ),
        *(
            curve(f"{x} {y}  {x - 12} {y - 10}  {x - 24} {y - 8}  {x - 12} {y}", PALE)
            for x, y in ((-24, 14), (-2, -32), (20, 2))
        ),
    ),
}
