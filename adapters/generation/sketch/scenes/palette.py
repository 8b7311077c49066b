"""Colours: the palettes that moods name, and the little arithmetic that scenes do with them."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, replace

RGB = tuple[int, int, int]
RGBA = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one picture. `sky` runs from the top to the horizon, `land` from far to near."""

    sky: tuple[RGB, RGB, RGB]
    land: tuple[RGB, RGB, RGB]
    light: RGB
    accent: RGB
    second: RGB
    ink: RGB
    dark: bool = False


def rgb(code: str) -> RGB:
    """The colour of six hexadecimal digits."""
    return int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)


def _palette(sky: str, land: str, rest: str, *, dark: bool = False) -> Palette:
    top, middle, low = (rgb(code) for code in sky.split())
    far, mid, near = (rgb(code) for code in land.split())
    light, accent, second, ink = (rgb(code) for code in rest.split())
    return Palette(
        sky=(top, middle, low), land=(far, mid, near), light=light, accent=accent, second=second, ink=ink, dark=dark
    )


MOODS = {
    "day": _palette("3f86d8 7fb8ee d9eefb", "8fb4c9 5d9a78 2f6a4a", "fff3c4 f2694b f7b538 1d2b3a"),
    "sunset": _palette("3b2a6b c2557a ffb56b", "8d5a86 5c3a6a 2b1d3f", "ffe3a3 ff6f59 ffc145 1f1530"),
    "dawn": _palette("6b8fc9 e8b7c8 ffe6c9", "a9a5c9 7b86a8 3f5068", "fff1d6 f28aa0 8ec9c4 29304a"),
    "night": _palette("0b1030 1d2a5c 47549a", "2f3b73 1b2450 0d1330", "f4f0d0 ffb84d 6fd3e8 070a1c", dark=True),
    "forest": _palette("8cc2b4 bfe0c5 eef6d8", "7fae93 3f7d5a 1c4a38", "fdf6c8 e07a3f d9c54f 12281f"),
    "sea": _palette("2a7fb8 77c3de e2f5f2", "7fb7c9 2f8aa3 0f4c68", "fff6d8 ff7f5c ffd166 0c2c40"),
    "desert": _palette("4aa0c4 f2d3a0 ffe9c4", "d99a6c b9653f 6e3426", "fff2cf e4572e f3a712 3a1a14"),
    "winter": _palette("7fa4cf bcd4ea f4f9ff", "b4c8de 8aa7c6 4d6f94", "ffffff d9534f 6ec1d6 22344a"),
    "autumn": _palette("7a9cb8 f0cfa0 fbe6c4", "c98a55 a4502f 57281f", "fff0c9 d7432f f0a830 2e1712"),
    "spring": _palette("7cb8ec c3def7 fdeef4", "b4d6a8 7fbf7b 3f8a58", "fffbe0 f27ba5 f9d24c 27402f"),
    "storm": _palette("2c3844 5a6b78 a9b5b8", "56656e 38464f 1c262d", "e8eef0 e9c46a 6fa8b8 11181d", dark=True),
    "fire": _palette("2a0d18 8f2323 ff8c3a", "6b1f24 431318 1f090d", "ffe0a0 ff5a1f ffc23d 150508", dark=True),
    "space": _palette("07061a 1f1147 5b2b82", "3d2468 25164a 110a28", "f6eaff ff7ad9 63e6ff 05040f", dark=True),
}

HUES = {
    "red": 0.0,
    "crimson": 0.97,
    "orange": 0.07,
    "gold": 0.12,
    "golden": 0.12,
    "yellow": 0.14,
    "green": 0.36,
    "emerald": 0.41,
    "teal": 0.48,
    "turquoise": 0.48,
    "cyan": 0.52,
    "blue": 0.6,
    "indigo": 0.69,
    "purple": 0.77,
    "violet": 0.75,
    "magenta": 0.86,
    "pink": 0.92,
}


def with_accent_hue(palette: Palette, hue: float) -> Palette:
    """The palette with its accents turned to `hue` (0 to 1), as bright as a picture needs them."""
    return replace(palette, accent=from_hsv(hue, 0.72, 0.93), second=from_hsv((hue + 0.09) % 1.0, 0.55, 0.97))


def from_hsv(hue: float, saturation: float, value: float) -> RGB:
    """The colour of hue, saturation and value, each 0 to 1."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """`one` with `share` (0 to 1) of `other`."""
    part = max(0.0, min(1.0, share))
    return (
        round(one[0] + (other[0] - one[0]) * part),
        round(one[1] + (other[1] - one[1]) * part),
        round(one[2] + (other[2] - one[2]) * part),
    )


def shade(colour: RGB, amount: float) -> RGB:
    """Lighter for a positive amount, darker for a negative one; 1 and -1 are white and black."""
    return mix(colour, (255, 255, 255) if amount > 0 else (0, 0, 0), abs(amount))


def alpha(colour: RGB, opacity: float) -> RGBA:
    """The colour with an opacity, 0 to 1."""
    return (*colour, round(255 * max(0.0, min(1.0, opacity))))


def spectrum(stops: tuple[RGB, ...], share: float) -> RGB:
    """The colour at `share` (0 to 1) of the way through evenly spaced stops."""
    place = max(0.0, min(1.0, share)) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    return mix(stops[index], stops[index + 1], place - index)
