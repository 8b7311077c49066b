"""cinematic: a letterboxed wide shot; the subject before a huge low sun, light drawn out sideways by the lens."""

from __future__ import annotations

import random

from PIL import Image, ImageChops

from adapters.generation.sketch.scenes.canvas import Canvas, Point, clouds, soften
from adapters.generation.sketch.scenes.palette import RGB, alpha, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import closed_below, ridge
from adapters.generation.sketch.scenes.subjects import draw_subject

ASPECT = 2.39
BAR_LEAST = 0.09


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """The frame between the bars: sky with haze, sun, ranges, a wet plain that mirrors it all."""
    palette, w, u = reading.palette, canvas.width, canvas.unit
    bar = max(canvas.height * BAR_LEAST, (canvas.height - max(w / ASPECT, canvas.height * 0.56)) / 2)
    top, bottom = bar, canvas.height - bar
    horizon = top + (bottom - top) * 0.66
    warm, teal = mix(palette.sky[2], (255, 160, 84), 0.62), mix(palette.sky[0], (10, 58, 78), 0.7)
    canvas.gradient((shade(teal, -0.35), teal, mix(teal, warm, 0.55), warm), top, horizon)
    sun = (w * rng.uniform(0.56, 0.68), horizon - (bottom - top) * 0.17)
    size = (bottom - top) * 0.26
    canvas.glow(*sun, size * 4.2, mix(warm, (255, 220, 160), 0.4), 0.85)
    haze = clouds(rng, (w // 4, max(8, canvas.height // 18)), 3, 4).resize((w, round(horizon - top)))
    canvas.blend(mix(warm, teal, 0.35), haze.point([round(max(0, v - 120) * 0.9) for v in range(256)]), (0, round(top)))
    canvas.disc(*sun, size, mix(warm, (255, 246, 214), 0.72))
    for layer in range(3):
        line = ridge(
            rng, w, horizon - (bottom - top) * (0.1 - 0.04 * layer), (bottom - top) * (0.13 - 0.035 * layer), 0.5
        )
        canvas.polygon(closed_below(line, horizon), mix(mix(warm, teal, 0.5), shade(teal, -0.72), 0.3 + 0.3 * layer))
    _plain(canvas, (top, horizon, bottom), teal, rng)
    if reading.subject is not None:
        foot = (w * rng.uniform(0.3, 0.4), bottom - (bottom - top) * 0.08)
        _standing(canvas, reading.subject, foot, (bottom - top) * 0.66, shade(teal, -0.78))
    _streak(canvas, sun, warm)
    canvas.vignette(0.5)
    canvas.box(0, 0, w, top, (0, 0, 0))
    canvas.box(0, bottom, w, canvas.height, (0, 0, 0))
    canvas.line([(0, top), (w, top)], (20, 20, 22), u * 0.002)


def _plain(canvas: Canvas, levels: tuple[float, float, float], teal: RGB, rng: random.Random) -> None:
    top, horizon, bottom = levels
    deep = bottom - horizon
    mirrored = canvas.image.crop((0, round(horizon - deep * 1.6), canvas.width, round(horizon)))
    low = mirrored.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((canvas.width, round(bottom - horizon)))
    wide = low.resize((low.width, max(2, low.height // 10))).resize(low.size, Image.Resampling.BICUBIC)
    canvas.image.paste(Image.blend(wide, Image.new("RGB", low.size, shade(teal, -0.6)), 0.45), (0, round(horizon)))
    for _ in range(150):
        near = rng.random() ** 1.7
        y = horizon + deep * near
        x, reach = rng.uniform(0, canvas.width), canvas.width * rng.uniform(0.01, 0.07) * (0.4 + near)
        canvas.line([(x - reach, y), (x + reach, y)], alpha(shade(teal, -0.7), 0.4), 1 + (bottom - top) * 0.005 * near)


def _standing(canvas: Canvas, name: str, foot: Point, size: float, dark: RGB) -> None:
    for step in range(14):
        share = step / 14
        y = foot[1] + size * 0.25 * share
        canvas.ellipse(
            foot[0] - size * 0.12 * share,
            y,
            size * 0.2 * (1 - share * 0.5),
            size * 0.02,
            alpha(dark, 0.55 * (1 - share)),
        )
    draw_subject(canvas, name, foot, size, dark, contrast=0.6)


def _streak(canvas: Canvas, sun: Point, warm: RGB) -> None:
    """The lens's sideways flare, added as light."""
    layer = Image.new("RGB", (max(2, canvas.width // 4), max(2, canvas.height // 4)))
    light = Canvas(layer.size, (0, 0, 0), inset=True)
    x, y = sun[0] / 4, sun[1] / 4
    light.ellipse(x, y, light.width * 0.5, max(1.0, light.height * 0.004), mix(warm, (150, 200, 255), 0.5))
    light.ellipse(x, y, light.width * 0.22, max(1.0, light.height * 0.008), (255, 236, 200))
    blurred = soften(light.image, max(1.0, light.height * 0.006)).resize(canvas.image.size, Image.Resampling.BICUBIC)
    canvas.replace(ImageChops.screen(canvas.image, blurred))
