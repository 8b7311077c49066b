"""Requests and pictures for these tests, made by the real provider."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from PIL import Image

from adapters.generation import GeneratedImage, GenerationFailure, GenerationRequest, GenerationResult, Operation
from adapters.generation.sketch.provider import SketchProvider

TEXT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a quiet place", width=96, height=96)


def png(size: tuple[int, int] = (80, 60), colour: str = "teal", mode: str = "RGB") -> bytes:
    """A small picture of one colour, with a lighter square so that it has edges."""
    image = Image.new(mode, size, colour)
    image.paste("white", (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def opened(image: GeneratedImage) -> Image.Image:
    """The decoded picture."""
    return Image.open(io.BytesIO(image.data))


async def answered(request: GenerationRequest = TEXT, **changes: Any) -> GenerationResult | GenerationFailure:
    """What the sketch provider answers to a request with some fields changed."""
    provider = SketchProvider()
    try:
        return await provider.generate(replace(request, **changes))
    finally:
        await provider.close()


async def sketched(request: GenerationRequest = TEXT, **changes: Any) -> GenerationResult:
    """The same, for a request that must succeed."""
    outcome = await answered(request, **changes)
    assert isinstance(outcome, GenerationResult), outcome
    return outcome
