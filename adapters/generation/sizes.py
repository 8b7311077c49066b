"""Sizes that a service has, beside the one that is asked for: how far off a shape is, and what the user is told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

Size = tuple[int, int]
"""Width and height; pixels, unless only their shape is meant."""

NAMED: Mapping[str, Size] = MappingProxyType(
    {
        "square": (1024, 1024),
        "portrait": (832, 1216),
        "landscape": (1216, 832),
        "tall": (768, 1344),
        "wide": (1344, 768),
    }
)
"""Sizes that every provider can make, or comes near to."""


def shape_distance(one: Size, other: Size) -> float:
    """How far one shape is off the other, 0 for the same one. Twice as wide is as far off as half as wide."""
    return abs(math.log(one[0] * other[1] / (one[1] * other[0])))


def made_at(size: Size) -> str:
    """What the user is told where the service does not have the size that was asked for."""
    return f"Made at {size[0]} by {size[1]} pixels, the nearest size that the service has."
