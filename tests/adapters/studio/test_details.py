"""What is kept of how a picture was made, and the text that other programs read."""

from __future__ import annotations

import pytest

from adapters.generation.provider import GeneratedImage, GenerationRequest, GenerationResult, Operation
from adapters.studio.details import applicable, as_text, details_of

ASKED = GenerationRequest(
    Operation.TEXT_TO_IMAGE, "ein Mädchen, 猫", negative_prompt="blur", style="anime", width=64, height=32, steps=20
)
MADE = GeneratedImage(b"", 41, "image/png")
RESULT = GenerationResult((MADE,), "stability", "core", 1.25)
TEXT = (
    "ein Mädchen, 猫\nNegative prompt: blur\n"
    "Steps: 20, CFG scale: 7.0, Seed: 41, Style: anime, Strength: 0.35, Model: core, Provider: stability, Size: 64x32"
)


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        ("text_to_image", {"steps", "seed", "style"}),
        ("image_to_image", {"steps", "seed", "style", "strength"}),
        ("upscale", {"style"}),
        ("adopted", {"steps", "seed", "style", "strength"}),
    ],
)
def test_people_read_what_had_a_part_in_the_picture(operation: str, left: set[str]) -> None:
    """An upscale has a model, a provider and the style of its source, and nothing of how pictures are painted."""
    details = {"operation": operation, "model": "m", "steps": 30, "seed": 1, "style": "anime", "strength": 0.35}
    assert applicable(details).keys() == {"operation", "model"} | left


def test_what_a_service_has_no_use_for_is_not_kept() -> None:
    """A service without steps was told none."""
    assert "steps" not in details_of(ASKED, RESULT, MADE, {"steps"})


def test_the_text_has_the_form_that_the_stable_diffusion_programs_read() -> None:
    """Prompt, negative prompt, then names and values."""
    assert as_text(details_of(ASKED, RESULT, MADE)) == TEXT
