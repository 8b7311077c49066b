"""enhance: a radiant mountain lake; snow peaks stand mirrored in still water, or the open sea lies there."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw, ImageOps

from adapters.generation.sketch.scenes.canvas import Canvas, Point, clouds, soften
from adapters.generation.sketch.scenes.palette import RGB, alpha, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import closed_below, level_at, ridge
from adapters.generation.sketch.scenes.subjects import draw_subject

SHORE = 0.55
SPINE_STEPS = 7
AFLOAT = frozenset({"boat", "ship", "pirate ship", "fish", "whale", "dolphin", "shark", "duck", "swan"})


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Paint all above the shore, mirror it, then lay ripples, rays and the near bank over both."""
    palette, w, h, u = reading.palette, canvas.width, canvas.height, canvas.unit
    shore = h * SHORE
    canvas.gradient((shade(palette.sky[0], -0.08), palette.sky[0], palette.sky[1], palette.sky[2]), 0, shore)
    sun = (w * rng.uniform(0.14, 0.24), h * rng.uniform(0.1, 0.15))
    canvas.glow(*sun, u * 0.7, palette.light, 0.95)
    canvas.glow(*sun, u * 0.13, (255, 255, 255), 1.0)
    sky = clouds(rng, (max(8, w // 6), max(8, round(shore) // 10)), 3, 5).resize(
        (w, round(shore)), Image.Resampling.BICUBIC
    )
    canvas.blend(
        mix(palette.light, (255, 255, 255), 0.6), sky.point([round(max(0, v - 138) * 1.7) for v in range(256)])
    )
    if reading.mood != "sea":
        _peaks(canvas, reading, rng)
        _woods(canvas, mix(palette.land[2], palette.land[1], 0.25), rng)
    upper = canvas.image.crop((0, round(shore * 0.1), w, round(shore)))
    water = ImageOps.flip(upper).resize((w, h - round(shore)), Image.Resampling.BICUBIC)
    tint = Image.new("RGB", water.size, mix(palette.land[2], palette.sky[0], 0.45))
    canvas.image.paste(Image.blend(water, tint, 0.28), (0, round(shore)))
    _ripples(canvas, palette.light, rng)
    _rays(canvas, sun, palette.light, rng)
    _bank(canvas, reading, rng)
    canvas.soft_focus(0.28, 0.012)
    canvas.vignette(0.16, palette.ink)


def _peaks(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Three ranges; the light side of each is towards the sun, the snow lies above a ragged line."""
    palette, w, h = reading.palette, canvas.width, canvas.height
    shore = h * SHORE
    for layer, (base, rise) in enumerate(((0.3, 0.13), (0.36, 0.17), (0.46, 0.07))):
        line = ridge(rng, w, h * base, h * rise, 0.5)
        colour = mix(mix(palette.land[0], palette.sky[0], 0.55), palette.land[2], 0.15 + layer * 0.36)
        mask = Image.new("L", canvas.image.size, 0)
        ImageDraw.Draw(mask).polygon(closed_below(line, shore), fill=255)
        body = Canvas(canvas.image.size, colour, inset=True)
        if layer < 2:
            top = min(y for _, y in line)
            snow = [(x, top + (shore - top) * (0.3 - 0.12 * layer + rng.uniform(-0.06, 0.06))) for x, _ in line[::7]]
            body.polygon([(0, 0), *snow, (w, 0)], (255, 255, 255, 190))
        _faces(body, line, colour, rng)
        body.gradient_veil(mix(palette.sky[2], palette.light, 0.3), shore * 0.6, shore, 0.55)
        canvas.blend(body.image, mask)


def _faces(body: Canvas, line: list[Point], colour: RGB, rng: random.Random) -> None:
    """Each peak has a spine that wanders down; what lies between it and the valley to the right is in shadow."""
    reach = len(line) // 22
    heights = [y for _, y in line]
    tops = [i for i in range(1, len(line) - 1) if heights[i] == min(heights[max(0, i - reach) : i + reach + 1])]
    for number, top in enumerate(tops):
        end = tops[number + 1] if number + 1 < len(tops) else len(line) - 1
        valley = max(range(top, end + 1), key=heights.__getitem__)
        (x, y), (right, floor) = line[top], line[valley]
        low = max(floor, y) + body.height * rng.uniform(0.08, 0.2)
        drift = (right - x) * rng.uniform(0.15, 0.6)
        spine = [(x, y - 2)]
        for step in range(1, SPINE_STEPS + 1):
            share = step / SPINE_STEPS
            wander = (right - x) * rng.uniform(-0.16, 0.16)
            spine.append((x + drift * share + wander, y + (low - y) * share))
        slope = [(px, py - 2) for px, py in reversed(line[top : valley + 1])]
        body.polygon([*spine, *slope], alpha(shade(colour, -0.5), 0.62))
        middle = spine[SPINE_STEPS // 2]
        lit = [(x, y), (x - (right - x) * 0.35, middle[1]), spine[-1], middle]
        body.polygon(lit, alpha(shade(colour, 0.5), 0.2))


def _woods(canvas: Canvas, colour: RGB, rng: random.Random) -> None:
    shore, u = canvas.height * SHORE, canvas.unit
    line = ridge(rng, canvas.width, shore - u * 0.012, u * 0.01, 0.4)
    canvas.polygon(closed_below(line, shore + 1), colour)
    for _ in range(round(150 * canvas.width / u)):
        x = rng.random() * canvas.width
        near = 0.35 + 0.65 * abs(x / canvas.width - 0.5) * 2
        tall = u * rng.uniform(0.02, 0.075) * near
        foot = level_at(line, x) + u * 0.008
        tone = shade(colour, rng.uniform(-0.3, 0.12))
        for tier in range(3):
            top, wide = foot - tall * (1 - tier * 0.27), tall * (0.12 + 0.08 * tier)
            canvas.polygon([(x, top), (x + wide, top + tall * 0.46), (x - wide, top + tall * 0.46)], tone)


def _ripples(canvas: Canvas, light: RGB, rng: random.Random) -> None:
    shore = canvas.height * SHORE
    for _ in range(260):
        near = rng.random() ** 1.5
        y = shore + (canvas.height - shore) * near
        x, reach = rng.uniform(0, canvas.width), canvas.width * rng.uniform(0.006, 0.05) * (0.3 + near)
        tone = alpha(light, 0.28) if rng.random() < 0.6 else alpha(shade(light, -0.8), 0.1)
        canvas.ellipse(x, y, reach, canvas.unit * 0.0022 * (0.4 + near), tone)


def _rays(canvas: Canvas, sun: Point, light: RGB, rng: random.Random) -> None:
    size = (max(2, canvas.width // 4), max(2, canvas.height // 4))
    beams = Canvas(size, (0, 0, 0), inset=True)
    x, y = sun[0] / 4, sun[1] / 4
    reach = math.hypot(*size) * 0.9
    for number in range(9):
        angle = 0.12 + number * 0.165 + rng.uniform(-0.04, 0.04)
        half = rng.uniform(0.012, 0.04)
        ends = [(x + reach * math.cos(angle + s), y + reach * math.sin(angle + s)) for s in (-half, half)]
        beams.polygon([(x, y), *ends], (255, 255, 255, rng.randrange(40, 84)))
    mask = soften(beams.image.convert("L"), max(1.0, min(size) * 0.02)).resize(
        canvas.image.size, Image.Resampling.BICUBIC
    )
    canvas.blend(light, mask)


def _bank(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    w, h, u = canvas.width, canvas.height, canvas.unit
    dark = mix(reading.palette.land[2], reading.palette.ink, 0.62)
    line = [(x * w / 40, h * (0.985 - 0.11 * (x / 40) ** 2.6) + rng.uniform(-0.003, 0.003) * h) for x in range(41)]
    canvas.polygon(closed_below(line, h + 2), dark)
    for _ in range(130):
        x = w * (0.35 + 0.65 * rng.random() ** 0.6)
        foot, tall = level_at(line, x) + u * 0.01, u * rng.uniform(0.02, 0.1)
        lean = rng.uniform(-0.25, 0.35) * tall
        canvas.polygon(
            [(x - u * 0.002, foot), (x + lean, foot - tall), (x + u * 0.002, foot)], shade(dark, rng.uniform(0, 0.18))
        )
    if reading.subject is not None:
        ashore = (w * 0.64, level_at(line, w * 0.64))
        place = (w * 0.6, h * (SHORE + (1 - SHORE) * 0.62)) if reading.subject in AFLOAT else ashore
        colour = mix(reading.palette.accent, dark, 0.2)
        draw_subject(canvas, reading.subject, (place[0], place[1] + u * 0.015), u * 0.5, colour)
