"""The price book: what one picture costs, by provider, model, operation, size, quality and steps.

Answers for the built-in prices and for which price a request has. In every book one credit is one US cent: so Stability
AI sells them, and OpenAI's prices, which are in dollars, are counted alike. How a price is written is told by
`adapters.settings.prices`; what was really charged is the service's affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from adapters.generation.provider import Operation
from adapters.generation.sizes import Size
from adapters.settings.prices import AUTO, Price
from domain.credits import PER_CREDIT, thousandths

LOOKED_UP = "2026-11-29"
"""When the built-in prices were looked up, as ISO 8601 has it."""

_STABILITY = (
    *(("core", "3"), ("sd3.5-medium", "3.5"), ("sd3.5-large-turbo", "4"), ("sd3.5-large", "6.5"), ("ultra", "8")),
    *(("fast", "2"), ("conservative", "40"), ("creative", "60")),
)
"""Credits by model and upscaler. Upscalers: Stability AI's "API Price Update" of 9 July 2025, in force since 1 August;
models: its pricing page as others quote it in June 2026. What an engine of v1 costs is published no more.
"""
_GPT_IMAGE = {
    "gpt-image-1": (("low", "1.1", "1.6"), ("medium", "4.2", "6.3"), ("high", "16.7", "25")),
    "gpt-image-1-mini": (("low", "0.5", "0.6"), ("medium", "1.1", "1.5"), ("high", "3.6", "5.2")),
    "gpt-image-1.5": (("low", "0.9", "1.3"), ("medium", "3.4", "5"), ("high", "13.3", "20")),
    "chatgpt-image-latest": (("low", "0.9", "1.3"), ("medium", "3.4", "5"), ("high", "13.3", "20")),
    "gpt-image-2": (("low", "0.6", "0.5"), ("medium", "5.3", "4.1"), ("high", "21.1", "16.5")),
}
"""US cents of a square and of an oblong picture, by quality: "Image generation, per image" of OpenAI's page of each
model; of gpt-image-2, which is sold by tokens, the estimates of OpenAI's guide to image generation. The words and
pictures that go in are sold by tokens too, and are not in it: some tenths of a cent.
"""
_DALL_E = (
    *(("dall-e-3", size, "standard", cents) for size, cents in (("1024x1024", "4"), ("1792x1024", "8"))),
    *(("dall-e-3", size, "hd", cents) for size, cents in (("1024x1024", "8"), ("1792x1024", "12"))),
    *(("dall-e-3", "1024x1792", quality, cents) for quality, cents in (("standard", "8"), ("hd", "12"))),
    *(("dall-e-2", size, "", cents) for size, cents in (("256x256", "1.6"), ("512x512", "1.8"), ("1024x1024", "2"))),
)
"""US cents, of OpenAI's pricing page until these models ended."""
_SQUARE = "1024x1024"
_OBLONG = ("1536x1024", "1024x1536")

_SNAPSHOT = re.compile(r"-[0-9]{4}-[0-9]{2}-[0-9]{2}$")


class Asked(NamedTuple):
    """What a provider asks for. `model` "": it is known only afterwards; `operation` None: it is not told.
    `qualities` are those in which the picture may be made: one that is asked for, or all of the model's where the
    choice is the service's; none: it knows none.
    """

    provider: str
    model: str
    operation: Operation | None
    size: Size | None = None
    qualities: tuple[str, ...] = ()
    steps: int | None = None


def _built_in() -> Iterator[Price]:
    yield from (Price(f"stability/{model}", thousandths(credits_each)) for model, credits_each in _STABILITY)
    for model, rows in _GPT_IMAGE.items():
        for quality, square, oblong in rows:
            for size in (_SQUARE, *_OBLONG):
                cents = thousandths(square if size == _SQUARE else oblong)
                yield Price(f"openai/{model}", cents, size=size, quality=quality)
    for model, size, quality, cents_each in _DALL_E:
        yield Price(f"openai/{model}", thousandths(cents_each), size=size, quality=quality)
    yield from (Price(own, 0) for own in ("sketch", "automatic1111"))


BUILT_IN = tuple(_built_in())


class PriceBook:
    """The prices that hold: those of the operator, CREDITS_EACH, before all that are built in."""

    def __init__(self, own: Sequence[Price] = ()) -> None:
        self._lists = (tuple(own), BUILT_IN)

    def each(self, asked: Asked) -> int | None:
        """Thousandths of a credit for one picture, None where that is not known.

        Where the service chooses the quality it is the dearest of them, unless there is a price of `auto` itself.
        """
        if len(asked.qualities) <= 1:
            return self._of(asked, "".join(asked.qualities))
        if (of_auto := self._best(asked, AUTO)) and of_auto.quality == AUTO:
            return of_auto.credits_each
        found = [self._of(asked, quality) for quality in asked.qualities]
        known = [each for each in found if each is not None]
        return max(known) if len(known) == len(found) else None

    def _of(self, asked: Asked, quality: str) -> int | None:
        best = self._best(asked, quality)
        return None if best is None else best.credits_each

    def _best(self, asked: Asked, quality: str) -> Price | None:
        """The most specific price of the first list that has one."""
        names = _names(asked)
        for prices in self._lists:
            fitting = [price for price in prices if price.name in names and _fits(price, asked, quality)]
            if fitting:
                return min(fitting, key=lambda price: _rank(price, names))
        return None


def in_all(credits_each: int | None, pictures: int) -> float | None:
    """The credits of so many pictures, as results tell them; None where the price is not known."""
    return None if credits_each is None else credits_each * pictures / PER_CREDIT


def _names(asked: Asked) -> list[str]:
    """What a price of it may be called, the most exact name first: a model's without its maker and date comes late."""
    plain = _SNAPSHOT.sub("", asked.model.rsplit("/", 1)[-1].lower())
    models = [model for model in dict.fromkeys((asked.model, plain)) if model]
    return [*(name for model in models for name in (f"{asked.provider}/{model}", model)), asked.provider]


def _fits(price: Price, asked: Asked, quality: str) -> bool:
    size = "" if asked.size is None else f"{asked.size[0]}x{asked.size[1]}"
    return (
        price.operation in {"", asked.operation}
        and price.size in {"", size}
        and price.quality in {"", quality}
        and (price.most_steps == 0 or (asked.steps is not None and asked.steps <= price.most_steps))
    )


def _rank(price: Price, names: list[str]) -> tuple[int, int, bool, bool, bool, int]:
    """The lowest is the most specific: by its name, by how much it says, then by what, and by the fewest steps."""
    says = (bool(price.operation), bool(price.size), bool(price.quality), bool(price.most_steps))
    return names.index(price.name), -sum(says), not says[0], not says[1], not says[2], price.most_steps
