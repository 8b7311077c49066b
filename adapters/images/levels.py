"""Every mode of a decoded picture as RGB or RGBA of eight bits, with its levels scaled and not cut off.

Pillow's own conversion cuts what is above 255, so that a grey picture of 16 bits becomes white, and it compares the one
transparent colour of a PNG, which is told in the file's own depth, with levels of eight bits.
"""

from __future__ import annotations

from PIL import Image, ImageMath

LEVELS = 255
DEEP_LEVELS = 65_535
DEPTH_AT = 24
"""Where a PNG tells its depth (W3C PNG, third edition, 11.2.1)."""
_SCALED_BY_PILLOW = frozenset({"I", "I;16", "F"})


def in_eight_bits(image: Image.Image, data: bytes) -> Image.Image:
    """The picture that was decoded from `data`; the same object where it is RGB or RGBA already."""
    if image.mode == "F" or image.mode.startswith("I"):
        image = _scaled(image)
    elif image.format == "PNG" and "transparency" in image.info:
        image.info["transparency"] = _in_eight_bits(image.info["transparency"], image.mode, data[DEPTH_AT])
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)  # a copy of a large one is costly


def _scaled(image: Image.Image) -> Image.Image:
    """A grey picture of many levels with 256 of them, and with alpha where one of its levels is transparent."""
    factor = LEVELS / _brightest(image)
    if image.mode not in _SCALED_BY_PILLOW:
        image = image.convert("I")
    grey = image.point(lambda level: level * factor + 0.5).convert("L")
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        levels = image.convert("I")
        shown = ImageMath.lambda_eval(lambda of: (of["levels"] != transparent) * LEVELS, levels=levels)
        grey.putalpha(shown.convert("L"))
    return grey


def _brightest(image: Image.Image) -> float:
    """The level that is white: that of its depth, and where the depth does not tell, of the smallest that holds it."""
    if image.mode.startswith("I;16"):
        return DEEP_LEVELS
    _, most = image.getextrema()
    assert isinstance(most, int | float), "one channel"
    usual = (1.0, LEVELS, DEEP_LEVELS) if image.mode == "F" else (LEVELS, DEEP_LEVELS)
    return next((white for white in usual if most <= white), most)


def _in_eight_bits(transparent: object, mode: str, depth: int) -> object:
    """The transparent colour as its levels are once they are decoded."""
    if mode == "RGB" and depth == 16 and isinstance(transparent, tuple):
        return tuple(level >> 8 for level in transparent)
    if mode == "L" and depth < 8 and isinstance(transparent, int):
        return transparent * LEVELS // (2**depth - 1)
    return transparent
