"""What is built to stand."""

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


def _teeth(left: float, right: float, top: float, count: int, tone: float = 0.0) -> Drawing:
    """Battlements along a wall's top."""
    step = (right - left) / (count * 2 - 1)
    return tuple(box(left + step * n * 2, top - 5, left + step * (n * 2 + 1), top + 1, tone) for n in range(count))


def _windows(left: float, top: float, columns: int, rows: int, step: tuple[float, float]) -> Drawing:
    return tuple(
        box(
            left + x * step[0],
            top + y * step[1],
            left + x * step[0] + step[0] * 0.5,
            top + y * step[1] + step[1] * 0.5,
            LIGHT,
        )
        for x in range(columns)
        for y in range(rows)
    )


DRAWINGS: dict[str, Drawing] = {
    "house": (
        box(16, -40, 27, 0, DIM),
        box(-34, 2, 34, 50),
        poly("-44 4  0 -36  44 4", -0.4),
        box(-7, 24, 9, 50, DARK),
        *both(box(-27, 14, -14, 28, LIGHT)),
        stroke("-20.5 14  -20.5 28", 1, 1, DARK),
        stroke("20.5 14  20.5 28", 1, 1, DARK),
        disc(0, -10, 5, tone=LIGHT),
        disc(5, 38, 1.3, tone=LIGHT),
    ),
    "lighthouse": (
        poly("6 -36  46 -43  46 -29", LIGHT),
        poly("-6 -36  -46 -43  -46 -29", LIGHT),
        curve("-42 50  -34 42  -14 38  16 38  34 43  42 50", DARK),
        poly("-10 -24  10 -24  17 42  -17 42"),
        *(
            poly(f"{-10.2 - a} {top}  {10.2 + a} {top}  {10.2 + b} {low}  {-10.2 - b} {low}", LIGHT)
            for a, b, top, low in ((1.2, 2.3, -13, -2), (3.5, 4.7, 9, 20), (5.8, 7.0, 31, 42))
        ),
        box(-14, -28, 14, -24, DARK),
        box(-8, -42, 8, -28, LIGHT),
        *(box(x, -42, x + 1.4, -28, DARK) for x in (-8, -0.7, 6.6)),
        poly("-11 -41  0 -50  11 -41", DARK),
        box(-4, 30, 4, 42, DARK),
        box(-2.4, -4, 2.4, 3, DARK),
    ),
    "castle": (
        *both(box(-46, -16, -28, 50), *_teeth(-48, -26, -16, 3), poly("-37 -48  -26 -21  -48 -21", -0.4)),
        box(-29, 8, 29, 50, 0.1),
        *_teeth(-29, 29, 8, 6, 0.1),
        box(-14, -22, 14, 20),
        *_teeth(-16, 16, -22, 4),
        curve("-10 50  -10 50  -10 32  0 24  10 32  10 50  10 50", DARK),
        *both(box(-40, 0, -34, 12, DARK), box(-22, 20, -17, 30, DARK)),
        box(-3, -8, 3, 5, DARK),
        stroke("0 -26  0 -48", 1.2, 1.2, DARK),
        poly("1 -48  15 -44  1 -39", LIGHT),
    ),
    "tower": (
        poly("-18 50  18 50  13 -16  -13 -16"),
        box(-18, -26, 18, -15),
        *_teeth(-18, 18, -26, 4),
        curve("-6 50  -6 50  -6 38  0 33  6 38  6 50  6 50", DARK),
        *(box(-3, y, 3, y + 9, DARK) for y in (-8, 8)),
        *(stroke(f"{x} {y}  {x + 6} {y}", 1, 1, DIM) for x, y in ((-12, 2), (6, 16), (-13, 22), (7, 34), (-11, 36))),
        stroke("0 -30  0 -50", 1.2, 1.2, DARK),
        poly("1 -50  16 -45  1 -40", LIGHT),
    ),
    "skyscraper": (
        box(-1, -50, 1, -36, DARK),
        box(-9, -38, 9, -26),
        box(-14, -27, 14, 0),
        box(-20, -2, 20, 50),
        *_windows(-11, -23, 4, 3, (6.2, 8)),
        *_windows(-16, 3, 5, 5, (7, 9)),
        box(8, -38, 9, -26, DIM),
        box(15, -2, 20, 50, DIM),
    ),
    "city": (
        box(-48, 2, -30, 50, -0.15),
        box(-32, -24, -14, 50),
        box(-15, -40, 3, 50, 0.14),
        box(-7, -49, -5, -38, 0.14),
        box(4, -12, 22, 50, -0.08),
        box(20, -30, 34, 50),
        box(33, 6, 48, 50, -0.15),
        *_windows(-29, -18, 3, 7, (5, 9)),
        *_windows(-12, -34, 3, 9, (5, 9)),
        *_windows(7, -6, 3, 6, (5, 9)),
        *_windows(23, -24, 2, 8, (5, 9)),
        *_windows(-45, 8, 3, 4, (5, 9)),
        *_windows(36, 12, 2, 4, (5, 9)),
    ),
    "church": (
        box(-14, -18, 14, 50),
        poly("-17 -17  0 -42  17 -17", -0.4),
        *both(box(-42, 14, -14, 50), poly("-46 15  -30 -2  -13 -2  -13 15", -0.4)),
        box(-1, -50, 1, -40, DARK),
        box(-4, -47, 4, -45, DARK),
        disc(0, -8, 6, tone=LIGHT),
        curve("-7 50  -7 50  -7 32  0 25  7 32  7 50  7 50", DARK),
        *both(curve("-34 40  -34 40  -34 26  -29 20  -24 26  -24 40  -24 40", LIGHT)),
    ),
    "windmill": (
        poly("-12 -14  12 -14  20 50  -20 50"),
        curve("-14 -13  -14 -13  -8 -26  8 -26  14 -13  14 -13", -0.4),
        *(moved(poly("2 2  36 2  36 -6  10 -6", 0.5), 0, -12, turn=0.64 + n * math.pi / 2) for n in range(4)),
        disc(0, -12, 3.6, tone=DARK),
        curve("-6 50  -6 50  -6 36  0 31  6 36  6 50  6 50", DARK),
        box(-4, 8, 4, 16, LIGHT),
    ),
    "bridge": (
        stroke("-50 4  -38 -6  -26 -30", 1.8, 1.8),
        stroke("-26 -30  0 8  26 -30", 1.8, 1.8),
        stroke("26 -30  38 -6  50 4", 1.8, 1.8),
        *both(*(box(x, top, x + 1, 16) for x, top in ((-18, -16), (-11, -4), (-4, 4), (-34, -14), (-42, -2)))),
        *both(box(-30, -40, -27, 50), box(-25, -40, -22, 50), box(-30, -40, -22, -35), box(-30, -16, -22, -12)),
        box(-50, 16, 50, 23),
        *both(box(-34, 42, -18, 50, DIM)),
        box(-50, 20, 50, 23, DIM),
    ),
    "pyramid": (
        poly("-50 48  -4 -36  50 48"),
        poly("-4 -36  50 48  12 48", DIM),
        *(
            stroke(f"{-4 - 46 * s} {-36 + 84 * s}  {-4 + 16 * s} {-36 + 84 * s}", 0.9, 0.9, DIM)
            for s in (0.2, 0.36, 0.52, 0.68, 0.84)
        ),
        poly("-9 48  -9 38  -1 38  -1 48", DARK),
    ),
    "temple": (
        poly("-46 -18  0 -44  46 -18"),
        box(-42, -18, 42, -10, -0.12),
        *(box(x - 4, -10, x + 4, 36, 0.2) for x in (-34, -17, 0, 17, 34)),
        *(box(x + 1.5, -10, x + 4, 36, DIM) for x in (-34, -17, 0, 17, 34)),
        box(-42, 36, 42, 42),
        box(-48, 42, 48, 50, DIM),
        poly("-20 -22  0 -34  20 -22", DIM),
    ),
    "pagoda": (
        *(box(-w, y, w, y + 14) for w, y in ((9, -24), (13, -4), (17, 16), (21, 36))),
        *(
            moved(curve("-40 4  -40 4  -20 -4  0 -12  20 -4  40 4  40 4  0 3", -0.42), 0, y, w / 40)
            for w, y in ((22, -26), (28, -7), (34, 12), (40, 31))
        ),
        box(-1.2, -50, 1.2, -32, DARK),
        *(disc(0, y, 2.6, tone=DARK) for y in (-44, -39)),
        box(-5, 38, 5, 50, DARK),
        *both(box(-9, 19, -5, 28, LIGHT), box(-8, 0, -4, 8, LIGHT)),
    ),
    "tent": (
        poly("-46 46  0 -30  46 46"),
        poly("-14 46  0 -30  16 46", DARK),
        poly("-14 46  0 -30  -2 46", PALE),
        stroke("-3 -38  8 -22", 1.6, 1.6, DARK),
        stroke("3 -38  -8 -22", 1.6, 1.6, DARK),
        box(-50, 45, 50, 48, DIM),
    ),
    "igloo": (
        curve("-46 46  -46 46  -42 0  0 -28  42 0  46 46  46 46", 0.25),
        *(stroke(f"{-a} {y}  0 {y - 3}  {a} {y}", 1.2, 1.2, DIM) for a, y in ((45, 26), (40, 8), (28, -10))),
        *(
            stroke(f"{x} {y}  {x} {y + 16}", 1.2, 1.2, DIM)
            for x, y in ((-26, 8), (26, 8), (-32, 26), (32, 26), (0, -12), (-14, -10), (14, -10))
        ),
        curve("-18 48  -18 48  -18 18  0 8  18 18  18 48  18 48", 0.4),
        curve("-12 48  -12 48  -12 24  0 16  12 24  12 48  12 48", DARK),
    ),
    "barn": (
        poly("-42 50  -42 2  -30 -22  0 -38  30 -22  42 2  42 50"),
        poly("-47 4  -32 -26  0 -43  32 -26  47 4  41 4  29 -20  0 -35  -29 -20  -41 4", -0.45),
        box(-18, 14, 18, 50, LIGHT),
        poly("-18 14  -14 14  18 50  14 50", DARK),
        poly("18 14  14 14  -18 50  -14 50", DARK),
        box(-8, -20, 8, -6, LIGHT),
        box(-1, -20, 1, -6, DARK),
    ),
    "fence": (
        *(poly(f"{x - 5} 50  {x - 5} -8  {x} -18  {x + 5} -8  {x + 5} 50") for x in (-40, -24, -8, 8, 24, 40)),
        box(-50, 2, 50, 9, DIM),
        box(-50, 30, 50, 37, DIM),
    ),
    "door": (
        box(-28, -46, 28, 50, -0.4),
        box(-22, -40, 22, 50),
        *(box(x, y, x + 16, y + 32, DIM) for x in (-18, 2) for y in (-34, 8)),
        disc(17, 4, 2.8, tone=LIGHT),
    ),
}
