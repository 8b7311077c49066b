"""What carries people over land and water, through the air and beyond."""

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


def _wheel(x: float, y: float, radius: float) -> Drawing:
    """A tyre with its hub."""
    return disc(x, y, radius, tone=-0.82), disc(x, y, radius * 0.5, tone=LIGHT), disc(x, y, radius * 0.18, tone=DARK)


def _ring(x: float, y: float, radius: float, width: float, tone: float = 0.0) -> Part:
    """A hoop as one outline, there and back."""
    turns = [n * math.tau / 48 for n in range(49)]
    outer = [(x + radius * math.cos(t), y + radius * math.sin(t)) for t in turns]
    inner = [(x + (radius - width) * math.cos(t), y + (radius - width) * math.sin(t)) for t in reversed(turns)]
    return Part(tuple((px / 100, py / 100) for px, py in (*outer, *inner)), tone)


def _spokes(x: float, y: float, radius: float) -> Drawing:
    spoke = stroke(f"{-radius} 0  {radius} 0", 0.8, 0.8)
    return tuple(moved(spoke, x, y, turn=n * math.pi / 4) for n in range(4))


_SAIL = curve("-10 -12  -10 -12  0 -9  10 -12  10 -12  14 0  10 12  10 12  0 8  -10 12  -10 12", 0.5)
_SAILS = ((0, -27, 10.5), (0, 2, 13), (-26, -19, 8.5), (26, -17, 8.5), (-26, 7, 9.5), (26, 7, 9.5))

