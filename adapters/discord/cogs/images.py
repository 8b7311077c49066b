"""`/imgimg` and `/upscale`, and the menus on messages: pictures from pictures, and what is known of one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.reading import image_details
from adapters.discord.bot import AbbyBot, Interaction
from adapters.discord.cogs.imagine import STYLE_CHOICES, Prompt
from adapters.discord.default_style import style_of
from adapters.discord.embeds import info_embed
from adapters.discord.inputs import ONE_SOURCE, at_address, attached, in_message, kept, ours, suggest_names, upscale_of
from adapters.discord.making import make
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.replies import defer, respond, tell
from adapters.discord.views import named_by
from adapters.generation.provider import GenerationRequest, Operation
from domain.refusals import Reason, Refusal

ADDRESS_CHARACTERS = 2000
STRENGTH = 0.35

Address = app_commands.Range[str, 8, ADDRESS_CHARACTERS]
Source = Awaitable[bytes | Message]


class ImagesCog(commands.Cog):
    """Pictures from pictures."""

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @app_commands.command(description="Change a picture by words")
    @app_commands.describe(
        prompt="What it shall show",
        image="The picture to start from",
        url="Or its address on Discord",
        style="How it looks; your own default otherwise",
        strength="How much of the picture is kept: 0 nothing, 1 all of it",
    )
    @app_commands.choices(style=STYLE_CHOICES)
    async def imgimg(
        self,
        interaction: Interaction,
        prompt: Prompt,
        image: discord.Attachment | None = None,
        url: Address | None = None,
        style: str | None = None,
        strength: app_commands.Range[float, 0.0, 1.0] = STRENGTH,
    ) -> None:
        """Defers at once, then makes it."""
        await defer(interaction)
        style = style or style_of(interaction)
        change = GenerationRequest(Operation.IMAGE_TO_IMAGE, prompt, style=style, strength=strength)
        await make(interaction, _changed(_given(interaction, image, url, None), change))

    @app_commands.command(description="Make a picture larger; it counts as one generation")
    @app_commands.describe(
        image="The picture to make larger", url="Or its address on Discord", name="Or the name of one of yours"
    )
    @app_commands.autocomplete(name=suggest_names)
    async def upscale(
        self,
        interaction: Interaction,
        image: discord.Attachment | None = None,
        url: Address | None = None,
        name: app_commands.Range[str, 1, 120] | None = None,
    ) -> None:
        """Defers at once, then makes it."""
        await defer(interaction)
        await make(interaction, _larger(interaction, _given(interaction, image, url, name)))


async def _given(
    interaction: Interaction, image: discord.Attachment | None, url: str | None, name: str | None
) -> bytes | Message:
    """The picture of exactly one source."""
    if sum(source is not None for source in (image, url, name)) != 1:
        return ONE_SOURCE
    if image is not None:
        return await attached(interaction, image)
    if url is not None:
        return await at_address(interaction, url)
    assert name is not None, "one of the three is given"
    return await kept(interaction, str(interaction.user.id), name)


async def _changed(source: Source, change: GenerationRequest) -> GenerationRequest | Message:
    """The request for a change of a picture, or why there is no such picture."""
    data = await source
    return data if isinstance(data, Message) else replace(change, image=data)


async def _larger(interaction: Interaction, source: Source) -> GenerationRequest | Message:
    """The request for a larger picture, or why there is none to begin with."""
    data = await source
    return data if isinstance(data, Message) else upscale_of(interaction, data)


def add_menus(bot: AbbyBot) -> None:
    """The entries in the menu of a message."""
    bot.tree.add_command(app_commands.ContextMenu(name="Upscale", callback=upscale_message))
    bot.tree.add_command(app_commands.ContextMenu(name="Image info", callback=tell_of_message))


async def upscale_message(interaction: Interaction, message: discord.Message) -> None:
    """Makes the picture of a message larger, for whoever asks and from their quota."""
    await defer(interaction)
    picture = ours(interaction, message)
    if picture is None:
        source = in_message(interaction, message)
    else:
        source = kept(interaction, picture[0], named_by(interaction.client, *picture) or picture[1])
    await make(interaction, _larger(interaction, source))


async def tell_of_message(interaction: Interaction, message: discord.Message) -> None:
    """How the picture of a message was made; of a picture from elsewhere, that nothing is known."""
    picture = ours(interaction, message)
    if picture is None:
        name = message.attachments[0].filename if message.attachments else "This message"
        await respond(interaction, info_embed(name, None))
        return
    kept_name = named_by(interaction.client, *picture)
    if kept_name is None:
        await tell(interaction, message_for_refusal(Refusal(Reason.NOT_FOUND, None, picture[1])))
        return
    details = await asyncio.to_thread(image_details, interaction.client.store, picture[0], kept_name)
    await respond(interaction, info_embed(kept_name, details))
