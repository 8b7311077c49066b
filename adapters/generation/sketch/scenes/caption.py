"""The small words in a corner that say what the picture is; they are on every sketch."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

CAPTION = "offline sketch"


def draw_caption(picture: Image.Image) -> None:
    """Write the caption into the lower right corner, on a soft dark plate so that it reads on any ground."""
    size = max(8, min(26, round(min(picture.size) * 0.019)))
    font = ImageFont.load_default(size)
    pen = ImageDraw.Draw(picture, "RGBA")
    left, top, right, bottom = pen.textbbox((0, 0), CAPTION, font=font)
    pad = size * 0.45
    x = picture.width - (right - left) - 2 * pad
    y = picture.height - (bottom - top) - 2 * pad
    pen.rounded_rectangle((x - pad, y - pad, picture.width - pad, picture.height - pad), size * 0.5, (12, 14, 22, 120))
    pen.text((x - left, y - top), CAPTION, (255, 255, 255, 225), font=font)
