"""The canvas that scenes paint on: shapes, gradients, glows and masks, larger than the picture for smooth edges.

Coordinates are working pixels; `width`, `height` and `unit` (the shorter side) are what scenes measure by.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from adapters.generation.sketch.scenes.palette import RGB, RGBA, spectrum

Point = tuple[float, float]
Mask = Image.Image

WORKING_PIXELS = 4_200_000
SCALE_MAX = 3.0
GRADIENT_STEPS = 256


class Canvas:
    """A working surface for a picture of `size`; `picture()` gives the picture at that size."""

    def __init__(self, size: tuple[int, int], ground: RGB = (255, 255, 255), *, inset: bool = False) -> None:
        """`inset` makes a part of another canvas: it is already as large as it needs to be."""
        self.size = size
        room = 1.0 if inset else math.sqrt(WORKING_PIXELS / (size[0] * size[1]))
        scale = max(1.0, min(SCALE_MAX, room))
        self.scale = scale if scale < 2 else float(int(scale))
        working = (max(1, round(size[0] * self.scale)), max(1, round(size[1] * self.scale)))
        self.replace(Image.new("RGB", working, ground))

    def replace(self, image: Image.Image) -> None:
        """Go on with another surface, of any size of its own."""
        self.image = image
        self.pen = ImageDraw.Draw(image, "RGBA")

    @property
    def width(self) -> int:
        """Working pixels across."""
        return self.image.width

    @property
    def height(self) -> int:
        """Working pixels down."""
        return self.image.height

    @property
    def unit(self) -> int:
        """The shorter side: sizes are shares of it."""
        return min(self.image.size)

    def picture(self) -> Image.Image:
        """The finished picture at the size asked."""
        if self.image.size == self.size:
            return self.image
        return self.image.resize(self.size, Image.Resampling.BOX if self.scale >= 2 else Image.Resampling.LANCZOS)

    # shapes

    def polygon(self, points: Sequence[Point], fill: RGB | RGBA) -> None:
        """A filled polygon."""
        self.pen.polygon(list(points), fill=fill)

    def line(self, points: Sequence[Point], fill: RGB | RGBA, width: float) -> None:
        """A line through points, with round joints."""
        self.pen.line(list(points), fill=fill, width=max(1, round(width)), joint="curve")

    def disc(self, x: float, y: float, radius: float, fill: RGB | RGBA) -> None:
        """A filled circle."""
        self.ellipse(x, y, radius, radius, fill)

    def ellipse(self, x: float, y: float, across: float, down: float, fill: RGB | RGBA) -> None:
        """A filled ellipse of the two radii."""
        across, down = max(0.5, across), max(0.5, down)
        self.pen.ellipse((x - across, y - down, x + across, y + down), fill=fill)

    def ring(self, x: float, y: float, radius: float, fill: RGB | RGBA, width: float) -> None:
        """A circle's outline."""
        radius = max(1.0, radius)
        self.pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=fill, width=max(1, round(width)))

    def box(self, left: float, top: float, right: float, bottom: float, fill: RGB | RGBA) -> None:
        """A filled rectangle; one turned inside out is nothing."""
        if right > left and bottom > top:
            self.pen.rectangle((left, top, right, bottom), fill=fill)

    # light

    def gradient(self, stops: tuple[RGB, ...], top: float = 0.0, bottom: float | None = None) -> None:
        """Fill from `top` to `bottom` with colours that run downwards."""
        low = self.height if bottom is None else bottom
        first, last = max(0, round(top)), min(self.height, round(low))
        if last > first:
            self.image.paste(vertical(stops, (self.width, last - first)), (0, first))

    def gradient_veil(self, colour: RGB, top: float, bottom: float, opacity: float = 0.8) -> None:
        """Haze of one colour that thickens from `top` to `bottom`."""
        first, last = max(0, round(top)), min(self.height, round(bottom))
        if last > first:
            veil = Image.linear_gradient("L").resize((self.width, last - first))
            self.blend(colour, veil.point([round(level * opacity) for level in range(256)]), (0, first))

    def glow(self, x: float, y: float, radius: float, colour: RGB, opacity: float) -> None:
        """Light that fades from its middle outwards."""
        radius = max(1.0, radius)
        side = max(2, round(radius * 2))
        mask = _fading(opacity).resize((side, side), Image.Resampling.BILINEAR)
        self.image.paste(colour, (round(x - radius), round(y - radius)), mask)

    def blend(self, other: Image.Image | RGB, mask: Mask, corner: tuple[int, int] = (0, 0)) -> None:
        """Lay a colour or an image over the surface where the mask is bright."""
        if isinstance(other, Image.Image):
            self.image.paste(other, corner, mask)
        else:
            self.image.paste(other, (*corner, corner[0] + mask.width, corner[1] + mask.height), mask)

    def mask(self) -> Mask:
        """A dark mask of the surface's size."""
        return Image.new("L", self.image.size, 0)

    def shadow(self, mask: Mask, colour: RGB, opacity: float, blur: float, offset: Point = (0.0, 0.0)) -> None:
        """The soft shadow of what the mask shows."""
        box = mask.getbbox()
        if box is None:
            return
        margin = round(blur * 3) + 1
        soft = soften(ImageOps.expand(mask.crop(box), margin), blur)
        corner = (box[0] - margin + round(offset[0]), box[1] - margin + round(offset[1]))
        self.blend(colour, soft.point([round(level * opacity) for level in range(256)]), corner)

    def vignette(self, strength: float, colour: RGB = (0, 0, 0)) -> None:
        """Darken towards the corners."""
        fall = [round(255 * strength * max(0.0, (level / 255 - 0.42) / 0.58) ** 1.6) for level in range(256)]
        mask = Image.radial_gradient("L").point(fall)
        self.blend(colour, mask.resize(self.image.size, Image.Resampling.BICUBIC))

    def soft_focus(self, strength: float, blur: float) -> None:
        """Let bright parts bleed into their neighbourhood."""
        glowing = soften(self.image, blur * self.unit)
        self.replace(Image.blend(self.image, ImageChops.screen(self.image, glowing), strength))

    def grain(self, rng: random.Random, strength: float, size: float = 1.0) -> None:
        """Film grain of `size` picture pixels."""
        step = max(1.0, size * self.scale)
        across, down = max(1, round(self.width / step)), max(1, round(self.height / step))
        noise = noise_mask(rng, (across, down)).resize(self.image.size, Image.Resampling.BILINEAR)
        grey = noise.point([round(128 + (level - 128) * strength) for level in range(256)])
        self.replace(ImageChops.overlay(self.image, Image.merge("RGB", (grey, grey, grey))))


