"""People, those of tales, and what has their shape."""

from __future__ import annotations

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
    poly,
    stroke,
)


def _standing(x: float = 0.0, size: float = 1.0, hair: float = DARK) -> Drawing:
    """A person from the front, `size` times as large, the middle at `x`."""

    def at(points: str) -> str:
        numbers = [float(word) for word in points.split()]
        placed = [f"{x + a * size} {50 + (b - 50) * size}" for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
        return "  ".join(placed)

    def low(y: float) -> float:
        return 50 + (y - 50) * size

    return (
        poly(at("-10 12  -11 50  -2 50  -1 16  1 16  2 50  11 50  10 12"), -0.45),
        stroke(at("-11 -20  -20 -4  -19 12"), 7 * size, 5 * size),
        stroke(at("11 -20  20 -4  19 12"), 7 * size, 5 * size),
        curve(at("-6 -28  -14 -22  -13 0  -12 20  -12 20  12 20  12 20  13 0  14 -22  6 -28")),
        disc(x, low(-39), 9 * size, 10 * size, tone=0.5),
        curve(at("-10 -36  -10 -48  0 -51  10 -48  10 -36  6 -43  -6 -43"), hair),
        *(disc(x + side * 3.2 * size, low(-38), 1.1 * size, tone=DARK) for side in (-1, 1)),
    )


_ROBE: Drawing = (
    stroke("-10 -14  -24 -2  -26 10", 8, 8),
    stroke("10 -14  24 -4  30 6", 8, 8),
    curve("-8 -22  -15 -10  -24 50  -24 50  24 50  24 50  15 -10  8 -22"),
    disc(0, -26, 9, 10, tone=0.5),
    *both(disc(-3.2, -27, 1.2, tone=DARK)),
)
_POINTED_HAT: Drawing = (
    curve("-22 -32  0 -38  22 -32  0 -29", -0.45),
    poly("-11 -34  3 -50  11 -34", -0.45),
    box(-11, -37, 11, -33, PALE),
)

DRAWINGS: dict[str, Drawing] = {
    "person": _standing(),
    "people": (*_standing(-27, 0.82), *_standing(27, 0.86, -0.5), *_standing(0, 0.96)),
    "woman": (
        curve("-11 -36  -13 -20  -12 -12  12 -12  13 -20  11 -36  0 -48", DARK),
        *both(poly("-8 30  -8 50  -2 50  -1 30", 0.4), stroke("-8 -22  -18 -6  -16 8", 6, 4.6, 0.4)),
        curve("-5 -27  -11 -20  -8 -2  -22 34  -22 34  22 34  22 34  8 -2  11 -20  5 -27"),
        disc(0, -37, 8.6, 10, tone=0.5),
        curve("-11 -32  -11 -46  0 -50  11 -46  11 -32  7 -42  -2 -44", DARK),
        *both(disc(-3.2, -36, 1.1, tone=DARK)),
        box(-8, -3, 8, 0, DIM),
    ),
    "child": (
        *both(box(-9, 30, -2, 50, -0.45), stroke("-12 4  -24 -2  -30 -14", 7, 5.6, 0.4)),
        curve("-9 0  -15 6  -14 34  -14 34  14 34  14 34  15 6  9 0"),
        disc(0, -18, 17, 17, tone=0.5),
        curve("-18 -18  -16 -34  0 -38  16 -34  18 -18  8 -28  -8 -26", DARK),
        *both(disc(-6, -17, 2, tone=DARK)),
        stroke("-6 -9  0 -6  6 -9", 1.4, 1.4, DARK),
    ),
    "wizard": (
        stroke("32 50  32 -30", 2.6, 2.6, DARK),
        disc(32, -34, 5.5, tone=LIGHT),
        *_ROBE,
        curve("-8 -22  0 -18  8 -22  6 2  0 14  -6 2", LIGHT),
        *_POINTED_HAT,
    ),
    "witch": (
        stroke("34 50  30 -18", 2.4, 2.4, DARK),
        curve("30 -14  24 -38  38 -38", PALE),
        *_ROBE,
        *both(curve("-7 -34  -13 -20  -11 -8  -6 -18", DARK)),
        *_POINTED_HAT,
    ),
    "king": (
        *_ROBE,
        poly("-24 50  -17 10  -10 -18  -4 50", -0.4),
        poly("24 50  17 10  10 -18  4 50", -0.4),
        curve("-8 -23  0 -20  8 -23  5 -8  0 -4  -5 -8", DARK),
        poly("-11 -33  -13 -49  -6 -40  0 -50  6 -40  13 -49  11 -33", LIGHT),
        *(disc(x, -36, 1.4, tone=DARK) for x in (-6, 0, 6)),
        stroke("30 30  30 -8", 2.4, 2.4, LIGHT),
        disc(30, -11, 4, tone=LIGHT),
    ),
    "queen": (
        curve("-11 -28  -15 -12  -12 0  12 0  15 -12  11 -28", DARK),
        *both(stroke("-9 -14  -20 -2  -12 8", 5.6, 4.6, 0.4)),
        curve("-6 -18  -11 -10  -8 6  -30 50  -30 50  30 50  30 50  8 6  11 -10  6 -18"),
        disc(0, -27, 8.8, 10, tone=0.5),
        curve("-10 -24  -10 -35  0 -38  10 -35  10 -24  6 -32  -6 -32", DARK),
        *both(disc(-3.2, -27, 1.1, tone=DARK)),
        poly("-9 -36  -11 -49  -5 -42  0 -50  5 -42  11 -49  9 -36", LIGHT),
        stroke("-24 42  0 38  24 42", 3, 3, PALE),
    ),
    "knight": (
        poly("33 -44  36 -48  39 -44  38 4  34 4", LIGHT),
        box(28, 3, 44, 7, DARK),
        box(34, 6, 38, 18, DARK),
        *both(poly("-11 18  -13 50  -2 50  -1 22", -0.15)),
        stroke("12 -20  24 -4  34 8", 9, 7),
        curve("-14 -24  -16 -4  -12 22  -12 22  12 22  12 22  16 -4  14 -24  0 -28"),
        curve("-11 -22  -13 -44  0 -50  13 -44  11 -22  0 -19", PALE),
        box(-9, -40, 9, -35, DARK),
        box(-1, -35, 1, -24, DARK),
        curve("0 -50  8 -51  18 -46  8 -46", DARK),
        curve("-38 -16  -38 -16  -26 -20  -10 -16  -10 -16  -11 12  -24 26  -37 12", LIGHT),
        poly("-26 -16  -22 -16  -22 22  -26 22", -0.2),
        poly("-37 -2  -11 -2  -11 3  -37 3", -0.2),
    ),
    "princess": (
        curve("-11 -28  -18 -6  -16 8  -9 4  9 4  16 8  18 -6  11 -28", LIGHT),
        *both(stroke("-8 -14  -20 0  -28 -4", 5.4, 4.4, 0.45)),
        curve("-6 -18  -10 -12  -7 4  -34 50  -34 50  34 50  34 50  7 4  10 -12  6 -18"),
        disc(0, -28, 8.8, 10, tone=0.5),
        curve("-10 -26  -10 -37  0 -40  10 -37  10 -26  6 -33  -6 -33", LIGHT),
        *both(disc(-3.2, -28, 1.1, tone=DARK)),
        poly("-6 -38  -5 -45  0 -41  5 -45  6 -38", -0.4),
        *(stroke(f"0 6  {x} 48", 1.2, 1.2, DIM) for x in (-16, 0, 16)),
    ),
    "pirate": (
        *_standing(),
        curve("-19 -42  -8 -52  8 -52  19 -42  8 -45  -8 -45", DARK),
        disc(0, -48, 1.8, tone=LIGHT),
        disc(3.2, -38, 2.6, tone=DARK),
        *(poly(f"-13 {y}  13 {y}  13 {y + 4}  -13 {y + 4}", LIGHT) for y in (-16, -6)),
        stroke("20 12  32 0  38 -22", 2.6, 3.4, LIGHT),
        box(-13, 12, 13, 17, DARK),
    ),
    "ninja": (
        *_standing(),
        curve("-11 -32  -11 -48  0 -51  11 -48  11 -32  0 -28", DARK),
        box(-8, -42, 8, -36, LIGHT),
        *both(disc(-3.4, -39, 1.3, tone=DARK)),
        stroke("-24 20  26 -34", 2.2, 2.2, LIGHT),
        poly("-13 2  13 2  13 7  -13 7", DARK),
        poly("10 -44  24 -50  20 -42", DARK),
    ),
    "astronaut": (
        box(-23, -16, 23, 20, DIM),
        *both(
            stroke("-14 -8  -30 4  -30 18", 12, 10, 0.45), box(-15, 20, -2, 48, 0.45), disc(-10, 46, 9, 5, tone=DARK)
        ),
        curve("-17 -12  -18 10  -16 28  16 28  18 10  17 -12", 0.45),
        disc(0, -28, 21, 20, tone=0.55),
        curve("-14 -30  -8 -40  8 -40  14 -30  10 -18  -10 -18", DARK),
        curve("-9 -34  -5 -37  2 -37  -6 -28", LIGHT),
        box(-9, 0, 9, 14),
        *(disc(x, 5, 1.8, tone=LIGHT) for x in (-5, 0, 5)),
    ),
    "angel": (
        *both(curve("-8 -12  -26 -36  -46 -34  -44 -8  -28 12  -10 10", LIGHT)),
        *_ROBE,
        curve("-10 -24  -10 -36  0 -39  10 -36  10 -24  6 -32  -6 -32", -0.4),
        *(stroke(f"-10 -44  0 {y}  10 -44", 2, 2, LIGHT) for y in (-48, -40)),
    ),
    "fairy": (
        *both(
            curve("-4 -10  -24 -42  -46 -38  -40 -12  -12 0", LIGHT),
            curve("-4 0  -30 4  -36 26  -20 28  -6 12", LIGHT),
            poly("-7 28  -6 48  -2 48  -1 28", 0.4),
        ),
        stroke("6 -8  22 -12  30 -22", 4.6, 4, 0.4),
        stroke("-6 -8  -16 4  -14 14", 4.6, 4, 0.4),
        curve("-5 -14  -9 -6  -6 6  -18 32  -10 30  0 34  10 30  18 32  6 6  9 -6  5 -14"),
        disc(0, -24, 8.6, 9.4, tone=0.5),
        curve("-10 -20  -10 -33  0 -37  10 -33  10 -20  6 -29  -6 -29", -0.45),
        disc(0, -38, 4, tone=-0.45),
        *both(disc(-3, -23, 1.1, tone=DARK)),
        stroke("28 -18  36 -36", 1.6, 1.6, DARK),
        poly("37 -48  39 -40  46 -40  40 -35  43 -28  37 -32  31 -28  34 -35  28 -40  35 -40", LIGHT),
    ),
    "mermaid": (
        curve("-11 -30  -18 -8  -14 6  14 6  18 -8  11 -30", -0.5),
        *both(stroke("-8 -14  -22 -4  -26 8", 5.4, 4.6, 0.45)),
        curve("-6 -18  -11 -10  -9 8  9 8  11 -10  6 -18", 0.45),
        curve("-11 2  -12 18  -2 34  14 42  22 42  14 30  12 14  11 2  0 6"),
        curve("14 38  30 26  44 26  34 38  42 50  26 48"),
        *both(disc(-5, -6, 4.6, 4, tone=-0.3)),
        disc(0, -29, 9, 10, tone=0.5),
        curve("-11 -24  -11 -37  0 -41  11 -37  11 -24  6 -33  -6 -33", -0.5),
        *both(disc(-3.2, -28, 1.1, tone=DARK)),
        *(
            curve(f"{x - 4} {y}  {x} {y + 3.4}  {x + 4} {y}  {x} {y + 1}", DIM)
            for x, y in ((-5, 12), (4, 12), (-2, 20), (6, 20), (5, 28))
        ),
    ),
    "robot": (
        box(-1, -50, 1, -36),
        disc(0, -47, 3.5, tone=LIGHT),
        *both(
            stroke("-21 -4  -31 8  -30 24", 8, 8), poly("-15 26  -3 26  -2 50  -19 50"), disc(-30, 27, 5.5, tone=DIM)
        ),
        box(-15, -38, 15, -12),
        box(-20, -9, 20, 26),
        box(-6, -13, 6, -8, DIM),
        *both(disc(-6.5, -28, 4.4, tone=LIGHT), disc(-6.5, -28, 1.9, tone=DARK), box(-18, -30, -15, -22, DIM)),
        box(-8, -19, 8, -16, DARK),
        box(-13, -3, 13, 10, DARK),
        *(disc(x, 3, 2.4, tone=LIGHT) for x in (-8, 0, 8)),
        box(-13, 14, 13, 20, DIM),
    ),
    "snowman": (
        *both(stroke("-16 2  -32 -8  -42 -20", 2.4, 1.6, DARK), stroke("-33 -9  -40 -6", 1.6, 1.2, DARK)),
        disc(0, 28, 25, 22, tone=LIGHT),
        disc(0, -2, 18, 17, tone=LIGHT),
        disc(0, -26, 14, 13, tone=LIGHT),
        box(-18, -39, 18, -35, DARK),
        box(-11, -50, 11, -37, DARK),
        curve("-15 -15  0 -10  15 -15  14 -9  0 -5  -14 -9"),
        box(6, -10, 13, 8),
        *both(disc(-5, -29, 2, tone=DARK)),
        poly("0 -27  16 -23  0 -21", -0.2),
        *(disc(0, y, 2.2, tone=DARK) for y in (2, 12, 24)),
    ),
    "ghost": (
        curve(
            "-30 48  -30 48  -32 -6  -22 -38  0 -48  22 -38  32 -6  30 48  30 48  20 38  10 48  0 38  -10 48  -20 38",
            0.35,
        ),
        *both(disc(-11, -14, 5.5, 8, tone=DARK), disc(-20, 2, 4, 2.6, tone=DIM)),
        disc(0, 8, 6, 8, tone=DARK),
    ),
    "alien": (
        *both(stroke("-8 12  -22 22  -20 36", 4.6, 4), stroke("-5 30  -8 50", 6, 5)),
        curve("-9 8  -12 20  -9 34  9 34  12 20  9 8"),
        curve("-30 -26  -22 -46  0 -50  22 -46  30 -26  18 -2  0 12  -18 -2"),
        *both(disc(-13, -18, 9.5, 6.4, 0.6, DARK), disc(-15, -21, 2.4, tone=LIGHT)),
        stroke("-5 2  0 4  5 2", 1.4, 1.4, DARK),
    ),
    "skull": (
        curve("-34 -8  -28 -38  0 -48  28 -38  34 -8  24 12  18 16  -18 16  -24 12", LIGHT),
        curve("-18 12  -18 12  -17 38  -10 44  10 44  17 38  18 12  18 12", LIGHT),
        *both(disc(-14, -8, 9, 10, tone=DARK)),
        poly("0 4  -5 14  5 14", DARK),
        *(box(x, 26, x + 1.8, 43, DARK) for x in (-9.6, -3.8, 2, 7.8)),
        box(-17, 26, 17, 28, DARK),
    ),
    "face": (
        disc(0, 0, 44),
        *both(disc(-15, -12, 5, 8, tone=DARK)),
        curve("-26 8  0 18  26 8  18 26  0 32  -18 26", DARK),
        *both(disc(-28, 4, 6, 4, tone=DIM)),
    ),
    "viking": (
        *_standing(),
        *both(curve("-9 -46  -22 -48  -22 -54  -14 -52", LIGHT)),
        curve("-12 -40  -11 -50  0 -53  11 -50  12 -40", -0.3),
        curve("-9 -36  0 -33  9 -36  8 -24  0 -18  -8 -24", -0.45),
        disc(20, 4, 15, tone=-0.4),
        disc(20, 4, 11, tone=PALE),
        disc(20, 4, 4, tone=DARK),
        box(-24, -28, -21, 30, DARK),
        curve("-22 -30  -36 -34  -34 -12  -22 -16", LIGHT),
    ),
    "samurai": (
        *_standing(),
        poly("-20 -16  -12 -26  12 -26  20 -16  12 -10  -12 -10", DIM),
        curve("-16 -40  -10 -50  10 -50  16 -40  10 -44  -10 -44", DARK),
        *both(stroke("0 -48  -8 -53  -14 -52", 3, 1.4, LIGHT)),
        *(box(-12, y, 12, y + 2, DIM) for y in (-4, 2, 8)),
        box(-13, 12, 13, 16, DARK),
        stroke("-20 12  4 0  40 -30", 2, 2.4, LIGHT),
        stroke("-24 15  -12 8", 4, 4, DARK),
    ),
}
