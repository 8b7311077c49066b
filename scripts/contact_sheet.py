"""Paints docs/pictures/styles.png: one prompt in each of the styles that can be sketched offline, each with its name;
and the small examples, one below the other in the order of STYLES, that the page offers the styles by.

Run it from anywhere: `python scripts/contact_sheet.py [prompt]`. The same prompt gives the same sheet.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from adapters.generation import (  # noqa: E402 - the line above makes the import work from anywhere
    STYLES,
    GenerationFailure,
    GenerationRequest,
    Operation,
)
from adapters.generation.sketch.provider import SketchProvider  # noqa: E402 - as above
from adapters.wording.failures import sentence_of_failure  # noqa: E402 - as above

TARGET = ROOT / "docs" / "pictures" / "styles.png"
PROMPT = "A dragon at dusk"
EXAMPLES = ROOT / "adapters" / "http" / "page" / "styles.webp"
EXAMPLE_PROMPT = "a lighthouse above a quiet sea"
EXAMPLE_SIDE = 144
SIDE = 768
THUMBNAIL = 240
LABEL = 34
GAP = 14
COLUMNS = 6
GROUND = (246, 244, 239)


async def sketch(prompt: str, style: str) -> Image.Image:
    """One picture of the prompt, as the service would make it."""
    provider = SketchProvider(itertools.count(1).__next__)  # the picture is to be the same each time
    request = GenerationRequest(Operation.TEXT_TO_IMAGE, prompt, style=style, width=SIDE, height=SIDE)
    outcome = await provider.generate(request)
    await provider.close()
    if isinstance(outcome, GenerationFailure):
        raise SystemExit(sentence_of_failure(outcome))
    return Image.open(io.BytesIO(outcome.images[0].data))


def sheet(prompt: str) -> Image.Image:
    """All styles in rows, each with its name below."""
    rows = -(-len(STYLES) // COLUMNS)
    size = (GAP + COLUMNS * (THUMBNAIL + GAP), GAP + rows * (THUMBNAIL + LABEL + GAP))
    page = Image.new("RGB", size, GROUND)
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(20)
    for number, style in enumerate(STYLES):
        left = GAP + number % COLUMNS * (THUMBNAIL + GAP)
        top = GAP + number // COLUMNS * (THUMBNAIL + LABEL + GAP)
        picture = asyncio.run(sketch(prompt, style))
        page.paste(picture.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS), (left, top))
        pen.text((left + THUMBNAIL / 2, top + THUMBNAIL + LABEL / 2), style, (40, 40, 46), font=font, anchor="mm")
    return page


def strip() -> Image.Image:
    """The examples."""
    page = Image.new("RGB", (EXAMPLE_SIDE, EXAMPLE_SIDE * len(STYLES)))
    for number, style in enumerate(STYLES):
        picture = asyncio.run(sketch(EXAMPLE_PROMPT, style))
        page.paste(picture.resize((EXAMPLE_SIDE, EXAMPLE_SIDE), Image.Resampling.LANCZOS), (0, number * EXAMPLE_SIDE))
    return page


def main() -> None:
    """Write both and say what is on the sheet."""
    prompt = " ".join(sys.argv[1:]) or PROMPT
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    sheet(prompt).save(TARGET, "PNG", optimize=True)
    strip().save(EXAMPLES, "WEBP", quality=72, method=6)
    print(f"{TARGET.relative_to(ROOT)}: {len(STYLES)} styles of {prompt!r}, {TARGET.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
