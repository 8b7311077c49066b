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
    "crocodile": (
        curve("-50 34  -50 34  -30 26  -10 16  10 16  20 20  48 26  48 26  48 34  48 34  20 38  -4 42  -28 40"),
        *(
            poly(f"{x} {y}  {x + 4} {y - 7}  {x + 8} {y + 1}")
            for x, y in ((-36, 28), (-27, 24), (-18, 20), (-9, 17), (0, 16))
        ),
        *(poly(f"{x} 36  {x + 8} 36  {x + 12} 48  {x - 4} 48") for x in (-18, 8)),
        disc(18, 18, 5),
        disc(18, 17, 1.8, tone=DARK),
        stroke("20 31  48 31", 1.4, 1.4, DARK),
        *(poly(f"{x} 31  {x + 3} 35  {x + 6} 31", LIGHT) for x in (26, 33, 40)),
        *(disc(x, y, 3, 2, tone=DIM) for x, y in ((-26, 33), (-14, 28), (-2, 26), (-8, 34), (6, 30))),
        disc(46, 27, 1.4, tone=DARK),
    ),
    "seahorse": (
        stroke("0 14  8 26  2 40  -12 44  -16 34  -8 32", 15, 3),
        curve("-12 -10  -26 -4  -28 10  -12 14", PALE),
        curve("-14 -12  -6 -26  10 -22  18 -4  12 16  -2 24  -12 12"),
        disc(2, -32, 14, 12),
        poly("10 -36  36 -30  36 -24  10 -26"),
        *(poly(f"{x} {y}  {x - 3} {y - 8}  {x + 7} {y - 3}") for x, y in ((-8, -40), (0, -43))),
        *(stroke(f"-8 {y}  14 {y + 1}", 1.4, 1.4, DIM) for y in (-10, -2, 6, 14)),
        disc(6, -33, 2.6, tone=DARK),
    ),
}
