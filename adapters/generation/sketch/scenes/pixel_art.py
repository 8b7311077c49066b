"""pixel-art: one screen of a side-scrolling game on coarse pixels: parallax hills, blocks, coins, the hero."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from adapters.generation.sketch.scenes.canvas import Canvas
from adapters.generation.sketch.scenes.palette import RGB, mix, shade
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.shapes import hills, level_at
from adapters.generation.sketch.scenes.subjects import parts

SHORT_SIDE = 112
TILE = 8
CLOUD = ("...####.....", ".########...", "###########.", "############", ".+++++++++++")
COIN = (".####.", "##++##", "#+##-#", "#+##-#", "##--##", ".####.")
HEART = (".##.##.", "#######", "#######", ".#####.", "..###..", "...#...")
BUSH = ("....####....", "..########..", ".##+#####-#.", "###+####--##")
ORDERED = (0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5)


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Everything is painted on a small grid, which then grows without smoothing."""
    factor = SHORT_SIDE / min(canvas.size)
    small = (max(8, round(canvas.size[0] * factor)), max(8, round(canvas.size[1] * factor)))
    if min(canvas.size) < SHORT_SIDE:
        small = canvas.size
    grid = Image.new("RGB", small)
    pen = ImageDraw.Draw(grid)
    _sky(grid, reading)
    _background(pen, small, reading, rng)
    ground = small[1] - TILE * 3
    _ground(pen, small, ground, reading, rng)
    _platforms(pen, small, ground, reading, rng)
    if reading.subject is not None:
        _hero(grid, reading.subject, ground, reading)
    for number in range(3):
        _sprite(pen, HEART, (4 + number * 9, 4), ((226, 54, 70), (255, 150, 150), (226, 54, 70)))
    canvas.replace(grid.resize(canvas.size, Image.Resampling.NEAREST))


def _sky(grid: Image.Image, reading: Reading) -> None:
    """Bands of five colours, their borders mixed by an ordered pattern as consoles did."""
    top, middle, low = reading.palette.sky
    bands = (top, mix(top, middle, 0.5), middle, mix(middle, low, 0.5), low)
    for y in range(grid.height):
        place = y / grid.height * 5.2
        for x in range(grid.width):
            raised = place + ORDERED[(y % 4) * 4 + x % 4] / 16 - 0.5
            grid.putpixel((x, y), bands[max(0, min(4, int(raised)))])


