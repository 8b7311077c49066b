"""tile-texture: a glazed wall of two square tiles in turn, each symmetric four ways, that repeats without a seam."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageOps

from adapters.generation.sketch.scenes.canvas import Canvas, noise_mask
from adapters.generation.sketch.scenes.palette import RGB, alpha, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import oval, regular, star
from adapters.generation.sketch.scenes.subjects import draw_subject

TILES_ACROSS = 4


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Two tiles are painted once and laid in turn, each a little lighter or darker than the next."""
    palette = reading.palette
    side = max(4, math.ceil(canvas.unit / TILES_ACROSS))
    glaze = mix(palette.light, (255, 255, 255), 0.55)
    deep = mix(palette.sky[0], palette.ink, 0.35)
    colours = (deep, palette.accent, palette.second, mix(palette.sky[0], palette.sky[1], 0.5))
    tiles = (_flower_tile(side, glaze, colours, rng), _star_tile(side, glaze, colours, reading))
    grout = mix(glaze, (120, 112, 104), 0.6)
    canvas.gradient((grout, grout))
    gap = max(1, round(side * 0.014))
    for row in range(math.ceil(canvas.height / side)):
        for column in range(math.ceil(canvas.width / side)):
            tile = tiles[(row + column) % 2]
            tint = Image.new("RGB", tile.size, (255, 255, 255) if rng.random() < 0.5 else deep)
            laid = Image.blend(tile, tint, rng.uniform(0.0, 0.07)).resize((side - gap, side - gap))
            canvas.image.paste(laid, (column * side, row * side))
            _bevel(canvas, column * side, row * side, side - gap)
    crackle = noise_mask(rng, (64, 64)).resize(canvas.image.size, Image.Resampling.BICUBIC)
    canvas.blend((255, 255, 255), crackle.point([round(max(0, level - 150) * 0.22) for level in range(256)]))


def _bevel(canvas: Canvas, left: float, top: float, side: float) -> None:
    rim = side * 0.02
    right, bottom = left + side, top + side
    canvas.polygon([(left, top), (right, top), (right - rim, top + rim), (left + rim, top + rim)], (255, 255, 255, 120))
    canvas.polygon(
        [(left, top), (left + rim, top + rim), (left + rim, bottom - rim), (left, bottom)], (255, 255, 255, 90)
    )
    canvas.polygon(
        [(right, top), (right, bottom), (right - rim, bottom - rim), (right - rim, top + rim)], (0, 0, 0, 60)
    )
    canvas.polygon(
        [(left, bottom), (left + rim, bottom - rim), (right - rim, bottom - rim), (right, bottom)], (0, 0, 0, 80)
    )


def _fourfold(quarter: Image.Image) -> Image.Image:
    """A tile from its upper left quarter, mirrored both ways."""
    w, h = quarter.size
    tile = Image.new("RGB", (w * 2, h * 2))
    upper = Image.new("RGB", (w * 2, h))
    upper.paste(quarter, (0, 0))
    upper.paste(ImageOps.mirror(quarter), (w, 0))
    tile.paste(upper, (0, 0))
    tile.paste(ImageOps.flip(upper), (0, h))
    return tile


def _flower_tile(side: int, glaze: RGB, colours: tuple[RGB, ...], rng: random.Random) -> Image.Image:
    quarter = Canvas((side // 2 + 1, side // 2 + 1), glaze, inset=True)
    s = quarter.width
    deep, accent, second, soft = colours
    quarter.disc(0, 0, s * 0.62, soft)
    quarter.disc(0, 0, s * 0.54, glaze)
    quarter.disc(0, 0, s * 0.42, deep)
    quarter.disc(0, 0, s * 0.36, second)
    petals = rng.choice((3, 4, 5))
    for n in range(petals):
        angle = math.pi / 2 * (n + 0.5) / petals
        x, y = s - s * 0.44 * math.cos(angle), s - s * 0.44 * math.sin(angle)
        quarter.polygon(oval(x, y, s * 0.34, s * 0.13, angle), deep)
        quarter.polygon(oval(x, y, s * 0.27, s * 0.085, angle), accent)
        quarter.polygon(oval(x, y, s * 0.14, s * 0.03, angle), glaze)
    for radius, colour in ((0.24, deep), (0.19, second), (0.09, deep)):
        quarter.disc(s, s, s * radius, colour)
    for x, y in ((s, s * 0.08), (s * 0.08, s)):
        quarter.polygon(regular(x, y, s * 0.15, 4), deep)
        quarter.polygon(regular(x, y, s * 0.085, 4), second)
    return _fourfold(quarter.image)


def _star_tile(side: int, glaze: RGB, colours: tuple[RGB, ...], reading: Reading) -> Image.Image:
    deep, accent, second, soft = colours
    tile = Canvas((side, side), glaze, inset=True)
    s, middle = float(side), side / 2
    for corner in ((0.0, 0.0), (s, 0.0), (0.0, s), (s, s)):
        for radius, colour in ((0.31, soft), (0.27, glaze), (0.21, deep), (0.18, second)):
            tile.disc(*corner, s * radius, colour)
    for turn in (0.0, math.pi / 4):
        tile.polygon(regular(middle, middle, s * 0.46, 4, turn), deep)
    for turn in (0.0, math.pi / 4):
        tile.polygon(regular(middle, middle, s * 0.425, 4, turn), soft)
    tile.polygon(star(middle, middle, s * 0.37, s * 0.27, 16), glaze)
    tile.ring(middle, middle, s * 0.25, alpha(deep, 0.9), s * 0.012)
    if reading.subject is None:
        tile.polygon(star(middle, middle, s * 0.22, s * 0.1, 8), accent)
        tile.polygon(star(middle, middle, s * 0.12, s * 0.055, 8, math.pi / 8), shade(second, 0.2))
    else:
        tile.disc(middle, middle, s * 0.33, deep)
        tile.disc(middle, middle, s * 0.315, glaze)
        draw_subject(tile, reading.subject, (middle, middle + s * 0.24), s * 0.48, accent)
    return tile.image