DRAWINGS: dict[str, Drawing] = {
    "car": (
        curve("-49 34  -48 20  -40 14  -28 12  -14 -4  2 -6  16 -2  28 12  46 18  49 26  49 37  49 37  -49 37  -49 37"),
        poly("-23 12  -12 0  -2 -1  -2 12", LIGHT),
        poly("2 12  2 -1  13 2  22 12", LIGHT),
        box(-49, 26, 49, 29, DIM),
        stroke("0 14  0 34", 1, 1, DIM),
        stroke("4 17  9 17", 1.8, 1.8, DARK),
        poly("42 18  48 22  44 25  40 22", LIGHT),
        box(-49, 18, -45, 25, DARK),
        *_wheel(-27, 38, 12),
        *_wheel(28, 38, 12),
    ),
    "truck": (
        box(-49, -22, 16, 32),
        curve("18 -6  18 -6  34 -6  38 -4  46 14  49 18  49 36  49 36  18 36  18 36", -0.12),
        poly("22 -1  34 -1  41 14  22 14", LIGHT),
        box(-49, 32, 49, 37, DARK),
        box(-45, -4, 12, 2, PALE),
        box(-45, 8, 12, 11, PALE),
        *_wheel(-32, 39, 11),
        *_wheel(-8, 39, 11),
        *_wheel(34, 39, 11),
    ),
    "bus": (
        curve("-48 -14  -44 -22  44 -22  48 -14  49 36  49 36  -49 36  -49 36"),
        *(box(x, -14, x + 13, 6, LIGHT) for x in (-43, -27, -11, 5)),
        box(22, -14, 32, 34, PALE),
        box(36, -14, 48, 10, LIGHT),
        box(-49, 14, 20, 18, DIM),
        *_wheel(-28, 38, 12),
        *_wheel(10, 38, 12),
    ),
    "train": (
        box(-48, -28, -14, 24),
        box(-52, -34, -8, -27, -0.4),
        box(-42, -20, -22, -2, LIGHT),
        box(-16, -8, 36, 24),
        disc(36, 8, 8, 16),
        poly("20 -8  17 -32  32 -32  29 -8", -0.4),
        box(15, -36, 34, -31),
        disc(2, -9, 7, 8, tone=PALE),
        *(disc(x, y, r, tone=LIGHT) for x, y, r in ((24, -42, 5), (14, -46, 4))),
        poly("36 26  50 42  34 42", DARK),
        box(-48, 24, 38, 30, DARK),
        disc(42, 2, 4, tone=LIGHT),
        *_wheel(-34, 36, 14),
        *_wheel(-4, 38, 12),
        *_wheel(22, 38, 12),
        stroke("-34 36  22 38", 3, 3, PALE),
    ),
    "bicycle": (
        _ring(-28, 26, 22, 4),
        _ring(28, 26, 22, 4),
        *_spokes(-28, 26, 19),
        *_spokes(28, 26, 19),
        stroke("-28 26  -12 -12  16 -12  28 26", 3, 3),
        poly("-28 24  -4 24  -4 28  -28 28"),
        poly("-5 26  -14 -18  -10 -18  -1 24"),
        poly("-4 28  15 -14  18 -12  -1 28"),
        poly("13 -28  17 -28  30 26  26 26"),
        stroke("6 -30  16 -29  22 -24", 3.4, 3.4, DARK),
        curve("-22 -21  -10 -24  -4 -20  -14 -17", DARK),
        _ring(-3, 26, 6, 3, DARK),
    ),
    "motorcycle": (
        _ring(-29, 30, 20, 7, DARK),
        _ring(30, 30, 20, 7, DARK),
        curve("-46 -2  -20 -4  -4 2  8 -6  20 -4  18 10  8 24  -14 28  -28 16"),
        curve("2 0  8 -14  22 -10  20 4", PALE),
        curve("-46 -4  -24 -10  -8 -4  -8 2  -30 2", DARK),
        stroke("14 -26  20 0  30 30", 4, 4, DIM),
        stroke("2 -26  14 -27  20 -22", 3, 3, DARK),
        disc(23, -12, 6, tone=LIGHT),
        stroke("2 26  -24 30  -44 28", 5, 6, DIM),
        disc(2, 18, 9, 8, tone=DIM),
        *(disc(x, 30, 5, tone=LIGHT) for x in (-29, 30)),
    ),
    "airplane": (
        poly("-34 2  -48 -26  -38 -26  -18 0"),
        poly("-36 8  -50 16  -42 18  -24 10", DIM),
        curve("49 8  40 -2  10 -6  -30 -4  -42 0  -40 8  -20 14  20 16  42 14"),
        poly("14 -5  -8 -32  2 -32  30 -4", DIM),
        poly("16 10  -14 42  -2 42  34 12", PALE),
        *(disc(x, 2, 2.2, 2.8, tone=DARK) for x in (-18, -10, -2, 6, 14, 22)),
        poly("34 -1  42 2  46 6  34 5", DARK),
        disc(4, 28, 4.6, 3.4, tone=DIM),
    ),
    "helicopter": (
        box(-46, -32, 46, -28, DARK),
        box(-2.5, -32, 2.5, -12, DARK),
        poly("-14 -2  -48 -8  -48 -2  -14 10"),
        poly("-50 -20  -42 -20  -40 2  -48 2"),
        curve("-24 4  -18 -10  4 -14  28 -8  38 8  34 22  10 28  -14 22"),
        curve("14 -9  28 -4  34 8  14 8", LIGHT),
        *(stroke(f"{x} 24  {x - 2} 40", 2.4, 2.4, DARK) for x in (-8, 20)),
        stroke("-24 42  30 42  36 36", 3, 3, DARK),
        box(-10, -4, 4, 8, LIGHT),
    ),
    "rocket": (
        *both(curve("-13 14  -32 30  -30 48  -30 48  -12 34", -0.35)),
        curve("-9 36  -14 44  -6 42  0 50  6 42  14 44  9 36", LIGHT),
        curve("0 -50  -14 -28  -17 4  -12 36  -12 36  12 36  12 36  17 4  14 -28"),
        curve("0 -50  -10 -36  -13 -25  0 -22  13 -25  10 -36", -0.35),
        disc(0, -6, 8, tone=DARK),
        disc(0, -6, 5.6, tone=LIGHT),
        box(-15, 20, 15, 24, DIM),
    ),
    "balloon": (
        *(stroke(f"{x} 10  {x * 0.4} 34", 1.2, 1.2, DARK) for x in (-18, 18, -6, 6)),
        disc(0, -16, 33, 33),
        curve("-30 -4  -10 22  10 22  30 -4", 0.0),
        curve("0 -49  -12 -30  -12 -2  -5 20  5 20  12 -2  12 -30", PALE),
        *both(curve("-20 -42  -32 -20  -30 0  -14 18  -22 -4  -22 -24", DIM)),
        box(-9, 33, 9, 48, DARK),
        box(-10, 32, 10, 35, PALE),
    ),
    "boat": (
        box(-1.4, -50, 1.4, 30, DARK),
        poly("3 -46  36 14  3 14", LIGHT),
        poly("-3 -36  -30 14  -3 14", 0.45),
        poly("-46 20  48 20  45 30  35 44  0 49  -32 45  -42 34"),
        poly("-45 24  47 24  46 28  -44 28", LIGHT),
    ),
    "ship": (
        *(box(x, -34, x + 9, -8) for x in (-22, -6, 10)),
        *(box(x, -34, x + 9, -28, DARK) for x in (-22, -6, 10)),
        *(disc(x, -40, r, r * 0.7, tone=LIGHT) for x, r in ((-20, 4), (-28, 5.5), (-38, 7))),
        box(-34, -8, 30, 6, LIGHT),
        box(-28, -16, 24, -8, PALE),
        *(box(x, -4, x + 5, 1, DARK) for x in (-29, -19, -9, 1, 11, 21)),
        poly("-48 6  50 4  40 40  -40 40"),
        poly("-43 32  43 31  40 40  -40 40", DARK),
        *(disc(x, 18, 2.4, tone=LIGHT) for x in (-32, -20, -8, 4, 16, 28)),
        poly("38 4  39 -18  41 -18  41 4"),
    ),
    "pirate ship": (
        box(-1.6, -50, 1.6, 22, DARK),
        box(-27, -38, -24, 22, DARK),
        box(24, -36, 27, 22, DARK),
        *(moved(_SAIL, x, y, w / 10) for x, y, w in _SAILS),
        poly("2 -50  18 -46  2 -42", DARK),
        disc(0, -29, 3.4, tone=DARK),
        poly("-48 10  -34 10  -30 20  30 20  40 12  50 8  40 40  -38 44"),
        poly("-44 26  45 24  42 30  -42 32", DARK),
        *(disc(x, 37, 2, tone=LIGHT) for x in (-26, -12, 2, 16, 30)),
    ),
    "submarine": (
        box(-4, -36, 0, -16, DARK),
        box(-4, -38, 8, -34, DARK),
        curve("-12 -2  -12 -2  -10 -20  14 -20  16 -2  16 -2"),
        poly("-42 14  -50 -2  -50 30", DIM),
        curve("-44 14  -32 -2  20 -6  42 4  48 14  42 26  20 34  -32 30"),
        *(disc(x, 12, 6.4, tone=DARK) for x in (-14, 6, 26)),
        *(disc(x, 12, 4.2, tone=LIGHT) for x in (-14, 6, 26)),
        poly("-36 22  44 22  38 28  -28 30", DIM),
    ),
    "ufo": (
        curve("-20 -2  -16 -26  0 -34  16 -26  20 -2", LIGHT),
        curve("-50 6  -24 -6  24 -6  50 6  24 18  -24 18"),
        curve("-30 14  0 22  30 14  0 26", DIM),
        *(disc(x, y, 3.4, tone=LIGHT) for x, y in ((-34, 6), (-17, 9), (0, 10), (17, 9), (34, 6))),
        disc(0, -14, 6, 8, tone=DARK),
        *both(poly("-14 20  -22 46  -12 46  -8 20", PALE)),
        poly("-4 21  -5 46  5 46  4 21", PALE),
    ),
    "tractor": (
        box(-34, -36, 2, 12),
        box(-39, -42, 6, -35, DARK),
        box(-28, -30, -4, -6, LIGHT),
        curve("-4 0  -4 0  34 2  42 8  42 28  42 28  -4 28  -4 28", -0.1),
        box(22, -26, 27, 2, DARK),
        *(box(x, 8, x + 3, 22, DARK) for x in (26, 32)),
        *_wheel(-22, 26, 24),
        *_wheel(32, 37, 13),
    ),
    "sleigh": (
        stroke("-40 44  30 46  46 40  44 26", 4, 4, DARK),
        *(box(x, 28, x + 3, 45, DARK) for x in (-26, 18)),
        curve("-46 -18  -38 -22  -32 -4  -8 2  18 -2  32 -20  42 -18  40 10  28 28  -28 30  -44 14"),
        curve("-36 8  -10 12  26 8  22 20  -26 22", PALE),
    ),
    "airship": (
        poly("-30 -14  -48 -34  -46 -14"),
        poly("-30 -4  -48 16  -46 -4"),
        curve("-46 -9  -30 -26  4 -32  36 -24  48 -9  36 6  4 14  -30 8"),
        curve("-44 -9  -20 -14  20 -14  46 -9  20 -4  -20 -4", DIM),
        *(stroke(f"{x} 10  {x * 0.8} 24", 1.2, 1.2, DARK) for x in (-14, 14)),
        curve("-18 22  -18 22  18 22  18 22  14 34  -14 34", -0.35),
        *(box(x, 25, x + 5, 30, LIGHT) for x in (-12, -3, 6)),
    ),
}
