"""Animals with fur and the large ones of old and of tales."""

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

_SITTING_CAT: Drawing = (
    stroke("12 46  34 46  43 30  36 14  40 5", 9, 5),
    curve("-10 -14  -19 10  -25 36  -18 50  18 50  25 36  19 10"),
    disc(0, -24, 18.5, 15),
    *both(poly("-17.5 -25  -16.5 -48  -2 -36")),
)
_CAT_FACE: Drawing = (
    *both(disc(-7, -26, 2.6, 3.2, tone=DARK)),
    poly("-2 -19  2 -19  0 -16", DARK),
    *both(stroke("-5 -18  -21 -20", 0.8, 0.5, DARK), stroke("-5 -16  -20 -14", 0.8, 0.5, DARK)),
)
_PAWS: Drawing = (stroke("-4 50  -4 32", 1, 1, DIM), stroke("4 50  4 32", 1, 1, DIM))


def _canine(snout: str, ear: str) -> Drawing:
    """One that sits and looks to the right."""
    return (
        curve("-25 50  -27 24  -12 -2  5 -20  20 -10  17 20  20 50"),
        disc(12, -24, 16, 14),
        curve(snout),
        curve(ear),
        disc(20, 47, 10, 3.5),
        disc(16, -27, 2, 2.4, tone=DARK),
    )


_HORSE_BODY: Drawing = (
    curve(
        "-34 -2  -20 -7  4 -5  17 -14  26 -34  33 -45  37 -40  47 -27  45 -21  37 -21"
        "  31 -12  27 6  18 14  -6 13  -28 14  -37 8"
    ),
    poly("-36 4  -35 28  -38 50  -31 50  -27 28  -22 10"),
    poly("-26 8  -22 28  -24 50  -17 50  -15 28  -12 8"),
    poly("9 10  10 30  8 50  15 50  17 30  19 8"),
    poly("18 8  23 28  24 50  31 50  29 28  27 2"),
)
_HORSE_HEAD: Drawing = (poly("29 -42  32 -50  37 -41"), disc(38, -33, 1.7, tone=DARK), disc(44, -24, 1, tone=DARK))
_HOOVES: Drawing = tuple(box(left, 46, left + 8, 50, DARK) for left in (-38.5, -24.5, 7.5, 23.5))
_MANE: Drawing = (stroke("6 -7  17 -18  24 -34  31 -46", 8, 4, -0.45), stroke("-34 0  -44 10  -43 30", 9, 3, -0.45))


def _hoofed(body_tone: float = 0.0) -> Drawing:
    """A low body with short legs, such as cows and sheep have."""
    return (
        *(box(left, 18, left + 8, 50, body_tone) for left in (-34, -22, 8, 20)),
        curve("-38 -8  -20 -14  16 -14  30 -8  32 10  24 24  -28 24  -38 12"),
    )


