"""What a picture is made of once its colours are gone: how strong its edges are, and which way they run, in each part.

The measure sees light alone, spread evenly over all levels, and it does not tell a rising edge from a falling one. So a
recoloured or inverted picture stays near itself, and a picture of another composition does not.
"""

from __future__ import annotations

import math
from statistics import correlation

from PIL import Image, ImageOps

SIDE = 64
CELLS = 8
DIRECTIONS = 4
OTHER_COMPOSITION = 0.33


def structure(picture: Image.Image) -> list[float]:
    """The strength of the edges of each direction in each cell of a picture."""
    light = ImageOps.equalize(picture.convert("L")).resize((SIDE, SIDE), Image.Resampling.BOX).tobytes()
    found = [0.0] * (CELLS * CELLS * DIRECTIONS)
    for y in range(1, SIDE - 1):
        for x in range(1, SIDE - 1):
            at = y * SIDE + x
            across, down = light[at + 1] - light[at - 1], light[at + SIDE] - light[at - SIDE]
            direction = int(math.atan2(down, across) % math.pi / math.pi * DIRECTIONS) % DIRECTIONS
            cell = y * CELLS // SIDE * CELLS + x * CELLS // SIDE
            found[cell * DIRECTIONS + direction] += math.hypot(across, down)
    return [math.sqrt(strength) for strength in found]


def distance(one: list[float], other: list[float]) -> float:
    """0 for the same composition, about 1 for two that have nothing in common."""
    return 1 - correlation(one, other)
