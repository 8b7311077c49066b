"""neon-punk: a striped sun behind a lit skyline, and a grid that runs to the horizon."""

from __future__ import annotations

import random

from PIL import Image, ImageChops, ImageDraw

from adapters.generation.sketch.scenes.canvas import Canvas, Mask, soften
from adapters.generation.sketch.scenes.palette import RGB, alpha, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.subjects import subject_mask, tone_masks

HORIZON = 0.6
GRID_LINES = 26


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Dark ground first; every tube of light is drawn on its own layer, whose blur is its shine."""
    hot, cold = mix(reading.palette.accent, (255, 40, 170), 0.6), mix(reading.palette.second, (40, 225, 255), 0.65)
    canvas.gradient(((8, 4, 26), (34, 8, 66), mix(hot, (70, 10, 90), 0.6)), 0, canvas.height * HORIZON)
    canvas.gradient(((24, 4, 46), (6, 3, 20)), canvas.height * HORIZON)
    for _ in range(140):
        x, y = rng.random() * canvas.width, rng.random() ** 1.4 * canvas.height * HORIZON
        canvas.disc(x, y, canvas.unit * rng.uniform(0.0006, 0.002), alpha((255, 240, 255), rng.uniform(0.3, 1)))
    _sun(canvas, hot)
    _skyline(canvas, rng, (hot, cold))
    tubes = Canvas(canvas.image.size, (0, 0, 0), inset=True)
    _grid(tubes, hot)
    _figure(canvas, tubes, reading, (hot, cold))
    light = tubes.image
    small = light.reduce(4)
    shine = ImageChops.add(soften(small, canvas.unit * 0.004), soften(small, canvas.unit * 0.0012))
    glowing = ImageChops.screen(light, shine.resize(light.size, Image.Resampling.BICUBIC))
    canvas.replace(ImageChops.screen(canvas.image, glowing))
    canvas.vignette(0.5)


def _sun(canvas: Canvas, hot: RGB) -> None:
    radius = canvas.unit * 0.27
    x, y = canvas.width / 2, canvas.height * HORIZON - radius * 0.72
    canvas.glow(x, y, radius * 2.3, hot, 0.75)
    disc = Canvas((round(radius * 2), round(radius * 2)), inset=True)
    disc.gradient(((255, 232, 120), mix(hot, (255, 150, 60), 0.5), hot))
    mask = Image.new("L", disc.image.size, 0)
    pen = ImageDraw.Draw(mask)
    pen.ellipse((0, 0, mask.width - 1, mask.height - 1), fill=255)
    for band in range(7):
        top = mask.height * (0.46 + band * 0.078)
        pen.rectangle((0, top, mask.width, top + mask.height * (0.008 + band * 0.0055)), fill=0)
    canvas.blend(disc.image, mask, (round(x - radius), round(y - radius)))


def _skyline(canvas: Canvas, rng: random.Random, tubes: tuple[RGB, RGB]) -> None:
    ground = canvas.height * HORIZON
    for layer, (share, colour) in enumerate(((0.3, (44, 14, 78)), (0.2, (16, 6, 38)))):
        x = -canvas.unit * 0.05
        while x < canvas.width:
            wide = canvas.unit * rng.uniform(0.05, 0.11)
            away = min(1.0, abs(x + wide / 2 - canvas.width / 2) / (canvas.width / 2))
            tall = canvas.height * share * (0.35 + 0.85 * away) * rng.uniform(0.55, 1.15)
            _tower(canvas, (x, ground - tall, x + wide, ground), colour, tubes[rng.randrange(2)], rng)
            x += wide * (1.04 if layer else 0.92)


def _tower(canvas: Canvas, box: tuple[float, float, float, float], colour: RGB, tube: RGB, rng: random.Random) -> None:
    left, top, right, bottom = box
    canvas.box(left, top, right, bottom, colour)
    if rng.random() < 0.5:
        middle = (left + right) / 2
        canvas.line([(middle, top - (right - left) * 0.6), (middle, top)], colour, canvas.unit * 0.004)
        canvas.disc(middle, top - (right - left) * 0.6, canvas.unit * 0.004, tube)
    canvas.line([(left, bottom), (left, top), (right, top), (right, bottom)], alpha(tube, 0.75), canvas.unit * 0.0025)
    step = canvas.unit * 0.0135
    for row in range(1, int((bottom - top) / step)):
        for column in range(1, int((right - left) / step)):
            if rng.random() < 0.42:
                x, y = left + column * step, top + row * step
                canvas.box(x, y, x + step * 0.42, y + step * 0.55, alpha(shade(tube, 0.35), rng.uniform(0.35, 0.95)))


def _grid(canvas: Canvas, hot: RGB) -> None:
    horizon, low = canvas.height * HORIZON, float(canvas.height)
    middle, width = canvas.width / 2, canvas.unit * 0.0026
    for number in range(-GRID_LINES, GRID_LINES + 1):
        near = middle + number * canvas.unit * 0.19
        canvas.line([(middle + number * canvas.unit * 0.028, horizon), (near, low)], hot, width)
    for number in range(14):
        y = horizon + (low - horizon) * (number / 13) ** 2.1
        canvas.line([(0, y), (canvas.width, y)], hot, width * (0.8 + number * 0.1))


def _figure(canvas: Canvas, tubes: Canvas, reading: Reading, colours: tuple[RGB, RGB]) -> None:
    hot, cold = colours
    if reading.subject is None:
        return
    size, foot = canvas.unit * 0.56, (canvas.width / 2, canvas.height * 0.93)
    mask = subject_mask(canvas, reading.subject, foot, size)
    canvas.blend((10, 4, 26), mask)
    tubes.blend((0, 0, 0), mask)
    for tones, tube in zip(tone_masks(canvas, reading.subject, foot, size), (shade(cold, 0.6), hot), strict=True):
        tubes.blend(tube, _rim(tones.point([255 * (level > 0) for level in range(256)]), canvas.unit * 0.0026))
    tubes.blend(cold, _rim(mask, canvas.unit * 0.004))


def _rim(mask: Mask, wide: float) -> Mask:
    """The inner edge of what a mask shows."""
    return ImageChops.subtract(mask, soften(mask, wide).point([255 * (level > 190) for level in range(256)]))