DRAWINGS: dict[str, Drawing] = {
    "cat": _SITTING_CAT + _CAT_FACE + _PAWS,
    "tiger": (
        *_SITTING_CAT,
        *(stroke(f"-21 {y}  -12 {y + 3}  -7 {y}", 3, 1, DARK) for y in (8, 17, 26, 36)),
        *(stroke(f"21 {y}  12 {y + 3}  7 {y}", 3, 1, DARK) for y in (8, 17, 26, 36)),
        *(stroke(f"{x} -38  {x * 0.8} -31", 2.4, 1, DARK) for x in (-6, 0, 6)),
        disc(0, -16, 8, 5, tone=LIGHT),
        *_CAT_FACE,
    ),
    "lion": (
        stroke("12 46  34 46  42 30  38 14", 7, 5),
        disc(38, 11, 6, 7, tone=-0.4),
        curve("-10 -14  -19 10  -25 36  -18 50  18 50  25 36  19 10"),
        *(disc(20 * x, -22 + 20 * y, 10, tone=-0.4) for x, y in ((1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0))),
        *(disc(20 * x, -22 + 20 * y, 10, tone=-0.4) for x, y in ((-0.7, -0.7), (0, -1), (0.7, -0.7))),
        *both(disc(-13, -37, 5, tone=0.08)),
        disc(0, -23, 18, 17, tone=0.12),
        disc(0, -14, 8, 6, tone=0.45),
        *both(disc(-7, -27, 2.4, tone=DARK)),
        poly("-3.5 -18  3.5 -18  0 -14", DARK),
        *_PAWS,
    ),
    "dog": (
        stroke("-20 42  -38 34  -42 14", 8, 3),
        *_canine("16 -28  36 -24  40 -16  30 -10  14 -12", "2 -38  -10 -30  -10 -8  0 -6  6 -24"),
        curve("1 -37  -9 -29  -9 -9  0 -8  5 -24", DIM),
        disc(39, -20, 3, 2.6, tone=DARK),
        stroke("7 50  7 26", 1, 1, DIM),
    ),
    "wolf": (
        curve("-22 48  -40 46  -46 30  -40 20  -30 32  -22 36"),
        *_canine("14 -32  32 -26  42 -18  34 -12  12 -12", "4 -34  4 -34  2 -50  2 -50  15 -36  15 -36"),
        poly("10 -36  14 -48  20 -35"),
        curve("6 -12  16 -8  14 14  6 22  0 4", PALE),
        disc(41, -19, 2.6, tone=DARK),
        stroke("7 50  7 28", 1, 1, DIM),
    ),
    "fox": (
        curve("-18 50  -40 48  -48 28  -36 10  -28 24  -18 34"),
        curve("-48 28  -43 13  -36 9  -31 19  -38 26  -44 32", LIGHT),
        *_canine("14 -32  30 -25  44 -15  34 -11  12 -10", "2 -33  2 -33  0 -50  0 -50  14 -36  14 -36"),
        poly("10 -36  15 -48  21 -34"),
        curve("16 -14  30 -18  43 -15  34 -11  16 -8  16 10  8 18  4 0", LIGHT),
        disc(43, -15, 2.4, tone=DARK),
        box(14, 40, 22, 50, DARK),
    ),
    "rabbit": (
        curve("-31 30  -27 4  -5 -6  17 4  24 30  18 50  -22 50"),
        disc(17, -12, 15.5, 13),
        disc(7, -34, 5, 18, -0.25),
        disc(20, -35, 5, 18, 0.1),
        disc(-32, 33, 8, tone=LIGHT),
        disc(14, 47, 18, 4.5),
        disc(20, -35, 2, 13, 0.1, PALE),
        disc(7, -34, 2, 13, -0.25, PALE),
        disc(22, -14, 2, 2.6, tone=DARK),
        disc(32, -9, 1.8, tone=DARK),
    ),
    "mouse": (
        stroke("-30 44  -44 44  -48 32  -42 24", 4, 1.5),
        curve("-34 46  -34 26  -18 8  6 6  28 20  44 38  44 38  32 47  -8 50"),
        disc(4, 4, 13),
        disc(20, 8, 11),
        disc(4, 4, 8, tone=PALE),
        disc(20, 8, 7, tone=PALE),
        disc(29, 29, 2.6, tone=DARK),
        disc(44, 38, 2.6, tone=DARK),
        *(stroke(f"38 38  {x} {y}", 0.8, 0.5, DARK) for x, y in ((28, 42), (30, 46), (36, 47))),
    ),
    "horse": _HORSE_BODY + _HORSE_HEAD + _MANE + _HOOVES,
    "unicorn": (
        *_HORSE_BODY,
        *_HORSE_HEAD,
        *(stroke("6 -7  17 -18  24 -34  31 -46", 8, 4, 0.5), stroke("-34 0  -44 10  -43 30", 9, 3, 0.5)),
        poly("33 -42  49 -50  41 -36", -0.5),
        *_HOOVES,
    ),
    "zebra": (
        *_HORSE_BODY,
        *_HORSE_HEAD,
        *_MANE,
        *(stroke(f"{x} -8  {x + 2} 2  {x} 11", 3.2, 1, DARK) for x in (-30, -21, -12, -3, 6, 15)),
        *(stroke(f"{x} {y}  {x + 8} {y + 5}", 2.6, 1, DARK) for x, y in ((19, -14), (22, -22), (26, -31))),
        *_HOOVES,
    ),
    "deer": (
        *(stroke(f"30 -33  {x} -44  {x - 2} -50", 2.6, 1.4) for x in (22, 34)),
        *(stroke(f"{x} -42  {x + 8} -48", 2, 1) for x in (22, 34)),
        stroke("23 -40  14 -46", 2, 1),
        curve(
            "-32 0  -18 -4  4 -3  15 -10  22 -26  28 -34  33 -31  43 -21  41 -16  34 -16"
            "  29 -8  25 6  16 13  -8 12  -26 12  -34 8"
        ),
        poly("-33 4  -32 28  -34 50  -29 50  -26 28  -20 8"),
        poly("-24 8  -20 28  -22 50  -17 50  -14 28  -12 8"),
        poly("9 9  10 30  9 50  14 50  16 30  18 8"),
        poly("17 8  21 28  22 50  27 50  26 28  25 2"),
        poly("26 -32  20 -38  30 -36"),
        disc(-34, 2, 3.5, 4.5, tone=LIGHT),
        *(disc(x, y, 1.8, tone=LIGHT) for x, y in ((-22, 1), (-14, 4), (-7, 0), (-18, 7), (1, 3))),
        disc(34, -26, 1.6, tone=DARK),
        disc(42, -19, 1.8, tone=DARK),
    ),
    "cow": (
        *_hoofed(),
        curve("26 -22  42 -22  46 -6  44 8  36 12  28 6  26 -8"),
        stroke("29 -20  24 -26  27 -32", 3, 1, LIGHT),
        stroke("41 -20  47 -26  44 -32", 3, 1, LIGHT),
        poly("26 -18  17 -16  26 -11"),
        disc(36, 5, 8, 6.5, tone=PALE),
        *(disc(x, -12, 1.8, tone=DARK) for x in (32, 41)),
        *(disc(x, 5, 1.3, tone=DARK) for x in (33.5, 39)),
        curve("-30 -12  -16 -13  -14 0  -24 8  -33 2", DARK),
        curve("2 -13  16 -13  16 -2  6 2", DARK),
        disc(-2, 15, 7, 6, tone=DARK),
        stroke("-38 -6  -44 6  -42 22", 2.4, 3.4),
    ),
    "sheep": (
        *(box(left, 22, left + 7, 50, DARK) for left in (-26, -15, 6, 17)),
        *(
            disc(x, y, 12)
            for x, y in ((-28, 4), (-22, -10), (-8, -16), (8, -15), (20, -8), (22, 8), (10, 18), (-6, 20))
        ),
        *(disc(x, y, 12) for x, y in ((-20, 16), (-4, 2), (8, 4))),
        curve("24 -18  38 -20  44 -6  40 8  32 10  26 0", DARK),
        disc(24, -8, 6, 3, 0.5, DARK),
        disc(30, -20, 8, 6, tone=0.0),
        disc(37, -9, 1.8, tone=LIGHT),
    ),
    "pig": (
        stroke("-36 6  -44 2  -42 -5  -46 -9", 2.4, 1.6),
        *(box(left, 26, left + 9, 50) for left in (-28, -15, 8, 20)),
        curve("-38 10  -28 -10  0 -14  24 -10  38 4  38 18  26 32  -10 35  -32 30"),
        disc(38, 12, 8, 7.5, tone=DIM),
        poly("18 -10  16 -24  30 -10", DIM),
        disc(28, 2, 2, tone=DARK),
        *(disc(x, 12, 1.4, 2.2, tone=DARK) for x in (36.5, 41)),
    ),
    "elephant": (
        *(box(left, 14, left + 11, 50) for left in (-38, -24, 2, 14)),
        curve("-44 6  -40 -16  -20 -28  4 -28  22 -20  26 6  16 24  -34 24"),
        disc(26, -20, 17, 18),
        stroke("38 -14  45 8  42 30  48 38", 11, 4),
        curve("14 -34  26 -30  28 -12  20 4  8 -2  4 -20", DIM),
        stroke("34 2  42 12  47 10", 4, 1, LIGHT),
        disc(33, -22, 2, tone=DARK),
        stroke("-43 0  -48 12  -46 22", 2, 3),
        *(box(left + 1, 46, left + 10, 50, PALE) for left in (-38, -24, 2, 14)),
    ),
    "giraffe": (
        *(box(left, 16, left + 5, 50) for left in (-28, -19, 4, 13)),
        curve("-32 8  -26 -2  0 -6  18 -6  20 10  12 22  -22 22"),
        poly("4 0  22 -42  31 -40  20 6"),
        curve("21 -44  32 -48  44 -38  44 -34  32 -33  24 -34"),
        *(stroke(f"{x} -44  {x} -50", 1.6, 2.4, DARK) for x in (24, 29)),
        stroke("-31 4  -37 16  -35 26", 2, 3),
        *(
            disc(x, y, 4, 3.6, tone=-0.42)
            for x, y in ((-22, 8), (-10, 2), (-12, 14), (2, 10), (10, 0), (16, -12), (20, -22))
        ),
        disc(23, -32, 3, tone=-0.42),
        disc(33, -41, 1.5, tone=DARK),
    ),
    "bear": (
        *both(disc(-15, -40, 7), disc(-15, -40, 4, tone=PALE)),
        *both(disc(-26, 14, 8, 15, 0.5), disc(-20, 42, 11, 8)),
        disc(0, 22, 24, 27),
        disc(0, -26, 21, 18),
        disc(0, 24, 15, 18, tone=PALE),
        disc(0, -20, 9, 7, tone=PALE),
        *both(disc(-8, -29, 2.2, tone=DARK)),
        disc(0, -23, 3.4, 2.4, tone=DARK),
        *both(disc(-20, 43, 5, 4, tone=PALE)),
    ),
    "panda": (
        *both(disc(-16, -40, 7, tone=DARK), disc(-27, 12, 9, 16, 0.5, DARK), disc(-19, 42, 12, 8, tone=DARK)),
        disc(0, 22, 24, 27, tone=LIGHT),
        disc(0, -25, 22, 18, tone=LIGHT),
        *both(disc(-9, -27, 5.5, 6.5, 0.5, DARK), disc(-8.5, -28, 1.8, tone=LIGHT)),
        disc(0, -19, 3.4, 2.4, tone=DARK),
    ),
    "monkey": (
        stroke("16 42  40 44  44 22  36 12  32 20", 4, 3),
        *both(disc(-21, -22, 8), disc(-21, -22, 5, tone=PALE), stroke("-12 4  -26 16  -16 28", 7, 6)),
        disc(0, 20, 16, 22),
        *both(disc(-14, 44, 12, 6)),
        disc(0, -24, 20, 19),
        curve("-14 -30  -6 -34  0 -29  6 -34  14 -30  12 -14  0 -8  -12 -14", PALE),
        *both(disc(-6, -26, 2.2, 2.8, tone=DARK)),
        stroke("-6 -14  0 -12  6 -14", 1.4, 1.4, DARK),
        disc(0, 22, 9, 13, tone=PALE),
    ),
    "dinosaur": (
        stroke("-24 16  -40 22  -50 36", 16, 2),
        stroke("14 10  26 -8  26 -32  34 -40", 17, 8),
        curve("24 -44  36 -47  47 -40  46 -34  34 -32  25 -34"),
        curve("-34 14  -18 -6  6 -8  24 6  26 22  10 32  -22 32"),
        *(box(left, 22, left + 10, 50) for left in (-26, -13, 6, 17)),
        *(poly(f"{x} {y}  {x + 4} {y - 9}  {x + 9} {y - 2}", DIM) for x, y in ((-26, 2), (-16, -5), (-4, -7), (8, -4))),
        disc(38, -41, 1.7, tone=DARK),
        *(disc(x, y, 3, 2.4, tone=DIM) for x, y in ((-16, 8), (-4, 4), (6, 12), (-10, 18))),
    ),
    "dragon": (
        stroke("-8 22  -30 30  -42 14  -36 -4", 15, 3),
        poly("-42 0  -35 -18  -28 -1"),
        poly("4 14  -2 -30  -14 -50  -47 -44  -38 -33  -42 -19  -29 -20  -27 -4  -16 -6  -10 14", -0.25),
        *(stroke(f"-6 -34  {x} {y}", 1.6, 1, DARK) for x, y in ((-38, -33), (-29, -20), (-16, -6))),
        curve("-22 22  -10 4  10 2  20 14  18 32  4 40  -14 38"),
        stroke("10 16  24 2  20 -18  28 -28", 18, 11),
        curve("20 -36  30 -38  47 -26  48 -20  36 -17  24 -19"),
        poly("24 -35  14 -48  30 -37"),
        *(poly(f"{x} {y}  {x + 6} {y - 3}  {x + 3} {y + 6}", -0.25) for x, y in ((20, -26), (12, -16), (10, -5))),
        box(-12, 30, -3, 50),
        box(6, 30, 15, 50),
        *(poly(f"{x - 4} 50  {x + 10} 50  {x + 2} 44") for x in (-12, 8)),
        curve("8 20  15 8  20 18  16 32  4 37  2 30", PALE),
        disc(33, -30, 2, tone=LIGHT),
        poly("34 -19  36 -15  38 -19  41 -15  43 -20", LIGHT),
    ),
    "camel": (
        *(box(left, 14, left + 6, 50) for left in (-30, -20, 8, 18)),
        curve("-38 4  -30 -8  -24 -26  -14 -26  -8 -10  0 -26  10 -26  16 -8  24 -4  26 12  14 22  -30 20"),
        stroke("20 4  32 6  32 -14  34 -28", 11, 8),
        curve("28 -30  34 -38  46 -32  49 -26  42 -23  32 -23"),
        poly("30 -34  30 -42  35 -36"),
        stroke("-37 4  -43 14  -42 24", 2, 3),
        curve("-30 -6  -24 -24  -14 -24  -8 -8", DIM),
        curve("-4 -10  0 -24  10 -24  15 -7", DIM),
        disc(38, -31, 1.5, tone=DARK),
    ),
    "goat": (
        *(box(left, 16, left + 6, 50) for left in (-30, -20, 6, 16)),
        curve("-38 2  -24 -8  8 -8  24 -6  26 8  18 20  -26 20  -36 14"),
        stroke("20 4  26 -12  30 -20", 13, 10),
        curve("22 -26  30 -32  40 -22  46 -10  40 -7  28 -12"),
        stroke("28 -28  22 -42  8 -44", 4, 1.4, DARK),
        poly("24 -24  14 -20  26 -17", DIM),
        poly("36 -8  42 -8  38 8", LIGHT),
        stroke("-36 2  -44 -6  -42 -12", 4, 2),
        disc(33, -22, 1.7, tone=DARK),
        *(box(left, 45, left + 6, 50, DARK) for left in (-30, -20, 6, 16)),
    ),
    "hedgehog": (
        *(
            moved(poly("0 -5  18 0  0 5", -0.35), -8 + 30 * x, 34 + 36 * y, turn=turn)
            for x, y, turn in ((math.cos(t), math.sin(t), t) for t in (-math.pi * (n + 1) / 13 for n in range(12)))
        ),
        *(disc(x, 46, 7, 4) for x in (-22, 14)),
        curve("-40 40  -38 16  -20 0  4 0  20 16  22 40  0 46  -30 46", -0.35),
        curve("14 16  26 20  46 34  46 34  34 44  14 44", 0.3),
        *(
            stroke(f"{x} {y}  {x - 8} {y - 6}", 1.8, 1, DARK)
            for x, y in ((-24, 32), (-10, 34), (-18, 18), (-2, 18), (6, 32))
        ),
        disc(27, 28, 2, tone=DARK),
        disc(46, 34, 3, tone=DARK),
    ),
    "squirrel": (
        curve("-8 46  -36 44  -46 16  -36 -14  -20 -30  -4 -24  -14 -14  -20 4  -10 20  -4 34", -0.15),
        curve("-12 20  -10 0  6 -8  20 2  24 28  20 48  -14 48"),
        disc(16, -16, 15, 13),
        poly("6 -24  6 -42  16 -28"),
        poly("18 -28  24 -40  27 -24"),
        curve("6 8  18 6  20 28  12 42  4 30", PALE),
        stroke("8 8  22 12  30 8", 5, 4),
        disc(33, 6, 5, 6, tone=DARK),
        disc(6, 47, 16, 4),
        disc(21, -18, 2, tone=DARK),
        disc(30, -13, 2, tone=DARK),
    ),
}