def _background(pen: ImageDraw.ImageDraw, size: tuple[int, int], reading: Reading, rng: random.Random) -> None:
    palette, (w, h) = reading.palette, size
    x, y, radius = w * rng.uniform(0.68, 0.85), h * 0.2, min(size) // 11
    pen.ellipse(
        (x - radius - 2, y - radius - 2, x + radius + 2, y + radius + 2), fill=mix(palette.light, palette.sky[1], 0.6)
    )
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=palette.light)
    if palette.dark:
        for _ in range(w * h // 260):
            pen.point((rng.randrange(w), rng.randrange(h // 2)), fill=(255, 255, 240))
    for _ in range(max(2, w // 34)):
        white = mix((255, 255, 255), palette.sky[1], 0.45 if palette.dark else 0.05)
        at = (rng.randrange(w), rng.randrange(h // 8, max(h // 8 + 1, h // 2)))
        _sprite(pen, CLOUD, at, (white, shade(white, -0.12), white))
    for layer, share in enumerate((0.62, 0.72)):
        line = hills(rng, w, h * share, h * 0.07)
        colour = mix(palette.land[layer], palette.sky[2], 0.35 - 0.3 * layer)
        for column in range(w):
            level = round(level_at(line, column))
            pen.line((column, level, column, h), fill=colour)
            pen.line((column, level, column, level + 1), fill=shade(colour, 0.25))
            if (column + layer * 5) % 11 < 2:
                pen.line((column, level + 5, column, level + 9), fill=shade(colour, -0.12))


def _ground(pen: ImageDraw.ImageDraw, size: tuple[int, int], ground: int, reading: Reading, rng: random.Random) -> None:
    earth = mix(reading.palette.land[2], (150, 92, 56), 0.75)
    grass = mix(reading.palette.land[1], (84, 190, 84), 0.45)
    for left in range(0, size[0], TILE):
        for top in range(ground, size[1], TILE):
            _tile(pen, left, top, earth)
        pen.rectangle((left, ground, left + TILE - 1, ground + 2), fill=grass)
        for blade in range(0, TILE, 2):
            pen.line((left + blade, ground + 3, left + blade, ground + 3 + rng.randrange(2)), fill=grass)
        pen.line((left, ground, left + TILE - 1, ground), fill=shade(grass, 0.35))
    for _ in range(max(1, size[0] // 30)):
        _sprite(pen, BUSH, (rng.randrange(size[0]), ground - 4), (grass, shade(grass, 0.3), shade(grass, -0.3)))


def _tile(pen: ImageDraw.ImageDraw, left: int, top: int, colour: RGB) -> None:
    pen.rectangle((left, top, left + TILE - 1, top + TILE - 1), fill=colour)
    pen.line((left, top + TILE - 1, left + TILE - 1, top + TILE - 1), fill=shade(colour, -0.35))
    pen.line((left + TILE - 1, top, left + TILE - 1, top + TILE - 1), fill=shade(colour, -0.35))
    pen.line((left, top, left + TILE - 2, top), fill=shade(colour, 0.22))
    pen.point([(left + 2, top + 3), (left + 5, top + 5)], fill=shade(colour, -0.2))


def _platforms(
    pen: ImageDraw.ImageDraw, size: tuple[int, int], ground: int, reading: Reading, rng: random.Random
) -> None:
    brick = mix(reading.palette.accent, (196, 104, 60), 0.35)
    gold = (250, 200, 60)
    for start, rise, length in ((0.08, 3, 3), (0.58, 4, 4), (0.78, 7, 2)):
        left = round(size[0] * start) // TILE * TILE
        top = ground - TILE * rise
        for number in range(length):
            _tile(pen, left + number * TILE, top, gold if number == rng.randrange(length) else brick)
            coin = (left + number * TILE + 1, top - 9)
            _sprite(pen, COIN, coin, (gold, (255, 240, 170), (190, 130, 20)))


def _hero(grid: Image.Image, name: str, ground: int, reading: Reading) -> None:
    size = grid.size
    tall = max(6, round(min(size) * 0.5))
    mask = Image.new("L", size, 0)
    colour = mix(reading.palette.accent, (255, 255, 255), 0.1)
    painted = Image.new("RGB", size)
    for part, tone in parts(name, (size[0] * 0.44, ground), tall):
        ImageDraw.Draw(mask).polygon(part, fill=255)
        ImageDraw.Draw(painted).polygon(part, fill=shade(colour, tone))
    levels = painted.tobytes()
    solid = [(x, y) for x in range(size[0]) for y in range(size[1]) if mask.getpixel((x, y))]
    inside = set(solid)
    for x, y in solid:
        edge = any(near not in inside for near in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)))
        light = (x - 1, y - 2) not in inside or (x - 2, y - 1) not in inside
        dark = (x + 3, y) not in inside or (x, y + 3) not in inside
        at = (y * size[0] + x) * 3
        flat = (levels[at], levels[at + 1], levels[at + 2])
        lit = shade(flat, 0.25) if light else shade(flat, -0.2) if dark else flat
        grid.putpixel((x, y), reading.palette.ink if edge else lit)


def _sprite(
    pen: ImageDraw.ImageDraw, rows: tuple[str, ...], at: tuple[int, int], colours: tuple[RGB, RGB, RGB]
) -> None:
    """Draw a small picture given as rows of `#`, `+` and `-`, each a colour."""
    for y, row in enumerate(rows):
        for x, mark in enumerate(row):
            if mark != ".":
                pen.point((at[0] + x, at[1] + y), fill=colours["#+-".index(mark)])
