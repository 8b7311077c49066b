"""comic-book: four inked panels with halftone tints: the place, the subject in action, a burst, a close look."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import ImageFont

from adapters.generation.sketch.scenes.canvas import Canvas, Point
from adapters.generation.sketch.scenes.palette import RGB, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import closed_below, hills, star
from adapters.generation.sketch.scenes.subjects import draw_outlined, parts

INK = (18, 16, 22)
PAGE = (252, 248, 236)
HALFTONE_ROWS = 110  # a bound: a long thin panel gets larger dots, not millions of them
SHOUTS = ("WOW!", "ZAP!", "BAM!", "POW!", "WHOOSH!", "BOOM!")


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Panels on a page; their cut is slanted in the middle row."""
    canvas.gradient((PAGE, PAGE))
    w, h, gap = canvas.width, canvas.height, canvas.unit * 0.02
    split, lower = h * rng.uniform(0.34, 0.38), h * rng.uniform(0.74, 0.78)
    left, slant = w * rng.uniform(0.54, 0.62), w * 0.05
    _panel(canvas, _upright(gap, gap, w - gap, split), _place, reading, rng)
    middle, bottom = split + gap, lower
    action = [(gap, middle), (left + slant, middle), (left - slant, bottom), (gap, bottom)]
    burst = [(left + slant + gap, middle), (w - gap, middle), (w - gap, bottom), (left - slant + gap, bottom)]
    _panel(canvas, action, _action, reading, rng)
    _panel(canvas, burst, _burst, reading, rng)
    _panel(canvas, _upright(gap, lower + gap, w - gap, h - gap), _close, reading, rng)


