"""What lives in water."""

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
    curve,
    disc,
    poly,
    stroke,
)
from adapters.generation.sketch.scenes.shapes import smooth, star

DRAWINGS: dict[str, Drawing] = {
    "fish": (
        curve("-20 8  -46 -14  -40 8  -46 32"),
        curve("16 -10  -2 -30  -10 -6"),
        curve("12 28  0 44  -6 26"),
        curve("46 10  20 -12  -10 -10  -28 8  -10 28  20 30"),
        curve("6 12  -6 6  -10 14  -4 22", DIM),
        stroke("22 -6  15 8  22 24", 1.6, 1.6, DIM),
        disc(33, 3, 4.2, tone=LIGHT),
        disc(34, 3, 2, tone=DARK),
    ),
    "whale": (
        poly("-34 14  -50 -12  -38 -10  -30 -20  -24 8"),
        curve("-36 10  -14 -4  14 -14  38 -6  48 14  40 34  10 42  -18 34"),
        curve("48 18  40 34  10 42  -10 37  12 30  32 26", LIGHT),
        *(stroke(f"20 -15  {20 + x * 0.4} -32  {20 + x} {y}", 3, 2) for x, y in ((-14, -38), (0, -44), (14, -38))),
        curve("6 26  -2 42  -10 46  -4 28", DIM),
        disc(34, 12, 2.4, tone=DARK),
    ),
    "shark": (
        poly("-26 6  -48 -24  -44 6  -50 28  -30 14"),
        poly("12 -8  -4 -38  -10 -6"),
        poly("10 20  -8 42  -6 18"),
        curve("48 4  48 4  24 -10  -8 -10  -34 8  -10 22  26 20"),
        curve("48 5  44 14  26 20  -8 21  -30 9  0 14  26 10", LIGHT),
        *(stroke(f"{x} 0  {x - 2} 9", 1.4, 1.4, DARK) for x in (14, 19, 24)),
        disc(35, 1, 2, tone=DARK),
        stroke("44 11  36 12", 1.4, 1, DARK),
    ),
    "dolphin": (
        curve("-38 30  -38 30  -50 24  -48 40  -36 48  -34 36"),
        curve("-2 -20  -18 -40  -18 -40  -24 -34  -18 -12"),
        curve("-40 34  -30 6  -8 -18  20 -20  34 -8  49 -2  48 4  34 8  10 8  -14 18  -30 36"),
        curve("46 4  34 8  12 8  -8 15  6 2  30 2", LIGHT),
        curve("10 6  4 26  -4 28  -2 8", DIM),
        disc(28, -8, 2, tone=DARK),
    ),
    "octopus": (
        *both(
            stroke("-4 14  -8 34  -6 48", 9, 4),
            stroke("-12 12  -20 32  -32 44  -40 38", 9, 3),
            stroke("-18 6  -36 12  -46 26  -42 34", 9, 3),
        ),
        curve("-24 14  -30 -16  -20 -40  0 -48  20 -40  30 -16  24 14  0 20"),
        *both(disc(-10, -8, 6.5, tone=LIGHT), disc(-9, -7, 3, tone=DARK)),
        stroke("-6 6  0 9  6 6", 1.8, 1.8, DARK),
        *(disc(x, y, r, tone=PALE) for x, y, r in ((-10, -32, 3.6), (4, -38, 2.8), (12, -28, 3.4))),
    ),
    "crab": (
        *both(
            *(stroke(f"-20 {y}  -38 {y - 4}  -42 {y + 14}", 3.4, 1.8) for y in (20, 27, 34)),
            stroke("-20 8  -36 2  -36 -12", 5, 5),
            curve("-36 -10  -46 -22  -40 -40  -36 -28  -28 -40  -26 -20"),
            stroke("-8 0  -9 -14", 2.4, 2),
            disc(-9, -17, 4.4, tone=LIGHT),
            disc(-9, -17, 2, tone=DARK),
        ),
        disc(0, 18, 28, 20),
        stroke("-9 24  0 28  9 24", 2, 2, DARK),
    ),
    "jellyfish": (
        *(stroke(f"{x} -4  {x + 5} 14  {x - 4} 30  {x + 3} 48", 3.2, 1.4, PALE) for x in (-22, -11, 0, 11, 22)),
        curve("-34 4  -34 4  -34 -22  -18 -42  0 -46  18 -42  34 -22  34 4  34 4  22 -2  11 5  0 -1  -11 5  -22 -2"),
        curve("-20 -22  -10 -36  2 -38  -6 -24", LIGHT),
        *both(disc(-8, -14, 2.4, tone=DARK)),
    ),
    "starfish": (
        Part(tuple(smooth(star(0, 0.03, 0.47, 0.21, 5, -math.pi / 2)))),
        *(
            disc(r * math.cos(a), 3 + r * math.sin(a), 2.4, tone=LIGHT)
            for r in (12, 21, 30)
            for a in (n * math.tau / 5 - math.pi / 2 for n in range(5))
        ),
        disc(0, 3, 3.4, tone=LIGHT),
    ),
}
