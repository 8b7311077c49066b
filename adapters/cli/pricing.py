"""`abby price`: what pictures would cost by the provider and the model of these settings. Nobody is asked."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.reach.generation_exits import not_made
from adapters.cli.tables import add_row, table
from adapters.generation.configured import provider_settings
from adapters.generation.generator import Generator
from adapters.generation.pricing import Estimate, price_of
from adapters.generation.provider import GenerationRequest, Operation
from adapters.generation.providers import ProviderSettings, choose_provider
from adapters.ports.failures import GenerationFailure
from adapters.settings.prices import OPERATIONS
from domain.credits import in_credits

NOT_KNOWN = "not known"


class PricedRequest(NamedTuple):
    """What is to be priced; None leaves a side to the provider."""

    operation: str
    width: int | None
    height: int | None
    pictures: int
    steps: int


def price(invocation: Invocation, output: Output, asked: PricedRequest) -> int:
    """Shows what it would cost. A price that is not known is an answer too."""
    if asked.operation not in OPERATIONS:
        return output.refused(malformed(f"--operation takes one of: {', '.join(OPERATIONS)}."))
    told = asyncio.run(_price(provider_settings(invocation.set_up()), asked))
    if isinstance(told, GenerationFailure):
        return output.refused(not_made(told))
    output.answer(told.as_data(), lambda console: _print(console, told))
    return Exit.DONE


async def _price(settings: ProviderSettings, asked: PricedRequest) -> Estimate | GenerationFailure:
    request = GenerationRequest(
        Operation(asked.operation), width=asked.width, height=asked.height, count=asked.pictures, steps=asked.steps
    )
    generator = Generator(choose_provider(settings))
    try:
        return await price_of(generator, request)
    finally:
        await generator.aclose()


def _print(console: Console, told: Estimate) -> None:
    shown = table(
        "What it would cost", ("provider", "model", "operation", "size", "pictures", "credits each", "in all")
    )
    size = "" if told.width is None else f"{told.width}x{told.height}" if told.height else f"{told.width} wide"
    costs = (_shown(told.credits_each), _shown(told.credits_in_all))
    add_row(shown, told.provider, told.model, told.operation.replace("_", " "), size, f"{told.count:,}", *costs)
    console.print(shown)
    console.print(told.sentence, markup=False)


def _shown(amount: int | None) -> str:
    return NOT_KNOWN if amount is None else in_credits(amount)
