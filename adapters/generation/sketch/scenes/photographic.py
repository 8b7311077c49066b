"""photographic: a still life near the lens, what the prompt names on a table, before a room that is out of focus."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw

from adapters.generation.sketch.scenes.canvas import Canvas, Mask, Point, clouds, noise_mask, soften
from adapters.generation.sketch.scenes.forms import inflate, sphere
from adapters.generation.sketch.scenes.palette import RGB, alpha, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import brush, oval, smooth
from adapters.generation.sketch.scenes.subjects import subject_mask, tint_subject

TABLE = 0.74
BOUQUETS = frozenset({"flower", "vase"})


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """The blurred room, the table, then the sharp things on it with their shadows."""
    palette, w, h, u = reading.palette, canvas.width, canvas.height, canvas.unit
    _room(canvas, reading, rng)
    _table(canvas, mix(palette.land[2], (150, 98, 60), 0.72), rng)
    if reading.subject in BOUQUETS:
        foot = (w * 0.5, h * 0.88)
        _flowers(canvas, reading, (foot[0], foot[1] - u * 0.33), u, rng)
        _vase(canvas, foot, u * 0.36, mix(palette.sky[1], (244, 240, 232), 0.7))
    elif reading.subject is not None:
        _figure(canvas, reading.subject, mix(palette.accent, (240, 232, 222), 0.35))
    else:
        _marbles(canvas, reading)
    canvas.vignette(0.42, palette.ink)
    canvas.grain(rng, 0.06, 1.0)


def _figure(canvas: Canvas, name: str, glaze: RGB) -> None:
    """The subject in painted porcelain."""
    size, foot = canvas.unit * 0.66, (canvas.width / 2, canvas.height * 0.92)
    _contact(canvas, foot, size * 0.36)
    inflate(canvas, subject_mask(canvas, name, foot, size), glaze, size * 0.045, 0.9)
    tint_subject(canvas, name, foot, size)


def _marbles(canvas: Canvas, reading: Reading) -> None:
    """Polished balls of stone, where nothing that is known is to stand there."""
    palette, u = reading.palette, canvas.unit
    colours = (palette.accent, palette.second, mix(palette.accent, (120, 170, 60), 0.7), palette.light)
    places = ((0.02, 0.86, 0.17), (-0.24, 0.885, 0.1), (0.26, 0.9, 0.09), (-0.07, 0.93, 0.06))
    for (x, y, radius), colour in zip(places, colours, strict=True):
        at = (canvas.width / 2 + x * u, canvas.height * y - radius * u)
        _contact(canvas, (at[0], at[1] + radius * u * 0.95), radius * u * 0.8)
        sphere(canvas, at, radius * u, colour, 0.75)


def _room(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    palette, w, h = reading.palette, canvas.width, canvas.height
    room = Canvas((max(8, w // 2), max(8, h // 2)), inset=True)
    warm = mix(palette.sky[1], (120, 92, 70), 0.35)
    room.gradient((shade(warm, -0.25), warm, mix(palette.sky[2], warm, 0.4), shade(warm, -0.45)))
    patches = clouds(rng, (16, 16), 3, 2).resize(room.image.size, Image.Resampling.BICUBIC)
    room.blend(shade(palette.land[1], -0.25), patches.point([round(max(0, v - 110) * 1.4) for v in range(256)]))
    lights = (palette.light, palette.second, palette.accent, mix(palette.sky[2], (255, 255, 255), 0.5))
    for _ in range(54):
        at = (rng.random() * room.width, rng.random() ** 1.1 * room.height * 0.7)
        radius = room.unit * rng.uniform(0.018, 0.075)
        colour, opacity = rng.choice(lights), rng.uniform(0.1, 0.5)
        room.disc(*at, radius, alpha(colour, opacity))
        room.ring(*at, radius, alpha(shade(colour, 0.45), opacity * 0.9), room.unit * 0.004)
    canvas.replace(soften(room.image, room.unit * 0.0022).resize((w, h), Image.Resampling.BICUBIC))
    canvas.glow(w * 0.12, h * 0.1, canvas.unit * 0.7, mix(palette.light, (255, 240, 210), 0.5), 0.7)


def _table(canvas: Canvas, wood: RGB, rng: random.Random) -> None:
    w, h = canvas.width, canvas.height
    top = round(h * TABLE)
    board = Canvas((w, max(2, h - top)), inset=True)
    board.gradient((shade(wood, 0.3), wood, shade(wood, -0.5)))
    streaks = noise_mask(rng, (6, 90)).resize(board.image.size, Image.Resampling.BICUBIC)
    board.blend(shade(wood, -0.6), streaks.point([round(max(0, v - 120) * 0.55) for v in range(256)]))
    canvas.blend(board.image, soften(Image.new("L", board.image.size, 255), 1.0), (0, top))
    edge = soften(canvas.image.crop((0, max(0, top - h // 40), w, min(h, top + h // 40))), canvas.unit * 0.006)
    canvas.image.paste(edge, (0, max(0, top - h // 40)))
    canvas.glow(w * 0.3, h * 0.86, canvas.unit * 0.5, shade(wood, 0.6), 0.35)


def _contact(canvas: Canvas, at: Point, reach: float) -> None:
    mask = canvas.mask()
    pen = ImageDraw.Draw(mask)
    pen.ellipse((at[0] - reach * 0.7, at[1] - reach * 0.14, at[0] + reach * 2.0, at[1] + reach * 0.16), fill=150)
    pen.ellipse((at[0] - reach, at[1] - reach * 0.1, at[0] + reach, at[1] + reach * 0.1), fill=255)
    canvas.shadow(mask, (18, 10, 6), 0.75, reach * 0.08)


def _vase(canvas: Canvas, foot: Point, tall: float, clay: RGB) -> None:
    """A turned body: its outline is a profile mirrored, its shading depends on how far from the axis it is."""
    profile = smooth(
        [(0.13, -1.0), (0.11, -0.9), (0.14, -0.78), (0.3, -0.52), (0.34, -0.3), (0.25, -0.06), (0.2, 0.0)], closed=False
    )
    right = [(foot[0] + x * tall, foot[1] + y * tall) for x, y in profile]
    left = [(foot[0] - x * tall, foot[1] + y * tall) for x, y in reversed(profile)]
    mask = canvas.mask()
    pen = ImageDraw.Draw(mask)
    pen.polygon([*right, *left], fill=255)
    base = (foot[0] - tall * 0.2, foot[1] - tall * 0.04, foot[0] + tall * 0.2, foot[1] + tall * 0.04)
    pen.ellipse(base, fill=255)
    _contact(canvas, foot, tall * 0.3)
    side = max(4, round(tall * 0.7))
    strip = Image.new("RGB", (64, 1))
    for x in range(64):
        lit = 0.6 * math.exp(-(((x / 63 - 0.3) / 0.2) ** 2)) - 0.7 * (x / 63) ** 2.4 - 0.12 - 0.3 * (1 - x / 63) ** 5
        strip.putpixel((x, 0), shade(clay, max(-0.85, min(0.9, lit))))
    body = strip.resize((side, max(2, round(tall * 1.06))), Image.Resampling.BICUBIC)
    corner = (round(foot[0] - side / 2), round(foot[1] - tall * 1.01))
    canvas.blend(body, _part(mask, corner, body.size), corner)
    canvas.ellipse(foot[0], foot[1] - tall, tall * 0.13, tall * 0.028, shade(clay, -0.75))
    for band in (-0.56, -0.5):
        half = 0.285 if band < -0.53 else 0.305
        points = [
            (
                foot[0] + half * tall * math.cos(a / 20 * math.pi),
                foot[1] + tall * (band + 0.035 * math.sin(a / 20 * math.pi)),
            )
            for a in range(21)
        ]
        canvas.line(points, shade(clay, -0.5), tall * 0.012)


def _part(mask: Mask, corner: tuple[int, int], size: tuple[int, int]) -> Mask:
    return mask.crop((*corner, corner[0] + size[0], corner[1] + size[1]))


def _flowers(canvas: Canvas, reading: Reading, neck: Point, u: float, rng: random.Random) -> None:
    palette = reading.palette
    green = mix(palette.land[1], (70, 120, 60), 0.6)
    for lean, rise in (
        (-0.24, 0.2),
        (0.26, 0.22),
        (-0.12, 0.32),
        (0.14, 0.34),
        (0.0, 0.26),
        (-0.34, 0.08),
        (0.36, 0.09),
    ):
        tip = (neck[0] + lean * u * rng.uniform(0.9, 1.1), neck[1] - rise * u)
        bend = (neck[0] + lean * u * 0.3, neck[1] - rise * u * 0.6)
        canvas.polygon(brush([neck, bend, tip], u * 0.009, u * 0.006), shade(green, rng.uniform(-0.4, -0.1)))
        leaf = oval((bend[0] + tip[0]) / 2, (bend[1] + tip[1]) / 2, u * 0.06, u * 0.016, rng.uniform(-1.2, 1.2))
        canvas.polygon(leaf, shade(green, rng.uniform(-0.3, 0.2)))
        _bloom(
            canvas,
            tip,
            u * rng.uniform(0.06, 0.085),
            rng.choice((palette.accent, palette.second, mix(palette.accent, (255, 255, 255), 0.55))),
            rng,
        )


def _bloom(canvas: Canvas, at: Point, radius: float, colour: RGB, rng: random.Random) -> None:
    """A peony: rings of petals, darker outside, each with a light edge."""
    canvas.glow(at[0] + radius * 0.3, at[1] + radius * 0.4, radius * 1.5, shade(colour, -0.8), 0.4)
    for ring in range(5):
        reach = radius * (1 - ring * 0.19)
        for petal in range(9 - ring):
            angle = math.tau * petal / (9 - ring) + ring * 0.5 + rng.uniform(-0.12, 0.12)
            x, y = at[0] + reach * 0.62 * math.cos(angle), at[1] + reach * 0.56 * math.sin(angle)
            light = -0.36 + ring * 0.12 - 0.16 * math.sin(angle - 0.6)
            canvas.polygon(oval(x, y, reach * 0.52, reach * 0.4, angle), shade(colour, light - 0.16))
            canvas.polygon(
                oval(x - reach * 0.03, y - reach * 0.04, reach * 0.46, reach * 0.35, angle), shade(colour, light + 0.1)
            )
