"""`/price`: what pictures would cost, and what is left of what they are paid from."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.reading import quota_status
from adapters.application.reserving import WantedPlaces, refusal_of_places
from adapters.discord.bot import AbbyBot, Interaction, actor_of, guild_of
from adapters.discord.cogs.imagine import MOST_AT_ONCE, Size
from adapters.discord.embeds import message_embed
from adapters.discord.failures import message_for_failure
from adapters.discord.limit_words import grants_in_words, left_in_words
from adapters.discord.messages import MANAGERS, Figures, Message, message_for_refusal
from adapters.discord.replies import Content, Reply, defer
from adapters.generation.pricing import Estimate, price_of
from adapters.generation.provider import GenerationRequest, Operation
from adapters.generation.sizes import NAMED
from adapters.ports.failures import GenerationFailure
from adapters.wording.prices import credits_in_words
from domain.credits import in_credits

Of = Literal["imagine", "imgimg", "upscale"]
OPERATIONS: dict[Of, Operation] = {
    "imagine": Operation.TEXT_TO_IMAGE,
    "imgimg": Operation.IMAGE_TO_IMAGE,
    "upscale": Operation.UPSCALE,
}
BY_SIZE = "With another picture to start from it may be another price, where that goes by size."
NOTHING_HELD = "-# Asking counts nothing and holds nothing."


class PricingCog(commands.Cog):
    """Answers for the user who asks, seen by them alone."""

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @app_commands.command(description="Show what pictures would cost, and what is left of your limits")
    @app_commands.describe(
        of="Which command",
        size="The shape, of /imagine; square otherwise",
        steps="How long it is worked on, of /imagine",
        count="How many pictures, of /imagine",
    )
    async def price(
        self,
        interaction: Interaction,
        of: Of = "imagine",
        size: Size = "square",
        steps: app_commands.Range[int, 10, 50] = 30,
        count: app_commands.Range[int, 1, MOST_AT_ONCE] = 1,
    ) -> None:
        """The request as it would be sent, without words; nobody is asked over a network."""
        await defer(interaction, ephemeral=True)
        request = GenerationRequest(OPERATIONS[of])
        if of == "imagine":
            width, height = NAMED[size]
            request = GenerationRequest(OPERATIONS[of], width=width, height=height, steps=steps, count=count)
        told = await price_of(self.bot.generator, request)
        if isinstance(told, GenerationFailure):
            message = message_for_failure(told)
        else:
            status = quota_status(self.bot.store, str(interaction.user.id), guild_of(interaction))
            message = message_for_price(told, status, self._refused(interaction, told))
        await Reply(interaction).finish(Content([message_embed(message)]))

    def _refused(self, interaction: Interaction, told: Estimate) -> Message | None:
        """Why it would be refused at this moment."""
        wanted = WantedPlaces(
            str(interaction.user.id),
            told.count,
            operation=str(told.operation),
            provider=told.provider,
            model=told.model or None,
            credits_each=told.credits_each,
        )
        refusal = refusal_of_places(self.bot.store, wanted, actor=actor_of(interaction))
        return None if refusal is None else message_for_refusal(refusal)


def message_for_price(told: Estimate, status: Figures, refused: Message | None) -> Message:
    """What it costs, what is left of each limit that it would be taken from, and why it would be refused now."""
    lines = [f"**{price_sentence(told)}**"]
    if told.operation is not Operation.TEXT_TO_IMAGE and told.credits_each:
        lines.append(BY_SIZE)
    daily = status["daily"]
    left = [f"• {daily['remaining']} of your {daily['limit']} generations are left today"]
    lines += [*left, *(f"• {left_in_words(of)}" for of in status["windows"])]
    if status["grants"]:
        lines += ["Beyond the limits you have:", *grants_in_words(status["grants"])]
    if refused is not None:
        lines.append(f"⚠️ It would be refused now. {refused.text}")
    lines.append(NOTHING_HELD)
    colour = discord.Colour.blurple() if refused is None else discord.Colour.yellow()
    return Message("🪙 Price", "\n".join(lines), colour)


def price_sentence(told: Estimate) -> str:
    """What so many pictures cost."""
    if told.credits_each is None or told.credits_in_all is None:
        return f"What this costs is not known. {MANAGERS}"
    if not told.credits_each:
        return "This costs nothing but its place in your limits."
    each = "" if told.count == 1 else f", {in_credits(told.credits_each)} for each of {told.count} pictures"
    return f"This costs {credits_in_words(told.credits_in_all)}{each}."