def vertical(stops: tuple[RGB, ...], size: tuple[int, int]) -> Image.Image:
    """An image whose colours run downwards through the stops."""
    column = Image.new("RGB", (1, GRADIENT_STEPS))
    for row in range(GRADIENT_STEPS):
        column.putpixel((0, row), spectrum(stops, row / (GRADIENT_STEPS - 1)))
    return column.resize(size, Image.Resampling.BILINEAR)


def soften(image: Image.Image, blur: float) -> Image.Image:
    """A Gaussian blur; a wide one is done on a smaller copy, which looks the same and costs far less."""
    factor = max(1, int(blur / 3))
    if factor == 1:
        return image.filter(ImageFilter.GaussianBlur(blur))
    small = image.resize((max(1, image.width // factor), max(1, image.height // factor)), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(blur / factor))
    return blurred.resize(image.size, Image.Resampling.BICUBIC)


def noise_mask(rng: random.Random, size: tuple[int, int]) -> Mask:
    """Independent random levels, the same for the same generator."""
    return Image.frombytes("L", size, rng.randbytes(size[0] * size[1]))


def clouds(rng: random.Random, size: tuple[int, int], cells: int = 4, octaves: int = 4) -> Mask:
    """Smooth noise: octaves of random grids, each finer and fainter."""
    total = Image.new("L", size, 128)
    weight = 0.62
    for octave in range(octaves):
        across = cells * 2**octave + 1
        down = max(2, round(across * size[1] / size[0]))
        layer = noise_mask(rng, (min(across, size[0]), min(down, size[1]))).resize(size, Image.Resampling.BICUBIC)
        total = Image.blend(total, layer, weight)
        weight *= 0.52
    return total


def _fading(opacity: float) -> Mask:
    rim = 255 / math.sqrt(2)  # the library's gradient reaches 255 in the corners, so its circle ends here
    fall = [round(255 * opacity * max(0.0, 1 - level / rim) ** 2) for level in range(256)]
    return Image.radial_gradient("L").point(fall)
