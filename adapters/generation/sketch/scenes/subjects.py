"""Puts what a prompt names into a scene: filled with its tones, as a mask, or as tones over another filling.

A subject stands at its `foot` and is `size` high. What can be drawn is in `drawings`; how a style treats it, in its
scene.
"""

from __future__ import annotations

from PIL import ImageDraw

from adapters.generation.sketch.scenes.canvas import Canvas, Mask
from adapters.generation.sketch.scenes.drawings import DRAWINGS
from adapters.generation.sketch.scenes.palette import RGB, shade
from adapters.generation.sketch.scenes.shapes import Point, placed

FULL = 255


def parts(name: str, foot: Point, size: float) -> list[tuple[list[Point], float]]:
    """The outlines of a subject from the back to the front, each with its tone."""
    middle = (foot[0], foot[1] - size / 2)
    return [(placed(part.outline, middle, size), part.tone) for part in DRAWINGS[name]]


def draw_subject(canvas: Canvas, name: str, foot: Point, size: float, fill: RGB, *, contrast: float = 1.0) -> None:
    """The subject in one colour and its tones; less `contrast` makes more of a silhouette of it."""
    for outline, tone in parts(name, foot, size):
        canvas.polygon(outline, shade(fill, tone * contrast))


def draw_outlined(canvas: Canvas, name: str, foot: Point, size: float, colours: tuple[RGB, RGB], width: float) -> None:
    """The subject in the first colour, with a line of the second around all of it."""
    fill, ink = colours
    for outline, _ in parts(name, foot, size):
        canvas.line([*outline, *outline[:2]], ink, width * 2)
    draw_subject(canvas, name, foot, size, fill)


def subject_mask(canvas: Canvas, name: str, foot: Point, size: float) -> Mask:
    """A mask of the canvas's size that is bright where the subject is."""
    mask = canvas.mask()
    pen = ImageDraw.Draw(mask)
    for outline, _ in parts(name, foot, size):
        pen.polygon(outline, fill=FULL)
    return mask


def tone_masks(canvas: Canvas, name: str, foot: Point, size: float) -> tuple[Mask, Mask]:
    """Where the subject is lighter and where it is darker than its colour, as strong as the tones say."""
    lighter, darker = canvas.mask(), canvas.mask()
    pens = ImageDraw.Draw(lighter), ImageDraw.Draw(darker)
    for outline, tone in parts(name, foot, size):
        pens[0].polygon(outline, fill=round(FULL * max(0.0, tone)))
        pens[1].polygon(outline, fill=round(FULL * max(0.0, -tone)))
    return lighter, darker


def tint_subject(canvas: Canvas, name: str, foot: Point, size: float) -> None:
    """Lay the tones over a subject that is filled already: with clay, paper, glass or facets."""
    lighter, darker = tone_masks(canvas, name, foot, size)
    canvas.blend((255, 255, 255), lighter)
    canvas.blend((0, 0, 0), darker)
