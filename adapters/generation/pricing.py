"""What a request would cost, before anything is reserved or paid: one function for all who want to know.

Answers for asking it of the provider as the request would really be sent; prices themselves are the work of `prices`.
Nobody is asked over a network, and it is told while the service rests too.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from PIL import Image

from adapters.generation.generator import UPSCALE_WIDTH, Generator
from adapters.generation.provider import GenerationRequest, Operation
from adapters.generation.sizes import Size
from adapters.ports.failures import GenerationFailure
from adapters.wording.prices import all_refused_unpriced, price_in_words
from domain.credits import PER_CREDIT
from domain.limit_names import CREDITS
from domain.limits import Limits

ANY_WORDS = "a picture"
DEFAULT_SIDE = 1024
SIDE_MIN, SIDE_MAX = 64, 2048
"""Sides of the picture that stands for an input that is not there."""
REMEMBERED = 8
INSTEAD = {"stability": "STABILITY_MODEL=core", "openai": "OPENAI_MODEL=gpt-image-2"}
"""A model with a known price, of providers that have some without."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What `count` pictures would cost: by which model, in which size as it is sent, and for each the thousandths of a
    credit; None: not known. `model` "": it is told only afterwards. `width` and `height` None: the service chooses.
    """

    provider: str
    model: str
    operation: Operation
    width: int | None
    height: int | None
    count: int
    credits_each: int | None

    @property
    def credits_in_all(self) -> int | None:
        """Thousandths of a credit for all of them."""
        return None if self.credits_each is None else self.credits_each * self.count

    @property
    def sentence(self) -> str:
        """It in words; where the price is not known, what to do."""
        return price_in_words(self.model or self.provider, self.count, self.credits_each)

    def as_data(self) -> dict[str, Any]:
        """It for programs; credits as numbers, as people write them."""
        each, in_all = self.credits_each, self.credits_in_all
        return {
            "provider": self.provider,
            "model": self.model,
            "operation": self.operation.value,
            "width": self.width,
            "height": self.height,
            "count": self.count,
            "credits_each": None if each is None else each / PER_CREDIT,
            "credits": None if in_all is None else in_all / PER_CREDIT,
            "sentence": self.sentence,
        }


async def price_of(generator: Generator, request: GenerationRequest) -> Estimate | GenerationFailure:
    """What a request would cost, or why it would be refused. It needs no words, and no input: another stands for it."""
    prepared = await generator.as_taken(_whole(request))
    if isinstance(prepared, GenerationFailure):
        return prepared
    return Estimate(
        provider=generator.provider.name,
        model=prepared.model,
        operation=request.operation,
        width=prepared.request.width,
        height=prepared.request.height,
        count=prepared.request.count,
        credits_each=prepared.credits_each,
    )


def limit_of_credits(limits: Limits) -> str | None:
    """The first limit of credits that is in force, by its name."""
    return next((name for name, _ in limits.windows if name.endswith(CREDITS) and name not in limits.unenforced), None)


async def refused_unpriced(generator: Generator, limits: Limits) -> str:
    """The sentence for operators whose limits of credits refuse every new picture, as nobody knows its price; "" where
    they do not, or there is no provider that could make one.
    """
    limited = limit_of_credits(limits)
    estimate = None if limited is None else await price_of(generator, GenerationRequest(Operation.TEXT_TO_IMAGE))
    if limited is None or not isinstance(estimate, Estimate) or estimate.credits_each is not None:
        return ""
    return all_refused_unpriced(limited, estimate.model or estimate.provider, INSTEAD.get(estimate.provider, ""))


def _whole(request: GenerationRequest) -> GenerationRequest:
    """The request with what it lacks."""
    worded = request if request.prompt.strip() else replace(request, prompt=ANY_WORDS)
    if request.image is not None or request.operation is Operation.TEXT_TO_IMAGE:
        return worded
    if request.operation is Operation.UPSCALE:
        side = (request.width or UPSCALE_WIDTH) // 2
        return replace(worded, image=_plain((side, side)))
    return replace(worded, image=_plain((request.width or DEFAULT_SIDE, request.height or DEFAULT_SIDE)))


def _plain(asked: Size) -> bytes:
    """A picture of that size as a PNG, held at what an input may have."""
    return _made((min(max(asked[0], SIDE_MIN), SIDE_MAX), min(max(asked[1], SIDE_MIN), SIDE_MAX)))


@lru_cache(maxsize=REMEMBERED)
def _made(size: Size) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
