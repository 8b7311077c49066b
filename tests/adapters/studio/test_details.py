"""What is kept of how a picture was made, and the text that other programs read."""

from __future__ import annotations

from adapters.generation.provider import GeneratedImage, GenerationRequest, GenerationResult, Operation
from adapters.studio.details import as_text, details_of

ASKED = GenerationRequest(
    Operation.TEXT_TO_IMAGE, "ein Mädchen, 猫", negative_prompt="blur", style="anime", width=64, height=32, steps=20
)
MADE = GeneratedImage(b"", 41, "image/png")
RESULT = GenerationResult((MADE,), "stability", "core", 1.25)
TEXT = (
    "ein Mädchen, 猫\nNegative prompt: blur\n"
    "Steps: 20, CFG scale: 7.0, Seed: 41, Style: anime, Model: core, Provider: stability, Size: 64x32"
)


def test_the_text_has_the_form_that_the_stable_diffusion_programs_read() -> None:
    """Prompt, negative prompt, then names and values."""
    assert as_text(details_of(ASKED, RESULT, MADE)) == TEXT
