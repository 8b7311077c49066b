"""Insects and other small ones that crawl, hop or fly."""

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
    stroke,
)

DRAWINGS: dict[str, Drawing] = {
    "butterfly": (
        *both(
            curve("-2 -4  -14 -34  -38 -46  -48 -28  -36 -4  -4 4"),
            curve("-3 4  -30 4  -40 20  -30 40  -14 34  -3 12"),
            curve("-8 -10  -18 -28  -34 -36  -40 -26  -30 -10", PALE),
            curve("-9 10  -26 10  -31 20  -24 30  -14 26", PALE),
            *(disc(x, y, r, tone=DARK) for x, y, r in ((-40, -33, 3), (-43, -25, 2), (-30, 35, 2))),
            stroke("-1 -22  -6 -36  -12 -44", 1.6, 1.2, DARK),
        ),
        disc(0, 2, 3.6, 26, tone=DARK),
    ),
    "bee": (
        disc(-6, -18, 10, 22, -0.5, LIGHT),
        disc(12, -18, 9, 20, 0.35, LIGHT),
        disc(0, 14, 34, 22),
        box(-16, -6, -7, 34, DARK),
        box(2, -8, 11, 36, DARK),
        disc(32, 8, 13),
        disc(36, 5, 2.6, tone=DARK),
        *(stroke(f"34 -3  {x} -16", 1.6, 1.6, DARK) for x in (32, 42)),
        stroke("-33 16  -42 18", 4, 0.6, DARK),
    ),
    "beetle": (
        *both(*(stroke(f"-20 {y}  -36 {y - 3}  -42 {y + 6}", 2.4, 1.8, DARK) for y in (-2, 14, 30))),
        disc(0, -26, 15, 12, tone=DARK),
        disc(0, 14, 30, 33),
        stroke("0 -18  0 46", 1.8, 1.8, DARK),
        *both(*(disc(x, y, r, tone=DARK) for x, y, r in ((-14, -2, 5), (-18, 16, 5), (-10, 31, 4.6)))),
        *both(stroke("-5 -36  -12 -48", 1.6, 1.6, DARK), disc(-6, -28, 2.2, tone=LIGHT)),
    ),
    "spider": (
        *both(
            *(
                stroke(f"-6 {y}  {-22 * reach} {y - lift}  {-42 * reach} {end}", 2.6, 1.4)
                for y, lift, reach, end in (
                    (-6, 28, 0.9, -36),
                    (0, 16, 1.05, -8),
                    (6, 2, 1.05, 24),
                    (10, -10, 0.85, 48),
                )
            )
        ),
        disc(0, 22, 20, 24),
        disc(0, -8, 13, 12),
        *both(disc(-5, -12, 2.6, tone=LIGHT), disc(-5, -12, 1.2, tone=DARK)),
        curve("-6 14  0 22  6 14  4 24  6 34  0 28  -6 34  -4 24", PALE),
    ),
    "snail": (
        curve("-44 50  -40 40  -8 38  20 40  30 28  32 14  44 12  46 26  38 42  26 50"),
        *(stroke(f"38 16  {x} 0", 2.4, 1.8) for x in (34, 46)),
        *(disc(x, -2, 2.8) for x in (34, 46)),
        disc(-8, 10, 32),
        *(
            disc(-8 + r * math.cos(a), 10 + r * math.sin(a), 2.3, tone=-0.45)
            for r, a in ((26 * (1 - n / 70), n * 0.27) for n in range(62))
        ),
    ),
    "snake": (
        stroke("-44 46  -10 48  26 44  30 32  4 26  -26 22  -26 8  0 4  18 -6  16 -22", 6, 12),
        curve("8 -26  12 -40  24 -42  32 -32  26 -22  14 -20"),
        stroke("29 -31  38 -31  44 -35", 1.4, 1, DARK),
        stroke("38 -31  44 -28", 1.2, 0.9, DARK),
        *(
            disc(x, y, 2.6, tone=DARK)
            for x, y in ((-26, 46), (-8, 47), (10, 46), (24, 38), (10, 28), (-8, 25), (-24, 16), (-8, 5))
        ),
        disc(22, -34, 2.2, tone=DARK),
    ),
    "turtle": (
        *(disc(x, 42, 9, 8, tone=PALE) for x in (-22, 18)),
        curve("26 20  36 4  46 6  48 18  38 30  28 34", PALE),
        curve("-44 36  -44 36  -50 44  -34 40", PALE),
        curve("-38 36  -38 36  -32 8  -4 -8  22 8  30 36  30 36  0 40"),
        *(curve(f"{x - 8} 22  {x - 4} 12  {x + 4} 12  {x + 8} 22  {x + 4} 30  {x - 4} 30", DIM) for x in (-20, -3, 14)),
        disc(42, 14, 2, tone=DARK),
    ),
    "frog": (
        *both(disc(-28, 34, 15, 12), disc(-34, 46, 14, 4), disc(-17, -22, 11, 12)),
        curve("-30 -4  -16 -20  16 -20  30 -4  28 26  16 44  -16 44  -28 26"),
        disc(0, 28, 17, 16, tone=PALE),
        *both(disc(-17, -24, 7, tone=LIGHT), disc(-16, -24, 3.6, tone=DARK), stroke("-12 30  -14 48", 5, 7, DIM)),
        stroke("-20 0  0 8  20 0", 1.8, 1.8, DARK),
    ),
}