def _upright(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _panel(
    canvas: Canvas,
    frame: list[Point],
    fill: Callable[[Canvas, Reading, random.Random], None],
    reading: Reading,
    rng: random.Random,
) -> None:
    left, top = min(x for x, _ in frame), min(y for _, y in frame)
    size = (round(max(x for x, _ in frame) - left), round(max(y for _, y in frame) - top))
    inner = Canvas((max(2, size[0]), max(2, size[1])), inset=True)
    fill(inner, reading, rng)
    cut = Canvas(inner.image.size, (0, 0, 0), inset=True)
    cut.polygon([(x - left, y - top) for x, y in frame], (255, 255, 255))
    canvas.blend(inner.image, cut.image.convert("L"), (round(left), round(top)))
    canvas.line([*frame, frame[0], frame[1]], INK, canvas.unit * 0.007)


def _halftone(canvas: Canvas, colour: RGB, cell: float, tone: Callable[[float, float], float]) -> None:
    """Dots on a turned grid; `tone` (0 to 1) at a place in shares of the panel says how large they are."""
    reach = math.hypot(canvas.width, canvas.height)
    cell = max(cell, reach / HALFTONE_ROWS)
    steps = round(reach / cell) + 1
    cosine, sine = math.cos(0.5), math.sin(0.5)
    for i in range(-steps, steps):
        for j in range(-steps, steps):
            x, y = (i * cosine - j * sine) * cell, (i * sine + j * cosine) * cell
            if 0 <= x <= canvas.width and 0 <= y <= canvas.height:
                radius = cell * 0.66 * max(0.0, min(1.0, tone(x / canvas.width, y / canvas.height)))
                if radius > cell * 0.06:
                    canvas.disc(x, y, radius, colour)


def _place(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    palette, w, h = reading.palette, canvas.width, canvas.height
    canvas.gradient((palette.sky[1], palette.sky[1]))
    _halftone(canvas, palette.sky[0], h * 0.035, lambda _, y: 1.05 - y * 1.5)
    sun = (w * rng.uniform(0.7, 0.84), h * 0.34)
    canvas.disc(*sun, h * 0.2, INK)
    canvas.disc(*sun, h * 0.185, shade(palette.light, 0.1))
    for layer, colour in enumerate((palette.land[0], palette.land[2])):
        line = hills(rng, w, h * (0.66 + 0.16 * layer), h * 0.07)
        canvas.polygon(closed_below(line, h), colour)
        canvas.line(line, INK, h * 0.014)
    x = w * 0.03
    while x < w * 0.52:
        wide, tall = w * rng.uniform(0.045, 0.08), h * rng.uniform(0.28, 0.66)
        box = (x, h * 0.86 - tall, x + wide, h * 1.02)
        canvas.box(*box, rng.choice((palette.accent, palette.second, palette.land[1])))
        canvas.box(x + wide * 0.7, box[1], x + wide, box[3], INK)
        canvas.pen.rectangle(box, outline=INK, width=max(1, round(h * 0.012)))
        for row in range(int(tall / (h * 0.085))):
            canvas.box(
                x + wide * 0.2,
                box[1] + h * (0.05 + row * 0.085),
                x + wide * 0.5,
                box[1] + h * (0.09 + row * 0.085),
                INK,
            )
        x += wide * 1.12
    canvas.box(0, 0, w * 0.3, h * 0.15, (255, 236, 150))
    canvas.pen.rectangle((-9, -9, w * 0.3, h * 0.15), outline=INK, width=max(1, round(h * 0.012)))
    _letters(canvas, (w * 0.15, h * 0.07), "MEANWHILE...", min(h * 0.085, w * 0.034), INK)


def _action(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    palette, w, h = reading.palette, canvas.width, canvas.height
    canvas.gradient((palette.second, palette.second))
    middle = (w * 0.46, h * 0.55)
    reach = math.hypot(w, h)
    for number in range(44):
        angle = math.tau * (number + rng.uniform(-0.3, 0.3)) / 44
        near, spread = min(w, h) * rng.uniform(0.42, 0.52), rng.uniform(0.012, 0.035)
        tip = (middle[0] + near * math.cos(angle), middle[1] + near * math.sin(angle))
        base = [
            (middle[0] + reach * math.cos(angle + s), middle[1] + reach * math.sin(angle + s))
            for s in (-spread, spread)
        ]
        canvas.polygon([tip, *base], INK if number % 3 else (255, 255, 255))
    if reading.subject is None:
        canvas.polygon(star(*middle, min(w, h) * 0.34, min(w, h) * 0.2, 9, rng.uniform(0, 1)), palette.accent)
    else:
        _inked(canvas, reading.subject, (middle[0], h * 0.95), min(w, h) * 0.86, shade(palette.accent, 0.1))


def _burst(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    palette, w, h = reading.palette, canvas.width, canvas.height
    canvas.gradient((palette.sky[0], palette.sky[0]))
    _halftone(
        canvas,
        mix(palette.sky[0], (255, 255, 255), 0.6),
        min(w, h) * 0.05,
        lambda x, y: 1.1 - 1.7 * math.hypot(x - 0.5, y - 0.5),
    )
    at, size = (w * 0.53, h * 0.5), min(w, h) * 0.5
    turn = rng.uniform(0, 1)
    canvas.polygon(star(at[0] + size * 0.05, at[1] + size * 0.06, size, size * 0.6, 12, turn), INK)
    canvas.polygon(star(*at, size, size * 0.6, 12, turn), (255, 226, 60))
    canvas.polygon(star(*at, size * 0.76, size * 0.48, 12, turn), (255, 255, 255))
    word = rng.choice(SHOUTS)
    _letters(canvas, at, word, size * 1.5 / max(4, len(word)), (228, 40, 48), edge=0.12)


def _close(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Half of the subject, so near that it leaves the panel; rings where there is none."""
    palette, w, h = reading.palette, canvas.width, canvas.height
    ground = mix(palette.light, palette.second, rng.uniform(0.3, 0.45))
    canvas.gradient((ground, ground))
    _halftone(canvas, shade(ground, -0.3), h * 0.06, lambda x, y: abs(x - 0.5) * 1.5 - 0.15 + 0.3 * y)
    if reading.subject is not None:
        size = max(h * 2.2, w * 0.62)
        top = min(y for outline, _ in parts(reading.subject, (0.0, 0.0), size) for _, y in outline)
        _inked(canvas, reading.subject, (w / 2, h * 0.08 - top), size, shade(palette.accent, 0.1))
        return
    for ring in range(7, 0, -1):
        canvas.disc(w / 2, h * 1.1, h * 0.16 * ring + h * 0.014, INK)
        canvas.disc(w / 2, h * 1.1, h * 0.16 * ring, palette.accent if ring % 2 else palette.second)


def _inked(canvas: Canvas, name: str, foot: Point, size: float, colour: RGB) -> None:
    draw_outlined(canvas, name, foot, size, (colour, INK), max(1.0, size * 0.014))


def _letters(canvas: Canvas, at: Point, words: str, size: float, colour: RGB, edge: float = 0.0) -> None:
    font = ImageFont.load_default(max(5, size * 1.25))
    width = max(1, round(size * (0.07 + edge)))
    canvas.pen.text(at, words, INK if edge else colour, font=font, anchor="mm", stroke_width=width)
    if edge:
        canvas.pen.text(at, words, colour, font=font, anchor="mm", stroke_width=max(1, round(size * 0.04)))
