"""A program: Stability AI on loopback, slow, with pictures as large as real ones. It is told a plan, tells its address,
serves until its input ends, and tells then what it saw.

Its pictures are made once, so that it takes little from the processors on which the studio is measured.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from aiohttp import web
from PIL import Image, ImageFilter

from tests.adapters.studio.plan import Plan
from tests.emulators.stability import StabilityEmulator
from tests.emulators.stability_v2beta import Made, StableImageEmulator

Size = tuple[int, int]

DETAIL = 12
"""How much neighbouring pixels differ: with this, a PNG takes about 2.4 bytes a pixel, as that of a photograph."""
UPSCALED_BLUR = 1.2
"""What comes from an upscaler is smoother than what it was given: about one byte a pixel."""


class SlowService(StabilityEmulator):
    """v1, and the upscalers of v2beta beside it at one address. Both give the same picture each time."""

    def __init__(self, delay_seconds: float) -> None:
        super().__init__(credit=1e9)
        self.delay_seconds = delay_seconds
        self.upscaling = _Upscaling()

    def routes(self) -> list[web.RouteDef]:
        """Those of both."""
        return [*super().routes(), *self.upscaling.routes()]

    def _artifact(self, number: int, seed: int, size: Size) -> dict[str, Any]:
        return {"base64": _picture_text(size), "finishReason": "SUCCESS", "seed": seed + number}


class _Upscaling(StableImageEmulator):
    def _make(self, name: str, fields: Mapping[str, object]) -> Made:
        image = fields["image"]
        assert isinstance(image, bytes), f"{name} came without a picture"
        with Image.open(io.BytesIO(image)) as given:
            return Made(picture((given.width * 4, given.height * 4), UPSCALED_BLUR), "png", "SUCCESS", 1)


@cache
def picture(size: Size, blur: float = 0.0) -> bytes:
    """A PNG of noise, which hardly compresses."""
    noise = Image.merge("RGB", [Image.effect_noise(size, DETAIL) for _ in range(3)])
    buffer = io.BytesIO()
    (noise.filter(ImageFilter.GaussianBlur(blur)) if blur else noise).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@cache
def _picture_text(size: Size) -> str:
    return base64.b64encode(picture(size)).decode()


async def serve(plan: Plan) -> None:
    """Until standard input ends."""
    service = SlowService(plan.delay_seconds)
    if plan.operation == "upscale":
        picture((plan.side * 4, plan.side * 4), UPSCALED_BLUR)
    else:
        _picture_text(plan.size)
    async with service.serving() as address:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
    complaints = service.complaints + service.upscaling.complaints
    seen = {"most_at_once": service.most_at_once, "calls": len(service.heard), "complaints": complaints}
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    asyncio.run(serve(Plan(**json.loads(sys.argv[1]))))
