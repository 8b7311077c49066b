"""Places, the sky and the weather: what is drawn where a prompt names no thing that stands in them."""

from __future__ import annotations

import math

from adapters.generation.sketch.scenes.drawings.parts import (
    DARK,
    DIM,
    LIGHT,
    PALE,
    Drawing,
    Part,
    box,
    curve,
    disc,
    poly,
    stroke,
)
from adapters.generation.sketch.scenes.shapes import star

_CLOUD = "-46 8  -44 -8  -28 -12  -22 -28  0 -34  16 -24  24 -16  40 -14  48 0  44 12  24 14  -32 14"


def _bow(radius: float, width: float, tone: float) -> Part:
    turns = [math.pi * n / 32 for n in range(33)]
    outer = [(-radius * math.cos(t), 34 - radius * math.sin(t)) for t in turns]
    inner = [(-(radius - width) * math.cos(t), 34 - (radius - width) * math.sin(t)) for t in reversed(turns)]
    return Part(tuple((x / 100, y / 100) for x, y in (*outer, *inner)), tone)


def _flake_arm(turn: float) -> Drawing:
    """One of six arms with two pairs of barbs."""
    cosine, sine = math.cos(turn), math.sin(turn)

    def at(along: float, aside: float) -> str:
        return f"{along * cosine - aside * sine} {along * sine + aside * cosine}"

    barbs = [(24, 34, 10), (34, 42, 7)]
    return (
        stroke(f"{at(0, 0)}  {at(46, 0)}", 4.6, 4),
        *(stroke(f"{at(a, 0)}  {at(b, side * s)}", 3.6, 3) for a, b, s in barbs for side in (-1, 1)),
    )


