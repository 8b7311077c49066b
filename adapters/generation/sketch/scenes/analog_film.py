"""analog-film: a strip of film laid flat, a whole frame between two cut ones: a road, poles, light leaks, grain."""

from __future__ import annotations

import random
from itertools import pairwise

from PIL import ImageChops, ImageFont

from adapters.generation.sketch.scenes.canvas import Canvas
from adapters.generation.sketch.scenes.palette import RGB, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import closed_below, hills
from adapters.generation.sketch.scenes.subjects import draw_subject

HOLES = 11


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """The strip runs along the longer side; its middle frame holds the picture."""
    w, h, u = canvas.width, canvas.height, canvas.unit
    film = (24, 19, 17)
    canvas.gradient((film, (32, 25, 21), film))
    edge = h * 0.13
    frame = (w * 0.075, edge, w * 0.925, h - edge)
    inner = Canvas((max(2, round(frame[2] - frame[0])), max(2, round(frame[3] - frame[1]))), inset=True)
    _road(inner, reading, rng)
    _develop(inner, rng)
    side = max(1, round(w * 0.05))
    canvas.image.paste(inner.image.crop((inner.width - side, 0, inner.width, inner.height)), (0, round(edge)))
    canvas.image.paste(inner.image.crop((0, 0, side, inner.height)), (w - side, round(edge)))
    canvas.image.paste(inner.image, (round(frame[0]), round(edge)))
    _margin(canvas, edge, rng)
    for _ in range(7):
        x = rng.uniform(0.1, 0.9) * w
        canvas.line(
            [(x, 0), (x + rng.uniform(-0.004, 0.004) * w, h)], (255, 250, 235, rng.randrange(14, 44)), u * 0.0012
        )


def _road(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    palette, w, h, u = reading.palette, canvas.width, canvas.height, canvas.unit
    horizon = h * 0.52
    canvas.gradient(tuple(mix(colour, (246, 210, 160), 0.28) for colour in palette.sky), 0, horizon)
    meet = w * rng.uniform(0.58, 0.68)
    canvas.glow(meet, horizon - h * 0.06, u * 0.5, mix(palette.light, (255, 225, 160), 0.5), 0.95)
    for layer in range(2):
        line = hills(rng, w, horizon - h * (0.05 - 0.035 * layer), h * 0.035)
        canvas.polygon(closed_below(line, horizon + 2), mix(palette.land[layer], palette.sky[2], 0.5 - 0.3 * layer))
    field = mix(palette.land[1], (190, 160, 90), 0.5)
    canvas.gradient((shade(field, 0.18), shade(field, -0.42)), horizon)
    for number in range(26):
        x = meet + (number - 12.5) * w * 0.24
        canvas.line([(meet + (number - 12.5) * w * 0.012, horizon), (x, h)], (*shade(field, -0.5), 90), u * 0.006)
    road = mix(palette.ink, (120, 110, 104), 0.6)
    canvas.polygon([(meet - w * 0.006, horizon), (meet + w * 0.006, horizon), (w * 0.86, h), (w * 0.14, h)], road)
    for number in range(9):
        near, far = (number / 9) ** 2.2, ((number + 0.45) / 9) ** 2.2
        a, b = horizon + (h - horizon) * near, horizon + (h - horizon) * far
        xa, xb = meet + (w * 0.5 - meet) * near, meet + (w * 0.5 - meet) * far
        canvas.polygon(
            [
                (xa - w * 0.008 * near, a),
                (xa + w * 0.008 * near, a),
                (xb + w * 0.008 * far, b),
                (xb - w * 0.008 * far, b),
            ],
            (240, 214, 140),
        )
    _poles(canvas, meet, horizon, shade(road, -0.55))
    if reading.subject is not None:
        size, foot = u * 0.6, (w * 0.72, h * 0.95)
        canvas.ellipse(foot[0] - size * 0.12, foot[1], size * 0.5, size * 0.035, (*shade(road, -0.7), 150))
        draw_subject(canvas, reading.subject, foot, size, mix(palette.accent, shade(road, -0.6), 0.35))


def _poles(canvas: Canvas, meet: float, horizon: float, dark: RGB) -> None:
    w, h = canvas.width, canvas.height
    tops: list[tuple[float, float]] = []
    for number in range(7):
        near = 0.04 + 0.96 * (1 - number / 7) ** 2.3
        x, foot, tall = meet - (meet + w * 0.02) * near, horizon + (h * 0.86 - horizon) * near, h * 0.86 * near
        canvas.line([(x, foot), (x, foot - tall)], dark, w * 0.014 * near)
        for arm in (0.97, 0.9):
            canvas.line(
                [(x - w * 0.06 * near, foot - tall * arm), (x + w * 0.06 * near, foot - tall * arm)],
                dark,
                w * 0.009 * near,
            )
        tops.append((x, foot - tall * 0.97))
    for one, other in pairwise(tops):
        for shift in (-0.05, 0.05):
            span = abs(one[0] - other[0]) / w
            sag = ((one[0] + other[0]) / 2 + shift * w * span, (one[1] + other[1]) / 2 + h * 0.07 * span * 4)
            canvas.line(
                [(one[0] + shift * w * span * 3, one[1]), sag, (other[0] + shift * w * span, other[1])],
                dark,
                w * 0.0022,
            )


def _develop(canvas: Canvas, rng: random.Random) -> None:
    """Fade the blacks, leak light in from an edge, darken the corners, add grain."""
    faded = canvas.image.point(
        [round(34 + level * 0.82) for level in range(256)] * 2 + [round(46 + level * 0.7) for level in range(256)]
    )
    canvas.replace(faded)
    leak = Canvas((max(2, canvas.width // 4), max(2, canvas.height // 4)), (0, 0, 0), inset=True)
    side = rng.choice((0.0, 1.0))
    leak.glow(leak.width * side, leak.height * 0.4, leak.height * 0.75, (255, 84, 26), 0.95)
    leak.glow(leak.width * side, leak.height * 0.7, leak.height * 0.4, (255, 200, 70), 0.8)
    canvas.replace(ImageChops.screen(canvas.image, leak.image.resize(canvas.image.size)))
    canvas.vignette(0.42, (20, 8, 4))
    canvas.grain(rng, 0.34, 2.0)


def _margin(canvas: Canvas, edge: float, rng: random.Random) -> None:
    w, h = canvas.width, canvas.height
    step = w / HOLES
    hole = (min(step * 0.5, edge * 0.6), edge * 0.46)
    for number in range(HOLES):
        x = (number + 0.5) * step
        for y in (edge * 0.52, h - edge * 0.52):
            canvas.pen.rounded_rectangle(
                (x - hole[0] / 2, y - hole[1] / 2, x + hole[0] / 2, y + hole[1] / 2), hole[1] * 0.22, (244, 239, 228)
            )
    amber = (236, 150, 52)
    font = ImageFont.load_default(max(5, min(edge * 0.17, w * 0.03)))
    number = rng.randrange(2, 35)
    for share, words in ((0.2, f"{number}"), (0.5, "ABBY 400"), (0.72, f"{number}A"), (0.9, "SAFETY")):
        canvas.pen.text((w * share, edge * 0.14), words, amber, font=font, anchor="mm")
        canvas.pen.text((w * share, h - edge * 0.13), words, amber, font=font, anchor="mm")
