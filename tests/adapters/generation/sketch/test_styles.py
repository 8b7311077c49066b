"""The 17 styles are 17 compositions: without colour any two differ, and a recoloured one does not pass for new."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations

import pytest
from PIL import Image, ImageOps

from adapters.generation import STYLES
from adapters.generation.sketch.scenes import SCENES, paint
from tests.adapters.generation.structure import OTHER_COMPOSITION, distance, structure

PROMPTS = ("a quiet place", "a cat at night")
SIDE = 256
Recolouring = Callable[[Image.Image], Image.Image]


def _swapped(picture: Image.Image) -> Image.Image:
    red, green, blue = picture.split()
    return Image.merge("RGB", (blue, red, green))


def _turned(picture: Image.Image) -> Image.Image:
    hue, saturation, value = picture.convert("HSV").split()
    return Image.merge("HSV", (hue.point([(level + 90) % 256 for level in range(256)]), saturation, value)).convert(
        "RGB"
    )


RECOLOURINGS: dict[str, Recolouring] = {
    "channels swapped": _swapped,
    "hue turned": _turned,
    "inverted": ImageOps.invert,
    "two-toned": lambda picture: ImageOps.colorize(picture.convert("L"), "navy", "wheat"),
    "tinted": lambda picture: Image.blend(picture, Image.new("RGB", picture.size, "crimson"), 0.4),
}


@pytest.fixture(scope="module")
def pictures() -> dict[tuple[str, str], Image.Image]:
    """Each style for each prompt, from one seed."""
    return {
        (style, prompt): paint(style, prompt, random.Random(11), (SIDE, SIDE)) for style in STYLES for prompt in PROMPTS
    }


def test_every_style_has_a_scene_of_its_own() -> None:
    """None is missing, and none borrows another's."""
    assert tuple(SCENES) == STYLES
    assert len(set(SCENES.values())) == len(STYLES) == 17


@pytest.mark.parametrize("prompt", PROMPTS)
def test_any_two_styles_differ_in_composition(pictures: dict[tuple[str, str], Image.Image], prompt: str) -> None:
    """136 pairs for a prompt, with the colour removed."""
    found = {style: structure(pictures[style, prompt]) for style in STYLES}
    alike = [
        (one, other) for one, other in combinations(STYLES, 2) if distance(found[one], found[other]) < OTHER_COMPOSITION
    ]
    assert alike == []


@pytest.mark.parametrize("recolouring", RECOLOURINGS)
def test_a_recoloured_picture_does_not_pass_for_another_composition(
    pictures: dict[tuple[str, str], Image.Image], recolouring: str
) -> None:
    """The measure can fail: the same composition in other colours stays under the bound, for every style."""
    for (style, prompt), picture in pictures.items():
        recoloured = RECOLOURINGS[recolouring](picture)
        assert recoloured.tobytes() != picture.tobytes()
        assert distance(structure(picture), structure(recoloured)) < OTHER_COMPOSITION, (style, prompt)