DRAWINGS: dict[str, Drawing] = {
    "sun": (
        *(
            poly(
                f"{48 * math.cos(t)} {48 * math.sin(t)}  {27 * math.cos(t + 0.16)} {27 * math.sin(t + 0.16)}"
                f"  {27 * math.cos(t - 0.16)} {27 * math.sin(t - 0.16)}",
                0.25,
            )
            for t in (n * math.tau / 12 for n in range(12))
        ),
        disc(0, 0, 25),
        disc(-6, -7, 13, tone=PALE),
    ),
    "moon": (
        curve("14 -46  14 -46  -14 -38  -30 -12  -26 20  -4 40  22 42  38 32  38 32  12 26  -2 6  0 -22", 0.3),
        disc(-16, 0, 4.4, tone=DIM),
        disc(-10, 22, 3.4, tone=DIM),
        disc(-9, -24, 3, tone=DIM),
        Part(tuple(star(0.26, -0.2, 0.09, 0.04, 5, -math.pi / 2)), LIGHT),
        Part(tuple(star(0.4, 0.04, 0.06, 0.025, 5, -math.pi / 2)), LIGHT),
    ),
    "planet": (
        disc(0, 0, 30),
        curve("-28 -10  0 -16  28 -10  29 -2  0 -8  -29 -2", PALE),
        curve("-29 10  0 16  28 12  24 20  0 24  -24 20", DIM),
        stroke("-31 8  -50 20  -44 24  0 12  44 -20  50 -24  31 -8", 3.4, 3.4, LIGHT),
        Part(tuple(star(-0.34, -0.36, 0.07, 0.03, 4)), LIGHT),
        Part(tuple(star(0.36, 0.36, 0.07, 0.03, 4)), LIGHT),
    ),
    "globe": (
        disc(0, 0, 40, tone=-0.1),
        curve("-34 -20  -20 -34  -4 -30  -6 -16  -18 -10  -16 6  -28 2", LIGHT),
        curve("2 -36  26 -30  36 -14  24 -8  12 -14  4 -24", LIGHT),
        curve("4 0  22 -2  26 12  14 32  6 24  8 12", LIGHT),
        curve("-22 14  -10 14  -8 26  -16 32", LIGHT),
    ),
    "cloud": (curve(_CLOUD, 0.4), curve("-40 10  -14 4  18 8  42 6  40 13  -30 14", 0.1)),
    "rain": (
        curve(_CLOUD, 0.2),
        *(
            stroke(f"{x} {y}  {x - 5} {y + 13}", 2, 3.4, LIGHT)
            for y, xs in ((20, (-26, -4, 18, 36)), (36, (-36, -14, 8, 28)))
            for x in xs
        ),
    ),
    "lightning": (
        curve(_CLOUD, -0.2),
        poly("4 12  -16 34  -4 33  -12 50  16 26  4 27  14 12", LIGHT),
    ),
    "rainbow": (
        *(_bow(46 - 6 * n, 6, tone) for n, tone in enumerate((-0.35, 0.0, 0.35, 0.6, -0.15))),
        *(disc(x, y, r, r * 0.8, tone=LIGHT) for x, y, r in ((-38, 36, 10), (-26, 38, 8), (30, 38, 9), (40, 35, 9))),
    ),
    "snowflake": tuple(part for n in range(6) for part in _flake_arm(n * math.pi / 3 + math.pi / 6)),
    "mountain": (
        poly("-10 50  22 -22  50 50", -0.2),
        poly("-50 50  -12 -42  26 50"),
        poly("-12 -42  26 50  2 50  -8 10  -2 -8", DIM),
        poly("-12 -42  -24 -12  -17 -18  -12 -8  -6 -18  1 -11", LIGHT),
        poly("22 -22  15 -7  20 -11  24 -3  29 -5", LIGHT),
    ),
    "volcano": (
        *(disc(x, y, r, tone=DIM) for x, y, r in ((-8, -32, 8), (6, -38, 10), (20, -42, 8))),
        curve("-10 -8  -14 -26  -4 -18  0 -36  6 -18  16 -26  10 -8", LIGHT),
        poly("-48 50  -14 -10  14 -10  48 50"),
        curve("-14 -10  -14 -10  0 -6  14 -10  14 -10  8 6  10 24  3 18  0 36  -5 14  -9 18  -8 4", LIGHT),
        poly("14 -10  48 50  20 50", DIM),
    ),
    "wave": (
        curve(
            "-50 50  -50 50  -46 14  -24 -26  6 -38  34 -24  42 -4  36 4  36 4"
            "  26 -10  10 -10  4 4  12 24  32 34  50 34  50 50  50 50"
        ),
        curve("42 -4  36 4  28 -8  12 -12  4 -2  -2 -14  8 -26  28 -22", LIGHT),
        *(stroke(f"{x} 46  {x + 6} {y}  {x + 26} {y - 34}", 2.4, 1.2, PALE) for x, y in ((-38, 24), (-24, 26))),
        stroke("4 44  24 41  46 44", 2, 2, PALE),
        *(disc(x, y, r, tone=LIGHT) for x, y, r in ((46, -8, 3.4), (42, -20, 2.6), (34, -32, 3))),
    ),
    "island": (
        curve("-48 44  -30 34  -8 28  14 30  34 36  48 44", PALE),
        box(-50, 43, 50, 50, -0.2),
        stroke("-4 32  -4 10  6 -14", 6, 3.6, -0.45),
        curve("6 -16  -10 -32  -30 -24  -38 -8  -18 -18"),
        curve("6 -16  20 -34  38 -28  46 -10  26 -20"),
        curve("6 -16  0 -40  -14 -46  -8 -32"),
        curve("6 -16  -8 -16  -22 4  -4 -4"),
        curve("6 -16  22 -14  30 6  14 -2"),
        *(stroke(f"{x} 47  {x + 8} 46  {x + 16} 47", 1.4, 1.4, LIGHT) for x in (-46, -20, 8, 30)),
    ),
    "waterfall": (
        poly("-46 50  -48 -34  -16 -40  -16 50", -0.2),
        poly("46 50  48 -34  16 -40  16 50", -0.2),
        box(-17, -40, 17, 44, PALE),
        *(stroke(f"{x} -40  {x + 1} 2  {x} 42", 1.8, 2.6, LIGHT) for x in (-11, -3, 6, 13)),
        *(disc(x, y, r, tone=LIGHT) for x, y, r in ((-16, 44, 7), (-4, 46, 8), (9, 45, 8), (20, 47, 5))),
        *(
            poly(f"{x} {y}  {x + 12} {y + 6}  {x + 2} {y + 12}", DIM)
            for x, y in ((-42, -18), (-34, 12), (24, -22), (30, 14))
        ),
    ),
    "fire": (
        *(stroke(f"{-x} 50  0 45  {x} 41", 6, 6, DARK) for x in (-28, 28)),
        curve(
            "0 44  -22 40  -30 20  -20 -2  -18 -14  -18 -14  -8 -4"
            "  0 -46  0 -46  16 -24  16 -4  24 -12  24 -12  30 16  22 40"
        ),
        curve("0 44  -14 38  -16 22  -6 8  0 -12  0 -12  8 6  16 22  14 38", PALE),
        curve("0 44  -7 38  -6 28  0 16  6 28  7 38", LIGHT),
    ),
}
