"""`/imagine`: a picture from words."""

from __future__ import annotations

from typing import Literal

from discord import app_commands
from discord.ext import commands

from adapters.discord.admission import admitted
from adapters.discord.bot import AbbyBot, Interaction
from adapters.discord.default_style import style_of
from adapters.discord.making import make
from adapters.generation.provider import STYLES, GenerationRequest, Operation
from adapters.generation.request_check import SEED_MAX
from adapters.generation.sizes import NAMED

PROMPT_CHARACTERS = 2000
MOST_AT_ONCE = 4
STYLE_CHOICES = [app_commands.Choice(name=style, value=style) for style in STYLES]

Prompt = app_commands.Range[str, 1, PROMPT_CHARACTERS]
Size = Literal["square", "portrait", "landscape", "tall", "wide"]


class ImagineCog(commands.Cog):
    """Pictures from words."""

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @app_commands.command(description="Make a picture from words")
    @app_commands.describe(
        prompt="What the picture shows",
        style="How it looks; your own default otherwise",
        size="Its shape; square otherwise",
        negative_prompt="What should not be in it",
        seed="The same seed and words make the same picture",
        steps="How long it is worked on",
        count="How many pictures; each counts",
    )
    @app_commands.choices(style=STYLE_CHOICES)
    async def imagine(  # noqa: PLR0913, PLR0917 - each is an option of the command
        self,
        interaction: Interaction,
        prompt: Prompt,
        style: str | None = None,
        size: Size = "square",
        negative_prompt: Prompt | None = None,
        seed: app_commands.Range[int, 0, SEED_MAX] = 0,
        steps: app_commands.Range[int, 10, 50] = 30,
        count: app_commands.Range[int, 1, MOST_AT_ONCE] = 1,
    ) -> None:
        """Promises it at once, then makes it."""
        style = style or style_of(interaction)
        width, height = NAMED[size]
        request = GenerationRequest(
            Operation.TEXT_TO_IMAGE,
            prompt,
            negative_prompt=negative_prompt or "",
            style=style,
            width=width,
            height=height,
            steps=steps,
            seed=seed,
            count=count,
        )
        if await admitted(interaction, request):
            await make(interaction, request)
